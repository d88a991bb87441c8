package graphtest

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"entente/internal/core/authz"
	"entente/internal/kit/ids"
)

// A hiding is a group of hidden membership with a team, and who has to do with
// it.
type hiding struct {
	id, above             string // the group, and a security group that it is in
	member, owner, keeper ids.ObjectID
	other                 ids.ObjectID
}

func (w *World) hide(t *testing.T) hiding {
	t.Helper()
	all := w.Client(t, w.A, Everything...)
	h := hiding{
		member: w.member(t, all, "hidden"), owner: w.member(t, all, "hider"),
		keeper: w.member(t, all, "keeper"), other: w.member(t, all, "seeker"),
	}
	h.id = all.Send(t, w, http.StatusCreated, "POST", "/v1.0/groups", map[string]any{
		"displayName": "hidden", "mailNickname": "hidden", "mailEnabled": true, "securityEnabled": true, "groupTypes": []string{"Unified"},
		"visibility": "HiddenMembership", "members@odata.bind": Bind(string(h.member)), "owners@odata.bind": Bind(string(h.owner)),
	}).Text("id")
	h.above = all.Send(t, w, http.StatusCreated, "POST", "/v1.0/groups", map[string]any{
		"displayName": "above", "mailNickname": "above", "mailEnabled": false, "securityEnabled": true, "members@odata.bind": Bind(h.id),
	}).Text("id")
	all.Send(t, w, http.StatusCreated, "PUT", "/v1.0/groups/"+h.id+"/team", map[string]any{})
	w.gives(t, all, http.StatusCreated, h.keeper, authz.GroupsAdministrator, "/"+h.id)
	return h
}

// TestHiddenMembers: who is in a group of hidden membership is seen by whoever
// is in it, and by those alone whom permission and role let see it, on every
// way that leads there.
func TestHiddenMembers(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		h := w.hide(t)
		const hidden = "Member.Read.Hidden"
		usual := []string{"Directory.Read.All", "TeamMember.Read.All", "Team.ReadBasic.All"}
		more := append([]string{hidden}, usual...)
		program := w.Client(t, w.A, usual...)
		for _, tt := range []struct {
			name string
			as   *Client
			sees bool
		}{
			{"a program", program, false},
			{"a program with the permission", w.Client(t, w.A, more...), true},
			{"a person", w.Person(t, w.A, h.other, more...), false},
			{"a member", w.Person(t, w.A, h.member, usual...), true},
			{"an owner", w.Person(t, w.A, h.owner, more...), true},
			{"an owner through a program without the permission", w.Person(t, w.A, h.owner, usual...), false},
			{"a holder of a role on the group", w.Person(t, w.A, h.keeper, more...), true},
			{"a holder of a role on the group through a program without the permission", w.Person(t, w.A, h.keeper, usual...), false},
			{"an administrator", w.Person(t, w.A, w.A.Admin, more...), true},
			{"an administrator through a program for everything", w.Person(t, w.A, w.A.Admin, append([]string{authz.AsUser}, usual...)...), true},
			{"an administrator through a program without the permission", w.Person(t, w.A, w.A.Admin, usual...), false},
		} {
			t.Run(tt.name, func(t *testing.T) {
				h.refuses(t, w, tt.as, tt.sees)
				h.leavesOut(t, w, tt.as, tt.sees)
			})
		}
		a := program.Send(t, w, http.StatusForbidden, "GET", "/v1.0/groups/"+h.id+"/members", nil)
		if !strings.Contains(string(a.Raw), hidden) {
			t.Errorf("the refusal names another permission: %s", a.Raw)
		}
		if a := program.Send(t, w, http.StatusOK, "GET", "/v1.0/groups?$expand=members", nil); strings.Contains(string(a.Raw), string(h.member)) {
			t.Errorf("a list tells who is in the group: %s", a.Raw)
		}
	})
}

// refuses asks for the members of the group, in each of the ways.
func (h hiding) refuses(t *testing.T, w *World, as *Client, sees bool) {
	t.Helper()
	want := map[bool]int{true: http.StatusOK, false: http.StatusForbidden}[sees]
	for _, path := range []string{
		"groups/" + h.id + "/members", "groups/" + h.id + "/transitiveMembers", "groups/" + h.id + "/members/$ref",
		"groups/" + h.id + "/members/microsoft.graph.user", "groups/" + h.id + "/members/$count", "teams/" + h.id + "/members",
	} {
		if a := as.Get(t, w, "/v1.0/"+path, "ConsistencyLevel", "eventual"); a.Status != want {
			t.Errorf("%s: %d, want %d: %s", path, a.Status, want, a.Raw)
		}
	}
	reader := w.Client(t, w.A, "TeamMember.Read.All", "Member.Read.Hidden")
	for _, m := range reader.Send(t, w, http.StatusOK, "GET", "/v1.0/teams/"+h.id+"/members", nil).Items() {
		if a := as.Get(t, w, "/v1.0/teams/"+h.id+"/members/"+m["id"].(string)); a.Status != want {
			t.Errorf("one member of the team: %d, want %d: %s", a.Status, want, a.Raw)
		}
	}
}

// leavesOut asks in each way what the member is in, and who is in the group
// above.
func (h hiding) leavesOut(t *testing.T, w *World, as *Client, sees bool) {
	t.Helper()
	user := "/v1.0/users/" + string(h.member)
	for path, count := range map[string]int{"/memberOf": 1, "/transitiveMemberOf": 2} {
		for _, cast := range []string{"", "/microsoft.graph.group", "/$ref"} {
			a := as.Send(t, w, http.StatusOK, "GET", user+path+cast, nil)
			if got := strings.Contains(string(a.Raw), h.id); got != sees {
				t.Errorf("%s%s: shows the group %t, want %t: %s", path, cast, got, sees, a.Raw)
			}
			if got := strings.Contains(string(a.Raw), h.above); got != (sees && count > 1) {
				t.Errorf("%s%s: shows the group above %t: %s", path, cast, got, a.Raw)
			}
		}
		want := map[bool]int{true: count}[sees]
		for _, cast := range []string{"", "/microsoft.graph.group"} {
			if a := as.Send(t, w, http.StatusOK, "GET", user+path+cast+"/$count", nil, "ConsistencyLevel", "eventual"); string(a.Raw) != string(rune('0'+want)) {
				t.Errorf("%s%s/$count: %s, want %d", path, cast, a.Raw, want)
			}
		}
	}
	for _, question := range []struct {
		name string
		body map[string]any
		want []string
	}{
		{"getMemberGroups", map[string]any{"securityEnabledOnly": false}, []string{h.id, h.above}},
		{"getMemberGroups", map[string]any{"securityEnabledOnly": true}, []string{h.id, h.above}},
		{"getMemberObjects", map[string]any{"securityEnabledOnly": false}, []string{h.id, h.above}},
		{"getMemberObjects", map[string]any{"securityEnabledOnly": true}, []string{h.id, h.above}},
		{"checkMemberGroups", map[string]any{"groupIds": []string{h.id, h.above}}, []string{h.id, h.above}},
		{"checkMemberObjects", map[string]any{"ids": []string{h.id}}, []string{h.id}},
	} {
		for _, of := range []string{user, "/v1.0/directoryObjects/" + string(h.member)} {
			a := as.Send(t, w, http.StatusOK, "POST", of+"/"+question.name, question.body)
			list, _ := a.Body["value"].([]any)
			for _, id := range question.want {
				if got := slices.Contains(list, any(id)); got != sees {
					t.Errorf("%s: tells of %s %t, want %t: %s", question.name, id, got, sees, a.Raw)
				}
			}
		}
	}
	for _, path := range []string{user + "/joinedTeams", "/v1.0/users?$filter=id eq '" + string(h.member) + "'&$expand=memberOf"} {
		if a := as.Send(t, w, http.StatusOK, "GET", path, nil); strings.Contains(string(a.Raw), h.id) != sees {
			t.Errorf("%s: want %t: %s", path, sees, a.Raw)
		}
	}
	a := as.Send(t, w, http.StatusOK, "GET", "/v1.0/groups/"+h.above+"/transitiveMembers", nil)
	if got := strings.Contains(string(a.Raw), string(h.member)); got != sees || !strings.Contains(string(a.Raw), h.id) {
		t.Errorf("the group above: shows the member %t, want %t, and the group always: %s", got, sees, a.Raw)
	}
}

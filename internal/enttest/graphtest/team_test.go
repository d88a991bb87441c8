package graphtest

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"entente/internal/kit/ids"
)

// newUnified is the body of a Microsoft 365 group, with changes.
func newUnified(name string, changes map[string]any) map[string]any {
	m := newGroup(name, map[string]any{"groupTypes": []string{"Unified"}, "mailEnabled": true, "securityEnabled": false})
	for k, v := range changes {
		m[k] = v
	}
	return m
}

// TestNewTeam makes a team with a group of its own and looks at the operation
// that the answer names until it is done, as clients do.
func TestNewTeam(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		c := w.Client(t, w.A, Everything...)
		user := c.Send(t, w, http.StatusCreated, "POST", "/v1.0/users", NewUser(w.A.Domain, "ada")).Text("id")
		body := map[string]any{
			"template@odata.bind": standardTemplate, "displayName": "Road crew", "description": "Roads", "visibility": "private",
			"funSettings": map[string]any{"allowGiphy": false}, "members": []any{newSeat(user)},
		}
		a := c.Send(t, w, http.StatusAccepted, "POST", "/v1.0/teams", body)
		at, self := a.Header.Get("Location"), a.Header.Get("Content-Location")
		if len(a.Raw) != 0 || !strings.HasPrefix(at, self+"/operations('") || !strings.HasPrefix(self, "/teams('") {
			t.Fatalf("the answer is %q, at %q for %q", a.Raw, at, self)
		}
		if op := c.Get(t, w, "/v1.0"+at); op.Text("status") != "succeeded" || op.Text("operationType") != "createTeam" || op.Text("targetResourceLocation") != self {
			t.Errorf("the operation: %s", op.Raw)
		}
		team := c.Get(t, w, "/v1.0"+self)
		fun, _ := team.Body["funSettings"].(map[string]any)
		if team.Text("displayName") != "Road crew" || team.Text("visibility") != "private" || fun["allowGiphy"] != false || fun["allowCustomMemes"] != true {
			t.Errorf("the team: %s", team.Raw)
		}
		id := team.Text("id")
		group := c.Get(t, w, "/v1.0/groups/"+id)
		if group.Text("mailNickname") != "Roadcrew" || group.Text("visibility") != "Private" || group.Body["resourceProvisioningOptions"].([]any)[0] != "Team" {
			t.Errorf("its group: %s", group.Raw)
		}
		if a := c.Get(t, w, "/v1.0/groups?$filter=resourceProvisioningOptions/Any(x:x eq 'Team')"); !identifiers(a)[id] || len(a.Items()) != 1 {
			t.Errorf("groups with a team: %s", a.Raw)
		}
		if a := c.Get(t, w, "/v1.0/groups/"+id+"/owners"); !identifiers(a)[user] {
			t.Errorf("owners of the group: %s", a.Raw)
		}
		second := c.Send(t, w, http.StatusAccepted, "POST", "/v1.0/teams", body).Header.Get("Content-Location")
		if a := c.Get(t, w, "/v1.0"+second); second == self || a.Text("displayName") != "Road crew" {
			t.Errorf("a second team of the name: %s", a.Raw)
		}

		without := func(changes map[string]any) map[string]any {
			m := map[string]any{}
			for k, v := range body {
				m[k] = v
			}
			for k, v := range changes {
				if m[k] = v; v == nil {
					delete(m, k)
				}
			}
			return m
		}
		many := make([]any, 21)
		for i := range many {
			many[i] = newSeat(user)
		}
		guest := newSeat(user)
		guest["roles"] = []string{"guest"}
		for _, change := range []map[string]any{
			{"template@odata.bind": nil},
			{"template@odata.bind": "https://graph.microsoft.com/v1.0/teamsTemplates('retailStore')"},
			{"members": nil}, {"members": many}, {"members": []any{guest}}, {"members": []any{newSeat(id)}},
			{"displayName": nil}, {"displayName": strings.Repeat("x", 257)}, {"visibility": "secret"}, {"noSuch": 1},
		} {
			if a := w.Call(t, c.Token, "POST", "/v1.0/teams", without(change)); a.Status != http.StatusBadRequest {
				t.Errorf("a team with %v: %d %s", change, a.Status, a.Raw)
			}
		}
		b := w.Client(t, w.B, Everything...)
		b.refused(t, w, http.StatusNotFound, "Request_ResourceNotFound", "", "GET", "/v1.0"+self, nil)
		b.refused(t, w, http.StatusNotFound, "Request_ResourceNotFound", "", "GET", "/v1.0"+at, nil)
	})
}

// TestTeamOverGroup makes teams over groups that there are.
func TestTeamOverGroup(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		c := w.Client(t, w.A, Everything...)
		user := c.Send(t, w, http.StatusCreated, "POST", "/v1.0/users", NewUser(w.A.Domain, "ada")).Text("id")
		owned := map[string]any{"owners@odata.bind": Bind(user)}
		make := func(body map[string]any) string {
			return "/v1.0/groups/" + c.Send(t, w, http.StatusCreated, "POST", "/v1.0/groups", body).Text("id")
		}
		group, other, alone := make(newUnified("crew", owned)), make(newUnified("other", owned)), make(newUnified("alone", nil))
		plain := make(newGroup("plain", owned))
		c.refused(t, w, http.StatusNotFound, "Request_ResourceNotFound", "", "GET", group+"/team", nil)
		made := c.Send(t, w, http.StatusCreated, "PUT", group+"/team", map[string]any{"memberSettings": map[string]any{"allowDeleteChannels": false}})
		if settings, _ := made.Body["memberSettings"].(map[string]any); settings["allowDeleteChannels"] != false || settings["allowAddRemoveApps"] != true {
			t.Errorf("the team: %s", made.Raw)
		}
		c.refused(t, w, http.StatusConflict, "Conflict", "", "PUT", group+"/team", map[string]any{})
		c.refused(t, w, http.StatusBadRequest, "BadRequest", "", "PUT", plain+"/team", map[string]any{})
		c.refused(t, w, http.StatusBadRequest, "BadRequest", "", "PUT", alone+"/team", map[string]any{})
		bind := func(path string) map[string]any {
			return map[string]any{"template@odata.bind": standardTemplate, "group@odata.bind": "https://graph.microsoft.com" + path}
		}
		c.Send(t, w, http.StatusAccepted, "POST", "/v1.0/teams", bind(other))
		c.refused(t, w, http.StatusConflict, "Conflict", "", "POST", "/v1.0/teams", bind(other))

		team := "/v1.0/teams/" + made.Text("id")
		c.Send(t, w, http.StatusNoContent, "PATCH", team, map[string]any{"displayName": "Renamed", "visibility": "private", "guestSettings": map[string]any{"allowDeleteChannels": true}})
		if a := c.Get(t, w, group); a.Text("displayName") != "Renamed" || a.Text("visibility") != "Private" {
			t.Errorf("the group follows: %s", a.Raw)
		}
		c.Send(t, w, http.StatusNoContent, "PATCH", group, map[string]any{"displayName": "Again"})
		if a := c.Get(t, w, team); a.Text("displayName") != "Again" || a.Body["guestSettings"].(map[string]any)["allowDeleteChannels"] != true {
			t.Errorf("the team follows: %s", a.Raw)
		}
		for action, archived := range map[string]bool{"archive": true, "unarchive": false} {
			done := c.Send(t, w, http.StatusAccepted, "POST", team+"/"+action, nil)
			if op := c.Get(t, w, "/v1.0"+done.Header.Get("Location")); op.Text("operationType") != action+"Team" || op.Text("status") != "succeeded" {
				t.Errorf("%s: %s", action, op.Raw)
			}
			if a := c.Get(t, w, team); a.Body["isArchived"] != archived {
				t.Errorf("after %s: %s", action, a.Raw)
			}
		}
		if a := c.Get(t, w, "/v1.0/teams?$filter=displayName eq 'AGAIN'"); len(a.Items()) != 1 {
			t.Errorf("teams of a name: %s", a.Raw)
		}

		c.Send(t, w, http.StatusNoContent, "DELETE", group, nil)
		c.refused(t, w, http.StatusNotFound, "Request_ResourceNotFound", "", "GET", team, nil)
		c.refused(t, w, http.StatusNotFound, "Request_ResourceNotFound", "", "PATCH", team, map[string]any{})
		if a := c.Get(t, w, "/v1.0/users/"+user+"/joinedTeams"); len(a.Items()) != 1 {
			t.Errorf("teams while one is deleted: %s", a.Raw)
		}
		c.Send(t, w, http.StatusOK, "POST", binPath+made.Text("id")+"/restore", nil)
		if a := c.Get(t, w, team); a.Text("displayName") != "Again" {
			t.Errorf("the team has returned: %s", a.Raw)
		}
		if a := c.Get(t, w, "/v1.0/users/"+user+"/joinedTeams"); len(a.Items()) != 2 {
			t.Errorf("teams of the owner: %s", a.Raw)
		}
		c.Send(t, w, http.StatusNoContent, "DELETE", group, nil)
		w.Clock.Advance(31 * 24 * time.Hour)
		purge(t, w)
		for _, place := range []string{"team where group_id", "team_operation where team_id"} {
			if n := rows(t, w, "select count(*) from "+place+" = ? and tenant_id = ?", made.Text("id"), w.A.ID); n != 0 {
				t.Errorf("%s: %d rows are left", place, n)
			}
		}
	})
}

// TestTeamMembers: who is in a team is in its group, and the other way around.
func TestTeamMembers(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		c := w.Client(t, w.A, Everything...)
		person := func(name string) string {
			return c.Send(t, w, http.StatusCreated, "POST", "/v1.0/users", NewUser(w.A.Domain, name)).Text("id")
		}
		ada, ben, eve := person("ada"), person("ben"), person("eve")
		group := c.Send(t, w, http.StatusCreated, "POST", "/v1.0/groups", newUnified("crew", map[string]any{"owners@odata.bind": Bind(ada)})).Text("id")
		c.Send(t, w, http.StatusCreated, "PUT", "/v1.0/groups/"+group+"/team", map[string]any{})
		members := "/v1.0/teams/" + group + "/members"
		seat := func(user string, roles ...string) map[string]any {
			m := newSeat(user)
			m["roles"] = append([]string{}, roles...)
			return m
		}
		roles := func() map[string]string { // by user
			of := map[string]string{}
			for _, m := range c.Get(t, w, members).Items() {
				of[m["userId"].(string)] = ""
				for _, r := range m["roles"].([]any) {
					of[m["userId"].(string)] += r.(string)
				}
			}
			return of
		}
		made := c.Send(t, w, http.StatusCreated, "POST", members, seat(ben))
		if made.Text("userId") != ben || made.Text("@odata.type") != "#microsoft.graph.aadUserConversationMember" {
			t.Errorf("added: %s", made.Raw)
		}
		if got := roles(); len(got) != 2 || got[ada] != "owner" || got[ben] != "" {
			t.Errorf("roles: %v", got)
		}
		if a := c.Get(t, w, "/v1.0/groups/"+group+"/members"); !identifiers(a)[ben] {
			t.Errorf("members of the group: %s", a.Raw)
		}
		one := members + "/" + made.Text("id")
		c.Send(t, w, http.StatusNoContent, "PATCH", one, map[string]any{"@odata.type": "#microsoft.graph.aadUserConversationMember", "roles": []string{"owner"}})
		c.Send(t, w, http.StatusCreated, "POST", members, seat(ben)) // without a role, it takes none
		if got := roles(); got[ben] != "owner" {
			t.Errorf("roles of a new owner: %v", got)
		}
		c.refused(t, w, http.StatusBadRequest, "BadRequest", "", "PATCH", one, map[string]any{"roles": []string{"guest"}})
		c.Send(t, w, http.StatusNoContent, "PATCH", one, map[string]any{"roles": []string{}})
		if got := roles(); len(got) != 2 || got[ben] != "" {
			t.Errorf("roles of who was an owner: %v", got)
		}
		if a := c.Get(t, w, members+"?$filter=displayName eq 'BEN'"); len(a.Items()) != 1 || a.Items()[0]["id"] != made.Text("id") {
			t.Errorf("found by name: %s", a.Raw)
		}
		c.Send(t, w, http.StatusNoContent, "POST", "/v1.0/groups/"+group+"/members/$ref", Ref(eve))
		if got := roles(); len(got) != 3 {
			t.Errorf("after joining the group: %v", got)
		}
		c.Send(t, w, http.StatusNoContent, "DELETE", one, nil)
		c.refused(t, w, http.StatusNotFound, "Request_ResourceNotFound", "", "DELETE", one, nil)
		c.refused(t, w, http.StatusNotFound, "Request_ResourceNotFound", "", "GET", one, nil)
		if a := c.Get(t, w, "/v1.0/groups/"+group+"/members"); identifiers(a)[ben] {
			t.Errorf("members of the group: %s", a.Raw)
		}
		for _, m := range c.Get(t, w, members).Items() {
			if m["userId"] == ada {
				if a := w.Call(t, c.Token, "DELETE", members+"/"+m["id"].(string), nil); a.Status != http.StatusBadRequest {
					t.Errorf("the last owner: %d %s", a.Status, a.Raw)
				}
			}
		}
		for _, body := range []map[string]any{
			seat(ben, "guest"), seat(ben, "owner", "owner"), seat(group), {"roles": []string{}},
		} {
			if a := w.Call(t, c.Token, "POST", members, body); a.Status != http.StatusBadRequest {
				t.Errorf("a member %v: %d %s", body, a.Status, a.Raw)
			}
		}
		other := w.Client(t, w.B, Everything...)
		stranger := other.Send(t, w, http.StatusCreated, "POST", "/v1.0/users", NewUser(w.B.Domain, "ada")).Text("id")
		for _, nobody := range []string{stranger, NoRole} {
			if a := w.Call(t, c.Token, "POST", members, seat(nobody)); a.Status != http.StatusNotFound {
				t.Errorf("nobody here: %d %s", a.Status, a.Raw)
			}
		}
		if got := roles(); len(got) != 2 {
			t.Errorf("in the end: %v", got)
		}
	})
}

// TestTeamsForPeople: a person does to a team what they may do to its group.
func TestTeamsForPeople(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		c := w.Client(t, w.A, Everything...)
		made := map[string]string{}
		for _, name := range []string{"owner", "other"} {
			made[name] = c.Send(t, w, http.StatusCreated, "POST", "/v1.0/users", NewUser(w.A.Domain, name)).Text("id")
		}
		group := c.Send(t, w, http.StatusCreated, "POST", "/v1.0/groups", newUnified("crew", map[string]any{"owners@odata.bind": Bind(made["owner"])})).Text("id")
		team := "/v1.0/teams/" + group
		scopes := []string{"Group.ReadWrite.All", "TeamSettings.ReadWrite.All", "TeamMember.ReadWrite.All"}
		owner, other := w.Person(t, w.A, ids.ObjectID(made["owner"]), scopes...).Token, w.Person(t, w.A, ids.ObjectID(made["other"]), scopes...).Token
		for _, step := range []struct {
			method, path string
			body         any
			done         int
		}{
			{"PUT", "/v1.0/groups/" + group + "/team", map[string]any{}, http.StatusCreated},
			{"PATCH", team, map[string]any{"description": "Roads"}, http.StatusNoContent},
			{"POST", team + "/members", newSeat(made["other"]), http.StatusCreated},
			{"POST", team + "/archive", nil, http.StatusAccepted},
		} {
			if step.path != team+"/archive" { // by then the other is an owner
				if a := w.Call(t, other, step.method, step.path, step.body); a.Status != http.StatusForbidden {
					t.Errorf("%s %s for a stranger: %d %s", step.method, step.path, a.Status, a.Raw)
				}
			}
			if a := w.Call(t, owner, step.method, step.path, step.body); a.Status != step.done {
				t.Errorf("%s %s for the owner: %d %s", step.method, step.path, a.Status, a.Raw)
			}
		}
	})
}

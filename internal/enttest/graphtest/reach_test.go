package graphtest

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"entente/internal/core/authz"
	"entente/internal/kit/ids"
)

// TestRelatedReach: a relationship shows of each object what the caller may
// read where it lives, and is asked by nothing else.
func TestRelatedReach(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		all := w.Client(t, w.A, Everything...)
		worker := NewUser(w.A.Domain, "related")
		worker["displayName"], worker["jobTitle"] = "related person", "Engineer"
		person := ids.ObjectID(all.Send(t, w, http.StatusCreated, "POST", "/v1.0/users", worker).Text("id"))
		app := all.Send(t, w, http.StatusCreated, "POST", "/v1.0/applications", map[string]any{"displayName": "related application"})
		made := all.Send(t, w, http.StatusCreated, "POST", "/v1.0/servicePrincipals", map[string]any{"appId": app.Text("appId")}).Text("id")
		group := all.Send(t, w, http.StatusCreated, "POST", "/v1.0/groups", map[string]any{
			"displayName": "related group", "mailNickname": "related", "mailEnabled": false, "securityEnabled": true,
			"members@odata.bind": Bind(string(person), made), "owners@odata.bind": Bind(string(person)),
		}).Text("id")
		w.gives(t, all, http.StatusCreated, person, authz.GuestInviter, "/")
		all.Send(t, w, http.StatusNoContent, "POST", "/v1.0/applications/"+app.Text("id")+"/owners/$ref", Ref(string(person)))

		users, groups, programs, roles := "User.Read.All", "GroupMember.Read.All", "Application.Read.All", "RoleManagement.Read.Directory"
		const basic = "User.ReadBasic.All"
		byRole := w.Client(t, w.A)
		w.gives(t, all, http.StatusCreated, byRole.Principal.ID, authz.DirectoryReaders, "/")
		me := w.Person(t, w.A, person, "User.Read")
		members, of := "/v1.0/groups/"+group+"/members", "/v1.0/servicePrincipals/"+made+"/memberOf"
		for _, tt := range []struct {
			name string
			as   *Client
			path string
			want string // what is read, a comma between; nothing else is
		}{
			{"groups of a principal", w.Client(t, w.A, programs), of, ""},
			{"groups of a principal, cast", w.Client(t, w.A, programs), of + "/microsoft.graph.group", ""},
			{"groups of a principal, with their permission", w.Client(t, w.A, programs, groups), of, "related group"},
			{"members", w.Client(t, w.A, groups), members, ""},
			{"members, cast", w.Client(t, w.A, groups), members + "/microsoft.graph.user", ""},
			{"members, with the permission for people", w.Client(t, w.A, groups, users), members, "related person,Engineer"},
			{"members, with basic people", w.Client(t, w.A, groups, basic), members, "related person"},
			{"members, with basic people, cast", w.Client(t, w.A, groups, basic), members + "/microsoft.graph.user", "related person"},
			{"members, with the permission for applications", w.Client(t, w.A, groups, programs), members, "related application"},
			{"members, by a role", byRole, members, "related person,Engineer,related application"},
			{"members expanded", w.Client(t, w.A, groups, basic), "/v1.0/groups?$expand=members&$filter=id eq '" + group + "'", "related group,related person"},
			{"owners of an application", w.Client(t, w.A, programs), "/v1.0/applications/" + app.Text("id") + "/owners", ""},
			{"own groups", me, "/v1.0/me/memberOf", ""},
			{"own groups, cast", me, "/v1.0/me/memberOf/microsoft.graph.group", ""},
			{"what one owns", me, "/v1.0/me/ownedObjects", ""},
			{"own groups and roles", w.Person(t, w.A, person, "User.Read", groups, roles), "/v1.0/me/memberOf", "related group,Guest Inviter"},
			{"own groups, without roles", w.Person(t, w.A, person, "User.Read", groups), "/v1.0/me/memberOf", "related group"},
			{"what one owns, with its permissions", w.Person(t, w.A, person, "User.Read", groups, programs), "/v1.0/me/ownedObjects", "related group,related application"},
		} {
			a := tt.as.Send(t, w, http.StatusOK, "GET", tt.path, nil)
			if !strings.Contains(tt.path, "$expand") && len(a.Items()) == 0 {
				t.Errorf("%s: nothing is shown", tt.name)
			}
			for _, said := range []string{"related person", "Engineer", "related application", "related group", "Guest Inviter"} {
				want := slices.Contains(strings.Split(tt.want, ","), said)
				if got := strings.Contains(string(a.Raw), said); got != want {
					t.Errorf("%s: says %q %t, want %t: %s", tt.name, said, got, want, a.Raw)
				}
			}
		}
	})
}

// TestRelatedQuestions: nothing is asked of related objects by what one may not
// read of them: an answer would tell.
func TestRelatedQuestions(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		all := w.Client(t, w.A, Everything...)
		person := string(w.member(t, all, "asked"))
		group := all.Send(t, w, http.StatusCreated, "POST", "/v1.0/groups", map[string]any{
			"displayName": "asked", "mailNickname": "asked", "mailEnabled": false, "securityEnabled": true, "members@odata.bind": Bind(person),
		}).Text("id")
		principal := string(all.Principal.ID)
		all.Send(t, w, http.StatusNoContent, "POST", "/v1.0/groups/"+group+"/members/$ref", Ref(principal))
		const users, basic, groups, programs = "User.Read.All", "User.ReadBasic.All", "GroupMember.Read.All", "Application.Read.All"
		members, of := "/v1.0/groups/"+group+"/members", "/v1.0/servicePrincipals/"+principal+"/memberOf"
		for _, tt := range []struct {
			path  string
			holds []string
			least string // or empty where it is answered
		}{
			{members + "?$filter=startswith(displayName,'a')", []string{groups}, basic},
			{members + "?$filter=startswith(displayName,'a')", []string{groups, basic}, programs},
			{members + "?$filter=startswith(displayName,'a')", []string{groups, basic, programs}, ""},
			{members + "?$orderby=displayName", []string{groups, users}, programs},
			{members + "?$orderby=displayName", []string{groups, users, programs}, ""},
			{members + `?$search="displayName:asked"`, []string{groups, programs}, basic},
			{members + `?$search="displayName:asked"`, []string{groups, programs, users}, ""},
			{members + "?$filter=id eq '" + person + "'", []string{groups}, ""},
			{members + "/microsoft.graph.user?$filter=startswith(displayName,'a')", []string{groups}, basic},
			{members + "/microsoft.graph.user?$filter=startswith(displayName,'a')", []string{groups, basic}, ""},
			{members + "/microsoft.graph.user?$filter=jobTitle eq 'Engineer'", []string{groups, basic}, users},
			{members + "/microsoft.graph.user?$filter=jobTitle eq 'Engineer'", []string{groups, users}, ""},
			{members + "?$filter=userType eq 'Member'", []string{groups, basic}, users},
			{members + "/microsoft.graph.user?$orderby=displayName", []string{groups}, basic},
			{members + "/microsoft.graph.user/$count?$filter=jobTitle eq 'Engineer'", []string{groups, basic}, users},
			{of + "/microsoft.graph.group?$filter=startswith(displayName,'a')", []string{programs}, groups},
			{of + "/microsoft.graph.group?$filter=startswith(displayName,'a')", []string{programs, groups}, ""},
			{of + "/microsoft.graph.group?$orderby=displayName", []string{programs}, groups},
			{of + "/microsoft.graph.group?$filter=mailEnabled eq false", []string{programs}, groups},
			{of + "?$filter=mailEnabled eq false", []string{programs}, groups},
			{of + "/microsoft.graph.group?$filter=owners/$count eq 0", []string{programs}, groups},
			{"/v1.0/applications/" + string(all.App.ID) + "/owners?$filter=startswith(displayName,'a')", []string{programs}, basic},
		} {
			c := w.Client(t, w.A, tt.holds...)
			path := tt.path
			if !strings.Contains(path, "/$count?") {
				path += "&$count=true"
			}
			a := c.Get(t, w, path, "ConsistencyLevel", "eventual")
			switch {
			case tt.least == "" && a.Status != http.StatusOK:
				t.Errorf("%s with %v: %d %s", tt.path, tt.holds, a.Status, a.Raw)
			case tt.least != "" && (a.Status != http.StatusForbidden || !strings.Contains(string(a.Raw), `"leastPermission":"`+tt.least+`"`)):
				t.Errorf("%s with %v: %d, want a refusal that names %s: %s", tt.path, tt.holds, a.Status, tt.least, a.Raw)
			}
		}
	})
}

// TestGuestsReadRelated: of whom a person may read nothing, no relationship
// says more than who it is, whatever the program may.
func TestGuestsReadRelated(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		all := w.Client(t, w.A, Everything...)
		guest := all.Send(t, w, http.StatusCreated, "POST", "/v1.0/users", map[string]any{
			"accountEnabled": true, "displayName": "Guest", "mailNickname": "guest", "userPrincipalName": "guest@" + w.A.Domain, "userType": "Guest",
			"passwordProfile": map[string]any{"password": "Correct-horse-7"},
		}).Text("id")
		all.Send(t, w, http.StatusCreated, "POST", "/v1.0/groups", map[string]any{
			"displayName": "guests' group", "mailNickname": "guests", "mailEnabled": false, "securityEnabled": true, "members@odata.bind": Bind(guest),
		})
		c := w.Person(t, w.A, ids.ObjectID(guest), "User.Read", "Directory.Read.All")
		for role, sees := range map[ids.RoleID]bool{authz.GuestUser: true, authz.RestrictedGuest: false} {
			all.Send(t, w, http.StatusNoContent, "PATCH", "/v1.0/policies/authorizationPolicy", map[string]any{"guestUserRoleId": string(role)})
			a := c.Send(t, w, http.StatusOK, "GET", "/v1.0/me/memberOf", nil)
			if got := strings.Contains(string(a.Raw), "guests' group"); got != sees || len(a.Items()) != 1 {
				t.Errorf("as %s: shows the group's name %t, want %t: %s", role, got, sees, a.Raw)
			}
		}
	})
}

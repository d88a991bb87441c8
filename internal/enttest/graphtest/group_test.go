package graphtest

import (
	"errors"
	"net/http"
	"testing"

	"entente/internal/core/authz"
	"entente/internal/core/directory"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// newGroup is the body of a security group, with changes.
func newGroup(name string, changes map[string]any) map[string]any {
	m := map[string]any{"displayName": name, "mailNickname": name, "mailEnabled": false, "securityEnabled": true}
	for k, v := range changes {
		m[k] = v
	}
	return m
}

func refTo(id string) map[string]any {
	return map[string]any{"@odata.id": "https://graph.microsoft.com/v1.0/directoryObjects/" + id}
}

// identifiers are those of a collection's entities.
func identifiers(a Answer) map[string]bool {
	set := make(map[string]bool)
	for _, it := range a.Items() {
		set[it["id"].(string)] = true
	}
	return set
}

// TestTerraformsGroup sends what Terraform sends for a group, all of it to beta:
// it binds itself as owner, adds members one by one, looks for each by its
// identifier, removes itself from the owners, and deletes.
func TestTerraformsGroup(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		c := w.Client(t, w.A, "Group.ReadWrite.All", "User.ReadWrite.All", "Application.Read.All")
		user := c.Send(t, w, http.StatusCreated, "POST", "/v1.0/users", NewUser(w.A.Domain, "member")).Text("id")
		made := c.Send(t, w, http.StatusCreated, "POST", "/beta/groups", newGroup("crew", map[string]any{
			"@odata.type": "#microsoft.graph.group", "description": "a", "groupTypes": []string{}, "visibility": nil,
			"writebackConfiguration": map[string]any{"isEnabled": false, "onPremisesGroupType": nil},
			"owners@odata.bind":      []string{"https://graph.microsoft.com/v1.0/directoryObjects/" + string(c.Principal.ID)},
		}))
		group := "/beta/groups/" + made.Text("id")
		c.Send(t, w, http.StatusNoContent, "PATCH", group, map[string]any{"description": "TERRAFORM_UPDATE_x", "mailNickName": "crew2"})
		if a := c.Get(t, w, group); a.Text("description") != "TERRAFORM_UPDATE_x" || a.Text("mailNickname") != "crew2" {
			t.Errorf("after the change: %s", a.Raw)
		}
		if a := c.Get(t, w, group+"?$select=hideFromAddressLists"); a.Status != http.StatusOK || a.Body["hideFromAddressLists"] != nil {
			t.Errorf("one property: %s", a.Raw)
		}
		if a := c.Get(t, w, group+"/members?$filter=id eq '"+user+"'"); len(a.Items()) != 0 {
			t.Errorf("before joining: %s", a.Raw)
		}
		c.Send(t, w, http.StatusNoContent, "POST", group+"/members/$ref", refTo(user))
		if a := c.Get(t, w, group+"/members?$filter=id eq '"+user+"'"); !identifiers(a)[user] {
			t.Errorf("after joining: %s", a.Raw)
		}
		again := w.Call(t, c.Token, "POST", group+"/members/$ref", refTo(user))
		if code, message := again.Error(); again.Status != http.StatusBadRequest || code != "Request_BadRequest" ||
			message != "One or more added object references already exist for the following modified properties: 'members'." {
			t.Errorf("joining twice: %d %s", again.Status, again.Raw)
		}
		if a := c.Get(t, w, group+"/owners"); !identifiers(a)[string(c.Principal.ID)] {
			t.Errorf("owners: %s", a.Raw)
		}
		c.Send(t, w, http.StatusNoContent, "DELETE", group+"/owners/"+string(c.Principal.ID)+"/$ref", nil)
		c.Send(t, w, http.StatusNoContent, "DELETE", group+"/members/"+user+"/$ref", nil)
		c.Send(t, w, http.StatusNotFound, "DELETE", group+"/members/"+user+"/$ref", nil)
		c.Send(t, w, http.StatusNoContent, "DELETE", group, nil)
		c.Send(t, w, http.StatusNotFound, "GET", group, nil)
	})
}

// TestGroupQueries asks for groups as the CLI for Microsoft 365 and scripts do.
func TestGroupQueries(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		c := w.Client(t, w.A, "Group.ReadWrite.All")
		team := c.Send(t, w, http.StatusCreated, "POST", "/v1.0/groups", newGroup("team", map[string]any{
			"groupTypes": []string{"Unified"}, "mailEnabled": true, "securityEnabled": false,
		})).Text("id")
		plain := c.Send(t, w, http.StatusCreated, "POST", "/v1.0/groups", newGroup("plain", nil)).Text("id")
		for query, want := range map[string]string{
			"$filter=groupTypes/any(c:c+eq+'Unified')":                                             team,
			"$filter=securityEnabled eq true and mailEnabled eq false":                             plain,
			"$filter=displayName eq 'PLAIN' and mailNickname eq 'plain'":                           plain,
			"$filter=startsWith(displayName, 'te')&$select=id,mail":                                team,
			"$count=true&$filter=mailEnabled eq true and not(groupTypes/any(t:t eq 'DynamicX'))":   team,
			"$count=true&$filter=not(groupTypes/any(t:t eq 'Unified'))&$orderby=createdDateTime":   plain,
			"$search=\"displayName:te\"":                                                           team,
			"$filter=mail eq 'team@contoso.example'":                                               team,
			"$filter=proxyAddresses/any(p:startswith(p,'smtp:TEAM@'))&$top=1&$orderby=displayName": "",
		} {
			a := c.Get(t, w, "/v1.0/groups?"+query, "ConsistencyLevel", "eventual")
			switch got := identifiers(a); {
			case want == "" && a.Status != http.StatusBadRequest: // a filter beside an order asks for an advanced query
				t.Errorf("%s: got %d %s, want a refusal", query, a.Status, a.Raw)
			case want != "" && (len(got) != 1 || !got[want]):
				t.Errorf("%s: got %d %s", query, a.Status, a.Raw)
			}
		}
		wrong := w.Call(t, c.Token, "POST", "/v1.0/groups", newGroup("list", map[string]any{"mailEnabled": true}))
		if code, _ := wrong.Error(); wrong.Status != http.StatusBadRequest || code != "Request_BadRequest" {
			t.Errorf("a distribution list: %d %s", wrong.Status, wrong.Raw)
		}
		upsert := "/v1.0/groups(uniqueName='one')"
		c.Send(t, w, http.StatusCreated, "PATCH", upsert, newGroup("one", nil), "Prefer", "create-if-missing")
		c.Send(t, w, http.StatusNoContent, "PATCH", upsert, map[string]any{"displayName": "uno"}, "Prefer", "create-if-missing")
		if a := c.Get(t, w, upsert); a.Text("displayName") != "uno" {
			t.Errorf("by unique name: %s", a.Raw)
		}
	})
}

// TestNestedMembers looks through groups, with casts and counts, and asks the
// four questions for memberships.
func TestNestedMembers(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		c := w.Client(t, w.A, "Group.ReadWrite.All", "User.ReadWrite.All", "Application.Read.All")
		user := c.Send(t, w, http.StatusCreated, "POST", "/v1.0/users", NewUser(w.A.Domain, "inner")).Text("id")
		bind := func(members ...string) map[string]any {
			for i := range members {
				members[i] = "https://x/v1.0/directoryObjects/" + members[i]
			}
			return map[string]any{"members@odata.bind": members}
		}
		inner := c.Send(t, w, http.StatusCreated, "POST", "/v1.0/groups", newGroup("inner", bind(user, string(c.Principal.ID)))).Text("id")
		outer := c.Send(t, w, http.StatusCreated, "POST", "/v1.0/groups", newGroup("outer", bind(inner))).Text("id")
		c.Send(t, w, http.StatusNoContent, "PATCH", "/v1.0/groups/"+inner, bind(outer)) // a circle
		for path, want := range map[string][]string{
			"/groups/" + outer + "/members":                                                                          {inner},
			"/groups/" + outer + "/transitiveMembers":                                                                {inner, outer, user, string(c.Principal.ID)},
			"/groups/" + outer + "/transitiveMembers/microsoft.graph.user":                                           {user},
			"/groups/" + outer + "/transitiveMembers/microsoft.graph.user?$filter=displayName eq 'inner'":            {user},
			"/groups/" + outer + "/transitiveMembers/graph.user?$filter=userType eq 'Guest'":                         {},
			"/groups/" + outer + "/transitiveMembers/microsoft.graph.servicePrincipal":                               {string(c.Principal.ID)},
			"/groups/" + outer + "/transitiveMembers/microsoft.graph.group?$count=true&$filter=mailEnabled eq false": {inner, outer},
			"/users/" + user + "/memberOf":                                                                           {inner},
			"/users/" + user + "/transitiveMemberOf/microsoft.graph.group":                                           {inner, outer},
			"/servicePrincipals/" + string(c.Principal.ID) + "/memberOf":                                             {inner},
			"/groups/" + inner + "/transitiveMemberOf":                                                               {inner, outer},
		} {
			reader := w.Client(t, w.A, "Directory.Read.All")
			a := reader.Get(t, w, "/v1.0"+path, "ConsistencyLevel", "eventual")
			got := identifiers(a)
			if a.Status != http.StatusOK || len(got) != len(want) {
				t.Errorf("%s: got %d %s", path, a.Status, a.Raw)
			}
			for _, id := range want {
				if !got[id] {
					t.Errorf("%s lacks %s", path, id)
				}
			}
		}
		if a := c.Get(t, w, "/v1.0/groups/"+outer+"/transitiveMembers/$count", "ConsistencyLevel", "eventual"); string(a.Raw) != "4" {
			t.Errorf("counted %s", a.Raw)
		}
		var pages int
		for path := "/v1.0/groups/" + outer + "/transitiveMembers?$top=1"; path != ""; pages++ {
			a := c.Get(t, w, path)
			next, _ := a.Body["@odata.nextLink"].(string)
			if path = ""; next != "" {
				path = next[len(Own):]
			}
		}
		if pages != 4 {
			t.Errorf("%d pages of one, want 4", pages)
		}
		for action, body := range map[string]map[string]any{
			"checkMemberGroups": {"groupIds": []string{outer, user}}, "checkMemberObjects": {"ids": []string{outer, user}},
		} {
			a := c.Send(t, w, http.StatusOK, "POST", "/v1.0/users/"+user+"/"+action, body)
			if list, _ := a.Body["value"].([]any); len(list) != 1 || list[0] != outer {
				t.Errorf("%s: %s", action, a.Raw)
			}
		}
		for _, action := range []string{"getMemberGroups", "getMemberObjects"} {
			a := c.Send(t, w, http.StatusOK, "POST", "/v1.0/servicePrincipals/"+string(c.Principal.ID)+"/"+action, map[string]any{"securityEnabledOnly": true})
			if list, _ := a.Body["value"].([]any); len(list) != 2 {
				t.Errorf("%s: %s", action, a.Raw)
			}
		}
		many := make([]string, 21)
		for i := range many {
			many[i] = string(ids.New[ids.ObjectID]())
		}
		c.Send(t, w, http.StatusBadRequest, "POST", "/v1.0/users/"+user+"/checkMemberGroups", map[string]any{"groupIds": many})
	})
}

// TestLimitedMembers: who may see a group's members but not read people learns
// their identifiers and nothing else, by no filter either.
func TestLimitedMembers(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		all := w.Client(t, w.A, "Group.ReadWrite.All", "User.ReadWrite.All")
		user := all.Send(t, w, http.StatusCreated, "POST", "/v1.0/users", NewUser(w.A.Domain, "hidden")).Text("id")
		group := all.Send(t, w, http.StatusCreated, "POST", "/v1.0/groups", newGroup("g", nil)).Text("id")
		all.Send(t, w, http.StatusNoContent, "POST", "/v1.0/groups/"+group+"/members/$ref", refTo(user))
		limited := w.Client(t, w.A, "GroupMember.Read.All")
		for _, cast := range []string{"", "/microsoft.graph.user"} {
			a := limited.Get(t, w, "/v1.0/groups/"+group+"/members"+cast)
			if list := a.Items(); len(list) != 1 || list[0]["id"] != user || list[0]["displayName"] != nil || list[0]["userPrincipalName"] != nil {
				t.Errorf("members%s: %s", cast, a.Raw)
			}
		}
		limited.Send(t, w, http.StatusForbidden, "GET", "/v1.0/groups/"+group+"/members/microsoft.graph.user?$filter=startsWith(displayName,'h')", nil)
	})
}

// TestGroupForRoles: a group that roles may be given to is touched by programs
// that may manage roles alone, and its members hold the roles.
func TestGroupForRoles(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		c := w.Client(t, w.A, "Group.ReadWrite.All", "User.ReadWrite.All")
		trusted := w.Client(t, w.A, "Group.ReadWrite.All", directory.RoleManagement)
		user := c.Send(t, w, http.StatusCreated, "POST", "/v1.0/users", NewUser(w.A.Domain, "chief")).Text("id")
		body := newGroup("roles", map[string]any{"isAssignableToRole": true})
		c.Send(t, w, http.StatusForbidden, "POST", "/v1.0/groups", body)
		group := trusted.Send(t, w, http.StatusCreated, "POST", "/v1.0/groups", body).Text("id")
		c.Send(t, w, http.StatusForbidden, "POST", "/v1.0/groups/"+group+"/members/$ref", refTo(user))
		c.Send(t, w, http.StatusForbidden, "POST", "/v1.0/groups/"+group+"/owners/$ref", refTo(user))
		c.Send(t, w, http.StatusForbidden, "DELETE", "/v1.0/groups/"+group, nil)
		trusted.Send(t, w, http.StatusNoContent, "POST", "/v1.0/groups/"+group+"/members/$ref", refTo(user))
		trusted.Send(t, w, http.StatusBadRequest, "PATCH", "/v1.0/groups/"+group, map[string]any{"isAssignableToRole": false})
		var held []ids.RoleID
		must(t, w.DB.Update(t.Context(), func(tx *sqldb.Tx) error {
			assign := authz.Assign(t.Context(), tx, w.A.ID, ids.ObjectID(group), authz.UserAdministrator)
			var err error
			held, err = authz.RolesOf(t.Context(), tx, w.A.ID, ids.ObjectID(user))
			return errors.Join(assign, err)
		}))
		if len(held) != 1 || held[0] != authz.UserAdministrator {
			t.Errorf("the member holds %v", held)
		}
		// Whoever holds a role is protected, by whatever way it is held.
		c.Send(t, w, http.StatusForbidden, "PATCH", "/v1.0/users/"+user, map[string]any{"accountEnabled": false})
	})
}

// TestObjectsOfAnyKind reads objects by nothing but their identifiers.
func TestObjectsOfAnyKind(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		c := w.Client(t, w.A, Everything...)
		e := w.examples(t, c)
		for id, name := range map[string]string{e.user: "user", e.group: "group", e.sp: "servicePrincipal", e.app: "application"} {
			a := c.Get(t, w, "/v1.0/directoryObjects/"+id)
			if a.Status != http.StatusOK || a.Text("id") != id || a.Text("@odata.type") != "#microsoft.graph."+name || a.Text("displayName") == "" {
				t.Errorf("%s: %d %s", name, a.Status, a.Raw)
			}
		}
		for name, tt := range map[string]struct {
			body map[string]any
			want int
		}{
			"all":              {map[string]any{"ids": []string{e.user, e.group, e.sp, e.app, string(ids.New[ids.ObjectID]())}}, 4},
			"two types":        {map[string]any{"ids": []string{e.user, e.group, e.sp}, "types": []string{"user", "microsoft.graph.group"}}, 2},
			"another tenant's": {map[string]any{"ids": []string{string(w.B.Admin)}}, 0},
		} {
			a := c.Send(t, w, http.StatusOK, "POST", "/v1.0/directoryObjects/getByIds", tt.body)
			if len(a.Items()) != tt.want {
				t.Errorf("%s: %s", name, a.Raw)
			}
			for _, it := range a.Items() {
				if it["@odata.type"] == nil || it["displayName"] == nil {
					t.Errorf("%s: %v", name, it)
				}
			}
		}
		c.Send(t, w, http.StatusBadRequest, "POST", "/v1.0/directoryObjects/getByIds", map[string]any{"ids": []string{"x"}})
		c.Send(t, w, http.StatusNotFound, "GET", "/v1.0/directoryObjects/"+string(w.B.Admin), nil)
	})
}

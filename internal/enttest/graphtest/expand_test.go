package graphtest

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"entente/internal/core/authz"
	"entente/internal/kit/ids"
)

// registered are a user, an application with a credential, its service
// principal, an assignment of the user to it, one of its own, and a grant.
func (w *World) registered(t *testing.T, c *Client) (e examples) {
	t.Helper()
	make := func(path string, body map[string]any) Answer {
		return c.Send(t, w, http.StatusCreated, "POST", "/v1.0"+path, body)
	}
	e.user = make("/users", NewUser(c.Tenant.Domain, "expanded")).Text("id")
	a := make("/applications", map[string]any{"displayName": "expanded"})
	e.app = a.Text("id")
	e.sp = make("/servicePrincipals", map[string]any{"appId": a.Text("appId")}).Text("id")
	make("/applications/"+e.app+"/federatedIdentityCredentials", newCredential("expanded"))
	make("/servicePrincipals/"+e.sp+"/appRoleAssignments", newAssignment(e.sp, string(c.Tenant.Graph.ID), string(c.Tenant.Graph.AppRoles[0].ID)))
	make("/users/"+e.user+"/appRoleAssignments", newAssignment(e.user, e.sp, NoRole))
	make("/oauth2PermissionGrants", newGrant(e.sp, string(c.Tenant.Graph.ID)))
	return e
}

func TestExpand(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		c := w.Client(t, w.A, Everything...)
		e := w.registered(t, c)
		one := "/v1.0/applications/" + e.app
		a := c.Send(t, w, http.StatusOK, "GET", one+"?$select=displayName&$expand=Owners($select=id,displayName,appId)", nil)
		want := `{"@odata.context":"` + Own + `/v1.0/$metadata#applications(displayName,owners(id,displayName,appId))/$entity","displayName":"expanded",` +
			`"owners":[{"@odata.type":"#microsoft.graph.servicePrincipal","id":"` + string(c.Principal.ID) + `","displayName":"client","appId":"` + string(c.App.AppID) + `"}]}`
		if string(a.Raw) != want {
			t.Errorf("got  %s\nwant %s", a.Raw, want)
		}
		// Without $select, on a list, with what is not owned beside it.
		a = c.Send(t, w, http.StatusOK, "GET", "/v1.0/applications?$expand=owners", nil)
		if a.Text("@odata.context") != Own+"/v1.0/$metadata#applications(owners())" {
			t.Errorf("context = %s", a.Text("@odata.context"))
		}
		owners := map[any]int{}
		for _, it := range a.Items() {
			owners[it["displayName"]] = len(it["owners"].([]any))
		}
		if owners["expanded"] != 1 || owners["client"] != 0 || len(owners) != 2 {
			t.Errorf("got %v", owners)
		}
		for path, part := range map[string]string{
			"/v1.0/servicePrincipals/" + e.sp + "?$expand=appRoleAssignments":         "appRoleAssignments",
			"/beta/servicePrincipals/" + e.sp + "?$expand=appRoleAssignedTo":          "appRoleAssignedTo",
			"/v1.0/servicePrincipals/" + e.sp + "?$expand=oauth2PermissionGrants":     "oauth2PermissionGrants",
			"/v1.0/users/" + e.user + "?$expand=appRoleAssignments($select=id)":       "appRoleAssignments",
			one + "?$expand=federatedIdentityCredentials($select=name,subject)":       "federatedIdentityCredentials",
			"/v1.0/servicePrincipals/" + e.sp + "?$expand=owners&$count=true":         "owners",
			"/v1.0/servicePrincipals/" + e.sp + "?$select=id,owners&$expand=owners":   "owners",
			"/v1.0/applications/" + e.app + "?$expand=owners($select=*)&$select=id":   "owners",
			"/v1.0/applications/" + e.app + "?$expand=owners(select=id)&select=id,id": "owners",
		} {
			a := c.Send(t, w, http.StatusOK, "GET", path, nil)
			if list, _ := a.Body[part].([]any); len(list) != 1 {
				t.Errorf("%s: got %s", path, a.Raw)
			}
		}
		system := authz.System(w.A.ID, "test")
		w.addUsers(t, w.A, 25)
		for i := range 25 {
			id := c.Send(t, w, http.StatusOK, "GET", fmt.Sprintf("/v1.0/users/p%02d@contoso.example", i), nil).Text("id")
			must(t, w.Apps.AddOwner(t.Context(), system, c.App.ID, ids.ObjectID(id)))
		}
		a = c.Send(t, w, http.StatusOK, "GET", "/v1.0/applications/"+string(c.App.ID)+"?$expand=owners($select=id)", nil)
		if n := len(a.Body["owners"].([]any)); n != 20 {
			t.Errorf("got %d owners, want the first 20", n)
		}
		a = c.Send(t, w, http.StatusOK, "GET", "/v1.0/applications/"+string(c.App.ID)+"/owners?$select=id,userPrincipalName", nil)
		if n := len(a.Items()); n != 25 {
			t.Errorf("got %d owners, want all", n)
		}
	})
}

func TestWrongExpands(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		c := w.Client(t, w.A, Everything...)
		app := "/v1.0/applications/" + string(c.App.ID)
		const unsupported, bad = "Request_UnsupportedQuery", "BadRequest"
		for path, want := range map[string][2]string{
			app + "?$expand=noSuch":                              {bad, "Parsing OData Select and Expand failed: Could not find a property named 'noSuch' on type 'microsoft.graph.application'."},
			app + "?$expand=owners($select=noSuch)":              {bad, "Parsing OData Select and Expand failed: Could not find a property named 'noSuch' on type 'microsoft.graph.directoryObject'."},
			app + "?$expand=owners,federatedIdentityCredentials": {unsupported, "Only one property can be expanded in a single query."},
			app + "?$expand=*":                                   {unsupported, "The query option $expand is not supported for '*'."},
			app + "?$expand=owners/$ref":                         {unsupported, "The query option $expand is not supported for 'owners'."},
			app + "?$expand=owners/$count":                       {unsupported, "The query option $expand is not supported for 'owners'."},
			app + "?$expand=owners($expand=owners)":              {unsupported, "The query option $expand cannot stand within $expand."},
			app + "?$expand=owners($filter=id eq 'x')":           {unsupported, "Within $expand only $select is supported."},
			app + "?$expand=owners($top=1)":                      {unsupported, "Within $expand only $select is supported."},
			app + "?$expand=owners($levels=max)":                 {unsupported, "Within $expand only $select is supported."},
			app + "/displayName?$expand=owners":                  {unsupported, "The query option $expand is not supported here."},
			"/v1.0/applications/$count?$expand=owners":           {unsupported, "The query option $expand is not supported here."},
			"/v1.0/applications?$expand=owners&$count=true":      {unsupported, "The query option $expand is not supported in an advanced query."},
			"/v1.0/applications?$expand=owners($select=id":       {bad, ""},
		} {
			a := c.Send(t, w, http.StatusBadRequest, "GET", path, nil, "ConsistencyLevel", "eventual")
			if code, message := a.Error(); code != want[0] || want[1] != "" && message != want[1] {
				t.Errorf("%s: got %s %s", path, code, message)
			}
		}
		c.Send(t, w, http.StatusBadRequest, "PATCH", app+"?$expand=owners", `{"notes":"x"}`)
		// What may not be read cannot be read by the back door.
		r := w.Client(t, w.A, "User.Read.All")
		a := r.Send(t, w, http.StatusForbidden, "GET", "/v1.0/users?$expand=appRoleAssignments", nil)
		if inner := a.Body["error"].(map[string]any)["innerError"].(map[string]any); inner["leastPermission"] != "AppRoleAssignment.ReadWrite.All" {
			t.Errorf("got %v", inner)
		}
		me := w.Person(t, w.A, w.A.Admin, "User.Read")
		me.Send(t, w, http.StatusForbidden, "GET", "/v1.0/me?$expand=oauth2PermissionGrants", nil)
		stranger := w.Client(t, w.B, Everything...)
		stranger.Send(t, w, http.StatusNotFound, "GET", app+"?$expand=owners", nil)
	})
}

// TestLevelsAreBounded: a page of chains of managers is as long as what is read
// for it, a link leads on, and who stands above many is read once.
func TestLevelsAreBounded(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		c := w.Client(t, w.A, Everything...)
		boss := string(w.member(t, c, "boss"))
		for i := range 120 {
			body := NewUser(w.A.Domain, fmt.Sprint("report", i))
			body["manager@odata.bind"] = Ref(boss)["@odata.id"]
			c.Send(t, w, http.StatusCreated, "POST", "/v1.0/users", body)
		}
		seen, pages := 0, 0
		for next := "/v1.0/users?$top=999&$count=true&$select=id&$expand=manager($levels=max;$select=id)"; next != ""; pages++ {
			a := c.Send(t, w, http.StatusOK, "GET", next, nil, "ConsistencyLevel", "eventual")
			if n := len(a.Items()); n > 100 {
				t.Errorf("%d chains in a page", n)
			}
			for _, u := range a.Items() {
				if m, _ := u["manager"].(map[string]any); m["id"] == boss {
					seen++
				}
			}
			next = strings.TrimPrefix(a.Text("@odata.nextLink"), "https://graph.entente.example")
		}
		if seen != 120 || pages < 2 {
			t.Errorf("%d reports in %d pages", seen, pages)
		}
	})
}

// TestOneRelated: what stands in a relationship is read there one by one, and
// what does not is as absent as what does not exist.
func TestOneRelated(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		c := w.Client(t, w.A, Everything...)
		user, other := string(w.member(t, c, "one")), string(w.member(t, c, "other"))
		group := c.Send(t, w, http.StatusCreated, "POST", "/v1.0/groups", map[string]any{
			"displayName": "one's", "mailNickname": "one", "mailEnabled": false, "securityEnabled": true,
			"members@odata.bind": Bind(user), "owners@odata.bind": Bind(user),
		}).Text("id")
		for path, id := range map[string]string{
			"/users/" + user + "/memberOf/": group, "/users/" + user + "/transitiveMemberOf/": group, "/users/" + user + "/ownedObjects/": group,
			"/groups/" + group + "/members/": user, "/groups/" + group + "/owners/": user,
		} {
			if a := c.Send(t, w, http.StatusOK, "GET", "/v1.0"+path+id, nil); a.Text("id") != id || a.Text("@odata.type") == "" {
				t.Errorf("%s: %s", path, a.Raw)
			}
			absent := func(id string) string {
				a := c.Send(t, w, http.StatusNotFound, "GET", "/v1.0"+path+id, nil)
				code, message := a.Error()
				return code + strings.ReplaceAll(message, id, "")
			}
			if there, nowhere := absent(other), absent(string(ids.New[ids.ObjectID]())); there != nowhere {
				t.Errorf("%s: what stands elsewhere is %q, and what does not exist %q", path, there, nowhere)
			}
		}
		h := w.hide(t)
		a := c.Send(t, w, http.StatusNotFound, "GET", "/v1.0/users/"+string(h.member)+"/memberOf/"+h.id, nil)
		if code, _ := a.Error(); code != "Request_ResourceNotFound" {
			t.Errorf("a hidden membership: %s", a.Raw)
		}
		c.Send(t, w, http.StatusForbidden, "GET", "/v1.0/groups/"+h.id+"/members/"+string(h.member), nil)
	})
}

// TestCountedAssignments: $count tells how many there are, filtered, on every page.
func TestCountedAssignments(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		c := w.Client(t, w.A, Everything...)
		path := "/v1.0/servicePrincipals/" + string(w.A.Graph.ID) + "/appRoleAssignedTo"
		all := len(c.Send(t, w, http.StatusOK, "GET", path+"?$top=999", nil).Items())
		a := c.Send(t, w, http.StatusOK, "GET", path+"?$count=true&$top=1", nil)
		if n, _ := a.Body["@odata.count"].(float64); int(n) != all || all < 2 || len(a.Items()) != 1 {
			t.Errorf("count = %v of %d", a.Body["@odata.count"], all)
		}
	})
}

package graphtest

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"entente/internal/edge/graph/edm"
	"entente/internal/kit/ids"
)

// everything are permissions that reach all that there is.
var everything = []string{
	"User.ReadWrite.All", "Directory.ReadWrite.All", "Application.ReadWrite.All", "AppRoleAssignment.ReadWrite.All",
	"DelegatedPermissionGrant.ReadWrite.All", "Organization.ReadWrite.All", "Group.ReadWrite.All",
}

// An example is an entity of a set, with the paths that lead to it.
type example struct {
	set  *edm.Set
	root string // the collection
	many string // the same; empty where it cannot be listed
	one  string // the entity
}

type examples struct {
	paths []example
	user  string
	app   string
	sp    string
	group string
}

// examples makes an entity in each set of the client's tenant and returns the
// paths to them. A set without an example fails the test: whoever declares a
// set says here what can be found in it.
func (w *World) examples(t *testing.T, c *Client) examples {
	t.Helper()
	var e examples
	e.user = c.Send(t, w, http.StatusCreated, "POST", "/v1.0/users", w.newUser(c.Tenant, "walker")).Text("id")
	a := c.Send(t, w, http.StatusCreated, "POST", "/v1.0/applications", map[string]any{"displayName": "walked"})
	e.app = a.Text("id")
	e.sp = c.Send(t, w, http.StatusCreated, "POST", "/v1.0/servicePrincipals", map[string]any{"appId": a.Text("appId")}).Text("id")
	fic := c.Send(t, w, http.StatusCreated, "POST", "/v1.0/applications/"+e.app+"/federatedIdentityCredentials", map[string]any{
		"name": "walked", "issuer": "https://issuer.invalid", "subject": "job", "audiences": []string{"api://AzureADTokenExchange"},
	}).Text("id")
	graphID := string(c.Tenant.Graph.ID)
	assigned := c.Send(t, w, http.StatusCreated, "POST", "/v1.0/servicePrincipals/"+e.sp+"/appRoleAssignments", map[string]any{
		"principalId": e.sp, "resourceId": graphID, "appRoleId": c.Tenant.Graph.AppRoles[0].ID,
	}).Text("id")
	own := c.Send(t, w, http.StatusCreated, "POST", "/v1.0/users/"+e.user+"/appRoleAssignments", map[string]any{
		"principalId": e.user, "resourceId": e.sp, "appRoleId": ids.Nil,
	}).Text("id")
	grant := c.Send(t, w, http.StatusCreated, "POST", "/v1.0/oauth2PermissionGrants", map[string]any{
		"clientId": e.sp, "consentType": "Principal", "principalId": e.user, "resourceId": graphID, "scope": "User.Read",
	}).Text("id")
	e.group = c.Send(t, w, http.StatusCreated, "POST", "/v1.0/groups", map[string]any{
		"displayName": "walking", "mailNickname": "walking", "mailEnabled": false, "securityEnabled": true,
		"owners@odata.bind": []string{"https://x/v1.0/users/" + e.user}, "members@odata.bind": []string{"https://x/v1.0/directoryObjects/" + e.user},
	}).Text("id")
	together := c.Send(t, w, http.StatusCreated, "POST", "/v1.0/groups/"+e.group+"/appRoleAssignments", map[string]any{
		"principalId": e.group, "resourceId": graphID, "appRoleId": ids.Nil,
	}).Text("id")
	known := map[string]string{
		"/directoryObjects": e.user, "/domains": c.Tenant.Domain, "/groups": e.group, "/groups/owners": e.user, "/groups/members": e.user, "/groups/transitiveMembers": e.user,
		"/groups/memberOf": e.group, "/groups/transitiveMemberOf": e.group, "/users/memberOf": e.group, "/users/transitiveMemberOf": e.group,
		"/servicePrincipals/memberOf": e.group, "/servicePrincipals/transitiveMemberOf": e.group, "/groups/appRoleAssignments": together,
		"/users": e.user, "/applications": e.app, "/servicePrincipals": e.sp, "/oauth2PermissionGrants": grant,
		"/organization": string(c.Tenant.ID), "/applications/federatedIdentityCredentials": fic,
		"/servicePrincipals/appRoleAssignments": assigned, "/servicePrincipals/appRoleAssignedTo": own, "/users/appRoleAssignments": own,
		"/applications/owners": string(c.Principal.ID), "/servicePrincipals/owners": string(c.Principal.ID),
		"/users/oauth2PermissionGrants": grant, "/servicePrincipals/oauth2PermissionGrants": grant,
	}
	w.Registry.Walk(func(above []*edm.Set, s *edm.Set) {
		path, words := "", ""
		for _, up := range above {
			words += "/" + up.Path.V1
			path += "/" + up.Path.V1 + "/" + known[words]
		}
		words += "/" + s.Path.V1
		key, ok := known[words]
		if !ok {
			t.Fatalf("the set %s has no example", words)
		}
		x := example{set: s, root: path + "/" + s.Path.V1, many: path + "/" + s.Path.V1}
		if s.Get.Do != nil {
			x.one = x.many + "/" + key
		}
		if s.List.Do == nil {
			x.many = ""
		}
		if x.one != "" || s.Linked {
			e.paths = append(e.paths, x)
		}
	})
	return e
}

func (w *World) newUser(of Tenant, name string) map[string]any {
	return map[string]any{
		"accountEnabled": true, "displayName": name, "mailNickname": name, "userPrincipalName": name + "@" + of.Domain,
		"passwordProfile": map[string]any{"password": "Correct-horse-7"},
	}
}

// operations lists every operation of the registry on an example's path.
func (x example) operations() (all []struct{ method, path string }) {
	one := x.one
	if one == "" {
		one = x.root + "/" + string(ids.New[ids.ObjectID]())
	}
	for _, op := range x.set.Operations() {
		path := strings.TrimPrefix(op.Suffix, "/{id}")
		if path != op.Suffix {
			path = one + path
		} else {
			path = x.root + op.Suffix
		}
		all = append(all, struct{ method, path string }{op.Method, path})
	}
	return all
}

// TestIsolation walks every route with the token of another tenant and the
// identifiers of this one: nothing of this tenant may come back or change.
func TestIsolation(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		c := w.Client(t, w.A, everything...)
		stranger := w.Client(t, w.B, everything...)
		e := w.examples(t, c)
		before := map[string]string{}
		for _, x := range e.paths {
			if x.one != "" {
				before[x.one] = string(c.Send(t, w, http.StatusOK, "GET", "/v1.0"+x.one, nil).Raw)
			}
		}
		// What no answer to a stranger may hold: names of this tenant's objects,
		// nor identifiers but those that a refusal repeats.
		names := []string{"walker", "walked", "walking", "contoso.example"}
		secrets := append(slices.Clone(names), e.user, e.app, e.sp, e.group, string(w.A.Admin))
		for _, x := range e.paths {
			for _, op := range x.operations() {
				for _, v := range []string{"/v1.0", "/beta"} {
					a := w.Call(t, stranger.Token, op.method, v+op.path, strangersBody(op.method, e), "ConsistencyLevel", "eventual")
					below := strings.Count(op.path, "/") > 1 || strings.Contains(op.path, "/$") && !strings.HasSuffix(op.path, "/$count")
					if below && !strings.HasSuffix(op.path, "/$count") && a.Status < 400 {
						t.Errorf("%s %s%s: got %d, want a refusal: %s", op.method, v, op.path, a.Status, a.Raw)
					}
					text := strings.ReplaceAll(string(a.Raw), op.path, "")
					if a.Status >= 400 { // a refusal may repeat the key that was asked for
						text = strings.ReplaceAll(text, "'"+op.path[strings.LastIndexByte(op.path, '/')+1:]+"'", "")
					}
					for _, s := range secrets {
						if (a.Status < 400 || slices.Contains(names, s)) && strings.Contains(text, s) {
							t.Errorf("%s %s%s tells a stranger %q: %s", op.method, v, op.path, s, a.Raw)
						}
					}
				}
			}
		}
		for path, want := range before {
			if got := string(c.Send(t, w, http.StatusOK, "GET", "/v1.0"+path, nil).Raw); got != want {
				t.Errorf("%s was changed by a stranger:\n%s\n%s", path, want, got)
			}
		}
	})
}

// strangersBody is a body that would do something if the route let it.
func strangersBody(method string, e examples) any {
	switch method {
	case http.MethodPost:
		return map[string]any{"@odata.id": "https://x/v1.0/directoryObjects/" + e.sp}
	case http.MethodPatch:
		return map[string]any{"displayName": "taken"}
	}
	return nil
}

// TestNoPermissionNoAnswer asks for each operation without any permission.
func TestNoPermissionNoAnswer(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		c := w.Client(t, w.A, everything...)
		nobody := w.Client(t, w.A)
		for _, x := range w.examples(t, c).paths {
			for _, op := range x.operations() {
				a := w.Call(t, nobody.Token, op.method, "/v1.0"+op.path, nil)
				if code, _ := a.Error(); a.Status != http.StatusForbidden || code != "Authorization_RequestDenied" {
					t.Errorf("%s %s: got %d %s, want 403", op.method, op.path, a.Status, a.Raw)
				}
				inner := a.Body["error"].(map[string]any)["innerError"].(map[string]any)
				if inner["leastPermission"] == nil {
					t.Errorf("%s %s: the refusal names no permission: %s", op.method, op.path, a.Raw)
				}
				if a := w.Call(t, "", op.method, "/v1.0"+op.path, nil); a.Status != http.StatusUnauthorized {
					t.Errorf("%s %s without a token: got %d", op.method, op.path, a.Status)
				}
			}
		}
	})
}

// TestLeastPermissionSuffices reads each set with each permission that is
// declared for it, alone.
func TestLeastPermissionSuffices(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		c := w.Client(t, w.A, everything...)
		e := w.examples(t, c)
		clients := map[string]*Client{}
		with := func(p edm.Perm) *Client {
			names := []string{p.Name}
			if p.With != nil {
				names = append(names, p.With[0])
			}
			if clients[p.String()] == nil {
				clients[p.String()] = w.Client(t, w.A, names...)
			}
			return clients[p.String()]
		}
		for _, x := range e.paths {
			for _, p := range x.set.List.May.App {
				if a := with(p).Get(t, w, "/v1.0"+x.many); a.Status != http.StatusOK {
					t.Errorf("%s with %s: got %d %s", x.many, p, a.Status, a.Raw)
				}
			}
			for _, p := range x.set.Get.May.App {
				if a := with(p).Get(t, w, "/v1.0"+x.one); x.one != "" && a.Status != http.StatusOK {
					t.Errorf("%s with %s: got %d %s", x.one, p, a.Status, a.Raw)
				}
			}
		}
	})
}

package isolation

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"entente/internal/edge/graph/edm"
	appsets "entente/internal/edge/graph/sets/apps"
	dirsets "entente/internal/edge/graph/sets/directory"
	"entente/internal/enttest"
	"entente/internal/enttest/graphtest"
)

// noRole is the role of an assignment without one.
const noRole = "00000000-0000-0000-0000-000000000000"

// furnishGraph makes one of everything that Graph has. The keys are the words
// of the path to a set.
func (g *ground) furnishGraph(t *testing.T, x *side) {
	t.Helper()
	create := func(key, path string, body map[string]any) string {
		var made struct{ ID, KeyID, AppID string }
		g.Graph(t, x.Tenant, http.MethodPost, "/v1.0"+path, body, &made)
		x.ids[key] = made.ID + made.KeyID
		return made.AppID
	}
	create("/users", "/users", newUser(x, x.word))
	create("user", "/users", newUser(x, x.word+"-other"))
	application := func(key string) string {
		return create(key, "/applications", map[string]any{"displayName": x.word + " application"})
	}
	x.ids["free"] = application("application")
	create("/servicePrincipals", "/servicePrincipals", map[string]any{"appId": application("/applications")})
	create("principal", "/servicePrincipals", map[string]any{"appId": application("application")})
	create("resource", "/servicePrincipals", map[string]any{"appId": application("application")})
	user, app, principal := x.ids["/users"], x.ids["/applications"], x.ids["/servicePrincipals"]
	for _, owned := range []string{"/applications", "/servicePrincipals"} {
		one := owned + "/" + x.ids[owned]
		g.Graph(t, x.Tenant, http.MethodPost, "/v1.0"+one+"/owners/$ref", ref(g, user), nil)
		x.ids[owned+"/owners"] = user
		create(owned+"/password", one+"/addPassword", map[string]any{"passwordCredential": map[string]any{"displayName": x.word}})
	}
	create("/applications/federatedIdentityCredentials", "/applications/"+app+"/federatedIdentityCredentials", credential(x.word))
	create("/servicePrincipals/appRoleAssignments", "/servicePrincipals/"+principal+"/appRoleAssignments", assignment(principal, x.ids["graph"], x.ids["role"]))
	create("/servicePrincipals/appRoleAssignedTo", "/servicePrincipals/"+principal+"/appRoleAssignedTo", assignment(user, principal, noRole))
	create("/users/appRoleAssignments", "/users/"+user+"/appRoleAssignments", assignment(user, x.ids["principal"], noRole))
	create("/oauth2PermissionGrants", "/oauth2PermissionGrants", grant(principal, x.ids["graph"]))
	x.ids["/servicePrincipals/oauth2PermissionGrants"] = x.ids["/oauth2PermissionGrants"]
	x.ids["/users/oauth2PermissionGrants"] = x.ids["/oauth2PermissionGrants"]
	x.ids["/organization"], x.ids["/directoryObjects"], x.ids["/domains"] = x.ID, user, x.Domain
	g.furnishGroups(t, x, create)
}

// furnishGroups makes a group, with an owner and members.
func (g *ground) furnishGroups(t *testing.T, x *side, create func(key, path string, body map[string]any) string) {
	t.Helper()
	create("around", "/groups", newGroup(x.word+"-around"))
	create("/groups", "/groups", newGroup(x.word))
	group, user := x.ids["/groups"], x.ids["/users"]
	for to, id := range map[string]string{"owners": user, "members": user} {
		g.Graph(t, x.Tenant, http.MethodPost, "/v1.0/groups/"+group+"/"+to+"/$ref", ref(g, id), nil)
	}
	for _, in := range []string{group, x.ids["/servicePrincipals"]} {
		g.Graph(t, x.Tenant, http.MethodPost, "/v1.0/groups/"+x.ids["around"]+"/members/$ref", ref(g, in), nil)
	}
	for _, words := range []string{"/groups/owners", "/groups/members", "/groups/transitiveMembers"} {
		x.ids[words] = user
	}
	for _, words := range []string{"/groups", "/users", "/servicePrincipals"} {
		x.ids[words+"/memberOf"], x.ids[words+"/transitiveMemberOf"] = x.ids["around"], x.ids["around"]
	}
	create("/groups/appRoleAssignments", "/groups/"+group+"/appRoleAssignments", assignment(group, x.ids["principal"], noRole))
}

func newGroup(name string) map[string]any {
	return map[string]any{"displayName": name, "mailNickname": name, "mailEnabled": false, "securityEnabled": true}
}

func newUser(of *side, name string) map[string]any {
	return map[string]any{
		"accountEnabled": true, "displayName": name, "mailNickname": name, "userPrincipalName": name + "@" + of.Domain,
		"passwordProfile": map[string]any{"password": "Correct-horse-7"},
	}
}

func credential(name string) map[string]any {
	return map[string]any{"name": name, "issuer": "https://issuer.invalid", "subject": name, "audiences": []string{enttest.ExchangeScope}}
}

func assignment(principal, resource, role string) map[string]any {
	return map[string]any{"principalId": principal, "resourceId": resource, "appRoleId": role}
}

func grant(client, resource string) map[string]any {
	return map[string]any{"clientId": client, "consentType": "AllPrincipals", "resourceId": resource, "scope": "User.Read"}
}

func ref(g *ground, id string) map[string]any {
	return map[string]any{"@odata.id": g.Name + "/v1.0/directoryObjects/" + id}
}

// creations are what a set is sent to make an entity of what x has.
var creations = map[string]func(g *ground, parent string, x *side) map[string]any{
	"/users": func(_ *ground, _ string, x *side) map[string]any { return newUser(x, x.word+"-new") },
	"/applications": func(g *ground, _ string, x *side) map[string]any {
		return map[string]any{"displayName": "new", "owners@odata.bind": []any{ref(g, x.ids["user"])["@odata.id"]}}
	},
	"/servicePrincipals":      func(_ *ground, _ string, x *side) map[string]any { return map[string]any{"appId": x.ids["free"]} },
	"/oauth2PermissionGrants": func(_ *ground, _ string, x *side) map[string]any { return grant(x.ids["principal"], x.ids["graph"]) },
	"/applications/federatedIdentityCredentials": func(*ground, string, *side) map[string]any {
		return credential("new")
	},
	"/servicePrincipals/appRoleAssignments": func(_ *ground, parent string, x *side) map[string]any {
		return assignment(parent, x.ids["principal"], noRole)
	},
	"/servicePrincipals/appRoleAssignedTo": func(_ *ground, parent string, x *side) map[string]any {
		return assignment(x.ids["user"], parent, noRole)
	},
	"/users/appRoleAssignments": func(_ *ground, parent string, x *side) map[string]any {
		return assignment(parent, x.ids["resource"], noRole)
	},
	"/groups": func(g *ground, _ string, x *side) map[string]any {
		body := newGroup(x.word + "-new")
		body["members@odata.bind"] = []any{ref(g, x.ids["user"])["@odata.id"]}
		return body
	},
	"/groups/appRoleAssignments": func(_ *ground, parent string, x *side) map[string]any {
		return assignment(parent, x.ids["resource"], noRole)
	},
}

// changes are what an entity is sent to change it.
var changes = map[string]map[string]any{
	"/users":                  {"displayName": "taken"},
	"/applications":           {"displayName": "taken"},
	"/servicePrincipals":      {"notes": "taken"},
	"/groups":                 {"displayName": "taken"},
	"/organization":           {"displayName": "taken"},
	"/oauth2PermissionGrants": {"scope": "profile"},
	"/applications/federatedIdentityCredentials": {"description": "taken"},
}

// A route is an operation of a set.
type route struct {
	above []*edm.Set
	set   *edm.Set
	op    edm.Operation
	words string // of the path to the set
}

func routes(t *testing.T, r *edm.Registry) (all []route) {
	t.Helper()
	r.Walk(func(above []*edm.Set, s *edm.Set) {
		words := ""
		for _, up := range append(slices.Clone(above), s) {
			words += "/" + up.Path.String()
		}
		for _, op := range s.Operations() {
			all = append(all, route{above, s, op, words})
		}
	})
	return all
}

// ask returns the route's request about what belongs to the sides: one per
// entity on the way, and one for what the body speaks of.
func (r route) ask(t *testing.T, g *ground, v edm.Version, way []*side, body *side) ask {
	t.Helper()
	path, words, parent := "/"+v.String(), "", ""
	for i, up := range r.above {
		words += "/" + up.Path.String()
		parent = way[i].id(t, words)
		path += "/" + up.Path.In(v)
		if !up.Single {
			path += "/" + parent
		}
	}
	path += "/" + r.set.Path.In(v)
	suffix, one := strings.CutPrefix(r.op.Suffix, "/{id}")
	if one {
		path += "/" + way[len(r.above)].id(t, r.words)
	}
	return ask{r.op.Method, path + suffix, r.body(t, g, suffix, parent, body)}
}

// body returns what the operation is sent.
func (r route) body(t *testing.T, g *ground, suffix, parent string, x *side) any {
	t.Helper()
	switch {
	case r.op.Method == http.MethodGet || r.op.Method == http.MethodDelete:
		return nil
	case suffix == "/$ref":
		return ref(g, x.ids["user"])
	case suffix == "/addPassword", suffix == "/revokeSignInSessions":
		return map[string]any{}
	case suffix == "/removePassword":
		return map[string]any{"keyId": x.id(t, r.words+"/password")}
	case suffix == "/checkMemberGroups":
		return map[string]any{"groupIds": []string{x.id(t, "/groups")}}
	case suffix == "/checkMemberObjects":
		return map[string]any{"ids": []string{x.id(t, "/groups")}}
	case suffix == "/getByIds":
		return map[string]any{"ids": []string{x.id(t, "/users")}}
	case suffix == "/getMemberGroups", suffix == "/getMemberObjects":
		return map[string]any{"securityEnabledOnly": true}
	case r.op.Method == http.MethodPatch && changes[r.words] != nil:
		return changes[r.words]
	case suffix == "" && creations[r.words] != nil:
		return creations[r.words](g, parent, x)
	}
	t.Fatalf("there is no example of a body for %s %s%s", r.op.Method, r.words, r.op.Suffix)
	return nil
}

// entities is how many entities the path names.
func (r route) entities() int {
	if strings.HasPrefix(r.op.Suffix, "/{id}") {
		return len(r.above) + 1
	}
	return len(r.above)
}

// TestGraph walks the Graph edge.
func TestGraph(t *testing.T) {
	registry, err := graphtest.Registry(dirsets.Services{}, appsets.Services{})
	if err != nil {
		t.Fatal(err)
	}
	each(t, func(t *testing.T, g *ground) {
		for _, v := range []edm.Version{edm.V1, edm.Beta} {
			served := g.As(t, "", http.MethodGet, "/"+v.String()+"/$metadata", nil).Body
			if string(served) != string(registry.Metadata(v)) {
				t.Fatalf("%s: the server serves another registry than the one that is walked", v)
			}
		}
		g.furnishGraph(t, g.victim)
		g.furnishGraph(t, g.stranger)
		word := g.nobody.word
		nobody := g.stranger.copy(word)
		nobody.Tenant = g.nobody.Tenant
		g.nobody = nobody
		before := g.rows(t)
		all := routes(t, registry)
		for _, r := range all {
			for _, v := range []edm.Version{edm.V1, edm.Beta} {
				if r.set.Path.In(v) != "" {
					g.strangeGraph(t, r, v)
				}
			}
		}
		g.strangeQueries(t, registry)
		g.strangeBatch(t, all)
		g.untouched(t, before)
		g.ownGraph(t, all)
	})
}

// strangeGraph asks for each mixture of what is the victim's and what is the
// stranger's own.
func (g *ground) strangeGraph(t *testing.T, r route, v edm.Version) {
	t.Helper()
	n := r.entities()
	for mixture := 1; mixture < 1<<(n+1); mixture++ {
		sides := func(theirs *side) (way []*side, body *side) {
			for i := range n + 1 {
				x := g.stranger
				if mixture&(1<<i) != 0 {
					x = theirs
				}
				way = append(way, x)
			}
			return way[:n], way[n]
		}
		way, body := sides(g.victim)
		victims := r.ask(t, g, v, way, body)
		way, body = sides(g.nobody)
		nobodys := r.ask(t, g, v, way, body)
		if text(t, victims) != text(t, nobodys) { // the body speaks of somebody
			g.strange(t, g.stranger.graph, victims, nobodys)
		}
	}
}

func text(t *testing.T, a ask) string {
	t.Helper()
	body, err := json.Marshal(a.body)
	if err != nil {
		t.Fatal(err)
	}
	return a.path + string(body)
}

// strangeQueries looks for the victim's entities by filters, by other keys, and
// by the links to the next page of the victim's lists.
func (g *ground) strangeQueries(t *testing.T, registry *edm.Registry) {
	t.Helper()
	for _, s := range registry.Sets {
		if s.List.Do == nil {
			continue
		}
		path := "/v1.0/" + s.Path.V1
		entity, own := g.entity(t, g.victim, s), g.entity(t, g.stranger, s)
		for _, k := range s.Keys {
			if value, _ := entity[k.Name].(string); value != "" {
				by := func(value string) ask { return ask{http.MethodGet, path + "(" + k.Name + "='" + value + "')", nil} }
				g.strange(t, g.stranger.graph, by(value), by(enttest.NewID()))
			}
		}
		for _, p := range registry.Props(s.Type) {
			value, _ := entity[p.Name].(string)
			if value != "" && value != own[p.Name] && strings.Contains(p.Filter, "eq") && p.Type == edm.String {
				by := func(value string) ask {
					return ask{http.MethodGet, path + "?$count=true&$filter=" + p.Name + " eq '" + value + "'", nil}
				}
				g.strange(t, g.stranger.graph, by(value), by(enttest.NewID()))
			}
		}
		g.strangePage(t, path)
	}
}

// entity returns the example of a set as its own tenant sees it.
func (g *ground) entity(t *testing.T, x *side, s *edm.Set) map[string]any {
	t.Helper()
	e := make(map[string]any)
	g.send(t, x.graph, ask{http.MethodGet, "/v1.0/" + s.Path.V1 + "/" + x.id(t, "/"+s.Path.V1), nil}).Into(t, &e)
	return e
}

// strangePage follows the victim's link with the stranger's token.
func (g *ground) strangePage(t *testing.T, path string) {
	t.Helper()
	var page struct {
		Next string `json:"@odata.nextLink"`
	}
	g.send(t, g.victim.graph, ask{http.MethodGet, path + "?$top=1", nil}).Into(t, &page)
	if page.Next == "" {
		return
	}
	next := ask{http.MethodGet, strings.TrimPrefix(page.Next, g.Name), nil}
	got := g.send(t, g.stranger.graph, next)
	if got.Status != http.StatusBadRequest {
		t.Errorf("the victim's link %s answers a stranger %d %s", page.Next, got.Status, got.Body)
	}
	g.keepsSecret(t, next, got)
	g.succeed(t, g.victim.graph, next)
}

// ownGraph has the victim do all of it, deletions last and from below.
func (g *ground) ownGraph(t *testing.T, all []route) {
	t.Helper()
	order := func(r route) int {
		if r.op.Method != http.MethodDelete {
			return 0
		}
		return 9 - len(r.above)
	}
	slices.SortStableFunc(all, func(a, b route) int { // a service principal goes with its application
		return cmp.Or(order(a)-order(b), -cmp.Compare(a.set.Path.V1, b.set.Path.V1))
	})
	for _, r := range all {
		way := slices.Repeat([]*side{g.victim}, r.entities())
		g.succeed(t, g.victim.graph, r.ask(t, g, edm.V1, way, g.victim))
	}
}

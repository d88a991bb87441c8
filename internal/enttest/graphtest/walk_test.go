package graphtest

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"entente/internal/edge/graph/edm"
	"entente/internal/enttest/dbtest"
	"entente/internal/kit/clock"
	"entente/internal/kit/ids"
)

// A route is an operation of the registry.
type route struct {
	above []*edm.Set
	set   *edm.Set
	words string // of the path to the set
	op    edm.Operation
}

func (r route) String() string { return r.op.Method + " " + r.words + r.op.Suffix }

// version is the version to ask in: v1.0 where there is such a route.
func (r route) version() edm.Version {
	for _, s := range append(slices.Clone(r.above), r.set) {
		if s.Path.V1 == "" {
			return edm.Beta
		}
	}
	if only(r.set, r.op, "beta") {
		return edm.Beta
	}
	return edm.V1
}

// routes lists all operations: first what adds and reads and changes, then the
// deletions from below.
func routes(r *edm.Registry) (all []route) {
	r.Walk(func(above []*edm.Set, s *edm.Set) {
		for _, op := range s.Operations() {
			all = append(all, route{above, s, Words(above, s), op})
		}
	})
	order := func(r route) int {
		switch {
		case r.op.Method != http.MethodDelete:
			return 0
		case r.set.Path.V1 == "oauth2PermissionGrants":
			return 1 // before those who were granted something
		case r.set.Path.V1 == "catalogs":
			return 11 // when nothing is in them
		}
		return 10 - len(r.above)
	}
	slices.SortStableFunc(all, func(a, b route) int { // a service principal goes with its application
		return cmp.Or(order(a)-order(b), -cmp.Compare(a.set.Path.V1, b.set.Path.V1))
	})
	return all
}

// TestPermissionsExist: what the registry asks for can be given.
func TestPermissionsExist(t *testing.T) {
	clk := clock.NewFake(dbtest.Noon)
	w := New(t, dbtest.OpenClock(t, dbtest.Engines[0], clk), clk)
	have := map[string]bool{}
	for _, r := range w.A.Graph.AppRoles {
		have["application "+*r.Value] = true
	}
	for _, s := range w.A.Graph.Scopes {
		have["delegated "+s.Value] = true
	}
	for _, r := range routes(w.Registry) {
		for kind, perms := range map[string]edm.Perms{"application": r.op.May.App, "delegated": r.op.May.Delegated} {
			for _, p := range perms {
				for _, name := range append([]string{p.Name}, p.With...) {
					if !have[kind+" "+name] {
						t.Errorf("%s asks for the %s permission %s, which Microsoft Graph does not have here", r, kind, name)
					}
				}
			}
		}
	}
}

// A walk does everything that the registry declares to a tenant of its own,
// by programs alone or for people.
type walk struct {
	*World
	people bool
	all    *Client // furnishes the tenant, and has all permissions
	f      *Furnishing

	// Both have all permissions, of which their tokens name few. The one owns
	// what is there, the other nothing.
	owner, stranger *Client
	tokens          map[string]string
	first, second   pair

	done map[string]bool // what succeeded
}

// TestWalk does each operation of the registry with exactly the least
// permission that is declared for it, and reads and changes with each of the
// others as well; with one permission less each is refused by the error that
// names what would have sufficed. Each answer of v1.0 is compared with
// Microsoft's description.
func TestWalk(t *testing.T) {
	d := loadDescription(t)
	Each(t, func(t *testing.T, w *World) {
		checked := d.watch(t, w)
		all := routes(w.Registry)
		apps, people := w.startWalk(t, false), w.startWalk(t, true)
		for _, k := range []*walk{apps, people} {
			for _, r := range all {
				k.walk(t, r)
			}
		}
		for _, r := range all {
			if !apps.done[r.String()] && !people.done[r.String()] && stops[r.String()] != delivered {
				t.Errorf("the walk never succeeded with %s", r)
			}
		}
		if *checked < len(all) {
			t.Errorf("only %d answers were compared", *checked)
		}
	})
}

func (w *World) startWalk(t *testing.T, people bool) *walk {
	t.Helper()
	word := "programs"
	if people {
		word = "people"
	}
	of := w.tenant(t, word, word+".example")
	var every []string
	for _, r := range of.Graph.AppRoles {
		every = append(every, *r.Value)
	}
	k := &walk{World: w, people: people, all: w.Client(t, of, every...), tokens: map[string]string{}, first: newPair(t), second: newPair(t), done: map[string]bool{}}
	k.f = w.furnish(t, k.all, word)
	if !people {
		k.owner, k.stranger = w.Client(t, of, every...), w.Client(t, of, every...)
		for _, path := range []string{
			"/applications/" + k.f.IDs["/applications"], "/servicePrincipals/" + k.f.IDs["/servicePrincipals"], "/applications(appId='" + k.f.IDs["free"] + "')",
		} {
			k.all.Send(t, w, http.StatusNoContent, "POST", "/v1.0"+path+"/owners/$ref", Ref(string(k.owner.Principal.ID)))
		}
		own := k.all.Send(t, w, http.StatusOK, "GET", "/v1.0/groups/"+k.f.IDs["/groups"]+"/sites/root", nil)
		for _, site := range []string{k.f.IDs["/sites"], own.Text("id")} { // for Sites.Selected
			k.all.Send(t, w, http.StatusCreated, "POST", "/v1.0/sites/"+site+"/permissions", newOpening(string(k.owner.Principal.AppID)))
		}
		return k
	}
	scopes := []string{"profile"}
	for _, r := range routes(w.Registry) {
		for _, p := range r.op.May.Delegated {
			scopes = append(append(scopes, p.Name), p.With...)
		}
	}
	slices.Sort(scopes)
	k.owner = w.Person(t, of, of.Admin, slices.Compact(scopes)...)
	return k
}

// token returns a token that has these permissions and no other. A person is
// the administrator, or the user whom the examples are about.
func (k *walk) token(t *testing.T, c *Client, self bool, names ...string) string {
	t.Helper()
	id := string(c.Principal.ID) + strings.Join(names, " ")
	user := k.all.Tenant.Admin
	if self {
		user = ids.ObjectID(k.f.IDs["/users"])
	}
	if k.people {
		id += string(user)
	}
	if k.tokens[id] == "" {
		if k.people {
			k.tokens[id] = k.PersonToken(t, c, user, strings.Join(append(names, "profile"), " "))
		} else {
			k.tokens[id] = k.Token(t, c, string(c.Tenant.Graph.AppID), names...)
		}
	}
	return k.tokens[id]
}

// An asked is what is asked of a route.
type asked struct {
	method, path string
	body         any
}

// of returns the request of a route about the examples.
func (k *walk) of(t *testing.T, v edm.Version, r route) asked {
	t.Helper()
	path, parent := "/"+v.String()+k.f.PathTo(t, v, r.above, r.set), ""
	if n := len(r.above); n > 0 && !r.above[n-1].Single {
		parent = k.f.Key(t, Words(r.above[:n-1], r.above[n-1]))
	}
	if id, ok := k.f.IDs[r.op.Method+" "+r.words]; ok { // of a parent that has none yet
		path, parent = strings.Replace(path, parent, id, 1), id
	}
	suffix, one := strings.CutPrefix(r.op.Suffix, "/{id}")
	if one {
		path += "/" + k.f.KeyFor(t, r.words, suffix)
	}
	req := asked{r.op.Method, path + k.f.Call(r.words, suffix), k.f.Body(t, r.op.Method, r.words, suffix, parent)}
	if suffix == "/addKey" || suffix == "/removeKey" {
		req.body = k.rolled(t, path, suffix)
	}
	return req
}

// rolled returns what changes the keys of the object at path, with the proof
// that only its holder can make.
func (k *walk) rolled(t *testing.T, path, suffix string) any {
	t.Helper()
	id := path[strings.LastIndex(path, "/")+1:]
	proof := k.first.proof(t, k.World, directoryItself, id, 1e11)
	if suffix == "/addKey" {
		k.all.Send(t, k.World, http.StatusNoContent, "PATCH", path, map[string]any{"keyCredentials": []any{k.first.credential()}})
		return map[string]any{"keyCredential": k.second.credential(), "proof": proof}
	}
	keys := k.all.Send(t, k.World, http.StatusOK, "GET", path, nil).Body["keyCredentials"].([]any)
	return map[string]any{"keyId": keys[len(keys)-1].(map[string]any)["keyId"], "proof": proof}
}

// walk has an operation refused without permission, done with the least one,
// and done again with others where that changes nothing more.
func (k *walk) walk(t *testing.T, r route) {
	t.Helper()
	req, perms := k.of(t, r.version(), r), k.perms(t, r)
	if a := k.Call(t, "", req.method, req.path, nil); a.Status != http.StatusUnauthorized {
		t.Errorf("%s without a token: %d %s", r, a.Status, a.Raw)
	}
	if len(perms) == 0 {
		k.refuse(t, r, req, k.token(t, k.owner, false, "Directory.ReadWrite.All"), "")
		return
	}
	k.refuse(t, r, req, k.token(t, k.owner, false), k.leastOf(r, least(perms, "", false)))
	if k.people && slices.Contains(byPolicy, r.String()) || stops[r.String()] == delivered {
		return // TestRequestsAndApprovals and TestFailedDeliveriesAreTriedAgain do it
	}
	for i, p := range perms {
		if i > 0 && req.method != http.MethodGet && req.method != http.MethodPatch {
			break
		}
		k.oneLess(t, r, req, perms, p)
		k.succeed(t, r, k.within(req, p), p)
	}
	switch req.method {
	case http.MethodPatch:
		k.all.Send(t, k.World, http.StatusNoContent, "PATCH", req.path, json.RawMessage(`{}`))
	case http.MethodPost:
		if a := k.Call(t, k.all.Token, "POST", req.path, json.RawMessage(`{"noSuch":1}`)); a.Status < 400 || a.Status >= 500 {
			t.Errorf("%s with a property that there is not: %d %s", r, a.Status, a.Raw)
		}
	}
}

// perms returns the permissions that suffice for what the route's example is.
func (k *walk) perms(t *testing.T, r route) edm.Perms {
	t.Helper()
	may := r.op.May
	if may.Types() != nil {
		a := k.all.Send(t, k.World, http.StatusOK, "GET", "/v1.0"+k.f.PathTo(t, edm.V1, r.above, r.set)+"/"+k.f.Key(t, r.words), nil)
		may = may.For(edm.Type(a.Text("@odata.type")[1:]))
	}
	if k.people {
		return may.Delegated
	}
	return may.App
}

// leastOf returns what a refusal names that knows nothing of the entity: of
// several types, what each of them asks.
func (k *walk) leastOf(r route, one string) string {
	if r.op.May.Types() == nil {
		return one
	}
	var names []string
	for _, of := range r.op.May.Types() {
		perms := of.May.App
		if k.people {
			perms = of.May.Delegated
		}
		names = append(names, least(perms, "", false)+" ("+of.Type.Short()+")")
	}
	return strings.Join(names, ", ")
}

// least returns the first permission that would have sufficed to touch the
// property, not being the object itself and, unless owned, not owning it.
func least(perms edm.Perms, property string, unowned bool) string {
	for _, p := range perms {
		if !p.Self && !(p.Owned && unowned) && (property == "" || p.Only == nil || slices.Contains(p.Only, property)) {
			return p.String()
		}
	}
	return ""
}

// oneLess has the operation refused to whoever has a part of what p asks for.
func (k *walk) oneLess(t *testing.T, r route, req asked, perms edm.Perms, p edm.Perm) {
	t.Helper()
	enough := func(name string) bool {
		return slices.ContainsFunc(perms, func(q edm.Perm) bool { return q.Name == name && q.With == nil })
	}
	for _, part := range append([]string{p.Name}, p.With...) {
		if p.With != nil && !enough(part) {
			k.refuse(t, r, req, k.token(t, k.owner, false, part), least(perms, "", false))
		}
	}
	names := together(p)
	about := strings.HasPrefix(r.op.Suffix, "/{id}") || len(r.above) > 0
	switch {
	case p.Self:
		k.refuse(t, r, req, k.token(t, k.owner, false, names...), least(perms, "", false))
	case p.Owned && about && req.method != http.MethodGet:
		k.refuse(t, r, req, k.token(t, k.stranger, false, names...), least(perms, "", true))
	}
	if body, ok := req.body.(map[string]any); ok && p.Only != nil && req.method == http.MethodPatch {
		for property := range body {
			if !slices.Contains(p.Only, property) {
				k.refuse(t, r, req, k.token(t, k.owner, p.Self, names...), least(perms, property, false))
			}
		}
	}
}

// refuse wants the refusal that names the least permission.
func (k *walk) refuse(t *testing.T, r route, req asked, token, want string) {
	t.Helper()
	a := k.Call(t, token, req.method, req.path, req.body)
	code, message := a.Error()
	if a.Status != http.StatusForbidden || code != "Authorization_RequestDenied" || message != "Insufficient privileges to complete the operation." {
		t.Errorf("%s: got %d %s, want a refusal that names %q", r, a.Status, a.Raw, want)
		return
	}
	inner, _ := a.Body["error"].(map[string]any)["innerError"].(map[string]any)
	if got, _ := inner["leastPermission"].(string); got != want {
		t.Errorf("%s: the refusal names %q, want %q", r, got, want)
	}
	for _, name := range []string{"date", "request-id", "client-request-id"} {
		if s, _ := inner[name].(string); s == "" {
			t.Errorf("%s: the refusal has no %s: %s", r, name, a.Raw)
		}
	}
}

// limited are values for properties that a permission may be limited to.
var limited = map[string]any{
	"accountEnabled": true, "identities": []any{}, "passwordProfile": map[string]any{"password": "Correct-horse-7"},
	"mobilePhone": "+1 425 555 0100", "otherMails": []string{"other@mail.example"},
}

// within returns the request with a body that p reaches.
func (k *walk) within(req asked, p edm.Perm) asked {
	if p.Only == nil || req.method != http.MethodPatch {
		return req
	}
	for name, value := range limited {
		if slices.Contains(p.Only, name) {
			req.body = map[string]any{name: value}
		}
	}
	return req
}

// succeed does the operation with exactly one permission, and what it asks for
// besides.
func (k *walk) succeed(t *testing.T, r route, req asked, p edm.Perm) {
	t.Helper()
	a := k.Call(t, k.token(t, k.owner, p.Self, together(p)...), req.method, req.path, req.body, "ConsistencyLevel", "eventual")
	if a.Status >= 300 {
		t.Errorf("%s with %s: got %d %s", r, p, a.Status, a.Raw)
		return
	}
	k.done[r.String()] = true
	if r.op.Suffix == "/{id}/restore" { // it is asked for once more
		k.all.Send(t, k.World, http.StatusNoContent, "DELETE", "/v1.0/groups/"+k.f.IDs[r.words], nil)
	}
}

// together are the names of a permission and of one that it needs.
func together(p edm.Perm) []string {
	if p.With == nil {
		return []string{p.Name}
	}
	return []string{p.Name, p.With[0]}
}

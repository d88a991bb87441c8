package isolation

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"entente/internal/core/factor"
	"entente/internal/edge/graph/edm"
	"entente/internal/edge/graph/sets"
	"entente/internal/enttest"
	"entente/internal/enttest/graphtest"
	"entente/internal/kit/ids"
	"entente/internal/kit/secret"
)

// furnishing returns what a side has, as package graphtest furnishes it.
func (g *ground) furnishing(t *testing.T, x *side) *graphtest.Furnishing {
	t.Helper()
	ring, err := secret.NewRing(secret.NewKey()) // nobody opens what it seals
	if err != nil {
		t.Fatal(err)
	}
	factors := factor.NewService(g.db, ring, g.Clock)
	return &graphtest.Furnishing{
		Tenant: x.ID, Domain: x.Domain, Word: x.word, IDs: x.ids,
		Send: func(method, path string, body any) (made map[string]any) {
			t.Helper()
			if _, ok := body.(graphtest.Picture); ok {
				g.succeed(t, x.graph, ask{method, path, body})
				return nil
			}
			g.Graph(t, x.Tenant, method, path, body, &made)
			return made
		},
		Enroll:  func(user string) string { return graphtest.Enroll(t, factors, g.Clock, ids.TenantID(x.ID), user) },
		Publish: func(record string) { g.Publish(t, record) },
		Work:    func() { time.Sleep(graphtest.Moment) },
	}
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
		words := graphtest.Words(above, s)
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
		path += "/" + up.Path.In(v)
		if !up.Single {
			parent = way[i].id(t, words)
			path += "/" + parent
		}
	}
	path += "/" + r.set.Path.In(v)
	suffix, one := strings.CutPrefix(r.op.Suffix, "/{id}")
	if one {
		path += "/" + g.furnishing(t, way[len(r.above)]).KeyFor(t, r.words, suffix)
	}
	f := g.furnishing(t, body)
	return ask{r.op.Method, path + f.Call(r.words, suffix), f.Body(t, r.op.Method, r.words, suffix, parent)}
}

// version is the version to ask in: v1.0 where there is such a route.
func (r route) version() edm.Version {
	if r.set.Path.V1 == "" {
		return edm.Beta
	}
	return edm.V1
}

// entities is how many entities the path names.
func (r route) entities() int {
	if strings.HasPrefix(r.op.Suffix, "/{id}") {
		return len(r.above) + 1
	}
	return len(r.above)
}

// named is how many of them the path names by a key.
func (r route) named() int {
	n := r.entities() - len(r.above)
	for _, up := range r.above {
		if !up.Single {
			n++
		}
	}
	return n
}

// TestGraph walks the Graph edge.
func TestGraph(t *testing.T) {
	registry, err := sets.Services{}.Registry()
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
		g.furnishing(t, g.victim).Furnish()
		g.furnishing(t, g.stranger).Furnish()
		word := g.nobody.word
		nobody := g.stranger.copy(word)
		nobody.Tenant = g.nobody.Tenant
		for what, id := range g.stranger.ids {
			if id == g.victim.ids[what] { // all tenants have it
				nobody.ids[what] = id
			}
		}
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
	if r.words == "/tenantRelationships" {
		return // who another tenant is may be asked; TestTenantInformation of graphtest says what that tells
	}
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
			if value, _ := entity[k.Name].(string); value != "" && value != own[k.Name] {
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

// reached are operations that the victim's client is refused, by a code that
// shows that they were reached: what was delivered is not delivered again and
// waits for nobody's word, and nobody approves their own.
var reached = map[string]string{
	"POST /identityGovernance/entitlementManagement/assignmentRequests/{id}/resume":                "InvalidRequestState",
	"POST /identityGovernance/entitlementManagement/assignmentRequests/{id}/reprocess":             "InvalidRequestState",
	"PATCH /identityGovernance/entitlementManagement/accessPackageAssignmentApprovals/stages/{id}": "SelfApprovalNotAllowed",
}

// ownGraph has the victim do all of it, deletions last and from below.
func (g *ground) ownGraph(t *testing.T, all []route) {
	t.Helper()
	order := func(r route) int {
		if r.op.Method != http.MethodDelete {
			return 0
		}
		if r.set.Path.V1 == "oauth2PermissionGrants" {
			return 8 // before those who were granted something
		}
		if r.set.Path.V1 == "catalogs" {
			return 11 // when nothing is in them
		}
		return 10 - len(r.above)
	}
	slices.SortStableFunc(all, func(a, b route) int { // a service principal goes with its application
		return cmp.Or(order(a)-order(b), -cmp.Compare(a.set.Path.V1, b.set.Path.V1))
	})
	for _, r := range all {
		way := slices.Repeat([]*side{g.victim}, r.entities())
		if len(r.op.May.App) == 0 {
			continue // for people alone
		}
		if proof := strings.HasSuffix(r.op.Suffix, "Key"); proof {
			// A key rolls with a proof that only its owner can make. That it is
			// asked for shows that the route was reached.
			got := g.send(t, g.victim.graph, r.ask(t, g, r.version(), way, g.victim))
			if got.Status != http.StatusUnauthorized || !strings.Contains(string(got.Body), `"target":"proof"`) {
				t.Errorf("%s %s%s: %d %s", r.op.Method, r.words, r.op.Suffix, got.Status, got.Body)
			}
			continue
		}
		if r.op.Method == http.MethodPut && r.words == "/groups/team" {
			// The group has its team, and gets no second one.
			if got := g.send(t, g.victim.graph, r.ask(t, g, r.version(), way, g.victim)); got.Status != http.StatusConflict {
				t.Errorf("PUT %s: %d %s", r.words, got.Status, got.Body)
			}
			continue
		}
		if code := reached[r.op.Method+" "+r.words+r.op.Suffix]; code != "" {
			if got := g.send(t, g.victim.graph, r.ask(t, g, r.version(), way, g.victim)); !strings.Contains(string(got.Body), `"code":"`+code+`"`) {
				t.Errorf("%s %s%s: %d %s", r.op.Method, r.words, r.op.Suffix, got.Status, got.Body)
			}
			continue
		}
		g.succeed(t, g.victim.graph, r.ask(t, g, r.version(), way, g.victim))
		if r.op.Suffix == "/{id}/restore" { // it is asked for once more
			g.succeed(t, g.victim.graph, ask{http.MethodDelete, "/v1.0/groups/" + g.victim.id(t, r.words), nil})
		}
	}
}

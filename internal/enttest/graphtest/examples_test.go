package graphtest

import (
	"slices"
	"testing"

	"entente/internal/edge/graph/edm"
	"entente/internal/kit/ids"
)

// An example is an entity of a set, with the paths that lead to it.
type example struct {
	set   *edm.Set
	of    edm.Type // of the entities that many lists
	words string
	root  string // the collection
	many  string // the same; empty where it cannot be listed
	one   string // the entity
	beta  string // the same, or many where there is none, as beta calls the sets on the way
}

type examples struct {
	*Furnishing
	paths                []example
	user, app, sp, group string
}

// furnish furnishes the client's tenant.
func (w *World) furnish(t *testing.T, c *Client, word string) *Furnishing {
	t.Helper()
	partners := slices.DeleteFunc([]ids.TenantID{w.B.ID, w.A.ID}, func(id ids.TenantID) bool { return id == c.Tenant.ID })
	f := &Furnishing{
		Tenant: string(c.Tenant.ID), Domain: c.Tenant.Domain, Word: word,
		IDs: map[string]string{"client": string(c.Principal.ID), "graph": string(c.Tenant.Graph.ID), "role": string(c.Tenant.Graph.AppRoles[0].ID),
			"partner": string(partners[0]), "partner person": "admin@" + w.of(partners[0]).Domain},
		Send: func(method, path string, body any) map[string]any {
			t.Helper()
			a := w.Call(t, c.Token, method, path, body)
			if a.Status >= 300 {
				t.Fatalf("%s %s: %d %s", method, path, a.Status, a.Raw)
			}
			return a.Body
		},
		Enroll:  func(user string) string { return Enroll(t, w.Factors, w.Clock, c.Tenant.ID, user) },
		Publish: func(record string) { w.publish(t, record) },
		Work:    func() { w.Work(t) },
	}
	if len(partners) > 1 {
		f.IDs["another partner"] = string(partners[1])
	}
	f.Furnish()
	return f
}

// examples makes an entity in each set of the client's tenant and returns the
// paths to them.
func (w *World) examples(t *testing.T, c *Client) examples {
	t.Helper()
	f := w.furnish(t, c, "walked")
	e := examples{Furnishing: f, user: f.IDs["/users"], app: f.IDs["/applications"], sp: f.IDs["/servicePrincipals"], group: f.IDs["/groups"]}
	w.Registry.Walk(func(above []*edm.Set, s *edm.Set) {
		if s.Path.V1 == "" {
			return
		}
		root := f.PathTo(t, edm.V1, above, s)
		x := example{set: s, of: s.Type, words: Words(above, s), root: root, many: root}
		if s.Get.Do != nil && (s.Single || !s.Linked) { // of a relationship, the list tells more
			x.one = root
			if !s.Single {
				x.one += "/" + f.Key(t, x.words)
			}
		}
		if len(s.Casts) > 0 {
			x.of = s.Casts[0]
			x.many += "/" + string(s.Casts[0])
		}
		if s.List.Do == nil {
			x.many = ""
		}
		if x.beta = f.PathTo(t, edm.Beta, above, s); x.one != "" {
			x.beta += x.one[len(root):]
		}
		if x.one != "" || s.Linked {
			e.paths = append(e.paths, x)
		}
	})
	return e
}

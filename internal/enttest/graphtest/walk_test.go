package graphtest

import (
	"net/http"
	"strings"
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
}

type examples struct {
	*Furnishing
	paths                []example
	user, app, sp, group string
}

// examples makes an entity in each set of the client's tenant and returns the
// paths to them.
func (w *World) examples(t *testing.T, c *Client) examples {
	t.Helper()
	partner := w.B.ID
	if c.Tenant.ID == partner {
		partner = w.A.ID
	}
	f := &Furnishing{
		Tenant: string(c.Tenant.ID), Domain: c.Tenant.Domain, Word: "walked",
		IDs: map[string]string{"client": string(c.Principal.ID), "graph": string(c.Tenant.Graph.ID), "role": string(c.Tenant.Graph.AppRoles[0].ID),
			"partner": string(partner)},
		Send: func(method, path string, body any) map[string]any {
			t.Helper()
			a := w.Call(t, c.Token, method, path, body)
			if a.Status >= 300 {
				t.Fatalf("%s %s: %d %s", method, path, a.Status, a.Raw)
			}
			return a.Body
		},
		Publish: func(record string) { w.publish(t, record) },
	}
	f.Furnish()
	e := examples{Furnishing: f, user: f.IDs["/users"], app: f.IDs["/applications"], sp: f.IDs["/servicePrincipals"], group: f.IDs["/groups"]}
	w.Registry.Walk(func(above []*edm.Set, s *edm.Set) {
		if s.Path.V1 == "" {
			return
		}
		root := f.PathTo(t, edm.V1, above, s)
		x := example{set: s, of: s.Type, words: Words(above, s), root: root, many: root}
		if s.Get.Do != nil {
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
		if x.one != "" || s.Linked {
			e.paths = append(e.paths, x)
		}
	})
	return e
}

// A step is an operation on an example's path.
type step struct {
	method, path string
	may          edm.Access
}

// operations lists every operation of the registry on an example's path.
func (x example) operations() (all []step) {
	one := x.one
	if one == "" && !x.set.Single {
		one = x.root + "/" + string(ids.New[ids.ObjectID]())
	}
	for _, op := range x.set.Operations() {
		path := strings.TrimPrefix(op.Suffix, "/{id}")
		if path != op.Suffix {
			path = one + path
		} else {
			path = x.root + op.Suffix
		}
		all = append(all, step{op.Method, path, op.May})
	}
	return all
}

// TestNoPermissionNoAnswer asks for each operation without any permission.
func TestNoPermissionNoAnswer(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		c := w.Client(t, w.A, Everything...)
		nobody := w.Client(t, w.A)
		for _, x := range w.examples(t, c).paths {
			for _, op := range x.operations() {
				a := w.Call(t, nobody.Token, op.method, "/v1.0"+op.path, nil)
				if code, _ := a.Error(); a.Status != http.StatusForbidden || code != "Authorization_RequestDenied" {
					t.Errorf("%s %s: got %d %s, want 403", op.method, op.path, a.Status, a.Raw)
				}
				inner := a.Body["error"].(map[string]any)["innerError"].(map[string]any)
				if inner["leastPermission"] == nil && len(op.may.App) > 0 {
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
		c := w.Client(t, w.A, Everything...)
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
			list, get := x.set.List.May, x.set.Get.May
			if x.set.Casts != nil { // the example is a group
				list, get = list.For(x.of), get.For(edm.Of("group"))
			}
			for _, p := range list.App {
				if a := with(p).Get(t, w, "/v1.0"+x.many); a.Status != http.StatusOK {
					t.Errorf("%s with %s: got %d %s", x.many, p, a.Status, a.Raw)
				}
			}
			for _, p := range get.App {
				if a := with(p).Get(t, w, "/v1.0"+x.one); x.one != "" && a.Status != http.StatusOK {
					t.Errorf("%s with %s: got %d %s", x.one, p, a.Status, a.Raw)
				}
			}
		}
	})
}

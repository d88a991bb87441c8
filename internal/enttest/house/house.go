// Package house builds, for tests of the core, a store with two tenants in it,
// each with an administrator, and the services of the core on it.
package house

import (
	"encoding/json"
	"testing"

	"entente/internal/core/app"
	"entente/internal/core/authz"
	"entente/internal/core/consent"
	"entente/internal/core/directory"
	"entente/internal/enttest/dbtest"
	"entente/internal/enttest/quick"
	"entente/internal/flow/onboard"
	"entente/internal/kit/clock"
	"entente/internal/kit/ids"
	"entente/internal/kit/secret"
	"entente/internal/kit/sqldb"
)

// A House is an installation with two tenants, A at contoso.example and B at
// fabrikam.example.
type House struct {
	DB      *sqldb.DB
	Clock   *clock.Fake // starts at dbtest.Noon
	Ring    *secret.Ring
	Apps    *app.Service
	Consent *consent.Service
	Users   *directory.Service
	A, B    Tenant
}

// A Tenant of the house.
type Tenant struct {
	ID     ids.TenantID
	Domain string
	Admin  authz.Caller // its Global Administrator
}

// Password is that of every person in the house.
const Password = "Correct-horse-7"

// Each builds a house in a fresh store of each engine, each with a clock of its
// own, and runs the test in it.
func Each(t *testing.T, test func(t *testing.T, h *House)) {
	t.Helper()
	for _, e := range dbtest.Engines {
		t.Run(string(e), func(t *testing.T) { test(t, New(t, e)) })
	}
}

// New builds a house in a fresh store.
func New(t testing.TB, engine sqldb.Engine) *House {
	t.Helper()
	return At(t, dbtest.URL(t, engine))
}

// At builds a house in the empty store at an address, which others can open too.
func At(t testing.TB, url string) *House {
	t.Helper()
	h := &House{Clock: clock.NewFake(dbtest.Noon)}
	h.DB = dbtest.OpenURL(t, url, h.Clock)
	var err error
	if h.Ring, err = secret.NewRing(secret.NewKey()); err != nil {
		t.Fatal(err)
	}
	hasher := directory.NewHasher(2, quick.Passwords)
	h.Apps, h.Consent, h.Users = app.NewService(h.DB, h.Ring), consent.NewService(h.DB), directory.NewService(h.DB, hasher)
	if err := app.EnsureBuiltIn(t.Context(), h.DB); err != nil {
		t.Fatal(err)
	}
	on := onboard.NewService(h.DB, hasher)
	h.A, h.B = addTenant(t, on, "Contoso", "contoso"), addTenant(t, on, "Fabrikam", "fabrikam")
	return h
}

func addTenant(t testing.TB, on *onboard.Service, name, label string) Tenant {
	t.Helper()
	made, err := on.Create(t.Context(), onboard.Request{
		DisplayName: name, Initial: label + ".onmicrosoft.com", Verified: []string{label + ".example"},
		AdminUPN: "admin@" + label + ".example", Password: secret.NewString(Password),
	})
	if err != nil {
		t.Fatal(err)
	}
	return Tenant{ID: made.Tenant, Domain: label + ".example", Admin: Person(made.Tenant, made.Admin)}
}

// Person returns a person of the tenant as a caller there.
func Person(tenant ids.TenantID, id ids.ObjectID) authz.Caller {
	return authz.Caller{Tenant: tenant, Subject: ids.Principal{Kind: ids.Person, Home: tenant, ID: id}, Object: id, Name: "someone"}
}

// Program returns a service principal of the tenant as a caller there, with
// application permissions.
func Program(tenant ids.TenantID, id ids.ObjectID, roles ...string) authz.Caller {
	return authz.Caller{Tenant: tenant, Subject: ids.Principal{Kind: ids.Workload, Home: tenant, ID: id}, Object: id, Roles: roles}
}

// UserBody returns the Graph body of a new user.
func UserBody(nick, domain string) []byte {
	text, err := json.Marshal(map[string]any{
		"accountEnabled": true, "displayName": "User " + nick, "mailNickname": nick, "userPrincipalName": nick + "@" + domain,
		"passwordProfile": map[string]any{"password": Password},
	})
	if err != nil {
		panic(err) // strings and booleans always marshal
	}
	return text
}

// AddUser adds a user to the tenant.
func (h *House) AddUser(t testing.TB, in Tenant, nick string) *directory.User {
	t.Helper()
	u, err := h.Users.Create(t.Context(), in.Admin, UserBody(nick, in.Domain))
	if err != nil {
		t.Fatal(err)
	}
	return u
}

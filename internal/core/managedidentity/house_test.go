package managedidentity

import (
	"context"
	"errors"
	"testing"

	"entente/internal/core/app"
	"entente/internal/core/authz"
	"entente/internal/core/object"
	"entente/internal/core/tenant"
	"entente/internal/enttest/dbtest"
	"entente/internal/kit/clock"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

var system = authz.System(home, "test")

// A house is a service on a fresh store with one subscription and one group.
type house struct {
	*Service
	t         *testing.T
	db        *sqldb.DB
	clock     *clock.Fake
	forgotten []ids.ObjectID
}

func each(t *testing.T, test func(h *house)) {
	c := clock.NewFake(noon)
	dbtest.EachClock(t, c, func(t *testing.T, db *sqldb.DB) {
		h := &house{t: t, db: db, clock: c}
		h.Service = NewService(db, func(_ context.Context, _ *sqldb.Tx, _ ids.TenantID, id ids.ObjectID) error {
			h.forgotten = append(h.forgotten, id)
			return nil
		})
		own := must[*tenant.Tenant](h)(tenant.New(home, "Contoso", noon))
		if err := db.Update(t.Context(), func(tx *sqldb.Tx) error { return tenant.Add(t.Context(), tx, own) }); err != nil {
			t.Fatal(err)
		}
		must[*Subscription](h)(h.AddSubscription(t.Context(), system, subA, "Apps"))
		h.group("Apps")
		test(h)
	})
}

func (h *house) group(name string) {
	h.t.Helper()
	if _, _, err := h.PutGroup(h.t.Context(), system, subA, name, "eastus", nil); err != nil {
		h.t.Fatal(err)
	}
}

// must returns a function that passes a value on and ends the test at an error.
func must[T any](h *house) func(T, error) T {
	return func(v T, err error) T {
		h.t.Helper()
		if err != nil {
			h.t.Fatal(err)
		}
		return v
	}
}

func place(typ, name string) Resource { return Resource{subA, "Apps", typ, name} }

func (h *house) identity(name string) *Identity {
	h.t.Helper()
	east := "eastus"
	i, _, err := h.PutIdentity(h.t.Context(), system, place(TypeIdentity, name), IdentitySpec{Location: &east})
	if err != nil {
		h.t.Fatal(err)
	}
	return i
}

func (h *house) host(name string, b IdentityBlock) *Host {
	h.t.Helper()
	east := "eastus"
	host, _, err := h.PutHost(h.t.Context(), system, place(TypeAutomation, name), HostSpec{Location: &east, Identity: &b})
	if err != nil {
		h.t.Fatal(err)
	}
	return host
}

func (h *house) give(host HostID, s Selector) (g *Given, err error) {
	err = h.db.Read(h.t.Context(), func(tx *sqldb.Tx) (err error) {
		g, err = ForHost(h.t.Context(), tx, home, host, s)
		return err
	})
	return g, err
}

// principal returns the service principal, or nil when there is none.
func (h *house) principal(id ids.ObjectID) (p *app.ServicePrincipal) {
	h.t.Helper()
	err := h.db.View(h.t.Context(), func(tx *sqldb.Tx) (err error) {
		p, err = app.GetPrincipal(h.t.Context(), tx, home, id)
		return err
	})
	if errors.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		h.t.Fatal(err)
	}
	return p
}

func (h *house) isIdentity(tenant ids.TenantID, id ids.ObjectID) (yes bool) {
	h.t.Helper()
	err := h.db.Read(h.t.Context(), func(tx *sqldb.Tx) (err error) {
		yes, err = IsManagedIdentity(h.t.Context(), tx, tenant, id)
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return yes
}

// person stores the shared row of a user and returns them as a caller.
func (h *house) person() authz.Caller {
	h.t.Helper()
	id := ids.New[ids.ObjectID]()
	err := h.db.Update(h.t.Context(), func(tx *sqldb.Tx) error {
		return object.Add(h.t.Context(), tx, object.Object{Tenant: home, ID: id, Kind: object.User, DisplayName: "Operator", CreatedAt: tx.Now()}, "")
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return authz.Caller{Tenant: home, Subject: ids.Principal{Kind: ids.Person, Home: home, ID: id}, Object: id, Name: "Operator"}
}

func (h *house) grant(who authz.Caller, scope string, d DefinitionID) *Role {
	h.t.Helper()
	r, _, err := h.PutRole(h.t.Context(), system, Role{ID: ids.New[string](), Scope: scope, Principal: who.Object, Definition: d})
	if err != nil {
		h.t.Fatal(err)
	}
	return r
}

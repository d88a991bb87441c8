package federation

import (
	"encoding/json"
	"testing"
	"time"

	"entente/internal/core/app"
	"entente/internal/core/authz"
	"entente/internal/core/keys"
	"entente/internal/core/managedidentity"
	"entente/internal/core/tenant"
	"entente/internal/enttest/dbtest"
	"entente/internal/enttest/fakeidp"
	"entente/internal/kit/clock"
	"entente/internal/kit/fetch"
	"entente/internal/kit/ids"
	"entente/internal/kit/secret"
	"entente/internal/kit/sqldb"
)

// A world is two tenants with an application each, a managed identity in A, and
// another issuer.
type world struct {
	*testing.T
	db       *sqldb.DB
	clk      *clock.Fake
	fed      *Service
	keys     *keys.Service
	apps     *app.Service
	ids      *managedidentity.Service
	idp      *fakeidp.IdP
	admin    authz.Caller // of A
	adminC   authz.Caller
	app      Parent // in A
	appC     Parent // in C
	identity *managedidentity.Identity
}

// each runs test in a fresh world on each engine.
func each(t *testing.T, test func(w *world)) {
	clk := clock.NewFake(dbtest.Noon)
	dbtest.EachClock(t, clk, func(t *testing.T, db *sqldb.DB) { test(newWorld(t, db, clk)) })
}

func newWorld(t *testing.T, db *sqldb.DB, clk *clock.Fake) *world {
	ring, err := secret.NewRing(secret.NewKey())
	if err != nil {
		t.Fatal(err)
	}
	w := &world{
		T: t, db: db, clk: clk,
		keys: keys.New(db, ring, clk, keys.Options{Mark: "test"}),
		apps: app.NewService(db, ring), ids: managedidentity.NewService(db, Purge),
		idp:   fakeidp.StartAt(t, clk),
		admin: authz.System(tenantA, "test"), adminC: authz.System(tenantC, "test"),
	}
	w.fed = w.service(Options{Name: here})
	w.must(db.Update(t.Context(), func(tx *sqldb.Tx) error {
		for id, name := range map[ids.TenantID]string{tenantA: "contoso", tenantC: "northwind"} {
			made, err := tenant.New(id, name, tx.Now())
			if err != nil {
				return err
			}
			if err := tenant.Add(t.Context(), tx, made); err != nil {
				return err
			}
		}
		return nil
	}))
	w.app, w.appC = w.application(w.admin), w.application(w.adminC)
	w.identity = w.makeIdentity()
	return w
}

func (w *world) service(o Options) *Service { return w.patient(o, 300*time.Millisecond) }

// patient is service with another time limit for each document.
func (w *world) patient(o Options, limit time.Duration) *Service {
	client, err := fetch.New(fetch.Options{Allow: []string{"127.0.0.1"}, Roots: w.idp.Roots(), Timeout: limit})
	w.must(err)
	w.Cleanup(client.Close)
	return NewService(w.db, w.keys, client, w.clk, o)
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) application(who authz.Caller) Parent {
	a, err := w.apps.Create(w.Context(), who, []byte(`{"displayName":"runbook"}`), nil)
	w.must(err)
	return Parent{who.Tenant, Application, a.ID}
}

func (w *world) makeIdentity() *managedidentity.Identity {
	sub := ids.New[managedidentity.SubscriptionID]()
	_, err := w.ids.AddSubscription(w.Context(), w.admin, sub, "test")
	w.must(err)
	_, _, err = w.ids.PutGroup(w.Context(), w.admin, sub, "rg", "westeurope", nil)
	w.must(err)
	r, err := managedidentity.NewResource(string(sub), "rg", managedidentity.TypeIdentity, "runner")
	w.must(err)
	place := "westeurope"
	i, _, err := w.ids.PutIdentity(w.Context(), w.admin, r, managedidentity.IdentitySpec{Location: &place})
	w.must(err)
	return i
}

// token returns a token of tenant A for the exchange, given to the managed
// identity. A claim of more replaces the usual one; nil removes it.
func (w *world) token(more map[string]any) string {
	w.Helper()
	now := w.clk.Wall()
	claims := map[string]any{
		"iss": w.fed.names.issuer(tenantA), "sub": w.identity.Principal, "oid": w.identity.Principal, "aud": ExchangeAppID,
		"azp": w.identity.Client, "tid": tenantA, "ver": "2.0", "nbf": now.Unix() - 300, "exp": now.Add(time.Hour).Unix(),
	}
	for k, v := range more {
		if claims[k] = v; v == nil {
			delete(claims, k)
		}
	}
	signer, err := w.keys.Signer(w.Context(), tenantA)
	w.must(err)
	raw, err := signer.V2.Sign(claims)
	w.must(err)
	return raw
}

// body returns a Graph body for a credential of the other issuer.
func (w *world) body(change map[string]any) []byte {
	w.Helper()
	m := map[string]any{"name": "pipeline", "issuer": w.idp.Issuer, "subject": "job-7", "audiences": []string{ExchangeAudience}}
	for k, v := range change {
		m[k] = v
	}
	text, err := json.Marshal(m)
	w.must(err)
	return text
}

// homeBody returns a Graph body for a credential of the managed identity.
func (w *world) homeBody(change map[string]any) []byte {
	m := map[string]any{"name": "mi-tenant-a", "issuer": w.fed.names.issuer(tenantA), "subject": w.identity.Principal}
	for k, v := range change {
		m[k] = v
	}
	return w.body(m)
}

func (w *world) create(who authz.Caller, of Parent, body []byte) *Credential {
	w.Helper()
	c, _, err := w.fed.Create(w.Context(), who, of, body)
	w.must(err)
	return c
}

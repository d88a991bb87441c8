// Package crossing builds, for tests, what the first story stands on: a
// workload of tenant A reads from tenant B, and nobody holds a secret.
//
// Tenant A has a subscription with a managed identity on an enrolled host, and
// a multi-tenant application that trusts the identity. Tenant B has the
// application's service principal with one app role on Microsoft Graph, and an
// API of its own. Everything is made through the services that people use.
package crossing

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	gojose "github.com/go-jose/go-jose/v4"

	"entente/internal/core/app"
	"entente/internal/core/audit"
	"entente/internal/core/authz"
	"entente/internal/core/consent"
	"entente/internal/core/federation"
	"entente/internal/core/keys"
	"entente/internal/core/managedidentity"
	"entente/internal/core/tenant"
	"entente/internal/core/token"
	"entente/internal/flow/sts"
	"entente/internal/kit/clock"
	"entente/internal/kit/fetch"
	"entente/internal/kit/ids"
	"entente/internal/kit/jose"
	"entente/internal/kit/oauth2"
	"entente/internal/kit/secret"
	"entente/internal/kit/sqldb"
)

// Name is the installation's own name.
const Name = "https://login.example"

// A World is the story's cast.
type World struct {
	DB      *sqldb.DB
	Clock   clock.Clock
	Ring    *secret.Ring
	Keys    *keys.Service
	Tokens  *token.Service
	SignIns *audit.SignIns
	STS     *sts.Service
	Apps    *app.Service
	Consent *consent.Service
	Trust   *federation.Service
	MI      *managedidentity.Service

	A, B ids.TenantID

	App       ids.AppID    // the multi-tenant application of A
	Object    ids.ObjectID // its application object in A
	Principal ids.ObjectID // its service principal in B
	Secret    string

	API          ids.AppID // an API of B, version 2, with the role Tasks.Read
	APIObject    ids.ObjectID
	APIPrincipal ids.ObjectID

	Identity   *managedidentity.Identity // which App trusts
	Host       managedidentity.HostID
	Credential ids.CredentialID
	hostKey    *jose.Signer
}

// Options say how a world differs from the usual one.
type Options struct {
	Fetch  fetch.Options
	Number func(error) int // of a refusal; 1 when nil
}

// New builds the world in a fresh store.
func New(t testing.TB, db *sqldb.DB, clk clock.Clock, o Options) *World {
	t.Helper()
	ring := must(secret.NewRing(secret.NewKey()))(t)
	w := &World{DB: db, Clock: clk, Ring: ring, A: ids.New[ids.TenantID](), B: ids.New[ids.TenantID]()}
	w.Keys = keys.New(db, ring, clk, keys.Options{})
	w.Tokens = token.New(w.Keys, clk, Name)
	w.SignIns = audit.NewSignIns(db)
	t.Cleanup(w.SignIns.Close)
	w.Apps, w.Consent = app.NewService(db, ring), consent.NewService(db)
	w.Trust = federation.NewService(db, w.Keys, must(fetch.New(o.Fetch))(t), clk, federation.Options{Name: Name, Probe: time.Millisecond})
	w.MI = managedidentity.NewService(db, federation.Purge)
	if o.Number == nil {
		o.Number = func(error) int { return 1 }
	}
	w.STS = sts.New(sts.Options{
		DB: db, Ring: ring, Clock: clk, Tokens: w.Tokens, Federation: w.Trust, SignIns: w.SignIns,
		Names: []string{Name}, Number: o.Number,
	})
	check(t, app.EnsureBuiltIn(t.Context(), db))
	w.addTenant(t, w.A, "Contoso", "contoso.example")
	w.addTenant(t, w.B, "Fabrikam", "fabrikam.example")
	w.addApplication(t)
	w.addAPI(t)
	w.addHost(t)
	return w
}

// System returns the installation as caller in tenant.
func System(tenant ids.TenantID) authz.Caller { return authz.System(tenant, "test") }

func (w *World) addTenant(t testing.TB, id ids.TenantID, name, domain string) {
	t.Helper()
	check(t, w.DB.Update(t.Context(), func(tx *sqldb.Tx) error {
		n, err := tenant.New(id, name, tx.Now())
		if err != nil {
			return err
		}
		if err := tenant.Add(t.Context(), tx, n); err != nil {
			return err
		}
		for _, resource := range app.BuiltInResources() {
			if _, _, err := app.Presence(t.Context(), tx, System(id), id, resource); err != nil {
				return err
			}
		}
		return tenant.AddDomain(t.Context(), tx, id, tenant.Domain{Name: domain, Verified: true, Default: true, Initial: true})
	}))
}

func (w *World) addApplication(t testing.TB) {
	t.Helper()
	a := must(w.Apps.Create(t.Context(), System(w.A), []byte(`{"displayName":"Sync","signInAudience":"AzureADMultipleOrgs"}`), nil))(t)
	w.App, w.Object = a.AppID, a.ID
	w.Secret = *must(w.Apps.AddPassword(t.Context(), System(w.A), a.ID, app.PasswordCredential{}))(t).SecretText
	w.Principal = w.Presence(t, w.B, w.App)
	w.AssignGraph(t, "User.Read.All", time.Time{})
}

// Presence makes the application's service principal in tenant, or finds it.
func (w *World) Presence(t testing.TB, tenant ids.TenantID, id ids.AppID) ids.ObjectID {
	t.Helper()
	var p *app.ServicePrincipal
	check(t, w.DB.Update(t.Context(), func(tx *sqldb.Tx) (err error) {
		p, _, err = app.Presence(t.Context(), tx, System(tenant), tenant, id)
		return err
	}))
	return p.ID
}

// AssignGraph grants the application a permission of Graph in B.
func (w *World) AssignGraph(t testing.TB, permission string, until time.Time) consent.Assignment {
	t.Helper()
	return w.assign(t, w.Presence(t, w.B, app.GraphAppID), permission, until)
}

func (w *World) assign(t testing.TB, resource ids.ObjectID, value string, until time.Time) consent.Assignment {
	t.Helper()
	var role ids.RoleID
	check(t, w.DB.View(t.Context(), func(tx *sqldb.Tx) error {
		p, err := app.GetPrincipal(t.Context(), tx, w.B, resource)
		if err != nil {
			return err
		}
		for _, r := range p.AppRoles {
			if r.Value != nil && *r.Value == value {
				role = r.ID
			}
		}
		return nil
	}))
	return must(w.Consent.Assign(t.Context(), System(w.B), w.Principal, resource, role, until))(t)
}

func (w *World) addAPI(t testing.TB) {
	t.Helper()
	body := fmt.Sprintf(`{"displayName":"Tasks","api":{"requestedAccessTokenVersion":2},"identifierUris":["api://fabrikam.example/tasks"],
		"appRoles":[{"id":"%s","value":"Tasks.Read","displayName":"Read tasks","description":"Read tasks","isEnabled":true,"allowedMemberTypes":["Application"]}]}`,
		ids.New[ids.RoleID]())
	a := must(w.Apps.Create(t.Context(), System(w.B), []byte(body), nil))(t)
	w.API, w.APIObject = a.AppID, a.ID
	w.APIPrincipal = w.Presence(t, w.B, a.AppID)
}

// AssignAPI grants the application the API's role in B.
func (w *World) AssignAPI(t testing.TB) { w.assign(t, w.APIPrincipal, "Tasks.Read", time.Time{}) }

func (w *World) addHost(t testing.TB) {
	t.Helper()
	who, place := System(w.A), "westeurope"
	sub := must(w.MI.AddSubscription(t.Context(), who, ids.New[managedidentity.SubscriptionID](), "Test"))(t).ID
	_, _, err := w.MI.PutGroup(t.Context(), who, sub, "Group", place, nil)
	check(t, err)
	resource := func(typ, name string) managedidentity.Resource {
		return must(managedidentity.NewResource(string(sub), "Group", typ, name))(t)
	}
	identity := resource(managedidentity.TypeIdentity, "crossing")
	w.Identity, _, err = w.MI.PutIdentity(t.Context(), who, identity, managedidentity.IdentitySpec{Location: &place})
	check(t, err)
	account := resource(managedidentity.TypeAutomation, "runbooks")
	_, _, err = w.MI.PutHost(t.Context(), who, account, managedidentity.HostSpec{
		Location: &place, Identity: &managedidentity.IdentityBlock{Add: []managedidentity.Resource{identity}},
	})
	check(t, err)
	w.enroll(t, account)
	w.Credential = w.TrustSubject(t, Name+"/"+string(w.A)+"/v2.0", string(w.Identity.Principal))
}

func (w *World) enroll(t testing.TB, account managedidentity.Resource) {
	t.Helper()
	key := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))(t)
	jwk := must(json.Marshal(gojose.JSONWebKey{Key: key.Public(), KeyID: "host", Algorithm: "ES256", Use: "sig"}))(t)
	e := must(w.MI.AddEnrollment(t.Context(), System(w.A), account, 0))(t)
	w.Host = must(w.MI.Enroll(t.Context(), e.Token, jwk, ""))(t).HostID
	w.hostKey = must(jose.NewSigner(crypto.Signer(key), jose.Header{Algorithm: jose.ES256, KeyID: "host"}))(t)
}

// TrustSubject gives the application a federated credential.
func (w *World) TrustSubject(t testing.TB, issuer, subject string) ids.CredentialID {
	t.Helper()
	body := must(json.Marshal(map[string]any{
		"name": "c-" + ids.New[ids.ObjectID](), "issuer": issuer, "subject": subject, "audiences": []string{app.TokenExchangeAudience},
	}))(t)
	c, _, err := w.Trust.Create(t.Context(), System(w.A), federation.Parent{Tenant: w.A, Kind: federation.Application, ID: w.Object}, body)
	check(t, err)
	return c.ID
}

// HostAssertion returns a fresh assertion of the host's.
func (w *World) HostAssertion(t testing.TB) string {
	t.Helper()
	now := w.Clock.Wall()
	return must(w.hostKey.Sign(jose.Claims{
		Issuer: string(w.Host), Subject: string(w.Host), Audience: jose.Audience{Name + "/" + string(w.A) + "/oauth2/token"},
		IssuedAt: jose.Date{Time: now}, Expiry: jose.Date{Time: now.Add(time.Minute)}, ID: secret.Random(16),
	}))(t)
}

// IdentityForm is what the host's agent posts for a resource.
func (w *World) IdentityForm(t testing.TB, resource string) oauth2.Form {
	t.Helper()
	return oauth2.Form{
		"grant_type": string(oauth2.ManagedIdentity), "client_id": string(w.Host), "resource": resource,
		"client_assertion_type": oauth2.AssertionJWT, "client_assertion": w.HostAssertion(t),
	}
}

// ExchangeToken returns the identity's token for the token exchange.
func (w *World) ExchangeToken(t testing.TB) string {
	t.Helper()
	r := must(w.STS.Exchange(context.Background(), sts.Request{
		Tenant: string(w.A), Version: 1, Form: w.IdentityForm(t, app.TokenExchangeAudience),
	}))(t)
	return r.Token.Text
}

// ClientForm is what the application posts for a resource, without a
// credential.
func (w *World) ClientForm(resource string) oauth2.Form {
	return oauth2.Form{"grant_type": string(oauth2.ClientCredentials), "client_id": string(w.App), "scope": resource + "/.default"}
}

// AssertionForm is ClientForm with an assertion.
func (w *World) AssertionForm(resource, assertion string) oauth2.Form {
	f := w.ClientForm(resource)
	f["client_assertion"], f["client_assertion_type"] = assertion, oauth2.AssertionJWT
	return f
}

func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		check(t, err)
		return v
	}
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

package app_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"errors"
	"math/big"
	"testing"
	"time"

	"entente/internal/core/app"
	"entente/internal/core/authz"
	"entente/internal/core/object"
	"entente/internal/core/tenant"
	"entente/internal/enttest/dbtest"
	"entente/internal/enttest/house"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/jobs"
	"entente/internal/kit/query"
	"entente/internal/kit/secret"
	"entente/internal/kit/sqldb"
)

func create(t *testing.T, h *house.House, body string) *app.Application {
	t.Helper()
	a, err := h.Apps.Create(t.Context(), h.A.Admin, []byte(body), nil)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func client(t *testing.T, h *house.House, in house.Tenant, id ids.AppID) app.Client {
	t.Helper()
	var c app.Client
	if err := h.DB.Read(t.Context(), func(tx *sqldb.Tx) (err error) {
		c, err = app.FindClient(t.Context(), tx, in.ID, id)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return c
}

// TestOnlyTheFlagMakesAPublicClient: an address of one does not, and what was
// stored when it did is mended by the migration.
func TestOnlyTheFlagMakesAPublicClient(t *testing.T) {
	house.Each(t, func(t *testing.T, h *house.House) {
		for body, want := range map[string]bool{
			`{"displayName":"a","publicClient":{"redirectUris":["http://localhost"]}}`:                       false,
			`{"displayName":"b","isFallbackPublicClient":false}`:                                             false,
			`{"displayName":"c","description":",\"isFallbackPublicClient\":true"}`:                           false,
			`{"displayName":"d","isFallbackPublicClient":true,"web":{"redirectUris":["https://x.example"]}}`: true,
		} {
			a := create(t, h, body)
			if got := client(t, h, h.A, a.AppID).PublicClient; got != want {
				t.Errorf("%s: public %t", body, got)
			}
			text, err := dbtest.Migrations.ReadFile("0211_public_client.sql")
			if err != nil {
				t.Fatal(err)
			}
			for _, step := range []string{`update application set public_client = ? where tenant_id = ? and id = ?`, string(text)} {
				args := []any{!want, h.A.ID, a.ID}
				if step == string(text) {
					args = nil
				}
				if err := h.DB.Update(t.Context(), func(tx *sqldb.Tx) error { _, err := tx.Exec(t.Context(), step, args...); return err }); err != nil {
					t.Fatal(err)
				}
			}
			if got := client(t, h, h.A, a.AppID).PublicClient; got != want {
				t.Errorf("%s: public %t after the migration", body, got)
			}
		}
	})
}

func TestApplicationLife(t *testing.T) {
	house.Each(t, func(t *testing.T, h *house.House) {
		ctx := t.Context()
		a := create(t, h, `{"displayName":"Sync","signInAudience":"AzureADMultipleOrgs","identifierUris":["https://contoso.example/s"]}`)
		if c := client(t, h, h.A, a.AppID); c.Principal != "" || !c.MultiTenant || c.Home != h.A.ID {
			t.Errorf("created: %+v, want no service principal", c)
		}
		if _, err := h.Apps.CreatePrincipal(ctx, h.B.Admin, a.AppID, []byte(`{"tags":["x"]}`), nil); err != nil {
			t.Fatal(err)
		}
		if _, err := h.Apps.CreatePrincipal(ctx, h.B.Admin, a.AppID, []byte(`{}`), nil); !errors.Is(err, app.NameInUse) {
			t.Errorf("twice: err = %v, want NameInUse", err)
		}
		if c := client(t, h, h.B, a.AppID); c.Principal == "" || !c.Enabled || c.Home != h.A.ID {
			t.Errorf("in B: %+v", c)
		}
		if _, err := h.Apps.Update(ctx, h.B.Admin, a.ID, []byte(`{"notes":"mine"}`)); !errors.Is(err, fault.NotFound) {
			t.Errorf("changed from B: err = %v, want NotFound", err)
		}
		if _, err := h.Apps.Update(ctx, h.A.Admin, a.ID, []byte(`{"displayName":"Sync 2"}`)); err != nil {
			t.Fatal(err)
		}
		if err := h.Apps.Delete(ctx, h.A.Admin, a.ID); err != nil {
			t.Fatal(err)
		}
		if c := client(t, h, h.B, a.AppID); !c.Deleted || c.Principal == "" {
			t.Errorf("deleted: %+v, want the presence in B to stay and the deletion to show", c)
		}
		if err := h.Apps.Delete(ctx, h.A.Admin, a.ID); !errors.Is(err, fault.NotFound) {
			t.Errorf("deleted twice: err = %v, want NotFound", err)
		}
		create(t, h, `{"displayName":"Next","identifierUris":["https://contoso.example/s"]}`) // the name is free again
	})
}

func TestSecrets(t *testing.T) {
	house.Each(t, func(t *testing.T, h *house.House) {
		ctx := t.Context()
		a := create(t, h, `{"displayName":"Sync","passwordCredentials":[{"displayName":"first"}]}`)
		first := *a.PasswordCredentials[0].SecretText
		made, err := h.Apps.AddPassword(ctx, h.A.Admin, a.ID, app.PasswordCredential{EndDateTime: h.Clock.Now().Add(time.Hour)})
		if err != nil {
			t.Fatal(err)
		}
		check := func(text string) (id ids.KeyID, err error) {
			c := client(t, h, h.A, a.AppID)
			err = h.DB.Read(ctx, func(tx *sqldb.Tx) (err error) {
				id, err = app.CheckSecret(ctx, tx, h.Ring, h.A.ID, c, secret.NewString(text))
				return err
			})
			return id, err
		}
		if id, err := check(*made.SecretText); err != nil || id != made.KeyID {
			t.Errorf("got %v, %v, want %v", id, err, made.KeyID)
		}
		if id, err := check(first); err != nil || id != a.PasswordCredentials[0].KeyID {
			t.Errorf("the one made with the application: got %v, %v", id, err)
		}
		if _, err := check(string(made.KeyID)); !errors.Is(err, app.WrongSecret) {
			t.Errorf("its identifier: err = %v, want WrongSecret", err)
		}
		h.Clock.Advance(time.Hour)
		if _, err := check(*made.SecretText); !errors.Is(err, app.SecretExpired) {
			t.Errorf("at its end: err = %v, want SecretExpired", err)
		}
		if err := h.Apps.RemovePassword(ctx, h.A.Admin, a.ID, a.PasswordCredentials[0].KeyID); err != nil {
			t.Fatal(err)
		}
		if _, err := check(first); !errors.Is(err, app.WrongSecret) {
			t.Errorf("removed: err = %v, want WrongSecret", err)
		}
		if err := h.Apps.RemovePassword(ctx, h.A.Admin, a.ID, a.PasswordCredentials[0].KeyID); !errors.Is(err, app.NoSuchSecret) {
			t.Errorf("removed twice: err = %v, want NoSuchSecret", err)
		}
		if err := h.DB.View(ctx, func(tx *sqldb.Tx) error {
			got, err := app.GetApplication(ctx, tx, h.A.ID, a.ID)
			if err == nil && (len(got.PasswordCredentials) != 1 || got.PasswordCredentials[0].SecretText != nil) {
				t.Errorf("stored: %+v", got.PasswordCredentials)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	})
}

// certificate returns a Graph body with a certificate that lives an hour.
func certificate(t *testing.T, h *house.House) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "sync"}, NotBefore: h.Clock.Now().Add(-time.Hour), NotAfter: h.Clock.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	body, err := json.Marshal(map[string]any{"keyCredentials": []any{map[string]any{"type": "AsymmetricX509Cert", "usage": "Verify", "key": der}}})
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func TestCertificates(t *testing.T) {
	house.Each(t, func(t *testing.T, h *house.House) {
		ctx := t.Context()
		a := create(t, h, `{"displayName":"Sync"}`)
		a, err := h.Apps.Update(ctx, h.A.Admin, a.ID, certificate(t, h))
		if err != nil {
			t.Fatal(err)
		}
		c := a.KeyCredentials[0]
		if c.Key != nil || len(c.CustomKeyIdentifier) != 40 || *c.DisplayName != "CN=sync" {
			t.Errorf("shown as %+v", c)
		}
		find := func() error {
			return h.DB.Read(ctx, func(tx *sqldb.Tx) error {
				got, err := app.FindCertificate(ctx, tx, h.A.ID, client(t, h, h.A, a.AppID), c.CustomKeyIdentifier, "")
				if err == nil && got.KeyID != c.KeyID {
					t.Errorf("found %v, want %v", got.KeyID, c.KeyID)
				}
				return err
			})
		}
		if err := find(); err != nil {
			t.Error(err)
		}
		keep, _ := json.Marshal(map[string]any{"keyCredentials": a.KeyCredentials}) // as Terraform sends it back
		if a, err = h.Apps.Update(ctx, h.A.Admin, a.ID, keep); err != nil || len(a.KeyCredentials) != 1 {
			t.Errorf("kept: %v, %v", a, err)
		}
		h.Clock.Advance(time.Hour)
		if err := find(); !errors.Is(err, app.NoCertificate) {
			t.Errorf("at its end: err = %v, want NoCertificate", err)
		}
		if _, err := h.Apps.Update(ctx, h.A.Admin, a.ID, []byte(`{"keyCredentials":[{"key":"AAAA"}]}`)); !errors.Is(err, app.BadCertificate) {
			t.Errorf("no certificate: err = %v, want BadCertificate", err)
		}
	})
}

func TestWhoMayManage(t *testing.T) {
	house.Each(t, func(t *testing.T, h *house.House) {
		ctx := t.Context()
		a := create(t, h, `{"displayName":"Sync"}`)
		owner := create(t, h, `{"displayName":"Owner"}`)
		sp, err := h.Apps.CreatePrincipal(ctx, h.A.Admin, owner.AppID, []byte(`{}`), nil)
		if err != nil {
			t.Fatal(err)
		}
		program := func(roles ...string) authz.Caller {
			return house.Program(h.A.ID, sp.ID, roles...)
		}
		stranger := house.Person(h.A.ID, ids.New[ids.ObjectID]())
		change := []byte(`{"notes":"n"}`)
		for name, tt := range map[string]struct {
			who  authz.Caller
			want error
		}{
			"a person without a role":                   {stranger, authz.Denied},
			"a program with OwnedBy that owns it not":   {program("Application.ReadWrite.OwnedBy"), authz.Denied},
			"a program with the permission for all":     {program("Application.ReadWrite.All"), nil},
			"an administrator":                          {h.A.Admin, nil},
			"a program that may only read":              {program("Application.Read.All"), authz.Denied},
			"a person who claims an application's role": {authz.Caller{Tenant: h.A.ID, Subject: stranger.Subject, Object: stranger.Object, Roles: []string{"Application.ReadWrite.All"}}, authz.Denied},
		} {
			t.Run(name, func(t *testing.T) {
				if _, err := h.Apps.Update(ctx, tt.who, a.ID, change); !errors.Is(err, tt.want) {
					t.Errorf("err = %v, want %v", err, tt.want)
				}
			})
		}
		own := program("Application.ReadWrite.OwnedBy")
		if _, err := h.Apps.CreatePrincipal(ctx, own, a.AppID, []byte(`{}`), nil); !errors.Is(err, authz.Denied) {
			t.Errorf("a service principal of what it owns not: err = %v", err)
		}
		if err := h.Apps.AddOwner(ctx, h.A.Admin, a.ID, sp.ID); err != nil {
			t.Fatal(err)
		}
		if err := h.Apps.AddOwner(ctx, h.A.Admin, a.ID, sp.ID); !errors.Is(err, object.AlreadyOwner) {
			t.Errorf("owner twice: err = %v, want AlreadyOwner", err)
		}
		if _, err := h.Apps.Update(ctx, own, a.ID, change); err != nil {
			t.Errorf("the owner: err = %v", err)
		}
		if _, err := h.Apps.CreatePrincipal(ctx, own, a.AppID, []byte(`{}`), nil); err != nil {
			t.Errorf("a service principal of what it owns: err = %v", err)
		}
	})
}

func TestListing(t *testing.T) {
	house.Each(t, func(t *testing.T, h *house.House) {
		ctx := t.Context()
		for _, n := range []string{"Alpha", "alps", "Beta"} {
			create(t, h, `{"displayName":"`+n+`"}`)
		}
		if err := h.DB.View(ctx, func(tx *sqldb.Tx) error {
			q := query.Query{Filter: query.StartsWith{Field: "displayName", Value: "ALP"}, Order: []query.Key{{Field: "displayName"}}, Page: query.Page{Limit: 1}}
			page, err := app.ListApplications(ctx, tx, h.A.ID, q)
			if err != nil || len(page.Items) != 1 || page.Items[0].DisplayName != "Alpha" || page.Next == nil {
				t.Errorf("page one: %v, %v", page, err)
			}
			q.Page.After = page.Next
			page, err = app.ListApplications(ctx, tx, h.A.ID, q)
			if err != nil || len(page.Items) != 1 || page.Items[0].DisplayName != "alps" || page.Next != nil {
				t.Errorf("page two: %v, %v", page, err)
			}
			sps, err := app.ListPrincipals(ctx, tx, h.B.ID, query.Query{Filter: query.Compare{Field: "appId", Op: query.Eq, Value: string(app.GraphAppID)}})
			if err != nil || len(sps.Items) != 1 || len(sps.Items[0].AppRoles) < 80 {
				t.Errorf("Microsoft Graph in B: %d, %v", len(sps.Items), err)
			}
			byName, err := app.ListPrincipals(ctx, tx, h.B.ID, query.Query{Filter: query.Any{Field: "servicePrincipalNames", Of: query.Compare{Field: "", Op: query.Eq, Value: "https://graph.microsoft.com"}}})
			if err != nil || len(byName.Items) != 1 {
				t.Errorf("by name: %d, %v", len(byName.Items), err)
			}
			n, err := app.CountApplications(ctx, tx, h.B.ID, nil)
			if err != nil || n != 0 {
				t.Errorf("applications of B: %d, %v, want none", n, err)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	})
}

func TestFindResource(t *testing.T) {
	house.Each(t, func(t *testing.T, h *house.House) {
		ctx := t.Context()
		a := create(t, h, `{"displayName":"API","signInAudience":"AzureADMultipleOrgs","identifierUris":["https://contoso.example/api"],"api":{"requestedAccessTokenVersion":2}}`)
		if _, err := h.Apps.CreatePrincipal(ctx, h.B.Admin, a.AppID, []byte(`{}`), nil); err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]ids.AppID{
			"https://contoso.example/api": a.AppID, "https://CONTOSO.example/api/": a.AppID, string(a.AppID): a.AppID,
			"https://graph.microsoft.com": app.GraphAppID, "https://contoso.example/ap": "", "api://AzureADTokenExchange": app.TokenExchangeAppID,
		} {
			err := h.DB.Read(ctx, func(tx *sqldb.Tx) error {
				r, err := app.FindResource(ctx, tx, h.B.ID, name)
				if err == nil && (r.AppID != want || !r.Enabled || r.AppID == a.AppID && r.TokenVersion != 2) {
					t.Errorf("%s: got %+v", name, r)
				}
				return err
			})
			if (want == "") != errors.Is(err, fault.NotFound) {
				t.Errorf("%s: err = %v", name, err)
			}
		}
		err := h.DB.Read(ctx, func(tx *sqldb.Tx) error {
			_, err := app.FindResource(ctx, tx, h.A.ID, "https://contoso.example/api")
			return err
		})
		if !errors.Is(err, fault.NotFound) {
			t.Errorf("where it is not present: err = %v, want NotFound", err)
		}
		if err := tenant.NewService(h.DB).SetEnabled(ctx, authz.System(h.A.ID, "test"), h.A.ID, false); err != nil {
			t.Fatal(err)
		}
		if err := h.DB.Read(ctx, func(tx *sqldb.Tx) error {
			r, err := app.FindResource(ctx, tx, h.B.ID, string(a.AppID))
			if err == nil && r.Enabled {
				t.Error("its home tenant is disabled, and it is enabled")
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	})
}

// TestPrincipalsOfTheInstallation: a tenant's administrator cannot become
// Microsoft Graph, nor switch it off.
func TestPrincipalsOfTheInstallation(t *testing.T) {
	house.Each(t, func(t *testing.T, h *house.House) {
		ctx := t.Context()
		graph := client(t, h, h.B, app.GraphAppID).Principal
		if _, err := h.Apps.AddPrincipalPassword(ctx, h.B.Admin, graph, app.PasswordCredential{}); !errors.Is(err, app.BuiltInLocked) {
			t.Errorf("a secret: err = %v, want BuiltInLocked", err)
		}
		if _, err := h.Apps.UpdatePrincipal(ctx, h.B.Admin, graph, certificate(t, h)); !errors.Is(err, app.BuiltInLocked) {
			t.Errorf("a certificate: err = %v, want BuiltInLocked", err)
		}
		if _, err := h.Apps.UpdatePrincipal(ctx, h.B.Admin, graph, []byte(`{"accountEnabled":false}`)); !errors.Is(err, app.BuiltInLocked) {
			t.Errorf("disabled: err = %v, want BuiltInLocked", err)
		}
		if _, err := h.Apps.UpdatePrincipal(ctx, h.B.Admin, graph, []byte(`{"notes":"ours"}`)); err != nil {
			t.Errorf("a note: err = %v", err)
		}
		devops := client(t, h, h.B, app.DevOpsAppID).Principal
		if _, err := h.Apps.UpdatePrincipal(ctx, h.B.Admin, devops, []byte(`{"accountEnabled":false}`)); err != nil {
			t.Errorf("another API disabled: err = %v", err)
		}
	})
}

// TestPrincipalWithCertificate: one that is given at creation counts at once.
func TestPrincipalWithCertificate(t *testing.T) {
	house.Each(t, func(t *testing.T, h *house.House) {
		ctx := t.Context()
		a := create(t, h, `{"displayName":"Sync","signInAudience":"AzureADMultipleOrgs"}`)
		p, err := h.Apps.CreatePrincipal(ctx, h.B.Admin, a.AppID, certificate(t, h), nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := h.DB.Read(ctx, func(tx *sqldb.Tx) error {
			_, err := app.FindCertificate(ctx, tx, h.B.ID, client(t, h, h.B, a.AppID), p.KeyCredentials[0].CustomKeyIdentifier, "")
			return err
		}); err != nil {
			t.Error(err)
		}
	})
}

// TestChangesReachAllTenants: what an application is called, and its names and
// tags, show in every tenant at once, and are what it is found by there soon.
func TestChangesReachAllTenants(t *testing.T) {
	house.Each(t, func(t *testing.T, h *house.House) {
		ctx := t.Context()
		a := create(t, h, `{"displayName":"Before","signInAudience":"AzureADMultipleOrgs","tags":["old"]}`)
		for _, in := range []house.Tenant{h.A, h.B} {
			if _, err := h.Apps.CreatePrincipal(ctx, in.Admin, a.AppID, []byte(`{"tags":["mine"]}`), nil); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := h.Apps.Update(ctx, h.A.Admin, a.ID, []byte(`{"displayName":"After","tags":["new"],"identifierUris":["https://contoso.example/after"]}`)); err != nil {
			t.Fatal(err)
		}
		found := func(in house.Tenant, filter query.Expr) (n int) {
			t.Helper()
			if err := h.DB.Read(ctx, func(tx *sqldb.Tx) (err error) {
				n, err = app.CountPrincipals(ctx, tx, in.ID, filter)
				return err
			}); err != nil {
				t.Fatal(err)
			}
			return n
		}
		is := func(field, value string) query.Expr { return query.Compare{Field: field, Op: query.Eq, Value: value} }
		has := func(field, value string) query.Expr { return query.Any{Field: field, Of: is("", value)} }
		if n := found(h.A, is("displayName", "After")); n != 1 {
			t.Errorf("at home: found %d by the new name at once, want 1", n)
		}
		w := jobs.New(h.DB, h.Clock, jobs.Options{})
		w.Handle(app.ReachKind, h.Apps.Reach, jobs.Policy{})
		if n, err := w.RunDue(ctx); n == 0 || err != nil { // the people of the house are new, and have jobs, too
			t.Fatalf("ran %d jobs, %v", n, err)
		}
		for _, in := range []house.Tenant{h.A, h.B} {
			var p *app.ServicePrincipal
			if err := h.DB.Read(ctx, func(tx *sqldb.Tx) (err error) {
				p, err = app.PrincipalByAppID(ctx, tx, in.ID, a.AppID)
				return err
			}); err != nil {
				t.Fatal(err)
			}
			if p.DisplayName != "After" || len(p.Names) != 2 || len(p.Tags) != 2 {
				t.Errorf("in %s: %+v", in.ID, p)
			}
			for name, filter := range map[string]query.Expr{
				"its name": is("displayName", "After"), "its tag": has("tags", "new"), "the tenant's tag": has("tags", "mine"),
				"its address": has("servicePrincipalNames", "https://contoso.example/after"),
			} {
				if n := found(in, filter); n != 1 {
					t.Errorf("in %s: found %d by %s, want 1", in.ID, n, name)
				}
			}
			if n := found(in, is("displayName", "Before")) + found(in, has("tags", "old")); n != 0 {
				t.Errorf("in %s: still found by what it was", in.ID)
			}
		}
	})
}

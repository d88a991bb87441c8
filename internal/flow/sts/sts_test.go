package sts_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"entente/internal/core/app"
	"entente/internal/core/audit"
	"entente/internal/core/federation"
	"entente/internal/core/managedidentity"
	"entente/internal/core/tenant"
	"entente/internal/enttest/crossing"
	"entente/internal/enttest/dbtest"
	"entente/internal/flow/sts"
	"entente/internal/kit/clock"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/jose"
	"entente/internal/kit/oauth2"
	"entente/internal/kit/sqldb"
)

const graph = "https://graph.microsoft.com"

// each runs a test in a fresh world on both engines.
func each(t *testing.T, test func(t *testing.T, w *crossing.World, clk *clock.Fake)) {
	t.Helper()
	clk := clock.NewFake(dbtest.Noon)
	dbtest.EachClock(t, clk, func(t *testing.T, db *sqldb.DB) { test(t, crossing.New(t, db, clk, crossing.Options{}), clk) })
}

// ask exchanges and returns the token's claims.
func ask(w *crossing.World, tenant ids.TenantID, version int, f oauth2.Form) (map[string]any, error) {
	r, err := w.STS.Exchange(context.Background(), sts.Request{Tenant: string(tenant), Version: version, Form: f, Correlation: "c", IP: "192.0.2.1", UserAgent: "test"})
	if err != nil {
		return nil, err
	}
	t, err := jose.Peek(r.Token.Text, jose.RS256)
	if err != nil {
		return nil, err
	}
	claims := map[string]any{}
	return claims, json.Unmarshal(t.Payload(), &claims)
}

func signIns(t *testing.T, w *crossing.World, tenant ids.TenantID) (all []audit.SignIn) {
	t.Helper()
	err := w.DB.View(t.Context(), func(tx *sqldb.Tx) (err error) {
		all, err = audit.SignInsOf(t.Context(), tx, tenant, "", 100)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestTheCrossing is the golden path: a managed identity of A reads B.
func TestTheCrossing(t *testing.T) {
	each(t, func(t *testing.T, w *crossing.World, clk *clock.Fake) {
		assertion := w.ExchangeToken(t)
		got, err := ask(w, w.B, 2, w.AssertionForm(graph, assertion))
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]any{
			"tid": string(w.B), "iss": crossing.Name + "/" + string(w.B) + "/", "aud": graph, "oid": string(w.Principal), "sub": string(w.Principal),
			"appid": string(w.App), "appidacr": "2", "app_displayname": "Sync", "ver": "1.0",
		}
		for name, v := range want {
			if got[name] != v {
				t.Errorf("%s = %v, want %v", name, got[name], v)
			}
		}
		if roles, _ := got["roles"].([]any); len(roles) != 1 || roles[0] != "User.Read.All" {
			t.Errorf("roles = %v, want User.Read.All", got["roles"])
		}
		if _, err := ask(w, w.B, 2, w.AssertionForm(graph, assertion+"\n")); err != nil {
			t.Errorf("the same assertion again, with a file's line end: %v", err)
		}
		clk.Advance(23 * time.Hour)
		if _, err := ask(w, w.B, 2, w.AssertionForm(graph, assertion)); err != nil {
			t.Errorf("within the assertion's life: %v", err)
		}
		clk.Advance(2 * time.Hour)
		if _, err := ask(w, w.B, 2, w.AssertionForm(graph, assertion)); !errors.Is(err, federation.Expired) {
			t.Errorf("beyond it: err = %v, want %s", err, federation.Expired)
		}
	})
}

func TestEveryAnswerLeavesAnEntry(t *testing.T) {
	each(t, func(t *testing.T, w *crossing.World, clk *clock.Fake) {
		assertion := w.ExchangeToken(t)
		clk.Advance(time.Second)
		if _, err := ask(w, w.B, 2, w.AssertionForm(graph, assertion)); err != nil {
			t.Fatal(err)
		}
		clk.Advance(time.Second)
		f := w.ClientForm(graph)
		f["client_secret"] = "wrong"
		if _, err := ask(w, w.B, 2, f); !errors.Is(err, app.WrongSecret) {
			t.Fatalf("err = %v", err)
		}
		mi := signIns(t, w, w.A)
		if len(mi) != 1 || mi[0].Kind != audit.ManagedIdentitySignIn || mi[0].Principal != w.Identity.Principal || mi[0].TokenID == "" {
			t.Errorf("entries in A = %+v, want the identity's", mi)
		}
		got := signIns(t, w, w.B)
		if len(got) != 2 {
			t.Fatalf("%d entries in B, want 2", len(got))
		}
		refused, given := got[0], got[1]
		if given.Kind != audit.ServicePrincipalSignIn || given.App != w.App || given.Principal != w.Principal || given.Home != w.A ||
			given.ResourceName != "Microsoft Graph" || given.CredentialID != string(w.Credential) || given.TokenID == "" || given.ErrorCode != 0 ||
			given.IP != "192.0.2.1" || given.Correlation != "c" {
			t.Errorf("entry of the token = %+v", given)
		}
		var chain []string
		for _, l := range given.Links {
			if l.Verdict != "ok" {
				t.Errorf("link %+v of a given token", l)
			}
			chain = append(chain, l.Name)
		}
		want := []string{"tenant", "application", "service principal", "issuer", "signature", "time", "token kind", "subject", "audience", "credential", "resource",
			"outbound policy", "inbound policy"}
		if !slices.Equal(chain, want) {
			t.Errorf("links = %v, want %v", chain, want)
		}
		if last := refused.Links[len(refused.Links)-1]; refused.ErrorCode != 1 || refused.Reason != string(app.WrongSecret) ||
			last.Name != "secret" || last.Verdict != string(app.WrongSecret) || refused.TokenID != "" {
			t.Errorf("entry of the refusal = %+v", refused)
		}
	})
}

func TestBySecret(t *testing.T) {
	each(t, func(t *testing.T, w *crossing.World, clk *clock.Fake) {
		w.AssignAPI(t)
		body := w.ClientForm("api://fabrikam.example/tasks")
		body["client_secret"] = w.Secret
		got, err := ask(w, w.B, 2, body)
		if err != nil {
			t.Fatal(err)
		}
		if got["aud"] != string(w.API) || got["azpacr"] != "1" || got["ver"] != "2.0" || got["iss"] != crossing.Name+"/"+string(w.B)+"/v2.0" {
			t.Errorf("claims = %v", got)
		}
		header := base64.StdEncoding.EncodeToString([]byte(url.QueryEscape(string(w.App)) + ":" + url.QueryEscape(w.Secret)))
		r, err := w.STS.Exchange(t.Context(), sts.Request{Tenant: "FABRIKAM.example", Version: 1, Authorization: "Basic " + header,
			Form: oauth2.Form{"grant_type": "client_credentials", "resource": graph + "/"}})
		if err != nil || r.Resource != graph+"/" || r.Lifetime != time.Hour {
			t.Errorf("version 1 with Basic: %+v, %v", r, err)
		}
		clk.Advance(3 * 366 * 24 * time.Hour)
		if _, err := ask(w, w.B, 2, body); !errors.Is(err, app.SecretExpired) {
			t.Errorf("err = %v, want %s", err, app.SecretExpired)
		}
	})
}

// TestResourceNames covers the names by which clients ask for a resource.
func TestResourceNames(t *testing.T) {
	each(t, func(t *testing.T, w *crossing.World, _ *clock.Fake) {
		tests := []struct{ scope, aud string }{
			{graph + "/.default", graph},
			{graph + "/.default openid offline_access profile", graph},
			{graph + "//.default", graph + "/"},
			{crossing.Name + "/.default", crossing.Name},
			{"00000003-0000-0000-c000-000000000000/.default", "00000003-0000-0000-c000-000000000000"},
			{"https://management.core.windows.net//.default", "https://management.core.windows.net/"},
			{"499b84ac-1321-427f-aa17-267ca6975798/.default", "499b84ac-1321-427f-aa17-267ca6975798"},
			{"API://fabrikam.example/tasks/.default", string(w.API)},
			{string(w.API) + "/.default", string(w.API)},
		}
		for _, tt := range tests {
			f := w.ClientForm("")
			f["client_secret"], f["scope"] = w.Secret, tt.scope
			got, err := ask(w, w.B, 2, f)
			if err != nil || got["aud"] != tt.aud {
				t.Errorf("%s: aud = %v, %v, want %s", tt.scope, got["aud"], err, tt.aud)
			}
			if isGraph := got["wids"] != nil; isGraph != (strings.HasPrefix(tt.aud, graph) || tt.aud == crossing.Name || strings.HasPrefix(tt.aud, "00000003")) {
				t.Errorf("%s: wids = %v", tt.scope, got["wids"])
			}
			if tt.aud == string(w.API) && got["roles"] != nil {
				t.Errorf("%s: roles = %v, want none", tt.scope, got["roles"])
			}
		}
	})
}

// TestRefusals breaks one link of the chain at a time.
func TestRefusals(t *testing.T) {
	each(t, func(t *testing.T, w *crossing.World, _ *clock.Fake) {
		alone := create(t, w, w.A, `{"displayName":"Alone"}`)
		absent := create(t, w, w.A, `{"displayName":"Absent","signInAudience":"AzureADMultipleOrgs"}`)
		strict := create(t, w, w.B, `{"displayName":"Strict"}`)
		w.Presence(t, w.B, strict.AppID)
		patchPrincipal(t, w, w.B, w.Presence(t, w.B, strict.AppID), `{"appRoleAssignmentRequired":true}`)
		off := create(t, w, w.B, `{"displayName":"Off"}`)
		patchPrincipal(t, w, w.B, w.Presence(t, w.B, off.AppID), `{"accountEnabled":false}`)
		token := w.ExchangeToken(t)
		set := func(change ...string) oauth2.Form {
			f := w.AssertionForm(graph, token)
			for i := 0; i < len(change); i += 2 {
				if f[change[i]] = change[i+1]; change[i+1] == "" {
					delete(f, change[i])
				}
			}
			return f
		}
		noAssertion := []string{"client_assertion", "", "client_assertion_type", ""}
		tests := []struct {
			name    string
			tenant  string
			version int
			form    oauth2.Form
			want    fault.Reason
		}{
			{"RFC 6749 section 5.2: no grant_type", "", 2, set("grant_type", ""), sts.ParameterMissing},
			{"an unknown grant", "", 2, set("grant_type", "magic"), sts.UnsupportedGrant},
			{"no client_id", "", 2, set("client_id", ""), sts.ParameterMissing},
			{"an unknown tenant", string(ids.New[ids.TenantID]()), 2, set(), tenant.NotFound},
			{"a malformed tenant", "not_a_tenant", 2, set(), tenant.Malformed},
			{"over common", "common", 2, set(), sts.NoPrincipal},
			{"over consumers", "consumers", 2, set(), sts.NotHere},
			{"the nil application", "", 2, set("client_id", ids.Nil), sts.NilClient},
			{"an unknown application", "", 2, set("client_id", string(ids.New[ids.AppID]())), sts.UnknownClient},
			{"no identifier at all", "", 2, set("client_id", "sync"), sts.UnknownClient},
			{"a single-tenant application elsewhere", "", 2, set("client_id", string(alone.AppID)), sts.UnknownClient},
			{"no service principal", "", 2, set("client_id", string(absent.AppID)), sts.NoPrincipal},
			{"the service principal is disabled", "", 2, set("client_id", string(off.AppID)), sts.ClientDisabled},
			{"no credential", "", 2, set(noAssertion...), sts.NoCredential},
			{"RFC 6749 section 2.3: two credentials", "", 2, set("client_secret", "x"), sts.ManyCredentials},
			{"an unknown assertion type", "", 2, set("client_assertion_type", "saml"), sts.AssertionType},
			{"no assertion type", "", 2, set("client_assertion_type", ""), sts.ParameterMissing},
			{"a wrong secret", "", 2, set(append(noAssertion, "client_secret", "x")...), app.WrongSecret},
			{"a token for Graph as assertion", "", 2, set("client_assertion", graphToken(t, w)), federation.IssuerMismatch},
			{"an application that trusts nobody", "", 2, set("client_id", string(strict.AppID)), federation.IssuerMismatch},
			{"no scope", "", 2, set("scope", ""), oauth2.ScopeMissing},
			{"only openid", "", 2, set("scope", "openid"), oauth2.ScopeNoDefault},
			{"resource on version 2", "", 2, set("resource", graph), sts.ResourceOnV2},
			{"no resource on version 1", "", 1, set(), sts.ParameterMissing},
			{"an unknown resource", "", 2, set("scope", "api://nowhere/.default"), sts.NoResource},
			{"a disabled resource", "", 2, set("scope", string(off.AppID)+"/.default"), sts.ResourceDisabled},
			{"a resource that wants assignment", "", 2, set("scope", string(strict.AppID)+"/.default"), sts.NotAssigned},
		}
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				if tt.tenant == "" {
					tt.tenant = string(w.B)
				}
				if _, err := ask(w, ids.TenantID(tt.tenant), tt.version, tt.form); !errors.Is(err, tt.want) {
					t.Errorf("err = %v, want %s", err, tt.want)
				}
			})
		}
	})
}

// graphToken is a managed identity's token for Graph, not for the exchange.
func graphToken(t *testing.T, w *crossing.World) string {
	t.Helper()
	r, err := w.STS.Exchange(t.Context(), sts.Request{Tenant: string(w.A), Version: 1, Form: w.IdentityForm(t, graph)})
	if err != nil {
		t.Fatal(err)
	}
	return r.Token.Text
}

// TestWhatEndedAMomentAgoIsEnded changes one thing at a time in a world that
// works, with an assertion that was made before.
func TestWhatEndedAMomentAgoIsEnded(t *testing.T) {
	parent := func(w *crossing.World) federation.Parent {
		return federation.Parent{Tenant: w.A, Kind: federation.Application, ID: w.Object}
	}
	tests := []struct {
		name string
		end  func(ctx context.Context, w *crossing.World) error
		want fault.Reason
	}{
		{"the credential", func(ctx context.Context, w *crossing.World) error {
			return w.Trust.Delete(ctx, crossing.System(w.A), parent(w), string(w.Credential))
		}, federation.IssuerMismatch},
		{"the application", func(ctx context.Context, w *crossing.World) error {
			return w.Apps.Delete(ctx, crossing.System(w.A), w.Object)
		}, sts.UnknownClient},
		{"its being multi-tenant", func(ctx context.Context, w *crossing.World) error {
			_, err := w.Apps.Update(ctx, crossing.System(w.A), w.Object, []byte(`{"signInAudience":"AzureADMyOrg"}`))
			return err
		}, sts.UnknownClient},
		{"its service principal", func(ctx context.Context, w *crossing.World) error {
			return w.Apps.DeletePrincipal(ctx, crossing.System(w.B), w.Principal)
		}, sts.NoPrincipal},
		{"the identity", func(ctx context.Context, w *crossing.World) error {
			_, err := w.MI.DeleteIdentity(ctx, crossing.System(w.A), w.Identity.Resource)
			return err
		}, federation.AADTokenNotAllowed},
		{"tenant B", func(ctx context.Context, w *crossing.World) error {
			return tenant.NewService(w.DB).SetEnabled(ctx, crossing.System(w.B), w.B, false)
		}, tenant.Disabled},
		{"tenant A", func(ctx context.Context, w *crossing.World) error {
			return tenant.NewService(w.DB).SetEnabled(ctx, crossing.System(w.A), w.A, false)
		}, sts.HomeDisabled},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			each(t, func(t *testing.T, w *crossing.World, _ *clock.Fake) {
				form := w.AssertionForm(graph, w.ExchangeToken(t))
				if _, err := ask(w, w.B, 2, form); err != nil {
					t.Fatal(err)
				}
				if err := tt.end(t.Context(), w); err != nil {
					t.Fatal(err)
				}
				if _, err := ask(w, w.B, 2, form); !errors.Is(err, tt.want) {
					t.Errorf("err = %v, want %s", err, tt.want)
				}
			})
		})
	}
}

func TestAGrantEndsToTheSecond(t *testing.T) {
	each(t, func(t *testing.T, w *crossing.World, clk *clock.Fake) {
		w.AssignGraph(t, "Group.Read.All", clk.Now().Add(time.Hour))
		f := w.ClientForm(graph)
		f["client_secret"] = w.Secret
		for _, tt := range []struct {
			after time.Duration
			want  int
		}{{time.Hour - time.Microsecond, 2}, {time.Microsecond, 1}} {
			clk.Advance(tt.after)
			got, err := ask(w, w.B, 2, f)
			if err != nil {
				t.Fatal(err)
			}
			if roles, _ := got["roles"].([]any); len(roles) != tt.want {
				t.Errorf("after %s more: roles = %v, want %d", tt.after, roles, tt.want)
			}
		}
	})
}

func TestAHostGetsTokensOfItsIdentitiesOnly(t *testing.T) {
	each(t, func(t *testing.T, w *crossing.World, clk *clock.Fake) {
		f := w.IdentityForm(t, "https://management.azure.com/")
		f["mi_client_id"] = string(w.Identity.Client)
		got, err := ask(w, w.A, 1, f)
		if err != nil {
			t.Fatal(err)
		}
		if got["aud"] != "https://management.azure.com/" || got["sub"] != string(w.Identity.Principal) || got["appid"] != string(w.Identity.Client) ||
			got["xms_mirid"] != w.Identity.Claim() || got["exp"].(float64)-got["iat"].(float64) != 86700 {
			t.Errorf("claims = %v", got)
		}
		if _, err := ask(w, w.A, 1, f); !errors.Is(err, managedidentity.Replayed) {
			t.Errorf("the same assertion again: err = %v, want %s", err, managedidentity.Replayed)
		}
		other := w.IdentityForm(t, graph)
		other["mi_client_id"] = string(w.App)
		if _, err := ask(w, w.A, 1, other); !errors.Is(err, managedidentity.NotAssigned) {
			t.Errorf("an identity of another: err = %v, want %s", err, managedidentity.NotAssigned)
		}
		if _, err := ask(w, w.B, 1, w.IdentityForm(t, graph)); !errors.Is(err, managedidentity.BadAssertion) {
			t.Errorf("in another tenant: err = %v, want %s", err, managedidentity.BadAssertion)
		}
		old := w.IdentityForm(t, graph)
		clk.Advance(10 * time.Minute)
		if _, err := ask(w, w.A, 1, old); !errors.Is(err, managedidentity.BadAssertion) {
			t.Errorf("an old assertion: err = %v, want %s", err, managedidentity.BadAssertion)
		}
	})
}

func create(t *testing.T, w *crossing.World, tenant ids.TenantID, body string) *app.Application {
	t.Helper()
	a, err := w.Apps.Create(t.Context(), crossing.System(tenant), []byte(body), nil)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func patchPrincipal(t *testing.T, w *crossing.World, tenant ids.TenantID, id ids.ObjectID, body string) {
	t.Helper()
	if _, err := w.Apps.UpdatePrincipal(t.Context(), crossing.System(tenant), id, []byte(body)); err != nil {
		t.Fatal(err)
	}
}

// TestTokenWithoutMark: that a grant's use cannot be noted costs nobody a token.
func TestTokenWithoutMark(t *testing.T) {
	each(t, func(t *testing.T, w *crossing.World, _ *clock.Fake) {
		assertion := w.ExchangeToken(t)
		refuse := `/* all tenants: a failing store */ alter table app_role_assignment add constraint unused check (used_us = 0)`
		if w.DB.Engine() == sqldb.SQLite {
			refuse = `/* all tenants: a failing store */ create trigger unused before update on app_role_assignment begin select raise(abort, 'no'); end`
		}
		if err := w.DB.Update(t.Context(), func(tx *sqldb.Tx) error {
			_, err := tx.Exec(t.Context(), refuse)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		got, err := ask(w, w.B, 2, w.AssertionForm(graph, assertion))
		if roles, _ := got["roles"].([]any); err != nil || len(roles) != 1 {
			t.Errorf("got roles %v, err %v, want a token with one", got["roles"], err)
		}
		if log := signIns(t, w, w.B); len(log) != 1 || log[0].Reason != "" {
			t.Errorf("log has %+v, want one entry of a success", log)
		}
	})
}

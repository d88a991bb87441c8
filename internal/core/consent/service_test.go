package consent_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	"entente/internal/core/app"
	"entente/internal/core/audit"
	"entente/internal/core/authz"
	"entente/internal/core/consent"
	"entente/internal/core/directory"
	"entente/internal/core/object"
	"entente/internal/enttest/dbtest"
	"entente/internal/flow/onboard"
	"entente/internal/kit/clock"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
	"entente/internal/kit/secret"
	"entente/internal/kit/sqldb"
)

const (
	userReadAll   = "df021288-bdef-4463-88db-98f22de89214"
	groupReadAll  = "5b567255-7703-4780-807c-7be8301ae99b"
	userReadScope = "e1fe6dd8-ba31-4d61-89e7-88639da4683d"
)

// A house is an installation with two tenants and an application of the first.
type house struct {
	db      *sqldb.DB
	clock   *clock.Fake
	apps    *app.Service
	consent *consent.Service
	users   *directory.Service
	a, b    onboard.Made
	app     *app.Application
}

func each(t *testing.T, body func(t *testing.T, h *house)) {
	clk := clock.NewFake(dbtest.Noon)
	dbtest.EachClock(t, clk, func(t *testing.T, db *sqldb.DB) {
		ctx := t.Context()
		ring, err := secret.NewRing(secret.NewKey())
		if err != nil {
			t.Fatal(err)
		}
		hasher := directory.NewHasher(2)
		h := &house{db: db, clock: clk, apps: app.NewService(db, ring), consent: consent.NewService(db), users: directory.NewService(db, hasher)}
		if err := app.EnsureBuiltIn(ctx, db); err != nil {
			t.Fatal(err)
		}
		on := onboard.NewService(db, hasher)
		h.a = must(on.Create(ctx, onboard.Request{DisplayName: "Contoso", Initial: "contoso.example", AdminUPN: "admin@contoso.example", Password: secret.NewString("Correct-horse-7")}))(t)
		h.b = must(on.Create(ctx, onboard.Request{DisplayName: "Fabrikam", Initial: "fabrikam.example", AdminUPN: "admin@fabrikam.example", Password: secret.NewString("Correct-horse-7")}))(t)
		h.app = must(h.apps.Create(ctx, admin(h.a), []byte(`{"displayName":"Directory sync","signInAudience":"AzureADMultipleOrgs",
			"requiredResourceAccess":[{"resourceAppId":"00000003-0000-0000-c000-000000000000","resourceAccess":[
			{"id":"`+userReadAll+`","type":"Role"},{"id":"`+userReadScope+`","type":"Scope"}]}]}`), nil))(t)
		body(t, h)
	})
}

func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func admin(m onboard.Made) authz.Caller { return person(m.Tenant, m.Admin) }

func person(tenant ids.TenantID, id ids.ObjectID) authz.Caller {
	return authz.Caller{Tenant: tenant, Subject: ids.Principal{Kind: ids.Person, Home: tenant, ID: id}, Object: id, Name: "someone"}
}

// accept consents as who to what the application asks, until a time.
func (h *house) accept(ctx context.Context, who authz.Caller, until time.Time) error {
	o, err := h.consent.Offer(ctx, who.Tenant, h.app.AppID, consent.Want{})
	if err != nil {
		return err
	}
	_, err = h.consent.AdminConsent(ctx, who, consent.Accept{AppID: h.app.AppID, Shown: o.Digest, Until: until})
	return err
}

// rights returns the roles and scopes of the application in a tenant now.
func (h *house) rights(t *testing.T, tenant ids.TenantID) (roles, scopes []string) {
	t.Helper()
	err := h.db.View(t.Context(), func(tx *sqldb.Tx) error {
		graph, err := app.PrincipalByAppID(t.Context(), tx, tenant, app.GraphAppID)
		if err != nil {
			return err
		}
		client, err := app.PrincipalByAppID(t.Context(), tx, tenant, h.app.AppID)
		if errors.Is(err, fault.NotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		g, err := consent.RolesNow(t.Context(), tx, tenant, client.ID, graph.ID)
		if err != nil {
			return err
		}
		roles = g.Values
		scopes, err = consent.ScopesNow(t.Context(), tx, tenant, client.ID, graph.ID, "")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return roles, scopes
}

func TestAdminConsentGrantsInTheResourceTenantOnly(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		if err := h.accept(t.Context(), admin(h.b), time.Time{}); err != nil {
			t.Fatal(err)
		}
		roles, scopes := h.rights(t, h.b.Tenant)
		if !slices.Equal(roles, []string{"User.Read.All"}) || !slices.Equal(scopes, []string{"User.Read"}) {
			t.Errorf("in B: roles %v, scopes %v", roles, scopes)
		}
		if roles, scopes := h.rights(t, h.a.Tenant); roles != nil || scopes != nil {
			t.Errorf("in A: roles %v, scopes %v, want none", roles, scopes)
		}
		o := must(h.consent.Offer(t.Context(), h.b.Tenant, h.app.AppID, consent.Want{}))(t)
		if len(o.New()) != 0 {
			t.Errorf("asked again: %v", o.New())
		}
		if err := h.accept(t.Context(), admin(h.b), time.Time{}); err != nil {
			t.Errorf("a second consent: %v, want none", err)
		}
	})
}

func TestConsentIsInBothLogsUnderOneIdentifier(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		if err := h.accept(t.Context(), admin(h.b), time.Time{}); err != nil {
			t.Fatal(err)
		}
		crossing := make(map[ids.TenantID]ids.CrossingID)
		for _, m := range []onboard.Made{h.a, h.b} {
			var entries []audit.Stored
			err := h.db.View(t.Context(), func(tx *sqldb.Tx) (err error) {
				entries, err = audit.Entries(t.Context(), tx, m.Tenant, "", 100)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range entries {
				if !e.Intact() {
					t.Errorf("%s: the hash does not fit", e.Activity)
				}
				if e.Activity == "Consent to application" {
					crossing[m.Tenant] = e.Crossing
				}
			}
		}
		if c := crossing[h.a.Tenant]; c == "" || c != crossing[h.b.Tenant] {
			t.Errorf("crossing identifiers %v, want one for both", crossing)
		}
	})
}

func TestConsentEndsToTheSecond(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		if err := h.accept(t.Context(), admin(h.b), h.clock.Now().Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		h.clock.Advance(time.Hour - time.Microsecond)
		if roles, _ := h.rights(t, h.b.Tenant); len(roles) != 1 {
			t.Errorf("before the end: roles %v, want one", roles)
		}
		h.clock.Advance(time.Microsecond)
		if roles, scopes := h.rights(t, h.b.Tenant); roles != nil || scopes != nil {
			t.Errorf("at the end: roles %v, scopes %v, want none", roles, scopes)
		}
		if n := must(h.consent.EndDue(t.Context(), 10))(t); n != 1 {
			t.Errorf("ended %d causes, want 1", n)
		}
		if n := must(h.consent.EndDue(t.Context(), 10))(t); n != 0 {
			t.Errorf("ended %d causes again, want 0", n)
		}
		err := h.db.View(t.Context(), func(tx *sqldb.Tx) error {
			_, err := app.PrincipalByAppID(t.Context(), tx, h.b.Tenant, h.app.AppID)
			return err
		})
		if !errors.Is(err, fault.NotFound) {
			t.Errorf("the service principal without cause: err = %v, want NotFound", err)
		}
	})
}

func TestAnEndTakesOnlyWhatItGave(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		until := h.clock.Now().Add(time.Hour)
		if err := h.accept(t.Context(), admin(h.b), until); err != nil {
			t.Fatal(err)
		}
		if err := h.accept(t.Context(), admin(h.b), time.Time{}); err != nil { // renewed, for good
			t.Fatal(err)
		}
		h.clock.Advance(2 * time.Hour)
		must(h.consent.EndDue(t.Context(), 10))(t)
		if roles, scopes := h.rights(t, h.b.Tenant); len(roles) != 1 || len(scopes) != 1 {
			t.Errorf("after the first end: roles %v, scopes %v, want what the second consent gave", roles, scopes)
		}
	})
}

func TestWhoMayConsent(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		tests := []struct {
			name string
			role ids.RoleID
			want error
		}{
			{"nobody in particular", "", consent.AdminRequired},
			{"an application administrator, for Graph's app roles", authz.ApplicationAdministrator, consent.AdminRequired},
			{"a privileged role administrator", authz.PrivilegedRoleAdministrator, nil},
		}
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				id := h.newUser(t, h.b, string(ids.New[ids.ObjectID]())[:8])
				if tt.role != "" {
					if err := h.db.Update(t.Context(), func(tx *sqldb.Tx) error {
						return authz.Assign(t.Context(), tx, h.b.Tenant, id, tt.role)
					}); err != nil {
						t.Fatal(err)
					}
				}
				if err := h.accept(t.Context(), person(h.b.Tenant, id), time.Time{}); !errors.Is(err, tt.want) {
					t.Errorf("err = %v, want %v", err, tt.want)
				}
			})
		}
	})
}

func (h *house) newUser(t *testing.T, m onboard.Made, nick string) ids.ObjectID {
	t.Helper()
	domain := "contoso.example"
	if m == h.b {
		domain = "fabrikam.example"
	}
	body, _ := json.Marshal(map[string]any{
		"accountEnabled": true, "displayName": nick, "mailNickname": nick, "userPrincipalName": nick + "@" + domain,
		"passwordProfile": map[string]any{"password": "Correct-horse-8"},
	})
	return must(h.users.Create(t.Context(), admin(m), body))(t).ID
}

func TestOfferRefusals(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		own := must(h.apps.Create(t.Context(), admin(h.a), []byte(`{"displayName":"Own"}`), nil))(t)
		tests := []struct {
			name string
			app  ids.AppID
			want consent.Want
			err  error
		}{
			{"an application nobody knows", ids.New[ids.AppID](), consent.Want{}, consent.UnknownApplication},
			{"Microsoft Graph itself", app.GraphAppID, consent.Want{}, consent.UnknownApplication},
			{"a single-tenant application of another tenant", own.AppID, consent.Want{}, consent.SingleTenant},
			{"a scope that Graph does not have", h.app.AppID, consent.Want{Scopes: []string{"No.Such"}}, fault.Invalid},
			{"an unknown resource", h.app.AppID, consent.Want{Scopes: []string{"api://nobody/x"}}, consent.UnknownResource},
			{"a resource of which nothing is listed", h.app.AppID, consent.Want{Resource: "https://vault.azure.net"}, consent.NothingListed},
		}
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				if _, err := h.consent.Offer(t.Context(), h.b.Tenant, tt.app, tt.want); !errors.Is(err, tt.err) {
					t.Errorf("err = %v, want %v", err, tt.err)
				}
			})
		}
	})
}

func TestNobodyAcceptsWhatTheyDidNotSee(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		o := must(h.consent.Offer(t.Context(), h.b.Tenant, h.app.AppID, consent.Want{}))(t)
		must(h.apps.Update(t.Context(), admin(h.a), h.app.ID, []byte(`{"requiredResourceAccess":[{"resourceAppId":"00000003-0000-0000-c000-000000000000",
			"resourceAccess":[{"id":"`+groupReadAll+`","type":"Role"}]}]}`)))(t)
		_, err := h.consent.AdminConsent(t.Context(), admin(h.b), consent.Accept{AppID: h.app.AppID, Shown: o.Digest})
		if !errors.Is(err, consent.OfferChanged) {
			t.Errorf("err = %v, want OfferChanged", err)
		}
		if roles, _ := h.rights(t, h.b.Tenant); roles != nil {
			t.Errorf("roles %v, want none", roles)
		}
	})
}

func TestARoleSwitchedOffAtHomeCountsNowhere(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		api := must(h.apps.Create(t.Context(), admin(h.b), []byte(`{"displayName":"Orders","appRoles":[
			{"id":"11111111-1111-4111-8111-111111111111","displayName":"Read orders","value":"Orders.Read","isEnabled":true,"allowedMemberTypes":["Application"]}]}`), nil))(t)
		sp := must(h.apps.CreatePrincipal(t.Context(), admin(h.b), api.AppID, []byte(`{}`), nil))(t)
		client := must(h.apps.CreatePrincipal(t.Context(), admin(h.b), h.app.AppID, []byte(`{}`), nil))(t)
		role := api.AppRoles[0].ID
		must(h.consent.Assign(t.Context(), admin(h.b), client.ID, sp.ID, role, time.Time{}))(t)
		if _, err := h.consent.Assign(t.Context(), admin(h.b), client.ID, sp.ID, role, time.Time{}); !errors.Is(err, consent.AlreadyAssigned) {
			t.Errorf("assigned twice: err = %v, want AlreadyAssigned", err)
		}
		values := func() (g consent.Granted) {
			if err := h.db.View(t.Context(), func(tx *sqldb.Tx) (err error) {
				g, err = consent.RolesNow(t.Context(), tx, h.b.Tenant, client.ID, sp.ID)
				return err
			}); err != nil {
				t.Fatal(err)
			}
			return g
		}
		if g := values(); !slices.Equal(g.Values, []string{"Orders.Read"}) || !g.Unmarked() {
			t.Errorf("got %v, want Orders.Read, not marked as used", g)
		}
		if err := h.db.Update(t.Context(), func(tx *sqldb.Tx) error { return values().MarkUsed(t.Context(), tx, h.b.Tenant) }); err == nil {
			if values().Unmarked() {
				t.Error("still unmarked after MarkUsed")
			}
		} else {
			t.Fatal(err)
		}
		must(h.apps.Update(t.Context(), admin(h.b), api.ID, []byte(`{"appRoles":[
			{"id":"11111111-1111-4111-8111-111111111111","displayName":"Read orders","value":"Orders.Read","isEnabled":false,"allowedMemberTypes":["Application"]}]}`)))(t)
		if g := values(); g.Values != nil || g.Any {
			t.Errorf("switched off: got %v, want nothing", g)
		}
	})
}

func TestGrants(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		client := must(h.apps.CreatePrincipal(ctx, admin(h.b), h.app.AppID, []byte(`{}`), nil))(t)
		var graph *app.ServicePrincipal
		if err := h.db.View(ctx, func(tx *sqldb.Tx) (err error) {
			graph, err = app.PrincipalByAppID(ctx, tx, h.b.Tenant, app.GraphAppID)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		g := must(consent.NewGrant(h.b.Tenant, client.ID, graph.ID, "", consent.AllPrincipals))(t)
		g = must(h.consent.Grant(ctx, admin(h.b), g, " User.Read  openid User.Read", time.Time{}))(t)
		if g.Scope != "User.Read openid" {
			t.Errorf("scope = %q", g.Scope)
		}
		if _, err := h.consent.Grant(ctx, admin(h.b), g, "User.Read", time.Time{}); !errors.Is(err, consent.GrantExists) {
			t.Errorf("twice: err = %v, want GrantExists", err)
		}
		g = must(h.consent.SetScope(ctx, admin(h.b), g.ID, "openid profile"))(t)
		if g.Scope != "openid profile" {
			t.Errorf("after a change: scope = %q, want openid profile", g.Scope)
		}
		if _, err := h.consent.SetScope(ctx, admin(h.a), g.ID, "openid"); !errors.Is(err, fault.NotFound) {
			t.Errorf("from another tenant: err = %v, want NotFound", err)
		}
		if err := h.consent.Revoke(ctx, admin(h.b), g.ID); err != nil {
			t.Fatal(err)
		}
		var page object.Page[consent.Grant]
		if err := h.db.View(ctx, func(tx *sqldb.Tx) (err error) {
			page, err = consent.ListGrants(ctx, tx, h.b.Tenant, consent.OfClient(client.ID), query.Query{})
			return err
		}); err != nil || len(page.Items) != 0 {
			t.Errorf("after revoking: %v, %v, want none", page.Items, err)
		}
	})
}

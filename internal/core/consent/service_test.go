package consent_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"entente/internal/core/app"
	"entente/internal/core/audit"
	"entente/internal/core/authz"
	"entente/internal/core/consent"
	"entente/internal/core/object"
	"entente/internal/enttest/house"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
	"entente/internal/kit/sqldb"
)

const (
	userReadAll   = "df021288-bdef-4463-88db-98f22de89214"
	groupReadAll  = "5b567255-7703-4780-807c-7be8301ae99b"
	userReadScope = "e1fe6dd8-ba31-4d61-89e7-88639da4683d"
)

// A stage is a house with a multi-tenant application of A in it.
type stage struct {
	*house.House
	app *app.Application
}

func each(t *testing.T, test func(t *testing.T, h *stage)) {
	house.Each(t, func(t *testing.T, h *house.House) {
		a := must(h.Apps.Create(t.Context(), h.A.Admin, []byte(`{"displayName":"Directory sync","signInAudience":"AzureADMultipleOrgs",
			"requiredResourceAccess":[{"resourceAppId":"00000003-0000-0000-c000-000000000000","resourceAccess":[
			{"id":"`+userReadAll+`","type":"Role"},{"id":"`+userReadScope+`","type":"Scope"}]}]}`), nil))(t)
		test(t, &stage{h, a})
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

func (h *stage) offer(ctx context.Context, tenant ids.TenantID, appID ids.AppID, want consent.Want) (o *consent.Offer, err error) {
	err = h.DB.View(ctx, func(tx *sqldb.Tx) error {
		o, err = consent.MakeOffer(ctx, tx, tenant, appID, want)
		return err
	})
	return o, err
}

func (h *stage) consent(ctx context.Context, who authz.Caller, in consent.Accept) (o *consent.Offer, err error) {
	err = h.DB.Update(ctx, func(tx *sqldb.Tx) error {
		o, err = consent.GrantOffer(ctx, tx, who, in)
		return err
	})
	return o, err
}

// accept consents as who to what the application asks, until a time.
func (h *stage) accept(ctx context.Context, who authz.Caller, until time.Time) error {
	o, err := h.offer(ctx, who.Tenant, h.app.AppID, consent.Want{})
	if err != nil {
		return err
	}
	_, err = h.consent(ctx, who, consent.Accept{AppID: h.app.AppID, Shown: o.Digest, Until: until})
	return err
}

// rights returns the roles and scopes of the application in a tenant now.
func (h *stage) rights(t *testing.T, tenant ids.TenantID) (roles, scopes []string) {
	t.Helper()
	err := h.DB.View(t.Context(), func(tx *sqldb.Tx) error {
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
	each(t, func(t *testing.T, h *stage) {
		if err := h.accept(t.Context(), h.B.Admin, time.Time{}); err != nil {
			t.Fatal(err)
		}
		roles, scopes := h.rights(t, h.B.ID)
		if !slices.Equal(roles, []string{"User.Read.All"}) || !slices.Equal(scopes, []string{"User.Read"}) {
			t.Errorf("in B: roles %v, scopes %v", roles, scopes)
		}
		if roles, scopes := h.rights(t, h.A.ID); roles != nil || scopes != nil {
			t.Errorf("in A: roles %v, scopes %v, want none", roles, scopes)
		}
		o := must(h.offer(t.Context(), h.B.ID, h.app.AppID, consent.Want{}))(t)
		if len(o.New()) != 0 {
			t.Errorf("asked again: %v", o.New())
		}
		if err := h.accept(t.Context(), h.B.Admin, time.Time{}); err != nil {
			t.Errorf("a second consent: %v, want none", err)
		}
	})
}

func TestConsentIsInBothLogsUnderOneIdentifier(t *testing.T) {
	each(t, func(t *testing.T, h *stage) {
		if err := h.accept(t.Context(), h.B.Admin, time.Time{}); err != nil {
			t.Fatal(err)
		}
		crossing := make(map[ids.TenantID]ids.CrossingID)
		for _, m := range []house.Tenant{h.A, h.B} {
			var entries []audit.Stored
			err := h.DB.View(t.Context(), func(tx *sqldb.Tx) (err error) {
				entries, err = audit.Entries(t.Context(), tx, m.ID, "", 100)
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
					crossing[m.ID] = e.Crossing
				}
			}
		}
		if c := crossing[h.A.ID]; c == "" || c != crossing[h.B.ID] {
			t.Errorf("crossing identifiers %v, want one for both", crossing)
		}
	})
}

func TestConsentEndsToTheSecond(t *testing.T) {
	each(t, func(t *testing.T, h *stage) {
		if err := h.accept(t.Context(), h.B.Admin, h.Clock.Now().Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		h.Clock.Advance(time.Hour - time.Microsecond)
		if roles, _ := h.rights(t, h.B.ID); len(roles) != 1 {
			t.Errorf("before the end: roles %v, want one", roles)
		}
		h.Clock.Advance(time.Microsecond)
		if roles, scopes := h.rights(t, h.B.ID); roles != nil || scopes != nil {
			t.Errorf("at the end: roles %v, scopes %v, want none", roles, scopes)
		}
		if n := must(h.Consent.EndDue(t.Context(), 10))(t); n != 1 {
			t.Errorf("ended %d causes, want 1", n)
		}
		if n := must(h.Consent.EndDue(t.Context(), 10))(t); n != 0 {
			t.Errorf("ended %d causes again, want 0", n)
		}
		err := h.DB.View(t.Context(), func(tx *sqldb.Tx) error {
			_, err := app.PrincipalByAppID(t.Context(), tx, h.B.ID, h.app.AppID)
			return err
		})
		if !errors.Is(err, fault.NotFound) {
			t.Errorf("the service principal without cause: err = %v, want NotFound", err)
		}
	})
}

func TestAnEndTakesOnlyWhatItGave(t *testing.T) {
	each(t, func(t *testing.T, h *stage) {
		until := h.Clock.Now().Add(time.Hour)
		if err := h.accept(t.Context(), h.B.Admin, until); err != nil {
			t.Fatal(err)
		}
		if err := h.accept(t.Context(), h.B.Admin, time.Time{}); err != nil { // renewed, for good
			t.Fatal(err)
		}
		h.Clock.Advance(2 * time.Hour)
		must(h.Consent.EndDue(t.Context(), 10))(t)
		if roles, scopes := h.rights(t, h.B.ID); len(roles) != 1 || len(scopes) != 1 {
			t.Errorf("after the first end: roles %v, scopes %v, want what the second consent gave", roles, scopes)
		}
	})
}

// TestEndsThatAreDueTogether has two consents to the same end at one time: what both
// gave goes once, and the log says so once.
func TestEndsThatAreDueTogether(t *testing.T) {
	each(t, func(t *testing.T, h *stage) {
		for _, after := range []time.Duration{time.Hour, 2 * time.Hour} {
			if err := h.accept(t.Context(), h.B.Admin, h.Clock.Now().Add(after)); err != nil {
				t.Fatal(err)
			}
		}
		h.Clock.Advance(2 * time.Hour)
		if n := must(h.Consent.EndDue(t.Context(), 10))(t); n != 2 {
			t.Errorf("ended %d causes, want 2", n)
		}
		var gone []string
		err := h.DB.View(t.Context(), func(tx *sqldb.Tx) error {
			if _, err := app.PrincipalByAppID(t.Context(), tx, h.B.ID, h.app.AppID); !errors.Is(err, fault.NotFound) {
				t.Errorf("the service principal without cause: err = %v, want NotFound", err)
			}
			return tx.Each(t.Context(), `select activity from audit_entry where tenant_id = ? and by_name = 'End of consent' order by activity, id`, []any{h.B.ID},
				func(scan func(...any) error) error {
					var activity string
					err := scan(&activity)
					gone = append(gone, activity)
					return err
				})
		})
		if err != nil {
			t.Fatal(err)
		}
		if len(gone) == 0 || len(slices.Compact(slices.Clone(gone))) != len(gone) {
			t.Errorf("the log says %q, want each thing that went once", gone)
		}
	})
}

func TestWhoMayConsent(t *testing.T) {
	each(t, func(t *testing.T, h *stage) {
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
				id := h.AddUser(t, h.B, string(ids.New[ids.ObjectID]())[:8]).ID
				if tt.role != "" {
					if err := h.DB.Update(t.Context(), func(tx *sqldb.Tx) error {
						return authz.Assign(t.Context(), tx, h.B.ID, id, tt.role)
					}); err != nil {
						t.Fatal(err)
					}
				}
				if err := h.accept(t.Context(), house.Person(h.B.ID, id), time.Time{}); !errors.Is(err, tt.want) {
					t.Errorf("err = %v, want %v", err, tt.want)
				}
			})
		}
	})
}

func TestOfferRefusals(t *testing.T) {
	each(t, func(t *testing.T, h *stage) {
		own := must(h.Apps.Create(t.Context(), h.A.Admin, []byte(`{"displayName":"Own"}`), nil))(t)
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
				if _, err := h.offer(t.Context(), h.B.ID, tt.app, tt.want); !errors.Is(err, tt.err) {
					t.Errorf("err = %v, want %v", err, tt.err)
				}
			})
		}
	})
}

func TestNobodyAcceptsWhatTheyDidNotSee(t *testing.T) {
	each(t, func(t *testing.T, h *stage) {
		o := must(h.offer(t.Context(), h.B.ID, h.app.AppID, consent.Want{}))(t)
		must(h.Apps.Update(t.Context(), h.A.Admin, h.app.ID, []byte(`{"requiredResourceAccess":[{"resourceAppId":"00000003-0000-0000-c000-000000000000",
			"resourceAccess":[{"id":"`+groupReadAll+`","type":"Role"}]}]}`)))(t)
		_, err := h.consent(t.Context(), h.B.Admin, consent.Accept{AppID: h.app.AppID, Shown: o.Digest})
		if !errors.Is(err, consent.OfferChanged) {
			t.Errorf("err = %v, want OfferChanged", err)
		}
		if roles, _ := h.rights(t, h.B.ID); roles != nil {
			t.Errorf("roles %v, want none", roles)
		}
	})
}

// TestNobodyRenewsWhatWasThere: what the page said was granted before is not
// granted again because somebody revoked it meanwhile.
func TestNobodyRenewsWhatWasThere(t *testing.T) {
	each(t, func(t *testing.T, h *stage) {
		ctx := t.Context()
		if err := h.accept(ctx, h.B.Admin, time.Time{}); err != nil {
			t.Fatal(err)
		}
		o := must(h.offer(ctx, h.B.ID, h.app.AppID, consent.Want{}))(t)
		var grants object.Page[consent.Grant]
		if err := h.DB.View(ctx, func(tx *sqldb.Tx) (err error) {
			grants, err = consent.ListGrants(ctx, tx, h.B.ID, consent.AllGrants(), query.Query{})
			return err
		}); err != nil || len(grants.Items) != 1 {
			t.Fatalf("grants: %v, %v, want one", grants.Items, err)
		}
		if err := h.Consent.Revoke(ctx, h.B.Admin, grants.Items[0].ID); err != nil {
			t.Fatal(err)
		}
		_, err := h.consent(ctx, h.B.Admin, consent.Accept{AppID: h.app.AppID, Shown: o.Digest})
		if !errors.Is(err, consent.OfferChanged) {
			t.Errorf("err = %v, want OfferChanged", err)
		}
	})
}

func TestARoleSwitchedOffAtHomeCountsNowhere(t *testing.T) {
	each(t, func(t *testing.T, h *stage) {
		api := must(h.Apps.Create(t.Context(), h.B.Admin, []byte(`{"displayName":"Orders","appRoles":[
			{"id":"11111111-1111-4111-8111-111111111111","displayName":"Read orders","value":"Orders.Read","isEnabled":true,"allowedMemberTypes":["Application"]}]}`), nil))(t)
		sp := must(h.Apps.CreatePrincipal(t.Context(), h.B.Admin, api.AppID, []byte(`{}`), nil))(t)
		client := must(h.Apps.CreatePrincipal(t.Context(), h.B.Admin, h.app.AppID, []byte(`{}`), nil))(t)
		role := api.AppRoles[0].ID
		must(h.Consent.Assign(t.Context(), h.B.Admin, client.ID, sp.ID, role, time.Time{}))(t)
		if _, err := h.Consent.Assign(t.Context(), h.B.Admin, client.ID, sp.ID, role, time.Time{}); !errors.Is(err, consent.AlreadyAssigned) {
			t.Errorf("assigned twice: err = %v, want AlreadyAssigned", err)
		}
		values := func() (g consent.Granted) {
			if err := h.DB.View(t.Context(), func(tx *sqldb.Tx) (err error) {
				g, err = consent.RolesNow(t.Context(), tx, h.B.ID, client.ID, sp.ID)
				return err
			}); err != nil {
				t.Fatal(err)
			}
			return g
		}
		if g := values(); !slices.Equal(g.Values, []string{"Orders.Read"}) || !g.Unmarked() {
			t.Errorf("got %v, want Orders.Read, not marked as used", g)
		}
		if err := h.DB.Update(t.Context(), func(tx *sqldb.Tx) error { return values().MarkUsed(t.Context(), tx, h.B.ID) }); err == nil {
			if values().Unmarked() {
				t.Error("still unmarked after MarkUsed")
			}
		} else {
			t.Fatal(err)
		}
		must(h.Apps.Update(t.Context(), h.B.Admin, api.ID, []byte(`{"appRoles":[
			{"id":"11111111-1111-4111-8111-111111111111","displayName":"Read orders","value":"Orders.Read","isEnabled":false,"allowedMemberTypes":["Application"]}]}`)))(t)
		if g := values(); g.Values != nil || g.Any {
			t.Errorf("switched off: got %v, want nothing", g)
		}
	})
}

// TestNewScopesProlongNone: whoever adds a scope to a grant gives that scope,
// and nothing to those that were granted until a time.
func TestNewScopesProlongNone(t *testing.T) {
	each(t, func(t *testing.T, h *stage) {
		ctx := t.Context()
		if err := h.accept(ctx, h.B.Admin, h.Clock.Now().Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		var page object.Page[consent.Grant]
		if err := h.DB.View(ctx, func(tx *sqldb.Tx) (err error) {
			page, err = consent.ListGrants(ctx, tx, h.B.ID, consent.AllGrants(), query.Query{})
			return err
		}); err != nil || len(page.Items) != 1 {
			t.Fatalf("grants: %v, %v, want one", page.Items, err)
		}
		must(h.Consent.SetScope(ctx, h.B.Admin, page.Items[0].ID, "User.Read openid"))(t)
		h.Clock.Advance(time.Hour)
		if _, scopes := h.rights(t, h.B.ID); !slices.Equal(scopes, []string{"openid"}) {
			t.Errorf("after the end: scopes %v, want openid", scopes)
		}
		var entries []audit.Stored
		if err := h.DB.View(ctx, func(tx *sqldb.Tx) (err error) {
			entries, err = audit.Entries(ctx, tx, h.A.ID, string(page.Items[0].ClientID), 10)
			return err
		}); err != nil || !slices.ContainsFunc(entries, func(e audit.Stored) bool { return e.Activity == "Update delegated permission grant" }) {
			t.Errorf("in the log of the application's home: %v, %v", entries, err)
		}
	})
}

func TestGrants(t *testing.T) {
	each(t, func(t *testing.T, h *stage) {
		ctx := t.Context()
		client := must(h.Apps.CreatePrincipal(ctx, h.B.Admin, h.app.AppID, []byte(`{}`), nil))(t)
		var graph *app.ServicePrincipal
		if err := h.DB.View(ctx, func(tx *sqldb.Tx) (err error) {
			graph, err = app.PrincipalByAppID(ctx, tx, h.B.ID, app.GraphAppID)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		g := must(consent.NewGrant(h.B.ID, client.ID, graph.ID, "", consent.AllPrincipals))(t)
		g = must(h.Consent.Grant(ctx, h.B.Admin, g, " User.Read  openid User.Read", time.Time{}))(t)
		if g.Scope != "User.Read openid" {
			t.Errorf("scope = %q", g.Scope)
		}
		if _, err := h.Consent.Grant(ctx, h.B.Admin, g, "User.Read", time.Time{}); !errors.Is(err, consent.GrantExists) {
			t.Errorf("twice: err = %v, want GrantExists", err)
		}
		g = must(h.Consent.SetScope(ctx, h.B.Admin, g.ID, "openid profile"))(t)
		if g.Scope != "openid profile" {
			t.Errorf("after a change: scope = %q, want openid profile", g.Scope)
		}
		if _, err := h.Consent.SetScope(ctx, h.A.Admin, g.ID, "openid"); !errors.Is(err, fault.NotFound) {
			t.Errorf("from another tenant: err = %v, want NotFound", err)
		}
		if err := h.Consent.Revoke(ctx, h.B.Admin, g.ID); err != nil {
			t.Fatal(err)
		}
		var page object.Page[consent.Grant]
		if err := h.DB.View(ctx, func(tx *sqldb.Tx) (err error) {
			page, err = consent.ListGrants(ctx, tx, h.B.ID, consent.OfClient(client.ID), query.Query{})
			return err
		}); err != nil || len(page.Items) != 0 {
			t.Errorf("after revoking: %v, %v, want none", page.Items, err)
		}
	})
}

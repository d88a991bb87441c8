package sts_test

import (
	"context"
	"testing"

	"entente/internal/core/authz"
	"entente/internal/core/consent"
	"entente/internal/core/tenant"
	"entente/internal/core/token"
	"entente/internal/enttest/crossing"
	"entente/internal/flow/sts"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// caller returns the visitor's person as who decides at sign-in.
func (v *visitor) caller() authz.Caller {
	return authz.Caller{Tenant: v.B, Subject: ids.Principal{Kind: ids.Person, Home: v.B, ID: v.user.ID}, Object: v.user.ID, Name: v.user.UserPrincipalName}
}

// consents has the person agree for themselves to a scope.
func (v *visitor) consents(scope string) {
	v.t.Helper()
	v.update(func(ctx context.Context, tx *sqldb.Tx) error {
		p := consent.Plea{AppID: v.App, Scope: scope}
		q, err := consent.MakeQuestion(ctx, tx, v.caller(), p)
		if err != nil {
			return err
		}
		_, err = consent.Agree(ctx, tx, v.caller(), consent.Agreement{Plea: p, Shown: q.Digest})
		return err
	})
}

// TestWhatAPersonConsentedTo is what the token says, for them and for nobody
// else; taken back, the next request is refused.
func TestWhatAPersonConsentedTo(t *testing.T) {
	eachVisitor(t, func(t *testing.T, v *visitor) {
		v.ok(v.Consent.Revoke(t.Context(), crossing.System(v.B), ids.GrantIDOf(v.Principal, v.graph, "")))
		v.ok(tenant.NewService(v.DB).UpdateAuthorization(t.Context(), crossing.System(v.B), []byte(
			`{"defaultUserRolePermissions":{"permissionGrantPoliciesAssigned":["`+tenant.ForSelf+string(tenant.ConsentAll)+`"]}}`)))
		code := func(scope string) string { return v.code(func(c *token.Code) { c.Scope = scope }) }
		v.refused(v.form(code("openid")), sts.NoConsent)
		v.refused(v.form(code(string(v.App)+"/.default openid")), sts.NoConsent)

		v.consents("openid profile offline_access User.Read")
		res := v.get(v.form(code("openid profile offline_access User.Read")))
		if got := claimsOf(t, res.Token.Text)["scp"]; got != "User.Read openid profile" {
			t.Errorf("scp = %v", got)
		}
		v.get(v.form(code(string(v.App) + "/.default openid")))
		v.refused(v.form(code("User.Read User.ReadBasic.All")), sts.NoConsent)
		v.consents("User.ReadBasic.All")
		if got := claimsOf(t, v.get(v.form(code("https://graph.microsoft.com/.default"))).Token.Text)["scp"]; got != "User.Read User.ReadBasic.All openid profile" {
			t.Errorf("scp = %v", got)
		}

		other := *v
		other.user = v.create(v.B, "fabrikam.example", "other")
		other.refused(other.form(other.code(func(c *token.Code) { c.Scope = "openid" })), sts.NoConsent)

		open, later := code("openid User.Read"), res.Refresh
		v.update(func(ctx context.Context, tx *sqldb.Tx) error {
			id, err := consent.TakeBack(ctx, tx, v.caller(), v.Principal)
			if err != nil {
				return err
			}
			if id != v.App {
				t.Errorf("taken back from %s", id)
			}
			n, err := token.RevokeClient(ctx, tx, v.caller().Subject, id, 10)
			if n == 0 {
				t.Error("no refresh token was ended")
			}
			return err
		})
		v.refused(v.form(open), sts.NoConsent)
		v.refused(v.again(later), token.RefreshRevoked)
		v.refused(v.form(code("openid")), sts.NoConsent)
	})
}

// TestAuthorizedAhead: a client that an API has authorized ahead gets a token
// for it, and for nothing else; with the manifest's word, that ends.
func TestAuthorizedAhead(t *testing.T) {
	eachVisitor(t, func(t *testing.T, v *visitor) {
		v.ok(v.Consent.Revoke(t.Context(), crossing.System(v.B), ids.GrantIDOf(v.Principal, v.graph, "")))
		apps := v.Apps
		api, err := apps.Create(t.Context(), crossing.System(v.B), []byte(`{"displayName":"Ledger","api":{"oauth2PermissionScopes":[
			{"id":"22222222-2222-4222-8222-222222222222","value":"ledger.read","type":"Admin","isEnabled":true,"adminConsentDisplayName":"x","adminConsentDescription":"x"}]}}`), nil)
		v.ok(err)
		_, err = apps.CreatePrincipal(t.Context(), crossing.System(v.B), api.AppID, []byte(`{}`), nil)
		v.ok(err)
		authorize := func(list string) {
			t.Helper()
			_, err := apps.Update(t.Context(), crossing.System(v.B), api.ID, []byte(`{"api":{"preAuthorizedApplications":[`+list+`]}}`))
			v.ok(err)
		}
		code := func(scope string) string { return v.code(func(c *token.Code) { c.Scope = scope }) }
		scope := "openid offline_access " + string(api.AppID) + "/ledger.read"
		v.refused(v.form(code(scope)), sts.NoConsent)
		authorize(`{"appId":"` + string(v.App) + `","delegatedPermissionIds":["22222222-2222-4222-8222-222222222222"]}`)
		got := v.get(v.form(code(scope)))
		if says := claimsOf(t, got.Token.Text); says["scp"] != "ledger.read" || got.ID == "" {
			t.Errorf("the token says %v, the ID token is %q", says, got.ID)
		}
		v.get(v.form(code("openid " + string(api.AppID) + "/.default")))
		v.refused(v.form(code("openid User.Read")), sts.NoConsent)
		v.refused(v.again(got.Refresh, "scope", "User.Read"), sts.NoConsent)
		authorize(``)
		v.refused(v.again(got.Refresh, "scope", scope), sts.NoConsent)
	})
}

package consent_test

import (
	"slices"
	"testing"

	"entente/internal/core/consent"
	"entente/internal/core/tenant"
	"entente/internal/enttest/house"
	"entente/internal/kit/ids"
)

// TestAuthorizedAhead: whom an API has authorized ahead asks nobody for its
// scopes, where the tenant has both, and for no others.
func TestAuthorizedAhead(t *testing.T) {
	each(t, func(t *testing.T, h *stage) {
		const read, write = "22222222-2222-4222-8222-222222222222", "33333333-3333-4333-8333-333333333333"
		scope := func(id, value, enabled string) string {
			return `{"id":"` + id + `","value":"` + value + `","type":"Admin","isEnabled":` + enabled + `,"adminConsentDisplayName":"x","adminConsentDescription":"x"}`
		}
		authorize := func(client, ids string) []byte {
			return []byte(`{"api":{"preAuthorizedApplications":[{"appId":"` + client + `","delegatedPermissionIds":[` + ids + `]}]}}`)
		}
		h.policy(t, tenant.ConsentNone)
		api := must(h.Apps.Create(t.Context(), h.B.Admin, []byte(`{"displayName":"Ledger","api":{"oauth2PermissionScopes":[`+scope(read, "read", "true")+`,`+scope(write, "write", "true")+`]}}`), nil))(t)
		client := must(h.Apps.Create(t.Context(), h.B.Admin, []byte(`{"displayName":"Ledger's page"}`), nil))(t)
		in := func(appID ids.AppID) {
			t.Helper()
			must(h.Apps.CreatePrincipal(t.Context(), h.B.Admin, appID, []byte(`{}`), nil))(t)
		}
		clerk := house.Person(h.B.ID, h.AddUser(t, h.B, "clerk").ID)
		ask := func(scope string) *consent.Question {
			t.Helper()
			return must(h.question(t, clerk, consent.Plea{AppID: client.AppID, Scope: scope}))(t)
		}
		name := string(api.AppID)
		both := "openid profile offline_access " + name + "/read"
		want := func(when, scope string, verdict consent.Verdict, missing ...string) {
			t.Helper()
			if q := ask(scope); q.Verdict != verdict || !slices.Equal(values(q.Missing()), missing) {
				t.Errorf("%s, %s: %s, missing %v, want %s %v", when, scope, q.Verdict, values(q.Missing()), verdict, missing)
			}
		}
		in(api.AppID)
		must(h.Apps.Update(t.Context(), h.B.Admin, api.ID, authorize(string(client.AppID), `"`+read+`"`)))(t)
		want("a client that the tenant does not have", both, consent.NeedsAdministrator, "read", "openid", "profile", "offline_access")
		in(client.AppID)
		want("authorized", both, consent.Agreed)
		want("authorized", name+"/.default openid", consent.Agreed)
		want("for one of two", name+"/read "+name+"/write", consent.NeedsAdministrator, "write")
		want("on another resource", "User.Read openid", consent.NeedsAdministrator, "User.Read", "openid")
		want("without the resource", "openid", consent.NeedsAdministrator, "openid")

		must(h.Apps.Update(t.Context(), h.B.Admin, api.ID, authorize(string(h.app.AppID), `"`+read+`"`)))(t)
		want("another client is", both, consent.NeedsAdministrator, "read", "openid", "profile", "offline_access")
		must(h.Apps.Update(t.Context(), h.B.Admin, api.ID, authorize(string(client.AppID), `"`+read+`"`)))(t)
		must(h.Apps.Update(t.Context(), h.B.Admin, api.ID, []byte(`{"api":{"oauth2PermissionScopes":[`+scope(read, "read", "false")+`,`+scope(write, "write", "true")+`]}}`)))(t)
		if _, err := h.question(t, clerk, consent.Plea{AppID: client.AppID, Scope: both}); err == nil {
			t.Error("a scope that is switched off may be asked for")
		}
		want("its only scope is switched off", "openid "+name+"/write", consent.NeedsAdministrator, "write", "openid")
	})
}

package enttest_test

import (
	"net/http"
	"net/url"
	"testing"

	"entente/internal/enttest"
	"entente/internal/kit/sqldb"
)

// TestSignInsAreRead has a workload of A sign in at B, once with success and
// once refused. B reads both, with the credential and the number of the
// refusal; A reads neither there.
func TestSignInsAreRead(t *testing.T) {
	enttest.Each(t, func(t *testing.T, engine sqldb.Engine) {
		s := enttest.Start(t, enttest.Options{Engine: engine})
		i := s.Identity(t, s.A, "reader")
		h := s.Host(t, s.A, "runbooks", i)
		a := s.Application(t, s.A, "reader", true)
		credential := s.Trust(t, s.A, a, "runbooks", s.Issuer(s.A), i.Object)
		p := s.Present(t, s.B, a.AppID)
		s.Permit(t, s.B, p.ID, "User.Read.All")
		s.ByAssertion(t, s.B, a.AppID, h.Assertion(t, i), enttest.GraphScope).Token(t)
		refused := s.BySecret(t, s.B, a.AppID, "wrong", enttest.GraphScope)
		if refused.Status == http.StatusOK {
			t.Fatal("a wrong secret gets a token")
		}

		for _, tenant := range []*enttest.Tenant{s.A, s.B} {
			var client enttest.Principal
			s.Graph(t, tenant, http.MethodGet, "/v1.0/servicePrincipals(appId='"+tenant.ClientID+"')", nil, &client)
			s.Permit(t, tenant, client.ID, "AuditLog.Read.All")
		}

		type signIn struct {
			AppID              string `json:"appId"`
			ServicePrincipalID string `json:"servicePrincipalId"`
			Credential         string `json:"federatedCredentialId"`
			CredentialType     string `json:"clientCredentialType"`
			Home               string `json:"homeTenantId"`
			Resource           string `json:"resourceTenantId"`
			Token              string `json:"uniqueTokenIdentifier"`
			UserID             string `json:"userId"`
			Status             struct{ ErrorCode int }
			CreatedDateTime    string
		}
		read := func(of *enttest.Tenant, kind string) []signIn {
			t.Helper()
			var list struct{ Value []signIn }
			s.Graph(t, of, http.MethodGet, "/beta/auditLogs/signIns?$filter="+
				url.QueryEscape("signInEventTypes/any(t: t eq '"+kind+"') and servicePrincipalId eq '"+p.ID+"'"), nil, &list)
			return list.Value
		}
		list := read(s.B, "servicePrincipal")
		if len(list) != 2 {
			t.Fatalf("%d sign-ins at B, want 2: %+v", len(list), list)
		}
		good, bad := list[0], list[1] // of one second: in either order
		if good.Status.ErrorCode != 0 {
			good, bad = bad, good
		}
		if good.AppID != a.AppID || good.Credential != credential || good.CredentialType != "federatedIdentityCredential" || good.Home != s.A.ID ||
			good.Resource != s.B.ID || good.Token == "" || good.UserID != "" || good.Status.ErrorCode != 0 {
			t.Errorf("the sign-in is %+v", good)
		}
		if bad.Status.ErrorCode == 0 || bad.Token != "" || bad.CredentialType != "clientSecret" {
			t.Errorf("the refused one is %+v", bad)
		}
		if got := read(s.A, "servicePrincipal"); len(got) != 0 {
			t.Errorf("A sees B's sign-ins: %+v", got)
		}
		var own struct {
			Value []struct{ ManagedServiceIdentity map[string]any }
		}
		s.Graph(t, s.A, http.MethodGet, "/beta/auditLogs/signIns?$filter="+
			url.QueryEscape("signInEventTypes/any(t: t eq 'managedIdentity') and servicePrincipalId eq '"+i.Object+"'"), nil, &own)
		if len(own.Value) == 0 || own.Value[0].ManagedServiceIdentity["msiType"] != "userAssigned" {
			t.Errorf("the identity's own sign-in at A is %+v", own.Value)
		}
	})
}

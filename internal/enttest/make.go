package enttest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"testing"
	"time"

	gojose "github.com/go-jose/go-jose/v4"

	"entente/internal/kit/ids"
	"entente/internal/kit/jose"
	"entente/internal/kit/oauth2"
	"entente/internal/kit/secret"
)

// An Application is an application object.
type Application struct {
	ID    string
	AppID string
}

// Application makes an application in the tenant. Others may use it when
// multi is true.
func (s *Server) Application(t testing.TB, tenant *Tenant, name string, multi bool) (a Application) {
	t.Helper()
	audience := "AzureADMyOrg"
	if multi {
		audience = "AzureADMultipleOrgs"
	}
	s.Graph(t, tenant, http.MethodPost, "/v1.0/applications", map[string]any{"displayName": name, "signInAudience": audience}, &a)
	return a
}

// Trust gives the application a federated credential for the exchange audience
// and returns its identifier.
func (s *Server) Trust(t testing.TB, tenant *Tenant, a Application, name, issuer, subject string) string {
	t.Helper()
	var made struct{ ID string }
	s.Graph(t, tenant, http.MethodPost, "/v1.0/applications/"+a.ID+"/federatedIdentityCredentials", map[string]any{
		"name": name, "issuer": issuer, "subject": subject, "audiences": []string{ExchangeScope},
	}, &made)
	return made.ID
}

// Issuer returns the issuer of the tenant's version 2 tokens.
func (s *Server) Issuer(tenant *Tenant) string { return s.Name + "/" + tenant.ID + "/v2.0" }

// A Principal is a service principal with what it offers.
type Principal struct {
	ID       string
	AppRoles []struct{ ID, Value string }
}

// Present makes the application's service principal in the tenant.
func (s *Server) Present(t testing.TB, tenant *Tenant, appID string) (p Principal) {
	t.Helper()
	s.Graph(t, tenant, http.MethodPost, "/v1.0/servicePrincipals", map[string]any{"appId": appID}, &p)
	return p
}

// Permit grants a principal of the tenant an application permission of
// Microsoft Graph.
func (s *Server) Permit(t testing.TB, tenant *Tenant, principal, permission string) {
	t.Helper()
	graph := s.graph(t, tenant)
	i := slices.IndexFunc(graph.AppRoles, func(r struct{ ID, Value string }) bool { return r.Value == permission })
	if i < 0 {
		t.Fatalf("Microsoft Graph has no application permission %s", permission)
	}
	s.Graph(t, tenant, http.MethodPost, "/v1.0/servicePrincipals/"+graph.ID+"/appRoleAssignedTo", map[string]any{
		"principalId": principal, "resourceId": graph.ID, "appRoleId": graph.AppRoles[i].ID,
	}, nil)
}

// PermitOnce is Permit for a principal that may have the permission already.
func (s *Server) PermitOnce(t testing.TB, tenant *Tenant, principal, permission string) {
	t.Helper()
	var held struct{ Value []struct{ AppRoleID string } }
	s.Graph(t, tenant, http.MethodGet, "/v1.0/servicePrincipals/"+principal+"/appRoleAssignments", nil, &held)
	for _, r := range s.graph(t, tenant).AppRoles {
		for _, h := range held.Value {
			if r.Value == permission && h.AppRoleID == r.ID {
				return
			}
		}
	}
	s.Permit(t, tenant, principal, permission)
}

// Delegate grants a principal of the tenant delegated permissions of Microsoft
// Graph for everybody.
func (s *Server) Delegate(t testing.TB, tenant *Tenant, principal, scope string) {
	t.Helper()
	s.Graph(t, tenant, http.MethodPost, "/v1.0/oauth2PermissionGrants", map[string]any{
		"clientId": principal, "resourceId": s.graph(t, tenant).ID, "consentType": "AllPrincipals", "scope": scope,
	}, nil)
}

// graph returns Microsoft Graph's service principal in the tenant.
func (s *Server) graph(t testing.TB, tenant *Tenant) (p Principal) {
	t.Helper()
	s.Graph(t, tenant, http.MethodGet, "/v1.0/servicePrincipals(appId='00000003-0000-0000-c000-000000000000')", nil, &p)
	return p
}

// An Identity is a user-assigned managed identity.
type Identity struct {
	Resource string
	Client   string
	Object   string
}

// Identity makes a user-assigned managed identity in the tenant.
func (s *Server) Identity(t testing.TB, tenant *Tenant, name string) Identity {
	t.Helper()
	var made struct {
		ID         string
		Properties struct{ ClientID, PrincipalID string }
	}
	s.ARM(t, tenant, http.MethodPut, s.group(t, tenant)+"/providers/Microsoft.ManagedIdentity/userAssignedIdentities/"+name, place, &made)
	return Identity{made.ID, made.Properties.ClientID, made.Properties.PrincipalID}
}

var place = map[string]any{"location": "westeurope"}

func (s *Server) group(t testing.TB, tenant *Tenant) string {
	t.Helper()
	group := "/subscriptions/" + tenant.Subscription + "/resourceGroups/test"
	s.ARM(t, tenant, http.MethodPut, group, place, nil)
	return group
}

// A Host is an automation account's machine, with the key by which it proves
// itself.
type Host struct {
	Resource string
	server   *Server
	tenant   *Tenant
	id       string
	key      *jose.Signer
}

// Host makes an automation account with the identities and enrolls its machine.
func (s *Server) Host(t testing.TB, tenant *Tenant, name string, identities ...Identity) *Host {
	t.Helper()
	assigned := make(map[string]any)
	for _, i := range identities {
		assigned[i.Resource] = struct{}{}
	}
	h := &Host{server: s, tenant: tenant}
	var made struct{ ID string }
	path := s.group(t, tenant) + "/providers/Microsoft.Automation/automationAccounts/" + name
	s.ARM(t, tenant, http.MethodPut, path, map[string]any{
		"location": "westeurope", "identity": map[string]any{"type": "UserAssigned", "userAssignedIdentities": assigned},
	}, &made)
	h.Resource = made.ID
	var right struct{ Token string }
	s.ARM(t, tenant, http.MethodPost, path+"/createEnrollmentToken", nil, &right)
	h.enroll(t, right.Token)
	return h
}

func (h *Host) enroll(t testing.TB, right string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(t, err)
	jwk, err := json.Marshal(gojose.JSONWebKey{Key: key.Public(), KeyID: "host", Algorithm: "ES256", Use: "sig"})
	check(t, err)
	var made struct{ HostID string }
	a := h.server.As(t, "", http.MethodPost, "/host/enroll", map[string]any{"token": right, "key": json.RawMessage(jwk)})
	h.server.succeed(t, a, http.MethodPost, "/host/enroll", &made)
	h.id = made.HostID
	h.key, err = jose.NewSigner(crypto.Signer(key), jose.Header{Algorithm: jose.ES256, KeyID: "host"})
	check(t, err)
}

// Ask asks for a token of one of the host's identities, as its agent does.
func (h *Host) Ask(t testing.TB, identity, resource string) Answer {
	t.Helper()
	now, endpoint := h.server.Clock.Wall(), "/"+h.tenant.ID+"/oauth2/token"
	assertion, err := h.key.Sign(jose.Claims{
		Issuer: h.id, Subject: h.id, Audience: jose.Audience{h.server.Name + endpoint},
		IssuedAt: jose.Date{Time: now}, Expiry: jose.Date{Time: now.Add(time.Minute)}, ID: secret.Random(16),
	})
	check(t, err)
	return h.server.Post(t, endpoint, url.Values{
		"grant_type": {string(oauth2.ManagedIdentity)}, "client_id": {h.id}, "resource": {resource}, "mi_client_id": {identity},
		"client_assertion": {assertion}, "client_assertion_type": {assertionType},
	})
}

// Assertion returns an identity's token for the token exchange.
func (h *Host) Assertion(t testing.TB, i Identity) string {
	t.Helper()
	return h.Ask(t, i.Client, ExchangeScope).Token(t)
}

// NewID returns the identifier of nothing.
func NewID() string { return string(ids.New[ids.ObjectID]()) }

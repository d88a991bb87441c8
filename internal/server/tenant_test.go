package server

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestADisabledTenantDoesNothing switches a tenant off and asks at every door
// of it, with a token from before.
func TestADisabledTenantDoesNothing(t *testing.T) {
	s := open(t, settings(t), Options{})
	made, err := s.CreateTenant(t.Context(), TenantRequest{
		DisplayName: "Contoso", Initial: "contoso.onmicrosoft.com", Domain: "contoso.example",
		Admin: Person{UPN: "admin@contoso.example"}, Client: "Administration", Subscription: "Production",
	})
	if err != nil {
		t.Fatal(err)
	}
	graph, arm := tokenFor(t, s, made, "https://graph.microsoft.com"), tokenFor(t, s, made, "https://management.azure.com")
	doors := []struct{ name, method, path, token string }{
		{"a token", http.MethodPost, "/" + made.TenantID + "/oauth2/v2.0/token", ""},
		{"Microsoft Graph", http.MethodGet, "/v1.0/users", graph},
		{"Azure Resource Manager", http.MethodGet, "/subscriptions/" + made.SubscriptionID + "?api-version=2022-12-01", arm},
		{"admin consent", http.MethodGet, "/contoso.example/adminconsent?client_id=" + made.ClientID, ""},
	}
	check := func(open bool) {
		t.Helper()
		for _, d := range doors {
			if code := ask(s, made, d.method, d.path, d.token).Code; (code == http.StatusOK || code == http.StatusSeeOther) != open {
				t.Errorf("open %v: %s answers %d", open, d.name, code)
			}
		}
	}
	check(true)
	for _, name := range []string{"CONTOSO.example", made.TenantID} {
		if id, err := s.SetTenantEnabled(t.Context(), name, false); err != nil || id != made.TenantID {
			t.Fatalf("%s: %q, %v", name, id, err)
		}
	}
	check(false)
	var known []TenantKnown
	if err := s.Tenants(t.Context(), func(k TenantKnown) error { known = append(known, k); return nil }); err != nil {
		t.Fatal(err)
	}
	if len(known) != 1 || known[0] != (TenantKnown{made.TenantID, "Contoso", "contoso.example", false}) {
		t.Errorf("listed as %+v", known)
	}
	if _, err := s.SetTenantEnabled(t.Context(), made.TenantID, true); err != nil {
		t.Fatal(err)
	}
	check(true)
	if _, err := s.SetTenantEnabled(t.Context(), "nobody.example", false); err == nil {
		t.Error("a tenant that nobody knows was switched off")
	}
}

// ask sends a request, with the client's credentials as form when it posts.
func ask(s *Server, made *TenantMade, method, path, token string) *httptest.ResponseRecorder {
	form := "grant_type=client_credentials&scope=https://graph.microsoft.com/.default&client_id=" + made.ClientID + "&client_secret=" + made.ClientSecret
	req := httptest.NewRequest(method, "https://id.contoso.example"+path, strings.NewReader(form))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	rec := httptest.NewRecorder()
	s.Handler().ServeHTTP(rec, req)
	return rec
}

func tokenFor(t *testing.T, s *Server, made *TenantMade, resource string) string {
	t.Helper()
	form := "grant_type=client_credentials&scope=" + resource + "/.default&client_id=" + made.ClientID + "&client_secret=" + made.ClientSecret
	req := httptest.NewRequest(http.MethodPost, "https://id.contoso.example/contoso.example/oauth2/v2.0/token", strings.NewReader(form))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	rec := httptest.NewRecorder()
	s.Handler().ServeHTTP(rec, req)
	var answer struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.Unmarshal(rec.Body.Bytes(), &answer); err != nil || answer.AccessToken == "" {
		t.Fatalf("token for %s: %d %s", resource, rec.Code, rec.Body)
	}
	return answer.AccessToken
}

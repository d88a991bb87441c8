package enttest

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// The scopes of the installation's own resources.
const (
	GraphScope    = "https://graph.microsoft.com/.default"
	ARMScope      = "https://management.azure.com/.default"
	ExchangeScope = "api://AzureADTokenExchange"
)

const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// An Answer is what a server said.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Into reads the body, which must be JSON.
func (a Answer) Into(t testing.TB, dest any) {
	t.Helper()
	if err := json.Unmarshal(a.Body, dest); err != nil {
		t.Fatalf("status %d, the body is no JSON: %v\n%.500s", a.Status, err, a.Body)
	}
}

// Number returns the AADSTS number of a refusal by the token endpoint, or 0.
func (a Answer) Number(t testing.TB) int {
	t.Helper()
	var body struct {
		Codes       []int  `json:"error_codes"`
		Description string `json:"error_description"`
	}
	if a.Into(t, &body); len(body.Codes) == 0 {
		return 0
	}
	return body.Codes[0]
}

// Code returns the code of a refusal by Graph or Azure Resource Manager, or "".
func (a Answer) Code(t testing.TB) string {
	t.Helper()
	var body struct{ Error struct{ Code string } }
	a.Into(t, &body)
	return body.Error.Code
}

// Token returns the access token of a granted request.
func (a Answer) Token(t testing.TB) string {
	t.Helper()
	var body struct {
		Token string `json:"access_token"`
	}
	if a.Into(t, &body); a.Status != http.StatusOK || body.Token == "" {
		t.Fatalf("no token: status %d, %s", a.Status, a.Body)
	}
	return body.Token
}

// Claims returns what a token says.
func Claims(t testing.TB, token string) map[string]any {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("%.100q is no token", token)
	}
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	check(t, err)
	claims := make(map[string]any)
	check(t, json.Unmarshal(text, &claims))
	return claims
}

// Do sends a request and reads the whole answer.
func (s *Server) Do(t testing.TB, req *http.Request) Answer {
	t.Helper()
	res, err := s.HTTP.Do(req)
	check(t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	check(t, err)
	return Answer{res.StatusCode, res.Header, body}
}

// Post posts a form to a path of the server.
func (s *Server) Post(t testing.TB, path string, form url.Values) Answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.Name+path, strings.NewReader(form.Encode()))
	check(t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return s.Do(t, req)
}

// As sends in, if it is not nil, as JSON to a path, with a bearer token unless
// that is empty.
func (s *Server) As(t testing.TB, token, method, path string, in any) Answer {
	t.Helper()
	var body io.Reader
	if in != nil {
		text, err := json.Marshal(in)
		check(t, err)
		body = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, s.Name+path, body)
	check(t, err)
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	return s.Do(t, req)
}

// BySecret asks a tenant for a token by a client's secret.
func (s *Server) BySecret(t testing.TB, tenant *Tenant, client, password, scope string) Answer {
	t.Helper()
	return s.Post(t, "/"+tenant.ID+"/oauth2/v2.0/token", url.Values{
		"grant_type": {"client_credentials"}, "client_id": {client}, "client_secret": {password}, "scope": {scope},
	})
}

// ByAssertion asks a tenant for a token by an assertion.
func (s *Server) ByAssertion(t testing.TB, tenant *Tenant, client, assertion, scope string) Answer {
	t.Helper()
	return s.Post(t, "/"+tenant.ID+"/oauth2/v2.0/token", url.Values{
		"grant_type": {"client_credentials"}, "client_id": {client}, "scope": {scope},
		"client_assertion": {assertion}, "client_assertion_type": {assertionType},
	})
}

// Admin returns a token of the client that may administer the tenant.
func (s *Server) Admin(t testing.TB, tenant *Tenant, scope string) string {
	t.Helper()
	return s.BySecret(t, tenant, tenant.ClientID, tenant.ClientSecret, scope).Token(t)
}

// Graph has the tenant's administering client do something through Microsoft
// Graph, which must succeed, and reads the answer into out, if it is not nil.
func (s *Server) Graph(t testing.TB, tenant *Tenant, method, path string, in, out any) {
	t.Helper()
	s.succeed(t, s.As(t, s.Admin(t, tenant, GraphScope), method, path, in), method, path, out)
}

// ARM is Graph for Azure Resource Manager.
func (s *Server) ARM(t testing.TB, tenant *Tenant, method, path string, in, out any) {
	t.Helper()
	path += "?api-version=2024-11-30"
	s.succeed(t, s.As(t, s.Admin(t, tenant, ARMScope), method, path, in), method, path, out)
}

func (s *Server) succeed(t testing.TB, a Answer, method, path string, out any) {
	t.Helper()
	if a.Status >= 300 {
		t.Fatalf("%s %s: status %d, %s", method, path, a.Status, a.Body)
	}
	if out != nil && len(a.Body) > 0 {
		a.Into(t, out)
	}
}

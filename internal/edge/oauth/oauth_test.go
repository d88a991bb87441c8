package oauth_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"entente/internal/core/tenant"
	"entente/internal/edge/oauth"
	"entente/internal/enttest/crossing"
	"entente/internal/enttest/dbtest"
	"entente/internal/kit/clock"
	"entente/internal/kit/ids"
	"entente/internal/kit/oauth2"
	"entente/internal/kit/sqldb"
	"entente/internal/kit/web"
)

const graph = "https://graph.microsoft.com"

// An edge is the login host over a world.
type edge struct {
	*crossing.World
	h http.Handler
}

func options(w *crossing.World) oauth.Options {
	return oauth.Options{
		DB: w.DB, STS: w.STS, Keys: w.Keys, Clock: w.Clock, Log: slog.New(slog.DiscardHandler),
		Hosts: web.Hosts{Own: crossing.Name, Also: []string{"https://also.example:8443"}},
		Lookup: func(w http.ResponseWriter, r *http.Request) error {
			_, err := fmt.Fprint(w, "page for ", r.URL.Query().Get("code"))
			return err
		},
	}
}

func each(t *testing.T, test func(t *testing.T, e edge)) {
	t.Helper()
	clk := clock.NewFake(dbtest.Noon)
	dbtest.EachClock(t, clk, func(t *testing.T, db *sqldb.DB) {
		w := crossing.New(t, db, clk, crossing.Options{Number: oauth.Number})
		test(t, edge{w, front(oauth.New(options(w)), clk)})
	})
}

func front(e *oauth.Edge, clk clock.Clock) http.Handler {
	return web.Front(e.Handler(), web.FrontOptions{Clock: clk, Log: slog.New(slog.DiscardHandler)})
}

// do sends a request and returns the answer with its body as JSON.
func (e edge) do(t *testing.T, r *http.Request) (*http.Response, map[string]any) {
	t.Helper()
	rec := httptest.NewRecorder()
	e.h.ServeHTTP(rec, r)
	body := map[string]any{}
	if strings.HasPrefix(rec.Header().Get("Content-Type"), "application/json") {
		if err := json.Unmarshal(rec.Body.Bytes(), &body); err != nil {
			t.Fatal(err)
		}
	}
	return rec.Result(), body
}

func get(address string) *http.Request { return httptest.NewRequest(http.MethodGet, address, nil) }

func post(address string, f oauth2.Form) *http.Request { return formRequest(address, encode(f)) }

func encode(f oauth2.Form) string {
	values := url.Values{}
	for name, value := range f {
		values.Set(name, value)
	}
	return values.Encode()
}

func formRequest(address, body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, address, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	return r
}

func (e edge) bySecret(secret string) oauth2.Form {
	f := e.ClientForm(graph)
	f["client_secret"] = secret
	return f
}

// TestTokenAnswers covers RFC 6749, section 5.1, in Entra's two forms.
// https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
func TestTokenAnswers(t *testing.T) {
	each(t, func(t *testing.T, e edge) {
		v1 := e.bySecret(e.Secret)
		delete(v1, "scope")
		v1["resource"] = graph
		tests := []struct {
			name, path string
			form       oauth2.Form
			want       map[string]any
		}{
			{"version 2: numbers", "/" + string(e.B) + "/oauth2/v2.0/token", e.bySecret(e.Secret),
				map[string]any{"token_type": "Bearer", "expires_in": 3599.0, "ext_expires_in": 3599.0}},
			{"any letter case, a domain, a query", "/Fabrikam.EXAMPLE/OAuth2/V2.0/Token?client-request-id=x", e.bySecret(e.Secret),
				map[string]any{"token_type": "Bearer", "expires_in": 3599.0, "ext_expires_in": 3599.0}},
			{"version 1: numbers as text", "/" + strings.ToUpper(string(e.B)) + "/oauth2/token", v1,
				map[string]any{"token_type": "Bearer", "expires_in": "3599", "ext_expires_in": "3599",
					"expires_on": fmt.Sprint(dbtest.Noon.Unix() + 3600), "not_before": fmt.Sprint(dbtest.Noon.Unix() - 300), "resource": graph}},
			{"a managed identity's", "/" + string(e.A) + "/oauth2/token", e.IdentityForm(t, graph),
				map[string]any{"token_type": "Bearer", "expires_in": "86399", "ext_expires_in": "86399",
					"expires_on": fmt.Sprint(dbtest.Noon.Unix() + 86400), "not_before": fmt.Sprint(dbtest.Noon.Unix() - 300), "resource": graph}},
		}
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				res, body := e.do(t, post(crossing.Name+tt.path, tt.form))
				if res.StatusCode != http.StatusOK || body["access_token"] == nil {
					t.Fatalf("status %d, %v", res.StatusCode, body)
				}
				delete(body, "access_token")
				if diff := cmp.Diff(tt.want, body); diff != "" {
					t.Errorf("answer (-want +got):\n%s", diff)
				}
				if got := res.Header.Get("Cache-Control"); got != "no-store, no-cache" || res.Header.Get("Pragma") != "no-cache" {
					t.Errorf("Cache-Control = %q", got)
				}
			})
		}
	})
}

var description = regexp.MustCompile(`^AADSTS7000215: Invalid client secret provided\. Ensure .* for a secret added to app '([0-9a-f-]{36})'\. .*\r\nTrace ID: ([0-9a-f-]{36})\r\nCorrelation ID: ([0-9a-f-]{36})\r\nTimestamp: 2026-11-23 12:00:00Z$`)

// TestRefusalBody covers RFC 6749, section 5.2, and the members Entra adds.
// https://learn.microsoft.com/entra/identity-platform/reference-error-codes
func TestRefusalBody(t *testing.T) {
	each(t, func(t *testing.T, e edge) {
		correlation := "0a0b0c0d-1111-4222-8333-444455556666"
		r := post(crossing.Name+"/"+string(e.B)+"/oauth2/v2.0/token", e.bySecret("wrong"))
		r.Header.Set("client-request-id", correlation)
		res, body := e.do(t, r)
		if res.StatusCode != http.StatusUnauthorized || body["error"] != "invalid_client" {
			t.Errorf("status %d, error %v, want 401 invalid_client", res.StatusCode, body["error"])
		}
		m := description.FindStringSubmatch(body["error_description"].(string))
		if m == nil || m[1] != string(e.App) || m[2] != body["trace_id"] || m[3] != correlation {
			t.Errorf("description = %q", body["error_description"])
		}
		want := map[string]any{"error_codes": []any{7000215.0}, "timestamp": "2026-11-23 12:00:00Z", "correlation_id": correlation,
			"trace_id": res.Header.Get("x-ms-request-id"), "error_uri": crossing.Name + "/error?code=7000215"}
		for name, v := range want {
			if diff := cmp.Diff(v, body[name]); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
		}
		if got := res.Header.Get("client-request-id"); got != correlation {
			t.Errorf("client-request-id = %q, want it echoed", got)
		}
		f := e.bySecret("wrong")
		f["client-request-id"] = correlation
		if _, body = e.do(t, post(crossing.Name+"/"+string(e.B)+"/oauth2/v2.0/token", f)); body["correlation_id"] != correlation {
			t.Errorf("the form's correlation id: got %v, want %s", body["correlation_id"], correlation)
		}
	})
}

// TestRefusals covers Entra's codes end to end.
// https://learn.microsoft.com/entra/identity-platform/reference-error-codes
func TestRefusals(t *testing.T) {
	each(t, func(t *testing.T, e edge) {
		at := crossing.Name + "/" + string(e.B) + "/oauth2/v2.0/token"
		with := func(change ...string) *http.Request {
			f := e.bySecret(e.Secret)
			for i := 0; i < len(change); i += 2 {
				f[change[i]] = change[i+1]
			}
			return post(at, f)
		}
		json := with()
		json.Header.Set("Content-Type", "application/json")
		tests := []struct {
			name   string
			r      *http.Request
			status int
			word   string
			number float64
			text   string
		}{
			{"GET", get(at), 405, "invalid_request", 900561, "The endpoint only accepts POST requests. Received a GET request."},
			{"a body that is no form", json, 400, "invalid_request", 9002313, "application/x-www-form-urlencoded"},
			{"1 MB long", with("client_assertion", strings.Repeat("x", 1<<20)), 400, "invalid_request", 9002313, "at most 65536 bytes"},
			{"an assertion of 30 kB", with("client_secret", "", "client_assertion", strings.Repeat("x", 30_000), "client_assertion_type", oauth2.AssertionJWT),
				401, "invalid_client", 50027, "too long"},
			{"no grant_type", with("grant_type", ""), 400, "invalid_request", 900144, "parameter: 'grant_type'"},
			{"another grant", with("grant_type", "password"), 400, "unsupported_grant_type", 70003, "unsupported grant type 'password'"},
			{"unknown tenant", post(crossing.Name+"/nowhere.example/oauth2/v2.0/token", e.bySecret("x")), 400, "invalid_tenant", 90002, "Tenant 'nowhere.example' not found."},
			{"malformed tenant", post(crossing.Name+"/no_where/oauth2/v2.0/token", e.bySecret("x")), 400, "invalid_request", 900023, "'no_where'"},
			{"unknown application", with("client_id", "12345678-1234-4234-8234-123456789012"), 400, "unauthorized_client", 700016, "was not found in the directory 'Fabrikam'"},
			{"nil application", with("client_id", ids.Nil), 400, "unauthorized_client", 700038, "is not a valid application identifier"},
			{"common", post(crossing.Name+"/common/oauth2/v2.0/token", e.bySecret(e.Secret)), 401, "invalid_client", 7000229, "missing service principal in the tenant f8cdef31-a31e-4b4a-93e4-5f571e91255a"},
			{"consumers", post(crossing.Name+"/consumers/oauth2/v2.0/token", e.bySecret(e.Secret)), 400, "invalid_request", 9001023, "/common or /consumers"},
			{"no scope", with("scope", ""), 400, "invalid_request", 90014, "'scope' is missing"},
			{"no .default", with("scope", "openid"), 400, "invalid_scope", 1002012, "value for scope openid is not valid"},
			{"two resources", with("scope", graph+"/.default api://x/.default"), 400, "invalid_scope", 28000, "more than one resource"},
			{"unknown resource", with("scope", "api://x/.default"), 400, "invalid_resource", 500011, "named api://x was not found in the tenant named Fabrikam"},
			{"resource on version 2", with("resource", graph), 400, "invalid_request", 901002, "'resource' request parameter"},
			{"no credential", with("client_secret", ""), 401, "invalid_client", 7000216, "for the 'client_credentials' grant type"},
			{"no page", get(crossing.Name + "/x/y/z"), 404, "invalid_request", 90023, "nothing at this address"},
		}
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				res, body := e.do(t, tt.r)
				text, _ := body["error_description"].(string)
				if codes, _ := body["error_codes"].([]any); res.StatusCode != tt.status || body["error"] != tt.word || len(codes) != 1 || codes[0] != tt.number {
					t.Errorf("got %d %v %v, want %d %s %v", res.StatusCode, body["error"], codes, tt.status, tt.word, tt.number)
				}
				if !strings.HasPrefix(text, fmt.Sprintf("AADSTS%d: ", int(tt.number))) || !strings.Contains(text, tt.text) {
					t.Errorf("description = %q, want %q in it", text, tt.text)
				}
				if strings.ContainsAny(text, "{}") {
					t.Errorf("description = %q has an empty place", text)
				}
			})
		}
	})
}

// TestDiscovery covers OpenID Connect Discovery 1.0, section 3, in Entra's two
// versions.
func TestDiscovery(t *testing.T) {
	each(t, func(t *testing.T, e edge) {
		tid, own, also := string(e.B), crossing.Name, "https://also.example:8443"
		tests := []struct {
			name, address string
			want          map[string]any
		}{
			{"version 2, as MSAL Go asks", own + "/" + tid + "/v2.0/.well-known/openid-configuration?", map[string]any{
				"issuer": own + "/" + tid + "/v2.0", "token_endpoint": own + "/" + tid + "/oauth2/v2.0/token",
				"jwks_uri": own + "/" + tid + "/discovery/v2.0/keys", "authorization_endpoint": own + "/" + tid + "/oauth2/v2.0/authorize", "tenant_region_scope": "WW"}},
			{"by domain", own + "/FABRIKAM.example/V2.0/.well-known/OpenID-configuration", map[string]any{
				"issuer": own + "/" + tid + "/v2.0", "token_endpoint": own + "/" + tid + "/oauth2/v2.0/token"}},
			{"another name of ours", also + "/" + tid + "/v2.0/.well-known/openid-configuration", map[string]any{
				"issuer": own + "/" + tid + "/v2.0", "token_endpoint": also + "/" + tid + "/oauth2/v2.0/token", "cloud_instance_name": "also.example:8443"}},
			{"a name that nobody vouches for", "https://evil.example/" + tid + "/v2.0/.well-known/openid-configuration", map[string]any{
				"issuer": own + "/" + tid + "/v2.0", "token_endpoint": own + "/" + tid + "/oauth2/v2.0/token"}},
			{"version 1", own + "/" + tid + "/.well-known/openid-configuration", map[string]any{
				"issuer": own + "/" + tid + "/", "token_endpoint": own + "/" + tid + "/oauth2/token", "jwks_uri": own + "/" + tid + "/discovery/keys",
				"microsoft_multi_refresh_token": true}},
			{"common", own + "/Common/v2.0/.well-known/openid-configuration", map[string]any{
				"issuer": own + "/{tenantid}/v2.0", "token_endpoint": own + "/common/oauth2/v2.0/token", "tenant_region_scope": nil}},
			{"organizations", own + "/organizations/v2.0/.well-known/openid-configuration", map[string]any{"issuer": own + "/{tenantid}/v2.0"}},
			{"consumers", own + "/consumers/v2.0/.well-known/openid-configuration", map[string]any{"issuer": own + "/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0"}},
		}
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				res, body := e.do(t, get(tt.address))
				if res.StatusCode != http.StatusOK || res.Header.Get("Access-Control-Allow-Origin") != "*" {
					t.Errorf("status %d, %v", res.StatusCode, res.Header)
				}
				for name, v := range tt.want {
					if body[name] != v {
						t.Errorf("%s = %v, want %v", name, body[name], v)
					}
				}
			})
		}
	})
}

func TestALabMapsTheIssuerToo(t *testing.T) {
	each(t, func(t *testing.T, e edge) {
		o := options(e.World)
		o.MapHosts = true
		e.h = front(oauth.New(o), e.Clock)
		_, body := e.do(t, get("https://also.example:8443/"+string(e.B)+"/v2.0/.well-known/openid-configuration"))
		if want := "https://also.example:8443/" + string(e.B) + "/v2.0"; body["issuer"] != want {
			t.Errorf("issuer = %v, want %s", body["issuer"], want)
		}
	})
}

// TestInstanceDiscovery covers what MSAL asks before it trusts an authority.
func TestInstanceDiscovery(t *testing.T) {
	each(t, func(t *testing.T, e edge) {
		ask := func(authority string) (*http.Response, map[string]any) {
			return e.do(t, get(crossing.Name+"/common/discovery/instance?api-version=1.1&authorization_endpoint="+url.QueryEscape(authority)))
		}
		res, body := ask("https://also.example:8443/Fabrikam.example/oauth2/v2.0/authorize")
		want := map[string]any{
			"api-version": "1.1", "tenant_discovery_endpoint": "https://also.example:8443/fabrikam.example/v2.0/.well-known/openid-configuration",
			"metadata": []any{map[string]any{"preferred_network": "also.example:8443", "preferred_cache": "also.example:8443",
				"aliases": []any{"login.example", "also.example:8443"}}},
		}
		if diff := cmp.Diff(want, body); diff != "" || res.StatusCode != http.StatusOK {
			t.Errorf("status %d (-want +got):\n%s", res.StatusCode, diff)
		}
		for _, wrong := range []string{"https://elsewhere.example/common/oauth2/v2.0/authorize", "http://login.example/x", "", "%"} {
			if res, body := ask(wrong); res.StatusCode != http.StatusBadRequest || body["error"] != "invalid_instance" {
				t.Errorf("%q: %d %v, want 400 invalid_instance", wrong, res.StatusCode, body["error"])
			}
		}
	})
}

// TestKeys covers RFC 7517, section 5, with the members that Entra's keys have.
func TestKeys(t *testing.T) {
	each(t, func(t *testing.T, e edge) {
		keysOf := func(path string) []any {
			t.Helper()
			res, body := e.do(t, get(crossing.Name+path))
			list, ok := body["keys"].([]any)
			if res.StatusCode != http.StatusOK || !ok {
				t.Fatalf("%s: %d %v", path, res.StatusCode, body)
			}
			return list
		}
		list := keysOf("/" + string(e.B) + "/discovery/v2.0/keys")
		if len(list) != 1 {
			t.Fatalf("%d keys before the first token, want 1", len(list))
		}
		k := list[0].(map[string]any)
		if k["kty"] != "RSA" || k["use"] != "sig" || k["kid"] != k["x5t"] || k["e"] != "AQAB" || k["issuer"] != crossing.Name+"/"+string(e.B)+"/v2.0" ||
			len(k["kid"].(string)) != 27 || k["alg"] != nil || k["d"] != nil {
			t.Errorf("key = %v", k)
		}
		if v1 := keysOf("/" + string(e.B) + "/Discovery/Keys")[0].(map[string]any); v1["kid"] != k["kid"] || v1["issuer"] != nil {
			t.Errorf("version 1 key = %v", v1)
		}
		keysOf("/" + string(e.A) + "/discovery/keys")
		if n := len(keysOf("/common/discovery/keys")); n != 2 {
			t.Errorf("common has %d keys, want 2", n)
		}
		if n := len(keysOf("/consumers/discovery/v2.0/keys")); n != 0 {
			t.Errorf("consumers has %d keys, want none", n)
		}
	})
}

func TestADisabledTenantShowsNothing(t *testing.T) {
	each(t, func(t *testing.T, e edge) {
		if err := tenant.NewService(e.DB).SetEnabled(t.Context(), crossing.System(e.B), e.B, false); err != nil {
			t.Fatal(err)
		}
		for _, r := range []*http.Request{
			get(crossing.Name + "/" + string(e.B) + "/v2.0/.well-known/openid-configuration"),
			get(crossing.Name + "/fabrikam.example/discovery/v2.0/keys"),
			post(crossing.Name+"/"+string(e.B)+"/oauth2/v2.0/token", e.bySecret(e.Secret)),
		} {
			if res, body := e.do(t, r); res.StatusCode != http.StatusBadRequest || body["error"] != "invalid_tenant" {
				t.Errorf("%s: %d %v, want 400 invalid_tenant", r.URL, res.StatusCode, body["error"])
			}
		}
	})
}

func TestOtherSites(t *testing.T) {
	each(t, func(t *testing.T, e edge) {
		at := crossing.Name + "/" + string(e.B)
		for path, want := range map[string]int{"/v2.0/.well-known/openid-configuration": http.StatusNoContent, "/oauth2/v2.0/token": http.StatusMethodNotAllowed} {
			res, _ := e.do(t, httptest.NewRequest(http.MethodOptions, at+path, nil))
			if allowed := res.Header.Get("Access-Control-Allow-Origin") != ""; res.StatusCode != want || allowed != (want == http.StatusNoContent) {
				t.Errorf("OPTIONS %s: %d, cross-origin %v", path, res.StatusCode, allowed)
			}
		}
		res, _ := e.do(t, get(crossing.Name+"/Error?code=7000215"))
		if res.StatusCode != http.StatusOK {
			t.Errorf("the page of an error code: %d", res.StatusCode)
		}
	})
}

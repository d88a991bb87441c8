package agent

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"entente/internal/client"
	"entente/internal/kit/clock"
	"entente/internal/kit/jose"
	"entente/internal/kit/secret"
)

const (
	tenant   = "11111111-1111-4111-8111-111111111111"
	host     = "22222222-2222-4222-8222-222222222222"
	identity = "33333333-3333-4333-8333-333333333333"
	graph    = "https://graph.microsoft.com"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// A server stands for entente: it enrolls one host, checks that host's
// assertions, and gives tokens of one identity.
type server struct {
	t     *testing.T
	clock *clock.Fake
	http  *httptest.Server
	key   jose.Key

	asked  atomic.Int32 // for tokens
	beats  atomic.Int32
	refuse atomic.Pointer[func(http.ResponseWriter)]
	hold   chan struct{} // when not nil, tokens wait for it

	mu   sync.Mutex
	seen map[string]bool // jti
	last url.Values
}

func newServer(t *testing.T, c *clock.Fake) *server {
	s := &server{t: t, clock: c, seen: make(map[string]bool)}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /host/enroll", s.enroll)
	mux.HandleFunc("POST /host/heartbeat", s.heartbeat)
	mux.HandleFunc("POST /"+tenant+"/oauth2/token", s.token)
	s.http = httptest.NewTLSServer(mux)
	t.Cleanup(s.http.Close)
	return s
}

func (s *server) client() *client.Client {
	roots := x509.NewCertPool()
	roots.AddCert(s.http.Certificate())
	c, err := client.New(client.Options{Base: s.http.URL, Roots: roots})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(c.Close)
	return c
}

func (s *server) enroll(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Token string
		Key   json.RawMessage
	}
	json.NewDecoder(r.Body).Decode(&in)
	set, err := jose.ParseSet(fmt.Appendf(nil, `{"keys":[%s]}`, in.Key))
	if err != nil || len(set.Keys) != 1 || in.Token != "once" {
		w.WriteHeader(http.StatusBadRequest)
		io.WriteString(w, `{"error":{"code":"InvalidToken","message":"The enrollment token is spent."}}`)
		return
	}
	s.key = set.Keys[0]
	w.WriteHeader(http.StatusCreated)
	fmt.Fprintf(w, `{"tenantId":%q,"hostId":%q,"resourceId":"/subscriptions/s/x"}`, tenant, host)
}

func (s *server) heartbeat(w http.ResponseWriter, r *http.Request) {
	s.check(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "), s.http.URL+"/host/heartbeat")
	s.beats.Add(1)
	io.WriteString(w, `{"resourceId":"/subscriptions/s/x","identities":[],"every":60}`)
}

// check fails the test when an assertion is not what the server's would accept.
func (s *server) check(raw, audience string) {
	t, err := jose.Peek(raw, jose.ES256)
	if err == nil {
		err = t.Verify(s.key)
	}
	var c jose.Claims
	if err == nil {
		err = t.Claims(&c)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil || !c.Valid(s.clock.Wall(), 0) || c.Issuer != host || c.Subject != host || c.Audience[0] != audience ||
		c.Expiry.Sub(c.IssuedAt.Time) > 5*time.Minute || c.ID == "" || s.seen[c.ID] {
		s.t.Errorf("assertion for %s: %+v, %v", audience, c, err)
	}
	s.seen[c.ID] = true
}

func (s *server) token(w http.ResponseWriter, r *http.Request) {
	n := s.asked.Add(1)
	if s.hold != nil {
		<-s.hold
	}
	r.ParseForm()
	s.check(r.PostForm.Get("client_assertion"), s.http.URL+"/"+tenant+"/oauth2/token")
	s.mu.Lock()
	s.last = r.PostForm
	s.mu.Unlock()
	if f := s.refuse.Load(); f != nil {
		(*f)(w)
		return
	}
	now := s.clock.Now().Unix()
	claims := fmt.Sprintf(`{"appid":%q,"nbf":%d,"exp":%d,"n":%d}`, identity, now-300, now+86400, n)
	json.NewEncoder(w).Encode(map[string]string{
		"access_token": "e30." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".c2ln",
		"token_type":   "Bearer", "expires_in": "86399", "expires_on": fmt.Sprint(now + 86400), "not_before": fmt.Sprint(now - 300),
	})
}

func (s *server) refuseWith(status int, body string) {
	f := func(w http.ResponseWriter) {
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
	s.refuse.Store(&f)
}

// start returns a server, an enrolled agent and their clock.
func start(t *testing.T) (*server, *Agent, *clock.Fake) {
	c := clock.NewFake(noon)
	s := newServer(t, c)
	state, err := Enroll(t.Context(), s.client(), secret.NewString("once"))
	if err != nil {
		t.Fatal(err)
	}
	a, err := New(Options{
		Server: s.client(), State: state, Header: secret.NewString("header"), Clock: c, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	return s, a, c
}

// A call is one request to the agent.
type call struct {
	method string
	target string
	form   string
	header map[string]string
	host   string
}

func (c call) send(a *Agent) *httptest.ResponseRecorder {
	if c.method == "" {
		c.method = http.MethodGet
	}
	r := httptest.NewRequest(c.method, c.target, strings.NewReader(c.form))
	r.Host = "169.254.169.254"
	if c.host != "" {
		r.Host = c.host
	}
	if c.form != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for k, v := range c.header {
		r.Header.Set(k, v)
	}
	w := httptest.NewRecorder()
	a.Handler().ServeHTTP(w, r)
	return w
}

var (
	secretHeader = map[string]string{"X-IDENTITY-HEADER": "header"}
	metadata     = map[string]string{"Metadata": "true"}
)

const (
	imdsTarget = "/metadata/identity/oauth2/token?api-version=2018-02-01&resource=" + graph
	msiTarget  = "/msi/token?api-version=2019-08-01&resource=" + graph
)

func TestRequestsThatClientsSend(t *testing.T) {
	tests := []struct {
		name string
		call call
		want map[string]string // what reaches the server
	}{
		{"azidentity on App Service", call{target: msiTarget + "&client_id=" + identity, header: secretHeader}, map[string]string{"mi_client_id": identity}},
		{"a runbook's form", call{
			method: http.MethodPost, target: "/msi/token", form: "resource=" + url.QueryEscape(graph) + "&client_id=" + identity,
			header: map[string]string{"X-IDENTITY-HEADER": "header", "Metadata": "True"},
		}, map[string]string{"mi_client_id": identity}},
		{"a runbook's request without api-version", call{target: "/MSI/token/?resource=" + graph, header: secretHeader}, nil},
		{"by object on App Service", call{target: msiTarget + "&principal_id=" + identity, header: secretHeader}, map[string]string{"mi_object_id": identity}},
		{"by resource on App Service", call{target: msiTarget + "&mi_res_id=/subscriptions/s", header: secretHeader}, map[string]string{"mi_res_id": "/subscriptions/s"}},
		{"Azure Machine Learning", call{
			target: "/msi/token?api-version=2017-09-01&clientid=" + identity + "&resource=" + graph, header: map[string]string{"secret": "header"},
		}, map[string]string{"mi_client_id": identity}},
		{"azidentity on a machine", call{target: imdsTarget, header: metadata}, nil},
		{"MSAL Node with a trailing slash", call{target: strings.Replace(imdsTarget, "token?", "token/?", 1), header: metadata}, nil},
		{"a machine's header in capitals", call{target: imdsTarget, header: map[string]string{"metadata": "TRUE"}}, nil},
		{"by object on a machine", call{target: imdsTarget + "&object_id=" + identity, header: metadata}, map[string]string{"mi_object_id": identity}},
		{"by resource on a machine", call{target: imdsTarget + "&msi_res_id=/subscriptions/s", header: metadata}, map[string]string{"mi_res_id": "/subscriptions/s"}},
		{"by loopback address and port", call{target: imdsTarget, header: metadata, host: "127.0.0.1:5000"}, nil},
		{"by IPv6 loopback address", call{target: imdsTarget, header: metadata, host: "[::1]:5000"}, nil},
		{"Cloud Shell", call{method: http.MethodPost, target: "/oauth2/token", form: "resource=" + graph, header: metadata, host: "localhost:50342"}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, a, _ := start(t)
			w := tt.call.send(a)
			var got map[string]any
			if err := json.Unmarshal(w.Body.Bytes(), &got); w.Code != http.StatusOK || err != nil {
				t.Fatalf("got %d %s, want a token", w.Code, w.Body)
			}
			if !strings.HasPrefix(fmt.Sprint(got["access_token"]), "e30.") {
				t.Errorf("access_token = %v", got["access_token"])
			}
			delete(got, "access_token")
			want := fmt.Sprint(map[string]any{
				"client_id": identity, "expires_in": "86400", "ext_expires_in": "86400", "expires_on": fmt.Sprint(noon.Unix() + 86400),
				"not_before": fmt.Sprint(noon.Unix() - 300), "resource": graph, "token_type": "Bearer",
			})
			if fmt.Sprint(got) != want {
				t.Errorf("got %v, want %v", got, want)
			}
			for _, name := range []string{"mi_client_id", "mi_object_id", "mi_res_id"} {
				if s.last.Get(name) != tt.want[name] {
					t.Errorf("%s = %q, want %q", name, s.last.Get(name), tt.want[name])
				}
			}
			if s.last.Get("resource") != graph || s.last.Get("client_id") != host || s.last.Get("grant_type") != "urn:entente:params:oauth:grant-type:managed-identity" {
				t.Errorf("the server was asked %v", s.last)
			}
		})
	}
}

func TestRequestsThatAreRefused(t *testing.T) {
	with := func(extra ...string) map[string]string {
		h := map[string]string{"Metadata": "true"}
		for i := 0; i < len(extra); i += 2 {
			h[extra[i]] = extra[i+1]
		}
		return h
	}
	tests := []struct {
		name   string
		call   call
		status int
		body   string
	}{
		{"the probe without header or query", call{target: "/metadata/identity/oauth2/token"}, 400, `{"error":"invalid_request","error_description":"Required metadata header not specified"}`},
		{"no metadata header", call{target: imdsTarget}, 400, "Required metadata header not specified"},
		{"metadata header false", call{target: imdsTarget, header: map[string]string{"Metadata": "false"}}, 400, "Required metadata header not specified"},
		{"a forwarded request", call{target: imdsTarget, header: with("X-Forwarded-For", "10.0.0.1")}, 400, "forwarded"},
		{"a request forwarded by the newer header", call{target: imdsTarget, header: with("Forwarded", "for=10.0.0.1")}, 400, "forwarded"},
		{"a name led to us by false DNS", call{target: imdsTarget, header: metadata, host: "evil.example"}, 400, "host name"},
		{"no host", call{target: imdsTarget, header: metadata, host: ":80"}, 400, "host name"},
		{"IMDS by POST", call{method: http.MethodPost, target: imdsTarget, header: metadata}, 405, "method"},
		{"IMDS without api-version", call{target: "/metadata/identity/oauth2/token?resource=" + graph, header: metadata}, 400, "api-version"},
		{"IMDS without resource", call{target: "/metadata/identity/oauth2/token?api-version=2018-02-01", header: metadata}, 400, "'resource' is missing"},
		{"no identity header", call{target: msiTarget}, 401, `"statusCode":401`},
		{"a wrong identity header", call{target: msiTarget, header: map[string]string{"X-IDENTITY-HEADER": "headeR"}}, 401, `"statusCode":401`},
		{"the metadata header does not stand for the secret", call{target: msiTarget, header: metadata}, 401, `"statusCode":401`},
		{"App Service by PUT", call{method: http.MethodPut, target: msiTarget, header: secretHeader}, 405, `"statusCode":405`},
		{"App Service without resource", call{target: "/msi/token", header: secretHeader}, 400, "'resource' is missing"},
		{"two ways of choosing", call{target: msiTarget + "&client_id=a&object_id=b", header: secretHeader}, 400, "Only one"},
		{"a parameter twice", call{target: msiTarget + "&Resource=b", header: secretHeader}, 400, "more than once"},
		{"a parameter too long", call{target: msiTarget + "&client_id=" + strings.Repeat("a", 3000), header: secretHeader}, 400, "too long"},
		{"a body too long", call{method: http.MethodPost, target: msiTarget, form: strings.Repeat("a", maxForm+1), header: secretHeader}, 400, "cannot be read"},
		{"Cloud Shell by GET", call{target: "/oauth2/token?resource=" + graph, header: metadata}, 405, "method"},
		{"Cloud Shell without header", call{method: http.MethodPost, target: "/oauth2/token", form: "resource=" + graph}, 400, "metadata header"},
		{"another path", call{target: "/metadata/instance", header: metadata}, 404, ""},
	}
	s, a, _ := start(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := tt.call.send(a)
			if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.body) {
				t.Errorf("got %d %s, want %d %s", w.Code, w.Body, tt.status, tt.body)
			}
		})
	}
	if n := s.asked.Load(); n != 0 {
		t.Errorf("the server was asked %d times", n)
	}
}

func TestServerRefusals(t *testing.T) {
	tests := []struct {
		name   string
		status int
		body   string
		imds   string // status, space, a part of the body
		app    string
	}{
		{"the identity is not the host's", 400, `{"error":"invalid_request","suberror":"identity_not_assigned"}`,
			`400 {"error":"invalid_request","error_description":"Identity not found"}`,
			`400 No User Assigned or Delegated Managed Identity found for specified ClientId/ResourceId/PrincipalId.`},
		{"the host has none", 400, `{"error":"invalid_request","suberror":"no_identity"}`, `400 Identity not found`, `400 No User Assigned`},
		{"several and none chosen", 400, `{"error":"invalid_request","suberror":"identity_ambiguous"}`, `400 Multiple user assigned identities exist`, `400 Multiple`},
		{"an unknown resource", 400, `{"error":"invalid_resource","error_description":"AADSTS500011: The resource principal named x was not found.","error_codes":[500011]}`,
			`400 "error":"invalid_resource"`, `400 AADSTS500011`},
		{"the host's key is refused", 401, `{"error":"invalid_client","error_description":"AADSTS700027: …"}`, `400 "error":"invalid_client"`, `400 AADSTS700027`},
		{"the host is gone", 404, `{"error":{"code":"NotFound","message":"gone"}}`, `400 gone`, `400 gone`},
		{"too many", 429, `{"error":"temporarily_unavailable","error_description":"later"}`, `429 later`, `429 later`},
		{"a fault of the server", 500, `nonsense`, `500 unknown`, `500 Internal Server Error`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, a, _ := start(t)
			s.refuseWith(tt.status, tt.body)
			for style, c := range map[string]struct {
				call call
				want string
			}{
				"IMDS":        {call{target: imdsTarget, header: metadata}, tt.imds},
				"App Service": {call{target: msiTarget, header: secretHeader}, tt.app},
			} {
				status, body, _ := strings.Cut(c.want, " ")
				if w := c.call.send(a); fmt.Sprint(w.Code) != status || !strings.Contains(w.Body.String(), body) {
					t.Errorf("%s: got %d %s, want %s", style, w.Code, w.Body, c.want)
				}
			}
			s.refuse.Store(nil)
			if w := (call{target: imdsTarget, header: metadata}).send(a); w.Code != http.StatusOK {
				t.Errorf("a refusal was kept: %d %s", w.Code, w.Body)
			}
		})
	}
	t.Run("the server is away", func(t *testing.T) {
		s, a, _ := start(t)
		s.http.Close()
		if w := (call{target: imdsTarget, header: metadata}).send(a); w.Code != http.StatusServiceUnavailable {
			t.Errorf("got %d %s, want 503", w.Code, w.Body)
		}
	})
}

func TestTokensAreKeptForAWhile(t *testing.T) {
	s, a, c := start(t)
	ask := func(target string) string {
		t.Helper()
		w := call{target: target, header: metadata}.send(a)
		if w.Code != http.StatusOK {
			t.Fatalf("got %d %s", w.Code, w.Body)
		}
		var got answer
		json.Unmarshal(w.Body.Bytes(), &got)
		return got.AccessToken
	}
	first := ask(imdsTarget)
	c.Advance(4 * time.Minute)
	if ask(imdsTarget) != first || s.asked.Load() != 1 {
		t.Errorf("within its age the token was asked for anew")
	}
	if ask(imdsTarget+"/x") == first || ask(imdsTarget+"&client_id="+identity) == first {
		t.Errorf("another resource or identity was given the same token")
	}
	c.Advance(time.Minute)
	s.refuseWith(400, `{"error":"invalid_request","suberror":"no_identity"}`)
	if w := (call{target: imdsTarget, header: metadata}).send(a); w.Code != http.StatusBadRequest {
		t.Errorf("an identity taken away five minutes ago is still given: %d", w.Code)
	}
	s.refuse.Store(nil)
	second := ask(imdsTarget)
	if ask(imdsTarget+"&token_sha256_to_refresh="+strings.Repeat("0", 64)) != second {
		t.Errorf("the digest of another token dropped this one")
	}
}

func TestTheNumberOfKeptTokensIsBounded(t *testing.T) {
	_, a, c := start(t)
	for i := range maxCached + 10 {
		c.Advance(time.Millisecond)
		call{target: imdsTarget + fmt.Sprint("/", i), header: metadata}.send(a)
	}
	if n := len(a.cache.kept); n != maxCached {
		t.Errorf("%d tokens are kept, want %d", n, maxCached)
	}
	if _, ok := a.cache.kept[key{resource: graph + "/0"}]; ok {
		t.Errorf("the oldest was not dropped")
	}
}

func TestRequestsThatComeTogetherShareOneQuestion(t *testing.T) {
	s, a, _ := start(t)
	s.hold = make(chan struct{})
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if w := (call{target: imdsTarget, header: metadata}).send(a); w.Code != http.StatusOK {
				t.Errorf("got %d %s", w.Code, w.Body)
			}
		})
	}
	for s.asked.Load() == 0 {
		time.Sleep(time.Millisecond)
	}
	close(s.hold)
	wg.Wait()
	if n := s.asked.Load(); n != 1 {
		t.Errorf("the server was asked %d times, want once", n)
	}
}

func TestStateIsKeptInAFileOfItsOwner(t *testing.T) {
	_, a, _ := start(t)
	path := filepath.Join(t.TempDir(), "agent", "host.json")
	if err := a.state.Save(path); err != nil {
		t.Fatal(err)
	}
	if err := a.state.Save(path); err != nil {
		t.Fatalf("a second time: %v", err)
	}
	got, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if !got.key.Equal(a.state.key) || got.Host != host || got.Tenant != tenant || got.Server != a.state.Server {
		t.Errorf("got %+v, want %+v", got, a.state)
	}
}

package server

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"entente/internal/config"
	"entente/internal/enttest/dbtest"
	"entente/internal/kit/clock"
	"entente/internal/kit/localca"
	"entente/internal/kit/secret"
	"entente/internal/kit/sqldb"
)

// settings returns the settings of a service that listens on no port yet.
func settings(t *testing.T) config.Config {
	t.Helper()
	c := config.Defaults()
	c.Name, c.Data, c.Drain = "https://id.contoso.example", t.TempDir(), 5*time.Second
	return c
}

func open(t *testing.T, c config.Config, o Options) *Server {
	t.Helper()
	s, err := New(t.Context(), c, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func get(h http.Handler, path string) *httptest.ResponseRecorder {
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "https://id.contoso.example"+path, nil))
	return rec
}

// TestFirstSegmentDecides shows that every edge answers at its own segment, in
// any letter case, and the login everywhere else.
func TestFirstSegmentDecides(t *testing.T) {
	extra := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "extra") })
	s := open(t, settings(t), Options{Extra: extra})
	for _, tt := range []struct {
		path   string
		status int
		says   string
	}{
		{"/v1.0/users", http.StatusUnauthorized, "InvalidAuthenticationToken"},
		{"/v2.0/users", http.StatusBadRequest, "Invalid version: v2.0"},
		{"/V3/users", http.StatusBadRequest, "Invalid version: V3"},
		{"/BETA/users", http.StatusUnauthorized, "InvalidAuthenticationToken"},
		{"/subscriptions?api-version=2022-12-01", http.StatusUnauthorized, "AuthenticationFailed"},
		{"/Metadata/Endpoints?api-version=2022-09-01", http.StatusOK, "https://id.contoso.example"},
		{"/common/v2.0/.well-known/openid-configuration", http.StatusOK, "https://id.contoso.example/common/oauth2/v2.0/token"},
		{"/nobody.example/v2.0/.well-known/openid-configuration", http.StatusBadRequest, "AADSTS90002"},
		{"/host/heartbeat", http.StatusMethodNotAllowed, ""},
		{"/healthz", http.StatusOK, "ok"},
		{"/lab/clock", http.StatusOK, "extra"},
		{"/design", http.StatusOK, "extra"},
		{"/metrics", http.StatusNotFound, ""},
		{StyleAddress(), http.StatusOK, "{"},
	} {
		rec := get(s.Handler(), tt.path)
		if rec.Code != tt.status || !strings.Contains(rec.Body.String(), tt.says) {
			t.Errorf("%s: %d %.200s, want %d with %q", tt.path, rec.Code, rec.Body, tt.status, tt.says)
		}
	}
}

// TestRun serves on both doors, says when it goes, and lets what is in hand end.
func TestRun(t *testing.T) {
	c := settings(t)
	c.Metrics = freeAddress(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	entered, release := make(chan bool), make(chan bool)
	slow := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		entered <- true
		<-release
		io.WriteString(w, "done")
	})
	s := open(t, c, Options{Listener: l, Extra: slow})
	if got := get(s.Handler(), "/readyz").Code; got != http.StatusServiceUnavailable {
		t.Errorf("before it serves, /readyz = %d, want 503", got)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ran := make(chan error, 1)
	go func() { ran <- s.Run(ctx) }()
	client := trusting(s)
	defer client.CloseIdleConnections()
	base := "https://" + l.Addr().String()
	if status, body := fetchFrom(t, client, base+"/readyz"); status != http.StatusOK {
		t.Errorf("/readyz = %d %s, want 200", status, body)
	}
	if _, body := fetchFrom(t, client, "http://"+c.Metrics+"/metrics"); !strings.Contains(body, `entente_requests_total{edge="health",status="200"}`) || !strings.Contains(body, "\nentente_jobs_due ") {
		t.Errorf("the metrics do not speak of requests and jobs:\n%.2000s", body)
	}
	type answer struct {
		body string
		err  error
	}
	inHand := make(chan answer, 1)
	go func() {
		res, err := client.Get(base + "/lab/slow")
		if err != nil {
			inHand <- answer{err: err}
			return
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		inHand <- answer{string(body), err}
	}()
	<-entered
	cancel()
	waitUntil(t, func() bool { return get(s.Handler(), "/readyz").Code == http.StatusServiceUnavailable })
	close(release)
	if a := <-inHand; a.err != nil || a.body != "done" {
		t.Errorf("the request in hand ended with %+v, want done", a)
	}
	if err := <-ran; err != nil {
		t.Errorf("Run = %v, want nil", err)
	}
	if _, err := net.Dial("tcp", l.Addr().String()); err == nil {
		t.Error("the door is still open")
	}
}

// TestDrainEnds: a request that never ends does not keep the server.
func TestDrainEnds(t *testing.T) {
	c := settings(t)
	c.Drain = 50 * time.Millisecond
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	entered := make(chan bool)
	stuck := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		entered <- true
		<-r.Context().Done()
	})
	s := open(t, c, Options{Listener: l, Extra: stuck})
	ctx, cancel := context.WithCancel(t.Context())
	ran := make(chan error, 1)
	go func() { ran <- s.Run(ctx) }()
	client := trusting(s)
	defer client.CloseIdleConnections()
	go client.Get("https://" + l.Addr().String() + "/lab/stuck")
	<-entered
	cancel()
	if err := <-ran; err == nil || !strings.Contains(err.Error(), "did not end within") {
		t.Errorf("Run = %v, want it to say what did not end", err)
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func trusting(s *Server) *http.Client {
	return &http.Client{
		Timeout:   10 * time.Second,
		Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: s.Authority().Pool(), ServerName: "id.contoso.example"}},
	}
}

// fetchFrom asks until somebody listens.
func fetchFrom(t *testing.T, client *http.Client, address string) (int, string) {
	t.Helper()
	var res *http.Response
	waitUntil(t, func() bool {
		var err error
		res, err = client.Get(address)
		if err == nil && res.StatusCode == http.StatusServiceUnavailable {
			res.Body.Close()
			return false
		}
		return err == nil
	})
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(body)
}

func waitUntil(t *testing.T, ok func() bool) {
	t.Helper()
	for range 500 {
		if ok() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("it did not happen within five seconds")
}

func TestMasterKeyIsMadeOnce(t *testing.T) {
	c := settings(t)
	path := filepath.Join(c.Data, "master.key")
	s, err := New(t.Context(), c, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key's file: %v, %v, want mode 0600", info, err)
	}
	if err := os.Rename(path, path+".away"); err != nil {
		t.Fatal(err)
	}
	if _, err := New(t.Context(), c, Options{}); err == nil || !strings.Contains(err.Error(), "the master key is gone") {
		t.Errorf("without its key: err = %v, want it refused", err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("a store in use got a second master key")
	}
	text, err := os.ReadFile(path + ".away")
	if err != nil {
		t.Fatal(err)
	}
	c.MasterKeys = secret.NewString(string(text))
	open(t, c, Options{})
}

func TestUnreadableMasterKeyFile(t *testing.T) {
	c := settings(t)
	c.MasterKeyFile = filepath.Join(c.Data, "nowhere")
	if _, err := New(t.Context(), c, Options{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("err = %v, want the missing file", err)
	}
}

// TestMarks: a store serves one kind of server, on both engines.
func TestMarks(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(string(engine), func(t *testing.T) {
			c := settings(t)
			if engine == sqldb.PostgreSQL {
				c.Database = secret.NewString(dbtest.URL(t, engine))
			}
			open(t, c, Options{})
			if s, err := New(t.Context(), c, Options{Mark: "lab"}); err == nil {
				s.Close()
				t.Error("a lab opens a service's store")
			}
			open(t, c, Options{})
		})
	}
}

// TestCertificateFiles serves the operator's certificate, takes up a renewed
// one, and goes on with the old one when the renewal is broken.
func TestCertificateFiles(t *testing.T) {
	dir, clk := t.TempDir(), clock.NewFake(time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC))
	ca, err := localca.Open(dir, clk)
	if err != nil {
		t.Fatal(err)
	}
	f := &certificateFiles{cert: filepath.Join(dir, "cert.pem"), key: filepath.Join(dir, "key.pem"), clock: clk}
	if _, err := f.get(nil); err == nil {
		t.Error("a certificate is served from files that are not there")
	}
	first := writePair(t, ca, f, "first.example", clk.Now())
	if got := served(t, f, clk); got != first {
		t.Errorf("served %s, want %s", got, first)
	}
	second := writePair(t, ca, f, "second.example", clk.Now().Add(time.Hour))
	if got := served(t, f, clk); got != second {
		t.Errorf("after the renewal served %s, want %s", got, second)
	}
	if err := os.WriteFile(f.cert, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := served(t, f, clk); got != second {
		t.Errorf("after a broken renewal served %s, want %s", got, second)
	}
}

func served(t *testing.T, f *certificateFiles, clk *clock.Fake) string {
	t.Helper()
	clk.Advance(certificateAge)
	c, err := f.get(nil)
	if err != nil {
		t.Fatal(err)
	}
	return c.Leaf.DNSNames[0]
}

// writePair writes a certificate for name and its key, as of a time.
func writePair(t *testing.T, ca *localca.Authority, f *certificateFiles, name string, at time.Time) string {
	t.Helper()
	c, err := ca.Certificate(name)
	if err != nil {
		t.Fatal(err)
	}
	cert, key := pemOf(t, c)
	for path, text := range map[string][]byte{f.cert: cert, f.key: key} {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
	}
	return name
}

// TestCreateTenant makes a tenant as the operator's command does, and uses its
// client.
func TestCreateTenant(t *testing.T) {
	s := open(t, settings(t), Options{})
	r := TenantRequest{
		DisplayName: "Contoso", Initial: "contoso.onmicrosoft.com", Domain: "contoso.example",
		Admin: Person{UPN: "admin@contoso.example"}, Client: "Administration", Subscription: "Production",
		Others: []Person{{UPN: "app-admin@contoso.example", Name: "Application administrator", Role: "application administrator"}},
	}
	made, err := s.CreateTenant(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	form := "grant_type=client_credentials&scope=https://graph.microsoft.com/.default&client_id=" + made.ClientID + "&client_secret=" + made.ClientSecret
	req := httptest.NewRequest(http.MethodPost, "https://id.contoso.example/contoso.example/oauth2/v2.0/token", strings.NewReader(form))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	rec := httptest.NewRecorder()
	s.Handler().ServeHTTP(rec, req)
	if rec.Code != http.StatusOK {
		t.Errorf("the new client gets %d %s", rec.Code, rec.Body)
	}
	if made.SubscriptionID == "" || len(made.AdminPassword) < 16 {
		t.Errorf("made %+v, want a subscription and a password", made)
	}
	if _, err := s.CreateTenant(t.Context(), r); err == nil {
		t.Error("a second tenant got the same domain")
	}
	r.Initial, r.Domain, r.Admin.UPN = "fabrikam.onmicrosoft.com", "", "admin@fabrikam.onmicrosoft.com"
	r.Others[0].UPN, r.Others[0].Role = "other@fabrikam.onmicrosoft.com", "Emperor"
	if _, err := s.CreateTenant(t.Context(), r); err == nil || !strings.Contains(err.Error(), "Emperor") {
		t.Errorf("an unknown role: err = %v", err)
	}
}

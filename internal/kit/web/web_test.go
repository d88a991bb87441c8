package web

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"entente/internal/kit/clock"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// status is an error writer that shows code and text.
func status(w http.ResponseWriter, r *http.Request, err error) {
	w.WriteHeader(http.StatusTeapot)
	io.WriteString(w, fault.Public(err).Error())
}

func front(h http.Handler) (http.Handler, *bytes.Buffer) {
	var log bytes.Buffer
	return Front(h, FrontOptions{Clock: clock.NewFake(noon), Log: slog.New(slog.NewTextHandler(&log, nil))}), &log
}

func ask(h http.Handler, r *http.Request) *http.Response {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func TestServeHandsErrorsToTheEdge(t *testing.T) {
	tests := []struct {
		name string
		h    func(http.ResponseWriter, *http.Request) error
		want string
	}{
		{"a fault", func(http.ResponseWriter, *http.Request) error { return fault.New(fault.NotFound, "Nothing there.") }, "not_found: Nothing there."},
		{"another error keeps its text", func(http.ResponseWriter, *http.Request) error { return errors.New("disk on fire") }, "internal: Something went wrong"},
		{"a panic is an error", func(http.ResponseWriter, *http.Request) error { panic("oh") }, "internal: Something went wrong"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h, _ := front(Serve(tt.h, status))
			res := ask(h, httptest.NewRequest("GET", "/", nil))
			body, _ := io.ReadAll(res.Body)
			if res.StatusCode != http.StatusTeapot || !strings.HasPrefix(string(body), tt.want) {
				t.Errorf("got %d %s, want %s", res.StatusCode, body, tt.want)
			}
		})
	}
}

func TestABegunResponseIsCutOff(t *testing.T) {
	h, log := front(Serve(func(w http.ResponseWriter, _ *http.Request) error {
		io.WriteString(w, "half")
		return errors.New("late")
	}, status))
	srv := httptest.NewServer(h)
	res, err := http.Get(srv.URL)
	if err == nil {
		_, err = io.ReadAll(res.Body)
		res.Body.Close()
	}
	srv.Close() // the log is whole once the request has ended
	if err == nil {
		t.Error("the client took half a response for a whole one")
	}
	if !strings.Contains(log.String(), "status=200") {
		t.Errorf("log = %s, want the request's line", log)
	}
}

func TestFrontTurnsAPanicInto500(t *testing.T) {
	h, log := front(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("oh") }))
	res := ask(h, httptest.NewRequest("GET", "/x", nil))
	body, _ := io.ReadAll(res.Body)
	id := res.Header.Get("x-ms-request-id")
	if res.StatusCode != 500 || !strings.Contains(string(body), id) || strings.Contains(string(body), "oh") {
		t.Errorf("got %d %s, want 500 with the identifier %s only", res.StatusCode, body, id)
	}
	if !strings.Contains(log.String(), "panic=oh") || !strings.Contains(log.String(), "status=500") {
		t.Errorf("log = %s, want the panic and the request's line", log)
	}
}

func TestRequestIdentifiers(t *testing.T) {
	const sent = "5FC87507-4086-4E77-B415-CEE677EB232E"
	tests := []struct{ name, target, header, want string }{
		{"none sent", "/", "", ""},
		{"in the header", "/", sent, strings.ToLower(sent)},
		{"in the query", "/?client-request-id=" + sent, "", strings.ToLower(sent)},
		{"no GUID is not echoed", "/", "x\ty", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var request, correlation string
			h, _ := front(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				request, correlation = RequestID(r.Context()), CorrelationID(r.Context())
			}))
			r := httptest.NewRequest("GET", tt.target, nil)
			if tt.header != "" {
				r.Header.Set("client-request-id", tt.header)
			}
			res := ask(h, r)
			if !ids.Valid(request) || res.Header.Get("x-ms-request-id") != request || res.Header.Get("request-id") != request {
				t.Errorf("identifier %q, headers %v", request, res.Header)
			}
			if got := res.Header.Get("client-request-id"); got != tt.want {
				t.Errorf("echoed %q, want %q", got, tt.want)
			}
			if want := tt.want; want != "" && correlation != want || want == "" && correlation != request {
				t.Errorf("correlation %q", correlation)
			}
		})
	}
}

func TestClientAddress(t *testing.T) {
	proxies := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	tests := []struct{ name, remote, forwarded, want string }{
		{"direct", "192.0.2.7:41", "", "192.0.2.7"},
		{"a stranger's word does not count", "192.0.2.7:41", "198.51.100.1", "192.0.2.7"},
		{"a proxy's word counts", "10.0.0.1:41", "198.51.100.1", "198.51.100.1"},
		{"from the right, as far as proxies reach", "10.0.0.1:41", "203.0.113.9, 198.51.100.1, 10.0.0.2", "198.51.100.1"},
		{"nonsense stops at the proxy", "10.0.0.1:41", "unknown", "10.0.0.1"},
		{"mapped addresses are unmapped", "[::ffff:192.0.2.7]:41", "", "192.0.2.7"},
	}
	for _, tt := range tests {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = tt.remote
		if tt.forwarded != "" {
			r.Header.Set("X-Forwarded-For", tt.forwarded)
		}
		if got := client(r, proxies); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
		}
	}
}

func TestForm(t *testing.T) {
	read := func(body, media string) (url.Values, error) {
		var v url.Values
		var err error
		h, _ := front(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { v, err = Form(r) }))
		r := httptest.NewRequest("POST", "/?a=query", strings.NewReader(body))
		r.Header.Set("Content-Type", media)
		ask(h, r)
		return v, err
	}
	const form = "application/x-www-form-urlencoded"
	if v, err := read("a=body", form+"; charset=utf-8"); err != nil || v.Get("a") != "body" || len(v["a"]) != 1 {
		t.Errorf("got %v, %v, want the body's field alone", v, err)
	}
	for name, try := range map[string][2]string{
		"another type":   {"a=b", "application/json"},
		"a broken form":  {"a=%zz", form},
		"a body too big": {"a=" + strings.Repeat("x", maxBody), form},
	} {
		if _, err := read(try[0], try[1]); !errors.Is(err, fault.Invalid) {
			t.Errorf("%s: err = %v, want invalid", name, err)
		}
	}
}

func TestSameOrigin(t *testing.T) {
	h := SameOrigin(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), status)
	tests := []struct {
		name, method, site string
		want               int
	}{
		{"our own form", "POST", "same-origin", 200},
		{"another site's form", "POST", "cross-site", http.StatusTeapot},
		{"a sibling host's form", "POST", "same-site", http.StatusTeapot},
		{"another site's link", "GET", "cross-site", 200},
	}
	for _, tt := range tests {
		r := httptest.NewRequest(tt.method, "https://id.contoso.example/x", nil)
		r.Header.Set("Sec-Fetch-Site", tt.site)
		if got := ask(h, r).StatusCode; got != tt.want {
			t.Errorf("%s: got %d, want %d", tt.name, got, tt.want)
		}
	}
}

func TestHosts(t *testing.T) {
	h := Hosts{Own: "https://id.contoso.example", Also: []string{"https://graph.contoso.example:8443", "http://localhost:8080"}}
	tests := []struct {
		host, want string
		known      bool
	}{
		{"id.contoso.example", h.Own, true},
		{"ID.Contoso.Example:443", h.Own, true},
		{"Graph.contoso.example:8443", "https://graph.contoso.example:8443", true},
		{"graph.contoso.example", h.Own, false},
		{"localhost:8080", "http://localhost:8080", true},
		{"evil.example", h.Own, false},
		{"", h.Own, false},
	}
	for _, tt := range tests {
		r := httptest.NewRequest("GET", "/", nil)
		r.Host = tt.host
		if got := h.Base(r); got != tt.want || h.Known(r) != tt.known {
			t.Errorf("%q: got %s, known %v, want %s, %v", tt.host, got, h.Known(r), tt.want, tt.known)
		}
	}
}

func TestFoldPath(t *testing.T) {
	tests := []struct{ path, want string }{
		{"/common/adminConsent", "/common/adminconsent"},
		{"/Contoso.Example/V2.0/AdminConsent", "/Contoso.Example/v2.0/adminconsent"},
		{"/common/Consent/Set", "/common/consent/set"},
		{"/common/adminconsents", "/common/adminconsents"},
		{"/a%2Fb/ADMINCONSENT", "/a/b/adminconsent"},
	}
	for _, tt := range tests {
		var got string
		h := FoldPath(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.URL.Path }),
			"adminconsent", "v2.0", "consent", "set")
		ask(h, httptest.NewRequest("GET", tt.path+"?Q=Set", nil))
		if got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.path, got, tt.want)
		}
	}
}

func TestWithQuery(t *testing.T) {
	got, err := WithQuery("https://sync.contoso.example/done?x=1#f", url.Values{"state": {"a b&c"}})
	if want := "https://sync.contoso.example/done?x=1&state=a+b%26c#f"; err != nil || got != want {
		t.Errorf("got %s, %v, want %s", got, err, want)
	}
}

func TestServerHasLimits(t *testing.T) {
	s := NewServer(http.NotFoundHandler(), slog.New(slog.DiscardHandler))
	if s.ReadHeaderTimeout == 0 || s.IdleTimeout == 0 || s.MaxHeaderBytes == 0 {
		t.Errorf("got %+v, want every limit set", s)
	}
}

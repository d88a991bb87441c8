package fetch

import (
	"compress/gzip"
	"context"
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"entente/internal/kit/fault"
)

func TestPublic(t *testing.T) {
	tests := []struct {
		address string
		want    bool
	}{
		{"1.1.1.1", true},
		{"20.190.128.1", true},
		{"2606:4700::1111", true},
		{"::ffff:1.1.1.1", true},
		{"0.0.0.0", false},
		{"10.1.2.3", false},
		{"100.64.0.1", false},
		{"100.127.255.255", false},
		{"127.0.0.1", false},
		{"127.255.255.254", false},
		{"169.254.169.254", false},
		{"172.16.0.1", false},
		{"172.31.255.255", false},
		{"172.32.0.1", true},
		{"192.0.0.192", false},
		{"192.168.1.1", false},
		{"198.19.0.1", false},
		{"224.0.0.1", false},
		{"255.255.255.255", false},
		{"::", false},
		{"::1", false},
		{"::127.0.0.1", false},
		{"::ffff:127.0.0.1", false},
		{"::ffff:10.0.0.1", false},
		{"64:ff9b::7f00:1", false},
		{"64:ff9b::101:101", false},
		{"64:ff9b:1::1", false},
		{"100::1", false},
		{"2001::1", false},
		{"2001:db8::1", false},
		{"2002:7f00:1::", false},
		{"fc00::1", false},
		{"fd00:ec2::254", false},
		{"fe80::1", false},
		{"fe80::1%eth0", false},
		{"fec0::1", false},
		{"ff02::1", false},
	}
	for _, tt := range tests {
		if got := Public(netip.MustParseAddr(tt.address)); got != tt.want {
			t.Errorf("Public(%s) = %t, want %t", tt.address, got, tt.want)
		}
	}
	if Public(netip.Addr{}) {
		t.Error("no address at all counts as public")
	}
}

// client returns a client that trusts srv's certificate.
func client(t *testing.T, srv *httptest.Server, o Options) *Client {
	t.Helper()
	o.Roots = x509.NewCertPool()
	o.Roots.AddCert(srv.Certificate())
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func serve(t *testing.T, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	srv := httptest.NewTLSServer(h)
	t.Cleanup(srv.Close)
	return srv
}

func TestGet(t *testing.T) {
	end := make(chan struct{})
	t.Cleanup(func() { close(end) })
	hits := make(chan string, 10)
	srv := serve(t, func(w http.ResponseWriter, r *http.Request) {
		hits <- r.URL.Path
		switch r.URL.Path {
		case "/ok":
			w.Header().Set("Set-Cookie", "a=b")
			w.Write([]byte("{}"))
		case "/inward":
			http.Redirect(w, r, "/ok", http.StatusFound)
		case "/broken":
			w.WriteHeader(http.StatusInternalServerError)
		case "/huge":
			w.Write([]byte(strings.Repeat("x", 101)))
		case "/bomb":
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			z.Write([]byte(strings.Repeat("x", 1<<20)))
			z.Close()
		case "/hang":
			select {
			case <-end:
			case <-r.Context().Done():
			}
		}
	})
	c := client(t, srv, Options{Allow: []string{"127.0.0.1"}, MaxBytes: 100, Timeout: 300 * time.Millisecond})
	tests := []struct {
		name, url string
		want      error
	}{
		{"a document", srv.URL + "/ok", nil},
		{"a redirect", srv.URL + "/inward", Redirected},
		{"an error", srv.URL + "/broken", BadStatus},
		{"a huge document", srv.URL + "/huge", TooLarge},
		{"a small document that unpacks to a huge one", srv.URL + "/bomb", TooLarge},
		{"a server that hangs", srv.URL + "/hang", TimedOut},
		{"http", strings.Replace(srv.URL, "https", "http", 1) + "/ok", NotHTTPS},
		{"a file", "file:///etc/passwd", NotHTTPS},
		{"no host", "https:///ok", NotHTTPS},
		{"a password in the address", strings.Replace(srv.URL, "https://", "https://a:b@", 1), NotHTTPS},
		{"nobody listens", "https://127.0.0.1:1/", Unreachable},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			body, err := c.Get(t.Context(), tt.url)
			if !errors.Is(err, tt.want) {
				t.Fatalf("err = %v, want %v", err, tt.want)
			}
			if tt.want == nil && string(body) != "{}" {
				t.Errorf("body = %q, want {}", body)
			}
		})
	}
	if _, err := client(t, srv, Options{}).Get(t.Context(), srv.URL+"/ok"); !errors.Is(err, AddressBlocked) {
		t.Errorf("an internal address that nobody allowed: err = %v, want %v", err, AddressBlocked)
	}
	if pub := fault.Public(fetchError(t, client(t, srv, Options{}), srv.URL)); strings.Contains(pub.Error(), "127.0.0.1") {
		t.Errorf("the message tells the address: %v", pub)
	}
}

func fetchError(t *testing.T, c *Client, url string) error {
	t.Helper()
	_, err := c.Get(t.Context(), url)
	if err == nil {
		t.Fatal("no error")
	}
	return err
}

func TestAllow(t *testing.T) {
	srv := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("{}")) })
	u, _ := url.Parse(srv.URL)
	named := "https://LocalHost:" + u.Port()
	tests := []struct {
		name  string
		allow string
		url   string
		want  error
	}{
		{"the address", "127.0.0.1", srv.URL, nil},
		{"the address as mapped", "::ffff:127.0.0.1", srv.URL, nil},
		{"the network", "127.0.0.0/8", srv.URL, nil},
		{"another network", "10.0.0.0/8", srv.URL, AddressBlocked},
		{"another host", "idp.example", srv.URL, AddressBlocked},
		// The name is let through to the handshake, which then finds no such name in the certificate.
		{"the host in another spelling", "localhost", named, Unreachable},
		{"a name of the same address that is not allowed", "example.com", named, AddressBlocked},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := client(t, srv, Options{Allow: []string{tt.allow}}).Get(t.Context(), tt.url)
			if !errors.Is(err, tt.want) {
				t.Errorf("err = %v, want %v", err, tt.want)
			}
		})
	}
	for _, bad := range []string{"", "https://idp.example", "idp.example:8443", "10.0.0.0/99"} {
		if _, err := New(Options{Allow: []string{bad}}); !errors.Is(err, fault.Invalid) {
			t.Errorf("allowing %q: err = %v, want Invalid", bad, err)
		}
	}
}

// A host that hangs holds its own places and nobody else's.
func TestHangingHostHarmsNobodyElse(t *testing.T) {
	end := make(chan struct{})
	inside := make(chan struct{}, 10)
	slow := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		inside <- struct{}{}
		select {
		case <-end:
		case <-r.Context().Done():
		}
	})
	quick := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("{}")) })
	c := client(t, slow, Options{Allow: []string{"127.0.0.1"}, PerHost: 2, Timeout: time.Minute})
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() { c.Get(t.Context(), slow.URL) })
	}
	<-inside
	<-inside
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := c.Get(ctx, slow.URL); !errors.Is(err, Busy) {
		t.Errorf("a third request to the hanging host: err = %v, want %v", err, Busy)
	}
	if _, err := c.Get(t.Context(), quick.URL); err != nil {
		t.Errorf("another host: err = %v, want none", err)
	}
	close(end)
	wg.Wait()
	if n := len(c.hosts.lanes); n != 0 {
		t.Errorf("%d hosts are still counted, want none", n)
	}
}

func TestTrusting(t *testing.T) {
	if _, err := Trusting([]byte("no certificate")); !errors.Is(err, fault.Invalid) {
		t.Errorf("err = %v, want Invalid", err)
	}
	if _, err := Trusting(); err != nil {
		t.Errorf("the system's alone: err = %v", err)
	}
}

// TestPost sends bodies to what takes them and what does not.
func TestPost(t *testing.T) {
	end := make(chan struct{})
	t.Cleanup(func() { close(end) })
	srv := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || r.Method != http.MethodPost || string(body) != "{}" || r.Header.Get("Content-Type") != "application/json" || r.Header.Get("Authorization") != "Bearer x" {
			w.WriteHeader(http.StatusTeapot)
			return
		}
		switch r.URL.Path {
		case "/ok":
			w.Header().Set("X-Run", "1")
			w.WriteHeader(http.StatusAccepted)
		case "/moved":
			http.Redirect(w, r, "/ok", http.StatusTemporaryRedirect)
		case "/hangs":
			select {
			case <-end:
			case <-r.Context().Done():
			}
		default:
			w.WriteHeader(http.StatusInternalServerError)
		}
	})
	open, closed := client(t, srv, Options{Allow: []string{"127.0.0.1"}}), client(t, srv, Options{})
	for _, tt := range []struct {
		name   string
		by     *Client
		url    string
		reason fault.Reason
	}{
		{"what takes it", open, srv.URL + "/ok", ""},
		{"what sends elsewhere", open, srv.URL + "/moved", Redirected},
		{"what fails", open, srv.URL + "/fails", BadStatus},
		{"what hangs", open, srv.URL + "/hangs", TimedOut},
		{"an inner address", closed, srv.URL + "/ok", AddressBlocked},
		{"no https", open, "http://127.0.0.1/ok", NotHTTPS},
		{"a name and a password", open, "https://a:b@127.0.0.1/ok", NotHTTPS},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h, err := tt.by.Post(t.Context(), tt.url, Sent{Type: "application/json", Body: []byte("{}"), Within: 300 * time.Millisecond, Header: map[string]string{"Authorization": "Bearer x"}})
			if tt.reason == "" {
				if err != nil || h.Get("X-Run") != "1" {
					t.Errorf("%v, %v", h, err)
				}
				return
			}
			if !errors.Is(err, tt.reason) {
				t.Errorf("%v, want %s", err, tt.reason)
			}
		})
	}
}

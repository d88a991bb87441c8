// Package fakeidp is a second OpenID Connect issuer for tests: discovery, keys
// and signed tokens over TLS on loopback, as another organization's pipeline or
// cluster would run them. It leans on none of entente's own signing code, so
// that both do not share a mistake.
//
// An issuer can misbehave in each of its two documents: hang, redirect inward,
// send too much, lie about its name, publish no keys, fail.
package fakeidp

import (
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	jose "github.com/go-jose/go-jose/v4"

	"entente/internal/kit/clock"
)

// A Behavior is how the issuer serves one of its documents.
type Behavior int

// The behaviors.
const (
	Honest         Behavior = iota
	Hang                    // accept the request and say nothing
	RedirectInward          // send the client to the link-local metadata service of clouds
	Huge                    // send eight megabytes
	WrongIssuer             // name another issuer (discovery)
	NoKeys                  // publish an empty set (keys), or no jwks_uri (discovery)
	Fail                    // answer 500
	Garbage                 // answer 200 with what is no JSON
)

// The paths of the two documents, below the issuer's name.
const (
	discoveryPath = "/.well-known/openid-configuration"
	keysPath      = "/keys"
)

// An IdP is a running issuer. It is safe for use by many goroutines.
type IdP struct {
	// Issuer is the name of the issuer, without a trailing slash.
	Issuer string

	srv  *httptest.Server
	clk  clock.Clock
	done chan struct{}

	mu        sync.Mutex
	release   chan struct{} // closed to let hanging requests go on honestly
	keys      []key         // the last one signs
	discovery Behavior
	jwks      Behavior
	asked     map[string]int
}

// Start runs an issuer with one RS256 key until the test ends. Its tokens speak
// of the machine's time.
func Start(t testing.TB) *IdP { return StartAt(t, clock.System{}) }

// StartAt is Start with a clock that says when tokens are issued.
func StartAt(t testing.TB, clk clock.Clock) *IdP {
	t.Helper()
	p := &IdP{clk: clk, done: make(chan struct{}), release: make(chan struct{}), asked: make(map[string]int)}
	p.srv = httptest.NewTLSServer(p)
	p.Issuer = p.srv.URL
	t.Cleanup(p.close)
	p.Rotate(t, jose.RS256)
	return p
}

func (p *IdP) close() {
	close(p.done) // lets hanging requests go
	p.srv.Close()
}

// Roots returns the authorities that a client of this issuer has to trust.
func (p *IdP) Roots() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(p.srv.Certificate())
	return pool
}

// PEM returns the same as text, for clients that read a file.
func (p *IdP) PEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.srv.Certificate().Raw})
}

// Discovery changes how the issuer serves its metadata.
func (p *IdP) Discovery(b Behavior) { p.set(&p.discovery, b) }

// Keys changes how the issuer serves its keys.
func (p *IdP) Keys(b Behavior) { p.set(&p.jwks, b) }

// Release serves the requests that hang honestly after all, and those to come.
func (p *IdP) Release() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.discovery, p.jwks = Honest, Honest
	close(p.release)
	p.release = make(chan struct{})
}

func (p *IdP) set(which *Behavior, b Behavior) {
	p.mu.Lock()
	defer p.mu.Unlock()
	*which = b
}

// Asked returns how often metadata and keys were asked for.
func (p *IdP) Asked() (discovery, keys int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.asked[discoveryPath], p.asked[keysPath]
}

// Token returns a token for subject and audience that is valid for an hour,
// signed with the newest key. A claim of more replaces the usual one; nil
// removes it.
func (p *IdP) Token(t testing.TB, subject, audience string, more map[string]any) string {
	t.Helper()
	now := p.clk.Wall()
	claims := map[string]any{
		"iss": p.Issuer, "sub": subject, "aud": audience,
		"iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(time.Hour).Unix(),
	}
	maps.Copy(claims, more)
	maps.DeleteFunc(claims, func(_ string, v any) bool { return v == nil })
	return p.Sign(t, claims, nil)
}

// Sign returns claims signed with the newest key. Header members of more
// replace the usual ones, such as kid.
func (p *IdP) Sign(t testing.TB, claims map[string]any, more map[string]any) string {
	t.Helper()
	p.mu.Lock()
	k := p.keys[len(p.keys)-1]
	p.mu.Unlock()
	opts := (&jose.SignerOptions{}).WithType("JWT").WithHeader("kid", k.public.KeyID)
	for name, value := range more {
		opts.WithHeader(jose.HeaderKey(name), value)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: k.alg, Key: k.private}, opts)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	jws, err := signer.Sign(text)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := jws.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// ServeHTTP serves the two documents.
func (p *IdP) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	p.asked[r.URL.Path]++
	discovery, jwks, release := p.discovery, p.jwks, p.release
	p.mu.Unlock()
	switch r.URL.Path {
	case discoveryPath:
		p.serve(w, r, discovery, release, p.metadata(discovery))
	case keysPath:
		p.serve(w, r, jwks, release, p.keySet(jwks))
	default:
		http.NotFound(w, r)
	}
}

func (p *IdP) serve(w http.ResponseWriter, r *http.Request, b Behavior, release <-chan struct{}, document any) {
	if b == Hang {
		select {
		case <-release:
		case <-p.done:
			panic(http.ErrAbortHandler) // to return would be to answer
		case <-r.Context().Done():
			panic(http.ErrAbortHandler)
		}
	}
	switch b {
	case RedirectInward:
		http.Redirect(w, r, "http://169.254.169.254/metadata/identity/oauth2/token", http.StatusFound)
	case Huge:
		w.Write([]byte(`{"keys":[],"padding":"` + strings.Repeat("x", 8<<20) + `"}`))
	case Fail:
		http.Error(w, "out of order", http.StatusInternalServerError)
	case Garbage:
		w.Write([]byte("<html>"))
	default:
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(document)
	}
}

func (p *IdP) metadata(b Behavior) map[string]any {
	doc := map[string]any{
		"issuer":                                p.Issuer,
		"jwks_uri":                              p.Issuer + keysPath,
		"authorization_endpoint":                p.Issuer + "/authorize",
		"response_types_supported":              []string{"id_token"},
		"subject_types_supported":               []string{"public"},
		"id_token_signing_alg_values_supported": []string{"RS256", "PS256", "ES256", "EdDSA"},
	}
	switch b {
	case WrongIssuer:
		doc["issuer"] = "https://another.example"
	case NoKeys:
		delete(doc, "jwks_uri")
	}
	return doc
}

func (p *IdP) keySet(b Behavior) jose.JSONWebKeySet {
	p.mu.Lock()
	defer p.mu.Unlock()
	set := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{}}
	if b == NoKeys {
		return set
	}
	for _, k := range p.keys {
		set.Keys = append(set.Keys, k.public)
	}
	return set
}

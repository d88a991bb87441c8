package fakeidp

import (
	"crypto/tls"
	"net/http"
	"testing"

	"github.com/coreos/go-oidc/v3/oidc"
	jose "github.com/go-jose/go-jose/v4"
)

// A verifier that is not ours takes the issuer for a real one, whatever it
// signs with, and takes what was signed before a rotation.
func TestStrictVerifierAccepts(t *testing.T) {
	p := Start(t)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: p.Roots()}}}
	t.Cleanup(client.CloseIdleConnections)
	ctx := oidc.ClientContext(t.Context(), client)
	tokens := map[string]string{"the first key": p.Token(t, "job-7", "aud", nil)}
	for _, alg := range []jose.SignatureAlgorithm{jose.RS256, jose.PS256, jose.ES256, jose.EdDSA} {
		p.Rotate(t, alg)
		tokens[string(alg)] = p.Token(t, "job-7", "aud", nil)
	}
	provider, err := oidc.NewProvider(ctx, p.Issuer)
	if err != nil {
		t.Fatal(err)
	}
	verifier := provider.VerifierContext(ctx, &oidc.Config{ClientID: "aud"})
	for name, raw := range tokens {
		got, err := verifier.Verify(ctx, raw)
		if err != nil || got.Subject != "job-7" {
			t.Errorf("%s: got %v, %v, want the subject", name, got, err)
		}
	}
	if _, err := verifier.Verify(ctx, p.Token(t, "job-7", "aud", map[string]any{"exp": nil})); err == nil {
		t.Error("a token without expiry was verified")
	}
}

func TestMisbehavior(t *testing.T) {
	p := Start(t)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: p.Roots()}}}
	t.Cleanup(client.CloseIdleConnections)
	ctx := oidc.ClientContext(t.Context(), client)
	for _, b := range []Behavior{WrongIssuer, Fail, Garbage, RedirectInward} {
		p.Discovery(b)
		if _, err := oidc.NewProvider(ctx, p.Issuer); err == nil {
			t.Errorf("behavior %d: discovery worked", b)
		}
	}
	p.Discovery(Honest)
	for _, b := range []Behavior{NoKeys, Fail, Garbage} {
		p.Keys(b)
		provider, err := oidc.NewProvider(ctx, p.Issuer)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := provider.VerifierContext(ctx, &oidc.Config{ClientID: "aud"}).Verify(ctx, p.Token(t, "s", "aud", nil)); err == nil {
			t.Errorf("behavior %d: a token was verified", b)
		}
	}
	if d, k := p.Asked(); d == 0 || k == 0 {
		t.Errorf("asked %d and %d times, want both counted", d, k)
	}
}

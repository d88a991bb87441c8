package fakeidp

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"testing"

	jose "github.com/go-jose/go-jose/v4"
)

// A key is one signing key of the issuer and its published half.
type key struct {
	alg     jose.SignatureAlgorithm
	private crypto.Signer
	public  jose.JSONWebKey
}

// Rotate makes a new key for the algorithm, which signs from now on. The older
// ones stay published until Retire.
func (p *IdP) Rotate(t testing.TB, alg jose.SignatureAlgorithm) {
	t.Helper()
	private, err := generate(alg)
	if err != nil {
		t.Fatal(err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.keys = append(p.keys, key{alg, private, jose.JSONWebKey{
		Key: private.Public(), KeyID: fmt.Sprintf("key-%d", len(p.keys)+1), Algorithm: string(alg), Use: "sig",
	}})
}

// Retire stops publishing all keys but the newest.
func (p *IdP) Retire() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.keys = p.keys[len(p.keys)-1:]
}

func generate(alg jose.SignatureAlgorithm) (crypto.Signer, error) {
	switch alg {
	case jose.RS256, jose.PS256:
		return rsa.GenerateKey(rand.Reader, 2048)
	case jose.ES256:
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case jose.EdDSA:
		_, private, err := ed25519.GenerateKey(rand.Reader)
		return private, err
	}
	return nil, fmt.Errorf("no key for the algorithm %s", alg)
}

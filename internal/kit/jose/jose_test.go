package jose

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	jose "github.com/go-jose/go-jose/v4"

	"entente/internal/kit/fault"
)

var rsaKey = sync.OnceValue(func() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return k
})

func all() []Algorithm { return []Algorithm{RS256, PS256, ES256, EdDSA} }

func sign(t testing.TB, key crypto.Signer, h Header, claims any) string {
	t.Helper()
	s, err := NewSigner(key, h)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := s.Sign(claims)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// compact puts a token together by hand, as an attacker would.
func compact(header, payload string, signature []byte) string {
	enc := base64.RawURLEncoding.EncodeToString
	return enc([]byte(header)) + "." + enc([]byte(payload)) + "." + enc(signature)
}

func TestEachAlgorithmSignsAndVerifies(t *testing.T) {
	ec, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	_, ed, _ := ed25519.GenerateKey(rand.Reader)
	keys := map[Algorithm]crypto.Signer{RS256: rsaKey(), PS256: rsaKey(), ES256: ec, EdDSA: ed}
	for alg, key := range keys {
		t.Run(string(alg), func(t *testing.T) {
			raw := sign(t, key, Header{Algorithm: alg, KeyID: "k", Type: "JWT"}, Claims{Subject: "s"})
			tok, err := Peek(raw, all()...)
			if err != nil {
				t.Fatal(err)
			}
			pub, err := NewKey("k", key.Public())
			if err != nil {
				t.Fatal(err)
			}
			if err := tok.Verify(pub); err != nil {
				t.Errorf("err = %v, want it verified", err)
			}
			var c Claims
			if err := tok.Claims(&c); err != nil || c.Subject != "s" {
				t.Errorf("got %q, %v, want the subject", c.Subject, err)
			}
			other := Algorithm("ES256")
			if alg == ES256 {
				other = RS256
			}
			if _, err := Peek(raw, other); !errors.Is(err, WrongAlgorithm) {
				t.Errorf("an algorithm the caller does not take: err = %v, want %v", err, WrongAlgorithm)
			}
		})
	}
}

func TestRefusedBeforeAnyKeyIsLookedAt(t *testing.T) {
	good := sign(t, rsaKey(), Header{Algorithm: RS256, KeyID: "k"}, map[string]any{"iss": "i"})
	parts := strings.Split(good, ".")
	tests := []struct {
		name, raw string
		want      fault.Reason
	}{
		{"RFC 7515 appendix A.5: alg none", compact(`{"alg":"none"}`, `{}`, nil), WrongAlgorithm},
		{"none in capitals", compact(`{"alg":"NONE"}`, `{}`, nil), WrongAlgorithm},
		{"no alg", compact(`{}`, `{}`, nil), WrongAlgorithm},
		{"HS256", compact(`{"alg":"HS256"}`, `{}`, []byte("x")), WrongAlgorithm},
		{"RFC 7515 section 4.1.11: crit", compact(`{"alg":"RS256","crit":["exp"],"exp":1}`, `{}`, []byte("x")), Malformed},
		{"RFC 7797: b64", compact(`{"alg":"RS256","b64":false}`, `{}`, []byte("x")), Malformed},
		{"a header member twice", compact(`{"alg":"RS256","alg":"none"}`, `{}`, []byte("x")), Malformed},
		{"a header that is no object", compact(`[]`, `{}`, []byte("x")), Malformed},
		{"two parts", parts[0] + "." + parts[1], Malformed},
		{"four parts", good + ".x", Malformed},
		{"five parts, as of an encrypted token", good + "..", Malformed},
		{"empty", "", Malformed},
		{"a line break inside", parts[0] + ".\n" + parts[1] + "." + parts[2], Malformed},
		{"padding", parts[0] + "=." + parts[1] + "." + parts[2], Malformed},
		{"1 MB long", strings.Repeat("a", 1<<20), TooLong},
		{"JSON serialization", `{"payload":"e30","signatures":[]}`, Malformed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := Peek(tt.raw, all()...); !errors.Is(err, tt.want) {
				t.Errorf("err = %v, want %v", err, tt.want)
			}
		})
	}
}

// TestHMACWithThePublicKey is the attack on verifiers that take the algorithm
// from the token (RFC 8725, section 2.1).
func TestHMACWithThePublicKey(t *testing.T) {
	s, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.HS256, Key: rsaKey().PublicKey.N.Bytes()}, nil)
	if err != nil {
		t.Fatal(err)
	}
	jws, _ := s.Sign([]byte(`{}`))
	raw, _ := jws.CompactSerialize()
	if _, err := Peek(raw, all()...); !errors.Is(err, WrongAlgorithm) {
		t.Errorf("err = %v, want %v", err, WrongAlgorithm)
	}
	if _, err := Peek(raw, RS256, "HS256"); err == nil {
		tok, _ := Peek(raw, RS256, "HS256")
		pub, _ := NewKey("", rsaKey().Public())
		if err := tok.Verify(pub); !errors.Is(err, NoKey) {
			t.Errorf("even when asked for: err = %v, want %v", err, NoKey)
		}
	}
}

// TestKeysInTheHeaderAreNotBelieved covers jwk, jku, x5u and x5c (RFC 7515,
// sections 4.1.2 to 4.1.6).
func TestKeysInTheHeaderAreNotBelieved(t *testing.T) {
	theirs, _ := rsa.GenerateKey(rand.Reader, 2048)
	ours, _ := NewKey("k", rsaKey().Public())
	for name, extra := range map[jose.HeaderKey]any{
		"jwk": jose.JSONWebKey{Key: theirs.Public(), KeyID: "k"},
		"jku": "https://keys.example/jwks",
		"x5u": "https://keys.example/cert.pem",
	} {
		opts := &jose.SignerOptions{ExtraHeaders: map[jose.HeaderKey]any{"kid": "k", name: extra}}
		s, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: theirs}, opts)
		if err != nil {
			t.Fatal(err)
		}
		jws, _ := s.Sign([]byte(`{}`))
		raw, _ := jws.CompactSerialize()
		tok, err := Peek(raw, RS256)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := tok.Verify(ours); !errors.Is(err, BadSignature) {
			t.Errorf("%s: err = %v, want %v", name, err, BadSignature)
		}
	}
}

func TestWhichKeyVerifies(t *testing.T) {
	other, _ := rsa.GenerateKey(rand.Reader, 2048)
	a, _ := NewKey("a", rsaKey().Public())
	b, _ := NewKey("b", other.Public())
	twin, _ := NewKey("a", other.Public())
	only := a
	only.Algorithm = PS256
	tests := []struct {
		name string
		kid  string
		keys []Key
		want error
	}{
		{"named", "a", []Key{b, a}, nil},
		{"named, of two with the name", "a", []Key{twin, a}, nil},
		{"named, but another's", "b", []Key{b, a}, BadSignature},
		{"unknown", "c", []Key{b, a}, NoKey},
		{"none named, one key", "", []Key{a}, nil},
		{"OpenID Connect Core 10.1: none named, two keys", "", []Key{a, b}, NoKey},
		{"a key for another algorithm", "a", []Key{only}, NoKey},
		{"no keys", "a", nil, NoKey},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tok, err := Peek(sign(t, rsaKey(), Header{Algorithm: RS256, KeyID: tt.kid}, Claims{}), RS256)
			if err != nil {
				t.Fatal(err)
			}
			if err := tok.Verify(tt.keys...); !errors.Is(err, tt.want) {
				t.Errorf("err = %v, want %v", err, tt.want)
			}
		})
	}
}

func TestSetKeepsWhatIsUsable(t *testing.T) {
	small, _ := rsa.GenerateKey(rand.Reader, 1024)
	var keys []any
	add := func(k jose.JSONWebKey) { keys = append(keys, k) }
	add(jose.JSONWebKey{Key: rsaKey().Public(), KeyID: "good", Use: "sig"})
	add(jose.JSONWebKey{Key: small.Public(), KeyID: "small"})
	add(jose.JSONWebKey{Key: rsaKey().Public(), KeyID: "enc", Use: "enc"})
	add(jose.JSONWebKey{Key: []byte("symmetric"), KeyID: "oct"})
	add(jose.JSONWebKey{Key: rsaKey(), KeyID: "private"})
	keys = append(keys, map[string]any{"kty": "XYZ"}, "nonsense", map[string]any{"kty": "RSA"})
	text, err := json.Marshal(map[string]any{"keys": keys})
	if err != nil {
		t.Fatal(err)
	}
	s, err := ParseSet(text)
	if err != nil || len(s.Keys) != 1 || !s.Has("good") || s.Unused != len(keys)-1 {
		t.Errorf("got %d keys, %d unused, %v, want the good one and %d unused", len(s.Keys), s.Unused, err, len(keys)-1)
	}
	for name, text := range map[string]string{"no keys": `{}`, "no object": `[]`, "no JSON": `<html>`} {
		if _, err := ParseSet([]byte(text)); !errors.Is(err, Malformed) {
			t.Errorf("%s: err = %v, want %v", name, err, Malformed)
		}
	}
	if _, err := ParseSet(bytes.Repeat([]byte{' '}, MaxSetLength+1)); !errors.Is(err, TooLong) {
		t.Errorf("a huge set: err = %v, want %v", err, TooLong)
	}
}

func TestSetKeepsAHundred(t *testing.T) {
	var members []string
	pub := PublicRSA("x", &rsaKey().PublicKey, nil)
	for i := range 120 {
		members = append(members, fmt.Sprintf(`{"kty":"RSA","kid":"k%d","n":"%s","e":"%s"}`, i, pub.N, pub.E))
	}
	s, err := ParseSet([]byte(`{"keys":[` + strings.Join(members, ",") + `]}`))
	if err != nil || len(s.Keys) != MaxKeys || s.Unused != 20 || !s.Has("k99") || s.Has("k100") {
		t.Errorf("got %d keys, %d unused, %v, want the first 100", len(s.Keys), s.Unused, err)
	}
}

// TestSetIsCheap: what an issuer publishes bounds neither our time for a token
// nor our memory.
func TestSetIsCheap(t *testing.T) {
	pub := PublicRSA("", &rsaKey().PublicKey, nil)
	var members []string
	for i := range 20 {
		id := "same"
		if i%2 == 1 {
			id = strings.Repeat("k", maxKeyID+1)
		}
		members = append(members, fmt.Sprintf(`{"kty":"RSA","kid":"%s","n":"%s","e":"%s"}`, id, pub.N, pub.E))
	}
	s, err := ParseSet([]byte(`{"keys":[` + strings.Join(members, ",") + `]}`))
	if err != nil || len(s.Keys) != maxAlike || s.Unused != 20-maxAlike || !s.Has("same") {
		t.Errorf("got %d keys, %d unused, %v, want %d of one identifier", len(s.Keys), s.Unused, err, maxAlike)
	}
}

func TestThumbprint(t *testing.T) {
	var sum1 = sha1.Sum([]byte("certificate"))
	var sum2 = sha256.Sum256([]byte("certificate"))
	for _, sum := range [][]byte{sum1[:], sum2[:]} {
		for _, text := range []string{
			base64.StdEncoding.EncodeToString(sum), base64.RawStdEncoding.EncodeToString(sum),
			base64.URLEncoding.EncodeToString(sum), base64.RawURLEncoding.EncodeToString(sum),
			hex.EncodeToString(sum), strings.ToUpper(hex.EncodeToString(sum)),
		} {
			if got, ok := Thumbprint(text, len(sum)); !ok || !bytes.Equal(got, sum) {
				t.Errorf("%s: got %x, want %x", text, got, sum)
			}
			if _, ok := Thumbprint(text, 16); ok {
				t.Errorf("%s passes for 16 bytes", text)
			}
		}
	}
	for _, text := range []string{"", "=", "a b", "????"} {
		if _, ok := Thumbprint(text, 20); ok {
			t.Errorf("%q is a thumbprint", text)
		}
	}
}

// TestClaims covers RFC 7519, sections 4 and 4.1.
func TestClaims(t *testing.T) {
	noon := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	tests := []struct {
		name, text string
		err        error
		valid      bool
	}{
		{"a single audience", `{"aud":"a","exp":1795435260}`, nil, true},
		{"several", `{"aud":["a","b"],"exp":1795435260}`, nil, true},
		{"a fraction of a second", `{"exp":1795435260.5}`, nil, true},
		{"no expiry", `{}`, nil, false},
		{"expired within the skew", `{"exp":1795435199}`, nil, true},
		{"expired", `{"exp":1795434890}`, nil, false},
		{"not yet", `{"exp":1795439990,"nbf":1795435990}`, nil, false},
		{"a name twice", `{"exp":1,"exp":1795439990}`, Malformed, false},
		{"a name in other case is another name", `{"EXP":1795439990}`, nil, false},
		{"an audience that is a number", `{"aud":1}`, Malformed, false},
		{"a date that is text", `{"exp":"1"}`, Malformed, false},
		{"a date beyond measure", `{"exp":1e300}`, Malformed, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tok := &Token{payload: []byte(tt.text)}
			var c Claims
			if err := tok.Claims(&c); !errors.Is(err, tt.err) {
				t.Fatalf("err = %v, want %v", err, tt.err)
			}
			if got := c.Valid(noon, 5*time.Minute); tt.err == nil && got != tt.valid {
				t.Errorf("valid = %v, want %v (expiry %v)", got, tt.valid, c.Expiry)
			}
		})
	}
}

func TestSignerRefusesAnAlgorithmThatDoesNotFit(t *testing.T) {
	if _, err := NewSigner(rsaKey(), Header{Algorithm: ES256}); err == nil {
		t.Error("an RSA key signs ES256")
	}
}

package managedidentity

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"entente/internal/kit/fault"
	"entente/internal/kit/jose"
)

// A machine holds a host's key.
type machine struct {
	key    *ecdsa.PrivateKey
	kid    string
	signer *jose.Signer
}

func newMachine(t *testing.T, kid string) *machine {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := jose.NewSigner(key, jose.Header{Algorithm: jose.ES256, KeyID: kid})
	if err != nil {
		t.Fatal(err)
	}
	return &machine{key, kid, signer}
}

// jwk returns the machine's public key.
func (m *machine) jwk(t *testing.T) json.RawMessage {
	b, err := m.key.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	enc := base64.RawURLEncoding.EncodeToString
	return fmt.Appendf(nil, `{"kty":"EC","crv":"P-256","x":%q,"y":%q,"kid":%q,"use":"sig"}`, enc(b[1:33]), enc(b[33:]), m.kid)
}

// assert returns an assertion with the given claims laid over the usual ones.
func (m *machine) assert(t *testing.T, host HostID, over map[string]any) string {
	t.Helper()
	claims := map[string]any{
		"iss": host, "sub": host, "aud": "https://e/token", "iat": noon.Unix(), "exp": noon.Add(5 * time.Minute).Unix(), "jti": "1",
	}
	maps.Copy(claims, over)
	raw, err := m.signer.Sign(claims)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestCheckAssertion(t *testing.T) {
	const host = HostID("dddddddd-0000-4000-8000-000000000001")
	m, stranger := newMachine(t, "k"), newMachine(t, "k")
	key, err := ReadKey(m.jwk(t))
	if err != nil {
		t.Fatal(err)
	}
	check := func(raw string) error {
		_, err := CheckAssertion(raw, host, []jose.Key{key}, noon, "https://e/token", "https://f/token")
		return err
	}
	good := map[string]map[string]any{
		"as agents sign":          {},
		"for our other name":      {"aud": "https://f/token"},
		"by a clock a bit behind": {"exp": noon.Add(-time.Minute).Unix()},
	}
	for name, over := range good {
		if err := check(m.assert(t, host, over)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	bad := map[string]map[string]any{
		"another issuer":      {"iss": "x"},
		"another subject":     {"sub": "x"},
		"another audience":    {"aud": "https://e/"},
		"expired":             {"exp": noon.Add(-6 * time.Minute).Unix()},
		"without expiry":      {"exp": nil},
		"not yet valid":       {"nbf": noon.Add(6 * time.Minute).Unix()},
		"living for a day":    {"exp": noon.Add(24 * time.Hour).Unix()},
		"without jti":         {"jti": ""},
		"with a jti too long": {"jti": strings.Repeat("x", 101)},
	}
	for name, over := range bad {
		if err := check(m.assert(t, host, over)); !errors.Is(err, BadAssertion) || !errors.Is(err, fault.Unauthenticated) {
			t.Errorf("%s: got %v, want %v", name, err, BadAssertion)
		}
	}
	none := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." +
		base64.RawURLEncoding.EncodeToString([]byte(`{"iss":"`+host+`"}`)) + "."
	for name, raw := range map[string]string{"a stranger's key": stranger.assert(t, host, nil), "no signature": none, "nothing": "", "noise": "a.b.c"} {
		if err := check(raw); !errors.Is(err, BadAssertion) {
			t.Errorf("%s: got %v, want %v", name, err, BadAssertion)
		}
	}
}

func TestReadKeyRefuses(t *testing.T) {
	m := newMachine(t, "")
	for name, jwk := range map[string]string{
		"nothing":         ``,
		"noise":           `{`,
		"two keys":        `{},{}`,
		"without kid":     string(m.jwk(t)),
		"a symmetric key": `{"kty":"oct","k":"AAAA","kid":"x"}`,
	} {
		if k, err := ReadKey(json.RawMessage(jwk)); !errors.Is(err, fault.Invalid) {
			t.Errorf("%s: got %v, %v, want Invalid", name, k, err)
		}
	}
}

package jose

import (
	"strings"
	"testing"
)

// FuzzPeek feeds what arrives as an assertion to the parser. Nothing crashes,
// nothing that was not signed verifies, and what was read can be read again.
func FuzzPeek(f *testing.F) {
	signed := sign(f, rsaKey(), Header{Algorithm: RS256, KeyID: "k", Type: "JWT"}, map[string]any{"iss": "i", "sub": "s", "aud": "a", "exp": 1795435260})
	f.Add(signed)
	pub, _ := NewKey("k", rsaKey().Public())
	f.Fuzz(func(t *testing.T, raw string) {
		tok, err := Peek(raw, all()...)
		if err != nil {
			return
		}
		var c Claims
		var any map[string]any
		_, _ = tok.Claims(&c), tok.Claims(&any)
		Thumbprint(tok.Header.X5t, 20)
		if NamesIssuer(raw, "i") && !strings.EqualFold(c.Issuer, "i") {
			t.Errorf("names the issuer %q by one way and %q by the other", "i", c.Issuer)
		}
		if tok.Verify(pub) == nil && raw != signed {
			t.Errorf("verified without having been signed: %q", raw)
		}
		if strings.Count(raw, ".") != 2 || len(raw) > MaxLength {
			t.Errorf("read what is no token: %q", raw)
		}
	})
}

// FuzzParseSet feeds a foreign key set to the parser.
func FuzzParseSet(f *testing.F) {
	f.Fuzz(func(t *testing.T, text string) {
		s, err := ParseSet([]byte(text))
		if err == nil && len(s.Keys) > MaxKeys {
			t.Errorf("kept %d keys", len(s.Keys))
		}
	})
}

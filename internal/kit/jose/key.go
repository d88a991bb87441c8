package jose

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"slices"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/json"

	"entente/internal/kit/fault"
)

const (
	// MaxKeys is how many keys of a set are kept, as Entra does.
	MaxKeys = 100
	// MaxSetLength is the longest key set that is read, in bytes.
	MaxSetLength = 1 << 20

	// A token is tried with every key of its identifier, and the identifiers are
	// kept as long as the set: whoever publishes one may not make either cost much.
	maxAlike = 4   // keys of one identifier; it should be one (RFC 7517, section 4.5)
	maxKeyID = 256 // bytes

	minRSA = 2048 // bits; RFC 7518, section 3.3
	maxRSA = 8192 // bits; a longer modulus would only cost us time
)

// A Key is a public key that may verify signatures.
type Key struct {
	ID        string
	Algorithm Algorithm // the only one it is for; empty when its owner did not say
	Public    crypto.PublicKey
}

// NewKey returns a key to verify with, or an Invalid fault when the key is too
// weak or of a kind that no algorithm here takes.
func NewKey(id string, public crypto.PublicKey) (Key, error) {
	if why := weakness(public); why != "" {
		return Key{}, fault.New(fault.Invalid, "%s", why)
	}
	return Key{ID: id, Public: public}, nil
}

func (k Key) fits(alg Algorithm) bool {
	if k.Algorithm != "" && k.Algorithm != alg {
		return false
	}
	switch k.Public.(type) {
	case *rsa.PublicKey:
		return alg == RS256 || alg == PS256
	case *ecdsa.PublicKey:
		return alg == ES256
	case ed25519.PublicKey:
		return alg == EdDSA
	}
	return false
}

// weakness says why a key is not to be used, or "".
func weakness(public crypto.PublicKey) string {
	switch p := public.(type) {
	case *rsa.PublicKey:
		switch bits := p.N.BitLen(); {
		case bits < minRSA:
			return "An RSA key has at least 2048 bits."
		case bits > maxRSA:
			return "An RSA key has at most 8192 bits."
		case p.E < 3 || p.E%2 == 0:
			return "The RSA key's exponent is none."
		case guessable(p.N):
			return "The RSA key was made by a generator whose keys can be guessed (CVE-2017-15361)."
		}
		return ""
	case *ecdsa.PublicKey:
		if p.Curve != elliptic.P256() {
			return "Of elliptic curves only P-256 is taken."
		}
		return ""
	case ed25519.PublicKey:
		return ""
	}
	return "The key is of a kind that is not taken."
}

// A Set is the usable part of a published key set.
type Set struct {
	Keys []Key
	// Unused counts the keys that were left out: too weak, for encryption, of an
	// unknown kind, with an identifier that is too long or too frequent, or beyond
	// the hundredth.
	Unused int
}

// ParseSet reads a JWK set (RFC 7517, section 5). A member that cannot be used
// is passed over, as the RFC asks, and counted.
func ParseSet(text []byte) (*Set, error) {
	if len(text) > MaxSetLength {
		return nil, fault.Because(fault.Invalid, TooLong, "A key set has at most %d bytes.", MaxSetLength)
	}
	var raw struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(text, &raw); err != nil {
		return nil, malformed("The key set cannot be read.").Wrap(err)
	}
	if raw.Keys == nil {
		return nil, malformed("The key set has no member 'keys'.")
	}
	s := &Set{}
	alike := make(map[string]int)
	for _, member := range raw.Keys {
		k, ok := readKey(member)
		if !ok || len(s.Keys) == MaxKeys || len(k.ID) > maxKeyID || alike[k.ID] == maxAlike {
			s.Unused++
			continue
		}
		alike[k.ID]++
		s.Keys = append(s.Keys, k)
	}
	return s, nil
}

// Has reports whether a key of that identifier is in the set.
func (s *Set) Has(kid string) bool {
	return slices.ContainsFunc(s.Keys, func(k Key) bool { return k.ID == kid })
}

// readKey returns the key a member of a set describes, if it may verify.
func readKey(member []byte) (Key, bool) {
	var use struct {
		Ops []string `json:"key_ops"`
	}
	var k jose.JSONWebKey
	if json.Unmarshal(member, &use) != nil || k.UnmarshalJSON(member) != nil {
		return Key{}, false
	}
	switch {
	case !k.IsPublic(): // published with its private half, or symmetric
		return Key{}, false
	case k.Use != "" && k.Use != "sig":
		return Key{}, false
	case use.Ops != nil && !slices.Contains(use.Ops, "verify"):
		return Key{}, false
	}
	out, err := NewKey(k.KeyID, k.Key)
	if err != nil {
		return Key{}, false
	}
	out.Algorithm = Algorithm(k.Algorithm)
	return out, true
}

// Package secret holds values that must not be printed, compares them without
// telling how far they agree, and seals them at rest.
//
// A String prints as [secret] everywhere. A Ring holds the operator's master
// keys; it seals with the newest (AES-256-GCM under a key derived by HKDF, RFC
// 5869, bound to a context) and opens with any of them, so that a master key
// can be replaced without a day on which everything is sealed anew.
package secret

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"log/slog"

	"entente/internal/kit/fault"
)

// A String is a secret text. It has no form in which it could be logged.
type String struct{ s string }

// NewString wraps s.
func NewString(s string) String { return String{s} }

// Reveal returns the text. Call it where the text is used, nowhere earlier.
func (s String) Reveal() string { return s.s }

// IsZero reports whether there is no text.
func (s String) IsZero() bool { return s.s == "" }

// Equal reports whether s is t, in a time that depends on t's length only.
func (s String) Equal(t string) bool {
	return subtle.ConstantTimeCompare([]byte(s.s), []byte(t)) == 1
}

// String returns [secret].
func (String) String() string { return "[secret]" }

// GoString returns [secret].
func (String) GoString() string { return "[secret]" }

// LogValue returns [secret].
func (String) LogValue() slog.Value { return slog.StringValue("[secret]") }

// MarshalText returns [secret].
func (String) MarshalText() ([]byte, error) { return []byte("[secret]"), nil }

// Random returns n random bytes as base64url without padding.
func Random(n int) string {
	b := make([]byte, n)
	rand.Read(b)
	return base64.RawURLEncoding.EncodeToString(b)
}

// Pick returns n bytes of letters, each as likely as any other.
func Pick(letters string, n int) string {
	even := 256 / len(letters) * len(letters) // a byte beyond would favor the first letters
	out, b := make([]byte, 0, n), make([]byte, 1)
	for len(out) < n {
		if rand.Read(b); int(b[0]) < even {
			out = append(out, letters[int(b[0])%len(letters)])
		}
	}
	return string(out)
}

// A Digest is the SHA-256 of something, in hexadecimal.
type Digest string

// DigestOf returns the digest of the parts. Each part's length goes in as
// well, so that no two lists of parts share a digest.
func DigestOf(parts ...string) Digest {
	h := sha256.New()
	for _, p := range parts {
		var n [8]byte
		for i, l := 7, len(p); i >= 0; i, l = i-1, l>>8 {
			n[i] = byte(l)
		}
		h.Write(n[:])
		h.Write([]byte(p))
	}
	return Digest(hex.EncodeToString(h.Sum(nil)))
}

// ParseDigest returns the digest that s spells, or an Invalid fault.
func ParseDigest(s string) (Digest, error) {
	if b, err := hex.DecodeString(s); err != nil || len(b) != sha256.Size {
		return "", fault.New(fault.Invalid, "That is no digest.")
	}
	return Digest(s), nil
}

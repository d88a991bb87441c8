// Package jose reads, verifies and signs JSON Web Tokens (RFC 7519) and reads
// key sets (RFC 7517). It is the only place in entente that handles a
// signature.
//
// The caller says which algorithms it takes; neither a token nor a key ever
// does. There is no algorithm here that could be had with a public key alone:
// no "none", no HMAC. Keys come from the caller as well: the header members
// jku, x5u, x5c and jwk are never followed and never believed, and a token with
// crit is refused, because we understand no extension (RFC 7515, section
// 4.1.11).
//
// Peek reads a token without believing it, so that its issuer and key can be
// looked up; Verify makes the same value believed. What faces the net is held
// to MaxLength before it is parsed. The cryptography is go-jose's and the
// standard library's.
package jose

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strings"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/json"

	"entente/internal/kit/fault"
)

// MaxLength is the longest token that is looked at, in bytes. Managed identity
// tokens have about 2,000 and a user's token with 200 groups about 10,000.
const MaxLength = 20_000

// An Algorithm is a signature algorithm (RFC 7518, section 3.1; RFC 8037).
type Algorithm string

// The algorithms that entente verifies. It signs with RS256.
const (
	RS256 Algorithm = "RS256"
	PS256 Algorithm = "PS256"
	ES256 Algorithm = "ES256"
	EdDSA Algorithm = "EdDSA"
)

// The reasons for which a token is refused.
const (
	TooLong        fault.Reason = "token_too_long"
	Malformed      fault.Reason = "token_malformed"
	WrongAlgorithm fault.Reason = "token_algorithm"
	NoKey          fault.Reason = "token_key_not_found"
	BadSignature   fault.Reason = "token_signature"
)

// A Header is the part of a token's header that is looked at.
type Header struct {
	Algorithm Algorithm
	KeyID     string
	Type      string
	X5t       string // as sent: clients disagree on the alphabet; see Thumbprint
	X5tS256   string
}

// A Token is a parsed JWS in compact form. Its claims are what someone wrote,
// until Verify has returned nil.
type Token struct {
	Header  Header
	raw     string
	jws     *jose.JSONWebSignature
	payload []byte
}

// Peek parses raw, which must be signed with one of the allowed algorithms, and
// believes nothing of it.
//
// RFC 7515, section 7.1: three parts of base64url without padding, white space
// or line breaks. An encoding that is not the canonical one is refused as well.
func Peek(raw string, allowed ...Algorithm) (*Token, error) {
	if len(raw) > MaxLength {
		return nil, fault.Because(fault.Invalid, TooLong, "A token has at most %d bytes; this one has %d.", MaxLength, len(raw))
	}
	head, ok := strictParts(raw)
	if !ok {
		return nil, malformed("A token has three parts of base64url.")
	}
	t := &Token{raw: raw}
	if err := readHeader(head, &t.Header); err != nil {
		return nil, err
	}
	if !slices.Contains(allowed, t.Header.Algorithm) {
		return nil, fault.Because(fault.Invalid, WrongAlgorithm, "The algorithm '%.20s' is not accepted.", string(t.Header.Algorithm))
	}
	jws, err := jose.ParseSignedCompact(raw, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(t.Header.Algorithm)})
	if err != nil {
		return nil, malformed("The token cannot be read.").Wrap(err)
	}
	t.jws, t.payload = jws, jws.UnsafePayloadWithoutVerification()
	return t, nil
}

// NamesIssuer reports whether a token names issuer, in any letter case, as its
// own. It looks at nothing else and is for choosing how a token is to be read.
// A token in whose claims the text does not stand at all is not parsed.
func NamesIssuer(raw, issuer string) bool {
	_, rest, _ := strings.Cut(raw, ".")
	payload, _, _ := strings.Cut(rest, ".")
	if len(raw) > MaxLength {
		return false
	}
	text, err := strict.DecodeString(payload)
	if err != nil || !bytes.Contains(bytes.ToLower(text), []byte(strings.ToLower(issuer))) {
		return false
	}
	var c struct {
		Issuer string `json:"iss"`
	}
	return json.Unmarshal(text, &c) == nil && strings.EqualFold(c.Issuer, issuer)
}

// Claims decodes the claims into dest. Names are compared with regard to case,
// and a name that stands twice is refused (RFC 7519, section 4).
func (t *Token) Claims(dest any) error {
	if err := json.Unmarshal(t.payload, dest); err != nil {
		return malformed("The claims of the token cannot be read.").Wrap(err)
	}
	return nil
}

// Payload returns the signed bytes.
func (t *Token) Payload() []byte { return t.payload }

// Verify returns nil when one of keys that fits the token's kid and algorithm
// made its signature. The fault is NoKey when none fits.
//
// A token without a kid is verified only when exactly one key fits (OpenID
// Connect Core 1.0, section 10.1: with several keys a kid must be given).
func (t *Token) Verify(keys ...Key) error {
	fit := fitting(keys, t.Header.Algorithm, func(k Key) bool { return t.Header.KeyID == "" || k.ID == t.Header.KeyID })
	if len(fit) == 0 || t.Header.KeyID == "" && len(fit) > 1 {
		return fault.Because(fault.Invalid, NoKey, "No key fits the token's key identifier '%.100s'.", t.Header.KeyID)
	}
	return t.verifyWith(fit)
}

// VerifyWith returns nil when key made the token's signature, whatever its
// header names. It is for a caller who has chosen the key by other means, such
// as a certificate's thumbprint.
func (t *Token) VerifyWith(key Key) error {
	fit := fitting([]Key{key}, t.Header.Algorithm, func(Key) bool { return true })
	if len(fit) == 0 {
		return fault.Because(fault.Invalid, NoKey, "The key is none for the algorithm %s.", t.Header.Algorithm)
	}
	return t.verifyWith(fit)
}

func (t *Token) verifyWith(keys []Key) error {
	var last error
	for _, k := range keys {
		if _, last = t.jws.Verify(k.Public); last == nil {
			last = t.checkSalt(k)
		}
		if last == nil {
			return nil
		}
	}
	return fault.Because(fault.Invalid, BadSignature, "The token's signature does not verify.").Wrap(last)
}

// checkSalt refuses a PS256 signature whose salt is not as long as the hash
// (RFC 7518, section 3.5), which go-jose lets pass.
func (t *Token) checkSalt(k Key) error {
	public, ok := k.Public.(*rsa.PublicKey)
	if !ok || t.Header.Algorithm != PS256 {
		return nil
	}
	signed := sha256.Sum256([]byte(t.raw[:strings.LastIndexByte(t.raw, '.')]))
	return rsa.VerifyPSS(public, crypto.SHA256, signed[:], t.jws.Signatures[0].Signature,
		&rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
}

func fitting(keys []Key, alg Algorithm, match func(Key) bool) []Key {
	var fit []Key
	for _, k := range keys {
		if match(k) && k.fits(alg) {
			fit = append(fit, k)
		}
	}
	return fit
}

// readHeader reads the header and refuses what would change how the token is
// to be understood. Go-jose checks the rest.
func readHeader(text []byte, h *Header) error {
	var raw struct {
		Alg     string          `json:"alg"`
		Kid     string          `json:"kid"`
		Typ     string          `json:"typ"`
		X5t     string          `json:"x5t"`
		X5tS256 string          `json:"x5t#S256"`
		Crit    json.RawMessage `json:"crit"`
		B64     json.RawMessage `json:"b64"`
	}
	if err := json.Unmarshal(text, &raw); err != nil {
		return malformed("The header of the token cannot be read.").Wrap(err)
	}
	if raw.Crit != nil || raw.B64 != nil {
		return malformed("The token names extensions that are not understood.")
	}
	*h = Header{Algorithm(raw.Alg), raw.Kid, raw.Typ, raw.X5t, raw.X5tS256}
	return nil
}

var strict = base64.RawURLEncoding.Strict()

// strictParts returns the decoded header of raw, and whether raw is three parts
// in canonical base64url. The standard decoder passes over line breaks, so they
// are looked for.
func strictParts(raw string) (head []byte, ok bool) {
	parts := strings.Split(raw, ".")
	if len(parts) != 3 || strings.ContainsAny(raw, "\r\n") {
		return nil, false
	}
	for i, p := range parts {
		b, err := strict.DecodeString(p)
		if err != nil {
			return nil, false
		}
		if i == 0 {
			head = b
		}
	}
	return head, true
}

func malformed(text string) *fault.Error {
	return fault.Because(fault.Invalid, Malformed, "%s", text)
}

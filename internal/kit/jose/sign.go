package jose

import (
	"crypto"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"

	jose "github.com/go-jose/go-jose/v4"
)

// A Signer signs tokens with one key. It may be used by many at once.
type Signer struct{ signer jose.Signer }

// NewSigner returns a signer whose tokens carry h. An algorithm that does not
// fit the key is refused.
func NewSigner(key crypto.Signer, h Header) (*Signer, error) {
	if !(Key{Public: key.Public()}).fits(h.Algorithm) {
		return nil, fmt.Errorf("a %T signs no %s", key, h.Algorithm)
	}
	opts := &jose.SignerOptions{ExtraHeaders: map[jose.HeaderKey]any{}}
	for name, value := range map[jose.HeaderKey]string{"typ": h.Type, "kid": h.KeyID, "x5t": h.X5t, "x5t#S256": h.X5tS256} {
		if value != "" {
			opts.ExtraHeaders[name] = value
		}
	}
	s, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.SignatureAlgorithm(h.Algorithm), Key: key}, opts)
	if err != nil {
		return nil, fmt.Errorf("make signer: %w", err)
	}
	return &Signer{s}, nil
}

// Sign returns claims as a signed token in compact form.
func (s *Signer) Sign(claims any) (string, error) {
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("marshal claims: %w", err)
	}
	jws, err := s.signer.Sign(payload)
	if err != nil {
		return "", fmt.Errorf("sign token: %w", err)
	}
	return jws.CompactSerialize()
}

// A PublicKey is an RSA key as it is published (RFC 7517, section 4), with the
// members that Entra adds.
type PublicKey struct {
	Type     string   `json:"kty"`
	Use      string   `json:"use"`
	ID       string   `json:"kid"`
	X5t      string   `json:"x5t"`
	N        string   `json:"n"`
	E        string   `json:"e"`
	X5c      []string `json:"x5c"`
	Instance string   `json:"cloud_instance_name,omitempty"`
	Issuer   string   `json:"issuer,omitempty"`
}

// PublicRSA returns the published form of a signing key and its certificate.
func PublicRSA(id string, key *rsa.PublicKey, certificate []byte) PublicKey {
	return PublicKey{
		Type: "RSA", Use: "sig", ID: id, X5t: id,
		N:   base64.RawURLEncoding.EncodeToString(key.N.Bytes()),
		E:   base64.RawURLEncoding.EncodeToString(big.NewInt(int64(key.E)).Bytes()),
		X5c: []string{base64.StdEncoding.EncodeToString(certificate)},
	}
}

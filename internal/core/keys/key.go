package keys

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"fmt"
	"math/big"
	"slices"
	"time"

	"entente/internal/kit/ids"
)

const (
	bits            = 2048
	certificateLife = 5 // years
)

// A State says what a key is used for at a time.
type State string

// The states.
const (
	Next    State = "next"
	Current State = "current"
	Retired State = "retired"
	Over    State = "over"
)

// A Key is one signing key as it is stored, without its halves.
type Key struct {
	Tenant   ids.TenantID
	Position int // from 1, in the order of making
	ID       string
	Active   time.Time // from when it signs
	Used     time.Time // the day on which it last signed; zero if never
}

// A Set is a tenant's keys in the order of their positions.
type Set []Key

// Times say how a set moves on.
type Times struct {
	// Period is how long a key signs before the next one does.
	Period time.Duration
	// CacheAge is how long others may keep our published keys.
	CacheAge time.Duration
	// Longest is the life of the longest token, with the greatest difference of
	// clocks.
	Longest time.Duration
}

// Defaults returns the times used where the operator sets none: ninety days, a
// day, and a day with an hour for clocks that differ.
func Defaults() Times {
	return Times{Period: 90 * 24 * time.Hour, CacheAge: 24 * time.Hour, Longest: 25 * time.Hour}
}

// State returns the state of the i-th key.
func (s Set) State(i int, now time.Time, t Times) State {
	current := s.current(now)
	switch {
	case s[i].Active.After(now):
		return Next
	case i == current:
		return Current
	case now.Before(s[i+1].Active.Add(t.Longest)):
		return Retired
	}
	return Over
}

// Current returns the key that signs now, or nil while there is none.
func (s Set) Current(now time.Time) *Key {
	if i := s.current(now); i >= 0 {
		return &s[i]
	}
	return nil
}

func (s Set) current(now time.Time) int {
	for i, k := range slices.Backward(s) {
		if !k.Active.After(now) {
			return i
		}
	}
	return -1
}

// Published returns whether the key of that identifier is one that others may
// rely on: every one that is not over.
func (s Set) Published(kid string, now time.Time, t Times) bool {
	i := slices.IndexFunc(s, func(k Key) bool { return k.ID == kid })
	return i >= 0 && s.State(i, now, t) != Over
}

// Due reports whether the time has come to make the next key.
func (s Set) Due(now time.Time, t Times) bool {
	return len(s) > 0 && !s[len(s)-1].Active.After(now.Add(t.CacheAge-t.Period))
}

// A made key has its halves still open.
type made struct {
	id          string
	private     *rsa.PrivateKey
	certificate []byte // DER
}

// newKey makes a key and its certificate. It takes a tenth of a second or so.
func newKey(now time.Time) (*made, error) {
	private, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		return nil, fmt.Errorf("make signing key: %w", err)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, err
	}
	subject := pkix.Name{CommonName: "entente token signing"}
	template := &x509.Certificate{
		SerialNumber: serial, Subject: subject, Issuer: subject,
		NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(certificateLife, 0, 0),
		KeyUsage: x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		return nil, fmt.Errorf("make certificate: %w", err)
	}
	return &made{identify(der), private, der}, nil
}

// identify returns the identifier of the key in a certificate.
func identify(der []byte) string {
	sum := sha1.Sum(der)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

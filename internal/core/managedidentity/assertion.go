package managedidentity

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/jose"
	"entente/internal/kit/secret"
)

const (
	maxAssertionLife = 10 * time.Minute
	skew             = 5 * time.Minute
	maxJTI           = 100
	maxKeys          = 20

	defaultEnrollment = time.Hour
	maxEnrollment     = 30 * 24 * time.Hour
)

// CheckAssertion returns the claims of a host's assertion when one of the
// host's keys signed it, it names the host as issuer and subject and one of
// audiences as audience, it lives ten minutes at most, and now lies within its
// life. now is the wall's time. Whether it was used before, Spend says.
//
// RFC 7523, section 3.
func CheckAssertion(raw string, host HostID, keys []jose.Key, now time.Time, audiences ...string) (*jose.Claims, error) {
	t, err := jose.Peek(raw, jose.ES256, jose.RS256)
	if err != nil {
		return nil, badAssertion("The host's assertion cannot be read.").Wrap(err)
	}
	var c jose.Claims
	if err := t.Claims(&c); err != nil {
		return nil, badAssertion("The host's assertion cannot be read.").Wrap(err)
	}
	switch {
	case c.Issuer != string(host) || c.Subject != string(host):
		return nil, badAssertion("The assertion's issuer and subject are not the host.")
	case !slices.ContainsFunc(audiences, func(a string) bool { return slices.Contains(c.Audience, a) }):
		return nil, badAssertion("The assertion is for another audience.")
	case !c.Valid(now, skew):
		return nil, badAssertion("The assertion is not within its valid time range. Check the host's clock.")
	case c.Expiry.Sub(now) > maxAssertionLife+skew:
		return nil, badAssertion("The assertion lives longer than %s.", maxAssertionLife)
	case c.ID == "" || len(c.ID) > maxJTI:
		return nil, badAssertion("The assertion needs a jti of at most %d bytes.", maxJTI)
	}
	if err := t.Verify(keys...); err != nil {
		return nil, badAssertion("No key of the host made the assertion's signature.").Wrap(err).
			WithFix("Enroll the host again.")
	}
	return &c, nil
}

func badAssertion(format string, args ...any) *fault.Error {
	return fault.Because(fault.Unauthenticated, BadAssertion, format, args...)
}

// ReadKey returns the public key that a JWK holds, which must name itself
// (kid), or an Invalid fault.
func ReadKey(jwk json.RawMessage) (jose.Key, error) {
	set, err := jose.ParseSet(fmt.Appendf(nil, `{"keys":[%s]}`, jwk))
	if err != nil || len(set.Keys) != 1 {
		return jose.Key{}, fault.InvalidAt("key", "The key is no public JWK for ES256 or RS256.").Wrap(err)
	}
	k := set.Keys[0]
	if k.ID == "" || len(k.ID) > maxJTI {
		return jose.Key{}, fault.InvalidAt("key", "The key needs a kid of at most %d bytes.", maxJTI)
	}
	return k, nil
}

// An Enrollment is a right to register one key for a host, once. Its token
// names the tenant, so that it can be looked up there.
type Enrollment struct {
	Tenant    ids.TenantID
	Host      HostID
	Token     secret.String // shown once; only its digest is stored
	ExpiresAt time.Time
}

// NewEnrollment returns an enrollment that ends after life; zero is an hour.
func NewEnrollment(h *Host, life time.Duration, now time.Time) (*Enrollment, error) {
	if life == 0 {
		life = defaultEnrollment
	}
	if life < 0 || life > maxEnrollment {
		return nil, fault.InvalidAt("lifetime", "An enrollment token lives at most %d days.", int(maxEnrollment/(24*time.Hour)))
	}
	token := string(h.Tenant) + "." + secret.Random(32)
	return &Enrollment{h.Tenant, h.HostID, secret.NewString(token), now.Add(life)}, nil
}

// tenantOf returns the tenant that an enrollment token names.
func tenantOf(token secret.String) (ids.TenantID, error) {
	tenant, rest, _ := strings.Cut(token.Reveal(), ".")
	if !ids.Valid(tenant) || rest == "" {
		return "", badToken()
	}
	return ids.TenantID(strings.ToLower(tenant)), nil
}

func digestOf(token secret.String) secret.Digest {
	return secret.DigestOf("host enrollment", token.Reveal())
}

func badToken() *fault.Error {
	return fault.Because(fault.Unauthenticated, BadToken, "The enrollment token is unknown, spent or expired.").
		WithFix("Make a new enrollment token for the host.")
}

func sameOrUnset(wanted, have string) bool {
	return wanted == "" || strings.EqualFold(wanted, have)
}

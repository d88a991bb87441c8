package token

import (
	"context"
	"errors"
	"slices"

	"entente/internal/kit/fault"
	"entente/internal/kit/jose"
	"entente/internal/kit/sqldb"
)

// Verify returns the claims of a token that this installation issued for one
// of audiences and that is valid now. The faults are Unauthenticated, each
// with the reason that comes first in the order of the constants.
func (s *Service) Verify(ctx context.Context, tx *sqldb.Tx, raw string, audiences ...string) (*Claims, error) {
	t, err := jose.Peek(raw, jose.RS256)
	if err != nil {
		return nil, refuse(Malformed, "The token is not well formed.").Wrap(err)
	}
	c := &Claims{}
	if err := t.Claims(c); err != nil {
		return nil, refuse(Malformed, "The token is not well formed.").Wrap(err)
	}
	if !s.ours(c) {
		return nil, refuse(NotOurs, "The token was issued by someone else.").With("issuer", c.Issuer)
	}
	key, err := s.keys.Public(ctx, tx, c.Tenant, t.Header.KeyID)
	if errors.Is(err, fault.NotFound) {
		return nil, refuse(BadSignature, "No key of the tenant's made the token's signature.").Wrap(err)
	}
	if err != nil {
		return nil, err
	}
	if err := t.Verify(key); err != nil {
		return nil, refuse(BadSignature, "No key of the tenant's made the token's signature.").Wrap(err)
	}
	return c, s.check(c, audiences)
}

// ours reports whether the token names this installation and one tenant, in
// the form of its version.
func (s *Service) ours(c *Claims) bool {
	switch c.Version {
	case "1.0":
		return c.Issuer == s.IssuerV1(c.Tenant)
	case "2.0":
		return c.Issuer == s.IssuerV2(c.Tenant)
	}
	return false
}

func (s *Service) check(c *Claims, audiences []string) error {
	now := s.clk.Wall()
	switch {
	case !now.Before(c.Expiry.Time):
		return refuse(Expired, "The token is expired.")
	case now.Before(c.NotBefore.Time):
		return refuse(NotYet, "The token is not yet valid.")
	case !slices.Contains(audiences, c.Audience):
		return refuse(WrongAudience, "The token is for another audience.").With("audience", c.Audience)
	}
	return nil
}

func refuse(reason fault.Reason, text string) *fault.Error {
	return fault.Because(fault.Unauthenticated, reason, "%s", text).
		WithFix("Ask the token endpoint for a new token for this resource.")
}

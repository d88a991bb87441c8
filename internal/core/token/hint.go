package token

import (
	"context"
	"errors"

	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/jose"
	"entente/internal/kit/sqldb"
)

// A Hint is what an application shows by an ID token that it was given: to
// whom it was given, and in which session.
type Hint struct {
	Tenant  ids.TenantID
	Client  ids.AppID
	Session ids.SessionID
}

// MaxHint bounds an ID token that is shown, in bytes.
const MaxHint = 8 << 10

// Hint returns what an ID token of ours says, be it expired or not: it stays
// true (OpenID Connect RP-Initiated Logout 1.0, section 2). An access token is
// none, because others than the application hold it. The faults are
// Unauthenticated.
func (s *Service) Hint(ctx context.Context, tx *sqldb.Tx, raw string) (Hint, error) {
	no := func(err error) (Hint, error) {
		return Hint{}, refuse(Malformed, "The hint is no ID token of this installation.").Wrap(err)
	}
	if len(raw) > MaxHint {
		return no(nil)
	}
	t, err := jose.Peek(raw, jose.RS256)
	if err != nil {
		return no(err)
	}
	c := &Claims{}
	if err := t.Claims(c); err != nil {
		return no(err)
	}
	if !s.ours(c) || c.AppID != "" || c.Party != "" || c.Scopes != "" || c.Session == "" {
		return no(nil)
	}
	key, err := s.keys.Public(ctx, tx, c.Tenant, t.Header.KeyID)
	if errors.Is(err, fault.NotFound) {
		return no(err)
	}
	if err != nil {
		return Hint{}, err
	}
	if err := t.Verify(key); err != nil {
		return no(err)
	}
	return Hint{Tenant: c.Tenant, Client: ids.AppID(c.Audience), Session: c.Session}, nil
}

package entitlement

import (
	"context"

	"entente/internal/core/tenant"
	"entente/internal/flow/offer"
	"entente/internal/kit/secret"
	"entente/internal/kit/sqldb"
)

// Links makes the links of messages: the ring seals them, and they begin with
// the base URL of the login host.
func (s *Service) Links(ring *secret.Ring, base string) { s.ring, s.base = ring, base }

// Address returns the address of a link, as a message has it.
func (s *Service) Address(l Link) (secret.String, error) {
	path, err := l.seal(s.ring)
	return secret.NewString(s.base + path), err
}

// A Followed link is where it leads. One that is over leads to what people have.
type Followed struct {
	Page string
	Over bool
}

// Follow opens what follows FollowPath in the link of a message. The fault is
// BadLink for what no message has.
func (s *Service) Follow(ctx context.Context, text string) (Followed, error) {
	l, err := openLink(s.ring, text)
	if err != nil {
		return Followed{}, err
	}
	return offer.View(ctx, s.db, func(tx *sqldb.Tx) (Followed, error) {
		in, err := tenant.Get(ctx, tx, l.Tenant)
		if err == nil {
			err = in.Active()
		}
		if err != nil {
			return Followed{}, err
		}
		if l.Over(tx.Now()) {
			return Followed{AssignmentsPage(in.DefaultDomain()), true}, nil
		}
		return Followed{l.Page(in.DefaultDomain()), false}, nil
	})
}

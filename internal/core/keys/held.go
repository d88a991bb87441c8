package keys

import (
	"context"
	"time"

	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// A heldSet is a set as it was read a moment ago. Sets may be held for a short
// while, because they grant nothing and every change of one is stored a cache
// age before it counts. An empty set is not held, and neither is one that lacks
// a key somebody names.
type heldSet struct {
	keys Set
	read time.Time
}

// held returns the tenant's keys as they are, or were at most setAge ago.
func (s *Service) held(ctx context.Context, tenant ids.TenantID) (set Set, err error) {
	if h, ok := s.sets.GetIfPresent(tenant); ok && s.fresh(h.read) {
		return h.keys, nil
	}
	err = s.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		set, err = s.read(ctx, tx, tenant)
		return err
	})
	return set, err
}

// setFor is held for whoever looks for one key.
func (s *Service) setFor(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, kid string) (Set, error) {
	if h, ok := s.sets.GetIfPresent(tenant); ok && s.fresh(h.read) && h.keys.Published(kid, s.clk.Wall(), s.times) {
		return h.keys, nil
	}
	return s.read(ctx, tx, tenant)
}

func (s *Service) read(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID) (Set, error) {
	now := s.clk.Wall()
	set, err := listKeys(ctx, tx, tenant)
	if err == nil && len(set) > 0 {
		s.sets.Set(tenant, heldSet{set, now})
	}
	return set, err
}

func (s *Service) fresh(read time.Time) bool {
	age := s.clk.Wall().Sub(read)
	return age >= 0 && age < min(setAge, s.times.CacheAge/2)
}

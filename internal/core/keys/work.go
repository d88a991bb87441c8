package keys

import (
	"context"
	"time"

	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// batch is how many rows one run of the installation's work touches.
const batch = 100

// Rotate makes tenant's next key when its time has come, and reports whether
// it did. It does no harm when run late, twice, or by two replicas at once.
func (s *Service) Rotate(ctx context.Context, tenant ids.TenantID) (bool, error) {
	set, err := s.list(ctx, tenant)
	now := s.clk.Wall()
	if err != nil || !set.Due(now, s.times) {
		return false, err
	}
	return s.add(ctx, Key{Tenant: tenant, Position: set[len(set)-1].Position + 1, Active: now.Add(s.times.CacheAge)})
}

// Work rotates what is due, throws away what is over and seals anew what an
// old master key sealed. It is run every hour or so, on any replica.
func (s *Service) Work(ctx context.Context) error {
	due, err := s.Due(ctx, batch)
	if err != nil {
		return err
	}
	for _, tenant := range due {
		if _, err := s.Rotate(ctx, tenant); err != nil {
			return err
		}
	}
	err = s.db.Claim(ctx, func(tx *sqldb.Tx) error {
		_, err := dropOver(ctx, tx, s.clk.Wall().Add(-s.times.Longest), batch)
		return err
	})
	if err != nil {
		return err
	}
	return s.Reseal(ctx)
}

// Due returns tenants whose next key should be made: the current one is old
// enough, and it has signed within the last thirty days.
func (s *Service) Due(ctx context.Context, limit int) (due []ids.TenantID, err error) {
	now := s.clk.Wall()
	err = s.db.View(ctx, func(tx *sqldb.Tx) (err error) {
		due, err = listDue(ctx, tx, now.Add(s.times.CacheAge-s.times.Period), now.Add(-30*24*time.Hour), limit)
		return err
	})
	return due, err
}

// Reseal seals every private half anew that is not sealed under the newest
// master key. Afterwards the old master key can be taken from the ring.
func (s *Service) Reseal(ctx context.Context) error {
	for {
		var stale []sealedKey
		err := s.db.View(ctx, func(tx *sqldb.Tx) (err error) {
			stale, err = listStale(ctx, tx, s.ring.Newest(), batch)
			return err
		})
		if err != nil || len(stale) == 0 {
			return err
		}
		for i := range stale {
			if stale[i].sealed, err = s.sealAgain(stale[i]); err != nil {
				return err
			}
		}
		err = s.db.Claim(ctx, func(tx *sqldb.Tx) error {
			for _, k := range stale {
				if err := setSealed(ctx, tx, k, s.ring.Newest()); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
}

func (s *Service) sealAgain(k sealedKey) ([]byte, error) {
	c := s.context(k.tenant, k.kid)
	plain, err := s.ring.Open(k.sealed, c...)
	if err != nil {
		return nil, err
	}
	return s.ring.Seal(plain, c...)
}

package deletion

import (
	"context"
	"errors"

	"entente/internal/core/app"
	"entente/internal/core/authz"
	"entente/internal/core/consent"
	"entente/internal/core/directory"
	"entente/internal/core/factor"
	"entente/internal/core/federation"
	"entente/internal/core/managedidentity"
	"entente/internal/core/object"
	"entente/internal/core/site"
	"entente/internal/kit/fault"
	"entente/internal/kit/sqldb"
)

// PurgeExpired purges up to limit objects that were deleted thirty days ago,
// each in a transaction of its own, and returns how many it looked at.
func (s *Service) PurgeExpired(ctx context.Context, limit int) (int, error) {
	var due []object.Object
	err := s.db.View(ctx, func(tx *sqldb.Tx) (err error) {
		due, err = object.Expired(ctx, tx, limit)
		return err
	})
	for n, o := range due {
		if err != nil {
			return n, err
		}
		err = s.purge(ctx, authz.System(o.Tenant, "End of deletion"), o.Kind, o.ID)
		if errors.Is(err, fault.NotFound) { // purged meanwhile, or with its application
			err = nil
		}
	}
	return len(due), err
}

// clearing bounds what one transaction removes: for a membership there go two
// rows more.
const clearing = 100

// clears are the nouns that keep something of others.
var clears = []func(context.Context, *sqldb.Tx, object.Remain, int) (int, error){
	directory.ClearRemains, consent.ClearRemains, factor.ClearRemains, federation.ClearRemains, managedidentity.ClearRemains, app.ClearRemains, site.ClearRemains, object.ClearShared,
}

// ClearRemains takes away what up to limit purged objects left behind, and
// returns how many of them are done with.
func (s *Service) ClearRemains(ctx context.Context, limit int) (int, error) {
	var remains []object.Remain
	err := s.db.View(ctx, func(tx *sqldb.Tx) (err error) {
		remains, err = object.Remains(ctx, tx, limit)
		return err
	})
	for n, r := range remains {
		if err != nil {
			return n, err
		}
		err = s.clear(ctx, r)
	}
	return len(remains), err
}

// clear takes away what one object left behind.
func (s *Service) clear(ctx context.Context, r object.Remain) error {
	for {
		gone := 0
		err := s.db.Update(ctx, func(tx *sqldb.Tx) (err error) {
			gone, err = 0, nil
			for _, clear := range clears {
				if gone, err = clear(ctx, tx, r, clearing); err != nil || gone > 0 {
					return err
				}
			}
			return object.Forget(ctx, tx, r)
		})
		if err != nil || gone == 0 {
			return err
		}
	}
}

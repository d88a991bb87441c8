package entitlement

import (
	"context"
	"time"

	"entente/internal/flow/offer"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// forgotten returns when a request must have ended that is not kept any more: three
// months ago.
func forgotten(now time.Time) time.Time { return now.AddDate(0, -3, 0) }

// forgetBatch bounds the rows that one transaction of Forget removes.
const forgetBatch = 400

// Forget removes requests, of all tenants, that ended three months ago, some in
// each transaction, and returns how many it removed. What they brought about
// stays.
func (s *Service) Forget(ctx context.Context) (int, error) {
	var old []oldRequest
	err := s.db.View(ctx, func(tx *sqldb.Tx) (err error) {
		old, err = endedBefore(ctx, tx, forgotten(tx.Now()), forgetBatch/4)
		return err
	})
	gone := 0
	for err == nil && gone < len(old) {
		some := old[gone : gone+1]
		for rows := old[gone].rows; gone+len(some) < len(old) && rows+old[gone+len(some)].rows <= forgetBatch; {
			rows += old[gone+len(some)].rows
			some = old[gone : gone+len(some)+1]
		}
		if err = s.forget(ctx, some); err == nil {
			gone += len(some)
		}
	}
	return gone, err
}

// forget removes some requests in one transaction, and before it the approvers of
// one that has too many.
func (s *Service) forget(ctx context.Context, some []oldRequest) error {
	for number := 0; number < offer.MostStages && some[0].rows > forgetBatch; number++ {
		if err := s.db.Update(ctx, func(tx *sqldb.Tx) error { return dropApprovers(ctx, tx, some[0].tenant, some[0].id, number) }); err != nil {
			return err
		}
	}
	return s.db.Update(ctx, func(tx *sqldb.Tx) error {
		for _, o := range some {
			r, err := requestByID(ctx, tx, o.tenant, o.id)
			if missing(err) || err == nil && r.CompletedAt.IsZero() {
				continue // it is gone, or was taken up again
			}
			if err == nil {
				err = dropRequest(ctx, tx, r)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// An oldRequest is one to be removed, with how many rows it has.
type oldRequest struct {
	tenant ids.TenantID
	id     ids.RequestID
	rows   int
}

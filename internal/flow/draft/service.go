package draft

import (
	"context"

	"entente/internal/core/authz"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// A Service keeps drafts.
type Service struct{ db *sqldb.DB }

// NewService returns a service on db.
func NewService(db *sqldb.DB) *Service { return &Service{db} }

// Begin stores a new draft of the caller's.
func (s *Service) Begin(ctx context.Context, who authz.Caller, kind, title string, body any) (d *Draft, err error) {
	err = s.db.Update(ctx, func(tx *sqldb.Tx) (err error) {
		if d, err = New(who.Tenant, who.Object, kind, title, body, tx.Now()); err != nil {
			return err
		}
		return add(ctx, tx, d)
	})
	return d, err
}

// Draft returns a draft of the caller's. To everybody else there is none.
func (s *Service) Draft(ctx context.Context, who authz.Caller, id ids.DraftID) (d *Draft, err error) {
	err = s.db.View(ctx, func(tx *sqldb.Tx) (err error) {
		d, err = byID(ctx, tx, who.Tenant, who.Object, id)
		return err
	})
	return d, err
}

// Drafts returns the caller's drafts of a kind, the latest first.
func (s *Service) Drafts(ctx context.Context, who authz.Caller, kind string) (all []*Draft, err error) {
	err = s.db.View(ctx, func(tx *sqldb.Tx) (err error) {
		all, err = list(ctx, tx, who.Tenant, who.Object, kind)
		return err
	})
	return all, err
}

// Save stores what a draft that was read by Draft says now; a Conflict if another
// window has stored it since.
func (s *Service) Save(ctx context.Context, d *Draft, title string, body any) error {
	return s.db.Update(ctx, func(tx *sqldb.Tx) error {
		changed := *d
		if err := changed.Change(title, body, tx.Now()); err != nil {
			return err
		}
		return put(ctx, tx, &changed)
	})
}

// Drop removes a draft of the caller's: it is finished, or thrown away. A second
// call does nothing.
func (s *Service) Drop(ctx context.Context, who authz.Caller, id ids.DraftID) error {
	return s.db.Update(ctx, func(tx *sqldb.Tx) error { return drop(ctx, tx, who.Tenant, who.Object, id) })
}

// forgetBatch bounds what one transaction of Forget removes.
const forgetBatch = 200

// Forget removes drafts, of all tenants, that nobody has changed for thirty days,
// and returns how many it removed.
func (s *Service) Forget(ctx context.Context) (n int, err error) {
	err = s.db.Update(ctx, func(tx *sqldb.Tx) error {
		gone, err := dropOver(ctx, tx, tx.Now().Add(-Kept), forgetBatch)
		n = int(gone)
		return err
	})
	return n, err
}

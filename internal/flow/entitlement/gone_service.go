package entitlement

import (
	"context"

	"entente/internal/core/directory"
	"entente/internal/kit/ids"
	"entente/internal/kit/jobs"
	"entente/internal/kit/sqldb"
)

// GoneKind is the kind of the jobs about users who were purged.
const GoneKind jobs.Kind = "entitlement.gone"

// LookAtGone is the handler of GoneKind: what a purged user had ends, and what was
// asked for them is canceled unless they come in again from elsewhere.
func (s *Service) LookAtGone(ctx context.Context, w *jobs.Work) error {
	var c directory.UserChange
	if err := w.Args(&c); err != nil {
		return err
	}
	for more := true; more; {
		err := s.db.Update(ctx, func(tx *sqldb.Tx) (err error) {
			more, err = s.endOne(ctx, tx, w.Tenant, c.User)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// endOne ends one assignment or request of a purged user, and reports whether
// there may be more.
func (s *Service) endOne(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, user ids.ObjectID) (bool, error) {
	t, err := subjectByObject(ctx, tx, tenant, user)
	if missing(err) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	a, err := anyLive(ctx, tx, tenant, t.ID)
	if err == nil {
		if err := dropLeaver(ctx, tx, tenant, a.ID); err != nil {
			return false, err
		}
		return true, s.end(ctx, tx, a)
	}
	if !missing(err) {
		return false, err
	}
	if t.Inside() || t.Principal.IsZero() {
		r, err := cancelable(ctx, tx, tenant, t.ID)
		if err == nil {
			return true, cancelGone(ctx, tx, t, r)
		}
		if !missing(err) {
			return false, err
		}
	}
	t.Object = ""
	return false, putSubject(ctx, tx, t)
}

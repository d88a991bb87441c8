package entitlement

import (
	"context"

	"entente/internal/core/app"
	"entente/internal/core/directory"
	"entente/internal/kit/ids"
	"entente/internal/kit/jobs"
	"entente/internal/kit/sqldb"
)

// GoneKind is the kind of the jobs about users who were purged, and ProgramGoneKind
// of those about service principals.
const (
	GoneKind        jobs.Kind = "entitlement.gone"
	ProgramGoneKind jobs.Kind = "entitlement.programGone"
)

// LookAtGone is the handler of GoneKind: what a purged user had ends, and what was
// asked for them is canceled unless they come in again from elsewhere.
func (s *Service) LookAtGone(ctx context.Context, w *jobs.Work) error {
	var c directory.UserChange
	if err := w.Args(&c); err != nil {
		return err
	}
	return s.endAll(ctx, w.Tenant, c.User)
}

// LookAtProgramGone is the handler of ProgramGoneKind: what a purged service
// principal had ends, and what was asked for it is canceled.
func (s *Service) LookAtProgramGone(ctx context.Context, w *jobs.Work) error {
	var c app.PrincipalChange
	if err := w.Args(&c); err != nil {
		return err
	}
	return s.endAll(ctx, w.Tenant, c.Principal)
}

func (s *Service) endAll(ctx context.Context, tenant ids.TenantID, gone ids.ObjectID) error {
	for more := true; more; {
		err := s.db.Update(ctx, func(tx *sqldb.Tx) (err error) {
			more, err = s.endOne(ctx, tx, tenant, gone)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// endOne ends one assignment or request of what was purged, and reports whether
// there may be more.
func (s *Service) endOne(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, gone ids.ObjectID) (bool, error) {
	t, err := subjectByObject(ctx, tx, tenant, gone)
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

package entitlement

import (
	"context"

	"entente/internal/core/directory"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// What stands around a request, as far as it has been read: a request lives no longer
// than the transaction that has read it.
type around struct {
	target, requestor *Subject
	stage             *ApprovalStage
}

func (r *Request) around() *around {
	if r.known == nil {
		r.known = &around{}
	}
	return r.known
}

// parties returns whom a request is for and who asks, who may be the same.
func (r *Request) parties(ctx context.Context, tx *sqldb.Tx) (target, requestor *Subject, err error) {
	a := r.around()
	if a.target == nil || a.target.ID != r.Target {
		if a.target, err = subjectByID(ctx, tx, r.Tenant, r.Target); err != nil {
			return nil, nil, err
		}
	}
	switch {
	case r.Requestor == r.Target:
		a.requestor = a.target
	case a.requestor == nil || a.requestor.ID != r.Requestor:
		a.requestor, err = subjectByID(ctx, tx, r.Tenant, r.Requestor)
	}
	return a.target, a.requestor, err
}

// stage returns the stage of its approval that a request is at.
func (r *Request) stage(ctx context.Context, tx *sqldb.Tx) (*ApprovalStage, error) {
	a := r.around()
	if a.stage != nil && a.stage.Number == r.Stage {
		return a.stage, nil
	}
	stage, err := stageNumber(ctx, tx, r, r.Stage)
	if err == nil {
		a.stage = stage
	}
	return stage, err
}

// account returns the user who stands for the subject in the tenant, or NotFound. It
// is read once: a subject lives no longer than the transaction that has read it.
func (s *Subject) account(ctx context.Context, tx *sqldb.Tx) (*directory.User, error) {
	if s.user != nil && s.user.ID == s.Object {
		return s.user, nil
	}
	u, err := directory.GetUser(ctx, tx, s.Tenant, string(s.Object))
	s.user = u
	return u, err
}

// without reports whether the account by which somebody from elsewhere has an
// assignment is deleted.
func (s *Subject) without(ctx context.Context, tx *sqldb.Tx, a *Assignment) (bool, error) {
	if s.Kind != ids.Person || s.Inside() {
		return false, nil
	}
	_, err := directory.GetUser(ctx, tx, a.Tenant, string(a.Object))
	return missing(err), skipMissing(err)
}

package entitlement

import (
	"context"
	"time"

	"entente/internal/kit/ids"
	"entente/internal/kit/jobs"
	"entente/internal/kit/sqldb"
)

// MergeKind is the kind of the jobs that move to a subject what another one has
// that was found to be the same.
const MergeKind jobs.Kind = "entitlement.merge"

// A Merge is what such a job is told: whose rows become whose.
type Merge struct {
	From ids.SubjectID `json:"from"`
	Into ids.SubjectID `json:"into"`
}

// mergeBatch bounds the rows of each kind that one transaction moves.
const mergeBatch = 100

// same returns the stored subjects that s is: by who they are at home, by their
// object, and, where only an address was known, by an address that is theirs.
func same(ctx context.Context, tx *sqldb.Tx, s *Subject) ([]*Subject, error) {
	all, err := subjectsOf(ctx, tx, s.Tenant, s.Principal, s.Object)
	if err != nil || s.Kind != ids.Person || s.Email == "" || s.Object == "" && s.Email != s.PrincipalName {
		return all, err
	}
	other, err := subjectByAddress(ctx, tx, s.Tenant, s.Email)
	if missing(err) {
		return all, nil
	}
	return append(all, other), err
}

// sameNow is same, of subjects that have been parted from guests who are others' by
// now.
func sameNow(ctx context.Context, tx *sqldb.Tx, s *Subject) (all []*Subject, err error) {
	stored, err := same(ctx, tx, s)
	if err != nil {
		return nil, err
	}
	for _, one := range stored {
		own, err := part(ctx, tx, one)
		if err != nil {
			return nil, err
		}
		if own == nil || one.Principal.Same(s.Principal) {
			all = append(all, one)
		}
		if own != nil && own.Object == s.Object {
			all = append(all, own)
		}
	}
	return all, nil
}

// absorb makes other a part of keep, which has what is known of both: what other
// asked for and has is keep's, some of it now and the rest by a job. Two that are
// known at home as different people stay two; then keep alone has the object.
func absorb(ctx context.Context, tx *sqldb.Tx, keep, other *Subject) error {
	two := !keep.Principal.IsZero() && !other.Principal.IsZero() && !keep.Principal.Same(other.Principal)
	principal, object := other.Principal, other.Object
	if other.Object = ""; !two {
		other.Principal, other.Email = ids.Principal{}, ""
	}
	if err := putSubject(ctx, tx, other); err != nil || two {
		return err
	}
	if keep.Principal.IsZero() {
		keep.Principal = principal
	}
	if keep.Object == "" {
		keep.Object = object
	}
	if err := putSubject(ctx, tx, keep); err != nil {
		return err
	}
	if _, err := moveRows(ctx, tx, keep.Tenant, Merge{other.ID, keep.ID}, mergeBatch); err != nil {
		return err
	}
	gone, err := dropSubject(ctx, tx, keep.Tenant, other.ID)
	if err != nil || gone {
		return err
	}
	return jobs.Enqueue(ctx, tx, jobs.Job{Kind: MergeKind, Tenant: keep.Tenant, Key: string(other.ID), Args: Merge{other.ID, keep.ID}})
}

// outlives reports whether an assignment stays rather than another of the package:
// the one of the object that the person has now, or else the one that ends last.
func outlives(a, b *Assignment, object ids.ObjectID) bool {
	if (a.Object == object) != (b.Object == object) {
		return a.Object == object
	}
	return !b.EndsAt.IsZero() && (a.EndsAt.IsZero() || a.EndsAt.After(b.EndsAt))
}

// LookAtMerge is the handler of MergeKind. Where both subjects have one package one
// assignment is ended; where both ask for it, the request of the subject that goes
// is canceled.
func (s *Service) LookAtMerge(ctx context.Context, w *jobs.Work) error {
	var m Merge
	if err := w.Args(&m); err != nil {
		return err
	}
	for more := true; more; {
		err := s.db.Update(ctx, func(tx *sqldb.Tx) (err error) {
			more, err = s.mergeSome(ctx, tx, w.Tenant, m)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// mergeSome takes a merge some rows further, and reports whether there is more to
// be done now.
func (s *Service) mergeSome(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, m Merge) (bool, error) {
	other, err := subjectByID(ctx, tx, tenant, m.From)
	if missing(err) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if n, err := moveRows(ctx, tx, tenant, m, mergeBatch); err != nil || n > 0 {
		return true, err
	}
	a, err := anyLive(ctx, tx, tenant, m.From)
	if err == nil {
		b, err := liveOf(ctx, tx, tenant, a.Package, m.Into)
		if missing(err) {
			return true, nil // moved with the next rows
		}
		if err != nil {
			return false, err
		}
		keep, err := subjectByID(ctx, tx, tenant, m.Into)
		if err != nil {
			return false, err
		}
		if outlives(a, b, keep.Object) {
			a = b
		}
		return true, s.end(ctx, tx, a)
	}
	if !missing(err) {
		return false, err
	}
	r, err := cancelable(ctx, tx, tenant, m.From)
	if err == nil {
		return true, cancelGone(ctx, tx, other, r)
	}
	if !missing(err) {
		return false, err
	}
	gone, err := dropSubject(ctx, tx, tenant, m.From)
	if err != nil || gone {
		return false, err
	}
	// What is left is being delivered.
	return false, jobs.Enqueue(ctx, tx, jobs.Job{Kind: MergeKind, Tenant: tenant, Key: string(m.From), Args: m, NotBefore: tx.Now().Add(time.Minute)})
}

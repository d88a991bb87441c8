package entitlement

import (
	"context"

	"entente/internal/core/audit"
	"entente/internal/core/directory"
	"entente/internal/flow/guest"
	"entente/internal/flow/offer"
	"entente/internal/kit/ids"
	"entente/internal/kit/jobs"
	"entente/internal/kit/sqldb"
)

// lost returns the guest that a subject was and is no more: whose redemption was
// reset, or who is another account's by now. It is nil where there is none.
func lost(ctx context.Context, tx *sqldb.Tx, s *Subject) (*directory.User, error) {
	if s.Kind != ids.Person || s.Object == "" || s.Principal.IsZero() || s.Inside() {
		return nil, nil
	}
	u, err := directory.GetUser(ctx, tx, s.Tenant, string(s.Object))
	if err != nil || !u.External() {
		return nil, skipMissing(err)
	}
	still, err := guest.StandsFor(ctx, tx, u, s.Principal)
	if err != nil || still {
		return nil, err
	}
	return u, nil
}

// part makes two of a subject that has lost its guest. The guest keeps what it has, as
// whoever accepts it, as Graph says of groups and roles after a reset. The account of
// before keeps what tells of the past, and has nothing to say about the guest's access
// any more; what was under way for it ends. It returns the guest's own subject, or nil
// where there is nothing to part.
func part(ctx context.Context, tx *sqldb.Tx, s *Subject) (*Subject, error) {
	u, err := lost(ctx, tx, s)
	if err != nil || u == nil {
		return nil, err
	}
	s.Object = ""
	if err := putSubject(ctx, tx, s); err != nil {
		return nil, err
	}
	own := &Subject{Tenant: s.Tenant, ID: ids.New[ids.SubjectID](), Kind: ids.Person, Object: u.ID, CreatedAt: tx.Now()}
	own.describe(u)
	if err := putSubject(ctx, tx, own); err != nil {
		return nil, err
	}
	if _, err := moveAccess(ctx, tx, s, own); err != nil {
		return nil, err
	}
	if err := stopFor(ctx, tx, s); err != nil {
		return nil, err
	}
	if err := endUnfinished(ctx, tx, s, u.ID); err != nil {
		return nil, err
	}
	return own, audit.RecordBoth(ctx, tx, actor(s.Tenant), s.Principal.Home, audit.Entry{
		Service: "Entitlement Management", Category: "EntitlementManagement", Activity: "Separate access package subject from account",
		Target: audit.Target{Kind: "AccessPackageSubject", ID: string(own.ID), Name: u.UserPrincipalName}, Detail: map[string]string{"account": s.PrincipalName},
	})
}

// stopFor ends what is under way for a subject, but for what takes.
func stopFor(ctx context.Context, tx *sqldb.Tx, s *Subject) error {
	open, err := underWay(ctx, tx, s)
	if err != nil {
		return err
	}
	for _, r := range open {
		switch {
		case r.State != Delivering:
			if err := cancelGone(ctx, tx, s, r); err != nil {
				return err
			}
		case !r.Type.Removes():
			p, err := offer.PackageByID(ctx, tx, r.Tenant, r.Package)
			if err != nil {
				return err
			}
			const why = "The guest's redemption was reset."
			if err := forgo(ctx, tx, r.Tenant, r.Callout, why); err != nil {
				return err
			}
			if err := giveUp(ctx, tx, &load{r: r, pkg: p, target: s}, why); err != nil {
				return err
			}
			if err := wake(ctx, tx, r); err != nil {
				return err
			}
		}
	}
	return nil
}

// endUnfinished has what a subject was being given as an object end now.
func endUnfinished(ctx context.Context, tx *sqldb.Tx, s *Subject, as ids.ObjectID) error {
	all, err := liveAs(ctx, tx, s, as)
	if err != nil {
		return err
	}
	for _, a := range all {
		a.EndsAt = tx.Now()
		if err := putAssignment(ctx, tx, a); err != nil {
			return err
		}
		if err := jobs.Enqueue(ctx, tx, jobs.Job{Kind: AssignmentKind, Tenant: a.Tenant, Key: string(a.ID)}); err != nil {
			return err
		}
	}
	return nil
}

// partUser parts the subject of a user, if it is somebody else's by now.
func (s *Service) partUser(ctx context.Context, tenant ids.TenantID, user ids.ObjectID) error {
	due, err := offer.View(ctx, s.db, func(tx *sqldb.Tx) (bool, error) {
		b, err := subjectByObject(ctx, tx, tenant, user)
		if err != nil {
			return false, skipMissing(err)
		}
		u, err := lost(ctx, tx, b)
		return u != nil, err
	})
	if err != nil || !due {
		return err
	}
	return s.db.Update(ctx, func(tx *sqldb.Tx) error {
		b, err := subjectByObject(ctx, tx, tenant, user)
		if err != nil {
			return skipMissing(err)
		}
		_, err = part(ctx, tx, b)
		return err
	})
}

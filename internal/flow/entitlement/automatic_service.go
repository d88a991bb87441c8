package entitlement

import (
	"context"
	"errors"
	"slices"
	"time"

	"entente/internal/core/audit"
	"entente/internal/core/directory"
	"entente/internal/flow/offer"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/jobs"
	"entente/internal/kit/sqldb"
)

// The kinds of jobs of automatic policies: a user whose attributes are others, and
// a policy that is another.
const (
	UserKind jobs.Kind = "entitlement.user"
	RuleKind jobs.Kind = "entitlement.rule"
)

// ruleBatch bounds the users and policies that one transaction looks at.
const ruleBatch = 200

// ruledIn reports whether one of the policy's rules holds for a person.
func ruledIn(ctx context.Context, tx *sqldb.Tx, p *offer.Policy, s *Subject) (bool, error) {
	if !p.Ruled() || s.Kind != ids.Person || s.Object == "" {
		return false, nil
	}
	u, err := directory.GetUser(ctx, tx, s.Tenant, string(s.Object))
	if missing(err) {
		return false, nil
	}
	return err == nil && holdsFor(p, u), err
}

// LookAtUser is the handler of UserKind: what a guest has who is another account's
// now is no longer the former's, and each automatic policy gives the user what
// it is to give, and takes what it gave when they no longer belong to those whom
// it is for. Somebody who is deleted keeps what they have, until they are purged.
func (s *Service) LookAtUser(ctx context.Context, w *jobs.Work) error {
	var c directory.UserChange
	if err := w.Args(&c); err != nil {
		return err
	}
	if err := s.partUser(ctx, w.Tenant, c.User); err != nil {
		return err
	}
	var due []ids.PolicyID
	err := s.db.View(ctx, func(tx *sqldb.Tx) (err error) {
		due, err = duePolicies(ctx, tx, w.Tenant, c.User)
		return err
	})
	for _, id := range due {
		if err != nil {
			return err
		}
		err = s.db.Update(ctx, func(tx *sqldb.Tx) error { return s.follow(ctx, tx, w.Tenant, id, c.User) })
	}
	return err
}

// duePolicies returns the automatic policies by which something is to be done
// about a user.
func duePolicies(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, user ids.ObjectID) (due []ids.PolicyID, err error) {
	var u *directory.User
	var holds []automaticHold
	for after := ids.PolicyID(""); ; {
		some, err := offer.AutomaticAfter(ctx, tx, tenant, after, ruleBatch)
		if err != nil || len(some) == 0 {
			return due, err
		}
		if u == nil {
			if u, err = directory.GetUser(ctx, tx, tenant, string(user)); missing(err) {
				return nil, nil
			}
			if err != nil {
				return nil, err
			}
			if holds, err = holdsOf(ctx, tx, tenant, user); err != nil {
				return nil, err
			}
		}
		for _, p := range some {
			i := slices.IndexFunc(holds, func(h automaticHold) bool { return h.pkg == p.Package })
			var l *leaver
			if i >= 0 && holds[i].left {
				l = &leaver{}
			}
			if deedOf(p.Automatic, holdsFor(p, u), i >= 0, i >= 0 && holds[i].policy == p.ID, l, tx.Now()) != nothing {
				due = append(due, p.ID)
			}
		}
		after = some[len(some)-1].ID
	}
}

// follow does about a user what an automatic policy says, as things are now.
func (s *Service) follow(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, by ids.PolicyID, user ids.ObjectID) error {
	p, err := offer.PolicyByID(ctx, tx, tenant, by)
	if missing(err) || err == nil && p.Automatic == nil {
		return nil
	}
	if err != nil {
		return err
	}
	u, err := directory.GetUser(ctx, tx, tenant, string(user))
	if missing(err) {
		return nil
	}
	if err != nil {
		return err
	}
	t, err := subjectOfObject(ctx, tx, tenant, user)
	if err != nil {
		return err
	}
	a, err := liveOf(ctx, tx, tenant, p.Package, t.ID)
	if err != nil && !missing(err) {
		return err
	}
	var l *leaver
	if err == nil {
		if l, err = leaverOf(ctx, tx, tenant, a.ID); err != nil {
			return err
		}
	} else {
		a = nil
	}
	switch deedOf(p.Automatic, holdsFor(p, u), a != nil, a != nil && a.Policy == p.ID, l, tx.Now()) {
	case give:
		return s.giveTo(ctx, tx, p, t)
	case stay:
		return dropLeaver(ctx, tx, tenant, a.ID)
	case wait:
		if l == nil {
			l = &leaver{Tenant: tenant, Assignment: a.ID, Policy: p.ID, Left: tx.Now(), Due: tx.Now().Add(p.Automatic.Grace)}
			if err := addLeaver(ctx, tx, l); err != nil {
				return err
			}
		}
		return lookAgain(ctx, tx, tenant, user, l.Due)
	case take:
		if err := dropLeaver(ctx, tx, tenant, a.ID); err != nil {
			return err
		}
		return s.end(ctx, tx, a)
	}
	return nil
}

// lookAgain has a user looked at at a time.
func lookAgain(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, user ids.ObjectID, at time.Time) error {
	return jobs.Enqueue(ctx, tx, jobs.Job{Kind: UserKind, Tenant: tenant, Key: string(user), NotBefore: at, Args: directory.UserChange{User: user}})
}

// giveTo makes the installation's own request for somebody whom a rule names. What
// stands against it in what they have, or in their account, leaves them without.
func (s *Service) giveTo(ctx context.Context, tx *sqldb.Tx, p *offer.Policy, t *Subject) error {
	n, err := countBy(ctx, tx, p.Tenant, p.ID, mostAutomatic)
	if err != nil {
		return err
	}
	if n >= mostAutomatic {
		return s.full(ctx, tx, p)
	}
	who := actor(p.Tenant)
	a, err := s.ask(ctx, tx, who, Submission{Type: SystemAdd, Package: p.Package, Policy: p.ID, Target: t.Object})
	if errors.Is(err, OpenRequest) { // somebody asked for it; what becomes of that is not known yet
		return lookAgain(ctx, tx, p.Tenant, t.Object, tx.Now().Add(time.Hour))
	}
	if slices.ContainsFunc(skips, func(r fault.Reason) bool { return errors.Is(err, r) }) {
		return nil
	}
	if err != nil {
		return err
	}
	return s.begin(ctx, tx, who, a)
}

// full records that a policy gives its package to nobody more.
func (s *Service) full(ctx context.Context, tx *sqldb.Tx, p *offer.Policy) error {
	return offer.Record(ctx, tx, actor(p.Tenant), "Automatic assignment policy reached its limit", "AccessPackageAssignmentPolicy", string(p.ID), p.Name,
		[]audit.Change{{Name: "assignments", New: "15000"}})
}

// LookAtRule is the handler of RuleKind: everybody whom an automatic policy could
// give or take something is looked at.
func (s *Service) LookAtRule(ctx context.Context, w *jobs.Work) error {
	var c offer.PolicyChange
	if err := w.Args(&c); err != nil {
		return err
	}
	var p *offer.Policy
	err := s.db.View(ctx, func(tx *sqldb.Tx) (err error) {
		p, err = offer.PolicyByID(ctx, tx, w.Tenant, c.Policy)
		return err
	})
	if missing(err) || err == nil && p.Automatic == nil {
		return nil
	}
	if err != nil {
		return err
	}
	if p.Automatic.Give {
		if err := s.lookAtNamed(ctx, p); err != nil {
			return err
		}
	}
	return s.lookAtHolders(ctx, p)
}

// lookAtNamed has everybody looked at whom a policy's rule names and who has not
// the package yet.
func (s *Service) lookAtNamed(ctx context.Context, p *offer.Policy) error {
	named := 0
	for after := ids.ObjectID(""); ; {
		var some []*directory.User
		new := 0
		err := s.db.Update(ctx, func(tx *sqldb.Tx) (err error) {
			new = 0
			if some, err = directory.UsersAfter(ctx, tx, p.Tenant, after, ruleBatch); err != nil {
				return err
			}
			var in []ids.ObjectID
			for _, u := range some {
				if holdsFor(p, u) {
					in = append(in, u.ID)
				}
			}
			if len(in) == 0 {
				return nil
			}
			have, err := holdersAmong(ctx, tx, p.Tenant, p.Package, in)
			if err != nil {
				return err
			}
			for _, id := range in {
				if new++; named+new > mostAutomatic {
					return s.full(ctx, tx, p)
				}
				if have[id] {
					continue
				}
				if err := lookAgain(ctx, tx, p.Tenant, id, tx.Now()); err != nil {
					return err
				}
			}
			return nil
		})
		if named += new; err != nil || len(some) < ruleBatch || named > mostAutomatic {
			return err
		}
		after = some[len(some)-1].ID
	}
}

// lookAtHolders has everybody looked at who has something by a policy.
func (s *Service) lookAtHolders(ctx context.Context, p *offer.Policy) error {
	for after := ids.AccessID(""); ; {
		var some []holder
		err := s.db.Update(ctx, func(tx *sqldb.Tx) (err error) {
			if some, err = holdersAfter(ctx, tx, p.Tenant, p.ID, after, ruleBatch); err != nil {
				return err
			}
			for _, h := range some {
				if err := lookAgain(ctx, tx, p.Tenant, h.object, tx.Now()); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil || len(some) < ruleBatch {
			return err
		}
		after = some[len(some)-1].assignment
	}
}

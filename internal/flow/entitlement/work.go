package entitlement

import (
	"context"
	"errors"
	"time"

	"entente/internal/core/authz"
	"entente/internal/core/directory"
	"entente/internal/flow/guest"
	"entente/internal/flow/offer"
	"entente/internal/flow/provision"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/jobs"
	"entente/internal/kit/sqldb"
)

// The kinds of jobs. Each says "look at this row now": a request, an assignment,
// the assignments of a package that gives other roles.
const (
	RequestKind    jobs.Kind = "entitlement.request"
	AssignmentKind jobs.Kind = "entitlement.assignment"
	PackageKind    jobs.Kind = "entitlement.package"
)

// actor is who acts where nobody asks.
func actor(tenant ids.TenantID) authz.Caller { return authz.System(tenant, "Access packages") }

// LookAtRequests is the handler of RequestKind: it does what is due for requests of
// a tenant together. Where that fails for one request alone, it goes on step by step.
func (s *Service) LookAtRequests(ctx context.Context, group []*jobs.Work) error {
	err := s.together(ctx, &s.pace.requests, group, s.lookAtRequests)
	if err == nil || len(group) > 1 || ctx.Err() != nil {
		return err
	}
	due := false
	tenant, id := group[0].Tenant, ids.RequestID(group[0].Key)
	err = s.db.Update(ctx, func(tx *sqldb.Tx) (err error) { due, err = s.lookAtRequest(ctx, tx, tenant, id); return err })
	if err != nil || !due {
		return err
	}
	return s.deliver(ctx, tenant, id)
}

// lookAtRequest does what is due for a request, and reports whether it is to be
// delivered.
func (s *Service) lookAtRequest(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id ids.RequestID) (bool, error) {
	r, err := requestByID(ctx, tx, tenant, id)
	if missing(err) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	scheduled := r.State == Scheduled
	due, err := s.due(ctx, tx, r)
	if err != nil || !due || !scheduled {
		return due, err
	}
	if err := putRequest(ctx, tx, r); err != nil {
		return false, err
	}
	l, err := loadOf(ctx, tx, tenant, id)
	if err != nil {
		return false, err
	}
	return true, tell(ctx, tx, actor(tenant), l.target, l.r, l.pkg.Name, readyRequest)
}

// waitOn reminds, asks others, or ends a request on which nobody decided in time.
func waitOn(ctx context.Context, tx *sqldb.Tx, r *Request) error {
	stage, err := r.stage(ctx, tx)
	if err != nil {
		return err
	}
	target, _, err := r.parties(ctx, tx)
	if err != nil {
		return err
	}
	p, err := offer.PackageByID(ctx, tx, r.Tenant, r.Package)
	if err != nil {
		return err
	}
	again := stage.Remind(tx.Now())
	changed, told := again, []event(nil)
	if stage.Escalate(tx.Now()) {
		changed, r.Status, told = true, statusEscalated, append(told, eventPassedOn)
		more, err := alternatesOf(ctx, tx, stage)
		if err != nil {
			return err
		}
		if err := tellAsked(ctx, tx, target, r, p.Name, addedApprovers, more); err != nil {
			return err
		}
	}
	switch {
	case stage.Expired(tx.Now()):
		changed, told = true, []event{eventTimedOut}
		if err := r.TimeOut(tx.Now()); err != nil {
			return err
		}
		if err := tell(ctx, tx, actor(r.Tenant), target, r, p.Name, timedOutRequest); err != nil {
			return err
		}
	case again:
		told = append(told, eventReminded)
	}
	for _, e := range told {
		if err := say(ctx, tx, r.Tenant, r.Terms.Quiet, news{Event: e, Request: r.ID, Stage: stage.Number}); err != nil {
			return err
		}
	}
	if changed {
		if err := putStage(ctx, tx, stage); err != nil {
			return err
		}
		if err := putRequest(ctx, tx, r); err != nil {
			return err
		}
	}
	return wake(ctx, tx, r)
}

// A load is a request that is being delivered, with what it is about.
type load struct {
	r      *Request
	a      *Assignment // nil while there is none
	pkg    *offer.Package
	target *Subject
	fresh  bool // the assignment is not stored yet
}

func loadOf(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id ids.RequestID) (l load, err error) {
	if l.r, err = requestByID(ctx, tx, tenant, id); err != nil {
		return l, err
	}
	if l.target, err = subjectByID(ctx, tx, tenant, l.r.Target); err != nil {
		return l, err
	}
	if l.pkg, err = offer.PackageByID(ctx, tx, tenant, l.r.Package); err != nil {
		return l, err
	}
	if l.r.Assignment != "" {
		l.a, err = assignmentByID(ctx, tx, tenant, l.r.Assignment)
	}
	return l, err
}

// deliver does what a batch does for one request, as far as it goes. It may be cut off
// after any of its transactions and goes on from there: first the guest, the
// assignment and a row for each role; then all roles in one transaction; and where
// one faults, each alone.
func (s *Service) deliver(ctx context.Context, tenant ids.TenantID, id ids.RequestID) error {
	var source string
	err := s.db.Update(ctx, func(tx *sqldb.Tx) (err error) { source, err = s.prepare(ctx, tx, tenant, id); return err })
	if err != nil {
		return s.failed(ctx, tenant, id, err)
	}
	if source == "" {
		return nil // somebody else has done it
	}
	err = s.db.Update(ctx, func(tx *sqldb.Tx) error {
		if err := s.provision.Apply(ctx, tx, tenant, source); err != nil {
			return err
		}
		return s.finish(ctx, tx, tenant, id)
	})
	if err == nil || ctx.Err() != nil {
		return err
	}
	if err := s.provision.ApplyEach(ctx, tenant, source); err != nil {
		return err
	}
	return s.db.Update(ctx, func(tx *sqldb.Tx) error { return s.finish(ctx, tx, tenant, id) })
}

// prepare makes the guest and the assignment, or changes or ends the assignment,
// and says which roles are wanted. It returns what they are wanted for, and
// nothing when the request is not to be delivered any more.
func (s *Service) prepare(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id ids.RequestID) (string, error) {
	l, err := loadOf(ctx, tx, tenant, id)
	if err != nil || l.r.State != Delivering || l.r.Callout != "" {
		return "", err
	}
	b := s.batch(tx, tenant)
	if l.r.Type.Removes() {
		if err := b.take(ctx, []*load{&l}); err != nil {
			return "", err
		}
		if err := b.write(ctx); err != nil {
			return "", err
		}
		return string(l.a.ID), s.provision.Want(ctx, tx, tenant, provision.Wish{Object: l.a.Object, Source: string(l.a.ID)})
	}
	ok, err := b.begin(ctx, &l)
	if err != nil || !ok {
		return "", err
	}
	if l.fresh {
		err = b.admit(ctx)
	} else {
		err = putAssignment(ctx, tx, l.a)
	}
	if err != nil {
		return "", err
	}
	if err := putRequest(ctx, tx, l.r); err != nil {
		return "", err
	}
	return string(l.a.ID), s.want(ctx, tx, l.a)
}

// want says which roles the assignment gives: those of its package now.
func (s *Service) want(ctx context.Context, tx *sqldb.Tx, a *Assignment) error {
	w, err := s.batch(tx, a.Tenant).wish(ctx, a)
	if err != nil {
		return err
	}
	return s.provision.Want(ctx, tx, a.Tenant, w)
}

// arrive returns the object that stands for the target: what is there, let in
// again if it was blocked for the want of access, or a guest who is made now.
func (s *Service) arrive(ctx context.Context, tx *sqldb.Tx, l *load) (ids.ObjectID, error) {
	t := l.target
	if t.Kind != ids.Person {
		return t.Object, nil
	}
	if t.Object != "" {
		u, err := directory.GetUser(ctx, tx, t.Tenant, string(t.Object))
		if err == nil {
			return u.ID, guest.Regain(ctx, tx, actor(t.Tenant), u)
		}
		if !missing(err) || t.Inside() {
			return "", err
		}
	}
	var sponsors []ids.ObjectID
	if t.Organization != "" {
		all, err := offer.SponsorsOf(ctx, tx, t.Tenant, t.Organization)
		if err != nil {
			return "", err
		}
		sponsors = all.Internal[:min(len(all.Internal), 5)]
	}
	u, err := guest.Bring(ctx, tx, actor(t.Tenant), guest.Newcomer{Home: t.Principal, Mail: t.Email, DisplayName: t.Name, Sponsors: sponsors})
	if err != nil {
		return "", err
	}
	if err := guest.Regain(ctx, tx, actor(t.Tenant), u); err != nil {
		return "", err
	}
	if other, err := subjectByObject(ctx, tx, t.Tenant, u.ID); err == nil && other.ID != t.ID {
		if err := absorb(ctx, tx, t, other); err != nil { // what was known by the object alone is this subject
			return "", err
		}
	} else if err != nil && !missing(err) {
		return "", err
	}
	t.Object = u.ID
	return u.ID, putSubject(ctx, tx, t)
}

// finish notes how far the delivery has come, and completes the request when
// everything is as wanted.
func (s *Service) finish(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id ids.RequestID) error {
	l, err := loadOf(ctx, tx, tenant, id)
	if err != nil || l.r.State != Delivering || l.r.Callout != "" {
		return err
	}
	t, err := provision.TallyOf(ctx, tx, tenant, string(l.a.ID))
	if err != nil {
		return err
	}
	b := s.batch(tx, tenant)
	if err := b.conclude(ctx, &l, t); err != nil {
		return err
	}
	return b.store(ctx, []*load{&l})
}

// failed notes that a delivery could not even begin.
func (s *Service) failed(ctx context.Context, tenant ids.TenantID, id ids.RequestID, why error) error {
	f, ok := errors.AsType[*fault.Error](why)
	if !ok || f.Code == fault.Internal || f.Code == fault.Unavailable || ctx.Err() != nil {
		return why // the job is tried again
	}
	return s.db.Update(ctx, func(tx *sqldb.Tx) error {
		l, err := loadOf(ctx, tx, tenant, id)
		if err != nil || l.r.State != Delivering {
			return err
		}
		again, err := l.r.Failed(false, f.Message, tx.Now())
		if err != nil {
			return err
		}
		if !again && l.a != nil && !l.r.Type.Removes() && l.a.State == AccessDelivering {
			if err := l.a.Settle(l.failed(), f.Message, tx.Now()); err != nil {
				return err
			}
			if err := putAssignment(ctx, tx, l.a); err != nil {
				return err
			}
		}
		if err := putRequest(ctx, tx, l.r); err != nil {
			return err
		}
		if err := sayOutcome(ctx, tx, l.r); err != nil {
			return err
		}
		if !again {
			if err := s.batch(tx, tenant).leave(ctx, []*Subject{l.target}); err != nil {
				return err
			}
			if err := tell(ctx, tx, actor(tenant), l.target, l.r, l.pkg.Name, outcome(l.r)); err != nil {
				return err
			}
		}
		return wake(ctx, tx, l.r)
	})
}

// giveUp ends a delivery that no further try would mend.
func giveUp(ctx context.Context, tx *sqldb.Tx, l *load, why string) error {
	if err := l.r.GiveUp(why, tx.Now()); err != nil {
		return err
	}
	if err := putRequest(ctx, tx, l.r); err != nil {
		return err
	}
	if err := sayOutcome(ctx, tx, l.r); err != nil {
		return err
	}
	return tell(ctx, tx, actor(l.r.Tenant), l.target, l.r, l.pkg.Name, outcome(l.r))
}

// heed enqueues the job that next looks at the assignment.
func (s *Service) heed(ctx context.Context, tx *sqldb.Tx, a *Assignment) error {
	j, ok := a.job()
	if !ok {
		return nil
	}
	return jobs.Enqueue(ctx, tx, j)
}

// job returns the job that next looks at the assignment, if any has to.
func (a *Assignment) job() (jobs.Job, bool) {
	at := a.Next()
	return jobs.Job{Kind: AssignmentKind, Tenant: a.Tenant, Key: string(a.ID), NotBefore: at}, !at.IsZero()
}

// LookAtAssignments is the handler of AssignmentKind: it does what is due for
// assignments of a tenant together. Where that fails for one assignment alone, it
// goes on step by step: the access ends whatever becomes of its roles.
func (s *Service) LookAtAssignments(ctx context.Context, group []*jobs.Work) error {
	err := s.together(ctx, &s.pace.access, group, s.lookAtAssignments)
	if err == nil || len(group) > 1 || ctx.Err() != nil {
		return err
	}
	var found looked
	tenant, id := group[0].Tenant, ids.AccessID(group[0].Key)
	err = s.db.Update(ctx, func(tx *sqldb.Tx) (err error) {
		if found, err = s.lookAtAssignment(ctx, tx, tenant, id); err != nil || found.ended == "" {
			return err
		}
		// What this job does not come to, the request's does after a while.
		return jobs.Enqueue(ctx, tx, jobs.Job{Kind: RequestKind, Tenant: tenant, Key: string(found.ended), NotBefore: tx.Now().Add(time.Minute)})
	})
	switch {
	case err != nil:
		return err
	case found.ended != "":
		return s.deliver(ctx, tenant, found.ended)
	case found.stale:
		return s.settle(ctx, tenant, id)
	}
	return nil
}

// looked is what is left to be done for an assignment that was looked at.
type looked struct {
	ended ids.RequestID // by which it has ended: its roles are to be taken
	stale bool          // it lacks, or has, what the package gives otherwise
}

func (s *Service) lookAtAssignment(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id ids.AccessID) (found looked, err error) {
	a, err := assignmentByID(ctx, tx, tenant, id)
	if missing(err) || err == nil && !a.Live() {
		return found, nil
	}
	if err != nil {
		return found, err
	}
	if a.Over(tx.Now()) {
		found.ended, err = s.expire(ctx, tx, a)
		return found, err
	}
	b := s.batch(tx, tenant)
	noticed, err := b.notice(ctx, a)
	if err == nil && noticed {
		err = errors.Join(putAssignment(ctx, tx, a), b.write(ctx))
	}
	if err != nil {
		return found, err
	}
	if err := s.want(ctx, tx, a); err != nil {
		return found, err
	}
	t, err := provision.TallyOf(ctx, tx, a.Tenant, string(a.ID))
	if err != nil {
		return found, err
	}
	found.stale = !t.Complete() && a.State != AccessDelivering
	return found, s.heed(ctx, tx, a)
}

// expire makes the installation's own request to end an assignment. The access ends
// in this transaction; what is left to be taken the caller sees to.
func (s *Service) expire(ctx context.Context, tx *sqldb.Tx, a *Assignment) (ids.RequestID, error) {
	b := s.batch(tx, a.Tenant)
	all, err := b.removals(ctx, []*Assignment{a})
	if err != nil {
		return "", err
	}
	r := all[0].r
	if err := addRequest(ctx, tx, r); err != nil {
		return "", err
	}
	if err := b.take(ctx, all); err != nil {
		return "", err
	}
	if err := b.write(ctx); err != nil {
		return "", err
	}
	return r.ID, s.provision.Want(ctx, tx, a.Tenant, provision.Wish{Object: a.Object, Source: string(a.ID)})
}

// end ends an assignment, and has the rest taken at once.
func (s *Service) end(ctx context.Context, tx *sqldb.Tx, a *Assignment) error {
	id, err := s.expire(ctx, tx, a)
	if err != nil {
		return err
	}
	return jobs.Enqueue(ctx, tx, jobs.Job{Kind: RequestKind, Tenant: a.Tenant, Key: string(id)})
}

// settle gives and takes what a live assignment lacks, outside any request.
func (s *Service) settle(ctx context.Context, tenant ids.TenantID, id ids.AccessID) error {
	err := s.db.Update(ctx, func(tx *sqldb.Tx) error {
		if err := s.provision.Apply(ctx, tx, tenant, string(id)); err != nil {
			return err
		}
		return noteSettled(ctx, tx, tenant, id)
	})
	if err == nil || ctx.Err() != nil {
		return err
	}
	if err := s.provision.ApplyEach(ctx, tenant, string(id)); err != nil {
		return err
	}
	if err := s.db.Update(ctx, func(tx *sqldb.Tx) error { return noteSettled(ctx, tx, tenant, id) }); err != nil {
		return err
	}
	return err // the job is tried again
}

func noteSettled(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id ids.AccessID) error {
	a, err := assignmentByID(ctx, tx, tenant, id)
	if err != nil || !a.Live() || a.State == AccessDelivering {
		return err
	}
	t, err := provision.TallyOf(ctx, tx, tenant, string(id))
	if err != nil {
		return err
	}
	if err := noteOf(ctx, tx, a, t); err != nil {
		return err
	}
	return putAssignment(ctx, tx, a)
}

// note notes how much of what an assignment gives is there.
func (a *Assignment) note(t provision.Tally, now time.Time) error {
	to, why := AccessDelivered, ""
	if !t.Complete() {
		to = AccessPartial
		if len(t.Errors) > 0 {
			why = t.Errors[0]
		}
	}
	return a.Settle(to, why, now)
}

// packageBatch bounds the assignments that one transaction looks up.
const packageBatch = 200

// LookAtPackage is the handler of PackageKind: everybody who has the package is
// looked at.
func (s *Service) LookAtPackage(ctx context.Context, w *jobs.Work) error {
	var c offer.RolesChange
	if err := w.Args(&c); err != nil {
		return err
	}
	for after := ids.AccessID(""); ; {
		var some []ids.AccessID
		err := s.db.Update(ctx, func(tx *sqldb.Tx) (err error) {
			if some, err = liveAfter(ctx, tx, w.Tenant, c.Package, after, packageBatch); err != nil {
				return err
			}
			for _, id := range some {
				if err := jobs.Enqueue(ctx, tx, jobs.Job{Kind: AssignmentKind, Tenant: w.Tenant, Key: string(id)}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil || len(some) < packageBatch {
			return err
		}
		after = some[len(some)-1]
	}
}

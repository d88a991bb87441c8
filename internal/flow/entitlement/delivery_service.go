package entitlement

import (
	"context"
	"errors"
	"time"

	"entente/internal/core/directory"
	"entente/internal/flow/guest"
	"entente/internal/flow/offer"
	"entente/internal/flow/provision"
	"entente/internal/kit/ids"
	"entente/internal/kit/jobs"
	"entente/internal/kit/sqldb"
)

// together does something for a group of jobs, in transactions that take as many of
// them as SQLite's one writer may be kept busy with.
func (s *Service) together(ctx context.Context, pace *jobs.Pace, group []*jobs.Work,
	do func(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, keys []string) error) error {
	return pace.Run(group, func(part []*jobs.Work, work func(func() error) error) error {
		keys := make([]string, len(part))
		for i, w := range part {
			keys[i] = w.Key
		}
		return s.db.Update(ctx, func(tx *sqldb.Tx) error {
			return work(func() error { return do(ctx, tx, part[0].Tenant, keys) })
		})
	})
}

// lookAtRequests does what is due for requests of a tenant, all that is in this store.
func (s *Service) lookAtRequests(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, keys []string) error {
	list, err := requestsByID(ctx, tx, tenant, keys)
	if err != nil {
		return err
	}
	var due []*Request
	waited := map[ids.RequestID]bool{} // for its time
	for _, r := range list {
		waited[r.ID] = r.State == Scheduled
		now, err := s.due(ctx, tx, r)
		if err != nil {
			return err
		}
		if now {
			due = append(due, r)
		}
	}
	b := s.batch(tx, tenant)
	all, err := b.loads(ctx, due, nil)
	if err != nil {
		return err
	}
	for _, l := range all {
		if waited[l.r.ID] {
			b.told = append(b.told, entryOf(l.target, l.r, readyRequest, l.pkg.Name))
		}
	}
	return b.deliver(ctx, all)
}

// due does what is due for a request, and reports whether it is to be delivered now.
func (s *Service) due(ctx context.Context, tx *sqldb.Tx, r *Request) (bool, error) {
	switch {
	case r.Callout != "":
		return false, s.overdue(ctx, tx, r)
	case r.State == PendingApproval:
		return false, waitOn(ctx, tx, r)
	case r.State == Scheduled && !r.Schedule.Start.After(tx.Now()):
		return true, r.Start(tx.Now())
	case r.State != Delivering || r.TryAt.After(tx.Now()):
		return false, wake(ctx, tx, r)
	}
	return true, nil
}

// deliver brings about what requests are for.
func (b *batch) deliver(ctx context.Context, all []*load) error {
	if len(all) == 0 {
		return nil
	}
	if err := b.look(ctx, all); err != nil {
		return err
	}
	var wishes []provision.Wish
	var ready, ending []*load
	for _, l := range all {
		if l.r.Type.Removes() {
			ready, ending = append(ready, l), append(ending, l)
			wishes = append(wishes, provision.Wish{Object: l.a.Object, Source: string(l.a.ID)})
			continue
		}
		ok, err := b.begin(ctx, l)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		w, err := b.wish(ctx, l.a)
		if err != nil {
			return err
		}
		ready, wishes = append(ready, l), append(wishes, w)
	}
	if err := b.take(ctx, ending); err != nil {
		return err
	}
	return b.fulfil(ctx, ready, wishes)
}

// begin makes the guest and the assignment of a request, or changes the assignment,
// and reports whether it is still to be delivered. Neither request nor assignment is
// stored.
func (b *batch) begin(ctx context.Context, l *load) (bool, error) {
	now := b.tx.Now()
	if l.a != nil && !l.a.Live() && l.a.State != AccessFailed {
		return false, giveUp(ctx, b.tx, l, "The assignment has ended meanwhile.")
	}
	if ok, err := unaltered(ctx, b.tx, l.r); err != nil {
		return false, err
	} else if !ok {
		return false, giveUp(ctx, b.tx, l, "The request is not what its approvers have agreed to.")
	}
	if ok, err := b.reachable(ctx, l); err != nil || !ok {
		return false, err
	}
	u := l.target.Object
	if l.target.Kind != ids.Person || !b.present[u] {
		var err error
		if u, err = b.s.arrive(ctx, b.tx, l); err != nil {
			return false, err
		}
	}
	if !l.r.Type.Adds() || l.a != nil {
		if err := b.again(ctx, l); err != nil {
			return false, err
		}
		return true, l.a.Settle(AccessDelivering, "", now)
	}
	if err := b.apart(ctx, l); err != nil {
		return false, err
	}
	a := newAssignment(l.r, u, now)
	if a.Over(now) {
		return false, errors.Join(giveUp(ctx, b.tx, l, "The access would have ended before it was delivered."), b.leave(ctx, []*Subject{l.target}))
	}
	l.a, l.fresh, l.r.Assignment = a, true, a.ID
	b.fresh = append(b.fresh, l)
	return true, nil
}

// reachable gives up what is for an account that is gone: nobody comes in its place.
func (b *batch) reachable(ctx context.Context, l *load) (bool, error) {
	if l.target.Kind == ids.Person && l.target.Inside() && l.target.Object == "" {
		return false, giveUp(ctx, b.tx, l, "The account of the target is gone.")
	}
	if l.r.Type.Adds() || l.a == nil {
		return true, nil
	}
	gone, err := l.target.without(ctx, b.tx, l.a)
	if err != nil || !gone {
		return err == nil, err
	}
	return false, giveUp(ctx, b.tx, l, "The account that had the access is deleted.")
}

// again prepares an assignment that is there: it gets the end that the request is for,
// or comes back after it failed, if nothing stands against it by now.
func (b *batch) again(ctx context.Context, l *load) error {
	if l.r.Type.Adds() {
		if l.a.State != AccessFailed {
			return nil
		}
		return b.apart(ctx, l)
	}
	since, err := agreedAt(ctx, b.tx, l.r)
	if err == nil {
		l.a.Change(l.r, since)
	}
	return err
}

// agreedAt returns from when on an extension counts, however often its delivery is
// tried: from the start that was asked for, or else from the last word on it.
func agreedAt(ctx context.Context, tx *sqldb.Tx, r *Request) (time.Time, error) {
	if !r.Schedule.Start.IsZero() {
		return r.since(tx.Now()), nil
	}
	at := r.CreatedAt
	if !r.Terms.Approval {
		return at, nil
	}
	stages, err := stagesOf(ctx, tx, r.Tenant, r.ID)
	for _, s := range stages {
		if s.DecidedAt.After(at) {
			at = s.DecidedAt
		}
	}
	return at, err
}

// fulfil gives and takes what is wished, and stores what has become of the requests.
func (b *batch) fulfil(ctx context.Context, all []*load, wishes []provision.Wish) error {
	out, err := b.s.provision.Fulfil(ctx, b.tx, b.tenant, wishes)
	if err != nil {
		return err
	}
	for _, l := range all {
		if err := b.conclude(ctx, l, out[string(l.a.ID)].Tally); err != nil {
			return err
		}
	}
	return b.store(ctx, all)
}

// conclude notes in a request and its assignment how far the delivery has come. The
// request is complete when everything is as wanted.
func (b *batch) conclude(ctx context.Context, l *load, t provision.Tally) error {
	now, why, over := b.tx.Now(), "", true
	if len(t.Errors) > 0 {
		why = t.Errors[0]
	}
	if t.Complete() {
		held := false
		if !l.r.Type.Removes() {
			var err error
			if held, err = callAt(ctx, b.tx, l.r, l.r.Terms, stageGranted); err != nil {
				return err
			}
		}
		if over = !held; over {
			if err := l.r.Complete(now); err != nil {
				return err
			}
		}
	} else {
		again, err := l.r.Failed(t.Given > 0, why, now)
		if err != nil {
			return err
		}
		over = !again
	}
	if !l.r.Type.Removes() {
		to := AccessDelivering
		switch l.r.State {
		case Delivered:
			to = AccessDelivered
		case PartiallyDelivered:
			to = AccessPartial
		case DeliveryFailed:
			to = l.failed()
		}
		if err := l.a.Settle(to, why, now); err != nil {
			return err
		}
		b.heed(l.a)
	}
	if n, quiet, ok := newsOf(l.r); ok {
		b.say(quiet, n)
	}
	if over {
		b.told = append(b.told, entryOf(l.target, l.r, outcome(l.r), l.pkg.Name))
	}
	return nil
}

// store stores requests that were concluded, their assignments, and what was
// gathered. An assignment that was taken is stored already.
func (b *batch) store(ctx context.Context, all []*load) error {
	var access []*Assignment
	var made, old []*Request
	for _, l := range all {
		if !l.r.Type.Removes() && !l.fresh {
			access = append(access, l.a)
		}
		if l.r.version == 0 {
			made = append(made, l.r)
		} else {
			old = append(old, l.r)
		}
		switch j, ok := l.r.job(); {
		case ok:
			b.next = append(b.next, j)
		case l.r.version != 0: // of a new one there is no job
			b.over = append(b.over, string(l.r.ID))
		}
	}
	if err := b.admit(ctx); err != nil {
		return err
	}
	if err := putAssignments(ctx, b.tx, access); err != nil {
		return err
	}
	if err := addRequests(ctx, b.tx, made); err != nil {
		return err
	}
	if err := putRequests(ctx, b.tx, old); err != nil {
		return err
	}
	if err := b.leave(ctx, without(all)); err != nil {
		return err
	}
	return b.write(ctx)
}

// removals makes the installation's own requests to end assignments; they are not
// stored.
func (b *batch) removals(ctx context.Context, list []*Assignment) ([]*load, error) {
	by, err := subjectOfCaller(ctx, b.tx, actor(b.tenant))
	if err != nil {
		return nil, err
	}
	made := make([]*Request, len(list))
	for i, a := range list {
		r, err := newRequest(&offer.Policy{Tenant: a.Tenant, ID: a.Policy, Package: a.Package}, SystemRemove, by.ID, a.Target, "", b.tx.Now())
		if err != nil {
			return nil, err
		}
		r.Assignment, r.Terms = a.ID, Terms{Expiration: a.Terms.Expiration, Quiet: a.Terms.Quiet}
		if err := r.Begin(false, b.tx.Now()); err != nil {
			return nil, err
		}
		made[i] = r
	}
	return b.loads(ctx, made, offer.ByID(list, func(a *Assignment) ids.AccessID { return a.ID }))
}

// take ends assignments: what is under way about one ends with it, and a guest who
// has nothing left goes as the tenant has it. Once one has ended nothing more happens.
// That its roles are wanted no more is the caller's business.
func (b *batch) take(ctx context.Context, all []*load) error {
	now := b.tx.Now()
	own := map[ids.RequestID]bool{}
	var ended []*Assignment
	var targets []*Subject
	for _, l := range all {
		own[l.r.ID] = true
		if l.a.State == AccessExpired {
			continue
		}
		if err := l.a.Expire(now); err != nil {
			return err
		}
		ended, targets = append(ended, l.a), append(targets, l.target)
		b.say(l.a.Terms.Quiet, news{Event: eventEnded, Access: l.a.ID})
		if _, err := callAt(ctx, b.tx, l.r, l.a.Terms, stageRemoved); err != nil {
			return err
		}
	}
	if len(ended) == 0 {
		return nil
	}
	if err := putAssignments(ctx, b.tx, ended); err != nil {
		return err
	}
	if err := b.lookForRules(ctx, targets); err != nil {
		return err
	}
	open, err := openOf(ctx, b.tx, b.tenant, ended)
	if err != nil {
		return err
	}
	of := offer.ByID(all, func(l *load) ids.AccessID { return l.a.ID })
	for _, r := range open {
		if own[r.ID] {
			continue
		}
		if err := b.orphan(ctx, r, of[r.Assignment]); err != nil {
			return err
		}
	}
	return b.leave(ctx, distinct(targets))
}

// lookForRules has those looked at who have lost something, where a rule might give it
// to them, or something that it was incompatible with.
func (b *batch) lookForRules(ctx context.Context, targets []*Subject) error {
	rules, err := offer.AutomaticAfter(ctx, b.tx, b.tenant, "", 1)
	if err != nil || len(rules) == 0 {
		return err
	}
	for _, t := range targets {
		if t.Kind == ids.Person && t.Object != "" {
			b.next = append(b.next, jobs.Job{Kind: UserKind, Tenant: b.tenant, Key: string(t.Object), Args: directory.UserChange{User: t.Object}})
		}
	}
	return nil
}

// failed is what an assignment becomes when nothing of it could be delivered: who had
// it before has it still, as much as is left of it.
func (l *load) failed() AssignmentState {
	if l.r.Type.Adds() {
		return AccessFailed
	}
	return AccessPartial
}

// without returns for whom nothing could be delivered.
func without(all []*load) (targets []*Subject) {
	for _, l := range all {
		if l.a != nil && l.a.State == AccessFailed {
			targets = append(targets, l.target)
		}
	}
	return distinct(targets)
}

// leave lets those guests go who have no assignment left.
func (b *batch) leave(ctx context.Context, all []*Subject) error {
	var targets []ids.SubjectID
	for _, t := range all {
		if t.Object != "" && t.Kind == ids.Person {
			targets = append(targets, t.ID)
		}
	}
	live, err := liveCounts(ctx, b.tx, b.tenant, targets)
	if err != nil {
		return err
	}
	var users []ids.ObjectID
	for _, t := range all {
		if t.Object != "" && t.Kind == ids.Person && live[t.ID] == 0 {
			users = append(users, t.Object)
		}
	}
	governed, err := guest.GovernedAmong(ctx, b.tx, b.tenant, users)
	if err != nil || len(governed) == 0 {
		return err
	}
	says, err := offer.SettingsOf(ctx, b.tx, b.tenant)
	if err != nil {
		return err
	}
	e := guest.Ending{Block: says.Lifecycle != offer.KeepGuest, Delete: says.Lifecycle == offer.BlockAndDeleteGuest, After: says.DeleteIn}
	for _, u := range governed {
		if err := guest.Lose(ctx, b.tx, actor(b.tenant), u, e); err != nil {
			return err
		}
	}
	return nil
}

// lookAtAssignments ends assignments of a tenant whose end has come, gives notice
// before, and gives and takes what their packages give otherwise by now; all that is
// in this store.
func (s *Service) lookAtAssignments(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, keys []string) error {
	list, err := assignmentsByID(ctx, tx, tenant, keys)
	if err != nil {
		return err
	}
	b := s.batch(tx, tenant)
	var over, on []*Assignment
	for _, a := range list {
		switch {
		case !a.Live():
		case a.Over(tx.Now()):
			over = append(over, a)
		default:
			on = append(on, a)
		}
	}
	if len(over) > 0 {
		if err := b.end(ctx, over); err != nil {
			return err
		}
	}
	if err := b.keep(ctx, on); err != nil {
		return err
	}
	return b.write(ctx)
}

// end ends assignments and takes what they gave.
func (b *batch) end(ctx context.Context, list []*Assignment) error {
	all, err := b.removals(ctx, list)
	if err != nil {
		return err
	}
	if err := b.take(ctx, all); err != nil {
		return err
	}
	wishes := make([]provision.Wish, len(list))
	for i, a := range list {
		wishes[i] = provision.Wish{Object: a.Object, Source: string(a.ID)}
	}
	return b.fulfil(ctx, all, wishes)
}

// keep gives notice of ends that come near, and what assignments lack of what their
// packages give by now. One that is being delivered its request sees to.
func (b *batch) keep(ctx context.Context, list []*Assignment) error {
	var wishes []provision.Wish
	changed := map[ids.AccessID]bool{}
	for _, a := range list {
		noticed, err := b.notice(ctx, a)
		if err != nil {
			return err
		}
		changed[a.ID] = noticed
		w, err := b.wish(ctx, a)
		if err != nil {
			return err
		}
		if a.State == AccessDelivering {
			if err := b.s.provision.Want(ctx, b.tx, b.tenant, w); err != nil {
				return err
			}
			continue
		}
		wishes = append(wishes, w)
	}
	out, err := b.s.provision.Fulfil(ctx, b.tx, b.tenant, wishes)
	if err != nil {
		return err
	}
	var put []*Assignment
	for _, a := range list {
		if o, ok := out[string(a.ID)]; ok && (o.Moved || !o.Complete()) {
			if err := noteOf(ctx, b.tx, a, o.Tally); err != nil {
				return err
			}
			changed[a.ID] = true
		}
		b.heed(a)
		if changed[a.ID] {
			put = append(put, a)
		}
	}
	return putAssignments(ctx, b.tx, put)
}

// notice gives notice of an end that comes near, and reports whether it has.
func (b *batch) notice(ctx context.Context, a *Assignment) (bool, error) {
	n := a.Notice(b.tx.Now())
	if n == 0 {
		return false, nil
	}
	b.say(a.Terms.Quiet, news{Event: eventEnding, Access: a.ID, Until: sqldb.Micros(a.EndsAt)})
	return true, callBefore(ctx, b.tx, a, stageOfNotice[n])
}

package entitlement

import (
	"context"
	"slices"

	"entente/internal/core/authz"
	"entente/internal/flow/offer"
	"entente/internal/kit/ids"
	"entente/internal/kit/jobs"
	"entente/internal/kit/sqldb"
)

// CalloutKind is the kind of the jobs that call an endpoint.
const CalloutKind jobs.Kind = "entitlement.callout"

// callAt stores, in the transaction that brings a request to a stage, that the
// endpoint is called which the policy named there, and reports whether the request
// waits for its word.
func callAt(ctx context.Context, tx *sqldb.Tx, r *Request, says Terms, stage string) (held bool, err error) {
	c, err := call(ctx, tx, r.Tenant, says, stage, r.ID, "")
	if err != nil || c == nil {
		return false, err
	}
	if c.Holds {
		r.Hold(c)
	}
	return c.Holds, nil
}

// callBefore does the same before the end of an assignment, which waits for
// nothing.
func callBefore(ctx context.Context, tx *sqldb.Tx, a *Assignment, stage string) error {
	_, err := call(ctx, tx, a.Tenant, a.Terms, stage, "", a.ID)
	return err
}

func call(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, says Terms, stage string, r ids.RequestID, a ids.AccessID) (*Callout, error) {
	i := slices.IndexFunc(says.Extensions, func(e offer.StageExtension) bool { return e.Stage == stage })
	if i < 0 {
		return nil, nil
	}
	e, err := offer.ExtensionByID(ctx, tx, tenant, says.Extensions[i].Extension)
	if missing(err) { // no policy names it any more, and it was deleted
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	c := newCallout(e, stage, tx.Now())
	c.Request, c.Assignment = r, a
	if err := addCallout(ctx, tx, c); err != nil {
		return nil, err
	}
	return c, jobs.Enqueue(ctx, tx, jobs.Job{Kind: CalloutKind, Tenant: tenant, Key: c.ID})
}

// Callouts returns the calls that were made for a request, to whoever may see it.
func (s *Service) Callouts(ctx context.Context, who authz.Caller, id ids.RequestID) ([]*Callout, error) {
	return offer.View(ctx, s.db, func(tx *sqldb.Tx) ([]*Callout, error) {
		if _, err := requestShown(ctx, tx, who, id); err != nil {
			return nil, err
		}
		return calloutsOf(ctx, tx, who.Tenant, id, "")
	})
}

// CalloutsBefore returns the calls that were made before the end of an assignment,
// to whoever may see it.
func (s *Service) CalloutsBefore(ctx context.Context, who authz.Caller, id ids.AccessID) ([]*Callout, error) {
	if _, err := s.Assignment(ctx, who, id); err != nil {
		return nil, err
	}
	return offer.View(ctx, s.db, func(tx *sqldb.Tx) ([]*Callout, error) { return calloutsOf(ctx, tx, who.Tenant, "", id) })
}

// Resume takes the word of the endpoint for which a request waits: it goes on
// where it stood, or ends.
func (s *Service) Resume(ctx context.Context, who authz.Caller, id ids.RequestID, in Resumption) error {
	return s.db.Update(ctx, func(tx *sqldb.Tx) error {
		r, _, err := requestFor(ctx, tx, who, id, offer.ToAssign, false)
		if err != nil {
			return err
		}
		if err := mayAnswer(ctx, tx, who, r); err != nil {
			return err
		}
		var c *Callout
		if r.Callout != "" {
			if c, err = calloutByID(ctx, tx, who.Tenant, r.Callout); err != nil {
				return err
			}
		}
		if err := in.check(r, c, tx.Now()); err != nil {
			return err
		}
		if err := c.end(CalloutAnswered, in.Detail, tx.Now()); err != nil {
			return err
		}
		if err := putCallout(ctx, tx, c); err != nil {
			return err
		}
		l, err := loadOf(ctx, tx, who.Tenant, id)
		if err != nil {
			return err
		}
		switch {
		case in.State == "":
			return s.goOn(ctx, tx, who, &l, c.Stage)
		case in.State == Canceled && c.Stage != stageGranted:
			if err := l.r.Cancel(tx.Now()); err != nil {
				return err
			}
			return s.ended(ctx, tx, who, &l, canceledRequest)
		}
		return s.stop(ctx, tx, who, &l, c, statuses[Denied], in.Detail)
	})
}

// mayAnswer refuses the word of an endpoint, which is as good as an approver's, from
// those whose own the request is. Who administers the package and asks for somebody
// else gets nothing by it.
func mayAnswer(ctx context.Context, tx *sqldb.Tx, who authz.Caller, r *Request) error {
	target, requestor, err := r.parties(ctx, tx)
	if err != nil {
		return err
	}
	if r.Type.Administers() {
		requestor = target
	}
	return notOwn(ctx, tx, who, r, target, requestor)
}

// goOn has a request go on that waited at a stage.
func (s *Service) goOn(ctx context.Context, tx *sqldb.Tx, who authz.Caller, l *load, stage string) error {
	l.r.release()
	activities := []string{resumedRequest}
	switch stage {
	case stageGranted:
		if err := s.complete(ctx, tx, l); err != nil {
			return err
		}
		return tell(ctx, tx, who, l.target, l.r, l.pkg.Name, activities...)
	case stageCreated:
		requestor, err := subjectByID(ctx, tx, l.r.Tenant, l.r.Requestor)
		if err != nil {
			return err
		}
		if err := onward(ctx, tx, l.r, l.pkg, l.target, requestor); err != nil {
			return err
		}
		activities = append(activities, unasked(l.r))
	default:
		if err := l.r.proceed(tx.Now()); err != nil {
			return err
		}
	}
	return s.ended(ctx, tx, who, l, append(activities, ahead(l.r))...)
}

// ended stores what has become of a request that waited.
func (s *Service) ended(ctx context.Context, tx *sqldb.Tx, who authz.Caller, l *load, activities ...string) error {
	if err := putRequest(ctx, tx, l.r); err != nil {
		return err
	}
	if err := tell(ctx, tx, who, l.target, l.r, l.pkg.Name, activities...); err != nil {
		return err
	}
	return wake(ctx, tx, l.r)
}

// stop ends the wait of a request that does not go on: what was not given is not
// given. What was given already stays, and administrators hear of it.
func (s *Service) stop(ctx context.Context, tx *sqldb.Tx, who authz.Caller, l *load, c *Callout, status, why string) error {
	if c.Stage != stageGranted {
		if err := l.r.Refuse(status, tx.Now()); err != nil {
			return err
		}
		if err := say(ctx, tx, l.r.Tenant, l.r.Terms.Quiet, news{Event: eventRefused, Request: l.r.ID}); err != nil {
			return err
		}
		return s.ended(ctx, tx, who, l, deniedRequest)
	}
	if why == "" {
		why = "The custom extension said that its part is not done."
	}
	if err := l.r.StayPartial(why, tx.Now()); err != nil {
		return err
	}
	if l.a.Live() { // or it has ended meanwhile
		if err := l.a.Settle(AccessPartial, why, tx.Now()); err != nil {
			return err
		}
		if err := putAssignment(ctx, tx, l.a); err != nil {
			return err
		}
		if err := lookAtOnce(ctx, tx, l.a); err != nil {
			return err
		}
	}
	if err := sayOutcome(ctx, tx, l.r); err != nil {
		return err
	}
	return s.ended(ctx, tx, who, l, outcome(l.r))
}

// overdue ends the wait of a request for which no word came in time.
func (s *Service) overdue(ctx context.Context, tx *sqldb.Tx, r *Request) error {
	if tx.Now().Before(r.ResumeBy) {
		return wake(ctx, tx, r)
	}
	c, err := calloutByID(ctx, tx, r.Tenant, r.Callout)
	if err != nil {
		return err
	}
	if err := c.end(CalloutTimedOut, "", tx.Now()); err != nil {
		return err
	}
	if err := putCallout(ctx, tx, c); err != nil {
		return err
	}
	l, err := loadOf(ctx, tx, r.Tenant, r.ID)
	if err != nil {
		return err
	}
	return s.stop(ctx, tx, actor(r.Tenant), &l, c, statusCallbackTimedOut, "The custom extension did not answer in time.")
}

// onward takes a new request on behind its first stage: to its approvers, or
// further if none has to be asked.
func onward(ctx context.Context, tx *sqldb.Tx, r *Request, pkg *offer.Package, target, requestor *Subject) error {
	approval := r.Terms.Approval && len(r.Terms.Stages) > 0
	if !approval && !r.Type.Removes() {
		if held, err := callAt(ctx, tx, r, r.Terms, stageApproved); err != nil || held {
			return err
		}
	}
	if err := r.Begin(approval, tx.Now()); err != nil || r.State != PendingApproval {
		return err
	}
	stages := newStages(r)
	list, first, err := summon(ctx, tx, r, stages[r.Stage], target, requestor)
	if err != nil {
		return err
	}
	if err := addStages(ctx, tx, stages); err != nil {
		return err
	}
	r.around().stage = stages[r.Stage]
	if err := summoned(ctx, tx, r, stages[r.Stage], pkg, target, list, first); err != nil {
		return err
	}
	return say(ctx, tx, r.Tenant, r.Terms.Quiet, news{Event: eventAsked, Request: r.ID})
}

// heldAtLast reports whether a request waits for an endpoint now that the last
// stage has approved it.
func heldAtLast(ctx context.Context, tx *sqldb.Tx, r *Request, approve bool) (bool, error) {
	if !approve || r.State != PendingApproval || r.Stage+1 < len(r.Terms.Stages) {
		return false, nil
	}
	held, err := callAt(ctx, tx, r, r.Terms, stageApproved)
	if held {
		r.Stage++
	}
	return held, err
}

// lookAtOnce has an assignment looked at that was left alone while its request waited:
// its package may give something else by now, and its end may be near.
func lookAtOnce(ctx context.Context, tx *sqldb.Tx, a *Assignment) error {
	return jobs.Enqueue(ctx, tx, jobs.Job{Kind: AssignmentKind, Tenant: a.Tenant, Key: string(a.ID)})
}

// complete ends a delivery of which the endpoint has said that its part is done.
func (s *Service) complete(ctx context.Context, tx *sqldb.Tx, l *load) error {
	if err := l.r.Complete(tx.Now()); err != nil {
		return err
	}
	if l.a.Live() { // or it has ended meanwhile
		if err := l.a.Settle(AccessDelivered, "", tx.Now()); err != nil {
			return err
		}
		if err := putAssignment(ctx, tx, l.a); err != nil {
			return err
		}
		if err := lookAtOnce(ctx, tx, l.a); err != nil {
			return err
		}
	}
	if err := sayOutcome(ctx, tx, l.r); err != nil {
		return err
	}
	return s.ended(ctx, tx, actor(l.r.Tenant), l, outcome(l.r))
}

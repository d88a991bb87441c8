package entitlement

import (
	"context"
	"slices"

	"entente/internal/core/authz"
	"entente/internal/core/directory"
	"entente/internal/core/object"
	"entente/internal/flow/offer"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
	"entente/internal/kit/secret"
	"entente/internal/kit/sqldb"
)

// objectsOf returns the users, service principals and groups that a set names
// about a subject.
func objectsOf(ctx context.Context, tx *sqldb.Tx, set offer.SubjectSet, about *Subject) ([]ids.ObjectID, error) {
	switch set.Kind {
	case offer.SingleUser, offer.GroupMembers, offer.SingleServicePrincipal:
		if set.Object == "" {
			return nil, nil
		}
		return []ids.ObjectID{set.Object}, nil
	case offer.InternalSponsors, offer.ExternalSponsors:
		if about.Organization == "" {
			return nil, nil
		}
		all, err := offer.SponsorsOf(ctx, tx, about.Tenant, about.Organization)
		if set.Kind == offer.InternalSponsors {
			return all.Internal, err
		}
		return all.External, err
	case offer.RequestorManager, offer.TargetManager:
		return managersOf(ctx, tx, about, max(set.ManagerLevel, 1))
	case offer.TargetUserSponsors:
		if about.Object == "" {
			return nil, nil
		}
		page, err := directory.ListObjects(ctx, tx, about.Tenant, directory.SponsorsOf(about.Object), "", query.Query{})
		var list []ids.ObjectID
		for _, o := range page.Items {
			list = append(list, o.ID)
		}
		return list, err
	}
	return nil, nil
}

// managersOf returns the manager of a subject's user, or the manager's manager.
func managersOf(ctx context.Context, tx *sqldb.Tx, about *Subject, level int) ([]ids.ObjectID, error) {
	at := about.Object
	for range min(level, 4) {
		if at == "" {
			return nil, nil
		}
		u, err := directory.GetUser(ctx, tx, about.Tenant, string(at))
		if missing(err) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		at = u.Manager
	}
	if at == "" {
		return nil, nil
	}
	return []ids.ObjectID{at}, nil
}

// openStage opens the current stage of a request: it finds out who is to be
// asked, and stores and records them. The members of groups are those at the time of the
// decision.
func openStage(ctx context.Context, tx *sqldb.Tx, r *Request, pkg *offer.Package, target, requestor *Subject) error {
	stage, err := r.stage(ctx, tx)
	if err != nil {
		return err
	}
	list, first, err := summon(ctx, tx, r, stage, target, requestor)
	if err != nil {
		return err
	}
	if err := putStage(ctx, tx, stage); err != nil {
		return err
	}
	return summoned(ctx, tx, r, stage, pkg, target, list, first)
}

// summon opens a stage, not stored yet, and returns who may decide on it, and who of
// them is asked at once.
func summon(ctx context.Context, tx *sqldb.Tx, r *Request, stage *ApprovalStage, target, requestor *Subject) (list []approver, first []ids.ObjectID, err error) {
	says := r.Terms.Stages[stage.Number]
	own, err := r.owned(ctx, tx, target, requestor)
	if err != nil {
		return nil, nil, err
	}
	first, err = resolve(ctx, tx, says.Primary, says.Fallback, target, own)
	if err != nil {
		return nil, nil, err
	}
	then, err := resolve(ctx, tx, says.Alternate, says.AlternateFallback, target, own)
	if err != nil {
		return nil, nil, err
	}
	for _, id := range first {
		list = append(list, approver{id, false})
	}
	for _, id := range then {
		list = append(list, approver{id, true})
	}
	stage.Open(says, tx.Now())
	return list, first, nil
}

// summoned stores and records who is to decide.
func summoned(ctx context.Context, tx *sqldb.Tx, r *Request, stage *ApprovalStage, pkg *offer.Package, target *Subject, list []approver, first []ids.ObjectID) error {
	if err := addApprovers(ctx, tx, stage, list); err != nil {
		return err
	}
	return tellAsked(ctx, tx, target, r, pkg.Name, createdApproval, first)
}

// Decide records the caller's word on a stage of a request. Shown is the digest
// of what the caller was shown, and empty where they were shown nothing; if the
// request is another by now the fault is ShownOtherwise.
func (s *Service) Decide(ctx context.Context, who authz.Caller, id ids.RequestID, at ids.StageID, approve bool, reason string, shown secret.Digest) (*Request, error) {
	return offer.Change(ctx, s.db, func(tx *sqldb.Tx) (*Request, error) {
		r, err := requestByID(ctx, tx, who.Tenant, id)
		if err != nil {
			return nil, err
		}
		stages, err := stagesOf(ctx, tx, who.Tenant, id)
		if err != nil {
			return nil, err
		}
		i := slices.IndexFunc(stages, func(a *ApprovalStage) bool { return a.ID == at })
		if i < 0 {
			return nil, object.Missing(string(at))
		}
		target, requestor, err := r.parties(ctx, tx)
		if err != nil {
			return nil, err
		}
		if err := mayDecide(ctx, tx, who, r, stages[i], target, requestor); err != nil {
			return nil, err
		}
		return r, decide(ctx, tx, who, r, stages[i], target, requestor, approve, reason, shown)
	})
}

// decide takes a word and has the request go on.
func decide(ctx context.Context, tx *sqldb.Tx, who authz.Caller, r *Request, stage *ApprovalStage, target, requestor *Subject, approve bool, reason string, shown secret.Digest) error {
	p, err := offer.PackageByID(ctx, tx, r.Tenant, r.Package)
	if err != nil {
		return err
	}
	given, err := offer.RolesOf(ctx, tx, r.Tenant, r.Package)
	if err != nil {
		return err
	}
	now := digest(r, target, given)
	if shown != "" && shown != now {
		return fault.Because(fault.Conflict, ShownOtherwise, "The request, or what it gives, is no longer as it was shown.").WithFix("Look at it again, and decide then.")
	}
	if r.State != PendingApproval || stage.Number != r.Stage {
		return decided(r)
	}
	if err := stage.Decide(r.Terms.Stages[stage.Number], approve, reason, now, tx.Now()); err != nil {
		return err
	}
	stage.By, stage.ByObject, stage.ByName = who.Subject, who.Object, who.Name
	activity, word := approvedRequest, r.Approve
	switch {
	case !approve:
		activity, word = deniedRequest, r.Deny
	case stage.Number+1 < len(r.Terms.Stages):
		activity = approvedStage
	}
	agreed := false
	if approve && r.Terms.Agreed == "" {
		r.Terms.Agreed, r.Terms.AgreedFor = agreement(r), r.Target
		agreed = true
	}
	if held, err := heldAtLast(ctx, tx, r, approve); err != nil {
		return err
	} else if !held {
		err = word(tx.Now())
		if err != nil {
			return err
		}
	}
	if err := putStage(ctx, tx, stage); err != nil {
		return err
	}
	put := putRequest
	if agreed {
		put = putAgreed
	}
	if err := put(ctx, tx, r); err != nil {
		return err
	}
	event := eventApproved
	if !approve {
		event = eventRefused
	}
	if err := say(ctx, tx, r.Tenant, r.Terms.Quiet, news{Event: event, Request: r.ID, Stage: stage.Number}); err != nil {
		return err
	}
	if r.State == PendingApproval && r.Callout == "" {
		if err := openStage(ctx, tx, r, p, target, requestor); err != nil {
			return err
		}
		if err := say(ctx, tx, r.Tenant, r.Terms.Quiet, news{Event: eventAsked, Request: r.ID, Stage: r.Stage}); err != nil {
			return err
		}
	}
	if err := tell(ctx, tx, who, target, r, p.Name, activity, ahead(r)); err != nil {
		return err
	}
	return wake(ctx, tx, r)
}

// isAsked reports whether the caller is an approver of the stage now, alone or in
// a group.
func isAsked(ctx context.Context, tx *sqldb.Tx, who authz.Caller, stage *ApprovalStage) (bool, error) {
	mine, err := circle(ctx, tx, who.Tenant, who.Object)
	if err != nil {
		return false, err
	}
	return asksOne(ctx, tx, stage, mine)
}

// mayDecide refuses whoever is no approver of the stage now, and everybody who is
// the one who asks, or who it is for, whatever road they come by: as themselves,
// through a group, as another guest of the same person, or through a program that
// is theirs. A program that may give every access package decides for whoever has
// let it.
func mayDecide(ctx context.Context, tx *sqldb.Tx, who authz.Caller, r *Request, stage *ApprovalStage, target, requestor *Subject) error {
	asked, err := isAsked(ctx, tx, who, stage)
	if err == nil && !asked && who.AppOnly() {
		asked, err = offer.MayEverywhere(ctx, tx, who, offer.ToAssign)
	}
	if err != nil {
		return err
	}
	if !asked {
		return fault.Because(fault.Forbidden, NotApprover, "You are not asked to decide on this request.")
	}
	return notOwn(ctx, tx, who, r, target, requestor)
}

package entitlement

import (
	"context"
	"slices"

	"entente/internal/core/authz"
	"entente/internal/core/directory"
	"entente/internal/core/object"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
	"entente/internal/kit/secret"
	"entente/internal/kit/sqldb"
)

// objectsOf returns the users, service principals and groups that a set names
// about a subject.
func objectsOf(ctx context.Context, tx *sqldb.Tx, set SubjectSet, about *Subject) ([]ids.ObjectID, error) {
	switch set.Kind {
	case SingleUser, GroupMembers, SingleServicePrincipal:
		if set.Object == "" {
			return nil, nil
		}
		return []ids.ObjectID{set.Object}, nil
	case InternalSponsors, ExternalSponsors:
		if about.Organization == "" {
			return nil, nil
		}
		all, err := sponsorsOf(ctx, tx, about.Tenant, about.Organization)
		if set.Kind == InternalSponsors {
			return all.Internal, err
		}
		return all.External, err
	case RequestorManager, TargetManager:
		return managersOf(ctx, tx, about, max(set.ManagerLevel, 1))
	case TargetUserSponsors:
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
func openStage(ctx context.Context, tx *sqldb.Tx, r *Request, pkg *Package, target, requestor *Subject) error {
	stage, err := stageNumber(ctx, tx, r, r.Stage)
	if err != nil {
		return err
	}
	says := r.Terms.Stages[r.Stage]
	first, err := resolve(ctx, tx, says.Primary, says.Fallback, target, requestor)
	if err != nil {
		return err
	}
	then, err := resolve(ctx, tx, says.Alternate, says.AlternateFallback, target, requestor)
	if err != nil {
		return err
	}
	var list []approver
	for _, id := range first {
		list = append(list, approver{id, false})
	}
	for _, id := range then {
		list = append(list, approver{id, true})
	}
	stage.Open(says, tx.Now())
	if err := putStage(ctx, tx, stage); err != nil {
		return err
	}
	if err := addApprovers(ctx, tx, stage, list); err != nil {
		return err
	}
	return tellAsked(ctx, tx, target, r, pkg.Name, createdApproval, first)
}

// resolve returns who the sets name, or the others where that is nobody who could
// decide. Where nobody could at all it is whom the sets name: a group may have
// members by the time of the decision.
func resolve(ctx context.Context, tx *sqldb.Tx, sets, others []SubjectSet, target, requestor *Subject) ([]ids.ObjectID, error) {
	var named []ids.ObjectID
	for _, list := range [][]SubjectSet{sets, others} {
		var all []ids.ObjectID
		for _, set := range list {
			objects, err := objectsOf(ctx, tx, set, target)
			if err != nil {
				return nil, err
			}
			all = append(all, objects...)
		}
		for _, id := range all {
			able, err := anybody(ctx, tx, target, requestor, id)
			if err != nil {
				return nil, err
			}
			if able {
				return all, nil
			}
		}
		named = append(named, all...)
	}
	return named, nil
}

// anybody reports whether somebody stands behind an approver's object who lives
// and is not the one who asks.
func anybody(ctx context.Context, tx *sqldb.Tx, target, requestor *Subject, id ids.ObjectID) (bool, error) {
	o, err := object.Get(ctx, tx, target.Tenant, id)
	if missing(err) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	self := func(id ids.ObjectID) bool { return id == target.Object || id == requestor.Object }
	if o.Kind != object.Group {
		return !self(id), nil
	}
	page, err := directory.ListObjects(ctx, tx, target.Tenant, directory.AllMembersOf(id), "", query.Query{})
	return slices.ContainsFunc(page.Items, func(m object.Object) bool { return m.Kind != object.Group && !self(m.ID) }), err
}

// Decide records the caller's word on a stage of a request. Shown is the digest
// of what the caller was shown, and empty where they were shown nothing; if the
// request is another by now the fault is ShownOtherwise.
func (s *Service) Decide(ctx context.Context, who authz.Caller, id ids.RequestID, at ids.StageID, approve bool, reason string, shown secret.Digest) (*Request, error) {
	return change(ctx, s, func(tx *sqldb.Tx) (*Request, error) {
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
		target, err := subjectByID(ctx, tx, who.Tenant, r.Target)
		if err != nil {
			return nil, err
		}
		requestor, err := subjectByID(ctx, tx, who.Tenant, r.Requestor)
		if err != nil {
			return nil, err
		}
		if err := mayDecide(ctx, tx, who, stages[i], target, requestor); err != nil {
			return nil, err
		}
		return r, decide(ctx, tx, who, r, stages[i], target, requestor, approve, reason, shown)
	})
}

// decide takes a word and has the request go on.
func decide(ctx context.Context, tx *sqldb.Tx, who authz.Caller, r *Request, stage *ApprovalStage, target, requestor *Subject, approve bool, reason string, shown secret.Digest) error {
	p, err := packageByID(ctx, tx, r.Tenant, r.Package)
	if err != nil {
		return err
	}
	given, err := rolesOf(ctx, tx, r.Tenant, r.Package)
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
	if approve && r.Terms.Agreed == "" {
		r.Terms.Agreed, r.Terms.AgreedFor = agreement(r), r.Target
		if err := putTerms(ctx, tx, r); err != nil {
			return err
		}
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
	if err := putRequest(ctx, tx, r); err != nil {
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
func mayDecide(ctx context.Context, tx *sqldb.Tx, who authz.Caller, stage *ApprovalStage, target, requestor *Subject) error {
	asked, err := isAsked(ctx, tx, who, stage)
	if err == nil && !asked && who.AppOnly() {
		asked, err = mayEverywhere(ctx, tx, who, toAssign)
	}
	if err != nil {
		return err
	}
	if !asked {
		return fault.Because(fault.Forbidden, NotApprover, "You are not asked to decide on this request.")
	}
	for _, s := range []*Subject{target, requestor} {
		own, err := isOwn(ctx, tx, who, s)
		if err != nil {
			return err
		}
		if own {
			return fault.Because(fault.Forbidden, OwnRequest, "Nobody decides on a request of their own.")
		}
	}
	return nil
}

package entitlement

import (
	"context"
	"slices"
	"time"

	"entente/internal/core/authz"
	"entente/internal/core/object"
	"entente/internal/flow/offer"
	"entente/internal/kit/ids"
	"entente/internal/kit/jobs"
	"entente/internal/kit/query"
	"entente/internal/kit/sqldb"
)

// whole is the condition on rows of the catalogs in which the caller may do the
// task.
func whole(ctx context.Context, tx *sqldb.Tx, who authz.Caller, alias string) (string, []any, error) {
	only, err := offer.Readable(ctx, tx, who, offer.ToRead)
	if err != nil || only == nil {
		return "", nil, err
	}
	limit, args := offer.Among("k.catalog_id", only)
	return " and exists (select 1 from access_package k where k.tenant_id = " + alias + ".tenant_id and k.id = " + alias + ".package_id" + limit + ")", args, nil
}

// Requests returns a page of the requests that the caller may see by a role.
func (s *Service) Requests(ctx context.Context, who authz.Caller, q offer.Asked) (offer.List[*Request], error) {
	return offer.View(ctx, s.db, func(tx *sqldb.Tx) (offer.List[*Request], error) {
		where, args, err := whole(ctx, tx, who, "q")
		if err == nil {
			err = ofOnePackage(where, q.Query.Filter)
		}
		if err != nil {
			return offer.List[*Request]{}, err
		}
		return requestsIn(ctx, tx, who, requestView{where, args}, q)
	})
}

func requestsIn(ctx context.Context, tx *sqldb.Tx, who authz.Caller, v requestView, q offer.Asked) (offer.List[*Request], error) {
	return offer.Listed(q, func() (int, error) { return countRequests(ctx, tx, who.Tenant, v, q.Query.Filter) },
		func() (object.Page[*Request], error) { return listRequests(ctx, tx, who.Tenant, v, q.Query) })
}

// The ways in which something is the caller's own, in Graph's words.
const (
	OnTarget            = "target"
	OnCreatedBy         = "createdBy"
	OnApprover          = "approver"
	OnTargetOrRequestor = "targetOrRequestor"
	OnRequestForOthers  = "requestForOthers"
	OnTargetManager     = "targetManager"
	OnAgent             = "targetAgentIdentitySponsorOrOwner" // there are no agents here
)

// OwnRequests returns a page of the requests that are the caller's own in one of
// these ways. Nobody needs a role for it.
func (s *Service) OwnRequests(ctx context.Context, who authz.Caller, on string, q offer.Asked) (offer.List[*Request], error) {
	return offer.View(ctx, s.db, func(tx *sqldb.Tx) (offer.List[*Request], error) {
		v, err := ownRequests(ctx, tx, who, on)
		if err != nil {
			return offer.List[*Request]{}, err
		}
		return requestsIn(ctx, tx, who, v, q)
	})
}

func ownRequests(ctx context.Context, tx *sqldb.Tx, who authz.Caller, on string) (requestView, error) {
	self := `(select b.id from subject b where b.tenant_id = q.tenant_id and (b.principal = ? and b.principal <> '' or b.object_id = ? and b.object_id <> ''))`
	me := []any{who.Subject, who.Object}
	switch on {
	case OnTarget:
		return requestView{" and q.target_id in " + self, me}, nil
	case OnCreatedBy:
		return requestView{" and q.requestor_id in " + self, me}, nil
	case OnTargetOrRequestor:
		return requestView{" and (q.target_id in " + self + " or q.requestor_id in " + self + ")", append(slices.Clone(me), me...)}, nil
	case OnRequestForOthers:
		return requestView{" and q.requestor_id in " + self + " and q.target_id <> q.requestor_id", me}, nil
	case OnTargetManager:
		return requestView{reports("q"), []any{who.Object}}, nil
	case OnAgent:
		return requestView{noRow, nil}, nil
	case OnApprover:
		mine, err := circle(ctx, tx, who.Tenant, who.Object)
		if err != nil || len(mine) == 0 {
			return requestView{noRow, nil}, err
		}
		v := waitingFor(mine)
		// Nobody sees their own among those on which they decide.
		v.where += " and q.target_id not in " + self + " and q.requestor_id not in " + self
		v.args = append(append(v.args, me...), me...)
		return v, nil
	}
	return requestView{}, offer.Bad("on", "The request cannot be filtered on '%.60s'.", on)
}

// noRow is the condition on no row.
const noRow = " and 1 = 0"

// reports is the condition on rows whose target has the manager of an argument.
func reports(alias string) string {
	return " and exists (select 1 from subject b join account u on u.tenant_id = b.tenant_id and u.id = b.object_id where b.tenant_id = " + alias +
		".tenant_id and b.id = " + alias + ".target_id and u.manager_id = ? and u.manager_id <> '')"
}

// Request returns a request to those who may see it: who asked, who it is for and
// their manager, who is or was asked to approve, and who reads the catalog.
func (s *Service) Request(ctx context.Context, who authz.Caller, id ids.RequestID) (*Request, error) {
	return offer.View(ctx, s.db, func(tx *sqldb.Tx) (*Request, error) { return requestShown(ctx, tx, who, id) })
}

func requestShown(ctx context.Context, tx *sqldb.Tx, who authz.Caller, id ids.RequestID) (*Request, error) {
	r, _, refused := requestFor(ctx, tx, who, id, offer.ToRead, true)
	if refused == nil || r == nil {
		return r, refused
	}
	mine, err := circle(ctx, tx, who.Tenant, who.Object)
	if err != nil {
		return nil, err
	}
	asked, err := wasAsked(ctx, tx, r, mine)
	if err != nil || asked {
		return r, err
	}
	leads, err := countRequests(ctx, tx, who.Tenant, requestView{reports("q"), []any{who.Object}}, query.Compare{Field: "id", Op: query.Eq, Value: string(id)})
	if err == nil && leads == 0 {
		err = refused
	}
	return r, err
}

// A StageView is a stage as somebody sees it.
type StageView struct {
	*ApprovalStage
	Mine bool // it waits for the caller
}

// Stages returns the stages of a request's approval as the caller sees them; none
// where nothing was to be approved.
func (s *Service) Stages(ctx context.Context, who authz.Caller, id ids.RequestID) ([]StageView, error) {
	return offer.View(ctx, s.db, func(tx *sqldb.Tx) ([]StageView, error) {
		r, err := requestShown(ctx, tx, who, id)
		if err != nil {
			return nil, err
		}
		stages, err := stagesOf(ctx, tx, who.Tenant, id)
		if err != nil {
			return nil, err
		}
		target, requestor, err := r.parties(ctx, tx)
		if err != nil {
			return nil, err
		}
		var all []StageView
		for _, a := range stages {
			mine := a.Status == StageInProgress && r.State == PendingApproval
			if mine {
				if mine, err = isAsked(ctx, tx, who, a); err != nil {
					return nil, err
				}
				mine = mine && notOwn(ctx, tx, who, r, target, requestor) == nil
			}
			hidden, err := veiled(ctx, tx, who, r, a)
			if err != nil {
				return nil, err
			}
			if hidden {
				a.By, a.ByObject, a.ByName = ids.Principal{}, "", ""
			}
			all = append(all, StageView{a, mine})
		}
		return all, nil
	})
}

// A Wait is what a request waits for, for whom, and until when at the latest.
type Wait struct {
	For   string // approval, start, delivery, callback, or nothing
	Whom  []object.Object
	Until time.Time // zero: no end
	Why   string    // what went wrong the last time
}

// Waits returns what a request waits for now.
func (s *Service) Waits(ctx context.Context, who authz.Caller, id ids.RequestID) (Wait, error) {
	return offer.View(ctx, s.db, func(tx *sqldb.Tx) (w Wait, err error) {
		r, err := requestShown(ctx, tx, who, id)
		if err != nil {
			return w, err
		}
		switch {
		case r.Callout != "":
			w = Wait{For: "callback", Until: r.ResumeBy}
		case r.State == PendingApproval:
			stage, err := r.stage(ctx, tx)
			if err != nil {
				return w, err
			}
			w = Wait{For: "approval", Until: stage.DueAt}
			if hidden, err := veiled(ctx, tx, who, r, stage); err != nil || hidden {
				return w, err
			}
			w.Whom, err = approversOf(ctx, tx, stage)
			return w, err
		case r.State == Scheduled:
			w = Wait{For: "start", Until: r.Schedule.Start}
		case r.State == Delivering:
			w = Wait{For: "delivery", Until: r.TryAt, Why: r.Error}
		}
		return w, nil
	})
}

// Assignments returns a page of the assignments that the caller may see by a role.
func (s *Service) Assignments(ctx context.Context, who authz.Caller, q offer.Asked) (offer.List[*Assignment], error) {
	return offer.View(ctx, s.db, func(tx *sqldb.Tx) (offer.List[*Assignment], error) {
		where, args, err := whole(ctx, tx, who, "a")
		if err == nil {
			err = ofOnePackage(where, q.Query.Filter)
		}
		if err != nil {
			return offer.List[*Assignment]{}, err
		}
		return assignmentsIn(ctx, tx, who, assignmentView{where, args}, q)
	})
}

func assignmentsIn(ctx context.Context, tx *sqldb.Tx, who authz.Caller, v assignmentView, q offer.Asked) (offer.List[*Assignment], error) {
	return offer.Listed(q, func() (int, error) { return countAssignments(ctx, tx, who.Tenant, v, q.Query.Filter) },
		func() (object.Page[*Assignment], error) { return listAssignments(ctx, tx, who.Tenant, v, q.Query) })
}

// OwnAssignments returns a page of the assignments that are the caller's own, or
// those of their reports. Nobody needs a role for it.
func (s *Service) OwnAssignments(ctx context.Context, who authz.Caller, on string, q offer.Asked) (offer.List[*Assignment], error) {
	return offer.View(ctx, s.db, func(tx *sqldb.Tx) (offer.List[*Assignment], error) {
		v, err := ownAssignments(who, on)
		if err != nil {
			return offer.List[*Assignment]{}, err
		}
		return assignmentsIn(ctx, tx, who, v, q)
	})
}

func ownAssignments(who authz.Caller, on string) (assignmentView, error) {
	self := `(select b.id from subject b where b.tenant_id = a.tenant_id and (b.principal = ? and b.principal <> '' or b.object_id = ? and b.object_id <> ''))`
	v := assignmentView{" and a.target_id in " + self, []any{who.Subject, who.Object}}
	switch on {
	case OnTarget:
	case OnCreatedBy:
		v.where = " and exists (select 1 from assignment_request q where q.tenant_id = a.tenant_id and q.assignment_id = a.id and q.requestor_id in " + self + ")"
	case OnTargetManager:
		v = assignmentView{reports("a"), []any{who.Object}}
	case OnAgent:
		v = assignmentView{noRow, nil}
	default:
		return v, offer.Bad("on", "Assignments cannot be filtered on '%.60s'.", on)
	}
	return v, nil
}

// Assignment returns an assignment to those who see it.
func (s *Service) Assignment(ctx context.Context, who authz.Caller, id ids.AccessID) (*Assignment, error) {
	return offer.View(ctx, s.db, func(tx *sqldb.Tx) (*Assignment, error) { return assignmentShown(ctx, tx, who, id) })
}

// Repair has everything that an assignment gives given once more, within seconds:
// what somebody took by hand comes back.
func (s *Service) Repair(ctx context.Context, who authz.Caller, id ids.AccessID) error {
	return s.db.Update(ctx, func(tx *sqldb.Tx) error {
		a, err := assignmentByID(ctx, tx, who.Tenant, id)
		if err != nil {
			return err
		}
		p, err := packageOf(ctx, tx, who.Tenant, a.Package)
		if err != nil {
			return err
		}
		if err := offer.May(ctx, tx, who, p.Catalog, offer.ToAssign); err != nil {
			return err
		}
		if !a.Live() || a.State == AccessDelivering {
			return offer.Bad("id", "An assignment that is %s cannot be reprocessed.", string(a.State))
		}
		if err := s.provision.Again(ctx, tx, a.Tenant, string(a.ID)); err != nil {
			return err
		}
		if err := s.want(ctx, tx, a); err != nil {
			return err
		}
		if err := tellOf(ctx, tx, who, a, repairedAccess); err != nil {
			return err
		}
		return jobs.Enqueue(ctx, tx, jobs.Job{Kind: AssignmentKind, Tenant: a.Tenant, Key: string(a.ID)})
	})
}

package entitlement

import (
	"context"
	"slices"
	"time"

	"entente/internal/core/authz"
	"entente/internal/core/object"
	"entente/internal/flow/guest"
	"entente/internal/flow/offer"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
	"entente/internal/kit/sqldb"
)

// What stands around a request or an assignment, who sees the one sees of the
// other: the access package, and who asked and who it is for.

// A SubjectView is a subject with what hangs on it, as somebody sees it.
type SubjectView struct {
	*Subject
	Lifecycle string    // Graph's accessPackageSubjectLifecycle
	DeleteAt  time.Time // when the guest is deleted; zero: not at all
}

// The lifecycles.
const (
	NotDefined  = "notDefined"
	NotGoverned = "notGoverned"
	Governed    = "governed"
)

func subjectView(ctx context.Context, tx *sqldb.Tx, s *Subject) (SubjectView, error) {
	v := SubjectView{Subject: s, Lifecycle: NotDefined}
	if s.Object == "" || s.Kind != ids.Person || s.Inside() {
		return v, nil
	}
	l, err := guest.LifeOf(ctx, tx, s.Tenant, s.Object)
	if err != nil {
		return v, err
	}
	switch v.DeleteAt = l.DeleteAt; {
	case l.Governed:
		v.Lifecycle = Governed
	case l.Known:
		v.Lifecycle = NotGoverned
	}
	return v, nil
}

// PackageOf returns the access package of a request to those who see the request.
func (s *Service) PackageOf(ctx context.Context, who authz.Caller, id ids.RequestID) (*offer.Package, error) {
	return offer.View(ctx, s.db, func(tx *sqldb.Tx) (*offer.Package, error) {
		r, err := requestShown(ctx, tx, who, id)
		if err != nil {
			return nil, err
		}
		return offer.PackageByID(ctx, tx, who.Tenant, r.Package)
	})
}

// RequestorOf returns who made a request.
func (s *Service) RequestorOf(ctx context.Context, who authz.Caller, id ids.RequestID) (SubjectView, error) {
	return s.subjectOf(ctx, who, id, func(r *Request) ids.SubjectID { return r.Requestor })
}

// TargetOf returns whom a request is for.
func (s *Service) TargetOf(ctx context.Context, who authz.Caller, id ids.RequestID) (SubjectView, error) {
	return s.subjectOf(ctx, who, id, func(r *Request) ids.SubjectID { return r.Target })
}

func (s *Service) subjectOf(ctx context.Context, who authz.Caller, id ids.RequestID, which func(*Request) ids.SubjectID) (SubjectView, error) {
	return offer.View(ctx, s.db, func(tx *sqldb.Tx) (SubjectView, error) {
		r, err := requestShown(ctx, tx, who, id)
		if err != nil {
			return SubjectView{}, err
		}
		b, err := subjectByID(ctx, tx, who.Tenant, which(r))
		if err != nil {
			return SubjectView{}, err
		}
		return subjectView(ctx, tx, b)
	})
}

// AssignmentOf returns what a request makes, changes or ends. What it has not made
// yet is as it will be, without a state.
func (s *Service) AssignmentOf(ctx context.Context, who authz.Caller, id ids.RequestID) (*Assignment, error) {
	return offer.View(ctx, s.db, func(tx *sqldb.Tx) (*Assignment, error) {
		r, err := requestShown(ctx, tx, who, id)
		if err != nil {
			return nil, err
		}
		if r.Assignment != "" {
			return assignmentByID(ctx, tx, who.Tenant, r.Assignment)
		}
		a := newAssignment(r, "", tx.Now())
		a.State, a.Status, a.StartsAt, a.EndsAt = "", "", time.Time{}, time.Time{}
		return a, nil
	})
}

// assignmentShown returns an assignment to who has it, their manager, who asked
// for it, and who reads the catalog.
func assignmentShown(ctx context.Context, tx *sqldb.Tx, who authz.Caller, id ids.AccessID) (*Assignment, error) {
	a, err := assignmentByID(ctx, tx, who.Tenant, id)
	if err != nil {
		return nil, err
	}
	p, err := packageOf(ctx, tx, who.Tenant, a.Package)
	if err != nil {
		return nil, err
	}
	refused := offer.May(ctx, tx, who, p.Catalog, offer.ToRead)
	if refused == nil {
		return a, nil
	}
	for _, on := range []string{OnTarget, OnCreatedBy, OnTargetManager} {
		v, err := ownAssignments(who, on)
		if err != nil {
			return nil, err
		}
		n, err := countAssignments(ctx, tx, who.Tenant, v, query.Compare{Field: "id", Op: query.Eq, Value: string(id)})
		if err != nil || n > 0 {
			return a, err
		}
	}
	return nil, refused
}

// PackageHeld returns the access package of an assignment to those who see the
// assignment.
func (s *Service) PackageHeld(ctx context.Context, who authz.Caller, id ids.AccessID) (*offer.Package, error) {
	return offer.View(ctx, s.db, func(tx *sqldb.Tx) (*offer.Package, error) {
		a, err := assignmentShown(ctx, tx, who, id)
		if err != nil {
			return nil, err
		}
		return offer.PackageByID(ctx, tx, who.Tenant, a.Package)
	})
}

// Holder returns who has an assignment.
func (s *Service) Holder(ctx context.Context, who authz.Caller, id ids.AccessID) (SubjectView, error) {
	return offer.View(ctx, s.db, func(tx *sqldb.Tx) (SubjectView, error) {
		a, err := assignmentShown(ctx, tx, who, id)
		if err != nil {
			return SubjectView{}, err
		}
		b, err := subjectByID(ctx, tx, who.Tenant, a.Target)
		if err != nil {
			return SubjectView{}, err
		}
		return subjectView(ctx, tx, b)
	})
}

// CatalogsOf returns the catalogs of the packages that assignments are of; of a
// package that was deleted none.
func (s *Service) CatalogsOf(ctx context.Context, who authz.Caller, list []*Assignment) (map[ids.PackageID]ids.CatalogID, error) {
	return offer.View(ctx, s.db, func(tx *sqldb.Tx) (map[ids.PackageID]ids.CatalogID, error) {
		of := make(map[ids.PackageID]ids.CatalogID)
		for _, a := range list {
			if _, known := of[a.Package]; known {
				continue
			}
			p, err := packageOf(ctx, tx, who.Tenant, a.Package)
			if err != nil {
				return nil, err
			}
			of[a.Package] = p.Catalog
		}
		return of, nil
	})
}

// Both returns a page of the assignments whose target has another package as
// well: of one package that is incompatible with a certain other, with any, or of
// any with any where neither is named.
func (s *Service) Both(ctx context.Context, who authz.Caller, one, other ids.PackageID, q offer.Asked) (offer.List[*Assignment], error) {
	return offer.View(ctx, s.db, func(tx *sqldb.Tx) (offer.List[*Assignment], error) {
		if one != "" && one == other {
			return offer.List[*Assignment]{}, offer.Bad("incompatibleAccessPackageId", "An access package is not incompatible with itself.")
		}
		for _, id := range []ids.PackageID{one, other} {
			if id == "" {
				continue
			}
			if _, err := offer.PackageByID(ctx, tx, who.Tenant, id); err != nil {
				return offer.List[*Assignment]{}, err
			}
		}
		where, args, err := whole(ctx, tx, who, "a")
		if err != nil {
			return offer.List[*Assignment]{}, err
		}
		where += ` and a.live = 1 and (? = '' or a.package_id = ?) and exists (select 1 from package_assignment o
			where o.tenant_id = a.tenant_id and o.target_id = a.target_id and o.live = 1 and o.package_id <> a.package_id and (? = '' or o.package_id = ?)
			and (? <> '' or exists (select 1 from package_incompatible i where i.tenant_id = a.tenant_id and i.kind = 'package'
				and (i.package_id = a.package_id and i.other_id = o.package_id or i.package_id = o.package_id and i.other_id = a.package_id))))`
		return assignmentsIn(ctx, tx, who, assignmentView{where, append(args, one, one, other, other, other)}, q)
	})
}

// NeedsPackage is the Reason of a list that is to be of one package: Graph lets
// those who see some catalogs only see nothing else at once.
const NeedsPackage fault.Reason = "entitlement.package_filter_needed"

// ofOnePackage refuses a list of everything to who may see some catalogs only.
func ofOnePackage(where string, f query.Expr) error {
	if where == "" || pins(f, "accessPackage/id") {
		return nil
	}
	return fault.Because(fault.Forbidden, NeedsPackage, "Whoever administers some catalogs only asks for one access package at a time.").
		WithFix("Send $filter=accessPackage/id eq '…'.")
}

// pins reports whether a filter lets a field have one value only.
func pins(f query.Expr, field string) bool {
	switch f := f.(type) {
	case query.Compare:
		return f.Field == field && f.Op == query.Eq
	case query.And:
		return slices.ContainsFunc(f, func(x query.Expr) bool { return pins(x, field) })
	}
	return false
}

// SubjectViews is Subjects with what hangs on each.
func (s *Service) SubjectViews(ctx context.Context, who authz.Caller, q offer.Asked) (offer.List[SubjectView], error) {
	return offer.View(ctx, s.db, func(tx *sqldb.Tx) (l offer.List[SubjectView], err error) {
		if err := offer.May(ctx, tx, who, "", offer.ToRead); err != nil {
			return l, err
		}
		all, err := offer.Listed(q, func() (int, error) { return countSubjects(ctx, tx, who.Tenant, q.Query.Filter) },
			func() (object.Page[*Subject], error) { return listSubjects(ctx, tx, who.Tenant, q.Query) })
		l.Next, l.Total = all.Next, all.Total
		for _, one := range all.Items {
			v, err := subjectView(ctx, tx, one)
			if err != nil {
				return l, err
			}
			l.Items = append(l.Items, v)
		}
		return l, err
	})
}

// SubjectByObject returns the subject that an object of the tenant stands for.
func (s *Service) SubjectByObject(ctx context.Context, who authz.Caller, of ids.ObjectID) (*Subject, error) {
	return offer.View(ctx, s.db, func(tx *sqldb.Tx) (*Subject, error) {
		if err := offer.May(ctx, tx, who, "", offer.ToRead); err != nil {
			return nil, err
		}
		return subjectByObject(ctx, tx, who.Tenant, of)
	})
}

// Govern says whether a guest goes when they have nothing left.
func (s *Service) Govern(ctx context.Context, who authz.Caller, id ids.SubjectID, governed bool) error {
	return s.db.Update(ctx, func(tx *sqldb.Tx) error {
		if err := offer.May(ctx, tx, who, "", offer.ToAdminister); err != nil {
			return err
		}
		b, err := subjectByID(ctx, tx, who.Tenant, id)
		if err != nil {
			return err
		}
		if b.Object == "" {
			return fault.Because(fault.Invalid, guest.NotGuest, "There is no account of the subject here yet.")
		}
		return guest.Govern(ctx, tx, who, b.Object, governed)
	})
}

package entitlement

import (
	"context"

	"entente/internal/core/authz"
	"entente/internal/core/object"
	"entente/internal/flow/offer"
	"entente/internal/flow/provision"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// What hangs on an assignment, for those who see it.

// RequestsOf returns a page of the requests that have made, changed or ended an
// assignment: all of them to who reads the catalog, to others those that they see
// as target, as requestor or as the target's manager.
func (s *Service) RequestsOf(ctx context.Context, who authz.Caller, id ids.AccessID, q offer.Asked) (offer.List[*Request], error) {
	return offer.View(ctx, s.db, func(tx *sqldb.Tx) (offer.List[*Request], error) {
		v, err := requestsOf(ctx, tx, who, id)
		if err != nil {
			return offer.List[*Request]{}, err
		}
		return requestsIn(ctx, tx, who, v, q)
	})
}

func requestsOf(ctx context.Context, tx *sqldb.Tx, who authz.Caller, id ids.AccessID) (requestView, error) {
	a, err := assignmentShown(ctx, tx, who, id)
	if err != nil {
		return requestView{}, err
	}
	p, err := packageOf(ctx, tx, who.Tenant, a.Package)
	if err != nil {
		return requestView{}, err
	}
	v := requestView{" and q.assignment_id = ?", []any{id}}
	if offer.May(ctx, tx, who, p.Catalog, offer.ToRead) == nil {
		return v, nil
	}
	own, err := ownRequests(ctx, tx, who, OnTargetOrRequestor)
	if err != nil {
		return requestView{}, err
	}
	v.where += " and (1 = 1" + own.where + " or 1 = 1" + reports("q") + ")"
	v.args = append(append(v.args, own.args...), who.Object)
	return v, nil
}

// RolesOf returns a page of the roles that an assignment has brought about, or is to.
func (s *Service) RolesOf(ctx context.Context, who authz.Caller, id ids.AccessID, q offer.Asked) (offer.List[*provision.Row], error) {
	return offer.View(ctx, s.db, func(tx *sqldb.Tx) (offer.List[*provision.Row], error) {
		if _, err := assignmentShown(ctx, tx, who, id); err != nil {
			return offer.List[*provision.Row]{}, err
		}
		return rolesIn(ctx, tx, who, " and s.source = ?", []any{id}, q)
	})
}

func rolesIn(ctx context.Context, tx *sqldb.Tx, who authz.Caller, where string, args []any, q offer.Asked) (offer.List[*provision.Row], error) {
	return offer.Listed(q, func() (int, error) { return provision.CountRows(ctx, tx, who.Tenant, where, args, q.Query.Filter) },
		func() (object.Page[*provision.Row], error) {
			return provision.Rows(ctx, tx, who.Tenant, where, args, q.Query)
		})
}

package entitlement

import (
	"context"

	"entente/internal/core/authz"
	"entente/internal/core/object"
	"entente/internal/flow/offer"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// approved is the condition on requests that are or were to be approved.
const approved = " and exists (select 1 from approval_stage t where t.tenant_id = q.tenant_id and t.request_id = q.id)"

// Approvals returns a page of the requests that are or were to be approved, and
// that the caller may see by a role.
func (s *Service) Approvals(ctx context.Context, who authz.Caller, q offer.Asked) (offer.List[*Request], error) {
	return offer.View(ctx, s.db, func(tx *sqldb.Tx) (offer.List[*Request], error) {
		where, args, err := whole(ctx, tx, who, "q")
		if err != nil {
			return offer.List[*Request]{}, err
		}
		return requestsIn(ctx, tx, who, requestView{where + approved, args}, q)
	})
}

// OwnApprovals returns a page of those that are the caller's own: to decide on, or
// of what they asked for. Nobody needs a role for it.
func (s *Service) OwnApprovals(ctx context.Context, who authz.Caller, on string, q offer.Asked) (offer.List[*Request], error) {
	return offer.View(ctx, s.db, func(tx *sqldb.Tx) (offer.List[*Request], error) {
		switch on {
		case OnApprover, OnTarget, OnCreatedBy:
		default:
			return offer.List[*Request]{}, offer.Bad("on", "Approvals cannot be filtered on '%.60s'.", on)
		}
		v, err := ownRequests(ctx, tx, who, on)
		if err != nil {
			return offer.List[*Request]{}, err
		}
		v.where += approved
		return requestsIn(ctx, tx, who, v, q)
	})
}

// Approval returns a request that is or was to be approved to those who may see
// the request.
func (s *Service) Approval(ctx context.Context, who authz.Caller, id ids.RequestID) (*Request, error) {
	return offer.View(ctx, s.db, func(tx *sqldb.Tx) (*Request, error) {
		r, err := requestShown(ctx, tx, who, id)
		if err != nil {
			return nil, err
		}
		all, err := stagesOf(ctx, tx, who.Tenant, id)
		if err == nil && len(all) == 0 {
			err = object.Missing(string(id))
		}
		return r, err
	})
}

// veiled reports whether the caller, who sees the request, is not to see who
// approves in a stage: the policy hides that from who asks.
func veiled(ctx context.Context, tx *sqldb.Tx, who authz.Caller, r *Request, a *ApprovalStage) (bool, error) {
	if a.Number >= len(r.Terms.Stages) || r.Terms.Stages[a.Number].Visibility != notVisible {
		return false, nil
	}
	p, err := packageOf(ctx, tx, r.Tenant, r.Package)
	if err != nil {
		return false, err
	}
	if offer.May(ctx, tx, who, p.Catalog, offer.ToRead) == nil {
		return false, nil
	}
	asked, err := isAsked(ctx, tx, who, a)
	return !asked, err
}

// notVisible is the word of a stage that hides its approvers from who asks.
const notVisible = "notVisible"

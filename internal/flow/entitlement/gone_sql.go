package entitlement

import (
	"context"

	"entente/internal/flow/offer"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// anyLive returns one live assignment of a subject, or NotFound.
func anyLive(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, target ids.SubjectID) (*Assignment, error) {
	return offer.Row(ctx, tx, string(target), "select "+assignmentColumns+" from package_assignment a where a.tenant_id = ? and a.target_id = ? and a.live = 1 limit 1",
		[]any{tenant, target}, scanAssignment)
}

// cancelable returns one request for a subject that has brought about nothing yet,
// or NotFound.
func cancelable(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, target ids.SubjectID) (*Request, error) {
	return offer.Row(ctx, tx, string(target), "select "+requestColumns+` from assignment_request q
		where q.tenant_id = ? and q.target_id = ? and q.state in ('submitted', 'pendingApproval', 'scheduled') order by q.created_us limit 1`,
		[]any{tenant, target}, scanRequest)
}

package entitlement

import (
	"context"

	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// moveAccess moves to a subject what another has as an object that is the former's
// now, as far as it is given.
func moveAccess(ctx context.Context, tx *sqldb.Tx, from, to *Subject) (moved int64, err error) {
	return tx.Exec(ctx, `
		update package_assignment set target_id = ?, version = version + 1
		where  tenant_id = ? and target_id = ? and object_id = ? and live = 1 and state <> 'delivering'`, to.ID, to.Tenant, from.ID, to.Object)
}

// liveAs returns what a subject has as an object.
func liveAs(ctx context.Context, tx *sqldb.Tx, s *Subject, as ids.ObjectID) ([]*Assignment, error) {
	return sqldb.All(ctx, tx, "select "+assignmentColumns+` from package_assignment a
		where a.tenant_id = ? and a.target_id = ? and a.object_id = ? and a.live = 1 order by a.id`, []any{s.Tenant, s.ID, as}, scanAssignment)
}

// underWay returns the requests for a subject that are under way.
func underWay(ctx context.Context, tx *sqldb.Tx, s *Subject) ([]*Request, error) {
	return sqldb.All(ctx, tx, "select "+requestColumns+` from assignment_request q
		where q.tenant_id = ? and q.target_id = ? and q.waits = 1 order by q.created_us, q.id`, []any{s.Tenant, s.ID}, scanRequest)
}

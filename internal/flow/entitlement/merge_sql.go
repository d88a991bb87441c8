package entitlement

import (
	"context"

	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// moveRows moves up to limit rows of each kind from one subject to another, what
// lives before what does not, and returns how many. What the other has as well
// stays.
func moveRows(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, m Merge, limit int) (moved int64, err error) {
	for _, text := range []string{
		`update package_assignment set target_id = ?, version = version + 1
		 where  tenant_id = ? and id in (
		        select a.id from package_assignment a where a.tenant_id = ? and a.target_id = ? and (a.live = 0 or not exists (
		        select 1 from package_assignment b where b.tenant_id = a.tenant_id and b.package_id = a.package_id and b.target_id = ? and b.live = 1))
		        order by a.live desc, a.id limit ?)`,
		`update assignment_request set target_id = ?, version = version + 1
		 where  tenant_id = ? and id in (
		        select a.id from assignment_request a where a.tenant_id = ? and a.target_id = ? and (a.waits = 0 or not exists (
		        select 1 from assignment_request b where b.tenant_id = a.tenant_id and b.package_id = a.package_id and b.target_id = ? and b.waits = 1))
		        order by a.waits desc, a.created_us limit ?)`,
		`update assignment_request set requestor_id = ?, version = version + 1
		 where  tenant_id = ? and id in (
		        select a.id from assignment_request a where a.tenant_id = ? and a.requestor_id = ? and a.requestor_id <> ? order by a.created_us limit ?)`,
	} {
		n, err := tx.Exec(ctx, text, m.Into, tenant, tenant, m.From, m.Into, limit)
		if err != nil {
			return moved, err
		}
		moved += n
	}
	return moved, nil
}

// dropSubject removes a subject of whom nothing tells any more, and reports
// whether it did.
func dropSubject(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id ids.SubjectID) (bool, error) {
	n, err := tx.Exec(ctx, `
		delete from subject where tenant_id = ? and id = ?
		and not exists (select 1 from package_assignment a where a.tenant_id = subject.tenant_id and a.target_id = subject.id)
		and not exists (select 1 from assignment_request q where q.tenant_id = subject.tenant_id and q.target_id = subject.id)
		and not exists (select 1 from assignment_request q where q.tenant_id = subject.tenant_id and q.requestor_id = subject.id)`, tenant, id)
	return n > 0, err
}

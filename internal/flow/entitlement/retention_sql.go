package entitlement

import (
	"context"
	"time"

	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// endedBefore returns up to limit requests that ended before a time, the oldest
// first.
func endedBefore(ctx context.Context, tx *sqldb.Tx, before time.Time, limit int) ([]oldRequest, error) {
	return sqldb.All(ctx, tx, `
		select q.tenant_id, q.id, 1 + (select count(*) from approval_stage s where s.tenant_id = q.tenant_id and s.request_id = q.id)
		       + (select count(*) from approval_approver p where p.tenant_id = q.tenant_id and p.request_id = q.id)
		from   assignment_request q /* all tenants: three months pass for everybody */
		where  q.completed_us > 0 and q.completed_us <= ? order by q.completed_us limit ?`,
		[]any{sqldb.Micros(before), limit}, func(scan func(...any) error) (o oldRequest, err error) {
			return o, scan(&o.tenant, &o.id, &o.rows)
		})
}

// dropApprovers removes those who could decide on a stage of a request.
func dropApprovers(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, of ids.RequestID, number int) error {
	_, err := tx.Exec(ctx, `delete from approval_approver where tenant_id = ? and request_id = ? and number = ?`, tenant, of, number)
	return err
}

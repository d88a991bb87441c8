package entitlement

import (
	"context"

	"entente/internal/flow/offer"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// alternatesOf returns who is asked besides when a stage is passed on.
func alternatesOf(ctx context.Context, tx *sqldb.Tx, a *ApprovalStage) ([]ids.ObjectID, error) {
	return sqldb.All(ctx, tx, `
		select object_id from approval_approver where tenant_id = ? and request_id = ? and number = ? and alternate = 1 order by object_id limit 200`,
		[]any{a.Tenant, a.Request, a.Number}, func(scan func(...any) error) (id ids.ObjectID, err error) { return id, scan(&id) })
}

// delegatesOf returns who holds one of the roles in a catalog.
func delegatesOf(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, catalog ids.CatalogID, roles []ids.RoleID) ([]ids.ObjectID, error) {
	limit, args := offer.Among("role_id", roles)
	return sqldb.All(ctx, tx, "select distinct principal_id from entitlement_role where tenant_id = ? and catalog_id = ?"+limit+" order by principal_id limit 200",
		append([]any{tenant, catalog}, args...), func(scan func(...any) error) (id ids.ObjectID, err error) { return id, scan(&id) })
}

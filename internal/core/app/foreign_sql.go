package app

import (
	"context"

	"entente/internal/core/object"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
	"entente/internal/kit/sqldb"
)

const (
	foreignFrom = principalsFrom + ` and p.app_tenant <> p.tenant_id and p.app_tenant <> '' and p.app_tenant <> '` + string(ServicesTenant) + `'`
	abroadFrom  = `from service_principal p left join application a on a.app_id = p.app_id
		where p.app_tenant = ? and p.app_tenant <> p.tenant_id and p.app_tenant <> '' and p.deleted_us = 0
		/* all tenants: an application's home sees where it is present */`
)

// ListForeign returns a page of the tenant's service principals whose
// applications live in other tenants of the installation.
func ListForeign(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, q query.Query) (object.Page[*ServicePrincipal], error) {
	return object.List(ctx, tx, q, PrincipalTable, principalColumns, foreignFrom, []any{tenant}, scanPrincipal)
}

// ListAbroad returns a page of the service principals that the applications of a
// tenant have in other tenants.
func ListAbroad(ctx context.Context, tx *sqldb.Tx, home ids.TenantID, q query.Query) (object.Page[*ServicePrincipal], error) {
	return object.List(ctx, tx, q, PrincipalTable, principalColumns, abroadFrom, []any{home}, scanPrincipal)
}

// GetAbroad returns one of those service principals, or NotFound.
func GetAbroad(ctx context.Context, tx *sqldb.Tx, home ids.TenantID, id ids.ObjectID) (*ServicePrincipal, error) {
	return onePrincipal(ctx, tx, string(id), abroadFrom+" and p.id = ?", home, id)
}

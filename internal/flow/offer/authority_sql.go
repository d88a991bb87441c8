package offer

import (
	"context"

	"entente/internal/core/authz"
	"entente/internal/core/directory"
	"entente/internal/core/object"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
	"entente/internal/kit/sqldb"
)

// May refuses a caller who may not do the task in the catalog, or in the tenant
// where the catalog is empty: by a directory role, or by a role of ours that
// they hold there, themselves or in a group. A program has been admitted by a
// permission, which reaches everything.
func May(ctx context.Context, tx *sqldb.Tx, who authz.Caller, catalog ids.CatalogID, t Task) error {
	wide, err := MayEverywhere(ctx, tx, who, t)
	if err != nil || wide {
		return err
	}
	if catalog == "" && t != toCreate && t != toConnect {
		return authz.RefuseFor(actionOf(t))
	}
	held, err := heldIn(ctx, tx, who, catalog)
	if err == nil && !allows(held[catalog], t) {
		err = authz.RefuseFor(actionOf(t))
	}
	return err
}

func actionOf(t Task) authz.Action {
	if t == ToRead {
		return Read
	}
	return Manage
}

// MayEverywhere reports whether a directory role, or the permission of a
// program, lets the caller do the task in every catalog.
func MayEverywhere(ctx context.Context, tx *sqldb.Tx, who authz.Caller, t Task) (bool, error) {
	r, err := authz.RightsOf(ctx, tx, who, "")
	return r.Allow(actionOf(t)) || t == ToRead && r.Allow(Manage), err
}

// MostAbove is how many groups count of those that somebody is in.
const MostAbove = 1000

// heldIn returns the roles of ours that the caller holds, by catalog; only those
// in one catalog and in the tenant if the catalog is not empty. Who is deleted holds
// none.
func heldIn(ctx context.Context, tx *sqldb.Tx, who authz.Caller, catalog ids.CatalogID) (map[ids.CatalogID][]ids.RoleID, error) {
	held := make(map[ids.CatalogID][]ids.RoleID)
	principals, err := directory.GroupsWith(ctx, tx, who.Tenant, who.Object, false, MostAbove)
	if err != nil {
		return nil, err
	}
	limit, args := Among("principal_id", append(principals, who.Object))
	err = tx.Each(ctx, `
		select catalog_id, role_id from entitlement_role
		where  tenant_id = ? and (? = '' or catalog_id in ('', ?))`+limit+`
		and    exists (select 1 from object o where o.tenant_id = ? and o.id = ? and o.deleted_us = 0)`,
		append(append([]any{who.Tenant, catalog, catalog}, args...), who.Tenant, who.Object), func(scan func(...any) error) error {
			var of ids.CatalogID
			var role ids.RoleID
			err := scan(&of, &role)
			held[of] = append(held[of], role)
			return err
		})
	return held, err
}

// Readable returns the catalogs that the caller may do the task in: nil for all of
// them, however many there are. Whoever may in none, though they might make one,
// is refused.
func Readable(ctx context.Context, tx *sqldb.Tx, who authz.Caller, t Task) ([]ids.CatalogID, error) {
	wide, err := MayEverywhere(ctx, tx, who, t)
	if err != nil || wide {
		return nil, err
	}
	held, err := heldIn(ctx, tx, who, "")
	if err != nil {
		return nil, err
	}
	if len(held) == 0 {
		return nil, authz.RefuseFor(actionOf(t))
	}
	only := []ids.CatalogID{}
	for catalog, roles := range held {
		if catalog != "" && allows(roles, t) {
			only = append(only, catalog)
		}
	}
	return only, nil
}

const heldColumns = "h.tenant_id, h.id, h.role_id, h.principal_id, h.catalog_id"

func scanHeld(scan func(...any) error) (a RoleAssignment, err error) {
	return a, scan(&a.Tenant, &a.ID, &a.Role, &a.Principal, &a.Catalog)
}

// roleAssignmentTable tells by what assignments of roles can be found.
var roleAssignmentTable = query.Table{Key: []string{"id"}, Fields: map[string]query.Column{
	"id": {SQL: "h.id"}, "principalId": {SQL: "h.principal_id"}, "roleDefinitionId": {SQL: "h.role_id"},
	"directoryScopeId": {SQL: "'/'"},
	"appScopeId":       {SQL: "case h.catalog_id when '' then '/' else '/AccessPackageCatalog/' || h.catalog_id end"},
}}

// heldFrom is the from clause of the assignments in the catalogs of only, or of
// all where it is nil.
func heldFrom(tenant ids.TenantID, only []ids.CatalogID) (string, []any) {
	limit, args := Among("h.catalog_id", only)
	return "from entitlement_role h where h.tenant_id = ?" + limit, append([]any{tenant}, args...)
}

func listRoleAssignments(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, only []ids.CatalogID, q query.Query) (object.Page[RoleAssignment], error) {
	from, args := heldFrom(tenant, only)
	return object.List(ctx, tx, q, roleAssignmentTable, heldColumns, from, args, scanHeld)
}

func countRoleAssignments(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, only []ids.CatalogID, filter query.Expr) (int, error) {
	from, args := heldFrom(tenant, only)
	return object.Count(ctx, tx, filter, roleAssignmentTable, from, args)
}

func roleAssignmentByID(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id ids.ObjectID) (RoleAssignment, error) {
	return Row(ctx, tx, string(id), "select "+heldColumns+" from entitlement_role h where h.tenant_id = ? and h.id = ?", []any{tenant, id}, scanHeld)
}

// mostDelegates is how many role assignments a catalog has, and the tenant
// besides.
const mostDelegates = 200

func addRoleAssignment(ctx context.Context, tx *sqldb.Tx, a RoleAssignment) error {
	n, err := countRoleAssignments(ctx, tx, a.Tenant, []ids.CatalogID{a.Catalog}, nil)
	if err != nil {
		return err
	}
	if n >= mostDelegates {
		return fault.Because(fault.Invalid, TooMany, "There are %d role assignments in this scope, which is the most there can be.", n)
	}
	added, err := tx.Exec(ctx, `
		insert into entitlement_role (tenant_id, id, role_id, principal_id, catalog_id, created_us) values (?, ?, ?, ?, ?, ?)
		on conflict (tenant_id, principal_id, catalog_id, role_id) do nothing`,
		a.Tenant, a.ID, a.Role, a.Principal, a.Catalog, sqldb.Micros(tx.Now()))
	if err == nil && added == 0 {
		err = fault.Because(fault.Conflict, NameTaken, "A role assignment with the same principal, role and scope already exists.")
	}
	return err
}

func dropRoleAssignment(ctx context.Context, tx *sqldb.Tx, a RoleAssignment) error {
	_, err := tx.Exec(ctx, `delete from entitlement_role where tenant_id = ? and id = ?`, a.Tenant, a.ID)
	return err
}

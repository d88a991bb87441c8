package authz

import (
	"context"

	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// RolesOf returns the directory roles that principal holds in tenant now,
// itself or as a member of a group that was given them.
func RolesOf(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, principal ids.ObjectID) ([]ids.RoleID, error) {
	return sqldb.All(ctx, tx, `
		select role_id from role_assignment
		where  tenant_id = ? and principal_id = ? and scope = '/'
		union
		select r.role_id
		from   role_holder h join role_assignment r on r.tenant_id = h.tenant_id and r.principal_id = h.group_id
		where  h.tenant_id = ? and h.member_id = ? and (h.ends_us = 0 or h.ends_us > ?) and r.scope = '/'
		order  by role_id`,
		[]any{tenant, principal, tenant, principal, sqldb.Micros(tx.Now())},
		func(scan func(...any) error) (r ids.RoleID, err error) { return r, scan(&r) })
}

// Assign gives principal a built-in role in the whole of tenant. Giving it
// twice changes nothing. The role must exist; that the principal does is the
// caller's business.
func Assign(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, principal ids.ObjectID, role ids.RoleID) error {
	if _, ok := RoleByID(role); !ok {
		return fault.InvalidAt("roleDefinitionId", "There is no directory role %s.", role)
	}
	_, err := tx.Exec(ctx, `
		insert into role_assignment (tenant_id, id, principal_id, role_id, scope, created_us)
		values (?, ?, ?, ?, '/', ?)
		on conflict (tenant_id, principal_id, role_id, scope) do nothing`,
		tenant, ids.New[ids.ObjectID](), principal, role, sqldb.Micros(tx.Now()))
	return err
}

// Unassign takes all roles, or only role if it is not empty, from principal.
func Unassign(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, principal ids.ObjectID, role ids.RoleID) error {
	_, err := tx.Exec(ctx, `
		delete from role_assignment
		where  tenant_id = ? and principal_id = ? and (? = '' or role_id = ?)`,
		tenant, principal, role, role)
	return err
}

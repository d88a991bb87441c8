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
	return rolesOn(ctx, tx, tenant, principal, "")
}

// Assign gives principal a built-in role in the whole of tenant. Giving it
// twice changes nothing. The role must exist; that the principal does is the
// caller's business.
func Assign(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, principal ids.ObjectID, role ids.RoleID) error {
	if r, ok := RoleByID(role); !ok || r.Implicit {
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

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
	_, _, err := AssignOn(ctx, tx, tenant, principal, role, "")
	return err
}

// AssignOn gives principal a built-in role on one object, or in the whole of
// tenant if on is empty, and returns the assignment's identifier; added is
// false if it was there.
func AssignOn(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, principal ids.ObjectID, role ids.RoleID, on ids.ObjectID) (id string, added bool, err error) {
	if r, ok := RoleByID(role); !ok || r.Implicit {
		return "", false, fault.InvalidAt("roleDefinitionId", "There is no directory role %s.", role)
	}
	id = ids.RoleAssignmentIDOf(role, principal, on)
	n, err := tx.Exec(ctx, `
		insert into role_assignment (tenant_id, id, principal_id, role_id, scope, created_us)
		values (?, ?, ?, ?, ?, ?)
		on conflict (tenant_id, principal_id, role_id, scope) do nothing`,
		tenant, id, principal, role, "/"+string(on), sqldb.Micros(tx.Now()))
	return id, n > 0, err
}

// Unassign takes all roles, or only role if it is not empty, from principal.
func Unassign(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, principal ids.ObjectID, role ids.RoleID) error {
	_, err := tx.Exec(ctx, `
		delete from role_assignment
		where  tenant_id = ? and principal_id = ? and (? = '' or role_id = ?)`,
		tenant, principal, role, role)
	return err
}

// UnassignOne removes one assignment and reports whether there was one.
func UnassignOne(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id string) (bool, error) {
	n, err := tx.Exec(ctx, `delete from role_assignment where tenant_id = ? and id = ?`, tenant, id)
	return n > 0, err
}

// Holders returns how many people who can sign in hold role in the whole of
// tenant, themselves or as members of a group.
func Holders(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, role ids.RoleID) (n int, err error) {
	err = tx.One(ctx, `
		select count(*) from (
			select a.id
			from   role_assignment r join account a on a.tenant_id = r.tenant_id and a.id = r.principal_id
			where  r.tenant_id = ? and r.role_id = ? and r.scope = '/' and a.deleted_us = 0 and a.enabled = 1
			union
			select a.id
			from   role_assignment r
			join   role_holder h on h.tenant_id = r.tenant_id and h.group_id = r.principal_id
			join   account a on a.tenant_id = h.tenant_id and a.id = h.member_id
			where  r.tenant_id = ? and r.role_id = ? and r.scope = '/' and (h.ends_us = 0 or h.ends_us > ?)
			and    a.deleted_us = 0 and a.enabled = 1
		) held`,
		[]any{tenant, role, tenant, role, sqldb.Micros(tx.Now())}, &n)
	return n, err
}

package authz

import (
	"context"
	"slices"

	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// Denied is the Reason of every refusal for want of a right.
const Denied fault.Reason = "authz.denied"

// Refuse returns the fault of a caller who may not.
func Refuse() *fault.Error {
	return fault.Because(fault.Forbidden, Denied, "Insufficient privileges to complete the operation.")
}

// Need refuses a person who holds none of roles in the tenant now. A workload
// has been judged by its application permissions, which the edge has checked;
// the installation itself may always.
func Need(ctx context.Context, tx *sqldb.Tx, who Caller, roles ...ids.RoleID) error {
	if who.IsSystem() || who.AppOnly() {
		return nil
	}
	held, err := RolesOf(ctx, tx, who.Tenant, who.Object)
	if err != nil {
		return err
	}
	if slices.Contains(held, GlobalAdministrator) {
		return nil
	}
	if slices.ContainsFunc(roles, func(r ids.RoleID) bool { return slices.Contains(held, r) }) {
		return nil
	}
	return Refuse()
}

// NeedOver refuses a person who may not touch the object of another person:
// whoever holds a privileged role is touched only by a Global, Privileged Role
// or Privileged Authentication Administrator, and an application needs the
// permission to manage roles for that.
func NeedOver(ctx context.Context, tx *sqldb.Tx, who Caller, target ids.ObjectID) error {
	if who.IsSystem() || who.Object == target {
		return nil
	}
	theirs, err := RolesOf(ctx, tx, who.Tenant, target)
	if err != nil || !AnyPrivileged(theirs) {
		return err
	}
	mine, err := RolesOf(ctx, tx, who.Tenant, who.Object)
	if err != nil {
		return err
	}
	for _, r := range []ids.RoleID{GlobalAdministrator, PrivilegedRoleAdministrator, PrivilegedAuthenticationAdministrator} {
		if slices.Contains(mine, r) && (r == GlobalAdministrator || !slices.Contains(theirs, GlobalAdministrator)) {
			return nil
		}
	}
	return Refuse()
}

package managedidentity

import (
	"context"
	"slices"

	"entente/internal/core/authz"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

const roleColumns = "id, subscription_id, scope, shown, principal_id, principal_type, role_id, created_us, created_by"

func scanRole(scan func(...any) error) (r Role, err error) {
	var created int64
	err = scan(&r.ID, &r.Subscription, &r.Scope, &r.Shown, &r.Principal, &r.PrincipalType, &r.Definition, &created, &r.CreatedBy)
	r.CreatedAt = sqldb.Time(created)
	return r, err
}

// addRole stores a role assignment; AlreadyRole when the principal has the
// role at the scope, or the name is in use.
func addRole(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, r *Role) error {
	n, err := tx.Exec(ctx, `
		insert into subscription_role (tenant_id, subscription_id, id, scope, shown, principal_id, principal_type, role_id, created_us, created_by)
		values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		on conflict do nothing`,
		tenant, r.Subscription, r.ID, r.Scope, r.Shown, r.Principal, r.PrincipalType, r.Definition, sqldb.Micros(r.CreatedAt), r.CreatedBy)
	if err == nil && n == 0 {
		err = fault.Because(fault.Conflict, AlreadyRole, "The role assignment already exists.")
	}
	return err
}

func getRole(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, sub SubscriptionID, id string) (r Role, err error) {
	return scanRole(func(dest ...any) error {
		return tx.One(ctx, "select "+roleColumns+" from subscription_role where tenant_id = ? and subscription_id = ? and id = ?",
			[]any{tenant, sub, id}, dest...)
	})
}

// listRoles returns the role assignments of a subscription.
func listRoles(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, sub SubscriptionID) ([]Role, error) {
	return sqldb.All(ctx, tx, "select "+roleColumns+` from subscription_role where tenant_id = ? and subscription_id = ? order by id`,
		[]any{tenant, sub}, scanRole)
}

// rolesOf returns what roles a principal has, in all subscriptions.
func rolesOf(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, principal ids.ObjectID) ([]Role, error) {
	if principal == "" {
		return nil, nil
	}
	return sqldb.All(ctx, tx, "select "+roleColumns+` from subscription_role where tenant_id = ? and principal_id = ?`,
		[]any{tenant, principal}, scanRole)
}

func dropRole(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, r Role) error {
	_, err := tx.Exec(ctx, `delete from subscription_role where tenant_id = ? and subscription_id = ? and id = ?`,
		tenant, r.Subscription, r.ID)
	return err
}

// dropRolesAt removes what was assigned at a scope or below it.
func dropRolesAt(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, sub SubscriptionID, scope string) error {
	_, err := tx.Exec(ctx, `
		delete from subscription_role
		where  tenant_id = ? and subscription_id = ? and (scope = ? or substr(scope, 1, ?) = ?)`,
		tenant, sub, scope, len(scope)+1, scope+"/")
	return err
}

func dropRolesOf(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, principal ids.ObjectID) error {
	_, err := tx.Exec(ctx, `delete from subscription_role where tenant_id = ? and principal_id = ?`, tenant, principal)
	return err
}

// need refuses a caller whose roles do not allow action at scope, which is in
// lower case. The installation and Global Administrators may do everything.
func need(ctx context.Context, tx *sqldb.Tx, who authz.Caller, scope string, action Action) error {
	roles, all, err := power(ctx, tx, who)
	if err != nil || all || allows(roles, scope, action) {
		return err
	}
	return fault.Because(fault.Forbidden, NotAuthorized,
		"The client '%s' with object id '%s' does not have authorization to perform action '%s' over scope '%s' or the scope is invalid. If access was recently granted, please refresh your credentials.",
		who.Name, who.Object, action, scope).
		WithFix("Have a built-in role assigned to the caller at the scope.")
}

// power returns the caller's roles, or that they may do everything.
func power(ctx context.Context, tx *sqldb.Tx, who authz.Caller) (roles []Role, all bool, err error) {
	if who.IsSystem() {
		return nil, true, nil
	}
	held, err := authz.RolesOf(ctx, tx, who.Tenant, who.Object)
	if err != nil || slices.Contains(held, authz.GlobalAdministrator) {
		return nil, err == nil, err
	}
	roles, err = rolesOf(ctx, tx, who.Tenant, who.Object)
	return roles, false, err
}

// NeedIdentity returns the user-assigned identity whose service principal id
// is, for a caller who may read it, or change it when write is true.
func NeedIdentity(ctx context.Context, tx *sqldb.Tx, who authz.Caller, id ids.ObjectID, write bool) (*Identity, error) {
	i, err := ByPrincipal(ctx, tx, who.Tenant, id)
	if err != nil {
		return nil, err
	}
	action := ReadIdentity
	if write {
		action = WriteIdentity
	}
	return i, need(ctx, tx, who, i.Scope(), action)
}

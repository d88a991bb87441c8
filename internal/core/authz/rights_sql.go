package authz

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// rolesOn returns the directory roles that principal holds now for the whole
// tenant, or for the object if it is not empty, itself or as a member of a
// group that was given them. A deleted principal holds none.
func rolesOn(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, principal, on ids.ObjectID) ([]ids.RoleID, error) {
	scope := "/"
	if on != "" {
		scope += string(on)
	}
	return sqldb.All(ctx, tx, `
		select role_id from role_assignment
		where  tenant_id = ? and principal_id = ? and scope in ('/', ?)
		and    exists (select 1 from object o where o.tenant_id = ? and o.id = principal_id and o.deleted_us = 0)
		union
		select r.role_id
		from   role_holder h join role_assignment r on r.tenant_id = h.tenant_id and r.principal_id = h.group_id
		where  h.tenant_id = ? and h.member_id = ? and (h.ends_us = 0 or h.ends_us > ?) and r.scope in ('/', ?)
		and    exists (select 1 from object o where o.tenant_id = ? and o.id = h.member_id and o.deleted_us = 0)
		order  by role_id`,
		[]any{tenant, principal, scope, tenant, tenant, principal, sqldb.Micros(tx.Now()), scope, tenant},
		func(scan func(...any) error) (r ids.RoleID, err error) { return r, scan(&r) })
}

// HeldOn returns a condition: that the caller holds a role which allows a on
// the one object whose identifier is in the column, itself or as a member of a
// group that was given it. Roles in the whole tenant are the business of RightsOf.
func HeldOn(tx *sqldb.Tx, who Caller, a Action, column string) (condition string, args []any) {
	args = []any{who.Tenant}
	for _, r := range roles {
		if r.Allows(a) {
			args = append(args, r.ID)
		}
	}
	in := strings.TrimSuffix(strings.Repeat("?, ", len(args)-1), ", ")
	return `exists (
		select 1 from role_assignment a
		where  a.tenant_id = ? and a.role_id in (` + in + `) and a.scope = '/' || ` + column + ` and (a.principal_id = ? or a.principal_id in (
		       select h.group_id from role_holder h where h.tenant_id = ? and h.member_id = ? and (h.ends_us = 0 or h.ends_us > ?))))`,
		append(args, who.Object, who.Tenant, who.Object, sqldb.Micros(tx.Now()))
}

// personOf returns the user type of a person who lives and is enabled, or "" for
// everybody else, and what the tenant lets people do without a role.
func personOf(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, user ids.ObjectID) (kind string, s Settings, err error) {
	var policy string
	err = tx.One(ctx, `
		select a.user_type, coalesce(p.body, '') from account a left join authorization_policy p on p.tenant_id = a.tenant_id
		where  a.tenant_id = ? and a.id = ? and a.deleted_us = 0 and a.enabled = 1`, []any{tenant, user}, &kind, &policy)
	if errors.Is(err, fault.NotFound) {
		return "", s, nil
	}
	if err == nil {
		s, err = settingsOf(policy)
	}
	return kind, s, err
}

// owns reports whether owner is an owner of the object.
func owns(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id, owner ids.ObjectID) (bool, error) {
	var n int
	err := tx.One(ctx, `select count(*) from object_owner where tenant_id = ? and object_id = ? and owner_id = ?`,
		[]any{tenant, id, owner}, &n)
	return n > 0, err
}

// settingsOf reads a tenant's authorization policy; where it has none it is the usual.
func settingsOf(text string) (Settings, error) {
	s := Usual()
	if text == "" {
		return s, nil
	}
	var policy struct {
		Invite   string     `json:"allowInvitesFrom"`
		Guests   ids.RoleID `json:"guestUserRoleId"`
		Defaults struct {
			Applications bool `json:"allowedToCreateApps"`
			Groups       bool `json:"allowedToCreateSecurityGroups"`
			Others       bool `json:"allowedToReadOtherUsers"`
		} `json:"defaultUserRolePermissions"`
	}
	if err := json.Unmarshal([]byte(text), &policy); err != nil {
		return s, err
	}
	d := policy.Defaults
	return Settings{d.Applications, d.Groups, d.Others, policy.Invite, policy.Guests}, nil
}

// standing returns every role that somebody holds in any scope, and whether a
// group that roles may be given to has them as a member or owner.
func standing(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, principal ids.ObjectID) (roles []ids.RoleID, held bool, err error) {
	now := sqldb.Micros(tx.Now())
	roles, err = sqldb.All(ctx, tx, `
		select role_id from role_assignment
		where  tenant_id = ? and principal_id = ?
		union
		select r.role_id
		from   role_holder h join role_assignment r on r.tenant_id = h.tenant_id and r.principal_id = h.group_id
		where  h.tenant_id = ? and h.member_id = ? and (h.ends_us = 0 or h.ends_us > ?)
		order  by role_id`,
		[]any{tenant, principal, tenant, principal, now},
		func(scan func(...any) error) (r ids.RoleID, err error) { return r, scan(&r) })
	if err != nil {
		return nil, false, err
	}
	var n int
	err = tx.One(ctx, `
		select (select count(*) from role_holder where tenant_id = ? and member_id = ? and (ends_us = 0 or ends_us > ?))
		     + (select count(*) from object_owner w join directory_group g on g.tenant_id = w.tenant_id and g.id = w.object_id
		        where w.tenant_id = ? and w.owner_id = ? and g.assignable = 1 and g.deleted_us = 0)`,
		[]any{tenant, principal, now, tenant, principal}, &n)
	return roles, n > 0, err
}

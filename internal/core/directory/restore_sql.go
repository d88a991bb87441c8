package directory

import (
	"context"
	"errors"
	"strings"

	"entente/internal/core/authz"
	"entente/internal/core/object"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
	"entente/internal/kit/sqldb"
)

// What is deleted and can be restored.
const (
	deletedUsersFrom  = "from account u where u.tenant_id = ? and u.deleted_us > 0 and u.deleted_us > ?"
	deletedGroupsFrom = "from directory_group g where g.tenant_id = ? and g.deleted_us > 0 and g.deleted_us > ?"
)

// ListDeletedUsers is ListUsers of the deleted ones.
func ListDeletedUsers(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, q query.Query, withRest bool) (object.Page[Row], error) {
	return listRows(ctx, tx, q, UserTable, "u", deletedUsersFrom, []any{tenant, object.DeletedSince(tx)}, withRest)
}

// CountDeletedUsers is CountUsers of the deleted ones.
func CountDeletedUsers(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, filter query.Expr) (int, error) {
	return object.Count(ctx, tx, filter, UserTable, deletedUsersFrom, []any{tenant, object.DeletedSince(tx)})
}

// GetDeletedUser returns a deleted user of the caller's tenant, or NotFound.
func GetDeletedUser(ctx context.Context, tx *sqldb.Tx, who authz.Caller, id ids.ObjectID) (*User, error) {
	return oneUser(ctx, tx, who.Tenant, string(id), deletedUsersFrom+" and u.id = ?", who.Tenant, object.DeletedFor(tx, who), id)
}

// ListDeletedGroups is ListGroups of the deleted ones, of one owner if it is
// not empty.
func ListDeletedGroups(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, owner ids.ObjectID, q query.Query, withRest bool) (object.Page[Row], error) {
	from, args := deletedGroups(tx, tenant, owner)
	return listRows(ctx, tx, q, GroupTable, "g", from, args, withRest)
}

// CountDeletedGroups is CountGroups of the deleted ones.
func CountDeletedGroups(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, filter query.Expr) (int, error) {
	from, args := deletedGroups(tx, tenant, "")
	return object.Count(ctx, tx, filter, GroupTable, from, args)
}

func deletedGroups(tx *sqldb.Tx, tenant ids.TenantID, owner ids.ObjectID) (string, []any) {
	from, args := deletedGroupsFrom, []any{tenant, object.DeletedSince(tx)}
	if owner != "" {
		from += " and g.id in (select w.object_id from object_owner w where w.tenant_id = ? and w.owner_id = ?)"
		args = append(args, tenant, owner)
	}
	return from, args
}

// GetDeletedGroup returns a deleted group of the caller's tenant, or NotFound.
func GetDeletedGroup(ctx context.Context, tx *sqldb.Tx, who authz.Caller, id ids.ObjectID) (*Group, error) {
	return oneGroup(ctx, tx, who.Tenant, string(id), deletedGroupsFrom+" and g.id = ?", who.Tenant, object.DeletedFor(tx, who), id)
}

// raiseUser stores a user that comes back. What it had before counts again.
func raiseUser(ctx context.Context, tx *sqldb.Tx, u *User) error {
	if !u.Home.IsZero() {
		var n int
		if err := tx.One(ctx, `
			select count(*) from account where tenant_id = ? and home_tenant = ? and home_object = ? and deleted_us = 0`,
			[]any{u.Tenant, u.Home.Home, u.Home.ID}, &n); err != nil {
			return err
		}
		if n > 0 {
			return taken("identities")
		}
	}
	n, err := tx.Exec(ctx, `update account set deleted_us = 0 where tenant_id = ? and id = ? and version = ? and deleted_us > 0`,
		u.Tenant, u.ID, u.version)
	if err != nil {
		return err
	}
	if n == 0 {
		return fault.New(fault.Conflict, "Someone else has just changed this user.")
	}
	if err := object.MarkRestored(ctx, tx, u.Tenant, u.ID, object.User); err != nil {
		return err
	}
	return putUser(ctx, tx, u)
}

// yieldAddresses takes from a user that comes back the mail addresses that
// somebody else has by now.
func yieldAddresses(ctx context.Context, tx *sqldb.Tx, u *User) error {
	kept := []string{}
	for _, a := range u.ProxyAddresses {
		var n int
		if err := tx.One(ctx, `select count(*) from object_name where tenant_id = ? and space = ? and folded = ? and object_id <> ?`,
			[]any{u.Tenant, object.SpaceAddress, query.Fold(bareAddress(a)), u.ID}, &n); err != nil {
			return err
		}
		switch {
		case n == 0:
			kept = append(kept, a)
		case strings.EqualFold(bareAddress(a), text(u.Mail)):
			u.Mail = nil
		}
	}
	u.ProxyAddresses = kept
	return nil
}

// raiseGroup stores a group that comes back, and lets its members hold what
// roles it has.
func raiseGroup(ctx context.Context, tx *sqldb.Tx, g *Group) error {
	if name := text(g.UniqueName); name != "" {
		switch _, err := GroupByUniqueName(ctx, tx, g.Tenant, name); {
		case err == nil:
			return taken("uniqueName")
		case !errors.Is(err, fault.NotFound):
			return err
		}
	}
	n, err := tx.Exec(ctx, `update directory_group set deleted_us = 0 where tenant_id = ? and id = ? and version = ? and deleted_us > 0`,
		g.Tenant, g.ID, g.version)
	if err != nil {
		return err
	}
	if n == 0 {
		return fault.New(fault.Conflict, "Someone else has just changed this group.")
	}
	if err := object.MarkRestored(ctx, tx, g.Tenant, g.ID, object.Group); err != nil {
		return err
	}
	if err := putGroup(ctx, tx, g); err != nil || !g.AssignableToRole() {
		return err
	}
	members, err := membersOf(ctx, tx, g)
	for _, m := range members {
		if err != nil {
			break
		}
		err = authz.Hold(ctx, tx, g.Tenant, g.ID, m.member, sqldb.Time(m.ends))
	}
	return err
}

// A heldBy is who is in a group, and until when.
type heldBy struct {
	member ids.ObjectID
	ends   int64
}

func membersOf(ctx context.Context, tx *sqldb.Tx, g *Group) ([]heldBy, error) {
	return sqldb.All(ctx, tx, `select member_id, ends_us from membership where tenant_id = ? and group_id = ?`,
		[]any{g.Tenant, g.ID},
		func(scan func(...any) error) (h heldBy, err error) { return h, scan(&h.member, &h.ends) })
}

func taken(property string) error {
	f := fault.Because(fault.Invalid, object.NameTaken, "Another object with the same value for property %s already exists.", property)
	f.Target = property
	return f
}

// purgeUser removes a user for good. What hangs on it goes with ClearRemains.
func purgeUser(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id ids.ObjectID) error {
	for _, q := range []string{
		`delete from account where tenant_id = ? and id = ?`,
		`delete from password where tenant_id = ? and user_id = ?`,
	} {
		if _, err := tx.Exec(ctx, q, tenant, id); err != nil {
			return err
		}
	}
	if err := signal(ctx, tx, UserRemoved, tenant, id); err != nil {
		return err
	}
	return object.Purge(ctx, tx, tenant, id, object.User)
}

// purgeGroup does so with a group.
func purgeGroup(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id ids.ObjectID) error {
	if _, err := tx.Exec(ctx, `delete from directory_group where tenant_id = ? and id = ?`, tenant, id); err != nil {
		return err
	}
	return object.Purge(ctx, tx, tenant, id, object.Group)
}

// ClearRemains removes up to limit of what a purged object left in this
// package: the texts it was found by, its ties to people, its roles and its
// memberships with their causes. It returns how many went.
func ClearRemains(ctx context.Context, tx *sqldb.Tx, r object.Remain, limit int) (int, error) {
	n, err := object.Clear(ctx, tx, r, limit,
		object.Left{Table: "group_text", Column: "group_id", Key: "group_id, kind, folded"},
		object.Left{Table: "user_text", Column: "user_id", Key: "user_id, kind, folded"},
		object.Left{Table: "user_identity", Column: "user_id", Key: "user_id, place"},
		object.Left{Table: "sponsor", Column: "user_id", Key: "user_id, sponsor_id"},
		object.Left{Table: "sponsor", Column: "sponsor_id", Key: "user_id, sponsor_id"},
		object.Left{Table: "role_assignment", Column: "principal_id", Key: "id"},
		object.Left{Table: "role_holder", Column: "member_id", Key: "member_id, group_id"},
		object.Left{Table: "role_holder", Column: "group_id", Key: "member_id, group_id"})
	if err != nil || n > 0 {
		return n, err
	}
	if n, err := forgetManager(ctx, tx, r, limit); err != nil || n > 0 {
		return n, err
	}
	left, err := sqldb.All(ctx, tx, `
		select tenant_id, group_id, member_id from membership where tenant_id = ? and (group_id = ? or member_id = ?) limit ?`,
		[]any{r.Tenant, r.ID, r.ID, limit},
		func(scan func(...any) error) (p pastMembership, err error) {
			return p, scan(&p.tenant, &p.group, &p.member)
		})
	if err != nil {
		return 0, err
	}
	for _, p := range left {
		if err := object.Sever(ctx, tx, p.tenant, object.OfMembership, tie(p.group, p.member)); err != nil {
			return 0, err
		}
		if err := dropMembership(ctx, tx, p.tenant, p.group, p.member); err != nil {
			return 0, err
		}
	}
	return len(left), nil
}

// forgetManager leaves up to limit people without the manager who is gone, and
// returns how many they were.
func forgetManager(ctx context.Context, tx *sqldb.Tx, r object.Remain, limit int) (int, error) {
	n, err := tx.Exec(ctx, `
		update account set manager_id = '', version = version + 1 where tenant_id = ? and id in (
			select id from account where tenant_id = ? and manager_id = ? limit ?)`,
		r.Tenant, r.Tenant, r.ID, limit)
	return int(n), err
}

package authz

import (
	"context"
	"time"

	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// Hold lets member hold the roles that group is given, until a time if it is
// not zero. That the group may be given roles, and that member is a direct
// member of it, is the caller's business. Doing it again sets the end anew.
func Hold(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, group, member ids.ObjectID, until time.Time) error {
	_, err := tx.Exec(ctx, `
		insert into role_holder (tenant_id, member_id, group_id, ends_us) values (?, ?, ?, ?)
		on conflict (tenant_id, member_id, group_id) do update set ends_us = excluded.ends_us`,
		tenant, member, group, sqldb.Micros(until))
	return err
}

// Release ends what Hold began, for all members of group or only for member if
// it is not empty.
func Release(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, group, member ids.ObjectID) error {
	_, err := tx.Exec(ctx, `delete from role_holder where tenant_id = ? and group_id = ? and (? = '' or member_id = ?)`,
		tenant, group, member, member)
	return err
}

// ReleaseAll ends it for several members of group.
func ReleaseAll(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, group ids.ObjectID, members []ids.ObjectID) error {
	in, values := sqldb.In(members)
	_, err := tx.Exec(ctx, `delete from role_holder where tenant_id = ? and group_id = ? and member_id in (`+in+`)`,
		append([]any{tenant, group}, values...)...)
	return err
}

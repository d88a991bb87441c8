package directory

import (
	"context"
	"slices"

	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// GroupsWith returns the identifiers of up to limit groups that the member is
// in now, directly or through other groups, hidden memberships too: all, or
// security groups alone.
func GroupsWith(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, member ids.ObjectID, securityOnly bool, limit int) ([]ids.ObjectID, error) {
	type groupsWith struct {
		tenant       ids.TenantID
		member       ids.ObjectID
		securityOnly bool
		limit        int
	}
	all, err := sqldb.Once(tx, groupsWith{tenant, member, securityOnly, limit}, func() ([]ids.ObjectID, error) {
		kind := ""
		if securityOnly {
			kind = " and g.security = 1"
		}
		above, args := AllGroupsOf(member).along(tx, tenant, "member_id", "group_id")
		return sqldb.All(ctx, tx, `
			select g.id from directory_group g
			where  g.tenant_id = ? and g.deleted_us = 0`+kind+` and g.id in (`+above+`)
			order  by g.id limit ?`,
			append(append([]any{tenant}, args...), limit),
			func(scan func(...any) error) (id ids.ObjectID, err error) { return id, scan(&id) })
	})
	return slices.Clone(all), err
}

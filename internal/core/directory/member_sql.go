package directory

import (
	"context"
	"time"

	"entente/internal/core/authz"
	"entente/internal/core/object"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// tie names a membership for its causes.
func tie(group, member ids.ObjectID) string { return string(group) + " " + string(member) }

// addMembership stores a direct membership with a cause; added is false if there
// is a live one already, which has one cause more then.
func addMembership(ctx context.Context, tx *sqldb.Tx, g *Group, member ids.ObjectID, cause ids.CauseID) (added bool, err error) {
	_, alive, err := object.Life(ctx, tx, g.Tenant, object.OfMembership, tie(g.ID, member))
	if err != nil {
		return false, err
	}
	if _, err := tx.Exec(ctx, `
		insert into membership (tenant_id, group_id, member_id, added_us) values (?, ?, ?, ?)
		on conflict (tenant_id, group_id, member_id) do nothing`,
		g.Tenant, g.ID, member, sqldb.Micros(tx.Now())); err != nil {
		return false, err
	}
	ends, err := object.Link(ctx, tx, g.Tenant, object.OfMembership, tie(g.ID, member), cause)
	if err != nil {
		return false, err
	}
	return !alive, endMembership(ctx, tx, g, member, ends)
}

// endMembership keeps a membership's end, also where roles are held by it.
func endMembership(ctx context.Context, tx *sqldb.Tx, g *Group, member ids.ObjectID, ends time.Time) error {
	if _, err := tx.Exec(ctx, `update membership set ends_us = ? where tenant_id = ? and group_id = ? and member_id = ?`,
		sqldb.Micros(ends), g.Tenant, g.ID, member); err != nil {
		return err
	}
	if !g.AssignableToRole() {
		return nil
	}
	return authz.Hold(ctx, tx, g.Tenant, g.ID, member, ends)
}

// putMemberships stores memberships with the ends of their causes; of those that
// are there the end is another.
func putMemberships(ctx context.Context, tx *sqldb.Tx, rows [][]any) error {
	return tx.Queue(ctx, `
		insert into membership (tenant_id, group_id, member_id, added_us, ends_us) values (?, ?, ?, ?, ?)
		on conflict (tenant_id, group_id, member_id) do update set ends_us = excluded.ends_us`, rows)
}

// dropMembership removes a direct membership whatever its causes.
func dropMembership(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, group, member ids.ObjectID) error {
	return dropMemberships(ctx, tx, tenant, group, []ids.ObjectID{member})
}

// dropMemberships removes several of one group.
func dropMemberships(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, group ids.ObjectID, members []ids.ObjectID) error {
	in, values := sqldb.In(members)
	if _, err := tx.Exec(ctx, `delete from membership where tenant_id = ? and group_id = ? and member_id in (`+in+`)`,
		append([]any{tenant, group}, values...)...); err != nil {
		return err
	}
	if err := authz.ReleaseAll(ctx, tx, tenant, group, members); err != nil {
		return err
	}
	ties := make([]string, len(members))
	for i, m := range members {
		ties[i] = tie(group, m)
	}
	return object.UnlinkAll(ctx, tx, tenant, object.OfMembership, ties)
}

// isMember reports whether a direct membership counts now.
func isMember(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, group, member ids.ObjectID) (bool, error) {
	var n int
	err := tx.One(ctx, `
		select count(*) from membership
		where  tenant_id = ? and group_id = ? and member_id = ? and (ends_us = 0 or ends_us > ?)`,
		[]any{tenant, group, member, sqldb.Micros(tx.Now())}, &n)
	return n > 0, err
}

// A pastMembership is one whose end has come.
type pastMembership struct {
	tenant        ids.TenantID
	group, member ids.ObjectID
}

// pastMemberships returns up to limit memberships whose end has come.
func pastMemberships(ctx context.Context, tx *sqldb.Tx, limit int) ([]pastMembership, error) {
	return sqldb.All(ctx, tx, `
		select tenant_id, group_id, member_id from membership /* all tenants: ends come for everybody */
		where  ends_us > 0 and ends_us <= ? order by ends_us limit ?`,
		[]any{sqldb.Micros(tx.Now()), limit},
		func(scan func(...any) error) (p pastMembership, err error) {
			return p, scan(&p.tenant, &p.group, &p.member)
		})
}

// stillPast returns those of some memberships of a tenant that are there and past
// their end.
func stillPast(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, all []pastMembership) (left []Gift, err error) {
	members := map[ids.ObjectID][]ids.ObjectID{}
	var groups []ids.ObjectID
	for _, p := range all {
		if members[p.group] == nil {
			groups = append(groups, p.group)
		}
		members[p.group] = append(members[p.group], p.member)
	}
	for _, g := range groups {
		in, values := sqldb.In(members[g])
		some, err := sqldb.All(ctx, tx, `
			select member_id from membership
			where  tenant_id = ? and group_id = ? and member_id in (`+in+`) and ends_us > 0 and ends_us <= ?`,
			append(append([]any{tenant, g}, values...), sqldb.Micros(tx.Now())),
			func(scan func(...any) error) (gift Gift, err error) {
				gift.Group = g
				return gift, scan(&gift.Member)
			})
		if err != nil {
			return nil, err
		}
		left = append(left, some...)
	}
	return left, nil
}

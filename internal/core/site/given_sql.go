package site

import (
	"context"
	"slices"

	"entente/internal/core/object"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// A Gift is a place in a group of a site that a member has by a cause.
type Gift struct {
	Site   ids.ObjectID // its key
	Role   int
	Member ids.ObjectID
	Cause  object.Cause
}

func (g Gift) tie() string { return tie(g.Site, g.Role, g.Member) }

// GiveAll puts members into groups of sites for stored causes, in the caller's
// transaction, each kind of row in one statement, and tells of each whether they were
// not in it. Sites are those of the gifts, by key. The caller has decided that it may
// be, and records it.
func GiveAll(ctx context.Context, tx *sqldb.Tx, of ids.TenantID, sites map[ids.ObjectID]*Site, all []Gift) ([]bool, error) {
	list, ties := make([]ids.ObjectID, len(all)), make([]string, len(all))
	for i, g := range all {
		list[i], ties[i] = g.Member, g.tie()
	}
	members, err := object.GetAll(ctx, tx, of, list)
	if err != nil {
		return nil, err
	}
	causes, err := object.CausesOfAll(ctx, tx, of, object.OfSiteRole, ties)
	if err != nil {
		return nil, err
	}
	added := make([]bool, len(all))
	var links [][2]string
	rows := make([][]any, len(all))
	for i, g := range all {
		if s := sites[g.Site]; !s.hasRole(g.Role) {
			return nil, fault.Because(fault.Invalid, BadRole, "The site %s has no role %d.", s.ID, g.Role)
		}
		if o, ok := members[g.Member]; !ok || o.Kind == object.Application {
			return nil, missing(string(g.Member))
		}
		have := causes[ties[i]]
		_, alive := object.LifeBy(have, tx.Now())
		added[i] = !alive
		if !slices.ContainsFunc(have, func(c object.Cause) bool { return c.ID == g.Cause.ID }) {
			have = append(have, g.Cause)
			causes[ties[i]] = have
			links = append(links, [2]string{ties[i], string(g.Cause.ID)})
		}
		ends, _ := object.LifeBy(have, tx.Now())
		rows[i] = []any{of, g.Site, g.Role, g.Member, sqldb.Micros(tx.Now()), sqldb.Micros(ends)}
	}
	if err := object.LinkAll(ctx, tx, of, object.OfSiteRole, links); err != nil {
		return nil, err
	}
	err = tx.Queue(ctx, `
		insert into site_member (tenant_id, site_id, role_id, member_id, added_us, ends_us) values (?, ?, ?, ?, ?, ?)
		on conflict (tenant_id, site_id, role_id, member_id) do update set ends_us = excluded.ends_us`, rows)
	return added, err
}

// TakeAll ends causes, in the caller's transaction, takes members out of those groups
// of sites in which no other cause keeps them, and tells of each whether it did. Of the
// causes only the identifiers count.
func TakeAll(ctx context.Context, tx *sqldb.Tx, of ids.TenantID, all []Gift) ([]bool, error) {
	ending, ties := make([]ids.CauseID, len(all)), make([]string, len(all))
	for i, g := range all {
		ending[i], ties[i] = g.Cause.ID, g.tie()
	}
	ended, err := object.EndCauses(ctx, tx, of, ending)
	if err != nil {
		return nil, err
	}
	causes, err := object.CausesOfAll(ctx, tx, of, object.OfSiteRole, ties)
	if err != nil {
		return nil, err
	}
	taken := make([]bool, len(all))
	var gone []string
	var ends, drop [][]any
	for i, g := range all {
		if !slices.Contains(ended[g.Cause.ID], object.Tie{Kind: object.OfSiteRole, ID: ties[i]}) || slices.Contains(gone, ties[i]) {
			continue
		}
		if end, alive := object.LifeBy(causes[ties[i]], tx.Now()); alive {
			ends = append(ends, []any{sqldb.Micros(end), of, g.Site, g.Role, g.Member})
			continue
		}
		taken[i], gone = true, append(gone, ties[i])
		drop = append(drop, []any{of, g.Site, g.Role, g.Member})
	}
	if err := tx.Queue(ctx, `update site_member set ends_us = ? where tenant_id = ? and site_id = ? and role_id = ? and member_id = ?`, ends); err != nil {
		return nil, err
	}
	if err := tx.Queue(ctx, `delete from site_member where tenant_id = ? and site_id = ? and role_id = ? and member_id = ?`, drop); err != nil {
		return nil, err
	}
	return taken, object.UnlinkAll(ctx, tx, of, object.OfSiteRole, gone)
}

package site

import (
	"context"

	"entente/internal/core/audit"
	"entente/internal/core/authz"
	"entente/internal/core/object"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// A place is what one holder has in one group of a site.
type place struct {
	tenant ids.TenantID
	site   ids.ObjectID
	role   int
	member ids.ObjectID
}

func scanPlace(scan func(...any) error) (p place, err error) {
	return p, scan(&p.tenant, &p.site, &p.role, &p.member)
}

func (p place) drop(ctx context.Context, tx *sqldb.Tx) error {
	_, err := tx.Exec(ctx, `
		delete from site_member where tenant_id = ? and site_id = ? and role_id = ? and member_id = ?`, p.tenant, p.site, p.role, p.member)
	return err
}

// ClearRemains removes up to limit of what a purged object left in this
// package: a group's team with its operations and what was given in the group's
// site, and the permissions and places that a person or principal had in any site,
// with their causes. It returns how many went.
func ClearRemains(ctx context.Context, tx *sqldb.Tx, r object.Remain, limit int) (int, error) {
	own := object.Remain{Tenant: r.Tenant, ID: ids.ObjectID(mask(string(r.ID), ofGroupMask))}
	n, err := object.Clear(ctx, tx, r, limit,
		object.Left{Table: "team", Column: "group_id", Key: "group_id"},
		object.Left{Table: "team_operation", Column: "team_id", Key: "id"},
		object.Left{Table: "site_permission", Column: "principal_id", Key: "site_id, app_id"})
	if err == nil && n == 0 {
		n, err = object.Clear(ctx, tx, own, limit, object.Left{Table: "site_permission", Column: "site_id", Key: "site_id, app_id"})
	}
	if err != nil || n > 0 {
		return n, err
	}
	left, err := sqldb.All(ctx, tx, `
		select tenant_id, site_id, role_id, member_id from site_member where tenant_id = ? and (site_id = ? or member_id = ?) limit ?`,
		[]any{r.Tenant, own.ID, r.ID, limit}, scanPlace)
	if err != nil {
		return 0, err
	}
	for _, p := range left {
		if err := object.Sever(ctx, tx, p.tenant, object.OfSiteRole, tie(p.site, p.role, p.member)); err != nil {
			return 0, err
		}
		if err := p.drop(ctx, tx); err != nil {
			return 0, err
		}
	}
	return len(left), nil
}

// EndDue takes up to limit places in sites whose last cause has ended, each in
// a transaction of its own, and returns how many it looked at. They have not
// counted since their end; this clears away the rows and writes the log.
func (s *Service) EndDue(ctx context.Context, limit int) (int, error) {
	var due []place
	err := s.db.View(ctx, func(tx *sqldb.Tx) (err error) {
		due, err = sqldb.All(ctx, tx, `
			select tenant_id, site_id, role_id, member_id from site_member /* all tenants: ends come for everybody */
			where  ends_us > 0 and ends_us <= ? order by ends_us limit ?`,
			[]any{sqldb.Micros(tx.Now()), limit}, scanPlace)
		return err
	})
	for n, p := range due {
		if err != nil {
			return n, err
		}
		err = s.db.Update(ctx, func(tx *sqldb.Tx) error { return p.end(ctx, tx) })
	}
	return len(due), err
}

// end takes a place away unless a cause that came since keeps it.
func (p place) end(ctx context.Context, tx *sqldb.Tx) error {
	ends, alive, err := object.Life(ctx, tx, p.tenant, object.OfSiteRole, tie(p.site, p.role, p.member))
	if err != nil {
		return err
	}
	if alive {
		_, err := tx.Exec(ctx, `
			update site_member set ends_us = ? where tenant_id = ? and site_id = ? and role_id = ? and member_id = ?`,
			sqldb.Micros(ends), p.tenant, p.site, p.role, p.member)
		return err
	}
	if err := p.drop(ctx, tx); err != nil {
		return err
	}
	if err := object.Unlink(ctx, tx, p.tenant, object.OfSiteRole, tie(p.site, p.role, p.member)); err != nil {
		return err
	}
	return audit.Record(ctx, tx, authz.System(p.tenant, "End of access to a site"), audit.Entry{
		Category: "SiteManagement", Activity: "Remove member from site",
		Changes: []audit.Change{{Name: "Member", Old: string(p.member)}},
		Target:  audit.Target{Kind: "Site", ID: string(p.site)},
	})
}

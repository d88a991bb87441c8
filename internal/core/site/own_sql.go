package site

import (
	"context"
	"strings"

	"entente/internal/core/authz"
	"entente/internal/core/directory"
	"entente/internal/core/object"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
	"entente/internal/kit/sqldb"
)

// mostRoles is up to how many sites' roles that somebody holds are looked at.
const mostRoles = 500

// OwnSites returns a page of the sites that the caller, who has an account in the
// tenant, is in: those in which they hold a role, and those of the Microsoft 365
// groups that they are in. Who is in a group only through another group is not.
func (s *Service) OwnSites(ctx context.Context, who authz.Caller, q query.Query) (page object.Page[*Site], err error) {
	err = s.db.View(ctx, func(tx *sqldb.Tx) error {
		v, err := directory.ViewerOf(ctx, tx, who)
		if err != nil {
			return err
		}
		page, err = listOwn(ctx, tx, who.Tenant, who.Object, v, q)
		return err
	})
	return page, err
}

func listOwn(ctx context.Context, tx *sqldb.Tx, of ids.TenantID, person ids.ObjectID, v directory.Viewer, q query.Query) (object.Page[*Site], error) {
	host, err := hostOf(ctx, tx, of)
	if err != nil {
		return object.Page[*Site]{}, err
	}
	groups, err := roleGroups(ctx, tx, of, person)
	if err != nil {
		return object.Page[*Site]{}, err
	}
	now := sqldb.Micros(tx.Now())
	sees, more := v.Sees(tx, of, "g")
	args := append([]any{of, person, now, of, person, now}, more...)
	args = append(args, of, person)
	if len(groups) == 0 {
		groups = []any{""}
	}
	args = append(append(args, of), groups...)
	from := `
		from (select s.id as key, '' as group_id, s.name, s.name_folded, s.title_folded, s.title, s.description, s.created_us, '' as face
		      from   site_member m join site s on s.tenant_id = m.tenant_id and s.id = m.site_id
		      where  m.tenant_id = ? and m.member_id = ? and (m.ends_us = 0 or m.ends_us > ?)
		      union
		      select g.id as key, g.id as group_id, '' as name, g.nick_folded as name_folded, g.name_folded as title_folded, '' as title, '' as description, g.created_us, g.face
		      from   membership m join directory_group g on g.tenant_id = m.tenant_id and g.id = m.group_id and g.unified = 1 and g.deleted_us = 0
		      where  m.tenant_id = ? and m.member_id = ? and (m.ends_us = 0 or m.ends_us > ?)` + sees + `
		      union
		      select g.id, g.id, '', g.nick_folded, g.name_folded, '', '', g.created_us, g.face
		      from   object_owner w join directory_group g on g.tenant_id = w.tenant_id and g.id = w.object_id and g.unified = 1 and g.deleted_us = 0
		      where  w.tenant_id = ? and w.owner_id = ?
		      union
		      select g.id, g.id, '', g.nick_folded, g.name_folded, '', '', g.created_us, g.face
		      from   directory_group g
		      where  g.tenant_id = ? and g.unified = 1 and g.deleted_us = 0 and g.id in (?` + strings.Repeat(", ?", len(groups)-1) + `)) s
		where 1 = 1`
	return object.List(ctx, tx, q, siteTable, "s.key, s.group_id, s.name, s.title, s.description, s.created_us, s.face", from, args,
		func(scan func(...any) error) (*Site, error) { return scanSite(host, scan) })
}

// roleGroups returns the groups in whose sites somebody holds a role now, without
// regard to whether they are in the group. A group's site has the group's
// identifier, masked; that of a site that stands alone names no group.
func roleGroups(ctx context.Context, tx *sqldb.Tx, of ids.TenantID, person ids.ObjectID) ([]any, error) {
	return sqldb.All(ctx, tx, `
		select distinct site_id from site_member where tenant_id = ? and member_id = ? and (ends_us = 0 or ends_us > ?) order by site_id limit ?`,
		[]any{of, person, sqldb.Micros(tx.Now()), mostRoles}, func(scan func(...any) error) (any, error) {
			var id string
			err := scan(&id)
			return mask(id, ofGroupMask), err
		})
}

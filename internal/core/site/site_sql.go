package site

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	"entente/internal/core/directory"
	"entente/internal/core/object"
	"entente/internal/core/tenant"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
	"entente/internal/kit/sqldb"
)

// siteTable tells by what sites can be found and sorted: those of groups and
// those that stand alone, in one list.
var siteTable = query.Table{
	Key: []string{"key"},
	Fields: map[string]query.Column{
		"key":         {SQL: "s.key"},
		"displayName": {SQL: "s.title_folded", Fold: true},
		"name":        {SQL: "s.name_folded", Fold: true},
	},
}

const sitesFrom = `
	from (select id as key, '' as group_id, name, name_folded, title_folded, title, description, created_us, '' as face
	      from   site where tenant_id = ?
	      union all
	      select id as key, id as group_id, '' as name, nick_folded as name_folded, name_folded as title_folded, '' as title, '' as description, created_us, face
	      from   directory_group where tenant_id = ? and unified = 1 and deleted_us = 0) s
	where 1 = 1`

// List returns a page of the tenant's sites, without its root. With words, it is
// those whose name or title has them.
func List(ctx context.Context, tx *sqldb.Tx, of ids.TenantID, words string, page query.Page) (object.Page[*Site], error) {
	host, err := hostOf(ctx, tx, of)
	if err != nil {
		return object.Page[*Site]{}, err
	}
	q := query.Query{Filter: having(words), Page: page}
	return object.List(ctx, tx, q, siteTable, "s.key, s.group_id, s.name, s.title, s.description, s.created_us, s.face", sitesFrom, []any{of, of},
		func(scan func(...any) error) (*Site, error) { return scanSite(host, scan) })
}

// Count returns how many sites List lists in all.
func Count(ctx context.Context, tx *sqldb.Tx, of ids.TenantID, words string) (int, error) {
	return object.Count(ctx, tx, having(words), siteTable, sitesFrom, []any{of, of})
}

// having is the condition that a site's name or title has the words.
func having(words string) query.Expr {
	if words = strings.Trim(words, "* "); words == "" {
		return nil
	}
	return query.Or{query.Contains{Field: "displayName", Value: words}, query.Contains{Field: "name", Value: words}}
}

func scanSite(host string, scan func(...any) error) (*Site, error) {
	s, g := &Site{}, &directory.Group{}
	var description, face string
	var created int64
	if err := scan(&s.Key, &s.Group, &s.Name, &s.DisplayName, &description, &created, &face); err != nil {
		return nil, err
	}
	at := sqldb.Time(created)
	if s.Group != "" {
		if err := json.Unmarshal([]byte(face), &g.GroupFace); err != nil {
			return nil, err
		}
		g.CreatedAt = at
		return groupSite(host, g), nil
	}
	if description != "" {
		s.Description = &description
	}
	s.Created, s.Modified = at, at
	s.stand(host)
	return s, nil
}

// hostOf returns the host name of a tenant's sites: its initial domain.
func hostOf(ctx context.Context, tx *sqldb.Tx, of ids.TenantID) (string, error) {
	home, err := tenant.Get(ctx, tx, of)
	if err != nil {
		return "", err
	}
	return home.InitialDomain(), nil
}

// Find returns the site that a path names: host,site,web, root, a host, or
// host:/sites/name; NotFound if it names none of this tenant.
func Find(ctx context.Context, tx *sqldb.Tx, of ids.TenantID, text string) (*Site, error) {
	home, err := tenant.Get(ctx, tx, of)
	if err != nil {
		return nil, err
	}
	host := home.InitialDomain()
	a, ok := readAddress(host, text)
	root := rootSite(host, home.DisplayName, of, home.CreatedAt)
	switch {
	case !ok:
		return nil, missing(text)
	case a.key == root.Key, a == address{}:
		return root, nil
	}
	s, err := find(ctx, tx, of, host, a)
	if errors.Is(err, fault.NotFound) {
		err = missing(text)
	}
	return s, err
}

func find(ctx context.Context, tx *sqldb.Tx, of ids.TenantID, host string, a address) (*Site, error) {
	where, arg := "s.name_folded = ?", []any{query.Fold(a.name)}
	if a.key != "" {
		where, arg = "(s.key = ? and s.group_id = '' or s.group_id = ?)", []any{a.key, mask(string(a.key), ofGroupMask)}
	}
	list, err := sqldb.All(ctx, tx, "select s.key, s.group_id, s.name, s.title, s.description, s.created_us, s.face "+sitesFrom+" and "+where+" order by s.created_us, s.key limit 1",
		append([]any{of, of}, arg...), func(scan func(...any) error) (*Site, error) { return scanSite(host, scan) })
	if err == nil && len(list) == 0 {
		err = missing(a.name)
	}
	if err != nil {
		return nil, err
	}
	return list[0], nil
}

// OfGroup returns a Microsoft 365 group's site, or NotFound.
func OfGroup(ctx context.Context, tx *sqldb.Tx, of ids.TenantID, group ids.ObjectID) (*Site, error) {
	g, err := directory.GetGroup(ctx, tx, of, group)
	if err != nil {
		return nil, err
	}
	if !g.Unified() {
		return nil, missing(string(group))
	}
	host, err := hostOf(ctx, tx, of)
	if err != nil {
		return nil, err
	}
	return groupSite(host, g), nil
}

func missing(key string) error { return object.Missing(key) }

func addSite(ctx context.Context, tx *sqldb.Tx, of ids.TenantID, s *Site) error {
	var same int // a group's site has the group's nickname
	if err := tx.One(ctx, `select count(*) from directory_group where tenant_id = ? and unified = 1 and deleted_us = 0 and nick_folded = ?`,
		[]any{of, query.Fold(s.Name)}, &same); err != nil {
		return err
	}
	text := ""
	if s.Description != nil {
		text = *s.Description
	}
	n, err := int64(0), error(nil)
	if same == 0 {
		n, err = tx.Exec(ctx, `
			insert into site (tenant_id, id, name, name_folded, title, title_folded, description, created_us) values (?, ?, ?, ?, ?, ?, ?, ?)
			on conflict (tenant_id, name_folded) do nothing`,
			of, s.Key, s.Name, query.Fold(s.Name), s.DisplayName, query.Fold(s.DisplayName), text, sqldb.Micros(s.Created))
	}
	if err == nil && n == 0 {
		f := fault.Because(fault.Invalid, object.NameTaken, "Another object with the same value for property name already exists.")
		f.Target = "name"
		return f
	}
	return err
}

// Permissions returns the permissions of a site, or only that of one application.
// They count as long as the service principal that they were given to lives.
func Permissions(ctx context.Context, tx *sqldb.Tx, of ids.TenantID, site ids.ObjectID, app ids.AppID) ([]*Permission, error) {
	return sqldb.All(ctx, tx, `
		select p.app_id, p.app_name, p.role
		from   site_permission p join service_principal s on s.tenant_id = p.tenant_id and s.id = p.principal_id and s.deleted_us = 0
		where  p.tenant_id = ? and p.site_id = ? and (? = '' or p.app_id = ?) order by p.created_us, p.app_id limit 999`,
		[]any{of, site, app, app}, func(scan func(...any) error) (*Permission, error) {
			var app ids.AppID
			var name, role string
			err := scan(&app, &name, &role)
			return newPermission(site, app, name, role), err
		})
}

// PermissionByID returns a permission of a site, or NotFound.
func PermissionByID(ctx context.Context, tx *sqldb.Tx, of ids.TenantID, site ids.ObjectID, id string) (*Permission, error) {
	at, app, ok := splitPair(id)
	if !ok || ids.ObjectID(at) != site {
		return nil, missing(id)
	}
	list, err := Permissions(ctx, tx, of, site, ids.AppID(app))
	if err == nil && len(list) == 0 {
		err = missing(id)
	}
	if err != nil {
		return nil, err
	}
	return list[0], nil
}

// programOf returns the tenant's service principal of the application, or "".
func programOf(ctx context.Context, tx *sqldb.Tx, of ids.TenantID, app ids.AppID) (id ids.ObjectID, err error) {
	err = tx.One(ctx, `select id from service_principal where tenant_id = ? and app_id = ? and deleted_us = 0`, []any{of, app}, &id)
	if errors.Is(err, fault.NotFound) {
		return "", nil
	}
	return id, err
}

// putPermission stores a permission of the application's service principal. It
// takes the place of what another one, which has gone, had.
func putPermission(ctx context.Context, tx *sqldb.Tx, of ids.TenantID, p *Permission, to ids.ObjectID) error {
	_, err := tx.Exec(ctx, `
		insert into site_permission (tenant_id, site_id, app_id, app_name, role, created_us, principal_id) values (?, ?, ?, ?, ?, ?, ?)
		on conflict (tenant_id, site_id, app_id) do update set role = excluded.role, principal_id = excluded.principal_id`,
		of, p.site, p.app, p.To[0].Application.DisplayName, p.Roles[0], sqldb.Micros(tx.Now()), to)
	return err
}

// putRole changes what a permission lets the application do.
func putRole(ctx context.Context, tx *sqldb.Tx, of ids.TenantID, p *Permission) error {
	_, err := tx.Exec(ctx, `update site_permission set role = ? where tenant_id = ? and site_id = ? and app_id = ?`,
		p.Roles[0], of, p.site, p.app)
	return err
}

func dropPermission(ctx context.Context, tx *sqldb.Tx, of ids.TenantID, p *Permission) error {
	_, err := tx.Exec(ctx, `delete from site_permission where tenant_id = ? and site_id = ? and app_id = ?`, of, p.site, p.app)
	return err
}

// Revoke takes a member out of a group of a site, whatever put it there. It is
// NotFound if it is not in it.
func Revoke(ctx context.Context, tx *sqldb.Tx, of ids.TenantID, s *Site, role int, member ids.ObjectID) error {
	n, err := tx.Exec(ctx, `
		delete from site_member where tenant_id = ? and site_id = ? and role_id = ? and member_id = ?`, of, s.Key, role, member)
	if err == nil && n == 0 {
		err = missing(string(member))
	}
	if err != nil {
		return err
	}
	return object.Unlink(ctx, tx, of, object.OfSiteRole, tie(s.Key, role, member))
}

// Holders returns who is in a group of a site now, in order, up to 999 behind
// after.
func Holders(ctx context.Context, tx *sqldb.Tx, of ids.TenantID, s *Site, role int, after ids.ObjectID) ([]ids.ObjectID, error) {
	return sqldb.All(ctx, tx, `
		select m.member_id
		from   site_member m join object o on o.tenant_id = m.tenant_id and o.id = m.member_id and o.deleted_us = 0
		where  m.tenant_id = ? and m.site_id = ? and m.role_id = ? and m.member_id > ? and (m.ends_us = 0 or m.ends_us > ?)
		order  by m.member_id limit 999`,
		[]any{of, s.Key, role, after, sqldb.Micros(tx.Now())}, func(scan func(...any) error) (id ids.ObjectID, err error) {
			return id, scan(&id)
		})
}

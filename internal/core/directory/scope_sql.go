package directory

import (
	"context"

	"entente/internal/core/object"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
	"entente/internal/kit/sqldb"
)

// A Scope is a set of objects as seen from one: the members of a group, the
// groups of a member. The zero value is the whole tenant.
type Scope struct {
	of   ids.ObjectID
	up   bool // to the groups above, not to the members below
	deep bool
	ties string // objects that are tied to it otherwise: their identifiers
	role bool   // of is a directory role: the principals that it was given to

	domain string // in its place: whatever is named under a domain
}

// MembersOf is the direct members of a group.
func MembersOf(group ids.ObjectID) Scope { return Scope{of: group} }

// AllMembersOf is the members of a group and of the groups in it.
func AllMembersOf(group ids.ObjectID) Scope { return Scope{of: group, deep: true} }

// GroupsOf is the groups that have the object as a direct member, and the
// directory roles that it was given in the whole tenant.
func GroupsOf(member ids.ObjectID) Scope { return Scope{of: member, up: true} }

// AllGroupsOf is those groups and the groups that they are in.
func AllGroupsOf(member ids.ObjectID) Scope { return Scope{of: member, up: true, deep: true} }

// ReportsOf is the users whose manager the user is.
func ReportsOf(manager ids.ObjectID) Scope {
	return Scope{of: manager, ties: `select a.id from account a where a.tenant_id = ? and a.manager_id = ? and a.deleted_us = 0`}
}

// SponsorsOf is the sponsors of a user.
func SponsorsOf(user ids.ObjectID) Scope {
	return Scope{of: user, ties: `select s.sponsor_id from sponsor s where s.tenant_id = ? and s.user_id = ?`}
}

// OwnedBy is what the object owns.
func OwnedBy(owner ids.ObjectID) Scope {
	return Scope{of: owner, ties: `select w.object_id from object_owner w where w.tenant_id = ? and w.owner_id = ?`}
}

// CreatedBy is what the object created.
func CreatedBy(creator ids.ObjectID) Scope {
	return Scope{of: creator, ties: `select c.id from object c where c.tenant_id = ? and c.created_by = ?`}
}

// The parts of a scope. A membership counts until its end, and not while its
// group is deleted. The deep ones collect each object once ("union", not "union
// all"), so that groups which contain one another come to an end.
const (
	membersBelow = `
		select m.member_id
		from   membership m join directory_group d on d.tenant_id = m.tenant_id and d.id = m.group_id and d.deleted_us = 0
		where  m.tenant_id = ? and (m.ends_us = 0 or m.ends_us > ?) and m.group_id = ?`
	groupsAbove = `
		select m.group_id
		from   membership m join directory_group d on d.tenant_id = m.tenant_id and d.id = m.group_id and d.deleted_us = 0
		where  m.tenant_id = ? and (m.ends_us = 0 or m.ends_us > ?) and m.member_id = ?`
	rolesHeld = `
		select d.id
		from   role_assignment r join directory_role d on d.tenant_id = r.tenant_id and d.role_id = r.role_id
		where  r.tenant_id = ? and r.scope = '/' and r.principal_id `
	holdersBelow = `
		select r.principal_id
		from   directory_role d join role_assignment r on r.tenant_id = d.tenant_id and r.role_id = d.role_id and r.scope = '/'
		where  d.tenant_id = ? and d.id = ?`
	allMembersBelow = `
		with recursive below (id) as (` + membersBelow + `
			union
			select m.member_id
			from   below b join membership m on m.group_id = b.id
			join   directory_group d on d.tenant_id = m.tenant_id and d.id = m.group_id and d.deleted_us = 0
			where  m.tenant_id = ? and (m.ends_us = 0 or m.ends_us > ?)
		) select below.id from below`
	allGroupsAbove = `
		with recursive above (id) as (` + groupsAbove + `
			union
			select m.group_id
			from   above a join membership m on m.member_id = a.id
			join   directory_group d on d.tenant_id = m.tenant_id and d.id = m.group_id and d.deleted_us = 0
			where  m.tenant_id = ? and (m.ends_us = 0 or m.ends_us > ?)
		) select above.id from above`
)

// within limits a statement that ends in its where clause, whose first argument
// is the tenant, to the objects in scope; column is the object's identifier.
func (s Scope) within(tx *sqldb.Tx, tenant ids.TenantID, from, column string) (string, []any) {
	args := []any{tenant}
	if s.domain != "" {
		return s.named(tenant, from, column)
	}
	if s.of == "" {
		return from, args
	}
	if s.ties != "" {
		return from + " and " + column + " in (" + s.ties + ")", append(args, tenant, s.of)
	}
	now := sqldb.Micros(tx.Now())
	if s.role {
		return from + " and " + column + " in (" + holdersBelow + ")", append(args, tenant, s.of)
	}
	args = append(args, tenant, now, s.of)
	inner := membersBelow
	switch {
	case s.up && s.deep:
		inner = allGroupsAbove
	case s.up:
		inner = groupsAbove
	case s.deep:
		inner = allMembersBelow
	}
	if s.deep {
		args = append(args, tenant, now)
	}
	switch {
	case s.up && s.deep:
		inner += " union" + rolesHeld + "= ? union" + rolesHeld + "in (select above.id from above)"
		args = append(args, tenant, s.of, tenant)
	case s.up:
		inner += " union" + rolesHeld + "= ?"
		args = append(args, tenant, s.of)
	}
	return from + " and " + column + " in (" + inner + ")", args
}

// objectTable tells by what objects of any kind can be found.
var objectTable = query.Table{
	Key: []string{"id"},
	Fields: map[string]query.Column{
		"id":          {SQL: "o.id"},
		"displayName": {SQL: "o.name_folded", Fold: true, Words: object.NameWords("o.id")},
	},
}

const objectsFrom = "from object o where o.tenant_id = ? and o.deleted_us = 0"

// ofKind adds the kind to a statement, if there is one.
func ofKind(from string, args []any, kind object.Kind) (string, []any) {
	if kind == "" {
		return from, args
	}
	return from + " and o.kind = ?", append(args, kind)
}

// ListObjects returns a page of the objects in scope, of one kind if it is not
// empty.
func ListObjects(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, s Scope, kind object.Kind, q query.Query) (object.Page[object.Object], error) {
	from, args := s.within(tx, tenant, objectsFrom, "o.id")
	from, args = ofKind(from, args, kind)
	return object.List(ctx, tx, q, objectTable, "o.id, o.kind, o.display_name, o.created_us", from, args,
		func(scan func(...any) error) (object.Object, error) {
			o := object.Object{Tenant: tenant}
			var created int64
			err := scan(&o.ID, &o.Kind, &o.DisplayName, &created)
			o.CreatedAt = sqldb.Time(created)
			return o, err
		})
}

// CountObjects returns how many objects in scope pass the filter.
func CountObjects(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, s Scope, kind object.Kind, filter query.Expr) (int, error) {
	from, args := s.within(tx, tenant, objectsFrom, "o.id")
	from, args = ofKind(from, args, kind)
	return object.Count(ctx, tx, filter, objectTable, from, args)
}

// ListUsersIn is ListUsers in scope.
func ListUsersIn(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, s Scope, q query.Query, withRest bool) (object.Page[Row], error) {
	from, args := s.within(tx, tenant, usersFrom, "u.id")
	return listRows(ctx, tx, q, UserTable, "u", from, args, withRest)
}

// CountUsersIn is CountUsers in scope.
func CountUsersIn(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, s Scope, filter query.Expr) (int, error) {
	from, args := s.within(tx, tenant, usersFrom, "u.id")
	return object.Count(ctx, tx, filter, UserTable, from, args)
}

// GroupsAmong returns those of the groups that the member is in, directly or
// through other groups. Without groups it returns all, or only those that are
// security groups.
func GroupsAmong(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, member ids.ObjectID, among []ids.ObjectID, securityOnly bool) ([]ids.ObjectID, error) {
	var filter query.And
	if len(among) > 0 {
		in := query.In{Field: "id"}
		for _, id := range among {
			in.Values = append(in.Values, string(id))
		}
		filter = append(filter, in)
	}
	if securityOnly {
		filter = append(filter, query.Compare{Field: "securityEnabled", Op: query.Eq, Value: true})
	}
	rows, err := ListGroups(ctx, tx, tenant, AllGroupsOf(member), query.Query{Filter: filter}, false)
	list := make([]ids.ObjectID, len(rows.Items))
	for i, r := range rows.Items {
		list[i] = r.ID
	}
	return list, err
}

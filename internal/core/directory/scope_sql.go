package directory

import (
	"context"
	"strings"

	"entente/internal/core/authz"
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
	ties string  // objects that are tied to it otherwise: their identifiers
	role bool    // of is a directory role: the principals that it was given to
	by   *Viewer // who looks; nil sees everything

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
	return Scope{of: manager, ties: `select a.id as id from account a where a.tenant_id = ? and a.manager_id = ? and a.deleted_us = 0`}
}

// SponsorsOf is the sponsors of a user.
func SponsorsOf(user ids.ObjectID) Scope {
	return Scope{of: user, ties: `select s.sponsor_id as id from sponsor s where s.tenant_id = ? and s.user_id = ?`}
}

// OwnedBy is what the object owns.
func OwnedBy(owner ids.ObjectID) Scope {
	return Scope{of: owner, ties: `select w.object_id as id from object_owner w where w.tenant_id = ? and w.owner_id = ?`}
}

// CreatedBy is what the object created.
func CreatedBy(creator ids.ObjectID) Scope {
	return Scope{of: creator, ties: `select c.id as id from object c where c.tenant_id = ? and c.created_by = ?`}
}

// SeenBy is the scope without the memberships that the viewer may not see.
func (s Scope) SeenBy(v Viewer) Scope {
	if !v.all {
		s.by = &v
	}
	return s
}

// Sees limits a statement to the groups whose memberships the viewer may see;
// group is the alias of their table. It begins with "and", or is empty.
func (v *Viewer) Sees(tx *sqldb.Tx, tenant ids.TenantID, group string) (string, []any) {
	if v == nil || v.all {
		return "", nil
	}
	now, id := sqldb.Micros(tx.Now()), v.who.Object
	sql := ` and (` + group + `.hidden = 0
		or exists (select 1 from membership v where v.tenant_id = ? and v.group_id = ` + group + `.id and v.member_id = ? and (v.ends_us = 0 or v.ends_us > ?))`
	args := []any{tenant, id, now}
	if v.rights {
		held, more := authz.HeldOn(tx, v.who, hiddenMembers, group+".id")
		sql += ` or ` + held
		args = append(args, more...)
		if !v.who.AppOnly() {
			sql += ` or exists (select 1 from object_owner w where w.tenant_id = ? and w.object_id = ` + group + `.id and w.owner_id = ?)`
			args = append(args, tenant, id)
		}
	}
	return sql + ")", args
}

// seesGroup reports whether the viewer may see who is in a live group.
func (v *Viewer) seesGroup(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, group ids.ObjectID) (bool, error) {
	seen, args := v.Sees(tx, tenant, "d")
	var n int
	err := tx.One(ctx, `select count(*) from directory_group d where d.tenant_id = ? and d.id = ? and d.deleted_us = 0`+seen,
		append([]any{tenant, group}, args...), &n)
	return n > 0, err
}

// The parts of a scope. A membership counts until its end, and not while its
// group is deleted. The deep ones collect each object once ("union", not "union
// all"), so that groups which contain one another come to an end.
const (
	edges = `
		join   directory_group d on d.tenant_id = m.tenant_id and d.id = m.group_id and d.deleted_us = 0
		where  m.tenant_id = ? and (m.ends_us = 0 or m.ends_us > ?)`
	rolesHeld = `
		select d.id
		from   role_assignment r join directory_role d on d.tenant_id = r.tenant_id and d.role_id = r.role_id
		where  r.tenant_id = ? and r.scope = '/' and r.principal_id `
	holdersBelow = `
		select r.principal_id
		from   directory_role d join role_assignment r on r.tenant_id = d.tenant_id and r.role_id = d.role_id and r.scope = '/'
		where  d.tenant_id = ? and d.id = ?`
)

// along returns the identifiers that memberships lead to from the scope's
// object, in the column to from the column from. What the viewer does not see
// leads nowhere.
func (s Scope) along(tx *sqldb.Tx, tenant ids.TenantID, from, to string) (string, []any) {
	seen, more := s.by.Sees(tx, tenant, "d")
	first := "select m." + to + " as id from membership m" + edges + seen + " and m." + from + " = ?"
	args := append(append([]any{tenant, sqldb.Micros(tx.Now())}, more...), s.of)
	if !s.deep {
		return first, args
	}
	return "with recursive reached (id) as (" + first + `
		union
		select m.` + to + " from reached b join membership m on m." + from + " = b.id" + edges + seen + `
		) select reached.id from reached`,
		append(append(args, tenant, sqldb.Micros(tx.Now())), more...)
}

// within limits a statement that ends in its where clause, whose first argument
// is the tenant, to the objects in scope; column is the object's identifier.
func (s Scope) within(tx *sqldb.Tx, tenant ids.TenantID, from, column string) (string, []any) {
	args := []any{tenant}
	var inner string
	var more []any
	switch {
	case s.domain != "":
		return s.named(tenant, from, column)
	case s.of == "":
		return from, args
	case s.ties != "":
		inner, more = s.ties, []any{tenant, s.of}
	case s.role:
		inner, more = holdersBelow, []any{tenant, s.of}
	case !s.up:
		inner, more = s.along(tx, tenant, "group_id", "member_id")
	default:
		inner, more = s.along(tx, tenant, "member_id", "group_id")
		inner += " union" + rolesHeld + "= ?"
		more = append(more, tenant, s.of)
		if s.deep {
			inner += " union" + rolesHeld + "in (select reached.id from reached)"
			more = append(more, tenant)
		}
	}
	if s.up || s.ties != "" {
		// Few of the tenant's objects. They are looked up one by one: SQLite does not
		// reorder a cross join, and would else walk through all objects by name to
		// spare itself sorting the few. With a large group's members it does well.
		table, where, _ := strings.Cut(strings.TrimPrefix(from, "from "), " where ")
		return "from (" + inner + ") few cross join " + table + " where " + column + " = few.id and " + where, append(more, tenant)
	}
	return from + " and " + column + " in (" + inner + ")", append(args, more...)
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
// through other groups, hidden memberships too. Without groups it returns all,
// or only those that are security groups.
func GroupsAmong(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, member ids.ObjectID, among []ids.ObjectID, securityOnly bool) ([]ids.ObjectID, error) {
	return GroupsWithin(ctx, tx, tenant, AllGroupsOf(member), among, securityOnly)
}

// GroupsWithin returns those of the groups that are in scope. Without groups it
// returns all, or only those that are security groups.
func GroupsWithin(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, s Scope, among []ids.ObjectID, securityOnly bool) ([]ids.ObjectID, error) {
	var filter query.And
	if len(among) > 0 {
		filter = append(filter, oneOf(among))
	}
	if securityOnly {
		filter = append(filter, query.Compare{Field: "securityEnabled", Op: query.Eq, Value: true})
	}
	rows, err := ListGroups(ctx, tx, tenant, s, query.Query{Filter: filter}, false)
	list := make([]ids.ObjectID, len(rows.Items))
	for i, r := range rows.Items {
		list[i] = r.ID
	}
	return list, err
}

// ObjectsWithin returns those of the objects that are in scope, whatever they
// are. Without objects it returns all, or only those that are security groups.
func ObjectsWithin(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, s Scope, among []ids.ObjectID, securityOnly bool) ([]ids.ObjectID, error) {
	if securityOnly {
		return GroupsWithin(ctx, tx, tenant, s, among, true)
	}
	var filter query.Expr
	if len(among) > 0 {
		filter = oneOf(among)
	}
	page, err := ListObjects(ctx, tx, tenant, s, "", query.Query{Filter: filter})
	list := make([]ids.ObjectID, len(page.Items))
	for i, o := range page.Items {
		list[i] = o.ID
	}
	return list, err
}

func oneOf(list []ids.ObjectID) query.In {
	in := query.In{Field: "id"}
	for _, id := range list {
		in.Values = append(in.Values, string(id))
	}
	return in
}

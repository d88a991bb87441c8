package consent

import (
	"context"
	"errors"
	"slices"
	"time"

	"entente/internal/core/object"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
	"entente/internal/kit/sqldb"
)

// AssignmentTable tells by what assignments can be found and sorted.
var AssignmentTable = query.Table{
	Key: []string{"id"},
	Fields: map[string]query.Column{
		"id":                   {SQL: "s.id"},
		"principalId":          {SQL: "s.principal_id"},
		"resourceId":           {SQL: "s.resource_id"},
		"appRoleId":            {SQL: "s.role_id"},
		"principalDisplayName": {SQL: "s.principal_folded", Fold: true},
		"principalType":        {SQL: "s.principal_kind", Among: []string{"User", "Group", "ServicePrincipal"}},
	},
}

const assignmentColumns = `s.tenant_id, s.id, s.role_id, s.created_us, s.principal_name, s.principal_id, s.principal_kind,
	s.resource_name, s.resource_id, s.ends_us, s.used_us`

func scanAssignment(scan func(...any) error) (Assignment, error) {
	var a Assignment
	var created, ends, used int64
	err := scan(&a.Tenant, &a.ID, &a.RoleID, &created, &a.PrincipalName, &a.PrincipalID, &a.PrincipalKind,
		&a.ResourceName, &a.ResourceID, &ends, &used)
	a.CreatedAt, a.Ends, a.Used = sqldb.Time(created), sqldb.Time(ends), sqldb.Time(used)
	return a, err
}

// A View is a way to look at a tenant's assignments.
type View struct {
	column string
	object ids.ObjectID
}

// HeldBy shows the assignments that a principal holds.
func HeldBy(principal ids.ObjectID) View { return View{"principal_id", principal} }

// OnResource shows the assignments of a resource's roles.
func OnResource(resource ids.ObjectID) View { return View{"resource_id", resource} }

// from finds the assignments in view that count now: while the principal or
// the resource is deleted, none does.
func (v View) from() string {
	return `from app_role_assignment s where s.tenant_id = ? and s.` + v.column + ` = ? and (s.ends_us = 0 or s.ends_us > ?)
		and exists (select 1 from object o where o.tenant_id = s.tenant_id and o.id = s.principal_id and o.deleted_us = 0)
		and exists (select 1 from object o where o.tenant_id = s.tenant_id and o.id = s.resource_id and o.deleted_us = 0)`
}

// ListAssignments returns a page of the live assignments in view.
func ListAssignments(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, v View, q query.Query) (object.Page[Assignment], error) {
	return object.List(ctx, tx, q, AssignmentTable, assignmentColumns, v.from(),
		[]any{tenant, v.object, sqldb.Micros(tx.Now())}, scanAssignment)
}

// CountAssignments returns how many live assignments in view pass the filter.
func CountAssignments(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, v View, filter query.Expr) (int, error) {
	return object.Count(ctx, tx, filter, AssignmentTable, v.from(), []any{tenant, v.object, sqldb.Micros(tx.Now())})
}

// GetAssignment returns a live assignment in view, or NotFound.
func GetAssignment(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, v View, id ids.AssignmentID) (Assignment, error) {
	a, err := scanAssignment(func(dest ...any) error {
		return tx.One(ctx, "select "+assignmentColumns+" "+v.from()+" and s.id = ?",
			[]any{tenant, v.object, sqldb.Micros(tx.Now()), id}, dest...)
	})
	if errors.Is(err, fault.NotFound) {
		err = object.Missing(string(id))
	}
	return a, err
}

// addAssignment stores an assignment; added is false, and a has the identity of
// the stored one, if the principal holds the role already.
func addAssignment(ctx context.Context, tx *sqldb.Tx, a *Assignment) (added bool, err error) {
	n, err := tx.Exec(ctx, `
		insert into app_role_assignment (tenant_id, id, principal_id, principal_kind, principal_name, principal_folded,
		                                 resource_id, resource_name, role_id, created_us)
		values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		on conflict (tenant_id, principal_id, resource_id, role_id) do nothing`,
		a.Tenant, a.ID, a.PrincipalID, a.PrincipalKind, a.PrincipalName, query.Fold(a.PrincipalName),
		a.ResourceID, a.ResourceName, a.RoleID, sqldb.Micros(a.CreatedAt))
	if err != nil || n == 1 {
		return n == 1, err
	}
	return false, tx.One(ctx, `
		select id from app_role_assignment where tenant_id = ? and principal_id = ? and resource_id = ? and role_id = ?`,
		[]any{a.Tenant, a.PrincipalID, a.ResourceID, a.RoleID}, &a.ID)
}

// heldAmong returns what principals hold on resources, whether it counts now or not.
func heldAmong(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, principals, resources []ids.ObjectID) (map[place]Assignment, error) {
	held := make(map[place]Assignment)
	if len(principals) == 0 {
		return held, nil
	}
	in, values := sqldb.In(principals)
	on, more := sqldb.In(resources)
	all, err := sqldb.All(ctx, tx, "select "+assignmentColumns+` from app_role_assignment s
		where s.tenant_id = ? and s.principal_id in (`+in+`) and s.resource_id in (`+on+`)`,
		append(append([]any{tenant}, values...), more...), scanAssignment)
	for _, a := range all {
		held[a.place()] = a
	}
	return held, err
}

// putAssignments stores assignments with their ends; of one that is there the end.
func putAssignments(ctx context.Context, tx *sqldb.Tx, all []Assignment) error {
	rows := make([][]any, len(all))
	for i, a := range all {
		rows[i] = []any{a.Tenant, a.ID, a.PrincipalID, a.PrincipalKind, a.PrincipalName, query.Fold(a.PrincipalName),
			a.ResourceID, a.ResourceName, a.RoleID, sqldb.Micros(a.CreatedAt), sqldb.Micros(a.Ends)}
	}
	return tx.Queue(ctx, `
		insert into app_role_assignment (tenant_id, id, principal_id, principal_kind, principal_name, principal_folded,
		                                 resource_id, resource_name, role_id, created_us, ends_us)
		values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		on conflict (tenant_id, principal_id, resource_id, role_id) do update set ends_us = excluded.ends_us`, rows)
}

// endAssignments stores when assignments end: rows of end, tenant and identifier.
func endAssignments(ctx context.Context, tx *sqldb.Tx, rows [][]any) error {
	return tx.Queue(ctx, `update app_role_assignment set ends_us = ? where tenant_id = ? and id = ?`, rows)
}

// dropAssignments removes assignments with their ties.
func dropAssignments(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, all []ids.AssignmentID) error {
	if len(all) == 0 {
		return nil
	}
	in, values := sqldb.In(all)
	if _, err := tx.Exec(ctx, `delete from app_role_assignment where tenant_id = ? and id in (`+in+`)`, append([]any{tenant}, values...)...); err != nil {
		return err
	}
	ties := make([]string, len(all))
	for i, id := range all {
		ties[i] = string(id)
	}
	return object.UnlinkAll(ctx, tx, tenant, object.OfRoleAssignment, ties)
}

// causeAssignment ties an assignment to a cause and keeps its new end.
func causeAssignment(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id ids.AssignmentID, cause ids.CauseID) error {
	ends, err := object.Link(ctx, tx, tenant, object.OfRoleAssignment, string(id), cause)
	if err != nil {
		return err
	}
	return endAssignment(ctx, tx, tenant, id, ends)
}

func endAssignment(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id ids.AssignmentID, ends time.Time) error {
	return endAssignments(ctx, tx, [][]any{{sqldb.Micros(ends), tenant, id}})
}

func dropAssignment(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id ids.AssignmentID) error {
	return dropAssignments(ctx, tx, tenant, []ids.AssignmentID{id})
}

// Granted is what a principal has on a resource at this moment.
type Granted struct {
	Values []string // app role values; plain access gives none
	Any    bool     // whether there is any assignment, plain access included
	ids    []ids.AssignmentID
}

// RolesNow returns the app roles that a principal holds on a resource now, in
// one keyed read. The resource's application defines the roles; one that is
// switched off there counts for nobody.
func RolesNow(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, principal, resource ids.ObjectID) (Granted, error) {
	return rolesNow(ctx, tx, resource, `= ?`, tenant, principal)
}

// RolesOfPerson is RolesNow for a person, who also holds what the groups hold
// of which they are a direct member now; groups in groups count for nothing.
// https://learn.microsoft.com/entra/identity/enterprise-apps/assign-user-or-group-access-portal
func RolesOfPerson(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, person, resource ids.ObjectID) (Granted, error) {
	g, err := rolesNow(ctx, tx, resource, `in (
			select ? union all
			select m.group_id from membership m join object o on o.tenant_id = m.tenant_id and o.id = m.group_id and o.deleted_us = 0
			where  m.tenant_id = ? and m.member_id = ? and (m.ends_us = 0 or m.ends_us > ?))`,
		tenant, person, tenant, person, sqldb.Micros(tx.Now()))
	g.Values = slices.Compact(g.Values)
	return g, err
}

// rolesNow reads what a principal of a condition on its identifier holds.
func rolesNow(ctx context.Context, tx *sqldb.Tx, resource ids.ObjectID, principal string, args ...any) (Granted, error) {
	var g Granted
	now := tx.Now()
	today := now.Truncate(24 * time.Hour)
	err := tx.Each(ctx, `
		select s.id, s.role_id, s.used_us, coalesce(r.value, ''), coalesce(r.enabled, 0)
		from   app_role_assignment s
		join   service_principal p on p.tenant_id = s.tenant_id and p.id = s.resource_id
		left   join app_role r on r.tenant_id = p.app_tenant and r.application_id = p.application_id and r.kind = 'role' and r.id = s.role_id
		where  s.tenant_id = ? and s.principal_id `+principal+` and s.resource_id = ? and (s.ends_us = 0 or s.ends_us > ?)
		order  by r.value`,
		append(args, resource, sqldb.Micros(now)),
		func(scan func(...any) error) error {
			var id ids.AssignmentID
			var role ids.RoleID
			var used int64
			var value string
			var enabled bool
			if err := scan(&id, &role, &used, &value, &enabled); err != nil {
				return err
			}
			if !enabled && role != ids.Nil {
				return nil
			}
			g.Any = true
			if value != "" {
				g.Values = append(g.Values, value)
			}
			if sqldb.Time(used).Before(today) {
				g.ids = append(g.ids, id)
			}
			return nil
		})
	return g, err
}

// Unmarked reports whether the grants were used today and nobody has noted it.
func (g Granted) Unmarked() bool { return len(g.ids) > 0 }

// MarkUsed notes that the grants were used today. It is coarse on purpose: one
// write a grant and day, not one a token.
func (g Granted) MarkUsed(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID) error {
	today := sqldb.Micros(tx.Now().Truncate(24 * time.Hour))
	for _, id := range g.ids {
		if _, err := tx.Exec(ctx, `update app_role_assignment set used_us = ? where tenant_id = ? and id = ? and used_us < ?`,
			today, tenant, id, today); err != nil {
			return err
		}
	}
	return nil
}

package directory

import (
	"context"
	"errors"

	"entente/internal/core/object"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
	"entente/internal/kit/sqldb"
)

// ListRoles returns the roles that are active in the tenant.
func ListRoles(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID) ([]Role, error) {
	return sqldb.All(ctx, tx, `select id, role_id from directory_role where tenant_id = ? order by activated_us, id`,
		[]any{tenant}, scanRole)
}

func scanRole(scan func(...any) error) (Role, error) {
	var id ids.ObjectID
	var template ids.RoleID
	err := scan(&id, &template)
	r, _ := newRole(id, template)
	return r, err
}

// GetRole returns an active role, or a NotFound fault.
func GetRole(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id ids.ObjectID) (Role, error) {
	var template ids.RoleID
	err := tx.One(ctx, `select role_id from directory_role where tenant_id = ? and id = ?`, []any{tenant, id}, &template)
	if errors.Is(err, fault.NotFound) {
		return Role{}, object.Missing(string(id))
	}
	r, _ := newRole(id, template)
	return r, err
}

// RoleByTemplate returns the tenant's instance of a built-in role, or a
// NotFound fault while it is not active.
func RoleByTemplate(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, template ids.RoleID) (Role, error) {
	var id ids.ObjectID
	err := tx.One(ctx, `select id from directory_role where tenant_id = ? and role_id = ?`, []any{tenant, template}, &id)
	if errors.Is(err, fault.NotFound) {
		return Role{}, object.Missing(string(template))
	}
	r, _ := newRole(id, template)
	return r, err
}

// activate makes a built-in role active; added is false if it was.
func activate(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, template ids.RoleID, by ids.ObjectID) (r Role, added bool, err error) {
	r, err = RoleByTemplate(ctx, tx, tenant, template)
	if !errors.Is(err, fault.NotFound) {
		return r, false, err
	}
	r, ok := newRole(ids.New[ids.ObjectID](), template)
	if !ok {
		return r, false, object.Missing(string(template))
	}
	if _, err := tx.Exec(ctx, `insert into directory_role (tenant_id, id, role_id, activated_us) values (?, ?, ?, ?)`,
		tenant, r.ID, template, sqldb.Micros(tx.Now())); err != nil {
		return r, false, err
	}
	return r, true, object.Add(ctx, tx, object.Object{
		Tenant: tenant, ID: r.ID, Kind: object.DirectoryRole, DisplayName: r.DisplayName, CreatedAt: tx.Now(),
	}, by)
}

// HoldersOf is the principals that a directory role was given to in the whole
// tenant.
func HoldersOf(role ids.ObjectID) Scope { return Scope{of: role, role: true} }

// RoleAssignmentTable tells by what role assignments can be found.
var RoleAssignmentTable = query.Table{
	Key: []string{"id"},
	Fields: map[string]query.Column{
		"id":               {SQL: "r.id"},
		"principalId":      {SQL: "r.principal_id", Fold: true},
		"roleDefinitionId": {SQL: "r.role_id", Fold: true},
		"directoryScopeId": {SQL: "r.scope", Fold: true},
		"appScopeId":       {SQL: "''", Null: ""},
	},
}

const (
	assignmentColumns = "r.tenant_id, r.id, r.principal_id, r.role_id, r.scope, r.created_us"
	assignmentsFrom   = "from role_assignment r where r.tenant_id = ?"
)

func scanAssignment(scan func(...any) error) (a RoleAssignment, err error) {
	var created int64
	err = scan(&a.Organization, &a.ID, &a.Principal, &a.Role, &a.Scope, &created)
	a.CreatedAt = sqldb.Time(created)
	return a, err
}

// ListRoleAssignments returns a page of the tenant's role assignments.
func ListRoleAssignments(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, q query.Query) (object.Page[RoleAssignment], error) {
	return object.List(ctx, tx, q, RoleAssignmentTable, assignmentColumns, assignmentsFrom, []any{tenant}, scanAssignment)
}

// CountRoleAssignments returns how many role assignments pass the filter.
func CountRoleAssignments(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, filter query.Expr) (int, error) {
	return object.Count(ctx, tx, filter, RoleAssignmentTable, assignmentsFrom, []any{tenant})
}

// GetRoleAssignment returns a role assignment, or a NotFound fault.
func GetRoleAssignment(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id string) (RoleAssignment, error) {
	page, err := ListRoleAssignments(ctx, tx, tenant, query.Query{Filter: query.Compare{Field: "id", Op: query.Eq, Value: id}})
	if err == nil && len(page.Items) == 0 {
		err = object.Missing(id)
	}
	if err != nil {
		return RoleAssignment{}, err
	}
	return page.Items[0], nil
}

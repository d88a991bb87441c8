package directory

import (
	"context"

	"entente/internal/core/authz"
	"entente/internal/core/object"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
	"entente/internal/kit/sqldb"
)

// What it takes to see roles and who has them.
const (
	readDefinitions     authz.Action = "roleDefinitions/standard/read"
	readRoleAssignments authz.Action = "roleAssignments/standard/read"
)

// A RoleUse is a built-in role, and how often it was given in the tenant.
type RoleUse struct {
	authz.Role
	Given int
}

// Roles returns the roles that can be given, by name.
func (s *Service) Roles(ctx context.Context, who authz.Caller) (list []RoleUse, err error) {
	err = s.db.View(ctx, func(tx *sqldb.Tx) error {
		if err := authz.Allow(ctx, tx, who, "", readDefinitions, readRoleAssignments); err != nil {
			return err
		}
		given := make(map[ids.RoleID]int)
		if err := tx.Each(ctx, `select role_id, count(*) from role_assignment where tenant_id = ? group by role_id`, []any{who.Tenant}, func(scan func(...any) error) error {
			var id ids.RoleID
			var n int
			err := scan(&id, &n)
			given[id] = n
			return err
		}); err != nil {
			return err
		}
		list = nil
		for _, r := range authz.BuiltIn() {
			list = append(list, RoleUse{r, given[r.ID]})
		}
		return nil
	})
	return list, err
}

// RoleAssignments returns a page of who was given a directory role.
func (s *Service) RoleAssignments(ctx context.Context, who authz.Caller, role ids.RoleID, page query.Page) (found object.Page[RoleAssignment], err error) {
	err = s.db.View(ctx, func(tx *sqldb.Tx) error {
		if err := authz.Allow(ctx, tx, who, "", readRoleAssignments); err != nil {
			return err
		}
		if r, ok := authz.RoleByID(role); !ok || r.Implicit {
			return object.Missing(string(role))
		}
		found, err = ListRoleAssignments(ctx, tx, who.Tenant, query.Query{Filter: query.Compare{Field: "roleDefinitionId", Op: query.Eq, Value: string(role)}, Page: page})
		return err
	})
	return found, err
}

// RoleAssignment returns one of them, or NotFound.
func (s *Service) RoleAssignment(ctx context.Context, who authz.Caller, id string) (a RoleAssignment, err error) {
	err = s.db.View(ctx, func(tx *sqldb.Tx) error {
		if err := authz.Allow(ctx, tx, who, "", readRoleAssignments); err != nil {
			return err
		}
		a, err = GetRoleAssignment(ctx, tx, who.Tenant, id)
		return err
	})
	return a, err
}

package offer

import (
	"context"

	"entente/internal/core/audit"
	"entente/internal/core/authz"
	"entente/internal/core/object"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// RoleAssignments returns a page of who administers what: of the catalogs that
// the caller may see.
func (s *Service) RoleAssignments(ctx context.Context, who authz.Caller, q Asked) (List[RoleAssignment], error) {
	return View(ctx, s.db, func(tx *sqldb.Tx) (List[RoleAssignment], error) {
		only, err := Readable(ctx, tx, who, ToRead)
		if err != nil {
			return List[RoleAssignment]{}, err
		}
		return Listed(q, func() (int, error) { return countRoleAssignments(ctx, tx, who.Tenant, only, q.Query.Filter) },
			func() (object.Page[RoleAssignment], error) {
				return listRoleAssignments(ctx, tx, who.Tenant, only, q.Query)
			})
	})
}

// RoleAssignment returns one.
func (s *Service) RoleAssignment(ctx context.Context, who authz.Caller, id ids.ObjectID) (RoleAssignment, error) {
	return View(ctx, s.db, func(tx *sqldb.Tx) (RoleAssignment, error) {
		a, err := roleAssignmentByID(ctx, tx, who.Tenant, id)
		if err != nil {
			return a, err
		}
		return a, May(ctx, tx, who, a.Catalog, ToRead)
	})
}

// AssignRole gives a role to a user, group or service principal of the tenant.
// Those of a catalog are given by its owners, those of the tenant by its
// administrators.
func (s *Service) AssignRole(ctx context.Context, who authz.Caller, a RoleAssignment) (RoleAssignment, error) {
	if a.Catalog == GeneralID(who.Tenant) {
		if err := s.EnsureGeneral(ctx, who); err != nil {
			return a, err
		}
	}
	return Change(ctx, s.db, func(tx *sqldb.Tx) (RoleAssignment, error) {
		role, known := RoleByID(a.Role)
		switch {
		case !known:
			return a, Bad("roleDefinitionId", "There is no role '%.64s'.", a.Role)
		case role.Tenant != (a.Catalog == ""):
			return a, Bad("appScopeId", "The role '%s' is given for %s.", role.Name, map[bool]string{true: "the tenant: /", false: "a catalog: /AccessPackageCatalog/{id}"}[role.Tenant])
		}
		if err := mayDelegate(ctx, tx, who, a.Catalog); err != nil {
			return a, err
		}
		o, err := object.Get(ctx, tx, who.Tenant, a.Principal)
		if err != nil {
			return a, err
		}
		switch o.Kind {
		case object.User, object.Group, object.ServicePrincipal:
		default:
			return a, Bad("principalId", "A role is given to a user, a group or a service principal.")
		}
		a.Tenant, a.ID = who.Tenant, ids.New[ids.ObjectID]()
		if err := addRoleAssignment(ctx, tx, a); err != nil {
			return a, err
		}
		return a, recordRole(ctx, tx, who, "Add user to entitlement management role", a, role)
	})
}

// mayDelegate refuses whoever may not give roles in the catalog, or in the tenant.
func mayDelegate(ctx context.Context, tx *sqldb.Tx, who authz.Caller, catalog ids.CatalogID) error {
	if catalog == "" {
		return May(ctx, tx, who, "", ToAdminister)
	}
	_, err := catalogFor(ctx, tx, who, catalog, toOwn)
	return err
}

// UnassignRole takes a role back.
func (s *Service) UnassignRole(ctx context.Context, who authz.Caller, id ids.ObjectID) error {
	return s.db.Update(ctx, func(tx *sqldb.Tx) error {
		a, err := roleAssignmentByID(ctx, tx, who.Tenant, id)
		if err != nil {
			return err
		}
		if err := mayDelegate(ctx, tx, who, a.Catalog); err != nil {
			return err
		}
		if err := dropRoleAssignment(ctx, tx, a); err != nil {
			return err
		}
		role, _ := RoleByID(a.Role)
		return recordRole(ctx, tx, who, "Remove user from entitlement management role", a, role)
	})
}

func recordRole(ctx context.Context, tx *sqldb.Tx, who authz.Caller, activity string, a RoleAssignment, role Role) error {
	return Record(ctx, tx, who, activity, "Role", string(a.ID), role.Name, []audit.Change{{Name: "principalId", New: string(a.Principal)}, {Name: "catalogId", New: string(a.Catalog)}})
}

package managedidentity

import (
	"context"
	"errors"
	"strings"

	"entente/internal/core/authz"
	"entente/internal/core/object"
	"entente/internal/kit/fault"
	"entente/internal/kit/sqldb"
)

// PutRole assigns a built-in role and reports whether the assignment is new.
// Storing the same one again changes nothing; another of that name, or the
// same role once more, is refused as AlreadyRole. The principal must live in
// the tenant.
func (s *Service) PutRole(ctx context.Context, who authz.Caller, wanted Role) (r *Role, created bool, err error) {
	err = s.db.Update(ctx, func(tx *sqldb.Tx) error {
		r, err = NewRole(wanted.ID, wanted.Scope, wanted.Principal, wanted.PrincipalType, string(wanted.Definition), tx.Now())
		if err != nil {
			return err
		}
		r.CreatedBy = who.Object
		if err := enter(ctx, tx, who, r.Subscription, r.Scope, Grant); err != nil {
			return err
		}
		had, err := getRole(ctx, tx, who.Tenant, r.Subscription, r.ID)
		if err == nil {
			if had.Scope != r.Scope || had.Principal != r.Principal || had.Definition != r.Definition {
				return fault.Because(fault.Conflict, AlreadyRole, "Tenant ID, application ID, principal ID, and scope are not allowed to be updated.")
			}
			r, created = &had, false
			return nil
		}
		if !errors.Is(err, fault.NotFound) {
			return err
		}
		created = true
		return giveRole(ctx, tx, who, r)
	})
	if err != nil {
		return nil, false, err
	}
	return r, created, nil
}

// giveRole stores a new assignment to a principal that lives in the tenant.
func giveRole(ctx context.Context, tx *sqldb.Tx, who authz.Caller, r *Role) error {
	o, err := object.Get(ctx, tx, who.Tenant, r.Principal)
	switch {
	case errors.Is(err, fault.NotFound), err == nil && o.Kind != object.User && o.Kind != object.ServicePrincipal:
		return fault.InvalidAt("principalId", "Principal %s does not exist in the directory %s.", r.Principal, who.Tenant)
	case err != nil:
		return err
	case o.Kind == object.User:
		r.PrincipalType = "User"
	default:
		r.PrincipalType = "ServicePrincipal"
	}
	if err := addRole(ctx, tx, who.Tenant, r); err != nil {
		return err
	}
	return recordRole(ctx, tx, who, "Create role assignment", *r)
}

func recordRole(ctx context.Context, tx *sqldb.Tx, who authz.Caller, activity string, r Role) error {
	d, _ := DefinitionOf(string(r.Definition))
	return record(ctx, tx, who, activity, "RoleAssignment", r.ID, d.Name,
		map[string]string{"principal": string(r.Principal), "role": d.Name, "scope": r.Scope})
}

// Role returns the role assignment of that name in the scope's subscription.
func (s *Service) Role(ctx context.Context, who authz.Caller, scope, name string) (r Role, err error) {
	err = s.db.View(ctx, func(tx *sqldb.Tx) error {
		r, err = findRole(ctx, tx, who, scope, name, Read)
		return err
	})
	return r, err
}

// findRole returns a role assignment for a caller who may do action at scope.
func findRole(ctx context.Context, tx *sqldb.Tx, who authz.Caller, scope, name string, action Action) (Role, error) {
	scope, sub, err := ParseScope(scope)
	if err != nil {
		return Role{}, err
	}
	if err := enter(ctx, tx, who, sub, scope, action); err != nil {
		return Role{}, err
	}
	r, err := getRole(ctx, tx, who.Tenant, sub, strings.ToLower(name))
	if err == nil && r.Scope != scope || errors.Is(err, fault.NotFound) {
		err = fault.Because(fault.NotFound, NoResource, "The role assignment '%.64s' is not found.", name)
	}
	return r, err
}

// Roles lists the role assignments that concern a scope: those at it, above it
// and below it.
func (s *Service) Roles(ctx context.Context, who authz.Caller, scope string) (all []Role, err error) {
	scope, sub, err := ParseScope(scope)
	if err != nil {
		return nil, err
	}
	err = s.db.View(ctx, func(tx *sqldb.Tx) error {
		all = nil
		if err := enter(ctx, tx, who, sub, scope, Read); err != nil {
			return err
		}
		found, err := listRoles(ctx, tx, who.Tenant, sub)
		for _, r := range found {
			if covers(r.Scope, scope) || covers(scope, r.Scope) {
				all = append(all, r)
			}
		}
		return err
	})
	return all, err
}

// DeleteRole takes a role away and returns what was taken; nil when there was
// no such assignment.
func (s *Service) DeleteRole(ctx context.Context, who authz.Caller, scope, name string) (*Role, error) {
	var gone *Role
	err := s.db.Update(ctx, func(tx *sqldb.Tx) error {
		gone = nil
		r, err := findRole(ctx, tx, who, scope, name, Grant)
		if errors.Is(err, NoResource) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := dropRole(ctx, tx, who.Tenant, r); err != nil {
			return err
		}
		gone = &r
		return recordRole(ctx, tx, who, "Delete role assignment", r)
	})
	return gone, err
}

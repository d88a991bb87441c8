package directory

import (
	"context"
	"errors"

	"entente/internal/core/audit"
	"entente/internal/core/authz"
	"entente/internal/core/object"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// ActivateRole makes a built-in role active in the caller's tenant.
func (s *Service) ActivateRole(ctx context.Context, who authz.Caller, template ids.RoleID) (r Role, err error) {
	err = s.db.Update(ctx, func(tx *sqldb.Tx) error {
		if err := authz.Allow(ctx, tx, who, "", "directoryRoles/create"); err != nil {
			return err
		}
		added := false
		if r, added, err = activate(ctx, tx, who.Tenant, template, who.Object); err != nil {
			return err
		}
		if !added {
			return fault.Because(fault.Invalid, RoleActive, conflicting)
		}
		return recordRole(ctx, tx, who, "Add role from template", r, nil)
	})
	return r, err
}

// GiveRole gives a principal a built-in role in the whole of tenant and makes
// the role active, in the caller's transaction; the caller records it. That the
// principal can hold it is the caller's business. Giving it twice changes nothing.
func GiveRole(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, principal ids.ObjectID, role ids.RoleID) error {
	if _, _, err := activate(ctx, tx, tenant, role, ""); err != nil {
		return err
	}
	return authz.Assign(ctx, tx, tenant, principal, role)
}

// AssignRole gives a principal a built-in role in the tenant ("/") or on one
// object ("/{id}"). Giving it again is refused as RoleGiven.
func (s *Service) AssignRole(ctx context.Context, who authz.Caller, principal ids.ObjectID, role ids.RoleID, scope string) (a RoleAssignment, err error) {
	on, err := scopeOf(scope)
	if err != nil {
		return a, err
	}
	err = s.db.Update(ctx, func(tx *sqldb.Tx) error {
		a, err = assignRole(ctx, tx, who, principal, role, on)
		return err
	})
	return a, err
}

func assignRole(ctx context.Context, tx *sqldb.Tx, who authz.Caller, principal ids.ObjectID, role ids.RoleID, on ids.ObjectID) (a RoleAssignment, err error) {
	if err := authz.Allow(ctx, tx, who, "", "roleAssignments/create"); err != nil {
		return a, err
	}
	o, err := object.Get(ctx, tx, who.Tenant, principal)
	if err != nil {
		return a, err
	}
	var g *Group
	if o.Kind == object.Group {
		if g, err = GetGroup(ctx, tx, who.Tenant, principal); err != nil {
			return a, err
		}
	}
	if err := holdsRoles(o, g); err != nil {
		return a, err
	}
	if on != "" {
		to, err := object.Get(ctx, tx, who.Tenant, on)
		if err == nil {
			err = limits(to)
		}
		if err != nil {
			return a, err
		}
	}
	r, _, err := activate(ctx, tx, who.Tenant, role, who.Object)
	if err != nil {
		return a, err
	}
	id, added, err := authz.AssignOn(ctx, tx, who.Tenant, principal, role, on)
	switch {
	case err != nil:
		return a, err
	case !added:
		return a, fault.Because(fault.Invalid, RoleGiven, conflicting)
	}
	if a, err = GetRoleAssignment(ctx, tx, who.Tenant, id); err != nil {
		return a, err
	}
	return a, recordRole(ctx, tx, who, "Add member to role", r, changesOf(a, o))
}

// UnassignRole takes a role from whom it was given to. The last Global
// Administrator stays one, and nobody gives up being one on their own.
func (s *Service) UnassignRole(ctx context.Context, who authz.Caller, id string) error {
	return s.db.Update(ctx, func(tx *sqldb.Tx) error {
		if err := authz.Allow(ctx, tx, who, "", "roleAssignments/delete"); err != nil {
			return err
		}
		a, err := GetRoleAssignment(ctx, tx, who.Tenant, id)
		if err != nil {
			return err
		}
		return unassignRole(ctx, tx, who, a)
	})
}

func unassignRole(ctx context.Context, tx *sqldb.Tx, who authz.Caller, a RoleAssignment) error {
	highest := a.Role == authz.GlobalAdministrator && a.On() == ""
	if highest && a.Principal == who.Object {
		return fault.Because(fault.Invalid, OwnAdmin, "Removing self from Global Administrator built-in role is not allowed.").
			WithFix("Have another Global Administrator remove the assignment.")
	}
	take := func() error {
		_, err := authz.UnassignOne(ctx, tx, who.Tenant, a.ID)
		return err
	}
	if highest {
		if err := sparing(ctx, tx, who.Tenant, fault.Invalid, "removed", take); err != nil {
			return err
		}
	} else if err := take(); err != nil {
		return err
	}
	r, err := RoleByTemplate(ctx, tx, who.Tenant, a.Role)
	if err != nil && !errors.Is(err, fault.NotFound) {
		return err
	}
	o, err := object.Get(ctx, tx, who.Tenant, a.Principal)
	if err != nil && !errors.Is(err, fault.NotFound) {
		return err
	}
	return recordRole(ctx, tx, who, "Remove member from role", r, changesOf(a, o))
}

// sparing makes a change, and refuses it as LastAdmin if the tenant has no
// Global Administrator who can sign in then, and had one before.
func sparing(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, code fault.Code, done string, change func() error) error {
	before, err := authz.Holders(ctx, tx, tenant, authz.GlobalAdministrator)
	if err != nil {
		return err
	}
	if err := change(); err != nil || before == 0 {
		return err
	}
	after, err := authz.Holders(ctx, tx, tenant, authz.GlobalAdministrator)
	if err != nil || after > 0 {
		return err
	}
	return fault.Because(code, LastAdmin, "The last Global Administrator of the organization cannot be %s.", done).
		WithFix("Give the role to someone else first.")
}

// AddToRole gives a role, named by its object in the tenant, to a principal.
func (s *Service) AddToRole(ctx context.Context, who authz.Caller, role, principal ids.ObjectID) error {
	return s.db.Update(ctx, func(tx *sqldb.Tx) error {
		r, err := GetRole(ctx, tx, who.Tenant, role)
		if err != nil {
			return err
		}
		_, err = assignRole(ctx, tx, who, principal, r.Template, "")
		if errors.Is(err, RoleGiven) {
			return fault.Because(fault.Invalid, RoleGiven,
				"One or more added object references already exist for the following modified properties: 'members'.")
		}
		return err
	})
}

// RemoveFromRole takes a role, named by its object in the tenant, from a principal.
func (s *Service) RemoveFromRole(ctx context.Context, who authz.Caller, role, principal ids.ObjectID) error {
	return s.db.Update(ctx, func(tx *sqldb.Tx) error {
		if err := authz.Allow(ctx, tx, who, "", "roleAssignments/delete"); err != nil {
			return err
		}
		r, err := GetRole(ctx, tx, who.Tenant, role)
		if err != nil {
			return err
		}
		a, err := GetRoleAssignment(ctx, tx, who.Tenant, ids.RoleAssignmentIDOf(r.Template, principal, ""))
		if err != nil {
			return object.Missing(string(principal))
		}
		return unassignRole(ctx, tx, who, a)
	})
}

func changesOf(a RoleAssignment, o object.Object) []audit.Change {
	return []audit.Change{
		{Name: "Role.TemplateId", New: string(a.Role)}, {Name: "Member", New: string(a.Principal)},
		{Name: "Member.DisplayName", New: o.DisplayName}, {Name: "Role.Scope", New: a.Scope},
	}
}

func recordRole(ctx context.Context, tx *sqldb.Tx, who authz.Caller, activity string, r Role, changed []audit.Change) error {
	return audit.Record(ctx, tx, who, audit.Entry{
		Category: "RoleManagement", Activity: activity, Changes: changed,
		Target: audit.Target{Kind: "Role", ID: string(r.ID), Name: r.DisplayName},
	})
}

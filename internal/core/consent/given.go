package consent

import (
	"context"
	"errors"

	"entente/internal/core/app"
	"entente/internal/core/authz"
	"entente/internal/core/object"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// GiveRole gives a principal an app role of a resource for a stored cause, in
// the caller's transaction; who may is the caller's business. A role that is
// held already has one cause more.
func GiveRole(ctx context.Context, tx *sqldb.Tx, who authz.Caller, principal, resource ids.ObjectID, role ids.RoleID, c object.Cause) error {
	p, err := object.Get(ctx, tx, who.Tenant, principal)
	if err != nil {
		return err
	}
	r, err := app.GetPrincipal(ctx, tx, who.Tenant, resource)
	if err != nil {
		return err
	}
	a, err := NewAssignment(p, r, role, tx.Now())
	if err != nil {
		return err
	}
	if _, err := addAssignment(ctx, tx, &a); err != nil {
		return err
	}
	_, alive, err := object.Life(ctx, tx, who.Tenant, object.OfRoleAssignment, string(a.ID))
	if err != nil {
		return err
	}
	if err := causeAssignment(ctx, tx, who.Tenant, a.ID, c.ID); err != nil || alive {
		return err
	}
	a.Ends = c.Ends
	return recordAssignment(ctx, tx, who, assigning[a.PrincipalKind], a, r)
}

// TakeRole ends a cause, in the caller's transaction, and takes the app role if
// no other cause keeps it. What the cause never gave, or somebody took
// meanwhile, changes nothing.
func TakeRole(ctx context.Context, tx *sqldb.Tx, who authz.Caller, principal, resource ids.ObjectID, role ids.RoleID, cause ids.CauseID) error {
	a, err := heldAssignment(ctx, tx, who.Tenant, principal, resource, role)
	if errors.Is(err, fault.NotFound) {
		_, err := object.EndCause(ctx, tx, who.Tenant, cause)
		return err
	}
	if err != nil {
		return err
	}
	tied, err := object.EndTie(ctx, tx, who.Tenant, object.OfRoleAssignment, string(a.ID), cause)
	if err != nil || !tied {
		return err
	}
	ends, alive, err := object.Life(ctx, tx, who.Tenant, object.OfRoleAssignment, string(a.ID))
	if err != nil {
		return err
	}
	if alive {
		return endAssignment(ctx, tx, who.Tenant, a.ID, ends)
	}
	if err := dropAssignment(ctx, tx, who.Tenant, a.ID); err != nil {
		return err
	}
	r, err := app.GetPrincipal(ctx, tx, who.Tenant, resource)
	if errors.Is(err, fault.NotFound) { // deleted, and may return
		r, err = &app.ServicePrincipal{Tenant: who.Tenant}, nil
		r.ID, r.DisplayName = resource, a.ResourceName
	}
	if err != nil {
		return err
	}
	return recordAssignment(ctx, tx, who, unassigning[a.PrincipalKind], a, r)
}

// heldAssignment returns an assignment whether it counts now or not, or NotFound.
func heldAssignment(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, principal, resource ids.ObjectID, role ids.RoleID) (Assignment, error) {
	return scanAssignment(func(dest ...any) error {
		return tx.One(ctx, "select "+assignmentColumns+` from app_role_assignment s
			where s.tenant_id = ? and s.principal_id = ? and s.resource_id = ? and s.role_id = ?`,
			[]any{tenant, principal, resource, role}, dest...)
	})
}

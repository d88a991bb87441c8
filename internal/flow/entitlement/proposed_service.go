package entitlement

import (
	"context"
	"errors"

	"entente/internal/core/audit"
	"entente/internal/core/tenant"
	"entente/internal/kit/sqldb"
)

// propose connects the organization from which the target of a request comes, as
// proposed, if the tenant does not know it and the policy is for everybody. Where
// the tenant has as many organizations as there can be the request goes on
// without.
func propose(ctx context.Context, tx *sqldb.Tx, a *asking) error {
	t := a.target
	if !a.in.Type.Adds() || a.policy.Scope != AllExternalUsers || t.Organization != "" || t.Principal.IsZero() || t.Principal.Home == t.Tenant {
		return nil
	}
	home, err := tenant.Get(ctx, tx, t.Principal.Home)
	if err != nil {
		return err
	}
	who, state := actor(t.Tenant), Proposed
	o, err := NewOrganization(t.Tenant, OrganizationChange{Name: &home.DisplayName, State: &state,
		Sources: []Source{{Kind: TenantSource, Home: home.ID, Name: home.DisplayName}}}, who.Name, tx.Now())
	if err != nil {
		return err
	}
	if err := addOrganization(ctx, tx, o); errors.Is(err, TooMany) {
		return nil
	} else if err != nil {
		return err
	}
	if err := recordOrganization(ctx, tx, who, "Create connected organization", o, audit.Diff(shownOrganization{}, o.shown())); err != nil {
		return err
	}
	t.Organization = o.ID
	return putSubject(ctx, tx, t)
}

package entitlement

import (
	"context"
	"errors"

	"entente/internal/core/tenant"
	"entente/internal/flow/offer"
	"entente/internal/kit/sqldb"
)

// propose connects the organization from which the target of a request comes, as
// proposed, if the tenant does not know it and the policy is for everybody. Where
// the tenant has as many organizations as there can be the request goes on
// without.
func propose(ctx context.Context, tx *sqldb.Tx, a *asking) error {
	t := a.target
	if !a.in.Type.Adds() || a.policy.Scope != offer.AllExternalUsers || t.Organization != "" || t.Principal.IsZero() || t.Principal.Home == t.Tenant {
		return nil
	}
	home, err := tenant.Get(ctx, tx, t.Principal.Home)
	if err != nil {
		return err
	}
	o, err := offer.ProposeOrganization(ctx, tx, actor(t.Tenant), home)
	if errors.Is(err, offer.TooMany) {
		return nil
	}
	if err != nil {
		return err
	}
	t.Organization = o.ID
	return putSubject(ctx, tx, t)
}

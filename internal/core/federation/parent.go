package federation

import (
	"context"

	"entente/internal/core/app"
	"entente/internal/core/audit"
	"entente/internal/core/authz"
	"entente/internal/core/managedidentity"
	"entente/internal/kit/sqldb"
)

// find returns the parent for the record, or refuses: it must exist, and to
// change its credentials the caller must be one who may manage it.
func (p Parent) find(ctx context.Context, tx *sqldb.Tx, who authz.Caller, write bool) (audit.Target, error) {
	if p.Kind == ManagedIdentity {
		i, err := managedidentity.NeedIdentity(ctx, tx, who, p.ID, write)
		if err != nil {
			return audit.Target{}, err
		}
		return audit.Target{Kind: "ServicePrincipal", ID: string(p.ID), Name: i.Name}, nil
	}
	a, err := app.GetApplication(ctx, tx, p.Tenant, p.ID)
	if err != nil {
		return audit.Target{}, err
	}
	target := audit.Target{Kind: "Application", ID: string(p.ID), Name: a.DisplayName}
	if !write {
		return target, nil
	}
	return target, app.MayManage(ctx, tx, who, p.ID, "applications/credentials/update")
}

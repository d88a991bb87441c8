package app

import (
	"context"

	"entente/internal/kit/ids"
	"entente/internal/kit/jobs"
	"entente/internal/kit/sqldb"
)

// PrincipalRemoved says that a service principal was purged. Its arguments are a
// PrincipalChange.
const PrincipalRemoved jobs.Signal = "app.principalRemoved"

// A PrincipalChange is what the signal tells.
type PrincipalChange struct {
	Principal ids.ObjectID `json:"principal"`
}

// removed tells that a service principal is purged.
func removed(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id ids.ObjectID) error {
	return jobs.Emit(ctx, tx, tenant, PrincipalRemoved, PrincipalChange{id})
}

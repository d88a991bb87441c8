package managedidentity

import (
	"context"

	"entente/internal/core/object"
	"entente/internal/kit/sqldb"
)

// ClearRemains removes up to limit roles that a purged principal has in
// subscriptions, and returns how many went.
func ClearRemains(ctx context.Context, tx *sqldb.Tx, r object.Remain, limit int) (int, error) {
	return object.Clear(ctx, tx, r, limit, object.Left{Table: "subscription_role", Column: "principal_id", Key: "subscription_id, id"})
}

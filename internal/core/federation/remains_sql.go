package federation

import (
	"context"

	"entente/internal/core/object"
	"entente/internal/kit/sqldb"
)

// ClearRemains removes up to limit credentials of a purged application, and
// returns how many went.
func ClearRemains(ctx context.Context, tx *sqldb.Tx, r object.Remain, limit int) (int, error) {
	return object.Clear(ctx, tx, r, limit, object.Left{Table: "federated_credential", Column: "parent_id", Key: "parent_id, id"})
}

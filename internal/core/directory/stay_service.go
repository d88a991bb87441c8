package directory

import (
	"context"

	"entente/internal/kit/fault"
	"entente/internal/kit/sqldb"
)

// SwitchUser lets a user sign in, or no longer, in the caller's transaction; who
// may, and the entry in the log, are the caller's business. It is nobody's word: see
// SwitchedAt. The last Global
// Administrator is not switched off.
func SwitchUser(ctx context.Context, tx *sqldb.Tx, u *User, enabled bool) error {
	u.AccountEnabled = &enabled
	if enabled {
		return putUser(ctx, tx, u)
	}
	return sparing(ctx, tx, u.Tenant, fault.Forbidden, "disabled", func() error { return putUser(ctx, tx, u) })
}

// DropUser marks a user as deleted, in the caller's transaction, so that they can
// be restored for thirty days. The last Global Administrator stays.
func DropUser(ctx context.Context, tx *sqldb.Tx, u *User) error {
	return sparing(ctx, tx, u.Tenant, fault.Forbidden, "deleted", func() error { return dropUser(ctx, tx, u) })
}

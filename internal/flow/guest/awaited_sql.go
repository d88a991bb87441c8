package guest

import (
	"context"
	"errors"

	"entente/internal/core/directory"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// awaitedAs returns for whom a guest was brought, or nobody.
func awaitedAs(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, user ids.ObjectID) (p ids.Principal, err error) {
	err = tx.One(ctx, `select principal from guest_awaited where tenant_id = ? and user_id = ?`, []any{tenant, user}, &p)
	if errors.Is(err, fault.NotFound) {
		err = nil
	}
	return p, err
}

// await notes for whom a guest was brought who has not accepted. One who waits for
// somebody else is a Conflict.
func await(ctx context.Context, tx *sqldb.Tx, u *directory.User, p ids.Principal) error {
	if u.HasAccepted() || p.IsZero() {
		return nil
	}
	n, err := tx.Exec(ctx, `insert into guest_awaited (tenant_id, user_id, principal) values (?, ?, ?) on conflict (tenant_id, user_id) do nothing`, u.Tenant, u.ID, p)
	if err != nil || n == 1 {
		return err
	}
	before, err := awaitedAs(ctx, tx, u.Tenant, u.ID)
	if err == nil && !before.Same(p) {
		err = awaitsOther(u)
	}
	return err
}

// awaitNobody forgets for whom a guest was brought.
func awaitNobody(ctx context.Context, tx *sqldb.Tx, u *directory.User) error {
	_, err := tx.Exec(ctx, `delete from guest_awaited where tenant_id = ? and user_id = ?`, u.Tenant, u.ID)
	return err
}

// StandsFor reports whether a guest stands for a person of elsewhere: who has
// accepted, or, before anybody has, for whom it was brought.
func StandsFor(ctx context.Context, tx *sqldb.Tx, u *directory.User, p ids.Principal) (bool, error) {
	awaited := ids.Principal{}
	if !u.HasAccepted() {
		var err error
		if awaited, err = awaitedAs(ctx, tx, u.Tenant, u.ID); err != nil {
			return false, err
		}
	}
	return is(u, awaited, p), nil
}

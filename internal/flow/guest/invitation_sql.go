package guest

import (
	"context"
	"errors"

	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/secret"
	"entente/internal/kit/sqldb"
)

// putWaiting stores the invitation of a guest in the place of the last one.
func putWaiting(ctx context.Context, tx *sqldb.Tx, w Waiting, ticket secret.Digest) error {
	_, err := tx.Exec(ctx, `
		insert into invitation (tenant_id, user_id, id, ticket, redirect, created_us, expires_us)
		values (?, ?, ?, ?, ?, ?, ?)
		on conflict (tenant_id, user_id) do update
		set id = excluded.id, ticket = excluded.ticket, redirect = excluded.redirect, created_us = excluded.created_us, expires_us = excluded.expires_us`,
		w.Tenant, w.User, w.ID, ticket, w.Redirect, sqldb.Micros(tx.Now()), sqldb.Micros(w.ExpiresAt))
	return err
}

// getWaiting returns the invitation that a ticket opens, or NotFound, which
// does not tell what was wrong.
func getWaiting(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, user ids.ObjectID, ticket secret.Digest) (Waiting, error) {
	w := Waiting{Tenant: tenant, User: user}
	var expires int64
	err := tx.One(ctx, `
		select id, redirect, expires_us from invitation
		where  tenant_id = ? and user_id = ? and ticket = ? and expires_us > ?`,
		[]any{tenant, user, ticket, sqldb.Micros(tx.Now())}, &w.ID, &w.Redirect, &expires)
	if errors.Is(err, fault.NotFound) {
		return w, unknown()
	}
	w.ExpiresAt = sqldb.Time(expires)
	return w, err
}

func unknown() error { return fault.New(fault.NotFound, "There is no such invitation.") }

// dropDue removes invitations that have ended.
func dropDue(ctx context.Context, tx *sqldb.Tx, limit int) (int, error) {
	n, err := tx.Exec(ctx, `
		delete from invitation where (tenant_id, user_id) in
			(select tenant_id, user_id from invitation where expires_us <= ? order by expires_us limit ? /* all tenants: a clean-up */)`,
		sqldb.Micros(tx.Now()), limit)
	return int(n), err
}

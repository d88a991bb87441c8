package guest

import (
	"context"
	"encoding/base64"
	"errors"
	"time"

	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/secret"
	"entente/internal/kit/sqldb"
)

// putWaiting stores the invitation of a guest in the place of the last one.
func putWaiting(ctx context.Context, tx *sqldb.Tx, w Waiting, ticket secret.Digest, sealed []byte) error {
	_, err := tx.Exec(ctx, `
		insert into invitation (tenant_id, user_id, id, ticket, sealed, redirect, inviter_id, inviter, created_us, expires_us)
		values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		on conflict (tenant_id, user_id) do update
		set id = excluded.id, ticket = excluded.ticket, sealed = excluded.sealed, redirect = excluded.redirect, inviter_id = excluded.inviter_id,
		    inviter = excluded.inviter, created_us = excluded.created_us, expires_us = excluded.expires_us, accepted_us = 0`,
		w.Tenant, w.User, w.ID, ticket, base64.StdEncoding.EncodeToString(sealed), w.Redirect, w.InviterID, w.Inviter,
		sqldb.Micros(w.CreatedAt), sqldb.Micros(w.ExpiresAt))
	return err
}

const waitingColumns = `user_id, id, redirect, inviter_id, inviter, created_us, expires_us, accepted_us`

// byTicket returns the invitation that a ticket opens, ended or not, or the
// fault NoInvitation, which does not tell what was wrong.
func byTicket(ctx context.Context, tx *sqldb.Tx, t Ticket) (*Waiting, error) {
	return oneWaiting(ctx, tx, t.Tenant, `select `+waitingColumns+` from invitation where tenant_id = ? and user_id = ? and ticket = ?`,
		t.Tenant, t.User, t.Digest)
}

// ofGuest returns the last invitation of a guest, or the fault NoInvitation.
func ofGuest(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, user ids.ObjectID) (*Waiting, error) {
	return oneWaiting(ctx, tx, tenant, `select `+waitingColumns+` from invitation where tenant_id = ? and user_id = ?`, tenant, user)
}

func oneWaiting(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, statement string, args ...any) (*Waiting, error) {
	w := &Waiting{Tenant: tenant}
	var created, expires, accepted int64
	err := tx.One(ctx, statement, args, &w.User, &w.ID, &w.Redirect, &w.InviterID, &w.Inviter, &created, &expires, &accepted)
	if errors.Is(err, fault.NotFound) {
		return nil, unknown()
	}
	w.CreatedAt, w.ExpiresAt, w.AcceptedAt = sqldb.Time(created), sqldb.Time(expires), sqldb.Time(accepted)
	return w, err
}

func unknown() error {
	return fault.Because(fault.NotFound, NoInvitation, "There is no such invitation.").
		WithFix("Look whether a newer link took its place, or ask whoever invited you.")
}

// sealedTicket returns the sealed ticket of an invitation, or NoInvitation if
// another took its place or it was used.
func sealedTicket(ctx context.Context, tx *sqldb.Tx, w Waiting) ([]byte, error) {
	var text string
	err := tx.One(ctx, `select sealed from invitation where tenant_id = ? and user_id = ? and id = ? and sealed <> ''`,
		[]any{w.Tenant, w.User, w.ID}, &text)
	if errors.Is(err, fault.NotFound) {
		return nil, unknown()
	}
	if err != nil {
		return nil, err
	}
	return base64.StdEncoding.DecodeString(text)
}

// spendWaiting notes that a guest has accepted, with the link or without. Its
// link is good for nothing more.
func spendWaiting(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, user ids.ObjectID) error {
	_, err := tx.Exec(ctx, `update invitation set accepted_us = ?, sealed = '' where tenant_id = ? and user_id = ?`,
		sqldb.Micros(tx.Now()), tenant, user)
	return err
}

// dropDue removes invitations that ended before a time.
func dropDue(ctx context.Context, tx *sqldb.Tx, before time.Time, limit int) (int, error) {
	n, err := tx.Exec(ctx, `
		delete from invitation where (tenant_id, user_id) in
			(select tenant_id, user_id from invitation where expires_us <= ? order by expires_us limit ? /* all tenants: a clean-up */)`,
		sqldb.Micros(before), limit)
	return int(n), err
}

package signin

import (
	"context"
	"encoding/json"
	"errors"

	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/secret"
	"entente/internal/kit/sqldb"
)

// A reached application is one that a session has signed in to.
type reached struct {
	client ids.AppID
	in     ids.TenantID
}

// addReached notes that a session has signed in to an application.
func addReached(ctx context.Context, tx *sqldb.Tx, s Session, client ids.AppID, in ids.TenantID) error {
	now := tx.Now()
	_, err := tx.Exec(ctx, `
		insert into session_app (tenant_id, session_id, client, in_tenant, at_us, expires_us) values (?, ?, ?, ?, ?, ?)
		on conflict (tenant_id, session_id, client, in_tenant) do update set at_us = excluded.at_us, expires_us = excluded.expires_us`,
		s.Home, s.ID, client, in, sqldb.Micros(now), sqldb.Micros(now.Add(keptLife)))
	return err
}

// maxTold is how many applications are told of one session's end.
const maxTold = 50

// reachedBy returns the applications that a session has signed in to, the last
// one first.
func reachedBy(ctx context.Context, tx *sqldb.Tx, home ids.TenantID, session ids.SessionID) ([]reached, error) {
	return sqldb.All(ctx, tx, `
		select client, in_tenant from session_app where tenant_id = ? and session_id = ?
		order  by at_us desc, client, in_tenant limit ?`, []any{home, session, maxTold},
		func(scan func(...any) error) (r reached, err error) { return r, scan(&r.client, &r.in) })
}

// addSignOut stores what has just ended.
func addSignOut(ctx context.Context, tx *sqldb.Tx, o *SignOut) error {
	ended, err := json.Marshal(o.Ended)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `insert into sign_out (id, browser, ended, client, back, expires_us) values (?, ?, ?, ?, ?, ?)`,
		o.ID, o.Browser, string(ended), o.App, o.Back, sqldb.Micros(o.ExpiresAt))
	return err
}

// getSignOut returns the browser's sign-out, or a NotFound fault with the
// reason Gone.
func getSignOut(ctx context.Context, tx *sqldb.Tx, browser secret.Digest, id ids.SignOutID) (*SignOut, error) {
	o := &SignOut{ID: id, Browser: browser}
	var ended string
	var expires int64
	err := tx.One(ctx, `select ended, client, back, expires_us from sign_out where id = ? and browser = ? and expires_us > ?`,
		[]any{id, browser, sqldb.Micros(tx.Now())}, &ended, &o.App, &o.Back, &expires)
	if errors.Is(err, fault.NotFound) {
		return nil, gone()
	}
	if err != nil {
		return nil, err
	}
	o.ExpiresAt = sqldb.Time(expires)
	return o, json.Unmarshal([]byte(ended), &o.Ended)
}

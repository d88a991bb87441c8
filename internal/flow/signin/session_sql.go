package signin

import (
	"context"

	"entente/internal/kit/secret"
	"entente/internal/kit/sqldb"
)

// addSession stores a session under the digest of its cookie.
func addSession(ctx context.Context, tx *sqldb.Tx, s Session, cookie secret.Digest) error {
	_, err := tx.Exec(ctx, `
		insert into session (tenant_id, id, cookie, user_id, method, auth_us, expires_us)
		values (?, ?, ?, ?, ?, ?, ?)`,
		s.Home, s.ID, cookie, s.User, s.Method, sqldb.Micros(s.AuthAt), sqldb.Micros(s.ExpiresAt))
	return err
}

// getSession returns the session of a cookie, unless it is over; a NotFound
// fault otherwise.
func getSession(ctx context.Context, tx *sqldb.Tx, cookie secret.Digest) (s Session, err error) {
	var auth, expires int64
	err = tx.One(ctx, `
		select tenant_id, id, user_id, method, auth_us, expires_us from session
		where  cookie = ? and expires_us > ? /* all tenants: the cookie tells whose session it is */`,
		[]any{cookie, sqldb.Micros(tx.Now())},
		&s.Home, &s.ID, &s.User, &s.Method, &auth, &expires)
	s.AuthAt, s.ExpiresAt = sqldb.Time(auth), sqldb.Time(expires)
	return s, err
}

// slideSession stores a session's later end.
func slideSession(ctx context.Context, tx *sqldb.Tx, s Session) error {
	_, err := tx.Exec(ctx, `update session set expires_us = ? where tenant_id = ? and id = ?`,
		sqldb.Micros(s.ExpiresAt), s.Home, s.ID)
	return err
}

// dropSession ends the session of a cookie, if there is one.
func dropSession(ctx context.Context, tx *sqldb.Tx, cookie secret.Digest) error {
	_, err := tx.Exec(ctx, `delete from session where cookie = ? /* all tenants: the cookie tells whose session it is */`, cookie)
	return err
}

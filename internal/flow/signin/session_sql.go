package signin

import (
	"context"
	"errors"
	"strings"
	"time"

	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/secret"
	"entente/internal/kit/sqldb"
)

const sessionColumns = `tenant_id, id, user_id, method, kept, agent, ip, auth_us, created_us, used_us, expires_us, ended_us`

func scanSession(scan func(...any) error) (s Session, err error) {
	var kept, auth, created, used, expires, ended int64
	err = scan(&s.Home, &s.ID, &s.User, &s.Method, &kept, &s.Agent, &s.IP, &auth, &created, &used, &expires, &ended)
	s.Kept, s.AuthAt, s.CreatedAt = kept != 0, sqldb.Time(auth), sqldb.Time(created)
	s.UsedAt, s.ExpiresAt, s.EndedAt = sqldb.Time(used), sqldb.Time(expires), sqldb.Time(ended)
	return s, err
}

// putSession stores a session that was proved under the digest of its new
// cookie. The earlier cookie is worth nothing from then on.
func putSession(ctx context.Context, tx *sqldb.Tx, s Session, cookie secret.Digest) error {
	_, err := tx.Exec(ctx, `
		insert into session (tenant_id, id, cookie, user_id, method, kept, agent, ip, auth_us, created_us, used_us, expires_us)
		values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		on conflict (tenant_id, id) do update
		set    cookie = excluded.cookie, method = excluded.method, kept = excluded.kept, agent = excluded.agent, ip = excluded.ip,
		       auth_us = excluded.auth_us, used_us = excluded.used_us, expires_us = excluded.expires_us`,
		s.Home, s.ID, cookie, s.User, s.Method, bit(s.Kept), s.Agent, s.IP, sqldb.Micros(s.AuthAt), sqldb.Micros(s.CreatedAt),
		sqldb.Micros(s.UsedAt), sqldb.Micros(s.ExpiresAt))
	return err
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// sessionsOf returns the sessions of a browser's cookies that are not over, the
// last used first.
func sessionsOf(ctx context.Context, tx *sqldb.Tx, cookies []secret.String) ([]Session, error) {
	if len(cookies) == 0 {
		return nil, nil
	}
	cookies = cookies[:min(len(cookies), MaxSessions)]
	args := make([]any, 0, len(cookies)+1)
	for _, c := range cookies {
		args = append(args, cookieDigest("session", c))
	}
	marks := strings.TrimSuffix(strings.Repeat("?, ", len(cookies)), ", ")
	return sqldb.All(ctx, tx, `select `+sessionColumns+` from session
		where  cookie in (`+marks+`) and ended_us = 0 and expires_us > ? /* all tenants: a cookie tells whose session it is */
		order  by used_us desc, id`, append(args, sqldb.Micros(tx.Now())), scanSession)
}

// slideSession stores a session's later end.
func slideSession(ctx context.Context, tx *sqldb.Tx, s Session) error {
	_, err := tx.Exec(ctx, `update session set used_us = ?, expires_us = ? where tenant_id = ? and id = ? and ended_us = 0`,
		sqldb.Micros(s.UsedAt), sqldb.Micros(s.ExpiresAt), s.Home, s.ID)
	return err
}

// endSession ends a session. Its cookie is worth nothing from then on; the row
// stays a while for its applications to be told.
func endSession(ctx context.Context, tx *sqldb.Tx, home ids.TenantID, id ids.SessionID) error {
	now := tx.Now()
	_, err := tx.Exec(ctx, `update session set ended_us = ?, expires_us = ? where tenant_id = ? and id = ? and ended_us = 0`,
		sqldb.Micros(now), sqldb.Micros(now.Add(endedStays)), home, id)
	return err
}

// sessionsOfUser returns the sessions of an account that are not over and were
// proved at a time or later, the last used first.
func sessionsOfUser(ctx context.Context, tx *sqldb.Tx, home ids.TenantID, user ids.ObjectID, from time.Time, limit int) ([]Session, error) {
	return sqldb.All(ctx, tx, `select `+sessionColumns+` from session
		where  tenant_id = ? and user_id = ? and ended_us = 0 and expires_us > ? and auth_us >= ?
		order  by used_us desc, id limit ?`,
		[]any{home, user, sqldb.Micros(tx.Now()), sqldb.Micros(from), limit}, scanSession)
}

// ownSession returns a session of an account that is not over, or NotFound.
func ownSession(ctx context.Context, tx *sqldb.Tx, home ids.TenantID, user ids.ObjectID, id ids.SessionID) (Session, error) {
	s, err := scanSession(func(dest ...any) error {
		return tx.One(ctx, `select `+sessionColumns+` from session
			where  tenant_id = ? and id = ? and user_id = ? and ended_us = 0 and expires_us > ?`,
			[]any{home, id, user, sqldb.Micros(tx.Now())}, dest...)
	})
	if errors.Is(err, fault.NotFound) {
		err = fault.New(fault.NotFound, "This session is over.")
	}
	return s, err
}

package signin

import (
	"context"
	"errors"
	"strings"

	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/secret"
	"entente/internal/kit/sqldb"
)

// takeTry counts one try at an account from a network before it is made, so
// that tries made at once are counted like tries made in turn. It refuses,
// with the reason Paused, as long as a pause lasts. An account that does not
// exist is counted like one that does.
func takeTry(ctx context.Context, tx *sqldb.Tx, home ids.TenantID, username, network string) error {
	name := tryName(username)
	now := tx.Now()
	var tries int
	err := tx.One(ctx, `
		insert into signin_try (tenant_id, name, network, tries, last_us)
		values (?, ?, ?, 1, ?)
		on conflict (tenant_id, name, network) do update
		set    tries = case when signin_try.last_us < ? then 1 else signin_try.tries + 1 end, last_us = excluded.last_us
		where  signin_try.until_us <= excluded.last_us
		returning tries`,
		[]any{home, name, network, sqldb.Micros(now), sqldb.Micros(now.Add(-forgetting))}, &tries)
	if errors.Is(err, fault.NotFound) {
		return stillPaused(ctx, tx, home, name, network)
	}
	if err != nil {
		return err
	}
	until := int64(0)
	if p := pause(tries); p > 0 {
		until = sqldb.Micros(now.Add(p))
	}
	_, err = tx.Exec(ctx, `update signin_try set until_us = ? where tenant_id = ? and name = ? and network = ?`,
		until, home, name, network)
	return err
}

func stillPaused(ctx context.Context, tx *sqldb.Tx, home ids.TenantID, name secret.Digest, network string) error {
	var until int64
	err := tx.One(ctx, `select until_us from signin_try where tenant_id = ? and name = ? and network = ?`,
		[]any{home, name, network}, &until)
	if err != nil {
		return err
	}
	return paused(sqldb.Time(until))
}

// forgetTries forgets the tries at an account from a network, after a right one.
func forgetTries(ctx context.Context, tx *sqldb.Tx, home ids.TenantID, username, network string) error {
	_, err := tx.Exec(ctx, `delete from signin_try where tenant_id = ? and name = ? and network = ?`,
		home, tryName(username), network)
	return err
}

// tryName returns what is kept of a typed name: it may be a mistyped password.
func tryName(username string) secret.Digest { return secret.DigestOf("try", strings.ToLower(username)) }

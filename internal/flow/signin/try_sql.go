package signin

import (
	"context"
	"errors"
	"strings"
	"time"

	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/pause"
	"entente/internal/kit/secret"
	"entente/internal/kit/sqldb"
)

// everywhere stands for the network in the row of an account's bucket. The row
// of a network's bucket has neither a tenant nor a name.
const everywhere = "*"

// takeTry counts one try at an account from a network before it is made, so
// that tries made at once are counted like tries made in turn. It refuses,
// with the reason Paused or NetworkPaused, as long as a pause lasts. An account that does not
// exist is counted like one that does.
func takeTry(ctx context.Context, tx *sqldb.Tx, home ids.TenantID, username, network string) error {
	name := tryName(username)
	now := tx.Now()
	if network != "" {
		full, err := ofNetwork.pour(ctx, tx, "", "", network)
		if err != nil {
			return err
		}
		if full.After(now.Add(ofNetwork.room)) {
			return networkPaused(full.Add(-ofNetwork.room)) // what is refused is not counted: the transaction ends
		}
	}
	full, err := ofAccount.pour(ctx, tx, home, string(name), everywhere)
	if err != nil {
		return err
	}
	return takeOwnTry(ctx, tx, home, name, network, full.After(now.Add(ofAccount.room)))
}

// takeOwnTry counts one try of a network at an account.
func takeOwnTry(ctx context.Context, tx *sqldb.Tx, home ids.TenantID, name secret.Digest, network string, besieged bool) error {
	now := tx.Now()
	var tries int
	err := tx.One(ctx, `
		insert into signin_try (tenant_id, name, network, tries, last_us)
		values (?, ?, ?, 1, ?)
		on conflict (tenant_id, name, network) do update
		set    tries = case when signin_try.last_us < ? then 1 else signin_try.tries + 1 end, last_us = excluded.last_us
		where  signin_try.until_us <= excluded.last_us
		returning tries`,
		[]any{home, name, network, sqldb.Micros(now), sqldb.Micros(now.Add(-pause.Forgetting))}, &tries)
	if errors.Is(err, fault.NotFound) {
		return stillPaused(ctx, tx, home, name, network)
	}
	if err != nil {
		return err
	}
	until := int64(0)
	if p := ruleFor(besieged).After(tries); p > 0 {
		until = sqldb.Micros(now.Add(p))
	}
	_, err = tx.Exec(ctx, `update signin_try set until_us = ? where tenant_id = ? and name = ? and network = ?`,
		until, home, name, network)
	return err
}

// pour puts one try into the bucket of a row and returns when that will have
// run out. It holds no more than runs out until the row is swept.
func (b bucket) pour(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, name, network string) (time.Time, error) {
	now := tx.Now()
	var empty int64
	err := tx.One(ctx, `
		insert into signin_try (tenant_id, name, network, tries, last_us, until_us)
		values (?, ?, ?, 0, ?, ?)
		on conflict (tenant_id, name, network) do update
		set    last_us = excluded.last_us,
		       until_us = case when signin_try.until_us < excluded.last_us then excluded.until_us
		                       when signin_try.until_us > ? then signin_try.until_us
		                       else signin_try.until_us + ? end
		returning until_us`,
		[]any{tenant, name, network, sqldb.Micros(now), sqldb.Micros(now.Add(b.leak)),
			sqldb.Micros(now.Add(pause.Forgetting - b.leak)), b.leak.Microseconds()}, &empty)
	return sqldb.Time(empty), err
}

// scoop takes one try out again. Nothing is kept of a bucket that is empty.
func (b bucket) scoop(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, name, network string) error {
	n, err := tx.Exec(ctx, `delete from signin_try where tenant_id = ? and name = ? and network = ? and until_us <= ?`,
		tenant, name, network, sqldb.Micros(tx.Now().Add(b.leak)))
	if err != nil || n > 0 {
		return err
	}
	_, err = tx.Exec(ctx, `update signin_try set until_us = until_us - ? where tenant_id = ? and name = ? and network = ?`,
		b.leak.Microseconds(), tenant, name, network)
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

// forgetTries forgets the tries at an account from a network after a right
// one, of which the buckets keep nothing. What they hold of others stays.
func forgetTries(ctx context.Context, tx *sqldb.Tx, home ids.TenantID, username, network string) error {
	name := tryName(username)
	if err := ofNetwork.scoop(ctx, tx, "", "", network); err != nil {
		return err
	}
	if err := ofAccount.scoop(ctx, tx, home, string(name), everywhere); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `delete from signin_try where tenant_id = ? and name = ? and network = ?`, home, name, network)
	return err
}

// tryName returns what is kept of a typed name: it may be a mistyped password.
func tryName(username string) secret.Digest { return secret.DigestOf("try", strings.ToLower(username)) }

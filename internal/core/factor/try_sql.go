package factor

import (
	"context"
	"errors"

	"entente/internal/kit/fault"
	"entente/internal/kit/pause"
	"entente/internal/kit/sqldb"
)

// takeTry counts one try at an account's codes before it is made, so that tries
// made at once are counted like tries made in turn. While a pause lasts it
// counts nothing and returns the refusal.
func takeTry(ctx context.Context, tx *sqldb.Tx, of Account) (refusal, err error) {
	now := tx.Now()
	var tries int
	err = tx.One(ctx, `
		insert into factor_try (tenant_id, user_id, tries, last_us) values (?, ?, 1, ?)
		on conflict (tenant_id, user_id) do update
		set    tries = case when factor_try.last_us < ? then 1 else factor_try.tries + 1 end, last_us = excluded.last_us
		where  factor_try.until_us <= excluded.last_us
		returning tries`,
		[]any{of.Tenant, of.User, sqldb.Micros(now), sqldb.Micros(now.Add(-pause.Forgetting))}, &tries)
	if errors.Is(err, fault.NotFound) {
		var until int64
		err = tx.One(ctx, `select until_us from factor_try where tenant_id = ? and user_id = ?`, []any{of.Tenant, of.User}, &until)
		return paused(sqldb.Time(until)), err
	}
	if p := rule().After(tries); err == nil && p > 0 {
		_, err = tx.Exec(ctx, `update factor_try set until_us = ? where tenant_id = ? and user_id = ?`,
			sqldb.Micros(now.Add(p)), of.Tenant, of.User)
	}
	return nil, err
}

// forgetTries forgets the tries at an account after a right one.
func forgetTries(ctx context.Context, tx *sqldb.Tx, of Account) error {
	_, err := tx.Exec(ctx, `delete from factor_try where tenant_id = ? and user_id = ?`, of.Tenant, of.User)
	return err
}

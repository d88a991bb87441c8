package directory

import (
	"context"
	"errors"

	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/pause"
	"entente/internal/kit/query"
	"entente/internal/kit/sqldb"
)

func putPassword(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, user ids.ObjectID, hash string, mustChange bool) error {
	_, err := tx.Exec(ctx, `
		insert into password (tenant_id, user_id, hash, must_change, changed_us) values (?, ?, ?, ?, ?)
		on conflict (tenant_id, user_id) do update
		set hash = excluded.hash, must_change = excluded.must_change, changed_us = excluded.changed_us, tries = 0, paused_us = 0`,
		tenant, user, hash, mustChange, sqldb.Micros(tx.Now()))
	return err
}

func forceChange(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, user ids.ObjectID, must bool) error {
	_, err := tx.Exec(ctx, `update password set must_change = ? where tenant_id = ? and user_id = ?`, must, tenant, user)
	return err
}

// takeTry counts one try at a user's password before it is made, so that tries
// made at once are counted like tries made in turn, and returns the password's
// hash, or "" if there is none. It refuses, as PasswordPaused, while a pause
// lasts; what is refused is not counted.
func takeTry(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, user ids.ObjectID) (stored string, err error) {
	now := tx.Now()
	var tries int
	err = tx.One(ctx, `
		update password
		set    tries = case when tried_us < ? then 1 else tries + 1 end, tried_us = ?
		where  tenant_id = ? and user_id = ? and paused_us <= ?
		returning tries, hash`,
		[]any{sqldb.Micros(now.Add(-pause.Forgetting)), sqldb.Micros(now), tenant, user, sqldb.Micros(now)}, &tries, &stored)
	if errors.Is(err, fault.NotFound) {
		return "", stillPaused(ctx, tx, tenant, user)
	}
	if p := currentTries().After(tries); err == nil && p > 0 {
		_, err = tx.Exec(ctx, `update password set paused_us = ? where tenant_id = ? and user_id = ?`, sqldb.Micros(now.Add(p)), tenant, user)
	}
	return stored, err
}

// stillPaused refuses tries at a password that is there.
func stillPaused(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, user ids.ObjectID) error {
	var until int64
	err := tx.One(ctx, `select paused_us from password where tenant_id = ? and user_id = ?`, []any{tenant, user}, &until)
	if errors.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return passwordPaused(sqldb.Time(until).Sub(tx.Now()))
}

// passwordOf returns the hash of a user's password, or "" if there is none.
func passwordOf(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, user ids.ObjectID) (hash string, err error) {
	err = tx.One(ctx, `select hash from password where tenant_id = ? and user_id = ?`, []any{tenant, user}, &hash)
	if errors.Is(err, fault.NotFound) {
		return "", nil
	}
	return hash, err
}

// findPassword returns a live account with its password's hash, or NotFound.
func findPassword(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, upn string) (
	user ids.ObjectID, name, displayName string, enabled bool, hash string, mustChange bool, err error) {
	err = tx.One(ctx, `
		select u.id, u.upn, o.display_name, u.enabled, p.hash, p.must_change
		from   account u
		join   password p on p.tenant_id = u.tenant_id and p.user_id = u.id
		join   object o on o.tenant_id = u.tenant_id and o.id = u.id
		where  u.tenant_id = ? and u.upn_folded = ? and u.deleted_us = 0`,
		[]any{tenant, query.Fold(upn)}, &user, &name, &displayName, &enabled, &hash, &mustChange)
	return user, name, displayName, enabled, hash, mustChange, err
}

package factor

import (
	"context"
	"time"

	"entente/internal/core/object"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// Authenticators returns an account's authenticators, the oldest first.
func Authenticators(ctx context.Context, tx *sqldb.Tx, of Account) ([]Authenticator, error) {
	return sqldb.All(ctx, tx, `
		select id, name, sealed, last_step, created_us, used_us from authenticator
		where  tenant_id = ? and user_id = ? order by created_us, id`,
		[]any{of.Tenant, of.User}, func(scan func(...any) error) (a Authenticator, err error) {
			var created, used int64
			err = scan(&a.ID, &a.Name, &a.sealed, &a.last, &created, &used)
			a.CreatedAt, a.UsedAt = sqldb.Time(created), sqldb.Time(used)
			return a, err
		})
}

func addAuthenticator(ctx context.Context, tx *sqldb.Tx, of Account, a Authenticator, sealedBy string) error {
	_, err := tx.Exec(ctx, `
		insert into authenticator (tenant_id, user_id, id, name, sealed, sealed_by, last_step, created_us) values (?, ?, ?, ?, ?, ?, ?, ?)`,
		of.Tenant, of.User, a.ID, a.Name, a.sealed, sealedBy, a.last, sqldb.Micros(a.CreatedAt))
	return err
}

// spendStep notes that a code of a step was taken, and reports whether it is the
// first of that step or a later one.
func spendStep(ctx context.Context, tx *sqldb.Tx, of Account, id ids.MethodID, step int64, now time.Time) (bool, error) {
	n, err := tx.Exec(ctx, `
		update authenticator set last_step = ?, used_us = ? where tenant_id = ? and user_id = ? and id = ? and last_step < ?`,
		step, sqldb.Micros(now), of.Tenant, of.User, id, step)
	return n > 0, err
}

func setName(ctx context.Context, tx *sqldb.Tx, of Account, id ids.MethodID, name string) error {
	_, err := tx.Exec(ctx, `update authenticator set name = ? where tenant_id = ? and user_id = ? and id = ?`, name, of.Tenant, of.User, id)
	return err
}

func dropAuthenticator(ctx context.Context, tx *sqldb.Tx, of Account, id ids.MethodID) error {
	_, err := tx.Exec(ctx, `delete from authenticator where tenant_id = ? and user_id = ? and id = ?`, of.Tenant, of.User, id)
	return err
}

// A staleSeal is a secret that an older master key has sealed.
type staleSeal struct {
	of     Account
	id     ids.MethodID
	sealed []byte
}

func staleSeals(ctx context.Context, tx *sqldb.Tx, newest string, limit int) ([]staleSeal, error) {
	return sqldb.All(ctx, tx, `
		select tenant_id, user_id, id, sealed from authenticator
		where  sealed_by <> ? /* all tenants: a master key seals for everybody */ order by sealed_by limit ?`,
		[]any{newest, limit}, func(scan func(...any) error) (s staleSeal, err error) {
			return s, scan(&s.of.Tenant, &s.of.User, &s.id, &s.sealed)
		})
}

func setSeal(ctx context.Context, tx *sqldb.Tx, s staleSeal, newest string) error {
	_, err := tx.Exec(ctx, `update authenticator set sealed = ?, sealed_by = ? where tenant_id = ? and user_id = ? and id = ?`,
		s.sealed, newest, s.of.Tenant, s.of.User, s.id)
	return err
}

// ClearRemains removes up to limit of what a purged person left in this
// package, and returns how many rows went.
func ClearRemains(ctx context.Context, tx *sqldb.Tx, r object.Remain, limit int) (int, error) {
	return object.Clear(ctx, tx, r, limit,
		object.Left{Table: "authenticator", Column: "user_id", Key: "user_id, id"},
		object.Left{Table: "recovery_code", Column: "user_id", Key: "user_id, mac"},
		object.Left{Table: "factor_try", Column: "user_id", Key: "user_id"})
}

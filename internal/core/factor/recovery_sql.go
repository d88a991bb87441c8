package factor

import (
	"context"
	"strings"
	"time"

	"entente/internal/kit/sqldb"
)

// A Spares says how many recovery codes an account has left, and when they were
// made.
type Spares struct {
	Left    int
	MadeAt  time.Time
	SavedAt time.Time // when their person said so; zero: not
}

// SparesOf returns what is left of an account's recovery codes.
func SparesOf(ctx context.Context, tx *sqldb.Tx, of Account) (s Spares, err error) {
	var made, saved int64
	err = tx.One(ctx, `
		select coalesce(sum(case when used_us = 0 then 1 else 0 end), 0), coalesce(max(created_us), 0), coalesce(max(saved_us), 0) from recovery_code
		where  tenant_id = ? and user_id = ?`, []any{of.Tenant, of.User}, &s.Left, &made, &saved)
	s.MadeAt, s.SavedAt = sqldb.Time(made), sqldb.Time(saved)
	return s, err
}

// putSpares replaces an account's recovery codes.
func putSpares(ctx context.Context, tx *sqldb.Tx, of Account, macs []string) error {
	if err := dropSpares(ctx, tx, of); err != nil {
		return err
	}
	rows := make([][]any, len(macs))
	for i, m := range macs {
		rows[i] = []any{of.Tenant, of.User, m, sqldb.Micros(tx.Now())}
	}
	_, err := tx.ExecAll(ctx, `insert into recovery_code (tenant_id, user_id, mac, created_us) values (?, ?, ?, ?)`, rows)
	return err
}

func dropSpares(ctx context.Context, tx *sqldb.Tx, of Account) error {
	_, err := tx.Exec(ctx, `delete from recovery_code where tenant_id = ? and user_id = ?`, of.Tenant, of.User)
	return err
}

// setSaved notes that an account's recovery codes are saved.
func setSaved(ctx context.Context, tx *sqldb.Tx, of Account) error {
	_, err := tx.Exec(ctx, `update recovery_code set saved_us = ? where tenant_id = ? and user_id = ?`, sqldb.Micros(tx.Now()), of.Tenant, of.User)
	return err
}

// spendSpare spends the recovery code with one of the keyed hashes, and reports
// whether there was one.
func spendSpare(ctx context.Context, tx *sqldb.Tx, of Account, macs []string) (bool, error) {
	args := []any{sqldb.Micros(tx.Now()), of.Tenant, of.User}
	for _, m := range macs {
		args = append(args, m)
	}
	n, err := tx.Exec(ctx, `
		update recovery_code set used_us = ? where tenant_id = ? and user_id = ? and used_us = 0 and mac in (`+
		strings.TrimSuffix(strings.Repeat("?, ", len(macs)), ", ")+`)`, args...)
	return n > 0, err
}

// hasSpare reports whether a keyed hash is among an account's recovery codes.
func hasSpare(ctx context.Context, tx *sqldb.Tx, of Account, mac string) (bool, error) {
	var n int
	err := tx.One(ctx, `select count(*) from recovery_code where tenant_id = ? and user_id = ? and mac = ?`, []any{of.Tenant, of.User, mac}, &n)
	return n > 0, err
}

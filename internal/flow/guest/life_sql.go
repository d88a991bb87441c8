package guest

import (
	"context"
	"errors"

	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// LifeOf returns the stay of a user. Of one about whom nothing is stored it is
// not known whether they are governed.
func LifeOf(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, user ids.ObjectID) (*Life, error) {
	l := &Life{Tenant: tenant, User: user}
	var blocked, deleted int64
	err := tx.One(ctx, `select governed, blocked_us, delete_us from guest_life where tenant_id = ? and user_id = ?`,
		[]any{tenant, user}, &l.Governed, &blocked, &deleted)
	if errors.Is(err, fault.NotFound) {
		return l, nil
	}
	l.Known, l.BlockedAt, l.DeleteAt = true, sqldb.Time(blocked), sqldb.Time(deleted)
	return l, err
}

// putLife stores a stay.
func putLife(ctx context.Context, tx *sqldb.Tx, l *Life) error {
	_, err := tx.Exec(ctx, `
		insert into guest_life (tenant_id, user_id, governed, blocked_us, delete_us, changed_us) values (?, ?, ?, ?, ?, ?)
		on conflict (tenant_id, user_id) do update
		set governed = excluded.governed, blocked_us = excluded.blocked_us, delete_us = excluded.delete_us, changed_us = excluded.changed_us`,
		l.Tenant, l.User, l.Governed, sqldb.Micros(l.BlockedAt), sqldb.Micros(l.DeleteAt), sqldb.Micros(tx.Now()))
	return err
}

// KeptOut returns those of some users who are blocked, or about to be deleted, because
// they had nothing left.
func KeptOut(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, users []ids.ObjectID) (map[ids.ObjectID]bool, error) {
	all, err := amongLives(ctx, tx, tenant, users, "blocked_us + delete_us > 0")
	out := make(map[ids.ObjectID]bool, len(all))
	for _, id := range all {
		out[id] = true
	}
	return out, err
}

// GovernedAmong returns those of some users whose stay hangs on what they have.
func GovernedAmong(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, users []ids.ObjectID) ([]ids.ObjectID, error) {
	return amongLives(ctx, tx, tenant, users, "governed = 1")
}

func amongLives(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, users []ids.ObjectID, which string) ([]ids.ObjectID, error) {
	if len(users) == 0 {
		return nil, nil
	}
	in, values := sqldb.In(users)
	return sqldb.All(ctx, tx, `select user_id from guest_life where tenant_id = ? and user_id in (`+in+`) and `+which+` order by user_id`,
		append([]any{tenant}, values...), func(scan func(...any) error) (id ids.ObjectID, err error) { return id, scan(&id) })
}

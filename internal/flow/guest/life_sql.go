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

package sqldb

import (
	"context"

	"entente/internal/kit/fault"
)

// Mark returns for which kind of server the store was claimed, or "" if it was
// not.
func (d *DB) Mark(ctx context.Context) (mark string, err error) {
	err = d.Read(ctx, func(tx *Tx) error {
		return tx.One(ctx, `select coalesce(max(mark), '') from installation where id = 1`, nil, &mark)
	})
	return mark, err
}

// ClaimMark claims the store for servers of one kind, such as "serve" or
// "lab". A store that was claimed for another kind is refused with a Conflict:
// the powers of a lab must not reach the store of a service.
func (d *DB) ClaimMark(ctx context.Context, mark string) error {
	return d.Update(ctx, func(tx *Tx) error {
		_, err := tx.Exec(ctx, `insert into installation (id, mark, claimed_us) values (1, ?, ?) on conflict do nothing`, mark, Micros(tx.Now()))
		if err != nil {
			return err
		}
		var have string
		if err := tx.One(ctx, `select mark from installation where id = 1`, nil, &have); err != nil {
			return err
		}
		if have != mark {
			return fault.New(fault.Conflict, "This store belongs to servers marked %q; this server is marked %q.", have, mark)
		}
		return nil
	})
}

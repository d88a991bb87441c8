package object

import (
	"context"
	"errors"

	"entente/internal/core/authz"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// DeletedSince returns, as it is stored, the time after which an object must
// have been deleted to be restorable now.
func DeletedSince(tx *sqldb.Tx) int64 { return sqldb.Micros(tx.Now().Add(-KeptDeleted)) }

// DeletedFor is DeletedSince for who: the installation itself reaches as well
// what it is about to purge.
func DeletedFor(tx *sqldb.Tx, who authz.Caller) int64 {
	if who.IsSystem() {
		return 0
	}
	return DeletedSince(tx)
}

// GetDeleted returns the shared row of a deleted object that can be restored,
// or a NotFound fault.
func GetDeleted(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id ids.ObjectID) (Object, error) {
	o := Object{Tenant: tenant, ID: id}
	var created, deleted int64
	err := tx.One(ctx, `
		select kind, display_name, created_us, deleted_us from object
		where  tenant_id = ? and id = ? and deleted_us > 0 and deleted_us > ?`,
		[]any{tenant, id, DeletedSince(tx)}, &o.Kind, &o.DisplayName, &created, &deleted)
	o.CreatedAt, o.DeletedAt = sqldb.Time(created), sqldb.Time(deleted)
	if errors.Is(err, fault.NotFound) {
		return o, Missing(string(id))
	}
	return o, err
}

// MarkRestored takes back that an object is deleted.
func MarkRestored(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id ids.ObjectID, kind Kind) error {
	n, err := tx.Exec(ctx, `update object set deleted_us = 0 where tenant_id = ? and id = ? and deleted_us > 0`, tenant, id)
	if err != nil {
		return err
	}
	if n == 0 {
		return Missing(string(id))
	}
	return Log(ctx, tx, tenant, id, kind, Restored)
}

// Expired returns up to limit objects of all tenants that can be restored no
// more, those deleted first before the others.
func Expired(ctx context.Context, tx *sqldb.Tx, limit int) ([]Object, error) {
	return sqldb.All(ctx, tx, `
		select tenant_id, id, kind, display_name, deleted_us from object /* all tenants: thirty days pass for everybody */
		where  deleted_us > 0 and deleted_us <= ? order by deleted_us limit ?`,
		[]any{DeletedSince(tx), limit},
		func(scan func(...any) error) (o Object, err error) {
			var deleted int64
			err = scan(&o.Tenant, &o.ID, &o.Kind, &o.DisplayName, &deleted)
			o.DeletedAt = sqldb.Time(deleted)
			return o, err
		})
}

// A Remain is a purged object of which rows may be left.
type Remain struct {
	Tenant ids.TenantID
	ID     ids.ObjectID
}

// Remains returns up to limit purged objects of which rows may be left, the
// oldest first.
func Remains(ctx context.Context, tx *sqldb.Tx, limit int) ([]Remain, error) {
	return sqldb.All(ctx, tx, `
		select tenant_id, object_id from object_remains /* all tenants: whatever was purged */
		order  by purged_us, tenant_id, object_id limit ?`,
		[]any{limit},
		func(scan func(...any) error) (r Remain, err error) { return r, scan(&r.Tenant, &r.ID) })
}

// A Left names rows that hang on an object: those of a table whose column is
// the object's identifier. Key are the columns that make a row unique besides
// the tenant.
type Left struct {
	Table, Column, Key string
}

// Clear removes up to limit of the rows that hang on an object, table by
// table, and returns how many went. Each noun says what hangs in its tables.
func Clear(ctx context.Context, tx *sqldb.Tx, r Remain, limit int, lefts ...Left) (int, error) {
	gone := 0
	for _, l := range lefts {
		if gone >= limit {
			break
		}
		n, err := tx.Exec(ctx, `
			delete from `+l.Table+` where tenant_id = ? and (`+l.Key+`) in (
				select `+l.Key+` from `+l.Table+` where tenant_id = ? and `+l.Column+` = ? limit ?)`,
			r.Tenant, r.Tenant, r.ID, limit-gone)
		if err != nil {
			return gone, err
		}
		gone += int(n)
	}
	return gone, nil
}

// ClearShared removes up to limit of the rows that this package keeps of a
// purged object, and returns how many went.
func ClearShared(ctx context.Context, tx *sqldb.Tx, r Remain, limit int) (int, error) {
	n, err := Clear(ctx, tx, r, limit,
		Left{"object_owner", "object_id", "object_id, owner_id"},
		Left{"object_owner", "owner_id", "object_id, owner_id"},
		Left{"object_word", "object_id", "property, word, object_id"},
	)
	if err != nil || n > 0 {
		return n, err
	}
	return 0, Sever(ctx, tx, r.Tenant, OfServicePrincipal, string(r.ID))
}

// Forget notes that nothing is left of a purged object.
func Forget(ctx context.Context, tx *sqldb.Tx, r Remain) error {
	_, err := tx.Exec(ctx, `delete from object_remains where tenant_id = ? and object_id = ?`, r.Tenant, r.ID)
	return err
}

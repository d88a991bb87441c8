package object

import (
	"context"
	"errors"

	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
	"entente/internal/kit/sqldb"
)

// Add stores the shared row of a new object and logs its creation.
func Add(ctx context.Context, tx *sqldb.Tx, o Object, by ids.ObjectID) error {
	_, err := tx.Exec(ctx, `
		insert into object (tenant_id, id, kind, display_name, name_folded, created_us, created_by)
		values (?, ?, ?, ?, ?, ?, ?)`,
		o.Tenant, o.ID, o.Kind, o.DisplayName, query.Fold(o.DisplayName), sqldb.Micros(o.CreatedAt), by)
	if err != nil {
		return err
	}
	if err := addWords(ctx, tx, o.Tenant, o.ID, "displayName", o.DisplayName); err != nil {
		return err
	}
	return Log(ctx, tx, o.Tenant, o.ID, o.Kind, Created)
}

// Get returns an object that lives, or a NotFound fault.
func Get(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id ids.ObjectID) (Object, error) {
	o := Object{Tenant: tenant, ID: id}
	var created int64
	err := tx.One(ctx, `
		select kind, display_name, created_us from object
		where  tenant_id = ? and id = ? and deleted_us = 0`,
		[]any{tenant, id}, &o.Kind, &o.DisplayName, &created)
	o.CreatedAt = sqldb.Time(created)
	if errors.Is(err, fault.NotFound) {
		return o, Missing(string(id))
	}
	return o, err
}

// NoObject is the Reason of a fault about an object that is not there.
const NoObject fault.Reason = "object.not_found"

// Missing returns the fault of an object that is not there, in Graph's words.
func Missing(key string) *fault.Error {
	return fault.Because(fault.NotFound, NoObject,
		"Resource '%.200s' does not exist or one of its queried reference-property objects are not present.", key)
}

// Rename stores a new display name and logs the change. Call it for every
// change of an object, with the name it has then.
func Rename(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id ids.ObjectID, kind Kind, name string) error {
	n, err := tx.Exec(ctx, `update object set display_name = ?, name_folded = ? where tenant_id = ? and id = ? and display_name <> ?`,
		name, query.Fold(name), tenant, id, name)
	if err != nil {
		return err
	}
	if n > 0 {
		if err := putWords(ctx, tx, tenant, id, "displayName", name); err != nil {
			return err
		}
	}
	return Log(ctx, tx, tenant, id, kind, Changed)
}

// MarkDeleted marks an object as deleted now, so that it can be restored.
func MarkDeleted(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id ids.ObjectID, kind Kind) error {
	n, err := tx.Exec(ctx, `update object set deleted_us = ? where tenant_id = ? and id = ? and deleted_us = 0`,
		sqldb.Micros(DeletionTime(tx.Now())), tenant, id)
	if err != nil {
		return err
	}
	if n == 0 {
		return Missing(string(id))
	}
	return Log(ctx, tx, tenant, id, kind, Deleted)
}

// Purge removes an object for good: its shared row and its names at once, the
// rest of what hangs on it by and by; see Remains.
func Purge(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id ids.ObjectID, kind Kind) error {
	for _, q := range []string{
		`delete from object where tenant_id = ? and id = ?`,
		`delete from object_name where owner_tenant = ? and object_id = ? /* all tenants: names of the installation have an empty tenant_id */`,
	} {
		if _, err := tx.Exec(ctx, q, tenant, id); err != nil {
			return err
		}
	}
	if _, err := tx.Exec(ctx, `
		insert into object_remains (tenant_id, object_id, purged_us) values (?, ?, ?)
		on conflict (tenant_id, object_id) do nothing`,
		tenant, id, sqldb.Micros(tx.Now())); err != nil {
		return err
	}
	return Log(ctx, tx, tenant, id, kind, Purged)
}

// Log records a change for delta queries.
func Log(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id ids.ObjectID, kind Kind, what string) error {
	_, err := tx.Exec(ctx, `
		insert into object_change (tenant_id, id, object_id, kind, what, at_us) values (?, ?, ?, ?, ?, ?)`,
		tenant, ids.New[ids.ObjectID](), id, kind, what, sqldb.Micros(tx.Now()))
	return err
}

// TakeName reserves a name for an object. folded is the name as it is
// compared. A name that another object has is refused with Taken, the target
// being the property.
func TakeName(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, space, folded string, id ids.ObjectID, property string) error {
	n, err := tx.Exec(ctx, `
		insert into object_name (tenant_id, space, folded, owner_tenant, object_id) values (?, ?, ?, ?, ?)
		on conflict (tenant_id, space, folded) do nothing`,
		tenant, space, folded, tenant, id)
	if err != nil || n == 1 {
		return err
	}
	var holder ids.ObjectID
	if err := tx.One(ctx, `select object_id from object_name where tenant_id = ? and space = ? and folded = ?`,
		[]any{tenant, space, folded}, &holder); err != nil {
		return err
	}
	if holder == id {
		return nil
	}
	f := fault.Because(fault.Invalid, NameTaken, "Another object with the same value for property %s already exists.", property)
	f.Target = property
	return f
}

// Holder returns the object that has a name, or a NotFound fault.
func Holder(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, space, folded string) (id ids.ObjectID, err error) {
	err = tx.One(ctx, `select object_id from object_name where tenant_id = ? and space = ? and folded = ?`,
		[]any{tenant, space, folded}, &id)
	if errors.Is(err, fault.NotFound) {
		err = Missing(folded)
	}
	return id, err
}

// NameTaken is the Reason of a fault about a name that another object has.
const NameTaken fault.Reason = "object.name_taken"

// ReleaseNames gives up the names that an object holds in space.
func ReleaseNames(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, space string, id ids.ObjectID) error {
	_, err := tx.Exec(ctx, `delete from object_name where tenant_id = ? and space = ? and object_id = ?`, tenant, space, id)
	return err
}

package object

import (
	"context"
	"errors"
	"strings"

	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
	"entente/internal/kit/sqldb"
)

// Why a change of owners is refused.
const (
	AlreadyOwner fault.Reason = "object.already_owner"
	NoOwner      fault.Reason = "object.no_owner"
	NotAnyOne    fault.Reason = "object.not_a_reference" // not a kind of object that may stand here
)

// NotHere refuses an object that cannot stand in a reference, in Graph's words.
func NotHere(o Object, reference string) error {
	kind := strings.ToUpper(string(o.Kind[:1])) + string(o.Kind[1:])
	return fault.Because(fault.Invalid, NotAnyOne, "The reference target '%s_%s' of type '%s' is invalid for the '%s' reference.", kind, o.ID, kind, reference)
}

// AddOwner makes owner an owner of the object. Doing it twice is refused with
// AlreadyOwner, as Graph does.
func AddOwner(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id, owner ids.ObjectID) error {
	n, err := tx.Exec(ctx, `
		insert into object_owner (tenant_id, object_id, owner_id, added_us) values (?, ?, ?, ?)
		on conflict (tenant_id, object_id, owner_id) do nothing`,
		tenant, id, owner, sqldb.Micros(tx.Now()))
	if err == nil && n == 0 {
		err = fault.Because(fault.Invalid, AlreadyOwner,
			"One or more added object references already exist for the following modified properties: 'owners'.")
	}
	return err
}

// RemoveOwner takes owner from the object's owners; NotFound if it is none.
func RemoveOwner(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id, owner ids.ObjectID) error {
	n, err := tx.Exec(ctx, `delete from object_owner where tenant_id = ? and object_id = ? and owner_id = ?`, tenant, id, owner)
	if err == nil && n == 0 {
		err = Missing(string(owner))
	}
	if err != nil {
		return err
	}
	return Unlink(ctx, tx, tenant, OfOwner, ownerTie(id, owner))
}

// ownerTie names an ownership for its causes.
func ownerTie(id, owner ids.ObjectID) string { return string(id) + " " + string(owner) }

// GiveOwnership makes owner an owner of the object by a stored cause, and
// reports whether they were none. Of one who was, that is remembered as a cause
// of its own, which nothing here ends.
func GiveOwnership(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id, owner ids.ObjectID, cause ids.CauseID) (added bool, err error) {
	n, err := tx.Exec(ctx, `
		insert into object_owner (tenant_id, object_id, owner_id, added_us) values (?, ?, ?, ?)
		on conflict (tenant_id, object_id, owner_id) do nothing`,
		tenant, id, owner, sqldb.Micros(tx.Now()))
	if err != nil {
		return false, err
	}
	at := ownerTie(id, owner)
	if n == 0 {
		before, err := CausesOf(ctx, tx, tenant, OfOwner, at)
		if err != nil {
			return false, err
		}
		if len(before) == 0 {
			c := Cause{ID: ids.New[ids.CauseID](), Kind: ByAdministrator, Source: string(id), CreatedAt: tx.Now()}
			if err := AddCause(ctx, tx, tenant, c); err != nil {
				return false, err
			}
			if _, err := Link(ctx, tx, tenant, OfOwner, at, c.ID); err != nil {
				return false, err
			}
		}
	}
	_, err = Link(ctx, tx, tenant, OfOwner, at, cause)
	return n == 1, err
}

// TakeOwnership ends a cause and takes the ownership if it has no live cause
// left, and reports whether it did.
func TakeOwnership(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id, owner ids.ObjectID, cause ids.CauseID) (taken bool, err error) {
	tied, err := EndTie(ctx, tx, tenant, OfOwner, ownerTie(id, owner), cause)
	if err != nil || !tied {
		return false, err
	}
	_, alive, err := Life(ctx, tx, tenant, OfOwner, ownerTie(id, owner))
	if err != nil || alive {
		return false, err
	}
	err = RemoveOwner(ctx, tx, tenant, id, owner)
	if errors.Is(err, fault.NotFound) {
		return false, nil
	}
	return err == nil, err
}

// Owns reports whether owner is an owner of the object.
func Owns(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id, owner ids.ObjectID) (bool, error) {
	var n int
	err := tx.One(ctx, `select count(*) from object_owner where tenant_id = ? and object_id = ? and owner_id = ?`,
		[]any{tenant, id, owner}, &n)
	return n > 0, err
}

// Owners returns the object's owners that live, in the order they came.
func Owners(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id ids.ObjectID) ([]Object, error) {
	return sqldb.All(ctx, tx, `
		select o.id, o.kind, o.display_name, o.created_us
		from   object_owner w join object o on o.tenant_id = w.tenant_id and o.id = w.owner_id
		where  w.tenant_id = ? and w.object_id = ? and o.deleted_us = 0
		order  by w.added_us, o.id`,
		[]any{tenant, id},
		func(scan func(...any) error) (Object, error) {
			o := Object{Tenant: tenant}
			var created int64
			err := scan(&o.ID, &o.Kind, &o.DisplayName, &created)
			o.CreatedAt = sqldb.Time(created)
			return o, err
		})
}

// OwningPrograms returns the service principals that own an object and are deleted:
// they could come back.
func OwningPrograms(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id ids.ObjectID) ([]ids.ObjectID, error) {
	return sqldb.All(ctx, tx, `
		select o.id from object_owner w join object o on o.tenant_id = w.tenant_id and o.id = w.owner_id
		where  w.tenant_id = ? and w.object_id = ? and o.deleted_us > 0 and o.kind = ?`, []any{tenant, id, ServicePrincipal},
		func(scan func(...any) error) (id ids.ObjectID, err error) { return id, scan(&id) })
}

// OwnersColumn answers for owners/$count in the query.Table of a noun: alias is
// what its statements call it.
func OwnersColumn(alias string) query.Column { return ownership(alias, "object_id", "owner_id") }

// OwnedColumn answers for ownedObjects/$count.
func OwnedColumn(alias string) query.Column { return ownership(alias, "owner_id", "object_id") }

func ownership(alias, own, other string) query.Column {
	return query.Column{Items: &query.Items{
		From: "object_owner x join object o on o.tenant_id = x.tenant_id and o.id = x." + other + " and o.deleted_us = 0",
		On:   "x.tenant_id = " + alias + ".tenant_id and x." + own + " = " + alias + ".id",
	}}
}

package app

import (
	"context"
	"errors"
	"strings"

	"entente/internal/core/object"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
	"entente/internal/kit/sqldb"
)

const (
	extensionColumns = "e.tenant_id, e.application_id, e.id, e.name, e.data_type, e.multi_valued, e.targets, a.name"
	extensionsFrom   = `from application_extension e join application a on a.tenant_id = e.tenant_id and a.id = e.application_id and a.deleted_us = 0
		where e.tenant_id = ? and e.application_id = ?`
)

func scanExtension(scan func(...any) error) (Extension, error) {
	var e Extension
	var targets, name string
	err := scan(&e.Tenant, &e.Application, &e.ID, &e.Name, &e.DataType, &e.MultiValued, &targets, &name)
	e.Targets, e.AppName, e.Synced = strings.Split(targets, " "), &name, new(bool)
	return e, err
}

// ListExtensions returns what a live application defines, by name.
func ListExtensions(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, application ids.ObjectID) ([]Extension, error) {
	if _, err := GetApplication(ctx, tx, tenant, application); err != nil {
		return nil, err
	}
	return sqldb.All(ctx, tx, "select "+extensionColumns+" "+extensionsFrom+" order by e.name_folded", []any{tenant, application}, scanExtension)
}

// GetExtension returns one of them, or NotFound.
func GetExtension(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, application, id ids.ObjectID) (Extension, error) {
	e, err := scanExtension(func(dest ...any) error {
		return tx.One(ctx, "select "+extensionColumns+" "+extensionsFrom+" and e.id = ?", []any{tenant, application, id}, dest...)
	})
	if errors.Is(err, fault.NotFound) {
		err = object.Missing(string(id))
	}
	return e, err
}

// addExtension stores a new one. A name that the application has given already
// is refused with ExtensionTaken.
func addExtension(ctx context.Context, tx *sqldb.Tx, e Extension) error {
	n, err := tx.Exec(ctx, `
		insert into application_extension (tenant_id, application_id, id, name, name_folded, data_type, multi_valued, targets, created_us)
		values (?, ?, ?, ?, ?, ?, ?, ?, ?)
		on conflict (tenant_id, application_id, name_folded) do nothing`,
		e.Tenant, e.Application, e.ID, e.Name, query.Fold(e.Name), e.DataType, e.MultiValued, strings.Join(e.Targets, " "), sqldb.Micros(tx.Now()))
	if err == nil && n == 0 {
		f := fault.Because(fault.Invalid, ExtensionTaken, "An extension property exists with the name %s.", e.Name)
		f.Target = "name"
		err = f
	}
	return err
}

func dropExtension(ctx context.Context, tx *sqldb.Tx, e Extension) error {
	_, err := tx.Exec(ctx, `delete from application_extension where tenant_id = ? and application_id = ? and id = ?`, e.Tenant, e.Application, e.ID)
	return err
}

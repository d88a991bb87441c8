package offer

import (
	"context"
	"errors"
	"time"

	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// SettingsOf returns the tenant's settings.
func SettingsOf(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID) (*Settings, error) {
	s := usualSettings(tenant)
	var deleted int64
	err := tx.One(ctx, `select action, deleted_in, version from entitlement_settings where tenant_id = ?`, []any{tenant}, &s.Lifecycle, &deleted, &s.version)
	if errors.Is(err, fault.NotFound) {
		return s, nil
	}
	s.DeleteIn = time.Duration(deleted) * time.Microsecond
	return s, err
}

// putSettings stores the tenant's settings; a Conflict if someone else stored them
// since.
func putSettings(ctx context.Context, tx *sqldb.Tx, s *Settings) error {
	if s.version == 0 {
		return changed(tx.Exec(ctx, `
			insert into entitlement_settings (tenant_id, action, deleted_in, modified_us) values (?, ?, ?, ?)
			on conflict (tenant_id) do nothing`, s.Tenant, s.Lifecycle, s.DeleteIn.Microseconds(), sqldb.Micros(tx.Now())))
	}
	return changed(tx.Exec(ctx, `
		update entitlement_settings set action = ?, deleted_in = ?, modified_us = ?, version = version + 1 where tenant_id = ? and version = ?`,
		s.Lifecycle, s.DeleteIn.Microseconds(), sqldb.Micros(tx.Now()), s.Tenant, s.version))
}

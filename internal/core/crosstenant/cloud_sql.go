package crosstenant

import (
	"context"
	"encoding/json"
	"errors"

	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// Clouds returns the other clouds that the tenant allows.
func Clouds(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID) ([]string, error) {
	list := []string{}
	var text string
	err := tx.One(ctx, `select clouds from cross_tenant_policy where tenant_id = ?`, []any{tenant}, &text)
	if errors.Is(err, fault.NotFound) {
		return list, nil
	}
	if err == nil {
		err = json.Unmarshal([]byte(text), &list)
	}
	return list, err
}

func putClouds(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, list []string) error {
	text, err := json.Marshal(list)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `
		insert into cross_tenant_policy (tenant_id, clouds) values (?, ?)
		on conflict (tenant_id) do update set clouds = excluded.clouds, version = cross_tenant_policy.version + 1`,
		tenant, string(text))
	return err
}

package tenant

import (
	"context"
	"strings"

	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// Names returns the display names of tenants; those that are gone are missing.
func Names(ctx context.Context, tx *sqldb.Tx, list []ids.TenantID) (map[ids.TenantID]string, error) {
	names := make(map[ids.TenantID]string, len(list))
	if len(list) == 0 {
		return names, nil
	}
	args := make([]any, len(list))
	for i, id := range list {
		args[i] = id
	}
	err := tx.Each(ctx, `select id, display_name from tenant where id in (?`+strings.Repeat(", ?", len(list)-1)+`)`, args, func(scan func(...any) error) error {
		var id ids.TenantID
		var name string
		err := scan(&id, &name)
		names[id] = name
		return err
	})
	return names, err
}

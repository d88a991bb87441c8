package directory

import (
	"context"
	"errors"

	"entente/internal/core/object"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// userOf returns the live user who stands for a person of another tenant, or
// NotFound.
func userOf(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, person ids.Principal) (id ids.ObjectID, err error) {
	err = tx.One(ctx, `select id from account where tenant_id = ? and home_tenant = ? and home_object = ? and home_tenant <> '' and deleted_us = 0`,
		[]any{tenant, person.Home, person.ID}, &id)
	if errors.Is(err, fault.NotFound) {
		err = object.Missing(string(person.ID))
	}
	return id, err
}

package directory

import (
	"context"
	"strings"

	"entente/internal/kit/ids"
	"entente/internal/kit/query"
	"entente/internal/kit/sqldb"
)

// maxPlaces bounds in how many tenants one person is looked for.
const maxPlaces = 100

// TenantsOf returns the tenants in which a person of another one is a user.
func TenantsOf(ctx context.Context, tx *sqldb.Tx, person ids.Principal) ([]ids.TenantID, error) {
	return sqldb.All(ctx, tx, `
		/* all tenants: a person asks where they are */
		select tenant_id from account where home_tenant = ? and home_object = ? and home_tenant <> '' and deleted_us = 0 order by tenant_id limit ?`,
		[]any{person.Home, person.ID, maxPlaces}, scanTenant)
}

// TenantsAwaiting returns the tenants in which a guest with one of the addresses
// has not accepted yet.
func TenantsAwaiting(ctx context.Context, tx *sqldb.Tx, addresses []string) ([]ids.TenantID, error) {
	if len(addresses) == 0 {
		return nil, nil
	}
	addresses = addresses[:min(len(addresses), maxPlaces)]
	args := make([]any, 0, len(addresses)+1)
	for _, a := range addresses {
		args = append(args, query.Fold(a))
	}
	return sqldb.All(ctx, tx, `
		/* all tenants: a person asks where they are awaited */
		select distinct tenant_id from account
		where  mail_folded in (`+strings.TrimSuffix(strings.Repeat("?, ", len(addresses)), ", ")+`)
		and    external_state = 'PendingAcceptance' and deleted_us = 0
		order  by tenant_id limit ?`, append(args, maxPlaces), scanTenant)
}

func scanTenant(scan func(...any) error) (id ids.TenantID, err error) { return id, scan(&id) }

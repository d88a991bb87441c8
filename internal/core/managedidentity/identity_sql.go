package managedidentity

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	"entente/internal/core/object"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
	"entente/internal/kit/sqldb"
)

const identityColumns = `i.principal_id, i.client_id, i.subscription_id, i.group_name, i.name, i.location, i.isolation, i.tags, i.created_us`

func scanIdentity(tenant ids.TenantID, scan func(...any) error) (*Identity, error) {
	i := &Identity{Tenant: tenant, Resource: Resource{Type: TypeIdentity}}
	var tags string
	var created int64
	if err := scan(&i.Principal, &i.Client, &i.Subscription, &i.Group, &i.Name, &i.Location, &i.Isolation, &tags, &created); err != nil {
		return nil, err
	}
	i.CreatedAt = sqldb.Time(created)
	return i, json.Unmarshal([]byte(tags), &i.Tags)
}

func addIdentity(ctx context.Context, tx *sqldb.Tx, i *Identity) error {
	tags, err := marshalTags(i.Tags)
	if err != nil {
		return err
	}
	group, _, name := i.folded()
	_, err = tx.Exec(ctx, `
		insert into managed_identity (tenant_id, principal_id, client_id, subscription_id, group_folded, name_folded,
		                              group_name, name, location, isolation, tags, created_us)
		values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		i.Tenant, i.Principal, i.Client, i.Subscription, group, name, i.Group, i.Name, i.Location, i.Isolation, tags, sqldb.Micros(i.CreatedAt))
	return err
}

func putIdentity(ctx context.Context, tx *sqldb.Tx, i *Identity) error {
	tags, err := marshalTags(i.Tags)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `update managed_identity set isolation = ?, tags = ? where tenant_id = ? and principal_id = ?`,
		i.Isolation, tags, i.Tenant, i.Principal)
	return err
}

// getIdentity returns the identity at a place, or NotFound.
func getIdentity(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, r Resource) (*Identity, error) {
	group, _, name := r.folded()
	i, err := scanIdentity(tenant, func(dest ...any) error {
		return tx.One(ctx, "select "+identityColumns+` from managed_identity i
			where i.tenant_id = ? and i.subscription_id = ? and i.group_folded = ? and i.name_folded = ?`,
			[]any{tenant, r.Subscription, group, name}, dest...)
	})
	if errors.Is(err, fault.NotFound) {
		return nil, noResource(r)
	}
	return i, err
}

// ByPrincipal returns the user-assigned identity whose service principal id
// is, or a NotFound fault.
func ByPrincipal(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id ids.ObjectID) (*Identity, error) {
	return scanIdentity(tenant, func(dest ...any) error {
		return tx.One(ctx, "select "+identityColumns+" from managed_identity i where i.tenant_id = ? and i.principal_id = ?",
			[]any{tenant, id}, dest...)
	})
}

// listIdentities returns a subscription's identities, or one group's.
func listIdentities(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, sub SubscriptionID, group string, p Page) ([]*Identity, error) {
	group = strings.ToLower(group)
	return sqldb.All(ctx, tx, "select "+identityColumns+` from managed_identity i
		where i.tenant_id = ? and i.subscription_id = ? and (? = '' or i.group_folded = ?)
		  and i.group_folded || '/' || i.name_folded > ?
		order by i.group_folded || '/' || i.name_folded limit ?`,
		[]any{tenant, sub, group, group, p.After, p.limit() + 1},
		func(scan func(...any) error) (*Identity, error) { return scanIdentity(tenant, scan) })
}

// dropIdentity removes an identity, and from every host that has it.
func dropIdentity(ctx context.Context, tx *sqldb.Tx, i *Identity) error {
	for _, q := range []string{
		`delete from managed_identity where tenant_id = ? and principal_id = ?`,
		`delete from host_identity where tenant_id = ? and principal_id = ?`,
	} {
		if _, err := tx.Exec(ctx, q, i.Tenant, i.Principal); err != nil {
			return err
		}
	}
	return nil
}

// IsManagedIdentity reports whether the object is the service principal of a
// managed identity of the tenant, of either kind.
func IsManagedIdentity(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id ids.ObjectID) (bool, error) {
	if id == "" {
		return false, nil
	}
	var n int
	err := tx.One(ctx, `
		select (select count(*) from managed_identity where tenant_id = ? and principal_id = ?)
		     + (select count(*) from host where tenant_id = ? and system_principal = ?)`,
		[]any{tenant, id, tenant, id}, &n)
	return n > 0, err
}

// IdentityTable tells by what identities can be found and sorted in all
// subscriptions together.
var IdentityTable = query.Table{
	Key: []string{"id"},
	Fields: map[string]query.Column{
		"id":           {SQL: "i.principal_id"},
		"name":         {SQL: "i.name_folded", Fold: true},
		"subscription": {SQL: "i.subscription_id", Fold: true},
		"group":        {SQL: "i.group_folded", Fold: true},
	},
}

// listEverywhere returns a page of the tenant's identities.
func listEverywhere(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, q query.Query) (object.Page[*Identity], error) {
	return object.List(ctx, tx, q, IdentityTable, identityColumns, "from managed_identity i where i.tenant_id = ?", []any{tenant},
		func(scan func(...any) error) (*Identity, error) { return scanIdentity(tenant, scan) })
}

package provision

import (
	"cmp"
	"context"
	"slices"

	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

const grantColumns = `g.tenant_id, g.id, g.object_id, g.system, g.origin, g.role, g.place, s.source, s.cause_id, s.state, s.error, s.ends_us`

const grantsFrom = ` from provision_source s join provision_grant g on g.tenant_id = s.tenant_id and g.id = s.grant_id where s.tenant_id = ?`

func scanGrant(scan func(...any) error) (*Grant, error) {
	g := &Grant{}
	var ends int64
	err := scan(&g.Tenant, &g.ID, &g.Object, &g.Role.System, &g.Role.Origin, &g.Role.Role, &g.Place, &g.Source, &g.Cause, &g.State, &g.Error, &ends)
	g.Until = sqldb.Time(ends)
	return g, err
}

// putGrant stores what one source wants, and what became of it.
func putGrant(ctx context.Context, tx *sqldb.Tx, g *Grant) error {
	return putGrants(ctx, tx, []*Grant{g})
}

// putGrants does so for several, each kind of row in one statement.
func putGrants(ctx context.Context, tx *sqldb.Tx, all []*Grant) error {
	now := sqldb.Micros(tx.Now())
	grants, sources := make([][]any, len(all)), make([][]any, len(all))
	for i, g := range all {
		grants[i] = []any{g.Tenant, g.ID, g.Object, g.Role.System, g.Role.Origin, g.Role.Role, g.Place, now}
		sources[i] = []any{g.Tenant, g.ID, g.Source, g.Cause, g.State, g.Error, sqldb.Micros(g.Until), now}
	}
	if err := tx.Queue(ctx, `
		insert into provision_grant (tenant_id, id, object_id, system, origin, role, place, created_us) values (?, ?, ?, ?, ?, ?, ?, ?)
		on conflict (tenant_id, id) do update set place = excluded.place`, grants); err != nil {
		return err
	}
	return tx.Queue(ctx, `
		insert into provision_source (tenant_id, grant_id, source, cause_id, state, error, ends_us, changed_us) values (?, ?, ?, ?, ?, ?, ?, ?)
		on conflict (tenant_id, grant_id, source) do update
		set state = excluded.state, error = excluded.error, ends_us = excluded.ends_us, changed_us = excluded.changed_us`, sources)
}

// dropGrants forgets what sources wanted, and each grant with its last one.
func dropGrants(ctx context.Context, tx *sqldb.Tx, all []*Grant) error {
	if len(all) == 0 {
		return nil
	}
	sources, grants := make([][]any, len(all)), make([]string, len(all))
	for i, g := range all {
		sources[i], grants[i] = []any{g.Tenant, g.ID, g.Source}, g.ID
	}
	if err := tx.Queue(ctx, `delete from provision_source where tenant_id = ? and grant_id = ? and source = ?`, sources); err != nil {
		return err
	}
	in, values := sqldb.In(grants)
	_, err := tx.Exec(ctx, `
		delete from provision_grant
		where  tenant_id = ? and id in (`+in+`)
		and    not exists (select 1 from provision_source s where s.tenant_id = provision_grant.tenant_id and s.grant_id = provision_grant.id)`,
		append([]any{all[0].Tenant}, values...)...)
	return err
}

// Of returns what a source wants or has, in a fixed order.
func Of(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, source string) ([]*Grant, error) {
	return sqldb.All(ctx, tx, "select "+grantColumns+grantsFrom+` and s.source = ? order by s.grant_id limit ?`, []any{tenant, source, maxRoles}, scanGrant)
}

// OfAll returns what each of some sources wants or has, in a fixed order.
func OfAll(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, sources []string) (map[string][]*Grant, error) {
	of := make(map[string][]*Grant, len(sources))
	if len(sources) == 0 {
		return of, nil
	}
	in, values := sqldb.In(sources)
	// Sorted here: an order in the statement has SQLite read all that there is in it.
	all, err := sqldb.All(ctx, tx, "select "+grantColumns+grantsFrom+" and s.source in ("+in+")", append([]any{tenant}, values...), scanGrant)
	slices.SortFunc(all, func(a, b *Grant) int { return cmp.Compare(a.ID, b.ID) })
	for _, g := range all {
		of[g.Source] = append(of[g.Source], g)
	}
	return of, err
}

// maxRoles bounds how many roles one source has, so that they fit into one
// transaction.
const maxRoles = 200

package offer

import (
	"context"

	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// An OrganizationScope is some of a tenant's connected organizations.
type OrganizationScope struct {
	Only  []ids.OrganizationID // nil: all
	State OrganizationState    // empty: of any
}

func (s OrganizationScope) where(tenant ids.TenantID) (string, []any) {
	limit, args := Among("o.id", s.Only)
	return " o.tenant_id = ? and (? = '' or o.state = ?)" + limit, append([]any{tenant, s.State, s.State}, args...)
}

// OrganizationNames returns the names of the first organizations of a scope, in
// order, and how many it has.
func OrganizationNames(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, s OrganizationScope, first int) (names []string, n int, err error) {
	where, args := s.where(tenant)
	return firstNames(ctx, tx, where, args, first)
}

// sponsoring is the condition on sponsors of an organization that are still there; of
// either kind, or both.
const sponsoring = `organization_sponsor s join object x on x.tenant_id = s.tenant_id and x.id = s.sponsor_id and x.deleted_us = 0
	where s.tenant_id = o.tenant_id and s.organization_id = o.id and (s.external = ? or s.external = ?)`

// Unsponsored does so for those that have nobody as a sponsor: internal or external,
// or of either kind where both count.
func Unsponsored(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, s OrganizationScope, internal, external bool, first int) (names []string, n int, err error) {
	where, args := s.where(tenant)
	return firstNames(ctx, tx, where+" and not exists (select 1 from "+sponsoring+")", append(args, !internal, external), first)
}

// SponsorCount returns how many sponsors the organizations of a scope have, internal
// or external ones.
func SponsorCount(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, of OrganizationScope, external bool) (n int, err error) {
	where, args := of.where(tenant)
	err = tx.One(ctx, `
		select count(distinct s.sponsor_id) from connected_organization o
		join   organization_sponsor s on s.tenant_id = o.tenant_id and s.organization_id = o.id and s.external = ?
		join   object x on x.tenant_id = s.tenant_id and x.id = s.sponsor_id and x.deleted_us = 0
		where `+where, append([]any{external}, args...), &n)
	return n, err
}

func firstNames(ctx context.Context, tx *sqldb.Tx, where string, args []any, first int) (names []string, n int, err error) {
	if err = tx.One(ctx, "select count(*) from connected_organization o where"+where, args, &n); err != nil || n == 0 {
		return nil, n, err
	}
	names, err = sqldb.All(ctx, tx, "select o.name from connected_organization o where"+where+" order by o.name_folded, o.id limit ?", append(args, first),
		func(scan func(...any) error) (name string, err error) { return name, scan(&name) })
	return names, n, err
}

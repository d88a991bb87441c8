package consent

import (
	"context"

	"entente/internal/core/object"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// ClearRemains removes up to limit assignments and grants of a purged object,
// on whichever side, with their causes, and returns how many went.
func ClearRemains(ctx context.Context, tx *sqldb.Tx, r object.Remain, limit int) (int, error) {
	assignments, err := sqldb.All(ctx, tx, `
		select id from app_role_assignment where tenant_id = ? and (principal_id = ? or resource_id = ?) limit ?`,
		[]any{r.Tenant, r.ID, r.ID, limit},
		func(scan func(...any) error) (id ids.AssignmentID, err error) { return id, scan(&id) })
	if err != nil {
		return 0, err
	}
	for _, id := range assignments {
		if err := object.Sever(ctx, tx, r.Tenant, object.OfRoleAssignment, string(id)); err != nil {
			return 0, err
		}
		if err := dropAssignment(ctx, tx, r.Tenant, id); err != nil {
			return 0, err
		}
	}
	if len(assignments) > 0 {
		return len(assignments), nil
	}
	return clearScopes(ctx, tx, r, limit)
}

// clearScopes removes up to limit scopes of grants, and the grants that have
// none left.
func clearScopes(ctx context.Context, tx *sqldb.Tx, r object.Remain, limit int) (int, error) {
	const of = `g.tenant_id = ? and (g.client_id = ? or g.resource_id = ? or g.principal_id = ?)`
	type scope struct {
		id    ids.GrantID
		value string
	}
	scopes, err := sqldb.All(ctx, tx, `
		select g.id, s.scope from permission_grant g join grant_scope s on s.tenant_id = g.tenant_id and s.grant_id = g.id
		where  `+of+` limit ?`,
		[]any{r.Tenant, r.ID, r.ID, r.ID, limit},
		func(scan func(...any) error) (s scope, err error) { return s, scan(&s.id, &s.value) })
	if err != nil {
		return 0, err
	}
	for _, s := range scopes {
		if err := object.Sever(ctx, tx, r.Tenant, object.OfScope, string(s.id)+" "+s.value); err != nil {
			return 0, err
		}
		if err := dropScope(ctx, tx, r.Tenant, s.id, s.value); err != nil {
			return 0, err
		}
	}
	if len(scopes) > 0 {
		return len(scopes), nil
	}
	n, err := tx.Exec(ctx, `
		delete from permission_grant where tenant_id = ? and id in (select g.id from permission_grant g where `+of+` limit ?)`,
		r.Tenant, r.Tenant, r.ID, r.ID, r.ID, limit)
	return int(n), err
}

package policy

import (
	"context"

	"entente/internal/core/tenant"
	"entente/internal/edge/graph/edm"
	"entente/internal/kit/sqldb"
)

// authorization is the singleton /policies/authorizationPolicy: what people may
// do without a role.
// https://learn.microsoft.com/graph/api/resources/authorizationpolicy?view=graph-rest-1.0
func (s Services) authorization() *edm.Set {
	return &edm.Set{
		Path: edm.Both("authorizationPolicy"), Type: edm.Of("authorizationPolicy"), Single: true,
		Doc: "https://learn.microsoft.com/graph/api/resources/authorizationpolicy?view=graph-rest-1.0",
		Get: edm.Get{May: edm.Alike(edm.Any("Policy.Read.All", "Policy.ReadWrite.Authorization")).Needing("authorizationPolicy/standard/read"), Do: s.getAuthorization},
		Update: edm.Change{May: edm.Alike(edm.Any("Policy.ReadWrite.Authorization")).Needing("authorizationPolicy/allProperties/update"), Do: func(ctx context.Context, r *edm.Request) error {
			return s.Tenants.UpdateAuthorization(ctx, r.Who, r.Body)
		}},
	}
}

func (s Services) getAuthorization(ctx context.Context, r *edm.Request) (edm.Item, error) {
	return s.read(ctx, r, "authorizationPolicy/standard/read", func(tx *sqldb.Tx) (edm.Item, error) {
		a, err := tenant.GetAuthorization(ctx, tx, r.Who.Tenant)
		if err != nil {
			return edm.Item{}, err
		}
		return item(a.ID, a)
	})
}

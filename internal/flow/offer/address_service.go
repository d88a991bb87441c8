package offer

import (
	"context"

	"entente/internal/core/app"
	"entente/internal/core/authz"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
	"entente/internal/kit/sqldb"
)

// PutAddresses puts into the resources of roles, which the caller has been shown,
// the addresses that their applications have now. A catalog keeps the one of when
// the resource was added; an application that is no more has none.
func (s *Service) PutAddresses(ctx context.Context, who authz.Caller, all ...[]RoleScope) error {
	resources := make(map[ids.ObjectID][]*Resource)
	var keys []any
	for _, roles := range all {
		for _, r := range roles {
			if r.Resource.Origin != AadApplication {
				continue
			}
			if resources[r.Resource.Object] == nil {
				keys = append(keys, string(r.Resource.Object))
			}
			resources[r.Resource.Object] = append(resources[r.Resource.Object], r.Resource)
		}
	}
	if len(keys) == 0 {
		return nil
	}
	return s.db.View(ctx, func(tx *sqldb.Tx) error {
		page, err := app.ListPrincipals(ctx, tx, who.Tenant, query.Query{Filter: query.In{Field: "id", Values: keys}, Page: query.Page{Limit: len(keys)}})
		if err != nil {
			return err
		}
		now := make(map[ids.ObjectID]string)
		for _, p := range page.Items {
			now[p.ID] = opensAt(p)
		}
		for id, list := range resources {
			for _, r := range list {
				r.URL = now[id]
			}
		}
		return nil
	})
}

// opensAt returns the address for signing in to an application, as Graph documents
// url, or nothing.
func opensAt(p *app.ServicePrincipal) string {
	at := ""
	for _, x := range []*string{p.Homepage, p.LoginURL} {
		if x != nil {
			at = *x
		}
	}
	return at
}

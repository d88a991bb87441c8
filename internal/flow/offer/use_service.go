package offer

import (
	"context"

	"entente/internal/core/authz"
	"entente/internal/core/object"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
	"entente/internal/kit/sqldb"
)

// A Use is a group or application as a resource of a catalog, with what access
// packages give of it.
type Use struct {
	*Resource
	CatalogName string
	Given       []GivenRole
}

// A GivenRole is a role that an access package gives.
type GivenRole struct {
	Package ids.PackageID
	Name    string // of the package
	Role    string
}

// mostUses bounds how many catalogs are shown of a thing.
const mostUses = 50

// UsesOf returns where a group or application of the caller's tenant is offered, in
// the catalogs that the caller reads, by name.
func (s *Service) UsesOf(ctx context.Context, who authz.Caller, of ids.ObjectID) ([]Use, error) {
	return View(ctx, s.db, func(tx *sqldb.Tx) ([]Use, error) {
		only, err := Readable(ctx, tx, who, ToRead)
		if err != nil {
			return nil, err
		}
		page, err := listResources(ctx, tx, who.Tenant, only, query.Query{Filter: query.Compare{Field: "object", Op: query.Eq, Value: string(of)}, Page: query.Page{Limit: mostUses}})
		if err != nil || len(page.Items) == 0 {
			return nil, err
		}
		return usesIn(ctx, tx, who.Tenant, of, page)
	})
}

func usesIn(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, of ids.ObjectID, page object.Page[*Resource]) ([]Use, error) {
	in := query.In{Field: "id"}
	for _, r := range page.Items {
		in.Values = append(in.Values, string(r.Catalog))
	}
	catalogs, err := listCatalogs(ctx, tx, tenant, nil, query.Query{Filter: in})
	if err != nil {
		return nil, err
	}
	given, err := rolesOfObject(ctx, tx, tenant, of)
	if err != nil {
		return nil, err
	}
	var packages []ids.PackageID
	for _, g := range given {
		packages = append(packages, g.Package)
	}
	names, err := PackageNames(ctx, tx, tenant, packages)
	if err != nil {
		return nil, err
	}
	var uses []Use
	for _, r := range page.Items {
		u := Use{Resource: r}
		for _, c := range catalogs.Items {
			if c.ID == r.Catalog {
				u.CatalogName = c.Name
			}
		}
		for _, g := range given {
			if g.Resource.ID == r.ID {
				u.Given = append(u.Given, GivenRole{g.Package, names[g.Package], g.Role.Name})
			}
		}
		uses = append(uses, u)
	}
	return uses, nil
}

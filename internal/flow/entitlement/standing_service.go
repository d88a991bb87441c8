package entitlement

import (
	"context"

	"entente/internal/core/authz"
	"entente/internal/core/object"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
	"entente/internal/kit/sqldb"
)

// HeldBy returns a page of the assignments of a user of the caller's tenant, the
// latest first, to those who read them by a role.
func (s *Service) HeldBy(ctx context.Context, who authz.Caller, user ids.ObjectID, page query.Page) (List[HeldRow], error) {
	var of []*Subject
	err := s.db.View(ctx, func(tx *sqldb.Tx) error {
		found, err := listSubjects(ctx, tx, who.Tenant, query.Query{Filter: query.Compare{Field: "objectId", Op: query.Eq, Value: string(user)}, Page: query.Page{Limit: 1}})
		of = found.Items
		return err
	})
	if err != nil {
		return List[HeldRow]{}, err
	}
	target := ids.Nil // which nobody is: the right to read is asked for all the same
	if len(of) > 0 {
		target = string(of[0].ID)
	}
	return s.Held(ctx, who, "", Asked{Query: query.Query{Filter: query.Compare{Field: "target/id", Op: query.Eq, Value: target}, Order: []query.Key{{Field: "createdDateTime", Desc: true}}, Page: page}})
}

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
	return view(ctx, s, func(tx *sqldb.Tx) ([]Use, error) {
		only, err := readable(ctx, tx, who, toRead)
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
	names, err := packageNames(ctx, tx, tenant, packages)
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

package governance

import (
	"context"
	"encoding/json"
	"time"

	"entente/internal/core/object"
	"entente/internal/edge/graph/edm"
	"entente/internal/flow/offer"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// packages is the entity set …/accessPackages.
// https://learn.microsoft.com/graph/api/resources/accesspackage?view=graph-rest-1.0
func (s Services) packages() *edm.Set {
	own := func(r *edm.Request) ids.PackageID { return ids.PackageID(r.Parents[0]) }
	set := s.packageSet(func(*edm.Request) ids.CatalogID { return "" })
	set.Raw = true
	set.Create = edm.Create{May: write, Do: func(ctx context.Context, r *edm.Request) (edm.Item, error) {
		catalog, to, err := readPackage(r.Body)
		if err != nil {
			return edm.Item{}, err
		}
		p, err := s.Entitlement.CreatePackage(ctx, r.Who, catalog, to)
		return rendered(p, err, packageItem)
	}}
	set.Update = edm.Change{May: write, Do: func(ctx context.Context, r *edm.Request) error {
		catalog, to, err := readPackage(r.Body)
		if err != nil {
			return err
		}
		return s.Entitlement.UpdatePackage(ctx, r.Who, ids.PackageID(r.ID), catalog, to)
	}}
	set.Delete = edm.Change{May: write, Do: func(ctx context.Context, r *edm.Request) error {
		return s.Entitlement.DeletePackage(ctx, r.Who, ids.PackageID(r.ID))
	}}
	set.Actions = []edm.Action{{
		Name: "moveToCatalog", May: write, Params: []edm.Prop{{Name: "catalogId", Type: edm.Guid, Required: true}},
		Do: func(ctx context.Context, r *edm.Request) (json.RawMessage, error) {
			var ask struct {
				Catalog ids.CatalogID `json:"catalogId"`
			}
			if err := json.Unmarshal(r.Body, &ask); err != nil {
				return nil, err
			}
			return nil, s.Entitlement.MovePackage(ctx, r.Who, ids.PackageID(r.ID), ask.Catalog)
		},
	}, s.requirements()}
	set.Common = []edm.Action{s.requestable()}
	set.Parts = []*edm.Set{
		s.catalogOf(edm.Name{V1: "catalog", Beta: "accessPackageCatalog"}, func(ctx context.Context, r *edm.Request) (ids.CatalogID, error) {
			p, err := s.Entitlement.Package(ctx, r.Who, "", own(r))
			if err != nil {
				return "", err
			}
			return p.Catalog, nil
		}),
		s.policiesOf(own), s.roleScopes(own),
		s.incompatible("incompatibleAccessPackages", own, false), s.incompatible("accessPackagesIncompatibleWith", own, true),
		s.incompatibleGroups(own),
	}
	return set
}

// packagesOfCatalog is the part accessPackages of a catalog.
func (s Services) packagesOfCatalog() *edm.Set {
	return s.packageSet(func(r *edm.Request) ids.CatalogID { return ids.CatalogID(r.Parents[0]) })
}

func (s Services) packageSet(in func(*edm.Request) ids.CatalogID) *edm.Set {
	return &edm.Set{
		Path: edm.Both("accessPackages"), Type: edm.Of("accessPackage"), Deep: true,
		Doc: "https://learn.microsoft.com/graph/api/resources/accesspackage?view=graph-rest-1.0",
		List: edm.List{May: read, Do: func(ctx context.Context, r *edm.Request) (edm.Page, error) {
			l, err := s.Entitlement.Packages(ctx, r.Who, in(r), asked(r))
			return paged(l, err, packageItem)
		}},
		Get: edm.Get{May: read, Do: func(ctx context.Context, r *edm.Request) (edm.Item, error) {
			p, err := s.Entitlement.Package(ctx, r.Who, in(r), ids.PackageID(r.ID))
			return rendered(p, err, packageItem)
		}},
	}
}

// packageOf is the single part accessPackage of what belongs to one.
func (s Services) packageOf(of func(context.Context, *edm.Request) (ids.PackageID, error)) *edm.Set {
	return s.packagePart(func(ctx context.Context, r *edm.Request) (*offer.Package, error) {
		id, err := of(ctx, r)
		if err != nil {
			return nil, err
		}
		return s.Entitlement.Package(ctx, r.Who, "", id)
	})
}

// packagePart is the single part accessPackage, which of finds.
func (s Services) packagePart(of func(context.Context, *edm.Request) (*offer.Package, error)) *edm.Set {
	return &edm.Set{
		Path: edm.Both("accessPackage"), Type: edm.Of("accessPackage"), Single: true, Deep: true,
		Get: edm.Get{May: read, Do: func(ctx context.Context, r *edm.Request) (edm.Item, error) {
			p, err := of(ctx, r)
			return rendered(p, err, packageItem)
		}},
		Parts: []*edm.Set{s.catalogOf(edm.Name{V1: "catalog", Beta: "accessPackageCatalog"}, func(ctx context.Context, r *edm.Request) (ids.CatalogID, error) {
			p, err := of(ctx, r)
			if err != nil {
				return "", err
			}
			return p.Catalog, nil
		})},
	}
}

func readPackage(raw json.RawMessage) (catalog ids.CatalogID, to offer.PackageChange, err error) {
	b := readBody(raw)
	catalog = ids.CatalogID(b.reference("catalogId", "catalog", "accessPackageCatalog"))
	to.Name, to.Description, to.Hidden = b.text("displayName"), b.text("description"), b.flag("isHidden")
	b.pass("id", "createdBy", "createdDateTime", "modifiedBy", "modifiedDateTime", "isRoleScopesVisible", "uniqueName",
		"accessPackageAssignmentPolicies", "accessPackageResourceRoleScopes", "assignmentPolicies", "resourceRoleScopes")
	return catalog, to, b.end()
}

// A packageFace is what v1.0 shows of an access package.
type packageFace struct {
	ID          ids.PackageID `json:"id"`
	Created     time.Time     `json:"createdDateTime"`
	Description *string       `json:"description"`
	Name        string        `json:"displayName"`
	Hidden      bool          `json:"isHidden"`
	Modified    time.Time     `json:"modifiedDateTime"`
}

func packageItem(p *offer.Package) (edm.Item, error) {
	return item(string(p.ID), packageFace{p.ID, p.CreatedAt, text(p.Description), p.Name, p.Hidden, p.ModifiedAt},
		map[string]any{"catalogId": p.Catalog, "createdBy": text(p.CreatedBy), "modifiedBy": text(p.ModifiedBy), "isRoleScopesVisible": true})
}

// roleScopes is the part resourceRoleScopes of an access package.
// https://learn.microsoft.com/graph/api/resources/accesspackageresourcerolescope?view=graph-rest-1.0
func (s Services) roleScopes(own func(*edm.Request) ids.PackageID) *edm.Set {
	list := func(ctx context.Context, r *edm.Request) (edm.Page, error) {
		given, err := s.Entitlement.PackageRoles(ctx, r.Who, own(r))
		return whole(given, err, roleScopeItem)
	}
	return &edm.Set{
		Path: edm.Name{V1: "resourceRoleScopes", Beta: "accessPackageResourceRoleScopes"}, Type: edm.Of("accessPackageResourceRoleScope"),
		Deep: true, Raw: true, FreeKeys: true, Unpaged: true,
		Doc:  "https://learn.microsoft.com/graph/api/resources/accesspackageresourcerolescope?view=graph-rest-1.0",
		List: edm.List{May: read, Do: list},
		Get:  edm.Get{May: read, Do: edm.OneOf(list)},
		Create: edm.Create{May: write, Do: func(ctx context.Context, r *edm.Request) (edm.Item, error) {
			ask, err := readRoleScope(r.Body)
			if err != nil {
				return edm.Item{}, err
			}
			g, err := s.Entitlement.AddRole(ctx, r.Who, own(r), ask)
			return rendered(g, err, roleScopeItem)
		}},
		Delete: edm.Change{May: write, Do: func(ctx context.Context, r *edm.Request) error {
			return s.Entitlement.RemoveRole(ctx, r.Who, own(r), r.ID)
		}},
		Parts: s.ofRoleScope(),
	}
}

// allRoleScopes is the entity set …/resourceRoleScopes: of all access packages.
func (s Services) allRoleScopes() *edm.Set {
	return &edm.Set{
		Path: edm.Name{V1: "resourceRoleScopes", Beta: "accessPackageResourceRoleScopes"}, Type: edm.Of("accessPackageResourceRoleScope"), Deep: true, FreeKeys: true,
		Doc: "https://learn.microsoft.com/graph/api/resources/accesspackageresourcerolescope?view=graph-rest-1.0",
		List: edm.List{May: read, Do: func(ctx context.Context, r *edm.Request) (edm.Page, error) {
			l, err := s.Entitlement.RoleScopes(ctx, r.Who, asked(r))
			return paged(l, err, roleScopeItem)
		}},
		Get: edm.Get{May: read, Do: func(ctx context.Context, r *edm.Request) (edm.Item, error) {
			g, err := s.Entitlement.RoleScope(ctx, r.Who, r.ID)
			return rendered(g, err, roleScopeItem)
		}},
		Parts: s.ofRoleScope(),
	}
}

// ofRoleScope are the parts role and scope of what a package gives.
func (s Services) ofRoleScope() []*edm.Set {
	given := func(ctx context.Context, r *edm.Request) (offer.RoleScope, error) {
		return s.Entitlement.RoleScope(ctx, r.Who, r.Parent())
	}
	resource := func(ctx context.Context, r *edm.Request) (ids.ResourceID, error) {
		g, err := given(ctx, r)
		if err != nil {
			return "", err
		}
		return g.Resource.ID, nil
	}
	return []*edm.Set{
		{
			Path: edm.Name{V1: "role", Beta: "accessPackageResourceRole"}, Type: edm.Of("accessPackageResourceRole"), Single: true, Deep: true,
			Get: edm.Get{May: read, Do: func(ctx context.Context, r *edm.Request) (edm.Item, error) {
				g, err := given(ctx, r)
				return rendered(g.Role, err, roleItem)
			}},
			Parts: []*edm.Set{s.resourceOf(resource)},
		},
		{
			Path: edm.Name{V1: "scope", Beta: "accessPackageResourceScope"}, Type: edm.Of("accessPackageResourceScope"), Single: true, Deep: true,
			Get: edm.Get{May: read, Do: func(ctx context.Context, r *edm.Request) (edm.Item, error) {
				g, err := given(ctx, r)
				return rendered(g.Scope, err, scopeItem)
			}},
			Parts: []*edm.Set{s.resourceOf(resource)},
		},
	}
}

func readRoleScope(raw json.RawMessage) (ask offer.RoleAsk, err error) {
	b := readBody(raw)
	for _, name := range []string{"role", "accessPackageResourceRole"} {
		x := b.object(name)
		if x == nil {
			continue
		}
		ask.Role, ask.RoleOriginID, ask.Origin = ids.ObjectID(x.id("id")), x.word("originId"), originOf(x)
		for _, of := range []string{"resource", "accessPackageResource"} {
			if o := x.object(of); o != nil {
				ask.Resource, ask.OriginID = ids.ResourceID(o.id("id")), o.word("originId")
				if origin := originOf(o); origin != "" {
					ask.Origin = origin
				}
			}
		}
	}
	for _, name := range []string{"scope", "accessPackageResourceScope"} {
		if x := b.object(name); x != nil {
			ask.Scope = ids.ObjectID(x.id("id"))
			if origin := x.word("originId"); ask.OriginID == "" && ask.Resource == "" {
				ask.OriginID = origin
			}
		}
	}
	b.pass("id", "createdBy", "createdDateTime", "modifiedBy", "modifiedDateTime")
	if ask.Role == "" && ask.RoleOriginID == "" {
		b.fail("role", "A role is named by its identifier, or by its originId.")
	}
	return ask, b.end()
}

type roleScopeFace struct {
	ID      string    `json:"id"`
	Created time.Time `json:"createdDateTime"`
}

func roleScopeItem(g offer.RoleScope) (edm.Item, error) {
	return item(g.ID(), roleScopeFace{g.ID(), g.CreatedAt}, nil)
}

// incompatible is a part that shows the packages that one is incompatible with,
// or with inverse those that are incompatible with it.
func (s Services) incompatible(name string, own func(*edm.Request) ids.PackageID, inverse bool) *edm.Set {
	set := &edm.Set{
		Path: edm.Both(name), Type: edm.Of("accessPackage"), Linked: !inverse,
		Doc: "https://learn.microsoft.com/graph/api/accesspackage-list-incompatibleaccesspackages?view=graph-rest-1.0",
		List: edm.List{May: read, Do: func(ctx context.Context, r *edm.Request) (edm.Page, error) {
			l, err := s.Entitlement.Incompatible(ctx, r.Who, own(r), inverse, asked(r))
			return paged(l, err, packageItem)
		}},
		Get: edm.Get{May: read, Do: func(ctx context.Context, r *edm.Request) (edm.Item, error) {
			l, err := s.Entitlement.Incompatible(ctx, r.Who, own(r), inverse, offer.One(r.ID))
			return only(l, err, r.ID, packageItem)
		}},
	}
	if !inverse {
		set.Link = edm.Change{May: write, Do: func(ctx context.Context, r *edm.Request) error {
			return s.Entitlement.AddIncompatible(ctx, r.Who, own(r), ids.PackageID(r.Ref))
		}}
		set.Unlink = edm.Change{May: write, Do: func(ctx context.Context, r *edm.Request) error {
			return s.Entitlement.RemoveIncompatible(ctx, r.Who, own(r), r.Ref, false)
		}}
	}
	return set
}

// incompatibleGroups is the part that shows the groups whose members cannot have
// a package.
func (s Services) incompatibleGroups(own func(*edm.Request) ids.PackageID) *edm.Set {
	list := s.objects(func(ctx context.Context, r *edm.Request) ([]ids.ObjectID, error) {
		return s.Entitlement.IncompatibleGroups(ctx, r.Who, own(r))
	})
	return &edm.Set{
		Path: edm.Both("incompatibleGroups"), Type: edm.Of("group"), Of: []edm.Type{edm.Of("group")}, Linked: true, Unpaged: true,
		Doc:  "https://learn.microsoft.com/graph/api/accesspackage-list-incompatiblegroups?view=graph-rest-1.0",
		List: edm.List{May: read, Do: list},
		Get:  edm.Get{May: read, Do: edm.OneOf(list)},
		Link: edm.Change{May: write, Do: func(ctx context.Context, r *edm.Request) error {
			return s.Entitlement.AddIncompatibleGroup(ctx, r.Who, own(r), ids.ObjectID(r.Ref))
		}},
		Unlink: edm.Change{May: write, Do: func(ctx context.Context, r *edm.Request) error {
			return s.Entitlement.RemoveIncompatible(ctx, r.Who, own(r), r.Ref, true)
		}},
	}
}

// objects lists the objects of the directory with the identifiers that of returns,
// but for those that are no more.
func (s Services) objects(of func(context.Context, *edm.Request) ([]ids.ObjectID, error)) func(context.Context, *edm.Request) (edm.Page, error) {
	return func(ctx context.Context, r *edm.Request) (page edm.Page, err error) {
		list, err := of(ctx, r)
		if err != nil {
			return page, err
		}
		err = s.DB.View(ctx, func(tx *sqldb.Tx) error {
			var found []object.Object
			for _, id := range list {
				if o, err := object.Get(ctx, tx, r.Who.Tenant, id); err == nil {
					found = append(found, o)
				}
			}
			page.Items, err = s.Show(ctx, tx, r, found)
			page.Total = len(page.Items)
			return err
		})
		return page, err
	}
}

// packageTypes are the entity types of access packages.
func packageTypes() []edm.Entity {
	return []edm.Entity{
		{Name: "accessPackage", Base: "entity", Props: []edm.Prop{
			{Name: "createdDateTime", Type: edm.DateTimeOffset, Filter: "eq ne ge le not", Order: "F"},
			{Name: "description", Type: edm.String, Write: edm.CU},
			{Name: "displayName", Type: edm.String, Write: edm.CU, Required: true, Filter: "eq ne in sw contains not", Order: "F"},
			{Name: "isHidden", Type: edm.Boolean, Write: edm.CU, Filter: "eq ne not"},
			{Name: "modifiedDateTime", Type: edm.DateTimeOffset, Filter: "eq ne ge le not", Order: "F"},
			{Name: "catalogId", Only: "beta", Type: edm.String, Write: edm.C, Filter: "eq in"},
			{Name: "createdBy", Only: "beta", Type: edm.String},
			{Name: "isRoleScopesVisible", Only: "beta", Type: edm.Boolean},
			{Name: "modifiedBy", Only: "beta", Type: edm.String},
		}, Paths: []edm.Prop{{Name: "catalog/id", Beta: "accessPackageCatalog/id", Type: edm.String, Filter: "eq in", Field: "catalogId"}}},
		{Name: "accessPackageResourceRoleScope", Base: "entity", Props: []edm.Prop{
			{Name: "id", Type: edm.String, NotNull: true},
			{Name: "createdDateTime", Type: edm.DateTimeOffset, Order: "F"},
		}},
	}
}

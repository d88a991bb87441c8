package governance

import (
	"context"
	"strings"
	"time"

	"entente/internal/edge/graph/edm"
	"entente/internal/flow/offer"
	"entente/internal/kit/ids"
)

// catalogs is the entity set …/catalogs.
// https://learn.microsoft.com/graph/api/resources/accesspackagecatalog?view=graph-rest-1.0
func (s Services) catalogs() *edm.Set {
	return &edm.Set{
		Path: edm.Name{V1: "catalogs", Beta: "accessPackageCatalogs"}, Type: edm.Of("accessPackageCatalog"), Deep: true, Raw: true,
		Doc: "https://learn.microsoft.com/graph/api/resources/accesspackagecatalog?view=graph-rest-1.0",
		List: edm.List{May: read, Do: func(ctx context.Context, r *edm.Request) (edm.Page, error) {
			l, err := s.Entitlement.Catalogs(ctx, r.Who, asked(r))
			return paged(l, err, catalogItem)
		}},
		Get: edm.Get{May: read, Do: func(ctx context.Context, r *edm.Request) (edm.Item, error) {
			return s.catalog(ctx, r, ids.CatalogID(r.ID))
		}},
		Create: edm.Create{May: write, Do: func(ctx context.Context, r *edm.Request) (edm.Item, error) {
			to, err := readCatalog(r)
			if err != nil {
				return edm.Item{}, err
			}
			c, err := s.Entitlement.CreateCatalog(ctx, r.Who, to)
			return rendered(c, err, catalogItem)
		}},
		Update: edm.Change{May: write, Do: func(ctx context.Context, r *edm.Request) error {
			to, err := readCatalog(r)
			if err != nil {
				return err
			}
			return s.Entitlement.UpdateCatalog(ctx, r.Who, ids.CatalogID(r.ID), to)
		}},
		Delete: edm.Change{May: write, Do: func(ctx context.Context, r *edm.Request) error {
			return s.Entitlement.DeleteCatalog(ctx, r.Who, ids.CatalogID(r.ID))
		}},
		Parts: []*edm.Set{s.packagesOfCatalog(), s.resourcesOfCatalog(), s.rolesOfCatalog(), s.scopesOfCatalog(), s.extensions()},
	}
}

func (s Services) catalog(ctx context.Context, r *edm.Request, id ids.CatalogID) (edm.Item, error) {
	c, err := s.Entitlement.Catalog(ctx, r.Who, id)
	return rendered(c, err, catalogItem)
}

// catalogOf is the single part catalog of an entity that has one; of finds it.
func (s Services) catalogOf(name edm.Name, of func(context.Context, *edm.Request) (ids.CatalogID, error)) *edm.Set {
	return &edm.Set{
		Path: name, Type: edm.Of("accessPackageCatalog"), Single: true, Deep: true,
		Get: edm.Get{May: read, Do: func(ctx context.Context, r *edm.Request) (edm.Item, error) {
			id, err := of(ctx, r)
			if err != nil {
				return edm.Item{}, err
			}
			return s.catalog(ctx, r, id)
		}},
	}
}

func readCatalog(r *edm.Request) (to offer.CatalogChange, err error) {
	b := readBody(r.Body)
	to.Name, to.Description, to.External = b.text("displayName"), b.text("description"), b.flag("isExternallyVisible")
	for _, name := range []string{"state", "catalogStatus"} {
		if state := b.text(name); state != nil && *state != "" {
			published := strings.EqualFold(*state, "published")
			if !published && !strings.EqualFold(*state, "unpublished") {
				b.fail(name, "A catalog is published or unpublished.")
			}
			to.Published = &published
		}
	}
	b.pass("id", "catalogType", "createdBy", "createdDateTime", "modifiedBy", "modifiedDateTime", "uniqueName")
	return to, b.end()
}

// A catalogFace is what v1.0 shows of a catalog.
type catalogFace struct {
	ID          ids.CatalogID `json:"id"`
	Kind        string        `json:"catalogType"`
	Created     time.Time     `json:"createdDateTime"`
	Description *string       `json:"description"`
	Name        string        `json:"displayName"`
	External    bool          `json:"isExternallyVisible"`
	Modified    time.Time     `json:"modifiedDateTime"`
	State       string        `json:"state"`
}

func catalogItem(c *offer.Catalog) (edm.Item, error) {
	state := "unpublished"
	if c.Published {
		state = "published"
	}
	return item(string(c.ID), catalogFace{c.ID, string(c.Kind), c.CreatedAt, text(c.Description), c.Name, c.External, c.ModifiedAt, state},
		map[string]any{"catalogStatus": pascal(state), "betaCatalogType": pascal(c.Kind), "createdBy": text(c.CreatedBy), "modifiedBy": text(c.ModifiedBy)})
}

// catalogType is the entity type.
func catalogType() edm.Entity {
	return edm.Entity{Name: "accessPackageCatalog", Base: "entity", Props: []edm.Prop{
		{Name: "catalogType", Only: "v1.0", Type: edm.Of("accessPackageCatalogType"), Filter: "eq ne in not"},
		{Name: "createdDateTime", Type: edm.DateTimeOffset, Filter: "eq ne ge le not", Order: "F"},
		{Name: "description", Type: edm.String, Write: edm.CU},
		{Name: "displayName", Type: edm.String, Write: edm.CU, Required: true, Filter: "eq ne in sw contains not", Order: "F"},
		{Name: "isExternallyVisible", Type: edm.Boolean, Write: edm.CU, Filter: "eq ne not"},
		{Name: "modifiedDateTime", Type: edm.DateTimeOffset, Filter: "eq ne ge le not", Order: "F"},
		{Name: "state", Only: "v1.0", Type: edm.Of("accessPackageCatalogState"), Write: edm.CU, Filter: "eq ne in not"},
		{Name: "catalogStatus", Only: "beta", Type: edm.String, Write: edm.CU, Filter: "eq ne in not", Field: "state"},
		{Name: "betaCatalogType", Beta: "catalogType", Only: "beta", Type: edm.String, Filter: "eq ne in not", Field: "catalogType"},
		{Name: "createdBy", Only: "beta", Type: edm.String},
		{Name: "modifiedBy", Only: "beta", Type: edm.String},
	}}
}

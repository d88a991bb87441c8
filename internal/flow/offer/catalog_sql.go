package offer

import (
	"context"
	"errors"

	"entente/internal/core/object"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
	"entente/internal/kit/sqldb"
)

const catalogColumns = "c.tenant_id, c.id, c.name, c.description, c.kind, c.published, c.external, c.created_by, c.created_us, c.modified_by, c.modified_us, c.version"

func scanCatalog(scan func(...any) error) (*Catalog, error) {
	c := &Catalog{}
	var created, modified int64
	err := scan(&c.Tenant, &c.ID, &c.Name, &c.Description, &c.Kind, &c.Published, &c.External, &c.CreatedBy, &created, &c.ModifiedBy, &modified, &c.version)
	c.CreatedAt, c.ModifiedAt = sqldb.Time(created), sqldb.Time(modified)
	return c, err
}

// CatalogByID returns the catalog, or NotFound.
func CatalogByID(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id ids.CatalogID) (*Catalog, error) {
	return Row(ctx, tx, string(id), "select "+catalogColumns+" from catalog c where c.tenant_id = ? and c.id = ?", []any{tenant, id}, scanCatalog)
}

// Row returns the row of a query as scan reads it, or the NotFound of a missing
// object with the identifier.
func Row[T any](ctx context.Context, tx *sqldb.Tx, id, text string, args []any, scan func(func(...any) error) (T, error)) (T, error) {
	var none T
	list, err := sqldb.All(ctx, tx, text, args, scan)
	if err == nil && len(list) == 0 {
		err = object.Missing(id)
	}
	if err != nil {
		return none, err
	}
	return list[0], nil
}

// Several returns what a statement finds that ends with the column that is to be among
// the keys.
func Several[K ~string, T any](ctx context.Context, tx *sqldb.Tx, text string, tenant ids.TenantID, keys []K, scan func(func(...any) error) (T, error)) ([]T, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	in, values := sqldb.In(keys)
	return sqldb.All(ctx, tx, text+" in ("+in+")", append([]any{tenant}, values...), scan)
}

// catalogTable tells by what catalogs can be found and sorted.
var catalogTable = query.Table{Key: []string{"id"}, Fields: map[string]query.Column{
	"id":                  {SQL: "c.id"},
	"displayName":         {SQL: "c.name_folded", Fold: true},
	"catalogType":         {SQL: "c.kind", Among: []string{string(UserManaged), string(ServiceDefault)}},
	"state":               {SQL: "case c.published when 1 then 'published' else 'unpublished' end", Among: []string{"published", "unpublished"}},
	"isExternallyVisible": {SQL: "c.external", Kind: query.Bool},
	"createdDateTime":     {SQL: "c.created_us", Kind: query.Time},
	"modifiedDateTime":    {SQL: "c.modified_us", Kind: query.Time},
}}

// Among limits a list to identifiers: nil is no limit.
func Among[T ~string](column string, list []T) (string, []any) {
	if list == nil {
		return "", nil
	}
	text, args := " and "+column+" in (''", make([]any, 0, len(list))
	for _, id := range list {
		text += ", ?"
		args = append(args, id)
	}
	return text + ")", args
}

// listCatalogs returns a page of the catalogs; of those in only where it is not
// nil.
func listCatalogs(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, only []ids.CatalogID, q query.Query) (object.Page[*Catalog], error) {
	limit, args := Among("c.id", only)
	return object.List(ctx, tx, q, catalogTable, catalogColumns, "from catalog c where c.tenant_id = ?"+limit, append([]any{tenant}, args...), scanCatalog)
}

func countCatalogs(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, only []ids.CatalogID, filter query.Expr) (int, error) {
	limit, args := Among("c.id", only)
	return object.Count(ctx, tx, filter, catalogTable, "from catalog c where c.tenant_id = ?"+limit, append([]any{tenant}, args...))
}

// addCatalog stores a new catalog; a name that another one has is NameTaken.
func addCatalog(ctx context.Context, tx *sqldb.Tx, c *Catalog) error {
	if err := below(ctx, tx, "catalog", c.Tenant, mostCatalogs); err != nil {
		return err
	}
	n, err := insertCatalog(ctx, tx, c)
	if err == nil && n == 0 {
		err = catalogTaken(c.Name)
	}
	return err
}

func insertCatalog(ctx context.Context, tx *sqldb.Tx, c *Catalog) (int64, error) {
	return tx.Exec(ctx, `
		insert into catalog (tenant_id, id, name, name_folded, description, kind, published, external, created_by, created_us, modified_by, modified_us)
		values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		on conflict do nothing`,
		c.Tenant, c.ID, c.Name, query.Fold(c.Name), c.Description, c.Kind, c.Published, c.External,
		c.CreatedBy, sqldb.Micros(c.CreatedAt), c.ModifiedBy, sqldb.Micros(c.ModifiedAt))
}

// hasGeneral reports whether the tenant's built-in catalog is stored.
func hasGeneral(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID) (bool, error) {
	_, err := CatalogByID(ctx, tx, tenant, GeneralID(tenant))
	if errors.Is(err, fault.NotFound) {
		return false, nil
	}
	return err == nil, err
}

// putCatalog stores a changed catalog; a Conflict if someone else stored it since.
func putCatalog(ctx context.Context, tx *sqldb.Tx, c *Catalog) error {
	var other int
	if err := tx.One(ctx, `select count(*) from catalog where tenant_id = ? and name_folded = ? and id <> ?`,
		[]any{c.Tenant, query.Fold(c.Name), c.ID}, &other); err != nil {
		return err
	}
	if other > 0 {
		return catalogTaken(c.Name)
	}
	n, err := tx.Exec(ctx, `
		update catalog set name = ?, name_folded = ?, description = ?, published = ?, external = ?, modified_by = ?, modified_us = ?, version = version + 1
		where  tenant_id = ? and id = ? and version = ?`,
		c.Name, query.Fold(c.Name), c.Description, c.Published, c.External, c.ModifiedBy, sqldb.Micros(c.ModifiedAt), c.Tenant, c.ID, c.version)
	return changed(n, err)
}

// changed makes a Conflict of a change that met no row.
func changed(n int64, err error) error {
	if err == nil && n == 0 {
		err = fault.New(fault.Conflict, "Someone else has just changed this.")
	}
	return err
}

// mostDropped is how many rows go with a catalog in one transaction.
const mostDropped = 450

// dropCatalog removes a catalog with its resources, extensions and people; what
// was done with its resources stays to be read. One that still has access
// packages, or very many resources, is NotEmpty.
func dropCatalog(ctx context.Context, tx *sqldb.Tx, c *Catalog) error {
	var packages int
	if err := tx.One(ctx, `select count(*) from access_package where tenant_id = ? and catalog_id = ?`, []any{c.Tenant, c.ID}, &packages); err != nil {
		return err
	}
	if packages > 0 {
		return fault.Because(fault.Invalid, NotEmpty, "The catalog has %d access packages.", packages).WithFix("Delete its access packages first.")
	}
	var roles int
	if err := tx.One(ctx, `
		select count(*) from resource_role x join catalog_resource r on r.tenant_id = x.tenant_id and r.id = x.resource_id
		where  x.tenant_id = ? and r.catalog_id = ?`, []any{c.Tenant, c.ID}, &roles); err != nil {
		return err
	}
	resources, err := countResources(ctx, tx, c.Tenant, []ids.CatalogID{c.ID}, nil)
	if err != nil {
		return err
	}
	if roles+2*resources > mostDropped {
		return fault.Because(fault.Invalid, NotEmpty, "The catalog has %d resources with %d roles, which is more than can go with it.", resources, roles).
			WithFix("Remove resources from it first.")
	}
	for _, text := range []string{
		`delete from resource_role where tenant_id = ? and resource_id in (select r.id from catalog_resource r where r.tenant_id = ? and r.catalog_id = ?)`,
		`delete from resource_scope where tenant_id = ? and resource_id in (select r.id from catalog_resource r where r.tenant_id = ? and r.catalog_id = ?)`,
	} {
		if _, err := tx.Exec(ctx, text, c.Tenant, c.Tenant, c.ID); err != nil {
			return err
		}
	}
	for _, text := range []string{
		`delete from catalog_resource where tenant_id = ? and catalog_id = ?`,
		`delete from workflow_extension where tenant_id = ? and catalog_id = ?`,
		`delete from entitlement_role where tenant_id = ? and catalog_id = ?`,
		`delete from catalog where tenant_id = ? and id = ?`,
	} {
		if _, err := tx.Exec(ctx, text, c.Tenant, c.ID); err != nil {
			return err
		}
	}
	return nil
}

func catalogTaken(name string) error {
	f := fault.Because(fault.Conflict, NameTaken, "Another catalog is called '%.100s'.", name)
	f.Target = "displayName"
	return f
}

// limited are the statements that count what a tenant has of something.
var limited = map[string]string{
	"catalog":                `select count(*) from catalog where tenant_id = ?`,
	"access package":         `select count(*) from access_package where tenant_id = ?`,
	"assignment policy":      `select count(*) from assignment_policy where tenant_id = ?`,
	"connected organization": `select count(*) from connected_organization where tenant_id = ?`,
	"custom extension":       `select count(*) from workflow_extension where tenant_id = ?`,
}

// below refuses one more of something that the tenant has most of.
func below(ctx context.Context, tx *sqldb.Tx, what string, tenant ids.TenantID, most int) error {
	var n int
	err := tx.One(ctx, limited[what], []any{tenant}, &n)
	if err == nil && n >= most {
		err = fault.Because(fault.Invalid, TooMany, "The tenant has %d of the kind %s, which is the most there can be.", n, what)
	}
	return err
}

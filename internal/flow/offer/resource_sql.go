package offer

import (
	"context"
	"encoding/json"
	"strings"

	"entente/internal/core/object"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
	"entente/internal/kit/sqldb"
)

const resourceColumns = "r.tenant_id, r.id, r.catalog_id, r.origin, r.origin_id, r.object_id, r.kind, r.name, r.description, r.url, r.attributes, r.added_by, r.created_us, r.modified_us, r.version"

func scanResource(scan func(...any) error) (*Resource, error) {
	r := &Resource{}
	return r, scanInto(r, scan)
}

func scanInto(r *Resource, scan func(...any) error, more ...any) error {
	var attributes string
	var created, modified int64
	err := scan(append([]any{&r.Tenant, &r.ID, &r.Catalog, &r.Origin, &r.OriginID, &r.Object, &r.Kind, &r.Name, &r.Description, &r.URL,
		&attributes, &r.AddedBy, &created, &modified, &r.version}, more...)...)
	r.Attributes, r.CreatedAt, r.ModifiedAt = json.RawMessage(attributes), sqldb.Time(created), sqldb.Time(modified)
	return err
}

// resourceTable tells by what resources can be found and sorted.
var resourceTable = query.Table{Key: []string{"id"}, Fields: map[string]query.Column{
	"id":               {SQL: "r.id"},
	"displayName":      {SQL: "r.name_folded", Fold: true},
	"object":           {SQL: "r.object_id"},
	"originId":         {SQL: "r.origin_id"},
	"originSystem":     {SQL: "r.origin", Among: []string{string(AadGroup), string(AadApplication), string(SharePointOnline)}},
	"resourceType":     {SQL: "r.kind"},
	"createdDateTime":  {SQL: "r.created_us", Kind: query.Time},
	"modifiedDateTime": {SQL: "r.modified_us", Kind: query.Time},
}}

// resourceByID returns the resource, or NotFound.
func resourceByID(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id ids.ResourceID) (*Resource, error) {
	return Row(ctx, tx, string(id), "select "+resourceColumns+" from catalog_resource r where r.tenant_id = ? and r.id = ?", []any{tenant, id}, scanResource)
}

// ResourceByOrigin returns the resource of a catalog with the origin, or NotFound.
func ResourceByOrigin(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, catalog ids.CatalogID, origin Origin, id string) (*Resource, error) {
	return Row(ctx, tx, id, "select "+resourceColumns+" from catalog_resource r where r.tenant_id = ? and r.catalog_id = ? and r.origin = ? and r.origin_id = ?",
		[]any{tenant, catalog, origin, id}, scanResource)
}

// resourcesFrom is the from clause of the resources of the catalogs in only, or of
// all where it is nil.
func resourcesFrom(tenant ids.TenantID, only []ids.CatalogID) (string, []any) {
	limit, args := Among("r.catalog_id", only)
	return "from catalog_resource r where r.tenant_id = ?" + limit, append([]any{tenant}, args...)
}

func listResources(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, only []ids.CatalogID, q query.Query) (object.Page[*Resource], error) {
	from, args := resourcesFrom(tenant, only)
	return object.List(ctx, tx, q, resourceTable, resourceColumns, from, args, scanResource)
}

func countResources(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, only []ids.CatalogID, filter query.Expr) (int, error) {
	from, args := resourcesFrom(tenant, only)
	return object.Count(ctx, tx, filter, resourceTable, from, args)
}

// addResource stores a resource with its scope; one that the catalog has already
// is AlreadyOnboarded. Its roles are put by putRoles.
func addResource(ctx context.Context, tx *sqldb.Tx, r *Resource) error {
	n, err := countResources(ctx, tx, r.Tenant, []ids.CatalogID{r.Catalog}, nil)
	if err != nil {
		return err
	}
	if n >= mostResources {
		return fault.Because(fault.Invalid, TooMany, "A catalog has at most %d resources.", mostResources)
	}
	added, err := tx.Exec(ctx, `
		insert into catalog_resource (tenant_id, id, catalog_id, origin, origin_id, object_id, kind, name, name_folded, description, url, attributes, added_by, created_us, modified_us)
		values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		on conflict (tenant_id, catalog_id, origin, origin_id) do nothing`,
		r.Tenant, r.ID, r.Catalog, r.Origin, r.OriginID, r.Object, r.Kind, r.Name, query.Fold(r.Name), r.Description, r.URL, string(r.Attributes),
		r.AddedBy, sqldb.Micros(r.CreatedAt), sqldb.Micros(r.ModifiedAt))
	if err == nil && added == 0 {
		err = fault.Because(fault.Invalid, AlreadyOnboarded, "The catalog has the resource '%s' already.", r.Name)
	}
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `insert into resource_scope (tenant_id, id, resource_id) values (?, ?, ?)`, r.Tenant, ids.New[ids.ObjectID](), r.ID)
	return err
}

// putResource stores a changed resource.
func putResource(ctx context.Context, tx *sqldb.Tx, r *Resource) error {
	return changed(tx.Exec(ctx, `
		update catalog_resource set kind = ?, name = ?, name_folded = ?, description = ?, url = ?, attributes = ?, modified_us = ?, version = version + 1
		where  tenant_id = ? and id = ? and version = ?`,
		r.Kind, r.Name, query.Fold(r.Name), r.Description, r.URL, string(r.Attributes), sqldb.Micros(r.ModifiedAt), r.Tenant, r.ID, r.version))
}

// putRoles stores what roles the resource has now. A role keeps its identifier;
// one that is no more is gone, and back under it when it returns.
func putRoles(ctx context.Context, tx *sqldb.Tx, r *Resource, roles []ResourceRole) error {
	if _, err := tx.Exec(ctx, `update resource_role set gone = 1 where tenant_id = ? and resource_id = ?`, r.Tenant, r.ID); err != nil {
		return err
	}
	rows := make([][]any, len(roles))
	for i, role := range roles {
		rows[i] = []any{r.Tenant, ids.New[ids.ObjectID](), r.ID, role.OriginID, role.Name, query.Fold(role.Name), role.Description}
	}
	_, err := tx.ExecAll(ctx, `
		insert into resource_role (tenant_id, id, resource_id, origin_id, name, name_folded, description) values (?, ?, ?, ?, ?, ?, ?)
		on conflict (tenant_id, resource_id, origin_id) do update set
			name = excluded.name, name_folded = excluded.name_folded, description = excluded.description, gone = 0`, rows)
	return err
}

// dropResource removes a resource from its catalog. One that an access package
// gives a role of has entitlements and stays.
func dropResource(ctx context.Context, tx *sqldb.Tx, r *Resource) error {
	var used []string
	err := tx.Each(ctx, `
		select distinct p.name from package_role x join access_package p on p.tenant_id = x.tenant_id and p.id = x.package_id
		where  x.tenant_id = ? and x.resource_id = ? order by p.name limit 5`, []any{r.Tenant, r.ID}, func(scan func(...any) error) error {
		var name string
		err := scan(&name)
		used = append(used, name)
		return err
	})
	if err != nil {
		return err
	}
	if len(used) > 0 {
		return fault.Because(fault.Invalid, HasEntitlements, "The resource '%s' can not be deleted because there are active entitlements: access packages give its roles (%s).",
			r.Name, strings.Join(used, ", "))
	}
	for _, text := range []string{
		`delete from resource_role where tenant_id = ? and resource_id = ?`,
		`delete from resource_scope where tenant_id = ? and resource_id = ?`,
		`delete from catalog_resource where tenant_id = ? and id = ?`,
	} {
		if _, err := tx.Exec(ctx, text, r.Tenant, r.ID); err != nil {
			return err
		}
	}
	return nil
}

const (
	roleColumns  = "x.id, x.resource_id, r.origin, x.origin_id, x.name, x.description"
	scopeColumns = "x.id, x.resource_id, r.origin, r.origin_id"
	rolesFrom    = "from resource_role x join catalog_resource r on r.tenant_id = x.tenant_id and r.id = x.resource_id where x.tenant_id = ? and x.gone = 0"
	scopesFrom   = "from resource_scope x join catalog_resource r on r.tenant_id = x.tenant_id and r.id = x.resource_id where x.tenant_id = ?"
)

func scanRole(scan func(...any) error) (x ResourceRole, err error) {
	return x, scan(&x.ID, &x.Resource, &x.Origin, &x.OriginID, &x.Name, &x.Description)
}

func scanScope(scan func(...any) error) (x ResourceScope, err error) {
	return x, scan(&x.ID, &x.Resource, &x.Origin, &x.OriginID)
}

// roleTable and scopeTable tell by what the roles and scopes of resources can be
// found.
var (
	roleTable = query.Table{Key: []string{"id"}, Fields: map[string]query.Column{
		"id": {SQL: "x.id"}, "displayName": {SQL: "x.name_folded", Fold: true}, "originId": {SQL: "x.origin_id"},
		"originSystem": {SQL: "r.origin"}, "resource/id": {SQL: "x.resource_id"},
	}}
	scopeTable = query.Table{Key: []string{"id"}, Fields: map[string]query.Column{
		"id": {SQL: "x.id"}, "originId": {SQL: "r.origin_id"}, "originSystem": {SQL: "r.origin"}, "resource/id": {SQL: "x.resource_id"},
	}}
)

// of limits a list of roles or scopes to those of a catalog, and of one resource
// where it is not empty.
func of(tenant ids.TenantID, catalog ids.CatalogID, resource ids.ResourceID) (string, []any) {
	return " and (? = '' or r.catalog_id = ?) and (? = '' or x.resource_id = ?)", []any{tenant, catalog, catalog, resource, resource}
}

func listRoles(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, catalog ids.CatalogID, resource ids.ResourceID, q query.Query) (object.Page[ResourceRole], error) {
	limit, args := of(tenant, catalog, resource)
	return object.List(ctx, tx, q, roleTable, roleColumns, rolesFrom+limit, args, scanRole)
}

func countRoles(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, catalog ids.CatalogID, resource ids.ResourceID, filter query.Expr) (int, error) {
	limit, args := of(tenant, catalog, resource)
	return object.Count(ctx, tx, filter, roleTable, rolesFrom+limit, args)
}

func listScopes(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, catalog ids.CatalogID, resource ids.ResourceID, q query.Query) (object.Page[ResourceScope], error) {
	limit, args := of(tenant, catalog, resource)
	return object.List(ctx, tx, q, scopeTable, scopeColumns, scopesFrom+limit, args, scanScope)
}

func countScopes(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, catalog ids.CatalogID, resource ids.ResourceID, filter query.Expr) (int, error) {
	limit, args := of(tenant, catalog, resource)
	return object.Count(ctx, tx, filter, scopeTable, scopesFrom+limit, args)
}

// addRequest stores what was done with a resource.
func addResourceRequest(ctx context.Context, tx *sqldb.Tx, q *ResourceRequest) error {
	shown, err := json.Marshal(q.Resource)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `
		insert into resource_request (tenant_id, id, catalog_id, resource_id, kind, justification, by_id, resource, created_us)
		values (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		q.Tenant, q.ID, q.Catalog, q.Resource.ID, q.Kind, q.Justification, q.By, string(shown), sqldb.Micros(q.CreatedAt))
	return err
}

const requestedColumns = "q.tenant_id, q.id, q.catalog_id, q.kind, q.justification, q.by_id, q.resource, q.created_us"

func scanResourceRequest(scan func(...any) error) (*ResourceRequest, error) {
	q := &ResourceRequest{Resource: &Resource{}}
	var shown string
	var created int64
	if err := scan(&q.Tenant, &q.ID, &q.Catalog, &q.Kind, &q.Justification, &q.By, &shown, &created); err != nil {
		return nil, err
	}
	q.CreatedAt = sqldb.Time(created)
	return q, json.Unmarshal([]byte(shown), q.Resource)
}

// requestedTable tells by what requests about resources can be found.
var requestedTable = query.Table{Key: []string{"id"}, Fields: map[string]query.Column{
	"id": {SQL: "q.id"}, "requestType": {SQL: "q.kind", Among: []string{AddResource, UpdateResource, RemoveResource}},
	"catalog/id": {SQL: "q.catalog_id"}, "createdDateTime": {SQL: "q.created_us", Kind: query.Time},
}}

// listResourceRequests returns a page of the requests; of the catalogs in only
// where it is not nil.
func listResourceRequests(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, only []ids.CatalogID, q query.Query) (object.Page[*ResourceRequest], error) {
	limit, args := Among("q.catalog_id", only)
	return object.List(ctx, tx, q, requestedTable, requestedColumns, "from resource_request q where q.tenant_id = ?"+limit, append([]any{tenant}, args...), scanResourceRequest)
}

func countResourceRequests(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, only []ids.CatalogID, filter query.Expr) (int, error) {
	limit, args := Among("q.catalog_id", only)
	return object.Count(ctx, tx, filter, requestedTable, "from resource_request q where q.tenant_id = ?"+limit, append([]any{tenant}, args...))
}

// resourceRequestByID returns the request, or NotFound.
func resourceRequestByID(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id ids.RequestID) (*ResourceRequest, error) {
	return Row(ctx, tx, string(id), "select "+requestedColumns+" from resource_request q where q.tenant_id = ? and q.id = ?", []any{tenant, id}, scanResourceRequest)
}

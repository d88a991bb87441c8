package offer

import (
	"context"

	"entente/internal/core/object"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/jobs"
	"entente/internal/kit/query"
	"entente/internal/kit/sqldb"
)

const packageColumns = "p.tenant_id, p.id, p.catalog_id, p.name, p.description, p.hidden, p.created_by, p.created_us, p.modified_by, p.modified_us, p.version"

func scanPackage(scan func(...any) error) (*Package, error) {
	p := &Package{}
	var created, modified int64
	err := scan(&p.Tenant, &p.ID, &p.Catalog, &p.Name, &p.Description, &p.Hidden, &p.CreatedBy, &created, &p.ModifiedBy, &modified, &p.version)
	p.CreatedAt, p.ModifiedAt = sqldb.Time(created), sqldb.Time(modified)
	return p, err
}

// PackageByID returns the access package, or NotFound.
func PackageByID(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id ids.PackageID) (*Package, error) {
	return Row(ctx, tx, string(id), "select "+packageColumns+" from access_package p where p.tenant_id = ? and p.id = ?", []any{tenant, id}, scanPackage)
}

// PackagesByID returns those of some access packages that there are, by identifier.
func PackagesByID(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, keys []ids.PackageID) (map[ids.PackageID]*Package, error) {
	all, err := Several(ctx, tx, "select "+packageColumns+" from access_package p where p.tenant_id = ? and p.id", tenant, keys, scanPackage)
	return ByID(all, func(p *Package) ids.PackageID { return p.ID }), err
}

// packageTable tells by what access packages can be found and sorted.
var packageTable = query.Table{Key: []string{"id"}, Fields: map[string]query.Column{
	"id":               {SQL: "p.id"},
	"displayName":      {SQL: "p.name_folded", Fold: true},
	"isHidden":         {SQL: "p.hidden", Kind: query.Bool},
	"catalogId":        {SQL: "p.catalog_id"},
	"createdDateTime":  {SQL: "p.created_us", Kind: query.Time},
	"modifiedDateTime": {SQL: "p.modified_us", Kind: query.Time},
}}

// packagesOf is the from clause of the access packages of the catalogs in only,
// or of all where it is nil.
func packagesOf(tenant ids.TenantID, only []ids.CatalogID) (string, []any) {
	limit, args := Among("p.catalog_id", only)
	return "from access_package p where p.tenant_id = ?" + limit, append([]any{tenant}, args...)
}

func listPackages(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, only []ids.CatalogID, q query.Query) (object.Page[*Package], error) {
	from, args := packagesOf(tenant, only)
	return object.List(ctx, tx, q, packageTable, packageColumns, from, args, scanPackage)
}

func countPackages(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, only []ids.CatalogID, filter query.Expr) (int, error) {
	from, args := packagesOf(tenant, only)
	return object.Count(ctx, tx, filter, packageTable, from, args)
}

func addPackage(ctx context.Context, tx *sqldb.Tx, p *Package) error {
	if err := below(ctx, tx, "access package", p.Tenant, mostPackages); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `
		insert into access_package (tenant_id, id, catalog_id, name, name_folded, description, hidden, created_by, created_us, modified_by, modified_us)
		values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		p.Tenant, p.ID, p.Catalog, p.Name, query.Fold(p.Name), p.Description, p.Hidden, p.CreatedBy, sqldb.Micros(p.CreatedAt), p.ModifiedBy, sqldb.Micros(p.ModifiedAt))
	return err
}

// putPackage stores a changed access package; a Conflict if someone else stored
// it since.
func putPackage(ctx context.Context, tx *sqldb.Tx, p *Package) error {
	return changed(tx.Exec(ctx, `
		update access_package set catalog_id = ?, name = ?, name_folded = ?, description = ?, hidden = ?, modified_by = ?, modified_us = ?, version = version + 1
		where  tenant_id = ? and id = ? and version = ?`,
		p.Catalog, p.Name, query.Fold(p.Name), p.Description, p.Hidden, p.ModifiedBy, sqldb.Micros(p.ModifiedAt), p.Tenant, p.ID, p.version))
}

// dropPackage removes an access package with its roles and what it is
// incompatible with. That nobody has it, and that it has no policies, is for the
// caller to see to.
func dropPackage(ctx context.Context, tx *sqldb.Tx, p *Package) error {
	for _, text := range []string{
		`delete from package_role where tenant_id = ? and package_id = ?`,
		`delete from package_incompatible where tenant_id = ? and package_id = ?`,
		`delete from package_incompatible where tenant_id = ? and kind = 'package' and other_id = ?`,
		`delete from access_package where tenant_id = ? and id = ?`,
	} {
		if _, err := tx.Exec(ctx, text, p.Tenant, p.ID); err != nil {
			return err
		}
	}
	return nil
}

const (
	givenColumns = resourceColumns + ", y.package_id, x.id, x.origin_id, x.name, x.description, s.id, y.created_us"
	givenFrom    = `
		from   package_role y
		join   resource_role x on x.tenant_id = y.tenant_id and x.id = y.role_id
		join   resource_scope s on s.tenant_id = y.tenant_id and s.id = y.scope_id
		join   catalog_resource r on r.tenant_id = y.tenant_id and r.id = y.resource_id
		where  y.tenant_id = ?`
)

func scanGiven(scan func(...any) error) (g RoleScope, err error) {
	var created int64
	g.Resource = &Resource{}
	err = scanInto(g.Resource, scan, &g.Package, &g.Role.ID, &g.Role.OriginID, &g.Role.Name, &g.Role.Description, &g.Scope.ID, &created)
	g.Role.Resource, g.Role.Origin = g.Resource.ID, g.Resource.Origin
	g.Scope.Resource, g.Scope.Origin, g.Scope.OriginID = g.Resource.ID, g.Resource.Origin, g.Resource.OriginID
	g.CreatedAt = sqldb.Time(created)
	return g, err
}

// RolesOf returns what the package gives, in the order in which it came to give
// it.
func RolesOf(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id ids.PackageID) ([]RoleScope, error) {
	return sqldb.All(ctx, tx, "select "+givenColumns+givenFrom+" and y.package_id = ? order by y.created_us, r.name_folded, x.name_folded, y.role_id", []any{tenant, id}, scanGiven)
}

// rolesOfObject returns what access packages give of a group or application, by the
// packages' identifiers.
func rolesOfObject(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, of ids.ObjectID) ([]RoleScope, error) {
	return sqldb.All(ctx, tx, "select "+givenColumns+givenFrom+" and r.object_id = ? order by y.package_id, x.name_folded, y.role_id limit ?", []any{tenant, of, mostUses}, scanGiven)
}

// roleScopeByID returns one of what the package gives, or NotFound. Without a
// package it is any that has the identifier.
func roleScopeByID(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, of ids.PackageID, id string) (RoleScope, error) {
	role, scope, ok := splitRoleScope(id)
	if !ok {
		return RoleScope{}, object.Missing(id)
	}
	return Row(ctx, tx, id, "select "+givenColumns+givenFrom+" and (? = '' or y.package_id = ?) and y.role_id = ? and y.scope_id = ? order by y.created_us limit 1",
		[]any{tenant, of, of, role, scope}, scanGiven)
}

// addRole has the package give a role, or NameTaken where it does already. It
// says PackageRolesChanged.
func addRole(ctx context.Context, tx *sqldb.Tx, p *Package, g RoleScope) error {
	have, err := RolesOf(ctx, tx, p.Tenant, p.ID)
	if err != nil {
		return err
	}
	if len(have) >= mostRoles {
		return fault.Because(fault.Invalid, TooMany, "An access package gives at most %d roles.", mostRoles)
	}
	n, err := tx.Exec(ctx, `
		insert into package_role (tenant_id, package_id, role_id, scope_id, resource_id, created_us) values (?, ?, ?, ?, ?, ?)
		on conflict (tenant_id, package_id, role_id, scope_id) do nothing`,
		p.Tenant, p.ID, g.Role.ID, g.Scope.ID, g.Resource.ID, sqldb.Micros(g.CreatedAt))
	if err == nil && n == 0 {
		err = fault.Because(fault.Conflict, NameTaken, "The access package gives this role already.")
	}
	if err != nil {
		return err
	}
	return packageRolesChanged(ctx, tx, p)
}

// dropRole has the package no longer give a role. It says PackageRolesChanged.
func dropRole(ctx context.Context, tx *sqldb.Tx, p *Package, g RoleScope) error {
	if _, err := tx.Exec(ctx, `delete from package_role where tenant_id = ? and package_id = ? and role_id = ? and scope_id = ?`,
		p.Tenant, p.ID, g.Role.ID, g.Scope.ID); err != nil {
		return err
	}
	return packageRolesChanged(ctx, tx, p)
}

// packageRolesChanged says in the caller's transaction that whoever has the
// package is to have other roles.
func packageRolesChanged(ctx context.Context, tx *sqldb.Tx, p *Package) error {
	return jobs.Emit(ctx, tx, p.Tenant, PackageRolesChanged, RolesChange{p.ID})
}

// IncompatibleWith returns what nobody may have who asks for the package.
func IncompatibleWith(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id ids.PackageID) (all Incompatible, err error) {
	err = tx.Each(ctx, `select kind, other_id from package_incompatible where tenant_id = ? and package_id = ? order by kind, other_id`,
		[]any{tenant, id}, func(scan func(...any) error) error {
			var kind, other string
			err := scan(&kind, &other)
			if kind == ofPackage {
				all.Packages = append(all.Packages, ids.PackageID(other))
			} else {
				all.Groups = append(all.Groups, ids.ObjectID(other))
			}
			return err
		})
	return all, err
}

// The kinds of what a package is incompatible with.
const (
	ofPackage = "package"
	ofGroup   = "group"
)

func addIncompatible(ctx context.Context, tx *sqldb.Tx, p *Package, kind, other string) error {
	var have int
	if err := tx.One(ctx, `select count(*) from package_incompatible where tenant_id = ? and package_id = ? and kind = ?`,
		[]any{p.Tenant, p.ID, kind}, &have); err != nil {
		return err
	}
	if have >= mostIncompatible {
		return fault.Because(fault.Invalid, TooMany, "An access package is incompatible with at most %d others, and with as many groups.", mostIncompatible)
	}
	n, err := tx.Exec(ctx, `
		insert into package_incompatible (tenant_id, package_id, kind, other_id) values (?, ?, ?, ?)
		on conflict (tenant_id, package_id, kind, other_id) do nothing`, p.Tenant, p.ID, kind, other)
	if err == nil && n == 0 {
		err = fault.Because(fault.Conflict, NameTaken, "The access package is incompatible with this already.")
	}
	return err
}

func dropIncompatible(ctx context.Context, tx *sqldb.Tx, p *Package, kind, other string) error {
	n, err := tx.Exec(ctx, `delete from package_incompatible where tenant_id = ? and package_id = ? and kind = ? and other_id = ?`, p.Tenant, p.ID, kind, other)
	if err == nil && n == 0 {
		err = object.Missing(other)
	}
	return err
}

const (
	withFrom = "from access_package p join package_incompatible i on i.tenant_id = p.tenant_id and i.kind = 'package' and i.other_id = p.id where p.tenant_id = ? and i.package_id = ?"
	byFrom   = "from access_package p join package_incompatible i on i.tenant_id = p.tenant_id and i.package_id = p.id and i.kind = 'package' where p.tenant_id = ? and i.other_id = ?"
)

// listIncompatible returns a page of the packages that this one is incompatible
// with; inverse of those that are incompatible with it.
func listIncompatible(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id ids.PackageID, inverse bool, q query.Query) (object.Page[*Package], error) {
	from := withFrom
	if inverse {
		from = byFrom
	}
	return object.List(ctx, tx, q, packageTable, packageColumns, from, []any{tenant, id}, scanPackage)
}

func countIncompatible(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id ids.PackageID, inverse bool, filter query.Expr) (int, error) {
	from := withFrom
	if inverse {
		from = byFrom
	}
	return object.Count(ctx, tx, filter, packageTable, from, []any{tenant, id})
}

// givenTable tells by what it is found what packages give.
var givenTable = query.Table{Key: []string{"package", "id", "scope"}, Fields: map[string]query.Column{
	"package": {SQL: "y.package_id"}, "id": {SQL: "y.role_id"}, "scope": {SQL: "y.scope_id"},
	"createdDateTime": {SQL: "y.created_us", Kind: query.Time},
}}

func givenOf(tenant ids.TenantID, only []ids.CatalogID) (string, []any) {
	limit, args := Among("r.catalog_id", only)
	return givenFrom + limit, append([]any{tenant}, args...)
}

func listGiven(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, only []ids.CatalogID, q query.Query) (object.Page[RoleScope], error) {
	from, args := givenOf(tenant, only)
	return object.List(ctx, tx, q, givenTable, givenColumns, from, args, scanGiven)
}

func countGiven(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, only []ids.CatalogID, filter query.Expr) (int, error) {
	from, args := givenOf(tenant, only)
	return object.Count(ctx, tx, filter, givenTable, from, args)
}

// resourceOfRole returns whose role it is.
func resourceOfRole(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, role ids.ObjectID) (ids.ResourceID, error) {
	r, err := Row(ctx, tx, string(role), "select "+roleColumns+" "+rolesFrom+" and x.id = ?", []any{tenant, role}, scanRole)
	return r.Resource, err
}

// PackageNames returns the names of packages.
func PackageNames(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, list []ids.PackageID) (map[ids.PackageID]string, error) {
	names := make(map[ids.PackageID]string)
	limit, args := Among("p.id", append([]ids.PackageID{}, list...))
	all, err := sqldb.All(ctx, tx, "select "+packageColumns+" from access_package p where p.tenant_id = ?"+limit, append([]any{tenant}, args...), scanPackage)
	for _, p := range all {
		names[p.ID] = p.Name
	}
	return names, err
}

// VisiblePackages returns a page of those of the access packages that are not hidden.
func VisiblePackages(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, of []ids.PackageID, q Asked) (List[*Package], error) {
	limit, args := Among("p.id", of)
	from := "from access_package p where p.tenant_id = ? and p.hidden = 0" + limit
	args = append([]any{tenant}, args...)
	return Listed(q, func() (int, error) { return object.Count(ctx, tx, q.Query.Filter, packageTable, from, args) },
		func() (object.Page[*Package], error) {
			return object.List(ctx, tx, q.Query, packageTable, packageColumns, from, args, scanPackage)
		})
}

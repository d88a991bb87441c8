package consent

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"entente/internal/core/object"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
	"entente/internal/kit/sqldb"
)

// GrantTable tells by what grants can be found and sorted.
var GrantTable = query.Table{
	Key: []string{"id"},
	Fields: map[string]query.Column{
		"id":          {SQL: "g.id"},
		"clientId":    {SQL: "g.client_id"},
		"consentType": {SQL: "g.consent_type", Among: []string{AllPrincipals, "Principal"}},
		"principalId": {SQL: "g.principal_id", Null: ""},
		"resourceId":  {SQL: "g.resource_id"},
	},
}

const (
	grantColumns = "g.tenant_id, g.id, g.client_id, g.consent_type, g.principal_id, g.resource_id"
	// A grant counts for nothing while one of those it speaks of is deleted.
	grantsFrom = `from permission_grant g where g.tenant_id = ?
		and exists (select 1 from object o where o.tenant_id = g.tenant_id and o.id = g.client_id and o.deleted_us = 0)
		and exists (select 1 from object o where o.tenant_id = g.tenant_id and o.id = g.resource_id and o.deleted_us = 0)
		and (g.principal_id = '' or exists (select 1 from object o where o.tenant_id = g.tenant_id and o.id = g.principal_id and o.deleted_us = 0))`
)

func scanGrant(scan func(...any) error) (Grant, error) {
	var g Grant
	var principal ids.ObjectID
	err := scan(&g.Tenant, &g.ID, &g.ClientID, &g.ConsentType, &principal, &g.ResourceID)
	if principal != "" {
		g.PrincipalID = &principal
	}
	return g, err
}

// ListGrants returns a page of the tenant's grants, or of those of one client
// or one principal when by is not empty ("client_id" or "principal_id").
func ListGrants(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, v View, q query.Query) (object.Page[Grant], error) {
	from, args := grantsFrom, []any{tenant}
	if v.column != "" {
		from, args = from+" and g."+v.column+" = ?", append(args, v.object)
	}
	page, err := object.List(ctx, tx, q, GrantTable, grantColumns, from, args, scanGrant)
	if err != nil {
		return page, err
	}
	for i := range page.Items {
		if err := loadScope(ctx, tx, &page.Items[i]); err != nil {
			return page, err
		}
	}
	return page, nil
}

// AllGrants shows every grant of the tenant.
func AllGrants() View { return View{} }

// OfClient shows the grants of one client.
func OfClient(client ids.ObjectID) View { return View{"client_id", client} }

// ForPerson shows the grants that hold for one person only.
func ForPerson(principal ids.ObjectID) View { return View{"principal_id", principal} }

// GetGrant returns a grant, or NotFound.
func GetGrant(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id ids.GrantID) (Grant, error) {
	g, err := scanGrant(func(dest ...any) error {
		return tx.One(ctx, "select "+grantColumns+" "+grantsFrom+" and g.id = ?", []any{tenant, id}, dest...)
	})
	if errors.Is(err, fault.NotFound) {
		return g, object.Missing(string(id))
	}
	if err != nil {
		return g, err
	}
	return g, loadScope(ctx, tx, &g)
}

// loadScope reads the live scopes of a grant.
func loadScope(ctx context.Context, tx *sqldb.Tx, g *Grant) error {
	scopes, err := scopesOf(ctx, tx, g.Tenant, g.ID)
	g.Scope = strings.Join(scopes, " ")
	return err
}

func scopesOf(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id ids.GrantID) ([]string, error) {
	return sqldb.All(ctx, tx, `
		select scope from grant_scope
		where  tenant_id = ? and grant_id = ? and (ends_us = 0 or ends_us > ?)
		order  by position, scope`,
		[]any{tenant, id, sqldb.Micros(tx.Now())},
		func(scan func(...any) error) (s string, err error) { return s, scan(&s) })
}

// addGrant stores a grant; added is false if it is there already.
func addGrant(ctx context.Context, tx *sqldb.Tx, g Grant) (added bool, err error) {
	var principal ids.ObjectID
	if g.PrincipalID != nil {
		principal = *g.PrincipalID
	}
	n, err := tx.Exec(ctx, `
		insert into permission_grant (tenant_id, id, client_id, consent_type, principal_id, resource_id, created_us)
		values (?, ?, ?, ?, ?, ?, ?)
		on conflict (tenant_id, id) do nothing`,
		g.Tenant, g.ID, g.ClientID, g.ConsentType, principal, g.ResourceID, sqldb.Micros(tx.Now()))
	return n == 1, err
}

// addScopes gives a grant further scopes because of a cause.
func addScopes(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id ids.GrantID, scopes []string, cause ids.CauseID) error {
	var next int64
	if err := tx.One(ctx, `select coalesce(max(position), 0) from grant_scope where tenant_id = ? and grant_id = ?`,
		[]any{tenant, id}, &next); err != nil {
		return err
	}
	for _, s := range scopes {
		next++
		ends, err := object.Link(ctx, tx, tenant, object.OfScope, string(id)+" "+s, cause)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `
			insert into grant_scope (tenant_id, grant_id, scope, position, ends_us) values (?, ?, ?, ?, ?)
			on conflict (tenant_id, grant_id, scope) do update set ends_us = excluded.ends_us`,
			tenant, id, s, next, sqldb.Micros(ends)); err != nil {
			return err
		}
	}
	return nil
}

func dropScope(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id ids.GrantID, scope string) error {
	if _, err := tx.Exec(ctx, `delete from grant_scope where tenant_id = ? and grant_id = ? and scope = ?`, tenant, id, scope); err != nil {
		return err
	}
	return object.Unlink(ctx, tx, tenant, object.OfScope, string(id)+" "+scope)
}

// dropGrant removes a grant with its scopes, ended ones included.
func dropGrant(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id ids.GrantID) error {
	all, err := sqldb.All(ctx, tx, `select scope from grant_scope where tenant_id = ? and grant_id = ?`, []any{tenant, id},
		func(scan func(...any) error) (s string, err error) { return s, scan(&s) })
	if err != nil {
		return err
	}
	for _, s := range all {
		if err := dropScope(ctx, tx, tenant, id, s); err != nil {
			return err
		}
	}
	_, err = tx.Exec(ctx, `delete from permission_grant where tenant_id = ? and id = ?`, tenant, id)
	return err
}

// ScopesNow returns the scopes that a client has on a resource now, for
// everybody and for the person, in one keyed read: the cross join has SQLite
// begin with the grant, and not look at all scopes of the tenant.
func ScopesNow(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, client, resource, person ids.ObjectID) ([]string, error) {
	list, err := sqldb.All(ctx, tx, `
		select s.scope
		from   permission_grant g cross join grant_scope s
		where  g.tenant_id = ? and g.client_id = ? and g.resource_id = ? and s.tenant_id = g.tenant_id and s.grant_id = g.id
		and    (g.principal_id = '' or g.principal_id = ?) and (s.ends_us = 0 or s.ends_us > ?)
		order  by s.scope`,
		[]any{tenant, client, resource, person, sqldb.Micros(tx.Now())},
		func(scan func(...any) error) (s string, err error) { return s, scan(&s) })
	return slices.Compact(list), err
}

// AnythingNow reports whether a client may do anything at all now for a person,
// on any resource that is there; for nobody, whether it may for everybody.
func AnythingNow(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, client, person ids.ObjectID) (bool, error) {
	var n int
	err := tx.One(ctx, `
		select count(*) from (
			select 1
			from   permission_grant g cross join grant_scope s
			where  g.tenant_id = ? and g.client_id = ? and s.tenant_id = g.tenant_id and s.grant_id = g.id
			and    (g.principal_id = '' or g.principal_id = ?) and (s.ends_us = 0 or s.ends_us > ?)
			and    exists (select 1 from object o where o.tenant_id = g.tenant_id and o.id = g.resource_id and o.deleted_us = 0)
			limit  1) any_of`,
		[]any{tenant, client, person, sqldb.Micros(tx.Now())}, &n)
	return n > 0, err
}

// endScope keeps a scope's new end.
func endScope(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id ids.GrantID, scope string, ends time.Time) error {
	_, err := tx.Exec(ctx, `update grant_scope set ends_us = ? where tenant_id = ? and grant_id = ? and scope = ?`,
		sqldb.Micros(ends), tenant, id, scope)
	return err
}

// clientsOf returns the clients for which a person has agreed to something that
// holds now, by name. There are at most as many as a page shows.
func clientsOf(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, person ids.ObjectID) ([]ids.ObjectID, error) {
	return sqldb.All(ctx, tx, `
		select p.id
		from   service_principal p
		where  p.tenant_id = ? and p.deleted_us = 0 and p.id in (
			select g.client_id
			from   permission_grant g
			join   grant_scope s on s.tenant_id = g.tenant_id and s.grant_id = g.id and (s.ends_us = 0 or s.ends_us > ?)
			join   object o on o.tenant_id = g.tenant_id and o.id = g.resource_id and o.deleted_us = 0
			where  g.tenant_id = ? and g.principal_id = ? and g.principal_id <> '')
		order  by p.name_folded, p.id limit ?`,
		[]any{tenant, sqldb.Micros(tx.Now()), tenant, person, maxOwn},
		func(scan func(...any) error) (id ids.ObjectID, err error) { return id, scan(&id) })
}

const maxOwn = 200

// given is a scope that a client has on a resource.
type given struct {
	resource    ids.ObjectID
	scope       string
	everybody   bool
	since, ends time.Time
}

// givenTo returns what a client may do for a person now, in order.
func givenTo(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, client, person ids.ObjectID) ([]given, error) {
	return sqldb.All(ctx, tx, `
		select g.resource_id, s.scope, g.principal_id = '', s.ends_us, coalesce((
			select min(c.created_us) from cause_of l join cause c on c.tenant_id = l.tenant_id and c.id = l.cause_id
			where  l.tenant_id = g.tenant_id and l.target_kind = 'scope' and l.target_id = g.id || ' ' || s.scope and c.ended_us = 0), g.created_us)
		from   permission_grant g
		join   grant_scope s on s.tenant_id = g.tenant_id and s.grant_id = g.id
		join   object o on o.tenant_id = g.tenant_id and o.id = g.resource_id and o.deleted_us = 0
		where  g.tenant_id = ? and g.client_id = ? and (g.principal_id = '' or g.principal_id = ?) and (s.ends_us = 0 or s.ends_us > ?)
		order  by g.resource_id, s.position, s.scope`,
		[]any{tenant, client, person, sqldb.Micros(tx.Now())},
		func(scan func(...any) error) (g given, err error) {
			var ends, since int64
			err = scan(&g.resource, &g.scope, &g.everybody, &ends, &since)
			g.ends, g.since = sqldb.Time(ends), sqldb.Time(since)
			return g, err
		})
}

// grantsBetween returns the grants of a client that hold for one person only,
// without their scopes.
func grantsBetween(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, client, person ids.ObjectID) ([]Grant, error) {
	return sqldb.All(ctx, tx, "select "+grantColumns+" from permission_grant g where g.tenant_id = ? and g.client_id = ? and g.principal_id = ? order by g.id",
		[]any{tenant, client, person}, scanGrant)
}

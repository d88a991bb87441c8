package app

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	"entente/internal/core/object"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
	"entente/internal/kit/sqldb"
)

// PrincipalTable tells by what service principals can be found and sorted.
var PrincipalTable = query.Table{
	Key: []string{"id"},
	Fields: map[string]query.Column{
		"id":                        {SQL: "p.id"},
		"appId":                     {SQL: "p.app_id", Fold: true},
		"displayName":               {SQL: "p.name_folded", Fold: true, Words: object.NameWords("p.id")},
		"servicePrincipalType":      {SQL: "p.kind", Among: []string{TypeApplication, TypeManagedIdentity}},
		"accountEnabled":            {SQL: "p.enabled", Kind: query.Bool},
		"appRoleAssignmentRequired": {SQL: "p.assignment_required", Kind: query.Bool},
		"appOwnerOrganizationId":    {SQL: "p.app_tenant", Null: ""},
		"createdDateTime":           {SQL: "p.created_us", Kind: query.Time},
		"deletedDateTime":           object.DeletedColumn("p.deleted_us"),
		"description":               {SQL: "p.text_folded", Fold: true, Null: "", Words: object.DescriptionWords("p.id")},
		"applicationTemplateId":     {SQL: "p.template_id", Null: ""},
		"disabledByMicrosoftStatus": {SQL: "p.disabled_status", Null: ""},
		"owners":                    object.OwnersColumn("p"),
		"ownedObjects":              object.OwnedColumn("p"),
		"tags":                      {Items: principalItems("tag")},
		"alternativeNames":          {Items: principalItems("alternative")},
		"servicePrincipalNames":     {Items: principalItems("name")},
	},
}

func principalItems(kind string) *query.Items {
	return &query.Items{
		From: "sp_tag g", On: "g.tenant_id = p.tenant_id and g.sp_id = p.id and g.kind = '" + kind + "'",
		Fields: map[string]query.Column{"": {SQL: "g.folded", Fold: true}},
	}
}

const (
	principalColumns = "p.tenant_id, p.id, p.app_id, p.app_tenant, p.application_id, p.kind, p.name, p.created_us, p.deleted_us, p.own, p.version, coalesce(a.face, '')"
	principalsFrom   = `from service_principal p left join application a on a.app_id = p.app_id
		where p.tenant_id = ? and p.deleted_us = 0 /* all tenants: an application is shown wherever it is present */`
)

func scanPrincipal(scan func(...any) error) (*ServicePrincipal, error) {
	p := &ServicePrincipal{}
	var owner ids.TenantID
	var own, face string
	var created, deleted int64
	if err := scan(&p.Tenant, &p.ID, &p.AppID, &owner, &p.ApplicationID, &p.Type, &p.DisplayName, &created, &deleted, &own, &p.version, &face); err != nil {
		return nil, err
	}
	at := sqldb.Time(created)
	p.CreatedDateTime = &at
	if deleted != 0 {
		at := sqldb.Time(deleted)
		p.DeletedDateTime = &at
	}
	if owner != "" {
		p.OwnerTenant = &owner
	}
	if err := json.Unmarshal([]byte(own), &p.Own); err != nil {
		return nil, err
	}
	var a *Application // a deleted one as well: this is how it last looked
	if face != "" {
		a = &Application{}
		if err := json.Unmarshal([]byte(face), a); err != nil {
			return nil, err
		}
	}
	p.show(a)
	return p, nil
}

// GetPrincipal returns a live service principal of the tenant, or NotFound.
func GetPrincipal(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id ids.ObjectID) (*ServicePrincipal, error) {
	return onePrincipal(ctx, tx, string(id), principalsFrom+" and p.id = ?", tenant, id)
}

// OriginOf returns of which application a service principal is, and of which tenant
// that, also of one that is deleted and could come back; of a managed identity, and
// of what is no service principal, nothing.
func OriginOf(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id ids.ObjectID) (home ids.TenantID, application ids.ObjectID, err error) {
	err = tx.One(ctx, `select p.app_tenant, p.application_id from service_principal p where p.tenant_id = ? and p.id = ? and p.application_id <> ''`,
		[]any{tenant, id}, &home, &application)
	if errors.Is(err, fault.NotFound) {
		err = nil
	}
	return home, application, err
}

// PrincipalByAppID returns the tenant's live service principal of an
// application or managed identity, or NotFound.
func PrincipalByAppID(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, appID ids.AppID) (*ServicePrincipal, error) {
	return onePrincipal(ctx, tx, string(appID), principalsFrom+" and p.app_id = ?", tenant, ids.AppID(strings.ToLower(string(appID))))
}

func onePrincipal(ctx context.Context, tx *sqldb.Tx, shown, where string, args ...any) (*ServicePrincipal, error) {
	p, err := scanPrincipal(func(dest ...any) error {
		return tx.One(ctx, "select "+principalColumns+" "+where, args, dest...)
	})
	if errors.Is(err, fault.NotFound) {
		err = object.Missing(shown)
	}
	return p, err
}

// ListPrincipals returns a page of the tenant's service principals.
func ListPrincipals(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, q query.Query) (object.Page[*ServicePrincipal], error) {
	return object.List(ctx, tx, q, PrincipalTable, principalColumns, principalsFrom, []any{tenant}, scanPrincipal)
}

// CountPrincipals returns how many of the tenant's principals pass the filter.
func CountPrincipals(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, filter query.Expr) (int, error) {
	return object.Count(ctx, tx, filter, PrincipalTable, "from service_principal p where p.tenant_id = ? and p.deleted_us = 0", []any{tenant})
}

// AddPrincipal stores a new service principal in the caller's transaction. A
// second one of the same application in the tenant is refused as NameInUse.
func AddPrincipal(ctx context.Context, tx *sqldb.Tx, p *ServicePrincipal, by ids.ObjectID) error {
	own, err := p.stored()
	if err != nil {
		return err
	}
	var owner ids.TenantID
	if p.OwnerTenant != nil {
		owner = *p.OwnerTenant
	}
	n, err := tx.Exec(ctx, `
		insert into service_principal (tenant_id, id, app_id, app_tenant, application_id, kind, name, name_folded, enabled,
		                               assignment_required, created_us, text_folded, own, version)
		values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)
		on conflict (tenant_id, app_id) where deleted_us = 0 do nothing`,
		p.Tenant, p.ID, p.AppID, owner, p.ApplicationID, p.Type, p.DisplayName, query.Fold(p.DisplayName), p.Enabled(),
		p.AppRoleAssignmentReq, sqldb.Micros(*p.CreatedDateTime), query.Fold(text(p.Description)), string(own))
	if err != nil {
		return err
	}
	if n == 0 {
		return principalExists(p.AppID)
	}
	if err := object.Add(ctx, tx, object.Object{
		Tenant: p.Tenant, ID: p.ID, Kind: object.ServicePrincipal, DisplayName: p.DisplayName, CreatedAt: *p.CreatedDateTime,
	}, by); err != nil {
		return err
	}
	return putTags(ctx, tx, p)
}

// stored is what this tenant says of the principal, without what it shows of
// its application.
func (p *ServicePrincipal) stored() ([]byte, error) {
	own := p.Own
	own.Tags = p.ownTags
	return json.Marshal(own)
}

// PutPrincipal stores a changed service principal; a Conflict if someone else
// stored it since it was read.
func PutPrincipal(ctx context.Context, tx *sqldb.Tx, p *ServicePrincipal) error {
	own, err := p.stored()
	if err != nil {
		return err
	}
	n, err := tx.Exec(ctx, `
		update service_principal
		set    name = ?, name_folded = ?, enabled = ?, assignment_required = ?, text_folded = ?, own = ?, version = version + 1
		where  tenant_id = ? and id = ? and version = ? and deleted_us = 0`,
		p.DisplayName, query.Fold(p.DisplayName), p.Enabled(), p.AppRoleAssignmentReq, query.Fold(text(p.Description)), string(own), p.Tenant, p.ID, p.version)
	if err != nil {
		return err
	}
	if n == 0 {
		return fault.New(fault.Conflict, "Someone else has just changed this service principal.")
	}
	p.version++
	if err := object.Rename(ctx, tx, p.Tenant, p.ID, object.ServicePrincipal, p.DisplayName); err != nil {
		return err
	}
	return putTags(ctx, tx, p)
}

// putTags stores the rows by which tags, names and descriptions are found.
func putTags(ctx context.Context, tx *sqldb.Tx, p *ServicePrincipal) error {
	if err := object.PutDescription(ctx, tx, p.Tenant, p.ID, text(p.Description)); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `delete from sp_tag where tenant_id = ? and sp_id = ?`, p.Tenant, p.ID); err != nil {
		return err
	}
	for kind, list := range map[string][]string{"tag": p.Tags, "alternative": p.AlternativeNames, "name": p.Names} {
		for _, s := range list {
			if _, err := tx.Exec(ctx, `
				insert into sp_tag (tenant_id, sp_id, kind, folded) values (?, ?, ?, ?)
				on conflict (tenant_id, sp_id, kind, folded) do nothing`,
				p.Tenant, p.ID, kind, query.Fold(s)); err != nil {
				return err
			}
		}
	}
	return nil
}

// DropPrincipal marks a service principal as deleted, so that it can be
// restored. Its grants and assignments stay, and count for nothing.
func DropPrincipal(ctx context.Context, tx *sqldb.Tx, p *ServicePrincipal) error {
	if _, err := tx.Exec(ctx, `
		update service_principal set deleted_us = ?, version = version + 1 where tenant_id = ? and id = ? and deleted_us = 0`,
		sqldb.Micros(object.DeletionTime(tx.Now())), p.Tenant, p.ID); err != nil {
		return err
	}
	return object.MarkDeleted(ctx, tx, p.Tenant, p.ID, object.ServicePrincipal)
}

// PurgePrincipal removes a service principal for good, with its keys, its
// assignments and its grants. Managed identities go this way, since their
// resource is gone.
func PurgePrincipal(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id ids.ObjectID) error {
	for _, q := range []string{
		`delete from service_principal where tenant_id = ? and id = ?`,
		`delete from sp_tag where tenant_id = ? and sp_id = ?`,
		`delete from app_key where tenant_id = ? and owner_id = ?`,
		`delete from permission_class where tenant_id = ? and resource_id = ?`,
		`delete from app_role_assignment where tenant_id = ? and principal_id = ?`,
		`delete from app_role_assignment where tenant_id = ? and resource_id = ?`,
		`delete from grant_scope where tenant_id = ? and grant_id in (select g.id from permission_grant g where g.tenant_id = grant_scope.tenant_id and g.client_id = ?)`,
		`delete from permission_grant where tenant_id = ? and client_id = ?`,
		`delete from role_assignment where tenant_id = ? and principal_id = ?`,
	} {
		if _, err := tx.Exec(ctx, q, tenant, id); err != nil {
			return err
		}
	}
	if err := removed(ctx, tx, tenant, id); err != nil {
		return err
	}
	return object.Purge(ctx, tx, tenant, id, object.ServicePrincipal)
}

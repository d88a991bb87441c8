package app

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"entente/internal/core/object"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
	"entente/internal/kit/sqldb"
)

// ApplicationTable tells by what applications can be found and sorted.
var ApplicationTable = query.Table{
	Key: []string{"id"},
	Fields: map[string]query.Column{
		"id":              {SQL: "a.id"},
		"appId":           {SQL: "a.app_id", Fold: true},
		"displayName":     {SQL: "a.name_folded", Fold: true, Words: object.NameWords("a.id")},
		"signInAudience":  {SQL: "a.audience", Among: []string{"AzureADMyOrg", MultipleOrgs, "AzureADandPersonalMicrosoftAccount", "PersonalMicrosoftAccount"}},
		"uniqueName":      {SQL: "a.unique_name", Null: ""},
		"createdDateTime": {SQL: "a.created_us", Kind: query.Time},
		"deletedDateTime": object.DeletedColumn("a.deleted_us"),
		"description":     {SQL: "a.text_folded", Fold: true, Null: "", Words: object.DescriptionWords("a.id")},
		"publisherDomain": {SQL: "a.publisher_domain", Fold: true, Null: ""},
		// Nothing is made from a template here, and Microsoft disables nothing.
		"applicationTemplateId":     {SQL: "a.template_id", Null: ""},
		"disabledByMicrosoftStatus": {SQL: "a.disabled_status", Null: ""},
		"tags":                      {Items: applicationItems("tag", "")},
		"requiredResourceAccess":    {Items: applicationItems("resource", "resourceAppId")},
		"owners":                    object.OwnersColumn("a"),
		"extensionProperties": {Items: &query.Items{
			From: "application_extension x", On: "x.tenant_id = a.tenant_id and x.application_id = a.id",
		}},
		"federatedIdentityCredentials": {Items: &query.Items{
			From: "federated_credential x", On: "x.tenant_id = a.tenant_id and x.parent_id = a.id",
		}},
		"identifierUris": {Items: &query.Items{
			From: "application_uri u", On: "u.tenant_id = a.tenant_id and u.application_id = a.id",
			Fields: map[string]query.Column{"": {SQL: "u.folded", Fold: true}},
		}},
	},
}

// applicationItems are the rows of one kind; part is the member of an element
// that they stand for.
func applicationItems(kind, part string) *query.Items {
	return &query.Items{
		From: "application_item i", On: "i.tenant_id = a.tenant_id and i.application_id = a.id and i.kind = '" + kind + "'",
		Fields: map[string]query.Column{part: {SQL: "i.folded", Fold: true}},
	}
}

const applicationColumns = "a.tenant_id, a.face, a.built_in, a.version"

func scanApplication(scan func(...any) error) (*Application, error) {
	a := &Application{}
	var face string
	if err := scan(&a.Tenant, &face, &a.BuiltIn, &a.version); err != nil {
		return nil, err
	}
	if err := json.Unmarshal([]byte(face), a); err != nil {
		return nil, err
	}
	object.Fill(a)
	return a, nil
}

// GetApplication returns a live application of the tenant, or a NotFound fault.
func GetApplication(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id ids.ObjectID) (*Application, error) {
	return oneApplication(ctx, tx, string(id), `where a.tenant_id = ? and a.id = ? and a.deleted_us = 0 and a.built_in = 0`, tenant, id)
}

// ApplicationByAppID returns the application with the client identifier,
// wherever it lives, the installation's own included; NotFound if there is
// none or it was deleted.
func ApplicationByAppID(ctx context.Context, tx *sqldb.Tx, appID ids.AppID) (*Application, error) {
	return oneApplication(ctx, tx, string(appID), `where a.app_id = ? and a.deleted_us = 0 /* all tenants: a client identifier is unique everywhere */`, appID)
}

// FindApplication returns the tenant's application by its client identifier or
// unique name, whichever alternate key is given.
func FindApplication(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, key, value string) (*Application, error) {
	switch key {
	case "appId":
		return oneApplication(ctx, tx, value, `where a.tenant_id = ? and a.app_id = ? and a.deleted_us = 0 and a.built_in = 0`, tenant, strings.ToLower(value))
	case "uniqueName":
		return oneApplication(ctx, tx, value, `where a.tenant_id = ? and a.unique_name = ? and a.unique_name <> '' and a.deleted_us = 0`, tenant, value)
	}
	return nil, fault.InvalidAt(key, "Applications have no key '%s'.", key)
}

func oneApplication(ctx context.Context, tx *sqldb.Tx, shown, where string, args ...any) (*Application, error) {
	a, err := scanApplication(func(dest ...any) error {
		return tx.One(ctx, "select "+applicationColumns+" from application a "+where, args, dest...)
	})
	if errors.Is(err, fault.NotFound) {
		err = object.Missing(shown)
	}
	return a, err
}

// ListApplications returns a page of the tenant's applications.
func ListApplications(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, q query.Query) (object.Page[*Application], error) {
	return object.List(ctx, tx, q, ApplicationTable, applicationColumns, applicationsFrom, []any{tenant}, scanApplication)
}

// CountApplications returns how many of the tenant's applications pass the filter.
func CountApplications(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, filter query.Expr) (int, error) {
	return object.Count(ctx, tx, filter, ApplicationTable, applicationsFrom, []any{tenant})
}

const applicationsFrom = "from application a where a.tenant_id = ? and a.deleted_us = 0 and a.built_in = 0"

// addApplication stores a new application with its shared row, names, roles.
func addApplication(ctx context.Context, tx *sqldb.Tx, a *Application, by ids.ObjectID) error {
	if err := object.Add(ctx, tx, object.Object{
		Tenant: a.Tenant, ID: a.ID, Kind: object.Application, DisplayName: a.DisplayName, CreatedAt: a.CreatedDateTime,
	}, by); err != nil {
		return err
	}
	face, err := json.Marshal(a)
	if err != nil {
		return err
	}
	claims, err := a.manifestClaims()
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `
		insert into application (tenant_id, id, app_id, name, name_folded, audience, disabled, token_version, public_client,
		                         built_in, unique_name, created_us, text_folded, publisher_domain, claims, face, version)
		values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)`,
		a.Tenant, a.ID, a.AppID, a.DisplayName, query.Fold(a.DisplayName), a.SignInAudience, a.Disabled(), a.TokenVersion(),
		a.publicClient(), a.BuiltIn, text(a.UniqueName), sqldb.Micros(a.CreatedDateTime), query.Fold(text(a.Description)),
		query.Fold(text(a.PublisherDomain)), claims, string(face))
	if err != nil {
		return err
	}
	return putParts(ctx, tx, a)
}

// putApplication stores a changed application; a Conflict if someone else
// stored it since it was read.
func putApplication(ctx context.Context, tx *sqldb.Tx, a *Application) error {
	face, err := json.Marshal(a)
	if err != nil {
		return err
	}
	claims, err := a.manifestClaims()
	if err != nil {
		return err
	}
	n, err := tx.Exec(ctx, `
		update application
		set    name = ?, name_folded = ?, audience = ?, disabled = ?, token_version = ?, public_client = ?, unique_name = ?,
		       text_folded = ?, publisher_domain = ?, claims = ?, face = ?, version = version + 1
		where  tenant_id = ? and id = ? and version = ?`,
		a.DisplayName, query.Fold(a.DisplayName), a.SignInAudience, a.Disabled(), a.TokenVersion(), a.publicClient(), text(a.UniqueName),
		query.Fold(text(a.Description)), query.Fold(text(a.PublisherDomain)), claims, string(face), a.Tenant, a.ID, a.version)
	if err != nil {
		return err
	}
	if n == 0 {
		return fault.New(fault.Conflict, "Someone else has just changed this application.")
	}
	a.version++
	if err := object.Rename(ctx, tx, a.Tenant, a.ID, object.Application, a.DisplayName); err != nil {
		return err
	}
	return putParts(ctx, tx, a)
}

// publicClient reports whether the application may act without proving itself
// where no redirect address says whether it could.
func (a *Application) publicClient() bool {
	return a.IsFallbackPublicClient != nil && *a.IsFallbackPublicClient
}

// putParts stores the rows by which roles and identifier URIs are found.
func putParts(ctx context.Context, tx *sqldb.Tx, a *Application) error {
	if err := putURIs(ctx, tx, a); err != nil {
		return err
	}
	if err := putItems(ctx, tx, a); err != nil {
		return err
	}
	if err := object.PutDescription(ctx, tx, a.Tenant, a.ID, text(a.Description)); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `delete from app_role where tenant_id = ? and application_id = ?`, a.Tenant, a.ID); err != nil {
		return err
	}
	const add = `
		insert into app_role (tenant_id, application_id, kind, id, value, enabled, for_users, for_apps)
		values (?, ?, ?, ?, ?, ?, ?, ?)`
	for _, r := range a.AppRoles {
		if _, err := tx.Exec(ctx, add, a.Tenant, a.ID, "role", r.ID, text(r.Value), r.IsEnabled,
			slices.Contains(r.AllowedMemberTypes, "User"), slices.Contains(r.AllowedMemberTypes, "Application")); err != nil {
			return err
		}
	}
	for _, s := range a.API.Scopes {
		if _, err := tx.Exec(ctx, add, a.Tenant, a.ID, "scope", s.ID, s.Value, s.IsEnabled, true, false); err != nil {
			return err
		}
	}
	return nil
}

// putItems stores the rows by which collections are filtered.
func putItems(ctx context.Context, tx *sqldb.Tx, a *Application) error {
	if _, err := tx.Exec(ctx, `delete from application_item where tenant_id = ? and application_id = ?`, a.Tenant, a.ID); err != nil {
		return err
	}
	var rows [][]any
	add := func(kind, value string) {
		row := []any{a.Tenant, a.ID, kind, query.Fold(value)}
		if !slices.ContainsFunc(rows, func(r []any) bool { return r[2] == row[2] && r[3] == row[3] }) {
			rows = append(rows, row)
		}
	}
	for _, tag := range a.Tags {
		add("tag", tag)
	}
	for _, r := range a.RequiredAccess {
		add("resource", string(r.ResourceAppID))
	}
	_, err := tx.ExecAll(ctx, `insert into application_item (tenant_id, application_id, kind, folded) values (?, ?, ?, ?)`, rows)
	return err
}

func putURIs(ctx context.Context, tx *sqldb.Tx, a *Application) error {
	if err := object.ReleaseNames(ctx, tx, a.Tenant, object.SpaceURI, a.ID); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `delete from application_uri where tenant_id = ? and application_id = ?`, a.Tenant, a.ID); err != nil {
		return err
	}
	for _, uri := range a.IdentifierURIs {
		folded := FoldURI(uri)
		if err := object.TakeName(ctx, tx, a.Tenant, object.SpaceURI, folded, a.ID, "identifierUris"); err != nil {
			return err
		}
		if a.MultiTenant() {
			if err := refuseSharedURI(ctx, tx, a, folded); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(ctx, `
			insert into application_uri (tenant_id, application_id, folded, uri) values (?, ?, ?, ?)`,
			a.Tenant, a.ID, folded, uri); err != nil {
			return err
		}
	}
	return nil
}

// refuseSharedURI keeps the identifier URIs of applications that several
// tenants use unique everywhere: a token request names the resource by it.
func refuseSharedURI(ctx context.Context, tx *sqldb.Tx, a *Application, folded string) error {
	var n int
	err := tx.One(ctx, `
		select count(*)
		from   application_uri u join application o on o.tenant_id = u.tenant_id and o.id = u.application_id
		where  u.folded = ? and o.id <> ? and o.deleted_us = 0 and (o.audience = ? or o.audience = ?)
		       /* all tenants: multi-tenant applications share one name space */`,
		[]any{folded, a.ID, MultipleOrgs, AllAccounts}, &n)
	if err == nil && n > 0 {
		f := fault.Because(fault.Invalid, object.NameTaken, "Another object with the same value for property identifierUris already exists.")
		f.Target = "identifierUris"
		err = f
	}
	return err
}

// dropApplication marks the application as deleted and gives up its names.
func dropApplication(ctx context.Context, tx *sqldb.Tx, a *Application) error {
	if err := object.ReleaseNames(ctx, tx, a.Tenant, object.SpaceURI, a.ID); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `delete from application_uri where tenant_id = ? and application_id = ?`, a.Tenant, a.ID); err != nil {
		return err
	}
	at := object.DeletionTime(tx.Now())
	a.DeletedDateTime = &at
	face, err := json.Marshal(a)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `update application set face = ?, deleted_us = ?, version = version + 1 where tenant_id = ? and id = ?`,
		string(face), sqldb.Micros(at), a.Tenant, a.ID); err != nil {
		return err
	}
	return object.MarkDeleted(ctx, tx, a.Tenant, a.ID, object.Application)
}

// ownedFrom begins with what somebody owns: that is little, and the tenant's
// applications may be many.
const ownedFrom = `from object_owner x cross join application a
	where x.tenant_id = ? and x.owner_id = ? and a.tenant_id = x.tenant_id and a.id = x.object_id and a.deleted_us = 0 and a.built_in = 0`

// listOwned returns a page of the applications that an object owns.
func listOwned(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, owner ids.ObjectID, q query.Query) (object.Page[*Application], error) {
	return object.List(ctx, tx, q, ApplicationTable, applicationColumns, ownedFrom, []any{tenant, owner}, scanApplication)
}

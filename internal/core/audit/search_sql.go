package audit

import (
	"context"
	"encoding/json"

	"entente/internal/kit/ids"
	"entente/internal/kit/query"
	"entente/internal/kit/sqldb"
)

// EntryTable tells by what entries can be found and sorted, in Graph's names.
// An entry has one target, so its collection is asked like a single value; see
// OneElement.
var EntryTable = query.Table{
	Key: []string{"activityDateTime", "id"},
	Fields: map[string]query.Column{
		"id":                                 {SQL: "e.id"},
		"activityDateTime":                   {SQL: "e.at_us", Kind: query.Time},
		"activityDisplayName":                {SQL: "e.activity_folded", Fold: true},
		"category":                           {SQL: "e.category", Among: categories},
		"correlationId":                      {SQL: "e.request_id", Null: ""},
		"loggedByService":                    {SQL: "e.service", Among: services},
		"result":                             {SQL: "e.result", Among: []string{"success", "failure"}},
		"initiatedBy/user/id":                {SQL: "e.by_user", Null: ""},
		"initiatedBy/user/userPrincipalName": {SQL: "e.by_user_folded", Fold: true, Null: ""},
		"initiatedBy/app/appId":              {SQL: "e.by_program", Null: ""},
		"initiatedBy/app/displayName":        {SQL: "e.by_program_folded", Fold: true, Null: ""},
		"targetResources/id":                 {SQL: "e.target_id", Null: ""},
	},
}

// The words of Microsoft's log that compare without regard to case.
var (
	categories = []string{
		"UserManagement", "GroupManagement", "ApplicationManagement", "RoleManagement", "Policy", "PolicyManagement", "DirectoryManagement",
		"EntitlementManagement", "Authentication", "Authorization", "CrossTenantAccessSettings", "ResourceManagement",
	}
	services = []string{CoreDirectory, "Invited Users", "Entitlement Management", "Access Reviews", "Authentication Methods", "B2C"}
)

// SignInTable tells by what sign-ins can be found and sorted, in Graph's names.
// Members of the principal are asked by way of OfPrincipals.
var SignInTable = query.Table{
	Key: []string{"createdDateTime", "id"},
	Fields: map[string]query.Column{
		"id":                    {SQL: "s.id"},
		"createdDateTime":       {SQL: "s.at_us", Kind: query.Time},
		"appId":                 {SQL: "s.app_id", Null: ""},
		"appDisplayName":        {SQL: "s.app_folded", Fold: true, Null: ""},
		"correlationId":         {SQL: "s.correlation_id", Null: ""},
		"ipAddress":             {SQL: "s.ip", Null: ""},
		"principal":             {SQL: "s.principal_id", Null: ""},
		"principalName":         {SQL: "s.principal_folded", Fold: true, Null: ""},
		"resourceId":            {SQL: "s.resource_app", Null: ""},
		"resourceDisplayName":   {SQL: "s.resource_folded", Fold: true, Null: ""},
		"signInEventTypes":      {SQL: "s.kind", Among: Kinds},
		"status/errorCode":      {SQL: "s.error_code", Kind: query.Int},
		"uniqueTokenIdentifier": {SQL: "s.token_id", Null: ""},
	},
}

// Kinds are the kinds of sign-in.
var Kinds = []string{InteractiveUserSignIn, UserSignIn, ServicePrincipalSignIn, ManagedIdentitySignIn}

// A Page is a stretch of a log, and where the next one begins: nil after the
// last.
type Page[T any] struct {
	Items []T
	Next  []any
}

const (
	entriesFrom = "from audit_entry e where e.tenant_id = ?"
	signInsFrom = "from sign_in s where s.tenant_id = ?"

	signInColumns = `s.id, s.at_us, s.kind, s.app_id, s.app_name, s.principal_id, s.principal_name, s.home_tenant, s.resource_app, s.resource_id,
	s.resource_name, s.credential_kind, s.credential_id, s.correlation_id, s.token_id, s.ip, s.user_agent, s.error_code, s.reason, s.links, s.other_tenant`
)

// ListEntries returns a page of the tenant's entries, the newest first unless
// q says otherwise.
func ListEntries(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, q query.Query) (Page[Stored], error) {
	if q.Order == nil {
		q.Order = []query.Key{{Field: "activityDateTime", Desc: true}}
	}
	return list(ctx, tx, q, EntryTable, entryColumns, entriesFrom, tenant, scanEntry)
}

// CountEntries returns how many of the tenant's entries pass the filter.
func CountEntries(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, filter query.Expr) (int, error) {
	return count(ctx, tx, filter, EntryTable, entriesFrom, tenant)
}

// GetEntry returns an entry, or NotFound.
func GetEntry(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id ids.AuditID) (Stored, error) {
	return scanEntry(tenant, func(dest ...any) error {
		return tx.One(ctx, "select "+entryColumns+" "+entriesFrom+" and e.id = ?", []any{tenant, id}, dest...)
	})
}

// ListSignIns returns a page of the tenant's sign-ins, the newest first unless
// q says otherwise.
func ListSignIns(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, q query.Query) (Page[SignIn], error) {
	if q.Order == nil {
		q.Order = []query.Key{{Field: "createdDateTime", Desc: true}}
	}
	return list(ctx, tx, q, SignInTable, signInColumns, signInsFrom, tenant, scanSignIn)
}

// CountSignIns returns how many of the tenant's sign-ins pass the filter.
func CountSignIns(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, filter query.Expr) (int, error) {
	return count(ctx, tx, filter, SignInTable, signInsFrom, tenant)
}

// GetSignIn returns a sign-in, or NotFound.
func GetSignIn(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id ids.AuditID) (SignIn, error) {
	return scanSignIn(tenant, func(dest ...any) error {
		return tx.One(ctx, "select "+signInColumns+" "+signInsFrom+" and s.id = ?", []any{tenant, id}, dest...)
	})
}

func scanSignIn(tenant ids.TenantID, scan func(...any) error) (SignIn, error) {
	e := SignIn{Tenant: tenant}
	var at int64
	var links string
	err := scan(&e.ID, &at, &e.Kind, &e.App, &e.AppName, &e.Principal, &e.PrincipalName, &e.Home, &e.ResourceApp, &e.Resource,
		&e.ResourceName, &e.CredentialKind, &e.CredentialID, &e.Correlation, &e.TokenID, &e.IP, &e.UserAgent, &e.ErrorCode, &e.Reason, &links, &e.Other)
	e.At = sqldb.Time(at)
	if err == nil && links != "" {
		err = json.Unmarshal([]byte(links), &e.Links)
	}
	return e, err
}

func list[T any](ctx context.Context, tx *sqldb.Tx, q query.Query, t query.Table, columns, from string, tenant ids.TenantID,
	row func(tenant ids.TenantID, scan func(...any) error) (T, error)) (page Page[T], err error) {
	cur, err := t.Cursor(q)
	if err != nil {
		return page, err
	}
	text, args, err := query.Compile(q, t, "select "+columns+", "+cur.Columns()+" "+from, tenant)
	if err != nil {
		return page, err
	}
	err = tx.Each(ctx, text, args, func(scan func(...any) error) error {
		if cur.Beyond() {
			return nil
		}
		item, err := row(tenant, func(dest ...any) error { return scan(append(dest, cur.Dest()...)...) })
		if err == nil {
			page.Items = append(page.Items, item)
		}
		return err
	})
	page.Next = cur.Next()
	return page, err
}

func count(ctx context.Context, tx *sqldb.Tx, filter query.Expr, t query.Table, from string, tenant ids.TenantID) (n int, err error) {
	text, args, err := query.Matching(filter, t, "select count(*) "+from, tenant)
	if err != nil {
		return 0, err
	}
	return n, tx.One(ctx, text, args, &n)
}

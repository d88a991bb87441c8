package app

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"entente/internal/core/object"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// ServicesTenant is where the installation's own applications live. It is a
// number in documents only: no tenant of that identifier exists here.
const ServicesTenant ids.TenantID = "f8cdef31-a31e-4b4a-93e4-5f571e91255a"

// The installation's own applications, under the client identifiers that
// clients know.
const (
	GraphAppID         ids.AppID = "00000003-0000-0000-c000-000000000000"
	ARMAppID           ids.AppID = "797f4846-ba00-4fd7-ba43-dac1f8f63013"
	DevOpsAppID        ids.AppID = "499b84ac-1321-427f-aa17-267ca6975798"
	TokenExchangeAppID ids.AppID = "fb60f99c-7a34-4190-8149-302f77469936"
	KeyVaultAppID      ids.AppID = "cfa8b339-82a2-471a-a3c9-0fc0be7a4093"
	StorageAppID       ids.AppID = "e406a681-f3d4-42a8-90b6-c2b029497af1"
)

// TokenExchangeAudience is the name by which federated credentials know the
// token exchange.
const TokenExchangeAudience = "api://AzureADTokenExchange"

// aliases are further names of the installation's own applications.
var aliases = map[ids.AppID][]string{
	GraphAppID:         {"https://graph.microsoft.com"},
	ARMAppID:           {"https://management.azure.com", "https://management.core.windows.net"},
	DevOpsAppID:        {"https://app.vssps.visualstudio.com"},
	TokenExchangeAppID: {TokenExchangeAudience},
	KeyVaultAppID:      {"https://vault.azure.net"},
	StorageAppID:       {"https://storage.azure.com"},
}

// BuiltInResources are the installation's own applications that are resources
// and have a service principal in every tenant.
func BuiltInResources() []ids.AppID {
	return []ids.AppID{GraphAppID, ARMAppID, DevOpsAppID, TokenExchangeAppID, KeyVaultAppID, StorageAppID}
}

//go:embed graph_permissions.tsv
var graphPermissions string

// builtIn returns the installation's own applications.
func builtIn() ([]*Application, error) {
	roles, scopes, err := readPermissions(graphPermissions)
	if err != nil {
		return nil, err
	}
	user := func(id, name string) []Scope {
		return []Scope{{
			ID: ids.RoleID(id), IsEnabled: true, Type: "User", Value: "user_impersonation",
			AdminName: "Access " + name, AdminDescription: "Allows the application to access " + name + " on behalf of the signed-in user.",
		}}
	}
	return []*Application{
		ours(GraphAppID, "Microsoft Graph", 1, roles, scopes),
		ours(ARMAppID, "Windows Azure Service Management API", 1, nil, user("41094075-9dad-400e-a0bd-54e686782033", "Azure Service Management")),
		ours(DevOpsAppID, "Azure DevOps", 1, nil, user("ee69721e-6c3a-468f-a9ec-302d16a4c599", "Azure DevOps")),
		ours(TokenExchangeAppID, "AzureADTokenExchange", 2, nil, nil),
		ours(KeyVaultAppID, "Azure Key Vault", 1, nil, user("f53da476-18e3-4152-8e01-aec403e6edc0", "Azure Key Vault")),
		ours(StorageAppID, "Azure Storage", 1, nil, user("03e0da56-190b-40ad-a80c-ea378c433f7f", "Azure Storage")),
	}, nil
}

// ours returns one of the installation's own applications. Its object
// identifier is its client identifier, so that every installation agrees.
func ours(id ids.AppID, name string, version int, roles []AppRole, scopes []Scope) *Application {
	return &Application{
		Tenant: ServicesTenant, BuiltIn: true, ID: ids.ObjectID(id), AppID: id, DisplayName: name, SignInAudience: MultipleOrgs,
		AppRoles: roles, API: API{RequestedTokenVersion: &version, Scopes: scopes}, version: 1,
	}
}

// readPermissions reads the table of Microsoft Graph's permissions: value, app
// role identifier, scope identifier, who may consent to the scope, name.
func readPermissions(table string) (roles []AppRole, scopes []Scope, err error) {
	for line := range strings.Lines(table) {
		f := strings.Split(strings.TrimRight(line, "\n"), "\t")
		if len(f) != 5 {
			return nil, nil, fmt.Errorf("permission table: %d columns in %q", len(f), line)
		}
		value, name := f[0], f[4]
		does := strings.ToLower(name[:1]) + name[1:]
		if f[1] != "" {
			roles = append(roles, AppRole{
				AllowedMemberTypes: []string{"Application"}, ID: ids.RoleID(f[1]), IsEnabled: true, Origin: "Application", Value: &value,
				DisplayName: name, Description: "Allows the app to " + does + " without a signed-in user.",
			})
		}
		if f[2] != "" {
			desc := "Allows the app to " + does + " on behalf of the signed-in user."
			scopes = append(scopes, Scope{
				ID: ids.RoleID(f[2]), IsEnabled: true, Type: f[3], Value: value,
				AdminName: name, AdminDescription: desc, UserName: &name, UserDescription: &desc,
			})
		}
	}
	return roles, scopes, nil
}

// EnsureBuiltIn stores the installation's own applications, or brings those
// stored by an earlier version up to date.
func EnsureBuiltIn(ctx context.Context, db *sqldb.DB) error {
	apps, err := builtIn()
	if err != nil {
		return err
	}
	for _, a := range apps {
		if err := db.Update(ctx, func(tx *sqldb.Tx) error { return ensure(ctx, tx, a) }); err != nil {
			return err
		}
	}
	return nil
}

func ensure(ctx context.Context, tx *sqldb.Tx, a *Application) error {
	stored, err := ApplicationByAppID(ctx, tx, a.AppID)
	if errors.Is(err, fault.NotFound) {
		a.CreatedDateTime = tx.Now()
		return addApplication(ctx, tx, a, "")
	}
	if err != nil {
		return err
	}
	a.CreatedDateTime, a.version = stored.CreatedDateTime, stored.version
	before, err := json.Marshal(stored)
	if err != nil {
		return err
	}
	object.Fill(a)
	after, err := json.Marshal(a)
	if err != nil || string(before) == string(after) {
		return err
	}
	return putApplication(ctx, tx, a)
}

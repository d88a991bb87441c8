package interop

import (
	"context"
	"net/http"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"entente/internal/enttest/fakeidp"
)

// federated is an application of tenant B that an issuer outside may stand in
// for.
type federated struct {
	id  string // its client identifier
	idp *fakeidp.IdP
}

// trustIssuer starts an issuer and makes an application in tenant B that
// trusts it to speak for a subject, with the permission to read users.
func trustIssuer(t *testing.T, subject string) federated {
	t.Helper()
	idp := fakeidp.Start(t)
	id := newApplication(t, map[string]any{"displayName": "Pipeline"}, func(path, admin string) {
		graph(t, http.MethodPost, path+"/federatedIdentityCredentials", admin, map[string]any{
			"name": "pipeline", "issuer": idp.Issuer, "subject": subject, "audiences": []string{"api://AzureADTokenExchange"},
		}, http.StatusCreated)
	})
	return federated{id, idp}
}

// newApplication makes an application in tenant B, lets the caller add to it,
// and gives it a service principal that may read users. It returns the client
// identifier.
func newApplication(t *testing.T, body map[string]any, more func(path, admin string)) string {
	t.Helper()
	admin := directoryToken(t)
	app := graph(t, http.MethodPost, "/v1.0/applications", admin, body, http.StatusCreated)
	path := "/v1.0/applications/" + app["id"].(string)
	t.Cleanup(func() { graph(t, http.MethodDelete, path, admin, nil, http.StatusNoContent) })
	more(path, admin)
	id := app["appId"].(string)
	sp := graph(t, http.MethodPost, "/v1.0/servicePrincipals", admin, map[string]any{"appId": id}, http.StatusCreated)
	resource := graph(t, http.MethodGet, "/v1.0/servicePrincipals(appId='00000003-0000-0000-c000-000000000000')?$select=id,appRoles", admin, nil, http.StatusOK)
	for _, role := range resource["appRoles"].([]any) {
		if role := role.(map[string]any); role["value"] == "User.Read.All" {
			graph(t, http.MethodPost, "/v1.0/servicePrincipals/"+sp["id"].(string)+"/appRoleAssignments", admin, map[string]any{
				"principalId": sp["id"], "resourceId": resource["id"], "appRoleId": role["id"],
			}, http.StatusCreated)
			return id
		}
	}
	t.Fatal("Microsoft Graph has no app role User.Read.All")
	return ""
}

func TestExternalIssuer(t *testing.T) {
	const subject = "repo:contoso/app:ref:refs/heads/main"
	app := trustIssuer(t, subject)
	other := fakeidp.Start(t)
	credential := func(assertion string) *azidentity.ClientAssertionCredential {
		c, err := azidentity.NewClientAssertionCredential(env["ENTENTE_TENANT_B"], app.id,
			func(context.Context) (string, error) { return assertion, nil },
			&azidentity.ClientAssertionCredentialOptions{ClientOptions: options(), DisableInstanceDiscovery: true})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	t.Run("the credential's subject", func(t *testing.T) {
		got := token(t, credential(app.idp.Token(t, subject, "api://AzureADTokenExchange", nil)), graphScope)
		wantClaims(t, got, map[string]any{"tid": env["ENTENTE_TENANT_B"], "appid": app.id, "appidacr": "2"})
		wantUsers(t, got)
	})
	tests := []struct{ name, assertion, code string }{
		{"another subject", app.idp.Token(t, subject+"x", "api://AzureADTokenExchange", nil), "AADSTS700213"},
		{"another case", app.idp.Token(t, "Repo:contoso/app:ref:refs/heads/main", "api://AzureADTokenExchange", nil), "AADSTS7002138"},
		{"another audience", app.idp.Token(t, subject, "https://example.com", nil), "AADSTS700212"},
		{"another issuer", other.Token(t, subject, "api://AzureADTokenExchange", nil), "AADSTS700211"},
		{"expired", app.idp.Token(t, subject, "api://AzureADTokenExchange", map[string]any{"exp": 1}), "AADSTS700024"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			wantRefusal(t, tt.code, ask(t, credential(tt.assertion), graphScope))
		})
	}
}

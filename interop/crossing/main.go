// Command crossing is the whole first story with Microsoft's own Go client: a
// managed identity of one tenant stands in for an application, and the
// application reads another tenant's users. Nobody holds a secret.
//
// Every address comes from the environment that `entente lab env` prints:
//
//	go run ./cmd/entente lab run -- go run ./interop/crossing
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
)

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	token, err := tokenOfTenantB(ctx)
	if err != nil {
		return err
	}
	users, next := 0, os.Getenv("ENTENTE_GRAPH_URL")+"/v1.0/users?$top=999&$select=id"
	for next != "" {
		page, err := read(ctx, next, token)
		if err != nil {
			return err
		}
		users, next = users+len(page.Value), page.Next
	}
	fmt.Printf("Found %d users in tenant B\n", users)
	return nil
}

// tokenOfTenantB proves to tenant B who we are with a token of tenant A's
// managed identity. The libraries read AZURE_AUTHORITY_HOST, IDENTITY_ENDPOINT
// and SSL_CERT_FILE by themselves.
func tokenOfTenantB(ctx context.Context) (string, error) {
	identity, err := azidentity.NewManagedIdentityCredential(&azidentity.ManagedIdentityCredentialOptions{
		ID: azidentity.ClientID(os.Getenv("ENTENTE_MI_CLIENT_ID")),
	})
	if err != nil {
		return "", err
	}
	assertion := func(ctx context.Context) (string, error) {
		t, err := identity.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{"api://AzureADTokenExchange/.default"}})
		return t.Token, err
	}
	application, err := azidentity.NewClientAssertionCredential(os.Getenv("ENTENTE_TENANT_B"), os.Getenv("ENTENTE_APP_ID"), assertion,
		&azidentity.ClientAssertionCredentialOptions{DisableInstanceDiscovery: true})
	if err != nil {
		return "", err
	}
	t, err := application.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{"https://graph.microsoft.com/.default"}})
	return t.Token, err
}

type page struct {
	Value []struct{ ID string }
	Next  string `json:"@odata.nextLink"`
}

func read(ctx context.Context, address, token string) (page, error) {
	var p page
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return p, err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return p, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return p, fmt.Errorf("GET %s: %s", address, resp.Status)
	}
	return p, json.NewDecoder(resp.Body).Decode(&p)
}

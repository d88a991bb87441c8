package interop

import (
	"context"
	"net/http"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// TestStrictVerifier: a resource of tenant B checks its tokens as any OpenID
// Connect library does, knowing the issuer's name alone.
func TestStrictVerifier(t *testing.T) {
	ctx := oidc.ClientContext(t.Context(), client)
	issuer := env["ENTENTE_LOGIN_URL"] + "/" + env["ENTENTE_TENANT_B"] + "/v2.0"
	provider, err := oidc.NewProvider(ctx, issuer)
	if err != nil {
		t.Fatal(err)
	}
	api := newApplication(t, map[string]any{
		"displayName": "Strict API",
		"api":         map[string]any{"requestedAccessTokenVersion": 2},
	}, func(string, string) {})
	verifier := provider.VerifierContext(ctx, &oidc.Config{ClientID: api})
	for name, style := range map[string]oauth2.AuthStyle{"secret in the body": oauth2.AuthStyleInParams, "secret in the header": oauth2.AuthStyleInHeader} {
		t.Run(name, func(t *testing.T) {
			got, err := verifier.Verify(ctx, clientCredentials(ctx, t, provider, style, api+"/.default"))
			if err != nil {
				t.Fatal(err)
			}
			var c struct {
				Version string `json:"ver"`
				Tenant  string `json:"tid"`
				Client  string `json:"azp"`
			}
			if err := got.Claims(&c); err != nil {
				t.Fatal(err)
			}
			if got.Issuer != issuer || c.Version != "2.0" || c.Tenant != env["ENTENTE_TENANT_B"] || c.Client != env["ENTENTE_SECRET_APP_ID"] {
				t.Errorf("got a token of %s with %+v", got.Issuer, c)
			}
		})
	}
	t.Run("a token for another resource", func(t *testing.T) {
		raw := clientCredentials(ctx, t, provider, oauth2.AuthStyleInParams, graphScope)
		if _, err := verifier.Verify(ctx, raw); err == nil {
			t.Error("it was verified")
		}
	})
	t.Run("a token of another tenant", func(t *testing.T) {
		appService(t)
		raw := token(t, managedIdentity(t, azidentity.ClientID(env["ENTENTE_MI_CLIENT_ID"]), options()), exchangeScope)
		if _, err := provider.VerifierContext(ctx, &oidc.Config{SkipClientIDCheck: true}).Verify(ctx, raw); err == nil {
			t.Error("it was verified")
		}
		home, err := oidc.NewProvider(ctx, env["ENTENTE_LOGIN_URL"]+"/"+env["ENTENTE_TENANT_A"]+"/v2.0")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := home.VerifierContext(ctx, &oidc.Config{ClientID: "fb60f99c-7a34-4190-8149-302f77469936"}).Verify(ctx, raw); err != nil {
			t.Errorf("at home: %v", err)
		}
	})
}

// clientCredentials asks for a token as x/oauth2 does.
func clientCredentials(ctx context.Context, t *testing.T, provider *oidc.Provider, style oauth2.AuthStyle, scope string) string {
	t.Helper()
	c := clientcredentials.Config{
		ClientID: env["ENTENTE_SECRET_APP_ID"], ClientSecret: env["ENTENTE_SECRET"],
		TokenURL: provider.Endpoint().TokenURL, Scopes: []string{scope}, AuthStyle: style,
	}
	got, err := c.Token(context.WithValue(ctx, oauth2.HTTPClient, client))
	if err != nil {
		t.Fatal(err)
	}
	return got.AccessToken
}

// TestDiscoveryByDomain: the document found by a tenant's domain speaks of the
// tenant's identifier, so a strict library must be told so.
func TestDiscoveryByDomain(t *testing.T) {
	ctx := oidc.InsecureIssuerURLContext(oidc.ClientContext(t.Context(), client), env["ENTENTE_LOGIN_URL"]+"/"+env["ENTENTE_TENANT_B"]+"/v2.0")
	if _, err := oidc.NewProvider(ctx, env["ENTENTE_LOGIN_URL"]+"/fabrikam.example/v2.0"); err != nil {
		t.Error(err)
	}
	unknown := oidc.ClientContext(t.Context(), &http.Client{Transport: client.Transport})
	if _, err := oidc.NewProvider(unknown, env["ENTENTE_LOGIN_URL"]+"/nowhere.example/v2.0"); err == nil {
		t.Error("a tenant that does not exist has a discovery document")
	}
}

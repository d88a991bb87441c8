package interop

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// delegate makes an application in tenant B that may act for everybody there
// with a scope of Microsoft Graph.
func delegate(t *testing.T, body map[string]any, scope string) (id, path string) {
	t.Helper()
	id = newApplication(t, body, func(at, _ string) { path = at })
	admin := directoryToken(t)
	sp := graph(t, http.MethodGet, "/v1.0/servicePrincipals(appId='"+id+"')?$select=id", admin, nil, http.StatusOK)
	resource := graph(t, http.MethodGet, "/v1.0/servicePrincipals(appId='00000003-0000-0000-c000-000000000000')?$select=id", admin, nil, http.StatusOK)
	graph(t, http.MethodPost, "/v1.0/oauth2PermissionGrants", admin, map[string]any{
		"clientId": sp["id"], "consentType": "AllPrincipals", "resourceId": resource["id"], "scope": scope,
	}, http.StatusCreated)
	return id, path
}

// deviceClient is an application that signs people in by device code.
func deviceClient(t *testing.T) string {
	t.Helper()
	id, _ := delegate(t, map[string]any{"displayName": "Device client", "isFallbackPublicClient": true}, "User.Read openid profile offline_access")
	return id
}

// enterCode is a person of tenant B who types the code of a device at the
// address that it shows.
func enterCode(t *testing.T, address, code, say string) {
	t.Helper()
	b := newBrowser(t)
	v := b.press(b.open(address), "Next", url.Values{"otc": {code}})
	v = b.press(v, "Next", url.Values{"username": {env["ENTENTE_ADMIN_B_UPN"]}})
	v = b.press(v, "Sign in", url.Values{"password": {env["ENTENTE_ADMIN_B_PASSWORD"]}})
	b.press(v, say, nil)
}

const started = "I started this myself"

func TestMSALDeviceCode(t *testing.T) {
	id := deviceClient(t)
	c, err := public.New(id, public.WithAuthority(env["ENTENTE_LOGIN_URL"]+"/"+env["ENTENTE_TENANT_B"]), public.WithHTTPClient(client), public.WithInstanceDiscovery(false))
	if err != nil {
		t.Fatal(err)
	}
	scopes := []string{"User.Read"}
	code, err := c.AcquireTokenByDeviceCode(t.Context(), scopes)
	if err != nil {
		t.Fatal(err)
	}
	if r := code.Result; !strings.Contains(r.Message, r.UserCode) || !strings.Contains(r.Message, r.VerificationURL) || r.Interval != 5 {
		t.Errorf("the device is told %+v", r)
	}
	enterCode(t, code.Result.VerificationURL, code.Result.UserCode, started)
	got, err := code.AuthenticationResult(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	wantClaims(t, got.AccessToken, map[string]any{"tid": env["ENTENTE_TENANT_B"], "appid": id, "upn": env["ENTENTE_ADMIN_B_UPN"], "idtyp": "user"})
	if got.Account.PreferredUsername != env["ENTENTE_ADMIN_B_UPN"] {
		t.Errorf("the account is %+v", got.Account)
	}
	if _, err := c.AcquireTokenSilent(t.Context(), scopes, public.WithSilentAccount(got.Account), public.WithClaims(`{"access_token":{"nbf":{"essential":true}}}`)); err != nil {
		t.Errorf("the renewal: %v", err)
	}

	if code, err = c.AcquireTokenByDeviceCode(t.Context(), scopes); err != nil {
		t.Fatal(err)
	}
	enterCode(t, code.Result.VerificationURL, code.Result.UserCode, "I did not")
	if _, err := code.AuthenticationResult(t.Context()); err == nil || !strings.Contains(err.Error(), "AADSTS65004") {
		t.Errorf("declined: %v", err)
	}
}

func TestDeviceCodeCredential(t *testing.T) {
	id := deviceClient(t)
	c, err := azidentity.NewDeviceCodeCredential(&azidentity.DeviceCodeCredentialOptions{
		ClientOptions: options(), TenantID: env["ENTENTE_TENANT_B"], ClientID: id, DisableInstanceDiscovery: true,
		UserPrompt: func(_ context.Context, m azidentity.DeviceCodeMessage) error {
			enterCode(t, m.VerificationURL, m.UserCode, started)
			return nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	got := token(t, c, "https://graph.microsoft.com/User.Read")
	wantClaims(t, got, map[string]any{"tid": env["ENTENTE_TENANT_B"], "appid": id, "upn": env["ENTENTE_ADMIN_B_UPN"]})
	again, err := c.GetToken(t.Context(), policy.TokenRequestOptions{Scopes: []string{"https://graph.microsoft.com/User.Read"}})
	if err != nil || again.Token != got {
		t.Errorf("the cache: %v", err)
	}

	closed, _ := delegate(t, map[string]any{"displayName": "No device client"}, "User.Read")
	c, err = azidentity.NewDeviceCodeCredential(&azidentity.DeviceCodeCredentialOptions{
		ClientOptions: options(), TenantID: env["ENTENTE_TENANT_B"], ClientID: closed, DisableInstanceDiscovery: true,
		UserPrompt: func(context.Context, azidentity.DeviceCodeMessage) error { t.Error("a code was shown"); return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	wantRefusal(t, "AADSTS7000218", ask(t, c, "https://graph.microsoft.com/User.Read"))
}

// TestPlainDeviceCode is x/oauth2, which knows the standard alone (RFC 8628).
func TestPlainDeviceCode(t *testing.T) {
	ctx := oidc.ClientContext(t.Context(), client)
	provider, err := oidc.NewProvider(ctx, env["ENTENTE_LOGIN_URL"]+"/"+env["ENTENTE_TENANT_B"]+"/v2.0")
	if err != nil {
		t.Fatal(err)
	}
	c := oauth2.Config{ClientID: deviceClient(t), Endpoint: provider.Endpoint(), Scopes: []string{oidc.ScopeOpenID, "profile", "User.Read"}}
	code, err := c.DeviceAuth(ctx)
	if err != nil {
		t.Fatal(err)
	}
	enterCode(t, code.VerificationURI, code.UserCode, started)
	got, err := c.DeviceAccessToken(ctx, code)
	if err != nil {
		t.Fatal(err)
	}
	id, err := provider.VerifierContext(ctx, &oidc.Config{ClientID: c.ClientID}).Verify(ctx, got.Extra("id_token").(string))
	if err != nil || id.Subject == "" {
		t.Errorf("the ID token: %+v, %v", id, err)
	}
}

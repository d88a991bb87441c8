package interop

import (
	"context"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

const webBack = "https://app.example/cb"

// webClient is an application of a server, with a secret.
func webClient(t *testing.T) (id, secret string) {
	t.Helper()
	id, path := delegate(t, map[string]any{"displayName": "Web client", "web": map[string]any{"redirectUris": []string{webBack}}}, "User.Read openid profile offline_access")
	made := graph(t, http.MethodPost, path+"/addPassword", directoryToken(t), map[string]any{"passwordCredential": map[string]any{"displayName": "test"}}, http.StatusOK)
	return id, made["secretText"].(string)
}

// TestPlainSignIn is an application of a server as x/oauth2 and go-oidc make
// one: authorization code with PKCE, the ID token verified, and a renewal.
func TestPlainSignIn(t *testing.T) {
	ctx := context.WithValue(oidc.ClientContext(t.Context(), client), oauth2.HTTPClient, client)
	issuer := env["ENTENTE_LOGIN_URL"] + "/" + env["ENTENTE_TENANT_B"] + "/v2.0"
	provider, err := oidc.NewProvider(ctx, issuer)
	if err != nil {
		t.Fatal(err)
	}
	id, secret := webClient(t)
	for name, style := range map[string]oauth2.AuthStyle{"secret in the body": oauth2.AuthStyleInParams, "secret in the header": oauth2.AuthStyleInHeader} {
		t.Run(name, func(t *testing.T) {
			c := oauth2.Config{ClientID: id, ClientSecret: secret, Endpoint: provider.Endpoint(), RedirectURL: webBack, Scopes: []string{oidc.ScopeOpenID, "profile", oidc.ScopeOfflineAccess, "User.Read"}}
			c.Endpoint.AuthStyle = style
			verifier := oauth2.GenerateVerifier()
			v := newBrowser(t).signIn(c.AuthCodeURL("a state", oidc.Nonce("a nonce"), oauth2.S256ChallengeOption(verifier)))
			if v.sent == nil || v.sent.Query().Get("state") != "a state" || v.sent.Query().Get("iss") != issuer {
				t.Fatalf("the browser was sent to %v", v.sent)
			}
			got, err := c.Exchange(ctx, v.sent.Query().Get("code"), oauth2.VerifierOption(verifier))
			if err != nil {
				t.Fatal(err)
			}
			token, err := provider.VerifierContext(ctx, &oidc.Config{ClientID: id}).Verify(ctx, got.Extra("id_token").(string))
			if err != nil {
				t.Fatal(err)
			}
			var claims struct {
				Name string `json:"preferred_username"`
			}
			if err := token.Claims(&claims); err != nil || token.Nonce != "a nonce" || claims.Name != env["ENTENTE_ADMIN_B_UPN"] {
				t.Errorf("the ID token is %+v, %+v, %v", token, claims, err)
			}
			if me := graph(t, http.MethodGet, "/v1.0/me", got.AccessToken, nil, http.StatusOK); me["userPrincipalName"] != env["ENTENTE_ADMIN_B_UPN"] {
				t.Errorf("/me is %v", me)
			}
			info, err := provider.UserInfo(ctx, oauth2.StaticTokenSource(got))
			var about struct {
				Name string `json:"name"`
			}
			if err != nil || info.Subject != token.Subject || info.Claims(&about) != nil || about.Name == "" {
				t.Errorf("userinfo is %+v, %v; the ID token is about %s", info, err, token.Subject)
			}
			got.Expiry = time.Now().Add(-time.Minute)
			again, err := c.TokenSource(ctx, got).Token()
			if err != nil || again.AccessToken == got.AccessToken || again.RefreshToken == got.RefreshToken {
				t.Errorf("the renewal: %v", err)
			}
		})
	}
}

// TestPlainSignInByCommonAddress: a program of many tenants does not know the
// issuer before somebody has signed in, and says so to the library.
func TestPlainSignInByCommonAddress(t *testing.T) {
	_, path := delegate(t, map[string]any{"displayName": "Common client", "signInAudience": "AzureADMultipleOrgs", "web": map[string]any{"redirectUris": []string{webBack}}}, "User.Read openid")
	app := graph(t, http.MethodGet, path, directoryToken(t), nil, http.StatusOK)
	q := url.Values{"client_id": {app["appId"].(string)}, "response_type": {"code"}, "redirect_uri": {webBack}, "scope": {"openid User.Read"}, "state": {"s"}}
	v := newBrowser(t).signIn(env["ENTENTE_LOGIN_URL"] + "/organizations/oauth2/v2.0/authorize?" + q.Encode())
	if v.sent == nil || v.sent.Query().Get("iss") != env["ENTENTE_LOGIN_URL"]+"/"+env["ENTENTE_TENANT_B"]+"/v2.0" {
		t.Errorf("the browser was sent to %v", v.sent)
	}
}

package graphtest

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"fmt"
	"image"
	"image/png"
	"math/big"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"entente/internal/core/app"
	"entente/internal/enttest/dbtest"
	"entente/internal/kit/ids"
	"entente/internal/kit/jose"
)

// TestTerraformsApplication sends what the azuread provider sends for an
// application and its service principal, in its order, and wants what it polls.
func TestTerraformsApplication(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		c := w.Client(t, w.A, "Application.ReadWrite.OwnedBy")
		me := "https://graph.microsoft.com/v1.0/directoryObjects/" + string(c.Principal.ID)
		made := c.Send(t, w, http.StatusCreated, "POST", "/v1.0/applications", map[string]any{
			"@odata.type": "#microsoft.graph.application", "displayName": "tf", "owners@odata.bind": []string{me},
			"api":      map[string]any{"acceptMappedClaims": nil, "knownClientApplications": []any{}, "oauth2PermissionScopes": []any{scopeOf("22222222-2222-4222-8222-222222222222", "read", true)}, "requestedAccessTokenVersion": 1},
			"appRoles": []any{}, "description": "", "groupMembershipClaims": nil, "identifierUris": []any{}, "info": map[string]any{"marketingUrl": nil, "privacyStatementUrl": nil, "supportUrl": nil, "termsOfServiceUrl": nil},
			"isDeviceOnlyAuthSupported": false, "isFallbackPublicClient": false, "notes": nil, "optionalClaims": nil, "publicClient": map[string]any{"redirectUris": []any{}},
			"requiredResourceAccess": []any{}, "serviceManagementReference": nil, "signInAudience": "AzureADMultipleOrgs", "spa": map[string]any{"redirectUris": []any{}}, "tags": []any{},
			"web": map[string]any{"homePageUrl": nil, "implicitGrantSettings": map[string]any{"enableAccessTokenIssuance": false, "enableIdTokenIssuance": false}, "logoutUrl": nil, "redirectUris": []string{"https://tf.example/cb"}},
		})
		one := "/v1.0/applications/" + made.Text("id")
		if made.Text("createdByAppId") != string(c.App.AppID) {
			t.Errorf("createdByAppId = %q, want the caller's", made.Text("createdByAppId"))
		}
		if n := len(made.Body); n != 41 {
			t.Errorf("an application has %d members, want 41", n)
		}
		for _, name := range []string{"TERRAFORM_UPDATE_1b4c", "tf"} {
			c.Send(t, w, http.StatusNoContent, "PATCH", one, map[string]any{"displayName": name})
			if got := c.Get(t, w, one).Text("displayName"); got != name {
				t.Errorf("displayName = %q, want %q", got, name)
			}
		}
		if a := c.Get(t, w, "/beta/applications/"+made.Text("id")+"?$select=oauth2RequirePostResponse"); a.Body["oauth2RequirePostResponse"] != false {
			t.Errorf("got %s", a.Raw)
		}
		c.Send(t, w, http.StatusNoContent, "PATCH", "/beta/applications/"+made.Text("id"), map[string]any{"oauth2RequirePostResponse": true})
		settings := c.Get(t, w, one).Body["web"].(map[string]any)["redirectUriSettings"].([]any)
		if len(settings) != 1 || settings[0].(map[string]any)["uri"] != "https://tf.example/cb" {
			t.Errorf("redirectUriSettings = %v", settings)
		}

		// A scope is disabled first and goes then.
		read := func(enabled bool) any {
			return map[string]any{"api": map[string]any{"oauth2PermissionScopes": []any{scopeOf("22222222-2222-4222-8222-222222222222", "read", enabled)}}}
		}
		none := map[string]any{"api": map[string]any{"oauth2PermissionScopes": []any{}}}
		a := c.Send(t, w, http.StatusBadRequest, "PATCH", one, none)
		if code, msg := a.Error(); code != "CannotDeleteOrUpdateEnabledEntitlement" || msg != "Permission (scope or role) cannot be deleted or updated unless disabled first." {
			t.Errorf("got %s %s", code, msg)
		}
		c.Send(t, w, http.StatusNoContent, "PATCH", one, read(false))
		c.Send(t, w, http.StatusNoContent, "PATCH", one, none)

		sp := c.Send(t, w, http.StatusCreated, "POST", "/v1.0/servicePrincipals", map[string]any{
			"@odata.type": "#microsoft.graph.servicePrincipal", "accountEnabled": true, "alternativeNames": []any{}, "appId": made.Text("appId"), "appRoleAssignmentRequired": false,
			"description": "", "loginUrl": nil, "notes": nil, "notificationEmailAddresses": []any{}, "owners@odata.bind": []string{me},
			"preferredSingleSignOnMode": nil, "samlSingleSignOnSettings": map[string]any{"relayState": nil}, "tags": []string{"HideApp"},
		})
		if n := len(sp.Body); n != 39 {
			t.Errorf("a service principal has %d members, want 39", n)
		}
		two := "/v1.0/servicePrincipals/" + sp.Text("id")
		c.Send(t, w, http.StatusNoContent, "PATCH", two, map[string]any{"description": "TERRAFORM_UPDATE_2"})
		c.Send(t, w, http.StatusNoContent, "PATCH", two, map[string]any{"description": nil})
		if a := c.Get(t, w, "/beta/servicePrincipals/"+sp.Text("id")+"?$select=samlMetadataUrl"); a.Status != http.StatusOK {
			t.Errorf("got %s", a.Raw)
		}

		secret := c.Send(t, w, http.StatusOK, "POST", one+"/addPassword", map[string]any{"passwordCredential": map[string]any{"displayName": "x"}})
		if text := secret.Text("secretText"); len(text) != 40 || secret.Text("hint") != text[:3] {
			t.Errorf("got %s", secret.Raw)
		}
		has := func() bool {
			list := c.Get(t, w, one).Body["passwordCredentials"].([]any)
			return slices.ContainsFunc(list, func(v any) bool {
				m := v.(map[string]any)
				return m["keyId"] == secret.Text("keyId") && m["secretText"] == nil
			})
		}
		if !has() {
			t.Error("the secret does not show")
		}
		c.Send(t, w, http.StatusNoContent, "POST", one+"/removePassword", map[string]any{"keyId": secret.Text("keyId")})
		if has() {
			t.Error("the secret is still there")
		}
		c.Send(t, w, http.StatusNoContent, "DELETE", two+"/owners/"+string(c.Principal.ID)+"/$ref", nil)
		c.Send(t, w, http.StatusForbidden, "PATCH", two, map[string]any{"notes": "not mine"})
		c.Send(t, w, http.StatusNoContent, "DELETE", one, nil)
		c.Send(t, w, http.StatusNotFound, "GET", one, nil)
	})
}

func scopeOf(id, value string, enabled bool) map[string]any {
	return map[string]any{
		"id": id, "value": value, "isEnabled": enabled, "type": "User", "adminConsentDescription": "d", "adminConsentDisplayName": "n",
		"userConsentDescription": nil, "userConsentDisplayName": nil,
	}
}

// A pair is a key with its certificate.
type pair struct {
	key *rsa.PrivateKey
	der []byte
}

func newPair(t *testing.T) pair {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	must(t, err)
	// Proofs carry the machine's time, and certificates the story's.
	from, to := dbtest.Noon.AddDate(-1, 0, 0), dbtest.Noon.AddDate(1, 0, 0)
	shape := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "client"}, NotBefore: from, NotAfter: to}
	der, err := x509.CreateCertificate(rand.Reader, shape, shape, key.Public(), key)
	must(t, err)
	return pair{key, der}
}

// proof shows that the pair's holder has the key.
func (p pair) proof(t *testing.T, w *World, audience, issuer string, life time.Duration) string {
	t.Helper()
	s, err := jose.NewSigner(crypto.Signer(p.key), jose.Header{Algorithm: jose.RS256, KeyID: "k"})
	must(t, err)
	now := w.Clock.Wall()
	text, err := s.Sign(map[string]any{"aud": audience, "iss": issuer, "nbf": now.Unix(), "exp": now.Add(life).Unix()})
	must(t, err)
	return text
}

func (p pair) credential() map[string]any {
	return map[string]any{"type": "AsymmetricX509Cert", "usage": "Verify", "key": base64.StdEncoding.EncodeToString(p.der)}
}

const directoryItself = "00000002-0000-0000-c000-000000000000"

// TestKeyRolling adds and removes certificates as Terraform does, by the whole
// list, and as programs do that roll their own, with proof of the one before.
func TestKeyRolling(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		c := w.Client(t, w.A, "Application.ReadWrite.OwnedBy")
		a := c.Send(t, w, http.StatusCreated, "POST", "/v1.0/applications", map[string]any{"displayName": "rolls"})
		sp := c.Send(t, w, http.StatusCreated, "POST", "/v1.0/servicePrincipals", map[string]any{"appId": a.Text("appId")})
		first, second, stranger := newPair(t), newPair(t), newPair(t)
		for _, x := range []struct{ id, path string }{
			{a.Text("id"), "/v1.0/applications/" + a.Text("id")}, {sp.Text("id"), "/v1.0/servicePrincipals/" + sp.Text("id")},
		} {
			ask := func(p pair, proof string) map[string]any {
				return map[string]any{"keyCredential": p.credential(), "passwordCredential": nil, "proof": proof}
			}
			good := first.proof(t, w, directoryItself, x.id, 10*time.Minute)
			c.Send(t, w, http.StatusUnauthorized, "POST", x.path+"/addKey", ask(second, good)) // nothing to prove by
			c.Send(t, w, http.StatusNoContent, "PATCH", x.path, map[string]any{"keyCredentials": []any{first.credential()}})
			list := keysOf(c.Get(t, w, x.path))
			if len(list) != 1 || list[0]["key"] != nil || list[0]["customKeyIdentifier"] == nil {
				t.Fatalf("%s: got %v", x.path, list)
			}
			if keys := keysOf(c.Get(t, w, x.path+"?$select=keyCredentials")); keys[0]["key"] == nil {
				t.Errorf("%s: selected, the certificate does not show", x.path)
			}
			for name, wrong := range map[string]string{
				"no token":         "proof",
				"another's key":    stranger.proof(t, w, directoryItself, x.id, 10*time.Minute),
				"another's name":   first.proof(t, w, directoryItself, string(c.App.ID), 10*time.Minute),
				"another audience": first.proof(t, w, string(app.GraphAppID), x.id, 10*time.Minute),
				"for too long":     first.proof(t, w, directoryItself, x.id, time.Hour),
				"in the past":      first.proof(t, w, directoryItself, x.id, -time.Hour),
			} {
				a := c.Send(t, w, http.StatusUnauthorized, "POST", x.path+"/addKey", ask(second, wrong))
				if code, msg := a.Error(); code != "Authentication_MissingOrMalformed" || msg != "Access Token missing or malformed." {
					t.Errorf("%s: got %s %s", name, code, msg)
				}
			}
			made := c.Send(t, w, http.StatusOK, "POST", x.path+"/addKey", ask(second, good))
			if made.Text("keyId") == "" || made.Text("usage") != "Verify" || !strings.HasSuffix(made.Text("@odata.context"), "#microsoft.graph.keyCredential") {
				t.Errorf("got %s", made.Raw)
			}
			private := second.credential()
			private["type"], private["usage"] = "X509CertAndPassword", "Sign"
			c.Send(t, w, http.StatusBadRequest, "POST", x.path+"/addKey", map[string]any{"keyCredential": private, "proof": good})
			c.Send(t, w, http.StatusBadRequest, "POST", x.path+"/addKey", map[string]any{"keyCredential": second.credential()})

			// The list as it came, keys left out, changes nothing.
			c.Send(t, w, http.StatusNoContent, "PATCH", x.path, map[string]any{"keyCredentials": c.Get(t, w, x.path).Body["keyCredentials"]})
			if n := len(keysOf(c.Get(t, w, x.path))); n != 2 {
				t.Errorf("%s: %d keys after a repetition, want 2", x.path, n)
			}
			remove := map[string]any{"keyId": list[0]["keyId"], "proof": second.proof(t, w, directoryItself, x.id, 10*time.Minute)}
			c.Send(t, w, http.StatusNoContent, "POST", x.path+"/removeKey", remove)
			c.Send(t, w, http.StatusBadRequest, "POST", x.path+"/removeKey", remove)
			c.Send(t, w, http.StatusUnauthorized, "POST", x.path+"/removeKey", map[string]any{"keyId": made.Text("keyId"), "proof": good})

			late := first.credential()
			late["endDateTime"] = dbtest.Noon.AddDate(2, 0, 0).Format(time.RFC3339)
			a := c.Send(t, w, http.StatusBadRequest, "PATCH", x.path, map[string]any{"keyCredentials": []any{late}})
			if code, msg := a.Error(); code != "KeyCredentialsInvalidEndDate" || msg != "Key credential end date is invalid." {
				t.Errorf("got %s %s", code, msg)
			}
		}
	})
}

func keysOf(a Answer) []map[string]any {
	list, _ := a.Body["keyCredentials"].([]any)
	out := make([]map[string]any, len(list))
	for i, v := range list {
		out[i], _ = v.(map[string]any)
	}
	return out
}

// TestLockedPrincipal: what an application's owner locks, no tenant changes.
func TestLockedPrincipal(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		home, guest := w.Client(t, w.A, "Application.ReadWrite.All"), w.Client(t, w.B, "Application.ReadWrite.All")
		a := home.Send(t, w, http.StatusCreated, "POST", "/v1.0/applications", map[string]any{"displayName": "locked", "signInAudience": "AzureADMultipleOrgs"})
		one := "/v1.0/servicePrincipals/" + guest.Send(t, w, http.StatusCreated, "POST", "/v1.0/servicePrincipals", map[string]any{"appId": a.Text("appId")}).Text("id")
		secret := guest.Send(t, w, http.StatusOK, "POST", one+"/addPassword", nil)
		lock := func(l map[string]any) {
			home.Send(t, w, http.StatusNoContent, "PATCH", "/v1.0/applications/"+a.Text("id"), map[string]any{"servicePrincipalLockConfiguration": l})
		}
		refused := func(property, method, path string, body any) {
			t.Helper()
			a := guest.Send(t, w, http.StatusBadRequest, method, path, body)
			if code, msg := a.Error(); code != "CannotUpdateLockedServicePrincipalProperty" || msg != "Property "+property+" is invalid." {
				t.Errorf("got %s %s", code, msg)
			}
		}
		keys := map[string]any{"keyCredentials": []any{newPair(t).credential()}}
		lock(map[string]any{"isEnabled": true, "allProperties": false, "credentialsWithUsageVerify": true})
		refused("passwordCredentials", "POST", one+"/addPassword", nil)
		refused("passwordCredentials", "POST", one+"/removePassword", map[string]any{"keyId": secret.Text("keyId")})
		refused("keyCredentials", "PATCH", one, keys)
		guest.Send(t, w, http.StatusNoContent, "PATCH", one, map[string]any{"notes": "free"})
		lock(map[string]any{"isEnabled": true, "allProperties": false, "credentialsWithUsageVerify": false, "credentialsWithUsageSign": true})
		guest.Send(t, w, http.StatusNoContent, "PATCH", one, keys)
		lock(map[string]any{"isEnabled": true, "allProperties": true})
		refused("keyCredentials", "PATCH", one, map[string]any{"keyCredentials": []any{}})
		lock(map[string]any{"isEnabled": false, "allProperties": true})
		guest.Send(t, w, http.StatusNoContent, "PATCH", one, map[string]any{"keyCredentials": []any{}})
	})
}

// TestLogo keeps a picture and gives it back as it came.
func TestLogo(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		c, stranger := w.Client(t, w.A, "Application.ReadWrite.All"), w.Client(t, w.B, "Application.ReadWrite.All")
		path := "/v1.0/applications/" + string(c.App.ID) + "/logo"
		if a := c.Get(t, w, path); a.Status != http.StatusNotFound {
			t.Errorf("without one: got %d", a.Status)
		}
		var picture bytes.Buffer
		must(t, png.Encode(&picture, image.NewRGBA(image.Rect(0, 0, 8, 8))))
		put := func(body []byte, media string) int {
			return w.Call(t, c.Token, "PUT", path, body, "Content-Type", media).Status
		}
		for name, got := range map[string]int{
			"no picture": put([]byte("<svg/>"), "image/png"), "too large": put(append(picture.Bytes(), make([]byte, 100<<10)...), "image/png"),
		} {
			if got != http.StatusBadRequest {
				t.Errorf("%s: got %d", name, got)
			}
		}
		if got := put(picture.Bytes(), "text/html"); got != http.StatusUnsupportedMediaType {
			t.Errorf("of another type: got %d", got)
		}
		if got := put(picture.Bytes(), "image/gif"); got != http.StatusNoContent { // it is what it is
			t.Fatalf("got %d", got)
		}
		a := c.Get(t, w, path)
		if a.Status != http.StatusOK || a.Header.Get("Content-Type") != "image/png" || !bytes.Equal(a.Raw, picture.Bytes()) {
			t.Errorf("got %d %s", a.Status, a.Header)
		}
		if got := w.Call(t, stranger.Token, "GET", path, nil).Status; got != http.StatusNotFound {
			t.Errorf("from another tenant: got %d", got)
		}
		if got := w.Call(t, stranger.Token, "PUT", path, picture.Bytes(), "Content-Type", "image/png").Status; got != http.StatusNotFound {
			t.Errorf("put from another tenant: got %d", got)
		}
	})
}

// TestAppQueries asks for applications and service principals as clients do.
func TestAppQueries(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		c := w.Client(t, w.A, "Application.ReadWrite.All", "Directory.Read.All")
		a := c.Send(t, w, http.StatusCreated, "POST", "/v1.0/applications", map[string]any{
			"displayName": "Payroll export", "description": "Moves salaries at night", "tags": []string{"Night", "payroll"},
			"requiredResourceAccess": []any{map[string]any{"resourceAppId": app.GraphAppID, "resourceAccess": []any{}}},
		})
		sp := c.Send(t, w, http.StatusCreated, "POST", "/v1.0/servicePrincipals", map[string]any{
			"appId": a.Text("appId"), "description": "here for payroll", "alternativeNames": []string{"/subscriptions/x"}, "tags": []string{"HideApp"},
		})
		for _, tt := range []struct {
			set, query string
			eventual   bool
			want       string // the only one, or none
		}{
			{"applications", "$filter=description eq 'moves salaries at night'", false, a.Text("id")},
			{"applications", "$filter=startswith(description,'Moves')", false, a.Text("id")},
			{"applications", "$filter=tags/any(t:t eq 'night')", false, a.Text("id")},
			{"applications", "$filter=tags/any(t:startswith(t,'pay'))", false, a.Text("id")},
			{"applications", "$filter=requiredResourceAccess/any(r:r/resourceAppId eq '00000003-0000-0000-c000-000000000000')", false, a.Text("id")},
			{"applications", "$filter=publisherDomain eq 'contoso.example' and displayName eq 'Payroll export'", false, a.Text("id")},
			{"applications", "$filter=applicationTemplateId eq 'x' and displayName eq 'Payroll export'", false, ""},
			{"applications", "$filter=description ne null&$count=true", true, a.Text("id")},
			{"applications", `$search="description:salar"`, true, a.Text("id")},
			{"applications", "$filter=tags/$count ne 0&$count=true", true, a.Text("id")},
			{"applications", "$filter=createdDateTime ge 2020-01-01T00:00:00Z and startswith(displayName,'Payroll')", false, a.Text("id")},
			{"servicePrincipals", "$filter=tags/any(t:t eq 'hideapp')", false, sp.Text("id")},
			{"servicePrincipals", "$filter=tags/any(t:t eq 'night')", false, sp.Text("id")}, // its application's
			{"servicePrincipals", "$filter=alternativeNames/any(x:x eq '/subscriptions/x')", false, sp.Text("id")},
			{"servicePrincipals", "$filter=servicePrincipalNames/any(x:x eq '" + a.Text("appId") + "')", false, sp.Text("id")},
			{"servicePrincipals", "$filter=startswith(description,'here')", false, sp.Text("id")},
			{"servicePrincipals", `$search="description:payroll"`, true, sp.Text("id")},
			{"servicePrincipals", "$filter=servicePrincipalType eq 'Application' and displayName eq 'Payroll export'&$count=true", true, sp.Text("id")},
			{"servicePrincipals", "$filter=appOwnerOrganizationId eq " + string(w.A.ID) + " and appId eq '" + a.Text("appId") + "'", false, sp.Text("id")},
		} {
			var headers []string
			if tt.eventual {
				headers = []string{"ConsistencyLevel", "eventual"}
			}
			got := c.Get(t, w, "/v1.0/"+tt.set+"?"+tt.query, headers...)
			var found []string
			for _, it := range got.Items() {
				found = append(found, fmt.Sprint(it["id"]))
			}
			if got.Status != http.StatusOK || strings.Join(found, " ") != tt.want {
				t.Errorf("%s?%s: got %d %v, want %s: %.300s", tt.set, tt.query, got.Status, found, tt.want, got.Raw)
			}
		}
		for _, query := range []string{"servicePrincipals?$filter=servicePrincipalType eq 'Application'", "applications?$filter=description ne 'x'", "applications?$orderby=displayName"} {
			if a := c.Get(t, w, "/v1.0/"+query); a.Status != http.StatusBadRequest {
				t.Errorf("%s without ConsistencyLevel: got %d", query, a.Status)
			}
		}
		for _, part := range []string{"owners", "appRoleAssignedTo", "appRoleAssignments", "oauth2PermissionGrants"} {
			if a := c.Get(t, w, "/v1.0/servicePrincipals/"+sp.Text("id")+"?$expand="+part); a.Status != http.StatusOK || a.Body[part] == nil {
				t.Errorf("$expand=%s: got %s", part, a.Raw)
			}
		}
		// An upsert of a service principal by its application.
		other := c.Send(t, w, http.StatusCreated, "POST", "/v1.0/applications", map[string]any{"displayName": "later"}).Text("appId")
		by := "/v1.0/servicePrincipals(appId='" + other + "')"
		c.Send(t, w, http.StatusNotFound, "PATCH", by, map[string]any{"notes": "n"})
		c.Send(t, w, http.StatusCreated, "PATCH", by, map[string]any{"notes": "n"}, "Prefer", "create-if-missing")
		c.Send(t, w, http.StatusNoContent, "PATCH", by, map[string]any{"notes": "m"}, "Prefer", "create-if-missing")
		if a := c.Get(t, w, by); a.Text("notes") != "m" {
			t.Errorf("got %s", a.Raw)
		}
	})
}

// TestTagsOfTwo: a principal shows its application's tags beside its own, and
// keeps its own only.
func TestTagsOfTwo(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		c := w.Client(t, w.A, "Application.ReadWrite.All")
		a := c.Send(t, w, http.StatusCreated, "POST", "/v1.0/applications", map[string]any{"displayName": "tagged", "tags": []string{"shared"}})
		one := "/v1.0/servicePrincipals/" + c.Send(t, w, http.StatusCreated, "POST", "/v1.0/servicePrincipals", map[string]any{"appId": a.Text("appId")}).Text("id")
		tags := func() string { return fmt.Sprint(c.Get(t, w, one).Body["tags"]) }
		c.Send(t, w, http.StatusNoContent, "PATCH", one, map[string]any{"tags": []string{"own"}})
		if got := tags(); got != "[own shared]" {
			t.Errorf("tags = %s", got)
		}
		c.Send(t, w, http.StatusNoContent, "PATCH", one, map[string]any{"notes": "n"})
		c.Send(t, w, http.StatusNoContent, "PATCH", "/v1.0/applications/"+a.Text("id"), map[string]any{"tags": []string{}})
		if got := tags(); got != "[own]" {
			t.Errorf("tags = %s, want the application's to be gone", got)
		}
	})
}

// TestWrongApps sends what Graph refuses, and wants its words.
func TestWrongApps(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		c := w.Client(t, w.A, Everything...)
		foreign := w.Client(t, w.B)
		sp := string(c.Principal.ID)
		graph := string(w.A.Graph.ID)
		role := w.A.Graph.AppRoles[0].ID
		for _, tt := range []struct {
			name, method, path string
			body               any
			status             int
			code, message      string
		}{
			{"no name", "POST", "/applications", map[string]any{}, 400, "Request_BadRequest", "A value is required for property 'displayName' of resource 'Application'."},
			{"personal accounts without version 2", "POST", "/applications", map[string]any{"displayName": "x", "signInAudience": "AzureADandPersonalMicrosoftAccount"}, 400, "Request_BadRequest", "Property api.requestedAccessTokenVersion is invalid."},
			{"a domain of others", "POST", "/applications", map[string]any{"displayName": "x", "identifierUris": []string{"https://fabrikam.example"}}, 400, "HostNameNotOnVerifiedDomain", "Values of identifierUris property must use a verified domain of the organization or its subdomain: 'https://fabrikam.example'"},
			{"a client authorized ahead that is not there", "POST", "/applications", map[string]any{"displayName": "x", "api": map[string]any{"preAuthorizedApplications": []any{map[string]any{"appId": foreign.App.AppID, "delegatedPermissionIds": []any{}}}}}, 400, "Request_BadRequest", "Invalid value specified for property 'api.preAuthorizedApplications' of resource 'Application'."},
			{"too many values", "POST", "/applications", map[string]any{"displayName": "x", "tags": slices.Repeat([]string{"t"}, 1201)}, 403, "Directory_ResourceSizeExceeded", "The size of the object has exceeded its limit. Please reduce the number of values and retry your request."},
			{"secrets by a change", "PATCH", "/applications/" + string(c.App.ID), map[string]any{"passwordCredentials": []any{map[string]any{"displayName": "x"}}}, 400, "Request_BadRequest", "Property 'passwordCredentials' is read-only and cannot be set."},
			{"an encryption key that is not there", "PATCH", "/applications/" + string(c.App.ID), map[string]any{"tokenEncryptionKeyId": ids.New[ids.KeyID]()}, 400, "Request_BadRequest", "Invalid value specified for property 'tokenEncryptionKeyId' of resource 'Application'."},
			{"an application of a stranger for one tenant", "POST", "/servicePrincipals", map[string]any{"appId": foreign.App.AppID}, 400, "Request_BadRequest", "The appId '" + string(foreign.App.AppID) + "' of the service principal does not reference a valid application object."},
			{"a second presence", "POST", "/servicePrincipals", map[string]any{"appId": c.App.AppID}, 409, "Request_MultipleObjectsWithSameKeyValue", "The service principal cannot be created, updated, or restored because the service principal name " + string(c.App.AppID) + " is already in use."},
			{"an application as an owner", "POST", "/applications/" + string(c.App.ID) + "/owners/$ref", map[string]any{"@odata.id": Own + "/v1.0/directoryObjects/" + string(c.App.ID)}, 400, "Request_BadRequest", "The reference target 'Application_" + string(c.App.ID) + "' of type 'Application' is invalid for the 'owners' reference."},
			{"a way to sign in that is none", "PATCH", "/servicePrincipals/" + sp, map[string]any{"preferredSingleSignOnMode": "magic"}, 400, "Request_BadRequest", "Invalid value specified for property 'preferredSingleSignOnMode' of resource 'ServicePrincipal'."},
			{"six addresses", "PATCH", "/servicePrincipals/" + sp, map[string]any{"notificationEmailAddresses": slices.Repeat([]string{"a@contoso.example"}, 6)}, 400, "Request_BadRequest", "Invalid value specified for property 'notificationEmailAddresses' of resource 'ServicePrincipal'."},
			{"a role that does not exist", "POST", "/servicePrincipals/" + graph + "/appRoleAssignedTo", map[string]any{"principalId": sp, "resourceId": graph, "appRoleId": ids.New[ids.RoleID]()}, 400, "Request_BadRequest", "Not a valid reference update."},
			{"no role where there are some", "POST", "/servicePrincipals/" + graph + "/appRoleAssignedTo", map[string]any{"principalId": sp, "resourceId": graph, "appRoleId": ids.Nil}, 400, "Request_BadRequest", "Not a valid reference update."},
			{"a role of programs for a person", "POST", "/users/" + string(w.A.Admin) + "/appRoleAssignments", map[string]any{"principalId": w.A.Admin, "resourceId": graph, "appRoleId": role}, 400, "Request_BadRequest", "Not a valid reference update."},
			{"another resource than the path's", "POST", "/servicePrincipals/" + sp + "/appRoleAssignedTo", map[string]any{"principalId": sp, "resourceId": graph, "appRoleId": role}, 400, "Request_BadRequest", "Invalid value specified for property 'resourceId' of resource 'AppRoleAssignment'."},
			{"a principal of a stranger", "POST", "/servicePrincipals/" + graph + "/appRoleAssignedTo", map[string]any{"principalId": foreign.Principal.ID, "resourceId": graph, "appRoleId": role}, 404, "Request_ResourceNotFound", "Resource '" + string(foreign.Principal.ID) + "' does not exist or one of its queried reference-property objects are not present."},
			{"a grant to everybody and one", "POST", "/oauth2PermissionGrants", map[string]any{"clientId": sp, "consentType": "AllPrincipals", "principalId": w.A.Admin, "resourceId": graph, "scope": "User.Read"}, 400, "Request_BadRequest", "Invalid value specified for property 'consentType' of resource 'OAuth2PermissionGrant'."},
			{"scopes without end", "POST", "/oauth2PermissionGrants", map[string]any{"clientId": sp, "consentType": "AllPrincipals", "resourceId": graph, "scope": strings.Repeat("s ", 1926)}, 400, "Request_BadRequest", "A grant's scope has at most 3850 characters."},
		} {
			a := w.Call(t, c.Token, tt.method, "/v1.0"+tt.path, tt.body)
			if code, msg := a.Error(); a.Status != tt.status || code != tt.code || msg != tt.message {
				t.Errorf("%s: got %d %s %s\nwant %d %s %s", tt.name, a.Status, code, msg, tt.status, tt.code, tt.message)
			}
		}
	})
}

// TestGrantsAndAssignmentsGoWithTheirObjects: what is deleted holds nothing.
func TestGrantsAndAssignmentsGoWithTheirObjects(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		c := w.Client(t, w.A, Everything...)
		sp := c.Send(t, w, http.StatusCreated, "POST", "/v1.0/servicePrincipals", map[string]any{
			"appId": c.Send(t, w, http.StatusCreated, "POST", "/v1.0/applications", map[string]any{"displayName": "ends"}).Text("appId"),
		}).Text("id")
		graph := string(w.A.Graph.ID)
		to := "/v1.0/servicePrincipals/" + graph + "/appRoleAssignedTo"
		made := c.Send(t, w, http.StatusCreated, "POST", to, map[string]any{"principalId": sp, "resourceId": graph, "appRoleId": w.A.Graph.AppRoles[0].ID})
		grant := c.Send(t, w, http.StatusCreated, "POST", "/beta/oauth2PermissionGrants", map[string]any{
			"clientId": sp, "consentType": "AllPrincipals", "resourceId": graph, "scope": " User.Read Mail.Odd", "startTime": "2020-01-01T00:00:00Z", "expiryTime": "2030-01-01T00:00:00Z",
		})
		one := "/v1.0/oauth2PermissionGrants/" + grant.Text("id")
		c.Send(t, w, http.StatusNoContent, "PATCH", one, map[string]any{"scope": ""})
		if a := c.Get(t, w, one); a.Text("scope") != "" || a.Status != http.StatusOK {
			t.Errorf("got %s", a.Raw)
		}
		c.Send(t, w, http.StatusNoContent, "DELETE", "/v1.0/servicePrincipals/"+sp, nil)
		c.Send(t, w, http.StatusNotFound, "GET", one, nil)
		c.Send(t, w, http.StatusNotFound, "GET", to+"/"+made.Text("id"), nil)
		if a := c.Get(t, w, to+"?$filter=principalId eq "+sp); len(a.Items()) != 0 {
			t.Errorf("got %s", a.Raw)
		}
	})
}

// TestNoRisingByScope: who may manage applications for a person gives nobody
// roles of Microsoft Graph, whatever the person may.
func TestNoRisingByScope(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		c := w.Client(t, w.A)
		admin := w.Person(t, w.A, w.A.Admin, "Application.ReadWrite.All", "Directory.Read.All")
		full := w.Person(t, w.A, w.A.Admin, "AppRoleAssignment.ReadWrite.All", "Application.Read.All")
		to := "/v1.0/servicePrincipals/" + string(w.A.Graph.ID) + "/appRoleAssignedTo"
		ask := map[string]any{"principalId": c.Principal.ID, "resourceId": w.A.Graph.ID, "appRoleId": w.A.Graph.AppRoles[0].ID}
		admin.Send(t, w, http.StatusForbidden, "POST", to, ask)
		made := full.Send(t, w, http.StatusCreated, "POST", to, ask)
		admin.Send(t, w, http.StatusForbidden, "DELETE", to+"/"+made.Text("id"), nil)
		full.Send(t, w, http.StatusNoContent, "DELETE", to+"/"+made.Text("id"), nil)
	})
}

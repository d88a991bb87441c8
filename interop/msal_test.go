package interop

import (
	"context"
	"os"
	"testing"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
)

// acquire asks for a token as MSAL's confidential client does, at an authority
// written in the way of the application's author.
func acquire(t *testing.T, authority, id string, credential confidential.Credential, scope string) (confidential.AuthResult, error) {
	t.Helper()
	c, err := confidential.New(authority, id, credential, confidential.WithHTTPClient(client), confidential.WithInstanceDiscovery(false))
	if err != nil {
		t.Fatal(err)
	}
	return c.AcquireTokenByCredential(t.Context(), []string{scope})
}

func TestMSALConfidentialClient(t *testing.T) {
	b := env["ENTENTE_LOGIN_URL"] + "/" + env["ENTENTE_TENANT_B"]
	secret, err := confidential.NewCredFromSecret(env["ENTENTE_SECRET"])
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(env["ENTENTE_CERT_PEM_FILE"])
	if err != nil {
		t.Fatal(err)
	}
	certs, key, err := confidential.CertFromPEM(text, "")
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := confidential.NewCredFromCert(certs, key)
	if err != nil {
		t.Fatal(err)
	}
	app := trustIssuer(t, "job-7")
	assertion := confidential.NewCredFromAssertionCallback(func(context.Context, confidential.AssertionRequestOptions) (string, error) {
		return app.idp.Token(t, "job-7", "api://AzureADTokenExchange", nil), nil
	})
	tests := []struct {
		name, authority, id string
		credential          confidential.Credential
	}{
		{"a secret", b, env["ENTENTE_SECRET_APP_ID"], secret},
		{"a certificate", b, env["ENTENTE_CERT_APP_ID"], certificate},
		{"an assertion of an issuer outside", b, app.id, assertion},
		{"the tenant's domain in capitals", env["ENTENTE_LOGIN_URL"] + "/FABRIKAM.EXAMPLE", env["ENTENTE_SECRET_APP_ID"], secret},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := acquire(t, tt.authority, tt.id, tt.credential, graphScope)
			if err != nil {
				t.Fatal(err)
			}
			wantClaims(t, got.AccessToken, map[string]any{"tid": env["ENTENTE_TENANT_B"], "appid": tt.id})
			wantUsers(t, got.AccessToken)
		})
	}
	t.Run("a wrong secret", func(t *testing.T) {
		wrong, err := confidential.NewCredFromSecret("wrong")
		if err != nil {
			t.Fatal(err)
		}
		wantRefusal(t, "AADSTS7000215", func() error {
			_, err := acquire(t, b, env["ENTENTE_SECRET_APP_ID"], wrong, graphScope)
			return err
		})
	})
}

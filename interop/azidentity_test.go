package interop

import (
	"context"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
)

// options are what every credential is given: the lab's login address, and a
// transport that trusts its authority.
func options() azcore.ClientOptions {
	return azcore.ClientOptions{
		Cloud:     cloud.Configuration{ActiveDirectoryAuthorityHost: env["AZURE_AUTHORITY_HOST"]},
		Transport: client,
	}
}

// token asks a credential for a token.
func token(t *testing.T, c azcore.TokenCredential, scope string) string {
	t.Helper()
	got, err := c.GetToken(t.Context(), policy.TokenRequestOptions{Scopes: []string{scope}})
	if err != nil {
		t.Fatal(err)
	}
	return got.Token
}

// ask is token for credentials that are to be refused.
func ask(t *testing.T, c azcore.TokenCredential, scope string) func() error {
	return func() error {
		_, err := c.GetToken(t.Context(), policy.TokenRequestOptions{Scopes: []string{scope}})
		return err
	}
}

// appService makes this process one that runs on the lab's host.
func appService(t *testing.T) {
	t.Setenv("IDENTITY_ENDPOINT", env["IDENTITY_ENDPOINT"])
	t.Setenv("IDENTITY_HEADER", env["IDENTITY_HEADER"])
}

func managedIdentity(t *testing.T, id azidentity.ManagedIDKind, o azcore.ClientOptions) *azidentity.ManagedIdentityCredential {
	t.Helper()
	c, err := azidentity.NewManagedIdentityCredential(&azidentity.ManagedIdentityCredentialOptions{ClientOptions: o, ID: id})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// imds sends what is meant for the metadata service of clouds to the lab's
// host. It counts the requests.
type imds struct{ asked atomic.Int32 }

func (i *imds) Do(r *http.Request) (*http.Response, error) {
	if r.URL.Host == "169.254.169.254" {
		i.asked.Add(1)
		to, err := url.Parse(env["ENTENTE_IMDS_URL"])
		if err != nil {
			return nil, err
		}
		r = r.Clone(r.Context())
		r.URL.Scheme, r.URL.Host, r.Host = to.Scheme, to.Host, ""
	}
	return client.Do(r)
}

// wantIdentity checks the token of the managed identity in tenant A.
func wantIdentity(t *testing.T, token string) {
	t.Helper()
	wantClaims(t, token, map[string]any{
		"iss": env["ENTENTE_LOGIN_URL"] + "/" + env["ENTENTE_TENANT_A"] + "/v2.0",
		"sub": env["ENTENTE_MI_OBJECT_ID"],
		"oid": env["ENTENTE_MI_OBJECT_ID"],
		"tid": env["ENTENTE_TENANT_A"],
		"aud": "fb60f99c-7a34-4190-8149-302f77469936",
	})
}

func TestManagedIdentityByAppService(t *testing.T) {
	appService(t)
	for name, id := range map[string]azidentity.ManagedIDKind{
		"client":   azidentity.ClientID(env["ENTENTE_MI_CLIENT_ID"]),
		"object":   azidentity.ObjectID(env["ENTENTE_MI_OBJECT_ID"]),
		"resource": azidentity.ResourceID(env["ENTENTE_MI_RESOURCE_ID"]),
	} {
		t.Run(name, func(t *testing.T) {
			wantIdentity(t, token(t, managedIdentity(t, id, options()), exchangeScope))
		})
	}
	t.Run("unknown", func(t *testing.T) {
		c := managedIdentity(t, azidentity.ClientID("11111111-1111-4111-8111-111111111111"), options())
		wantRefusal(t, "RESPONSE 400", ask(t, c, exchangeScope))
	})
	t.Run("wrong header", func(t *testing.T) {
		t.Setenv("IDENTITY_HEADER", "not-the-header")
		c := managedIdentity(t, azidentity.ClientID(env["ENTENTE_MI_OTHER_CLIENT_ID"]), options())
		wantRefusal(t, "RESPONSE 401", ask(t, c, graphScope)) // a resource no other test asks for with this identity
	})
}

// TestManagedIdentityByIMDS asks for identities that no other test asks for by
// the same name: the library keeps their tokens for the whole process.
func TestManagedIdentityByIMDS(t *testing.T) {
	transport := &imds{}
	o := options()
	o.Transport = transport
	for name, id := range map[string]azidentity.ManagedIDKind{
		"client":   azidentity.ClientID(env["ENTENTE_MI_CLIENT_ID"]),
		"object":   azidentity.ObjectID(env["ENTENTE_MI_OBJECT_ID"]),
		"resource": azidentity.ResourceID(env["ENTENTE_MI_RESOURCE_ID"]),
	} {
		t.Run(name, func(t *testing.T) {
			got := token(t, managedIdentity(t, id, o), env["ENTENTE_GRAPH_URL"]+"/.default")
			wantClaims(t, got, map[string]any{"oid": env["ENTENTE_MI_OBJECT_ID"], "tid": env["ENTENTE_TENANT_A"]})
		})
	}
	if n := transport.asked.Load(); n != 3 {
		t.Errorf("the metadata service was asked %d times, want 3", n)
	}
	t.Run("unknown", func(t *testing.T) {
		c := managedIdentity(t, azidentity.ClientID("22222222-2222-4222-8222-222222222222"), o)
		wantRefusal(t, "RESPONSE 400", ask(t, c, exchangeScope))
	})
}

// TestDefaultCredential: the chain that most programs use finds the identity by
// itself, also after its probe of the metadata service.
func TestDefaultCredential(t *testing.T) {
	t.Setenv("AZURE_CLIENT_ID", env["ENTENTE_MI_CLIENT_ID"])
	o := options()
	o.Transport = &imds{}
	find := func(t *testing.T, scope string) {
		t.Helper()
		c, err := azidentity.NewDefaultAzureCredential(&azidentity.DefaultAzureCredentialOptions{ClientOptions: o, DisableInstanceDiscovery: true})
		if err != nil {
			t.Fatal(err)
		}
		wantClaims(t, token(t, c, scope), map[string]any{"oid": env["ENTENTE_MI_OBJECT_ID"], "tid": env["ENTENTE_TENANT_A"]})
	}
	t.Run("IMDS", func(t *testing.T) { find(t, "https://management.azure.com/.default") })
	t.Run("App Service", func(t *testing.T) {
		appService(t)
		find(t, "499b84ac-1321-427f-aa17-267ca6975798/.default")
	})
}

// crossing returns the credential of the multitenant application in a tenant,
// proved by a managed identity of tenant A: the whole first story in one value.
func crossing(t *testing.T, tenant, identity string) *azidentity.ClientAssertionCredential {
	t.Helper()
	appService(t)
	mi := managedIdentity(t, azidentity.ClientID(identity), options())
	c, err := azidentity.NewClientAssertionCredential(tenant, env["ENTENTE_APP_ID"], func(ctx context.Context) (string, error) {
		got, err := mi.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{exchangeScope}})
		return got.Token, err
	}, &azidentity.ClientAssertionCredentialOptions{ClientOptions: options(), DisableInstanceDiscovery: true})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCrossing(t *testing.T) {
	for name, scope := range map[string]string{
		"the usual name of Graph":    graphScope,
		"two slashes":                "https://graph.microsoft.com//.default",
		"this installation's Graph":  env["ENTENTE_GRAPH_URL"] + "/.default",
		"the application's own name": "00000003-0000-0000-c000-000000000000/.default",
	} {
		t.Run(name, func(t *testing.T) {
			got := token(t, crossing(t, env["ENTENTE_TENANT_B"], env["ENTENTE_MI_CLIENT_ID"]), scope)
			wantClaims(t, got, map[string]any{
				"tid": env["ENTENTE_TENANT_B"], "appid": env["ENTENTE_APP_ID"], "roles": "[User.Read.All]", "idtyp": "app", "appidacr": "2",
			})
			wantUsers(t, got)
		})
	}
}

func TestCrossingRefused(t *testing.T) {
	t.Run("an identity no credential names", func(t *testing.T) {
		c := crossing(t, env["ENTENTE_TENANT_B"], env["ENTENTE_MI_OTHER_CLIENT_ID"])
		wantRefusal(t, "AADSTS700213", ask(t, c, graphScope))
	})
	t.Run("a tenant that never consented", func(t *testing.T) {
		c := crossing(t, env["ENTENTE_TENANT_C"], env["ENTENTE_MI_CLIENT_ID"])
		wantRefusal(t, "AADSTS7000229", ask(t, c, graphScope))
	})
	t.Run("more than was consented to", func(t *testing.T) {
		got := token(t, crossing(t, env["ENTENTE_TENANT_B"], env["ENTENTE_MI_CLIENT_ID"]), graphScope)
		graph(t, http.MethodGet, "/v1.0/applications", got, nil, http.StatusForbidden)
	})
}

func secretCredential(t *testing.T, tenant, id, secret string) *azidentity.ClientSecretCredential {
	t.Helper()
	c, err := azidentity.NewClientSecretCredential(tenant, id, secret,
		&azidentity.ClientSecretCredentialOptions{ClientOptions: options(), DisableInstanceDiscovery: true})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// directoryToken is a token of the client in tenant B that may read and write
// its directory.
func directoryToken(t *testing.T) string {
	t.Helper()
	return token(t, secretCredential(t, env["ENTENTE_TENANT_B"], env["ENTENTE_SECRET_APP_ID"], env["ENTENTE_SECRET"]), graphScope)
}

func TestClientSecret(t *testing.T) {
	got := directoryToken(t)
	wantClaims(t, got, map[string]any{"tid": env["ENTENTE_TENANT_B"], "appid": env["ENTENTE_SECRET_APP_ID"], "appidacr": "1"})
	wantUsers(t, got)
}

func TestClientSecretRefused(t *testing.T) {
	b, id, secret := env["ENTENTE_TENANT_B"], env["ENTENTE_SECRET_APP_ID"], env["ENTENTE_SECRET"]
	tests := []struct{ name, tenant, id, secret, scope, code string }{
		{"a wrong secret", b, id, secret + "x", graphScope, "AADSTS7000215"},
		{"an unknown application", b, "33333333-3333-4333-8333-333333333333", secret, graphScope, "AADSTS700016"},
		{"a single-tenant application in another tenant", env["ENTENTE_TENANT_C"], id, secret, graphScope, "AADSTS700016"},
		{"an unknown tenant", "44444444-4444-4444-8444-444444444444", id, secret, graphScope, "AADSTS90002"},
		{"an unknown resource", b, id, secret, "https://nothing.example/.default", "AADSTS500011"},
		{"a scope that is no resource", b, id, secret, "https://graph.microsoft.com/User.Read.All", "AADSTS1002012"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			wantRefusal(t, tt.code, ask(t, secretCredential(t, tt.tenant, tt.id, tt.secret), tt.scope))
		})
	}
}

func TestClientCertificate(t *testing.T) {
	text, err := os.ReadFile(env["ENTENTE_CERT_PEM_FILE"])
	if err != nil {
		t.Fatal(err)
	}
	certs, key, err := azidentity.ParseCertificates(text, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, chain := range map[string]bool{"by thumbprint": false, "with its chain": true} {
		t.Run(name, func(t *testing.T) {
			c, err := azidentity.NewClientCertificateCredential(env["ENTENTE_TENANT_B"], env["ENTENTE_CERT_APP_ID"], certs, key,
				&azidentity.ClientCertificateCredentialOptions{ClientOptions: options(), DisableInstanceDiscovery: true, SendCertificateChain: chain})
			if err != nil {
				t.Fatal(err)
			}
			got := token(t, c, graphScope)
			wantClaims(t, got, map[string]any{"appid": env["ENTENTE_CERT_APP_ID"], "appidacr": "2"})
			wantUsers(t, got)
		})
	}
	t.Run("of another application", func(t *testing.T) {
		c, err := azidentity.NewClientCertificateCredential(env["ENTENTE_TENANT_B"], env["ENTENTE_SECRET_APP_ID"], certs, key,
			&azidentity.ClientCertificateCredentialOptions{ClientOptions: options(), DisableInstanceDiscovery: true})
		if err != nil {
			t.Fatal(err)
		}
		wantRefusal(t, "AADSTS700027", ask(t, c, graphScope))
	})
}

// TestWorkloadIdentityFile: what a pod of a cluster does with the token file
// that is mounted into it.
func TestWorkloadIdentityFile(t *testing.T) {
	app := trustIssuer(t, "system:serviceaccount:build:runner")
	file := filepath.Join(t.TempDir(), "token")
	t.Setenv("AZURE_CLIENT_ID", app.id)
	t.Setenv("AZURE_TENANT_ID", env["ENTENTE_TENANT_B"])
	t.Setenv("AZURE_FEDERATED_TOKEN_FILE", file)
	write := func(subject string) {
		if err := os.WriteFile(file, []byte(app.idp.Token(t, subject, "api://AzureADTokenExchange", nil)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c, err := azidentity.NewWorkloadIdentityCredential(&azidentity.WorkloadIdentityCredentialOptions{ClientOptions: options(), DisableInstanceDiscovery: true})
	if err != nil {
		t.Fatal(err)
	}
	write("system:serviceaccount:build:another")
	wantRefusal(t, "AADSTS700213", ask(t, c, graphScope))

	write("system:serviceaccount:build:runner")
	c, err = azidentity.NewWorkloadIdentityCredential(&azidentity.WorkloadIdentityCredentialOptions{ClientOptions: options(), DisableInstanceDiscovery: true})
	if err != nil {
		t.Fatal(err)
	}
	wantUsers(t, token(t, c, graphScope))
}

package graphsdk

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"sync/atomic"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	msgraph "github.com/microsoftgraph/msgraph-sdk-go"
	"github.com/microsoftgraph/msgraph-sdk-go/models"
	"github.com/microsoftgraph/msgraph-sdk-go/models/odataerrors"

	"entente/interop/labtest"
)

// env is the lab's environment: what `entente lab env` prints.
var env map[string]string

// TestMain starts one lab for all tests. The SDK trusts it as any Go program
// does: by SSL_CERT_FILE.
func TestMain(m *testing.M) {
	os.Exit(labtest.Main(m, func(l labtest.Lab) {
		env = l.Env
		os.Setenv("SSL_CERT_FILE", env["SSL_CERT_FILE"])
	}))
}

// made numbers what tests make, so that no two have one name.
var made atomic.Int32

func name() string { return fmt.Sprintf("gosdk%dx%d", os.Getpid(), made.Add(1)) }

// open is the SDK as the lab's confidential client in tenant B.
func open(t *testing.T) *msgraph.GraphServiceClient {
	t.Helper()
	credential, err := azidentity.NewClientSecretCredential(env["ENTENTE_TENANT_B"], env["ENTENTE_SECRET_APP_ID"], env["ENTENTE_SECRET"],
		&azidentity.ClientSecretCredentialOptions{
			ClientOptions:            azcore.ClientOptions{Cloud: cloud.Configuration{ActiveDirectoryAuthorityHost: env["AZURE_AUTHORITY_HOST"]}},
			DisableInstanceDiscovery: true,
		})
	if err != nil {
		t.Fatal(err)
	}
	base, err := url.Parse(env["ENTENTE_GRAPH_URL"])
	if err != nil {
		t.Fatal(err)
	}
	client, err := msgraph.NewGraphServiceClientWithCredentialsAndHosts(credential, nil, []string{base.Hostname()})
	if err != nil {
		t.Fatal(err)
	}
	client.GetAdapter().SetBaseUrl(base.String() + "/v1.0")
	return client
}

// newUser makes a person whom the test's end removes.
func newUser(t *testing.T, client *msgraph.GraphServiceClient) models.Userable {
	t.Helper()
	domains := must(client.Domains().Get(t.Context(), nil))(t)
	n, domain := name(), ""
	for _, d := range domains.GetValue() {
		if *d.GetIsDefault() {
			domain = *d.GetId()
		}
	}
	profile := models.NewPasswordProfile()
	profile.SetPassword(new("Correct-horse-7"))
	u := models.NewUser()
	u.SetAccountEnabled(new(true))
	u.SetDisplayName(&n)
	u.SetMailNickname(&n)
	u.SetUserPrincipalName(new(n + "@" + domain))
	u.SetPasswordProfile(profile)
	user := must(client.Users().Post(t.Context(), u, nil))(t)
	t.Cleanup(func() { client.Users().ByUserId(*user.GetId()).Delete(context.Background(), nil) })
	return user
}

// newGroup makes a group whom the test's end removes.
func newGroup(t *testing.T, client *msgraph.GraphServiceClient) models.Groupable {
	t.Helper()
	group := must(client.Groups().Post(t.Context(), groupBody(), nil))(t)
	t.Cleanup(func() { client.Groups().ByGroupId(*group.GetId()).Delete(context.Background(), nil) })
	return group
}

func groupBody() models.Groupable {
	n := name()
	g := models.NewGroup()
	g.SetDisplayName(&n)
	g.SetMailNickname(&n)
	g.SetMailEnabled(new(false))
	g.SetSecurityEnabled(new(true))
	return g
}

// refer is the body that puts a thing into a relationship.
func refer(id *string) models.ReferenceCreateable {
	r := models.NewReferenceCreate()
	r.SetOdataId(new("https://graph.microsoft.com/v1.0/directoryObjects/" + *id))
	return r
}

// must is for calls that are to be served.
func must[T any](value T, err error) func(t *testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		done(t, err)
		return value
	}
}

// done fails the test on an error and says what the server said.
func done(t *testing.T, err error) {
	t.Helper()
	if e, ok := err.(*odataerrors.ODataError); ok && e.GetErrorEscaped() != nil {
		t.Fatalf("%d %s: %s", e.ResponseStatusCode, *e.GetErrorEscaped().GetCode(), *e.GetErrorEscaped().GetMessage())
	}
	if err != nil {
		t.Fatal(err)
	}
}

// wantError checks a refusal as the SDK shows it.
func wantError(t *testing.T, err error, status int, code string) {
	t.Helper()
	e, ok := err.(*odataerrors.ODataError)
	if !ok {
		t.Fatalf("err = %T %v, want an ODataError with %s", err, err, code)
	}
	main := e.GetErrorEscaped()
	if main == nil || e.ResponseStatusCode != status || *main.GetCode() != code || *main.GetMessage() == "" {
		t.Fatalf("got %d %v, want %d %s", e.ResponseStatusCode, e, status, code)
	}
	inner := main.GetInnerError()
	if inner == nil || inner.GetRequestId() == nil || len(*inner.GetRequestId()) != 36 || inner.GetDate() == nil || inner.GetDate().IsZero() {
		t.Errorf("the error carries no request identifier and time: %v", inner)
	}
}

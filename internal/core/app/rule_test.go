package app

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"entente/internal/core/object"
	"entente/internal/core/tenant"
	"entente/internal/kit/fault"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func contoso() *tenant.Tenant {
	return &tenant.Tenant{ID: "b25985a8-9d2b-4fde-9fa7-6c4e43a8ddec", DisplayName: "Contoso", Domains: []tenant.Domain{
		{Name: "contoso.onmicrosoft.com", Verified: true, Initial: true},
		{Name: "contoso.example", Verified: true, Default: true},
		{Name: "unproved.example"},
	}}
}

const oneRole = `{"displayName":"x","appRoles":[{"id":"11111111-1111-4111-8111-111111111111","displayName":"r","value":"R","isEnabled":%v,"allowedMemberTypes":["Application"]}]}`

// twins is an application with a role and a scope of one identifier.
func twins(role, scope string) string {
	return fmt.Sprintf(`{"displayName":"x",
		"appRoles":[{"id":"11111111-1111-4111-8111-111111111111","displayName":"r","value":%q,"isEnabled":true,"allowedMemberTypes":["Application"]}],
		"api":{"oauth2PermissionScopes":[{"id":"11111111-1111-4111-8111-111111111111","type":"Admin","value":%q,"isEnabled":true}]}}`, role, scope)
}

// preAuthorized is an application that authorizes a client ahead.
func preAuthorized(scope string) string {
	return fmt.Sprintf(`{"displayName":"x","api":{
		"oauth2PermissionScopes":[{"id":"22222222-2222-4222-8222-222222222222","type":"User","value":"read","isEnabled":true}],
		"preAuthorizedApplications":[{"appId":"99999999-9999-4999-8999-999999999999","delegatedPermissionIds":[%q]}]}}`, scope)
}

// TestEnabledUnlessSaid: the CLI for Microsoft 365 leaves isEnabled out of roles.
func TestEnabledUnlessSaid(t *testing.T) {
	for said, want := range map[string]bool{``: true, `,"isEnabled":null`: true, `,"isEnabled":true`: true, `,"isEnabled":false`: false} {
		a, err := NewApplication(contoso(), []byte(`{"displayName":"x",
			"appRoles":[{"id":"11111111-1111-4111-8111-111111111111","displayName":"r","value":"R","allowedMemberTypes":["User"]`+said+`}],
			"api":{"oauth2PermissionScopes":[{"id":"22222222-2222-4222-8222-222222222222","type":"Admin","value":"s"`+said+`}]}}`), "", noon)
		if err != nil {
			t.Fatal(err)
		}
		if a.AppRoles[0].IsEnabled != want || a.API.Scopes[0].IsEnabled != want {
			t.Errorf("%q: role %v, scope %v, want %v", said, a.AppRoles[0].IsEnabled, a.API.Scopes[0].IsEnabled, want)
		}
	}
}

func TestNewApplication(t *testing.T) {
	tests := []struct {
		name, body string
		err        error
		target     string
	}{
		{"the least", `{"displayName":"Sync"}`, nil, ""},
		{"without a name", `{}`, fault.Invalid, "displayName"},
		{"with blanks for a name", `{"displayName":"  "}`, fault.Invalid, "displayName"},
		{"a name too long", fmt.Sprintf(`{"displayName":%q}`, strings.Repeat("x", 257)), fault.Invalid, "displayName"},
		{"no object", `[]`, fault.Invalid, ""},
		{"a member it does not have", `{"displayName":"x","shoeSize":1}`, fault.Invalid, "shoeSize"},
		{"an unknown audience", `{"displayName":"x","signInAudience":"Everyone"}`, fault.Invalid, "signInAudience"},
		{"a token version that does not exist", `{"displayName":"x","api":{"requestedAccessTokenVersion":3}}`, fault.Invalid, "api.requestedAccessTokenVersion"},
		{"an app role", fmt.Sprintf(oneRole, true), nil, ""},
		{"two roles of one value", `{"displayName":"x","appRoles":[
			{"id":"11111111-1111-4111-8111-111111111111","displayName":"r","value":"R","isEnabled":true,"allowedMemberTypes":["User"]},
			{"id":"22222222-2222-4222-8222-222222222222","displayName":"r","value":"r","isEnabled":true,"allowedMemberTypes":["User"]}]}`, DuplicateValue, "appRoles"},
		{"a role for nobody", `{"displayName":"x","appRoles":[{"id":"11111111-1111-4111-8111-111111111111","displayName":"r","value":"R","isEnabled":true,"allowedMemberTypes":[]}]}`, fault.Invalid, "appRoles"},
		{"a role value with a blank", `{"displayName":"x","appRoles":[{"id":"11111111-1111-4111-8111-111111111111","displayName":"r","value":"R W","isEnabled":true,"allowedMemberTypes":["User"]}]}`, fault.Invalid, "appRoles"},
		{"an identifier URI on a domain of one's own", `{"displayName":"x","identifierUris":["https://contoso.example/api","api://contoso.example/x","https://deep.sub.contoso.example"]}`, nil, ""},
		{"one on the initial domain", `{"displayName":"x","identifierUris":["https://contoso.onmicrosoft.com/api"]}`, nil, ""},
		{"one with the tenant's identifier", `{"displayName":"x","identifierUris":["api://b25985a8-9d2b-4fde-9fa7-6c4e43a8ddec/x"]}`, nil, ""},
		{"one on a domain that is not proved", `{"displayName":"x","identifierUris":["https://unproved.example/api"]}`, ForeignHost, "identifierUris"},
		{"one on another's domain", `{"displayName":"x","identifierUris":["https://fabrikam.example"]}`, ForeignHost, "identifierUris"},
		{"one that only ends like a domain of ours", `{"displayName":"x","identifierUris":["https://evilcontoso.example"]}`, ForeignHost, "identifierUris"},
		{"one on a top-level domain", `{"displayName":"x","identifierUris":["https://example"]}`, ForeignHost, "identifierUris"},
		{"one with a slash at the end", `{"displayName":"x","identifierUris":["https://contoso.example/"]}`, fault.Invalid, "identifierUris"},
		{"one claimed twice", `{"displayName":"x","identifierUris":["https://contoso.example","https://CONTOSO.example"]}`, fault.Invalid, "identifierUris"},
		{"a redirect to the web", `{"displayName":"x","web":{"redirectUris":["https://a.example/cb","http://localhost:3000/cb"]}}`, nil, ""},
		{"a redirect in the clear", `{"displayName":"x","web":{"redirectUris":["http://a.example/cb"]}}`, fault.Invalid, "web.redirectUris"},
		{"a redirect with a fragment", `{"displayName":"x","web":{"redirectUris":["https://a.example/cb#x"]}}`, fault.Invalid, "web.redirectUris"},
		{"a redirect with a wildcard", `{"displayName":"x","web":{"redirectUris":["https://*.example/cb"]}}`, fault.Invalid, "web.redirectUris"},
		{"a redirect to script", `{"displayName":"x","publicClient":{"redirectUris":["javascript:alert(1)"]}}`, fault.Invalid, "publicClient.redirectUris"},
		{"a private scheme for a native application", `{"displayName":"x","publicClient":{"redirectUris":["msal1234://auth"]}}`, nil, ""},
		{"a private scheme for a web application", `{"displayName":"x","web":{"redirectUris":["msal1234://auth"]}}`, fault.Invalid, "web.redirectUris"},
		{"a name of 256 characters that are no bytes", fmt.Sprintf(`{"displayName":%q}`, strings.Repeat("ü", 256)), nil, ""},
		{"personal accounts without tokens of version 2", `{"displayName":"x","signInAudience":"AzureADandPersonalMicrosoftAccount"}`, fault.Invalid, "api.requestedAccessTokenVersion"},
		{"personal accounts with them", `{"displayName":"x","signInAudience":"AzureADandPersonalMicrosoftAccount","api":{"requestedAccessTokenVersion":2}}`, nil, ""},
		{"too many redirects for personal accounts", `{"displayName":"x","signInAudience":"PersonalMicrosoftAccount","api":{"requestedAccessTokenVersion":2},"web":{"redirectUris":[` + strings.Repeat(`"https://a.example/cb",`, 100) + `"https://a.example/cb"]}}`, fault.Invalid, "redirectUris"},
		{"more values than an object has", `{"displayName":"x","tags":[` + strings.Repeat(`"t",`, 1200) + `"t"]}`, TooLarge, ""},
		{"a role that is no role", `{"displayName":"x","appRoles":[{"id":"00000000-0000-0000-0000-000000000000","displayName":"r","value":"R","allowedMemberTypes":["User"]}]}`, fault.Invalid, "appRoles"},
		{"a role and a scope that are one permission", twins("T", "T"), nil, ""},
		{"a role and a scope of one identifier and two values", twins("T", "U"), DuplicateValue, "api.oauth2PermissionScopes"},
		{"a value that only letter case tells apart", twins("T", "t"), DuplicateValue, "api.oauth2PermissionScopes"},
		{"a client authorized ahead for a scope", preAuthorized("22222222-2222-4222-8222-222222222222"), nil, ""},
		{"for a scope that does not exist", preAuthorized("33333333-3333-4333-8333-333333333333"), fault.Invalid, "api.preAuthorizedApplications"},
		{"a URN for one tenant", `{"displayName":"x","identifierUris":["urn:contoso:app"]}`, nil, ""},
		{"a URN for several tenants", `{"displayName":"x","signInAudience":"AzureADMultipleOrgs","identifierUris":["urn:contoso:app"]}`, ForeignHost, "identifierUris"},
		{"group claims", `{"displayName":"x","groupMembershipClaims":"SecurityGroup, ApplicationGroup"}`, nil, ""},
		{"group claims of another kind", `{"displayName":"x","groupMembershipClaims":"Everybody"}`, fault.Invalid, "groupMembershipClaims"},
		{"a home page that is script", `{"displayName":"x","web":{"homePageUrl":"javascript:alert(1)"}}`, fault.Invalid, "web.homePageUrl"},
		{"a logout address in the clear", `{"displayName":"x","web":{"logoutUrl":"http://a.example/out"}}`, fault.Invalid, "web.logoutUrl"},
		{"terms that are no page", `{"displayName":"x","info":{"termsOfServiceUrl":"terms"}}`, fault.Invalid, "info.termsOfServiceUrl"},
		{"an optional claim", `{"displayName":"x","optionalClaims":{"idToken":[{"name":"email","source":null,"essential":false,"additionalProperties":[]}]}}`, nil, ""},
		{"an optional claim without a name", `{"displayName":"x","optionalClaims":{"idToken":[{"source":"user"}]}}`, fault.Invalid, "optionalClaims"},
		{"an optional claim from nowhere", `{"displayName":"x","optionalClaims":{"idToken":[{"name":"x","source":"moon"}]}}`, fault.Invalid, "optionalClaims"},
		{"minors of a country", `{"displayName":"x","parentalControlSettings":{"countriesBlockedForMinors":["DE"],"legalAgeGroupRule":"BlockMinors"}}`, nil, ""},
		{"minors of no country", `{"displayName":"x","parentalControlSettings":{"countriesBlockedForMinors":["Germany"]}}`, fault.Invalid, "parentalControlSettings"},
		{"a rule for minors that does not exist", `{"displayName":"x","parentalControlSettings":{"legalAgeGroupRule":"Perhaps"}}`, fault.Invalid, "parentalControlSettings"},
		{"an empty tag", `{"displayName":"x","tags":[""]}`, fault.Invalid, "tags"},
		{"51 resources", `{"displayName":"x","requiredResourceAccess":[` + strings.TrimSuffix(strings.Repeat(`{"resourceAppId":"00000003-0000-0000-c000-000000000000","resourceAccess":[]},`, 51), ",") + `]}`, fault.Invalid, "requiredResourceAccess"},
		{"a required permission of neither kind", `{"displayName":"x","requiredResourceAccess":[{"resourceAppId":"00000003-0000-0000-c000-000000000000","resourceAccess":[{"id":"11111111-1111-4111-8111-111111111111","type":"Wish"}]}]}`, fault.Invalid, "requiredResourceAccess"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a, err := NewApplication(contoso(), []byte(tt.body), "", noon)
			if tt.err == nil {
				if err != nil {
					t.Fatalf("err = %v", err)
				}
				if a.AppID == "" || a.ID == "" || string(a.ID) == string(a.AppID) || a.SignInAudience == "" || *a.PublisherDomain != "contoso.example" {
					t.Errorf("incomplete: %+v", a)
				}
				return
			}
			if !errors.Is(err, tt.err) || fault.Public(err).Target != tt.target {
				t.Errorf("err = %v at %q, want %v at %q", err, fault.Public(err).Target, tt.err, tt.target)
			}
		})
	}
}

func TestApply(t *testing.T) {
	before, err := NewApplication(contoso(), []byte(fmt.Sprintf(oneRole, true)), "", noon)
	if err != nil {
		t.Fatal(err)
	}
	off, err := before.Apply(contoso(), []byte(fmt.Sprintf(oneRole, false)))
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		from *Application
		body string
		err  error
	}{
		{"nothing", before, `{}`, nil},
		{"a role goes while it is enabled", before, `{"appRoles":[]}`, StillEnabled},
		{"a role goes once disabled", off, `{"appRoles":[]}`, nil},
		{"a role gets another value while enabled", before, strings.Replace(fmt.Sprintf(oneRole, true), `"R"`, `"S"`, 1), StillEnabled},
		{"the identifiers do not change", before, `{"id":"x","appId":"y"}`, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			after, err := tt.from.Apply(contoso(), []byte(tt.body))
			if !errors.Is(err, tt.err) {
				t.Fatalf("err = %v, want %v", err, tt.err)
			}
			if err == nil && (after.ID != before.ID || after.AppID != before.AppID) {
				t.Error("an identifier changed")
			}
		})
	}
}

func TestMergeKeepsWhatIsNotSaid(t *testing.T) {
	a, err := NewApplication(contoso(), []byte(`{"displayName":"x","web":{"redirectUris":["https://a.example"],"homePageUrl":"https://h.example"},"tags":["t"]}`), "", noon)
	if err != nil {
		t.Fatal(err)
	}
	b, err := a.Apply(contoso(), []byte(`{"@odata.type":"#microsoft.graph.application","web":{"homePageUrl":null},"notes":"n"}`))
	if err != nil {
		t.Fatal(err)
	}
	if len(b.Web.RedirectURIs) != 1 || b.Web.HomePageURL != nil || len(b.Tags) != 1 || *b.Notes != "n" || b.AppRoles == nil {
		t.Errorf("got %+v", b)
	}
}

func TestNewSecret(t *testing.T) {
	c, err := NewSecret(PasswordCredential{}, noon)
	if err != nil {
		t.Fatal(err)
	}
	if len(*c.SecretText) != 40 || c.Hint != (*c.SecretText)[:3] || !c.EndDateTime.Equal(noon.AddDate(2, 0, 0)) {
		t.Errorf("got %d characters, hint %q, end %v", len(*c.SecretText), c.Hint, c.EndDateTime)
	}
	if c.Hidden().SecretText != nil {
		t.Error("Hidden shows the text")
	}
	if _, err := NewSecret(PasswordCredential{StartDateTime: noon, EndDateTime: noon}, noon); !errors.Is(err, fault.Invalid) {
		t.Errorf("an end at the start: err = %v, want Invalid", err)
	}
}

func TestPrincipalShowsItsApplication(t *testing.T) {
	a, err := NewApplication(contoso(), []byte(`{"displayName":"Orders","identifierUris":["https://contoso.example/o"],"tags":["x"]}`), "", noon)
	if err != nil {
		t.Fatal(err)
	}
	a.Tenant = "b25985a8-9d2b-4fde-9fa7-6c4e43a8ddec"
	p := NewPrincipal("a3efc889-f1b7-4532-9e01-91e32d1039f4", a, noon)
	if *p.OwnerTenant != a.Tenant || p.Names[1] != "https://contoso.example/o" || p.Tags[0] != "x" || !p.Enabled() {
		t.Errorf("got %+v", p)
	}
	mi := NewManagedIdentity(p.Tenant, "mi", "/subscriptions/x", true, noon)
	if _, err := mi.Apply([]byte(`{"accountEnabled":false}`)); !errors.Is(err, Managed) {
		t.Errorf("err = %v, want Managed", err)
	}
	if mi.OwnerTenant != nil || mi.AlternativeNames[0] != "isExplicit=True" {
		t.Errorf("got %+v", mi)
	}
	if q, err := p.Apply([]byte(`{"accountEnabled":false,"appId":"x"}`)); !errors.Is(err, fault.Invalid) {
		t.Errorf("appId is not the tenant's to change: got %v, %v", q, err)
	}
}

func TestGraphPermissionsAreComplete(t *testing.T) {
	apps, err := builtIn()
	if err != nil {
		t.Fatal(err)
	}
	graph := apps[0]
	if err := graph.checkRoles(); err != nil && !errors.Is(err, DuplicateValue) {
		t.Error(err) // a role and a scope of Graph share their values by design
	}
	seen := make(map[string]bool)
	for _, r := range graph.AppRoles {
		if seen[string(r.ID)] || r.DisplayName == "" || r.Value == nil {
			t.Errorf("role %v is doubled or incomplete", r)
		}
		seen[string(r.ID)] = true
	}
	if graph.Role("df021288-bdef-4463-88db-98f22de89214") == nil || graph.Scope("e1fe6dd8-ba31-4d61-89e7-88639da4683d") == nil {
		t.Error("User.Read.All or User.Read is missing")
	}
	object.Fill(graph)
}

func TestAppIDOf(t *testing.T) {
	for name, want := range map[string]string{
		"https://graph.microsoft.com": string(GraphAppID), "https://GRAPH.microsoft.com/": string(GraphAppID), "https://graph.microsoft.com//": string(GraphAppID),
		"https://management.core.windows.net/": string(ARMAppID), "api://AzureADTokenExchange": string(TokenExchangeAppID),
		"499B84AC-1321-427F-AA17-267CA6975798": string(DevOpsAppID), "https://graph.microsoft.com.evil.example": "", "": "",
	} {
		if got, ok := AppIDOf(name); string(got) != want || ok != (want != "") {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

// TestPartsMerge: what a body does not name stays, null clears, collections are
// replaced, and what follows from the rest is kept in step with it.
func TestPartsMerge(t *testing.T) {
	a, err := NewApplication(contoso(), []byte(`{"displayName":"x","web":{"homePageUrl":"https://a.example","redirectUris":["https://a.example/1","https://a.example/2"],
		"redirectUriSettings":[{"uri":"https://a.example/2","index":7},{"uri":"https://gone.example","index":1}]},"info":{"logoUrl":"https://evil.example/logo","supportUrl":"https://a.example/help"}}`), "", noon)
	if err != nil {
		t.Fatal(err)
	}
	if got := a.Web.RedirectURISettings; len(got) != 2 || got[0].Index != nil || got[1].Index == nil || *got[1].Index != 7 {
		t.Errorf("settings = %+v, want one for each address", got)
	}
	if a.Info.LogoURL != nil {
		t.Error("a logo's address was set by a body")
	}
	b, err := a.Apply(contoso(), []byte(`{"web":{"redirectUris":["https://a.example/2"],"logoutUrl":null},"info":{"supportUrl":null},"parentalControlSettings":null}`))
	if err != nil {
		t.Fatal(err)
	}
	if b.Web.HomePageURL == nil || b.Info.SupportURL != nil || len(b.Web.RedirectURISettings) != 1 || b.ParentalControl.Rule != "Allow" {
		t.Errorf("got %+v %+v %+v", b.Web, b.Info, b.ParentalControl)
	}
	if _, err := b.Apply(contoso(), []byte(`{"signInAudience":"PersonalMicrosoftAccount","api":{"requestedAccessTokenVersion":2}}`)); !errors.Is(err, fault.Invalid) {
		t.Errorf("to personal accounts alone: err = %v, want Invalid", err)
	}
	if _, err := NewApplication(contoso(), []byte(`{"displayName":"x"}`), strings.Repeat("n", 129), noon); !errors.Is(err, fault.Invalid) {
		t.Errorf("a unique name too long: err = %v, want Invalid", err)
	}
}

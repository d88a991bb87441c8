package federation

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
)

const (
	tenantA = ids.TenantID("aaaaaaaa-0000-4000-8000-000000000001")
	tenantC = ids.TenantID("cccccccc-0000-4000-8000-000000000003")
	here    = "https://id.example.com"
)

func TestCheck(t *testing.T) {
	long := strings.Repeat("ä", 601)
	tests := []struct {
		name   string
		change func(*Credential)
		target string // "": accepted
	}{
		{"as it should be", func(*Credential) {}, ""},
		{"600 characters of two bytes", func(c *Credential) { c.Subject = Optional(strings.Repeat("ä", 600)) }, ""},
		{"'*' is a character like another", func(c *Credential) { c.Subject = "repo:*" }, ""},
		{"a slash at the issuer's end", func(c *Credential) { c.Issuer += "/" }, ""},
		{"any audience", func(c *Credential) { c.Audiences = []string{"my-api"} }, ""},
		{"no name", func(c *Credential) { c.Name = "" }, "name"},
		{"a name of two characters", func(c *Credential) { c.Name = "ab" }, "name"},
		{"a name of 120 characters", func(c *Credential) { c.Name = strings.Repeat("a", 120) }, ""},
		{"a name of 121 characters", func(c *Credential) { c.Name = strings.Repeat("a", 121) }, "name"},
		{"a name that begins with a dash", func(c *Credential) { c.Name = "-abc" }, "name"},
		{"a name with a slash", func(c *Credential) { c.Name = "a/bc" }, "name"},
		{"a name with a line break at its end", func(c *Credential) { c.Name = "abc\n" }, "name"},
		{"no audience", func(c *Credential) { c.Audiences = nil }, "audiences"},
		{"two audiences", func(c *Credential) { c.Audiences = []string{"a", "b"} }, "audiences"},
		{"an empty audience", func(c *Credential) { c.Audiences = []string{""} }, "audiences"},
		{"a long audience", func(c *Credential) { c.Audiences = []string{long} }, "audiences"},
		{"a long description", func(c *Credential) { c.Description = Optional(long) }, "description"},
		{"no subject", func(c *Credential) { c.Subject = "" }, "subject"},
		{"a long subject", func(c *Credential) { c.Subject = Optional(long) }, "subject"},
		{"a null character in the subject", func(c *Credential) { c.Subject = "a\x00" }, "subject"},
		{"a line break in the audience", func(c *Credential) { c.Audiences = []string{"a\n"} }, "audiences"},
		{"a null character in the description", func(c *Credential) { c.Description = "a\x00" }, "description"},
		{"two lines of description", func(c *Credential) { c.Description = "a\nb" }, ""},
		{"no issuer", func(c *Credential) { c.Issuer = "" }, "issuer"},
		{"a long issuer", func(c *Credential) { c.Issuer = "https://a.example/" + long }, "issuer"},
		{"an http issuer", func(c *Credential) { c.Issuer = "http://a.example" }, "issuer"},
		{"an issuer that is no URL", func(c *Credential) { c.Issuer = "a.example" }, "issuer"},
		{"white space after the issuer", func(c *Credential) { c.Issuer = "https://a.example " }, "issuer"},
		{"a query in the issuer", func(c *Credential) { c.Issuer = "https://a.example?x=1" }, "issuer"},
		{"a fragment in the issuer", func(c *Credential) { c.Issuer = "https://a.example#x" }, "issuer"},
		{"a user in the issuer", func(c *Credential) { c.Issuer = "https://a@b.example" }, "issuer"},
		{"subject and expression", func(c *Credential) { c.Expression = &Expression{"claims['sub'] eq 'x'", 1} }, "claimsMatchingExpression"},
		{"an expression", func(c *Credential) { c.Subject, c.Expression = "", &Expression{"claims['sub'] eq 'x'", 1} }, ""},
		{"an expression that cannot be read", func(c *Credential) { c.Subject, c.Expression = "", &Expression{"sub", 1} }, "claimsMatchingExpression"},
		{"an expression on a managed identity", func(c *Credential) {
			c.Parent.Kind, c.Subject, c.Expression = ManagedIdentity, "", &Expression{"claims['sub'] eq 'x'", 1}
		}, "claimsMatchingExpression"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := &Credential{Parent: Parent{Kind: Application}, Name: "mi-tenant-a", Issuer: "https://a.example", Subject: "s", Audiences: []string{ExchangeAudience}}
			tt.change(c)
			err := c.check()
			if tt.target == "" {
				if err != nil {
					t.Fatalf("err = %v, want none", err)
				}
				return
			}
			if got := fault.Public(err); got.Target != tt.target || !errors.Is(err, BadValue) {
				t.Errorf("err = %v at %q, want %v at %q", err, got.Target, BadValue, tt.target)
			}
		})
	}
}

func TestGraphForm(t *testing.T) {
	c := Credential{ID: "d9b7bf1e-429e-4678-8132-9b00c9846cc4", Name: "n", Issuer: "https://a.example", Subject: "s", Audiences: []string{"a"}}
	got, err := json.Marshal(&c)
	want := `{"id":"d9b7bf1e-429e-4678-8132-9b00c9846cc4","name":"n","issuer":"https://a.example","subject":"s","description":null,"audiences":["a"]}`
	if err != nil || string(got) != want {
		t.Errorf("got %s, %v, want %s", got, err, want)
	}
}

func TestNaming(t *testing.T) {
	n := naming{here, "https://login.microsoftonline.com"}
	tests := []struct {
		issuer string
		typed  ids.TenantID
		alias  bool
		here   bool
	}{
		{here + "/" + string(tenantA) + "/v2.0", tenantA, false, true},
		{here + "/" + string(tenantA) + "/v2.0/", "", false, true},
		{here + "/" + string(tenantA) + "/", "", false, true},
		{here + "/" + strings.ToUpper(string(tenantA)) + "/v2.0", "", false, true},
		{here + "/contoso.example/v2.0", "", false, true},
		{here, "", false, true},
		{"https://ID.example.com:443/x", "", false, true},
		{"https://id.example.com:444/" + string(tenantA) + "/v2.0", "", false, false},
		{here + ".evil.example/" + string(tenantA) + "/v2.0", "", false, false},
		{"https://login.microsoftonline.com/" + string(tenantA) + "/v2.0", tenantA, true, false},
		{"https://login.microsoftonline.com/" + string(tenantA) + "/", "", false, false},
		{"https://token.actions.githubusercontent.com", "", false, false},
	}
	for _, tt := range tests {
		typed, alias, ok := n.typed(tt.issuer)
		if !ok {
			typed, alias = "", false
		}
		if typed != tt.typed || alias != tt.alias || n.here(tt.issuer) != tt.here {
			t.Errorf("%s: got %q, alias %t, here %t, want %q, %t, %t", tt.issuer, typed, alias, n.here(tt.issuer), tt.typed, tt.alias, tt.here)
		}
	}
}

// FuzzIssuer feeds text to the rules on issuers. What is accepted is an https
// URL to which a document's path can be appended, and only the exact form is
// taken for a tenant's.
func FuzzIssuer(f *testing.F) {
	f.Add("https://a.example/x")
	f.Add(here + "/" + string(tenantA) + "/v2.0")
	f.Add("https://[::1]:8443/")
	f.Add("https://%zz")
	f.Fuzz(func(t *testing.T, issuer string) {
		n := naming{here, ""}
		err := checkIssuer(issuer)
		if err == nil && (!strings.HasPrefix(strings.ToLower(issuer), "https://") || strings.ContainsAny(issuer, "?# \n")) {
			t.Errorf("accepted %q", issuer)
		}
		if tenant, _, ok := n.typed(issuer); ok && (n.issuer(tenant) != issuer || err != nil) {
			t.Errorf("%q is taken for tenant %s, err = %v", issuer, tenant, err)
		}
	})
}

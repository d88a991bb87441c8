package oauth2

import (
	"encoding/base64"
	"errors"
	"net/url"
	"strings"
	"testing"

	"entente/internal/kit/fault"
)

func TestClientCredentialsResource(t *testing.T) {
	tests := []struct {
		name, scope, want string
		err               fault.Reason
	}{
		{"plain", "https://graph.microsoft.com/.default", "https://graph.microsoft.com", ""},
		{"as MSAL Go sends it", "https://graph.microsoft.com/.default openid offline_access profile", "https://graph.microsoft.com", ""},
		{"the OIDC scopes first", "openid email https://r/.default", "https://r", ""},
		{"two slashes mean a resource that ends in one", "https://management.azure.com//.default", "https://management.azure.com/", ""},
		{"by client identifier", "00000003-0000-0000-c000-000000000000/.default", "00000003-0000-0000-c000-000000000000", ""},
		{"an api URI", "api://sample/.default", "api://sample", ""},
		{"the same twice", "https://r/.default https://r/.default", "https://r", ""},
		{"several blanks", "  https://r/.default   openid ", "https://r", ""},
		{"nothing", "", "", ScopeMissing},
		{"blanks", "  ", "", ScopeMissing},
		{"only openid", "openid", "", ScopeNoDefault},
		{"a delegated scope", "User.Read", "", ScopeNoDefault},
		{"a full delegated scope", "https://graph.microsoft.com/User.Read", "", ScopeNoDefault},
		{"one default and one other", "https://r/.default User.Read", "", ScopeNoDefault},
		{"no resource before .default", "/.default", "", ScopeNoDefault},
		{".default in capitals", "https://r/.DEFAULT", "", ScopeNoDefault},
		{"two resources", "https://r/.default https://s/.default", "", ScopeMany},
		{"RFC 6749 section 3.3: a quotation mark", `https://r"/.default`, "", ScopeMalformed},
		{"RFC 6749 section 3.3: no ASCII", "https://ä/.default", "", ScopeMalformed},
		{"endless", strings.Repeat("a", maxScope+1), "", ScopeMalformed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ClientCredentialsResource(tt.scope)
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if (err != nil) != (tt.err != "") || err != nil && !errors.Is(err, tt.err) {
				t.Errorf("err = %v, want %v", err, tt.err)
			}
		})
	}
}

func TestParseForm(t *testing.T) {
	tests := []struct {
		name, body, key, want string
		err                   fault.Reason
	}{
		{"plain", "a=1&b=2", "b", "2", ""},
		{"escaped", "scope=https%3A%2F%2Fr%2F.default+openid", "scope", "https://r/.default openid", ""},
		{"an assertion file's line end is kept", "client_assertion=x%0A", "client_assertion", "x\n", ""},
		{"RFC 6749 section 3.2: no value is as good as none", "a=&b=2", "a", "", ""},
		{"empty", "", "a", "", ""},
		{"stray ampersands", "&&a=1&", "a", "1", ""},
		{"RFC 6749 section 3.2: twice", "a=1&a=2", "a", "", FormTwice},
		{"a broken escape", "a=%zz", "a", "", FormMalformed},
		{"semicolons", "a=1;b=2", "a", "", FormMalformed},
		{"JSON", `{"a":"%"}`, "a", "", FormMalformed},
		{"too many", strings.Repeat("&", 200), "a", "", FormMalformed},
		{"too long", "a=" + strings.Repeat("x", MaxForm), "a", "", FormTooLong},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, err := ParseForm(tt.body)
			if (err != nil) != (tt.err != "") || err != nil && !errors.Is(err, tt.err) {
				t.Fatalf("err = %v, want %v", err, tt.err)
			}
			if got := f[tt.key]; got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// TestBasic covers RFC 6749, section 2.3.1.
func TestBasic(t *testing.T) {
	enc := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	tests := []struct {
		name, header, id, secret string
		ok                       bool
	}{
		{"form-encoded", "Basic " + enc(url.QueryEscape("id")+":"+url.QueryEscape("a:b +%")), "id", "a:b +%", true},
		{"not encoded, but no escape", "basic " + enc("id:a~b"), "id", "a~b", true},
		{"not encoded, and none", "Basic " + enc("id:100%"), "id", "100%", true},
		{"bearer", "Bearer abc", "", "", false},
		{"no base64", "Basic ???", "", "", false},
		{"no colon", "Basic " + enc("id"), "id", "", false},
		{"nothing", "", "", "", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			id, secret, ok := Basic(tt.header)
			if id != tt.id || secret != tt.secret || ok != tt.ok {
				t.Errorf("got %q, %q, %v, want %q, %q, %v", id, secret, ok, tt.id, tt.secret, tt.ok)
			}
		})
	}
}

// FuzzScope feeds scope texts to the parser: it never crashes, and what it
// returns is a resource that the text named.
func FuzzScope(f *testing.F) {
	f.Fuzz(func(t *testing.T, scope string) {
		got, err := ClientCredentialsResource(scope)
		if err == nil && (got == "" || !strings.Contains(scope, got+defaultSuffix)) {
			t.Errorf("%q gave the resource %q", scope, got)
		}
	})
}

// FuzzForm feeds request bodies to the parser; it reads what the standard
// library reads.
func FuzzForm(f *testing.F) {
	f.Fuzz(func(t *testing.T, body string) {
		form, err := ParseForm(body)
		if err != nil {
			return
		}
		want, err := url.ParseQuery(body)
		if err != nil {
			t.Fatalf("read what is no form: %v", err)
		}
		for name, value := range form {
			if want.Get(name) != value {
				t.Errorf("%q: got %q, want %q", name, value, want.Get(name))
			}
		}
	})
}

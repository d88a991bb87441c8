package oauth2

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"entente/internal/kit/fault"
)

func TestParseDelegated(t *testing.T) {
	tests := []struct {
		in   string
		want Delegated
	}{
		{"openid profile email offline_access", Delegated{Resource: Graph, OpenID: true, Profile: true, Email: true, Offline: true}},
		{"User.Read", Delegated{Resource: Graph, Named: true, Scopes: []string{"User.Read"}}},
		{"User.Read https://graph.microsoft.com/Mail.Read openid", Delegated{Resource: Graph, Named: true, Scopes: []string{"User.Read", "Mail.Read"}, OpenID: true}},
		{"https://graph.microsoft.com/.default", Delegated{Resource: Graph, Named: true, Default: true}},
		{"https://management.azure.com//user_impersonation", Delegated{Resource: "https://management.azure.com/", Named: true, Scopes: []string{"user_impersonation"}}},
		{"https://management.core.windows.net//.default offline_access", Delegated{Resource: "https://management.core.windows.net/", Named: true, Default: true, Offline: true}},
		{"api://44444444-4444-4444-8444-444444444444/access_as_user", Delegated{Resource: "api://44444444-4444-4444-8444-444444444444", Named: true, Scopes: []string{"access_as_user"}}},
		{"44444444-4444-4444-8444-444444444444/.default", Delegated{Resource: "44444444-4444-4444-8444-444444444444", Named: true, Default: true}},
		{"https://api.example/v1/Read https://api.example/v1/Write", Delegated{Resource: "https://api.example/v1", Named: true, Scopes: []string{"Read", "Write"}}},
	}
	for _, tt := range tests {
		t.Run(tt.in, func(t *testing.T) {
			got, err := ParseDelegated(tt.in)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	for in, want := range map[string]fault.Reason{
		"": ScopeMissing, "  ": ScopeMissing, "/Read": ScopeMalformed, "https://api.example/": ScopeMalformed, "a\"b": ScopeMalformed,
		"User.Read api://x/y": ScopeMany, "api://x/y api://z/y": ScopeMany,
	} {
		if _, err := ParseDelegated(in); !errors.Is(err, want) {
			t.Errorf("%q: err = %v, want %s", in, err, want)
		}
	}
}

func TestFirstResource(t *testing.T) {
	for in, want := range map[string]string{
		"openid User.Read api://x/y offline_access Mail.Read": "openid User.Read offline_access Mail.Read",
		"api://x/y User.Read": "api://x/y",
		"openid":              "openid",
	} {
		if got := FirstResource(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func FuzzDelegated(f *testing.F) {
	f.Add("openid https://graph.microsoft.com/.default api://x/y")
	f.Fuzz(func(t *testing.T, text string) {
		d, err := ParseDelegated(text)
		if err == nil && (d.Resource == "" || d.Named != (d.Default || len(d.Scopes) > 0)) {
			t.Errorf("%q: %+v", text, d)
		}
		if _, err := Scopes(text); err == nil && text != "" {
			if _, err := ParseDelegated(FirstResource(text)); errors.Is(err, ScopeMany) {
				t.Errorf("%q: %v", text, err)
			}
		}
	})
}

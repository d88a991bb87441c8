package tenant

import (
	"errors"
	"strings"
	"testing"
	"time"

	"entente/internal/kit/fault"
)

func TestParseDomain(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"as it is", "contoso.example", "contoso.example"},
		{"in capitals and blanks", " CONTOSO.Example ", "contoso.example"},
		{"of several labels", "a.b-c.contoso.example", "a.b-c.contoso.example"},
		{"one label", "localhost", ""},
		{"a label that begins with a hyphen", "-a.example", ""},
		{"an empty label", "a..example", ""},
		{"a dot at the end", "a.example.", ""},
		{"a label too long", strings.Repeat("a", 64) + ".example", ""},
		{"too long in all", strings.Repeat("a.", 127) + "example", ""},
		{"with a path", "a.example/x", ""},
		{"with a port", "a.example:443", ""},
		{"a word of another script", "контосо.example", ""},
		{"nothing", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ParseDomain(tt.in)
			if got != tt.want || (tt.want == "") != errors.Is(err, fault.Invalid) {
				t.Errorf("got %q, %v, want %q", got, err, tt.want)
			}
		})
	}
}

func TestDomainsOfATenant(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	n, err := New("t", "  Contoso ", now)
	if err != nil || n.DisplayName != "Contoso" || n.Active() != nil {
		t.Fatalf("got %+v, %v", n, err)
	}
	if n.DefaultDomain() != "" {
		t.Errorf("a tenant without domains has the default %q", n.DefaultDomain())
	}
	n.Domains = []Domain{{Name: "contoso.onmicrosoft.com", Verified: true, Initial: true}, {Name: "contoso.example", Default: true}}
	if n.DefaultDomain() != "contoso.onmicrosoft.com" || n.Owns("contoso.example") {
		t.Error("a domain that is not proved counts")
	}
	n.Domains[1].Verified = true
	if n.DefaultDomain() != "contoso.example" || !n.Owns("CONTOSO.example") || n.Owns("sub.contoso.example") {
		t.Error("a domain that is proved does not count, or one below it does")
	}
	n.Enabled = false
	if err := n.Active(); !errors.Is(err, Disabled) || fault.Public(err).Fix == "" {
		t.Errorf("switched off: err = %v, want Disabled with a fix", err)
	}
	for _, name := range []string{"", "   ", strings.Repeat("x", maxName+1)} {
		if _, err := New("t", name, now); !errors.Is(err, fault.Invalid) {
			t.Errorf("%q: err = %v, want Invalid", name, err)
		}
	}
}

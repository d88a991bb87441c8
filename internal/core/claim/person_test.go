package claim_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"entente/internal/core/claim"
	"entente/internal/core/directory"
	"entente/internal/core/person"
	"entente/internal/core/tenant"
	"entente/internal/core/token"
)

// TestOf: a person's names are those of the tenant, the user name is that of
// home, and an address counts if home has proved its domain.
func TestOf(t *testing.T) {
	home := &tenant.Tenant{ID: "h", Country: "DE", Domains: []tenant.Domain{{Name: "home.example", Verified: true}, {Name: "claimed.example"}}}
	other := &tenant.Tenant{ID: "o", Country: "NL", Domains: []tenant.Domain{{Name: "other.example", Verified: true}}}
	text := func(s string) *string { return &s }
	guest := directory.Guest
	account := func(mail string, more ...string) *directory.User {
		return &directory.User{
			Face: directory.Face{ID: "u", DisplayName: "At home", UserPrincipalName: "clerk@home.example", Mail: text(mail), GivenName: text("A"), PreferredLanguage: text("de-DE")},
			Rest: directory.Rest{Country: text("de"), OtherMails: more, ProxyAddresses: []string{"SMTP:" + mail, "smtp:second@home.example", "x500:third@home.example"}},
		}
	}
	here := &directory.User{
		Face: directory.Face{ID: "g", DisplayName: "A guest", UserPrincipalName: "clerk_home.example#EXT#@other.example", Mail: text("member@other.example"), Surname: text("B")},
		Rest: directory.Rest{UserType: &guest, Country: text("Netherlands")},
	}
	proof := token.Proof{Home: "h", User: "u"}
	tests := []struct {
		name  string
		visit *person.Visit
		want  token.Person
	}{
		{"at home", &person.Visit{Home: home, In: home, Account: account("clerk@home.example"), Here: account("clerk@home.example")}, token.Person{
			Proof: proof, Object: "u", Name: "At home", Username: "clerk@home.example", Local: "clerk@home.example", Given: "A", Email: "clerk@home.example",
			Others: []string{"second@home.example"}, IP: "192.0.2.1", Country: "DE", TenantCountry: "DE", Language: "de-DE"}},
		{"away: neither names of home nor an address of the tenant's", &person.Visit{Home: home, In: other, Account: account("clerk@home.example"), Here: here}, token.Person{
			Proof: proof, Object: "g", Guest: true, Name: "A guest", Username: "clerk@home.example", Local: "clerk_home.example#EXT#@other.example", Family: "B", Email: "clerk@home.example",
			Others: []string{"second@home.example"}, IP: "192.0.2.1", Issuer: "issuer", TenantCountry: "NL", Language: "de-DE"}},
		{"the address of a member, which home never proved", &person.Visit{Home: home, In: other, Account: account("member@other.example", "boss@other.example", "Third@Home.example"), Here: here}, token.Person{
			Proof: proof, Object: "g", Guest: true, Name: "A guest", Username: "clerk@home.example", Local: "clerk_home.example#EXT#@other.example", Family: "B",
			Others: []string{"second@home.example", "Third@Home.example"}, IP: "192.0.2.1", Issuer: "issuer", TenantCountry: "NL", Language: "de-DE"}},
		{"a domain that was claimed and not proved", &person.Visit{Home: home, In: home, Account: account("clerk@claimed.example"), Here: account("clerk@claimed.example")}, token.Person{
			Proof: proof, Object: "u", Name: "At home", Username: "clerk@home.example", Local: "clerk@home.example", Given: "A",
			Others: []string{"second@home.example"}, IP: "192.0.2.1", Country: "DE", TenantCountry: "DE", Language: "de-DE"}},
		{"an address below a proved domain", &person.Visit{Home: home, In: home, Account: account("clerk@sub.home.example"), Here: account("clerk@home.example")}, token.Person{
			Proof: proof, Object: "u", Name: "At home", Username: "clerk@home.example", Local: "clerk@home.example", Given: "A",
			Others: []string{"second@home.example"}, IP: "192.0.2.1", Country: "DE", TenantCountry: "DE", Language: "de-DE"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, claim.Of(tt.visit, proof, "issuer", "192.0.2.1")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

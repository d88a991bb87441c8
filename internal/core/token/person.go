package token

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strings"

	"entente/internal/kit/ids"
)

// The role templates that tokens carry for everybody of a kind, beside the
// roles that they hold.
const (
	everyMember = "b79fbf4d-3ef9-4689-8143-76b194e85509"
	everyGuest  = "13bd1c72-6f4a-4dcf-985f-18d3b80f208a"
)

// A Person is who is signed in, as tokens tell of them.
type Person struct {
	Proof
	Object   ids.ObjectID // in the tenant of the token
	Guest    bool         // by type, wherever the account lives
	Name     string
	Username string // the user principal name at home
	Local    string // and in the tenant: of whoever lives elsewhere, with #EXT#
	Given    string
	Family   string
	Email    string   // empty unless the person's home has proved that its domain is theirs
	Others   []string // more addresses of which that is true
	IP       string
	Scopes   []string // of an access token; never empty there
	Issuer   string   // of the home tenant's version 1 tokens, if that is another

	Country  string // ISO 3166-1 alpha-2, or empty; so is TenantCountry
	Language string
	Location string // of data, as preferred
	// TenantCountry is that of the tenant whose token it is.
	TenantCountry string
}

// speak makes claims those of a token for the person.
func (p *Person) speak(c *Claims, a Access) {
	c.Object, c.Subject = p.Object, Pairwise(a.Tenant, p.Object, a.Resource.App)
	c.Scopes, c.Identity, c.AuthUS = strings.Join(p.Scopes, " "), "", p.AuthAt.UnixMicro()
	c.About = p.tell(a.Resource.Version, true, a.Extra)
	c.TokenKind = ""
	if a.Resource.BuiltIn && a.Resource.Version != 2 || a.Extra.asks("idtyp", "include_user_token") {
		c.TokenKind = "user"
	}
	if a.Resource.Graph {
		c.Account = p.account()
	}
	if a.Resource.Graph || a.Extra.Directory {
		c.WIDs = p.roleTemplates(a.Extra.WIDs)
	}
	a.Extra.Groups.list(&c.About, &c.Roles)
}

// tell returns what a token of a version says of the person. The profile is
// what the scope of that name lets an application know.
func (p *Person) tell(version int, profile bool, x Extra) About {
	a := About{Session: p.Session, Provider: p.Issuer}
	if p.Guest || p.Issuer != "" {
		a.Email = p.Email
	}
	switch {
	case version != 2:
		a.ACR, a.AMR, a.IP, a.Name, a.UniqueName, a.Given, a.Family = "1", p.Methods, p.IP, p.Name, p.Username, p.Given, p.Family
		if p.Issuer == "" {
			a.UPN = p.Username
		} else {
			a.AltSecID = "5::" + legacyID(p.Home, p.User)
		}
	case profile:
		a.Name, a.Preferred = p.Name, p.Username
	}
	x.add(&a, p, profile)
	return a
}

// roleTemplates returns the claim wids for a person with some roles.
func (p *Person) roleTemplates(held []string) []string {
	kind := everyMember
	if p.Guest {
		kind = everyGuest
	}
	return append(slices.Clone(held), kind)
}

func (p *Person) account() *int {
	n := 0
	if p.Guest {
		n = 1
	}
	return &n
}

// Pairwise returns the subject by which one application knows one account
// (OpenID Connect Core 1.0, section 8.1): the same each time, another for
// each application, and telling nothing of the account.
func Pairwise(tenant ids.TenantID, account ids.ObjectID, to ids.AppID) string {
	sum := sha256.Sum256([]byte("entente pairwise\x00" + string(tenant) + "\x00" + string(account) + "\x00" + string(to)))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// ClientInfo tells a client which account it has, by home: unpadded base64url
// of JSON, as Microsoft's libraries read it.
func ClientInfo(home ids.TenantID, user ids.ObjectID) string {
	return base64.RawURLEncoding.EncodeToString([]byte(`{"uid":"` + string(user) + `","utid":"` + string(home) + `"}`))
}

// legacyID returns the account's sixteen hexadecimal digits, which version 1
// tokens know a guest by.
func legacyID(home ids.TenantID, user ids.ObjectID) string {
	sum := sha256.Sum256([]byte("entente puid\x00" + string(home) + "\x00" + string(user)))
	return "1003" + strings.ToUpper(hex.EncodeToString(sum[:6]))
}

package token

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strings"

	"entente/internal/kit/ids"
)

// everyUser is the role template that version 1 tokens for Graph carry for
// every member who has no other.
const everyUser = "b79fbf4d-3ef9-4689-8143-76b194e85509"

// A Person is who is signed in, as tokens tell of them.
type Person struct {
	Proof
	Object   ids.ObjectID // in the tenant of the token
	Guest    bool
	Name     string
	Username string // a guest's is that of their home
	Given    string
	Family   string
	Email    string // empty unless the person's home has proved that its domain is theirs
	IP       string
	Scopes   []string // of an access token; never empty there
	WIDs     []string // role templates that the person holds in the tenant
	Issuer   string   // of the home tenant's version 1 tokens, for a guest
}

// speak makes claims those of a token for the person.
func (p *Person) speak(c *Claims, a Access) {
	c.Object, c.Subject = p.Object, Pairwise(a.Tenant, p.Object, a.Resource.App)
	c.Scopes, c.Session, c.Identity = strings.Join(p.Scopes, " "), p.Session, ""
	c.Name, c.AuthUS = p.Name, p.AuthAt.UnixMicro()
	if p.Guest {
		c.Provider, c.Email = p.Issuer, p.Email
	}
	if a.Resource.Version == 2 {
		c.TokenKind, c.Preferred = "", p.Username
		return
	}
	if !p.Guest {
		c.Provider, c.UPN = "", p.Username
	} else {
		c.AltSecID = "5::" + legacyID(p.Home, p.User)
	}
	c.ACR, c.AMR, c.IP, c.UniqueName, c.Given, c.Family = "1", p.Methods, p.IP, p.Username, p.Given, p.Family
	if a.Resource.BuiltIn {
		c.TokenKind = "user"
	}
	if a.Resource.Graph {
		c.Account = p.account()
		if c.WIDs = slices.Clone(p.WIDs); !p.Guest && !slices.Contains(c.WIDs, everyUser) {
			c.WIDs = append(c.WIDs, everyUser)
		}
	}
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

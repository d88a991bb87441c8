package token

import (
	"encoding/base64"
	"slices"
	"strings"

	"entente/internal/kit/ids"
	"entente/internal/kit/jose"
)

// Region is the region of every tenant: an installation is one place, and does
// not say which.
const Region = "WW"

// An Extra is what a token says beyond what each one does, because the
// application that reads it asks for it in its manifest. What that application
// asks for is the business of package claim.
type Extra struct {
	Claims    map[string][]string // optional claims, by name, with their additional properties
	Directory bool                // the person's directory roles are told
	WIDs      []string            // which are these
	Groups    Groups
	Capable   bool // the client says that it can answer a claims challenge
}

// Groups are those that a token names.
type Groups struct {
	Names   []string // identifiers, or names where they are asked for
	AsRoles bool     // in the place of the application's own roles
	Over    string   // there are more than fit: an address to ask for all
	Some    bool     // likewise, and there is no room for the address
}

// list writes the groups into a token.
func (g Groups) list(a *About, roles *[]string) {
	switch {
	case g.Some:
		a.HasGroups = true
	case g.Over != "":
		a.ClaimNames, a.ClaimSources = map[string]string{"groups": "src1"}, map[string]Source{"src1": {g.Over}}
	case !g.AsRoles:
		a.Groups = g.Names
	}
	if g.AsRoles {
		*roles = g.Names
	}
}

// asks reports whether a claim is asked for, with a property if it is not empty.
func (x Extra) asks(name, property string) bool {
	properties, ok := x.Claims[name]
	return ok && (property == "" || slices.Contains(properties, property))
}

// add writes the optional claims that a person's token can have. Those that
// nothing here knows a value for are not among them.
// https://learn.microsoft.com/entra/identity-platform/optional-claims-reference
func (x Extra) add(a *About, p *Person, profile bool) {
	for name, properties := range x.Claims {
		switch name {
		case "acct":
			a.Account = p.account()
		case "auth_time":
			a.AuthTime = &jose.Date{Time: p.AuthAt}
		case "ctry":
			a.Country = p.Country
		case "email":
			a.Email = p.Email
		case "ipaddr":
			a.IP = p.IP
		case "login_hint":
			a.LoginHint = LoginHint(p.Home, p.User, p.Username)
		case "tenant_ctry":
			a.TenantCountry = p.TenantCountry
		case "tenant_region_scope":
			a.TenantRegion = Region
		case "verified_primary_email":
			if p.Email != "" {
				a.PrimaryEmail = []string{p.Email}
			}
		case "verified_secondary_email":
			a.SecondaryEmail = p.Others
		case "xms_pdl":
			a.Location = p.Location
		case "xms_pl":
			a.Language = p.Language
		case "family_name", "given_name", "preferred_username", "upn":
			if profile {
				a.profile(name, properties, p)
			}
		}
	}
	a.EmailVerified = a.Email != "" && x.asks("xms_edov", "")
}

// profile writes one of the claims that need the scope of that name.
func (a *About) profile(name string, properties []string, p *Person) {
	switch {
	case name == "family_name":
		a.Family = p.Family
	case name == "given_name":
		a.Given = p.Given
	case name == "preferred_username":
		a.Preferred = p.Username
	case p.Issuer == "":
		a.UPN = p.Username
	case slices.Contains(properties, "include_externally_authenticated_upn"):
		a.UPN = p.Local
	case slices.Contains(properties, "include_externally_authenticated_upn_without_hash"):
		a.UPN = strings.ReplaceAll(p.Local, "#", "_")
	}
}

// hintMark begins every login hint that we make; no address begins so, because
// what follows has no at sign.
const hintMark = "O."

// LoginHint returns a text by which a later sign-in finds the account again,
// whatever it is called by then. It proves nothing.
func LoginHint(home ids.TenantID, user ids.ObjectID, username string) string {
	return hintMark + base64.RawURLEncoding.EncodeToString([]byte(string(home)+" "+string(user)+" "+username))
}

// ReadLoginHint returns what LoginHint was made of, or false for any other text.
func ReadLoginHint(text string) (who ids.Principal, username string, ok bool) {
	rest, marked := strings.CutPrefix(text, hintMark)
	raw, err := base64.RawURLEncoding.DecodeString(rest)
	parts := strings.SplitN(string(raw), " ", 3)
	if !marked || err != nil || len(parts) < 3 {
		return who, "", false
	}
	home, err1 := ids.Parse[ids.TenantID](parts[0])
	user, err2 := ids.Parse[ids.ObjectID](parts[1])
	if err1 != nil || err2 != nil {
		return who, "", false
	}
	return ids.Principal{Kind: ids.Person, Home: home, ID: user}, parts[2], true
}

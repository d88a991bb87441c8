// Package claim knows which claims applications ask for beyond those that
// every token has, and what the store says to them.
//
// An application asks in its manifest: groupMembershipClaims and optionalClaims
// as Microsoft Graph shows them. For an ID token the application that people
// sign in to decides, for an access token the API that it is for; no client
// changes what another's API reads. Whoever asks for nothing costs no question
// to the store.
//
// A group is told by identifier, whatever it is called. Groups are told that a
// person is in now, through other groups too, but of an application's own
// groups only the direct ones, as with its roles. Of more groups than a token
// has room for, it names none and says where all are to be had (OpenID Connect
// Core 1.0, section 5.6.2).
//
// An address counts as a person's only if their home has proved that its
// domain is theirs. Any other is told to nobody.
//
// https://learn.microsoft.com/entra/identity-platform/optional-claims
package claim

import (
	"encoding/json"
	"slices"
	"strings"

	"entente/internal/core/app"
	"entente/internal/core/token"
)

// How many groups a token has room for: in all, and when it travels in an
// address.
const (
	Room          = 200
	RoomInAddress = 5
)

// An Ask is what an application's manifest asks of the tokens that it reads.
type Ask struct {
	All         bool // its groups of every kind
	Security    bool
	Application bool // those that the application was opened to
	Directory   bool // the roles in the directory
	ID          Optional
	Access      Optional
}

// Optional are optional claims by name, with their additional properties.
type Optional map[string][]string

// Parse reads what package app keeps of a manifest. Names that nothing here
// knows stay in, and no token has them.
func Parse(stored string) (Ask, error) {
	var a Ask
	if stored == "" {
		return a, nil
	}
	var m app.ManifestClaims
	if err := json.Unmarshal([]byte(stored), &m); err != nil {
		return a, err
	}
	for kind := range strings.SplitSeq(m.Groups, ",") {
		switch strings.TrimSpace(kind) {
		case "All":
			a.All, a.Directory = true, true
		case "SecurityGroup":
			a.Security = true
		case "ApplicationGroup":
			a.Application = true
		case "DirectoryRole":
			a.Directory = true
		}
	}
	a.ID, a.Access = optional(m.IDToken), optional(m.AccessToken)
	return a, nil
}

// optional takes the claims that Entra defines. Those from a directory
// extension, whose source is the user, have no values here.
func optional(list []app.OptionalClaim) Optional {
	var o Optional
	for _, c := range list {
		if c.Source != nil && *c.Source != "" {
			continue
		}
		if o == nil {
			o = make(Optional)
		}
		o[c.Name] = append(o[c.Name], c.AdditionalProperties...)
	}
	return o
}

// requestable are the claims that a request may want in an ID token whatever
// the manifest says: they tell of the sign-in, and nothing more of the person.
var requestable = []string{"auth_time", "login_hint"}

// Requestable returns those of the names.
func Requestable(names []string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !slices.Contains(requestable, name) })
}

// With returns the claims with more of them.
func (o Optional) With(names []string) Optional {
	for _, name := range names {
		if _, ok := o[name]; !ok {
			if o == nil {
				o = make(Optional)
			}
			o[name] = nil
		}
	}
	return o
}

// names reports whether groups are told by name: only those that an
// administrator opened the application to, because anybody can make a group
// with the name of another.
func (a Ask) names(o Optional) bool {
	return a.Application && !a.All && !a.Security && slices.Contains(o["groups"], "cloud_displayname")
}

func (a Ask) groups() bool { return a.All || a.Security || a.Application }

// fit returns the groups as a token names them, or that there are too many.
func fit(names []string, o Optional, room int, endpoint string) token.Groups {
	g := token.Groups{AsRoles: slices.Contains(o["groups"], "emit_as_roles")}
	switch {
	case len(names) <= room:
		g.Names = names
	case room < Room:
		g.Some = true
	default:
		g.Over = endpoint
	}
	return g
}

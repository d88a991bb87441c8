package edm

import (
	"slices"
	"strings"

	"entente/internal/core/authz"
)

// A Perm is a permission that suffices for an operation.
type Perm struct {
	Name string
	With []string // one of these must be held as well
	Only []string // it reaches these properties only
	Self bool     // it reaches the caller's own object only

	// Owned means that it reaches only what the caller owns. The service checks
	// that: ownership is a fact of the store.
	Owned bool
}

// A Perms lists the permissions that suffice, each alone, from least to most.
type Perms []Perm

// Any returns the permissions of these names.
func Any(names ...string) Perms {
	p := make(Perms, len(names))
	for i, n := range names {
		p[i].Name = n
	}
	return p
}

// And returns p followed by q.
func (p Perms) And(q ...Perm) Perms { return append(slices.Clone(p), q...) }

// An Access says who may: applications on their own, and applications for a
// person who is signed in. A kind without permissions may not at all.
type Access struct {
	App, Delegated Perms

	types []ByType // see AnyOf

	// Needs are the actions of which the person who is signed in must be allowed
	// one, by a role or otherwise; the service asks for the very one, in its
	// transaction. An application whose directory roles allow one needs no
	// permission. Without any, the person's rights do not count.
	Needs []authz.Action
}

// Needing returns the access for which a person needs one of actions.
func (a Access) Needing(actions ...authz.Action) Access {
	a.Needs = actions
	return a
}

// Reads reports whether nothing but reading is what a person needs a right for:
// the edge asks for it then, since no service does.
func (a Access) Reads() bool {
	return len(a.Needs) > 0 && !slices.ContainsFunc(a.Needs, func(n authz.Action) bool { return !strings.HasSuffix(string(n), "/read") })
}

// Allows reports whether one of the actions that a person needs is allowed by may.
func (a Access) Allows(may func(authz.Action) bool) bool { return slices.ContainsFunc(a.Needs, may) }

// LeastRole names the least directory role that has what a person needs.
func (a Access) LeastRole() string {
	if len(a.Needs) == 0 {
		return ""
	}
	return authz.LeastRole(a.Needs[0])
}

// Alike returns the access that asks the same of both kinds.
func Alike(p Perms) Access { return Access{App: p, Delegated: p} }

// A Grant is how far the permissions of a caller reach.
type Grant struct {
	Only []string // the properties; nil is all
}

// Reaches reports whether the grant covers the property.
func (g Grant) Reaches(property string) bool {
	return g.Only == nil || slices.Contains(g.Only, property)
}

// Meet is how far both grants reach.
func (g Grant) Meet(h Grant) Grant {
	switch {
	case g.Only == nil:
		return h
	case h.Only == nil:
		return g
	}
	both := Grant{Only: []string{}}
	for _, name := range g.Only {
		if h.Reaches(name) {
			both.Only = append(both.Only, name)
		}
	}
	return both
}

// of returns the permissions that count for who.
func (a Access) of(who authz.Caller) Perms {
	if who.AppOnly() {
		return a.App
	}
	return a.Delegated
}

// Judge returns how far who's permissions reach, or false when none suffices.
// self says whether the object asked for is the caller's own. Whoever was
// admitted for directory roles, or lends a program all rights in the directory,
// is limited by those alone.
func (a Access) Judge(who authz.Caller, self bool) (g Grant, ok bool) {
	if a.fully(who) {
		return Grant{}, true
	}
	for _, p := range a.of(who) {
		if !p.heldBy(who) || p.Self && !self {
			continue
		}
		if p.Only == nil {
			return Grant{}, true
		}
		g.Only = append(g.Only, p.Only...)
		ok = true
	}
	return g, ok
}

// fully reports whether the rights of who, and no permission, limit the operation.
func (a Access) fully(who authz.Caller) bool {
	if len(a.of(who)) == 0 || len(a.Needs) == 0 {
		return false
	}
	return who.ByRole || !who.AppOnly() && who.Has(authz.AsUser)
}

func (p Perm) heldBy(who authz.Caller) bool {
	return who.Has(p.Name) && (p.With == nil || slices.ContainsFunc(p.With, who.Has))
}

// A Reach says how far a permission would have had to go.
type Reach struct {
	Self     bool   // the caller's own object was asked for
	Unowned  bool   // the object is none that the caller owns
	Property string // the property that was out of reach, or empty
}

// Least names the least permission that would have sufficed for who, with what
// it also requires, or "" when no permission would have. Where it goes by a type
// that is not known yet, it names that of each.
func (a Access) Least(who authz.Caller, to Reach) string {
	if a.types != nil {
		return a.leastByType(who, to)
	}
	for _, p := range a.of(who) {
		switch {
		case p.Self && !to.Self, p.Owned && to.Unowned:
		case to.Property != "" && p.Only != nil && !slices.Contains(p.Only, to.Property):
		default:
			return p.String()
		}
	}
	return ""
}

// String returns the permission for people.
func (p Perm) String() string {
	if p.With == nil {
		return p.Name
	}
	return p.Name + " with " + strings.Join(p.With, " or ")
}

// String returns the permissions for people.
func (p Perms) String() string {
	if len(p) == 0 {
		return "none"
	}
	names := make([]string, len(p))
	for i, one := range p {
		names[i] = one.String()
		if one.Self {
			names[i] += " (own object)"
		}
		if one.Owned {
			names[i] += " (owned objects)"
		}
		if one.Only != nil {
			names[i] += " (" + strings.Join(one.Only, ", ") + " only)"
		}
	}
	return strings.Join(names, ", ")
}

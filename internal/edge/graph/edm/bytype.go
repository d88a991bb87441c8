package edm

import (
	"context"
	"slices"
	"strings"

	"entente/internal/core/authz"
)

// A ByType is who may where the entities of a set are of several types, each
// with permissions of its own.
type ByType struct {
	Type Type
	May  Access
}

// AnyOf returns the access to entities of several types. Whoever has what one
// of them asks gets as far as the entity; what then counts is its own type.
func AnyOf(types ...ByType) Access {
	a := Access{types: types}
	for _, t := range types {
		a.App = a.App.with(t.May.App)
		a.Delegated = a.Delegated.with(t.May.Delegated)
		for _, n := range t.May.Needs {
			if !slices.Contains(a.Needs, n) {
				a.Needs = append(a.Needs, n)
			}
		}
	}
	return a
}

func (p Perms) with(more Perms) Perms {
	for _, m := range more {
		if !slices.ContainsFunc(p, func(q Perm) bool { return q.Name == m.Name }) {
			p = append(p, m)
		}
	}
	return p
}

// For returns the access to an entity of type t.
func (a Access) For(t Type) Access {
	if a.types == nil {
		return a
	}
	for _, one := range a.types {
		if one.Type == t {
			return one.May
		}
	}
	return Access{}
}

func (a Access) leastByType(who authz.Caller, to Reach) string {
	var names []string
	for _, one := range a.types {
		if least := one.May.Least(who, to); least != "" {
			names = append(names, least+" ("+one.Type.Short()+")")
		}
	}
	return strings.Join(names, ", ")
}

// Types lists the types that ask for permissions of their own.
func (a Access) Types() []ByType { return a.types }

// A TypeOf returns the type of the entity that a request addresses, or a
// NotFound fault.
type TypeOf func(ctx context.Context, r *Request) (Type, error)

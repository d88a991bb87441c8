package audit

import (
	"strings"

	"entente/internal/kit/query"
)

// OneElement turns questions about the elements of a collection into questions
// about the only one there is, which the tables of this package call
// "collection/member", or "collection" where elements have no members.
func OneElement(e query.Expr) query.Expr {
	return rewrite(e, func(e query.Expr) query.Expr {
		any, ok := e.(query.Any)
		if !ok {
			return e
		}
		if any.Of == nil {
			return query.And{}
		}
		return rewrite(any.Of, func(e query.Expr) query.Expr {
			return renamed(e, func(member string) string { return strings.TrimSuffix(any.Field+"/"+member, "/") })
		})
	})
}

// OfPrincipals turns questions about a sign-in's user or service principal
// into such about its principal that hold for people, or for programs, alone.
func OfPrincipals(e query.Expr) query.Expr {
	return rewrite(e, func(e query.Expr) query.Expr {
		var kinds query.Expr
		e = renamed(e, func(field string) string {
			switch field {
			case "userId", "userPrincipalName":
				kinds = query.In{Field: "signInEventTypes", Values: []any{InteractiveUserSignIn, UserSignIn}}
			case "servicePrincipalId", "servicePrincipalName":
				kinds = query.In{Field: "signInEventTypes", Values: []any{ServicePrincipalSignIn, ManagedIdentitySignIn}}
			}
			switch field {
			case "userId", "servicePrincipalId":
				return "principal"
			case "userPrincipalName", "servicePrincipalName":
				return "principalName"
			}
			return field
		})
		if kinds == nil {
			return e
		}
		if c, ok := e.(query.Compare); ok && c.Op == query.Ne {
			c.Op = query.Eq
			return query.Not{X: query.And{kinds, c}}
		}
		return query.And{kinds, e}
	})
}

// Asks reports whether a question speaks of one of the fields.
func Asks(e query.Expr, fields ...string) (found bool) {
	rewrite(e, func(e query.Expr) query.Expr {
		return renamed(e, func(field string) string {
			for _, f := range fields {
				found = found || f == field
			}
			return field
		})
	})
	return found
}

// rewrite returns e with each of its leaves replaced.
func rewrite(e query.Expr, leaf func(query.Expr) query.Expr) query.Expr {
	switch e := e.(type) {
	case nil:
		return nil
	case query.And:
		parts := make(query.And, len(e))
		for i, p := range e {
			parts[i] = rewrite(p, leaf)
		}
		return parts
	case query.Or:
		parts := make(query.Or, len(e))
		for i, p := range e {
			parts[i] = rewrite(p, leaf)
		}
		return parts
	case query.Not:
		return query.Not{X: rewrite(e.X, leaf)}
	}
	return leaf(e)
}

// renamed returns a leaf with its field called otherwise.
func renamed(e query.Expr, name func(string) string) query.Expr {
	switch e := e.(type) {
	case query.Compare:
		e.Field = name(e.Field)
		return e
	case query.In:
		e.Field = name(e.Field)
		return e
	case query.StartsWith:
		e.Field = name(e.Field)
		return e
	}
	return e
}

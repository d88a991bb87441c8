package graph

import (
	"context"
	"errors"
	"slices"

	"entente/internal/core/authz"
	"entente/internal/edge/graph/edm"
	"entente/internal/kit/fault"
)

// learn finds out how far the caller may read entities of the types, which
// live in sets of their own: as far as there. Of what they may not read at all,
// relationships show the identifier.
// https://learn.microsoft.com/graph/permissions-overview#limited-information-returned-for-inaccessible-member-objects
func (c *call) learn(ctx context.Context, types []edm.Type) error {
	who := c.request.Who
	var rights *authz.Rights
	for _, t := range types {
		may := c.Registry.Reader(t)
		g, ok := may.Judge(who, false)
		if ok && may.Reads() && (!who.AppOnly() || who.ByRole) {
			if rights == nil {
				r, err := c.Rights(ctx, who, "")
				if err != nil {
					return err
				}
				rights = &r
			}
			ok = may.Allows(rights.Allow)
		}
		if !ok {
			g = edm.Grant{Only: []string{"id"}}
		}
		c.request.Learn(t, g)
	}
	return nil
}

// asks is how far the caller may ask by the properties of what the target
// shows: by those that they may read of each type which it may be of.
func (c *call) asks(g edm.Grant, shown edm.Type) edm.Grant {
	types := c.target.set().Of
	if slices.Contains(types, shown) {
		types = []edm.Type{shown}
	}
	for _, t := range types {
		if c.Registry.Is(t, c.target.set().Type) { // and not what a property speaks of
			g = g.Meet(c.request.Reach(t))
		}
	}
	return g
}

// explainReach names the permission that lacks for a property of what lives in
// another set.
func (c *call) explainReach(err error) error {
	f, ok := errors.AsType[*fault.Error](err)
	if !ok || f.Reason != authz.Denied {
		return err
	}
	property := f.Values["property"]
	for _, t := range c.target.set().Of {
		if may := c.Registry.Reader(t); !c.request.Reach(t).Reaches(property) {
			return f.With("leastPermission", may.Least(c.request.Who, edm.Reach{Property: property}))
		}
	}
	return err
}

package graph

import (
	"context"

	"entente/internal/core/authz"
	"entente/internal/edge/graph/edm"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// Rights returns what the caller may now, in the tenant or on the object if it
// is not empty, as far as directory roles, ownership and what everybody may go.
func (a *Authority) Rights(ctx context.Context, who authz.Caller, on ids.ObjectID) (r authz.Rights, err error) {
	who.ByRole = true
	err = a.DB.View(ctx, func(tx *sqldb.Tx) error {
		r, err = authz.RightsOf(ctx, tx, who, on)
		return err
	})
	return r, err
}

// admit refuses a caller whom neither a permission nor, if it is a program on
// its own, a directory role lets do the operation on anything. A program that
// its roles let in is marked, so that the service judges it by them.
func (c *call) admit(ctx context.Context, a edm.Access) error {
	who := &c.request.Who
	g, may := a.Judge(*who, true)
	if may && (g.Only == nil || !who.AppOnly()) {
		return nil
	}
	if who.AppOnly() && len(a.App) > 0 && len(a.Needs) > 0 {
		r, err := c.Rights(ctx, *who, c.addressed())
		if err != nil {
			return err
		}
		if who.ByRole = a.Allows(r.ByRole); who.ByRole {
			return nil
		}
	}
	if may {
		return nil
	}
	return c.deny(a, edm.Reach{})
}

// addressed returns the object that the path leads to, or through, as far as
// the path itself says.
func (c *call) addressed() ids.ObjectID {
	for _, st := range c.target.steps {
		if st.key.by == nil && ids.Valid(st.key.value) {
			return ids.ObjectID(st.key.value)
		}
	}
	return ""
}

// mayRead refuses a person who may not read what the operation shows. What is
// changed is judged by the service, in its transaction. Guests do not leaf
// through the directory without a role: they read what they can name.
func (c *call) mayRead(ctx context.Context, a edm.Access) error {
	who := c.request.Who
	if who.AppOnly() && !who.ByRole || !a.Reads() || !who.AppOnly() && c.own() {
		return nil
	}
	on := c.addressed()
	if c.request.ID != "" && ids.Valid(c.request.ID) && len(c.request.Parents) == 0 {
		on = ids.ObjectID(c.request.ID)
	}
	r, err := c.Rights(ctx, who, on)
	if err != nil {
		return err
	}
	may := r.Allow // of a program, by roles alone
	if r.Guest() && c.request.ID == "" && len(c.request.Parents) == 0 && !c.target.set().Unpaged {
		may = r.ByRole
	}
	if a.Allows(may) {
		return nil
	}
	return authz.Refuse().With("leastRole", a.LeastRole())
}

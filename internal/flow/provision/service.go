package provision

import (
	"context"
	"maps"
	"time"

	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// A Service gives and takes through its connectors.
type Service struct {
	db         *sqldb.DB
	connectors map[string]Connector
}

// NewService returns a service on db with the connectors of this store, and more
// by the system that they serve.
func NewService(db *sqldb.DB, more map[string]Connector) *Service {
	s := &Service{db, map[string]Connector{Groups: groups{}, Applications: applications{}, Sites: sites{}}}
	maps.Copy(s.connectors, more)
	return s
}

// TooManyRoles is the Reason of a fault about a source that wants too much.
const TooManyRoles fault.Reason = "provision.too_many_roles"

// A Wish is what a source wants an object to have: exactly these roles, until a
// time (zero: no end).
type Wish struct {
	Object ids.ObjectID
	Source string
	Roles  []Role
	Until  time.Time
}

// Want stores a wish, in the caller's transaction. What the source had and wants no
// more becomes unwanted; what it has under another end is to be given anew. It is
// given by Apply.
func (s *Service) Want(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, w Wish) error {
	have, err := Of(ctx, tx, tenant, w.Source)
	if err != nil {
		return err
	}
	_, changed, err := w.compare(tenant, have)
	if err != nil || len(changed) == 0 {
		return err
	}
	return putGrants(ctx, tx, changed)
}

// compare returns the grants of a source as it wants them, in a fixed order, and
// those of them that are not stored so.
func (w Wish) compare(tenant ids.TenantID, have []*Grant) (all, changed []*Grant, err error) {
	if len(w.Roles) > maxRoles {
		return nil, nil, fault.Because(fault.Invalid, TooManyRoles, "An assignment has at most %d resource roles.", maxRoles)
	}
	old := make(map[string]*Grant)
	for _, g := range have {
		old[g.ID] = g
	}
	for _, r := range w.Roles {
		g := newGrant(tenant, w.Object, r, w.Source, w.Until)
		before := old[g.ID]
		delete(old, g.ID)
		switch {
		case before == nil:
		case before.State == Given && before.Until.Equal(w.Until), before.State == Wanted && before.Until.Equal(w.Until), before.State == Pending:
			all = append(all, before)
			continue
		default:
			if before.State != Wanted {
				if err := before.move(Wanted); err != nil {
					return nil, nil, err
				}
			}
			before.Until = w.Until
			g = before
		}
		all, changed = append(all, g), append(changed, g)
	}
	for _, g := range have {
		if old[g.ID] == nil {
			continue
		}
		all = append(all, g)
		if g.State == Unwanted {
			continue
		}
		if err := g.move(Unwanted); err != nil {
			return nil, nil, err
		}
		changed = append(changed, g)
	}
	return all, changed, nil
}

// Again has everything that a source wants given once more, in the caller's
// transaction: what somebody took by hand comes back.
func (s *Service) Again(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, source string) error {
	all, err := Of(ctx, tx, tenant, source)
	if err != nil {
		return err
	}
	for _, g := range all {
		if g.State != Given && g.State != Failed {
			continue
		}
		if err := g.move(Wanted); err != nil {
			return err
		}
		if err := putGrant(ctx, tx, g); err != nil {
			return err
		}
	}
	return nil
}

// A Tally counts what a source has and lacks.
type Tally struct {
	Given, Pending, Failed int
	Stuck                  int // unwanted, and could not be taken
	Errors                 []string
}

// Complete reports whether everything is as wanted.
func (t Tally) Complete() bool { return t.Pending+t.Failed+t.Stuck == 0 }

// TallyOf counts what a source has now.
func TallyOf(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, source string) (t Tally, err error) {
	all, err := Of(ctx, tx, tenant, source)
	return tally(all), err
}

func tally(all []*Grant) (t Tally) {
	for _, g := range all {
		switch g.State {
		case Given:
			t.Given++
		case Wanted, Pending:
			t.Pending++
		case Failed:
			t.Failed++
		case Unwanted:
			t.Stuck++
		}
		if g.Error != "" {
			t.Errors = append(t.Errors, g.Error)
		}
	}
	return t
}

// Apply gives and takes what a source has not as it wants it, in the caller's
// transaction. If one role faults so does Apply, and nothing of it may commit.
func (s *Service) Apply(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, source string) error {
	all, err := Of(ctx, tx, tenant, source)
	if err != nil {
		return err
	}
	for _, g := range all {
		if err := s.apply(ctx, tx, g); err != nil {
			return err
		}
	}
	return nil
}

// ApplyEach does what Apply does, each role in a transaction of its own, and
// notes what failed beside it.
func (s *Service) ApplyEach(ctx context.Context, tenant ids.TenantID, source string) error {
	var all []*Grant
	err := s.db.View(ctx, func(tx *sqldb.Tx) (err error) { all, err = Of(ctx, tx, tenant, source); return err })
	if err != nil {
		return err
	}
	for _, g := range all {
		why := s.change(ctx, g, func(tx *sqldb.Tx, g *Grant) error { return s.apply(ctx, tx, g) })
		if why == nil {
			continue
		}
		if ctx.Err() != nil {
			return why
		}
		if err := s.change(ctx, g, func(tx *sqldb.Tx, g *Grant) error {
			if g.Settled() || g.State == Pending {
				return nil
			}
			if g.State == Failed {
				g.State = Wanted
			}
			if err := g.fail(why); err != nil {
				return err
			}
			return putGrant(ctx, tx, g)
		}); err != nil {
			return err
		}
	}
	return nil
}

// change runs a step on a grant as it is then, if it still is.
func (s *Service) change(ctx context.Context, g *Grant, step func(tx *sqldb.Tx, g *Grant) error) error {
	return s.db.Update(ctx, func(tx *sqldb.Tx) error {
		now, err := sqldb.All(ctx, tx, "select "+grantColumns+grantsFrom+` and s.grant_id = ? and s.source = ?`, []any{g.Tenant, g.ID, g.Source}, scanGrant)
		if err != nil || len(now) == 0 {
			return err
		}
		return step(tx, now[0])
	})
}

// apply does what one grant lacks.
func (s *Service) apply(ctx context.Context, tx *sqldb.Tx, g *Grant) error {
	c := s.connectors[g.Role.System]
	switch {
	case g.State == Given, g.State == Pending:
		return nil
	case c == nil:
		return notARole(g.Role)
	case g.State == Unwanted:
		a, err := c.Revoke(ctx, tx, g)
		if err != nil && !gone(err) || a == Later {
			return err
		}
		return dropGrants(ctx, tx, []*Grant{g})
	case g.State == Failed:
		if err := g.move(Wanted); err != nil {
			return err
		}
	}
	a, err := c.Grant(ctx, tx, g)
	if err != nil {
		return err
	}
	to := Given
	if a == Later {
		to = Pending
	}
	if err := g.move(to); err != nil {
		return err
	}
	return putGrant(ctx, tx, g)
}

// Answered is how a connector that answered Later says, in its transaction, what
// came of it: nil, or why not. What nobody waits for any more is ignored.
func (s *Service) Answered(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, grant, source string, why error) error {
	all, err := sqldb.All(ctx, tx, "select "+grantColumns+grantsFrom+` and s.grant_id = ? and s.source = ?`, []any{tenant, grant, source}, scanGrant)
	if err != nil || len(all) == 0 {
		return err
	}
	g := all[0]
	switch {
	case g.State == Unwanted && why == nil:
		return dropGrants(ctx, tx, []*Grant{g})
	case g.State == Unwanted:
		err = g.fail(why)
	case g.State != Pending:
		return nil
	case why != nil:
		err = g.fail(why)
	default:
		err = g.move(Given)
	}
	if err != nil {
		return err
	}
	return putGrant(ctx, tx, g)
}

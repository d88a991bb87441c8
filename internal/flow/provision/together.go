package provision

import (
	"context"

	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// An Outcome is how far a wish has come, and whether there was anything to do.
type Outcome struct {
	Tally
	Moved bool
}

// Fulfil does, in the caller's transaction, for several sources what Want and Apply
// do for one: each kind of row is read and written in one statement, and only as it
// is in the end. A source is named once. If one role faults so does Fulfil, and
// nothing of it may commit.
func (s *Service) Fulfil(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, wishes []Wish) (map[string]Outcome, error) {
	sources := make([]string, len(wishes))
	for i, w := range wishes {
		sources[i] = w.Source
	}
	have, err := OfAll(ctx, tx, tenant, sources)
	if err != nil {
		return nil, err
	}
	t := turn{of: map[string][]*Grant{}, give: map[string][]*Grant{}, take: map[string][]*Grant{}, moved: map[string]bool{}}
	for _, w := range wishes {
		all, _, err := w.compare(tenant, have[w.Source])
		if err != nil {
			return nil, err
		}
		if err := t.sort(w.Source, all); err != nil {
			return nil, err
		}
	}
	for _, system := range t.systems {
		if err := s.turn(ctx, tx, system, &t); err != nil {
			return nil, err
		}
	}
	if err := putGrants(ctx, tx, t.kept); err != nil {
		return nil, err
	}
	if err := dropGrants(ctx, tx, t.gone); err != nil {
		return nil, err
	}
	out := make(map[string]Outcome, len(wishes))
	for _, source := range sources {
		out[source] = Outcome{tally(t.of[source]), t.moved[source]}
	}
	return out, nil
}

// A turn is what there is to do for several sources, by system, and what has become
// of it.
type turn struct {
	systems    []string
	give, take map[string][]*Grant
	of         map[string][]*Grant // by source: what it wants, and what could not be taken yet
	moved      map[string]bool
	kept, gone []*Grant // to be stored, and forgotten
}

// sort notes what is to be done for a source.
func (t *turn) sort(source string, all []*Grant) error {
	for _, g := range all {
		list := t.give
		switch g.State {
		case Unwanted:
			list = t.take
		case Given, Pending:
			t.of[source] = append(t.of[source], g)
			continue
		case Failed:
			if err := g.move(Wanted); err != nil {
				return err
			}
		}
		if system := g.Role.System; t.give[system] == nil && t.take[system] == nil {
			t.systems = append(t.systems, system)
		}
		list[g.Role.System] = append(list[g.Role.System], g)
		t.moved[source] = true
	}
	return nil
}

// turn gives and takes the roles of one system. What is given comes first: who keeps
// a role for another reason does not lose it in between.
func (s *Service) turn(ctx context.Context, tx *sqldb.Tx, system string, t *turn) error {
	c, give, take := s.connectors[system], t.give[system], t.take[system]
	if c == nil {
		return notARole(append(give, take...)[0].Role)
	}
	answers, err := each(ctx, tx, c, give, Together.GrantAll, c.Grant)
	if err != nil {
		return err
	}
	for i, g := range give {
		to := Given
		if answers[i] == Later {
			to = Pending
		}
		if err := g.move(to); err != nil {
			return err
		}
		t.kept, t.of[g.Source] = append(t.kept, g), append(t.of[g.Source], g)
	}
	answers, err = each(ctx, tx, c, take, Together.RevokeAll, func(ctx context.Context, tx *sqldb.Tx, g *Grant) (Answer, error) {
		a, err := c.Revoke(ctx, tx, g)
		if gone(err) {
			return Done, nil
		}
		return a, err
	})
	if err != nil {
		return err
	}
	for i, g := range take {
		if answers[i] == Later {
			t.kept, t.of[g.Source] = append(t.kept, g), append(t.of[g.Source], g)
		} else {
			t.gone = append(t.gone, g)
		}
	}
	return nil
}

// each has a connector do something for all grants: at once where it can.
func each(ctx context.Context, tx *sqldb.Tx, c Connector, all []*Grant, together func(Together, context.Context, *sqldb.Tx, []*Grant) error,
	one func(context.Context, *sqldb.Tx, *Grant) (Answer, error)) ([]Answer, error) {
	answers := make([]Answer, len(all))
	if t, ok := c.(Together); ok && len(all) > 0 {
		return answers, together(t, ctx, tx, all)
	}
	for i, g := range all {
		a, err := one(ctx, tx, g)
		if err != nil {
			return nil, err
		}
		answers[i] = a
	}
	return answers, nil
}

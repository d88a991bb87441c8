package edm

import (
	"encoding/json"
	"slices"
	"strings"

	"entente/internal/kit/fault"
	"entente/internal/kit/query"
)

// Match reports whether a condition holds for an entity, by its JSON. It is for
// collections that come at once and have no table of their own. Texts compare
// without regard to case.
func (it Item) Match(e query.Expr) (bool, error) {
	if e == nil {
		return true, nil
	}
	stored, err := it.members()
	if err != nil {
		return false, err
	}
	m := matcher(stored)
	return m.holds(e)
}

// Matching returns those of the items for which a condition holds.
func Matching(items []Item, filter query.Expr) ([]Item, error) {
	if filter == nil {
		return items, nil
	}
	var kept []Item
	for _, it := range items {
		ok, err := it.Match(filter)
		if err != nil {
			return nil, err
		}
		if ok {
			kept = append(kept, it)
		}
	}
	return kept, nil
}

// A matcher holds an entity's members.
type matcher map[string]json.RawMessage

func (m matcher) holds(e query.Expr) (bool, error) {
	switch e := e.(type) {
	case query.And:
		for _, part := range e {
			if ok, err := m.holds(part); !ok {
				return false, err
			}
		}
		return true, nil
	case query.Or:
		for _, part := range e {
			if ok, err := m.holds(part); ok || err != nil {
				return ok, err
			}
		}
		return false, nil
	case query.Not:
		ok, err := m.holds(e.X)
		return !ok, err
	case query.In:
		return slices.ContainsFunc(e.Values, func(v any) bool { return m.equal(e.Field, v) }), nil
	case query.StartsWith:
		s, ok := m.text(e.Field)
		return ok && strings.HasPrefix(s, query.Fold(e.Value)), nil
	case query.HasWord:
		var s string
		if json.Unmarshal(m[e.Field], &s) != nil {
			return false, nil
		}
		return slices.ContainsFunc(query.Words(s), func(w string) bool { return strings.HasPrefix(w, e.Prefix) }), nil
	case query.Compare:
		switch e.Op {
		case query.Eq:
			return m.equal(e.Field, e.Value), nil
		case query.Ne:
			return !m.equal(e.Field, e.Value), nil
		}
	}
	return false, fault.Because(fault.Invalid, query.Unsupported, "The collection cannot be asked this way.")
}

func (m matcher) equal(field string, want any) bool {
	if s, ok := want.(string); ok {
		have, is := m.text(field)
		return is && have == query.Fold(s)
	}
	var have any
	if raw := m[field]; len(raw) > 0 && json.Unmarshal(raw, &have) != nil {
		return false
	}
	return have == want
}

// text returns a member that is text, folded.
func (m matcher) text(field string) (string, bool) {
	var s *string
	if json.Unmarshal(m[field], &s) != nil || s == nil {
		return "", false
	}
	return query.Fold(*s), true
}

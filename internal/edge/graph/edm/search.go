package edm

import (
	"strings"
	"unicode/utf8"

	"entente/internal/kit/fault"
	"entente/internal/kit/odata"
	"entente/internal/kit/query"
)

// Why a $search is refused.
const (
	BadSearch       fault.Reason = "edm.bad_search"        // no clause "property:value" in double quotes
	UnknownInSearch fault.Reason = "edm.unknown_in_search" // no such property
	NotSearched     fault.Reason = "edm.not_searched"      // the property is not searched
	SearchNegate    fault.Reason = "edm.search_negate"     // NOT, which the directory does not take
)

// A Find says how $search finds a property.
type Find int

// How $search finds a property.
const (
	Not     Find = iota // it does not
	ByStart             // by the beginning of its value
	ByWords             // by the beginnings of its words
)

// String returns how a property is found, for people.
func (f Find) String() string { return [...]string{"", "by its beginning", "by words"}[f] }

// Search turns a parsed $search into a condition on the noun's fields. A nil
// search is no condition.
func (r *Registry) Search(a Asker, s odata.Search) (query.Expr, error) {
	switch s := s.(type) {
	case *odata.SearchList:
		parts := make([]query.Expr, len(s.Parts))
		for i, p := range s.Parts {
			var err error
			if parts[i], err = r.Search(a, p); err != nil {
				return nil, err
			}
		}
		if s.Op == "or" {
			return query.Or(parts), nil
		}
		return query.And(parts), nil
	case *odata.SearchNot:
		return nil, fault.Because(fault.Invalid, SearchNegate, "The operator NOT is not supported in $search.")
	case *odata.SearchTerm:
		return r.clause(a, s)
	}
	return nil, nil
}

// clause reads one "property:value".
func (r *Registry) clause(a Asker, s *odata.SearchTerm) (query.Expr, error) {
	name, value, ok := strings.Cut(s.Text, ":")
	if ok && !s.Quoted {
		return nil, fault.Because(fault.Invalid, BadSearch,
			"Syntax error: character ':' is not valid at position %d in '%.200s'.", utf8.RuneCountInString(name), s.Text)
	}
	name, value = strings.TrimSpace(name), strings.TrimSpace(value)
	switch {
	case !ok || name == "" || value == "":
		return nil, fault.Because(fault.Invalid, BadSearch, "A clause of $search has the form \"property:value\", in double quotes.")
	}
	p := r.FoldProp(a.Type, a.Version, name)
	if p == nil {
		p = r.shared(a.Type, name)
	}
	switch {
	case p == nil:
		return nil, fault.Because(fault.Invalid, UnknownInSearch, "Could not find a property named '%.100s' on type '%s'.", name, a.Type)
	case p.Search == Not:
		return nil, fault.Because(fault.Invalid, NotSearched,
			"Property '%s' isn't supported in $search for resource '%s'.", p.In(a.Version), a.Type.Resource()).With("property", p.Name)
	case !a.Grant.Reaches(p.Name):
		return nil, outOfReach(p)
	case p.Search == ByStart && p.Type.IsMany():
		return query.Any{Field: p.field(), Of: query.StartsWith{Value: value}}, nil
	case p.Search == ByStart:
		return query.StartsWith{Field: p.field(), Value: value}, nil
	}
	var all query.And
	for _, word := range query.Terms(value) {
		all = append(all, query.HasWord{Field: p.field(), Scope: a.Scope, Prefix: word})
	}
	return all, nil
}

package packages

import (
	"net/http"

	"entente/internal/edge/portal"
	"entente/internal/edge/portal/admin"
	"entente/internal/flow/entitlement"
	"entente/internal/kit/query"
)

// mostApart is how many packages, and how many groups, a package is incompatible
// with at most.
const mostApart = 100

// separation shows what nobody may have who asks for a package.
func (p *Pages) separation(r *http.Request, v *admin.Visitor, of *entitlement.Package) (portal.Section, error) {
	s := portal.Section{ID: "separation", Heading: "Separation of duties", Text: "Whoever has one of these, or is in one of these groups, can't ask for this package."}
	first := entitlement.Asked{Query: query.Query{Order: []query.Key{{Field: "displayName"}}, Page: query.Page{Limit: mostApart}}}
	others, err := p.Access.Incompatible(r.Context(), v.Who, of.ID, false, first)
	if err != nil {
		return s, err
	}
	groups, err := p.Access.IncompatibleGroups(r.Context(), v.Who, of.ID)
	if err != nil {
		return s, err
	}
	names, err := p.Lookup.Named(r.Context(), v.Who, groups...)
	if err != nil {
		return s, err
	}
	back, err := p.Access.Incompatible(r.Context(), v.Who, of.ID, true, first)
	if err != nil {
		return s, err
	}
	t := &portal.Table{Caption: "Separation of duties", Heads: []string{"Incompatible with", "What it is"}}
	for _, o := range others.Items {
		t.Rows = append(t.Rows, portal.Row{Head: portal.Cell{Text: o.Name, To: packagePath(v, o.ID)}, Cells: []portal.Cell{{Text: "Access package"}}})
	}
	for _, id := range groups {
		name := names[id].Name
		if name == "" {
			name = "A group that is no more"
		}
		t.Rows = append(t.Rows, portal.Row{Head: portal.Cell{Text: name}, Cells: []portal.Cell{{Text: "Group"}}})
	}
	for _, o := range back.Items {
		t.Rows = append(t.Rows, portal.Row{Head: portal.Cell{Text: o.Name, To: packagePath(v, o.ID)}, Cells: []portal.Cell{{Text: "Access package that names this one"}}})
	}
	if len(t.Rows) > 0 {
		s.Table = t
	} else {
		s.None = &portal.Nothing{Title: "Nothing is incompatible", Text: "Name packages and groups here that must not come together with this one."}
	}
	return s, nil
}

package groups

import (
	"cmp"
	"net/http"

	"entente/internal/core/directory"
	"entente/internal/edge/portal"
	"entente/internal/edge/portal/admin"
	"entente/internal/kit/query"
)

// catalogs are where the group is offered, and the access packages by which people
// come to be in it.
func (p *pages) catalogs(r *http.Request, v *admin.Visitor, g *directory.GroupView) (portal.Section, error) {
	s := portal.Section{ID: "catalogs", Heading: "Access packages"}
	uses, err := p.Access.UsesOf(r.Context(), v.Who, g.ID)
	if err != nil {
		return s, admin.Unseen(&s, err)
	}
	if len(uses) == 0 {
		s.Text = "It is in no catalog: no access package can give it."
		return s, nil
	}
	s.Table = &portal.Table{Caption: "Where the group is offered", Heads: []string{"Access package", "Role", "Catalog"}}
	for _, u := range uses {
		catalog := portal.Cell{Text: u.CatalogName, To: v.To("/entitlement/catalogs/" + string(u.Catalog))}
		for _, x := range u.Given {
			s.Table.Rows = append(s.Table.Rows, portal.Row{Head: portal.Cell{Text: x.Name, To: v.To("/entitlement/packages/" + string(x.Package))}, Cells: []portal.Cell{{Text: x.Role}, catalog}})
		}
		if len(u.Given) == 0 {
			s.Table.Rows = append(s.Table.Rows, portal.Row{Head: portal.Cell{Text: "None yet"}, Cells: []portal.Cell{{Text: "–"}, catalog}})
		}
	}
	return s, nil
}

// applications are the app roles that the group was given: each member has them.
func (p *pages) applications(r *http.Request, v *admin.Visitor, g *directory.GroupView) (portal.Section, error) {
	s := portal.Section{ID: "applications", Heading: "Applications"}
	page, err := p.Consent.Held(r.Context(), v.Who, g.ID, query.Query{Page: query.Page{Limit: portal.PageSize}})
	if err != nil {
		return s, admin.Unseen(&s, err)
	}
	if len(page.Items) == 0 {
		s.Text = "No application was assigned to it."
		return s, nil
	}
	s.Table = &portal.Table{Caption: "Applications", Heads: []string{"Application", "Role", "Since"}}
	for _, a := range page.Items {
		s.Table.Rows = append(s.Table.Rows, portal.Row{Head: portal.Cell{Text: a.ResourceName}, Cells: []portal.Cell{{Text: cmp.Or(a.RoleName, "Default access")}, {At: a.CreatedAt}}})
	}
	return s, nil
}

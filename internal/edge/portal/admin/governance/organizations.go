package governance

import (
	"net/http"
	"strings"

	"entente/internal/edge/portal"
	"entente/internal/edge/portal/admin"
	"entente/internal/flow/offer"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
)

// stateOf is how pages name an organization's state.
func stateOf(o *offer.Organization) portal.Tag {
	if o.State == offer.Proposed {
		return portal.Tag{Kind: "wait", Text: "Proposed"}
	}
	return portal.Tag{Kind: "ok", Text: "Configured"}
}

// sourceName names where people sign in, and of what kind it is.
func sourceName(s offer.Source) (name, kind string) {
	switch s.Kind {
	case offer.TenantSource:
		if s.Name != "" {
			return s.Name, "Directory " + string(s.Home)
		}
		return string(s.Home), "Directory"
	case offer.CloudSource:
		return string(s.Home), "Directory of another cloud, " + s.Cloud
	case offer.FederationSource:
		return s.Domain, "Domain, proved by " + s.Issuer
	case offer.SocialSource:
		return s.Social, "Social accounts"
	}
	return s.Domain, "Domain"
}

func sourcesOf(o *offer.Organization) string {
	var names []string
	for _, s := range o.Sources {
		name, _ := sourceName(s)
		names = append(names, portal.Inert(name))
	}
	return strings.Join(names, ", ")
}

// organizations lists whom the organization is connected with.
func (p *pages) organizations(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	f := portal.NewFilter(r, "Search connected organizations", &portal.Field{ID: "find", Label: "Name begins with"},
		portal.Select{Field: portal.Field{ID: "state", Label: "State"}, Options: []portal.Option{{Label: "Any"},
			{Value: string(offer.Configured), Label: "Configured"}, {Value: string(offer.Proposed), Label: "Proposed"}}})
	q, err := asking(r, "displayName", all(beginning(f.Value("find")), is("state", f.Value("state"))))
	if err != nil {
		return err
	}
	page, err := p.Access.Organizations(r.Context(), v.Who, q)
	if err != nil {
		return portal.BadPage(err)
	}
	l := portal.List{Filter: f, First: portal.FirstPage(r), Next: portal.NextPage(r, page.Next)}
	add := &portal.Link{Text: "Add connected organization", To: v.To("/entitlement/organizations/new")}
	switch {
	case len(page.Items) == 0 && f.Set():
		l.None = f.Missed()
	case len(page.Items) == 0:
		l = portal.List{None: &portal.Nothing{Title: "No organization is connected", Text: "People of a connected organization can ask for access packages that are offered to it. They keep signing in at home.", Do: add}}
	default:
		l.Table = &portal.Table{Caption: "Connected organizations by name", Heads: []string{"Name", "State", "Directory + domain", "Connected"}}
	}
	for _, o := range page.Items {
		tag := stateOf(o)
		l.Table.Rows = append(l.Table.Rows, portal.Row{Head: portal.Cell{Text: o.Name, To: v.To("/entitlement/organizations/" + string(o.ID))},
			Cells: []portal.Cell{{Tag: &tag}, {Text: sourcesOf(o)}, {At: o.CreatedAt}}})
	}
	return p.Show(w, r, v, portal.Frame{Title: "Connected organizations", Do: add, Content: "list", Data: l, Crumbs: crumbs(v),
		Intro: "Organizations whose people may ask " + v.Name() + " for access."})
}

func crumbs(v *admin.Visitor, more ...portal.Link) []portal.Link {
	return append([]portal.Link{{Text: "Entitlement management", To: v.To("/entitlement")}}, more...)
}

// ofOrganizations are the pages above one organization's.
func ofOrganizations(v *admin.Visitor, o *offer.Organization) []portal.Link {
	c := crumbs(v, portal.Link{Text: "Connected organizations", To: v.To("/entitlement/organizations")})
	if o != nil {
		c = append(c, portal.Link{Text: o.Name, To: at(v, o, "")})
	}
	return c
}

// at returns the path of a page of the organization.
func at(v *admin.Visitor, o *offer.Organization, rest string) string {
	return v.To("/entitlement/organizations/" + string(o.ID) + rest)
}

// between is the ticket of a page about a connected organization.
func between(v *admin.Visitor, o *offer.Organization) portal.Ticket {
	return portal.Ticket{From: portal.Half{Label: "Connected", Name: o.Name, Open: o.State == offer.Proposed, Hidden: map[bool]string{true: "is only proposed"}[o.State == offer.Proposed]},
		To: portal.Half{Label: "You act in", Name: v.Tenant.DisplayName, Seat: true}}
}

// one returns the organization that the address names.
func (p *pages) one(r *http.Request, v *admin.Visitor) (*offer.Organization, error) {
	id, err := admin.ID[ids.OrganizationID](r, "organization")
	if err != nil {
		return nil, err
	}
	return p.Access.Organization(r.Context(), v.Who, id)
}

// organization shows one: how its people are known, who speaks for it, and what
// is open to it.
func (p *pages) organization(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	o, err := p.one(r, v)
	if err != nil {
		return err
	}
	t := portal.Thing{Tags: []portal.Tag{stateOf(o)}, Text: o.Description,
		Do: []portal.Link{{Text: "Edit", To: at(v, o, "/edit")}, {Text: "Delete…", To: at(v, o, "/delete")}},
		Facts: []portal.Fact{{Name: "Connected", At: o.CreatedAt}, {Name: "By", Value: o.CreatedBy}, {Name: "Changed", At: o.ModifiedAt},
			{Name: "Object ID", Value: string(o.ID), Code: true}},
	}
	for _, section := range []func(*http.Request, *admin.Visitor, *offer.Organization) (portal.Section, error){p.sources, p.sponsors, p.openTo, p.known} {
		s, err := section(r, v, o)
		if err != nil {
			return err
		}
		t.Sections = append(t.Sections, s)
	}
	return p.Show(w, r, v, portal.Frame{Title: portal.Inert(o.Name), Content: "thing", Data: t, Crumbs: ofOrganizations(v, nil), Ticket: between(v, o),
		Intro: "Whoever signs in there belongs to it; an address that only looks like theirs does not count."})
}

// sources are where its people sign in.
func (p *pages) sources(_ *http.Request, v *admin.Visitor, o *offer.Organization) (portal.Section, error) {
	s := portal.Section{ID: "sources", Heading: "Directory + domain", Text: "Where its people sign in.",
		Table: &portal.Table{Caption: "Directories and domains", Heads: []string{"Name", "Kind", ""}},
		Do:    []portal.Link{{Text: "Add directory + domain", To: at(v, o, "/sources")}}}
	for i, x := range o.Sources {
		name, kind := sourceName(x)
		row := portal.Row{Head: portal.Cell{Text: name}, Cells: []portal.Cell{{Text: kind}, {}}}
		if len(o.Sources) > 1 {
			row.Cells[1].Do = &portal.Link{Text: "Remove", Of: name, To: at(v, o, "/sources/remove"), Post: true, Fields: map[string]string{"source": sourceKey(o.Sources[i])}}
		}
		s.Table.Rows = append(s.Table.Rows, row)
	}
	return s, nil
}

// sourceKey tells one source of an organization from its others.
func sourceKey(s offer.Source) string {
	return string(s.Kind) + " " + string(s.Home) + s.Domain + s.Social
}

// openTo are the policies that name the organization.
func (p *pages) openTo(r *http.Request, v *admin.Visitor, o *offer.Organization) (portal.Section, error) {
	s := portal.Section{ID: "open", Heading: "Policies that name it"}
	policies, err := p.Access.PoliciesNaming(r.Context(), v.Who, o.ID)
	if err != nil {
		return s, err
	}
	if len(policies) == 0 {
		s.None = &portal.Nothing{Title: "No policy names it", Text: "Policies for all configured connected organizations are open to it, too."}
		return s, nil
	}
	s.Table = &portal.Table{Caption: "Policies that name the organization", Heads: []string{"Policy", "Created"}}
	for _, x := range policies {
		s.Table.Rows = append(s.Table.Rows, portal.Row{Head: portal.Cell{Text: x.Name, To: v.To("/entitlement/policies/" + string(x.ID))}, Cells: []portal.Cell{{At: x.CreatedAt}}})
	}
	return s, nil
}

// known are the people of the organization who have asked, or have, something.
func (p *pages) known(r *http.Request, v *admin.Visitor, o *offer.Organization) (portal.Section, error) {
	s := portal.Section{ID: "people", Heading: "People", Text: "Those of it who have asked " + v.Name() + " for something, or have something."}
	page, err := p.Access.Subjects(r.Context(), v.Who, offer.Asked{Query: query.Query{Filter: is("connectedOrganizationId", string(o.ID)),
		Order: []query.Key{{Field: "displayName"}}, Page: query.Page{Limit: portal.PageSize}}})
	if err != nil {
		return s, nothingToSee(&s, err)
	}
	if len(page.Items) == 0 {
		s.None = &portal.Nothing{Title: "Nobody yet", Text: "People stand here once they have asked."}
		return s, nil
	}
	s.Table = &portal.Table{Caption: "People of the organization by name", Heads: []string{"Name", "Account here"}}
	for _, x := range page.Items {
		here := portal.Cell{Text: "None"}
		if x.Object != "" {
			here = portal.Cell{Text: "Guest", To: v.To("/users/" + string(x.Object))}
		}
		s.Table.Rows = append(s.Table.Rows, portal.Row{Head: portal.Cell{Text: x.Name, Under: x.Email}, Cells: []portal.Cell{here}})
	}
	if len(page.Next) > 0 {
		s.Note = &portal.Note{Lead: "These are the first fifty."}
	}
	return s, nil
}

package governance

import (
	"cmp"
	"net/http"

	"entente/internal/edge/portal"
	"entente/internal/edge/portal/admin"
	"entente/internal/flow/offer"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
)

// kindOf names what a resource is.
func kindOf(x *offer.Resource) string {
	switch x.Origin {
	case offer.AadGroup:
		return "Group and team"
	case offer.AadApplication:
		return "Application"
	}
	return "Site"
}

// resources are what the catalog offers.
func (p *pages) resources(r *http.Request, v *admin.Visitor, c *offer.Catalog) (portal.Section, error) {
	s := portal.Section{ID: "resources", Heading: "Resources", Do: []portal.Link{
		{Text: "Add groups and teams", To: inCatalog(v, c.ID, "/resources?kind=group")}, {Text: "Add applications", To: inCatalog(v, c.ID, "/resources?kind=application")}, {Text: "Add sites", To: inCatalog(v, c.ID, "/resources?kind=site")}}}
	q, err := asking(r, "displayName", nil)
	if err != nil {
		return s, err
	}
	page, err := p.Access.Resources(r.Context(), v.Who, c.ID, q)
	if err != nil {
		return s, portal.BadPage(err)
	}
	if len(page.Items) == 0 {
		s.None = &portal.Nothing{Title: "Nothing is offered yet", Text: "Add the groups, teams, applications and sites whose roles are to be given."}
		return s, nil
	}
	s.Table = &portal.Table{Caption: "Resources by name", Heads: []string{"Name", "Kind", "Added", ""}}
	for _, x := range page.Items {
		to := inCatalog(v, c.ID, "/resources/"+string(x.ID))
		s.Table.Rows = append(s.Table.Rows, portal.Row{Head: portal.Cell{Text: x.Name, To: to}, Cells: []portal.Cell{{Text: kindOf(x)}, {At: x.CreatedAt},
			{Do: &portal.Link{Text: "Remove…", Of: x.Name, To: to + "/remove"}}}})
	}
	if next := portal.NextPage(r, page.Next); next != "" {
		s.Do = append(s.Do, portal.Link{Text: "Next page", To: next + "#resources"})
	}
	return s, nil
}

// A sort is a kind of resource that can be added.
type sort struct {
	title, label string
	origin       offer.Origin
}

var sorts = map[string]sort{
	"group":       {"Add groups and teams", "Find a group or team", offer.AadGroup},
	"application": {"Add applications", "Find an application", offer.AadApplication},
	"site":        {"Add sites", "Find a site by a part of its name", offer.SharePointOnline},
}

// addingResource finds what is to be offered.
func (p *pages) addingResource(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	return p.resourceForm(w, r, v, &portal.Draft{Values: r.URL.Query()})
}

func (p *pages) resourceForm(w http.ResponseWriter, r *http.Request, v *admin.Visitor, d *portal.Draft) error {
	c, err := p.ours(r, v)
	if err != nil {
		return err
	}
	kind := d.Get("kind")
	x, known := sorts[kind]
	if !known {
		kind = "group"
		x = sorts[kind]
	}
	find := portal.Find{Field: d.Field(portal.Field{ID: "who", Label: x.label, Class: "w-half", Autocomplete: "off", Optional: true}), Button: "find-who"}
	found, err := p.Access.Offerings(r.Context(), v.Who, x.origin, portal.Clip(d.Get("who"), portal.MaxFind))
	if err != nil {
		return err
	}
	if len(found) == 0 {
		find.Error = "Nothing that can be added is called so"
	} else {
		find.Found = &portal.Choices{ID: "origin", Name: "origin", Legend: "What was found", Several: true, Error: d.Error("origin")}
	}
	for _, o := range found {
		find.Found.Options = append(find.Found.Options, portal.Option{Value: o.OriginID, Label: o.Name, Hint: portal.Clip(cmp.Or(o.Description, o.Kind), 120), Checked: d.Has("origin", o.OriginID)})
	}
	parts := []portal.Part{{Find: &find}}
	return p.Show(w, r, v, portal.Frame{Title: x.title, Content: "form", Problems: d.Problems, Crumbs: ofCatalogs(v, c),
		Intro: "Whoever adds something must be able to give its roles without any catalog.",
		Data:  portal.Form{Action: inCatalog(v, c.ID, "/resources"), Hidden: map[string]string{"kind": kind}, Parts: parts, Button: "Add to catalog in " + v.Name(), Back: inCatalog(v, c.ID, "")}})
}

// addResource offers those that were picked; the button that finds something
// only shows what was found.
func (p *pages) addResource(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	d, err := admin.Form(r)
	if err != nil {
		return err
	}
	c, err := p.ours(r, v)
	if err != nil {
		return err
	}
	x, known := sorts[d.Get("kind")]
	picked := d.Values["origin"]
	if !known || d.Get("find-who") != "" || len(picked) == 0 || len(picked) > offer.MostOfferings {
		if d.Get("find-who") == "" && d.Get("who") == "" {
			d.Wrong("who", "Find something, and pick it")
		}
		return p.resourceForm(w, r, v, d)
	}
	for _, origin := range picked {
		if _, err := p.Access.RequestResource(r.Context(), v.Who, offer.ResourceAsk{Kind: offer.AddResource, Catalog: c.ID, Origin: x.origin, OriginID: origin}); err != nil {
			if d.Refused(err, nil) {
				return p.resourceForm(w, r, v, d)
			}
			return err
		}
	}
	return p.Done(w, r, inCatalog(v, c.ID, "#resources"), "The catalog offers more now.")
}

// offered returns the resource that the address names, and its catalog.
func (p *pages) offered(r *http.Request, v *admin.Visitor) (*offer.Catalog, *offer.Resource, error) {
	c, err := p.ours(r, v)
	if err != nil {
		return nil, nil, err
	}
	id, err := admin.ID[ids.ResourceID](r, "resource")
	if err != nil {
		return nil, nil, err
	}
	x, err := p.Access.Resource(r.Context(), v.Who, c.ID, id)
	return c, x, err
}

// resource shows one with the roles that can be given.
func (p *pages) resource(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	c, x, err := p.offered(r, v)
	if err != nil {
		return err
	}
	page, err := p.Access.ResourceRoles(r.Context(), v.Who, c.ID, x.ID, offer.Asked{Query: query.Query{Page: query.Page{Limit: 200}}})
	if err != nil {
		return err
	}
	to := inCatalog(v, c.ID, "/resources/"+string(x.ID))
	roles := portal.Table{Caption: "Roles", Heads: []string{"Role", "What it allows"}}
	for _, role := range page.Items {
		roles.Rows = append(roles.Rows, portal.Row{Head: portal.Cell{Text: role.Name}, Cells: []portal.Cell{{Text: role.Description}}})
	}
	t := portal.Thing{Text: x.Description, Do: []portal.Link{{Text: "Read its roles again", To: to + "/refresh", Post: true}, {Text: "Remove…", To: to + "/remove"}},
		Sections: []portal.Section{{ID: "roles", Heading: "Roles that can be given", Table: &roles}},
		Facts:    []portal.Fact{{Name: "Kind", Value: kindOf(x)}, {Name: "Added", At: x.CreatedAt}, {Name: "By", Value: x.AddedBy}, {Name: "Where it is", Value: x.OriginID, Code: true}}}
	return p.Show(w, r, v, portal.Frame{Title: portal.Inert(x.Name), Content: "thing", Data: t, Crumbs: ofCatalogs(v, c)})
}

// refreshResource reads a resource's name and roles anew.
func (p *pages) refreshResource(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	c, x, err := p.offered(r, v)
	if err != nil {
		return err
	}
	if err := p.Access.RefreshResource(r.Context(), v.Who, x.ID); err != nil {
		return err
	}
	return p.Done(w, r, inCatalog(v, c.ID, "/resources/"+string(x.ID)), "These are its roles as they are now.")
}

// removingResource asks whether the visitor means it.
func (p *pages) removingResource(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	return p.removalOfResource(w, r, v, &portal.Draft{})
}

func (p *pages) removalOfResource(w http.ResponseWriter, r *http.Request, v *admin.Visitor, d *portal.Draft) error {
	c, x, err := p.offered(r, v)
	if err != nil {
		return err
	}
	return p.Show(w, r, v, portal.Frame{Title: "Remove “" + portal.Inert(x.Name) + "” from the catalog?", Content: "form", Problems: d.Problems, Crumbs: ofCatalogs(v, c),
		Data: portal.Form{Action: inCatalog(v, c.ID, "/resources/"+string(x.ID)+"/remove"), Stop: true, Button: "Remove in " + v.Name(), Back: inCatalog(v, c.ID, "#resources"), Leave: "Keep it",
			Text: "It stays where it is and is no longer offered here. While an access package gives one of its roles, it can’t be removed."}})
}

// removeResource takes a resource out of the catalog.
func (p *pages) removeResource(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	c, x, err := p.offered(r, v)
	if err != nil {
		return err
	}
	if _, err := p.Access.RequestResource(r.Context(), v.Who, offer.ResourceAsk{Kind: offer.RemoveResource, Catalog: c.ID, Resource: x.ID}); err != nil {
		d := &portal.Draft{}
		if d.Refused(err, nil) {
			return p.removalOfResource(w, r, v, d)
		}
		return err
	}
	return p.Done(w, r, inCatalog(v, c.ID, "#resources"), "The catalog no longer offers it.")
}

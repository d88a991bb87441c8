package governance

import (
	"net/http"
	"net/url"

	"entente/internal/edge/portal"
	"entente/internal/edge/portal/admin"
	"entente/internal/flow/offer"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
)

// catalogs lists what things that are given are kept in.
func (p *pages) catalogs(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	f := portal.NewFilter(r, "Search catalogs", &portal.Field{ID: "find", Label: "Name begins with"},
		portal.Select{Field: portal.Field{ID: "state", Label: "Enabled"}, Options: []portal.Option{{Label: "Any"}, {Value: "published", Label: "Yes"}, {Value: "unpublished", Label: "No"}}})
	q, err := asking(r, "displayName", all(beginning(f.Value("find")), is("state", f.Value("state"))))
	if err != nil {
		return err
	}
	page, err := p.Access.Catalogs(r.Context(), v.Who, q)
	if err != nil {
		return portal.BadPage(err)
	}
	l := portal.List{Filter: f, First: portal.FirstPage(r), Next: portal.NextPage(r, page.Next)}
	add := &portal.Link{Text: "New catalog", To: v.To("/entitlement/catalogs/new")}
	switch {
	case len(page.Items) == 0 && f.Set():
		l.None = f.Missed()
	case len(page.Items) == 0:
		l.None = &portal.Nothing{Title: "There is no catalog that you may see", Text: "Catalog owners and readers see theirs here."}
	default:
		l.Table = &portal.Table{Caption: "Catalogs by name", Heads: []string{"Name", "Enabled", "Enabled for external users", "Created"}}
	}
	for _, c := range page.Items {
		l.Table.Rows = append(l.Table.Rows, portal.Row{Head: portal.Cell{Text: c.Name, Under: portal.Clip(c.Description, 120), To: inCatalog(v, c.ID, "")},
			Cells: []portal.Cell{{Tag: enabled(c)}, {Text: yesNo(c.External)}, {At: c.CreatedAt}}})
	}
	return p.Show(w, r, v, portal.Frame{Title: "Catalogs", Do: add, Content: "list", Data: l, Crumbs: crumbs(v),
		Intro: "A catalog holds resources, and the access packages that are made of their roles. Who owns it may administer it."})
}

func yesNo(yes bool) string {
	if yes {
		return "Yes"
	}
	return "No"
}

func enabled(c *offer.Catalog) *portal.Tag {
	if c.Published {
		return &portal.Tag{Kind: "ok", Text: "Enabled"}
	}
	return &portal.Tag{Sign: "end", Text: "Not enabled"}
}

// inCatalog returns the path of a page of the catalog.
func inCatalog(v *admin.Visitor, id ids.CatalogID, rest string) string {
	return v.To("/entitlement/catalogs/" + string(id) + rest)
}

func ofCatalogs(v *admin.Visitor, c *offer.Catalog) []portal.Link {
	all := crumbs(v, portal.Link{Text: "Catalogs", To: v.To("/entitlement/catalogs")})
	if c != nil {
		all = append(all, portal.Link{Text: c.Name, To: inCatalog(v, c.ID, "")})
	}
	return all
}

// catalogParts are the controls of a catalog.
func catalogParts(d *portal.Draft) []portal.Part {
	return []portal.Part{
		d.Line(portal.Field{ID: "name", Label: "Name", Class: "w-half", Autocomplete: "off"}),
		d.Lines(portal.Area{Field: portal.Field{ID: "description", Label: "Description", Hint: "What belongs in it, and whose it is.", Optional: true}, Most: 1024}),
		d.Check(portal.Option{ID: "enabled", Label: "Enabled", Hint: "Nobody can ask for what is in a catalog that is not enabled.", Checked: true}),
		d.Check(portal.Option{ID: "external", Label: "Enabled for external users", Hint: "People of other organizations may ask, where a policy lets them.", Checked: true}),
	}
}

// changeOf reads what was said of a catalog.
func changeOf(d *portal.Draft) offer.CatalogChange {
	return offer.CatalogChange{Name: ptr(d.Get("name")), Description: ptr(d.Get("description")),
		Published: ptr(d.Has("enabled", "yes")), External: ptr(d.Has("external", "yes"))}
}

var catalogFields = map[string]string{"displayName": "name", "description": "description"}

// newCatalog shows the form of a new catalog.
func (p *pages) newCatalog(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	return p.catalogForm(w, r, v, nil, &portal.Draft{})
}

func (p *pages) catalogForm(w http.ResponseWriter, r *http.Request, v *admin.Visitor, c *offer.Catalog, d *portal.Draft) error {
	f := portal.Form{Action: v.To("/entitlement/catalogs/new"), Parts: catalogParts(d), Button: "Create catalog in " + v.Name(), Back: v.To("/entitlement/catalogs")}
	title := "New catalog"
	if c != nil {
		title, f.Action, f.Button, f.Back = "Edit “"+portal.Inert(c.Name)+"”", inCatalog(v, c.ID, "/edit"), "Save in "+v.Name(), inCatalog(v, c.ID, "")
	}
	return p.Show(w, r, v, portal.Frame{Title: title, Content: "form", Data: f, Problems: d.Problems, Crumbs: ofCatalogs(v, c)})
}

// createCatalog makes a catalog.
func (p *pages) createCatalog(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	d, err := admin.Form(r)
	if err != nil {
		return err
	}
	made, err := p.Access.CreateCatalog(r.Context(), v.Who, changeOf(d))
	if err != nil {
		if d.Refused(err, catalogFields) {
			return p.catalogForm(w, r, v, nil, d)
		}
		return err
	}
	return p.Done(w, r, inCatalog(v, made.ID, ""), "The catalog is made.")
}

// ours returns the catalog that the address names.
func (p *pages) ours(r *http.Request, v *admin.Visitor) (*offer.Catalog, error) {
	id, err := admin.ID[ids.CatalogID](r, "catalog")
	if err != nil {
		return nil, err
	}
	return p.Access.Catalog(r.Context(), v.Who, id)
}

// catalog shows one: what is in it, what was made of it, and who administers it.
func (p *pages) catalog(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	c, err := p.ours(r, v)
	if err != nil {
		return err
	}
	t := portal.Thing{Tags: []portal.Tag{*enabled(c)}, Text: c.Description, Do: []portal.Link{{Text: "Edit", To: inCatalog(v, c.ID, "/edit")}},
		Facts: []portal.Fact{{Name: "Enabled for external users", Value: yesNo(c.External)}, {Name: "Kind", Value: map[offer.CatalogKind]string{offer.ServiceDefault: "Built in", offer.UserManaged: "Made here"}[c.Kind]},
			{Name: "Created", At: c.CreatedAt}, {Name: "By", Value: c.CreatedBy}, {Name: "Object ID", Value: string(c.ID), Code: true}}}
	if c.Removable() == nil {
		t.Do = append(t.Do, portal.Link{Text: "Delete…", To: inCatalog(v, c.ID, "/delete")})
	}
	for _, section := range []func(*http.Request, *admin.Visitor, *offer.Catalog) (portal.Section, error){p.resources, p.packagesIn, p.extensionsIn, p.rolesIn} {
		s, err := section(r, v, c)
		if err != nil {
			return err
		}
		t.Sections = append(t.Sections, s)
	}
	return p.Show(w, r, v, portal.Frame{Title: portal.Inert(c.Name), Content: "thing", Data: t, Crumbs: ofCatalogs(v, nil)})
}

// packagesIn are the access packages of the catalog.
func (p *pages) packagesIn(r *http.Request, v *admin.Visitor, c *offer.Catalog) (portal.Section, error) {
	s := portal.Section{ID: "packages", Heading: "Access packages", Do: []portal.Link{{Text: "New access package", To: v.To("/entitlement/packages/new?catalog=" + string(c.ID))}}}
	page, err := p.Access.Packages(r.Context(), v.Who, c.ID, offer.Asked{Query: query.Query{Order: []query.Key{{Field: "displayName"}}, Page: query.Page{Limit: portal.PageSize}}})
	if err != nil {
		return s, err
	}
	if len(page.Items) == 0 {
		s.None = &portal.Nothing{Title: "No access package yet", Text: "Roles of the catalog’s resources are given together in one."}
		return s, nil
	}
	s.Table = &portal.Table{Caption: "Access packages by name", Heads: []string{"Name", "Hidden", "Created"}}
	for _, x := range page.Items {
		s.Table.Rows = append(s.Table.Rows, portal.Row{Head: portal.Cell{Text: x.Name, To: v.To("/entitlement/packages/" + string(x.ID))}, Cells: []portal.Cell{{Text: yesNo(x.Hidden)}, {At: x.CreatedAt}}})
	}
	if len(page.Next) > 0 {
		s.Do = append(s.Do, portal.Link{Text: "All of them", To: v.To("/entitlement/packages?catalog=" + string(c.ID))})
	}
	return s, nil
}

// editingCatalog shows the form of a catalog's properties.
func (p *pages) editingCatalog(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	c, err := p.ours(r, v)
	if err != nil {
		return err
	}
	have := url.Values{"name": {c.Name}, "description": {c.Description}}
	for name, yes := range map[string]bool{"enabled": c.Published, "external": c.External} {
		if yes {
			have.Set(name, "yes")
		}
	}
	return p.catalogForm(w, r, v, c, &portal.Draft{Values: have})
}

// editCatalog changes a catalog's properties.
func (p *pages) editCatalog(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	d, err := admin.Form(r)
	if err != nil {
		return err
	}
	c, err := p.ours(r, v)
	if err != nil {
		return err
	}
	if err := p.Access.UpdateCatalog(r.Context(), v.Who, c.ID, changeOf(d)); err != nil {
		if d.Refused(err, catalogFields) {
			return p.catalogForm(w, r, v, c, d)
		}
		return err
	}
	return p.Done(w, r, inCatalog(v, c.ID, ""), "The catalog is changed.")
}

// deletingCatalog asks whether the visitor means it.
func (p *pages) deletingCatalog(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	return p.removalOf(w, r, v, &portal.Draft{})
}

func (p *pages) removalOf(w http.ResponseWriter, r *http.Request, v *admin.Visitor, d *portal.Draft) error {
	c, err := p.ours(r, v)
	if err != nil {
		return err
	}
	return p.Show(w, r, v, portal.Frame{Title: "Delete catalog “" + portal.Inert(c.Name) + "”?", Content: "form", Problems: d.Problems, Crumbs: ofCatalogs(v, c),
		Data: portal.Form{Action: inCatalog(v, c.ID, "/delete"), Stop: true, Button: "Delete catalog in " + v.Name(), Back: inCatalog(v, c.ID, ""), Leave: "Keep it",
			Text: "Its resources are no longer offered; they themselves stay. A catalog with access packages can’t be deleted."}})
}

// deleteCatalog deletes a catalog.
func (p *pages) deleteCatalog(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	c, err := p.ours(r, v)
	if err != nil {
		return err
	}
	if err := p.Access.DeleteCatalog(r.Context(), v.Who, c.ID); err != nil {
		d := &portal.Draft{}
		if d.Refused(err, nil) {
			return p.removalOf(w, r, v, d)
		}
		return err
	}
	return p.Done(w, r, v.To("/entitlement/catalogs"), "The catalog is deleted.")
}

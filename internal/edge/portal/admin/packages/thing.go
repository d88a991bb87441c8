package packages

import (
	"net/http"

	"entente/internal/edge/portal"
	"entente/internal/edge/portal/admin"
	"entente/internal/flow/entitlement"
	"entente/internal/flow/offer"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
)

// mostPolicies is how many policies a package's page shows.
const mostPolicies = 50

// packageIn returns the access package in the address.
func (p *Pages) packageIn(r *http.Request, v *admin.Visitor) (*offer.Package, error) {
	id, err := admin.ID[ids.PackageID](r, "package")
	if err != nil {
		return nil, err
	}
	return p.Access.Package(r.Context(), v.Who, "", id)
}

func packagePath(v *admin.Visitor, id ids.PackageID) string {
	return v.To(listPath + "/" + string(id))
}

// under are the pages above one of a package's own.
func under(v *admin.Visitor, of *offer.Package) []portal.Link {
	return append(crumbs(v), portal.Link{Text: portal.Inert(of.Name), To: packagePath(v, of.ID)})
}

// thing shows an access package.
func (p *Pages) thing(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	of, err := p.packageIn(r, v)
	if err != nil {
		return err
	}
	at := packagePath(v, of.ID)
	roles, err := p.Access.PackageRoles(r.Context(), v.Who, of.ID)
	if err != nil {
		return err
	}
	policies, err := p.Access.Policies(r.Context(), v.Who, of.ID, offer.Asked{Query: query.Query{
		Order: []query.Key{{Field: "displayName"}}, Page: query.Page{Limit: mostPolicies}}})
	if err != nil {
		return err
	}
	catalog, err := p.Access.Catalog(r.Context(), v.Who, of.Catalog)
	if err != nil {
		return err
	}
	apart, err := p.separation(r, v, of)
	if err != nil {
		return err
	}
	hidden := "No"
	if of.Hidden {
		hidden = "Yes"
	}
	t := portal.Thing{
		Text: of.Description,
		Do:   []portal.Link{{Text: "Edit", Of: of.Name, To: at + "/edit"}, {Text: "Delete…", Of: of.Name, To: at + "/delete"}},
		Codes: []portal.Code{
			{ID: "link", Label: "My Access portal link", Hint: "Send it to whoever is to ask. It works for people of every organization.", Value: p.Base + entitlement.PackagePage(v.Tenant.DefaultDomain(), of.ID)},
			{ID: "id", Label: "Object ID", Value: string(of.ID)},
		},
		Facts: []portal.Fact{
			{Name: "Catalog", Link: &portal.Link{Text: portal.Inert(catalog.Name), To: v.To("/entitlement/catalogs/" + string(of.Catalog))}},
			{Name: "Hidden", Value: hidden},
			{Name: "Created", At: of.CreatedAt}, {Name: "Created by", Value: of.CreatedBy}, {Name: "Modified", At: of.ModifiedAt},
		},
		Sections: []portal.Section{rolesSection(at, roles), p.policiesSection(v, of, policies), apart, aroundSection(v, of)},
	}
	if len(policies.Items) == 0 {
		t.Tags = []portal.Tag{{Kind: "wait", Text: "Nobody can ask: there is no policy"}}
	}
	return p.Show(w, r, v, portal.Frame{Title: portal.Inert(of.Name), Crumbs: crumbs(v), Content: "thing", Data: t, Script: "copy"})
}

func rolesSection(at string, roles []offer.RoleScope) portal.Section {
	s := portal.Section{ID: "roles", Heading: "Resource roles", Text: "Everything here is given together and taken together. Whoever has the package follows a change.",
		Do: []portal.Link{{Text: "Add resource roles", To: at + "/roles/add"}}}
	if len(roles) == 0 {
		s.None = &portal.Nothing{Title: "No resource roles", Text: "The package gives nothing yet."}
		return s
	}
	s.Table = &portal.Table{Caption: "Resource roles", Heads: []string{"Resource", "Type", "Role", ""}}
	for _, g := range roles {
		s.Table.Rows = append(s.Table.Rows, portal.Row{Head: portal.Cell{Text: g.Resource.Name}, Cells: []portal.Cell{
			{Text: kindOf(g.Resource)}, {Text: g.Role.Name}, {Do: &portal.Link{Text: "Remove…", Of: g.Resource.Name + ": " + g.Role.Name, To: at + "/roles/" + g.ID() + "/remove"}}}})
	}
	return s
}

func (p *Pages) policiesSection(v *admin.Visitor, of *offer.Package, list offer.List[*offer.Policy]) portal.Section {
	s := portal.Section{ID: "policies", Heading: "Policies", Do: []portal.Link{{Text: "Add policy", To: packagePath(v, of.ID) + "/policies/new"}, {Text: "Add auto assignment policy", To: packagePath(v, of.ID) + "/automatic/new"}}}
	if len(list.Items) == 0 {
		s.None = &portal.Nothing{Title: "No policies", Text: "A policy says who may have the package, who approves and when access ends."}
		return s
	}
	s.Table = policyTable(v, list.Items, nil)
	if len(list.Next) > 0 {
		s.Do = append(s.Do, portal.Link{Text: "All policies", To: v.To(policiesPath)})
	}
	return s
}

func aroundSection(v *admin.Visitor, of *offer.Package) portal.Section {
	q := "?package=" + string(of.ID)
	return portal.Section{ID: "around", Heading: "Requests and assignments", Text: "Who asked for the package, and who has it.",
		Do: []portal.Link{{Text: "Requests", Of: of.Name, To: v.To("/entitlement/requests" + q)}, {Text: "Assignments", Of: of.Name, To: v.To("/entitlement/assignments" + q)}}}
}

func editForm(v *admin.Visitor, of *offer.Package, d *portal.Draft) portal.Form {
	return portal.Form{Action: packagePath(v, of.ID) + "/edit", Button: "Save for " + v.Name(), Back: packagePath(v, of.ID), Parts: []portal.Part{
		d.Line(portal.Field{ID: "name", Label: "Name", Value: of.Name, Autocomplete: "off"}),
		d.Lines(portal.Area{Field: portal.Field{ID: "description", Label: "Description", Value: of.Description}, Rows: 2, Most: mostText}),
		d.Check(portal.Option{ID: "hidden", Label: "Hidden", Checked: of.Hidden, Hint: "It stands in no list of My Access; its link works."}),
	}}
}

func (p *Pages) edit(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	of, err := p.packageIn(r, v)
	if err != nil {
		return err
	}
	return p.editing(w, r, v, of, &portal.Draft{})
}

func (p *Pages) editing(w http.ResponseWriter, r *http.Request, v *admin.Visitor, of *offer.Package, d *portal.Draft) error {
	return p.Show(w, r, v, portal.Frame{Title: "Edit “" + portal.Inert(of.Name) + "”", Crumbs: under(v, of), Problems: d.Problems, Content: "form", Data: editForm(v, of, d)})
}

func (p *Pages) change(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	of, err := p.packageIn(r, v)
	if err != nil {
		return err
	}
	d, err := admin.Form(r)
	if err != nil {
		return err
	}
	name, description, hidden := d.Get("name"), d.Get("description"), d.Has("hidden", "yes")
	if name == "" {
		d.Wrong("name", "Give the access package a name")
	}
	if d.OK() {
		err = p.Access.UpdatePackage(r.Context(), v.Who, of.ID, "", offer.PackageChange{Name: &name, Description: &description, Hidden: &hidden})
		if err == nil {
			return p.Done(w, r, packagePath(v, of.ID), "The access package is changed.")
		}
		if !d.Refused(err, map[string]string{"displayName": "name", "description": "description"}) {
			return err
		}
	}
	return p.editing(w, r, v, of, d)
}

func (p *Pages) askDelete(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	of, err := p.packageIn(r, v)
	if err != nil {
		return err
	}
	return p.deleting(w, r, v, of, &portal.Draft{})
}

func (p *Pages) deleting(w http.ResponseWriter, r *http.Request, v *admin.Visitor, of *offer.Package, d *portal.Draft) error {
	at := packagePath(v, of.ID)
	return p.Show(w, r, v, portal.Frame{Title: "Delete “" + portal.Inert(of.Name) + "”?", Crumbs: under(v, of), Problems: d.Problems, Content: "form", Data: portal.Form{
		Action: at + "/delete", Button: "Delete package of " + v.Name(), Stop: true, Back: at, Leave: "Keep it",
		Text: "The package goes with its policies, and can't be restored. Nobody may have it, and nobody may be waiting for it: remove assignments first.",
	}})
}

func (p *Pages) delete(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	of, err := p.packageIn(r, v)
	if err != nil {
		return err
	}
	if err := p.Access.DeletePackage(r.Context(), v.Who, of.ID); err != nil {
		d := &portal.Draft{}
		if d.Refused(err, nil) {
			return p.deleting(w, r, v, of, d)
		}
		return err
	}
	return p.Done(w, r, v.To(listPath), "“"+portal.Inert(of.Name)+"” is deleted.")
}

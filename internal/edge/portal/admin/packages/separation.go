package packages

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"entente/internal/edge/portal"
	"entente/internal/edge/portal/admin"
	"entente/internal/flow/lookup"
	"entente/internal/flow/offer"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
)

// mostApart is how many packages, and how many groups, a package is incompatible
// with at most.
const mostApart = 100

// separation shows what nobody may have who asks for a package.
func (p *Pages) separation(r *http.Request, v *admin.Visitor, of *offer.Package) (portal.Section, error) {
	s := portal.Section{ID: "separation", Heading: "Separation of duties", Text: "Whoever has one of these, or is in one of these groups, can't ask for this package."}
	first := offer.Asked{Query: query.Query{Order: []query.Key{{Field: "displayName"}}, Page: query.Page{Limit: mostApart}}}
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
	at := packagePath(v, of.ID) + "/separation/"
	s.Do = []portal.Link{{Text: "Add access packages or groups", To: at + "add"}}
	t := &portal.Table{Caption: "Separation of duties", Heads: []string{"Incompatible with", "What it is", ""}}
	row := func(head portal.Cell, what, id string) {
		r := portal.Row{Head: head, Cells: []portal.Cell{{Text: what}, {}}}
		if id != "" {
			r.Cells[1].Do = &portal.Link{Text: "Remove…", Of: head.Text, To: at + id + "/remove"}
		}
		t.Rows = append(t.Rows, r)
	}
	for _, o := range others.Items {
		row(portal.Cell{Text: o.Name, To: packagePath(v, o.ID)}, "Access package", string(o.ID))
	}
	for _, id := range groups {
		row(portal.Cell{Text: groupName(names[id].Name)}, "Group", string(id))
	}
	for _, o := range back.Items {
		row(portal.Cell{Text: o.Name, To: packagePath(v, o.ID)}, "Access package that names this one", "")
	}
	if len(t.Rows) > 0 {
		s.Table = t
	} else {
		s.None = &portal.Nothing{Title: "Nothing is incompatible", Text: "Nothing keeps anybody from having this package together with something else."}
	}
	return s, nil
}

// groupName returns what a group is called, which may be no more.
func groupName(name string) string {
	if name == "" {
		return "A group that is no more"
	}
	return name
}

// findApart shows packages and groups that can be said to be incompatible.
func (p *Pages) findApart(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	of, err := p.packageIn(r, v)
	if err != nil {
		return err
	}
	return p.findingApart(w, r, v, of, &portal.Draft{})
}

// What a pick of a page of findApart begins with.
const (
	apartPackage = "package."
	apartGroup   = "group."
)

func (p *Pages) findingApart(w http.ResponseWriter, r *http.Request, v *admin.Visitor, of *offer.Package, d *portal.Draft) error {
	f := portal.NewFilter(r, "Find what is incompatible", &portal.Field{ID: "name", Label: "Name begins with"},
		portal.Select{Field: portal.Field{ID: "among", Label: "Look among"}, Options: []portal.Option{{Label: "Access packages"}, {Value: "groups", Label: "Groups"}}})
	found, err := p.apart(r, v, of, f)
	if err != nil {
		return err
	}
	c := chooser{Filter: f, Action: r.URL.RequestURI(), Button: "Keep apart in " + v.Name(), Back: packagePath(v, of.ID) + "#separation", None: "Nothing is called so.",
		Text: "Whoever has one of these, or is in one of these groups, can’t ask for “" + portal.Inert(of.Name) + "” any more. Nobody loses anything that they have."}
	if f.Value("among") == "groups" && f.Value("name") == "" {
		c.None = "Type the beginning of the group’s name."
	}
	if len(found) > 0 {
		c.Found = &portal.Choices{ID: "pick", Name: "pick", Legend: "Select what is incompatible", Several: true, Error: d.Error("pick"), Options: found}
	}
	return p.Show(w, r, v, portal.Frame{Title: "Add incompatible access packages or groups", Crumbs: under(v, of), Problems: d.Problems, Content: "chooser", Data: c})
}

// apart returns what is found, without what is incompatible already.
func (p *Pages) apart(r *http.Request, v *admin.Visitor, of *offer.Package, f *portal.Filter) (options []portal.Option, err error) {
	begins := f.Value("name")
	add := func(value, label, hint string) {
		options = append(options, portal.Option{ID: fmt.Sprintf("pick-%d", len(options)), Value: value, Label: label, Hint: portal.Inert(portal.Clip(hint, 120))})
	}
	if f.Value("among") == "groups" {
		if begins == "" {
			return nil, nil
		}
		have, err := p.Access.IncompatibleGroups(r.Context(), v.Who, of.ID)
		if err != nil {
			return nil, err
		}
		found, err := p.Lookup.Find(r.Context(), v.Who, begins, lookup.Group)
		for _, g := range found {
			if !slices.Contains(have, ids.ObjectID(g.ID)) {
				add(apartGroup+g.ID, g.Name, g.Under)
			}
		}
		return options, err
	}
	q := query.Query{Order: []query.Key{{Field: "displayName"}}, Page: query.Page{Limit: offer.MostOfferings}}
	if begins != "" {
		q.Filter = query.StartsWith{Field: "displayName", Value: begins}
	}
	have, err := p.Access.Incompatible(r.Context(), v.Who, of.ID, false, offer.Asked{Query: query.Query{Page: query.Page{Limit: mostApart}}})
	if err != nil {
		return nil, err
	}
	found, err := p.Access.Packages(r.Context(), v.Who, "", offer.Asked{Query: q})
	for _, o := range found.Items {
		if o.ID != of.ID && !slices.ContainsFunc(have.Items, func(h *offer.Package) bool { return h.ID == o.ID }) {
			add(apartPackage+string(o.ID), o.Name, o.Description)
		}
	}
	return options, err
}

// keepApart says of what was picked that it is incompatible.
func (p *Pages) keepApart(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	of, err := p.packageIn(r, v)
	if err != nil {
		return err
	}
	d, err := admin.Form(r)
	if err != nil {
		return err
	}
	picked := d.Values["pick"]
	if len(picked) == 0 {
		d.Wrong("pick", "Select at least one, or go back")
	}
	for _, text := range picked[:min(len(picked), mostPicked)] {
		if err := p.keepOneApart(r, v, of, text); err != nil {
			if !d.Refused(err, map[string]string{"@odata.id": "pick", "": "pick"}) {
				return err
			}
			break
		}
	}
	if !d.OK() {
		return p.findingApart(w, r, v, of, d)
	}
	return p.Done(w, r, packagePath(v, of.ID)+"#separation", "Nobody can ask for both any more.")
}

func (p *Pages) keepOneApart(r *http.Request, v *admin.Visitor, of *offer.Package, pick string) error {
	if id, ok := strings.CutPrefix(pick, apartPackage); ok && ids.Valid(id) {
		return p.Access.AddIncompatible(r.Context(), v.Who, of.ID, ids.PackageID(id))
	}
	if id, ok := strings.CutPrefix(pick, apartGroup); ok && ids.Valid(id) {
		return p.Access.AddIncompatibleGroup(r.Context(), v.Who, of.ID, ids.ObjectID(id))
	}
	return fault.New(fault.Invalid, "Select access packages or groups of the list.")
}

// apartIn returns what the address names among what is incompatible with the
// package of the address: its name, and whether it is a group.
func (p *Pages) apartIn(r *http.Request, v *admin.Visitor) (of *offer.Package, id, name string, group bool, err error) {
	if of, err = p.packageIn(r, v); err != nil {
		return nil, "", "", false, err
	}
	id = strings.ToLower(r.PathValue("apart"))
	found, err := p.Access.Incompatible(r.Context(), v.Who, of.ID, false, offer.Asked{Query: query.Query{Filter: query.In{Field: "id", Values: []any{id}}, Page: query.Page{Limit: 1}}})
	if err != nil {
		return nil, "", "", false, err
	}
	if len(found.Items) > 0 {
		return of, id, found.Items[0].Name, false, nil
	}
	groups, err := p.Access.IncompatibleGroups(r.Context(), v.Who, of.ID)
	if err == nil && !slices.Contains(groups, ids.ObjectID(id)) {
		err = fault.New(fault.NotFound, "The access package is not incompatible with it, or not any more.")
	}
	if err != nil {
		return nil, "", "", false, err
	}
	names, err := p.Lookup.Named(r.Context(), v.Who, ids.ObjectID(id))
	return of, id, groupName(names[ids.ObjectID(id)].Name), true, err
}

func (p *Pages) askTogether(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	of, id, name, _, err := p.apartIn(r, v)
	if err != nil {
		return err
	}
	at := packagePath(v, of.ID)
	return p.ask(w, r, v, "Let people have “"+portal.Inert(of.Name)+"” together with “"+portal.Inert(name)+"”?", under(v, of), portal.Form{
		Action: at + "/separation/" + id + "/remove", Button: "Remove the separation in " + v.Name(), Stop: true, Back: at + "#separation", Leave: "Keep them apart",
		Text: "Whoever the policies are for can ask for both then."})
}

func (p *Pages) together(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	of, id, name, group, err := p.apartIn(r, v)
	if err != nil {
		return err
	}
	if err := p.Access.RemoveIncompatible(r.Context(), v.Who, of.ID, id, group); err != nil {
		return err
	}
	return p.Done(w, r, packagePath(v, of.ID)+"#separation", "“"+portal.Inert(name)+"” is not incompatible any more.")
}

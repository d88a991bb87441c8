package registrations

import (
	"net/http"

	"entente/internal/core/app"
	"entente/internal/core/object"
	"entente/internal/edge/portal"
	"entente/internal/edge/portal/admin"
	"entente/internal/flow/lookup"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
)

// owners shows who owns an application.
func (p *pages) owners(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	a, err := p.ours(r, v)
	if err != nil {
		return err
	}
	s := portal.Section{ID: "owners", Heading: "Owners", Text: "Owners see and change everything about the application, and need no role for it.", Do: []portal.Link{{Text: "Add owners", To: at(v, a, "/owners/add")}}}
	if len(a.Owners) == 0 {
		s.None = &portal.Nothing{Title: "Nobody owns it", Text: "Administrators alone change it."}
	} else {
		s.Table = &portal.Table{Caption: "Owners", Heads: []string{"Name", "Kind", "Object ID", ""}}
	}
	for _, o := range a.Owners {
		kind := "User"
		if o.Kind == object.ServicePrincipal {
			kind = "Service principal"
		}
		s.Table.Rows = append(s.Table.Rows, portal.Row{Head: portal.Cell{Text: o.DisplayName}, Cells: []portal.Cell{{Text: kind}, {Text: string(o.ID)},
			{Do: &portal.Link{Text: "Remove…", Of: o.DisplayName, To: at(v, a, "/owners/"+string(o.ID)+"/remove")}}}})
	}
	return p.page(w, r, v, a, "/owners", portal.Frame{Title: "Owners", Content: "thing", Data: portal.Thing{Sections: []portal.Section{s}}})
}

func (p *pages) addingOwner(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	return p.ownerForm(w, r, v, &portal.Draft{})
}

func (p *pages) ownerForm(w http.ResponseWriter, r *http.Request, v *admin.Visitor, d *portal.Draft) error {
	a, err := p.ours(r, v)
	if err != nil {
		return err
	}
	find := portal.Find{Button: "find", Field: d.Field(portal.Field{ID: "who", Label: "People and applications", Hint: "The beginning of a name, or of an address.", Optional: true, Autocomplete: "off"})}
	if typed := d.Get("who"); typed != "" {
		found, err := p.Lookup.Find(r.Context(), v.Who, typed, lookup.Member, lookup.Guest, lookup.Application)
		if err != nil && !d.Refused(err, map[string]string{"": "who"}) {
			return err
		}
		c := portal.Choices{ID: "owner", Name: "owner", Legend: "Who was found", Several: true}
		for _, x := range found {
			c.Options = append(c.Options, portal.Option{Value: x.ID, Label: x.Name, Hint: x.Under, Checked: d.Has("owner", x.ID)})
		}
		if find.Found = &c; len(c.Options) == 0 {
			find.Found, find.Error = nil, "Nothing begins with “"+portal.Inert(typed)+"”"
		}
	}
	return p.Show(w, r, v, portal.Frame{Title: "Add owners", Content: "form", Problems: d.Problems, Crumbs: crumbs(v, a, portal.Link{Text: "Owners", To: at(v, a, "/owners")}),
		Data: portal.Form{Action: at(v, a, "/owners/add"), Parts: []portal.Part{{Find: &find}}, Button: "Add owners in " + v.Name(), Back: at(v, a, "/owners")}})
}

func (p *pages) addOwner(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	d, err := admin.Form(r)
	if err != nil {
		return err
	}
	a, err := p.ours(r, v)
	if err != nil {
		return err
	}
	picked := d.Values["owner"]
	if d.Get("find") != "" || len(picked) == 0 || len(picked) > 3*lookup.Most {
		if d.Get("find") == "" {
			d.Wrong("who", "Find somebody, and pick them")
		}
		return p.ownerForm(w, r, v, d)
	}
	for _, text := range picked {
		id, err := ids.Parse[ids.ObjectID](text)
		if err != nil {
			return err
		}
		if err := p.Apps.AddOwner(r.Context(), v.Who, a.ID, id); err != nil {
			if d.Refused(err, map[string]string{"owners": "who"}) {
				return p.ownerForm(w, r, v, d)
			}
			return err
		}
	}
	return p.Done(w, r, at(v, a, "/owners"), "It has more owners now.")
}

// owner returns the application, and the owner that the address names.
func (p *pages) owner(r *http.Request, v *admin.Visitor) (*app.View, *object.Object, error) {
	a, err := p.ours(r, v)
	if err != nil {
		return nil, nil, err
	}
	for _, o := range a.Owners {
		if string(o.ID) == r.PathValue("owner") {
			return a, &o, nil
		}
	}
	return nil, nil, fault.New(fault.NotFound, "The application has no such owner.")
}

func (p *pages) removingOwner(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	a, o, err := p.owner(r, v)
	if err != nil {
		return err
	}
	return p.ask(w, r, v, a, "Remove the owner “"+portal.Inert(o.DisplayName)+"”?", "They change the application no longer, unless a role lets them.", "Remove owner", at(v, a, "/owners/"+string(o.ID)+"/remove"), at(v, a, "/owners"), &portal.Draft{})
}

func (p *pages) removeOwner(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	a, o, err := p.owner(r, v)
	if err != nil {
		return err
	}
	if err := p.Apps.RemoveOwner(r.Context(), v.Who, a.ID, o.ID); err != nil {
		return err
	}
	to := at(v, a, "/owners")
	if o.ID == v.Who.Object {
		to = v.To(list) // who may not read it any more is not sent there
	}
	return p.Done(w, r, to, "The owner is removed.")
}

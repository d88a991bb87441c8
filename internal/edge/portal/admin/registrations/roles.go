package registrations

import (
	"net/http"
	"slices"
	"strings"

	"entente/internal/core/app"
	"entente/internal/edge/portal"
	"entente/internal/edge/portal/admin"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
)

// roles shows the app roles that an application defines.
func (p *pages) roles(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	a, err := p.ours(r, v)
	if err != nil {
		return err
	}
	s := portal.Section{ID: "roles", Heading: "App roles", Text: "Roles that people and groups are assigned to, and permissions that applications are granted. Tokens for this application carry them.", Do: []portal.Link{{Text: "Create app role", To: at(v, a, "/roles/"+fresh)}}}
	if len(a.AppRoles) == 0 {
		s.None = &portal.Nothing{Title: "It has no app roles", Text: "Create one for each thing that people or workloads may be allowed to do."}
	} else {
		s.Table = &portal.Table{Caption: "App roles", Heads: []string{"Display name", "Value", "Allowed member types", "State", ""}}
	}
	for _, x := range a.AppRoles {
		to, tag := at(v, a, "/roles/"+string(x.ID)), state(x.IsEnabled)
		s.Table.Rows = append(s.Table.Rows, portal.Row{Head: portal.Cell{Text: x.DisplayName, Under: x.Description, To: to}, Cells: []portal.Cell{{Text: said(x.Value)}, {Text: memberTypes(x)}, {Tag: &tag},
			{Do: &portal.Link{Text: "Delete…", Of: x.DisplayName, To: to + "/delete"}}}})
	}
	return p.page(w, r, v, a, "/roles", portal.Frame{Title: "App roles", Content: "thing", Data: portal.Thing{Sections: []portal.Section{s}}})
}

func memberTypes(x app.AppRole) string {
	var all []string
	for _, t := range []struct{ value, text string }{{"User", "Users/Groups"}, {"Application", "Applications"}} {
		if slices.Contains(x.AllowedMemberTypes, t.value) {
			all = append(all, t.text)
		}
	}
	return strings.Join(all, ", ")
}

// role returns the application, and the role that the address names: a new one
// that is not there yet, or one of the application's.
func (p *pages) role(r *http.Request, v *admin.Visitor) (*app.View, *app.AppRole, error) {
	a, err := p.ours(r, v)
	if err != nil {
		return nil, nil, err
	}
	if r.PathValue("role") == fresh {
		return a, &app.AppRole{IsEnabled: true, AllowedMemberTypes: []string{"User"}}, nil
	}
	if x := a.Role(ids.RoleID(r.PathValue("role"))); x != nil {
		return a, x, nil
	}
	return nil, nil, fault.New(fault.NotFound, "The application has no such role.")
}

func (p *pages) editingRole(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	a, x, err := p.role(r, v)
	if err != nil {
		return err
	}
	return p.roleForm(w, r, v, a, x, &portal.Draft{})
}

func (p *pages) roleForm(w http.ResponseWriter, r *http.Request, v *admin.Visitor, a *app.View, x *app.AppRole, d *portal.Draft) error {
	title, button, to := "Create app role", "Create role in ", fresh
	if x.ID != "" {
		title, button, to = "Edit the role “"+portal.Inert(x.DisplayName)+"”", "Save in ", string(x.ID)
	}
	types := portal.Choices{ID: "types", Name: "types", Legend: "Allowed member types", Several: true}
	for _, t := range []portal.Option{{Value: "User", Label: "Users/Groups"}, {Value: "Application", Label: "Applications"}} {
		t.Checked = slices.Contains(x.AllowedMemberTypes, t.Value)
		types.Options = append(types.Options, t)
	}
	return p.Show(w, r, v, portal.Frame{Title: title, Content: "form", Problems: d.Problems, Crumbs: crumbs(v, a, portal.Link{Text: "App roles", To: at(v, a, "/roles")}),
		Data: portal.Form{Action: at(v, a, "/roles/"+to), Button: button + v.Name(), Back: at(v, a, "/roles"), Parts: []portal.Part{
			d.Line(portal.Field{ID: "name", Label: "Display name", Value: x.DisplayName, Autocomplete: "off"}),
			d.Choose(types),
			d.Line(portal.Field{ID: "value", Label: "Value", Hint: "As tokens carry it, without spaces. To change that of one that is enabled, disable it first.", Value: said(x.Value), Autocomplete: "off"}),
			d.Lines(portal.Area{Field: portal.Field{ID: "description", Label: "Description", Value: x.Description}, Rows: 2, Most: 1024}),
			d.Check(portal.Option{ID: "enabled", Label: "Enabled", Checked: x.IsEnabled}),
		}}})
}

func (p *pages) saveRole(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	d, err := admin.Form(r)
	if err != nil {
		return err
	}
	a, old, err := p.role(r, v)
	if err != nil {
		return err
	}
	x := app.AppRole{ID: old.ID, DisplayName: need(d, "name", "Enter a name"), Value: given(need(d, "value", "Enter a value")), Description: need(d, "description", "Enter a description"),
		AllowedMemberTypes: d.Values["types"], IsEnabled: d.Get("enabled") != ""}
	if len(x.AllowedMemberTypes) == 0 {
		d.Wrong("types", "Choose at least one")
	}
	list := slices.Clone(a.AppRoles)
	if x.ID == "" {
		x.ID = ids.New[ids.RoleID]()
		list = append(list, x)
	} else {
		list[slices.IndexFunc(list, func(y app.AppRole) bool { return y.ID == x.ID })] = x
	}
	if d.OK() {
		if err = p.change(r, v, a, map[string]any{"appRoles": list}); err == nil {
			return p.Done(w, r, at(v, a, "/roles"), "The role is saved, and counts at once.")
		}
		if !d.Refused(err, map[string]string{"appRoles": "value"}) {
			return err
		}
	}
	return p.roleForm(w, r, v, a, old, d)
}

func (p *pages) deletingRole(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	return p.roleDeletion(w, r, v, &portal.Draft{})
}

func (p *pages) roleDeletion(w http.ResponseWriter, r *http.Request, v *admin.Visitor, d *portal.Draft) error {
	a, x, err := p.role(r, v)
	if err != nil {
		return err
	}
	if x.ID == "" {
		return portal.NoPage(w, r)
	}
	return p.ask(w, r, v, a, "Delete the role “"+portal.Inert(x.DisplayName)+"”?", "Nobody has it any more, in any organization. One that is enabled has to be disabled first, on its page.",
		"Delete role", r.URL.EscapedPath(), at(v, a, "/roles"), d)
}

func (p *pages) deleteRole(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	a, x, err := p.role(r, v)
	if err != nil {
		return err
	}
	list := slices.DeleteFunc(slices.Clone(a.AppRoles), func(y app.AppRole) bool { return y.ID == x.ID })
	if err := p.change(r, v, a, map[string]any{"appRoles": list}); err != nil {
		d := &portal.Draft{}
		if d.Refused(err, nil) {
			return p.roleDeletion(w, r, v, d)
		}
		return err
	}
	return p.Done(w, r, at(v, a, "/roles"), "The role is deleted.")
}

package organization

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"entente/internal/core/authz"
	"entente/internal/core/directory"
	"entente/internal/edge/portal"
	"entente/internal/edge/portal/admin"
	"entente/internal/flow/lookup"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
)

// roles lists the directory roles.
func (p *pages) roles(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	all, err := p.Roles.Roles(r.Context(), v.Who)
	if err != nil {
		return err
	}
	f := portal.NewFilter(r, "Search roles", &portal.Field{ID: "find", Label: "Name or description contains"},
		portal.Select{Field: portal.Field{ID: "given", Label: "Assignments"}, Options: []portal.Option{{Label: "Any"}, {Value: "yes", Label: "At least one"}}})
	find := strings.ToLower(f.Value("find"))
	t := portal.Table{Caption: "Directory roles by name", Heads: []string{"Role", "What it is for", "Assignments"}}
	for _, role := range all {
		if find != "" && !strings.Contains(strings.ToLower(role.Name+"\n"+role.Description), find) || f.Value("given") != "" && role.Given == 0 {
			continue
		}
		head := portal.Cell{Text: role.Name, To: v.To("/roles/" + string(role.ID))}
		if role.Privileged {
			head.Tag = &portal.Tag{Kind: "wait", Sign: "warn", Text: "Privileged"}
		}
		t.Rows = append(t.Rows, portal.Row{Head: head, Cells: []portal.Cell{{Text: role.Description}, {Text: fmt.Sprint(role.Given)}}})
	}
	l := portal.List{Filter: f, Table: &t}
	if len(t.Rows) == 0 {
		l.Table, l.None = nil, f.Missed()
	}
	return p.Show(w, r, v, portal.Frame{Title: "Roles and administrators", Content: "list", Data: l,
		Intro: "Who may administer what in " + v.Name() + ". Give the least role that is enough: the role that a refusal names."})
}

// roleOf returns the role that the address names.
func roleOf(r *http.Request) (authz.Role, error) {
	id, err := admin.ID[ids.RoleID](r, "role")
	if err != nil {
		return authz.Role{}, err
	}
	role, ok := authz.RoleByID(id)
	if !ok || role.Implicit {
		return role, fault.New(fault.NotFound, "There is no such directory role.")
	}
	return role, nil
}

func roleAt(v *admin.Visitor, role authz.Role, rest string) string {
	return v.To("/roles/" + string(role.ID) + rest)
}

func ofRoles(v *admin.Visitor, role *authz.Role) []portal.Link {
	all := crumbs(v, "Roles and administrators", "/roles")
	if role != nil {
		all = append(all, portal.Link{Text: role.Name, To: roleAt(v, *role, "")})
	}
	return all
}

// role lists who has a role.
func (p *pages) role(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	role, err := roleOf(r)
	if err != nil {
		return err
	}
	page, err := portal.PageOf(r)
	if err != nil {
		return err
	}
	found, err := p.Roles.RoleAssignments(r.Context(), v.Who, role.ID, page)
	if err != nil {
		return portal.BadPage(err)
	}
	var list []ids.ObjectID
	for _, a := range found.Items {
		list = append(list, a.Principal)
		if a.On() != "" {
			list = append(list, a.On())
		}
	}
	named, err := p.Lookup.Named(r.Context(), v.Who, list...)
	if err != nil {
		return err
	}
	l := portal.List{First: portal.FirstPage(r), Next: portal.NextPage(r, found.Next)}
	t := portal.Table{Caption: "Assignments", Heads: []string{"Name", "Type", "Scope", "Since", ""}}
	for _, a := range found.Items {
		x, scope := named[a.Principal], "The whole organization"
		if x.Name == "" {
			x.Name = string(a.Principal)
		}
		if on := a.On(); on != "" {
			if scope = named[on].Name; scope == "" {
				scope = string(on)
			}
		}
		t.Rows = append(t.Rows, portal.Row{Head: portal.Cell{Text: x.Name, Under: x.Under}, Cells: []portal.Cell{{Text: kinds[x.Kind]}, {Text: scope}, {At: a.CreatedAt},
			{Do: &portal.Link{Text: "Remove…", Of: x.Name, To: roleAt(v, role, "/"+a.ID+"/remove")}}}})
	}
	if l.Table = &t; len(t.Rows) == 0 {
		l.Table, l.None = nil, &portal.Nothing{Title: "Nobody has this role", Text: "Who is given it stands here.", Do: &portal.Link{Text: "What it allows", To: roleAt(v, role, "/permissions")}}
	}
	return p.Show(w, r, v, portal.Frame{Title: role.Name, Content: "list", Data: l, Intro: role.Description, Crumbs: ofRoles(v, nil),
		Do: &portal.Link{Text: "Add assignments", To: roleAt(v, role, "/add")}})
}

var kinds = map[lookup.Kind]string{lookup.Member: "User", lookup.Guest: "Guest", lookup.Group: "Group", lookup.Application: "Application", lookup.Identity: "Managed identity"}

// allowed lists what a role allows.
func (p *pages) allowed(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	role, err := roleOf(r)
	if err != nil {
		return err
	}
	t := portal.Table{Caption: "Actions", Heads: []string{"Action"}}
	for _, a := range role.Actions {
		t.Rows = append(t.Rows, portal.Row{Head: portal.Cell{Text: a.String()}})
	}
	sec := portal.Section{ID: "actions", Heading: "Actions", Table: &t}
	if role.Readers {
		sec.Text = "And everything that Directory Readers may."
	}
	return p.Show(w, r, v, portal.Frame{Title: "What " + role.Name + " allows", Content: "thing", Data: portal.Thing{Sections: []portal.Section{sec}, Text: role.Description}, Crumbs: ofRoles(v, &role)})
}

var holders = admin.Picker{Field: "who", Picked: "principal", Legend: "Who was found", Label: "Find users, groups or applications",
	Kinds: []lookup.Kind{lookup.Member, lookup.Guest, lookup.Group, lookup.Application, lookup.Identity}}

// giving shows the form that gives a role.
func (p *pages) giving(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	return p.giveForm(w, r, v, &portal.Draft{})
}

func (p *pages) giveForm(w http.ResponseWriter, r *http.Request, v *admin.Visitor, d *portal.Draft) error {
	role, err := roleOf(r)
	if err != nil {
		return err
	}
	who, err := holders.Part(r, v, p.Lookup, d)
	if err != nil {
		return err
	}
	return p.Show(w, r, v, portal.Frame{Title: "Add assignments of " + role.Name, Content: "form", Problems: d.Problems, Crumbs: ofRoles(v, &role),
		Data: portal.Form{Action: roleAt(v, role, "/add"), Button: "Give role in " + v.Name(), Back: roleAt(v, role, ""), Parts: []portal.Part{who},
			Text: "They have it in the whole organization, from the next thing that they do. Of groups only those that can be assigned to roles hold one."}})
}

// give gives the role to those who were picked.
func (p *pages) give(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	d, err := admin.Form(r)
	if err != nil {
		return err
	}
	role, err := roleOf(r)
	if err != nil {
		return err
	}
	if holders.Looks(d) {
		return p.giveForm(w, r, v, d)
	}
	picked := holders.Of(d)
	if len(picked) == 0 {
		d.Wrong("who", "Find somebody, and pick them")
	}
	for _, id := range picked {
		if !d.OK() {
			break
		}
		_, err := p.Roles.AssignRole(r.Context(), v.Who, id, role.ID, "/")
		switch {
		case errors.Is(err, directory.RoleGiven):
			d.Wrong("who", "They have this role already")
		case err != nil && !d.Refused(err, map[string]string{"principalId": "who"}):
			return err
		}
	}
	if !d.OK() {
		return p.giveForm(w, r, v, d)
	}
	return p.Done(w, r, roleAt(v, role, ""), "The role is given.")
}

// given returns the role and the assignment that the address names, and whose it is.
func (p *pages) given(r *http.Request, v *admin.Visitor) (authz.Role, directory.RoleAssignment, string, error) {
	role, err := roleOf(r)
	if err != nil {
		return role, directory.RoleAssignment{}, "", err
	}
	a, err := p.Roles.RoleAssignment(r.Context(), v.Who, r.PathValue("assignment"))
	if err == nil && a.Role != role.ID {
		err = fault.New(fault.NotFound, "There is no such assignment.")
	}
	if err != nil {
		return role, a, "", err
	}
	named, err := p.Lookup.Named(r.Context(), v.Who, a.Principal)
	name := named[a.Principal].Name
	if name == "" {
		name = string(a.Principal)
	}
	return role, a, portal.Inert(name), err
}

// taking asks whether the visitor means it.
func (p *pages) taking(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	return p.takeForm(w, r, v, &portal.Draft{})
}

func (p *pages) takeForm(w http.ResponseWriter, r *http.Request, v *admin.Visitor, d *portal.Draft) error {
	role, a, name, err := p.given(r, v)
	if err != nil {
		return err
	}
	return p.Show(w, r, v, portal.Frame{Title: "Remove " + name + " from " + role.Name + "?", Content: "form", Problems: d.Problems, Crumbs: ofRoles(v, &role),
		Data: portal.Form{Action: roleAt(v, role, "/"+a.ID+"/remove"), Stop: true, Button: "Remove assignment in " + v.Name(), Back: roleAt(v, role, ""), Leave: "Keep it",
			Text: "They can do what the role allows no longer, from the next thing that they do."}})
}

// take takes a role back. The last Global Administrator stays one.
func (p *pages) take(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	role, a, _, err := p.given(r, v)
	if err != nil {
		return err
	}
	if err := p.Roles.UnassignRole(r.Context(), v.Who, a.ID); err != nil {
		if d := (&portal.Draft{}); d.Refused(err, nil) {
			return p.takeForm(w, r, v, d)
		}
		return err
	}
	return p.Done(w, r, roleAt(v, role, ""), "The assignment is removed.")
}

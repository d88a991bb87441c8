package groups

import (
	"errors"
	"net/http"

	"entente/internal/core/authz"
	"entente/internal/core/directory"
	"entente/internal/core/object"
	"entente/internal/edge/portal"
	"entente/internal/edge/portal/admin"
	"entente/internal/flow/lookup"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
)

// fewMembers is how many members a group's own page shows.
const fewMembers = 10

// group shows one: what it is called, who owns it and who is in it.
func (p *pages) group(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	g, err := p.one(r, v)
	if err != nil {
		return err
	}
	t := portal.Thing{Text: said(g.Description), Codes: []portal.Code{{ID: "object", Label: "Object ID", Value: string(g.ID)}},
		Facts: []portal.Fact{{Name: "Group type", Value: kindOf(g.Group)}, {Name: "Membership type", Value: "Assigned"}},
		Do:    []portal.Link{{Text: "Edit", To: at(v, g, "/edit")}, {Text: "Delete…", To: at(v, g, "/delete")}}}
	if g.Mail != nil {
		t.Codes = append(t.Codes, portal.Code{ID: "mail", Label: "Email", Value: *g.Mail})
	}
	if g.Visibility != nil {
		t.Facts = append(t.Facts, portal.Fact{Name: "Visibility", Value: visible(*g.Visibility)})
	}
	if g.AssignableToRole() {
		t.Tags = append(t.Tags, portal.Tag{Sign: "key", Text: "Roles can be assigned"})
	}
	t.Facts = append(t.Facts, portal.Fact{Name: "Created", At: g.CreatedAt})
	owners, err := p.owners(r, v, g)
	if err != nil {
		return err
	}
	members, err := p.someMembers(r, v, g)
	if err != nil {
		return err
	}
	t.Sections = append(t.Sections, owners, members, within(v, g))
	for _, around := range []func(*http.Request, *admin.Visitor, *directory.GroupView) (portal.Section, error){p.catalogs, p.applications} {
		s, err := around(r, v, g)
		if err != nil {
			return err
		}
		t.Sections = append(t.Sections, s)
	}
	if g.AssignableToRole() {
		t.Sections = append(t.Sections, rolesOf(g))
	}
	return p.Show(w, r, v, portal.Frame{Title: portal.Inert(g.DisplayName), Content: "thing", Data: t, Crumbs: crumbs(v, nil), Script: "copy"})
}

// visible says who may look into a group.
func visible(visibility string) string {
	switch visibility {
	case directory.HiddenMembership:
		return "Hidden membership"
	}
	return visibility
}

// kindsOf are what objects are called.
var kindsOf = map[object.Kind]string{object.User: "User", object.Group: "Group", object.ServicePrincipal: "Enterprise application", object.DirectoryRole: "Directory role"}

// people are the rows of those who are in a group or own it, with a button that
// takes each out of it.
func (p *pages) people(r *http.Request, v *admin.Visitor, list []object.Object, take string) ([]portal.Row, error) {
	var all []ids.ObjectID
	for _, o := range list {
		all = append(all, o.ID)
	}
	named, err := p.Lookup.Named(r.Context(), v.Who, all...)
	var rows []portal.Row
	for _, o := range list {
		row := portal.Row{Head: portal.Cell{Text: o.DisplayName, Under: named[o.ID].Under, To: pageOf(v, o)}, Cells: []portal.Cell{{Text: what(o, named[o.ID])},
			{Do: &portal.Link{Text: "Remove", Of: o.DisplayName, To: take, Post: true, Fields: map[string]string{"object": string(o.ID)}}}}}
		rows = append(rows, row)
	}
	return rows, err
}

// pageOf is where an object has its page, or nothing.
func pageOf(v *admin.Visitor, o object.Object) string {
	switch o.Kind {
	case object.User:
		return v.To("/users/" + string(o.ID))
	case object.Group:
		return v.To("/groups/" + string(o.ID))
	}
	return ""
}

func what(o object.Object, x lookup.Found) string {
	switch x.Kind {
	case lookup.Identity:
		return "Managed identity"
	}
	return kindsOf[o.Kind]
}

func (p *pages) owners(r *http.Request, v *admin.Visitor, g *directory.GroupView) (portal.Section, error) {
	s := portal.Section{ID: "owners", Heading: "Owners", Do: []portal.Link{{Text: "Add owners", To: at(v, g, "/owners/add")}}}
	if len(g.Owners) == 0 {
		s.None = &portal.Nothing{Title: "No owner that you may see", Text: "Administrators of groups look after it."}
		return s, nil
	}
	rows, err := p.people(r, v, g.Owners, at(v, g, "/owners/remove"))
	s.Table = &portal.Table{Caption: "Owners", Heads: []string{"Name", "Kind", ""}, Rows: rows}
	return s, err
}

// someMembers are the first of those who are in the group.
func (p *pages) someMembers(r *http.Request, v *admin.Visitor, g *directory.GroupView) (portal.Section, error) {
	s := portal.Section{ID: "members", Heading: "Members", Do: []portal.Link{{Text: "Add members", To: at(v, g, "/members/add")}}}
	found, err := p.Groups.Members(r.Context(), v.Who, g.ID, query.Query{Order: []query.Key{{Field: "displayName"}}, Page: query.Page{Limit: fewMembers}})
	switch {
	case errors.Is(err, authz.Denied):
		s.None = &portal.Nothing{Title: "Who is in it is not for everybody to see", Text: "Members, owners and administrators of groups see it."}
		return s, nil
	case err != nil:
		return s, err
	case len(found.Items) == 0:
		s.None = &portal.Nothing{Title: "Nobody is in it", Text: "What is given to the group is given to each of its members."}
		return s, nil
	}
	rows, err := p.people(r, v, found.Items, at(v, g, "/members/remove"))
	s.Table = &portal.Table{Caption: "Members by name", Heads: []string{"Name", "Kind", ""}, Rows: rows}
	if len(found.Next) > 0 {
		s.Text = "The first of them by name."
	}
	s.Do = append(s.Do, portal.Link{Text: "All members", To: at(v, g, "/members")})
	return s, err
}

// within are the groups that the group is in.
func within(v *admin.Visitor, g *directory.GroupView) portal.Section {
	s := portal.Section{ID: "groups", Heading: "Group memberships"}
	if len(g.In) == 0 {
		s.Text = "It is in no group that you may see."
		return s
	}
	s.Table = &portal.Table{Caption: "Groups by name", Heads: []string{"Name", "Created"}}
	for _, o := range g.In {
		s.Table.Rows = append(s.Table.Rows, portal.Row{Head: portal.Cell{Text: o.DisplayName, To: pageOf(v, o)}, Cells: []portal.Cell{{At: o.CreatedAt}}})
	}
	return s
}

func rolesOf(g *directory.GroupView) portal.Section {
	s := portal.Section{ID: "roles", Heading: "Directory roles"}
	if len(g.Roles) == 0 {
		s.Text = "None was assigned to it in the whole organization."
		return s
	}
	s.Table = &portal.Table{Caption: "Directory roles", Heads: []string{"Role", "What it allows"}}
	for _, x := range g.Roles {
		s.Table.Rows = append(s.Table.Rows, portal.Row{Head: portal.Cell{Text: x.Name}, Cells: []portal.Cell{{Text: x.Description}}})
	}
	return s
}

// members lists everybody who is in the group.
func (p *pages) members(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	g, err := p.one(r, v)
	if err != nil {
		return err
	}
	f := portal.NewFilter(r, "Search members", &portal.Field{ID: "find", Label: "Name begins with"})
	page, err := portal.PageOf(r)
	if err != nil {
		return err
	}
	q := query.Query{Order: []query.Key{{Field: "displayName"}}, Page: page}
	if find := f.Value("find"); find != "" {
		q.Filter = query.StartsWith{Field: "displayName", Value: find}
	}
	found, err := p.Groups.Members(r.Context(), v.Who, g.ID, q)
	if err != nil {
		return portal.BadPage(err)
	}
	l := portal.List{Filter: f, First: portal.FirstPage(r), Next: portal.NextPage(r, found.Next)}
	switch {
	case len(found.Items) > 0:
		rows, err := p.people(r, v, found.Items, at(v, g, "/members/remove"))
		if err != nil {
			return err
		}
		l.Table = &portal.Table{Caption: "Members by name", Heads: []string{"Name", "Kind", ""}, Rows: rows}
	case f.Set():
		l.None = f.Missed()
	default:
		l.None = &portal.Nothing{Title: "Nobody is in it", Text: "What is given to the group is given to each of its members."}
	}
	return p.Show(w, r, v, portal.Frame{Title: "Members of " + portal.Inert(g.DisplayName), Content: "list", Data: l, Crumbs: crumbs(v, g),
		Do: &portal.Link{Text: "Add members", To: at(v, g, "/members/add")}})
}

package people

import (
	"net/http"
	"net/url"
	"time"

	"entente/internal/core/directory"
	"entente/internal/core/object"
	"entente/internal/edge/portal"
	"entente/internal/edge/portal/admin"
)

// user shows one: who they are, how they came, and what they are in.
func (p *pages) user(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	u, err := p.one(r, v)
	if err != nil {
		return err
	}
	t := portal.Thing{Tags: []portal.Tag{enabled(u.User)}, Facts: []portal.Fact{
		{Name: "User type", Value: kindOf(u.User)}, {Name: "Creation type", Value: creation(u.User)}, {Name: "Invitation accepted", Value: accepted(u.User)},
		{Name: "User principal name", Value: u.UserPrincipalName}, {Name: "Mail", Value: said(u.Mail)}, {Name: "Job title", Value: said(u.JobTitle)},
		{Name: "Department", Value: said(u.Department)}, {Name: "Manager", Value: u.Boss}, {Name: "Created", At: u.CreatedAt}},
		Codes: []portal.Code{{ID: "object", Label: "Object ID", Value: string(u.ID)}}}
	if u.ExternalUserStateChange != nil {
		t.Facts = append(t.Facts, portal.Fact{Name: "Since", At: *u.ExternalUserStateChange})
	}
	t.Facts = known(t.Facts)
	t.Do = ways(v, u)
	t.Sections = []portal.Section{groupsOf(v, u), rolesOf(u)}
	for _, around := range []func(*http.Request, *admin.Visitor, *directory.UserView) (portal.Section, error){p.applications, p.packages, p.signIns, p.methods} {
		s, err := around(r, v, u)
		if err != nil {
			return err
		}
		t.Sections = append(t.Sections, s)
	}
	return p.Show(w, r, v, portal.Frame{Title: portal.Inert(u.DisplayName), Content: "thing", Data: t, Crumbs: crumbs(v, nil), Script: "copy"})
}

// ways are what can be done with somebody. A guest's password and sessions are
// those of their own organization.
func ways(v *admin.Visitor, u *directory.UserView) []portal.Link {
	all := []portal.Link{{Text: "Edit", To: at(v, u, "/edit")}}
	if !u.External() {
		all = append(all, portal.Link{Text: "Reset password…", To: at(v, u, "/password")}, portal.Link{Text: "Sessions", To: at(v, u, "/sessions")})
	} else if !u.HasAccepted() {
		all = append(all, portal.Link{Text: "Invite again", To: v.To("/users/invite?address=" + url.QueryEscape(said(u.Mail)))})
	}
	if u.Enabled() {
		all = append(all, portal.Link{Text: "Block sign-in…", To: at(v, u, "/block")})
	} else {
		all = append(all, portal.Link{Text: "Allow sign-in", To: at(v, u, "/allow"), Post: true})
	}
	return append(all, portal.Link{Text: "End all sessions…", To: at(v, u, "/revoke")}, portal.Link{Text: "Delete…", To: at(v, u, "/delete")})
}

func groupsOf(v *admin.Visitor, u *directory.UserView) portal.Section {
	s := portal.Section{ID: "groups", Heading: "Groups", Table: &portal.Table{Caption: "Groups by name", Heads: []string{"Name", "Created"}}}
	for _, g := range u.Groups {
		row := portal.Row{Head: portal.Cell{Text: g.DisplayName}, Cells: []portal.Cell{{At: g.CreatedAt}}}
		if g.Kind == object.Group {
			row.Head.To = v.To("/groups/" + string(g.ID))
		}
		s.Table.Rows = append(s.Table.Rows, row)
	}
	if len(u.Groups) == 0 {
		s.Table, s.Text = nil, "In no group that you may see."
	}
	return s
}

func rolesOf(u *directory.UserView) portal.Section {
	s := portal.Section{ID: "roles", Heading: "Directory roles", Table: &portal.Table{Caption: "Directory roles", Heads: []string{"Role", "What it allows"}}}
	for _, x := range u.Roles {
		s.Table.Rows = append(s.Table.Rows, portal.Row{Head: portal.Cell{Text: x.Name}, Cells: []portal.Cell{{Text: x.Description}}})
	}
	if len(u.Roles) == 0 {
		s.Table, s.Text = nil, "They hold none in the whole organization."
	}
	return s
}

// known leaves out facts that nobody has told.
func known(all []portal.Fact) []portal.Fact {
	var some []portal.Fact
	for _, f := range all {
		if f.Value != "" || f.At != (time.Time{}) {
			some = append(some, f)
		}
	}
	return some
}

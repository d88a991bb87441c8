// Package people is the area of the admin center that shows an organization's
// users, guests among them.
package people

import (
	"encoding/json"
	"net/http"
	"net/url"
	"time"

	"entente/internal/core/directory"
	"entente/internal/edge/portal"
	"entente/internal/edge/portal/admin"
	"entente/internal/kit/query"
)

// Options are what the pages need.
type Options struct{ Users *directory.Service }

type pages struct {
	Options
	*admin.Desk
}

var routes = map[string]admin.Page[pages]{
	"GET /users":                (*pages).users,
	"GET /users/{user}":         (*pages).user,
	"GET /users/{user}/block":   (*pages).blocking,
	"POST /users/{user}/block":  (*pages).block,
	"POST /users/{user}/allow":  (*pages).allow,
	"GET /users/{user}/revoke":  (*pages).revoking,
	"POST /users/{user}/revoke": (*pages).revoke,
	"GET /users/{user}/delete":  (*pages).deleting,
	"POST /users/{user}/delete": (*pages).remove,
}

// Add mounts the area.
func Add(c *admin.Center, o Options) {
	d := c.Desk(nil, nil)
	admin.Mount(c, d, &pages{o, d}, routes)
}

func said(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// accepted says whether a guest has accepted the invitation.
func accepted(u *directory.User) string {
	switch {
	case u.ExternalUserState == nil:
		return "–"
	case u.HasAccepted():
		return "Yes"
	}
	return "No"
}

func kindOf(u *directory.User) string {
	if kind := said(u.UserType); kind != "" {
		return kind
	}
	return "Member"
}

// creation names how an account came to be, as administrators know it.
func creation(u *directory.User) string {
	switch said(u.CreationType) {
	case "Invitation":
		return "Invitation"
	case "":
		return "Made here"
	}
	return said(u.CreationType)
}

func enabled(u *directory.User) portal.Tag {
	if u.Enabled() {
		return portal.Tag{Kind: "ok", Text: "Enabled"}
	}
	return portal.Tag{Kind: "stop", Text: "Blocked"}
}

// address is what tells a user from others of the name.
func address(u *directory.User) string {
	if kindOf(u) == "Guest" && u.Mail != nil {
		return *u.Mail
	}
	return u.UserPrincipalName
}

// users lists the organization's users.
func (p *pages) users(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	any := portal.Option{Label: "Any"}
	f := portal.NewFilter(r, "Search users", &portal.Field{ID: "find", Label: "Name begins with"},
		portal.Select{Field: portal.Field{ID: "type", Label: "User type"}, Options: []portal.Option{any, {Value: "Member", Label: "Member"}, {Value: "Guest", Label: "Guest"}}},
		portal.Select{Field: portal.Field{ID: "accepted", Label: "Invitation accepted"}, Options: []portal.Option{any, {Value: "Accepted", Label: "Yes"}, {Value: "PendingAcceptance", Label: "No"}}})
	page, err := portal.PageOf(r)
	if err != nil {
		return err
	}
	q := query.Query{Order: []query.Key{{Field: "displayName"}}, Page: page}
	var all query.And
	if find := f.Value("find"); find != "" {
		all = append(all, query.StartsWith{Field: "displayName", Value: find})
	}
	for name, field := range map[string]string{"type": "userType", "accepted": "externalUserState"} {
		if value := f.Value(name); value != "" {
			all = append(all, query.Compare{Field: field, Op: query.Eq, Value: value})
		}
	}
	if len(all) > 0 {
		q.Filter = all
	}
	found, err := p.Users.Users(r.Context(), v.Who, q)
	if err != nil {
		return portal.BadPage(err)
	}
	l := portal.List{Filter: f, First: portal.FirstPage(r), Next: portal.NextPage(r, found.Next)}
	if len(found.Items) == 0 {
		l.None = f.Missed()
	} else {
		l.Table = &portal.Table{Caption: "Users by name", Heads: []string{"Name", "User type", "Creation type", "Invitation accepted", "Account"}}
	}
	for _, u := range found.Items {
		tag := enabled(u)
		l.Table.Rows = append(l.Table.Rows, portal.Row{Head: portal.Cell{Text: u.DisplayName, Under: address(u), To: v.To("/users/" + string(u.ID))},
			Cells: []portal.Cell{{Text: kindOf(u)}, {Text: creation(u)}, {Text: accepted(u)}, {Tag: &tag}}})
	}
	return p.Show(w, r, v, portal.Frame{Title: "Users", Content: "list", Data: l, Intro: "People with an account in " + v.Name() + ". Guests sign in at their own organization.",
		Do: &portal.Link{Text: "Invite a guest", To: "/invite"}})
}

// one returns the user that the address names.
func (p *pages) one(r *http.Request, v *admin.Visitor) (*directory.UserView, error) {
	return p.Users.View(r.Context(), v.Who, r.PathValue("user"))
}

func at(v *admin.Visitor, u *directory.UserView, rest string) string {
	return v.To("/users/" + string(u.ID) + rest)
}

func crumbs(v *admin.Visitor, u *directory.UserView) []portal.Link {
	all := []portal.Link{{Text: "Users", To: v.To("/users")}}
	if u != nil {
		all = append(all, portal.Link{Text: u.DisplayName, To: at(v, u, "")})
	}
	return all
}

// user shows one: who they are, how they came, and what they are in.
func (p *pages) user(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	u, err := p.one(r, v)
	if err != nil {
		return err
	}
	t := portal.Thing{Tags: []portal.Tag{enabled(u.User)}, Facts: []portal.Fact{
		{Name: "User type", Value: kindOf(u.User)}, {Name: "Creation type", Value: creation(u.User)}, {Name: "Invitation accepted", Value: accepted(u.User)},
		{Name: "User principal name", Value: u.UserPrincipalName}, {Name: "Mail", Value: said(u.Mail)}, {Name: "Job title", Value: said(u.JobTitle)},
		{Name: "Department", Value: said(u.Department)}, {Name: "Manager", Value: u.Boss}, {Name: "Created", At: u.CreatedAt}, {Name: "Object ID", Value: string(u.ID), Code: true}}}
	if u.ExternalUserStateChange != nil {
		t.Facts = append(t.Facts, portal.Fact{Name: "Since", At: *u.ExternalUserStateChange})
	}
	t.Facts = known(t.Facts)
	if u.Enabled() {
		t.Do = append(t.Do, portal.Link{Text: "Block sign-in…", To: at(v, u, "/block")})
	} else {
		t.Do = append(t.Do, portal.Link{Text: "Allow sign-in", To: at(v, u, "/allow"), Post: true})
	}
	t.Do = append(t.Do, portal.Link{Text: "End all sessions…", To: at(v, u, "/revoke")}, portal.Link{Text: "Delete…", To: at(v, u, "/delete")},
		portal.Link{Text: "See what they have through packages", To: v.To("/entitlement/assignments?email=" + url.QueryEscape(address(u.User)))})
	groups := portal.Section{ID: "groups", Heading: "Groups", Table: &portal.Table{Caption: "Groups by name", Heads: []string{"Name", "Created"}}}
	for _, g := range u.Groups {
		groups.Table.Rows = append(groups.Table.Rows, portal.Row{Head: portal.Cell{Text: g.DisplayName}, Cells: []portal.Cell{{At: g.CreatedAt}}})
	}
	if len(u.Groups) == 0 {
		groups.Table, groups.Text = nil, "In no group that you may see."
	}
	roles := portal.Section{ID: "roles", Heading: "Directory roles", Table: &portal.Table{Caption: "Directory roles", Heads: []string{"Role", "What it allows"}}}
	for _, x := range u.Roles {
		roles.Table.Rows = append(roles.Table.Rows, portal.Row{Head: portal.Cell{Text: x.Name}, Cells: []portal.Cell{{Text: x.Description}}})
	}
	if len(u.Roles) == 0 {
		roles.Table, roles.Text = nil, "None was given to them directly."
	}
	t.Sections = []portal.Section{groups, roles}
	return p.Show(w, r, v, portal.Frame{Title: portal.Inert(u.DisplayName), Content: "thing", Data: t, Crumbs: crumbs(v, nil)})
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

// ask shows a page that asks whether the visitor means it.
func (p *pages) ask(w http.ResponseWriter, r *http.Request, v *admin.Visitor, title, text, button, to string) error {
	u, err := p.one(r, v)
	if err != nil {
		return err
	}
	return p.Show(w, r, v, portal.Frame{Title: title + " " + portal.Inert(u.DisplayName) + "?", Content: "form", Crumbs: crumbs(v, u),
		Data: portal.Form{Action: at(v, u, to), Stop: true, Text: text, Button: button + " in " + v.Name(), Back: at(v, u, ""), Leave: "Keep it as it is"}})
}

// do does something with the user that the address names, and tells it.
func (p *pages) do(w http.ResponseWriter, r *http.Request, v *admin.Visitor, done, to string, change func(id string) error) error {
	u, err := p.one(r, v)
	if err != nil {
		return err
	}
	if err := change(string(u.ID)); err != nil {
		return err
	}
	if to == "" {
		to = at(v, u, "")
	}
	return p.Done(w, r, to, done)
}

func (p *pages) blocking(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	return p.ask(w, r, v, "Block sign-in of", "They can no longer sign in here, and tokens that applications have of them end. What they have stays.", "Block sign-in", "/block")
}

// enable says whether somebody may sign in.
func (p *pages) enable(r *http.Request, v *admin.Visitor, id string, may bool) error {
	body, err := json.Marshal(map[string]bool{"accountEnabled": may})
	if err != nil {
		return err
	}
	_, err = p.Users.Update(r.Context(), v.Who, id, body)
	return err
}

func (p *pages) block(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	return p.do(w, r, v, "They can no longer sign in.", "", func(id string) error { return p.enable(r, v, id, false) })
}

func (p *pages) allow(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	return p.do(w, r, v, "They can sign in again.", "", func(id string) error { return p.enable(r, v, id, true) })
}

func (p *pages) revoking(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	return p.ask(w, r, v, "End all sessions of", "Every browser and every application has to have them sign in again.", "End sessions", "/revoke")
}

func (p *pages) revoke(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	return p.do(w, r, v, "All their sessions are over.", "", func(id string) error { return p.Users.RevokeSessions(r.Context(), v.Who, id) })
}

func (p *pages) deleting(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	return p.ask(w, r, v, "Delete", "They lose everything they have here. The account can be restored for thirty days.", "Delete user", "/delete")
}

func (p *pages) remove(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	return p.do(w, r, v, "The user is deleted.", v.To("/users"), func(id string) error { return p.Users.Delete(r.Context(), v.Who, id) })
}

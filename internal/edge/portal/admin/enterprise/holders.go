package enterprise

import (
	"net/http"
	"slices"
	"time"

	"entente/internal/core/app"
	"entente/internal/core/consent"
	"entente/internal/edge/portal"
	"entente/internal/edge/portal/admin"
	"entente/internal/flow/lookup"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
)

// plain is the name of access without a role.
const plain = "Default access"

// roleName names an app role of the application.
func roleName(p *app.ServicePrincipal, id ids.RoleID) string {
	if id == ids.Nil {
		return plain
	}
	if r := p.Role(id); r != nil {
		return r.DisplayName
	}
	return "A role that is gone"
}

var kindNames = map[string]string{"User": "User", "Group": "Group", "ServicePrincipal": "Application"}

func usersCrumb(v *admin.Visitor, s *consent.Standing) portal.Link {
	return portal.Link{Text: "Users and groups", To: at(v, s.ID, "/users")}
}

// holders lists who is assigned to the application.
func (p *pages) holders(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	s, err := p.standing(r, v)
	if err != nil {
		return err
	}
	f := portal.NewFilter(r, "Search users and groups", &portal.Field{ID: "find", Label: "Name begins with"},
		portal.Select{Field: portal.Field{ID: "type", Label: "Type"}, Options: []portal.Option{{Label: "Any"}, {Value: "User", Label: "User"}, {Value: "Group", Label: "Group"}, {Value: "ServicePrincipal", Label: "Application"}}})
	q := query.Query{Order: []query.Key{{Field: "principalDisplayName"}}}
	if q.Page, err = portal.PageOf(r); err != nil {
		return err
	}
	var all query.And
	if find := f.Value("find"); find != "" {
		all = append(all, query.StartsWith{Field: "principalDisplayName", Value: find})
	}
	if kind := f.Value("type"); kind != "" {
		all = append(all, query.Compare{Field: "principalType", Op: query.Eq, Value: kind})
	}
	if len(all) > 0 {
		q.Filter = all
	}
	found, err := p.Consent.Holders(r.Context(), v.Who, s.ID, q)
	if err != nil {
		return portal.BadPage(err)
	}
	l := portal.List{Filter: f, First: portal.FirstPage(r), Next: portal.NextPage(r, found.Next)}
	t := portal.Table{Caption: "Who is assigned, by name", Heads: []string{"Name", "Type", "Role", "Since", "Until", ""}}
	for _, a := range found.Items {
		role := roleName(s.ServicePrincipal, a.RoleID)
		t.Rows = append(t.Rows, portal.Row{Head: portal.Cell{Text: a.PrincipalName, To: holderAt(v, a)}, Cells: []portal.Cell{{Text: kindNames[a.PrincipalKind]}, {Text: role}, {At: a.CreatedAt}, until(a.Ends),
			{Do: &portal.Link{Text: "Remove…", Of: a.PrincipalName + ", " + role, To: at(v, s.ID, "/users/"+string(a.ID)+"/remove")}}}})
	}
	switch l.Table = &t; {
	case len(t.Rows) > 0:
	case f.Set():
		l.Table, l.None = nil, f.Missed()
	default:
		l.Table, l.None = nil, &portal.Nothing{Title: "Nobody is assigned", Text: "Users and groups with a role in this application stand here, those with default access too."}
	}
	return p.Show(w, r, v, portal.Frame{Title: "Users and groups of " + portal.Inert(s.DisplayName), Content: "list", Data: l, Crumbs: crumbs(v, s),
		Do: &portal.Link{Text: "Add user/group", To: at(v, s.ID, "/users/add")}})
}

// holderAt leads to whoever holds a role, where they have a page.
func holderAt(v *admin.Visitor, a consent.Assignment) string {
	switch a.PrincipalKind {
	case "User":
		return v.To("/users/" + string(a.PrincipalID))
	case "Group":
		return v.To("/groups/" + string(a.PrincipalID))
	case "ServicePrincipal":
		return at(v, a.PrincipalID, "")
	}
	return ""
}

var assignees = admin.Picker{Field: "who", Picked: "principal", Legend: "Who was found", Label: "Find users or groups", Kinds: []lookup.Kind{lookup.Member, lookup.Guest, lookup.Group}}

// assigning shows the form of an assignment.
func (p *pages) assigning(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	return p.assignForm(w, r, v, &portal.Draft{})
}

func (p *pages) assignForm(w http.ResponseWriter, r *http.Request, v *admin.Visitor, d *portal.Draft) error {
	s, err := p.standing(r, v)
	if err != nil {
		return err
	}
	who, err := assignees.Part(r, v, p.Lookup, d)
	if err != nil {
		return err
	}
	roles := portal.Choices{ID: "role", Legend: "Role"}
	for _, role := range s.AppRoles {
		if role.IsEnabled && slices.Contains(role.AllowedMemberTypes, "User") {
			roles.Options = append(roles.Options, portal.Option{Value: string(role.ID), Label: role.DisplayName, Hint: role.Description, Checked: len(roles.Options) == 0})
		}
	}
	if len(roles.Options) == 0 {
		roles.Options = []portal.Option{{Value: string(ids.Nil), Label: plain, Hint: "The application offers users no roles.", Checked: true}}
	}
	return p.Show(w, r, v, portal.Frame{Title: "Add user/group to " + portal.Inert(s.DisplayName), Content: "form", Problems: d.Problems, Crumbs: crumbs(v, s, usersCrumb(v, s)),
		Data: portal.Form{Action: at(v, s.ID, "/users/add"), Button: "Assign in " + v.Name(), Back: at(v, s.ID, "/users"), Parts: []portal.Part{who, d.Choose(roles),
			d.Line(portal.Field{ID: "end", Label: "Last day", Type: "date", Class: "w-date", Autocomplete: "off", Optional: true, Hint: "To its end (UTC). Without it the assignment has no end."})}}})
}

// lastDay reads a date that was typed and returns its end, or the zero time; what
// is none is a problem.
func lastDay(d *portal.Draft, field string) time.Time {
	typed := d.Get(field)
	if typed == "" {
		return time.Time{}
	}
	t, err := time.Parse(time.DateOnly, typed)
	if err != nil {
		d.Wrong(field, "Enter a date, such as 2027-03-31")
		return t
	}
	return t.AddDate(0, 0, 1)
}

// assign gives the role to those who were picked.
func (p *pages) assign(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	d, err := admin.Form(r)
	if err != nil {
		return err
	}
	s, err := p.standing(r, v)
	if err != nil {
		return err
	}
	if assignees.Looks(d) {
		return p.assignForm(w, r, v, d)
	}
	role, err := ids.Parse[ids.RoleID](d.Get("role"))
	if err != nil {
		d.Wrong("role", "Choose a role")
	}
	end, picked := lastDay(d, "end"), assignees.Of(d)
	if len(picked) == 0 {
		d.Wrong("who", "Find somebody, and pick them")
	}
	for _, id := range picked {
		if !d.OK() {
			break
		}
		if _, err := p.Consent.Assign(r.Context(), v.Who, id, s.ID, role, end); err != nil && !refused(d, err) {
			return err
		}
	}
	if !d.OK() {
		return p.assignForm(w, r, v, d)
	}
	return p.Done(w, r, at(v, s.ID, "/users"), "The assignment is made.")
}

// unassigning asks whether the visitor means it.
func (p *pages) unassigning(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	s, a, err := p.assignment(r, v)
	if err != nil {
		return err
	}
	return p.Show(w, r, v, portal.Frame{Title: "Remove " + portal.Inert(a.PrincipalName) + "?", Content: "form", Crumbs: crumbs(v, s, usersCrumb(v, s)),
		Data: portal.Form{Action: at(v, s.ID, "/users/"+string(a.ID)+"/remove"), Stop: true, Button: "Remove assignment in " + v.Name(), Back: at(v, s.ID, "/users"), Leave: "Keep it",
			Text: "They lose the role “" + portal.Inert(roleName(s.ServicePrincipal, a.RoleID)) + "” in " + portal.Inert(s.DisplayName) + " at once. What an access package gave is better ended there."}})
}

// assignment returns the application and the assignment that the address names.
func (p *pages) assignment(r *http.Request, v *admin.Visitor) (*consent.Standing, consent.Assignment, error) {
	s, err := p.standing(r, v)
	if err != nil {
		return nil, consent.Assignment{}, err
	}
	a, err := p.Consent.Holder(r.Context(), v.Who, s.ID, ids.AssignmentID(r.PathValue("assignment")))
	return s, a, err
}

// unassign takes a role back.
func (p *pages) unassign(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	s, a, err := p.assignment(r, v)
	if err != nil {
		return err
	}
	if err := p.Consent.Unassign(r.Context(), v.Who, consent.OnResource(s.ID), a.ID); err != nil {
		return err
	}
	return p.Done(w, r, at(v, s.ID, "/users"), "The assignment is removed.")
}

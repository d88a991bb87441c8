package access

import (
	"net/http"

	"entente/internal/edge/portal"
	"entente/internal/edge/portal/admin"
	"entente/internal/flow/entitlement"
	"entente/internal/flow/offer"
	"entente/internal/flow/provision"
	"entente/internal/kit/ids"
)

// A heldRow is an assignment in the list.
type heldRow struct {
	portal.Row
	Pieces   []portal.Piece
	Progress string
	Reasons  []string // why roles could not be given
	End      portal.Cell
}

// heldData is what the list of assignments shows.
type heldData struct {
	portal.List
	Rows []heldRow
}

// assignments lists who has what, with each role's delivery.
func (p *pages) assignments(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	options := []portal.Option{{Label: "Any"}}
	for _, s := range entitlement.AssignmentStates {
		options = append(options, portal.Option{Value: string(s), Label: portal.AccessTag(&entitlement.Assignment{State: s}).Text})
	}
	f := portal.NewFilter(r, "Search assignments", &emailField, portal.Select{Field: portal.Field{ID: "state", Label: "State"}, Options: options})
	of, name, err := p.packageIn(r, v, f)
	if err != nil {
		return err
	}
	q, err := asking(r, is("state", f.Value("state")), is("accessPackage/id", of))
	if err != nil {
		return err
	}
	page, err := p.Access.Held(r.Context(), v.Who, f.Value("email"), q)
	if err != nil {
		return portal.BadPage(err)
	}
	d := heldData{List: portal.List{Filter: f, First: portal.FirstPage(r), Next: portal.NextPage(r, page.Next)}}
	switch {
	case len(page.Items) == 0 && f.Set():
		d.None = f.Missed()
	case len(page.Items) == 0:
		d.List = portal.List{None: &portal.Nothing{Title: "Nobody has anything yet", Text: "Whoever is given an access package stands here, with what was delivered."}}
	}
	for _, a := range page.Items {
		row := heldRow{Progress: progress(a.Grants), End: p.endOf(a.Assignment)}
		tag := portal.AccessTag(a.Assignment)
		row.Head = nameOf(a.For)
		row.Head.To = v.To("/entitlement/assignments/" + string(a.ID))
		row.Cells = []portal.Cell{{Text: a.Name}, {Tag: &tag}}
		for _, g := range a.Grants {
			row.Pieces = append(row.Pieces, portal.PieceOf(g.State))
			if g.State == provision.Failed && g.Error != "" {
				row.Reasons = append(row.Reasons, g.Error)
			}
		}
		if len(row.Reasons) == 0 && a.Error != "" {
			row.Reasons = []string{a.Error}
		}
		d.Rows = append(d.Rows, row)
	}
	return p.Show(w, r, v, portal.Frame{Title: "Assignments" + name, Content: "held", Data: d, Crumbs: crumbs(v), Intro: "Who has what of " + v.Name() + " through access packages, how far it has come, and until when.",
		Do: &portal.Link{Text: "New assignment", To: v.To("/entitlement/assignments/new")}})
}

// endOf says when an assignment ends, or ended.
func (p *pages) endOf(a *entitlement.Assignment) portal.Cell {
	switch {
	case !a.ExpiredAt.IsZero():
		return portal.Cell{At: a.ExpiredAt, Under: "ended"}
	case a.EndsAt.IsZero():
		return portal.Cell{Text: "No end"}
	}
	return portal.Cell{At: a.EndsAt, Under: left(a.EndsAt, p.Clock.Now())}
}

// held returns the assignment that the address names.
func (p *pages) held(r *http.Request, v *admin.Visitor) (*entitlement.HeldCase, error) {
	id, err := admin.ID[ids.AccessID](r, "assignment")
	if err != nil {
		return nil, err
	}
	return p.Access.HeldCase(r.Context(), v.Who, id)
}

// ofAssignments are the pages above one assignment's.
func ofAssignments(v *admin.Visitor, a *entitlement.HeldCase) []portal.Link {
	all := crumbs(v, portal.Link{Text: "Assignments", To: v.To("/entitlement/assignments")})
	if a != nil {
		all = append(all, portal.Link{Text: a.Name + ", " + nameOf(a.For).Text, To: v.To("/entitlement/assignments/" + string(a.ID))})
	}
	return all
}

// assignment shows one: what was delivered, why not, and what made it.
func (p *pages) assignment(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	a, err := p.held(r, v)
	if err != nil {
		return err
	}
	at := v.To("/entitlement/assignments/" + string(a.ID))
	t := portal.Thing{Tags: []portal.Tag{portal.AccessTag(a.Assignment)}, Facts: []portal.Fact{
		{Name: "Who", Value: nameOf(a.For).Text}, {Name: "Mail address", Value: nameOf(a.For).Under},
		ofPackage(v, a.Name, a.Package, a.Gone),
		{Name: "From", At: a.StartsAt}, {Name: "Until", Value: "No end"}, {Name: "Status", Value: a.Status}, {Name: "Assignment ID", Value: string(a.ID), Code: true}}}
	if end := p.endOf(a.Assignment); !end.At.IsZero() {
		t.Facts[4] = portal.Fact{Name: "Until", At: end.At, Tag: &portal.Tag{Text: end.Under}}
		if end.Under == "" {
			t.Facts[4].Tag = nil
		}
	}
	if a.Object != "" {
		t.Facts = append(t.Facts, portal.Fact{Name: "Account here", Link: &portal.Link{Text: "Open the account", To: v.To("/users/" + string(a.Object))}})
	}
	if a.Live() {
		t.Do = []portal.Link{{Text: "Reprocess", To: at + "/repair", Post: true}, {Text: "Change the end", To: at + "/change"}, {Text: "Remove access…", To: at + "/remove"}}
	}
	t.Sections = append(t.Sections, delivery(a.Grants, a.Roles))
	made := portal.Section{ID: "requests", Heading: "Requests", Table: &portal.Table{Caption: "Requests about it, newest first", Heads: []string{"Kind", "State", "Asked"}}}
	for _, x := range a.Requests {
		tag := portal.RequestTag(x)
		made.Table.Rows = append(made.Table.Rows, portal.Row{Head: portal.Cell{Text: portal.Wish(x.Type), To: v.To("/entitlement/requests/" + string(x.ID))}, Cells: []portal.Cell{{Tag: &tag}, {At: x.CreatedAt}}})
	}
	if len(a.Requests) > 0 {
		t.Sections = append(t.Sections, made)
	}
	return p.Show(w, r, v, portal.Frame{Title: portal.Inert(a.Name) + " of " + portal.Inert(nameOf(a.For).Text), Content: "thing", Data: t, Crumbs: ofAssignments(v, nil)})
}

// delivery tells of each role how far it has come, why not, and of roles that
// the package gives no more.
func delivery(grants []*provision.Grant, roles []offer.RoleScope) portal.Section {
	s := portal.Section{ID: "delivery", Heading: "Delivery", Text: progress(grants) + " given.", Table: &portal.Table{Caption: "Roles, and how far each has come", Heads: []string{"Resource", "Role", "State", "Why"}}}
	if len(grants) == 0 {
		s.Text = "Nothing has been given so far."
	}
	seen := map[string]bool{}
	for _, x := range roles {
		row := portal.Row{Head: portal.Cell{Text: x.Resource.Name}, Cells: []portal.Cell{{Text: x.Role.Name}, {Text: "Not given"}, {}}}
		for _, g := range grants {
			if g.Role.System == string(x.Resource.Origin) && g.Role.Origin == x.Resource.OriginID && g.Role.Role == x.Role.OriginID {
				seen[g.ID] = true
				row.Cells[1], row.Cells[2] = stateOf(g), portal.Cell{Text: g.Error}
			}
		}
		s.Table.Rows = append(s.Table.Rows, row)
	}
	for _, g := range grants {
		if !seen[g.ID] {
			s.Table.Rows = append(s.Table.Rows, portal.Row{Head: portal.Cell{Text: g.Role.Origin, Under: "no longer in the package"}, Cells: []portal.Cell{{Text: g.Role.Role}, stateOf(g), {Text: g.Error}}})
		}
	}
	if len(s.Table.Rows) == 0 {
		s.Table, s.Text = nil, "The package has no resources."
	}
	return s
}

func stateOf(g *provision.Grant) portal.Cell {
	switch portal.PieceOf(g.State).Class {
	case "y":
		return portal.Cell{Tag: &portal.Tag{Kind: "ok", Text: "Given"}}
	case "x":
		return portal.Cell{Tag: &portal.Tag{Kind: "stop", Text: "Failed"}}
	case "e":
		return portal.Cell{Tag: &portal.Tag{Sign: "end", Text: "Ended"}}
	}
	return portal.Cell{Tag: &portal.Tag{Kind: "wait", Sign: "half", Text: "Under way"}}
}

// repair has everything that an assignment gives given once more.
func (p *pages) repair(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	a, err := p.held(r, v)
	if err != nil {
		return err
	}
	at := v.To("/entitlement/assignments/" + string(a.ID))
	if err := p.Access.Repair(r.Context(), v.Who, a.ID); err != nil {
		d := &portal.Draft{}
		if d.Refused(err, nil) {
			return p.Told(w, r, at, portal.Note{Kind: "stop", Lead: "Nothing was done.", Text: d.Problems[0].Text + "."})
		}
		return err
	}
	return p.Done(w, r, at, "Everything that the package gives is being given once more.")
}

package enterprise

import (
	"net/http"

	"entente/internal/edge/portal"
	"entente/internal/edge/portal/admin"
	"entente/internal/kit/ids"
)

// abroad lists what this organization's applications may do in others.
func (p *pages) abroad(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	field := finding
	f := portal.NewFilter(r, "Search our applications elsewhere", &field)
	q, err := asked(r, f)
	if err != nil {
		return err
	}
	found, err := p.Consent.Abroad(r.Context(), v.Who, q)
	if err != nil {
		return portal.BadPage(err)
	}
	l := portal.List{Filter: f, First: portal.FirstPage(r), Next: portal.NextPage(r, found.Next)}
	t := portal.Table{Caption: "Our applications in other organizations, by name", Heads: []string{"Name", "Organization", "What it may do there", "Until", "Last sign-in"}}
	for _, e := range found.Items {
		t.Rows = append(t.Rows, portal.Row{Head: portal.Cell{Text: e.DisplayName, To: v.To("/our-applications-elsewhere/" + string(e.ID))},
			Cells: append([]portal.Cell{{Text: e.PlaceName}}, reach(e)...)})
	}
	switch l.Table = &t; {
	case len(t.Rows) > 0:
	case f.Set():
		l.Table, l.None = nil, f.Missed()
	default:
		l.Table, l.None = nil, &portal.Nothing{Title: "No other organization has let an application of yours in", Text: "When an administrator of another organization consents to one, it stands here, with what it may do there and until when."}
	}
	return p.Show(w, r, v, portal.Frame{Title: "Our applications elsewhere", Content: "list", Data: l,
		Intro: "Applications of " + v.Name() + " that other organizations have let in. Those organizations see the same list from their side."})
}

// abroadOne shows one of them in one organization.
func (p *pages) abroadOne(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	id, err := admin.ID[ids.ObjectID](r, "principal")
	if err != nil {
		return err
	}
	s, err := p.Consent.AbroadOne(r.Context(), v.Who, id)
	if err != nil {
		return err
	}
	t := portal.Thing{
		Codes: []portal.Code{{ID: "app", Label: "Application (client) ID", Value: string(s.AppID)}, {ID: "object", Label: "Object ID there", Value: string(s.ID)},
			{ID: "tenant", Label: "Tenant ID of the organization", Value: string(s.Tenant)}},
		Facts: known(portal.Fact{Name: "Organization", Value: s.PlaceName}, portal.Fact{Name: "There since", At: *s.CreatedDateTime}, portal.Fact{Name: "Last sign-in", At: s.Last}),
	}
	for _, kind := range []bool{true, false} {
		t.Sections = append(t.Sections, granted(v, s, kind, false))
	}
	t.Sections = append(t.Sections, portal.Section{ID: "more", Heading: "What the other side decides",
		Text: "The organization can end or shorten this at any time, and need not say so first. Who consented there is in its log; that it happened is in both."})
	return p.Show(w, r, v, portal.Frame{Title: portal.Inert(s.DisplayName) + " in " + portal.Inert(s.PlaceName), Content: "thing", Data: t, Script: "copy",
		Crumbs: []portal.Link{{Text: "Our applications elsewhere", To: v.To("/our-applications-elsewhere")}}})
}

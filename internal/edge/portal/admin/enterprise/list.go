package enterprise

import (
	"net/http"
	"time"

	"entente/internal/core/consent"
	"entente/internal/edge/portal"
	"entente/internal/edge/portal/admin"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
)

// origins are where applications come from, to filter by.
var origins = []portal.Option{
	{Label: "Any"}, {Value: string(consent.OwnTenant), Label: "Applications of this organization"},
	{Value: string(consent.Elsewhere), Label: "Applications of other organizations"},
	{Value: string(consent.Managed), Label: "Managed identities"}, {Value: string(consent.BuiltIn), Label: "Part of this installation"},
}

var finding = portal.Field{ID: "find", Label: "Name begins with, or application ID"}

// asked reads what a list by name is asked.
func asked(r *http.Request, f *portal.Filter) (query.Query, error) {
	page, err := portal.PageOf(r)
	q := query.Query{Order: []query.Key{{Field: "displayName"}}, Page: page}
	switch find := f.Value("find"); {
	case ids.Valid(find):
		q.Filter = query.Compare{Field: "appId", Op: query.Eq, Value: find}
	case find != "":
		q.Filter = query.StartsWith{Field: "displayName", Value: find}
	}
	return q, err
}

// all lists the enterprise applications.
func (p *pages) all(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	field := finding
	f := portal.NewFilter(r, "Search enterprise applications", &field, portal.Select{Field: portal.Field{ID: "from", Label: "Application type"}, Options: origins})
	q, err := asked(r, f)
	if err != nil {
		return err
	}
	found, err := p.Consent.Enterprises(r.Context(), v.Who, consent.Origin(f.Value("from")), q)
	if err != nil {
		return portal.BadPage(err)
	}
	l := portal.List{Filter: f, First: portal.FirstPage(r), Next: portal.NextPage(r, found.Next)}
	t := portal.Table{Caption: "Enterprise applications by name", Heads: []string{"Name", "Where it comes from", "What it may do here", "Sign-in"}}
	for _, e := range found.Items {
		t.Rows = append(t.Rows, portal.Row{Head: portal.Cell{Text: e.DisplayName, Under: string(e.AppID), To: at(v, e.ID, "")},
			Cells: []portal.Cell{{Text: origin(e.ServicePrincipal, e.HomeName)}, may(e.Has), {Tag: enabled(e.ServicePrincipal)}}})
	}
	if l.Table = &t; len(t.Rows) == 0 {
		l.Table, l.None = nil, f.Missed()
	}
	return p.Show(w, r, v, portal.Frame{Title: "Enterprise applications", Content: "list", Data: l,
		Intro: "Applications and managed identities that are present in " + v.Name() + ": where each comes from, and what it may do here."})
}

// foreign lists applications of other organizations.
func (p *pages) foreign(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	field := finding
	f := portal.NewFilter(r, "Search foreign applications", &field)
	q, err := asked(r, f)
	if err != nil {
		return err
	}
	found, err := p.Consent.Enterprises(r.Context(), v.Who, consent.Elsewhere, q)
	if err != nil {
		return portal.BadPage(err)
	}
	l := portal.List{Filter: f, First: portal.FirstPage(r), Next: portal.NextPage(r, found.Next)}
	t := portal.Table{Caption: "Foreign applications by name", Heads: []string{"Name", "Home organization", "What it may do here", "Until", "Last sign-in"}}
	for _, e := range found.Items {
		t.Rows = append(t.Rows, portal.Row{Head: portal.Cell{Text: e.DisplayName, To: at(v, e.ID, "")},
			Cells: append([]portal.Cell{{Text: origin(e.ServicePrincipal, e.HomeName)}}, reach(e)...)})
	}
	switch l.Table = &t; {
	case len(t.Rows) > 0:
	case f.Set():
		l.Table, l.None = nil, f.Missed()
	default:
		l.Table, l.None = nil, &portal.Nothing{Title: "No application of another organization is here", Text: "One comes in when an administrator or a user consents to it. It stands here then, with what it may do and until when."}
	}
	return p.Show(w, r, v, portal.Frame{Title: "Foreign applications here", Content: "list", Data: l,
		Intro: "Applications of other organizations that reach something in " + v.Name() + ". Their home sees the same list from its side."})
}

// reach is what both sides see of an application that crosses.
func reach(e consent.Enterprise) []portal.Cell {
	const day = "Jan 2, 2006"
	end, last := portal.Cell{Text: "–", Under: "Since " + e.CreatedDateTime.UTC().Format(day)}, "Not lately"
	switch {
	case e.Has.Roles+e.Has.Scopes == 0:
	case e.Has.Ends.IsZero():
		end.Text = "No end"
	default:
		end.Text = e.Has.Ends.UTC().Add(-time.Second).Format(day) // the last day, as consent asks for it
	}
	if !e.Last.IsZero() {
		last = e.Last.UTC().Format(day)
	}
	return []portal.Cell{may(e.Has), end, {Text: last}}
}

package packages

import (
	"net/http"

	"entente/internal/edge/portal"
	"entente/internal/edge/portal/admin"
	"entente/internal/flow/offer"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
)

// mostOptions is how many catalogs or packages stand in a select.
const mostOptions = 100

// list shows the access packages that the visitor may see, and what they have not
// finished.
func (p *Pages) list(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	page, err := portal.PageOf(r)
	if err != nil {
		return err
	}
	catalogs, names, err := p.catalogs(r, v)
	if err != nil {
		return err
	}
	f := portal.NewFilter(r, "Search access packages", &portal.Field{ID: "name", Label: "Name begins with"},
		portal.Select{Field: portal.Field{ID: "catalog", Label: "Catalog"}, Options: append([]portal.Option{{Label: "All catalogs"}}, catalogs...)},
		portal.Select{Field: portal.Field{ID: "hidden", Label: "Hidden"}, Options: []portal.Option{{Label: "Any"}, {Value: "yes", Label: "Yes"}, {Value: "no", Label: "No"}}})
	q := offer.Asked{Query: query.Query{Order: []query.Key{{Field: "displayName"}}, Page: page}}
	var all query.And
	if s := f.Value("name"); s != "" {
		all = append(all, query.StartsWith{Field: "displayName", Value: s})
	}
	if s := f.Value("hidden"); s != "" {
		all = append(all, query.Compare{Field: "isHidden", Op: query.Eq, Value: s == "yes"})
	}
	if len(all) > 0 {
		q.Query.Filter = all
	}
	found, err := p.Access.Packages(r.Context(), v.Who, ids.CatalogID(f.Value("catalog")), q)
	if err != nil {
		return portal.BadPage(err)
	}
	l := portal.List{Filter: f, First: portal.FirstPage(r), Next: portal.NextPage(r, found.Next)}
	switch {
	case len(found.Items) > 0:
		l.Table = packageTable(v, found.Items, names)
	case f.Set():
		l.None = f.Missed()
	default:
		l.None = &portal.Nothing{Title: "No access packages yet", Text: "An access package bundles roles of resources that are given together, with policies that say who may ask for it, who approves and when access ends.",
			Do: &portal.Link{Text: "New access package", To: v.To(listPath + "/new")}}
	}
	drafts, err := p.drafts(r, v)
	if err != nil {
		return err
	}
	return p.Show(w, r, v, portal.Frame{Title: "Access packages", Crumbs: crumbs(v)[:1], Content: "packages",
		Intro: "What " + v.Name() + " gives together, to its own people and to people of connected organizations.",
		Do:    &portal.Link{Text: "New access package", To: v.To(listPath + "/new")},
		Data:  listed{l, drafts}})
}

// listed is the list with the visitor's drafts.
type listed struct {
	portal.List
	Drafts *portal.Table
}

func packageTable(v *admin.Visitor, list []*offer.Package, catalogs map[ids.CatalogID]string) *portal.Table {
	t := &portal.Table{Caption: "Access packages", Heads: []string{"Name", "Catalog", "Hidden", "Created"}}
	for _, p := range list {
		hidden := "No"
		if p.Hidden {
			hidden = "Yes"
		}
		catalog := portal.Cell{Text: catalogs[p.Catalog]}
		if catalog.Text == "" {
			catalog.Text = "Open the catalog"
		}
		catalog.To = v.To("/entitlement/catalogs/" + string(p.Catalog))
		t.Rows = append(t.Rows, portal.Row{
			Head:  portal.Cell{Text: p.Name, To: v.To(listPath + "/" + string(p.ID)), Under: portal.Clip(p.Description, 120)},
			Cells: []portal.Cell{catalog, {Text: hidden}, {At: p.CreatedAt}},
		})
	}
	return t
}

// catalogs returns the first catalogs by name, as options and by identifier.
func (p *Pages) catalogs(r *http.Request, v *admin.Visitor) ([]portal.Option, map[ids.CatalogID]string, error) {
	found, err := p.Access.Catalogs(r.Context(), v.Who, offer.Asked{Query: query.Query{
		Order: []query.Key{{Field: "displayName"}}, Page: query.Page{Limit: mostOptions}}})
	if err != nil {
		return nil, nil, err
	}
	var options []portal.Option
	names := make(map[ids.CatalogID]string)
	for _, c := range found.Items {
		options = append(options, portal.Option{Value: string(c.ID), Label: c.Name})
		names[c.ID] = c.Name
	}
	return options, names, nil
}

// drafts shows what the visitor has not finished, or nothing.
func (p *Pages) drafts(r *http.Request, v *admin.Visitor) (*portal.Table, error) {
	t := &portal.Table{Caption: "Drafts", Heads: []string{"Not finished", "What it is", "Last changed", "Kept until", ""}}
	for _, kind := range []string{packageDraft, policyDraft} {
		all, err := p.Drafts.Drafts(r.Context(), v.Who, kind)
		if err != nil {
			return nil, err
		}
		for _, d := range all {
			what := "Access package"
			if kind == policyDraft {
				what = "Policy"
			}
			title := d.Title
			if title == "" {
				title = "Without a name"
			}
			to := v.To(draftPath + string(d.ID))
			t.Rows = append(t.Rows, portal.Row{Head: portal.Cell{Text: title, To: to}, Cells: []portal.Cell{
				{Text: what}, {At: d.ModifiedAt}, {At: d.EndsAt()}, {Do: &portal.Link{Text: "Throw away…", Of: title, To: to + "/discard"}}}})
		}
	}
	if len(t.Rows) == 0 {
		return nil, nil
	}
	return t, nil
}

func (p *Pages) askDiscard(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	e, err := p.open(r, v)
	if err != nil {
		return err
	}
	return p.ask(w, r, v, "Throw away “"+portal.Inert(e.plan.title())+"”?", crumbs(v), portal.Form{
		Action: v.To(draftPath + string(e.draft.ID) + "/discard"), Text: "What you have filled in is gone then. Nothing was made of it.",
		Button: "Throw the draft away", Stop: true, Back: v.To(draftPath + string(e.draft.ID)), Leave: "Keep it",
	})
}

func (p *Pages) discard(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	e, err := p.open(r, v)
	if err != nil {
		return err
	}
	if err := p.Drafts.Drop(r.Context(), v.Who, e.draft.ID); err != nil {
		return err
	}
	return p.Done(w, r, v.To(listPath), "The draft is gone.")
}

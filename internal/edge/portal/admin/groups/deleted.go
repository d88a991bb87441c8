package groups

import (
	"net/http"
	"time"

	"entente/internal/core/directory"
	"entente/internal/core/object"
	"entente/internal/edge/portal"
	"entente/internal/edge/portal/admin"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
)

// deleting asks whether the visitor means it.
func (p *pages) deleting(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	g, err := p.one(r, v)
	if err != nil {
		return err
	}
	return p.Show(w, r, v, portal.Frame{Title: "Delete " + portal.Inert(g.DisplayName) + "?", Content: "form", Crumbs: crumbs(v, g),
		Data: portal.Form{Action: at(v, g, "/delete"), Stop: true, Button: "Delete group in " + v.Name(), Back: at(v, g, ""), Leave: "Keep it",
			Text: "Its members lose at once what they have by it. It can be restored, with its members and owners, for thirty days."}})
}

// remove deletes the group.
func (p *pages) remove(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	g, err := p.one(r, v)
	if err != nil {
		return err
	}
	if err := p.Groups.DeleteGroup(r.Context(), v.Who, g.ID); err != nil {
		return err
	}
	return p.Told(w, r, v.To("/groups"), portal.Note{Kind: "ok", Lead: "The group is deleted.", Text: "It stands among the deleted groups for thirty days."})
}

// deletedGroups lists those that can be restored.
func (p *pages) deletedGroups(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	f := portal.NewFilter(r, "Search deleted groups", &portal.Field{ID: "find", Label: "Name begins with"})
	page, err := portal.PageOf(r)
	if err != nil {
		return err
	}
	q := query.Query{Order: []query.Key{{Field: "displayName"}}, Page: page}
	if find := f.Value("find"); find != "" {
		q.Filter = query.StartsWith{Field: "displayName", Value: find}
	}
	found, err := p.Groups.DeletedGroups(r.Context(), v.Who, q)
	if err != nil {
		return portal.BadPage(err)
	}
	l := portal.List{Filter: f, First: portal.FirstPage(r), Next: portal.NextPage(r, found.Next)}
	switch {
	case len(found.Items) > 0:
		l.Table = &portal.Table{Caption: "Deleted groups by name", Heads: []string{"Name", "Group type", "Deleted", "Goes for good", "", ""}}
	case f.Set():
		l.None = f.Missed()
	default:
		l.None = &portal.Nothing{Title: "No deleted group", Text: "A group that is deleted stands here for thirty days."}
	}
	for _, g := range found.Items {
		to := v.To("/deleted-groups/" + string(g.ID))
		row := portal.Row{Head: portal.Cell{Text: g.DisplayName, Under: string(g.ID)}, Cells: []portal.Cell{{Text: kindOf(g)}, {}, {},
			{Do: &portal.Link{Text: "Restore", Of: g.DisplayName, To: to, Post: true}}, {Do: &portal.Link{Text: "Delete permanently…", Of: g.DisplayName, To: to + "/purge"}}}}
		if g.DeletedDateTime != nil {
			row.Cells[1].Text, row.Cells[2].Text = day(v.Local(*g.DeletedDateTime)), day(v.Local(g.DeletedDateTime.Add(object.KeptDeleted)))
		}
		l.Table.Rows = append(l.Table.Rows, row)
	}
	return p.Show(w, r, v, portal.Frame{Title: "Deleted groups", Content: "list", Data: l, Intro: "Groups of " + v.Name() + " that were deleted less than thirty days ago."})
}

// day is a date as a row with many cells shows it.
func day(t time.Time) string { return t.Format("Jan 2, 2006") }

// gone returns the deleted group that the address names.
func (p *pages) gone(r *http.Request, v *admin.Visitor) (*directory.Group, error) {
	id, err := admin.ID[ids.ObjectID](r, "group")
	if err != nil {
		return nil, err
	}
	return p.Groups.DeletedGroup(r.Context(), v.Who, id)
}

// restore brings a group back.
func (p *pages) restore(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	g, err := p.gone(r, v)
	if err != nil {
		return err
	}
	if _, err := p.Groups.RestoreGroup(r.Context(), v.Who, g.ID); err != nil {
		d := &portal.Draft{}
		if !d.Refused(err, nil) {
			return err
		}
		return p.Told(w, r, v.To("/deleted-groups"), portal.Note{Kind: "stop", Lead: "The group can’t return as it was.", Text: d.Problems[0].Text + "."})
	}
	return p.Done(w, r, v.To("/groups/"+string(g.ID)), "The group is back, with its members and owners.")
}

// purging asks whether the visitor means it.
func (p *pages) purging(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	g, err := p.gone(r, v)
	if err != nil {
		return err
	}
	return p.Show(w, r, v, portal.Frame{Title: "Delete " + portal.Inert(g.DisplayName) + " permanently?", Content: "form", Crumbs: []portal.Link{{Text: "Deleted groups", To: v.To("/deleted-groups")}},
		Data: portal.Form{Action: v.To("/deleted-groups/" + string(g.ID) + "/purge"), Stop: true, Button: "Delete permanently in " + v.Name(), Back: v.To("/deleted-groups"), Leave: "Keep it",
			Text: "The group and who was in it are gone for good. Nobody can bring it back."}})
}

// purge removes a group for good.
func (p *pages) purge(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	g, err := p.gone(r, v)
	if err != nil {
		return err
	}
	if err := p.Groups.PurgeGroup(r.Context(), v.Who, g.ID); err != nil {
		return err
	}
	return p.Done(w, r, v.To("/deleted-groups"), "The group is gone for good.")
}

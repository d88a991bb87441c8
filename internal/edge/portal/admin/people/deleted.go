package people

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

// deletedUsers lists those that can be restored.
func (p *pages) deletedUsers(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	f := portal.NewFilter(r, "Search deleted users", &portal.Field{ID: "find", Label: "Name begins with"})
	page, err := portal.PageOf(r)
	if err != nil {
		return err
	}
	q := query.Query{Order: []query.Key{{Field: "displayName"}}, Page: page}
	if find := f.Value("find"); find != "" {
		q.Filter = query.StartsWith{Field: "displayName", Value: find}
	}
	found, err := p.Users.DeletedUsers(r.Context(), v.Who, q)
	if err != nil {
		return portal.BadPage(err)
	}
	l := portal.List{Filter: f, First: portal.FirstPage(r), Next: portal.NextPage(r, found.Next)}
	switch {
	case len(found.Items) > 0:
		l.Table = &portal.Table{Caption: "Deleted users by name", Heads: []string{"Name", "User type", "Deleted", "Goes for good", "", ""}}
	case f.Set():
		l.None = f.Missed()
	default:
		l.None = &portal.Nothing{Title: "No deleted user", Text: "A user who is deleted stands here for thirty days."}
	}
	for _, u := range found.Items {
		to := v.To("/deleted-users/" + string(u.ID))
		row := portal.Row{Head: portal.Cell{Text: u.DisplayName, Under: address(u)}, Cells: []portal.Cell{{Text: kindOf(u)}, {}, {},
			{Do: &portal.Link{Text: "Restore…", Of: u.DisplayName, To: to + "/restore"}}, {Do: &portal.Link{Text: "Delete permanently…", Of: u.DisplayName, To: to + "/purge"}}}}
		if u.DeletedDateTime != nil {
			row.Cells[1].Text, row.Cells[2].Text = day(v.Local(*u.DeletedDateTime)), day(v.Local(u.DeletedDateTime.Add(object.KeptDeleted)))
		}
		l.Table.Rows = append(l.Table.Rows, row)
	}
	return p.Show(w, r, v, portal.Frame{Title: "Deleted users", Content: "list", Data: l, Intro: "Users of " + v.Name() + " who were deleted less than thirty days ago."})
}

// day is a date as a row with many cells shows it.
func day(t time.Time) string { return t.Format("Jan 2, 2006") }

// gone returns the deleted user that the address names.
func (p *pages) gone(r *http.Request, v *admin.Visitor) (*directory.User, error) {
	id, err := admin.ID[ids.ObjectID](r, "user")
	if err != nil {
		return nil, err
	}
	return p.Users.DeletedUser(r.Context(), v.Who, id)
}

func deletedCrumbs(v *admin.Visitor) []portal.Link {
	return []portal.Link{{Text: "Deleted users", To: v.To("/deleted-users")}}
}

func (p *pages) restoring(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	return p.restoreForm(w, r, v, &portal.Draft{})
}

// restoreForm asks under which name somebody returns.
func (p *pages) restoreForm(w http.ResponseWriter, r *http.Request, v *admin.Visitor, d *portal.Draft) error {
	u, err := p.gone(r, v)
	if err != nil {
		return err
	}
	parts := []portal.Part{
		d.Line(portal.Field{ID: "upn", Label: "Another user principal name", Class: "w-half", Autocomplete: "off", Optional: true, Hint: "Only where somebody else has theirs by now."}),
		d.Check(portal.Option{ID: "yield", Label: "Do without mail addresses that somebody else has by now"}),
	}
	return p.Show(w, r, v, portal.Frame{Title: "Restore " + portal.Inert(u.DisplayName), Content: "form", Problems: d.Problems, Crumbs: deletedCrumbs(v),
		Intro: "The account returns with its groups, roles and assignments.",
		Data:  portal.Form{Action: v.To("/deleted-users/" + string(u.ID) + "/restore"), Parts: parts, Button: "Restore user in " + v.Name(), Back: v.To("/deleted-users")}})
}

// restore brings somebody back.
func (p *pages) restore(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	d, err := admin.Form(r)
	if err != nil {
		return err
	}
	u, err := p.gone(r, v)
	if err != nil {
		return err
	}
	if _, err := p.Users.RestoreUser(r.Context(), v.Who, u.ID, directory.Return{Name: d.Get("upn"), Yield: d.Has("yield", "yes")}); err != nil {
		if d.Refused(err, map[string]string{"userPrincipalName": "upn"}) {
			return p.restoreForm(w, r, v, d)
		}
		return err
	}
	return p.Done(w, r, v.To("/users/"+string(u.ID)), "The user is back.")
}

// purging asks whether the visitor means it.
func (p *pages) purging(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	u, err := p.gone(r, v)
	if err != nil {
		return err
	}
	return p.Show(w, r, v, portal.Frame{Title: "Delete " + portal.Inert(u.DisplayName) + " permanently?", Content: "form", Crumbs: deletedCrumbs(v),
		Data: portal.Form{Action: v.To("/deleted-users/" + string(u.ID) + "/purge"), Stop: true, Button: "Delete permanently in " + v.Name(), Back: v.To("/deleted-users"), Leave: "Keep it",
			Text: "The account and all that it had are gone for good. Nobody can bring it back."}})
}

// purge removes somebody for good.
func (p *pages) purge(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	u, err := p.gone(r, v)
	if err != nil {
		return err
	}
	if err := p.Users.PurgeUser(r.Context(), v.Who, u.ID); err != nil {
		return err
	}
	return p.Done(w, r, v.To("/deleted-users"), "The user is gone for good.")
}

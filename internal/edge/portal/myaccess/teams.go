package myaccess

import (
	"net/http"

	"entente/internal/core/object"
	"entente/internal/core/site"
	"entente/internal/edge/portal"
)

// teams lists the organization's teams that the visitor is in, whatever has
// brought them there. Who has no account there is in none.
func (p *Pages) teams(w http.ResponseWriter, r *http.Request, v *visitor) error {
	ask, err := asking(r, "displayName", nil)
	if err != nil {
		return err
	}
	var page object.Page[*site.Team]
	if v.who.Object != "" {
		if page, err = p.Teams.OwnTeams(r.Context(), v.who, ask.Query); err != nil {
			return portal.BadPage(err)
		}
	}
	in := portal.Inert(v.in.DisplayName)
	d := listData{Next: portal.NextPage(r, page.Next)}
	if len(page.Items) == 0 {
		d.None = &portal.Nothing{Title: "You are in no team of " + in, Text: "Access packages may bring you into one. It stands here once that is delivered and you have accepted " + in + "’s invitation.",
			Do: &portal.Link{Text: "See the access packages", To: v.to("/access")}}
	} else {
		d.Table = &portal.Table{Caption: "Teams by name", Heads: []string{"Team", "What it is for", "State"}}
	}
	for _, t := range page.Items {
		about, state := "", &portal.Tag{Kind: "ok", Text: "Active"}
		if t.Description != nil {
			about = *t.Description
		}
		if t.IsArchived {
			state = &portal.Tag{Sign: "end", Text: "Archived"}
		}
		d.Table.Rows = append(d.Table.Rows, portal.Row{Head: portal.Cell{Text: t.DisplayName}, Cells: []portal.Cell{{Text: about}, {Tag: state}}})
	}
	return p.frame(w, r, v, "/access/teams", portal.Frame{Title: "Teams", Content: "rows", Data: d,
		Intro: "The teams of " + in + " that you are in. Work in them with the programs that " + in + " uses for teams; sign in there with your own account."})
}

// sites lists the organization's sites that the visitor is in: by a role there, or
// by a Microsoft 365 group. Who has no account there is in none.
func (p *Pages) sites(w http.ResponseWriter, r *http.Request, v *visitor) error {
	ask, err := asking(r, "displayName", nil)
	if err != nil {
		return err
	}
	var page object.Page[*site.Site]
	if v.who.Object != "" {
		if page, err = p.Teams.OwnSites(r.Context(), v.who, ask.Query); err != nil {
			return portal.BadPage(err)
		}
	}
	in := portal.Inert(v.in.DisplayName)
	d := listData{Next: portal.NextPage(r, page.Next)}
	if len(page.Items) == 0 {
		d.None = &portal.Nothing{Title: "You are in no site of " + in, Text: "Access packages may bring you into one. It stands here once that is delivered and you have accepted " + in + "’s invitation.",
			Do: &portal.Link{Text: "See the access packages", To: v.to("/access")}}
	} else {
		d.Table = &portal.Table{Caption: "Sites by name", Heads: []string{"Site", "What it is for", "Address", ""}}
	}
	for _, s := range page.Items {
		about, kind := "", "Site"
		if s.Description != nil {
			about = *s.Description
		}
		if s.Group != "" {
			kind = "Site of the Microsoft 365 group"
		}
		row := portal.Row{Head: portal.Cell{Text: s.DisplayName, Under: kind}, Cells: []portal.Cell{{Text: about}, {Text: s.WebURL, Whole: true}, {}}}
		if opens(s.WebURL) {
			row.Cells[2].Do = &portal.Link{Text: "Open", Of: s.DisplayName, To: s.WebURL}
		}
		d.Table.Rows = append(d.Table.Rows, row)
	}
	return p.frame(w, r, v, "/access/sites", portal.Frame{Title: "Sites", Content: "rows", Data: d, Intro: "The sites of " + in + " that you are in."})
}

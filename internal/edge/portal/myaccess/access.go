package myaccess

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"entente/internal/edge/portal"
	"entente/internal/flow/entitlement"
	"entente/internal/flow/offer"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
	"entente/internal/kit/web"
)

// packages lists what the visitor can ask for.
func (p *Pages) packages(w http.ResponseWriter, r *http.Request, v *visitor) error {
	find := strings.TrimSpace(r.URL.Query().Get("find"))
	var filter query.Expr
	if find != "" {
		filter = query.StartsWith{Field: "displayName", Value: portal.Clip(find, 256)}
	}
	q, err := asking(r, "displayName", filter)
	if err != nil {
		return err
	}
	page, err := p.Access.Requestable(r.Context(), v.who, q)
	if err != nil {
		return portal.BadPage(err)
	}
	in := portal.Inert(v.in.DisplayName)
	d := listData{Next: portal.NextPage(r, page.Next), Find: find, To: v.to("/access")}
	switch {
	case len(page.Items) == 0 && find != "":
		d.None = &portal.Nothing{Title: "Nothing begins with “" + portal.Inert(find) + "”", Text: "Look for another beginning, or see everything.", Do: &portal.Link{Text: "Show all", To: d.To}}
	case len(page.Items) == 0:
		d.None = &portal.Nothing{Title: "There is nothing that you can ask for", Text: "Access packages that " + in + " offers you stand here. Some have a link only: whoever sent it to you can help."}
	default:
		d.Table = &portal.Table{Caption: "Access packages by name", Heads: []string{"Access package", "What it is for", ""}}
	}
	for _, x := range page.Items {
		to := v.to("/access-packages/" + string(x.ID))
		d.Table.Rows = append(d.Table.Rows, portal.Row{Head: portal.Cell{Text: x.Name, To: to},
			Cells: []portal.Cell{{Text: x.Description}, {Do: &portal.Link{Text: "Request access", Of: "to " + x.Name, To: to}}}})
	}
	return p.frame(w, r, v, "/access", portal.Frame{Title: "Access packages", Content: "packages", Data: d,
		Intro: "What you can ask " + in + " for. A package bundles what is needed for one purpose, for a time."})
}

// accessData is what somebody has.
type accessData struct {
	Rows []accessRow
	None *portal.Nothing
	Next string
}

// soon is how long before its end access is marked.
const soon = 14 * 24 * time.Hour

// An accessRow is an assignment as a page shows it.
type accessRow struct {
	Name   string
	Tag    portal.Tag
	Facts  []portal.Fact
	Gifts  []gift
	Extend string
	Remove string
	Again  string
}

// assignments lists what the visitor has, and had.
func (p *Pages) assignments(w http.ResponseWriter, r *http.Request, v *visitor) error {
	q, err := asking(r, "createdDateTime", nil)
	if err != nil {
		return err
	}
	page, err := p.Access.OwnAccess(r.Context(), v.who, q)
	if err != nil {
		return portal.BadPage(err)
	}
	var roles [][]offer.RoleScope
	for _, a := range page.Items {
		if a.Live() {
			roles = append(roles, a.Roles)
		}
	}
	if err := p.Access.PutAddresses(r.Context(), v.who, roles...); err != nil {
		return err
	}
	in := portal.Inert(v.in.DisplayName)
	d := accessData{Next: portal.NextPage(r, page.Next)}
	if len(page.Items) == 0 {
		d.None = &portal.Nothing{Title: "You have nothing of " + in + " through a package", Text: "What you are given stands here, with its end.", Do: &portal.Link{Text: "See the access packages", To: v.to("/access")}}
	}
	for _, a := range page.Items {
		row := accessRow{Name: a.Name, Tag: portal.AccessTag(a.Assignment), Facts: []portal.Fact{{Name: "Organization", Value: v.in.DisplayName}, {Name: "Since", At: a.StartsAt}}}
		end := portal.Fact{Name: "Until", At: a.EndsAt}
		switch {
		case a.State == entitlement.AccessExpired:
			end = portal.Fact{Name: "Ended", At: a.ExpiredAt}
		case a.EndsAt.IsZero():
			end = portal.Fact{Name: "Until", Value: "No end"}
		default:
			if left := a.EndsAt.Sub(p.Clock.Now()); left < soon {
				end.Tag = &portal.Tag{Kind: "wait", Text: "in " + span(left)}
			}
		}
		row.Facts = append(row.Facts, end)
		if a.Live() {
			row.Gifts = gifts(a.Roles)
			for i, r := range a.Roles {
				if r.Resource.Kind == "O365 Group" { // its team; a security group has nothing to open
					row.Gifts[i].Open = v.to("/access/teams")
				}
			}
			row.Remove = v.to("/access/assignments/" + string(a.ID) + "/remove")
			if a.Terms.Extend && !a.EndsAt.IsZero() {
				row.Extend = v.to("/access/assignments/" + string(a.ID) + "/extend")
			}
		} else {
			row.Again = v.to("/access-packages/" + string(a.Package))
		}
		d.Rows = append(d.Rows, row)
	}
	return p.frame(w, r, v, "/access/assignments", portal.Frame{Title: "What I have", Content: "have", Data: d,
		Intro: "Access to what belongs to " + in + ", through which package, and until when."})
}

// held returns the assignment of the visitor's own that the address names.
func (p *Pages) held(r *http.Request, v *visitor) (entitlement.AccessRow, error) {
	id, err := idOf[ids.AccessID](r)
	if err != nil {
		return entitlement.AccessRow{}, err
	}
	page, err := p.Access.OwnAccess(r.Context(), v.who, offer.One(string(id)))
	if err == nil && len(page.Items) == 0 {
		err = fault.New(fault.NotFound, "You have no such access.")
	}
	if err != nil {
		return entitlement.AccessRow{}, err
	}
	return page.Items[0], nil
}

// confirming shows a page that asks whether the visitor means it.
func (p *Pages) confirming(w http.ResponseWriter, r *http.Request, v *visitor, title string, d confirmData, problems []portal.Problem) error {
	d.Back = v.to("/access/assignments")
	return p.frame(w, r, v, "/access/assignments", portal.Frame{Title: title, Content: "confirm", Data: d, Problems: problems,
		Crumbs: []portal.Link{{Text: "What I have", To: d.Back}}})
}

// extending asks why somebody needs the access for longer.
func (p *Pages) extending(w http.ResponseWriter, r *http.Request, v *visitor) error {
	return p.lengthen(w, r, v, nil, nil)
}

func (p *Pages) lengthen(w http.ResponseWriter, r *http.Request, v *visitor, typed url.Values, problems []portal.Problem) error {
	a, err := p.held(r, v)
	if err != nil {
		return err
	}
	wrong := func(string) string {
		for _, x := range problems {
			return x.Text
		}
		return ""
	}
	in := portal.Inert(v.in.DisplayName)
	return p.confirming(w, r, v, "Extend “"+portal.Inert(a.Name)+"”", confirmData{
		Text: "You ask " + in + " to have it " + v.until(a.Terms.Expiration) + ", from the day it agrees. Until then it ends as before.", Action: v.to("/access/assignments/" + string(a.ID) + "/extend"),
		Button: "Ask " + in + " to extend", Why: why(true, typed, wrong)}, problems)
}

// extend asks for longer.
func (p *Pages) extend(w http.ResponseWriter, r *http.Request, v *visitor) error {
	form, err := web.Form(r)
	if err != nil {
		return err
	}
	a, err := p.held(r, v)
	if err != nil {
		return err
	}
	made, err := p.Access.Submit(r.Context(), v.who, entitlement.Submission{Type: entitlement.UserUpdate, Assignment: a.ID, Justification: strings.TrimSpace(form.Get("justification"))})
	if err == nil {
		return told(w, r, v.to("/access/requests/"+string(made.ID)), portal.Note{Kind: "ok", Lead: "Request sent to " + portal.Inert(v.in.DisplayName) + "."})
	}
	if bad := problem(err); bad != nil {
		return p.lengthen(w, r, v, form, []portal.Problem{*bad})
	}
	return err
}

// removing asks whether the visitor means it.
func (p *Pages) removing(w http.ResponseWriter, r *http.Request, v *visitor) error {
	a, err := p.held(r, v)
	if err != nil {
		return err
	}
	return p.confirming(w, r, v, "Give back “"+portal.Inert(a.Name)+"”?", confirmData{
		Text: "It ends at once. You can ask for it again; every approval starts afresh.", Action: v.to("/access/assignments/" + string(a.ID) + "/remove"), Button: "End my access", Stop: true}, nil)
}

// remove gives access back.
func (p *Pages) remove(w http.ResponseWriter, r *http.Request, v *visitor) error {
	a, err := p.held(r, v)
	if err != nil {
		return err
	}
	made, err := p.Access.Submit(r.Context(), v.who, entitlement.Submission{Type: entitlement.UserRemove, Assignment: a.ID})
	if err != nil {
		return none(err, "You have no such access.")
	}
	return told(w, r, v.to("/access/requests/"+string(made.ID)), portal.Note{Kind: "ok", Lead: "Your access is being ended."})
}

package people

import (
	"cmp"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"entente/internal/core/audit"
	"entente/internal/core/directory"
	"entente/internal/edge/portal"
	"entente/internal/edge/portal/admin"
	"entente/internal/flow/entitlement"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
)

// few is how many rows of what stands around somebody their page shows.
const few = 5

// applications are the app roles that somebody was given directly.
func (p *pages) applications(r *http.Request, v *admin.Visitor, u *directory.UserView) (portal.Section, error) {
	s := portal.Section{ID: "applications", Heading: "Applications", Text: "Roles of enterprise applications that were assigned to them directly. What their groups have comes besides."}
	page, err := p.Consent.Held(r.Context(), v.Who, u.ID, query.Query{Page: query.Page{Limit: portal.PageSize}})
	if err != nil {
		return s, admin.Unseen(&s, err)
	}
	if len(page.Items) == 0 {
		s.Text = "No application was assigned to them directly."
		return s, nil
	}
	if len(page.Next) > 0 {
		s.Text = "The first " + strconv.Itoa(len(page.Items)) + ". " + s.Text
	}
	s.Table = &portal.Table{Caption: "Applications", Heads: []string{"Application", "Role", "Since", "Until"}}
	for _, a := range page.Items {
		row := portal.Row{Head: portal.Cell{Text: a.ResourceName}, Cells: []portal.Cell{{Text: cmp.Or(a.RoleName, "Default access")}, {At: a.CreatedAt}, {Text: "No end"}}}
		if !a.Ends.IsZero() {
			row.Cells[2] = portal.Cell{At: a.Ends}
		}
		s.Table.Rows = append(s.Table.Rows, row)
	}
	return s, nil
}

// packages are what somebody has through access packages.
func (p *pages) packages(r *http.Request, v *admin.Visitor, u *directory.UserView) (portal.Section, error) {
	s := portal.Section{ID: "packages", Heading: "Access packages", Do: []portal.Link{{Text: "All their assignments", To: v.To("/entitlement/assignments?email=" + url.QueryEscape(address(u.User)))}}}
	page, err := p.Access.HeldBy(r.Context(), v.Who, u.ID, query.Page{Limit: few})
	if err != nil {
		return s, admin.Unseen(&s, err)
	}
	if len(page.Items) == 0 {
		s.Do, s.Text = nil, "They have nothing through access packages."
		return s, nil
	}
	s.Table = &portal.Table{Caption: "Assignments, the latest first", Heads: []string{"Access package", "State", "Until"}}
	for _, a := range page.Items {
		tag := portal.AccessTag(a.Assignment)
		s.Table.Rows = append(s.Table.Rows, portal.Row{Head: portal.Cell{Text: a.Name, To: v.To("/entitlement/assignments/" + string(a.ID))}, Cells: []portal.Cell{{Tag: &tag}, until(a)}})
	}
	return s, nil
}

func until(a entitlement.HeldRow) portal.Cell {
	switch {
	case !a.ExpiredAt.IsZero():
		return portal.Cell{At: a.ExpiredAt, Under: "ended"}
	case a.EndsAt.IsZero():
		return portal.Cell{Text: "No end"}
	}
	return portal.Cell{At: a.EndsAt}
}

// signIns are the last ones.
func (p *pages) signIns(r *http.Request, v *admin.Visitor, u *directory.UserView) (portal.Section, error) {
	s := portal.Section{ID: "sign-ins", Heading: "Sign-ins", Do: []portal.Link{{Text: "All their sign-ins", To: v.To("/sign-in-logs?" + url.Values{"by": {string(audit.ByObject)}, "value": {string(u.ID)}}.Encode())}}}
	page, err := p.Logs.SignIns(r.Context(), v.Who, audit.Question{By: audit.ByObject, Value: string(u.ID), Page: query.Page{Limit: few}})
	if err != nil {
		return s, admin.Unseen(&s, err)
	}
	if len(page.Items) == 0 {
		s.Do, s.Text = nil, "They have not signed in to "+v.Name()+" yet."
		return s, nil
	}
	s.Table = &portal.Table{Caption: "Sign-ins, the latest first", Heads: []string{"Date", "Application", "Status"}}
	for _, e := range page.Items {
		tag := portal.Tag{Kind: "ok", Text: "Success"}
		if e.Reason != "" {
			tag = portal.Tag{Kind: "stop", Text: "Failure"}
		}
		s.Table.Rows = append(s.Table.Rows, portal.Row{Head: portal.Cell{Text: portal.Stamp(e.At), To: v.To("/sign-in-logs/" + string(e.ID))},
			Cells: []portal.Cell{{Text: cmp.Or(e.AppName, string(e.App))}, {Tag: &tag}}})
	}
	return s, nil
}

// methods are what somebody has registered to prove who they are.
func (p *pages) methods(r *http.Request, v *admin.Visitor, u *directory.UserView) (portal.Section, error) {
	s := portal.Section{ID: "methods", Heading: "Authentication methods"}
	info, err := p.Factors.Info(r.Context(), v.Who, u.ID)
	if err != nil {
		return s, admin.Unseen(&s, err)
	}
	if len(info.Authenticators) == 0 {
		s.Text = "No authenticator app is registered."
		return s, nil
	}
	s.Table = &portal.Table{Caption: "Authenticator apps", Heads: []string{"Authenticator app", "Registered", "Last used", ""}}
	for _, a := range info.Authenticators {
		used := portal.Cell{Text: "Never"}
		if !a.UsedAt.IsZero() {
			used = portal.Cell{At: a.UsedAt}
		}
		s.Table.Rows = append(s.Table.Rows, portal.Row{Head: portal.Cell{Text: a.Name}, Cells: []portal.Cell{{At: a.CreatedAt}, used,
			{Do: &portal.Link{Text: "Remove", Of: a.Name, To: at(v, u, "/methods/remove"), Post: true, Fields: map[string]string{"method": string(a.ID)}}}}})
	}
	return s, nil
}

// removeMethod takes an authenticator away, such as one on a phone that is lost.
func (p *pages) removeMethod(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	d, err := admin.Form(r)
	if err != nil {
		return err
	}
	id, err := ids.Parse[ids.MethodID](strings.ToLower(d.Get("method")))
	if err != nil {
		return fault.New(fault.NotFound, "There is no such authenticator app.")
	}
	return p.do(w, r, v, "The authenticator app is removed.", "", func(user string) error {
		return p.Factors.Remove(r.Context(), v.Who, ids.ObjectID(user), id)
	})
}

// sessions lists where somebody is signed in.
func (p *pages) sessions(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	u, err := p.one(r, v)
	if err != nil {
		return err
	}
	all, err := p.SignIn.SessionsOf(r.Context(), v.Who, u.ID)
	if err != nil {
		return err
	}
	l := portal.List{Table: &portal.Table{Caption: "Sessions, the last used first", Heads: []string{"Where", "Proved", "Last used", ""}}}
	for _, s := range all {
		l.Table.Rows = append(l.Table.Rows, portal.Row{Head: portal.Cell{Text: portal.Agent(s.Agent), Under: s.IP}, Cells: []portal.Cell{{At: s.AuthAt}, {At: s.UsedAt},
			{Do: &portal.Link{Text: "End session", Of: portal.Agent(s.Agent), To: at(v, u, "/sessions/end"), Post: true, Fields: map[string]string{"session": string(s.ID)}}}}})
	}
	f := portal.Frame{Title: "Sessions of " + portal.Inert(u.DisplayName), Content: "list", Data: l, Crumbs: crumbs(v, u), Intro: "Each browser in which they are signed in. Ending a session ends what applications were given in it, too.",
		Do: &portal.Link{Text: "End all sessions…", To: at(v, u, "/revoke")}}
	if len(all) == 0 {
		f.Do, f.Intro = nil, ""
		f.Data = portal.List{None: &portal.Nothing{Title: "Not signed in anywhere", Text: "Where they sign in stands here. Guests sign in at their own organization."}}
	}
	return p.Show(w, r, v, f)
}

// endSession ends one of somebody's sessions.
func (p *pages) endSession(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	d, err := admin.Form(r)
	if err != nil {
		return err
	}
	u, err := p.one(r, v)
	if err != nil {
		return err
	}
	if err := p.SignIn.EndSessionOf(r.Context(), v.Who, u.ID, ids.SessionID(strings.ToLower(d.Get("session")))); err != nil {
		return err
	}
	return p.Done(w, r, at(v, u, "/sessions"), "The session is over.")
}

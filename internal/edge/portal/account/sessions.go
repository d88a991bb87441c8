package account

import (
	"net/http"
	"strings"

	"entente/internal/edge/portal"
	"entente/internal/flow/signin"
	"entente/internal/kit/ids"
)

// sessionsData is what the page of sessions shows.
type sessionsData struct {
	Table  portal.Table
	Others int
	Full   bool // there may be more
}

// sessions lists where the visitor is signed in.
func (p *Pages) sessions(w http.ResponseWriter, r *http.Request, v *portal.Visitor) error {
	all, err := p.signIn.OwnSessions(r.Context(), v.Visitor)
	if err != nil {
		return err
	}
	d := sessionsData{Full: len(all) == signin.MaxShown, Table: portal.Table{
		Caption: "Sessions, last used first", Heads: []string{"Where", "Proved", "Last used", "By", ""},
	}}
	for _, s := range all {
		row := portal.Row{Head: portal.Cell{Text: portal.Agent(s.Agent), Under: s.IP}, Cells: []portal.Cell{
			{At: s.AuthAt}, {At: s.UsedAt}, {Text: ways(strings.Fields(s.Method)), Under: lasts(s)}}}
		if s.ID == v.Session.ID {
			row.Cells = append(row.Cells, portal.Cell{Tag: &portal.Tag{Kind: "ok", Text: "This browser"}})
		} else {
			d.Others++
			row.Cells = append(row.Cells, portal.Cell{Do: &portal.Link{Text: "End session", To: "/account/sessions/end", Post: true, Fields: map[string]string{"session": string(s.ID)}}})
		}
		d.Table.Rows = append(d.Table.Rows, row)
	}
	return p.frame(w, r, v, "/account/sessions", portal.Frame{Title: "Sessions", Content: "sessions", Data: d,
		Intro: "Each browser in which you are signed in with " + v.Account.UserPrincipalName + ". Ending a session ends what applications were given in it, too."})
}

func lasts(s signin.Session) string {
	if s.Kept {
		return "Stays signed in"
	}
	return ""
}

// ways says by what a session was proved.
func ways(methods []string) string {
	var words []string
	for _, m := range methods {
		switch m {
		case "pwd":
			words = append(words, "Password")
		case "otp":
			words = append(words, "authenticator app")
		}
	}
	if len(words) == 0 {
		return "–"
	}
	return strings.Join(words, " and ")
}

// endSession ends one of the visitor's sessions. Ending the one that they are
// here by is to sign out.
func (p *Pages) endSession(w http.ResponseWriter, r *http.Request, v *portal.Visitor) error {
	text, err := field(r, "session")
	if err != nil {
		return err
	}
	if err := p.signIn.EndSession(r.Context(), v.Browser, v.Visitor, ids.SessionID(strings.ToLower(text))); err != nil {
		return err
	}
	portal.DropSession(w, ids.SessionID(text))
	return told(w, r, "/account/sessions", portal.Note{Kind: "ok", Lead: "The session is over.", Text: "Applications that were given something in it have to ask you again."})
}

// endOthers ends all of the visitor's sessions but this one.
func (p *Pages) endOthers(w http.ResponseWriter, r *http.Request, v *portal.Visitor) error {
	n, err := p.signIn.EndOthers(r.Context(), v.Browser, v.Visitor)
	if err != nil {
		return err
	}
	lead := "All other sessions are over."
	if n == 0 {
		lead = "There was no other session."
	}
	return told(w, r, "/account/sessions", portal.Note{Kind: "ok", Lead: lead})
}

// everywhere asks whether the visitor means it.
func (p *Pages) everywhere(w http.ResponseWriter, r *http.Request, v *portal.Visitor) error {
	return p.frame(w, r, v, "/account/sessions", portal.Frame{Title: "Sign out everywhere?", Content: "everywhere",
		Crumbs: []portal.Link{{Text: "Sessions", To: "/account/sessions"}}})
}

// signOutEverywhere voids all that the account was signed in to, and shows that
// this browser is signed out.
func (p *Pages) signOutEverywhere(w http.ResponseWriter, r *http.Request, v *portal.Visitor) error {
	o, err := p.signIn.SignOutEverywhere(r.Context(), v.Browser, v.Visitor)
	if err != nil {
		return err
	}
	portal.DropSession(w, v.Session.ID)
	portal.Lead(w, r, portal.SignedOutAddress(o))
	return nil
}

package signinpages

import (
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"entente/internal/edge/portal"
	"entente/internal/flow/signin"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/oauth2"
	"entente/internal/kit/web"
)

// maxAsk bounds what is carried from a form into an address, in bytes.
const maxAsk = 8 << 10

// byForm answers a form that an application's page may post with the same
// request as an address. Browsers send our cookies along with a link from
// elsewhere, and not with a form.
func (p *Pages) byForm(w http.ResponseWriter, r *http.Request) error {
	form, err := web.Form(r)
	if err != nil {
		return err
	}
	text := form.Encode()
	if len(text) > maxAsk {
		return fault.New(fault.Invalid, "The request is longer than %d bytes.", maxAsk)
	}
	lead(w, r, r.URL.EscapedPath()+"?"+text)
	return nil
}

// logout begins a sign-out (OpenID Connect RP-Initiated Logout 1.0, section 2).
// Only an application that shows an ID token of the session has it ended without
// the person's word: a link from anywhere would otherwise end it.
func (p *Pages) logout(w http.ResponseWriter, r *http.Request) error {
	ask, err := signOutAsk(r.PathValue("tenant"), r.URL.RawQuery)
	if err != nil {
		return err
	}
	b := p.browser(w, r)
	l, err := p.signIn.Leaving(r.Context(), b, ask)
	switch {
	case err != nil:
		return err
	case l.Sure != "":
		return p.signOut(w, r, b, ask, signin.Which{Sure: true})
	case len(l.Accounts) > 0:
		return p.leaving(w, r, l, ask)
	case l.Back != "":
		lead(w, r, l.Back)
		return nil
	}
	return p.show.Lone(w, r, portal.Lone{Title: "You are signed out", Area: "Sign out", Content: "signed out", Data: signedOutData{}})
}

func signOutAsk(tenant, query string) (signin.SignOutAsk, error) {
	if len(query) > maxAsk {
		return signin.SignOutAsk{}, fault.New(fault.Invalid, "The request is longer than %d bytes.", maxAsk)
	}
	form, err := oauth2.ParseForm(query)
	return signin.SignOutAsk{Tenant: tenant, Form: form}, err
}

// leavingData is what the page shows that asks what to sign out.
type leavingData struct {
	App, Tenant, Asked string
	First              *picked // the one that is meant, or the only one
	Others             []picked
}

// leaving asks what to sign out.
func (p *Pages) leaving(w http.ResponseWriter, r *http.Request, l *signin.Leaving, ask signin.SignOutAsk) error {
	d := leavingData{App: l.App, Tenant: ask.Tenant, Asked: encoded(ask.Form), Others: accounts(&signin.Look{Accounts: l.Accounts, Homes: l.Homes})}
	i := slices.IndexFunc(d.Others, func(a picked) bool { return a.Session == l.Meant })
	if len(d.Others) == 1 {
		i = 0
	}
	page := portal.Lone{Title: "Sign out", Area: "Sign out", Content: "leaving", FormTo: l.Back}
	if i >= 0 {
		first := d.Others[i]
		d.First, d.Others = &first, slices.Delete(d.Others, i, i+1)
		page.Ticket.To = portal.Half{Label: "Your home", Name: first.Home, Seat: true}
	}
	page.Data = d
	return p.show.Lone(w, r, page)
}

func encoded(form oauth2.Form) string {
	v := url.Values{}
	for name, value := range form {
		v.Set(name, value)
	}
	return v.Encode()
}

// leave takes the word what to sign out.
func (p *Pages) leave(w http.ResponseWriter, r *http.Request) error {
	form, err := web.Form(r)
	if err != nil {
		return err
	}
	ask, err := signOutAsk(form.Get("tenant"), form.Get("asked"))
	if err != nil {
		return err
	}
	which := signin.Which{Session: ids.SessionID(form.Get("session")), All: form.Get("what") == "all"}
	if !which.All && which.Session == "" {
		return fault.InvalidAt("session", "The form does not say what to sign out.")
	}
	return p.signOut(w, r, p.browser(w, r), ask, which)
}

// signOut ends sessions, takes their cookies away, and leads on: to the page
// that tells the sessions' applications or, if there is nobody to tell, to where
// the application wants the browser.
func (p *Pages) signOut(w http.ResponseWriter, r *http.Request, b signin.Browser, ask signin.SignOutAsk, which signin.Which) error {
	o, err := p.signIn.SignOut(r.Context(), b, ask, which)
	if err != nil {
		return err
	}
	for _, e := range o.Ended {
		dropSession(w, e.Session)
	}
	told, err := p.signIn.SignedOut(r.Context(), b, o.ID)
	switch {
	case err != nil:
		return err
	case len(told.Tell) == 0 && o.Back != "":
		lead(w, r, o.Back)
	default:
		lead(w, r, portal.SignedOutAddress(o))
	}
	return nil
}

// signedOutData is what the page shows that says who is signed out.
type signedOutData struct {
	Accounts []string
	App      string
	Back     template.URL // registered, so it may have any scheme that an application's address may have
	Tell     []string
}

// signedOut says who is signed out, and has the browser tell it the sessions'
// applications, each in a frame that can do nothing else.
func (p *Pages) signedOut(w http.ResponseWriter, r *http.Request) error {
	id, err := ids.Parse[ids.SignOutID](r.URL.Query().Get("id"))
	if err != nil {
		return nothing(w, r)
	}
	o, err := p.signIn.SignedOut(r.Context(), p.browser(w, r), id)
	if err != nil {
		return err
	}
	d := signedOutData{App: o.App, Back: template.URL(o.Back), Tell: o.Tell}
	for _, e := range o.Ended {
		if e.Username != "" {
			d.Accounts = append(d.Accounts, e.Username)
		}
	}
	page := portal.Lone{Title: "You are signed out", Area: "Sign out", Content: "signed out", Data: d, Frames: o.Tell}
	if o.Back != "" {
		page.Script = "leave"
	}
	return p.show.Lone(w, r, page)
}

// opened reports whether an application's page may post to a route (OpenID
// Connect Core 1.0, section 3.1.2.1, and RP-Initiated Logout 1.0, section 2).
func opened(pattern string) bool {
	return strings.HasSuffix(pattern, "/authorize") || strings.HasSuffix(pattern, "/logout")
}

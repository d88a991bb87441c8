// Package guestpages is where somebody who may invite guests invites one, and
// gets the link to hand on.
//
// Who may is the tenant's authorization policy's business, and a person's
// roles'; see package guest. The link is shown to the person who made it, again
// if need be, until it is used or another takes its place.
package guestpages

import (
	"embed"
	"encoding/json"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"entente/internal/edge/portal"
	"entente/internal/flow/guest"
	"entente/internal/flow/signin"
	"entente/internal/kit/web"
)

//go:embed templates/*.html
var templates embed.FS

// Pages serves the invitation of guests.
type Pages struct {
	signIn *signin.Service
	guests *guest.Service
	show   *portal.Templates
	log    *slog.Logger
}

// New returns the pages of the services.
func New(site portal.Site, signIn *signin.Service, guests *guest.Service, log *slog.Logger) *Pages {
	return &Pages{signIn, guests, portal.Parse(site, templates, "templates/*.html"), log}
}

const first = "/invite"

// routes is what is served.
var routes = map[string]func(*Pages, http.ResponseWriter, *http.Request, *portal.Visitor) error{
	"GET /invite":      (*Pages).form,
	"POST /invite":     (*Pages).invite,
	"GET /invite/made": (*Pages).made,
}

// Routes returns the patterns of everything that is served, in order.
func Routes() []string { return slices.Sorted(maps.Keys(routes)) }

// Handler returns the pages as a handler for the paths below /invite.
func (p *Pages) Handler() http.Handler {
	mux := http.NewServeMux()
	for pattern, h := range routes {
		mux.Handle(pattern, web.Serve(func(w http.ResponseWriter, r *http.Request) error {
			v, err := portal.Visit(w, r, p.signIn, first)
			if v == nil || err != nil {
				return err // or it has answered
			}
			return h(p, w, r, v)
		}, p.Fail))
	}
	mux.Handle("/", web.Serve(portal.NoPage, p.Fail))
	return web.FoldPath(web.SameOrigin(mux, p.Fail), "invite", "made")
}

// formData is what the form shows.
type formData struct {
	Fields []portal.Field
	Send   *portal.Option // nil where no mail is sent
}

// fields are the form's, with what was typed.
func fields(typed url.Values) []portal.Field {
	return []portal.Field{
		{ID: "address", Name: "address", Label: "Email", Type: "email", Autocomplete: "off", Value: typed.Get("address"),
			Hint: "The guest’s address at their own organization. They sign in there."},
		{ID: "name", Name: "name", Label: "Display name", Autocomplete: "off", Optional: true, Value: typed.Get("name"),
			Hint: "How the guest is called here. Without one it is what stands before the @."},
		{ID: "to", Name: "to", Label: "Where the guest goes on to", Type: "url", Autocomplete: "off", Value: typed.Get("to"),
			Hint: "The address of an application of yours, such as https://app.example.com/."},
	}
}

// form asks whom to invite.
func (p *Pages) form(w http.ResponseWriter, r *http.Request, v *portal.Visitor) error {
	if err := p.guests.May(r.Context(), v.Caller(v.Browser)); err != nil {
		return err
	}
	return p.ask(w, r, v, fields(nil), p.guests.SendsMail(), nil)
}

// ask shows the form, with what is wrong with it.
func (p *Pages) ask(w http.ResponseWriter, r *http.Request, v *portal.Visitor, f []portal.Field, send bool, problems []portal.Problem) error {
	d := formData{Fields: f}
	if p.guests.SendsMail() {
		d.Send = &portal.Option{ID: "send", Name: "send", Type: "checkbox", Value: "yes", Checked: send, Label: "Send the invitation by mail",
			Hint: "It carries the link and names you and your organization."}
	}
	return p.page(w, r, v, portal.Frame{
		Title: "Invite a guest", Intro: "A person of another organization gets a guest account in " + portal.Inert(v.In.DisplayName) + " once they accept.",
		Problems: problems, Content: "invite", Data: d,
	}, portal.Half{Label: "Guest of", Name: "Another organization", Hidden: "not known yet", Open: true})
}

// page shows one of the pages; from is the half of its ticket of whom is invited.
func (p *Pages) page(w http.ResponseWriter, r *http.Request, v *portal.Visitor, f portal.Frame, from portal.Half) error {
	f.Area, f.Home = "Guests", first
	f.Ticket = portal.Ticket{From: from, To: portal.Half{Label: "You act in", Name: v.In.DisplayName, Seat: true}}
	return p.show.Seated(w, r, p.signIn, v, f)
}

// Fail answers with the page of an error.
func (p *Pages) Fail(w http.ResponseWriter, r *http.Request, err error) {
	p.show.Fail(w, r, err, portal.Failing{Area: "Guests", Next: &portal.Next{Button: "Go to my account", Action: "/account"}, Log: p.log})
}

// body is an invitation as Graph spells it.
type body struct {
	Address  string  `json:"invitedUserEmailAddress"`
	Name     *string `json:"invitedUserDisplayName,omitempty"`
	Redirect string  `json:"inviteRedirectUrl"`
	Send     bool    `json:"sendInvitationMessage"`
}

// invite takes the form and leads to the link.
func (p *Pages) invite(w http.ResponseWriter, r *http.Request, v *portal.Visitor) error {
	form, err := web.Form(r)
	if err != nil {
		return err
	}
	b := body{Address: strings.TrimSpace(form.Get("address")), Redirect: strings.TrimSpace(form.Get("to")), Send: form.Get("send") == "yes"}
	if name := strings.TrimSpace(form.Get("name")); name != "" {
		b.Name = &name
	}
	text, err := json.Marshal(b)
	if err != nil {
		return err
	}
	made, err := p.guests.Invite(r.Context(), v.Caller(v.Browser), text, nil)
	if err == nil {
		if b.Send {
			portal.Leave(w, portal.Note{Kind: "ok", Lead: "The invitation is on its way by mail.", Text: "You can hand on the link besides."})
		}
		portal.Lead(w, r, first+"/made?"+url.Values{"user": {string(made.User.ID)}, "invitation": {made.ID}}.Encode())
		return nil
	}
	f := fields(form)
	for i, target := range []string{"invitedUserEmailAddress", "displayName", "inviteRedirectUrl"} {
		if say := wrong(err, target); say != "" {
			f[i].Error = say
			return p.ask(w, r, v, f, b.Send, []portal.Problem{{Field: f[i].ID, Text: say}})
		}
	}
	return err
}

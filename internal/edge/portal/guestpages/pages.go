// Package guestpages is where somebody who may invite guests invites one, and
// gets the link to hand on.
//
// Who may is the tenant's authorization policy's business, and a person's
// roles'; see package guest. The link is shown to the person who made it, again
// if need be, until it is used or another takes its place.
package guestpages

import (
	"embed"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"slices"

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

// form asks whom to invite.
func (p *Pages) form(w http.ResponseWriter, r *http.Request, v *portal.Visitor) error {
	if err := p.guests.May(r.Context(), v.Caller(v.Browser)); err != nil {
		return err
	}
	return p.ask(w, r, v, &portal.Draft{})
}

// ask shows the form, with what is wrong with it.
func (p *Pages) ask(w http.ResponseWriter, r *http.Request, v *portal.Visitor, d *portal.Draft) error {
	return p.page(w, r, v, portal.Frame{
		Title: "Invite a guest", Intro: "A person of another organization gets a guest account in " + portal.Inert(v.In.DisplayName) + " once they accept.",
		Problems: d.Problems, Content: "invite", Data: portal.NewInviteForm(d, "", p.guests.SendsMail()),
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

// invite takes the form and leads to the link.
func (p *Pages) invite(w http.ResponseWriter, r *http.Request, v *portal.Visitor) error {
	form, err := web.Form(r)
	if err != nil {
		return err
	}
	d := &portal.Draft{Values: form}
	body, send, err := portal.Invitation(d)
	if err != nil {
		return err
	}
	made, err := p.guests.Invite(r.Context(), v.Caller(v.Browser), body, nil)
	if err != nil {
		if portal.Uninvited(d, err) {
			return p.ask(w, r, v, d)
		}
		return err
	}
	if send {
		portal.Leave(w, portal.Note{Kind: "ok", Lead: "The invitation is on its way by mail.", Text: "You can hand on the link besides."})
	}
	portal.Lead(w, r, first+"/made?"+url.Values{"user": {string(made.User.ID)}, "invitation": {made.ID}}.Encode())
	return nil
}

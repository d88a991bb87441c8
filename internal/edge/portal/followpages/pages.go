// Package followpages leads whoever follows the link of a message to the page
// that the message is about.
//
// A link says which page of which organization, and until when. It is sealed, so
// that only this installation makes links that lead on. It names nobody and
// decides nothing: programs that check mail may follow it, and whoever does signs
// in on the page. What one follows is a redirect to a path of ours and never to
// elsewhere.
package followpages

import (
	"log/slog"
	"net/http"

	"entente/internal/edge/portal"
	"entente/internal/flow/entitlement"
	"entente/internal/kit/fault"
	"entente/internal/kit/web"
)

// Pages follows links.
type Pages struct {
	access *entitlement.Service
	show   *portal.Templates
	log    *slog.Logger
}

// New returns the pages of a service that makes links.
func New(site portal.Site, access *entitlement.Service, log *slog.Logger) *Pages {
	return &Pages{access, portal.Parse(site, nil), log}
}

// Routes returns the patterns of everything that is served.
func Routes() []string { return []string{"GET " + entitlement.FollowPath + "{link}"} }

// Handler returns the pages as a handler for the paths below /follow.
func (p *Pages) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle(Routes()[0], web.Serve(p.follow, p.Fail))
	mux.Handle("/", web.Serve(portal.NoPage, p.Fail))
	return web.FoldPath(mux, "follow")
}

// follow leads to the page.
func (p *Pages) follow(w http.ResponseWriter, r *http.Request) error {
	to, err := p.access.Follow(r.Context(), r.PathValue("link"))
	if err != nil {
		return err
	}
	w.Header().Set("Referrer-Policy", "no-referrer")
	if !to.Over {
		portal.Lead(w, r, to.Page)
		return nil
	}
	return p.show.Refuse(w, r, portal.Refusal{
		Status: http.StatusGone, Title: "This link has ended", Area: "Access",
		Text: "The message is too old for its link to lead on.",
		Fix:  "What you have, what you asked for and what waits for your word is in My Access.",
		Next: &portal.Next{Button: "Go to My Access", Action: to.Page},
	})
}

// Fail answers with the page of an error.
func (p *Pages) Fail(w http.ResponseWriter, r *http.Request, err error) {
	p.show.Fail(w, r, err, portal.Failing{Area: "Access", Log: p.log, Reasons: map[fault.Reason]portal.Telling{
		entitlement.BadLink: {Status: http.StatusNotFound, Title: "This link leads nowhere"},
	}})
}

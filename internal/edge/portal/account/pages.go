// Package account is a person's own pages: who they are and where, their
// sessions and sign-ins, what they have agreed to for applications, the
// organizations between which they switch, and how they sign in.
//
// Whose a page is, is told by the sessions that the browser brings, and which of
// them by a choice that the browser keeps; in which organization they act, too.
// Both are asked of the store at each request: what was ended or taken away
// since shows nothing more.
//
// Each change is a form that is posted from here, and answered with the way to
// a page that tells it.
package account

import (
	"embed"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"slices"

	"entente/internal/core/crosstenant"
	"entente/internal/core/directory"
	"entente/internal/core/factor"
	"entente/internal/core/person"
	"entente/internal/edge/portal"
	"entente/internal/flow/guest"
	"entente/internal/flow/signin"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/web"
)

//go:embed templates/*.html
var templates embed.FS

// Pages serves the pages of an account.
type Pages struct {
	signIn  *signin.Service
	factors *factor.Service
	show    *portal.Templates
	log     *slog.Logger
}

// New returns the pages of the services.
func New(site portal.Site, service *signin.Service, factors *factor.Service, log *slog.Logger) *Pages {
	return &Pages{service, factors, portal.Parse(site, templates, "templates/*.html"), log}
}

// Home is the first page.
const Home = "/account"

// A page is what answers one route to a person who is signed in.
type page func(*Pages, http.ResponseWriter, *http.Request, *portal.Visitor) error

// routes is what is served.
var routes = map[string]page{
	"GET /account":                       (*Pages).overview,
	"GET /account/choose":                (*Pages).choose,
	"GET /account/time-zone":             (*Pages).zone,
	"POST /account/time-zone":            (*Pages).setZone,
	"GET /account/sessions":              (*Pages).sessions,
	"POST /account/sessions/end":         (*Pages).endSession,
	"POST /account/sessions/others":      (*Pages).endOthers,
	"GET /account/everywhere":            (*Pages).everywhere,
	"POST /account/everywhere":           (*Pages).signOutEverywhere,
	"GET /account/signins":               (*Pages).signIns,
	"GET /account/applications":          (*Pages).applications,
	"POST /account/applications/remove":  (*Pages).takeBack,
	"GET /account/organizations":         (*Pages).organizations,
	"POST /account/organizations/switch": (*Pages).switchTo,
	"GET /account/organizations/accept":  (*Pages).accept,
	"GET /account/organizations/leave":   (*Pages).leaving,
	"POST /account/organizations/leave":  (*Pages).leave,
	"GET /account/security":              (*Pages).security,
	"GET /account/security/password":     (*Pages).password,
	"POST /account/security/password":    (*Pages).changePassword,
	"GET /account/security/app":          (*Pages).addApp,
	"POST /account/security/app":         (*Pages).takeApp,
	"GET /account/security/rename":       (*Pages).renaming,
	"POST /account/security/rename":      (*Pages).rename,
	"GET /account/security/remove":       (*Pages).removing,
	"POST /account/security/remove":      (*Pages).remove,
	"GET /account/security/codes":        (*Pages).codes,
	"POST /account/security/codes":       (*Pages).savedCodes,
	"GET /account/security/codes/renew":  (*Pages).renewing,
	"POST /account/security/codes/renew": (*Pages).renewCodes,
}

// Routes returns the patterns of everything that is served, in order.
func Routes() []string { return slices.Sorted(maps.Keys(routes)) }

// Handler returns the pages, for every path below /account.
func (p *Pages) Handler() http.Handler {
	mux := http.NewServeMux()
	for pattern, answer := range routes {
		mux.Handle(pattern, web.Serve(func(w http.ResponseWriter, r *http.Request) error {
			v, err := portal.Visit(w, r, p.signIn, Home)
			if v == nil || err != nil {
				return err
			}
			return answer(p, w, r, v)
		}, p.Fail))
	}
	mux.Handle("/", web.Serve(portal.NoPage, p.Fail))
	return web.FoldPath(web.SameOrigin(mux, p.Fail), "account", "sessions", "end", "others", "everywhere", "signins", "applications", "remove",
		"organizations", "switch", "accept", "leave", "security", "password", "choose", "app", "rename", "codes", "renew", "time-zone")
}

// tabs are the areas.
var tabs = []portal.Link{
	{Text: "Overview", To: "/account"},
	{Text: "Sessions", To: "/account/sessions"},
	{Text: "Sign-ins", To: "/account/signins"},
	{Text: "Applications", To: "/account/applications"},
	{Text: "Organizations", To: "/account/organizations"},
	{Text: "Security", To: "/account/security"},
}

// frame shows a page in the frame of the portal, below one of its tabs.
func (p *Pages) frame(w http.ResponseWriter, r *http.Request, v *portal.Visitor, tab string, f portal.Frame) error {
	f.Area, f.Home, f.Tabs = "My account", Home, slices.Clone(tabs)
	for i := range f.Tabs {
		f.Tabs[i].Current = f.Tabs[i].To == tab
	}
	return p.show.Seated(w, r, p.signIn, v, f)
}

// choose lets the person choose another account.
func (p *Pages) choose(w http.ResponseWriter, r *http.Request, v *portal.Visitor) error {
	f, err := p.signIn.ChooseForPage(r.Context(), v.Browser, Home)
	if err != nil {
		return err
	}
	portal.Lead(w, r, portal.SignInAddress(f))
	return nil
}

// told leads on to a page that tells what has happened.
func told(w http.ResponseWriter, r *http.Request, to string, n portal.Note) error {
	portal.Leave(w, n)
	portal.Lead(w, r, to)
	return nil
}

// refusals are the faults that these pages tell in their own words.
var refusals = map[fault.Reason]portal.Telling{
	person.NotHereNow:           {Status: http.StatusForbidden, Code: 50057, Title: "You are shut out there", Text: "An administrator of the organization has blocked your account there."},
	guest.AccessEnded:           {Status: http.StatusForbidden, Code: 50057, Title: "Your access there has ended", Text: "The last of what the organization had given you is over. Ask for access again to come back."},
	person.Ended:                {Status: http.StatusForbidden, Title: "You were signed out there", Text: "An administrator has ended your sessions in the organization. Sign in anew to go there."},
	crosstenant.OutboundBlocked: {Status: http.StatusForbidden, Code: 500212, Title: "Your organization has not allowed this", Text: "The home organization’s policy does not let its people go to this one."},
	crosstenant.InboundBlocked:  {Status: http.StatusForbidden, Code: 500213, Title: "The organization has not allowed this", Text: "Its policy does not let people of your organization in."},
	factor.Needed:               {Status: http.StatusConflict, Title: "This is your last authenticator app", Text: "Your organization asks for a second factor. Add another authenticator app first; then this one can be removed."},
	factor.TooMany:              {Status: http.StatusConflict, Title: "There can be no more", Text: "An account has at most five authenticator apps. Remove one that you don’t use any more."},
	factor.None:                 {Status: http.StatusConflict, Title: "There is no authenticator app yet", Text: "Recovery codes stand in for one. Add an authenticator app: the first comes with recovery codes."},
	directory.LastAdmin:         {Status: http.StatusForbidden, Title: "Somebody must stay", Text: "You are the last Global Administrator of the organization. Make somebody else one first."},
}

// Fail answers with the page of an error.
func (p *Pages) Fail(w http.ResponseWriter, r *http.Request, err error) {
	p.show.Fail(w, r, err, portal.Failing{Area: "My account", Next: &portal.Next{Button: "Go to my account", Action: Home}, Reasons: refusals, Log: p.log})
}

// field returns one field of a posted form.
func field(r *http.Request, name string) (string, error) {
	form, err := web.Form(r)
	if err != nil {
		return "", err
	}
	return form.Get(name), nil
}

// tenantIn reads a tenant's identifier; what is none names no organization.
func tenantIn(text string) (ids.TenantID, error) {
	id, err := ids.Parse[ids.TenantID](text)
	if errors.Is(err, fault.Invalid) {
		err = fault.New(fault.NotFound, "You are in no such organization.")
	}
	return id, err
}

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
		"organizations", "switch", "accept", "leave", "security", "password", "choose", "app", "rename", "codes", "renew")
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
	if f.Note == nil {
		f.Note = portal.Take(w, r)
	}
	elsewhere, err := p.signIn.Elsewhere(r.Context(), v.Visitor)
	if err != nil {
		return err
	}
	f.Ticket, f.Account = ticket(v), accountOf(v, elsewhere)
	return p.show.Frame(w, r, f)
}

// ticket says where the visitor acts.
func ticket(v *portal.Visitor) portal.Ticket {
	if v.AtHome() {
		return portal.Ticket{To: portal.Half{Label: "You act in", Name: v.In.DisplayName, Hidden: "your home", Seat: true}}
	}
	return portal.Ticket{From: portal.Half{Label: "From", Name: v.Home.DisplayName}, To: portal.Half{Label: "You act in", Name: v.In.DisplayName, Seat: true}}
}

// mostSwitches is how many organizations the menu offers by itself.
const mostSwitches = 6

// accountOf is the menu of the account.
func accountOf(v *portal.Visitor, elsewhere []signin.Organization) portal.Account {
	a := portal.Account{Name: v.Account.DisplayName, Address: v.Account.UserPrincipalName, Home: v.Home.DisplayName}
	for _, o := range elsewhere[:min(len(elsewhere), mostSwitches)] {
		a.Links = append(a.Links, portal.Link{Text: "Switch to " + o.Name, To: "/account/organizations/switch", Post: true, Fields: map[string]string{"tenant": string(o.ID)}})
	}
	if len(elsewhere) > mostSwitches {
		a.Links = append(a.Links, portal.Link{Text: "All organizations", To: "/account/organizations"})
	}
	return portal.Account{Name: a.Name, Address: a.Address, Home: a.Home, Links: append(a.Links,
		portal.Link{Text: "Sign-ins and sessions", To: "/account/sessions"},
		portal.Link{Text: "Use another account", To: "/account/choose"},
		portal.Link{Text: "Sign out", To: "/common/signout", Post: true, Fields: map[string]string{"session": string(v.Session.ID)}})}
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

// A refusal is how a fault's Reason is told.
type refusal struct {
	status, code int
	title, text  string
}

var refusals = map[fault.Reason]refusal{
	person.NotHereNow:           {http.StatusForbidden, 50057, "You are shut out there", "An administrator of the organization has blocked your account there."},
	person.Ended:                {http.StatusForbidden, 0, "You were signed out there", "An administrator has ended your sessions in the organization. Sign in anew to go there."},
	crosstenant.OutboundBlocked: {http.StatusForbidden, 500212, "Your organization has not allowed this", "The home organization’s policy does not let its people go to this one."},
	crosstenant.InboundBlocked:  {http.StatusForbidden, 500213, "The organization has not allowed this", "Its policy does not let people of your organization in."},
	factor.Needed:               {http.StatusConflict, 0, "This is your last authenticator app", "Your organization asks for a second factor. Add another authenticator app first; then this one can be removed."},
	factor.TooMany:              {http.StatusConflict, 0, "There can be no more", "An account has at most five authenticator apps. Remove one that you don’t use any more."},
	factor.None:                 {http.StatusConflict, 0, "There is no authenticator app yet", "Recovery codes stand in for one. Add an authenticator app: the first comes with recovery codes."},
	directory.LastAdmin:         {http.StatusForbidden, 0, "Somebody must stay", "You are the last Global Administrator of the organization. Make somebody else one first."},
}

var codes = map[fault.Code]refusal{
	fault.Invalid:         {http.StatusBadRequest, 90013, "The request can’t be understood", ""},
	fault.Unauthenticated: {http.StatusUnauthorized, 50058, "Nobody is signed in", ""},
	fault.Forbidden:       {http.StatusForbidden, 0, "This is refused", ""},
	fault.NotFound:        {http.StatusNotFound, 0, "There is nothing at this address", ""},
	fault.Conflict:        {http.StatusConflict, 0, "Something has changed meanwhile", ""},
	fault.Throttled:       {http.StatusTooManyRequests, 0, "Too many requests", ""},
	fault.Unavailable:     {http.StatusServiceUnavailable, 0, "Something we need is away", ""},
	fault.Internal:        {http.StatusInternalServerError, 50000, "Something went wrong on our side", ""},
}

// Fail answers with the page of an error.
func (p *Pages) Fail(w http.ResponseWriter, r *http.Request, err error) {
	pub := fault.Public(err)
	to, known := refusals[pub.Reason]
	if !known {
		to = codes[pub.Code]
		to.text = pub.Message
	}
	if to.status >= http.StatusInternalServerError {
		p.log.ErrorContext(r.Context(), "page failed", "path", r.URL.Path, web.AttrRequest, web.RequestID(r.Context()), web.AttrError, err)
	}
	if err := p.show.Refuse(w, r, portal.Refusal{Status: to.status, Code: to.code, Title: to.title, Text: to.text, Area: "My account",
		Next: &portal.Next{Button: "Go to my account", Action: Home}}); err != nil {
		p.log.ErrorContext(r.Context(), "error page failed", web.AttrRequest, web.RequestID(r.Context()), web.AttrError, err)
		http.Error(w, "Something went wrong on our side.", http.StatusInternalServerError)
	}
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

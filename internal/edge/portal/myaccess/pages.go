// Package myaccess is My Access: where people ask for access packages of an
// organization, follow what becomes of it, decide on what others ask, and see
// what they have.
//
// Everything is below /@{domain}, the domain of the organization whose resources
// they are. Whoever opens a page signs in at home, and need not have an account
// in that organization: people of others ask first and get one after. What they
// may see and do is read from the store by package entitlement at each request.
//
// Beside the pages stands an endpoint for programs; see api.go.
package myaccess

import (
	"context"
	"embed"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"entente/internal/core/authz"
	"entente/internal/core/site"
	"entente/internal/core/tenant"
	"entente/internal/edge/portal"
	"entente/internal/flow/entitlement"
	"entente/internal/flow/signin"
	"entente/internal/kit/clock"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/web"
)

//go:embed templates/*.html
var templates embed.FS

// Options are what the pages need.
type Options struct {
	Site   portal.Site
	SignIn *signin.Service
	Access *entitlement.Service
	Teams  *site.Service
	Clock  clock.Clock
	Log    *slog.Logger
	Caller func(ctx context.Context, bearer string) (authz.Caller, error) // of a token for Microsoft Graph
}

// Pages serves My Access.
type Pages struct {
	Options
	show    *portal.Templates
	streams portal.Streams
}

// New returns the pages.
func New(o Options) *Pages {
	return &Pages{o, portal.Parse(o.Site, templates, "templates/*.html"), portal.NewStreams()}
}

// A visitor is whoever opens a page, and the organization whose page it is.
type visitor struct {
	*portal.Visitor
	in  *tenant.Tenant
	at  string       // the domain in the address
	who authz.Caller // in that organization, where they need not have an account
}

// Own reports whether the organization is the visitor's home.
func (v *visitor) own() bool { return v.Home.ID == v.in.ID }

// to returns the path of a page of the organization.
func (v *visitor) to(rest string) string { return "/@" + url.PathEscape(v.at) + rest }

// A page is what answers one route to a person who is signed in.
type page func(*Pages, http.ResponseWriter, *http.Request, *visitor) error

// routes is what is served to people who are signed in.
var routes = map[string]page{
	"GET /@{domain}/access":                          (*Pages).packages,
	"POST /@{domain}/access-packages/{id}":           (*Pages).ask,
	"GET /@{domain}/access/requests":                 (*Pages).requests,
	"GET /@{domain}/access/requests/{id}":            (*Pages).request,
	"GET /@{domain}/access/requests/{id}/events":     (*Pages).events,
	"GET /@{domain}/access/requests/{id}/cancel":     (*Pages).canceling,
	"POST /@{domain}/access/requests/{id}/cancel":    (*Pages).cancel,
	"GET /@{domain}/access/approvals":                (*Pages).approvals,
	"GET /@{domain}/access/approvals/several":        (*Pages).several,
	"POST /@{domain}/access/approvals/several":       (*Pages).decideSeveral,
	"GET /@{domain}/access/approvals/{id}":           (*Pages).approval,
	"POST /@{domain}/access/approvals/{id}":          (*Pages).decide,
	"GET /@{domain}/access/assignments":              (*Pages).assignments,
	"GET /@{domain}/access/teams":                    (*Pages).teams,
	"GET /@{domain}/access/sites":                    (*Pages).sites,
	"GET /@{domain}/access/assignments/{id}/extend":  (*Pages).extending,
	"POST /@{domain}/access/assignments/{id}/extend": (*Pages).extend,
	"GET /@{domain}/access/assignments/{id}/remove":  (*Pages).removing,
	"POST /@{domain}/access/assignments/{id}/remove": (*Pages).remove,
}

// others are served to everybody, signed in or not.
var others = map[string]func(*Pages, http.ResponseWriter, *http.Request) error{
	"GET /@{domain}":                          (*Pages).door,
	"GET /@{domain}/access-packages/{id}":     (*Pages).link,
	"POST /@{domain}/access/api/requests":     (*Pages).apiAsk,
	"GET /@{domain}/access/api/requests/{id}": (*Pages).apiRequest,
}

// Routes returns the patterns of everything that is served, in order.
func Routes() []string {
	return slices.Sorted(maps.Keys(maps.Collect(func(yield func(string, bool) bool) {
		for _, p := range slices.Concat(slices.Collect(maps.Keys(routes)), slices.Collect(maps.Keys(others))) {
			if !yield(p, true) {
				return
			}
		}
	})))
}

// Handler returns the pages, for every path whose first segment begins with @.
func (p *Pages) Handler() http.Handler {
	mux := http.NewServeMux()
	pattern := func(route string) string { return strings.Replace(route, "/@{domain}", "/{domain}", 1) }
	for route, answer := range routes {
		mux.Handle(pattern(route), web.Serve(func(w http.ResponseWriter, r *http.Request) error {
			v, err := p.visit(w, r)
			if v == nil || err != nil {
				return err
			}
			return answer(p, w, r, v)
		}, p.Fail))
	}
	for route, answer := range others {
		fail := p.Fail
		if strings.Contains(route, "/api/") {
			fail = p.apiFail
		}
		mux.Handle(pattern(route), web.Serve(func(w http.ResponseWriter, r *http.Request) error { return answer(p, w, r) }, fail))
	}
	mux.Handle("/", web.Serve(portal.NoPage, p.Fail))
	return web.FoldPath(web.SameOrigin(mux, p.Fail), "access", "access-packages", "requests", "approvals", "several", "assignments", "teams", "sites", "events", "cancel", "extend", "remove", "api")
}

// organization returns whose page it is.
func (p *Pages) organization(r *http.Request) (*tenant.Tenant, string, error) {
	at := strings.TrimPrefix(r.PathValue("domain"), "@")
	in, err := p.Access.At(r.Context(), at)
	return in, strings.ToLower(at), err
}

// visit returns whoever opens a page, or nil after it has answered with the way
// to sign in.
func (p *Pages) visit(w http.ResponseWriter, r *http.Request) (*visitor, error) {
	in, at, err := p.organization(r)
	if err != nil {
		return nil, err
	}
	v, err := portal.Visit(w, r, p.SignIn, "/@"+url.PathEscape(at)+"/access")
	if v == nil || err != nil {
		return nil, err
	}
	out, err := p.visitorAt(r, v, in, at)
	if err != nil || out.who.Object != "" || !decides(r) {
		return out, err
	}
	// A guest who decides here, and is not let in as things are, is led to what
	// is missing: a factor that the organization wants.
	switch there, err := p.SignIn.Switch(r.Context(), v.Visitor, in.ID); {
	case err != nil || there.Tenant == "":
		return out, nil // no guest, or one who may not come in
	default:
		f, err := p.SignIn.BeginPageAt(r.Context(), v.Browser, there, portal.PageOr(r, out.to("/access/approvals")))
		if err != nil {
			return nil, err
		}
		portal.Lead(w, r, portal.SignInAddress(f))
		return nil, nil
	}
}

// decides reports whether a page is one on which approvers decide.
func decides(r *http.Request) bool { return strings.Contains(r.URL.Path, "/access/approvals") }

// visitorAt returns a visitor as the organization knows them. Who has no account
// there, or may not use it now, comes as somebody from elsewhere.
func (p *Pages) visitorAt(r *http.Request, v *portal.Visitor, in *tenant.Tenant, at string) (*visitor, error) {
	there, err := p.SignIn.Visitor(r.Context(), v.Browser, signin.Place{Session: v.Session.ID, Tenant: in.ID})
	if err != nil {
		return nil, err
	}
	out := &visitor{Visitor: &portal.Visitor{Visitor: there, Browser: v.Browser, Zone: v.Zone}, in: in, at: at}
	if there.In.ID == in.ID {
		out.who = there.Caller(v.Browser)
	} else {
		out.who = there.AtHomeCaller(v.Browser)
		out.who.Tenant, out.who.Object = in.ID, ""
	}
	out.who.AppName = "My Access"
	return out, nil
}

// frame shows a page in the frame of the portal, below one of its tabs.
func (p *Pages) frame(w http.ResponseWriter, r *http.Request, v *visitor, tab string, f portal.Frame) error {
	f.Area, f.Home = "My Access", v.to("/access")
	f.Tabs = []portal.Link{
		{Text: "Access packages", To: v.to("/access")},
		{Text: "My requests", To: v.to("/access/requests")},
		{Text: "Approvals", To: v.to("/access/approvals")},
		{Text: "What I have", To: v.to("/access/assignments")},
		{Text: "Teams", To: v.to("/access/teams")},
		{Text: "Sites", To: v.to("/access/sites")},
	}
	for i := range f.Tabs {
		f.Tabs[i].Current = f.Tabs[i].To == v.to(tab)
	}
	if f.Ticket.To.Name == "" {
		f.Ticket = v.ticket(true)
	}
	return p.show.Seated(w, r, p.SignIn, v.Visitor, f)
}

// ticket says who acts towards whom, and whether the organization has agreed.
func (v *visitor) ticket(agreed bool) portal.Ticket {
	if v.own() {
		return portal.Ticket{To: portal.Half{Label: "You act in", Name: v.in.DisplayName, Hidden: "your home", Seat: true}}
	}
	t := portal.Ticket{
		From: portal.Half{Label: "You act in", Name: v.Home.DisplayName, Seat: true},
		To:   portal.Half{Label: "On resources of", Name: v.in.DisplayName},
	}
	if !agreed {
		t.To.Open, t.To.Hidden = true, "has not agreed yet"
	}
	return t
}

// told leads on to a page that tells what has happened.
func told(w http.ResponseWriter, r *http.Request, to string, n portal.Note) error {
	portal.Leave(w, n)
	portal.Lead(w, r, to)
	return nil
}

// idOf reads an identifier in the address; what is none names nothing.
func idOf[T ~string](r *http.Request) (T, error) {
	id, err := ids.Parse[T](r.PathValue("id"))
	if err != nil {
		return "", fault.New(fault.NotFound, "Look at the address again, or at the link that brought you here.")
	}
	return id, nil
}

// none tells that there is nothing of the kind, whatever the store says of it.
func none(err error, text string) error {
	if errors.Is(err, fault.NotFound) || errors.Is(err, authz.Denied) {
		return fault.New(fault.NotFound, "%s", text)
	}
	return err
}

// refusals are the faults that these pages tell in their own words.
var refusals = map[fault.Reason]portal.Telling{
	entitlement.NotInScope:     {Status: http.StatusForbidden, Title: "You can’t ask for this", Text: "No policy of the access package lets you make this request."},
	entitlement.WrongState:     {Status: http.StatusConflict, Title: "It is too late for this", Text: "The request or the access is in another state by now."},
	entitlement.NotApprover:    {Status: http.StatusForbidden, Title: "You are not asked to decide on this"},
	entitlement.OwnRequest:     {Status: http.StatusForbidden, Title: "Nobody decides on a request of their own"},
	entitlement.Decided:        {Status: http.StatusConflict, Title: "It is decided already"},
	entitlement.ShownOtherwise: {Status: http.StatusConflict, Title: "Something has changed meanwhile"},
}

// Fail answers with the page of an error.
func (p *Pages) Fail(w http.ResponseWriter, r *http.Request, err error) {
	p.show.Fail(w, r, err, portal.Failing{Area: "My Access", Next: &portal.Next{Button: "Go to my account", Action: "/account"}, Reasons: refusals, Log: p.Log})
}

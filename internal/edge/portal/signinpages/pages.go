// Package signinpages carries the steps of package signin as pages: sign-in by
// password, the answer to an invitation, and an administrator's consent.
//
// Each page shows one step and posts it; the answer leads back to the
// dispatcher, GET /common/signin, which shows whatever the flow waits for now.
// A page that was left open, or is sent twice, therefore leads to where the
// flow stands and nowhere else.
//
// https://learn.microsoft.com/entra/identity-platform/v2-admin-consent
package signinpages

import (
	"embed"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"slices"

	"entente/internal/edge/portal"
	"entente/internal/flow/guest"
	"entente/internal/flow/signin"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/secret"
	"entente/internal/kit/web"
)

//go:embed templates/*.html
var templates embed.FS

// Pages serves sign-in and consent.
type Pages struct {
	site   portal.Site
	signIn *signin.Service
	guests *guest.Service
	show   *portal.Templates
	log    *slog.Logger
}

// New returns the pages of the services.
func New(site portal.Site, service *signin.Service, guests *guest.Service, log *slog.Logger) *Pages {
	return &Pages{site, service, guests, portal.Parse(site, templates, "templates/*.html"), log}
}

// routes is what is served.
var routes = map[string]func(*Pages, http.ResponseWriter, *http.Request) error{
	"GET /{tenant}/adminconsent":           (*Pages).begin,
	"GET /{tenant}/v2.0/adminconsent":      (*Pages).begin2,
	"GET /{tenant}/oauth2/v2.0/authorize":  (*Pages).authorize,
	"POST /{tenant}/oauth2/v2.0/authorize": (*Pages).byForm,
	"GET /{tenant}/oauth2/authorize":       (*Pages).authorize1,
	"POST /{tenant}/oauth2/authorize":      (*Pages).byForm,
	"GET /{tenant}/oauth2/v2.0/logout":     (*Pages).logout,
	"POST /{tenant}/oauth2/v2.0/logout":    (*Pages).byForm,
	"GET /{tenant}/oauth2/logout":          (*Pages).logout,
	"POST /{tenant}/oauth2/logout":         (*Pages).byForm,
	"POST /common/signout":                 (*Pages).leave,
	"GET /common/signedout":                (*Pages).signedOut,
	"GET /common/signin":                   (*Pages).step,
	"GET /redeem":                          (*Pages).invited,
	"POST /redeem":                         (*Pages).redeem,
	"GET /common/redeem":                   (*Pages).answered,
	"POST /common/redeem":                  (*Pages).answerInvitation,
	"POST /common/signin":                  (*Pages).take,
	"GET /devicelogin":                     (*Pages).deviceLogin,
	"GET /common/oauth2/deviceauth":        (*Pages).deviceCode,
	"POST /common/oauth2/deviceauth":       (*Pages).enterCode,
	"GET /common/consent/set":              (*Pages).outcome,
	"POST /common/consent/set":             (*Pages).decide,
}

// Routes returns the patterns of everything that is served, in order.
func Routes() []string { return slices.Sorted(maps.Keys(routes)) }

// Handler returns the pages as a handler for every path of the login host that
// is no endpoint of programs. What is no page either is said to be none.
func (p *Pages) Handler() http.Handler {
	mux, open := http.NewServeMux(), http.NewServeMux()
	for pattern, h := range routes {
		serve := web.Serve(func(w http.ResponseWriter, r *http.Request) error { return h(p, w, r) }, p.Fail)
		if opened(pattern) {
			open.Handle(pattern, serve)
		} else {
			mux.Handle(pattern, serve)
		}
	}
	mux.Handle("/", web.Serve(nothing, p.Fail))
	open.Handle("/", web.SameOrigin(mux, p.Fail))
	return web.FoldPath(open, "common", "v2.0", "adminconsent", "signin", "consent", "set", "redeem", "oauth2", "authorize", "logout", "signout", "signedout", "devicelogin", "deviceauth")
}

// Lookup answers /error: what an error code means.
func (p *Pages) Lookup(w http.ResponseWriter, r *http.Request) error { return p.show.Lookup(w, r) }

func nothing(http.ResponseWriter, *http.Request) error {
	return fault.New(fault.NotFound, "Look at the address again, or at the link that brought you here.")
}

// begin starts an admin consent in the form of version 1.
func (p *Pages) begin(w http.ResponseWriter, r *http.Request) error { return p.start(w, r, false) }

// begin2 starts an admin consent in the form of version 2.
func (p *Pages) begin2(w http.ResponseWriter, r *http.Request) error { return p.start(w, r, true) }

func (p *Pages) start(w http.ResponseWriter, r *http.Request, v2 bool) error {
	q := r.URL.Query()
	f, err := p.signIn.Begin(r.Context(), p.browser(w, r), signin.Start{
		Tenant: r.PathValue("tenant"), App: q.Get("client_id"), ReplyTo: q.Get("redirect_uri"),
		State: q.Get("state"), Scope: q.Get("scope"), V2: v2, Request: r.URL.RequestURI(),
	})
	if err != nil {
		return err
	}
	p.goOn(w, r, f.ID)
	return nil
}

// browser returns who sends a request.
func (p *Pages) browser(w http.ResponseWriter, r *http.Request) signin.Browser {
	return portal.Browser(w, r)
}

// goOn leads to the page that the flow waits for.
func (p *Pages) goOn(w http.ResponseWriter, r *http.Request, id ids.FlowID) {
	lead(w, r, stepAddress(id))
}

func stepAddress(id ids.FlowID) string {
	return "/common/signin?" + url.Values{"flow": {string(id)}}.Encode()
}

// lead answers with a redirect that no cache keeps.
func lead(w http.ResponseWriter, r *http.Request, address string) {
	web.NoStore(w)
	http.Redirect(w, r, address, http.StatusSeeOther)
}

// flowID reads the flow's identifier; what is none belongs to no flow.
func flowID(s string) (ids.FlowID, error) {
	id, err := ids.Parse[ids.FlowID](s)
	if err != nil {
		return "", fault.Because(fault.NotFound, signin.Gone, "This sign-in is over, or was begun in another browser.").
			WithFix("Open the link that brought you here again.")
	}
	return id, nil
}

// posted reads a form of a flow's page, and whose flow it is.
func posted(r *http.Request) (id ids.FlowID, form url.Values, err error) {
	if form, err = web.Form(r); err == nil {
		id, err = flowID(form.Get("flow"))
	}
	return id, form, err
}

// step shows what the flow waits for.
func (p *Pages) step(w http.ResponseWriter, r *http.Request) error {
	id, err := flowID(r.URL.Query().Get("flow"))
	if err != nil {
		return err
	}
	return p.page(w, r, p.browser(w, r), id, nil)
}

// take carries one step to the flow and leads on. What can be mended in the
// form is shown in the form.
func (p *Pages) take(w http.ResponseWriter, r *http.Request) error {
	id, form, err := posted(r)
	if err != nil {
		return err
	}
	ctx, b := r.Context(), p.browser(w, r)
	switch form.Get("step") {
	case "identify":
		err = p.signIn.Identify(ctx, b, id, form.Get("username"))
	case "password":
		var in *signin.Admitted
		in, err = p.signIn.Password(ctx, b, id, secret.NewString(form.Get("password")), form.Get("keep") != "")
		keep(w, r, in)
	case "renew":
		var in *signin.Admitted
		in, err = p.signIn.Renew(ctx, b, id, secret.NewString(form.Get("password")), secret.NewString(form.Get("again")))
		keep(w, r, in)
	case "code", "spare", "enroll", "saved":
		var in *signin.Admitted
		in, err = p.takeFactor(ctx, b, id, form)
		keep(w, r, in)
	case "confirm":
		err = p.signIn.Confirm(ctx, b, id, ids.SessionID(form.Get("session")))
	case "forget":
		session := ids.SessionID(form.Get("session"))
		if err = p.signIn.Forget(ctx, b, id, session); err == nil {
			dropSession(w, session)
		}
	case "agree":
		err = p.agree(ctx, w, b, id, form)
	case "decline":
		if err = p.signIn.Refuse(ctx, b, id); err != nil && !errors.Is(err, signin.Stale) {
			return p.told(w, r, err)
		}
	case "device":
		err = p.decideDevice(ctx, b, id, form.Get("started"))
	case "restart":
		err = p.signIn.Restart(ctx, b, id)
	default:
		return fault.InvalidAt("step", "There is no such step.")
	}
	if m := mendable(err, form); m != nil {
		return p.page(w, r, b, id, m)
	}
	if err != nil && !errors.Is(err, signin.Stale) {
		return err
	}
	p.goOn(w, r, id)
	return nil
}

package portal

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"entente/internal/flow/signin"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/secret"
	"entente/internal/kit/web"
)

// placeCookie holds which of a browser's accounts its pages are about, and in
// which tenant: a session's and a tenant's identifier. It opens nothing.
const placeCookie = "__Host-entente-place"

// SetPlace has the browser's pages be about a place from now on.
func SetPlace(w http.ResponseWriter, at signin.Place) {
	setCookie(w, placeCookie, secret.NewString(string(at.Session)+"."+string(at.Tenant)))
}

// PlaceOf returns what a browser has chosen, or nothing.
func PlaceOf(r *http.Request) signin.Place {
	session, tenant, _ := strings.Cut(cookieOf(r, placeCookie).Reveal(), ".")
	at := signin.Place{}
	if id, err := ids.Parse[ids.SessionID](session); err == nil {
		at.Session = id
	}
	if id, err := ids.Parse[ids.TenantID](tenant); err == nil && at.Session != "" {
		at.Tenant = id
	}
	return at
}

// A Visitor is whoever opens a page of a portal.
type Visitor struct {
	*signin.Visitor
	Browser signin.Browser
	Zone    *time.Location // in which they are shown times
}

// Visit returns whoever opens a page, or nil after it has answered with the way
// to sign in: to that page, or to the portal's first one if something was
// posted.
func Visit(w http.ResponseWriter, r *http.Request, s *signin.Service, first string) (*Visitor, error) {
	b, at := Browser(w, r), PlaceOf(r)
	v, err := s.Visitor(r.Context(), b, at)
	if err == nil {
		SlideSession(w, r, v.Session.ID)
		return &Visitor{v, b, Zone(r)}, nil
	}
	page := PageOr(r, first)
	var f *signin.Flow
	switch {
	case errors.Is(err, signin.AccountRequired):
		f, err = s.BeginPage(r.Context(), b, "", page)
	case errors.Is(err, signin.LoginRequired):
		f, err = s.BeginPageAt(r.Context(), b, signin.Place{Session: at.Session}, page)
	}
	if err != nil {
		return nil, err
	}
	Lead(w, r, SignInAddress(f))
	return nil, nil
}

// PageOr returns the page that was opened, to come back to, or first if something
// was posted to it.
func PageOr(r *http.Request, first string) string {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return first
	}
	return r.URL.RequestURI()
}

// SignInAddress returns where a sign-in goes on.
func SignInAddress(f *signin.Flow) string {
	return "/common/signin?" + url.Values{"flow": {string(f.ID)}}.Encode()
}

// SignedOutAddress returns where a sign-out is told.
func SignedOutAddress(o *signin.SignOut) string {
	return "/common/signedout?" + url.Values{"id": {string(o.ID)}}.Encode()
}

// Lead answers with a redirect that no cache keeps.
func Lead(w http.ResponseWriter, r *http.Request, address string) {
	web.NoStore(w)
	http.Redirect(w, r, address, http.StatusSeeOther)
}

// NoPage is what is answered where there is no page.
func NoPage(http.ResponseWriter, *http.Request) error {
	return fault.New(fault.NotFound, "Look at the address again, or at the link that brought you here.")
}

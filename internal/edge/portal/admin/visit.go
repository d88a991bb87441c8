package admin

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"entente/internal/edge/portal"
	"entente/internal/flow/signin"
	"entente/internal/kit/fault"
)

// door leads to the admin center of the organization in which the visitor acts, or
// to the page of the same path in it: an error page can link to the sign-in logs
// without knowing whose administrator reads it.
func (c *Center) door(w http.ResponseWriter, r *http.Request) error {
	v, err := portal.Visit(w, r, c.SignIn, "/admin")
	if v == nil || err != nil {
		return err
	}
	to := url.URL{Path: "/@" + v.In.DefaultDomain() + r.URL.Path, RawQuery: r.URL.RawQuery}
	portal.Lead(w, r, to.RequestURI())
	return nil
}

// visit returns whoever opens a page, as the organization in the address knows
// them, or nil after it has answered with the way to sign in: at home, or to that
// organization, which may want a factor of its own.
func (c *Center) visit(w http.ResponseWriter, r *http.Request) (*Visitor, error) {
	at := strings.ToLower(strings.TrimPrefix(r.PathValue("domain"), "@"))
	in, err := c.At(r.Context(), at)
	if err != nil {
		return nil, err
	}
	first := "/@" + url.PathEscape(at) + "/admin"
	v, err := portal.Visit(w, r, c.SignIn, first)
	if v == nil || err != nil {
		return nil, err
	}
	here := signin.Place{Session: v.Session.ID, Tenant: in.ID}
	there, err := c.SignIn.Visitor(r.Context(), v.Browser, here)
	if err != nil {
		return nil, err
	}
	if there.In.ID == in.ID {
		who := there.Caller(v.Browser)
		who.AppName = Area
		return &Visitor{Visitor: &portal.Visitor{Visitor: there, Browser: v.Browser, Zone: v.Zone}, Tenant: there.In, Who: who, at: at}, nil
	}
	if _, err := c.SignIn.Switch(r.Context(), there, in.ID); errors.Is(err, fault.NotFound) {
		return nil, fault.New(fault.Forbidden, "The account that you are signed in with is not one of %s.", portal.Inert(in.DisplayName)).
			WithFix("Use an account of that organization, or ask its administrators to invite you and to give you a role.")
	} else if err != nil {
		return nil, err
	}
	page := first
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		page = r.URL.RequestURI()
	}
	f, err := c.SignIn.BeginPageAt(r.Context(), v.Browser, here, page)
	if err != nil {
		return nil, err
	}
	portal.Lead(w, r, portal.SignInAddress(f))
	return nil, nil
}

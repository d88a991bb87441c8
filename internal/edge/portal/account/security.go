package account

import (
	"net/http"
	"net/url"
	"strconv"

	"entente/internal/core/authz"
	"entente/internal/core/factor"
	"entente/internal/edge/portal"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
)

const securityHome = "/account/security"

// securityData is what the page of security info shows.
type securityData struct {
	Password []portal.Fact
	Sides    []factorSide
}

// A factorSide is the visitor's second factor in one organization: their home,
// or the one in which they act, where that wants one of its own.
type factorSide struct {
	In       string // the organization
	Tenant   ids.TenantID
	Home     bool
	Demanded bool
	Apps     portal.Table
	Full     bool // there can be no more
	Left, Of int  // recovery codes
	MadeAt   portal.Fact
	Add      string // where a further app is set up
	Renew    string // where new codes are made
}

// security says how the visitor signs in.
func (p *Pages) security(w http.ResponseWriter, r *http.Request, v *portal.Visitor) error {
	changed := portal.Fact{Name: "Password", Value: "Never changed", Link: &portal.Link{Text: "Change password", To: "/account/security/password"}}
	if at := v.Account.LastPasswordChange; at != nil {
		changed.Name, changed.Value, changed.At = "Last changed", "", *at
	}
	d := securityData{Password: []portal.Fact{changed}}
	home, err := p.side(r, v, v.Home.ID)
	if err != nil {
		return err
	}
	d.Sides = append(d.Sides, home)
	if !v.AtHome() {
		here, err := p.side(r, v, v.In.ID)
		if err != nil {
			return err
		}
		if len(here.Apps.Rows) > 0 {
			d.Sides = append(d.Sides, here)
		}
	}
	return p.frame(w, r, v, securityHome, portal.Frame{Title: "Security info", Content: "security", Data: d,
		Intro: "How you sign in at home, " + portal.Inert(v.Home.DisplayName) + ". It counts wherever you go from there."})
}

// side reads the second factor of the visitor in a tenant in which they are.
func (p *Pages) side(r *http.Request, v *portal.Visitor, in ids.TenantID) (factorSide, error) {
	who, name := callerIn(v, in)
	info, err := p.factors.Info(r.Context(), who, who.Object)
	if err != nil {
		return factorSide{}, err
	}
	s := factorSide{
		In: name, Tenant: in, Home: in == v.Home.ID, Demanded: info.Demanded, Full: len(info.Authenticators) >= factor.MaxAuthenticators,
		Left: info.Spares.Left, Of: factor.RecoveryCodes, MadeAt: portal.Fact{At: info.Spares.MadeAt},
		Add: sideAddress("/account/security/app", in, nil), Renew: sideAddress("/account/security/codes/renew", in, nil),
		Apps: portal.Table{Caption: "Authenticator apps, oldest first", Heads: []string{"Name", "Added", "Last used", "", ""}},
	}
	for _, a := range info.Authenticators {
		at := url.Values{"app": {string(a.ID)}}
		used := portal.Cell{At: a.UsedAt}
		if a.UsedAt.IsZero() {
			used.Text = "Not since it was added"
		}
		s.Apps.Rows = append(s.Apps.Rows, portal.Row{Head: portal.Cell{Text: a.Name}, Cells: []portal.Cell{
			{At: a.CreatedAt}, used,
			{Do: &portal.Link{Text: "Rename", Of: a.Name, To: sideAddress("/account/security/rename", in, at)}},
			{Do: &portal.Link{Text: "Remove…", Of: a.Name, To: sideAddress("/account/security/remove", in, at)}}}})
	}
	return s, nil
}

// callerIn returns the visitor as a caller at home or where they act, and the
// tenant's name.
func callerIn(v *portal.Visitor, in ids.TenantID) (authz.Caller, string) {
	if in == v.In.ID {
		return v.Caller(v.Browser), v.In.DisplayName
	}
	return v.AtHomeCaller(v.Browser), v.Home.DisplayName
}

// sideAddress returns the address of a page about one side's second factor.
func sideAddress(path string, in ids.TenantID, q url.Values) string {
	if q == nil {
		q = url.Values{}
	}
	q.Set("tenant", string(in))
	return path + "?" + q.Encode()
}

// sideIn reads of which organization a page or form is: home unless it says
// otherwise. One in which the visitor does not act looks like none.
func sideIn(v *portal.Visitor, text string) (ids.TenantID, error) {
	if text == "" {
		return v.Home.ID, nil
	}
	in, err := tenantIn(text)
	if err == nil && in != v.Home.ID && in != v.In.ID {
		err = fault.New(fault.NotFound, "You act in no such organization.")
	}
	return in, err
}

// anew leads to a proof of the account once more, and from there to a page.
func (p *Pages) anew(w http.ResponseWriter, r *http.Request, v *portal.Visitor, page string) error {
	f, err := p.signIn.BeginAnew(r.Context(), v.Browser, v.Visitor, page)
	if err != nil {
		return err
	}
	portal.Lead(w, r, portal.SignInAddress(f))
	return nil
}

// left says how many recovery codes are left.
func (s factorSide) LeftOf() string { return strconv.Itoa(s.Left) + " of " + strconv.Itoa(s.Of) }

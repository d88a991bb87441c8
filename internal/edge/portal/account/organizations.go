package account

import (
	"errors"
	"net/http"
	"net/url"

	"entente/internal/edge/portal"
	"entente/internal/flow/guest"
	"entente/internal/flow/signin"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
)

// organizations lists every organization in which the visitor is, and those in
// which somebody waits for them.
func (p *Pages) organizations(w http.ResponseWriter, r *http.Request, v *portal.Visitor) error {
	all, err := p.signIn.Memberships(r.Context(), v.Visitor)
	if err != nil {
		return err
	}
	t := portal.Table{Caption: "Organizations, home first", Heads: []string{"Organization", "You are there", "State", "", "", "", ""}}
	for _, m := range all {
		t.Rows = append(t.Rows, organizationRow(m))
	}
	return p.frame(w, r, v, "/account/organizations", portal.Frame{Title: "Organizations", Content: "organizations", Data: t,
		Intro: "Your home is where you sign in. In the others you are a guest, and each decides for itself what you may do there."})
}

func organizationRow(m signin.Membership) portal.Row {
	as, state := portal.Cell{Text: "–"}, portal.Cell{}
	if m.Here != nil {
		as = portal.Cell{Text: kindOf(m.Here), Under: m.Here.UserPrincipalName}
	}
	var enter, leave, teams, sites *portal.Link
	at := url.Values{"tenant": {string(m.ID)}}.Encode()
	switch {
	case m.Awaited:
		state.Tag, enter = &portal.Tag{Kind: "wait", Text: "Invitation waits for you"}, &portal.Link{Text: "See invitation", To: "/account/organizations/accept?" + at}
	case errors.Is(m.Refused, guest.AccessEnded):
		state.Tag, state.Under = &portal.Tag{Sign: "end", Text: "Access ended"}, why(m.Refused)
		enter = &portal.Link{Text: "Ask again", Of: m.Name, To: "/@" + url.PathEscape(m.Domain) + "/access"}
	case m.Refused != nil:
		state.Tag, state.Under = &portal.Tag{Kind: "stop", Text: "Not let in"}, why(m.Refused)
	case m.Current:
		state.Tag = &portal.Tag{Kind: "ok", Text: "You act here"}
	default:
		state.Tag, enter = &portal.Tag{Text: "Open to you"}, &portal.Link{Text: "Switch", To: "/account/organizations/switch", Post: true, Fields: map[string]string{"tenant": string(m.ID)}}
	}
	if m.Here != nil && m.Refused == nil {
		at := "/@" + url.PathEscape(m.Domain) + "/access/"
		teams, sites = &portal.Link{Text: "Teams", Of: "of " + m.Name, To: at + "teams"}, &portal.Link{Text: "Sites", Of: "of " + m.Name, To: at + "sites"}
	}
	if m.Here != nil && !m.Home {
		leave = &portal.Link{Text: "Leave…", To: "/account/organizations/leave?" + at}
	}
	under := m.Domain
	if m.Home {
		under += " · home"
	}
	return portal.Row{Head: portal.Cell{Text: m.Name, Under: under}, Cells: []portal.Cell{as, state, action(enter), action(teams), action(sites), action(leave)}}
}

func action(l *portal.Link) portal.Cell {
	if l == nil {
		return portal.Cell{}
	}
	return portal.Cell{Do: l}
}

// why says in words why somebody is not let in.
func why(err error) string {
	if to, ok := refusals[fault.Public(err).Reason]; ok {
		return to.Text
	}
	return fault.Public(err).Message
}

// switchTo has the browser's pages act in another organization.
func (p *Pages) switchTo(w http.ResponseWriter, r *http.Request, v *portal.Visitor) error {
	text, err := field(r, "tenant")
	if err != nil {
		return err
	}
	to, err := tenantIn(text)
	if err != nil {
		return err
	}
	at, err := p.signIn.Switch(r.Context(), v.Visitor, to)
	if err != nil {
		return err
	}
	if at.Tenant != "" {
		// By way of a sign-in: the organization may want a factor of its own.
		f, err := p.signIn.BeginPageAt(r.Context(), v.Browser, at, Home)
		if err != nil {
			return err
		}
		portal.Lead(w, r, portal.SignInAddress(f))
		return nil
	}
	portal.SetPlace(w, at)
	portal.Lead(w, r, Home)
	return nil
}

// accept leads to an organization that waits for the visitor, which asks there.
func (p *Pages) accept(w http.ResponseWriter, r *http.Request, v *portal.Visitor) error {
	to, err := tenantIn(r.URL.Query().Get("tenant"))
	if err != nil {
		return err
	}
	m, err := p.membership(r, v, to, func(m signin.Membership) bool { return m.Awaited })
	if err != nil {
		return err
	}
	f, err := p.signIn.BeginPageAt(r.Context(), v.Browser, signin.Place{Session: v.Session.ID, Tenant: m.ID}, "/account/organizations")
	if err != nil {
		return err
	}
	portal.Lead(w, r, portal.SignInAddress(f))
	return nil
}

// leaving asks whether the visitor means it.
func (p *Pages) leaving(w http.ResponseWriter, r *http.Request, v *portal.Visitor) error {
	id, err := tenantIn(r.URL.Query().Get("tenant"))
	if err != nil {
		return err
	}
	m, err := p.membership(r, v, id, func(m signin.Membership) bool { return m.Here != nil && !m.Home })
	if err != nil {
		return err
	}
	return p.frame(w, r, v, "/account/organizations", portal.Frame{Title: "Leave " + m.Name + "?", Content: "leave", Data: m,
		Crumbs: []portal.Link{{Text: "Organizations", To: "/account/organizations"}}})
}

// leave takes the visitor out of an organization.
func (p *Pages) leave(w http.ResponseWriter, r *http.Request, v *portal.Visitor) error {
	text, err := field(r, "tenant")
	if err != nil {
		return err
	}
	id, err := tenantIn(text)
	if err != nil {
		return err
	}
	if err := p.signIn.Leave(r.Context(), v.Browser, v.Visitor, id); err != nil {
		return err
	}
	if v.In.ID == id {
		portal.SetPlace(w, signin.Place{Session: v.Session.ID})
	}
	return told(w, r, "/account/organizations", portal.Note{Kind: "ok", Lead: "You have left the organization.", Text: "What you were given there is gone. Its administrators can bring your account back for thirty days."})
}

// membership returns one of the visitor's memberships that fits; any other looks
// like one that is not there.
func (p *Pages) membership(r *http.Request, v *portal.Visitor, id ids.TenantID, fits func(signin.Membership) bool) (signin.Membership, error) {
	all, err := p.signIn.Memberships(r.Context(), v.Visitor)
	if err != nil {
		return signin.Membership{}, err
	}
	for _, m := range all {
		if m.ID == id && fits(m) {
			return m, nil
		}
	}
	return signin.Membership{}, fault.New(fault.NotFound, "You are in no such organization.")
}

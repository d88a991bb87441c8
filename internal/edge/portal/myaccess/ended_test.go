package myaccess_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"entente/internal/flow/offer"
	"entente/internal/kit/ids"
)

// TestEnded: a guest whose last access has ended is told that it has, by whatever
// door they come, and not that somebody has blocked them; they ask again, and are
// let in again.
func TestEnded(t *testing.T) {
	each(t, func(h *stage) {
		guest := h.guest()
		h.change(func(p *offer.Policy) { p.Approval = offer.ApprovalSettings{} })
		grace := h.as(h.grace)
		grace.until(h.ask(grace).at.Path, "Delivered")
		must(t, h.access.Govern(t.Context(), h.admin, h.subject(guest), true))
		own := grace.get("/account/organizations")
		own.wants(t, http.StatusOK, "Contoso", "Open to you")
		switched := func() page {
			return grace.send(http.MethodPost, "/account/organizations/switch", url.Values{"tenant": {h.A.ID}}, "same-origin")
		}
		p := grace.submit(grace.get(grace.href(h.at("/access/assignments"), "/remove")), "End my access", nil)
		p.wants(t, http.StatusOK, "Your access is being ended.")
		grace.until("/account/organizations", "Access ended")
		grace.get("/account/organizations").wants(t, http.StatusOK, "Access ended", "Ask for access again to come back", "Ask again")
		p = switched()
		p.wants(t, http.StatusForbidden, "Your access there has ended")
		fresh := h.open()
		p = fresh.signIn(fresh.get("/"+h.A.ID+"/oauth2/v2.0/authorize?"+h.signInQuery()), h.grace)
		p.wants(t, http.StatusForbidden, "Your access to Contoso has ended", "Nobody has blocked you", "Ask Contoso for access again", "AADSTS50057")
		if strings.Contains(p.Text(), "administrator") {
			t.Errorf("it sends them to an administrator: %s", p.Text())
		}
		p = fresh.get(p.Link("See what you can ask for"))
		p.wants(t, http.StatusOK, "Joint design files", "Request access")
		p = fresh.submit(fresh.get(h.link()), "Send request to Contoso", h.answers())
		p.wants(t, http.StatusOK, "Request sent to Contoso.")
		fresh.until(p.at.Path, "Delivered")
		grace.get("/account/organizations").wants(t, http.StatusOK, "Open to you")

		// Who was blocked by hand is told that.
		h.Graph(t, h.A, http.MethodPatch, "/v1.0/users/"+guest, map[string]any{"accountEnabled": false}, nil)
		p = switched()
		p.wants(t, http.StatusForbidden, "An administrator of the organization has blocked your account there")
	})
}

// subject returns the identifier of a user of A as package entitlement knows them.
func (h *stage) subject(user string) ids.SubjectID {
	h.t.Helper()
	s, err := h.access.SubjectByObject(h.t.Context(), h.admin, ids.ObjectID(user))
	must(h.t, err)
	return s.ID
}

// signInQuery is that of an application of A to which people sign in.
func (h *stage) signInQuery() string {
	h.t.Helper()
	const back = "https://app.example/back"
	app := h.Application(h.t, h.A, "Drawings", false)
	h.Graph(h.t, h.A, http.MethodPatch, "/v1.0/applications/"+app.ID, map[string]any{"web": map[string]any{"redirectUris": []string{back}}}, nil)
	h.Delegate(h.t, h.A, h.Present(h.t, h.A, app.AppID).ID, "User.Read")
	return url.Values{"client_id": {app.AppID}, "response_type": {"code"}, "redirect_uri": {back}, "scope": {"openid"}, "code_challenge": {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}, "code_challenge_method": {"S256"}}.Encode()
}

package myaccess_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"entente/internal/core/directory"
	"entente/internal/core/tenant"
	"entente/internal/core/token"
	"entente/internal/enttest"
	"entente/internal/enttest/dbtest"
	"entente/internal/enttest/phone"
	"entente/internal/flow/entitlement"
	"entente/internal/flow/offer"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// token returns an access token for Microsoft Graph of somebody who is signed in
// to a tenant by a program that may do what scope says.
func (h *stage) token(in *enttest.Tenant, object, home, user, scope string) string {
	h.t.Helper()
	const back = "https://app.example/back"
	app := h.Application(h.t, in, "Desk", false)
	h.Delegate(h.t, in, h.Present(h.t, in, app.AppID).ID, scope)
	var code string
	db := dbtest.OpenURL(h.t, h.Store, h.Clock)
	must(h.t, db.Update(h.t.Context(), func(tx *sqldb.Tx) (err error) {
		code, err = token.AddCode(h.t.Context(), tx, token.Code{
			Object: ids.ObjectID(object), Proof: token.Proof{Home: ids.TenantID(home), User: ids.ObjectID(user), Session: ids.New[ids.SessionID](), Methods: []string{"pwd"}, AuthAt: tx.Now()},
			Tenant: ids.TenantID(in.ID), Client: ids.AppID(app.AppID), Redirect: back, Platform: token.Native, Scope: enttest.GraphScope,
		})
		return err
	}))
	return h.Post(h.t, "/"+in.ID+"/oauth2/v2.0/token", url.Values{
		"grant_type": {"authorization_code"}, "client_id": {app.AppID}, "code": {code}, "redirect_uri": {back}, "scope": {"openid " + enttest.GraphScope},
	}).Token(h.t)
}

// guest makes grace a guest of A who has accepted.
func (h *stage) guest() (id string) {
	h.t.Helper()
	db := dbtest.OpenURL(h.t, h.Store, h.Clock)
	must(h.t, db.Update(h.t.Context(), func(tx *sqldb.Tx) error {
		in, err := tenant.Get(h.t.Context(), tx, ids.TenantID(h.A.ID))
		if err != nil {
			return err
		}
		u, err := directory.AddGuest(h.t.Context(), tx, in, directory.Invitee{Mail: h.grace, DisplayName: "Person grace"})
		if err != nil {
			return err
		}
		id = string(u.ID)
		return directory.AcceptGuest(h.t.Context(), tx, u, ids.Principal{Kind: ids.Person, Home: ids.TenantID(h.B.ID), ID: h.graceID})
	}))
	return id
}

// TestEndpointWithAToken: a program of grace's asks with a token that her tenant's
// token endpoint has issued, and reads what becomes of it.
func TestEndpointWithAToken(t *testing.T) {
	each(t, func(h *stage) {
		const right = "EntitlementMgmt-SubjectAccess.ReadWrite"
		api := h.at("/access/api/requests")
		body := map[string]any{"accessPackageId": h.pkg.ID, "justification": "For the test", "answers": []any{map[string]any{"questionId": h.question, "value": "rotor"}}}
		mine := h.token(h.B, string(h.graceID), h.B.ID, string(h.graceID), right)
		if a := h.As(t, h.token(h.B, string(h.graceID), h.B.ID, string(h.graceID), "User.Read"), http.MethodPost, api, body); a.Status != http.StatusForbidden {
			t.Errorf("without the permission: %d %s", a.Status, a.Body)
		}
		var made struct{ ID, State, Page string }
		a := h.As(t, mine, http.MethodPost, api, body)
		if a.Into(t, &made); a.Status != http.StatusCreated || made.State != "pendingApproval" {
			t.Fatalf("asked: %d %s", a.Status, a.Body)
		}
		h.as(h.grace).get(strings.TrimPrefix(made.Page, h.Name)).wants(t, http.StatusOK, "You asked", "For the test")
		ada := h.as(h.ada)
		ada.submit(ada.get(h.at("/access/approvals/"+made.ID)), "Approve for Contoso", url.Values{"reason": {"Yes"}, "decision": {"approve"}}).wants(t, http.StatusOK, "approved")
		for end := time.Now().Add(30 * time.Second); made.State != "delivered"; time.Sleep(50 * time.Millisecond) {
			if h.As(t, mine, http.MethodGet, api+"/"+made.ID, nil).Into(t, &made); time.Now().After(end) {
				t.Fatalf("it stays %s", made.State)
			}
		}
		if a := h.As(t, mine, http.MethodGet, "/@"+h.B.Domain+"/access/api/requests/"+made.ID, nil); a.Status != http.StatusNotFound {
			t.Errorf("at another organization: %d %s", a.Status, a.Body)
		}
		upn, colleague := h.person(h.B, "colleague")
		if a := h.As(t, h.token(h.B, string(colleague), h.B.ID, string(colleague), right), http.MethodGet, api+"/"+made.ID, nil); a.Status != http.StatusNotFound {
			t.Errorf("%s: %d %s", upn, a.Status, a.Body)
		}
	})
}

// TestEndpointOfAGuest: a token of the organization that is asked is not one of
// home, whatever it lets its program do there.
func TestEndpointOfAGuest(t *testing.T) {
	each(t, func(h *stage) {
		there := h.token(h.A, h.guest(), h.B.ID, string(h.graceID), "EntitlementMgmt-SubjectAccess.ReadWrite")
		if a := h.As(t, there, http.MethodPost, h.at("/access/api/requests"), map[string]any{"accessPackageId": h.pkg.ID}); a.Status != http.StatusForbidden || !strings.Contains(string(a.Body), "home tenant") {
			t.Errorf("got %d %s", a.Status, a.Body)
		}
	})
}

// TestGuestApproves: an approver who is a guest, and owes the second factor that
// the organization wants of everybody, sets it up before anything is shown, and
// decides then.
func TestGuestApproves(t *testing.T) {
	each(t, func(h *stage) {
		guest := h.guest()
		h.change(func(p *offer.Policy) {
			p.Approval.Stages[0].Primary = []offer.SubjectSet{{Kind: offer.SingleUser, Object: ids.ObjectID(guest)}}
		})
		colleague, _ := h.person(h.B, "colleague")
		asked := h.ask(h.as(colleague)).at.Path
		approval := strings.Replace(asked, "/requests/", "/approvals/", 1)
		grace := h.as(h.grace)
		page := grace.get(approval)
		page.wants(t, http.StatusOK, "Person colleague asks for", "Your decision")
		h.Graph(t, h.A, http.MethodPatch, "/v1.0/policies/identitySecurityDefaultsEnforcementPolicy", map[string]any{"isEnabled": true}, nil)

		for _, path := range []string{h.at("/access/approvals"), approval} {
			p := grace.get(path)
			if p.Heading() != "Set up a second factor" || strings.Contains(p.raw, "Person colleague") {
				t.Fatalf("%s without the factor: %d %s", path, p.status, p.Text())
			}
		}
		p := grace.submit(page, "Approve for Contoso", url.Values{"reason": {"Yes"}, "decision": {"approve"}})
		if s := h.state(last(asked)); s != entitlement.PendingApproval || strings.Contains(p.Text(), "recorded") {
			t.Fatalf("decided without the factor: %s %d %s", s, p.status, p.Text())
		}
		p = grace.get(approval)
		_, key, _ := strings.Cut(p.raw, `id="key">`)
		key, _, _ = strings.Cut(key, "<")
		mine := phone.Typed(t, key)
		grace.submit(p, "Confirm", url.Values{"code": {mine.Wrong(h.Clock.Wall())}}).wants(t, http.StatusUnprocessableEntity, "The code is not right")
		p = grace.submit(p, "Confirm", url.Values{"code": {mine.Code(h.Clock.Wall())}})
		p = grace.submit(p, "I have saved them", nil)
		if p.at.Path != approval {
			t.Errorf("they are led to %s", p.at)
		}
		p.wants(t, http.StatusOK, "Person colleague asks for", "Your decision")
		grace.submit(p, "Approve for Contoso", url.Values{"reason": {"Yes"}, "decision": {"approve"}}).wants(t, http.StatusOK, "Your decision is recorded: approved.")
	})
}

package signinpages

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"entente/internal/core/app"
	"entente/internal/core/crosstenant"
	"entente/internal/core/directory"
	"entente/internal/core/factor"
	"entente/internal/core/token"
	"entente/internal/flow/guest"
	"entente/internal/kit/ids"
	"entente/internal/kit/secret"
	"entente/internal/kit/sqldb"
)

// invite invites an address into Contoso.
func (h *house) invite(mail, more string) *guest.Invitation {
	h.t.Helper()
	who := admin(h.a)
	who.Scopes = []string{"User.ReadWrite.All"}
	return must(h.guests.Invite(h.t.Context(), who,
		[]byte(`{"invitedUserEmailAddress":"`+mail+`","inviteRedirectUrl":"https://app.contoso.example/start"`+more+`}`), nil))(h.t)
}

// waits returns a guest of Contoso as it is.
func (h *house) waits(v *guest.Invitation) (u *directory.User) {
	h.t.Helper()
	if err := h.db.View(h.t.Context(), func(tx *sqldb.Tx) (err error) {
		u, err = directory.GetUser(h.t.Context(), tx, h.a.Tenant, string(v.User.ID))
		return err
	}); err != nil {
		h.t.Fatal(err)
	}
	return u
}

// follow opens an invitation's link and signs in.
func (b *browser) follow(v *guest.Invitation, upn string) answered {
	b.h.t.Helper()
	p := b.submit(b.get(strings.TrimPrefix(v.RedeemURL, "https://id.fabrikam.example")), "Sign in", nil)
	if p.Heading() != "Sign in" {
		return p
	}
	p = b.submit(p, "Next", url.Values{"username": {upn}})
	return b.submit(p, "Sign in", url.Values{"password": {password}})
}

// contosoClient makes an application of Contoso that its people may use.
func (h *house) contosoClient() *app.Application {
	h.t.Helper()
	a := h.register("Drawings", userRead, `,"web":{"redirectUris":["`+appBack+`"]}`)
	b := h.browser()
	b.submit(b.signIn("/contoso.example/v2.0/adminconsent?scope=User.Read&redirect_uri="+appBack+"&client_id="+string(a.AppID), "admin@contoso.example"),
		"Consent for Contoso", url.Values{"decision": {"accept"}})
	return a
}

// bothAgree lets people of Fabrikam become guests of Contoso unasked.
func (h *house) bothAgree() {
	h.t.Helper()
	policies := crosstenant.NewService(h.db)
	must(policies.AddPartner(h.t.Context(), admin(h.a), []byte(`{"tenantId":"`+string(h.b.Tenant)+`","automaticUserConsentSettings":{"inboundAllowed":true}}`)))(h.t)
	must(policies.AddPartner(h.t.Context(), admin(h.b), []byte(`{"tenantId":"`+string(h.a.Tenant)+`","automaticUserConsentSettings":{"outboundAllowed":true}}`)))(h.t)
}

// TestRedemptionByLink accepts an invitation that came by a link.
func TestRedemptionByLink(t *testing.T) {
	each(t, func(h *house) {
		t := h.t
		clerk := h.person("clerk@fabrikam.example", "")
		v := h.invite("Clerk@Fabrikam.example", "") // another case is the same address
		b := h.browser()
		p := b.follow(v, "clerk@fabrikam.example")
		for _, say := range []string{"Contoso invites you as a guest", "You act in Fabrikam", "clerk@fabrikam.example", "by Global administrator", "Contoso, contoso.example", "app.contoso.example", "may end your access"} {
			if !strings.Contains(p.Text(), say) {
				t.Errorf("the page does not say %q: %s", say, p.Text())
			}
		}
		if h.waits(v).HasAccepted() {
			t.Error("accepted before it was said")
		}
		done := b.submit(p, "Accept as Fabrikam", url.Values{"decision": {"accept"}})
		if done.Heading() != "You are a guest of Contoso" || !strings.Contains(done.Text(), "go on to app.contoso.example") || done.Link("Go on") != "https://app.contoso.example/start" {
			t.Errorf("got %s", done.Raw())
		}
		if u := h.waits(v); !u.HasAccepted() || u.Home.ID != clerk || u.Home.Home != h.b.Tenant {
			t.Errorf("the guest is %+v", u)
		}
		// The page that was left open, and the link: nothing more happens.
		if again := b.submit(p, "Decline", url.Values{"decision": {"decline"}}); again.Heading() != "You are a guest of Contoso" || !h.waits(v).HasAccepted() {
			t.Errorf("an answer twice: %s", again.Text())
		}
		if again := b.follow(v, "clerk@fabrikam.example"); again.Heading() != "You are a guest of Contoso" {
			t.Errorf("the link again: %s", again.Text())
		}
		h.person("smith@fabrikam.example", "")
		if p := h.browser().follow(v, "smith@fabrikam.example"); p.status != http.StatusForbidden || p.Heading() != "The invitation was used already" || strings.Contains(p.Text(), "clerk") {
			t.Errorf("by another afterwards: %d %s", p.status, p.Text())
		}
	})
}

// TestRedemptionDeclined leaves the guest waiting, and the link good.
func TestRedemptionDeclined(t *testing.T) {
	each(t, func(h *house) {
		t := h.t
		h.person("clerk@fabrikam.example", "")
		v := h.invite("clerk@fabrikam.example", "")
		b := h.browser()
		p := b.submit(b.follow(v, "clerk@fabrikam.example"), "Decline", url.Values{"decision": {"decline"}})
		if p.Heading() != "You have declined" || strings.Contains(p.Raw(), "app.contoso.example") || h.waits(v).HasAccepted() {
			t.Errorf("got %s", p.Text())
		}
		if p := b.follow(v, ""); p.Heading() != "Contoso invites you as a guest" { // with the session
			t.Errorf("the link again: %s", p.Text())
		} else if p = b.submit(p, "Accept as Fabrikam", url.Values{"decision": {"accept"}}); !h.waits(v).HasAccepted() {
			t.Errorf("on second thoughts: %s", p.Text())
		}
	})
}

// TestInvitationOfSomebodyElse: whoever has the link learns who invites, and
// nothing of whom.
func TestInvitationOfSomebodyElse(t *testing.T) {
	each(t, func(h *house) {
		t := h.t
		h.person("clerk@fabrikam.example", "")
		h.person("smith@fabrikam.example", "")
		v := h.invite("clerk@fabrikam.example", `,"invitedUserDisplayName":"Somebody Secret"`)
		for _, upn := range []string{"smith@fabrikam.example", "admin@fabrikam.example", "admin@contoso.example"} {
			b := h.browser()
			p := b.follow(v, upn)
			if p.status != http.StatusForbidden || p.Heading() != "The invitation is for another account" || strings.Contains(p.Raw(), "clerk") || strings.Contains(p.Raw(), "Secret") ||
				!strings.Contains(p.Text(), upn) || h.waits(v).HasAccepted() {
				t.Errorf("%s: %d %s", upn, p.status, p.Text())
			}
			if p = b.submit(p, "Use another account", nil); p.Heading() != "Sign in" {
				t.Errorf("%s: no other account can be used: %s", upn, p.Text())
			}
			p = b.submit(b.submit(p, "Next", url.Values{"username": {"clerk@fabrikam.example"}}), "Sign in", url.Values{"password": {password}})
			if p.Heading() != "Contoso invites you as a guest" {
				t.Errorf("%s: then the right one: %s", upn, p.Text())
			}
		}
	})
}

// TestInvitationThatEnded, was replaced, or whose guest is gone: each is told
// before anybody signs in.
func TestInvitationThatEnded(t *testing.T) {
	each(t, func(h *house) {
		t := h.t
		h.person("clerk@fabrikam.example", "")
		replaced := h.invite("clerk@fabrikam.example", "")
		v := h.invite("clerk@fabrikam.example", "")
		if p := h.browser().get(replaced.RedeemURL); p.status != http.StatusNotFound || p.Heading() != "There is no such invitation" {
			t.Errorf("replaced: %d %s", p.status, p.Text())
		}
		open := h.browser()
		waiting := open.follow(v, "clerk@fabrikam.example")
		h.clock.Advance(30 * time.Minute)
		again := h.invite("clerk@fabrikam.example", "")
		if p := open.submit(waiting, "Accept as Fabrikam", url.Values{"decision": {"accept"}}); p.status != http.StatusNotFound || h.waits(v).HasAccepted() {
			t.Errorf("replaced while the page was open: %d %s", p.status, p.Text())
		}
		h.clock.Advance(31 * 24 * time.Hour)
		if p := h.browser().get(again.RedeemURL); p.status != http.StatusForbidden || p.Heading() != "The invitation has ended" || strings.Contains(p.Text(), "Contoso") {
			t.Errorf("ended: %d %s", p.status, p.Text())
		}
		last := h.invite("clerk@fabrikam.example", "")
		if err := h.users.Delete(t.Context(), admin(h.a), string(v.User.ID)); err != nil {
			t.Fatal(err)
		}
		if p := h.browser().get(last.RedeemURL); p.status != http.StatusNotFound || p.Heading() != "The invitation was withdrawn" {
			t.Errorf("withdrawn: %d %s", p.status, p.Text())
		}
	})
}

// TestGuestSignsIn has somebody who was invited sign in to an application of
// the tenant, without the link.
func TestGuestSignsIn(t *testing.T) {
	each(t, func(h *house) {
		t, a := h.t, h.contosoClient()
		clerk := h.person("clerk@fabrikam.example", "")
		h.person("smith@fabrikam.example", "")
		v := h.invite("clerk@fabrikam.example", "")
		at := link(a, "contoso.example")
		if p := h.browser().signIn(at, "smith@fabrikam.example"); p.status != http.StatusForbidden || p.Heading() != "This account is not in Contoso" {
			t.Errorf("nobody's guest: %d %s", p.status, p.Text())
		}
		b := h.browser()
		p := b.signIn(at, "clerk@fabrikam.example")
		if p.Heading() != "Contoso invites you as a guest" || !strings.Contains(p.Text(), "Drawings") {
			t.Fatalf("got %s", p.Text())
		}
		if q := answerOf(t, b.get(link(a, "contoso.example", "prompt", "none"))); q.Get("error") != "interaction_required" || !strings.Contains(q.Get("error_description"), "AADSTS90072") {
			t.Errorf("silently: %v", q)
		}
		declined := h.browser()
		no := declined.submit(declined.signIn(at, "clerk@fabrikam.example"), "Decline", url.Values{"decision": {"decline"}})
		if no.Heading() != "You have declined" || !strings.Contains(no.Text(), "Sign in to Drawings once more") || h.waits(v).HasAccepted() {
			t.Errorf("declined: %s", no.Text())
		}
		if again := declined.get("/common/redeem?flow=" + no.Value(t, "flow")); again.Heading() != "You have declined" {
			t.Errorf("loaded again: %s", again.Text())
		}
		no = declined.submit(no, "Go back to Drawings", url.Values{"decision": {"back"}})
		if q := answerOf(t, no); q.Get("error") != "access_denied" || q.Get("state") != "a b&c" || q.Get("code") != "" || h.waits(v).HasAccepted() {
			t.Errorf("declined: %v", q)
		}
		if p := b.post("/common/redeem", url.Values{"flow": {p.Value(t, "flow")}, "decision": {"back"}}); p.Heading() != "Contoso invites you as a guest" {
			t.Errorf("going back undecided: %d %s", p.status, p.Text())
		}
		q := answerOf(t, b.submit(p, "Accept as Fabrikam", url.Values{"decision": {"accept"}}))
		c := h.code(q.Get("code"))
		if c.Tenant != h.a.Tenant || c.Object != v.User.ID || c.Home != h.b.Tenant || c.User != clerk {
			t.Errorf("the code is %+v", c)
		}
		if q := answerOf(t, b.get(link(a, "contoso.example", "prompt", "none"))); q.Get("code") == "" {
			t.Errorf("afterwards: %v", q)
		}

		// After a reset the same account proves itself again, and is asked again.
		h.clock.Advance(time.Minute)
		h.invite("clerk@fabrikam.example", `,"resetRedemption":true,"invitedUser":{"id":"`+string(v.User.ID)+`"}`)
		p = b.get(at)
		if p.Heading() != "Enter your password" {
			t.Fatalf("after the reset: %s", p.Text())
		}
		if p = b.submit(p, "Sign in", url.Values{"password": {password}}); p.Heading() != "Contoso invites you as a guest" {
			t.Errorf("after the reset: %s", p.Text())
		}
	})
}

// TestGuestWhoseSessionsWereRevoked in the tenant proves the account again,
// though it is signed in at home.
func TestGuestWhoseSessionsWereRevoked(t *testing.T) {
	each(t, func(h *house) {
		t, a := h.t, h.contosoClient()
		h.person("clerk@fabrikam.example", "")
		v := h.invite("clerk@fabrikam.example", "")
		b := h.browser()
		b.submit(b.follow(v, "clerk@fabrikam.example"), "Accept as Fabrikam", url.Values{"decision": {"accept"}})
		if q := answerOf(t, b.get(link(a, "contoso.example"))); q.Get("code") == "" {
			t.Fatalf("got %v", q)
		}
		h.clock.Advance(time.Minute)
		if err := h.users.RevokeSessions(t.Context(), admin(h.a), string(v.User.ID)); err != nil {
			t.Fatal(err)
		}
		if q := answerOf(t, b.get(link(a, "contoso.example", "prompt", "none"))); q.Get("error") != "login_required" {
			t.Errorf("silently: %v", q)
		}
		p := b.get(link(a, "contoso.example"))
		if p.Heading() != "Enter your password" {
			t.Fatalf("got %s", p.Text())
		}
		q := answerOf(t, b.submit(p, "Sign in", url.Values{"password": {password}}))
		if c := h.code(q.Get("code")); c.AuthAt.Before(h.clock.Now().Add(-time.Second)) { // or its tokens would be refused
			t.Errorf("the code is of %v, and the sessions ended at %v", c.AuthAt, h.clock.Now())
		}
	})
}

// TestAutomaticRedemptionAndSecondFactor: a guest who is accepted without being
// asked still needs what the tenant demands of its guests.
func TestAutomaticRedemptionAndSecondFactor(t *testing.T) {
	each(t, func(h *house) {
		t, a := h.t, h.contosoClient()
		h.person(clerk, "")
		h.bothAgree()
		v := h.invite(clerk, "")
		h.demand(admin(h.a), factor.Everybody)
		h.clock.Advance(time.Minute)
		p := h.browser().signIn(link(a, "contoso.example"), clerk)
		if p.Heading() != "Set up a second factor" || !h.waits(v).HasAccepted() {
			t.Errorf("got %s", p.Text())
		}
	})
}

// TestAutomaticRedemption asks nobody where both tenants agree.
func TestAutomaticRedemption(t *testing.T) {
	each(t, func(h *house) {
		t, a := h.t, h.contosoClient()
		h.person("clerk@fabrikam.example", "")
		h.person("smith@fabrikam.example", "")
		h.bothAgree()
		v := h.invite("clerk@fabrikam.example", "")
		if q := answerOf(t, h.browser().signIn(link(a, "contoso.example"), "clerk@fabrikam.example")); h.code(q.Get("code")).Object != v.User.ID || !h.waits(v).HasAccepted() {
			t.Errorf("got %v", q)
		}
		v = h.invite("smith@fabrikam.example", "")
		if p := h.browser().follow(v, "smith@fabrikam.example"); p.Heading() != "You are a guest of Contoso" || !h.waits(v).HasAccepted() {
			t.Errorf("by link: %s", p.Text())
		}
		if p := h.browser().follow(h.invite("nobody@fabrikam.example", ""), "smith@fabrikam.example"); p.Heading() != "The invitation is for another account" {
			t.Errorf("of another: %s", p.Text())
		}
	})
}

// TestInvitationChangedMeanwhile shows what has changed instead of taking the
// answer.
func TestInvitationChangedMeanwhile(t *testing.T) {
	each(t, func(h *house) {
		t := h.t
		h.person("clerk@fabrikam.example", "")
		v := h.invite("clerk@fabrikam.example", "")
		b := h.browser()
		p := b.follow(v, "clerk@fabrikam.example")
		if _, err := h.users.Update(t.Context(), admin(h.a), string(h.a.Admin), []byte(`{"displayName":"Somebody else"}`)); err != nil {
			t.Fatal(err)
		}
		p = b.submit(p, "Accept as Fabrikam", url.Values{"decision": {"accept"}})
		if p.Heading() != "Contoso invites you as a guest" || !strings.Contains(p.Text(), "by Somebody else") || !strings.Contains(p.Text(), "Nothing was accepted") || h.waits(v).HasAccepted() {
			t.Errorf("got %s", p.Text())
		}
		b.submit(p, "Accept as Fabrikam", url.Values{"decision": {"accept"}})
		if !h.waits(v).HasAccepted() {
			t.Error("the second answer was not taken")
		}
	})
}

// TestTicketsOfOneKind: what was made for one thing opens no other.
func TestTicketsOfOneKind(t *testing.T) {
	each(t, func(h *house) {
		t, a := h.t, h.contosoClient()
		h.person("clerk@fabrikam.example", "")
		v := h.invite("clerk@fabrikam.example", "")
		b := h.browser()
		p := b.follow(v, "clerk@fabrikam.example")
		b.submit(p, "Accept as Fabrikam", url.Values{"decision": {"accept"}})
		code := answerOf(t, b.get(link(a, "contoso.example"))).Get("code")
		v = h.invite("other@fabrikam.example", "")
		u := must(url.Parse(v.RedeemURL))(t)
		ticket := u.Query().Get("ticket")
		for name, value := range map[string]string{"a code": code, "the browser's cookie": b.cookies["__Host-entente-browser"], "a flow": string(ids.New[ids.FlowID]())} {
			q := u.Query()
			q.Set("ticket", value)
			if p := h.browser().get("/redeem?" + q.Encode()); p.status != http.StatusNotFound || p.Heading() != "There is no such invitation" {
				t.Errorf("%s as a ticket: %d %s", name, p.status, p.Text())
			}
		}
		if err := h.db.View(t.Context(), func(tx *sqldb.Tx) error { _, err := token.FindCode(t.Context(), tx, ticket); return err }); err == nil {
			t.Error("a ticket is a code")
		}
		thief := h.browser()
		thief.cookies["__Host-entente-browser"] = ticket
		for id := range b.sessions() {
			thief.cookies["__Host-entente-session."+string(id)] = ticket
		}
		if p := thief.get(link(a, "contoso.example")); p.left != "" || p.Heading() != "Sign in" {
			t.Errorf("a ticket as a session: %s %s", p.left, p.Text())
		}
		// A flow of another kind does not take the answer to an invitation, nor the other way round.
		consent := h.browser().signIn("/contoso.example/v2.0/adminconsent?scope=User.Read&redirect_uri="+appBack+"&client_id="+string(a.AppID), "admin@contoso.example")
		_, fields := consent.Form(t, "Consent for Contoso")
		shown := secret.DigestOf("x")
		if p := b.post("/common/redeem", url.Values{"flow": fields["flow"], "decision": {"accept"}, "shown": {string(shown)}}); p.status != http.StatusNotFound {
			t.Errorf("another browser's consent: %d %s", p.status, p.Text())
		}
	})
}

// TestAnswersFromElsewhere are refused: the forms of an invitation are ours.
func TestAnswersFromElsewhere(t *testing.T) {
	each(t, func(h *house) {
		t := h.t
		h.person("clerk@fabrikam.example", "")
		v := h.invite("clerk@fabrikam.example", "")
		b := h.browser()
		p := b.follow(v, "clerk@fabrikam.example")
		action, fields := p.Form(t, "Accept as Fabrikam")
		fields.Set("decision", "accept")
		for path, form := range map[string]url.Values{action: fields, "/redeem": must(url.Parse(v.RedeemURL))(t).Query()} {
			r := httptest.NewRequest("POST", path, strings.NewReader(form.Encode()))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set("Sec-Fetch-Site", "cross-site")
			if p := b.send(r); p.status != http.StatusForbidden || h.waits(v).HasAccepted() {
				t.Errorf("%s from elsewhere: %d %s", path, p.status, p.Text())
			}
		}
		if p := h.browser().post(action, fields); p.status != http.StatusNotFound || h.waits(v).HasAccepted() {
			t.Errorf("from another browser: %d %s", p.status, p.Text())
		}
		if p := b.post(action, url.Values{"flow": fields["flow"], "decision": {"perhaps"}}); p.status != http.StatusBadRequest {
			t.Errorf("neither yes nor no: %d", p.status)
		}
	})
}

package account_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"entente/internal/enttest/phone"
	"entente/internal/kit/ids"
)

// between returns what stands between two marks of a page.
func between(t *testing.T, p page, from, to string) string {
	t.Helper()
	_, rest, found := strings.Cut(p.raw, from)
	text, _, closed := strings.Cut(rest, to)
	if !found || !closed {
		t.Fatalf("the page has no %q: %s", from, p.Text())
	}
	return text
}

func keyOn(t *testing.T, p page) phone.Phone { return phone.Typed(t, between(t, p, `id="key">`, "<")) }

func codesOn(t *testing.T, p page) []string {
	return strings.Fields(strings.ReplaceAll(between(t, p, `id="spares">`, "</code>"), "<br>", " "))
}

// demand changes the tenant's security defaults by Graph.
func (h *house) demand(rule map[string]any) {
	h.t.Helper()
	h.Graph(h.t, h.B, http.MethodPatch, "/v1.0/policies/identitySecurityDefaultsEnforcementPolicy", rule, nil)
}

// TestAuthenticators: a person adds a phone and another, renames and removes
// them, and renews the recovery codes, which are shown once.
func TestAuthenticators(t *testing.T) {
	each(t, func(h *house) {
		t := h.t
		upn, _ := h.person("clerk")
		b := h.browser(firefox)
		b.signIn("/account", upn, password)
		before := b.cookies()
		p := b.get("/account/security")
		if !strings.Contains(p.Text(), "No authenticator app") {
			t.Fatalf("got %s", p.Text())
		}
		p = b.get(p.Link("Add an authenticator app"))
		mine := keyOn(t, p)
		if again := keyOn(t, b.get(p.at.RequestURI())); again.Code(h.clock.Wall()) != mine.Code(h.clock.Wall()) {
			t.Error("loaded again, the page shows another key")
		}
		if p = b.submit(p, "Add", url.Values{"code": {mine.Wrong(h.clock.Wall())}, "device": {"My phone"}}); p.status != http.StatusUnprocessableEntity ||
			!strings.Contains(p.Text(), "The code is not right.") || !strings.Contains(p.raw, `value="My phone"`) {
			t.Fatalf("a wrong code: %d %s", p.status, p.Text())
		}
		if p = b.submit(p, "Add", url.Values{"code": {mine.Code(h.clock.Wall())}, "device": {strings.Repeat("n", 65)}}); p.status != http.StatusUnprocessableEntity || !strings.Contains(p.Text(), "at most 64") {
			t.Fatalf("a long name: %d %s", p.status, p.Text())
		}
		p = b.submit(p, "Add", url.Values{"code": {mine.Code(h.clock.Wall())}, "device": {"My \u202ephone"}})
		codes := codesOn(t, p)
		if p.Heading() != "Save your recovery codes" || len(codes) != 10 {
			t.Fatalf("got %s", p.Text())
		}
		at := p.at.RequestURI()
		thief := h.browser(firefox)
		for name, value := range before {
			thief.plant(name, value)
		}
		if p := thief.get("/account"); p.Heading() != "Sign in" {
			t.Errorf("the secret from before the second factor goes on: %s", p.Text())
		}
		if p = b.submit(p, "I have saved them", nil); p.Heading() != "Security info" || !strings.Contains(p.Text(), "10 of 10 are left") || strings.Contains(p.raw, "\u202e") {
			t.Errorf("got %s", p.Text())
		}
		if q := b.get(at); strings.Contains(q.raw, codes[0]) || !strings.Contains(q.Text(), "can’t be shown any more") {
			t.Errorf("saved, and still shown: %s", q.Text())
		}

		// A second phone has another key, and brings no further codes.
		q := b.get(p.Link("Add an authenticator app"))
		other := keyOn(t, q)
		if p = b.submit(q, "Add", url.Values{"code": {other.Code(h.clock.Wall())}, "device": {"Tablet"}}); !strings.Contains(p.Text(), "The authenticator app is added.") || !strings.Contains(p.Text(), "Tablet") {
			t.Fatalf("got %s", p.Text())
		}
		rename, remove := p.Link("Rename Tablet"), p.Link("Remove… Tablet")
		if q := b.submit(b.get(rename), "Rename", url.Values{"device": {strings.Repeat("n", 65)}}); q.status != http.StatusUnprocessableEntity || !strings.Contains(q.Text(), "at most 64") {
			t.Errorf("renamed to a long name: %d %s", q.status, q.Text())
		}
		if p = b.submit(b.get(rename), "Rename", url.Values{"device": {"Slate"}}); !strings.Contains(p.Text(), "Slate") || strings.Contains(p.Text(), "Tablet") {
			t.Errorf("renamed: %s", p.Text())
		}
		if p = b.submit(b.get(p.Link("Make new recovery codes…")), "Make new recovery codes", nil); len(codesOn(t, p)) != 10 || codesOn(t, p)[0] == codes[0] {
			t.Errorf("new codes: %s", p.Text())
		}
		if p = b.submit(b.get(remove), "Remove", nil); !strings.Contains(p.Text(), "The authenticator app is removed.") || strings.Contains(p.Text(), "Slate") {
			t.Errorf("removed: %s", p.Text())
		}
		if p := b.get(remove); p.status != http.StatusNotFound {
			t.Errorf("one that is gone: %d %s", p.status, p.Text())
		}
	})
}

// TestDemandedOfAdministrators: of administrators alone, by Graph, asks only
// whoever can change something.
func TestDemandedOfAdministrators(t *testing.T) {
	each(t, func(h *house) {
		upn, _ := h.person("clerk")
		h.demand(map[string]any{"secondFactorDemandedOf": "administrators", "isEnabled": false})
		if p := h.browser(firefox).signIn("/account", upn, password); p.Heading() != "My account" {
			h.t.Errorf("a member: %s", p.Text())
		}
		if p := h.browser(firefox).signIn("/account", h.B.AdminUPN, h.B.AdminPassword); p.Heading() != "Set up a second factor" {
			h.t.Errorf("an administrator: %s", p.Text())
		}
	})
}

// TestLastAuthenticator: while the tenant's rule, set by Graph, demands a second
// factor, sign-in asks for it and the last one stays; without the rule it goes.
func TestLastAuthenticator(t *testing.T) {
	each(t, func(h *house) {
		t := h.t
		upn, _ := h.person("clerk")
		h.demand(map[string]any{"isEnabled": true})
		b := h.browser(firefox)
		p := b.signIn("/account/security", upn, password)
		if p.Heading() != "Set up a second factor" {
			t.Fatalf("security defaults are on, and sign-in goes on to %s", p.Text())
		}
		mine := keyOn(t, p)
		p = b.submit(b.submit(p, "Confirm", url.Values{"code": {mine.Code(h.clock.Wall())}}), "I have saved them", nil)
		if p.Heading() != "Security info" || !strings.Contains(p.Text(), "can’t be removed") {
			t.Fatalf("got %s", p.Text())
		}
		at := p.Link("Remove… Authenticator app")
		if q := b.get(at); !strings.Contains(q.Text(), "Add another one first") {
			t.Errorf("the question: %s", q.Text())
		}
		u, err := url.Parse(at)
		if err != nil {
			t.Fatal(err)
		}
		if q := b.post("/account/security/remove", u.Query()); q.status != http.StatusConflict || q.Heading() != "This is your last authenticator app" {
			t.Errorf("the last one: %d %s", q.status, q.Text())
		}
		h.demand(map[string]any{"isEnabled": false})
		if p = b.submit(b.get(at), "Remove", nil); !strings.Contains(p.Text(), "Your password alone lets you in now") || !strings.Contains(p.Text(), "No authenticator app") {
			t.Errorf("nothing is demanded: %d %s", p.status, p.Text())
		}
		if p := h.browser(firefox).signIn("/account", upn, password); p.Heading() != "My account" {
			t.Errorf("with the password alone: %s", p.Text())
		}
	})
}

// TestOldProof: whoever finds a browser open changes nothing of how its person
// signs in: the password is asked once more, and leads back.
func TestOldProof(t *testing.T) {
	each(t, func(h *house) {
		t := h.t
		upn, _ := h.person("clerk")
		b := h.browser(firefox)
		b.signIn("/account", upn, password)
		p := b.get("/account/security/app")
		mine := keyOn(t, p)
		session := b.session()
		h.clock.Advance(15*time.Minute + time.Second)
		q := b.submit(p, "Add", url.Values{"code": {mine.Code(h.clock.Wall())}})
		if q.Heading() != "Enter your password" || !strings.Contains(q.Text(), "change how you sign in") {
			t.Fatalf("after a quarter of an hour: %d %s", q.status, q.Text())
		}
		if p := b.get("/account/security"); !strings.Contains(p.Text(), "No authenticator app") {
			t.Errorf("it is added: %s", p.Text())
		}
		for _, path := range []string{"/account/security/app", "/account/security/codes/renew"} {
			if p := b.get(path); p.Heading() != "Enter your password" {
				t.Errorf("%s: %s", path, p.Text())
			}
		}
		if p := b.post("/account/security/codes/renew", nil); p.Heading() != "Enter your password" {
			t.Errorf("new codes: %s", p.Text())
		}
		p = b.submit(q, "Sign in", url.Values{"password": {password}})
		if p.Heading() != "Add an authenticator app" || keyOn(t, p).Code(h.clock.Wall()) != mine.Code(h.clock.Wall()) || b.session() != session {
			t.Fatalf("after the proof: %s", p.Text())
		}
		if p = b.submit(p, "Add", url.Values{"code": {mine.Code(h.clock.Wall())}}); p.Heading() != "Save your recovery codes" {
			t.Errorf("got %s", p.Text())
		}
		if p := b.get("/account/security/rename?app=" + string(ids.New[ids.MethodID]())); p.status != http.StatusNotFound {
			t.Errorf("one that is not there: %d", p.status)
		}
	})
}

package signinpages

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"entente/internal/core/app"
	"entente/internal/core/token"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// logoutLink is a sign-out that somebody asks for.
func logoutLink(more ...string) string {
	return "/fabrikam.example/oauth2/v2.0/logout?" + pairs(more)
}

// idToken signs in to an application and returns the ID token that it got.
func (b *browser) idToken(a *app.Application, upn string) string {
	b.h.t.Helper()
	to := link(a, "fabrikam.example", "response_type", "code id_token")
	if len(b.sessions()) > 0 {
		return answerOf(b.h.t, b.get(to+"&login_hint="+upn)).Get("id_token")
	}
	return answerOf(b.h.t, b.signIn(to, upn)).Get("id_token")
}

// signedIn reports whether the browser still signs in without a page.
func (b *browser) signedIn(a *app.Application, upn string) bool {
	b.h.t.Helper()
	return answerOf(b.h.t, b.get(link(a, "fabrikam.example", "prompt", "none", "login_hint", upn))).Get("code") != ""
}

// TestSignOutIsAsked: without proof that the application means this very
// session, the person is asked; and the session's secret is worth nothing then.
func TestSignOutIsAsked(t *testing.T) {
	each(t, func(h *house) {
		t, a := h.t, h.client()
		h.person("clerk@fabrikam.example", "")
		for name, more := range map[string][]string{
			"nothing":              nil,
			"the application":      {"client_id", string(a.AppID), "post_logout_redirect_uri", appBack, "state", "a b&c"},
			"the account's name":   {"logout_hint", "clerk@fabrikam.example"},
			"what is no ID token":  {"id_token_hint", "x.y.z"},
			"an ID token of other": {"id_token_hint", h.browser().idToken(a, "clerk@fabrikam.example")},
		} {
			b := h.browser()
			b.idToken(a, "clerk@fabrikam.example")
			replay := b.cookies
			p := b.get(logoutLink(more...))
			if p.status != 200 || p.Heading() != "Sign out of this account?" || !strings.Contains(p.Text(), "clerk@fabrikam.example") {
				t.Fatalf("%s: got %d %s", name, p.status, p.Text())
			}
			if !b.signedIn(a, "clerk@fabrikam.example") {
				t.Fatalf("%s: the address alone signs out", name)
			}
			stolen := h.browser()
			for k, v := range replay {
				stolen.cookies[k] = v
			}
			p = b.submit(p, "Sign out", nil)
			if name == "the application" {
				if p.left != appBack+"?state=a+b%26c" {
					t.Errorf("the browser went to %s", p.left)
				}
			} else if p.left != "" || p.Heading() != "You are signed out" || !strings.Contains(p.Text(), "clerk@fabrikam.example") {
				t.Errorf("%s: got %s, left to %q", name, p.Text(), p.left)
			}
			if len(b.sessions()) != 0 || b.signedIn(a, "clerk@fabrikam.example") {
				t.Errorf("%s: the browser keeps %v", name, b.sessions())
			}
			if stolen.signedIn(a, "clerk@fabrikam.example") {
				t.Errorf("%s: the session goes on with its earlier secret", name)
			}
		}
	})
}

// TestSignOutWithProof: who shows the session's ID token, be it expired, has the
// session ended without a question.
func TestSignOutWithProof(t *testing.T) {
	each(t, func(h *house) {
		t, a := h.t, h.client()
		other := h.register("Payroll", userRead, `,"web":{"redirectUris":["https://payroll.contoso.example/"]}`)
		h.person("clerk@fabrikam.example", "")
		for _, tt := range []struct {
			name   string
			more   []string
			silent bool
			left   string
		}{
			{"and nothing else", nil, true, ""},
			{"and its address", []string{"post_logout_redirect_uri", appBack, "state", "s"}, true, appBack + "?state=s"},
			{"and an address on its own machine", []string{"post_logout_redirect_uri", "http://localhost:4711", "client_id", string(a.AppID)}, true, "http://localhost:4711"},
			{"and an address of nobody's", []string{"post_logout_redirect_uri", "https://evil.example/"}, true, ""},
			{"and an address below its own", []string{"post_logout_redirect_uri", appBack + "/x"}, true, ""},
			{"and another application's address", []string{"post_logout_redirect_uri", "https://payroll.contoso.example/"}, true, ""},
			{"as another application", []string{"client_id", string(other.AppID), "post_logout_redirect_uri", appBack}, false, ""},
		} {
			b := h.browser()
			hint := b.idToken(a, "clerk@fabrikam.example")
			h.clock.Advance(2 * time.Hour)
			p := b.get(logoutLink(append(tt.more, "id_token_hint", hint)...))
			if tt.silent != (len(b.sessions()) == 0) || p.left != tt.left || tt.left == "" && tt.silent && p.Heading() != "You are signed out" {
				t.Errorf("%s: the browser keeps %v and went to %q: %v", tt.name, b.sessions(), p.left, p.Page)
			}
			if !tt.silent {
				if p = b.submit(p, "Sign out", nil); p.left != "" {
					t.Errorf("%s: the browser went to %s", tt.name, p.left)
				}
			}
		}
	})
}

// TestSignOutBelongsToASession: the way back may be that of any application
// that the session has signed in to, of no other; and who has no session is
// sent on at once.
func TestSignOutBelongsToASession(t *testing.T) {
	each(t, func(h *house) {
		t, a := h.t, h.client()
		h.person("clerk@fabrikam.example", "")
		back := logoutLink("post_logout_redirect_uri", appBack)
		b := h.browser()
		b.signIn("/fabrikam.example/adminconsent?client_id="+string(a.AppID), "admin@fabrikam.example") // a session, and no application
		if p := b.submit(b.get(back), "Sign out", nil); p.left != "" {
			t.Errorf("for a session without applications the browser went to %s", p.left)
		}
		b.idToken(a, "clerk@fabrikam.example")
		p := b.get(back)
		if csp := p.header.Get("Content-Security-Policy"); !strings.Contains(csp, "form-action 'self' https://sync.contoso.example;") {
			t.Errorf("the policy is %s", csp)
		}
		if p = b.submit(p, "Sign out", nil); p.left != appBack {
			t.Errorf("the browser went to %q", p.left)
		}
		if p := b.get(back); p.left != "" || p.Heading() != "You are signed out" || !strings.Contains(p.Text(), "Nobody is signed in") {
			t.Errorf("without a session: %s, left to %q", p.Text(), p.left)
		}
		if p := b.get(back + "&client_id=" + string(a.AppID)); p.left != appBack {
			t.Errorf("without a session the application's own address is %q", p.left)
		}
		if p := b.get("/nowhere.example/oauth2/v2.0/logout"); p.status != http.StatusBadRequest || p.Heading() != "There is no such organization" {
			t.Errorf("a tenant of nobody's: %d %q", p.status, p.Heading())
		}
		if p := b.get("/common/OAuth2/logout"); p.Heading() != "You are signed out" {
			t.Errorf("the address of version 1: %s", p.Text())
		}
	})
}

// TestSignOutOfSeveral: one that is meant, one that is picked, or all of them.
func TestSignOutOfSeveral(t *testing.T) {
	each(t, func(h *house) {
		t, a := h.t, h.client()
		h.person("clerk@fabrikam.example", "")
		h.person("smith@fabrikam.example", "")
		h.person("jones@fabrikam.example", "")
		b := h.browser()
		for _, name := range []string{"clerk", "smith", "jones"} {
			b.add(link(a, "fabrikam.example"), name+"@fabrikam.example")
		}
		p := b.get(logoutLink())
		if p.Heading() != "Choose an account to sign out" {
			t.Fatalf("got %s", p.Text())
		}
		if p = b.submit(p, "Sign out clerk@fabrikam.example", nil); !strings.Contains(p.Text(), "clerk@fabrikam.example") || strings.Contains(p.Text(), "smith@") || len(b.sessions()) != 2 {
			t.Errorf("of one: %s, and %d sessions", p.Text(), len(b.sessions()))
		}
		p = b.get(logoutLink("logout_hint", "SMITH@fabrikam.example"))
		if p.Heading() != "Sign out of this account?" {
			t.Fatalf("got %s", p.Text())
		}
		if p = b.submit(p, "Sign out of all accounts", nil); !strings.Contains(p.Text(), "smith@fabrikam.example") || !strings.Contains(p.Text(), "jones@fabrikam.example") || len(b.sessions()) != 0 {
			t.Errorf("of all: %s, and %d sessions", p.Text(), len(b.sessions()))
		}
	})
}

// TestSignOutOfOthers: neither another site nor another browser signs anybody
// out, and no browser sees another's sign-out.
func TestSignOutOfOthers(t *testing.T) {
	each(t, func(h *house) {
		t, a := h.t, h.client()
		h.person("clerk@fabrikam.example", "")
		b, thief := h.browser(), h.browser()
		b.idToken(a, "clerk@fabrikam.example")
		thief.idToken(a, "admin@fabrikam.example")
		var session ids.SessionID
		for session = range b.sessions() {
		}
		fields := url.Values{"session": {string(session)}}
		forged := httptest.NewRequest("POST", "/common/signout", strings.NewReader(fields.Encode()))
		forged.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		forged.Header.Set("Sec-Fetch-Site", "cross-site")
		if p := b.send(forged); p.status != http.StatusForbidden {
			t.Errorf("another site's form: %d", p.status)
		}
		if p := thief.post("/common/signout", fields); p.status != http.StatusOK || strings.Contains(p.Text(), "clerk@") || len(thief.sessions()) != 1 {
			t.Errorf("another browser's session: %d %s, and %d sessions are left", p.status, p.Text(), len(thief.sessions()))
		}
		if p := thief.post("/common/signout", url.Values{}); p.status != http.StatusBadRequest {
			t.Errorf("a form that says nothing: %d", p.status)
		}
		if !b.signedIn(a, "clerk@fabrikam.example") {
			t.Fatal("somebody else has signed the clerk out")
		}
		w := httptest.NewRecorder()
		r := httptest.NewRequest("POST", "/common/signout", strings.NewReader(fields.Encode()))
		r.Host = "id.fabrikam.example"
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		for name, value := range b.cookies {
			r.AddCookie(&http.Cookie{Name: name, Value: value})
		}
		h.handler.ServeHTTP(w, r)
		page := w.Result().Header.Get("Location")
		if p := thief.get(page); p.status != http.StatusNotFound || strings.Contains(p.body, "clerk") {
			t.Errorf("another browser sees the sign-out: %d %s", p.status, p.Text())
		}
		if p := b.get(page); p.status != http.StatusOK || !strings.Contains(p.Text(), "clerk@fabrikam.example") {
			t.Errorf("the browser's own sign-out: %d %s", p.status, p.Text())
		}
		h.clock.Advance(2 * time.Hour)
		if p := b.get(page); p.status != http.StatusNotFound {
			t.Errorf("the page after two hours: %d", p.status)
		}
	})
}

// TestFormFromElsewhere: an application's form brings no session along, so it
// comes back as an address, which does.
func TestFormFromElsewhere(t *testing.T) {
	each(t, func(h *house) {
		t, a := h.t, h.client()
		h.person("clerk@fabrikam.example", "")
		b := h.browser()
		hint := b.idToken(a, "clerk@fabrikam.example")
		post := func(address string) answered {
			path, query, _ := strings.Cut(address, "?")
			r := httptest.NewRequest("POST", path, strings.NewReader(query))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set("Sec-Fetch-Site", "cross-site")
			cookies := b.cookies
			b.cookies = map[string]string{} // such is SameSite=Lax
			r.RemoteAddr, r.Host = b.from, "id.fabrikam.example"
			w := httptest.NewRecorder()
			h.handler.ServeHTTP(w, r)
			b.cookies = cookies
			if w.Code != http.StatusSeeOther {
				t.Fatalf("%s: %d", path, w.Code)
			}
			return b.get(w.Header().Get("Location"))
		}
		if q := answerOf(t, post(link(a, "fabrikam.example", "prompt", "none"))); q.Get("code") == "" || q.Get("state") != "a b&c" {
			t.Errorf("a sign-in by form: %v", q)
		}
		if p := post(logoutLink("id_token_hint", hint, "post_logout_redirect_uri", appBack)); p.left != appBack || len(b.sessions()) != 0 {
			t.Errorf("a sign-out by form: left to %q, with %v", p.left, b.sessions())
		}
		long := httptest.NewRequest("POST", "/common/oauth2/v2.0/logout", strings.NewReader("state="+strings.Repeat("a", maxAsk)))
		long.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if p := b.send(long); p.status != http.StatusBadRequest {
			t.Errorf("a form that is too long: %d", p.status)
		}
		if p := b.get("/common/oauth2/v2.0/logout?state=" + strings.Repeat("a", maxAsk)); p.status != http.StatusBadRequest {
			t.Errorf("an address that is too long: %d", p.status)
		}
	})
}

// TestApplicationsAreTold: each application of the session with an address for
// it, in a frame, and no other.
func TestApplicationsAreTold(t *testing.T) {
	each(t, func(h *house) {
		t, a := h.t, h.client()
		h.person("clerk@fabrikam.example", "")
		if _, err := h.apps.Update(t.Context(), admin(h.a), a.ID, []byte(`{"web":{"logoutUrl":"https://sync.contoso.example/out?x=1"}}`)); err != nil {
			t.Fatal(err)
		}
		b := h.browser()
		b.idToken(a, "clerk@fabrikam.example")
		var session ids.SessionID
		for session = range b.sessions() {
		}
		p := b.submit(b.get(logoutLink("client_id", string(a.AppID), "post_logout_redirect_uri", appBack)), "Sign out", nil)
		tell := `<iframe src="https://sync.contoso.example/out?x=1&amp;iss=` + url.QueryEscape("https://id.fabrikam.example/"+string(h.b.Tenant)+"/v2.0") +
			`&amp;sid=` + string(session) + `"`
		if !strings.Contains(p.body, tell) || strings.Count(p.body, "<iframe") != 1 {
			t.Errorf("want %s, got %s", tell, p.body)
		}
		if csp := p.header.Get("Content-Security-Policy"); !strings.HasSuffix(csp, "; frame-src https://sync.contoso.example") {
			t.Errorf("the policy is %s", csp)
		}
		if p.Link("Go back to Directory sync") != appBack {
			t.Errorf("the way back is missing: %s", p.Text())
		}
		b.idToken(a, "clerk@fabrikam.example")
		if _, err := h.apps.Update(t.Context(), admin(h.a), a.ID, []byte(`{"isDisabled":true}`)); err != nil {
			t.Fatal(err)
		}
		p = b.submit(b.get(logoutLink("client_id", string(a.AppID), "post_logout_redirect_uri", appBack)), "Sign out", nil)
		if p.left != "" || strings.Contains(p.body, "<iframe") || p.Heading() != "You are signed out" {
			t.Errorf("an application that is switched off: left to %q, %s", p.left, p.body)
		}
	})
}

// TestRefreshTokensOutliveSignOut: leaving a browser is not leaving the
// applications.
func TestRefreshTokensOutliveSignOut(t *testing.T) {
	each(t, func(h *house) {
		t, a := h.t, h.client()
		h.person("clerk@fabrikam.example", "")
		b := h.browser()
		c := h.code(answerOf(t, b.signIn(link(a, "fabrikam.example"), "clerk@fabrikam.example")).Get("code"))
		var refresh string
		if err := h.db.Update(t.Context(), func(tx *sqldb.Tx) (err error) {
			refresh, err = token.AddFamily(t.Context(), tx, token.NewFamily(c.Proof, a.AppID, token.Web, c.Scope, tx.Now()))
			return err
		}); err != nil {
			t.Fatal(err)
		}
		b.submit(b.get(logoutLink()), "Sign out", nil)
		if err := h.db.View(t.Context(), func(tx *sqldb.Tx) error {
			f, _, err := token.FindRefresh(t.Context(), tx, refresh)
			if err == nil && !f.RevokedAt.IsZero() {
				t.Error("the refresh token was revoked")
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	})
}

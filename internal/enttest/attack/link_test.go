package attack

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// openRedirect: nothing leads to an address that is not registered byte for
// byte, before sign-in or behind it, with what was asked or with a refusal.
func openRedirect(t *testing.T, g *ground) {
	signedIn := g.browser(t)
	if q := signedIn.asClerk(t, g.link(g.mail, g.A.ID)).answer(t); q.Get("code") == "" {
		t.Fatalf("the right address: %v", q)
	}
	for _, to := range []string{
		"https://evil.example/cb", "//evil.example/cb", "/\\evil.example", "https://mail.example.evil.example/cb", "https://mail.example@evil.example/cb",
		"https://mail.example/cb/", "https://mail.example/cb/../evil", "https://mail.example/cb?next=https://evil.example", "https://mail.example/cb#x",
		"https://mail.example/CB", "https://MAIL.example/cb", "http://mail.example/cb", "https://mail.example:8443/cb", "https://mail.example/cb%0d%0aLocation:%20x",
		"javascript:alert(1)", "data:text/html,x", " https://mail.example/cb", "https://mail.example/cb\t", "http://localhost/cb", "http://127.0.0.1/cb",
	} {
		for _, b := range map[string]*browser{"nobody": g.browser(t), "somebody": signedIn} {
			out := "/" + g.A.ID + "/oauth2/v2.0/logout?" + url.Values{"client_id": {g.mail.AppID}, "post_logout_redirect_uri": {to}}.Encode()
			if v := b.open(t, out); v.left != nil || v.status >= 500 {
				t.Errorf("sign-out, %q: %d, %v", to, v.status, v.left)
			}
			for name, path := range map[string]string{
				"sign-in":         g.link(g.mail, g.A.ID, "redirect_uri", to),
				"silent":          g.link(g.mail, g.A.ID, "redirect_uri", to, "prompt", "none"),
				"refused":         g.link(g.mail, g.A.ID, "redirect_uri", to, "response_type", "token"),
				"version 1":       strings.Replace(g.link(g.mail, g.A.ID, "redirect_uri", to), "/v2.0/", "/", 1),
				"admin consent":   "/" + g.A.ID + "/v2.0/adminconsent?" + url.Values{"client_id": {g.mail.AppID}, "scope": {"User.Read"}, "redirect_uri": {to}}.Encode(),
				"admin consent 1": "/" + g.A.ID + "/adminconsent?" + url.Values{"client_id": {g.mail.AppID}, "redirect_uri": {to}}.Encode(),
			} {
				if v := b.open(t, path); v.left != nil || v.status < 400 || v.status >= 500 || v.Page == nil {
					t.Errorf("%s, %q: %d, %v", name, to, v.status, v.left)
				}
			}
		}
	}
	for _, port := range []string{"http://localhost:1234/cb", "http://localhost/cb"} { // RFC 8252, section 7.3
		if v := signedIn.open(t, g.link(g.notes, g.A.ID, "redirect_uri", port)); v.left == nil || !strings.HasPrefix(v.left.String(), port) {
			t.Errorf("a program at %s: %d %v", port, v.status, v.left)
		}
	}
	for _, to := range []string{"http://localhost.evil.example/cb", "http://localhost:1@evil.example/cb", "https://localhost/cb", "http://127.0.0.1/cb", "http://localhost:1/else"} {
		if v := signedIn.open(t, g.link(g.notes, g.A.ID, "redirect_uri", to)); v.left != nil || v.status != http.StatusBadRequest {
			t.Errorf("a program at %s: %d %v", to, v.status, v.left)
		}
	}
}

// sessionFixation: somebody makes their own cookie another's, by a weakness
// elsewhere, and has them sign in with it on a flow of their own: they have not
// become the other by that.
func sessionFixation(t *testing.T, g *ground) {
	attacker, victim := g.browser(t), g.browser(t)
	at, err := url.Parse(g.Name)
	if err != nil {
		t.Fatal(err)
	}
	flow := attacker.open(t, g.link(g.notes, g.A.ID))
	planted := attacker.http.Jar.Cookies(at)
	if len(planted) != 1 {
		t.Fatalf("the attacker has the cookies %v", planted)
	}
	victim.http.Jar.SetCookies(at, planted)
	// The victim is stopped before the last step, which the attacker takes.
	typed := victim.press(t, victim.open(t, flow.at.RequestURI()), "Next", url.Values{"username": {g.clerk}})
	action, fields := typed.Form(t, "Sign in")
	fields.Set("password", password)
	victim.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	if v := victim.send(t, http.MethodPost, action, fields, nil); v.left == nil {
		t.Fatalf("the victim's password: %d %s", v.status, v.raw)
	}
	v := attacker.open(t, flow.at.RequestURI())
	if v.left != nil && v.left.Query().Get("code") != "" {
		t.Errorf("the attacker has the victim's code: %s", v.left)
	}
	for _, path := range []string{g.link(g.notes, g.A.ID, "prompt", "none"), g.link(g.notes, g.A.ID, "prompt", "none", "login_hint", g.clerk)} {
		if q := attacker.open(t, path).answer(t); q.Get("error") != "login_required" {
			t.Errorf("the attacker is somebody: %v", q)
		}
	}
	// The cookie was worth something to whoever has the session too.
	if len(victim.http.Jar.Cookies(at)) < 2 {
		t.Errorf("the victim has no session")
	}
}

package signinpages

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"entente/internal/core/app"
	"entente/internal/core/authz"
	"entente/internal/core/directory"
	"entente/internal/core/tenant"
	"entente/internal/core/token"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

const (
	appBack   = "https://sync.contoso.example/done"
	challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM" // RFC 7636, appendix B
)

// client makes a multi-tenant application of Contoso that people of Fabrikam
// may use.
func (h *house) client() *app.Application {
	h.t.Helper()
	a := h.register("Directory sync", userRead, `,"web":{"redirectUris":["`+appBack+`"]},"spa":{"redirectUris":["https://page.contoso.example"]},
		"publicClient":{"redirectUris":["http://localhost"]}`)
	b := h.browser()
	b.submit(b.signIn("/fabrikam.example/v2.0/adminconsent?scope=User.Read&redirect_uri="+appBack+"&client_id="+string(a.AppID), "admin@fabrikam.example"),
		"Consent for Fabrikam", url.Values{"decision": {"accept"}})
	return a
}

// link is a request of the application, with parameters changed or taken out.
func link(a *app.Application, at string, more ...string) string {
	q := url.Values{"client_id": {string(a.AppID)}, "response_type": {"code"}, "redirect_uri": {appBack}, "scope": {"openid profile User.Read"}, "state": {"a b&c"},
		"code_challenge": {challenge}, "code_challenge_method": {"S256"}, "nonce": {"n"}}
	for i := 0; i+1 < len(more); i += 2 {
		if q.Set(more[i], more[i+1]); more[i+1] == "" {
			q.Del(more[i])
		}
	}
	return "/" + at + "/oauth2/v2.0/authorize?" + q.Encode()
}

// answerOf reads what the browser carried back.
func answerOf(t *testing.T, p answered) url.Values {
	t.Helper()
	u, err := url.Parse(p.left)
	if err != nil || p.left == "" {
		t.Fatalf("the browser is at %q: %v", p.left, p.Page)
	}
	if u.Fragment != "" {
		q, err := url.ParseQuery(u.EscapedFragment())
		if err != nil {
			t.Fatal(err)
		}
		return q
	}
	return u.Query()
}

// code returns the stored code of an answer.
func (h *house) code(text string) *token.Code {
	h.t.Helper()
	var c *token.Code
	if err := h.db.View(h.t.Context(), func(tx *sqldb.Tx) (err error) {
		c, err = token.FindCode(h.t.Context(), tx, text)
		return err
	}); err != nil {
		h.t.Fatal(err)
	}
	return c
}

// TestSignInToAnApplication goes from the application to a code, by password
// and then by the session.
func TestSignInToAnApplication(t *testing.T) {
	each(t, func(h *house) {
		t, a := h.t, h.client()
		user := h.person("clerk@fabrikam.example", "")
		b := h.browser()
		p := b.get(link(a, "fabrikam.example", "login_hint", "clerk@fabrikam.example"))
		if p.Heading() != "Sign in" || !strings.Contains(p.Text(), "to go on to Directory sync") || !strings.Contains(p.Text(), "You sign in to Fabrikam") ||
			!strings.Contains(p.body, `value="clerk@fabrikam.example"`) {
			t.Fatalf("got %s", p.Text())
		}
		p = b.submit(b.submit(p, "Next", nil), "Sign in", url.Values{"password": {password}})
		q := answerOf(t, p)
		if !strings.HasPrefix(p.left, appBack+"?") || q.Get("state") != "a b&c" || q.Get("iss") != "https://id.fabrikam.example/"+string(h.b.Tenant)+"/v2.0" || !ids.Valid(q.Get("session_state")) {
			t.Errorf("the browser went to %s", p.left)
		}
		c := h.code(q.Get("code"))
		if c.Tenant != h.b.Tenant || c.Object != user || c.Home != h.b.Tenant || c.Client != a.AppID || c.Redirect != appBack || c.Challenge != challenge ||
			c.Nonce != "n" || c.Platform != token.Web || c.Scope != "openid profile User.Read" || len(c.Methods) != 1 || c.Methods[0] != "pwd" {
			t.Errorf("the code is %+v", c)
		}
		h.clock.Advance(time.Minute)
		silent := b.get(link(a, "organizations", "prompt", "none", "client_info", "1"))
		if q := answerOf(t, silent); q.Get("code") == "" || q.Get("client_info") != token.ClientInfo(h.b.Tenant, user) || !h.code(q.Get("code")).AuthAt.Equal(c.AuthAt) {
			t.Errorf("with the session: %s", silent.left)
		}
		if p := b.get(link(a, "fabrikam.example", "prompt", "select_account")); p.Heading() != "Choose an account" {
			t.Errorf("got %s", p.Text())
		} else if p = b.submit(p, "Go on as clerk@fabrikam.example", nil); answerOf(t, p).Get("code") == "" {
			t.Errorf("the browser went to %s", p.left)
		}
		for name, more := range map[string][]string{"prompt=login": {"prompt", "login"}, "max_age": {"max_age", "30"}, "another's hint": {"login_hint", "admin@fabrikam.example"}} {
			if p := b.get(link(a, "fabrikam.example", more...)); p.left != "" || p.Heading() != "Sign in" {
				t.Errorf("%s: the browser went to %s", name, p.left)
			}
		}
		if p := b.get(link(a, "fabrikam.example", "max_age", "90")); answerOf(t, p).Get("code") == "" {
			t.Errorf("a session that is young enough: %s", p.left)
		}
	})
}

// TestIssuerByVersion: answers name the issuer that discovery names where they
// were asked, refusals and ID tokens too.
func TestIssuerByVersion(t *testing.T) {
	each(t, func(h *house) {
		a := h.client()
		h.person("clerk@fabrikam.example", "")
		b := h.browser()
		b.signIn(link(a, "fabrikam.example"), "clerk@fabrikam.example")
		for version, issuer := range map[string]string{"/oauth2/authorize?": "https://id.fabrikam.example/" + string(h.b.Tenant) + "/", "/oauth2/v2.0/authorize?": "https://id.fabrikam.example/" + string(h.b.Tenant) + "/v2.0"} {
			ask := func(more ...string) url.Values {
				return answerOf(h.t, b.get(strings.Replace(link(a, "fabrikam.example", append(more, "resource", "https://graph.microsoft.com")...), "/oauth2/v2.0/authorize?", version, 1)))
			}
			if q := ask(); q.Get("code") == "" || q.Get("iss") != issuer {
				h.t.Errorf("%s: answered with %v", version, q)
			}
			if q := ask("response_type", "code id_token"); q.Get("iss") != issuer || payloadOf(h.t, q.Get("id_token"))["iss"] != issuer {
				h.t.Errorf("%s: the ID token with a code: %v, %v", version, q, payloadOf(h.t, q.Get("id_token")))
			}
			for _, more := range [][]string{{"response_type", "token"}, {"prompt", "none", "login_hint", "admin@fabrikam.example"}} {
				if q := ask(more...); q.Get("error") == "" || q.Get("iss") != issuer {
					h.t.Errorf("%s: refused with %v", version, q)
				}
			}
		}
	})
}

// TestResponseModes: the answer travels as it was asked to, with a page that
// works without script where it is a form.
func TestResponseModes(t *testing.T) {
	each(t, func(h *house) {
		t, a := h.t, h.client()
		b := h.browser()
		b.signIn(link(a, "fabrikam.example"), "admin@fabrikam.example")
		if p := b.get(link(a, "fabrikam.example", "response_mode", "fragment", "redirect_uri", "https://page.contoso.example")); !strings.HasPrefix(p.left, "https://page.contoso.example/#") ||
			h.code(answerOf(t, p).Get("code")).Platform != token.SPA {
			t.Errorf("the browser went to %s", p.left)
		}
		p := b.get(link(a, "fabrikam.example", "response_mode", "form_post", "redirect_uri", "http://localhost:4711", "response_type", "code id_token"))
		action, fields := p.Form(t, "Go on")
		if action != "http://localhost:4711" || fields.Get("state") != "a b&c" || h.code(fields.Get("code")).Platform != token.Native || fields.Get("id_token") == "" {
			t.Errorf("the form leads to %s with %v", action, fields)
		}
		if csp := p.header.Get("Content-Security-Policy"); !strings.Contains(csp, "form-action 'self' http://localhost:4711") || strings.Contains(csp, "unsafe") {
			t.Errorf("the policy is %s", csp)
		}
		if p := b.get(link(a, "fabrikam.example", "response_type", "id_token code")); !strings.Contains(p.left, "#") {
			t.Errorf("an ID token travels by %s", p.left)
		}
	})
}

// TestAuthorizeRefused: what may be told goes to the application, and nothing
// goes to an address that is not its own.
func TestAuthorizeRefused(t *testing.T) {
	each(t, func(h *house) {
		t, a := h.t, h.client()
		for _, tt := range []struct {
			name, at string
			more     []string
			status   int
			says     string
		}{
			{"an address of nobody's", "fabrikam.example", []string{"redirect_uri", "https://evil.example"}, 400, "The way back is not registered"},
			{"an address below the registered one", "fabrikam.example", []string{"redirect_uri", appBack + "/x"}, 400, "The way back is not registered"},
			{"an address in another case", "fabrikam.example", []string{"redirect_uri", strings.ToUpper(appBack)}, 400, "The way back is not registered"},
			{"no such application", "fabrikam.example", []string{"client_id", string(ids.New[ids.AppID]())}, 400, "There is no such application"},
			{"no such tenant", "nowhere.example", nil, 400, "There is no such organization"},
		} {
			if p := h.browser().get(link(a, tt.at, tt.more...)); p.left != "" || p.status != tt.status || p.Heading() != tt.says {
				t.Errorf("%s: got %d %q, left to %q", tt.name, p.status, p.Heading(), p.left)
			}
		}
		for _, tt := range []struct {
			name string
			more []string
			want string
		}{
			{"the implicit flow", []string{"response_type", "token"}, "unsupported_response_type"},
			{"an ID token alone", []string{"response_type", "id_token"}, "unsupported_response_type"},
			{"an ID token in a query", []string{"response_type", "code id_token", "response_mode", "query"}, "invalid_request"},
			{"an ID token without a nonce", []string{"response_type", "code id_token", "nonce", ""}, "invalid_request"},
			{"a mode of nobody's", []string{"response_mode", "pigeon"}, "invalid_request"},
			{"a plain challenge", []string{"code_challenge_method", "plain"}, "invalid_request"},
			{"a challenge without a method, which means plain", []string{"code_challenge_method", ""}, "invalid_request"},
			{"a public client without a challenge", []string{"redirect_uri", "http://localhost", "code_challenge", "", "code_challenge_method", ""}, "invalid_request"},
			{"no scope", []string{"scope", ""}, "invalid_scope"},
			{"a prompt of nobody's", []string{"prompt", "dance"}, "invalid_request"},
			{"claims that are no object", []string{"claims", "auth_time"}, "invalid_request"},
			{"a silent sign-in without a session", []string{"prompt", "none"}, "login_required"},
		} {
			p := h.browser().get(link(a, "fabrikam.example", tt.more...))
			q := answerOf(t, p)
			if q.Get("error") != tt.want || q.Get("state") != "a b&c" || q.Get("iss") == "" || q.Get("code") != "" || !strings.HasPrefix(q.Get("error_description"), "AADSTS") {
				t.Errorf("%s: the browser went to %s", tt.name, p.left)
			}
		}
	})
}

// TestWhoMayNotSignIn: on a page that names both organizations.
func TestWhoMayNotSignIn(t *testing.T) {
	each(t, func(h *house) {
		t, a := h.t, h.client()
		if p := h.browser().signIn(link(a, "fabrikam.example"), "admin@contoso.example"); p.status != 403 || p.Heading() != "This account is not in Fabrikam" {
			t.Errorf("an account of elsewhere: %d %q", p.status, p.Heading())
		}
		b := h.browser()
		b.signIn(link(a, "fabrikam.example"), "admin@fabrikam.example")
		if q := answerOf(t, b.get(link(a, "fabrikam.example", "scope", "User.Read.All", "prompt", "none"))); q.Get("error") != "consent_required" {
			t.Errorf("the same, silently: %v", q)
		}
		client := must(h.principal(a))(t)
		if _, err := h.apps.UpdatePrincipal(t.Context(), admin(h.b), client, []byte(`{"appRoleAssignmentRequired":true}`)); err != nil {
			t.Fatal(err)
		}
		if p := b.get(link(a, "fabrikam.example")); p.status != 403 || p.Heading() != "You are not assigned to this application" {
			t.Errorf("who is not assigned: %d %q", p.status, p.Heading())
		}
	})
}

func (h *house) principal(a *app.Application) (id ids.ObjectID, err error) {
	err = h.db.View(h.t.Context(), func(tx *sqldb.Tx) error {
		p, err := app.PrincipalByAppID(h.t.Context(), tx, h.b.Tenant, a.AppID)
		if err == nil {
			id = p.ID
		}
		return err
	})
	return id, err
}

// TestAGuestSignsIn: one of Contoso, at home, into Fabrikam.
func TestAGuestSignsIn(t *testing.T) {
	each(t, func(h *house) {
		t, a := h.t, h.client()
		var guest *directory.User
		if err := h.db.Update(t.Context(), func(tx *sqldb.Tx) error {
			in, err := tenant.Get(t.Context(), tx, h.b.Tenant)
			if err != nil {
				return err
			}
			if guest, err = directory.AddGuest(t.Context(), tx, in, directory.Invitee{Mail: "admin@contoso.example"}); err != nil {
				return err
			}
			return directory.AcceptGuest(t.Context(), tx, guest, ids.Principal{Kind: ids.Person, Home: h.a.Tenant, ID: h.a.Admin})
		}); err != nil {
			t.Fatal(err)
		}
		b := h.browser()
		c := h.code(answerOf(t, b.signIn(link(a, "fabrikam.example"), "admin@contoso.example")).Get("code"))
		if c.Tenant != h.b.Tenant || c.Object != guest.ID || c.Home != h.a.Tenant || c.User != h.a.Admin {
			t.Errorf("the code is %+v", c)
		}
		if _, err := h.users.Update(t.Context(), authz.System(h.b.Tenant, "test"), string(guest.ID), fmt.Appendf(nil, `{"accountEnabled":false}`)); err != nil {
			t.Fatal(err)
		}
		if p := b.get(link(a, "fabrikam.example")); p.status != 403 || p.Heading() != "This account is disabled" {
			t.Errorf("got %d %q", p.status, p.Heading())
		}
	})
}

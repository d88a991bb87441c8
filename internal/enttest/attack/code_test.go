package attack

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"entente/internal/enttest"
)

// codeReplay: of many who bring one code at once, one has tokens at most, and a
// code that came twice ends what it gave (RFC 6749, section 4.1.2).
func codeReplay(t *testing.T, g *ground) {
	b := g.browser(t)
	code := b.asClerk(t, g.link(g.notes, g.A.ID)).answer(t).Get("code")
	for range 10 { // whether they meet is a matter of chance
		codeReplayed(t, g, code)
		code = b.open(t, g.link(g.notes, g.A.ID, "prompt", "none")).answer(t).Get("code")
	}
}

func codeReplayed(t *testing.T, g *ground, code string) {
	t.Helper()
	form := g.redemption(g.notes, code)
	var won []tokens
	for _, a := range together(8, func() enttest.Answer { return g.ask(t, form) }) {
		if a.Status != http.StatusOK {
			refused(t, "one of many", a, 54005)
			continue
		}
		var got tokens
		a.Into(t, &got)
		won = append(won, got)
	}
	if len(won) != 1 {
		t.Fatalf("%d had tokens", len(won))
	}
	refused(t, "once more", g.ask(t, form), 54005)
	refused(t, "the refresh token of a code that came twice", g.ask(t, g.renewal(g.notes, won[0].Refresh)), 50173)
}

// codeOfAnotherClient: a code that was caught is worth nothing to whoever is
// another client, or says to be this one at another address, and stays good.
func codeOfAnotherClient(t *testing.T, g *ground) {
	code, web := g.code(t, g.notes), g.code(t, g.mail)
	refused(t, "another client", g.ask(t, g.redemption(g.other, code)), 70000)
	refused(t, "a server's code by a program", g.ask(t, g.redemption(g.notes, web, "redirect_uri", webBack)), 70000, 7000218)
	refused(t, "a program's code by a server", g.ask(t, g.redemption(g.mail, code, "redirect_uri", nativeBack)), 70000, 700025)
	refused(t, "a server's code without its secret", g.ask(t, g.redemption(g.mail, web, "client_secret", "")), 7000218)
	refused(t, "a server's code with a wrong secret", g.ask(t, g.redemption(g.mail, web, "client_secret", "wrong")), 7000215)
	refused(t, "another address", g.ask(t, g.redemption(g.notes, code, "redirect_uri", "http://localhost/else")), 500112)
	refused(t, "no address", g.ask(t, g.redemption(g.notes, code, "redirect_uri", "")), 500112)
	g.get(t, g.redemption(g.notes, code))
	g.get(t, g.redemption(g.mail, web))
}

// challengeDowngrade: whoever takes the challenge out of the request, or the
// verifier out of the redemption, or makes either plain, gets nothing (RFC 9700,
// section 2.1.1).
func challengeDowngrade(t *testing.T, g *ground) {
	code := g.code(t, g.notes)
	refused(t, "no verifier", g.ask(t, g.redemption(g.notes, code, "code_verifier", "")), 501481)
	refused(t, "another verifier", g.ask(t, g.redemption(g.notes, code, "code_verifier", strings.Repeat("x", 43))), 501481)
	link, err := url.Parse(g.link(g.notes, g.A.ID))
	if err != nil {
		t.Fatal(err)
	}
	refused(t, "the challenge as verifier", g.ask(t, g.redemption(g.notes, code, "code_verifier", link.Query().Get("code_challenge"))), 501481)
	g.get(t, g.redemption(g.notes, code))

	// A server may do without; then a verifier tells that a challenge was taken out.
	without := g.code(t, g.mail, "code_challenge", "", "code_challenge_method", "")
	refused(t, "a verifier where no challenge was", g.ask(t, g.redemption(g.mail, without)), 501481)
	g.get(t, g.redemption(g.mail, without, "code_verifier", ""))

	for name, more := range map[string][]string{
		"a program without a challenge":        {"code_challenge", "", "code_challenge_method", ""},
		"a plain challenge":                    {"code_challenge", verifier, "code_challenge_method", "plain"},
		"a challenge that is plain by default": {"code_challenge_method", ""},
	} {
		if q := g.browser(t).open(t, g.link(g.notes, g.A.ID, more...)).answer(t); q.Get("error") != "invalid_request" || q.Get("code") != "" {
			t.Errorf("%s: %v", name, q)
		}
	}
}

// mixUp: each answer says who gives it, so that a client of several issuers
// sends no code to the wrong one (RFC 9207), and a code is good at the tenant
// only that gave it.
func mixUp(t *testing.T, g *ground) {
	b := g.browser(t)
	issuer := g.Issuer(g.A)
	q := b.asClerk(t, g.link(g.notes, g.A.ID)).answer(t)
	if q.Get("code") == "" || q.Get("iss") != issuer {
		t.Errorf("the answer is %v", q)
	}
	for name, path := range map[string]string{
		"whoever signs in":          g.link(g.notes, "organizations"),
		"in the fragment":           g.link(g.notes, g.A.ID, "response_mode", "fragment"),
		"a refusal":                 g.link(g.notes, g.A.ID, "response_type", "token"),
		"a refusal of a silent try": g.link(g.notes, g.A.ID, "prompt", "none", "login_hint", "nobody@contoso.example"),
	} {
		if q := b.open(t, path).answer(t); q.Get("iss") != issuer || q.Get("state") != "s" {
			t.Errorf("%s: %v, want iss %s", name, q, issuer)
		}
	}
	var discovery struct {
		Issuer string `json:"issuer"`
		Iss    bool   `json:"authorization_response_iss_parameter_supported"`
	}
	g.As(t, "", http.MethodGet, "/"+g.A.ID+"/v2.0/.well-known/openid-configuration", nil).Into(t, &discovery)
	if discovery.Issuer != issuer || !discovery.Iss {
		t.Errorf("discovery says %+v", discovery)
	}
	refused(t, "at another tenant", g.Post(t, "/"+g.B.ID+"/oauth2/v2.0/token", g.redemption(g.notes, q.Get("code"))), 700005)
	g.get(t, g.redemption(g.notes, q.Get("code")))
}

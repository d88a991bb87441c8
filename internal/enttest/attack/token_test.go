package attack

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"testing"

	"entente/internal/enttest"
)

// resources are the resources of the installation, each with a request that its own
// token may make.
var resources = map[string]struct{ scope, path string }{
	"Graph": {enttest.GraphScope, "/v1.0/organization"},
	"ARM":   {enttest.ARMScope, "/subscriptions?api-version=2022-12-01"},
}

// anotherResource: a token is for whom it names.
func anotherResource(t *testing.T, g *ground) {
	tokens := map[string]string{
		"an API of somebody's": g.BySecret(t, g.A, g.A.ClientID, g.A.ClientSecret, g.api.AppID+"/.default").Token(t),
		"a person's, of Graph": g.signedIn(t, g.notes).Access,
	}
	for name, r := range resources {
		tokens[name] = g.Admin(t, g.A, r.scope)
	}
	for name, r := range resources {
		for of, token := range tokens {
			got := g.As(t, token, http.MethodGet, r.path, nil)
			its := of == name || name == "Graph" && of == "a person's, of Graph"
			if its && got.Status == http.StatusUnauthorized || !its && got.Status != http.StatusUnauthorized {
				t.Errorf("at %s with the token of %s: %d %s", name, of, got.Status, got.Body)
			}
		}
	}
}

// idTokenAsAccess: an ID token tells an application who signed in, and opens
// nothing.
func idTokenAsAccess(t *testing.T, g *ground) {
	got := g.signedIn(t, g.mail)
	if me := g.As(t, got.Access, http.MethodGet, "/v1.0/me", nil); me.Status != http.StatusOK {
		t.Fatalf("the access token: %d %s", me.Status, me.Body)
	}
	for _, path := range []string{"/v1.0/me", "/v1.0/organization", "/beta/users", "/subscriptions?api-version=2022-12-01"} {
		if a := g.As(t, got.ID, http.MethodGet, path, nil); a.Status != http.StatusUnauthorized {
			t.Errorf("%s: %d %s", path, a.Status, a.Body)
		}
	}
	assertion := with(url.Values{"grant_type": {"client_credentials"}, "client_id": {g.mail.AppID}, "scope": {enttest.GraphScope},
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}}, "client_assertion", got.ID)
	if a := g.ask(t, assertion); a.Status != http.StatusUnauthorized && a.Status != http.StatusBadRequest {
		t.Errorf("as an assertion: %d %s", a.Status, a.Body)
	}
	if a := g.ask(t, with(assertion, "client_assertion", got.Access)); a.Status != http.StatusUnauthorized && a.Status != http.StatusBadRequest {
		t.Errorf("the access token as an assertion: %d %s", a.Status, a.Body)
	}
}

// kinds: what is good for one thing is good for no other, and has not been
// spent by the try.
func kinds(t *testing.T, g *ground) {
	b := g.browser(t)
	code := b.asClerk(t, g.link(g.notes, g.A.ID)).answer(t).Get("code")
	home, err := url.Parse(g.Name)
	if err != nil {
		t.Fatal(err)
	}
	var session *http.Cookie
	things := map[string]string{"code": code, "refresh token": g.signedIn(t, g.notes).Refresh}
	for _, c := range b.http.Jar.Cookies(home) {
		if strings.Contains(c.Name, "browser") {
			things["browser"] = c.Value
		} else {
			things["session"], session = c.Value, c
		}
	}
	var device struct {
		Code string `json:"device_code"`
		User string `json:"user_code"`
	}
	g.Post(t, "/"+g.A.ID+"/oauth2/v2.0/devicecode", url.Values{"client_id": {g.notes.AppID}, "scope": {"openid User.Read"}}).Into(t, &device)
	things["device code"], things["user code"] = device.Code, device.User
	var made struct {
		Link string `json:"inviteRedeemUrl"`
	}
	g.Graph(t, g.A, http.MethodPost, "/v1.0/invitations", map[string]any{"invitedUserEmailAddress": "kinds@guest.example", "inviteRedirectUrl": "https://app.example/"}, &made)
	link, err := url.Parse(made.Link)
	if err != nil {
		t.Fatal(err)
	}
	things["ticket"] = link.Query().Get("ticket")
	flow := g.browser(t).open(t, g.link(g.notes, g.A.ID))
	things["flow"] = flow.at.Query().Get("flow")
	got := g.signedIn(t, g.mail)
	things["access token"], things["ID token"] = got.Access, got.ID
	for name, thing := range things {
		if len(thing) < 9 {
			t.Fatalf("the %s is %q", name, thing)
		}
	}

	silent := func(c *http.Cookie) url.Values {
		thief := g.browser(t)
		thief.http.Jar, _ = cookiejar.New(nil)
		thief.http.Jar.SetCookies(home, []*http.Cookie{c})
		return thief.open(t, g.link(g.notes, g.A.ID, "prompt", "none")).answer(t)
	}
	uses := map[string]func(thing string) (works bool, what any){
		"code":          func(s string) (bool, any) { a := g.ask(t, g.redemption(g.notes, s)); return a.Status == 200, a.Status },
		"refresh token": func(s string) (bool, any) { a := g.ask(t, g.renewal(g.notes, s)); return a.Status == 200, a.Status },
		"device code": func(s string) (bool, any) {
			a := g.ask(t, url.Values{"grant_type": {"device_code"}, "client_id": {g.notes.AppID}, "device_code": {s}})
			return a.Number(t) == 70016, string(a.Body) // nobody has decided on it, and that is all
		},
		"access token": func(s string) (bool, any) {
			a := g.As(t, s, http.MethodGet, "/v1.0/me", nil)
			return a.Status == 200, a.Status
		},
		"client secret": func(s string) (bool, any) {
			a := g.BySecret(t, g.A, g.mail.AppID, s, enttest.GraphScope)
			return a.Status == 200, a.Status
		},
		"session": func(s string) (bool, any) {
			q := silent(&http.Cookie{Name: session.Name, Value: s, Path: "/", Secure: true})
			return q.Get("code") != "", q
		},
		"browser": func(s string) (bool, any) {
			v := g.browser(t).send(t, http.MethodGet, flow.at.RequestURI(), nil, map[string]string{"Cookie": "__Host-entente-browser=" + s})
			return v.status == 200, v.status
		},
		"ticket": func(s string) (bool, any) {
			q := with(link.Query(), "ticket", s)
			v := g.browser(t).open(t, link.Path+"?"+q.Encode())
			return v.status == 200, v.status
		},
	}
	own := func(use, name string) bool {
		return use == name && use != "browser" // the flow is another browser's
	}
	names := []string{}
	for name := range things {
		names = append(names, name)
	}
	slices.Sort(names)
	for use, try := range uses {
		for _, name := range names {
			if own(use, name) {
				continue
			}
			if works, what := try(things[name]); works {
				t.Errorf("the %s works as %s: %v", name, use, what)
			}
		}
	}
	for use, try := range uses {
		if thing := things[use]; own(use, use) && thing != "" {
			if works, what := try(thing); !works {
				t.Errorf("the %s does not work any more: %v", use, what)
			}
		}
	}
}

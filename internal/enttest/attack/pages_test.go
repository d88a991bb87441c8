package attack

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"entente/internal/edge/oauth"
	"entente/internal/edge/portal/account"
	"entente/internal/edge/portal/followpages"
	"entente/internal/edge/portal/guestpages"
	"entente/internal/edge/portal/myaccess"
	"entente/internal/edge/portal/signinpages"
)

// routes are those of everything that people open with a browser.
func routes(g *ground) []string {
	return slices.Concat(signinpages.Routes(), account.Routes(), guestpages.Routes(), followpages.Routes(), myaccess.Routes(), g.AdminRoutes(), []string{"GET /error"})
}

// programs are the doors behind which there are no pages.
var programs = []string{"v1.0", "beta", "subscriptions", "providers", "tenants", "metadata", "host", "assets", "healthz", "readyz"}

// everyDoor wants a route behind each door that people open.
func everyDoor(t *testing.T, g *ground) {
	t.Helper()
	for _, door := range g.Doors() {
		if slices.Contains(programs, door) {
			continue
		}
		if !slices.ContainsFunc(routes(g), func(r string) bool {
			_, path, _ := strings.Cut(r, " /")
			first, _, _ := strings.Cut(path, "/")
			return first == door || strings.HasPrefix(first, door+"{") // @, which stands before a domain
		}) {
			t.Errorf("no page behind the door %s is attacked; its routes belong to those above", door)
		}
	}
}

// openToAll tells the forms that an application's page may send (OpenID Connect Core
// 1.0, section 3.1.2.1; RP-Initiated Logout 1.0, section 2). They lead to a page
// and decide nothing.
func openToAll(path string) bool {
	return strings.HasSuffix(path, "/authorize") || strings.HasSuffix(path, "/logout")
}

// clickjacking: no page of any address, of success or of refusal, is shown in
// another's frame, and none lets a script of its own in.
func clickjacking(t *testing.T, g *ground) {
	everyDoor(t, g)
	somebody := g.browser(t)
	somebody.asClerk(t, g.link(g.notes, g.A.ID))
	consent := g.browser(t)
	flow := consent.signIn(t, "/"+g.A.ID+"/v2.0/adminconsent?"+url.Values{"client_id": {g.mail.AppID}, "scope": {"User.Read"}, "redirect_uri": {webBack}}.Encode(), g.A.AdminUPN, g.A.AdminPassword)
	seen := map[int]int{}
	look := func(name string, v view) {
		t.Helper()
		if v.left != nil {
			return
		}
		if !strings.HasPrefix(v.header.Get("Content-Type"), "text/html") {
			if v.status < 400 {
				t.Errorf("%s is no page: %d %s", name, v.status, v.header.Get("Content-Type"))
			}
			return
		}
		seen[v.status/100]++
		csp := v.header.Get("Content-Security-Policy")
		if !strings.Contains(csp, "frame-ancestors 'none'") || !strings.HasPrefix(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") ||
			v.header.Get("X-Frame-Options") != "DENY" || v.header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %d with the headers %v", name, v.status, v.header)
		}
	}
	look("consent", flow)
	q := g.link(g.notes, g.A.ID)[strings.Index(g.link(g.notes, g.A.ID), "?"):] + "&prompt=select_account&flow=" + url.QueryEscape(flow.at.Query().Get("flow"))
	for _, route := range routes(g) {
		method, path, _ := strings.Cut(route, " ")
		path = strings.NewReplacer("{tenant}", g.A.ID, "{domain}", g.A.Domain).Replace(path)
		for name, b := range map[string]*browser{"nobody": g.browser(t), "somebody": somebody, "the administrator": consent} {
			for _, address := range []string{path, path + q} {
				look(route+", "+name, b.send(t, method, address, url.Values{"flow": {"x"}}, nil))
			}
		}
	}
	if seen[2] < 5 || seen[4] < 5 {
		t.Errorf("only so many pages were seen, by the hundred: %v", seen)
	}
}

// crossSiteForms: what another site has a browser send is refused, whichever
// page it is for and whoever is signed in, in every way in which browsers say
// where it comes from.
func crossSiteForms(t *testing.T, g *ground) {
	b := g.browser(t)
	b.asClerk(t, g.link(g.notes, g.A.ID))
	forms := 0
	for _, route := range routes(g) {
		method, path, _ := strings.Cut(route, " ")
		if method == http.MethodGet || openToAll(path) {
			continue
		}
		forms++
		path = strings.NewReplacer("{tenant}", g.A.ID, "{domain}", g.A.Domain).Replace(path)
		for name, header := range map[string]map[string]string{
			"another site":                 {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
			"another host of this site":    {"Sec-Fetch-Site": "same-site", "Origin": "https://evil.localhost"},
			"a browser that knows less":    {"Sec-Fetch-Site": "", "Origin": "https://evil.example"},
			"a frame without an origin":    {"Sec-Fetch-Site": "", "Origin": "null"},
			"another port of this machine": {"Sec-Fetch-Site": "", "Origin": "https://localhost:1"},
		} {
			v := b.send(t, method, path, url.Values{"flow": {"x"}, "step": {"identify"}}, header)
			if v.status != http.StatusForbidden || v.Page == nil || !strings.Contains(v.Text(), "sent from another site") {
				t.Errorf("%s from %s: %d %s", route, name, v.status, v.raw)
			}
		}
		if v := b.send(t, method, path, url.Values{"flow": {"x"}, "step": {"identify"}}, nil); v.status == http.StatusForbidden {
			t.Errorf("%s from its own page: %d %s", route, v.status, v.raw)
		}
	}
	if forms < 2 {
		t.Errorf("there are %d forms", forms)
	}
	// What programs post to looks at no cookie: a signed-in browser is nobody there.
	for _, route := range oauth.Routes() {
		method, path, _ := strings.Cut(route, " ")
		if method != http.MethodPost {
			continue
		}
		path = strings.NewReplacer("{tenant}", g.A.ID, "{domain}", g.A.Domain).Replace(path)
		v := b.send(t, method, path, url.Values{"grant_type": {"refresh_token"}}, map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"})
		nobody := http.StatusBadRequest
		if strings.HasSuffix(path, "/userinfo") {
			nobody = http.StatusUnauthorized
		}
		if v.status != nobody || v.header.Get("Set-Cookie") != "" || v.header.Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("%s: %d %v", route, v.status, v.header)
		}
	}
}

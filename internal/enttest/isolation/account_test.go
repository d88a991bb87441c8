package isolation

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"entente/internal/edge/portal/account"
	"entente/internal/enttest"
	"entente/internal/enttest/phone"
)

// An accountWalk is both sides' browsers at the pages of an account.
type accountWalk struct {
	*ground
	victims, other, intruder *browser
	session                  string    // of the victim's other browser
	client                   string    // an application to which the victim has agreed
	apps                     [2]string // the victim's authenticators
}

// accountForms are what the forms send that name something, with what the
// victim has; the stranger sends the same. done is what the victim's page says.
var accountForms = map[string]struct {
	field string
	what  func(*accountWalk) string
	done  string
}{
	"POST /account/sessions/end":         {"session", func(a *accountWalk) string { return a.session }, "The session is over."},
	"POST /account/applications/remove":  {"application", func(a *accountWalk) string { return a.client }, "Your consent is taken back."},
	"POST /account/organizations/switch": {"tenant", func(a *accountWalk) string { return a.victim.ID }, "My account"},
	"POST /account/organizations/leave":  {"tenant", func(a *accountWalk) string { return a.victim.ID }, ""},
	"GET /account/organizations/leave":   {"tenant", func(a *accountWalk) string { return a.victim.ID }, ""},
	"GET /account/security/rename":       {"app", func(a *accountWalk) string { return a.apps[0] }, "Rename an authenticator app"},
	"POST /account/security/rename":      {"app", func(a *accountWalk) string { return a.apps[0] }, "The authenticator app has another name."},
	"GET /account/security/remove":       {"app", func(a *accountWalk) string { return a.apps[0] }, "Remove an authenticator app?"},
	"POST /account/security/remove":      {"app", func(a *accountWalk) string { return a.apps[1] }, "The authenticator app is removed."},
	"GET /account/organizations/accept":  {"tenant", func(a *accountWalk) string { return a.victim.ID }, ""},
}

// accountAlone are the routes that name nothing: they are about whoever opens
// them. Those that post end something of theirs, and come last.
var accountAlone = map[string]string{
	"GET /account": "My account", "GET /account/choose": "Choose an account", "GET /account/sessions": "Sessions", "GET /account/everywhere": "Sign out everywhere?",
	"GET /account/time-zone": "Time zone", "POST /account/time-zone": "Time zone", "GET /account/signins": "Sign-ins", "GET /account/applications": "Applications", "GET /account/organizations": "Organizations",
	"GET /account/security": "Security info", "GET /account/security/password": "Change password",
	"GET /account/security/app": "Add an authenticator app", "GET /account/security/codes": "Recovery codes", "GET /account/security/codes/renew": "Make new recovery codes?",
	"POST /account/security/app": "Add an authenticator app", "POST /account/security/codes": "Security info", "POST /account/security/codes/renew": "There is no authenticator app yet",
	"POST /account/sessions/others": "Sessions", "POST /account/security/password": "Change password", "POST /account/everywhere": "You are signed out",
}

// TestAccount walks the pages of an account: the stranger sees nothing of the
// victim's, and whatever of the victim's they name looks like nothing.
func TestAccount(t *testing.T) {
	named := slices.Collect(maps.Keys(accountForms))
	all := slices.Sorted(slices.Values(append(named, slices.Collect(maps.Keys(accountAlone))...)))
	if !slices.Equal(account.Routes(), all) {
		t.Fatalf("the routes are %v, and %v are walked", account.Routes(), all)
	}
	each(t, func(t *testing.T, g *ground) {
		a := &accountWalk{ground: g, victims: g.browser(t), other: g.browser(t), intruder: g.browser(t)}
		a.victims.signIn(t, g.victim, "/account")
		a.other.signIn(t, g.victim, "/account")
		a.intruder.signIn(t, g.stranger, "/account")
		a.session = sessionCookie(t, a.other)
		a.client = g.agreed(t, g.victim)
		a.apps = [2]string{a.phone(t, "first"), a.phone(t, "second")}
		before := g.rows(t)
		for _, route := range named {
			a.strangeForm(t, route)
			g.untouched(t, before, "sign_in")
		}
		for route, heading := range accountAlone {
			if strings.HasPrefix(route, "GET ") {
				a.sees(t, a.intruder, route, heading)
				g.untouched(t, before, "sign_in")
			}
		}
		for _, path := range []string{"/account/security/app", "/account/security/codes", "/account/security/codes/renew"} {
			theirs, none := a.intruder.get(t, path+"?tenant="+g.victim.ID), a.intruder.get(t, path+"?tenant="+enttest.NewID())
			if theirs.status != http.StatusNotFound || none.status != theirs.status || heart(theirs) != heart(none) {
				t.Errorf("%s of the victim's tenant: %d %s; of none: %d %s", path, theirs.status, theirs.Text(), none.status, none.Text())
			}
		}
		for _, route := range []string{"POST /account/security/app", "POST /account/security/codes", "POST /account/security/codes/renew", "POST /account/time-zone", "POST /account/sessions/others", "POST /account/security/password", "POST /account/everywhere"} {
			a.sees(t, a.intruder, route, accountAlone[route])
			g.untouched(t, before, "sign_in")
		}
		for _, route := range named {
			a.ownForm(t, route)
		}
		for route, heading := range accountAlone {
			if strings.HasPrefix(route, "GET ") {
				if p := a.victims.get(t, strings.TrimPrefix(route, "GET ")); p.Heading() != heading {
					t.Errorf("the victim at %s: %d %s", route, p.status, p.Text())
				}
			}
		}
	})
}

// phone has the victim register an authenticator, and returns its identifier.
func (a *accountWalk) phone(t *testing.T, name string) string {
	t.Helper()
	p := a.victims.get(t, "/account/security/app")
	_, rest, _ := strings.Cut(p.raw, `id="key">`)
	key, _, _ := strings.Cut(rest, "<")
	action, fields := p.Form(t, "Add")
	fields.Set("device", a.victim.word+" "+name)
	fields.Set("code", phone.Typed(t, key).Code(a.Clock.Wall()))
	done := a.victims.post(t, action, fields)
	u, err := url.Parse(a.victims.get(t, "/account/security").Link("Rename " + a.victim.word + " " + name))
	if err != nil || u.Query().Get("app") == "" {
		t.Fatalf("the victim has no authenticator %q: %v; %s", name, err, done.Text())
	}
	return u.Query().Get("app")
}

// agreed has the side's administrator agree to an application and returns its
// service principal.
func (g *ground) agreed(t *testing.T, x *side) string {
	t.Helper()
	client := g.Present(t, x.Tenant, g.Application(t, x.Tenant, x.word+" reader", true).AppID)
	var me struct{ ID string }
	g.Graph(t, x.Tenant, http.MethodGet, "/v1.0/users/"+url.PathEscape(x.AdminUPN), nil, &me)
	g.Graph(t, x.Tenant, http.MethodPost, "/v1.0/oauth2PermissionGrants", map[string]any{
		"clientId": client.ID, "consentType": "Principal", "principalId": me.ID, "resourceId": x.id(t, "graph"), "scope": "User.Read",
	}, nil)
	return client.ID
}

// sessionCookie returns the session that a browser's cookie is named for.
func sessionCookie(t *testing.T, b *browser) string {
	t.Helper()
	u, err := url.Parse(b.g.Name)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range b.http.Jar.Cookies(u) {
		if id, ok := strings.CutPrefix(c.Name, "__Host-entente-session."); ok {
			return id
		}
	}
	t.Fatal("the browser has no session")
	return ""
}

// ask sends what a route takes.
func (a *accountWalk) ask(t *testing.T, b *browser, route, value string) page {
	t.Helper()
	method, path, _ := strings.Cut(route, " ")
	form := url.Values{accountForms[route].field: {value}}
	if method == http.MethodGet {
		return b.get(t, path+"?"+form.Encode())
	}
	return b.post(t, path, form)
}

// strangeForm names what is the victim's, and what is nobody's: both look alike.
func (a *accountWalk) strangeForm(t *testing.T, route string) {
	t.Helper()
	theirs, none := a.ask(t, a.intruder, route, accountForms[route].what(a)), a.ask(t, a.intruder, route, enttest.NewID())
	if theirs.status != http.StatusNotFound || none.status != theirs.status || heart(theirs) != heart(none) || strings.Contains(theirs.raw, a.victim.word) {
		t.Errorf("%s with what is the victim's: %d %s; with nothing: %d %s", route, theirs.status, theirs.Text(), none.status, none.Text())
	}
	if p := a.ask(t, a.browser(t), route, accountForms[route].what(a)); p.Heading() != "Sign in" {
		t.Errorf("%s without a session: %d %s", route, p.status, p.Text())
	}
}

// heart is what a page says, without the identifier of its request.
func heart(p page) string {
	before, _, _ := strings.Cut(p.Text(), "Request")
	return before
}

// sees wants the stranger's own page, with nothing of the victim's.
func (a *accountWalk) sees(t *testing.T, b *browser, route, heading string) {
	t.Helper()
	method, path, _ := strings.Cut(route, " ")
	p := page{}
	if method == http.MethodGet {
		p = b.get(t, path)
	} else {
		p = b.post(t, path, url.Values{})
	}
	if p.Heading() != heading || strings.Contains(p.raw, a.victim.word) || strings.Contains(p.raw, a.victim.AdminUPN) || strings.Contains(p.raw, a.victim.ID) {
		t.Errorf("%s shows the stranger %d: %s", route, p.status, p.Text())
	}
}

// ownForm has the victim send it. What needs another tenant is refused at home.
func (a *accountWalk) ownForm(t *testing.T, route string) {
	t.Helper()
	p, done := a.ask(t, a.victims, route, accountForms[route].what(a)), accountForms[route].done
	switch {
	case done == "" && p.status != http.StatusNotFound:
		t.Errorf("%s at home: %d %s", route, p.status, p.Text())
	case done != "" && (p.status != http.StatusOK || !strings.Contains(p.Text(), done)):
		t.Errorf("the walk does not reach %s: %d %s", route, p.status, p.Text())
	}
}

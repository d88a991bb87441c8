package signinpages

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"entente/internal/core/app"
	"entente/internal/core/audit"
	"entente/internal/core/authz"
	"entente/internal/core/consent"
	"entente/internal/core/directory"
	"entente/internal/core/factor"
	"entente/internal/core/federation"
	"entente/internal/core/keys"
	"entente/internal/core/token"
	"entente/internal/edge/portal"
	"entente/internal/enttest/dbtest"
	"entente/internal/enttest/pagetest"
	"entente/internal/enttest/quick"
	"entente/internal/flow/guest"
	"entente/internal/flow/onboard"
	"entente/internal/flow/signin"
	"entente/internal/kit/clock"
	"entente/internal/kit/fetch"
	"entente/internal/kit/ids"
	"entente/internal/kit/secret"
	"entente/internal/kit/sqldb"
	"entente/internal/kit/web"
)

const (
	password    = "Correct-horse-7"
	userReadAll = `{"id":"df021288-bdef-4463-88db-98f22de89214","type":"Role"}`
	groupRead   = `{"id":"5b567255-7703-4780-807c-7be8301ae99b","type":"Role"}`
	userRead    = `{"id":"e1fe6dd8-ba31-4d61-89e7-88639da4683d","type":"Scope"}`
)

// A house is an installation with two tenants, Contoso and Fabrikam, and the
// pages in front of it.
type house struct {
	t       *testing.T
	db      *sqldb.DB
	clock   *clock.Fake
	apps    *app.Service
	users   *directory.Service
	trusts  *federation.Service
	service *signin.Service
	factors *factor.Service
	guests  *guest.Service
	a, b    onboard.Made
	handler http.Handler
}

// each runs body on a house on each engine.
func each(t *testing.T, body func(h *house)) {
	clk := clock.NewFake(dbtest.Noon)
	dbtest.EachClock(t, clk, func(t *testing.T, db *sqldb.DB) { body(build(t, clk, db)) })
}

func build(t *testing.T, clk *clock.Fake, db *sqldb.DB) *house {
	ctx := t.Context()
	ring := must(secret.NewRing(secret.NewKey()))(t)
	hasher := directory.NewHasher(2, quick.Passwords)
	signIns := audit.NewSignIns(db)
	t.Cleanup(signIns.Close)
	client := must(fetch.New(fetch.Options{Timeout: 100 * time.Millisecond}))(t)
	h := &house{t: t, db: db, clock: clk, apps: app.NewService(db, ring), users: directory.NewService(db, hasher)}
	k := keys.New(db, ring, clk, keys.Options{Mark: "test"})
	h.trusts = federation.NewService(db, k, client, clk,
		federation.Options{Name: "https://id.fabrikam.example", Probe: time.Millisecond})
	h.factors = factor.NewService(db, ring, clk)
	h.service = signin.NewService(db, clk, h.users, signIns, token.New(k, clk, "https://id.fabrikam.example"), h.factors)
	h.guests = guest.NewService(db, ring, "https://id.fabrikam.example", nil)
	if err := app.EnsureBuiltIn(ctx, db); err != nil {
		t.Fatal(err)
	}
	on := onboard.NewService(db, hasher)
	h.a = must(on.Create(ctx, onboard.Request{DisplayName: "Contoso", Initial: "contoso.example", AdminUPN: "admin@contoso.example",
		AdminName: "Global administrator", Password: secret.NewString(password)}))(t)
	h.b = must(on.Create(ctx, onboard.Request{DisplayName: "Fabrikam", Initial: "fabrikam.example", AdminUPN: "admin@fabrikam.example",
		AdminName: "Global administrator", Password: secret.NewString(password)}))(t)
	pages := New(portal.Site{Operator: "Fabrikam", Hosts: web.Hosts{Own: "https://id.fabrikam.example"}}, h.service, h.guests, slog.New(slog.DiscardHandler))
	h.handler = web.Front(pages.Handler(), web.FrontOptions{Clock: clk, Log: slog.New(slog.DiscardHandler)})
	return h
}

func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func admin(m onboard.Made) authz.Caller {
	return authz.Caller{Tenant: m.Tenant, Subject: ids.Principal{Kind: ids.Person, Home: m.Tenant, ID: m.Admin}, Object: m.Admin, Name: "admin"}
}

// register makes an application of Contoso that asks Microsoft Graph for
// access, a list of JSON objects. more is further JSON members.
func (h *house) register(name, access, more string) *app.Application {
	h.t.Helper()
	return must(h.apps.Create(h.t.Context(), admin(h.a), []byte(`{"displayName":`+quote(name)+`,"signInAudience":"AzureADMultipleOrgs",
		"requiredResourceAccess":[{"resourceAppId":"00000003-0000-0000-c000-000000000000","resourceAccess":[`+access+`]}]`+more+`}`), nil))(h.t)
}

func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\u202e", `\u202e`, "\n", `\n`).Replace(s) + `"`
}

// person makes a user of Fabrikam with a role, if one is given.
func (h *house) person(upn string, role ids.RoleID) ids.ObjectID { return h.newcomer(upn, role, false) }

// newcomer makes a user of Fabrikam who may have to change their password.
func (h *house) newcomer(upn string, role ids.RoleID, mustChange bool) ids.ObjectID {
	h.t.Helper()
	u := must(h.users.Create(h.t.Context(), admin(h.b), []byte(`{"accountEnabled":true,"displayName":"Someone","mailNickname":"someone",
		"userPrincipalName":"`+upn+`","passwordProfile":{"password":"`+password+`","forceChangePasswordNextSignIn":`+strconv.FormatBool(mustChange)+`}}`)))(h.t)
	if role != "" {
		if err := h.db.Update(h.t.Context(), func(tx *sqldb.Tx) error { return authz.Assign(h.t.Context(), tx, h.b.Tenant, u.ID, role) }); err != nil {
			h.t.Fatal(err)
		}
	}
	return u.ID
}

// granted returns the roles on Microsoft Graph that the application has in
// Fabrikam now, or nil if it has no service principal there.
func (h *house) granted(a *app.Application) []string {
	h.t.Helper()
	var roles []string
	err := h.db.View(h.t.Context(), func(tx *sqldb.Tx) error {
		p, err := app.PrincipalByAppID(h.t.Context(), tx, h.b.Tenant, a.AppID)
		if err != nil {
			return nil
		}
		graph, err := app.PrincipalByAppID(h.t.Context(), tx, h.b.Tenant, app.GraphAppID)
		if err != nil {
			return err
		}
		g, err := consent.RolesNow(h.t.Context(), tx, h.b.Tenant, p.ID, graph.ID)
		roles = append([]string{}, g.Values...)
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return roles
}

// A browser keeps cookies and follows redirects within the site.
type browser struct {
	h       *house
	cookies map[string]string
	ages    map[string]int // Max-Age of each
	from    string         // network address
	agent   string         // what it says of itself
}

func (h *house) browser() *browser {
	return &browser{h, map[string]string{}, map[string]int{}, "192.0.2.7:1234", "a browser"}
}

// answered is what a browser sees in the end.
type answered struct {
	*pagetest.Page
	status int
	header http.Header
	left   string // the address outside to which it was sent, if it was
	body   string
}

func (b *browser) get(address string) answered {
	b.h.t.Helper()
	return b.send(httptest.NewRequest("GET", address, nil))
}

// submit presses a button on a page, with fields filled in.
func (b *browser) submit(on answered, button string, fill url.Values) answered {
	b.h.t.Helper()
	action, fields := on.Form(b.h.t, button)
	for k, v := range fill {
		fields[k] = v
	}
	return b.post(action, fields)
}

func (b *browser) post(action string, fields url.Values) answered {
	b.h.t.Helper()
	r := httptest.NewRequest("POST", action, strings.NewReader(fields.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return b.send(r)
}

func (b *browser) send(r *http.Request) answered {
	b.h.t.Helper()
	for range 10 {
		r.RemoteAddr, r.Host = b.from, "id.fabrikam.example"
		r.Header.Set("User-Agent", b.agent)
		for name, value := range b.cookies {
			r.AddCookie(&http.Cookie{Name: name, Value: value})
		}
		w := httptest.NewRecorder()
		b.h.handler.ServeHTTP(w, r)
		res := w.Result()
		for _, c := range res.Cookies() {
			if !c.Secure || !c.HttpOnly || !strings.HasPrefix(c.Name, "__Host-") {
				b.h.t.Errorf("the cookie %s is not kept safe", c.Name)
			}
			b.cookies[c.Name], b.ages[c.Name] = c.Value, c.MaxAge
			if c.MaxAge < 0 {
				delete(b.cookies, c.Name)
			}
		}
		to := res.Header.Get("Location")
		switch {
		case to == "":
			body := must(io.ReadAll(res.Body))(b.h.t)
			return answered{pagetest.Parse(b.h.t, strings.NewReader(string(body))), res.StatusCode, res.Header, "", string(body)}
		case !strings.HasPrefix(to, "/"):
			return answered{status: res.StatusCode, header: res.Header, left: to}
		}
		r = httptest.NewRequest("GET", to, nil)
	}
	b.h.t.Fatal("the browser is sent around in circles")
	return answered{}
}

// signIn goes from a link to the page behind sign-in.
func (b *browser) signIn(link, upn string) answered {
	b.h.t.Helper()
	p := b.submit(b.get(link), "Next", url.Values{"username": {upn}})
	return b.submit(p, "Sign in", url.Values{"password": {password}})
}

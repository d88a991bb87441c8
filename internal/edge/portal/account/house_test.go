package account_test

import (
	"bytes"
	"context"
	"io"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"entente/internal/core/directory"
	"entente/internal/core/tenant"
	"entente/internal/enttest"
	"entente/internal/enttest/dbtest"
	"entente/internal/enttest/pagetest"
	"entente/internal/kit/clock"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

const password = "Copper-Lantern-72"

// A house is a server and its store.
type house struct {
	*enttest.Server
	t     *testing.T
	clock *clock.Fake
	db    *sqldb.DB
}

func each(t *testing.T, test func(h *house)) {
	t.Helper()
	enttest.Each(t, func(t *testing.T, engine sqldb.Engine) {
		clk := clock.NewFake(dbtest.Noon)
		s := enttest.Start(t, enttest.Options{Engine: engine, Clock: clk})
		test(&house{s, t, clk, dbtest.OpenURL(t, s.Store, clk)})
	})
}

// person makes a member of B.
func (h *house) person(nick string) (upn string, id ids.ObjectID) {
	h.t.Helper()
	upn = nick + "@" + h.B.Domain
	var u struct{ ID string }
	h.Graph(h.t, h.B, http.MethodPost, "/v1.0/users", map[string]any{
		"accountEnabled": true, "displayName": "Person " + nick, "mailNickname": nick, "userPrincipalName": upn,
		"passwordProfile": map[string]any{"password": password, "forceChangePasswordNextSignIn": false},
	}, &u)
	return upn, ids.ObjectID(u.ID)
}

// guest makes a person of B a guest of A, who has accepted or not.
func (h *house) guest(upn string, id ids.ObjectID, accepted bool) (u *directory.User) {
	h.t.Helper()
	h.update(func(ctx context.Context, tx *sqldb.Tx) error {
		in, err := tenant.Get(ctx, tx, ids.TenantID(h.A.ID))
		if err != nil {
			return err
		}
		if u, err = directory.AddGuest(ctx, tx, in, directory.Invitee{Mail: upn}); err != nil || !accepted {
			return err
		}
		return directory.AcceptGuest(ctx, tx, u, ids.Principal{Kind: ids.Person, Home: ids.TenantID(h.B.ID), ID: id})
	})
	return u
}

func (h *house) update(do func(context.Context, *sqldb.Tx) error) {
	h.t.Helper()
	if err := h.db.Update(h.t.Context(), func(tx *sqldb.Tx) error { return do(h.t.Context(), tx) }); err != nil {
		h.t.Fatal(err)
	}
}

// A browser keeps cookies and follows redirects.
type browser struct {
	h     *house
	http  *http.Client
	jar   *cookiejar.Jar
	agent string
}

func (h *house) browser(agent string) *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		h.t.Fatal(err)
	}
	return &browser{h, &http.Client{Transport: h.HTTP.Transport, Jar: jar}, jar, agent}
}

// A page is what a browser shows in the end.
type page struct {
	*pagetest.Page
	status int
	at     *url.URL
	raw    string
}

func (b *browser) get(path string) page {
	b.h.t.Helper()
	return b.send(http.MethodGet, path, nil, "")
}

func (b *browser) post(path string, form url.Values) page {
	b.h.t.Helper()
	return b.send(http.MethodPost, path, form, "same-origin")
}

func (b *browser) send(method, path string, form url.Values, site string) page {
	b.h.t.Helper()
	req, err := http.NewRequestWithContext(b.h.t.Context(), method, b.h.Name+path, strings.NewReader(form.Encode()))
	if err != nil {
		b.h.t.Fatal(err)
	}
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Sec-Fetch-Site", site)
	}
	req.Header.Set("User-Agent", b.agent)
	res, err := b.http.Do(req)
	if err != nil {
		b.h.t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		b.h.t.Fatal(err)
	}
	return page{pagetest.Parse(b.h.t, bytes.NewReader(raw)), res.StatusCode, res.Request.URL, string(raw)}
}

// submit presses a button with fields filled in.
func (b *browser) submit(on page, button string, fill url.Values) page {
	b.h.t.Helper()
	action, fields := on.Form(b.h.t, button)
	maps.Copy(fields, fill)
	return b.post(action, fields)
}

// signIn goes from a page to what stands behind sign-in.
func (b *browser) signIn(path, upn, password string) page {
	b.h.t.Helper()
	p := b.submit(b.get(path), "Next", url.Values{"username": {upn}})
	return b.submit(p, "Sign in", url.Values{"password": {password}})
}

// cookies returns what the browser holds, by name.
func (b *browser) cookies() map[string]string {
	u, err := url.Parse(b.h.Name)
	if err != nil {
		b.h.t.Fatal(err)
	}
	all := map[string]string{}
	for _, c := range b.jar.Cookies(u) {
		all[c.Name] = c.Value
	}
	return all
}

// session returns the session that the browser's cookie is named for.
func (b *browser) session() string {
	for name := range b.cookies() {
		if id, ok := strings.CutPrefix(name, "__Host-entente-session."); ok {
			return id
		}
	}
	return ""
}

// plant sets a cookie.
func (b *browser) plant(name, value string) {
	u, err := url.Parse(b.h.Name)
	if err != nil {
		b.h.t.Fatal(err)
	}
	b.jar.SetCookies(u, []*http.Cookie{{Name: name, Value: value, Path: "/", Secure: true}})
}

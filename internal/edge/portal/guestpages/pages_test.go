package guestpages_test

import (
	"bytes"
	"io"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"entente/internal/edge/portal/guestpages"
	"entente/internal/enttest"
	"entente/internal/enttest/pagetest"
	"entente/internal/kit/sqldb"
)

const password = "Copper-Lantern-72"

// A browser keeps cookies and follows redirects.
type browser struct {
	*enttest.Server
	t    *testing.T
	http *http.Client
}

// A page is what a browser shows in the end.
type page struct {
	*pagetest.Page
	status int
	at     *url.URL
	raw    string
}

func each(t *testing.T, test func(t *testing.T, s *enttest.Server)) {
	t.Helper()
	enttest.Each(t, func(t *testing.T, engine sqldb.Engine) { test(t, enttest.Start(t, enttest.Options{Engine: engine})) })
}

func open(t *testing.T, s *enttest.Server) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &browser{s, t, &http.Client{Transport: s.HTTP.Transport, Jar: jar}}
}

func (b *browser) send(method, path string, form url.Values, site string) page {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), method, b.Name+path, strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Sec-Fetch-Site", site)
	}
	res, err := b.http.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return page{pagetest.Parse(b.t, bytes.NewReader(raw)), res.StatusCode, res.Request.URL, string(raw)}
}

func (b *browser) get(path string) page { b.t.Helper(); return b.send(http.MethodGet, path, nil, "") }

// submit presses a button with fields filled in.
func (b *browser) submit(on page, button string, fill url.Values) page {
	b.t.Helper()
	action, fields := on.Form(b.t, button)
	maps.Copy(fields, fill)
	return b.send(http.MethodPost, action, fields, "same-origin")
}

// signIn goes from a page to what stands behind sign-in.
func (b *browser) signIn(path, upn, password string) page {
	b.t.Helper()
	p := b.submit(b.get(path), "Next", url.Values{"username": {upn}})
	return b.submit(p, "Sign in", url.Values{"password": {password}})
}

// person makes a member of a tenant.
func person(t *testing.T, s *enttest.Server, in *enttest.Tenant, nick string) string {
	t.Helper()
	upn := nick + "@" + in.Domain
	s.Graph(t, in, http.MethodPost, "/v1.0/users", map[string]any{
		"accountEnabled": true, "displayName": "Person " + nick, "mailNickname": nick, "userPrincipalName": upn,
		"passwordProfile": map[string]any{"password": password, "forceChangePasswordNextSignIn": false},
	}, nil)
	return upn
}

// TestInvite invites on the page, hands the link on, and sees it used.
func TestInvite(t *testing.T) {
	each(t, func(t *testing.T, s *enttest.Server) {
		adele := person(t, s, s.B, "adele")
		b := open(t, s)
		p := b.signIn("/invite", s.A.AdminUPN, s.A.AdminPassword)
		if p.Heading() != "Invite a guest" {
			t.Fatalf("got %d %s", p.status, p.Text())
		}
		for name, fill := range map[string]url.Values{
			"Enter a whole address, such as":         {"address": {"adele"}, "to": {"https://app.example/"}},
			"This address is of your own":            {"address": {"x@" + s.A.Domain}, "to": {"https://app.example/"}},
			"Enter a whole address that begins with": {"address": {adele}, "to": {"javascript:alert(1)"}},
		} {
			if bad := b.submit(p, "Invite", fill); bad.status != http.StatusUnprocessableEntity || !strings.Contains(bad.Text(), name) || !strings.Contains(bad.raw, `value="`+fill.Get("address")) {
				t.Errorf("%s: %d %s", name, bad.status, bad.Text())
			}
		}
		made := b.submit(p, "Invite", url.Values{"address": {adele}, "name": {"Adele"}, "to": {"https://app.example/"}})
		if made.at.Path != "/invite/made" || !strings.Contains(made.Text(), adele) {
			t.Fatalf("made %s %d %s", made.at, made.status, made.Text())
		}
		_, link, _ := strings.Cut(made.Text(), s.Name)
		link, _, _ = strings.Cut(link, " ")
		if again := b.get(made.at.RequestURI()); !strings.Contains(again.Text(), link) {
			t.Errorf("opened again: %s", again.Text())
		}
		other := open(t, s)
		other.signIn("/invite", person(t, s, s.A, "colleague"), password)
		if p := other.get(made.at.RequestURI()); p.status != http.StatusNotFound || strings.Contains(p.raw, "ticket=") {
			t.Errorf("a colleague sees %d %s", p.status, p.Text())
		}

		g := open(t, s)
		p = g.submit(g.get(link), "Sign in", nil)
		p = g.submit(g.submit(p, "Next", url.Values{"username": {adele}}), "Sign in", url.Values{"password": {password}})
		if p = g.submit(p, "Accept as Fabrikam", url.Values{"decision": {"accept"}}); !strings.HasPrefix(p.Heading(), "You are a guest of") {
			t.Errorf("accepted: %d %s", p.status, p.Text())
		}
		if p := b.get(made.at.RequestURI()); !strings.Contains(p.Text(), "The invitation was used") || strings.Contains(p.raw, "ticket=") {
			t.Errorf("afterwards: %s", p.Text())
		}
	})
}

// TestWhoMayNot is told so before anything is asked.
func TestWhoMayNot(t *testing.T) {
	each(t, func(t *testing.T, s *enttest.Server) {
		upn := person(t, s, s.A, "member")
		s.Graph(t, s.A, http.MethodPatch, "/v1.0/policies/authorizationPolicy", map[string]any{"allowInvitesFrom": "adminsAndGuestInviters"}, nil)
		b := open(t, s)
		if p := b.signIn("/invite", upn, password); p.status != http.StatusForbidden {
			t.Errorf("got %d %s", p.status, p.Text())
		}
		form := url.Values{"address": {"x@guest.example"}, "to": {"https://app.example/"}}
		if p := b.send(http.MethodPost, "/invite", form, "same-origin"); p.status != http.StatusForbidden {
			t.Errorf("posted all the same: %d %s", p.status, p.Text())
		}
		admin := open(t, s)
		admin.signIn("/invite", s.A.AdminUPN, s.A.AdminPassword)
		if p := admin.send(http.MethodPost, "/invite", form, "cross-site"); p.status != http.StatusForbidden || strings.Contains(p.Text(), "Hand") {
			t.Errorf("from elsewhere: %d %s", p.status, p.Text())
		}
		if len(guestpages.Routes()) != 3 {
			t.Errorf("the routes are %v", guestpages.Routes())
		}
	})
}

package guestpages_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"entente/internal/edge/portal/guestpages"
	"entente/internal/enttest"
	"entente/internal/enttest/browser"
	"entente/internal/kit/sqldb"
)

const password = "Copper-Lantern-72"

func each(t *testing.T, test func(t *testing.T, s *enttest.Server)) {
	t.Helper()
	enttest.Each(t, func(t *testing.T, engine sqldb.Engine) { test(t, enttest.Start(t, enttest.Options{Engine: engine})) })
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
		b := browser.Open(t, s)
		p := b.SignIn(b.Get("/invite"), s.A.AdminUPN, s.A.AdminPassword)
		if p.Heading() != "Invite a guest" {
			t.Fatalf("got %d %s", p.Status, p.Text())
		}
		for name, fill := range map[string]url.Values{
			"Enter a whole address, such as":         {"address": {"adele"}, "to": {"https://app.example/"}},
			"This address is of your own":            {"address": {"x@" + s.A.Domain}, "to": {"https://app.example/"}},
			"Enter a whole address that begins with": {"address": {adele}, "to": {"javascript:alert(1)"}},
		} {
			if bad := b.Submit(p, "Invite", fill); bad.Status != http.StatusUnprocessableEntity || !strings.Contains(bad.Text(), name) || !strings.Contains(bad.Body, `value="`+fill.Get("address")) {
				t.Errorf("%s: %d %s", name, bad.Status, bad.Text())
			}
		}
		made := b.Submit(p, "Invite", url.Values{"address": {adele}, "name": {"Adele"}, "to": {"https://app.example/"}})
		if made.At.Path != "/invite/made" || !strings.Contains(made.Text(), adele) {
			t.Fatalf("made %s %d %s", made.At, made.Status, made.Text())
		}
		_, link, _ := strings.Cut(made.Text(), s.Name)
		link, _, _ = strings.Cut(link, " ")
		if again := b.Get(made.At.RequestURI()); !strings.Contains(again.Text(), link) {
			t.Errorf("opened again: %s", again.Text())
		}
		other := browser.Open(t, s)
		other.SignIn(other.Get("/invite"), person(t, s, s.A, "colleague"), password)
		if p := other.Get(made.At.RequestURI()); p.Status != http.StatusNotFound || strings.Contains(p.Body, "ticket=") {
			t.Errorf("a colleague sees %d %s", p.Status, p.Text())
		}

		g := browser.Open(t, s)
		p = g.Submit(g.Get(link), "Sign in", nil)
		p = g.Submit(g.Submit(p, "Next", url.Values{"username": {adele}}), "Sign in", url.Values{"password": {password}})
		if p = g.Submit(p, "Accept as Fabrikam", url.Values{"decision": {"accept"}}); !strings.HasPrefix(p.Heading(), "You are a guest of") {
			t.Errorf("accepted: %d %s", p.Status, p.Text())
		}
		if p := b.Get(made.At.RequestURI()); !strings.Contains(p.Text(), "The invitation was used") || strings.Contains(p.Body, "ticket=") {
			t.Errorf("afterwards: %s", p.Text())
		}
	})
}

// TestWhoMayNot is told so before anything is asked.
func TestWhoMayNot(t *testing.T) {
	each(t, func(t *testing.T, s *enttest.Server) {
		upn := person(t, s, s.A, "member")
		s.Graph(t, s.A, http.MethodPatch, "/v1.0/policies/authorizationPolicy", map[string]any{"allowInvitesFrom": "adminsAndGuestInviters"}, nil)
		b := browser.Open(t, s)
		if p := b.SignIn(b.Get("/invite"), upn, password); p.Status != http.StatusForbidden {
			t.Errorf("got %d %s", p.Status, p.Text())
		}
		form := url.Values{"address": {"x@guest.example"}, "to": {"https://app.example/"}}
		if p := b.Send(http.MethodPost, "/invite", form, "same-origin"); p.Status != http.StatusForbidden {
			t.Errorf("posted all the same: %d %s", p.Status, p.Text())
		}
		admin := browser.Open(t, s)
		admin.SignIn(admin.Get("/invite"), s.A.AdminUPN, s.A.AdminPassword)
		if p := admin.Send(http.MethodPost, "/invite", form, "cross-site"); p.Status != http.StatusForbidden || strings.Contains(p.Text(), "Hand") {
			t.Errorf("from elsewhere: %d %s", p.Status, p.Text())
		}
		if len(guestpages.Routes()) != 3 {
			t.Errorf("the routes are %v", guestpages.Routes())
		}
	})
}

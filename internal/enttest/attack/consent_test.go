package attack

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"entente/internal/enttest"
)

// asking makes an application of tenant A to which nobody has agreed yet.
func (g *ground) asking(t *testing.T, name string) *application {
	t.Helper()
	a := &application{Application: g.Application(t, g.A, name, true), back: nativeBack}
	g.Graph(t, g.A, http.MethodPatch, "/v1.0/applications/"+a.ID, map[string]any{"publicClient": map[string]any{"redirectUris": []string{nativeBack}}, "isFallbackPublicClient": true}, nil)
	g.Present(t, g.A, a.AppID)
	return a
}

// consentTakenAway: with a person's consent goes what it gave, at once: the
// access token at Microsoft Graph, the refresh token, and the code.
func consentTakenAway(t *testing.T, g *ground) {
	a := g.asking(t, "Asking")
	b := g.browser(t)
	page := b.asClerk(t, g.link(a, g.A.ID))
	code := b.press(t, page, "Agree", nil).answer(t).Get("code")
	got := g.get(t, g.redemption(a, code))
	if scp := enttest.Claims(t, got.Access)["scp"]; scp != "User.Read openid profile" {
		t.Errorf("scp = %v", scp)
	}
	if me := g.As(t, got.Access, http.MethodGet, "/v1.0/me", nil); me.Status != http.StatusOK {
		t.Fatalf("before: %d %s", me.Status, me.Body)
	}
	if all := g.As(t, got.Access, http.MethodGet, "/v1.0/users", nil); all.Status != http.StatusForbidden {
		t.Errorf("more than was agreed to: %d %s", all.Status, all.Body)
	}
	refused(t, "more than was agreed to, by the refresh token", g.ask(t, g.renewal(a, got.Refresh, "scope", "openid User.Read User.ReadBasic.All")), 65001)
	if q := b.open(t, g.link(a, g.A.ID, "prompt", "none", "scope", "openid User.Read User.ReadBasic.All")).answer(t); q.Get("error") != "consent_required" {
		t.Errorf("more than was agreed to, silently: %v", q)
	}
	later := b.open(t, g.link(a, g.A.ID)).answer(t).Get("code")
	// Somebody is a step before their code.
	between := g.browser(t)
	typed := between.press(t, between.open(t, g.link(a, g.A.ID)), "Next", url.Values{"username": {g.clerk}})
	action, fields := typed.Form(t, "Sign in")
	fields.Set("password", password)
	between.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	proven := between.send(t, http.MethodPost, action, fields, nil)
	if proven.left == nil {
		t.Fatalf("the password: %d %s", proven.status, proven.raw)
	}

	var client enttest.Principal
	g.Graph(t, g.A, http.MethodGet, "/v1.0/servicePrincipals(appId='"+a.AppID+"')", nil, &client)
	var grants struct {
		Value []struct{ ID, ConsentType string }
	}
	g.Graph(t, g.A, http.MethodGet, "/v1.0/oauth2PermissionGrants?$filter="+url.QueryEscape("clientId eq '"+client.ID+"'"), nil, &grants)
	if len(grants.Value) != 1 || grants.Value[0].ConsentType != "Principal" {
		t.Fatalf("the grants are %+v", grants)
	}
	g.Graph(t, g.A, http.MethodDelete, "/v1.0/oauth2PermissionGrants/"+grants.Value[0].ID, nil, nil)
	if me := g.As(t, got.Access, http.MethodGet, "/v1.0/me", nil); me.Status != http.StatusForbidden || me.Code(t) != "Authorization_RequestDenied" {
		t.Errorf("afterwards: %d %s", me.Status, me.Body)
	}
	refused(t, "the refresh token", g.ask(t, g.renewal(a, got.Refresh)), 65001)
	refused(t, "the refresh token, for a sign-in only", g.ask(t, g.renewal(a, got.Refresh, "scope", "openid")), 65001)
	refused(t, "a code", g.ask(t, g.redemption(a, later)), 65001)
	if v := between.open(t, proven.left.RequestURI()); v.left != nil || v.status != http.StatusForbidden {
		t.Errorf("a sign-in that was a step before its code: %d %v", v.status, v.left)
	}
	if q := b.open(t, g.link(a, g.A.ID, "prompt", "none")).answer(t); q.Get("error") != "consent_required" {
		t.Errorf("silently: %v", q)
	}
}

// consentForced: nobody agrees because another site, another browser or a page
// in a frame has them, and nobody to another application than they saw.
func consentForced(t *testing.T, g *ground) {
	a, other := g.asking(t, "Wanted"), g.asking(t, "Unwanted")
	b := g.browser(t)
	page := b.asClerk(t, g.link(a, g.A.ID))
	if csp := page.header.Get("Content-Security-Policy"); !strings.Contains(csp, "frame-ancestors 'none'") || page.header.Get("X-Frame-Options") != "DENY" {
		t.Errorf("the page can be framed: %v", page.header)
	}
	_, fields := page.Form(t, "Agree")
	_, unwanted := b.open(t, g.link(other, g.A.ID)).Form(t, "Agree")
	denied := func(how string, v view, statuses ...int) {
		t.Helper()
		for _, s := range statuses {
			if v.status == s {
				return
			}
		}
		t.Errorf("%s: %d %s", how, v.status, v.raw)
	}
	for _, header := range []map[string]string{
		{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
		{"Sec-Fetch-Site": "same-site", "Origin": "https://evil.example"},
		{"Sec-Fetch-Site": "", "Origin": "https://evil.example"},
		{"Sec-Fetch-Site": "", "Origin": "null"},
	} {
		denied("another site", b.send(t, http.MethodPost, "/common/signin", unwanted, header), http.StatusForbidden)
	}
	stranger := g.browser(t)
	stranger.signIn(t, g.link(g.notes, g.A.ID), g.A.AdminUPN, g.A.AdminPassword)
	denied("another browser", stranger.send(t, http.MethodPost, "/common/signin", unwanted, nil), http.StatusNotFound)
	denied("nobody's browser", g.browser(t).send(t, http.MethodPost, "/common/signin", unwanted, nil), http.StatusNotFound)
	swapped := b.send(t, http.MethodPost, "/common/signin", with(unwanted, "shown", fields.Get("shown")), nil)
	if swapped.left != nil && strings.HasPrefix(swapped.left.String(), nativeBack) {
		t.Errorf("agreed to another application than was shown: %s", swapped.left)
	}
	denied("an administrator's word", b.send(t, http.MethodPost, "/common/signin", with(unwanted, "everybody", "1"), nil), http.StatusForbidden)
	denied("an administrator's form", b.send(t, http.MethodPost, "/common/consent/set", with(unwanted, "decision", "accept"), nil), http.StatusConflict)
	if q := b.open(t, g.link(other, g.A.ID, "prompt", "none")).answer(t); q.Get("error") != "consent_required" {
		t.Errorf("the application that nobody wanted: %v", q)
	}
	if q := b.press(t, page, "Agree", nil).answer(t); q.Get("code") == "" {
		t.Errorf("the one that was wanted: %v", q)
	}
}

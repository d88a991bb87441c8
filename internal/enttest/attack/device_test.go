package attack

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"entente/internal/enttest"
)

// devicePhishing: somebody of B has an application of their own wait, and sends
// its code to somebody of A (RFC 8628, section 5.4).
func devicePhishing(t *testing.T, g *ground) {
	a := g.Application(t, g.B, "Payroll", true)
	lure := map[string]any{"isFallbackPublicClient": true, "tags": []string{"DeviceCodeAcrossTenants"}}
	g.Graph(t, g.B, http.MethodPatch, "/v1.0/applications/"+a.ID, lure, nil)
	principals := map[*enttest.Tenant]string{}
	for _, in := range []*enttest.Tenant{g.A, g.B} {
		principals[in] = g.Present(t, in, a.AppID).ID
		g.Delegate(t, in, principals[in], "User.Read")
	}
	type device struct {
		Code string `json:"device_code"`
		User string `json:"user_code"`
	}
	wait := func(at string) (d device) {
		t.Helper()
		form := url.Values{"client_id": {a.AppID}, "scope": {"openid User.Read offline_access"}}
		if g.Post(t, "/"+at+"/oauth2/v2.0/devicecode", form).Into(t, &d); d.User == "" {
			t.Fatalf("no device at %s", at)
		}
		return d
	}
	poll := func(at string, d device) enttest.Answer {
		return g.Post(t, "/"+at+"/oauth2/v2.0/token", url.Values{"grant_type": {"device_code"}, "client_id": {a.AppID}, "device_code": {d.Code}})
	}
	enter := func(b *browser, d device) view {
		t.Helper()
		v := b.press(t, b.open(t, "/devicelogin"), "Next", url.Values{"otc": {d.User}})
		return b.press(t, b.press(t, v, "Next", url.Values{"username": {g.clerk}}), "Sign in", url.Values{"password": {password}})
	}
	for _, at := range []string{"organizations", "common", g.A.ID, g.B.ID} {
		d := wait(at)
		v := enter(g.browser(t), d)
		if v.status != http.StatusForbidden || !strings.Contains(v.Text(), "Contoso does not") || !strings.Contains(v.Text(), "belongs to Fabrikam") {
			t.Errorf("at %s: %d %s", at, v.status, v.raw)
		}
		refused(t, "what the sender hears at "+at, poll(at, d), 70016)
	}

	// A's administrators let it: then the person is told, and has to say that it was them.
	g.Graph(t, g.A, http.MethodPatch, "/v1.0/servicePrincipals/"+principals[g.A], map[string]any{"tags": []string{"DeviceCodeAcrossTenants"}}, nil)
	d := wait("organizations")
	victim := g.browser(t)
	v := enter(victim, d)
	if !strings.Contains(v.Text(), "You are of Contoso; the application is of Fabrikam") {
		t.Fatalf("allowed: %d %s", v.status, v.raw)
	}
	action, fields := v.Form(t, "I started this myself")
	if forged := g.browser(t).send(t, http.MethodPost, action, fields, nil); forged.status != http.StatusNotFound {
		t.Errorf("the sender says it in a browser of their own: %d %s", forged.status, forged.raw)
	}
	if forged := victim.send(t, http.MethodPost, action, fields, map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}); forged.status != http.StatusForbidden {
		t.Errorf("the sender's page says it: %d %s", forged.status, forged.raw)
	}
	refused(t, "before the person has said anything", poll("organizations", d), 70016)
	if v = victim.press(t, v, "I did not", nil); v.Heading() != "Nothing was given" {
		t.Errorf("declined: %s", v.raw)
	}
	refused(t, "after the person declined", poll("organizations", d), 65004)

	// The sender says it in a sign-in of their own, and stops before it counts.
	d = wait(g.A.ID)
	sender := g.browser(t)
	action, fields = enter(sender, d).Form(t, "I started this myself")
	sender.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	if v := sender.send(t, http.MethodPost, action, fields, nil); v.left == nil {
		t.Fatalf("the sender's own word: %d %s", v.status, v.raw)
	}
	if v := enter(g.browser(t), d); v.Page == nil || !strings.Contains(v.Text(), "You are of Contoso; the application is of Fabrikam") {
		t.Errorf("the sender's word counts for the person: %d %s", v.status, v.raw)
	}
	refused(t, "before the person has said anything", poll(g.A.ID, d), 70016)

	d = wait(g.A.ID)
	last := g.browser(t)
	last.press(t, enter(last, d), "I started this myself", nil)
	poll(g.A.ID, d).Token(t)
}

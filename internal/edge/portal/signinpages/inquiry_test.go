package signinpages

import (
	"errors"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"entente/internal/core/app"
	"entente/internal/core/authz"
	"entente/internal/core/consent"
	"entente/internal/core/directory"
	"entente/internal/core/tenant"
	"entente/internal/flow/onboard"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

const readBasic = `{"id":"b340eb25-3456-403f-be2f-af7a0d370277","type":"Scope"}`

// stranger makes a multi-tenant application of Contoso that Fabrikam does not
// know yet.
func (h *house) stranger(name string) *app.Application {
	h.t.Helper()
	return h.register(name, userRead, `,"web":{"redirectUris":["`+appBack+`"]}`)
}

// peopleAgree sets how far people of a tenant may agree for themselves.
func (h *house) peopleAgree(in onboard.Made, policy tenant.UserConsent) {
	h.t.Helper()
	list := `[]`
	if policy != tenant.ConsentNone {
		list = `["` + tenant.ForSelf + string(policy) + `"]`
	}
	if err := tenant.NewService(h.db).UpdateAuthorization(h.t.Context(), admin(in),
		[]byte(`{"defaultUserRolePermissions":{"permissionGrantPoliciesAssigned":`+list+`}}`)); err != nil {
		h.t.Fatal(err)
	}
}

// scopes returns what the application may do on Microsoft Graph for a person of
// Fabrikam, or for everybody.
func (h *house) scopes(a *app.Application, person ids.ObjectID) (scopes []string) {
	h.t.Helper()
	if err := h.db.View(h.t.Context(), func(tx *sqldb.Tx) error {
		client, err := app.PrincipalByAppID(h.t.Context(), tx, h.b.Tenant, a.AppID)
		if errors.Is(err, fault.NotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		graph, err := app.PrincipalByAppID(h.t.Context(), tx, h.b.Tenant, app.GraphAppID)
		if err != nil {
			return err
		}
		scopes, err = consent.ScopesNow(h.t.Context(), tx, h.b.Tenant, client.ID, graph.ID, person)
		return err
	}); err != nil {
		h.t.Fatal(err)
	}
	return scopes
}

// TestAPersonAgrees: what is new is asked, what was granted is named, and
// nothing is asked that was granted.
func TestAPersonAgrees(t *testing.T) {
	each(t, func(h *house) {
		t, a := h.t, h.stranger("Directory sync")
		clerk := h.person("clerk@fabrikam.example", "")
		h.peopleAgree(h.b, tenant.ConsentAll)
		b := h.browser()
		p := b.signIn(link(a, "fabrikam.example", "scope", "openid profile offline_access User.Read"), "clerk@fabrikam.example")
		if p.Heading() != "You are asked to let Contoso’s application act for you in Fabrikam" {
			t.Fatalf("got %s", p.Text())
		}
		for _, says := range []string{"Publisher not verified.", string(a.AppID), appBack, "clerk@fabrikam.example", "Sign you in and read your profile", "See your name",
			"4 delegated permissions", "you alone", "take it back", "also while you are away"} {
			if !strings.Contains(p.Text(), says) {
				t.Errorf("the page does not say %q: %s", says, p.Text())
			}
		}
		if strings.Contains(p.Text(), "everybody in Fabrikam") {
			t.Error("a clerk may agree for everybody")
		}
		if csp := p.header.Get("Content-Security-Policy"); !strings.Contains(csp, "frame-ancestors 'none'") || p.header.Get("X-Frame-Options") != "DENY" {
			t.Errorf("the page can be framed: %s", csp)
		}
		if got := h.scopes(a, clerk); got != nil {
			t.Errorf("before the decision: %v", got)
		}
		if q := answerOf(t, b.submit(p, "Agree", nil)); q.Get("code") == "" || q.Get("state") != "a b&c" {
			t.Errorf("the application is told %v", q)
		}
		if got := h.scopes(a, clerk); !slices.Equal(got, []string{"User.Read", "offline_access", "openid", "profile"}) {
			t.Errorf("granted %v", got)
		}
		if got := h.scopes(a, ""); got != nil {
			t.Errorf("for everybody: %v", got)
		}
		if q := answerOf(t, b.get(link(a, "fabrikam.example", "prompt", "none"))); q.Get("code") == "" {
			t.Errorf("silently: %v", q)
		}
		more := link(a, "fabrikam.example", "scope", "openid User.Read User.ReadBasic.All")
		if q := answerOf(t, b.get(more+"&prompt=none")); q.Get("error") != "consent_required" || !strings.HasPrefix(q.Get("error_description"), "AADSTS65001:") {
			t.Errorf("more, silently: %v", q)
		}
		p = b.get(more)
		if !strings.Contains(p.Text(), "What it may do besides") || !strings.Contains(p.Text(), "Read everybody’s basic profile New") || !strings.Contains(p.Text(), "Granted before: 2") {
			t.Errorf("got %s", p.Text())
		}
		if q := answerOf(t, b.submit(p, "Agree", nil)); q.Get("code") == "" {
			t.Errorf("the application is told %v", q)
		}
		if got := h.scopes(a, clerk); !slices.Equal(got, []string{"User.Read", "User.ReadBasic.All", "offline_access", "openid", "profile"}) {
			t.Errorf("granted %v", got)
		}
		p = b.get(link(a, "fabrikam.example", "prompt", "consent"))
		if p.Heading() != "You are asked to let Contoso’s application keep what it has in Fabrikam" || !strings.Contains(p.Text(), "Nothing new.") {
			t.Fatalf("got %s", p.Text())
		}
		if q := answerOf(t, b.submit(p, "Agree", nil)); q.Get("code") == "" {
			t.Errorf("the application is told %v", q)
		}
	})
}

// TestAPersonDeclines: the application is told, nothing is granted, and the page
// cannot be used again.
func TestAPersonDeclines(t *testing.T) {
	each(t, func(h *house) {
		t, a := h.t, h.stranger("Directory sync")
		clerk := h.person("clerk@fabrikam.example", "")
		h.peopleAgree(h.b, tenant.ConsentAll)
		b := h.browser()
		page := b.signIn(link(a, "fabrikam.example"), "clerk@fabrikam.example")
		q := answerOf(t, b.submit(page, "Decline", nil))
		if q.Get("error") != "access_denied" || q.Get("error_subcode") != "cancel" || q.Get("state") != "a b&c" || q.Get("iss") == "" || q.Get("code") != "" ||
			!strings.HasPrefix(q.Get("error_description"), "AADSTS65004:") {
			t.Errorf("the application is told %v", q)
		}
		if p := b.submit(page, "Agree", nil); p.status != 404 || p.Heading() != "This page has run out of time" {
			t.Errorf("after the decision: %d %s", p.status, p.Heading())
		}
		if got := h.scopes(a, clerk); got != nil {
			t.Errorf("granted %v", got)
		}
	})
}

// TestAnAdministratorHasToAgree: the page gives a link for one, and the person
// goes on where they stopped.
func TestAnAdministratorHasToAgree(t *testing.T) {
	each(t, func(h *house) {
		t, a := h.t, h.stranger("Directory sync")
		clerk := h.person("clerk@fabrikam.example", "")
		b := h.browser()
		p := b.signIn(link(a, "fabrikam.example"), "clerk@fabrikam.example")
		if p.status != 403 || p.Heading() != "Need admin approval" || !strings.Contains(p.Text(), "AADSTS90094") {
			t.Fatalf("got %d %s", p.status, p.Text())
		}
		share := "https://id.fabrikam.example/" + string(h.b.Tenant) + "/v2.0/adminconsent?" +
			url.Values{"client_id": {string(a.AppID)}, "redirect_uri": {appBack}, "scope": {"openid profile User.Read"}}.Encode()
		if !strings.Contains(p.Text(), share) {
			t.Fatalf("the page has no link %s: %s", share, p.Text())
		}
		flow := p.flow(t)
		boss := h.browser()
		consented := boss.signIn(strings.TrimPrefix(share, "https://id.fabrikam.example"), "admin@fabrikam.example")
		if boss.submit(consented, "Consent for Fabrikam", url.Values{"decision": {"accept"}}).left == "" {
			t.Fatalf("got %s", consented.Text())
		}
		if got := h.scopes(a, ""); !slices.Equal(got, []string{"User.Read", "openid", "profile"}) {
			t.Errorf("everybody's: %v", got)
		}
		if q := answerOf(t, b.get("/common/signin?flow="+flow)); q.Get("code") == "" {
			t.Errorf("the clerk's application is told %v", q)
		}
		if c := h.code(answerOf(t, b.get(link(a, "fabrikam.example"))).Get("code")); c.Object != clerk {
			t.Errorf("the code is %+v", c)
		}
	})
}

// flow returns which flow a page's form belongs to.
func (p answered) flow(t *testing.T) string {
	t.Helper()
	_, after, found := strings.Cut(p.body, `name="flow" value="`)
	flow, _, closed := strings.Cut(after, `"`)
	if !found || !closed {
		t.Fatalf("no flow on the page: %s", p.Text())
	}
	return flow
}

// TestAnAdministratorAgrees for themselves unless they say for everybody.
func TestAnAdministratorAgrees(t *testing.T) {
	each(t, func(h *house) {
		t, a := h.t, h.stranger("Directory sync")
		b := h.browser()
		p := b.signIn(link(a, "fabrikam.example", "scope", "User.Read.All"), "admin@fabrikam.example")
		if !strings.Contains(p.Text(), "Agree for everybody in Fabrikam") || strings.Contains(p.body, "checked") || !strings.Contains(p.Text(), "You may, as Global Administrator.") {
			t.Fatalf("got %s", p.Text())
		}
		if q := answerOf(t, b.submit(p, "Agree", nil)); q.Get("code") == "" {
			t.Fatalf("the application is told %v", q)
		}
		if all, own := h.scopes(a, ""), h.scopes(a, h.b.Admin); all != nil || !slices.Equal(own, []string{"User.Read.All"}) {
			t.Errorf("granted %v for everybody, %v for the administrator", all, own)
		}
		p = b.get(link(a, "fabrikam.example", "scope", "User.Read.All User.Read", "prompt", "consent"))
		if q := answerOf(t, b.submit(p, "Agree", url.Values{"everybody": {"1"}})); q.Get("code") == "" {
			t.Fatalf("the application is told %v", q)
		}
		if all := h.scopes(a, ""); !slices.Equal(all, []string{"User.Read", "User.Read.All"}) {
			t.Errorf("granted %v for everybody", all)
		}
	})
}

// TestConsentCannotBeSwapped: what is agreed to is what was shown, in the
// browser that it was shown in, by the person who was asked.
func TestConsentCannotBeSwapped(t *testing.T) {
	each(t, func(h *house) {
		t, a, other := h.t, h.stranger("Directory sync"), h.stranger("Harmless")
		clerk := h.person("clerk@fabrikam.example", "")
		h.person("other@fabrikam.example", "")
		h.peopleAgree(h.b, tenant.ConsentAll)
		b := h.browser()
		scope := []string{"scope", "https://graph.microsoft.com/.default"}
		harmless := b.signIn(link(other, "fabrikam.example", scope...), "clerk@fabrikam.example")
		page := b.get(link(a, "fabrikam.example", scope...))
		_, fields := page.Form(t, "Agree")
		_, fine := harmless.Form(t, "Agree")
		with := func(name string, value ...string) url.Values {
			v := url.Values{}
			for k := range fields {
				v[k] = fields[k]
			}
			v[name] = value
			return v
		}
		none := func(how string) {
			t.Helper()
			if got := h.scopes(a, clerk); got != nil {
				t.Fatalf("%s: granted %v", how, got)
			}
		}
		if p := b.post("/common/signin", with("shown", fine.Get("shown"))); p.status != 200 || !strings.Contains(p.Text(), "Nothing was granted.") {
			t.Errorf("what was shown for another application: %d %s", p.status, p.Text())
		}
		if p := b.post("/common/signin", with("shown", "x")); p.status < 400 {
			t.Errorf("nothing shown: %d %s", p.status, p.Text())
		}
		none("what was shown")
		if p := b.post("/common/signin", with("everybody", "1")); p.status != 403 {
			t.Errorf("for everybody, by one who may not: %d %s", p.status, p.Text())
		}
		none("for everybody")
		if p := b.post("/common/consent/set", with("decision", "accept")); p.status != 409 {
			t.Errorf("as an administrator's: %d %s", p.status, p.Text())
		}
		none("as an administrator's")

		elsewhere := h.browser()
		elsewhere.signIn(link(other, "fabrikam.example", scope...), "other@fabrikam.example")
		if p := elsewhere.post("/common/signin", fields); p.status != 404 || p.Heading() != "This page has run out of time" {
			t.Errorf("in another browser: %d %s", p.status, p.Heading())
		}
		r := httptest.NewRequest("POST", "/common/signin", strings.NewReader(fields.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		r.Header.Set("Origin", "https://evil.example")
		if p := b.send(r); p.status != 403 {
			t.Errorf("from another site: %d %s", p.status, p.Text())
		}
		none("from elsewhere")

		must(h.apps.Update(t.Context(), admin(h.a), a.ID, []byte(`{"requiredResourceAccess":[{"resourceAppId":"00000003-0000-0000-c000-000000000000",
			"resourceAccess":[`+userRead+`,`+readBasic+`]}]}`)))(t)
		p := b.post("/common/signin", fields)
		if p.status != 200 || !strings.Contains(p.Text(), "The application has changed since you opened this page.") || !strings.Contains(p.Text(), "Read everybody’s basic profile") {
			t.Errorf("more than was shown: %d %s", p.status, p.Text())
		}
		none("more than was shown")
		if q := answerOf(t, b.submit(p, "Agree", nil)); q.Get("code") == "" {
			t.Errorf("the application is told %v", q)
		}
		if got := h.scopes(a, clerk); len(got) != 2 {
			t.Errorf("granted %v", got)
		}
	})
}

// TestConsentEndsWithTheSession: a page that was left open counts for nothing
// once its person has signed out, or was blocked.
func TestConsentEndsWithTheSession(t *testing.T) {
	each(t, func(h *house) {
		t, a := h.t, h.stranger("Directory sync")
		clerk := h.person("clerk@fabrikam.example", "")
		h.peopleAgree(h.b, tenant.ConsentAll)
		b := h.browser()
		page := b.signIn(link(a, "fabrikam.example"), "clerk@fabrikam.example")
		kept := map[string]string{}
		for name, value := range b.cookies {
			kept[name] = value
			if name != browserCookie {
				delete(b.cookies, name)
			}
		}
		if p := b.submit(page, "Agree", nil); p.status != 404 {
			t.Errorf("without the session: %d %s", p.status, p.Heading())
		}
		b.cookies = kept
		if _, err := h.users.Update(t.Context(), admin(h.b), string(clerk), []byte(`{"accountEnabled":false}`)); err != nil {
			t.Fatal(err)
		}
		if p := b.submit(page, "Agree", nil); p.status != 404 {
			t.Errorf("blocked: %d %s", p.status, p.Heading())
		}
		if got := h.scopes(a, clerk); got != nil {
			t.Errorf("granted %v", got)
		}
	})
}

// TestConsentIsNotSpoofed: what others have named is shown inert.
func TestConsentIsNotSpoofed(t *testing.T) {
	each(t, func(h *house) {
		t, a := h.t, h.stranger("\u202eknab ruoY<b>\n approved")
		h.person("clerk@fabrikam.example", "")
		h.peopleAgree(h.b, tenant.ConsentAll)
		p := h.browser().signIn(link(a, "fabrikam.example"), "clerk@fabrikam.example")
		if strings.Contains(p.body, "\u202e") || strings.Contains(p.body, "ruoY<b>") || !strings.Contains(p.body, "<bdi>knab ruoY&lt;b&gt; approved</bdi>") {
			t.Errorf("the page says %s", p.body)
		}
	})
}

// TestNobodyIsAskedInVain: who is not admitted, and an application that may not
// come, get no page that asks.
func TestNobodyIsAskedInVain(t *testing.T) {
	each(t, func(h *house) {
		t := h.t
		h.person("clerk@fabrikam.example", "")
		h.peopleAgree(h.b, tenant.ConsentAll)
		single := must(h.apps.Create(t.Context(), admin(h.a), []byte(`{"displayName":"Own","web":{"redirectUris":["`+appBack+`"]}}`), nil))(t)
		b := h.browser()
		if p := b.signIn(link(single, "fabrikam.example"), "clerk@fabrikam.example"); p.status < 400 || p.left != "" {
			t.Errorf("another tenant's own application: %d %s", p.status, p.Text())
		}
		a := h.stranger("Directory sync")
		for scope, want := range map[string]string{"openid No.Such": "invalid_scope", "api://nobody/x": "invalid_resource", string(single.AppID) + "/x": "invalid_resource", "https://vault.azure.net/.default": "invalid_request"} {
			if q := answerOf(t, b.get(link(a, "fabrikam.example", "scope", scope))); q.Get("error") != want || q.Get("code") != "" {
				t.Errorf("%s: %v", scope, q)
			}
		}
		p := must(h.apps.CreatePrincipal(t.Context(), admin(h.b), a.AppID, []byte(`{"accountEnabled":false}`), nil))(t)
		if p := b.get(link(a, "fabrikam.example")); p.status != 403 || p.Heading() != "The application is switched off" {
			t.Errorf("disabled here: %d %s", p.status, p.Heading())
		}
		must(h.apps.UpdatePrincipal(t.Context(), admin(h.b), p.ID, []byte(`{"accountEnabled":true,"appRoleAssignmentRequired":true}`)))(t)
		if p := b.get(link(a, "fabrikam.example")); p.status != 403 || p.Heading() != "You are not assigned to this application" {
			t.Errorf("not assigned: %d %s", p.status, p.Heading())
		}
	})
}

// guest makes Contoso's administrator a guest of Fabrikam.
func (h *house) guest() (guest *directory.User) {
	t := h.t
	t.Helper()
	if err := h.db.Update(t.Context(), func(tx *sqldb.Tx) error {
		in, err := tenant.Get(t.Context(), tx, h.b.Tenant)
		if err != nil {
			return err
		}
		if guest, err = directory.AddGuest(t.Context(), tx, in, directory.Invitee{Mail: "admin@contoso.example"}); err != nil {
			return err
		}
		return directory.AcceptGuest(t.Context(), tx, guest, ids.Principal{Kind: ids.Person, Home: h.a.Tenant, ID: h.a.Admin})
	}); err != nil {
		t.Fatal(err)
	}
	return guest
}

// TestAGuestWithARoleConsents for the organization, and one without does not.
func TestAGuestWithARoleConsents(t *testing.T) {
	each(t, func(h *house) {
		t, a := h.t, h.register("Directory sync", userReadAll, "")
		guest := h.guest()
		b := h.browser()
		at := "/fabrikam.example/adminconsent?client_id=" + string(a.AppID)
		if p := b.signIn(at, "admin@contoso.example"); p.status != 403 || p.Heading() != "Need admin approval" {
			t.Errorf("without a role: %d %s", p.status, p.Text())
		}
		if err := h.db.Update(t.Context(), func(tx *sqldb.Tx) error {
			return authz.Assign(t.Context(), tx, h.b.Tenant, guest.ID, authz.PrivilegedRoleAdministrator)
		}); err != nil {
			t.Fatal(err)
		}
		p := b.submit(b.get(at), "Go on as admin@contoso.example", nil)
		if p = b.submit(p, "Consent for Fabrikam", url.Values{"decision": {"accept"}}); !strings.Contains(p.Heading(), "has let") {
			t.Errorf("got %s", p.Text())
		}
		if got := h.granted(a); !slices.Equal(got, []string{"User.Read.All"}) {
			t.Errorf("granted %v", got)
		}
	})
}

// TestAGuestAgrees by the policy of the tenant where they are a guest, and for
// that tenant alone.
func TestAGuestAgrees(t *testing.T) {
	each(t, func(h *house) {
		t, a := h.t, h.stranger("Directory sync")
		guest := h.guest()
		h.peopleAgree(h.a, tenant.ConsentAll)
		h.peopleAgree(h.b, tenant.ConsentNone)
		b := h.browser()
		if p := b.signIn(link(a, "fabrikam.example"), "admin@contoso.example"); p.Heading() != "Need admin approval" {
			t.Errorf("where nobody may agree: %s", p.Text())
		}
		h.peopleAgree(h.b, tenant.ConsentAll)
		p := b.get(link(a, "fabrikam.example"))
		if !strings.Contains(p.Text(), "admin@contoso.example, guest of Fabrikam from Contoso") || strings.Contains(p.Text(), "everybody in") {
			t.Fatalf("got %s", p.Text())
		}
		if c := h.code(answerOf(t, b.submit(p, "Agree", nil)).Get("code")); c.Object != guest.ID || c.Tenant != h.b.Tenant {
			t.Errorf("the code is %+v", c)
		}
		if got := h.scopes(a, guest.ID); !slices.Equal(got, []string{"User.Read", "openid", "profile"}) {
			t.Errorf("granted %v", got)
		}
		if p := b.get(link(a, "contoso.example")); !strings.HasPrefix(p.Heading(), "You are asked to let an application of Contoso") {
			t.Errorf("at home: %s", p.Text())
		}
	})
}

package signinpages

import (
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"entente/internal/core/app"
	"entente/internal/core/audit"
	"entente/internal/core/authz"
	"entente/internal/core/federation"
	"entente/internal/core/tenant"
	"entente/internal/edge/portal"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

func TestConsentInTenantB(t *testing.T) {
	each(t, func(h *house) {
		t := h.t
		a := h.register("Directory sync", userReadAll+","+userRead, "")
		if _, _, err := h.trusts.Create(t.Context(), admin(h.a), federation.Parent{Kind: federation.Application, ID: a.ID},
			[]byte(`{"name":"directory-sync","issuer":"https://issuer.example","subject":"x","audiences":["api://AzureADTokenExchange"]}`)); err != nil {
			t.Fatal(err)
		}
		b := h.browser()
		p := b.get("/common/adminConsent?client_id=" + string(a.AppID))
		if p.Title() != "Sign in – entente" || p.Heading() != "Sign in" {
			t.Fatalf("got %q: %s", p.Title(), p.Text())
		}
		p = b.submit(p, "Next", url.Values{"username": {" admin@FABRIKAM.example "}})
		if p.Heading() != "Enter your password" || !strings.Contains(p.Text(), "For Fabrikam, your home organization.") {
			t.Fatalf("got %s", p.Text())
		}
		p = b.submit(p, "Sign in", url.Values{"password": {password}})
		if p.Title() != "Consent for Fabrikam – entente" || p.Heading() != "Fabrikam is asked to let Contoso’s application read its directory" {
			t.Fatalf("got %q: %s", p.Title(), p.Text())
		}
		for _, says := range []string{
			"Directory sync", "Application of Contoso · contoso.example", "Publisher not verified.", string(a.AppID),
			"1 federated credential, “directory-sync”. No secrets, no certificates.",
			"On its own, at any time, with nobody signed in", "1 application permission, reaching everybody in Fabrikam.", "Read everybody’s profile", "Your only account", "User.Read.All · Microsoft Graph",
			"Only while a person of Fabrikam uses it", "1 delegated permission.", "Sign people in and read their own profile",
			"It can’t change or delete anything, read mail or files, or see passwords.",
			"Global Administrator, admin@fabrikam.example",
		} {
			if !strings.Contains(p.Text(), says) {
				t.Errorf("the page does not say %q; it says: %s", says, p.Text())
			}
		}
		if strings.Index(p.Text(), "User.Read.All") > strings.Index(p.Text(), "Only while a person") {
			t.Error("application permissions and delegated ones are not kept apart")
		}
		if h.granted(a) != nil {
			t.Fatal("granted before the decision")
		}
		accept, fields := p.Form(t, "Consent for Fabrikam")
		p = b.submit(p, "Consent for Fabrikam", url.Values{"decision": {"accept"}})
		if p.status != 200 || !strings.Contains(p.Heading(), "Fabrikam has let “Directory sync” in") ||
			!strings.Contains(p.Text(), "AADSTS500113") || !strings.Contains(p.Text(), "There is nothing more to do") {
			t.Errorf("got %d %q: %s", p.status, p.Title(), p.Text())
		}
		if got := h.granted(a); !slices.Equal(got, []string{"User.Read.All"}) {
			t.Errorf("granted %v, want User.Read.All", got)
		}

		fields.Set("decision", "accept")
		if p := b.post(accept, fields); p.status != 409 || !strings.Contains(p.Heading(), "used before") {
			t.Errorf("a replayed form: got %d %q, want 409", p.status, p.Heading())
		}
	})
}

func TestOnlyWhatIsNewIsAsked(t *testing.T) {
	each(t, func(h *house) {
		a := h.register("Directory sync", userReadAll, `,"web":{"redirectUris":["https://sync.contoso.example/done"]}`)
		link := "/" + string(h.b.Tenant) + "/v2.0/adminconsent?client_id=" + string(a.AppID) + "&state=a+b%26c&scope=https://graph.microsoft.com/.default" +
			"&redirect_uri=https://sync.contoso.example/done"
		b := h.browser()
		p := b.submit(b.signIn(link, "admin@fabrikam.example"), "Consent for Fabrikam", url.Values{"decision": {"accept"}})
		want := "https://sync.contoso.example/done?admin_consent=True&scope=https%3A%2F%2Fgraph.microsoft.com%2F.default&state=a+b%26c&tenant=" + string(h.b.Tenant)
		if p.left != want {
			t.Errorf("sent to %s, want %s", p.left, want)
		}

		if _, err := h.apps.Update(h.t.Context(), admin(h.a), a.ID, []byte(`{"requiredResourceAccess":[{"resourceAppId":
			"00000003-0000-0000-c000-000000000000","resourceAccess":[`+userReadAll+`,`+groupRead+`]}]}`)); err != nil {
			h.t.Fatal(err)
		}
		p = b.get(link)
		if p.Heading() != "Is this you?" || !strings.Contains(p.Text(), "Consent is never given silently") {
			h.t.Fatalf("with a session: got %s, want to be asked", p.Text())
		}
		p = b.submit(p, "Go on as admin@fabrikam.example", nil)
		if !strings.Contains(p.Text(), "What it may do besides") || !strings.Contains(p.Text(), "Group.Read.All") ||
			!strings.Contains(p.Text(), "Granted before: 1") || !strings.Contains(p.Text(), "Nobody so far: no federated credentials") {
			h.t.Errorf("got %s", p.Text())
		}
		b.submit(p, "Consent for Fabrikam", url.Values{"decision": {"accept"}})
		if got := h.granted(a); len(got) != 2 {
			h.t.Errorf("granted %v, want two roles", got)
		}
		p = b.submit(b.get(link), "Go on as admin@fabrikam.example", nil)
		if !strings.Contains(p.Text(), "Nothing new.") {
			h.t.Errorf("got %s", p.Text())
		}
	})
}

func TestConsentUntilADay(t *testing.T) {
	each(t, func(h *house) {
		a := h.register("Directory sync", userReadAll, "")
		b := h.browser()
		p := b.signIn("/fabrikam.example/adminconsent?client_id="+string(a.AppID), "admin@fabrikam.example")
		p = b.submit(p, "Consent for Fabrikam", url.Values{"decision": {"accept"}, "until": {"2020-01-01"}})
		if p.status != 422 || p.Title() != "Error: Consent for Fabrikam – entente" || !strings.Contains(p.Text(), "Enter a last day that is not over.") {
			h.t.Fatalf("got %d %q: %s", p.status, p.Title(), p.Text())
		}
		day := h.clock.Now().AddDate(0, 0, 7)
		p = b.submit(p, "Consent for Fabrikam", url.Values{"decision": {"accept"}, "until": {day.Format(time.DateOnly)}})
		if !strings.Contains(p.Text(), "Access was granted until the end of "+day.Format("Monday, January 2, 2006")) {
			h.t.Errorf("got %s", p.Text())
		}
		if len(h.granted(a)) != 1 {
			h.t.Error("nothing was granted")
		}
		h.clock.Advance(day.Truncate(24*time.Hour).AddDate(0, 0, 1).Sub(h.clock.Now()))
		if got := h.granted(a); len(got) != 0 {
			h.t.Errorf("after the end: %v, want nothing", got)
		}
	})
}

func TestDeclined(t *testing.T) {
	each(t, func(h *house) {
		a := h.register("Directory sync", userReadAll, `,"web":{"redirectUris":["https://sync.contoso.example/done"]}`)
		silent := h.register("Night job", userReadAll, "")
		cancel := url.Values{"decision": {"cancel"}}
		tests := []struct{ name, link, want string }{
			{"version 1", "/common/adminconsent?state=x&client_id=" + string(a.AppID),
				"https://sync.contoso.example/done?error=permission_denied&error_description=The+admin+canceled+the+request&state=x"},
			{"version 2", "/organizations/v2.0/adminconsent?scope=User.Read&redirect_uri=https://sync.contoso.example/done&client_id=" + string(a.AppID),
				"https://sync.contoso.example/done?admin_consent=True&error=consent_required&error_description=AADSTS65004%3A+The+resource+owner+or+authorization+server+denied+the+request."},
		}
		for _, tt := range tests {
			b := h.browser()
			if p := b.submit(b.signIn(tt.link, "admin@fabrikam.example"), "Cancel", cancel); p.left != tt.want {
				h.t.Errorf("%s: sent to %s, want %s", tt.name, p.left, tt.want)
			}
		}
		b := h.browser()
		p := b.submit(b.signIn("/common/adminconsent?client_id="+string(silent.AppID), "admin@fabrikam.example"), "Cancel", cancel)
		if p.Heading() != "Nothing was granted" {
			h.t.Errorf("got %s", p.Text())
		}
		if h.granted(a) != nil || h.granted(silent) != nil {
			h.t.Error("something was granted")
		}
	})
}

func TestWhoMayConsent(t *testing.T) {
	each(t, func(h *house) {
		a := h.register("Directory sync", userReadAll, "")
		delegated := h.register("Profile card", userRead, "")
		for upn, role := range map[string]struct {
			graph, other bool
			id           string
		}{
			"privileged@fabrikam.example": {true, true, string(authz.PrivilegedRoleAdministrator)},
			"apps@fabrikam.example":       {false, true, string(authz.ApplicationAdministrator)},
			"cloud@fabrikam.example":      {false, true, string(authz.CloudApplicationAdministrator)},
			"reader@fabrikam.example":     {false, false, string(authz.GlobalReader)},
			"nobody@fabrikam.example":     {false, false, ""},
		} {
			h.person(upn, ids.RoleID(role.id))
			for app, may := range map[string]bool{string(a.AppID): role.graph, string(delegated.AppID): role.other} {
				p := h.browser().signIn("/"+string(h.b.Tenant)+"/adminconsent?client_id="+app, upn)
				if may && p.status != 200 || !may && (p.status != 403 || p.Heading() != "Need admin approval" || !strings.Contains(p.Text(), "AADSTS90094") ||
					!strings.Contains(p.Text(), "https://id.fabrikam.example/"+string(h.b.Tenant)+"/adminconsent?client_id="+app)) {
					h.t.Errorf("%s: got %d %s, want %v", upn, p.status, p.Heading(), may)
				}
			}
		}
	})
}

func TestRefusedBeforeSignIn(t *testing.T) {
	each(t, func(h *house) {
		a := h.register("Directory sync", userReadAll, `,"web":{"redirectUris":["https://sync.contoso.example/done","https://sync.contoso.example/other"]}`)
		own := h.register("Payroll", userReadAll, `,"signInAudience":"AzureADMyOrg"`)
		id, b := string(a.AppID), string(h.b.Tenant)
		tests := []struct{ name, link, code string }{
			{"an unknown application", "/" + b + "/adminconsent?client_id=7d1f0c52-90b4-4a0e-8f1e-2b6c9a31e504", "AADSTS700016"},
			{"no application", "/" + b + "/adminconsent", "AADSTS900144"},
			{"Microsoft Graph itself", "/" + b + "/adminconsent?client_id=00000003-0000-0000-c000-000000000000", "AADSTS700016"},
			{"another tenant's own application", "/" + b + "/adminconsent?client_id=" + string(own.AppID), "AADSTS50194"},
			{"the same under common", "/common/adminconsent?client_id=" + string(own.AppID), "AADSTS50194"},
			{"an unknown tenant", "/northwind.example/adminconsent?client_id=" + id, "AADSTS90002"},
			{"a malformed tenant", "/north%20wind/adminconsent?client_id=" + id, "AADSTS900023"},
			{"an address that is not registered", "/" + b + "/adminconsent?client_id=" + id + "&redirect_uri=https://evil.example/", "AADSTS50011"},
			{"no address in version 2", "/" + b + "/v2.0/adminconsent?scope=User.Read&client_id=" + id, "AADSTS900971"},
			{"no scope in version 2", "/" + b + "/v2.0/adminconsent?redirect_uri=https://sync.contoso.example/done&client_id=" + id, "AADSTS70011"},
			{"a service that is not here", "/" + b + "/v2.0/adminconsent?scope=https://nowhere.example/x&redirect_uri=https://sync.contoso.example/done&client_id=" + id, "AADSTS650052"},
		}
		for _, tt := range tests {
			p := h.browser().get(tt.link)
			if p.left != "" || p.status < 400 || p.status > 404 || !strings.Contains(p.Text(), tt.code) {
				h.t.Errorf("%s: got %d, sent to %q, %s, want %s", tt.name, p.status, p.left, p.Text(), tt.code)
			}
			if p.header.Get("X-Frame-Options") != "DENY" || !strings.Contains(p.header.Get("Content-Security-Policy"), "frame-ancestors 'none'") ||
				!strings.Contains(p.Text(), p.header.Get("x-ms-request-id")) {
				h.t.Errorf("%s: headers %v", tt.name, p.header)
			}
		}
	})
}

func TestAnotherTenantsPerson(t *testing.T) {
	each(t, func(h *house) {
		a := h.register("Directory sync", userReadAll, "")
		b := h.browser()
		p := b.signIn("/fabrikam.example/adminconsent?client_id="+string(a.AppID), "admin@contoso.example")
		if p.status != 403 || !strings.Contains(p.Text(), "AADSTS50020") {
			h.t.Fatalf("got %d: %s", p.status, p.Text())
		}
		p = b.submit(p, "Use another account", nil)
		if p.Heading() != "Sign in" {
			h.t.Fatalf("got %s", p.Text())
		}
		p = b.submit(b.submit(p, "Next", url.Values{"username": {"admin@fabrikam.example"}}), "Sign in", url.Values{"password": {password}})
		if p.Title() != "Consent for Fabrikam – entente" {
			h.t.Errorf("got %s", p.Title())
		}
	})
}

func TestAChangedApplicationIsShownAgain(t *testing.T) {
	each(t, func(h *house) {
		a := h.register("Directory sync", userReadAll, "")
		b := h.browser()
		p := b.signIn("/common/adminconsent?client_id="+string(a.AppID), "admin@fabrikam.example")
		if _, err := h.apps.Update(h.t.Context(), admin(h.a), a.ID, []byte(`{"displayName":"Directory sink"}`)); err != nil {
			h.t.Fatal(err)
		}
		p = b.submit(p, "Consent for Fabrikam", url.Values{"decision": {"accept"}})
		if !strings.Contains(p.Text(), "has changed since you opened this page.") || !strings.Contains(p.Text(), "Directory sink") || h.granted(a) != nil {
			h.t.Fatalf("got %s", p.Text())
		}
		if _, err := h.apps.AddPassword(h.t.Context(), admin(h.a), a.ID, app.PasswordCredential{}); err != nil {
			h.t.Fatal(err)
		}
		p = b.submit(p, "Consent for Fabrikam", url.Values{"decision": {"accept"}})
		if !strings.Contains(p.Text(), "has changed since you opened this page.") || h.granted(a) != nil {
			h.t.Fatalf("with a secret: got %s", p.Text())
		}
		if _, _, err := h.trusts.Create(h.t.Context(), admin(h.a), federation.Parent{Kind: federation.Application, ID: a.ID},
			[]byte(`{"name":"one-more","issuer":"https://issuer.example","subject":"s","audiences":["api://AzureADTokenExchange"]}`)); err != nil {
			h.t.Fatal(err)
		}
		p = b.submit(p, "Consent for Fabrikam", url.Values{"decision": {"accept"}})
		if !strings.Contains(p.Text(), "has changed since you opened this page.") || h.granted(a) != nil {
			h.t.Fatalf("with a federated credential: got %s", p.Text())
		}
		p = b.submit(p, "Consent for Fabrikam", url.Values{"decision": {"accept"}})
		if strings.Contains(p.Text(), "has changed") || len(h.granted(a)) != 1 {
			h.t.Errorf("got %s", p.Text())
		}
	})
}

func TestWrongPasswordsAreAlikeAndSlowed(t *testing.T) {
	each(t, func(h *house) {
		a := h.register("Directory sync", userReadAll, "")
		link := "/common/adminconsent?client_id=" + string(a.AppID)
		try := func(b *browser, upn, pw string) answered {
			return b.submit(b.submit(b.get(link), "Next", url.Values{"username": {upn}}), "Sign in", url.Values{"password": {pw}})
		}
		guesser := h.browser()
		known, unknown := try(guesser, "admin@fabrikam.example", "wrong"), try(guesser, "ghost@fabrikam.example", "wrong")
		blank := func(p answered, upn string) string { return strings.ReplaceAll(p.Text(), upn, "") }
		if known.status != 422 || unknown.status != 422 || blank(known, "admin@fabrikam.example")[2:] == "" ||
			!strings.Contains(unknown.Text(), "The password is not right for this account.") {
			h.t.Errorf("got %d %s and %d %s", known.status, known.Text(), unknown.status, unknown.Text())
		}
		for range 4 {
			known, unknown = try(guesser, "admin@fabrikam.example", "wrong"), try(guesser, "ghost@fabrikam.example", "wrong")
		}
		known, unknown = try(guesser, "admin@fabrikam.example", password), try(guesser, "ghost@fabrikam.example", password)
		if known.status != 429 || unknown.status != 429 || !strings.Contains(known.Text(), "paused until") {
			h.t.Errorf("got %d %s and %d, want both paused", known.status, known.Text(), unknown.status)
		}
		owner := h.browser()
		owner.from = "198.51.100.1:1"
		if p := try(owner, "admin@fabrikam.example", password); p.status != 200 {
			h.t.Errorf("the owner elsewhere: got %d %s, want in", p.status, p.Text())
		}
		h.clock.Advance(time.Minute)
		if p := try(guesser, "admin@fabrikam.example", password); p.status != 200 {
			h.t.Errorf("after the pause: got %d %s, want in", p.status, p.Text())
		}
		var log []audit.SignIn
		if err := h.db.View(h.t.Context(), func(tx *sqldb.Tx) (err error) {
			log, err = audit.SignInsOf(h.t.Context(), tx, h.b.Tenant, a.AppID, 50)
			return err
		}); err != nil {
			h.t.Fatal(err)
		}
		seen := make(map[int]int)
		for _, e := range log {
			seen[e.ErrorCode]++
		}
		if seen[50126] != 10 || seen[50053] != 2 || seen[0] != 2 {
			h.t.Errorf("log has %v, want 10 wrong, 2 paused, 2 right", seen)
		}
	})
}

func TestTypedAddresses(t *testing.T) {
	each(t, func(h *house) {
		a := h.register("Directory sync", userReadAll, "")
		b := h.browser()
		p := b.get("/common/adminconsent?client_id=" + string(a.AppID))
		for typed, says := range map[string]string{
			"":                            "Enter your whole address",
			"admin":                       "Enter your whole address",
			"admin@northwind.example":     "No organization here has the domain northwind.example.",
			"x@<script>alert(1)</script>": "No organization here has the domain",
		} {
			got := b.submit(p, "Next", url.Values{"username": {typed}})
			if got.status != 422 || !strings.HasPrefix(got.Title(), "Error: ") || !strings.Contains(got.Text(), says) {
				h.t.Errorf("%q: got %d %s", typed, got.status, got.Text())
			}
			if _, fields := got.Form(h.t, "Next"); fields.Get("username") != typed {
				h.t.Errorf("%q is no longer in the field", typed)
			}
		}
	})
}

func TestNamesFromOutsideAreInert(t *testing.T) {
	each(t, func(h *house) {
		a := h.register("<b>Bank</b> \u202eknaB\n"+strings.Repeat("x", 110), userReadAll, "")
		p := h.browser().signIn("/common/adminconsent?client_id="+string(a.AppID), "admin@fabrikam.example")
		if strings.Contains(p.body, "<b>Bank") || strings.ContainsAny(p.Raw(), "\u202e\u202d\u2066") {
			h.t.Error("a name from outside acts on the page")
		}
	})
}

func TestAFlowBelongsToItsBrowser(t *testing.T) {
	each(t, func(h *house) {
		a := h.register("Directory sync", userReadAll, "")
		b := h.browser()
		p := b.signIn("/common/adminconsent?client_id="+string(a.AppID), "admin@fabrikam.example")
		action, fields := p.Form(h.t, "Consent for Fabrikam")
		fields.Set("decision", "accept")
		if got := h.browser().post(action, fields); got.status != 404 || h.granted(a) != nil {
			h.t.Errorf("another browser: got %d", got.status)
		}
		r := httptest.NewRequest("POST", action, strings.NewReader(fields.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		if got := b.send(r); got.status != 403 || h.granted(a) != nil {
			h.t.Errorf("a form from elsewhere: got %d", got.status)
		}
		h.clock.Advance(2 * time.Hour)
		if got := b.post(action, fields); got.status != 404 || !strings.Contains(got.Text(), "run out of time") || h.granted(a) != nil {
			h.t.Errorf("too late: got %d %s", got.status, got.Text())
		}
	})
}

func TestRevokedSessionsEnd(t *testing.T) {
	each(t, func(h *house) {
		a := h.register("Directory sync", userReadAll, "")
		link := "/common/adminconsent?client_id=" + string(a.AppID)
		b := h.browser()
		open := b.signIn(link, "admin@fabrikam.example")
		if p := b.get(link); p.Heading() != "Is this you?" {
			h.t.Fatalf("got %s, want the session's account", p.Heading())
		}
		h.clock.Advance(time.Second)
		if err := h.users.RevokeSessions(h.t.Context(), admin(h.b), string(h.b.Admin)); err != nil {
			h.t.Fatal(err)
		}
		if p := b.get(link); p.Heading() != "Sign in" {
			h.t.Errorf("got %s, want to sign in anew", p.Heading())
		}
		if p := b.submit(open, "Consent for Fabrikam", url.Values{"decision": {"accept"}}); p.status != 404 || h.granted(a) != nil {
			h.t.Errorf("a page from before: got %d %s", p.status, p.Text())
		}
	})
}

func TestSweep(t *testing.T) {
	each(t, func(h *house) {
		a := h.register("Directory sync", userReadAll, "")
		b := h.browser()
		b.signIn("/common/adminconsent?client_id="+string(a.AppID), "admin@fabrikam.example")
		if n, err := h.service.Sweep(h.t.Context()); n != 0 || err != nil {
			h.t.Errorf("got %d, %v, want nothing to sweep", n, err)
		}
		h.clock.Advance(48 * time.Hour)
		if n, err := h.service.Sweep(h.t.Context()); n != 2 || err != nil {
			h.t.Errorf("got %d, %v, want flow and session swept", n, err)
		}
	})
}

func TestEveryCodeIsExplained(t *testing.T) {
	for reason, r := range refusals {
		if _, ok := portal.Explain(r.code); !ok && r.code != 0 {
			t.Errorf("%s: nobody explains AADSTS%d", reason, r.code)
		}
	}
	for code, r := range codes {
		if _, ok := portal.Explain(r.code); !ok && r.code != 0 {
			t.Errorf("%s: nobody explains AADSTS%d", code, r.code)
		}
	}
}

func TestWhatIsNoPage(t *testing.T) {
	each(t, func(h *house) {
		for _, address := range []string{"/", "/nowhere", "/fabrikam.example/oauth2/v2.0/nothing", "/common/consent/set", "/common/signin?flow=x"} {
			if p := h.browser().get(address); p.status != 404 || p.left != "" {
				h.t.Errorf("%s: got %d %s, want 404", address, p.status, p.Heading())
			}
		}
	})
}

func TestADisabledTenantDecidesNothing(t *testing.T) {
	each(t, func(h *house) {
		a := h.register("Directory sync", userReadAll, "")
		link := "/fabrikam.example/adminconsent?client_id=" + string(a.AppID)
		b := h.browser()
		open := b.signIn(link, "admin@fabrikam.example")
		tenants := tenant.NewService(h.db)
		if err := tenants.SetEnabled(h.t.Context(), authz.System(h.b.Tenant, "test"), h.b.Tenant, false); err != nil {
			h.t.Fatal(err)
		}
		if p := b.submit(open, "Consent for Fabrikam", url.Values{"decision": {"accept"}}); p.status != 400 || !strings.Contains(p.Text(), "AADSTS5000225") || h.granted(a) != nil {
			h.t.Errorf("a page from before: got %d %s", p.status, p.Text())
		}
		if p := h.browser().get(link); p.status != 400 || !strings.Contains(p.Text(), "AADSTS5000225") {
			h.t.Errorf("got %d %s", p.status, p.Text())
		}
		if p := b.submit(h.browser().get("/common/adminconsent?client_id="+string(a.AppID)), "Next", url.Values{"username": {"admin@fabrikam.example"}}); p.status != 404 {
			h.t.Errorf("another browser's flow: got %d", p.status)
		}
	})
}

func TestASwitchedOffApplication(t *testing.T) {
	each(t, func(h *house) {
		a := h.register("Directory sync", userReadAll, "")
		b := h.browser()
		open := b.signIn("/common/adminconsent?client_id="+string(a.AppID), "admin@fabrikam.example")
		if _, err := h.apps.Update(h.t.Context(), admin(h.a), a.ID, []byte(`{"isDisabled":true}`)); err != nil {
			h.t.Fatal(err)
		}
		if p := b.submit(open, "Consent for Fabrikam", url.Values{"decision": {"accept"}}); p.status != 403 || !strings.Contains(p.Text(), "AADSTS7000112") || h.granted(a) != nil {
			h.t.Errorf("got %d %s", p.status, p.Text())
		}
	})
}

func TestAPasswordThatAnAdministratorSet(t *testing.T) {
	each(t, func(h *house) {
		a := h.register("Directory sync", userReadAll, "")
		h.newcomer("new@fabrikam.example", authz.GlobalAdministrator, true)
		link := "/common/adminconsent?client_id=" + string(a.AppID)
		b := h.browser()
		p := b.signIn(link, "new@fabrikam.example")
		if p.Heading() != "Choose a password of your own" {
			h.t.Fatalf("got %s", p.Text())
		}
		if got := b.get(link); got.Heading() != "Sign in" {
			h.t.Errorf("before the change there is a session: %s", got.Heading())
		}
		const own = "Battery-staple-9"
		for name, try := range map[string]url.Values{
			"differ":   {"password": {own}, "again": {"Battery-staple-8"}},
			"stronger": {"password": {"password"}, "again": {"password"}},
			"another":  {"password": {password}, "again": {password}},
		} {
			if got := b.submit(p, "Change password", try); got.status != 422 || !strings.Contains(got.Text(), name) {
				h.t.Errorf("%s: got %d %s", name, got.status, got.Text())
			}
		}
		h.clock.Advance(time.Second)
		p = b.submit(p, "Change password", url.Values{"password": {own}, "again": {own}})
		if p.Title() != "Consent for Fabrikam – entente" {
			h.t.Fatalf("got %s", p.Text())
		}
		if b.submit(p, "Consent for Fabrikam", url.Values{"decision": {"accept"}}); len(h.granted(a)) != 1 {
			h.t.Error("nothing was granted")
		}
		if got := h.browser().signIn(link, "new@fabrikam.example"); got.status != 422 {
			h.t.Errorf("the old password: got %d %s", got.status, got.Heading())
		}
	})
}

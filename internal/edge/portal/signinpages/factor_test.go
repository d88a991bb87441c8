package signinpages

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"entente/internal/core/audit"
	"entente/internal/core/authz"
	"entente/internal/core/crosstenant"
	"entente/internal/core/directory"
	"entente/internal/core/factor"
	"entente/internal/core/tenant"
	"entente/internal/enttest/phone"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

const clerk = "clerk@fabrikam.example"

func (h *house) demand(who authz.Caller, of factor.Who) {
	h.t.Helper()
	if err := h.factors.Demand(h.t.Context(), who, of); err != nil {
		h.t.Fatal(err)
	}
}

// phoneOf reads the key from the page on which a second factor is set up.
func phoneOf(t *testing.T, p answered) phone.Phone {
	t.Helper()
	i := strings.Index(p.body, `id="key">`)
	if p.Heading() != "Set up a second factor" || i < 0 || !strings.Contains(p.body, "<svg") {
		t.Fatalf("no factor to set up: %s", p.Text())
	}
	key, _, _ := strings.Cut(p.body[i+len(`id="key">`):], "<")
	return phone.Typed(t, key)
}

// codesOn reads the recovery codes from their page.
func codesOn(t *testing.T, p answered) []string {
	t.Helper()
	i := strings.Index(p.body, `id="spares">`)
	if p.Heading() != "Save your recovery codes" || i < 0 {
		t.Fatalf("no recovery codes: %s", p.Text())
	}
	text, _, _ := strings.Cut(p.body[i+len(`id="spares">`):], "</code>")
	return strings.Fields(strings.ReplaceAll(text, "<br>", " "))
}

// now returns what a phone shows now.
func (h *house) now(p phone.Phone) url.Values {
	return url.Values{"code": {p.Code(h.clock.Wall())}}
}

// setUp registers a phone in a browser that is at the page for it, and goes on
// to where the browser wanted.
func (b *browser) setUp(p answered) (phone.Phone, []string, answered) {
	b.h.t.Helper()
	mine := phoneOf(b.h.t, p)
	p = b.submit(p, "Confirm", b.h.now(mine))
	codes := codesOn(b.h.t, p)
	return mine, codes, b.submit(p, "I have saved them", nil)
}

// TestSetUpSecondFactor: where everybody is asked, whoever has none sets one up
// and is asked for it from then on.
func TestSetUpSecondFactor(t *testing.T) {
	each(t, func(h *house) {
		t, a := h.t, h.client()
		h.person(clerk, "")
		h.demand(admin(h.b), factor.Everybody)
		b := h.browser()
		p := b.signIn(link(a, "fabrikam.example"), clerk)
		mine := phoneOf(t, p)
		if len(b.sessions()) != 0 {
			t.Error("there is a session before the second factor")
		}
		if !strings.Contains(p.Text(), "your account at Fabrikam needs one") || !strings.Contains(p.header.Get("Cache-Control"), "no-store") {
			t.Errorf("got %s", p.Text())
		}
		wrong := b.submit(p, "Confirm", url.Values{"code": {mine.Wrong(h.clock.Wall())}, "device": {"My phone"}})
		if wrong.status != http.StatusUnprocessableEntity || !strings.Contains(wrong.Text(), "The code is not right") || !strings.Contains(wrong.body, `value="My phone"`) ||
			phoneOf(t, wrong).Code(h.clock.Wall()) != mine.Code(h.clock.Wall()) {
			t.Errorf("a wrong code: %d %s", wrong.status, wrong.Text())
		}
		p = b.submit(wrong, "Confirm", h.now(mine))
		codes := codesOn(t, p)
		if len(codes) != 10 || len(b.sessions()) != 1 {
			t.Fatalf("codes %v, sessions %v", codes, b.sessions())
		}
		action, fields := p.Form(t, "I have saved them")
		if again := codesOn(t, b.get("/common/signin?flow="+fields.Get("flow"))); !slices.Equal(again, codes) {
			t.Errorf("loaded again: %v", again)
		}
		p = b.post(action, fields)
		if c := h.code(answerOf(t, p).Get("code")); strings.Join(c.Methods, " ") != "pwd otp mfa" {
			t.Errorf("methods: %v", c.Methods)
		}
		if q := answerOf(t, b.get(link(a, "fabrikam.example", "prompt", "none"))); q.Get("code") == "" {
			t.Errorf("with the session: %v", q)
		}

		h.clock.Advance(time.Minute)
		b = h.browser()
		p = b.signIn(link(a, "fabrikam.example"), clerk)
		if p.Heading() != "Enter your code" || len(b.sessions()) != 0 {
			t.Fatalf("in another browser: %s", p.Text())
		}
		for _, tt := range []struct{ name, code, want string }{
			{"wrong", mine.Wrong(h.clock.Wall()), "The code is not right"},
			{"none", "", "The code is not right"},
			{"long", strings.Repeat("1", 10_000), "The code is not right"},
		} {
			p := b.submit(p, "Verify", url.Values{"code": {tt.code}})
			if p.status != http.StatusUnprocessableEntity || !strings.Contains(p.Text(), tt.want) || len(b.sessions()) != 0 {
				t.Errorf("%s: %d %s", tt.name, p.status, p.Text())
			}
		}
		used := b.submit(p, "Verify", h.now(mine))
		if c := h.code(answerOf(t, used).Get("code")); strings.Join(c.Methods, " ") != "pwd otp mfa" || len(b.sessions()) != 1 {
			t.Errorf("methods: %v, sessions %v", c.Methods, b.sessions())
		}
		if again := b.submit(p, "Verify", h.now(mine)); again.status == http.StatusOK && again.Heading() == "Enter your code" {
			t.Errorf("a page that was used before: %s", again.Text())
		}
		b = h.browser()
		p = b.submit(b.signIn(link(a, "fabrikam.example"), clerk), "Verify", h.now(mine))
		if p.status != http.StatusUnprocessableEntity || !strings.Contains(p.Text(), "used already") || len(b.sessions()) != 0 {
			t.Errorf("a used code: %d %s", p.status, p.Text())
		}
		if got := h.factorsLogged(h.b.Tenant); got["otp 0"] != 1 || got["otp 500121"] != 4 {
			t.Errorf("log: %v", got)
		}
	})
}

// factorsLogged counts the entries of second factors.
func (h *house) factorsLogged(in ids.TenantID) map[string]int {
	h.t.Helper()
	found := map[string]int{}
	if err := h.db.Read(h.t.Context(), func(tx *sqldb.Tx) error {
		entries, err := audit.SignInsOf(h.t.Context(), tx, in, "", 100)
		for _, e := range entries {
			if e.CredentialKind == "otp" || e.CredentialKind == "recoveryCode" {
				found[e.CredentialKind+" "+map[bool]string{true: "0", false: "500121"}[e.ErrorCode == 0]]++
			}
		}
		return err
	}); err != nil {
		h.t.Fatal(err)
	}
	return found
}

func TestRecoveryCodeSignsIn(t *testing.T) {
	each(t, func(h *house) {
		t, a := h.t, h.client()
		h.person(clerk, "")
		h.demand(admin(h.b), factor.Everybody)
		b := h.browser()
		mine, codes, _ := b.setUp(b.signIn(link(a, "fabrikam.example"), clerk))
		h.demand(admin(h.b), factor.Nobody)

		b = h.browser()
		p := b.signIn(link(a, "fabrikam.example"), clerk)
		for range 5 {
			b.submit(p, "Verify", url.Values{"code": {mine.Wrong(h.clock.Wall())}})
		}
		if p := b.submit(p, "Verify", h.now(mine)); p.status != http.StatusTooManyRequests || !strings.Contains(p.Text(), "paused until") {
			t.Errorf("after five wrong codes: %d %s", p.status, p.Text())
		}
		p = b.get(p.Link("Use a recovery code"))
		if p.Heading() != "Enter a recovery code" {
			t.Fatalf("got %s", p.Text())
		}
		p = b.submit(p, "Verify", url.Values{"spare": {"0000-0000-0000"}})
		if p.status != http.StatusUnprocessableEntity || !strings.Contains(p.Text(), "none of the recovery codes") || p.Heading() != "Enter a recovery code" {
			t.Errorf("a wrong recovery code: %d %s", p.status, p.Text())
		}
		left := b.submit(p, "Verify", url.Values{"spare": {strings.ToUpper(codes[0])}})
		if c := h.code(answerOf(t, left).Get("code")); strings.Join(c.Methods, " ") != "pwd otp mfa" {
			t.Errorf("methods: %v", c.Methods)
		}
		b = h.browser()
		p = b.signIn(link(a, "fabrikam.example"), clerk)
		if p := b.submit(b.get(p.Link("Use a recovery code")), "Verify", url.Values{"spare": {codes[0]}}); p.status != http.StatusUnprocessableEntity {
			t.Errorf("the same recovery code: %d", p.status)
		}
		if got := h.factorsLogged(h.b.Tenant); got["recoveryCode 0"] != 1 || got["recoveryCode 500121"] != 2 || got["otp 500121"] != 6 {
			t.Errorf("log: %v", got)
		}
	})
}

// TestSessionFromBeforeTheRule is not enough, gets a new cookie once the factor
// is proved, and keeps when the password was.
func TestSessionFromBeforeTheRule(t *testing.T) {
	each(t, func(h *house) {
		t, a := h.t, h.client()
		h.person(clerk, "")
		b := h.browser()
		before := h.code(answerOf(t, b.signIn(link(a, "fabrikam.example"), clerk)).Get("code"))
		cookie := b.sessions()
		silent := link(a, "fabrikam.example", "prompt", "none")
		h.clock.Advance(time.Hour)
		h.demand(admin(h.b), factor.Everybody)
		q := answerOf(t, b.get(silent))
		if q.Get("error") != "interaction_required" || !strings.HasPrefix(q.Get("error_description"), "AADSTS50079: ") {
			t.Errorf("silently, with none: %v", q)
		}
		p := b.get(link(a, "fabrikam.example"))
		mine, _, left := b.setUp(p)
		after := h.code(answerOf(t, left).Get("code"))
		if after.Session != before.Session || !after.AuthAt.Equal(before.AuthAt) || strings.Join(after.Methods, " ") != "pwd otp mfa" {
			t.Errorf("before %+v, after %+v", before, after)
		}
		if now := b.sessions(); len(now) != 1 || now[before.Session] == cookie[before.Session] {
			t.Error("the cookie is the same after the factor")
		}
		thief := h.browser()
		thief.cookies = map[string]string{sessionCookie + string(before.Session): cookie[before.Session]}
		if p := thief.get(link(a, "fabrikam.example")); p.Heading() != "Sign in" {
			t.Errorf("the cookie from before the factor: %s", p.Text())
		}
		h.clock.Advance(time.Minute)
		p = b.get(link(a, "fabrikam.example", "prompt", "login"))
		p = b.submit(b.submit(p, "Next", url.Values{"username": {clerk}}), "Sign in", url.Values{"password": {password}})
		if p.Heading() != "Enter your code" {
			t.Errorf("signed in anew: %s", p.Text())
		}
		if q := answerOf(t, b.submit(p, "Verify", h.now(mine))); !h.code(q.Get("code")).AuthAt.Equal(h.clock.Now()) {
			t.Error("signed in anew, and the time is that of before")
		}
	})
}

// TestRevokedBeforeTheFactor: whoever was signed out everywhere between password
// and code begins anew.
func TestRevokedBeforeTheFactor(t *testing.T) {
	each(t, func(h *house) {
		t, a := h.t, h.client()
		id := h.person(clerk, "")
		h.demand(admin(h.b), factor.Everybody)
		b := h.browser()
		p := b.signIn(link(a, "fabrikam.example"), clerk)
		mine := phoneOf(t, p)
		h.clock.Advance(time.Second)
		if err := h.users.RevokeSessions(t.Context(), admin(h.b), string(id)); err != nil {
			t.Fatal(err)
		}
		if p := b.submit(p, "Confirm", h.now(mine)); p.status != http.StatusNotFound || len(b.sessions()) != 0 {
			t.Errorf("%d %s", p.status, p.Text())
		}
	})
}

// TestApplicationWantsSecondFactor in each of the words that there are for it.
func TestApplicationWantsSecondFactor(t *testing.T) {
	each(t, func(h *house) {
		t, a := h.t, h.client()
		h.person(clerk, "")
		b := h.browser()
		answerOf(t, b.signIn(link(a, "fabrikam.example"), clerk))
		for name, more := range map[string][]string{
			"acr_values": {"acr_values", "mfa"}, "amr_values": {"amr_values", "ngcmfa|mfa"},
			"claims": {"claims", `{"id_token":{"amr":{"essential":true,"values":["mfa"]}}}`},
		} {
			if p := b.get(link(a, "fabrikam.example", more...)); p.left != "" || p.Heading() != "Set up a second factor" {
				t.Errorf("%s: the browser is at %q", name, p.left)
			}
		}
		for name, more := range map[string][]string{
			"another context": {"acr_values", "c1"}, "a challenge that we sent": {"claims", `{"access_token":{"capolids":{"essential":true,"values":["x"]}}}`},
		} {
			if p := b.get(link(a, "fabrikam.example", more...)); p.left == "" {
				t.Errorf("%s: %s", name, p.Text())
			}
		}
		_, _, left := b.setUp(b.get(link(a, "fabrikam.example", "acr_values", "mfa")))
		if answerOf(t, left).Get("code") == "" || answerOf(t, b.get(link(a, "fabrikam.example", "acr_values", "mfa"))).Get("code") == "" {
			t.Errorf("with a second factor: %s", left.left)
		}
	})
}

// TestGuestAndSecondFactor: a guest proves what the resource tenant wants,
// there or at home.
func TestGuestAndSecondFactor(t *testing.T) {
	each(t, func(h *house) {
		t, a := h.t, h.client()
		admins := h.browser()
		admins.submit(admins.signIn("/contoso.example/v2.0/adminconsent?scope=User.Read&redirect_uri="+appBack+"&client_id="+string(a.AppID), "admin@contoso.example"),
			"Consent for Contoso", url.Values{"decision": {"accept"}})
		h.visitor(h.person(clerk, ""))
		h.demand(admin(h.a), factor.Everybody)
		h.clock.Advance(time.Minute)

		b := h.browser()
		p := b.signIn(link(a, "contoso.example"), clerk)
		if !strings.Contains(p.Text(), "Contoso asks for a second factor of its own: it does not trust that of your home, Fabrikam.") {
			t.Fatalf("a guest where home is not trusted: %s", p.Text())
		}
		there, _, left := b.setUp(p)
		if c := h.code(answerOf(t, left).Get("code")); strings.Join(c.Methods, " ") != "pwd mfa@"+string(h.a.Tenant) || c.Tenant != h.a.Tenant {
			t.Errorf("methods: %v", c.Methods)
		}
		if p := b.get(link(a, "fabrikam.example", "acr_values", "mfa")); p.Heading() != "Set up a second factor" {
			t.Errorf("Contoso's factor at home: %s", p.Text())
		}
		h.clock.Advance(time.Minute)
		b = h.browser()
		p = b.signIn(link(a, "contoso.example"), clerk)
		if p.Heading() != "Enter your code" || !strings.Contains(p.Text(), "it does not trust that of your home") || len(b.sessions()) != 1 {
			t.Errorf("the next time: %s", p.Text())
		}
		if q := answerOf(t, b.submit(p, "Verify", h.now(there))); q.Get("code") == "" {
			t.Errorf("the code of there: %v", q)
		}

		trust := `{"tenantId":"` + string(h.b.Tenant) + `","inboundTrust":{"isMfaAccepted":true,"isCompliantDeviceAccepted":false,"isHybridAzureADJoinedDeviceAccepted":false}}`
		if _, err := crosstenant.NewService(h.db).AddPartner(t.Context(), admin(h.a), []byte(trust)); err != nil {
			t.Fatal(err)
		}
		b = h.browser()
		p = b.signIn(link(a, "contoso.example"), clerk)
		if !strings.Contains(p.Text(), "your account at Fabrikam needs one") || len(b.sessions()) != 0 {
			t.Fatalf("a guest where home is trusted: %s", p.Text())
		}
		_, _, left = b.setUp(p)
		if c := h.code(answerOf(t, left).Get("code")); strings.Join(c.Methods, " ") != "pwd otp mfa" {
			t.Errorf("methods: %v", c.Methods)
		}
	})
}

// visitor makes somebody of Fabrikam a guest of Contoso.
func (h *house) visitor(user ids.ObjectID) {
	h.t.Helper()
	ctx := h.t.Context()
	if err := h.db.Update(ctx, func(tx *sqldb.Tx) error {
		in, err := tenant.Get(ctx, tx, h.a.Tenant)
		if err != nil {
			return err
		}
		u, err := directory.AddGuest(ctx, tx, in, directory.Invitee{Mail: clerk})
		if err != nil {
			return err
		}
		return directory.AcceptGuest(ctx, tx, u, ids.Principal{Kind: ids.Person, Home: h.b.Tenant, ID: user})
	}); err != nil {
		h.t.Fatal(err)
	}
}

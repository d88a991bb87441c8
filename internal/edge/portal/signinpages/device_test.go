package signinpages

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"entente/internal/core/app"
	"entente/internal/core/token"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// A waiting device is one that shows a code.
type waitingDevice struct {
	h           *house
	code, typed string
}

// device has a device of an application wait, in a tenant or for whoever signs
// in.
func (h *house) device(a *app.Application, in ids.TenantID) waitingDevice {
	h.t.Helper()
	w := waitingDevice{h: h}
	if err := h.db.Update(h.t.Context(), func(tx *sqldb.Tx) (err error) {
		w.code, w.typed, err = token.AddDevice(h.t.Context(), tx, token.NewDevice(in, a.AppID, "openid User.Read", "198.51.100.7", "a toaster\u202e", tx.Now()))
		return err
	}); err != nil {
		h.t.Fatal(err)
	}
	return w
}

func (w waitingDevice) now() *token.Device {
	w.h.t.Helper()
	var d *token.Device
	if err := w.h.db.View(w.h.t.Context(), func(tx *sqldb.Tx) (err error) {
		d, err = token.FindDevice(w.h.t.Context(), tx, w.code)
		return err
	}); err != nil {
		w.h.t.Fatal(err)
	}
	return d
}

// enter types a code.
func (b *browser) enter(code string) answered {
	b.h.t.Helper()
	return b.submit(b.get("/devicelogin"), "Next", url.Values{"otc": {code}})
}

// proves goes through address and password.
func (b *browser) proves(p answered, upn string) answered {
	b.h.t.Helper()
	return b.submit(b.submit(p, "Next", url.Values{"username": {upn}}), "Sign in", url.Values{"password": {password}})
}

// ownApp makes an application of Contoso that Contoso's people may use.
func (h *house) ownApp() *app.Application {
	h.t.Helper()
	a := h.client()
	b := h.browser()
	p := b.signIn("/contoso.example/v2.0/adminconsent?scope=User.Read&redirect_uri="+appBack+"&client_id="+string(a.AppID), "admin@contoso.example")
	b.submit(p, "Consent for Contoso", url.Values{"decision": {"accept"}})
	return a
}

// TestDevice signs one in: the code, the sign-in, the word that it was started,
// and once more by a session, when it was not.
func TestDevice(t *testing.T) {
	each(t, func(h *house) {
		t, a := h.t, h.ownApp()
		w := h.device(a, h.a.Tenant)
		b := h.browser()
		if p := b.get("/common/oauth2/deviceauth?otc=" + w.typed + "&user_code=" + w.typed); p.Heading() != "Enter the code of your device" || strings.Contains(p.body, w.typed) {
			t.Errorf("the code of an address is filled in: %s", p.body)
		}
		for _, wrong := range []string{"", "CCCCCCCCC", w.code} {
			if p := b.enter(wrong); p.status != http.StatusUnprocessableEntity || !strings.Contains(p.Text(), "The code is not right") {
				t.Errorf("the code %q: %d %s", wrong, p.status, p.Text())
			}
		}
		p := b.enter(strings.ToLower(w.typed[:4]) + "-" + w.typed[4:])
		if p.Heading() != "Sign in" || !strings.Contains(p.Text(), "Directory sync") {
			t.Fatalf("after the code: %s", p.Text())
		}
		p = b.proves(p, "admin@contoso.example")
		for _, says := range []string{"Did you start this?", "Directory sync, of Contoso · contoso.example", "It will act in Contoso", "Asked from 198.51.100.7 · not the network of this browser",
			"Asked at 12:00 PM UTC", "Says it is a toaster", "Not verified"} {
			if !strings.Contains(p.Text(), says) {
				t.Errorf("the page does not say %q: %s", says, p.Text())
			}
		}
		if strings.Contains(p.Text(), "crosses organizations") || strings.Contains(p.body, "\u202e") {
			t.Errorf("the page says: %s", p.body)
		}
		if d := w.now(); d.State != token.DeviceWaiting {
			t.Errorf("before the word the device is %s", d.State)
		}
		p = b.submit(p, "I started this myself", nil)
		if p.Heading() != "You are signed in on the device" || !strings.Contains(p.Text(), "You may close this page") {
			t.Fatalf("got %s", p.Text())
		}
		if d := w.now(); d.State != token.DeviceApproved || d.User != h.a.Admin || d.Home != h.a.Tenant || d.Tenant != h.a.Tenant || len(d.Methods) != 1 || d.AuthAt.IsZero() {
			t.Errorf("the device is %+v", d)
		}
		if p := b.enter(w.typed); p.status != http.StatusUnprocessableEntity || !strings.Contains(p.Text(), "The code was used already") {
			t.Errorf("the code again: %d %s", p.status, p.Text())
		}

		w = h.device(a, "")
		if p = b.enter(w.typed); p.Heading() != "Choose an account" {
			t.Fatalf("with a session nobody is asked: %s", p.Text())
		}
		p = b.submit(b.submit(p, "Go on as admin@contoso.example", nil), "I did not", nil)
		if p.Heading() != "Nothing was given" || w.now().State != token.DeviceDeclined {
			t.Errorf("declined: %s, and the device is %s", p.Text(), w.now().State)
		}
		if n := h.count(`select count(*) from sign_in where tenant_id = ? and error_code = 65004 and ip = '198.51.100.7'`, h.a.Tenant); n != 1 {
			t.Errorf("%d entries of the log say that it was declined", n)
		}
	})
}

func (h *house) count(query string, args ...any) (n int) {
	h.t.Helper()
	if err := h.db.View(h.t.Context(), func(tx *sqldb.Tx) error { return tx.One(h.t.Context(), query, args, &n) }); err != nil {
		h.t.Fatal(err)
	}
	return n
}

// TestDeviceEnds: a code that ends while somebody decides counts no more, and a
// word for one account is none for another.
func TestDeviceEnds(t *testing.T) {
	each(t, func(h *house) {
		t, a := h.t, h.ownApp()
		w := h.device(a, h.a.Tenant)
		b := h.browser()
		p := b.proves(b.enter(w.typed), "admin@contoso.example")
		h.clock.Advance(15 * time.Minute)
		if p := b.submit(p, "I started this myself", nil); p.status != http.StatusNotFound || p.Heading() != "The code has ended" {
			t.Errorf("after fifteen minutes: %d %s", p.status, p.Text())
		}
		w = h.device(a, h.a.Tenant)
		p = b.enter(w.typed)
		p = b.submit(p, "Go on as admin@contoso.example", nil)
		if q := b.post("/common/signin", url.Values{"flow": {formOf(t, p).Get("flow")}, "step": {"device"}, "started": {"perhaps"}}); q.status != http.StatusBadRequest {
			t.Errorf("no plain word: %d %s", q.status, q.Text())
		}
		if q := b.submit(p, "Use another account", nil); q.Heading() != "Sign in" || w.now().State != token.DeviceWaiting {
			t.Errorf("another account: %s", q.Text())
		}
		if q := b.submit(p, "I started this myself", nil); q.Heading() != "Sign in" || w.now().State != token.DeviceWaiting {
			t.Errorf("a page of the account before: %s", q.Text())
		}
		thief := h.browser()
		thief.proves(thief.get(link(a, "contoso.example")), "admin@contoso.example")
		if q := thief.submit(p, "I started this myself", nil); q.status != http.StatusNotFound || w.now().State != token.DeviceWaiting {
			t.Errorf("another browser: %d %s", q.status, q.Text())
		}
	})
}

func formOf(t *testing.T, p answered) url.Values {
	t.Helper()
	_, fields := p.Form(t, "I started this myself")
	return fields
}

// TestDeviceAcrossOrganizations: it is for the account's home to allow, and the
// application's own word counts for nothing.
func TestDeviceAcrossOrganizations(t *testing.T) {
	each(t, func(h *house) {
		t, a := h.t, h.client()
		try := func(in ids.TenantID) (answered, waitingDevice) {
			w := h.device(a, in)
			b := h.browser()
			return b.proves(b.enter(w.typed), "admin@fabrikam.example"), w
		}
		refused := func(when string) {
			t.Helper()
			for _, in := range []ids.TenantID{"", h.b.Tenant, h.a.Tenant} {
				p, w := try(in)
				if p.status != http.StatusForbidden || p.Heading() != "Fabrikam does not allow this" || !strings.Contains(p.Text(), "belongs to Contoso") || w.now().State != token.DeviceWaiting {
					t.Errorf("%s, in %q: %d %s", when, in, p.status, p.Text())
				}
			}
		}
		refused("by default")
		if _, err := h.apps.Update(t.Context(), admin(h.a), a.ID, []byte(`{"tags":["`+app.DevicesAcross+`"]}`)); err != nil {
			t.Fatal(err)
		}
		refused("by the application's word")
		principal := must(h.principal(a))(t)
		if _, err := h.apps.UpdatePrincipal(t.Context(), admin(h.b), principal, fmt.Appendf(nil, `{"tags":["%s"]}`, app.DevicesAcross)); err != nil {
			t.Fatal(err)
		}
		w := h.device(a, h.b.Tenant)
		b := h.browser()
		p := b.proves(b.enter(w.typed), "admin@fabrikam.example")
		if !strings.Contains(p.Text(), "This crosses organizations. You are of Fabrikam; the application is of Contoso and will act in Fabrikam.") {
			t.Fatalf("allowed: %d %s", p.status, p.Text())
		}
		if p = b.submit(p, "I started this myself", nil); p.Heading() != "You are signed in on the device" || w.now().State != token.DeviceApproved {
			t.Errorf("got %s, and the device is %s", p.Text(), w.now().State)
		}
	})
}

// TestGuessedCodes: who guesses waits, by browser and by network; who is right
// is not counted.
func TestGuessedCodes(t *testing.T) {
	each(t, func(h *house) {
		t, a := h.t, h.ownApp()
		w := h.device(a, h.a.Tenant)
		b := h.browser()
		for range 12 {
			if p := b.enter(w.typed); p.status != http.StatusOK {
				t.Fatalf("the right code: %d %s", p.status, p.Text())
			}
		}
		guess := func(b *browser) int {
			return b.post("/common/oauth2/deviceauth", url.Values{"otc": {"CCCCCCCCC"}}).status
		}
		for i := range 10 {
			if got := guess(b); got != http.StatusUnprocessableEntity {
				t.Fatalf("guess %d: %d", i, got)
			}
		}
		until := "Codes are taken again until " + h.clock.Now().Add(time.Minute).Format("3:04 PM UTC")
		if p := b.enter(w.typed); p.status != http.StatusTooManyRequests || !strings.Contains(p.Text(), until) {
			t.Errorf("after ten guesses: %d %s", p.status, p.Text())
		}
		other := h.browser()
		other.from = "203.0.113.9:1"
		if p := other.enter(w.typed); p.status != http.StatusOK {
			t.Errorf("another browser of another network: %d", p.status)
		}
		for i := range 50 {
			if got := guess(h.browser()); got != http.StatusUnprocessableEntity {
				t.Fatalf("guess %d of the network: %d", i, got)
			}
		}
		if got := guess(h.browser()); got != http.StatusTooManyRequests {
			t.Errorf("after sixty guesses of a network: %d", got)
		}
		h.clock.Advance(time.Minute)
		if p := b.enter(w.typed); p.status != http.StatusOK {
			t.Errorf("a minute later: %d %s", p.status, p.Text())
		}
	})
}

// TestDeviceAsksForConsent: what its application asks and nobody has agreed to
// is asked after the word that it was started; who declines declines the device.
func TestDeviceAsksForConsent(t *testing.T) {
	each(t, func(h *house) {
		t, a := h.t, h.stranger("Payroll")
		b := h.browser()
		w := h.device(a, h.a.Tenant)
		p := b.submit(b.proves(b.enter(w.typed), "admin@contoso.example"), "I started this myself", nil)
		if p = b.submit(p, "Decline", nil); p.Heading() != "Nothing was given" || w.now().State != token.DeviceDeclined {
			t.Errorf("declined: %s, and the device is %s", p.Text(), w.now().State)
		}
		w = h.device(a, h.a.Tenant)
		p = b.submit(b.submit(b.enter(w.typed), "Go on as admin@contoso.example", nil), "I started this myself", nil)
		if w.now().State != token.DeviceWaiting {
			t.Errorf("before the consent the device is %s", w.now().State)
		}
		if p = b.submit(p, "Agree", nil); p.Heading() != "You are signed in on the device" || w.now().State != token.DeviceApproved {
			t.Errorf("agreed: %s, and the device is %s", p.Text(), w.now().State)
		}
	})
}

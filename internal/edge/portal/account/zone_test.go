package account_test

import (
	"net/http"
	"net/url"
	"testing"

	"entente/internal/enttest"
	web "entente/internal/enttest/browser"
	"entente/internal/kit/sqldb"
)

// TestTimeZone: a person says in which zone they read times, by a city or by a
// name; what is none is told with what they typed.
func TestTimeZone(t *testing.T) {
	enttest.Each(t, func(t *testing.T, engine sqldb.Engine) {
		s := enttest.Start(t, enttest.Options{Engine: engine})
		b := web.AsAdmin(t, s, s.A)
		p := b.Follow(b.Get("/account").Wants(http.StatusOK, "Time zone UTC"), "Change the time zone").Wants(http.StatusOK, "Time zone")
		for typed, says := range map[string]string{"": "Type a city or a time zone", "Middle of <b>nowhere": "No time zone is called so", "Local": "No time zone is called so"} {
			bad := b.Submit(p, "Show times so", url.Values{"zone": {typed}}).Wants(http.StatusUnprocessableEntity, says)
			if got := bad.Value(t, "zone"); got != typed {
				t.Errorf("%q was typed, and %q stands there", typed, got)
			}
		}
		for typed, zone := range map[string]string{"berlin": "Europe/Berlin", " new  york ": "America/New_York", "Asia/Kolkata": "Asia/Kolkata", "utc": "UTC", "Buenos Aires": "America/Buenos_Aires", "europe/paris": "Europe/Paris"} {
			b.Submit(p, "Show times so", url.Values{"zone": {typed}}).Wants(http.StatusOK, "Times are shown in "+zone+" from now on.", "Time zone "+zone)
		}
		b.Submit(p, "Show times so", url.Values{"zone": {"Berlin"}, "device": {"Asia/Tokyo"}}).Wants(http.StatusOK, "Times are shown in Asia/Tokyo")
		if other := web.AsAdmin(t, s, s.B); other.Get("/account").Wants(http.StatusOK, "Time zone UTC").Status != http.StatusOK {
			t.Error("another browser has no page")
		}
	})
}

package portal

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// TestZone: times are shown in the zone that the browser keeps, by the clock of the
// day that they are of; what is no zone is UTC.
func TestZone(t *testing.T) {
	tp := Parse(site, nil)
	winter, summer := time.Date(2026, 12, 31, 23, 30, 0, 0, time.UTC), time.Date(2026, 7, 1, 11, 5, 0, 0, time.UTC)
	page := Frame{Title: "Times", Area: "My account", Home: "/account", Content: "facts", Data: []Fact{
		{Name: "Winter", At: winter}, {Name: "Summer", At: summer}, {Name: "Typed", Value: `<time datetime="2026-07-01T11:05:00Z">Wed, Jul 1, 2026, 11:05 AM</time>`}}}
	shown := func(cookie string) string {
		w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/account", nil)
		r.AddCookie(&http.Cookie{Name: zoneCookie, Value: cookie})
		if err := tp.Frame(w, r, page); err != nil {
			t.Fatal(err)
		}
		return w.Body.String()
	}
	for zone, want := range map[string][]string{
		"Europe/Berlin":    {`<time datetime="2027-01-01T00:30:00+01:00">Fri, Jan 1, 2027, 12:30 AM</time>`, `<time datetime="2026-07-01T13:05:00+02:00">Wed, Jul 1, 2026, 1:05 PM</time>`, "Times are shown in Europe/Berlin."},
		"America/New_York": {">Thu, Dec 31, 2026, 6:30 PM<", ">Wed, Jul 1, 2026, 7:05 AM<", "Times are shown in America/New_York."},
		"UTC":              {">Thu, Dec 31, 2026, 11:30 PM<", "Times are shown in UTC."},
	} {
		body := shown(zone)
		for _, text := range want {
			if !strings.Contains(body, text) {
				t.Errorf("%s: the page does not say %s", zone, text)
			}
		}
		if !strings.Contains(body, "Jul 1, 2026, 11:05 AM&lt;/time&gt;") {
			t.Errorf("%s: what somebody typed is taken for a time", zone)
		}
	}
	for _, none := range []string{"", "Local", "../etc/passwd", "Europe/Nowhere", "/Europe/Berlin", "<b>", strings.Repeat("A", 5000), "Europe//Berlin", "zoneinfo.zip"} {
		if body := shown(none); !strings.Contains(body, "Times are shown in UTC.") {
			t.Errorf("%.20q is taken for a zone", none)
		}
	}
}

package isolation

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	pages "entente/internal/enttest/browser"
)

// nonsense is what no field of the admin center takes, or what it must show inert.
var nonsense = map[string]string{
	"nothing":   "",
	"null":      "a\x00b",
	"markup":    `"><script>alert(1)</script>`,
	"long":      strings.Repeat("x", 4_000),
	"no UTF-8":  "\xff\xfe",
	"direction": "\u202eevil\u2066",
	"number":    "-99999999999999999999",
	"path":      "../../../../%2e%2e/%00",
}

// TestAdminNonsense fills every form of the admin center with what does not belong
// there: the answer is a page that says so, never trouble of ours, and nothing that
// was typed comes back as markup.
func TestAdminNonsense(t *testing.T) {
	each(t, func(t *testing.T, g *ground) {
		x := g.victim
		g.furnishing(t, x).Furnish()
		g.furnishing(t, g.stranger).Furnish()
		g.enroll(t, x)
		g.worker(t, x)
		g.more(t, x)
		g.job(t)
		w := g.walk(t, x)
		b := pages.AsAdmin(t, g.Server, x.Tenant)
		sent := 0
		for _, route := range slices.Sorted(maps.Keys(w.steps)) {
			s := w.steps[route][0]
			for name, value := range nonsense {
				if strings.HasPrefix(route, http.MethodGet+" ") {
					if strings.HasSuffix(route, "/events") {
						continue
					}
					query := url.Values{}
					for _, key := range []string{"find", "after", "value", "by", "status", "date", "type", "kind", "scenario", "api", "who", "q"} {
						query.Set(key, value[:min(len(value), 600)])
					}
					g.bears(t, b.Get("/@"+x.Domain+s.path+"?"+query.Encode()), route, name)
					continue
				}
				if len(s.form) == 0 {
					continue // a button
				}
				form := url.Values{}
				for field := range s.form {
					form.Set(field, value)
				}
				g.bears(t, b.Post("/@"+x.Domain+s.path, form), route, name)
				sent++
			}
		}
		if sent < 300 {
			t.Errorf("only %d forms were sent", sent)
		}
	})
}

// bears sees to it that a page bore nonsense.
func (g *ground) bears(t *testing.T, p pages.Page, route, name string) {
	t.Helper()
	if p.Status >= http.StatusInternalServerError {
		t.Errorf("%s, %s: %d %.300s", route, name, p.Status, p.Body)
	}
	if strings.Contains(p.Body, "<script>alert") {
		t.Errorf("%s, %s: what was typed comes back as markup", route, name)
	}
	if p.Page == nil && p.Status >= http.StatusBadRequest {
		t.Errorf("%s, %s: %d, and no page: %.200s", route, name, p.Status, p.Body)
	}
}

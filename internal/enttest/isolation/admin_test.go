package isolation

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"entente/internal/enttest"
)

var variable = regexp.MustCompile(`\{(\w+)\}`)

// TestAdminPages opens every page of the admin center: at the victim's address the
// stranger's administrator is nobody, whatever is named there.
func TestAdminPages(t *testing.T) {
	each(t, func(t *testing.T, g *ground) {
		victims, intruder := g.browser(t), g.browser(t)
		victims.signIn(t, g.victim, "/account")
		intruder.signIn(t, g.stranger, "/account")
		for _, route := range g.AdminRoutes() { // first: who opens their own may have things made that each organization has
			method, path, _ := strings.Cut(route, " ")
			at := strings.Replace(path, "{domain}", g.victim.Domain, 1)
			if method != http.MethodGet || strings.Contains(at, "{") {
				continue
			}
			if p := victims.get(t, at); p.status != http.StatusOK {
				t.Errorf("%s, the victim's own: %d %s", route, p.status, p.Text())
			}
		}
		before := g.rows(t)
		for _, route := range g.AdminRoutes() {
			method, path, _ := strings.Cut(route, " ")
			if !strings.Contains(path, "{domain}") {
				continue // the door, which leads home
			}
			at := variable.ReplaceAllStringFunc(path, func(name string) string {
				if name == "{domain}" {
					return g.victim.Domain
				}
				return enttest.NewID()
			})
			send := func(b *browser) page {
				if method == http.MethodPost {
					return b.post(t, at, url.Values{"name": {"x"}, "displayName": {"x"}})
				}
				return b.get(t, at)
			}
			if p := send(intruder); p.status != http.StatusForbidden || !strings.Contains(p.Text(), "is not one of") || strings.Contains(p.raw, g.victim.word) {
				t.Errorf("%s: %d %s", route, p.status, p.Text())
			}
		}
		g.untouched(t, before, "sign_in")
	})
}

package isolation

import (
	"net/http"
	"slices"
	"testing"

	"entente/internal/edge/portal/followpages"
)

// TestFollowPages follows links that are of no message: they lead nowhere, and
// say the same whatever they name.
func TestFollowPages(t *testing.T) {
	if all := []string{"GET /follow/{link}"}; !slices.Equal(followpages.Routes(), all) {
		t.Fatalf("the routes are %v, and %v are walked", followpages.Routes(), all)
	}
	each(t, func(t *testing.T, g *ground) {
		before := g.rows(t)
		intruder := g.browser(t)
		first := intruder.get(t, "/follow/AAAA")
		if first.status != http.StatusNotFound {
			t.Errorf("%d %s", first.status, first.Text())
		}
		for _, link := range []string{g.victim.Domain, g.victim.word, "eyJ0Ijoi"} {
			if p := intruder.get(t, "/follow/"+link); p.status != first.status || heart(p) != heart(first) {
				t.Errorf("%s: %d %s", link, p.status, p.Text())
			}
		}
		g.untouched(t, before)
	})
}

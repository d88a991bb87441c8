package isolation

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"entente/internal/edge/portal/guestpages"
	"entente/internal/enttest"
)

// TestInvitePages walks the pages on which guests are invited: the stranger
// invites into their own tenant alone, and sees no invitation of the victim's.
func TestInvitePages(t *testing.T) {
	if all := []string{"GET /invite", "GET /invite/made", "POST /invite"}; !slices.Equal(guestpages.Routes(), all) {
		t.Fatalf("the routes are %v, and %v are walked", guestpages.Routes(), all)
	}
	each(t, func(t *testing.T, g *ground) {
		victims, intruder := g.browser(t), g.browser(t)
		victims.signIn(t, g.victim, "/invite")
		intruder.signIn(t, g.stranger, "/invite")
		form := func(x *side) url.Values {
			return url.Values{"address": {x.word + "-by-page@guest.example"}, "to": {"https://app.example/"}}
		}
		made := victims.post(t, "/invite", form(g.victim))
		if made.at.Path != "/invite/made" || !strings.Contains(made.raw, "ticket=") {
			t.Fatalf("the victim's own: %s %d %s", made.at, made.status, made.Text())
		}
		before := g.rows(t)
		none := url.Values{"user": {enttest.NewID()}, "invitation": {enttest.NewID()}}
		theirs, nobodys := intruder.get(t, made.at.RequestURI()), intruder.get(t, "/invite/made?"+none.Encode())
		if theirs.status != http.StatusNotFound || theirs.status != nobodys.status || heart(theirs) != heart(nobodys) || strings.Contains(theirs.raw, g.victim.word) {
			t.Errorf("the victim's: %d %s; nobody's: %d %s", theirs.status, theirs.Text(), nobodys.status, nobodys.Text())
		}
		if p := g.browser(t).get(t, made.at.RequestURI()); p.Heading() != "Sign in" {
			t.Errorf("without a session: %d %s", p.status, p.Text())
		}
		if p := intruder.get(t, "/invite"); p.status != http.StatusOK || strings.Contains(p.raw, g.victim.word) {
			t.Errorf("the form: %d %s", p.status, p.Text())
		}
		if p := intruder.post(t, "/invite", form(g.stranger)); p.status != http.StatusOK || strings.Contains(p.raw, g.victim.word) {
			t.Errorf("the stranger's own: %d %s", p.status, p.Text())
		}
		g.untouched(t, before, "sign_in")
	})
}

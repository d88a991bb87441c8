package attack

import (
	"net/http"
	"testing"
	"time"

	"entente/internal/enttest"
)

// refreshReuse: a token that was spent and comes again after a while is in two
// hands, and nobody knows whose: all that follow from the sign-in end (RFC 9700,
// section 4.14.2). Until then it belongs to its client.
func refreshReuse(t *testing.T, g *ground) {
	first := g.signedIn(t, g.notes)
	refused(t, "by another client", g.ask(t, g.renewal(g.other, first.Refresh)), 700007)
	refused(t, "by a server", g.ask(t, g.renewal(g.mail, first.Refresh)), 700007, 700025)
	second := g.get(t, g.renewal(g.notes, first.Refresh))
	third := g.get(t, g.renewal(g.notes, second.Refresh))
	g.clock.Advance(20 * time.Second)
	if again := g.get(t, g.renewal(g.notes, first.Refresh)); again.Refresh != second.Refresh { // a client that lost the answer
		t.Errorf("a spent token has another successor soon after")
	}
	g.clock.Advance(11 * time.Second) // coming again has not made the while longer
	refused(t, "the spent one", g.ask(t, g.renewal(g.notes, first.Refresh)), 50173)
	refused(t, "the live one, after that", g.ask(t, g.renewal(g.notes, third.Refresh)), 50173)
	if got := g.As(t, third.Access, http.MethodGet, "/v1.0/me", nil); got.Status != http.StatusOK {
		t.Errorf("the access token, whose sign-in has not ended: %d %s", got.Status, got.Body)
	}

	web := g.signedIn(t, g.mail)
	refused(t, "a server's without its secret", g.ask(t, g.renewal(g.mail, web.Refresh, "client_secret", "")), 7000218)
	refused(t, "a server's by a program", g.ask(t, g.renewal(g.notes, web.Refresh)), 700007, 7000218)
	g.get(t, g.renewal(g.mail, web.Refresh))
}

// refreshRace: however many bring one token at once, there is one next one and
// not two families that live side by side.
func refreshRace(t *testing.T, g *ground) {
	first := g.signedIn(t, g.notes)
	next := map[string]bool{}
	for _, a := range together(8, func() enttest.Answer { return g.ask(t, g.renewal(g.notes, first.Refresh)) }) {
		var got tokens
		if a.Into(t, &got); a.Status != http.StatusOK {
			t.Errorf("one of many: %d %s", a.Status, a.Body)
		}
		next[got.Refresh] = true
	}
	if len(next) != 1 || next[""] || next[first.Refresh] {
		t.Fatalf("one token has the successors %v", next)
	}
	for token := range next {
		g.get(t, g.renewal(g.notes, token))
	}
}

package signinpages

import (
	"maps"
	"net/url"
	"strings"
	"testing"
	"time"

	"entente/internal/core/authz"
	"entente/internal/flow/signin"
	"entente/internal/kit/ids"
)

// The names of the cookies: a browser's, and those of sessions, before the
// session's identifier.
const (
	browserCookie = "__Host-entente-browser"
	sessionCookie = "__Host-entente-session."
	keptCookie    = "__Host-entente-kept."
)

// add signs a further account in, in the same browser.
func (b *browser) add(link, upn string) answered {
	b.h.t.Helper()
	p := b.get(link + "&prompt=select_account")
	if len(b.sessions()) > 0 {
		p = b.submit(p, "Use another account", nil)
	}
	p = b.submit(p, "Next", url.Values{"username": {upn}})
	return b.submit(p, "Sign in", url.Values{"password": {password}})
}

// sessions returns the browser's cookies of sessions, by the session.
func (b *browser) sessions() map[ids.SessionID]string {
	all := map[ids.SessionID]string{}
	for name, value := range b.cookies {
		kind, id, _ := strings.Cut(name, ".")
		if kind+"." == sessionCookie || kind+"." == keptCookie {
			all[ids.SessionID(id)] = value
		}
	}
	return all
}

// TestSeveralAccounts: two people in one browser. Neither's session ends by the
// other's, and the application or the person says which it is.
func TestSeveralAccounts(t *testing.T) {
	each(t, func(h *house) {
		t, a := h.t, h.client()
		clerk, smith := h.person("clerk@fabrikam.example", ""), h.person("smith@fabrikam.example", "")
		b := h.browser()
		link := link(a, "fabrikam.example")
		b.signIn(link, "clerk@fabrikam.example")
		first := b.sessions()
		if q := answerOf(t, b.add(link, "smith@fabrikam.example")); h.code(q.Get("code")).Object != smith {
			t.Fatalf("the second account: %v", q)
		}
		if now := b.sessions(); len(first) != 1 || len(now) != 2 {
			t.Fatalf("sessions %v, then %v", first, now)
		} else {
			for id, value := range first {
				if now[id] != value {
					t.Error("the second account changed the first one's session")
				}
			}
		}
		p := b.get(link)
		if p.Heading() != "Choose an account" || !strings.Contains(p.Text(), "clerk@fabrikam.example") || !strings.Contains(p.Text(), "Fabrikam · signed in") {
			t.Fatalf("with two accounts: %s", p.Text())
		}
		q := answerOf(t, b.submit(p, "Go on as clerk@fabrikam.example", nil))
		if h.code(q.Get("code")).Object != clerk {
			t.Errorf("the account that was chosen: %v", q)
		}
		sid := q.Get("session_state")
		for name, tt := range map[string]struct {
			more []string
			want ids.ObjectID
		}{
			"login_hint": {[]string{"login_hint", "SMITH@fabrikam.example", "prompt", "none"}, smith},
			"sid":        {[]string{"sid", sid, "prompt", "none"}, clerk},
		} {
			if q := answerOf(t, b.get(link+"&"+pairs(tt.more))); q.Get("code") == "" || h.code(q.Get("code")).Object != tt.want {
				t.Errorf("%s: %v", name, q)
			}
		}
		for name, tt := range map[string]struct {
			more []string
			want string
		}{
			"no hint":               {nil, "interaction_required"},
			"a domain that is both": {[]string{"domain_hint", "fabrikam.example"}, "interaction_required"},
			"a hint for neither":    {[]string{"login_hint", "admin@fabrikam.example"}, "login_required"},
			"a domain of neither":   {[]string{"domain_hint", "contoso.example"}, "login_required"},
			"a session of neither":  {[]string{"sid", string(ids.New[ids.SessionID]())}, "login_required"},
		} {
			q := answerOf(t, b.get(link+"&prompt=none&"+pairs(tt.more)))
			if q.Get("error") != tt.want || tt.want == "interaction_required" && !strings.HasPrefix(q.Get("error_description"), "AADSTS16000: ") {
				t.Errorf("%s: %v", name, q)
			}
		}

		h.clock.Advance(time.Second)
		if err := h.users.RevokeSessions(t.Context(), admin(h.b), string(smith)); err != nil {
			t.Fatal(err)
		}
		if q := answerOf(t, b.get(link)); h.code(q.Get("code")).Object != clerk {
			t.Errorf("with one of two signed out everywhere: %v", q)
		}
		p = b.get(link + "&prompt=select_account")
		if !strings.Contains(p.Text(), "Fabrikam · signed out") {
			t.Errorf("the one that was signed out: %s", p.Text())
		}
		if p = b.submit(p, "Go on as smith@fabrikam.example", nil); p.Heading() != "Enter your password" || !strings.Contains(p.Text(), "smith@fabrikam.example") {
			t.Errorf("the one that was signed out goes on without proof: %s", p.Text())
		}
		p = b.submit(b.get(link+"&prompt=select_account"), "Sign out clerk@fabrikam.example", nil)
		if len(b.sessions()) != 1 || strings.Contains(p.Text(), "clerk@") || p.Heading() != "Choose an account" {
			t.Errorf("after one was signed out there are %v: %s", b.sessions(), p.Text())
		}
		b.cookies[sessionCookie+sid] = first[ids.SessionID(sid)]
		if p := b.get(link); p.Heading() != "Sign in" {
			t.Errorf("a session that was signed out goes on: %s", p.Text())
		}
	})
}

func pairs(more []string) string {
	q := url.Values{}
	for i := 0; i+1 < len(more); i += 2 {
		q.Set(more[i], more[i+1])
	}
	return q.Encode()
}

// TestSessionFixation: a secret that somebody else knows is never the secret of
// whoever signs in, be it another's session or an earlier one of their own.
func TestSessionFixation(t *testing.T) {
	each(t, func(h *house) {
		t, a := h.t, h.client()
		h.person("clerk@fabrikam.example", "")
		link := link(a, "fabrikam.example")
		attacker := h.browser()
		attacker.signIn(link, "clerk@fabrikam.example")
		planted := maps.Clone(attacker.cookies)

		victim := h.browser()
		victim.cookies = maps.Clone(planted)
		if q := answerOf(t, victim.add(link, "admin@fabrikam.example")); h.code(q.Get("code")).Object != h.b.Admin {
			t.Fatalf("the victim: %v", q)
		}
		if q := answerOf(t, attacker.get(link+"&prompt=none&login_hint=admin@fabrikam.example")); q.Get("error") != "login_required" {
			t.Errorf("the attacker became the victim: %v", q)
		}

		before := victim.sessions()
		p := victim.submit(victim.get(link+"&prompt=login&login_hint=clerk@fabrikam.example"), "Next", nil)
		if q := answerOf(t, victim.submit(p, "Sign in", url.Values{"password": {password}})); q.Get("code") == "" {
			t.Fatalf("proved again: %v", q)
		}
		after := victim.sessions()
		if len(after) != 2 {
			t.Fatalf("sessions %v, then %v", before, after)
		}
		for id := range attacker.sessions() {
			if after[id] == "" || after[id] == before[id] {
				t.Errorf("the session of an account that was proved again has the secret %q, before %q", after[id], before[id])
			}
		}
		if q := answerOf(t, attacker.get(link+"&prompt=none")); q.Get("error") != "login_required" {
			t.Errorf("the earlier secret goes on: %v", q)
		}
	})
}

// TestManyAccounts: a browser holds ten; a further one ends the one that was
// not used for the longest time.
func TestManyAccounts(t *testing.T) {
	each(t, func(h *house) {
		t, a := h.t, h.client()
		link := link(a, "fabrikam.example")
		b := h.browser()
		for i := range signin.MaxSessions + 1 {
			upn := string(rune('a'+i)) + "@fabrikam.example"
			h.person(upn, "")
			b.add(link, upn)
			h.clock.Advance(time.Minute)
		}
		p := b.get(link)
		if len(b.sessions()) != signin.MaxSessions || strings.Contains(p.Text(), " a@fabrikam.example") || !strings.Contains(p.Text(), "b@fabrikam.example") {
			t.Errorf("%d sessions: %s", len(b.sessions()), p.Text())
		}
	})
}

// TestStaySignedIn: who ticks the box stays signed in for ninety days from the
// last use, and over the end of the browser; who does not, for a day.
func TestStaySignedIn(t *testing.T) {
	each(t, func(h *house) {
		t, a := h.t, h.client()
		link := link(a, "fabrikam.example")
		for _, kept := range []bool{false, true} {
			b := h.browser()
			p := b.submit(b.get(link), "Next", url.Values{"username": {"admin@fabrikam.example"}})
			fill := url.Values{"password": {password}}
			if kept {
				fill.Set("keep", "1")
			}
			if wrong := b.submit(p, "Sign in", url.Values{"password": {"wrong"}, "keep": {"1"}}); !strings.Contains(wrong.body, " checked>") {
				t.Error("the tick is lost by a wrong password")
			}
			b.submit(p, "Sign in", fill)
			if b.lasting() != kept {
				t.Errorf("kept %t: the browser keeps it over its end: %t", kept, b.lasting())
			}
			life, use := 24*time.Hour, 20*time.Hour
			if kept {
				life, use = 90*24*time.Hour, 80*24*time.Hour
			}
			for range 3 { // each use moves the end on
				h.clock.Advance(use)
				if q := answerOf(t, b.get(link+"&prompt=none")); q.Get("code") == "" || b.lasting() != kept {
					t.Errorf("kept %t: %v", kept, q)
				}
			}
			h.clock.Advance(life)
			if q := answerOf(t, b.get(link+"&prompt=none")); q.Get("error") != "login_required" {
				t.Errorf("kept %t, unused for %v: %v", kept, life, q)
			}
		}
	})
}

// lasting reports whether the browser was told to keep a session over its end.
func (b *browser) lasting() bool {
	for name := range b.cookies {
		if strings.HasPrefix(name, keptCookie) {
			return b.ages[name] == int(signin.KeptLife.Seconds())
		}
	}
	return false
}

// TestAnotherBrowsersAccount: whom a flow may go on as is told by the browser's
// cookies, not by what it sends.
func TestAnotherBrowsersAccount(t *testing.T) {
	each(t, func(h *house) {
		t, a := h.t, h.client()
		h.person("clerk@fabrikam.example", authz.GlobalAdministrator)
		victim, b := h.browser(), h.browser()
		victim.signIn(link(a, "fabrikam.example"), "admin@fabrikam.example")
		b.signIn(link(a, "fabrikam.example"), "clerk@fabrikam.example")
		for id := range victim.sessions() {
			for _, step := range []string{"confirm", "forget"} {
				p := b.get(link(a, "fabrikam.example", "prompt", "select_account"))
				action, fields := p.Form(t, "Go on as clerk@fabrikam.example")
				fields.Set("session", string(id))
				fields.Set("step", step)
				if p := b.post(action, fields); p.left != "" || p.status != 200 {
					t.Errorf("%s with another browser's session: %d, left to %s", step, p.status, p.left)
				}
			}
		}
		if q := answerOf(t, victim.get(link(a, "fabrikam.example", "prompt", "none"))); q.Get("code") == "" {
			t.Errorf("the victim's session: %v", q)
		}
	})
}

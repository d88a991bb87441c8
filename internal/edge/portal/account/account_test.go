package account_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"entente/internal/core/audit"
	"entente/internal/core/directory"
	"entente/internal/edge/portal/account"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

const firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"

// TestSignInLeadsBack: whoever is not signed in comes back to the page that they
// opened; whoever posted something comes to the first one, and it is not done.
func TestSignInLeadsBack(t *testing.T) {
	each(t, func(h *house) {
		upn, _ := h.person("clerk")
		b := h.browser(firefox)
		if p := b.signIn("/account/signins?by=applications", upn, password); p.status != 200 || p.Heading() != "Sign-ins" || p.at.RawQuery != "by=applications" {
			h.t.Errorf("got %d %q at %s", p.status, p.Heading(), p.at)
		}
		if p := b.get("/ACCOUNT"); p.Heading() != "My account" || !strings.Contains(p.Text(), "Person clerk") || !strings.Contains(p.Text(), upn) || !strings.Contains(p.raw, "You act in") {
			h.t.Errorf("the overview: %s", p.Text())
		}
		if p := b.get("/account/nothing"); p.status != http.StatusNotFound {
			h.t.Errorf("a page that is not there: %d", p.status)
		}
		if p := h.browser(firefox).post("/account/everywhere", nil); p.Heading() != "Sign in" {
			h.t.Errorf("a form without a session: %s", p.Text())
		}
		if p := b.get("/account"); p.Heading() != "My account" {
			h.t.Errorf("got %s", p.Text())
		}
	})
}

// TestForeignForms: no form of these pages can be sent from another site.
func TestForeignForms(t *testing.T) {
	each(t, func(h *house) {
		upn, id := h.person("clerk")
		h.guest(upn, id, true)
		b, other := h.browser(firefox), h.browser(firefox)
		b.signIn("/account", upn, password)
		other.signIn("/account", upn, password)
		forms := 0
		for _, route := range account.Routes() {
			method, path, _ := strings.Cut(route, " ")
			if method != http.MethodPost {
				continue
			}
			forms++
			for _, site := range []string{"cross-site", "same-site"} {
				p := b.send(method, path, url.Values{"session": {other.session()}, "tenant": {h.A.ID}, "application": {string(id)}, "current": {password}, "password": {"Brass-Kettle-41"}, "again": {"Brass-Kettle-41"}}, site)
				if p.status != http.StatusForbidden {
					h.t.Errorf("%s, sent from %s: %d %s", route, site, p.status, p.Text())
				}
			}
		}
		if forms < 6 {
			h.t.Fatalf("there are %d forms", forms)
		}
		if p := other.get("/account/organizations"); p.Heading() != "Organizations" || !strings.Contains(p.Text(), "Guest") {
			h.t.Errorf("something was done: %s", p.Text())
		}
		if p := h.browser(firefox).signIn("/account", upn, password); p.Heading() != "My account" {
			h.t.Errorf("the password is another: %s", p.Text())
		}
	})
}

// TestSessions: a person sees their own sessions, ends one, and ends the others;
// another's is not there for them.
func TestSessions(t *testing.T) {
	each(t, func(h *house) {
		t := h.t
		upn, _ := h.person("clerk")
		smith, _ := h.person("smith")
		here, lost, phone, stranger := h.browser(firefox), h.browser("curl/8"), h.browser("Mozilla/5.0 (iPhone) Safari/604.1"), h.browser(firefox)
		for _, b := range []*browser{lost, phone, here} {
			b.signIn("/account", upn, password)
			h.clock.Advance(time.Minute)
		}
		stranger.signIn("/account", smith, password)
		p := here.get("/account/sessions")
		for _, want := range []string{"Firefox on Linux", "curl", "Safari on iPhone", "This browser", "Password", "127.0.0.1", "End all other sessions"} {
			if !strings.Contains(p.Text(), want) {
				t.Errorf("the page does not say %q: %s", want, p.Text())
			}
		}
		if n := strings.Count(p.raw, ">End session<"); n != 2 {
			t.Errorf("%d sessions can be ended, want 2", n)
		}
		theirs, none := stranger.post("/account/sessions/end", url.Values{"session": {lost.session()}}), stranger.post("/account/sessions/end", url.Values{"session": {string(ids.New[ids.SessionID]())}})
		if theirs.status != http.StatusNotFound || theirs.Heading() != none.Heading() || !strings.Contains(theirs.Text(), "This session is over.") || !strings.Contains(none.Text(), "This session is over.") {
			t.Errorf("another's session: %d %s; nobody's: %s", theirs.status, theirs.Text(), none.Text())
		}
		if p := lost.get("/account"); p.Heading() != "My account" {
			t.Fatalf("somebody else ended the session: %s", p.Text())
		}
		p = here.post("/account/sessions/end", url.Values{"session": {lost.session()}})
		if p.Heading() != "Sessions" || !strings.Contains(p.Text(), "The session is over.") || strings.Contains(p.Text(), "curl") {
			t.Errorf("after one was ended: %s", p.Text())
		}
		if p := lost.get("/account"); p.Heading() != "Sign in" {
			t.Errorf("the session that was ended goes on: %s", p.Text())
		}
		p = here.submit(p, "End all other sessions", nil)
		if !strings.Contains(p.Text(), "All other sessions are over.") || strings.Contains(p.Text(), "iPhone") || strings.Contains(p.Text(), "End all other sessions") {
			t.Errorf("after all others were ended: %s", p.Text())
		}
		if p := phone.get("/account"); p.Heading() != "Sign in" {
			t.Errorf("the phone's session goes on: %s", p.Text())
		}
		if p := stranger.get("/account"); p.Heading() != "My account" {
			t.Errorf("another person's session was ended: %s", p.Text())
		}
		if err := h.db.View(t.Context(), func(tx *sqldb.Tx) error {
			entries, err := audit.Entries(t.Context(), tx, ids.TenantID(h.B.ID), "", 50)
			ended := 0
			for _, e := range entries {
				if e.Activity == "End sign-in session" && e.ByName == upn {
					ended++
				}
			}
			if ended != 2 {
				t.Errorf("%d entries, want 2", ended)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	})
}

// TestSignOutEverywhere asks first, ends every session, and tells it.
func TestSignOutEverywhere(t *testing.T) {
	each(t, func(h *house) {
		t := h.t
		upn, _ := h.person("clerk")
		smith, _ := h.person("smith")
		here, phone, stranger := h.browser(firefox), h.browser("curl/8"), h.browser(firefox)
		here.signIn("/account", upn, password)
		phone.signIn("/account", upn, password)
		stranger.signIn("/account", smith, password)
		before := here.cookies()
		h.clock.Advance(time.Minute)
		p := here.get("/account/everywhere")
		if q := phone.get("/account"); p.Heading() != "Sign out everywhere?" || q.Heading() != "My account" {
			t.Fatalf("the question: %s; elsewhere: %s", p.Text(), q.Text())
		}
		if p = here.submit(p, "Sign out everywhere", nil); p.Heading() != "You are signed out" || !strings.Contains(p.Text(), upn) || here.session() != "" {
			t.Errorf("got %s, session %q", p.Text(), here.session())
		}
		for name, value := range before {
			here.plant(name, value)
		}
		for _, b := range []*browser{here, phone} {
			if p := b.get("/account"); p.Heading() == "My account" {
				t.Errorf("signed out everywhere, and still: %s", p.Text())
			}
		}
		if p := stranger.get("/account"); p.Heading() != "My account" {
			t.Errorf("another person was signed out: %s", p.Text())
		}
	})
}

// TestSignIns: the person's own entries in every organization, failed tries too,
// and nobody else's; page by page.
func TestSignIns(t *testing.T) {
	each(t, func(h *house) {
		t := h.t
		upn, id := h.person("clerk")
		smith, _ := h.person("smith")
		guest := h.guest(upn, id, true)
		h.browser("curl/8").signIn("/account", upn, "wrong")
		h.browser("Mozilla/5.0 (iPad) Safari/604.1").signIn("/account", smith, "wrong")
		h.clock.Advance(time.Minute)
		signIns := audit.NewSignIns(h.db)
		t.Cleanup(signIns.Close)
		put := func(in string, who ids.ObjectID, kind, app string, at time.Time) {
			if err := signIns.Put(t.Context(), audit.SignIn{Tenant: ids.TenantID(in), At: at, Kind: kind, Principal: who, PrincipalName: upn, Home: ids.TenantID(h.B.ID), AppName: app}); err != nil {
				t.Fatal(err)
			}
		}
		put(h.A.ID, guest.ID, audit.InteractiveUserSignIn, "Parts catalog", h.clock.Now())
		put(h.A.ID, id, audit.InteractiveUserSignIn, "Somebody of A with the same identifier", h.clock.Now())
		put(h.C.ID, id, audit.InteractiveUserSignIn, "A tenant without them", h.clock.Now())
		put(h.B.ID, id, audit.UserSignIn, "Mail reader", h.clock.Now())
		h.clock.Advance(time.Minute)
		b := h.browser(firefox)
		b.signIn("/account", upn, password)
		p := b.get("/account/signins")
		for _, want := range []string{"Firefox on Linux", "Signed in", "By password", "curl", "Failed", "Wrong password", "Parts catalog", h.B.Domain[:strings.IndexByte(h.B.Domain, '.')]} {
			if !strings.Contains(strings.ToLower(p.Text()), strings.ToLower(want)) {
				t.Errorf("the page does not say %q: %s", want, p.Text())
			}
		}
		for _, not := range []string{"iPad", "same identifier", "without them", "Mail reader", "Older"} {
			if strings.Contains(p.Text(), not) {
				t.Errorf("the page says %q: %s", not, p.Text())
			}
		}
		if p := b.get("/account/signins?by=applications"); !strings.Contains(p.Text(), "Mail reader") || strings.Contains(p.Text(), "Parts catalog") {
			t.Errorf("by applications: %s", p.Text())
		}

		for i := range 60 {
			in, who := h.A.ID, guest.ID
			if i%2 == 0 {
				in, who = h.B.ID, id
			}
			put(in, who, audit.InteractiveUserSignIn, "Numbered "+string(rune('A'+i/26))+string(rune('a'+i%26)), h.clock.Now().Add(time.Duration(i/4)*time.Second))
		}
		h.clock.Advance(time.Hour)
		seen := map[string]int{}
		at, pages := "/account/signins", 0
		for at != "" && pages < 9 {
			p := b.get(at)
			for _, cell := range p.All("td") {
				if strings.HasPrefix(cell, "Numbered ") {
					seen[cell]++
				}
			}
			at = p.Link("Older")
			pages++
		}
		if len(seen) != 60 || pages != 3 {
			t.Errorf("%d entries on %d pages, want 60 on 3", len(seen), pages)
		}
		for cell, n := range seen {
			if n != 1 {
				t.Errorf("%s stands %d times", cell, n)
			}
		}
		for _, wrong := range []string{"x", "1", "1.x", "-5." + string(id)} {
			if p := b.get("/account/signins?after=" + wrong); p.status != http.StatusBadRequest {
				t.Errorf("a page %q: %d", wrong, p.status)
			}
		}
	})
}

// TestChangePassword wants the one of now, and ends all that was begun with it,
// but for this session, which gets another secret.
func TestChangePassword(t *testing.T) {
	each(t, func(h *house) {
		t := h.t
		upn, _ := h.person("clerk")
		here, phone := h.browser(firefox), h.browser("curl/8")
		here.signIn("/account", upn, password)
		phone.signIn("/account", upn, password)
		h.clock.Advance(time.Minute)
		if p := here.get("/account/security"); !strings.Contains(p.Text(), "Authenticator apps") || p.Link("Change password") == "" {
			t.Errorf("security info: %s", p.Text())
		}
		p := here.get("/account/security/password")
		const next = "Brass-Kettle-41"
		for _, tt := range []struct{ name, current, password, again, says string }{
			{"not the current one", "wrong", next, next, "This is not the current password."},
			{"a weak one", password, "short", "short", "Choose a stronger password"},
			{"the same one", password, password, password, "Choose a stronger password"},
			{"two that differ", password, next, next + "x", "The two new passwords differ."},
		} {
			p := here.submit(p, "Change password", url.Values{"current": {tt.current}, "password": {tt.password}, "again": {tt.again}})
			if p.status != http.StatusUnprocessableEntity || !strings.Contains(p.Text(), tt.says) || strings.Contains(p.raw, tt.password+`"`) {
				t.Errorf("%s: %d %s", tt.name, p.status, p.Text())
			}
		}
		if p := phone.get("/account"); p.Heading() != "My account" {
			t.Fatalf("a refused change ended a session: %s", p.Text())
		}
		old := here.cookies()
		p = here.submit(p, "Change password", url.Values{"current": {password}, "password": {next}, "again": {next}})
		if p.Heading() != "Security info" || !strings.Contains(p.Text(), "The password is changed.") {
			t.Fatalf("got %d %s", p.status, p.Text())
		}
		if p := phone.get("/account"); p.Heading() == "My account" {
			t.Errorf("elsewhere the old session goes on: %s", p.Text())
		}
		thief := h.browser(firefox)
		for name, value := range old {
			thief.plant(name, value)
		}
		if p := thief.get("/account"); p.Heading() == "My account" {
			t.Errorf("the old secret goes on: %s", p.Text())
		}
		if p := here.get("/account"); p.Heading() != "My account" {
			t.Errorf("here it does not go on: %s", p.Text())
		}
		if p := h.browser(firefox).signIn("/account", upn, next); p.Heading() != "My account" {
			t.Errorf("with the new password: %s", p.Text())
		}
	})
}

// TestOrganizations: home and those where the person is a guest or awaited; they
// switch, and leave, and what another tenant has is not there.
func TestOrganizations(t *testing.T) {
	each(t, func(h *house) {
		t := h.t
		upn, id := h.person("clerk")
		smith, smithID := h.person("smith")
		guest := h.guest(upn, id, true)
		h.guest(smith, smithID, false)
		b, s := h.browser(firefox), h.browser(firefox)
		b.signIn("/account", upn, password)
		p := b.get("/account/organizations")
		if !strings.Contains(p.Text(), guest.UserPrincipalName) || !strings.Contains(p.Text(), "Guest") || !strings.Contains(p.Text(), "You act here") || !strings.Contains(p.Text(), "Open to you") {
			t.Fatalf("the organizations: %s", p.Text())
		}
		if p := s.signIn("/account/organizations", smith, password); !strings.Contains(p.Text(), "Invitation waits for you") || p.Link("See invitation") == "" {
			t.Errorf("where somebody is awaited: %s", p.Text())
		}
		for name, in := range map[string]string{"a tenant without them": h.C.ID, "none": string(ids.New[ids.TenantID]()), "a word": "x", "where they are only awaited": h.A.ID} {
			who := b
			if strings.HasPrefix(name, "where") {
				who = s
			}
			p, q := who.post("/account/organizations/switch", url.Values{"tenant": {in}}), who.post("/account/organizations/leave", url.Values{"tenant": {in}})
			if p.status != http.StatusNotFound || q.status != http.StatusNotFound && !strings.HasPrefix(name, "a word") {
				t.Errorf("%s: switch %d %s, leave %d %s", name, p.status, p.Text(), q.status, q.Text())
			}
			if p := who.get("/account/organizations/leave?tenant=" + in); p.status != http.StatusNotFound {
				t.Errorf("%s: the question is %d %s", name, p.status, p.Text())
			}
		}
		if p := b.post("/account/organizations/leave", url.Values{"tenant": {h.B.ID}}); p.status != http.StatusNotFound {
			t.Errorf("leaving home: %d %s", p.status, p.Text())
		}
		p = b.submit(p, "Switch", nil)
		if p.Heading() != "My account" || !strings.Contains(p.Text(), guest.UserPrincipalName) || !strings.Contains(p.raw, "Switch to ") {
			t.Errorf("after the switch: %s", p.Text())
		}
		h.setEnabled(guest, false)
		if p := b.get("/account"); p.status != 200 || strings.Contains(p.Text(), guest.UserPrincipalName) {
			t.Errorf("blocked there, and still there: %s", p.Text())
		}
		if p := b.get("/account/organizations"); !strings.Contains(p.Text(), "Not let in") || !strings.Contains(p.Text(), "blocked your account") {
			t.Errorf("blocked there: %s", p.Text())
		}
		if p := b.post("/account/organizations/switch", url.Values{"tenant": {h.A.ID}}); p.status != http.StatusForbidden || p.Heading() != "You are shut out there" {
			t.Errorf("switching there: %d %s", p.status, p.Text())
		}
		h.setEnabled(guest, true)
		if p := b.get("/account"); !strings.Contains(p.Text(), guest.UserPrincipalName) {
			t.Errorf("let in again: %s", p.Text())
		}

		h.clock.Advance(time.Second)
		p = b.get("/account/organizations/leave?tenant=" + h.A.ID)
		if !strings.HasPrefix(p.Heading(), "Leave ") {
			t.Fatalf("got %s", p.Text())
		}
		if p = b.submit(p, "Leave", nil); !strings.Contains(p.Text(), "You have left the organization.") || strings.Contains(p.Text(), guest.UserPrincipalName) {
			t.Errorf("after leaving: %s", p.Text())
		}
		if err := h.db.View(t.Context(), func(tx *sqldb.Tx) error {
			for _, in := range []string{h.A.ID, h.B.ID} {
				entries, err := audit.Entries(t.Context(), tx, ids.TenantID(in), string(guest.ID), 5)
				if err != nil {
					return err
				}
				if len(entries) == 0 || entries[0].Activity != "Leave organization" || (entries[0].ByName == upn) != (in == h.B.ID) {
					t.Errorf("the log of %s has %+v", in, entries)
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	})
}

func (h *house) setEnabled(u *directory.User, enabled bool) {
	h.t.Helper()
	h.Graph(h.t, h.A, http.MethodPatch, "/v1.0/users/"+string(u.ID), map[string]any{"accountEnabled": enabled}, nil)
}

// TestWhoseItIs: which session a page belongs to is told by secrets; what a
// browser only chooses opens nothing.
func TestWhoseItIs(t *testing.T) {
	each(t, func(h *house) {
		t := h.t
		upn, id := h.person("clerk")
		smith, _ := h.person("smith")
		victim, b := h.browser(firefox), h.browser(firefox)
		victim.signIn("/account", upn, password)
		b.signIn("/account", smith, password)
		for _, place := range []string{victim.session() + "." + h.B.ID, b.session() + "." + h.A.ID, b.session() + "." + h.C.ID, "x", ""} {
			b.plant("__Host-entente-place", place)
			if p := b.get("/account"); p.Heading() != "My account" || !strings.Contains(p.Text(), smith) || strings.Contains(p.Text(), upn) {
				t.Errorf("with the place %q: %s", place, p.Text())
			}
		}

		// A second account: the person chooses, and the pages are that one's.
		p := b.submit(b.get("/account/choose"), "Use another account", nil)
		p = b.submit(p, "Next", url.Values{"username": {upn}})
		if p = b.submit(p, "Sign in", url.Values{"password": {password}}); p.Heading() != "My account" || !strings.Contains(p.Text(), upn) {
			t.Fatalf("the second account: %s", p.Text())
		}
		b.plant("__Host-entente-place", "")
		if p = b.get("/account/security"); p.Heading() != "Choose an account" {
			t.Fatalf("with two accounts and no choice: %s", p.Text())
		}
		if p = b.submit(p, "Go on as "+smith, nil); p.Heading() != "Security info" || !strings.Contains(p.raw, smith) {
			t.Errorf("the choice: %s", p.Text())
		}
		if p = b.submit(b.get("/account"), "Sign out", nil); p.Heading() != "You are signed out" || !strings.Contains(p.Text(), smith) {
			t.Errorf("signing out: %s", p.Text())
		}
		if p = b.get("/account"); p.Heading() != "My account" || !strings.Contains(p.Text(), upn) {
			t.Errorf("the other account: %s", p.Text())
		}

		h.Graph(t, h.B, http.MethodPatch, "/v1.0/users/"+string(id), map[string]any{"accountEnabled": false}, nil)
		for _, who := range []*browser{victim, b} {
			for _, path := range []string{"/account", "/account/sessions", "/account/security"} {
				if p := who.get(path); strings.Contains(p.Text(), "Person clerk") || p.Heading() != "Sign in" {
					t.Errorf("an account that was blocked still sees %s: %s", path, p.Text())
				}
			}
		}
	})
}

// TestApplications: what the person has agreed to, and taking it back.
func TestApplications(t *testing.T) {
	each(t, func(h *house) {
		t := h.t
		upn, id := h.person("clerk")
		smith, _ := h.person("smith")
		a := h.Application(t, h.A, "Parts catalog", true)
		client := h.Present(t, h.B, a.AppID)
		var graph struct{ ID string }
		h.Graph(t, h.B, http.MethodGet, "/v1.0/servicePrincipals(appId='00000003-0000-0000-c000-000000000000')", nil, &graph)
		h.Graph(t, h.B, http.MethodPost, "/v1.0/oauth2PermissionGrants", map[string]any{
			"clientId": client.ID, "consentType": "Principal", "principalId": string(id), "resourceId": graph.ID, "scope": "User.Read",
		}, nil)
		b, other := h.browser(firefox), h.browser(firefox)
		if p := other.signIn("/account/applications", smith, password); !strings.Contains(p.Text(), "No applications") {
			t.Errorf("somebody else: %s", p.Text())
		}
		p := b.signIn("/account/applications", upn, password)
		if !strings.Contains(p.Text(), "Parts catalog") || !strings.Contains(p.Text(), "User.Read") || !strings.Contains(p.Text(), "Publisher not verified") {
			t.Fatalf("got %s", p.Text())
		}
		for _, wrong := range []string{client.ID, "x", string(id)} {
			if p := other.post("/account/applications/remove", url.Values{"application": {wrong}}); p.status != http.StatusNotFound {
				t.Errorf("somebody else takes %q back: %d", wrong, p.status)
			}
		}
		if p = b.submit(p, "Take back consent", nil); !strings.Contains(p.Text(), "Your consent is taken back.") || !strings.Contains(p.Text(), "No applications") {
			t.Errorf("got %s", p.Text())
		}
		var left struct{ Value []any }
		h.Graph(t, h.B, http.MethodGet, "/v1.0/users/"+string(id)+"/oauth2PermissionGrants", nil, &left)
		if len(left.Value) != 0 {
			t.Errorf("left are %v", left.Value)
		}
	})
}

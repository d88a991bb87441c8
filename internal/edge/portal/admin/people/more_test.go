package people_test

import (
	"net/http"
	"net/url"
	"path"
	"strings"
	"testing"

	"entente/internal/enttest"
	"entente/internal/enttest/browser"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// secretOf is the password that a page shows.
func secretOf(t *testing.T, p browser.Page) string {
	t.Helper()
	_, rest, ok := strings.Cut(p.Body, `id="secret">`)
	text, _, _ := strings.Cut(rest, "<")
	if !ok || len(text) < 12 {
		t.Fatalf("no password on the page: %s", p.Text())
	}
	return text
}

// TestNewUser: an account is made, its first password is shown once and works, and
// another takes its place.
func TestNewUser(t *testing.T) {
	enttest.Each(t, func(t *testing.T, engine sqldb.Engine) {
		s := enttest.Start(t, enttest.Options{Engine: engine})
		at, b := "/@"+s.A.Domain+"/admin", browser.AsAdmin(t, s, s.A)
		form := b.Get(at + "/users/new")
		fill := url.Values{"local": {"mason"}, "domain": {s.A.Domain}, "name": {"Mason <i>"}, "job": {"Stoneworker"}, "location": {"DE"}, "change": {"no"}, "enabled": {"yes"}}
		b.Submit(form, "Create user in Contoso", url.Values{"local": {"a@b"}, "name": {""}}).Wants(http.StatusUnprocessableEntity, "Enter only what stands before the @", "Enter a display name")
		b.Submit(form, "Create user in Contoso", url.Values{"local": {"mason"}, "domain": {s.B.Domain}, "name": {"Mason"}}).Wants(http.StatusUnprocessableEntity, "verified domain")
		p := b.Submit(form, "Create user in Contoso", fill).Wants(http.StatusOK, "The user is created.", "mason@"+s.A.Domain, "It is shown this once.")
		if !strings.HasPrefix(p.Header.Get("Cache-Control"), "no-store") {
			t.Errorf("a password may be kept: %q", p.Header.Get("Cache-Control"))
		}
		first := secretOf(t, p)
		b.Submit(form, "Create user in Contoso", fill).Wants(http.StatusUnprocessableEntity, "already exists")
		browser.As(t, s, "mason@"+s.A.Domain, first).Get("/account").Wants(http.StatusOK, "Mason <i>")
		p = b.Follow(b.Get(at+"/users?find=mason@"), "Mason <i>").Wants(http.StatusOK, "Stoneworker", "mason@"+s.A.Domain)
		user := p.At.Path
		if strings.Contains(p.Body, first) {
			t.Error("the password is shown twice")
		}
		p = b.Submit(b.Follow(p, "Reset password…"), "Reset password in Contoso", nil).Wants(http.StatusOK, "The password is reset.")
		second := secretOf(t, p)
		if first == second {
			t.Error("the new password is the old one")
		}
		mason := browser.Open(t, s)
		mason.SignIn(mason.Get("/account"), "mason@"+s.A.Domain, first).Wants(http.StatusUnprocessableEntity)
		mason = browser.Open(t, s)
		mason.SignIn(mason.Get("/account"), "mason@"+s.A.Domain, second).Wants(http.StatusOK, "password") // another one is asked for

		p = b.Submit(b.Get(user+"/edit"), "Save in Contoso", url.Values{"name": {"Mason"}, "job": {""}, "department": {"Quarry"}, "type": {"Guest"}}).
			Wants(http.StatusOK, "The user is changed.", "Quarry", "Guest")
		if strings.Contains(p.Text(), "Stoneworker") {
			t.Errorf("what was emptied stays: %s", p.Text())
		}
		b.Submit(b.Get(user+"/edit"), "Save in Contoso", nil).Wants(http.StatusOK, "Nothing was changed.")
		b.Submit(b.Get(user+"/edit"), "Save in Contoso", url.Values{"location": {"nowhere"}}).Wants(http.StatusUnprocessableEntity, "usageLocation")
		b.Submit(b.Get(user+"/edit"), "Save in Contoso", url.Values{"local": {"smith"}}).Wants(http.StatusOK, "smith@"+s.A.Domain)

		b.Post(user+"/delete", nil).Wants(http.StatusOK, "The user is deleted.")
		p = b.Get(at+"/deleted-users").Wants(http.StatusOK, "Mason", "smith@"+s.A.Domain)
		p = b.Follow(p, "Restore… Mason").Wants(http.StatusOK, "Restore Mason")
		b.Submit(p, "Restore user in Contoso", url.Values{"upn": {"smith@" + s.B.Domain}}).Wants(http.StatusUnprocessableEntity)
		b.Submit(p, "Restore user in Contoso", nil).Wants(http.StatusOK, "The user is back.", "Quarry")
		b.Post(user+"/delete", nil).Wants(http.StatusOK)
		p = b.Follow(b.Get(at+"/deleted-users"), "Delete permanently… Mason")
		b.Submit(p, "Delete permanently in Contoso", nil).Wants(http.StatusOK, "The user is gone for good.", "No deleted user")
	})
}

// TestInvite: the organization of the address is the one that invites, whatever
// organization the visitor acts in elsewhere.
func TestInvite(t *testing.T) {
	enttest.Each(t, func(t *testing.T, engine sqldb.Engine) {
		s := enttest.Start(t, enttest.Options{Engine: engine})
		at, b := "/@"+s.A.Domain+"/admin", browser.AsAdmin(t, s, s.A)
		form := b.Follow(b.Get(at+"/users"), "Invite external user").Wants(http.StatusOK, "You answer for them")
		b.Submit(form, "Invite to Contoso", url.Values{"address": {"x"}}).Wants(http.StatusUnprocessableEntity, "Enter a whole address")
		b.Submit(form, "Invite to Contoso", url.Values{"address": {"x@" + s.A.Domain}}).Wants(http.StatusUnprocessableEntity, "of your own organization")
		p := b.Submit(form, "Invite to Contoso", url.Values{"address": {"guest@elsewhere.example"}, "name": {"Far <i>guest"}}).Wants(http.StatusOK, "Hand the invitation on", "Link of the invitation")
		p = b.Follow(p, "Open the user").Wants(http.StatusOK, "Far <i>guest", "Invitation", "Guest", "Invite again")
		if strings.Contains(p.Text(), "Reset password") {
			t.Errorf("a guest's password can be reset: %s", p.Text())
		}
		b.Follow(p, "Invite again").Wants(http.StatusOK)
		b.Get(at+"/users?find=guest@elsewhere").Wants(http.StatusOK, "Far <i>guest")
		b.Get(at + "/users/" + path.Base(p.At.Path) + "/invitation?id=x").Wants(http.StatusNotFound)
	})
}

// TestAround: where somebody is signed in and what they have registered stands on
// their page, for who may see it, and sessions end one by one.
func TestAround(t *testing.T) {
	enttest.Each(t, func(t *testing.T, engine sqldb.Engine) {
		s := enttest.Start(t, enttest.Options{Engine: engine})
		var made struct{ ID string }
		s.Graph(t, s.A, http.MethodPost, "/v1.0/users", map[string]any{"accountEnabled": true, "displayName": "Tess", "mailNickname": "tess", "userPrincipalName": "tess@" + s.A.Domain,
			"passwordProfile": map[string]any{"password": password, "forceChangePasswordNextSignIn": false}}, &made)
		user := "/@" + s.A.Domain + "/admin/users/" + made.ID
		tess, b := browser.As(t, s, "tess@"+s.A.Domain, password), browser.AsAdmin(t, s, s.A)
		tess.Get("/account").Wants(http.StatusOK)
		b.Get(user).Wants(http.StatusOK, "Applications", "Access packages", "Sign-ins, the latest first", "Success", "No authenticator app is registered.")
		p := b.Get(user+"/sessions").Wants(http.StatusOK, "End session", "127.0.0.1")
		id := p.Value(t, "session")
		if p := tess.Get(user); strings.Contains(p.Text(), "Sign-ins, the latest first") || !strings.Contains(p.Text(), "You can’t see this. It takes the role") {
			t.Errorf("a member sees sign-ins: %s", p.Text())
		}
		b.Post(user+"/sessions/end", url.Values{"session": {string(ids.New[ids.SessionID]())}}).Wants(http.StatusNotFound)
		browser.AsAdmin(t, s, s.B).Post("/@"+s.B.Domain+"/admin/users/"+made.ID+"/sessions/end", url.Values{"session": {id}}).Wants(http.StatusNotFound)
		tess.Get("/account").Wants(http.StatusOK)
		b.Submit(p, "End session", nil).Wants(http.StatusOK, "The session is over.", "Not signed in anywhere")
		if p := tess.Get("/account"); p.At.Path == "/account" {
			t.Errorf("the session goes on: %s", p.Text())
		}
	})
}

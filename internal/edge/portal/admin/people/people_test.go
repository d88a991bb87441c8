package people_test

import (
	"net/http"
	"net/url"
	"path"
	"strings"
	"testing"

	"entente/internal/enttest"
	"entente/internal/enttest/browser"
	"entente/internal/kit/sqldb"
)

const password = "Copper-Lantern-72"

func TestUsers(t *testing.T) {
	enttest.Each(t, func(t *testing.T, engine sqldb.Engine) {
		s := enttest.Start(t, enttest.Options{Engine: engine})
		make := func(in *enttest.Tenant, nick string) string {
			var made struct{ ID string }
			s.Graph(t, in, http.MethodPost, "/v1.0/users", map[string]any{"accountEnabled": true, "displayName": "Person <i>" + nick, "mailNickname": nick, "userPrincipalName": nick + "@" + in.Domain,
				"passwordProfile": map[string]any{"password": password, "forceChangePasswordNextSignIn": false}}, &made)
			return made.ID
		}
		make(s.A, "tess")
		theirs := make(s.B, "quarry")
		at, b := "/@"+s.A.Domain+"/admin/users", browser.AsAdmin(t, s, s.A)
		list := b.Get(at).Wants(http.StatusOK, "User type", "Creation type", "Invitation accepted", "Person <i>tess", "Made here", "Enabled", "Invite external user", "New user")
		if strings.Contains(list.Body, "Person <i>") {
			t.Error("a name is not escaped")
		}
		b.Get(at+"?find=person&type=Guest").Wants(http.StatusOK, "Nothing meets the filter")
		p := b.Follow(b.Get(at+"?find=person"), "Person <i>tess").Wants(http.StatusOK, "tess@"+s.A.Domain, "In no group that you may see.", "Member")
		user := p.At.Path
		tess := browser.As(t, s, "tess@"+s.A.Domain, password)
		tess.Get("/account").Wants(http.StatusOK)
		q := b.Follow(p, "Block sign-in…").Wants(http.StatusOK, "Block sign-in of Person <i>tess?")
		p = b.Submit(q, "Block sign-in in Contoso", nil).Wants(http.StatusOK, "They can no longer sign in.", "Blocked")
		b.Submit(p, "Allow sign-in", nil).Wants(http.StatusOK, "They can sign in again.", "Enabled")
		q = b.Follow(b.Get(user), "End all sessions…")
		b.Submit(q, "End sessions in Contoso", nil).Wants(http.StatusOK, "All their sessions are over.")
		tess = browser.As(t, s, "tess@"+s.A.Domain, password)
		if p := tess.Post(user+"/block", url.Values{}); p.Status != http.StatusForbidden {
			t.Errorf("a member blocks somebody: %d %s", p.Status, p.Text())
		}
		for _, rest := range []string{"", "/block", "/revoke", "/delete"} {
			if p := b.Get(at + "/" + theirs + rest); p.Status != http.StatusNotFound || strings.Contains(p.Body, "quarry") {
				t.Errorf("another tenant's user at %q: %d %s", rest, p.Status, p.Text())
			}
			if p := b.Post(at+"/"+theirs+rest, url.Values{}); rest != "" && p.Status != http.StatusNotFound {
				t.Errorf("another tenant's user, post %q: %d %s", rest, p.Status, p.Text())
			}
		}
		q = b.Follow(b.Get(user), "Delete…")
		b.Submit(q, "Delete user in Contoso", nil).Wants(http.StatusOK, "The user is deleted.")
		b.Get(at + "/" + path.Base(user)).Wants(http.StatusNotFound)
	})
}

package registrations_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"entente/internal/enttest"
	"entente/internal/enttest/browser"
)

const usersRead = "df021288-bdef-4463-88db-98f22de89214" // User.Read.All, an app role of Microsoft Graph

// TestPermissions: a permission is asked for, granted, and no longer asked for.
func TestPermissions(t *testing.T) {
	each(t, func(t *testing.T, s *enttest.Server, b *browser.Browser, at string) {
		a := registered(t, s, s.A, map[string]any{"displayName": "Feed", "signInAudience": "AzureADMultipleOrgs"})
		s.Present(t, s.A, a.AppID)
		here := at + "/" + a.ID + "/permissions"
		p := b.Follow(b.Get(here).Wants(http.StatusOK, "It asks for nothing", "AADSTS500113"), "Add a permission").Wants(http.StatusOK, "Microsoft Graph", "Delegated permissions", "Application permissions")
		p = b.Ask(p, "Continue", url.Values{"type": {"application"}}).Wants(http.StatusOK, "Application permissions of Microsoft Graph")
		b.Submit(p, "Add permissions in Contoso", nil).Wants(http.StatusUnprocessableEntity, "Choose at least one permission")
		b.Submit(p, "Add permissions in Contoso", url.Values{"permission": {enttest.NewID()}}).Wants(http.StatusUnprocessableEntity, "requiredResourceAccess")
		p = b.Submit(p, "Find Find permissions", url.Values{"find-permission": {"user.read.a"}}).Wants(http.StatusOK, "User.Read.All")
		if strings.Contains(p.Text(), "Group.Read.All") {
			t.Error("what was not looked for is shown")
		}
		p = b.Submit(p, "Add permissions in Contoso", url.Values{"permission": {usersRead}}).Wants(http.StatusOK, "User.Read.All", "Not granted for Contoso", "Microsoft Graph")

		grant := b.Follow(p, "Grant admin consent for Contoso").Wants(http.StatusOK, "New", "User.Read.All")
		b.Submit(grant, "Grant admin consent for Contoso", url.Values{"end": {"2001-01-01"}}).Wants(http.StatusUnprocessableEntity, "has not passed")
		b.Post(here+"/grant", url.Values{"shown": {"another"}}).Wants(http.StatusUnprocessableEntity, "has changed since the page was shown")
		b.Get(here).Wants(http.StatusOK, "Not granted for Contoso")
		p = b.Submit(grant, "Grant admin consent for Contoso", url.Values{"end": {"2999-01-01"}}).Wants(http.StatusOK, "Admin consent is granted for Contoso.", "Granted for Contoso", "Until Wed, Jan 2, 2999")
		m := member(t, s, s.A, "tess")
		m.Get(here+"/grant").Wants(http.StatusOK, "needs an administrator with a higher role")
		if p := m.Post(here+"/grant", url.Values{"shown": {"x"}}); p.Status == http.StatusOK {
			t.Errorf("a member grants: %s", p.Text())
		}
		if p := m.Post(here+"/add", url.Values{"api": {"00000003-0000-0000-c000-000000000000"}, "type": {"application"}, "permission": {usersRead}}); p.Status != http.StatusForbidden {
			t.Errorf("a member adds: %d %s", p.Status, p.Text())
		}
		p = b.Follow(p, "Remove… User.Read.All").Wants(http.StatusOK, "What is granted for Contoso stays")
		b.Submit(p, "Remove permission in Contoso", nil).Wants(http.StatusOK, "The permission is removed.", "It asks for nothing")
	})
}

// TestOwnAPIs: an API of the organization's own is found by name, with the type
// of permissions that it offers.
func TestOwnAPIs(t *testing.T) {
	each(t, func(t *testing.T, s *enttest.Server, b *browser.Browser, at string) {
		api := registered(t, s, s.A, map[string]any{"displayName": "Warehouse", "api": map[string]any{"oauth2PermissionScopes": []any{map[string]any{"id": enttest.NewID(), "value": "Stock.Read",
			"type": "User", "isEnabled": true, "adminConsentDisplayName": "Read stock", "adminConsentDescription": "Reads stock."}}}})
		s.Present(t, s.A, api.AppID)
		a := registered(t, s, s.A, map[string]any{"displayName": "Feed"})
		s.Present(t, s.A, a.AppID)
		here := at + "/" + a.ID + "/permissions"
		p := b.Ask(b.Get(here+"/add"), "Find APIs my organization uses", url.Values{"name": {"ware"}}).Wants(http.StatusOK, "Warehouse")
		b.Ask(p, "Continue", url.Values{"api": {api.AppID}, "type": {"application"}}).Wants(http.StatusOK, "The API offers no permissions of this type")
		p = b.Ask(p, "Continue", url.Values{"api": {api.AppID}, "type": {"delegated"}}).Wants(http.StatusOK, "Stock.Read", "Read stock")
		b.Submit(p, "Add permissions in Contoso", url.Values{"permission": {p.Offers("permission")[0]}}).Wants(http.StatusOK, "Warehouse", "Stock.Read", "Delegated")
		b.Ask(b.Get(here+"/add"), "Find APIs my organization uses", url.Values{"name": {"nothing"}}).Wants(http.StatusOK, "No API begins with")
		b.Get(here).Wants(http.StatusOK, "Contoso only. Other organizations can let it in once")
	})
}

// TestConsentLink: the link is for whom it was made for.
func TestConsentLink(t *testing.T) {
	each(t, func(t *testing.T, s *enttest.Server, b *browser.Browser, at string) {
		a := registered(t, s, s.A, map[string]any{"displayName": "Feed", "signInAudience": "AzureADMultipleOrgs", "web": map[string]any{"redirectUris": []string{"https://app.example/back"}}})
		s.Present(t, s.A, a.AppID)
		here := at + "/" + a.ID + "/permissions"
		for typed, segment := range map[string]string{"": "organizations", "organizations": "organizations", "Fabrikam.Example": "fabrikam.example", s.B.ID: s.B.ID} {
			p := b.Get(here + "?tenant=" + url.QueryEscape(typed))
			if want := s.Name + "/" + segment + "/adminconsent?client_id=" + a.AppID; code(p, "link") != want {
				t.Errorf("%q: %s, want %s", typed, code(p, "link"), want)
			}
		}
		for _, typed := range []string{"x/../y", "https://x.example", "x.example?a=b", "<b>"} {
			p := b.Get(here+"?tenant="+url.QueryEscape(typed)).Wants(http.StatusOK, "Enter a domain or a tenant ID")
			if !strings.HasPrefix(code(p, "link"), s.Name+"/organizations/") {
				t.Errorf("%q: %s", typed, code(p, "link"))
			}
		}
		theirs := browser.AsAdmin(t, s, s.B)
		if p := theirs.Get(strings.TrimPrefix(code(b.Get(here+"?tenant="+s.B.Domain), "link"), s.Name)); p.Status != http.StatusOK || !strings.Contains(p.Text(), "Application of Contoso") {
			t.Errorf("the link leads to %d %s", p.Status, p.Text())
		}
	})
}

package registrations_test

import (
	"encoding/json"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"entente/internal/enttest"
	"entente/internal/enttest/browser"
)

func TestAuthentication(t *testing.T) {
	each(t, func(t *testing.T, s *enttest.Server, b *browser.Browser, at string) {
		a := registered(t, s, s.A, map[string]any{"displayName": "Feed"})
		here := at + "/" + a.ID + "/authentication"
		p := b.Get(here).Wants(http.StatusOK, "There is none", "AADSTS500113")
		b.Submit(p, "Add redirect URI in Contoso", nil).Wants(http.StatusUnprocessableEntity, "Enter an address")
		b.Submit(p, "Add redirect URI in Contoso", url.Values{"uri": {"http://app.example"}}).Wants(http.StatusUnprocessableEntity, "redirectUris")
		p = b.Submit(p, "Add redirect URI in Contoso", url.Values{"uri": {"https://app.example/back?x=1"}}).Wants(http.StatusOK, "The redirect URI is added.", "https://app.example/back?x=1")
		p = b.Submit(p, "Add redirect URI in Contoso", url.Values{"uri": {"feed://done"}, "platform": {"publicClient"}}).Wants(http.StatusOK, "feed://done", "Public client/native")
		q := b.Follow(p, "Remove… https://app.example/back?x=1").Wants(http.StatusOK, "gets no answers of sign-ins any more")
		b.Submit(q, "Remove redirect URI in Contoso", nil).Wants(http.StatusOK, "The redirect URI is removed.", "feed://done")
		b.Get(here + "/remove?platform=web&uri=https://nothing.example").Wants(http.StatusNotFound)
		b.Submit(p, "Save in Contoso", url.Values{"logout": {"no address"}}).Wants(http.StatusUnprocessableEntity, "logoutUrl")
		b.Submit(p, "Save in Contoso", url.Values{"audience": {"AzureADMultipleOrgs"}, "public": {"yes"}, "logout": {"https://app.example/out"}}).Wants(http.StatusOK, "The settings are saved")
		var now struct {
			SignInAudience         string
			IsFallbackPublicClient bool
			Web                    struct {
				LogoutURL    string
				RedirectURIs []string
			}
			PublicClient struct{ RedirectURIs []string }
		}
		s.Graph(t, s.A, http.MethodGet, "/v1.0/applications/"+a.ID, nil, &now)
		if now.SignInAudience != "AzureADMultipleOrgs" || !now.IsFallbackPublicClient || now.Web.LogoutURL != "https://app.example/out" || len(now.Web.RedirectURIs) != 0 || len(now.PublicClient.RedirectURIs) != 1 {
			t.Errorf("%+v", now)
		}
	})
}

func TestExposing(t *testing.T) {
	each(t, func(t *testing.T, s *enttest.Server, b *browser.Browser, at string) {
		a, client := registered(t, s, s.A, map[string]any{"displayName": "Warehouse"}), registered(t, s, s.A, map[string]any{"displayName": "Feed"})
		here := at + "/" + a.ID + "/expose"
		p := b.Get(here).Wants(http.StatusOK, "Scopes defined by this API")
		if !strings.Contains(p.Body, ">\napi://"+a.AppID+"</textarea>") {
			t.Error("no URI is proposed")
		}
		b.Submit(p, "Save in Contoso", url.Values{"uris": {"https://elsewhere.example/api"}}).Wants(http.StatusUnprocessableEntity, "verified domain")
		b.Submit(p, "Save in Contoso", nil).Wants(http.StatusOK, "The application ID URIs are saved.")
		p = b.Follow(b.Get(here), "Add a scope")
		b.Submit(p, "Add scope in Contoso", url.Values{"value": {"Stock.Read"}}).Wants(http.StatusUnprocessableEntity, "Enter a description")
		typed := url.Values{"value": {"Stock.Read"}, "admin-name": {"Read stock"}, "admin-description": {"Reads stock."}, "type": {"User"}}
		p = b.Submit(p, "Add scope in Contoso", typed).Wants(http.StatusOK, "The scope is saved", "Stock.Read", "Admins and users", "Enabled")
		q := b.Follow(p, "Add a client application")
		b.Submit(q, "Add application in Contoso", url.Values{"client": {"x"}}).Wants(http.StatusUnprocessableEntity, "Enter the client’s application ID", "Choose at least one scope")
		b.Submit(q, "Add application in Contoso", url.Values{"client": {enttest.NewID()}, "scope": q.Offers("scope")}).Wants(http.StatusUnprocessableEntity, "No application that Contoso can use")
		q = b.Submit(q, "Add application in Contoso", url.Values{"client": {client.AppID}, "scope": q.Offers("scope")}).Wants(http.StatusOK, client.AppID, "The client application is authorized.")
		q = b.Follow(q, "Remove… "+client.AppID)
		b.Submit(q, "Remove client in Contoso", nil).Wants(http.StatusOK, "The client application is removed.")
		q = b.Follow(p, "Delete… Stock.Read")
		b.Submit(q, "Delete scope in Contoso", nil).Wants(http.StatusUnprocessableEntity, "disabled first")
		b.Submit(b.Follow(p, "Stock.Read"), "Save in Contoso", url.Values{"enabled": {}}).Wants(http.StatusOK, "Disabled")
		b.Submit(q, "Delete scope in Contoso", nil).Wants(http.StatusOK, "The scope is deleted.")
		b.Get(here + "/scopes/new/delete").Wants(http.StatusNotFound)
	})
}

func TestRolesAndOwners(t *testing.T) {
	each(t, func(t *testing.T, s *enttest.Server, b *browser.Browser, at string) {
		a := registered(t, s, s.A, map[string]any{"displayName": "Warehouse"})
		here := at + "/" + a.ID
		p := b.Follow(b.Get(here+"/roles").Wants(http.StatusOK, "It has no app roles"), "Create app role")
		b.Submit(p, "Create role in Contoso", url.Values{"name": {"Keeper"}}).Wants(http.StatusUnprocessableEntity, "Enter a value")
		b.Submit(p, "Create role in Contoso", url.Values{"name": {"Keeper"}, "value": {"two words"}, "description": {"x"}}).Wants(http.StatusUnprocessableEntity, "appRoles")
		p = b.Submit(p, "Create role in Contoso", url.Values{"name": {"Keeper"}, "value": {"Stock.Keep"}, "description": {"Keeps stock."}, "types": {"User", "Application"}}).
			Wants(http.StatusOK, "Keeper", "Stock.Keep", "Users/Groups, Applications", "Enabled")
		q := b.Follow(p, "Delete… Keeper")
		b.Submit(q, "Delete role in Contoso", nil).Wants(http.StatusUnprocessableEntity, "disabled first")
		b.Submit(b.Follow(p, "Keeper"), "Save in Contoso", url.Values{"enabled": {}}).Wants(http.StatusOK, "Disabled")
		b.Submit(q, "Delete role in Contoso", nil).Wants(http.StatusOK, "The role is deleted.")

		m := member(t, s, s.A, "tess")
		if p := m.Post(here+"/roles/new", url.Values{"name": {"x"}, "value": {"x"}, "description": {"x"}, "types": {"User"}}); p.Status != http.StatusForbidden {
			t.Errorf("a member makes a role: %d", p.Status)
		}
		p = b.Follow(b.Get(here+"/owners"), "Add owners")
		b.Submit(p, "Add owners in Contoso", nil).Wants(http.StatusUnprocessableEntity, "Find somebody")
		p = b.Submit(p, "Find People and applications", url.Values{"who": {"Person te"}}).Wants(http.StatusOK, "Person tess")
		p = b.Submit(p, "Add owners in Contoso", url.Values{"owner": p.Offers("owner")}).Wants(http.StatusOK, "It has more owners now.", "Person tess")
		m.Submit(m.Get(here+"/roles/new"), "Create role in Contoso", url.Values{"name": {"Mine"}, "value": {"Mine"}, "description": {"x"}, "types": {"User"}}).Wants(http.StatusOK, "Mine")
		b.Submit(b.Follow(p, "Remove… Person tess"), "Remove owner in Contoso", nil).Wants(http.StatusOK, "The owner is removed.")
		b.Get(here + "/owners/" + enttest.NewID() + "/remove").Wants(http.StatusNotFound)
	})
}

// TestManifest: what is shown is what Graph gives.
func TestManifest(t *testing.T) {
	each(t, func(t *testing.T, s *enttest.Server, b *browser.Browser, at string) {
		a := registered(t, s, s.A, map[string]any{"displayName": "Feed </code><b>\u202eturned"})
		p := b.Get(at+"/"+a.ID+"/manifest").Wants(http.StatusOK, "Manifest")
		if strings.Contains(p.Body, "\u202e") || strings.Contains(p.Body, "</code><b>") {
			t.Error("a name is not inert")
		}
		m := regexp.MustCompile(`(?s)<code id="manifest">(.*?)</code>`).FindStringSubmatch(p.Body)
		if m == nil {
			t.Fatal(p.Text())
		}
		var shown, given map[string]any
		if err := json.Unmarshal([]byte(html.UnescapeString(m[1])), &shown); err != nil {
			t.Fatal(err)
		}
		s.Graph(t, s.A, http.MethodGet, "/v1.0/applications/"+a.ID, nil, &given)
		delete(given, "@odata.context")
		for name, value := range given {
			got, _ := json.Marshal(shown[name])
			want, _ := json.Marshal(value)
			if string(got) != string(want) {
				t.Errorf("%s: %s, Graph says %s", name, got, want)
			}
		}
	})
}

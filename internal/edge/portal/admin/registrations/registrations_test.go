package registrations_test

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"entente/internal/enttest"
	"entente/internal/enttest/browser"
	"entente/internal/kit/sqldb"
)

const password = "Copper-Lantern-72"

// each runs a test with an administrator of the first tenant, at its app
// registrations.
func each(t *testing.T, test func(t *testing.T, s *enttest.Server, b *browser.Browser, at string)) {
	enttest.Each(t, func(t *testing.T, engine sqldb.Engine) {
		s := enttest.Start(t, enttest.Options{Engine: engine})
		test(t, s, browser.AsAdmin(t, s, s.A), "/@"+s.A.Domain+"/admin/app-registrations")
	})
}

// member is a person of a tenant without a role.
func member(t *testing.T, s *enttest.Server, in *enttest.Tenant, nick string) *browser.Browser {
	t.Helper()
	s.Graph(t, in, http.MethodPost, "/v1.0/users", map[string]any{"accountEnabled": true, "displayName": "Person " + nick, "mailNickname": nick, "userPrincipalName": nick + "@" + in.Domain,
		"passwordProfile": map[string]any{"password": password, "forceChangePasswordNextSignIn": false}}, nil)
	return browser.As(t, s, nick+"@"+in.Domain, password)
}

// An application is what Graph says of one.
type application struct {
	ID    string `json:"id"`
	AppID string `json:"appId"`
}

// registered makes an application through Graph.
func registered(t *testing.T, s *enttest.Server, in *enttest.Tenant, body map[string]any) (a application) {
	t.Helper()
	s.Graph(t, in, http.MethodPost, "/v1.0/applications", body, &a)
	return a
}

func TestRegistering(t *testing.T) {
	each(t, func(t *testing.T, s *enttest.Server, b *browser.Browser, at string) {
		p := b.Follow(b.Get(at).Wants(http.StatusOK, "Owned applications"), "New registration").
			Wants(http.StatusOK, "Supported account types", "Accounts in any organizational directory", "its service principal (enterprise application) in Contoso")
		refused := b.Submit(p, "Register in Contoso", url.Values{"name": {" "}, "redirect": {"https://app.example/back"}}).Wants(http.StatusUnprocessableEntity, "Enter a name")
		if !strings.Contains(refused.Body, "https://app.example/back") {
			t.Error("what was typed is lost")
		}
		b.Submit(p, "Register in Contoso", url.Values{"name": {"x"}, "redirect": {"http://elsewhere.example"}}).Wants(http.StatusUnprocessableEntity, "redirectUris")
		p = b.Submit(p, "Register in Contoso", url.Values{"name": {"Feed <i>reader\u202e"}, "audience": {"AzureADMultipleOrgs"}, "platform": {"spa"}, "redirect": {"https://app.example/back"}}).
			Wants(http.StatusOK, "The application is registered.", "Its service principal in Contoso was made with it", "Application (client) ID", "Object ID", "Directory (tenant) ID",
				s.A.ID, "Feed <i>reader", "Multitenant", "0 web, 1 SPA, 0 public client", "0 certificates, 0 secrets")
		if strings.Contains(p.Body, "<i>") || strings.Contains(p.Body, "\u202e") {
			t.Error("a name is not inert")
		}
		here := p.At.Path
		var made struct{ AppID string }
		s.Graph(t, s.A, http.MethodGet, "/v1.0/applications"+here[strings.LastIndex(here, "/"):], nil, &made)
		var principals struct {
			Value []struct {
				ID   string
				Tags []string
			}
		}
		s.Graph(t, s.A, http.MethodGet, "/v1.0/servicePrincipals?$filter="+url.QueryEscape("appId eq '"+made.AppID+"'"), nil, &principals)
		if len(principals.Value) != 1 || len(principals.Value[0].Tags) != 1 || !strings.Contains(p.Body, principals.Value[0].ID) {
			t.Fatalf("service principals: %+v", principals)
		}
		for _, find := range []string{"feed <", made.AppID, made.AppID[:9]} {
			b.Get(at+"?find="+url.QueryEscape(find)).Wants(http.StatusOK, "Feed <i>reader", made.AppID)
		}
		b.Get(at+"?find=nothing").Wants(http.StatusOK, "Nothing meets the filter")
		b.Get(at+"/owned").Wants(http.StatusOK, "Feed <i>reader")

		s.Graph(t, s.A, http.MethodDelete, "/v1.0/servicePrincipals/"+principals.Value[0].ID, nil, nil)
		p = b.Get(here).Wants(http.StatusOK, "It has none.")
		b.Submit(p, "Create service principal", nil).Wants(http.StatusOK, "The service principal is made.")

		p = b.Follow(b.Get(here), "Delete…").Wants(http.StatusOK, "It can be restored for thirty days.")
		b.Submit(p, "Delete application in Contoso", nil).Wants(http.StatusOK, "The application is deleted.")
		b.Get(here).Wants(http.StatusNotFound)
	})
}

// TestWhoSees: members register and own, as in Microsoft Graph; what is another
// organization's is as absent as what nobody has.
func TestWhoSees(t *testing.T) {
	each(t, func(t *testing.T, s *enttest.Server, b *browser.Browser, at string) {
		ours := registered(t, s, s.A, map[string]any{"displayName": "Quarry of A"})
		theirs := registered(t, s, s.B, map[string]any{"displayName": "Quarry of B"})
		m := member(t, s, s.A, "tess")
		m.Get(at+"/owned").Wants(http.StatusOK, "You own no application")
		p := m.Submit(m.Get(at+"/new"), "Register in Contoso", url.Values{"name": {"Mine"}, "audience": {"AzureADMyOrg"}}).Wants(http.StatusOK, "The application is registered.")
		m.Get(at+"/owned").Wants(http.StatusOK, "Mine")
		m.Submit(m.Follow(p, "Delete…"), "Delete application in Contoso", nil).Wants(http.StatusOK, "The application is deleted.")
		m.Post(at+"/"+ours.ID+"/delete", nil).Wants(http.StatusForbidden, "for the role")

		stranger := browser.AsAdmin(t, s, s.B)
		for _, c := range []struct {
			who *browser.Browser
			at  string
			id  string
			now int
		}{
			{b, at, theirs.ID, http.StatusNotFound}, {stranger, strings.Replace(at, s.A.Domain, s.B.Domain, 1), ours.ID, http.StatusNotFound},
			{b, at, enttest.NewID(), http.StatusNotFound}, {stranger, at, ours.ID, http.StatusForbidden},
		} {
			for _, rest := range gets {
				if p := c.who.Get(c.at + "/" + c.id + rest); p.Status != c.now || strings.Contains(p.Body, "Quarry") {
					t.Errorf("%s of %s: %d %s", rest, c.id, p.Status, p.Text())
				}
			}
			for _, rest := range posts {
				if p := c.who.Post(c.at+"/"+c.id+rest, url.Values{"name": {"x"}}); p.Status != c.now || strings.Contains(p.Body, "Quarry") {
					t.Errorf("post %s of %s: %d %s", rest, c.id, p.Status, p.Text())
				}
			}
		}
		b.Get(at+"/"+ours.ID).Wants(http.StatusOK, "Quarry of A")
	})
}

// The pages of one application.
var (
	gets = []string{"", "/delete", "/credentials", "/credentials/secrets/new", "/credentials/certificates/new", "/credentials/secrets/" + nobody + "/remove", "/federated/new", "/federated/" + nobody,
		"/permissions", "/permissions/add", "/permissions/grant", "/permissions/" + nobody + "/application/" + nobody + "/remove", "/authentication", "/authentication/remove", "/expose", "/expose/scopes/new", "/expose/scopes/" + nobody + "/delete",
		"/expose/clients/new", "/expose/clients/" + nobody + "/remove", "/roles", "/roles/new", "/roles/" + nobody + "/delete", "/owners", "/owners/add", "/owners/" + nobody + "/remove", "/manifest"}
	posts = []string{"/service-principal", "/delete", "/credentials/secrets/new", "/credentials/certificates/new", "/credentials/secrets/" + nobody + "/remove", "/federated/new", "/permissions/add", "/permissions/grant",
		"/permissions/" + nobody + "/application/" + nobody + "/remove", "/authentication", "/authentication/add", "/authentication/remove", "/expose", "/expose/scopes/new", "/expose/clients/new", "/roles/new", "/owners/add", "/owners/" + nobody + "/remove"}
)

const nobody = "7d1c9d52-6f7e-4a1c-9a43-1c9f3c2b7a10"

// code returns what a page offers to copy.
func code(p browser.Page, id string) string {
	m := regexp.MustCompile(`<code class="copy" id="` + id + `">([^<]*)<`).FindStringSubmatch(p.Body)
	if m == nil {
		return ""
	}
	return html.UnescapeString(m[1])
}

package enterprise_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"entente/internal/enttest"
	"entente/internal/enttest/browser"
	"entente/internal/kit/sqldb"
)

type m = map[string]any

const password = "Copper-Lantern-72"

// A stage is a server with an application of Contoso that Fabrikam has consented to.
type stage struct {
	*enttest.Server
	t    *testing.T
	app  enttest.Application
	a, b *browser.Browser // the administrators
}

// each runs a test on a stage of each engine.
func each(t *testing.T, test func(s *stage)) {
	t.Helper()
	enttest.Each(t, func(t *testing.T, engine sqldb.Engine) {
		server := enttest.Start(t, enttest.Options{Engine: engine})
		s := &stage{Server: server, t: t, a: browser.AsAdmin(t, server, server.A), b: browser.AsAdmin(t, server, server.B)}
		s.Graph(t, s.A, http.MethodPost, "/v1.0/applications", m{"displayName": "Directory <i>sync", "signInAudience": "AzureADMultipleOrgs", "appRoles": []m{{"id": reader, "displayName": "Reader", "description": "Reads reports", "value": "Reader", "allowedMemberTypes": []string{"User"}, "isEnabled": true}},
			"requiredResourceAccess": []m{{"resourceAppId": "00000003-0000-0000-c000-000000000000", "resourceAccess": []m{{"id": "df021288-bdef-4463-88db-98f22de89214", "type": "Role"}, {"id": "e1fe6dd8-ba31-4d61-89e7-88639da4683d", "type": "Scope"}}}}}, &s.app)
		test(s)
	})
}

const reader = "7c1f8f62-0a52-4b0e-8b39-0f4a2f0e5a01"

// consent has Fabrikam's administrator consent on the page of the link.
func (s *stage) consent(until string) {
	s.t.Helper()
	p := s.b.Get("/" + s.B.ID + "/adminconsent?client_id=" + s.app.AppID)
	p = s.b.Submit(p, "Go on as "+s.B.AdminUPN, nil)
	s.b.Submit(p, "Consent for Fabrikam", url.Values{"until": {until}, "decision": {"accept"}}).Wants(http.StatusOK, "AADSTS500113")
}

func (s *stage) at(in *enttest.Tenant, path string) string { return "/@" + in.Domain + "/admin" + path }

func (s *stage) user(in *enttest.Tenant, nick string) (id string) {
	s.t.Helper()
	var made struct{ ID string }
	s.Graph(s.t, in, http.MethodPost, "/v1.0/users", m{"accountEnabled": true, "displayName": "Person " + nick, "mailNickname": nick, "userPrincipalName": nick + "@" + in.Domain,
		"passwordProfile": m{"password": password, "forceChangePasswordNextSignIn": false}}, &made)
	return made.ID
}

// TestBothSides: an application crosses, and each side has a list of it; what one
// ends is gone from both.
func TestBothSides(t *testing.T) {
	each(t, func(s *stage) {
		here, elsewhere := s.at(s.B, "/foreign-applications"), s.at(s.A, "/our-applications-elsewhere")
		s.b.Get(here).Wants(http.StatusOK, "No application of another organization is here")
		s.a.Get(elsewhere).Wants(http.StatusOK, "No other organization has let an application of yours in")
		last := time.Now().AddDate(0, 2, 0)
		s.consent(last.Format(time.DateOnly))
		list := s.b.Get(here).Wants(http.StatusOK, "Directory <i>sync", "Contoso", "Application: User.Read.All", "Delegated: User.Read", "Not lately")
		if strings.Contains(list.Body, "Directory <i>") {
			t.Error("a name is not escaped")
		}
		theirs := s.a.Get(elsewhere).Wants(http.StatusOK, "Directory <i>sync", "Fabrikam", "Application: User.Read.All", "Delegated: User.Read")
		s.a.Follow(theirs, "Directory <i>sync").Wants(http.StatusOK, "in Fabrikam", s.app.AppID, s.B.ID, "User.Read.All", "Microsoft Graph", "What the other side decides")
		if p := s.a.Follow(theirs, "Directory <i>sync"); strings.Contains(p.Text(), s.B.AdminUPN) || strings.Contains(p.Text(), "End or shorten") {
			t.Errorf("the home sees who consented, or may end it: %s", p.Text())
		}
		s.a.Get(elsewhere+"?find=direct").Wants(http.StatusOK, "Fabrikam")
		s.a.Get(elsewhere+"?find=nothing").Wants(http.StatusOK, "Nothing meets the filter")

		one := s.b.Follow(list, "Directory <i>sync").Wants(http.StatusOK, "Enabled", "Unverified", "Contoso", s.app.AppID, "Every user of Fabrikam can sign in to it.")
		p := s.b.Follow(one, "Permissions").Wants(http.StatusOK, "Application permissions", "User.Read.All", "Delegated permissions", "User.Read", s.B.AdminUPN, "Consent, ", "Nobody has agreed to anything for themselves alone.")
		p = s.b.Follow(p, "End or shorten… User.Read.All").Wants(http.StatusOK, "What it keeps", "User.Read.All", "User.Read", s.B.AdminUPN)
		consent := p.At.Path
		p = s.b.Follow(p, "Change the end…")
		s.b.Submit(p, "Change the end in Fabrikam", url.Values{"end": {"soon"}}).Wants(http.StatusUnprocessableEntity, "Enter a date, such as 2027-03-31")
		s.b.Submit(p, "Change the end in Fabrikam", url.Values{"end": {""}}).Wants(http.StatusUnprocessableEntity, "Enter a date, such as 2027-03-31")
		s.b.Submit(p, "Change the end in Fabrikam", url.Values{"end": {"2001-01-01"}}).Wants(http.StatusUnprocessableEntity, "The end must be in the future")
		s.b.Submit(p, "Change the end in Fabrikam", url.Values{"end": {last.AddDate(1, 0, 0).Format(time.DateOnly)}}).Wants(http.StatusUnprocessableEntity, "It ends before that already")
		sooner := last.AddDate(0, -1, 0)
		s.b.Submit(p, "Change the end in Fabrikam", url.Values{"end": {sooner.Format(time.DateOnly)}}).Wants(http.StatusOK, "The end is changed.", sooner.AddDate(0, 0, 1).Format("Jan 2, 2006"))
		s.a.Get(elsewhere).Wants(http.StatusOK, sooner.Format("Jan 2, 2006"))
		s.b.Submit(s.b.Follow(s.b.Get(consent), "Revoke… User.Read").Wants(http.StatusOK, "Revoke User.Read?"), "Revoke permission in Fabrikam", nil).Wants(http.StatusOK, "The permission is revoked.", "User.Read.All")
		s.b.Submit(s.b.Follow(s.b.Get(consent), "End it now…").Wants(http.StatusOK, "End the consent to Directory <i>sync?"), "End consent in Fabrikam", nil).
			Wants(http.StatusOK, "The consent has ended, and with it the application is gone from here.")
		s.b.Get(here).Wants(http.StatusOK, "No application of another organization is here")
		s.a.Get(elsewhere).Wants(http.StatusOK, "No other organization has let an application of yours in")
		s.b.Get(consent).Wants(http.StatusNotFound)
	})
}

// TestOne: an enterprise application is found, changed, opened to a user, and deleted.
func TestOne(t *testing.T) {
	each(t, func(s *stage) {
		s.consent("")
		s.user(s.B, "tess")
		list := s.at(s.B, "/enterprise-applications")
		s.b.Get(list).Wants(http.StatusOK, "Directory <i>sync", "Contoso", "Microsoft Graph", "Part of this installation", "Application: User.Read.All")
		s.b.Get(list+"?find="+s.app.AppID).Wants(http.StatusOK, "Directory <i>sync")
		for from, found := range map[string]bool{"own": false, "foreign": true, "identity": false, "builtIn": false} {
			if p := s.b.Get(list + "?find=dir&from=" + from); strings.Contains(p.Text(), "Directory <i>sync") != found {
				t.Errorf("from %s: %s", from, p.Text())
			}
		}
		one := s.b.Follow(s.b.Get(list+"?find=direct"), "Directory <i>sync")
		s.b.Follow(one, "Its audit logs").Wants(http.StatusOK, "Add service principal", "Consent to application")
		s.b.Follow(one, "Its sign-in logs").Wants(http.StatusOK, "Nothing meets the filter")
		p := s.b.Follow(one, "Properties")
		s.b.Submit(p, "Save in Fabrikam", url.Values{"enabled": nil, "required": {"yes"}, "notes": {"Ask <b>first"}}).
			Wants(http.StatusOK, "The properties are saved.", "Disabled", "Only who is assigned to it", "Ask <b>first")
		s.b.Submit(p, "Save in Fabrikam", url.Values{"enabled": {"yes"}, "required": nil, "notes": {strings.Repeat("x", 2000)}}).Wants(http.StatusUnprocessableEntity, "notes")
		s.b.Submit(p, "Save in Fabrikam", url.Values{"enabled": {"yes"}, "required": nil, "notes": {""}}).Wants(http.StatusOK, "Enabled", "Every user of Fabrikam")

		p = s.b.Follow(s.b.Follow(one, "Users and groups").Wants(http.StatusOK, "Nobody is assigned"), "Add user/group").Wants(http.StatusOK, "Reader", "Reads reports")
		add := p
		s.b.Submit(p, "Assign in Fabrikam", nil).Wants(http.StatusUnprocessableEntity, "Find somebody, and pick them")
		p = s.b.Submit(p, "Assign in Fabrikam", url.Values{"who": {"person t"}, "find-who": {"yes"}}).Wants(http.StatusOK, "Person tess")
		s.b.Submit(p, "Assign in Fabrikam", url.Values{"principal": {p.Value(t, "principal")}, "find-who": nil, "end": {"2001-01-01"}}).Wants(http.StatusUnprocessableEntity, "The end must be in the future")
		s.b.Submit(p, "Assign in Fabrikam", url.Values{"principal": {p.Value(t, "principal")}, "find-who": nil}).Wants(http.StatusOK, "The assignment is made.", "Person tess", "Reader", "No end")
		s.b.Submit(p, "Assign in Fabrikam", url.Values{"principal": {p.Value(t, "principal")}, "find-who": nil}).Wants(http.StatusUnprocessableEntity, "They have this role already")
		users := s.b.Get(one.At.Path+"/users?find=pers&type=User").Wants(http.StatusOK, "Person tess")
		s.b.Get(one.At.Path+"/users?type=Group").Wants(http.StatusOK, "Nothing meets the filter")
		tess := browser.As(t, s.Server, "tess@"+s.B.Domain, password)
		if p := tess.Post(add.At.Path, url.Values{"principal": {p.Value(t, "principal")}, "role": {reader}}); p.Status != http.StatusForbidden || !strings.Contains(p.Text(), "role") {
			t.Errorf("a member assigns: %d %s", p.Status, p.Text())
		}
		for _, rest := range []string{"/delete", "/properties"} {
			if p := tess.Post(one.At.Path+rest, url.Values{"notes": {"mine"}}); p.Status != http.StatusForbidden {
				t.Errorf("a member, %s: %d %s", rest, p.Status, p.Text())
			}
		}
		s.b.Submit(s.b.Follow(users, "Remove… Person tess, Reader").Wants(http.StatusOK, "Remove Person tess?"), "Remove assignment in Fabrikam", nil).Wants(http.StatusOK, "The assignment is removed.", "Nobody is assigned")

		s.b.Submit(s.b.Follow(one, "Delete…").Wants(http.StatusOK, "Delete Directory <i>sync?"), "Delete application in Fabrikam", nil).Wants(http.StatusOK, "The application is deleted here.")
		s.b.Get(one.At.Path).Wants(http.StatusNotFound)
	})
}

// TestUserConsent: what a user agreed to is listed and can be taken back.
func TestUserConsent(t *testing.T) {
	each(t, func(s *stage) {
		client, tess := s.Present(t, s.B, s.app.AppID), s.user(s.B, "tess")
		var graph struct{ ID string }
		s.Graph(t, s.B, http.MethodGet, "/v1.0/servicePrincipals(appId='00000003-0000-0000-c000-000000000000')", nil, &graph)
		s.Graph(t, s.B, http.MethodPost, "/v1.0/oauth2PermissionGrants", m{"clientId": client.ID, "resourceId": graph.ID, "consentType": "Principal", "principalId": tess, "scope": "User.Read profile"}, nil)
		one := s.b.Get(s.at(s.B, "/enterprise-applications/"+client.ID)).Wants(http.StatusOK, "Delegated by single users")
		p := s.b.Follow(one, "User consent").Wants(http.StatusOK, "Person tess", "User.Read profile", "Microsoft Graph")
		s.b.Submit(s.b.Follow(p, "Revoke… Person tess").Wants(http.StatusOK, "Revoke the consent of Person tess?", "User.Read profile"), "Revoke consent in Fabrikam", nil).
			Wants(http.StatusOK, "The consent is revoked.", "No user has consented")
	})
}

// TestOthers: another organization's identifiers are as absent as nobody's.
func TestOthers(t *testing.T) {
	each(t, func(s *stage) {
		s.consent("")
		one := s.b.Follow(s.b.Get(s.at(s.B, "/foreign-applications")), "Directory <i>sync").At.Path
		consent := s.b.Follow(s.b.Follow(s.b.Get(one), "Permissions"), "End or shorten… User.Read.All").At.Path
		revoke := s.b.Get(consent).Link("Revoke… User.Read.All")
		theirs := func(path string) string { return strings.Replace(path, "@"+s.B.Domain, "@"+s.A.Domain, 1) }
		for _, path := range []string{one, one + "/users", one + "/users/add", one + "/permissions", one + "/user-consents", one + "/properties", one + "/delete", consent, consent + "/shorten", consent + "/end", revoke} {
			if p := s.a.Get(theirs(path)); p.Status != http.StatusNotFound || strings.Contains(p.Body, "sync") {
				t.Errorf("%s: %d %s", path, p.Status, p.Text())
			}
		}
		for _, path := range []string{one + "/users/add", one + "/properties", one + "/delete", consent + "/shorten", consent + "/end", revoke} {
			if p := s.a.Post(theirs(path), url.Values{"end": {"2199-01-01"}, "role": {reader}, "principal": {enttest.NewID()}}); p.Status != http.StatusNotFound {
				t.Errorf("post %s: %d %s", path, p.Status, p.Text())
			}
			if p := s.a.Post(path, url.Values{}); p.Status != http.StatusForbidden {
				t.Errorf("post at the other's address %s: %d %s", path, p.Status, p.Text())
			}
		}
		s.b.Get(s.at(s.B, "/our-applications-elsewhere") + "/" + one[strings.LastIndex(one, "/")+1:]).Wants(http.StatusNotFound)
		s.b.Get(one+"/permissions").Wants(http.StatusOK, "User.Read.All", "User.Read")
		for _, path := range []string{one + "/users/nobody/remove", one + "/user-consents/nobody/revoke", one + "/consents/" + enttest.NewID(), one + "/consents/nobody", one + "/permissions/revoke"} {
			if p := s.b.Get(path); p.Status != http.StatusNotFound {
				t.Errorf("%s: %d %s", path, p.Status, p.Text())
			}
		}
		s.user(s.A, "tess")
		tess := browser.As(t, s.Server, "tess@"+s.A.Domain, password)
		if p := tess.Get(s.at(s.A, "/our-applications-elsewhere")); p.Status != http.StatusForbidden || strings.Contains(p.Text(), "Fabrikam") || !strings.Contains(p.Text(), "role") {
			t.Errorf("a member looks elsewhere: %d %s", p.Status, p.Text())
		}
	})
}

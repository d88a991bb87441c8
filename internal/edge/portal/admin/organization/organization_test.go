package organization_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"entente/internal/enttest"
	"entente/internal/enttest/browser"
	"entente/internal/kit/sqldb"
)

type m = map[string]any

const (
	password      = "Copper-Lantern-72"
	reportsReader = "4a5d8f65-41da-4de4-8968-e035b65339cf"
	globalAdmin   = "62e90394-69f5-4237-9190-012177145e10"
)

func each(t *testing.T, test func(t *testing.T, s *enttest.Server, b *browser.Browser, at string)) {
	t.Helper()
	enttest.Each(t, func(t *testing.T, engine sqldb.Engine) {
		s := enttest.Start(t, enttest.Options{Engine: engine})
		test(t, s, browser.AsAdmin(t, s, s.A), "/@"+s.A.Domain+"/admin")
	})
}

func user(t *testing.T, s *enttest.Server, in *enttest.Tenant, nick string) string {
	t.Helper()
	var made struct{ ID string }
	s.Graph(t, in, http.MethodPost, "/v1.0/users", m{"accountEnabled": true, "displayName": "Person <i>" + nick, "mailNickname": nick, "userPrincipalName": nick + "@" + in.Domain,
		"passwordProfile": m{"password": password, "forceChangePasswordNextSignIn": false}}, &made)
	return made.ID
}

// refused wants the answer to be that somebody may not, or that nothing is there.
func refused(t *testing.T, p browser.Page, status int) {
	t.Helper()
	if p.Status != status || strings.Contains(p.Body, "quarry") {
		t.Errorf("%s: %d %s, want %d", p.At, p.Status, p.Text(), status)
	}
}

// TestRoles: a role is found, given to somebody, works, and is taken back; the last
// Global Administrator stays one.
func TestRoles(t *testing.T) {
	each(t, func(t *testing.T, s *enttest.Server, b *browser.Browser, at string) {
		user(t, s, s.A, "tess")
		b.Get(at+"/roles").Wants(http.StatusOK, "Global Administrator", "Privileged", "Reports Reader")
		if p := b.Get(at + "/roles?given=yes"); !strings.Contains(p.Text(), "Global Administrator") || strings.Contains(p.Text(), "Reports Reader") {
			t.Errorf("the roles that somebody has: %s", p.Text())
		}
		b.Get(at+"/roles?find=nothing+such").Wants(http.StatusOK, "Nothing meets the filter")
		role := b.Follow(b.Get(at+"/roles?find=reports"), "Reports Reader").Wants(http.StatusOK, "Nobody has this role")
		b.Follow(role, "What it allows").Wants(http.StatusOK, "microsoft.directory/auditLogs/allProperties/read")
		p := b.Follow(role, "Add assignments")
		b.Submit(p, "Give role in Contoso", nil).Wants(http.StatusUnprocessableEntity, "Find somebody, and pick them")
		b.Submit(p, "Give role in Contoso", url.Values{"who": {"nobody at all"}, "find-who": {"yes"}}).Wants(http.StatusOK, "Nothing else begins with")
		p = b.Submit(p, "Give role in Contoso", url.Values{"who": {"person"}, "find-who": {"yes"}}).Wants(http.StatusOK, "Person <i>tess")
		principal := p.Value(t, "principal")

		tess := browser.As(t, s, "tess@"+s.A.Domain, password)
		if p := tess.Get(at + "/audit-logs"); p.Status != http.StatusForbidden {
			t.Errorf("without a role: %d", p.Status)
		}
		if p := tess.Post(at+"/roles/"+reportsReader+"/add", url.Values{"principal": {principal}}); p.Status != http.StatusForbidden || !strings.Contains(p.Text(), "Privileged Role Administrator") {
			t.Errorf("a member gives a role: %d %s", p.Status, p.Text())
		}
		given := b.Submit(p, "Give role in Contoso", url.Values{"principal": {principal}, "find-who": nil}).Wants(http.StatusOK, "The role is given.", "Person <i>tess", "The whole organization", "User")
		if strings.Contains(given.Body, "Person <i>") {
			t.Error("a name is not escaped")
		}
		b.Submit(p, "Give role in Contoso", url.Values{"principal": {principal}, "find-who": nil}).Wants(http.StatusUnprocessableEntity, "They have this role already")
		tess.Get(at + "/audit-logs").Wants(http.StatusOK)
		p = b.Follow(given, "Remove… Person <i>tess").Wants(http.StatusOK, "Remove Person <i>tess from Reports Reader?")
		refused(t, tess.Post(p.At.Path, url.Values{}), http.StatusForbidden)
		wrong := strings.Replace(p.At.Path, reportsReader, globalAdmin, 1)
		refused(t, b.Get(wrong), http.StatusNotFound)
		refused(t, b.Post(wrong, url.Values{}), http.StatusNotFound)
		other := browser.AsAdmin(t, s, s.B)
		there := strings.Replace(p.At.Path, "@"+s.A.Domain, "@"+s.B.Domain, 1)
		refused(t, other.Get(there), http.StatusNotFound)
		refused(t, other.Post(there, url.Values{}), http.StatusNotFound)
		refused(t, other.Post(p.At.Path, url.Values{}), http.StatusForbidden)
		other.Post("/@"+s.B.Domain+"/admin/roles/"+reportsReader+"/add", url.Values{"principal": {principal}}).Wants(http.StatusNotFound)
		b.Submit(p, "Remove assignment in Contoso", nil).Wants(http.StatusOK, "The assignment is removed.", "Nobody has this role")
		if p := tess.Get(at + "/audit-logs"); p.Status != http.StatusForbidden {
			t.Errorf("when the role is taken back: %d", p.Status)
		}
		var me struct{ ID string }
		s.Graph(t, s.A, http.MethodGet, "/v1.0/users/"+s.A.AdminUPN, nil, &me)
		var mine struct{ Value []struct{ ID string } }
		s.Graph(t, s.A, http.MethodGet, "/v1.0/roleManagement/directory/roleAssignments?$filter=principalId+eq+'"+me.ID+"'", nil, &mine)
		b.Get(at+"/roles/"+globalAdmin).Wants(http.StatusOK, s.A.AdminUPN)
		p = b.Get(at+"/roles/"+globalAdmin+"/"+mine.Value[0].ID+"/remove").Wants(http.StatusOK, "from Global Administrator?")
		b.Submit(p, "Remove assignment in Contoso", nil).Wants(http.StatusUnprocessableEntity, "Removing self from Global Administrator")
		for _, path := range []string{"/roles/" + enttest.NewID(), "/roles/none", "/roles/" + reportsReader + "/none/remove", "/roles/a0b1b346-4d3e-4e8b-98f8-753987be4970"} {
			refused(t, b.Get(at+path), http.StatusNotFound)
		}
	})
}

// TestDomains: a domain is added, proved by the record that the page shows, made
// the primary one, and deleted.
func TestDomains(t *testing.T) {
	each(t, func(t *testing.T, s *enttest.Server, b *browser.Browser, at string) {
		user(t, s, s.A, "tess")
		list := b.Get(at+"/domains").Wants(http.StatusOK, s.A.Domain, "Verified", "Primary")
		add := b.Follow(list, "Add custom domain")
		b.Submit(add, "Add domain to Contoso", url.Values{"name": {"<b>"}}).Wants(http.StatusUnprocessableEntity, "is no domain name")
		p := b.Submit(add, "Add domain to Contoso", url.Values{"name": {"Turbines.example"}}).Wants(http.StatusOK, "The domain is added.", "Unverified", "TXT", "MS=ms", "3600", "32767")
		b.Submit(add, "Add domain to Contoso", url.Values{"name": {"turbines.example"}}).Wants(http.StatusUnprocessableEntity, "has the domain turbines.example already")
		b.Submit(p, "Verify domain for Contoso", nil).Wants(http.StatusUnprocessableEntity, "The record was not found in DNS", "MS=ms")
		words := strings.Fields(p.Text())
		record := ""
		for _, w := range words {
			if strings.HasPrefix(w, "MS=ms") {
				record = w
			}
		}
		other := browser.AsAdmin(t, s, s.B)
		refused(t, other.Get("/@"+s.B.Domain+"/admin/domains/names/turbines.example"), http.StatusNotFound)
		s.Publish(t, "turbines.example. TXT "+record)
		refused(t, other.Post("/@"+s.B.Domain+"/admin/domains/names/turbines.example/verify", url.Values{}), http.StatusNotFound)
		refused(t, browser.As(t, s, "tess@"+s.A.Domain, password).Post(p.At.Path+"/verify", url.Values{}), http.StatusForbidden)
		p = b.Submit(p, "Verify domain for Contoso", nil).Wants(http.StatusOK, "The domain is verified.", "Make primary")
		p = b.Submit(p, "Make primary", nil).Wants(http.StatusOK, "The domain is the primary one.", "Primary")
		if strings.Contains(p.Text(), "Delete…") {
			t.Error("the primary domain can be deleted")
		}
		b.Post(p.At.Path+"/delete", url.Values{}).Wants(http.StatusUnprocessableEntity, "cannot be deleted")
		b.Submit(b.Get(at+"/domains/names/"+s.A.Domain), "Make primary", nil).Wants(http.StatusOK, "The domain is the primary one.")
		s.Graph(t, s.A, http.MethodPost, "/v1.0/users", m{"accountEnabled": true, "displayName": "Under it", "mailNickname": "under", "userPrincipalName": "under@turbines.example", "passwordProfile": m{"password": password}}, nil)
		p = b.Follow(b.Get(at+"/domains/names/turbines.example"), "Delete…").Wants(http.StatusOK, "Delete turbines.example?")
		b.Submit(p, "Delete domain in Contoso", nil).Wants(http.StatusUnprocessableEntity, "have names under it")
		b.Submit(p, "Delete domain in Contoso", url.Values{"force": {"yes"}}).Wants(http.StatusOK, "The domain is being deleted")
		b.Submit(add, "Add domain to Contoso", url.Values{"name": {"supplier.example"}})
		b.Submit(b.Follow(b.Get(at+"/domains/names/supplier.example"), "Delete…"), "Delete domain in Contoso", nil).Wants(http.StatusOK, "The domain is deleted.")
		refused(t, b.Get(at+"/domains/names/supplier.example"), http.StatusNotFound)
	})
}

// TestCrossTenantAccess: the default and an organization's own settings are
// changed; what is inherited follows.
func TestCrossTenantAccess(t *testing.T) {
	each(t, func(t *testing.T, s *enttest.Server, b *browser.Browser, at string) {
		user(t, s, s.A, "tess")
		list := at + "/cross-tenant-access"
		b.Get(list).Wants(http.StatusOK, "Inbound B2B collaboration", "Allowed", "No organization has settings of its own.")
		add := b.Follow(b.Get(list), "Add organization")
		for typed, says := range map[string]string{"": "No organization here", "nobody.example": "No organization here", s.A.Domain: "That is this organization itself"} {
			b.Submit(add, "Add organization in Contoso", url.Values{"organization": {typed}}).Wants(http.StatusUnprocessableEntity, says)
		}
		p := b.Submit(add, "Add organization in Contoso", url.Values{"organization": {s.B.Domain}}).Wants(http.StatusOK, "The organization is added.", "Fabrikam", "Allowed (inherited from default)", "No (inherited from default)")
		b.Submit(add, "Add organization in Contoso", url.Values{"organization": {s.B.ID}}).Wants(http.StatusUnprocessableEntity, "Fabrikam has settings of its own already")
		partner := p.At.Path
		p = b.Submit(p, "Save in Contoso", url.Values{"inbound": {"block"}, "mfa": {"allow"}, "auto-in": {"allow"}}).Wants(http.StatusOK, "The settings are saved.", "Blocked", "Yes", "No (inherited from default)")
		if strings.Contains(p.Text(), "Blocked (inherited") || strings.Contains(p.Text(), "Yes (inherited") {
			t.Errorf("what is said counts as inherited: %s", p.Text())
		}
		var stored struct {
			Trust struct{ IsMfaAccepted *bool }                       `json:"inboundTrust"`
			Auto  struct{ InboundAllowed, OutboundAllowed *bool }     `json:"automaticUserConsentSettings"`
			In    *struct{ Applications struct{ AccessType string } } `json:"b2bCollaborationInbound"`
			Out   *struct{}                                           `json:"b2bCollaborationOutbound"`
		}
		read := func() {
			t.Helper()
			s.Graph(t, s.A, http.MethodGet, "/v1.0/policies/crossTenantAccessPolicy/partners/"+s.B.ID, nil, &stored)
		}
		read()
		if stored.In == nil || stored.In.Applications.AccessType != "blocked" || stored.Out != nil || stored.Trust.IsMfaAccepted == nil || !*stored.Trust.IsMfaAccepted || stored.Auto.OutboundAllowed != nil {
			t.Errorf("stored: %+v", stored)
		}
		b.Submit(p, "Save in Contoso", url.Values{"inbound": {"maybe"}}).Wants(http.StatusUnprocessableEntity, "Choose one of the answers")
		p = b.Submit(p, "Save in Contoso", url.Values{"inbound": {"inherit"}, "mfa": {"inherit"}, "auto-in": {"block"}}).Wants(http.StatusOK, "Allowed (inherited from default)")
		d := b.Follow(b.Get(list), "Edit default settings")
		b.Submit(d, "Save in Contoso", url.Values{"outbound": {"block"}, "mfa": {"allow"}}).Wants(http.StatusOK, "The default settings are saved.", "Blocked")
		b.Get(partner).Wants(http.StatusOK, "Blocked (inherited from default)", "Yes (inherited from default)")
		b.Submit(d, "Save in Contoso", url.Values{"outbound": {"inherit"}}).Wants(http.StatusUnprocessableEntity, "Choose one of the answers")

		tess, other := browser.As(t, s, "tess@"+s.A.Domain, password), browser.AsAdmin(t, s, s.B)
		refused(t, tess.Get(list), http.StatusForbidden)
		refused(t, tess.Post(partner, url.Values{"inbound": {"block"}}), http.StatusForbidden)
		theirs := strings.Replace(partner, "@"+s.A.Domain, "@"+s.B.Domain, 1)
		for _, rest := range []string{"", "/remove"} {
			refused(t, other.Get(theirs+rest), http.StatusNotFound)
			refused(t, other.Post(theirs+rest, url.Values{"inbound": {"block"}}), http.StatusNotFound)
			refused(t, other.Post(partner+rest, url.Values{"inbound": {"block"}}), http.StatusForbidden)
		}
		b.Submit(b.Follow(b.Get(partner), "Remove…"), "Remove settings in Contoso", nil).Wants(http.StatusOK, "The settings are removed.", "No organization has settings of its own.")
		refused(t, b.Get(partner), http.StatusNotFound)
	})
}

// TestProperties: what the organization is and lets people do is changed.
func TestProperties(t *testing.T) {
	each(t, func(t *testing.T, s *enttest.Server, b *browser.Browser, at string) {
		user(t, s, s.A, "tess")
		p := b.Get(at+"/properties").Wants(http.StatusOK, s.A.ID, s.A.Domain, "Security defaults", "User consent for applications", "Anyone in the organization, guests too")
		f := b.Follow(p, "Edit properties")
		b.Submit(f, "Save in Contoso", url.Values{"name": {" "}}).Wants(http.StatusUnprocessableEntity, "name")
		b.Submit(f, "Save in Contoso", url.Values{"name": {"Contoso"}, "technical": {"no address"}}).Wants(http.StatusUnprocessableEntity, "technicalNotificationMails")
		b.Submit(f, "Save in Contoso", url.Values{"name": {"Contoso"}, "technical": {"it@contoso.example\r\nnet@contoso.example"}, "privacy-url": {"https://contoso.example/privacy"}}).
			Wants(http.StatusOK, "The properties are saved.", "it@contoso.example, net@contoso.example", "https://contoso.example/privacy")
		f = b.Follow(p, "Manage user settings")
		b.Submit(f, "Save in Contoso", url.Values{"invite": {"somebody"}}).Wants(http.StatusUnprocessableEntity, "allowInvitesFrom")
		b.Submit(f, "Save in Contoso", url.Values{"consent": {"none"}, "invite": {"none"}, "apps": nil}).Wants(http.StatusOK, "The user settings are saved.", "Do not allow user consent", "No one")
		var policy struct {
			AllowInvitesFrom           string
			DefaultUserRolePermissions struct {
				AllowedToCreateApps, AllowedToReadOtherUsers bool
				PermissionGrantPoliciesAssigned              []string
			}
		}
		s.Graph(t, s.A, http.MethodGet, "/v1.0/policies/authorizationPolicy", nil, &policy)
		if r := policy.DefaultUserRolePermissions; policy.AllowInvitesFrom != "none" || r.AllowedToCreateApps || !r.AllowedToReadOtherUsers || len(r.PermissionGrantPoliciesAssigned) != 0 {
			t.Errorf("stored: %+v", policy)
		}
		f = b.Follow(p, "Manage security defaults")
		b.Submit(f, "Save in Contoso", url.Values{"of": {"some"}}).Wants(http.StatusUnprocessableEntity, "A second factor is demanded of nobody, of administrators or of everybody")
		tess := browser.As(t, s, "tess@"+s.A.Domain, password)
		for path, form := range map[string]url.Values{"organization": {"name": {"Mine"}}, "security-defaults": {"of": {"nobody"}}, "user-settings": {"consent": {"none"}, "invite": {"none"}}} {
			refused(t, tess.Post(at+"/properties/"+path, form), http.StatusForbidden)
		}
		b.Post(f.At.Path, url.Values{"of": {"everybody"}}) // who has no second factor yet is led to one
		var rule struct{ SecondFactorDemandedOf string }
		s.Graph(t, s.A, http.MethodGet, "/v1.0/policies/identitySecurityDefaultsEnforcementPolicy", nil, &rule)
		if rule.SecondFactorDemandedOf != "everybody" {
			t.Errorf("security defaults: %+v", rule)
		}
	})
}

package monitoring_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"entente/internal/enttest"
	"entente/internal/enttest/browser"
	"entente/internal/kit/sqldb"
)

// A chain is the first story's: an identity of A on a host, an application of A
// that trusts it, and its presence in B.
type chain struct {
	*enttest.Server
	host            *enttest.Host
	identity, other enttest.Identity
}

func newChain(t *testing.T, engine sqldb.Engine) *chain {
	c := &chain{Server: enttest.Start(t, enttest.Options{Engine: engine})}
	c.identity, c.other = c.Identity(t, c.A, "runbook-identity"), c.Identity(t, c.A, "other-identity")
	c.host = c.Host(t, c.A, "automation", c.identity, c.other)
	return c
}

type link struct {
	enttest.Application
	credential, principal string
}

func (c *chain) link(t *testing.T, name string) (l link) {
	t.Helper()
	l.Application = c.Application(t, c.A, name, true)
	l.credential = c.Trust(t, c.A, l.Application, "runbook", c.Issuer(c.A), c.identity.Object)
	l.principal = c.Present(t, c.B, l.AppID).ID
	c.Permit(t, c.B, l.principal, "User.Read.All")
	return l
}

func (c *chain) cross(t *testing.T, l link, as enttest.Identity) enttest.Answer {
	t.Helper()
	return c.ByAssertion(t, c.B, l.AppID, c.host.Assertion(t, as), enttest.GraphScope)
}

// shut has a tenant block everything on one side of its policy for another.
func (c *chain) shut(t *testing.T, of, partner *enttest.Tenant, side string) (open func()) {
	t.Helper()
	var client enttest.Principal
	c.Graph(t, of, http.MethodGet, "/v1.0/servicePrincipals(appId='"+of.ClientID+"')", nil, &client)
	c.Permit(t, of, client.ID, "Policy.ReadWrite.CrossTenantAccess")
	const partners = "/v1.0/policies/crossTenantAccessPolicy/partners"
	all := func(name, kind string) map[string]any {
		return map[string]any{"accessType": "blocked", "targets": []any{map[string]any{"target": name, "targetType": kind}}}
	}
	c.Graph(t, of, http.MethodPost, partners, map[string]any{
		"tenantId": partner.ID, side: map[string]any{"applications": all("AllApplications", "application"), "usersAndGroups": all("AllUsers", "user")},
	}, nil)
	return func() { c.Graph(t, of, http.MethodDelete, partners+"/"+partner.ID, nil, nil) }
}

func correlation(t *testing.T, a enttest.Answer) string {
	t.Helper()
	var body struct {
		ID string `json:"correlation_id"`
	}
	a.Into(t, &body)
	return body.ID
}

// TestEntryNamesTheLink breaks one link at a time; the entry that the answer's
// correlation ID opens names it.
func TestEntryNamesTheLink(t *testing.T) {
	tests := map[string]struct {
		ask  func(t *testing.T, c *chain, l link) enttest.Answer
		says []string
	}{
		"subject": {func(t *testing.T, c *chain, l link) enttest.Answer { return c.cross(t, l, c.other) },
			[]string{"AADSTS700213", "Link that broke Subject of the assertion", "federation.subject"}},
		"issuer": {func(t *testing.T, c *chain, l link) enttest.Answer {
			c.Graph(t, c.A, http.MethodDelete, "/v1.0/applications/"+l.ID+"/federatedIdentityCredentials/"+l.credential, nil, nil)
			return c.cross(t, l, c.identity)
		}, []string{"AADSTS700211", "Link that broke Issuer of the assertion"}},
		"application": {func(t *testing.T, c *chain, l link) enttest.Answer {
			c.Graph(t, c.A, http.MethodPatch, "/v1.0/applications/"+l.ID, map[string]any{"isDisabled": true}, nil)
			return c.cross(t, l, c.identity)
		}, []string{"AADSTS7000112", "Link that broke Application", "Expected enabled Found disabled"}},
		"enterprise application": {func(t *testing.T, c *chain, l link) enttest.Answer {
			c.Graph(t, c.B, http.MethodDelete, "/v1.0/servicePrincipals/"+l.principal, nil, nil)
			return c.cross(t, l, c.identity)
		}, []string{"AADSTS7000229", "Link that broke Enterprise application", "consents to the application"}},
		"outbound": {func(t *testing.T, c *chain, l link) enttest.Answer {
			defer c.shut(t, c.A, c.B, "b2bCollaborationOutbound")()
			return c.cross(t, l, c.identity)
		}, []string{"AADSTS500212", "Link that broke Outbound cross-tenant access", "The policy is the home organization’s"}},
		"inbound": {func(t *testing.T, c *chain, l link) enttest.Answer {
			defer c.shut(t, c.B, c.A, "b2bCollaborationInbound")()
			return c.cross(t, l, c.identity)
		}, []string{"AADSTS500213", "Link that broke Inbound cross-tenant access", "Security Administrator of this organization"}},
	}
	enttest.Each(t, func(t *testing.T, engine sqldb.Engine) {
		c := newChain(t, engine)
		a, b := browser.AsAdmin(t, c.Server, c.A), browser.AsAdmin(t, c.Server, c.B)
		atA, atB := "/@"+c.A.Domain+"/admin/sign-in-logs", "/@"+c.B.Domain+"/admin/sign-in-logs"
		for name, tt := range tests {
			t.Run(name, func(t *testing.T) {
				l := c.link(t, name)
				c.cross(t, l, c.identity).Token(t)
				id := correlation(t, tt.ask(t, c, l))
				p := b.Get(atB+"?correlation="+id).Wants(http.StatusOK, append(tt.says, "Contoso", "Broken")...)
				if !strings.HasPrefix(p.At.Path, atB+"/") {
					t.Errorf("the correlation ID leads to %s", p.At)
				}
				if name == "outbound" { // A made the policy, and reads by which rule
					a.Get(atA+"?correlation="+id).Wants(http.StatusOK, "Link that broke Outbound cross-tenant access", "Fabrikam", "Security Administrator of this organization")
				} else {
					a.Get(atA+"?correlation="+id).Wants(http.StatusOK, "Nothing meets the filter")
				}
				a.Get(atA + strings.TrimPrefix(p.At.Path, atB)).Wants(http.StatusNotFound)
				a.Get(p.At.Path).Wants(http.StatusForbidden)
			})
		}
	})
}

// TestLogsAreFiltered finds entries by each thing that a log can be asked by.
func TestLogsAreFiltered(t *testing.T) {
	enttest.Each(t, func(t *testing.T, engine sqldb.Engine) {
		c := newChain(t, engine)
		const name = "<b>night</b> run"
		l := c.link(t, name)
		c.cross(t, l, c.identity).Token(t)
		c.cross(t, l, c.other)
		b := browser.AsAdmin(t, c.Server, c.B)
		at := "/@" + c.B.Domain + "/admin"
		rows := func(page string, want string, q url.Values) {
			t.Helper()
			p := b.Get(at + page + "?" + q.Encode()).Wants(http.StatusOK)
			if got := strings.Count(p.Body, at+page+"/"); want == "none" && got != 0 || want == "one" && got != 1 || want == "some" && got == 0 {
				t.Errorf("%s %v: %d entries, want %s", page, q, got, want)
			}
		}
		ask := func(by, value string) url.Values {
			return url.Values{"by": {by}, "value": {value}, "kind": {"servicePrincipal"}, "status": {"failure"}, "date": {"1d"}}
		}
		rows("/sign-in-logs", "one", ask("", strings.ToUpper(name)))
		rows("/sign-in-logs", "one", ask("app", l.AppID))
		rows("/sign-in-logs", "one", ask("object", l.principal))
		rows("/sign-in-logs", "one", ask("other", c.A.Domain))
		rows("/sign-in-logs", "one", ask("other", c.A.ID))
		rows("/sign-in-logs", "none", ask("other", c.C.Domain))
		rows("/sign-in-logs", "none", ask("other", "nowhere.example"))
		rows("/sign-in-logs", "none", ask("app", "night run"))
		rows("/sign-in-logs", "none", url.Values{"by": {"app"}, "value": {l.AppID}, "kind": {"managedIdentity"}})
		rows("/sign-in-logs", "one", url.Values{"by": {"app"}, "value": {l.AppID}, "status": {"success"}})
		rows("/audit-logs", "some", url.Values{"by": {"object"}, "value": {l.principal}})
		rows("/audit-logs", "some", url.Values{"by": {"activity"}, "value": {"Add service principal"}, "category": {"ApplicationManagement"}})
		rows("/audit-logs", "none", url.Values{"by": {"other"}, "value": {c.C.Domain}})
		b.Get(at + "/sign-in-logs?after=nonsense").Wants(http.StatusNotFound)
		list := b.Get(at + "/audit-logs?by=object&value=" + l.principal)
		first := regexp.MustCompile(at + "/audit-logs/[-0-9a-f]+").FindString(list.Body)
		b.Get(first).Wants(http.StatusOK, "Target", l.principal)
		a := browser.AsAdmin(t, c.Server, c.A)
		a.Get("/@"+c.A.Domain+"/admin"+strings.TrimPrefix(first, at)).Wants(http.StatusNotFound, "no such entry")

		var user struct{ UserPrincipalName string }
		c.Graph(t, c.B, http.MethodPost, "/v1.0/users", map[string]any{
			"accountEnabled": true, "displayName": "Clerk", "mailNickname": "clerk", "userPrincipalName": "clerk@" + c.B.Domain,
			"passwordProfile": map[string]any{"password": "a long enough Passw0rd", "forceChangePasswordNextSignIn": false},
		}, &user)
		clerk := browser.As(t, c.Server, user.UserPrincipalName, "a long enough Passw0rd")
		for _, path := range []string{"/sign-in-logs", "/sign-in-logs?correlation=x", "/audit-logs", strings.TrimPrefix(first, at)} {
			clerk.Get(at+path).Wants(http.StatusForbidden, "Reports Reader")
		}
	})
}

// TestARefusedPageLeadsToItsEntry: the page on which somebody is refused links to the
// log's entry, which those open who may, after they have signed in.
func TestARefusedPageLeadsToItsEntry(t *testing.T) {
	enttest.Each(t, func(t *testing.T, engine sqldb.Engine) {
		s := enttest.Start(t, enttest.Options{Engine: engine})
		app := s.Application(t, s.B, "Assigned only", false)
		s.Graph(t, s.B, http.MethodPatch, "/v1.0/applications/"+app.ID, map[string]any{"web": map[string]any{"redirectUris": []string{s.Name + "/error"}}}, nil)
		principal := s.Present(t, s.B, app.AppID)
		s.Graph(t, s.B, http.MethodPatch, "/v1.0/servicePrincipals/"+principal.ID, map[string]any{"appRoleAssignmentRequired": true}, nil)
		const word = "Copper-Lantern-72"
		s.Graph(t, s.B, http.MethodPost, "/v1.0/users", map[string]any{"accountEnabled": true, "displayName": "Reader", "mailNickname": "reader", "userPrincipalName": "reader@" + s.B.Domain,
			"passwordProfile": map[string]any{"password": word, "forceChangePasswordNextSignIn": false}}, nil)
		sign := func(upn, password string) (*browser.Browser, browser.Page) {
			who := browser.Open(t, s)
			return who, who.SignIn(who.Get("/"+s.B.ID+"/oauth2/v2.0/authorize?"+url.Values{"client_id": {app.AppID}, "response_type": {"code"}, "response_mode": {"fragment"},
				"scope": {"openid"}, "redirect_uri": {s.Name + "/error"}}.Encode()), upn, password)
		}
		reader, p := sign("reader@"+s.B.Domain, word)
		link := p.Wants(http.StatusForbidden, "AADSTS50105").Link("find it in the sign-in logs")
		reader.Get(link).Wants(http.StatusForbidden, "Reports Reader")
		other := browser.AsAdmin(t, s, s.A)
		if p := other.Get(link).Wants(http.StatusOK, "Nothing meets the filter"); strings.Contains(p.Text(), "Assigned only") {
			t.Error("another organization's administrator reads of it")
		}
		late := browser.Open(t, s)
		entry := late.SignIn(late.Get(link), s.B.AdminUPN, s.B.AdminPassword).Wants(http.StatusOK, "AADSTS50105", "Assigned only", "reader@"+s.B.Domain, "Link that broke Assignment", "Expected a role of the application")
		if !strings.HasPrefix(entry.At.Path, "/@"+s.B.Domain+"/admin/sign-in-logs/") {
			t.Errorf("the link leads to %s", entry.At)
		}
		_, p = sign(s.A.AdminUPN, s.A.AdminPassword)
		link = p.Wants(http.StatusForbidden, "AADSTS50020").Link("find it in the sign-in logs")
		late.Get(link).Wants(http.StatusOK, "AADSTS50020", s.A.AdminUPN, "Contoso", "Link that broke Guest account", "Found none")
	})
}

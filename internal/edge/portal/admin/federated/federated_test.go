package federated_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"entente/internal/enttest"
	"entente/internal/enttest/browser"
	"entente/internal/kit/sqldb"
)

const add = "Add credential in Contoso"

// each runs a test with an administrator of the first tenant and an application
// there.
func each(t *testing.T, test func(t *testing.T, s *enttest.Server, b *browser.Browser, a enttest.Application, at string)) {
	enttest.Each(t, func(t *testing.T, engine sqldb.Engine) {
		s := enttest.Start(t, enttest.Options{Engine: engine})
		a := s.Application(t, s.A, "Stock feed", true)
		test(t, s, browser.AsAdmin(t, s, s.A), a, "/@"+s.A.Domain+"/admin/app-registrations/"+a.ID)
	})
}

// TestTheFirstArticle: a managed identity stands in for the application by "Other
// issuer", and as well by "Managed identity"; once the credential is gone, no more.
func TestTheFirstArticle(t *testing.T) {
	each(t, func(t *testing.T, s *enttest.Server, b *browser.Browser, a enttest.Application, at string) {
		s.Present(t, s.A, a.AppID)
		identity := s.Identity(t, s.A, "article-identity")
		host := s.Host(t, s.A, "article-host", identity)
		assertion := host.Assertion(t, identity)
		comes := func() int {
			return s.ByAssertion(t, s.A, a.AppID, assertion, "https://graph.microsoft.com/.default").Status
		}
		if comes() == http.StatusOK {
			t.Fatal("it needs no credential")
		}
		p := b.Follow(b.Get(at+"/credentials").Wants(http.StatusOK, "Nobody else vouches for it"), "Add credential").
			Wants(http.StatusOK, "Other issuer", "Managed identity", "GitHub Actions", "Kubernetes")
		form := b.Ask(p, "Continue", url.Values{"scenario": {"other"}}).Wants(http.StatusOK, "Subject identifier", "api://AzureADTokenExchangeUSGov")
		typed := url.Values{"issuer": {s.Issuer(s.A)}, "subject": {identity.Object}, "name": {"by-article"}, "description": {"as the article says"}}
		with := func(name, value string) url.Values {
			v := url.Values{}
			for k, list := range typed {
				v[k] = list
			}
			v.Set(name, value)
			return v
		}
		for what, c := range map[string]struct {
			fill url.Values
			says string
		}{
			"a client ID":          {with("subject", identity.Client), "its object (principal) id is needed: " + identity.Object},
			"capitals":             {with("subject", strings.ToUpper(identity.Object)), "object ids are in lower case"},
			"nobody's":             {with("subject", enttest.NewID()), "no managed identity of the issuer’s tenant"},
			"another organization": {with("issuer", s.Issuer(s.B)), "the issuer is another tenant"},
			"another audience":     {with("audience", "api://AzureADTokenExchangeUSGov"), "match the audience api://AzureADTokenExchange only"},
		} {
			says := strings.ReplaceAll(c.says, "’", "'")
			p := b.Submit(form, "Check in Contoso", c.fill)
			if text := strings.ReplaceAll(p.Text(), "’", "'"); p.Status != http.StatusOK || !strings.Contains(text, "something would not match") || !strings.Contains(text, says) {
				t.Errorf("%s: %d %s", what, p.Status, p.Text())
			}
		}
		b.Submit(form, "Check in Contoso", with("issuer", s.Issuer(s.A)+"/")).Wants(http.StatusUnprocessableEntity, "without a slash at the end")
		b.Submit(form, "Check in Contoso", with("name", "x")).Wants(http.StatusUnprocessableEntity, "3 to 120 letters")
		b.Submit(form, "Check in Contoso", with("subject", "")).Wants(http.StatusUnprocessableEntity, "Enter the subject identifier")
		review := b.Submit(form, "Check in Contoso", typed).Wants(http.StatusOK, "Nothing is stored yet", "Only its managed identities match", "the managed identity “article-identity”", "by-article", "as the article says")
		if comes() == http.StatusOK {
			t.Fatal("the check stores")
		}
		back := b.Follow(review, "Change it").Wants(http.StatusOK)
		if !strings.Contains(back.Body, identity.Object) || !strings.Contains(back.Body, "as the article says") {
			t.Error("what was typed is lost on the way back")
		}
		b.Submit(review, add, nil).Wants(http.StatusOK, "The credential is stored", "by-article", identity.Object)
		if got := comes(); got != http.StatusOK {
			t.Fatalf("the credential does not count: %d", got)
		}
		b.Submit(form, "Check in Contoso", typed).Wants(http.StatusUnprocessableEntity, "Another credential has this name")
		b.Submit(form, "Check in Contoso", with("name", "by-article-2")).Wants(http.StatusUnprocessableEntity, "for this issuer and subject already")

		p = b.Follow(b.Get(at+"/credentials"), "by-article").Wants(http.StatusOK, "Edit “by-article”")
		p = b.Submit(p, "Check in Contoso", url.Values{"subject": {enttest.NewID()}}).Wants(http.StatusOK, "would not match")
		b.Submit(p, "Save credential all the same in Contoso", nil).Wants(http.StatusOK, "The credential is changed")
		if comes() == http.StatusOK {
			t.Fatal("the old subject still counts")
		}
		p = b.Follow(b.Get(at+"/credentials"), "Delete… by-article").Wants(http.StatusOK, "Delete “by-article”?")
		b.Submit(p, "Delete credential in Contoso", nil).Wants(http.StatusOK, "The credential is deleted.")

		p = b.Get(at + "/federated/new?scenario=identity")
		b.Submit(p, "Check in Contoso", url.Values{"name": {"by-pick"}}).Wants(http.StatusUnprocessableEntity, "Find a managed identity, and pick it")
		b.Submit(p, "Find Managed identity", url.Values{"who": {"nothing"}}).Wants(http.StatusOK, "No managed identity begins with")
		p = b.Submit(p, "Find Managed identity", url.Values{"who": {"article"}, "name": {"by-pick"}}).Wants(http.StatusOK, "article-identity")
		p = b.Submit(p, "Check in Contoso", url.Values{"identity": {identity.Object}}).Wants(http.StatusOK, s.Issuer(s.A), identity.Object)
		b.Submit(p, add, nil).Wants(http.StatusOK, "The credential is stored")
		if got := comes(); got != http.StatusOK {
			t.Fatalf("the credential does not count: %d", got)
		}
	})
}

// TestScenarios: what a workload is called is made of what people know.
func TestScenarios(t *testing.T) {
	each(t, func(t *testing.T, _ *enttest.Server, b *browser.Browser, _ enttest.Application, at string) {
		for _, c := range []struct {
			scenario, subject string
			fill              map[string]string
		}{
			{"github", "repo:contoso/feed:environment:production", map[string]string{"organization": "contoso", "repository": "feed", "entity": "environment", "entity-name": "production"}},
			{"github", "repo:contoso/feed:ref:refs/heads/main", map[string]string{"organization": "contoso", "repository": "feed", "entity": "branch", "entity-name": "main"}},
			{"github", "repo:contoso@12/feed@345:ref:refs/tags/v1", map[string]string{"organization": "contoso", "repository": "feed", "entity": "tag", "entity-name": "v1", "owner-id": "12", "repository-id": "345"}},
			{"github", "repo:contoso@12/feed@345:pull_request", map[string]string{"organization": "contoso", "repository": "feed", "entity": "pull_request", "owner-id": "12", "repository-id": "345"}},
			{"kubernetes", "system:serviceaccount:stock:feed", map[string]string{"issuer": "https://localhost:9/cluster/", "namespace": "stock", "service-account": "feed"}},
			{"other", "claims['sub'] matches 'repo:contoso/*:pull_request'", map[string]string{"issuer": "https://localhost:9", "expression": "claims['sub'] matches 'repo:contoso/*:pull_request'"}},
		} {
			fill := url.Values{"name": {"one"}}
			for k, v := range c.fill {
				fill.Set(k, v)
			}
			p := b.Get(at + "/federated/new?scenario=" + c.scenario)
			p = b.Submit(p, "Check in Contoso", fill).Wants(http.StatusOK, c.subject)
			if c.scenario == "kubernetes" {
				p.Wants(http.StatusOK, "https://localhost:9/cluster/", "The issuer's metadata cannot be had")
			}
		}
		for _, c := range []struct {
			scenario, says string
			fill           map[string]string
		}{
			{"github", "Enter the name of the branch", map[string]string{"organization": "contoso", "repository": "feed", "entity": "branch"}},
			{"github", "Enter the name alone", map[string]string{"organization": "contoso/x", "repository": "feed", "entity": "pull_request"}},
			{"github", "Enter both numbers", map[string]string{"organization": "contoso", "repository": "feed", "entity": "pull_request", "owner-id": "1"}},
			{"github", "Enter digits alone", map[string]string{"organization": "contoso", "repository": "feed", "entity": "pull_request", "owner-id": "x", "repository-id": "2"}},
			{"kubernetes", "Enter the namespace", map[string]string{"issuer": "https://localhost:9", "service-account": "feed"}},
			{"kubernetes", "An issuer is an https URL", map[string]string{"issuer": "http://localhost:9", "namespace": "a", "service-account": "feed"}},
			{"other", "not both", map[string]string{"issuer": "https://localhost:9", "subject": "x", "expression": "claims['sub'] eq 'x'"}},
		} {
			fill := url.Values{"name": {"one"}}
			for k, v := range c.fill {
				fill.Set(k, v)
			}
			b.Submit(b.Get(at+"/federated/new?scenario="+c.scenario), "Check in Contoso", fill).Wants(http.StatusUnprocessableEntity, c.says)
		}
	})
}

// TestOfOthers: what is another organization's is absent, and who may not change
// the credentials of an application neither checks nor stores any.
func TestOfOthers(t *testing.T) {
	each(t, func(t *testing.T, s *enttest.Server, b *browser.Browser, a enttest.Application, at string) {
		theirs := s.Application(t, s.B, "Quarry", false)
		credential := s.Trust(t, s.B, theirs, "quarry-trust", "https://localhost:9", "x")
		ours := s.Trust(t, s.A, a, "our-trust", "https://localhost:9", "x")
		identity := s.Identity(t, s.B, "quarry-identity")
		admins := "/@" + s.A.Domain + "/admin"
		for _, parent := range []string{"/app-registrations/" + theirs.ID, "/managed-identities/" + identity.Object, "/app-registrations/" + enttest.NewID()} {
			for _, rest := range []string{"/federated/new", "/federated/" + credential, "/federated/" + ours, "/federated/" + ours + "/delete", "/federated/quarry-trust/delete"} {
				for _, p := range []browser.Page{b.Get(admins + parent + rest), b.Post(admins+parent+rest, url.Values{"scenario": {"other"}, "name": {"mine"}, "issuer": {"https://localhost:9"}, "subject": {"y"}, "audience": {"x"}})} {
					if p.Status != http.StatusNotFound || strings.Contains(strings.ToLower(p.Text()), "quarry-i") {
						t.Errorf("%s%s: %d %s", parent, rest, p.Status, p.Text())
					}
				}
			}
		}
		if p := b.Get(at + "/federated/" + credential); p.Status != http.StatusNotFound {
			t.Errorf("another organization's credential below ours: %d", p.Status)
		}
		s.Graph(t, s.A, http.MethodPost, "/v1.0/users", map[string]any{"accountEnabled": true, "displayName": "Tess", "mailNickname": "tess", "userPrincipalName": "tess@" + s.A.Domain,
			"passwordProfile": map[string]any{"password": "Copper-Lantern-72", "forceChangePasswordNextSignIn": false}}, nil)
		tess := browser.As(t, s, "tess@"+s.A.Domain, "Copper-Lantern-72")
		for _, step := range []string{"", "store"} {
			if p := tess.Post(at+"/federated/new", url.Values{"scenario": {"other"}, "step": {step}, "name": {"mine"}, "issuer": {"https://localhost:9"}, "subject": {"y"}, "audience": {"x"}}); p.Status != http.StatusForbidden {
				t.Errorf("a member, step %q: %d %s", step, p.Status, p.Text())
			}
		}
		if p := tess.Post(at+"/federated/"+ours+"/delete", url.Values{}); p.Status != http.StatusForbidden {
			t.Errorf("a member deletes: %d %s", p.Status, p.Text())
		}
	})
}

package identities_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"entente/internal/enttest"
	"entente/internal/enttest/browser"
	"entente/internal/kit/sqldb"
)

const password = "Copper-Lantern-72"

func each(t *testing.T, test func(t *testing.T, s *enttest.Server, b *browser.Browser, at string)) {
	enttest.Each(t, func(t *testing.T, engine sqldb.Engine) {
		s := enttest.Start(t, enttest.Options{Engine: engine})
		test(t, s, browser.AsAdmin(t, s, s.A), "/@"+s.A.Domain+"/admin/managed-identities")
	})
}

// TestIdentity: one is created with its resource group, shows where it is and
// whom it may stand in for, and is deleted.
func TestIdentity(t *testing.T) {
	each(t, func(t *testing.T, s *enttest.Server, b *browser.Browser, at string) {
		p := b.Follow(b.Get(at).Wants(http.StatusOK, "There is no user-assigned identity"), "Create user-assigned identity").Wants(http.StatusOK, "Resource group", "Region", "it means nothing here")
		typed := url.Values{"name": {"feed-identity"}, "group": {"feeds"}, "place": {"swedencentral"}}
		for name, c := range map[string]struct{ field, value, says string }{
			"no name":  {"name", "", "Enter a name"},
			"no group": {"group", "", "Enter a resource group"},
			"a name":   {"name", "a", "is not valid"},
			"a group":  {"group", "x/y", "is not valid"},
		} {
			fill := url.Values{"name": typed["name"], "group": typed["group"]}
			fill.Set(c.field, c.value)
			if p := b.Submit(p, "Create identity in Contoso", fill); p.Status != http.StatusUnprocessableEntity || !strings.Contains(p.Text(), c.says) {
				t.Errorf("%s: %d %s", name, p.Status, p.Text())
			}
		}
		made := b.Submit(p, "Create identity in Contoso", typed).Wants(http.StatusOK, "The identity is created.", "Client ID", "Object (principal) ID", "feeds", "swedencentral",
			"No resource has it", "No application trusts it", "It has no role on a resource.", s.Issuer(s.A))
		b.Submit(p, "Create identity in Contoso", typed).Wants(http.StatusUnprocessableEntity, "has an identity of the name")
		here := made.At.Path
		object := here[strings.LastIndex(here, "/")+1:]
		var principal struct{ AppID, ServicePrincipalType string }
		s.Graph(t, s.A, http.MethodGet, "/v1.0/servicePrincipals/"+object, nil, &principal)
		if principal.ServicePrincipalType != "ManagedIdentity" || !strings.Contains(made.Body, principal.AppID) {
			t.Errorf("its service principal: %+v", principal)
		}
		b.Get(at+"?find=FEED").Wants(http.StatusOK, "feed-identity", object)
		b.Get(at+"?find=x").Wants(http.StatusOK, "Nothing meets the filter")

		resource := "/subscriptions/" + s.A.Subscription + "/resourceGroups/feeds/providers/Microsoft.ManagedIdentity/userAssignedIdentities/feed-identity"
		s.Host(t, s.A, "nightly", enttest.Identity{Resource: resource, Client: principal.AppID, Object: object})
		a := s.Application(t, s.A, "Stock feed", true)
		s.Trust(t, s.A, a, "by-identity", s.Issuer(s.A), object)
		other := s.Application(t, s.A, "Other feed", true)
		s.Trust(t, s.A, other, "by-other", s.Issuer(s.A), enttest.NewID())
		s.Permit(t, s.A, object, "User.Read.All")
		p = b.Get(here).Wants(http.StatusOK, "nightly", "Automation account", "Never", "Stock feed", "by-identity", "Any organization that consents", "User.Read.All", "No end")
		if strings.Contains(p.Text(), "Other feed") {
			t.Error("an application that trusts another identity is shown")
		}
		b.Follow(p, "Stock feed").Wants(http.StatusOK, a.AppID)

		p = b.Get(here + "/federated/new?scenario=github")
		p = b.Submit(p, "Check in Contoso", url.Values{"name": {"nightly-build"}, "organization": {"contoso"}, "repository": {"feed"}, "entity": {"branch"}, "entity-name": {"main"}}).Wants(http.StatusOK, "repo:contoso/feed:ref:refs/heads/main")
		b.Submit(p, "Add credential all the same in Contoso", nil).Wants(http.StatusOK, "The credential is stored", "nightly-build")

		p = b.Follow(b.Get(here), "Delete…").Wants(http.StatusOK, "It can’t be restored.")
		b.Submit(p, "Delete identity in Contoso", nil).Wants(http.StatusOK, "The identity is deleted.")
		b.Get(here).Wants(http.StatusNotFound)
	})
}

// TestWhoSees: identities are read by roles on subscriptions; another
// organization's are absent.
func TestWhoSees(t *testing.T) {
	each(t, func(t *testing.T, s *enttest.Server, b *browser.Browser, at string) {
		mine, yours := s.Identity(t, s.A, "first-identity"), s.Identity(t, s.A, "second-identity")
		theirs := s.Identity(t, s.B, "quarry-identity")
		var tess struct{ ID string }
		s.Graph(t, s.A, http.MethodPost, "/v1.0/users", map[string]any{"accountEnabled": true, "displayName": "Tess", "mailNickname": "tess", "userPrincipalName": "tess@" + s.A.Domain,
			"passwordProfile": map[string]any{"password": password, "forceChangePasswordNextSignIn": false}}, &tess)
		m := browser.As(t, s, "tess@"+s.A.Domain, password)
		for _, rest := range []string{"", "/" + mine.Object, "/" + mine.Object + "/delete"} {
			if p := m.Get(at + rest); p.Status != http.StatusForbidden || !strings.Contains(p.Text(), "This needs a role on the subscription") || strings.Contains(p.Body, "first-identity") {
				t.Errorf("a member at %q: %d %s", rest, p.Status, p.Text())
			}
		}
		m.Get(at+"/new").Wants(http.StatusOK, "You see no subscription")
		s.ARM(t, s.A, http.MethodPut, mine.Resource+"/providers/Microsoft.Authorization/roleAssignments/"+enttest.NewID(), map[string]any{"properties": map[string]any{
			"principalId": tess.ID, "roleDefinitionId": "/providers/Microsoft.Authorization/roleDefinitions/f1a07417-d97a-45cb-824c-7a7467783830"}}, nil)
		p := m.Get(at).Wants(http.StatusOK, "first-identity")
		if strings.Contains(p.Text(), "second-identity") {
			t.Error("a role on one identity shows another")
		}
		m.Get(at+"/"+mine.Object).Wants(http.StatusOK, mine.Client)
		if p := m.Get(at + "/" + yours.Object); p.Status != http.StatusForbidden {
			t.Errorf("a role on one identity opens another: %d", p.Status)
		}
		if p := m.Post(at+"/"+mine.Object+"/delete", url.Values{}); p.Status != http.StatusForbidden {
			t.Errorf("an operator deletes: %d", p.Status)
		}
		for _, id := range []string{theirs.Object, enttest.NewID()} {
			for _, rest := range []string{"", "/delete"} {
				if p := b.Get(at + "/" + id + rest); p.Status != http.StatusNotFound || strings.Contains(p.Body, "quarry") {
					t.Errorf("%s%s: %d %s", id, rest, p.Status, p.Text())
				}
			}
			if p := b.Post(at+"/"+id+"/delete", url.Values{}); p.Status != http.StatusNotFound {
				t.Errorf("delete %s: %d", id, p.Status)
			}
		}
		b.Post(at+"/new", url.Values{"name": {"in-theirs"}, "group": {"test"}, "place": {"westeurope"}, "subscription": {s.B.Subscription}}).Wants(http.StatusNotFound)
	})
}

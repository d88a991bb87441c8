package governance_test

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

type m = map[string]any

func each(t *testing.T, test func(t *testing.T, s *enttest.Server, b *browser.Browser, at string)) {
	t.Helper()
	enttest.Each(t, func(t *testing.T, engine sqldb.Engine) {
		s := enttest.Start(t, enttest.Options{Engine: engine})
		test(t, s, browser.AsAdmin(t, s, s.A), "/@"+s.A.Domain+"/admin/entitlement")
	})
}

// make makes something through Graph and returns its identifier.
func make(t *testing.T, s *enttest.Server, in *enttest.Tenant, set string, body m) string {
	t.Helper()
	var made struct{ ID string }
	s.Graph(t, in, http.MethodPost, "/v1.0/"+set, body, &made)
	return made.ID
}

func user(t *testing.T, s *enttest.Server, in *enttest.Tenant, nick string) string {
	t.Helper()
	return make(t, s, in, "users", m{"accountEnabled": true, "displayName": "Person " + nick, "mailNickname": nick, "userPrincipalName": nick + "@" + in.Domain,
		"passwordProfile": m{"password": "Copper-Lantern-72", "forceChangePasswordNextSignIn": false}})
}

// TestConnect: an organization is found by its domain, gets a sponsor, is
// connected, changed and disconnected.
func TestConnect(t *testing.T) {
	each(t, func(t *testing.T, s *enttest.Server, b *browser.Browser, at string) {
		user(t, s, s.A, "sponsor")
		b.Get(at).Wants(http.StatusOK, "How to begin", "Connect an organization", "Fill the catalog", "Delivered", s.Name+"/@"+s.A.Domain+"/access")
		list := b.Get(at+"/organizations").Wants(http.StatusOK, "No organization is connected")
		p := b.Follow(list, "Add connected organization").Wants(http.StatusOK, "Step 1 of 4")
		p = b.Ask(p, "Next: Directory + domain", url.Values{"name": {" "}}).Wants(http.StatusUnprocessableEntity, "Enter a name of up to 256 characters")
		p = b.Ask(p, "Next: Directory + domain", url.Values{"name": {"Fabrikam <b>"}, "description": {"Makes turbines"}}).Wants(http.StatusOK, "Step 2 of 4", "No directory or domain yet")
		b.Ask(p, "Add directory + domain", url.Values{"typed": {"no domain"}}).Wants(http.StatusUnprocessableEntity, "Type a domain, such as partner.example")
		b.Ask(p, "Add directory + domain", url.Values{"typed": {s.A.Domain}}).Wants(http.StatusUnprocessableEntity, "That is this organization itself")
		b.Ask(p, "Add directory + domain", url.Values{"typed": {enttest.NewID()}}).Wants(http.StatusUnprocessableEntity, "No organization here has the tenant ID")
		p = b.Ask(p, "Add directory + domain", url.Values{"typed": {s.B.Domain}}).Wants(http.StatusOK, "Fabrikam", "A tenant of this installation")
		p = b.Ask(p, "Add directory + domain", url.Values{"typed": {"supplier.example"}}).Wants(http.StatusOK, "supplier.example", "No organization of this installation has this domain")
		p = b.Follow(p, "Remove supplier.example").Wants(http.StatusOK, "Fabrikam")
		if strings.Contains(p.Text(), "supplier.example") {
			t.Error("what was removed is still there")
		}
		p = b.Follow(p, "Next: Sponsors").Wants(http.StatusOK, "Step 3 of 4")
		p = b.Ask(p, "Next: Review + create", url.Values{"who": {"Person sp"}}).Wants(http.StatusUnprocessableEntity, "Select who is meant below", "Person sponsor")
		p = b.Ask(p, "Find Find people or groups of Contoso", url.Values{"who": {"Person sp"}}).Wants(http.StatusOK, "Person sponsor")
		p = b.Ask(p, "Next: Review + create", url.Values{"internal": {p.Value(t, "internal")}})
		p.Wants(http.StatusOK, "Step 4 of 4", "Fabrikam <b>", "Makes turbines", "Person sponsor")
		p = b.Submit(p, "Connect with Contoso", nil).Wants(http.StatusOK, "The organization is connected.", "Fabrikam <b>", "Configured", "Person sponsor", "No policy names it", "Nobody yet")
		if strings.Contains(p.Body, "Fabrikam <b>") {
			t.Error("a name is not escaped")
		}
		org := p.At.Path
		b.Get(at+"/organizations").Wants(http.StatusOK, "Fabrikam <b>", "Configured")
		b.Get(at+"/organizations?find=fab&state=proposed").Wants(http.StatusOK, "Nothing meets the filter")
		p = b.Follow(b.Get(at+"/organizations"), "Add connected organization")
		p = b.Ask(p, "Next: Directory + domain", url.Values{"name": {"Twice"}})
		b.Ask(p, "Add directory + domain", url.Values{"typed": {s.B.Domain}}).Wants(http.StatusUnprocessableEntity, "is connected already, as “Fabrikam <b>”")

		p = b.Follow(b.Get(org), "Edit")
		b.Submit(p, "Save in Contoso", url.Values{"name": {strings.Repeat("x", 257)}}).Wants(http.StatusUnprocessableEntity, "more than 256 characters")
		b.Submit(p, "Save in Contoso", url.Values{"name": {"Fabrikam"}, "state": {"proposed"}}).Wants(http.StatusOK, "The organization is changed.", "Proposed")
		p = b.Follow(b.Get(org), "Add directory + domain")
		b.Submit(p, "Add to “Fabrikam”", url.Values{"typed": {"partner.example"}}).Wants(http.StatusOK, "The directory or domain is added.", "partner.example")
		b.Submit(b.Get(org), "Remove partner.example", nil).Wants(http.StatusOK, "The directory or domain is removed.")
		p = b.Follow(b.Get(org), "Remove… Person sponsor").Wants(http.StatusOK, "Remove Person sponsor as internal sponsor?")
		b.Submit(p, "Remove sponsor in Contoso", nil).Wants(http.StatusOK, "The sponsor is removed.", "No sponsor yet")
		p = b.Follow(b.Get(org), "Add internal sponsor")
		b.Submit(p, "Add internal sponsor in Contoso", nil).Wants(http.StatusUnprocessableEntity, "Find somebody, and pick them")
		p = b.Submit(p, "Add internal sponsor in Contoso", url.Values{"who": {"person sponsor"}}).Wants(http.StatusOK, "sponsor@"+s.A.Domain)
		b.Submit(p, "Add internal sponsor in Contoso", url.Values{"sponsor": {p.Value(t, "sponsor")}}).Wants(http.StatusOK, "The sponsors are added.", "Person sponsor")

		p = b.Follow(b.Get(org), "Delete…").Wants(http.StatusOK, "Delete connected organization “Fabrikam”?")
		b.Submit(p, "Delete in Contoso", nil).Wants(http.StatusOK, "The organization is no longer connected.", "No organization is connected")
		b.Get(org).Wants(http.StatusNotFound)
	})
}

// TestCatalog: a catalog is made, offers a group, a site and an application, and
// somebody owns it.
func TestCatalog(t *testing.T) {
	each(t, func(t *testing.T, s *enttest.Server, b *browser.Browser, at string) {
		owner := user(t, s, s.A, "owner")
		make(t, s, s.A, "groups", m{"displayName": "Turbine design", "mailNickname": "turbine", "mailEnabled": false, "securityEnabled": true})
		p := b.Follow(b.Get(at+"/catalogs").Wants(http.StatusOK, "General"), "New catalog")
		b.Submit(p, "Create catalog in Contoso", url.Values{"name": {""}}).Wants(http.StatusUnprocessableEntity, "A name is needed")
		p = b.Submit(p, "Create catalog in Contoso", url.Values{"name": {"Partner engineering"}, "external": nil}).
			Wants(http.StatusOK, "The catalog is made.", "Nothing is offered yet", "No access package yet", "Nobody in particular")
		catalog := p.At.Path
		b.Submit(b.Get(at+"/catalogs/new"), "Create catalog in Contoso", url.Values{"name": {"partner ENGINEERING"}}).Wants(http.StatusUnprocessableEntity)

		p = b.Follow(p, "Add groups and teams")
		p = b.Submit(p, "Add to catalog in Contoso", url.Values{"who": {"turb"}}).Wants(http.StatusOK, "Turbine design", "Security Group")
		b.Submit(p, "Add to catalog in Contoso", url.Values{"origin": {p.Value(t, "origin")}}).Wants(http.StatusOK, "The catalog offers more now.", "Turbine design", "Group and team")
		b.Submit(p, "Add to catalog in Contoso", url.Values{"origin": {p.Value(t, "origin")}}).Wants(http.StatusUnprocessableEntity)
		b.Submit(p, "Add to catalog in Contoso", url.Values{"origin": {enttest.NewID()}}).Wants(http.StatusUnprocessableEntity, "There is no resource")
		p = b.Follow(b.Get(catalog), "Turbine design").Wants(http.StatusOK, "Member", "Owner", "Roles that can be given")
		b.Submit(p, "Read its roles again", nil).Wants(http.StatusOK, "These are its roles as they are now.")
		p = b.Follow(p, "Remove…").Wants(http.StatusOK, "Remove “Turbine design” from the catalog?")
		b.Submit(p, "Remove in Contoso", nil).Wants(http.StatusOK, "The catalog no longer offers it.", "Nothing is offered yet")

		p = b.Follow(b.Get(catalog), "Add a role")
		b.Submit(p, "Give role in Contoso", nil).Wants(http.StatusUnprocessableEntity, "Choose a role", "Find somebody, and pick them")
		p = b.Submit(p, "Give role in Contoso", url.Values{"who": {"Person ow"}, "find-who": {"yes"}}).Wants(http.StatusOK, "Person owner")
		const catalogOwner = "ae79f266-94d4-4dab-b730-feca7e132178"
		b.Submit(p, "Give role in Contoso", url.Values{"role": {catalogOwner}, "principal": {owner}, "who": {""}, "find-who": nil}).Wants(http.StatusOK, "The role is given.", "Person owner", "Catalog owner")

		o := browser.As(t, s, "owner@"+s.A.Domain, "Copper-Lantern-72")
		o.Get(catalog).Wants(http.StatusOK, "Partner engineering")
		o.Get(at).Wants(http.StatusOK, "Catalogs 1")
		own := o.Get(at+"/catalogs").Wants(http.StatusOK, "Partner engineering")
		if strings.Contains(own.Text(), "General") {
			t.Error("an owner of one catalog sees another")
		}
		p = b.Follow(b.Get(catalog), "Remove… Person owner, Catalog owner").Wants(http.StatusOK, "Take the role Catalog owner back from Person owner?")
		b.Submit(p, "Take role back in Contoso", nil).Wants(http.StatusOK, "The role is taken back.")
		refused := o.Get(catalog)
		if refused.Status != http.StatusForbidden && refused.Status != http.StatusNotFound || strings.Contains(refused.Text(), "Partner") {
			t.Errorf("who owns it no more: %d %s", refused.Status, refused.Text())
		}

		p = b.Follow(b.Get(catalog), "Edit")
		b.Submit(p, "Save in Contoso", url.Values{"enabled": nil}).Wants(http.StatusOK, "The catalog is changed.", "Not enabled")
		p = b.Follow(b.Get(catalog), "Delete…")
		b.Submit(p, "Delete catalog in Contoso", nil).Wants(http.StatusOK, "The catalog is deleted.")
	})
}

// TestSettings: what becomes of guests is changed, within its limits.
func TestSettings(t *testing.T) {
	each(t, func(t *testing.T, s *enttest.Server, b *browser.Browser, at string) {
		maker := user(t, s, s.A, "maker")
		p := b.Get(at+"/settings").Wants(http.StatusOK, "External users")
		b.Submit(p, "Save in Contoso", url.Values{"days": {"soon"}}).Wants(http.StatusUnprocessableEntity, "Enter a number of days, 0 to 3660")
		b.Submit(p, "Save in Contoso", url.Values{"lifecycle": {"blockSignIn"}, "days": {"7"}}).Wants(http.StatusOK, "The settings are saved.")
		if now := b.Get(at + "/settings"); now.Value(t, "days") != "7" {
			t.Errorf("the days are %q", now.Value(t, "days"))
		}
		p = b.Follow(b.Get(at+"/settings"), "Add a role")
		b.Submit(p, "Give role in Contoso", url.Values{"role": {"ba92d953-d8e0-4e39-a797-0cbedb0a89e8"}, "principal": {maker}}).Wants(http.StatusOK, "The role is given.", "Person maker", "Catalog creator")
		p = b.Follow(b.Get(at+"/settings"), "Remove… Person maker, Catalog creator").Wants(http.StatusOK, "Take the role Catalog creator back from Person maker?")
		b.Submit(p, "Take role back in Contoso", nil).Wants(http.StatusOK, "The role is taken back.")
	})
}

// TestWalls: who has no role sees nothing, and what another tenant has is not
// there.
func TestWalls(t *testing.T) {
	each(t, func(t *testing.T, s *enttest.Server, b *browser.Browser, at string) {
		user(t, s, s.A, "member")
		theirs := "/@" + s.B.Domain + "/admin/entitlement"
		stranger := browser.AsAdmin(t, s, s.B)
		p := stranger.Submit(stranger.Get(theirs+"/catalogs/new"), "Create catalog in Fabrikam", url.Values{"name": {"Quarry"}})
		catalog := path.Base(p.At.Path)
		for _, rest := range []string{"", "/edit", "/delete", "/resources", "/roles"} {
			if p := b.Get(at + "/catalogs/" + catalog + rest); p.Status != http.StatusNotFound || strings.Contains(p.Body, "Quarry") {
				t.Errorf("%s: %d %s", rest, p.Status, p.Text())
			}
		}
		for _, rest := range []string{"/edit", "/delete", "/resources", "/roles"} {
			if p := b.Post(at+"/catalogs/"+catalog+rest, url.Values{"name": {"Taken"}}); p.Status != http.StatusNotFound {
				t.Errorf("post %s: %d %s", rest, p.Status, p.Text())
			}
		}
		member := browser.As(t, s, "member@"+s.A.Domain, "Copper-Lantern-72")
		for _, rest := range []string{"", "/organizations", "/organizations/new", "/catalogs", "/settings"} {
			if p := member.Get(at + rest); p.Status != http.StatusForbidden && rest != "/organizations/new" {
				t.Errorf("a member at %s: %d %s", rest, p.Status, p.Text())
			}
		}
		if p := member.Post(at+"/catalogs/new", url.Values{"name": {"Mine"}}); p.Status != http.StatusForbidden {
			t.Errorf("a member makes a catalog: %d %s", p.Status, p.Text())
		}
	})
}

// TestCustomExtension: an endpoint is named, called by a policy, changed and removed;
// what only Graph says of it stays.
func TestCustomExtension(t *testing.T) {
	each(t, func(t *testing.T, s *enttest.Server, b *browser.Browser, at string) {
		const list = "identityGovernance/entitlementManagement/"
		catalog := make(t, s, s.A, list+"catalogs", m{"displayName": "Partner engineering"})
		home := at + "/catalogs/" + catalog
		p := b.Follow(b.Get(home).Wants(http.StatusOK, "No custom extension"), "New custom extension").Wants(http.StatusOK, "Requests wait for its answer")
		b.Submit(p, "Create custom extension in Contoso", url.Values{"name": {""}, "url": {"https://hooks.contoso.example/a"}}).Wants(http.StatusUnprocessableEntity, "A name is needed")
		b.Submit(p, "Create custom extension in Contoso", url.Values{"name": {"Checks"}, "url": {"http://hooks.contoso.example/a"}}).Wants(http.StatusUnprocessableEntity, "must begin with https://")
		b.Submit(p, "Create custom extension in Contoso", url.Values{"name": {"Checks"}, "url": {"https://hooks.contoso.example/a"}, "kind": {"nothing"}}).Wants(http.StatusUnprocessableEntity, "Choose what it is called for")
		b.Submit(p, "Create custom extension in Contoso", url.Values{"name": {"Checks"}, "url": {"https://hooks.contoso.example/a"}, "kind": {"assignment"}, "wait": {"60"}}).
			Wants(http.StatusUnprocessableEntity, "Nothing waits before the end")
		b.Submit(p, "Create custom extension in Contoso", url.Values{"name": {"Checks"}, "url": {"https://hooks.contoso.example/a"}, "wait": {"-1"}}).Wants(http.StatusUnprocessableEntity, "Choose how long")
		p = b.Submit(p, "Create custom extension in Contoso", url.Values{"name": {"Checks <b>"}, "url": {"https://hooks.contoso.example/a"}, "wait": {"240"}}).
			Wants(http.StatusOK, "The custom extension is made.", "Checks <b>", "https://hooks.contoso.example/a", "Requests", "Up to 4 hours", "1000 milliseconds", "Once")
		one := p.At.Path
		b.Get(home).Wants(http.StatusOK, "Checks <b>", "hooks.contoso.example")

		// What the form does not show stays: a wait of its own, and how calls are made.
		graph := "/v1.0/" + list + "catalogs/" + catalog + "/customWorkflowExtensions/" + path.Base(one)
		var was, now m
		s.Graph(t, s.A, http.MethodGet, graph, nil, &was)
		was["callbackConfiguration"], was["clientConfiguration"] = m{"timeoutDuration": "PT100M"}, m{"maximumRetries": 0, "timeoutInMilliseconds": 500}
		delete(was, "@odata.context")
		s.Graph(t, s.A, http.MethodPut, graph, was, nil)
		p = b.Follow(b.Get(one).Wants(http.StatusOK, "Up to 100 minutes", "500 milliseconds"), "Edit").Wants(http.StatusOK, "Up to 100 minutes")
		b.Submit(p, "Save in Contoso", url.Values{"name": {"Checks"}}).Wants(http.StatusOK, "The custom extension is changed.", "Up to 100 minutes", "500 milliseconds")
		b.Submit(b.Get(one+"/edit"), "Save in Contoso", url.Values{"wait": {""}}).Wants(http.StatusOK, "the request goes on")
		s.Graph(t, s.A, http.MethodGet, graph, nil, &now)
		if now["displayName"] != "Checks" || now["callbackConfiguration"] != nil || now["clientConfiguration"] == nil {
			t.Errorf("it is %v", now)
		}

		of := make(t, s, s.A, list+"accessPackages", m{"displayName": "Turbine", "catalog": m{"id": catalog}})
		make(t, s, s.A, list+"assignmentPolicies", m{"displayName": "Members", "accessPackage": m{"id": of}, "allowedTargetScope": "allMemberUsers",
			"customExtensionStageSettings": []any{m{"stage": "assignmentRequestCreated", "customExtension": m{"@odata.type": "#microsoft.graph.accessPackageAssignmentRequestWorkflowExtension", "id": path.Base(one)}}}})
		p = b.Follow(b.Get(one), "Delete…").Wants(http.StatusOK, "Delete custom extension “Checks”?")
		b.Submit(p, "Delete custom extension in Contoso", nil).Wants(http.StatusUnprocessableEntity, "call the custom extension")

		p = b.Follow(b.Get(home), "New custom extension")
		p = b.Submit(p, "Create custom extension in Contoso", url.Values{"name": {"Ends"}, "url": {"https://hooks.contoso.example/b"}, "kind": {"assignment"}}).
			Wants(http.StatusOK, "Assignments that end soon")
		p = b.Follow(b.Follow(p, "Edit").Wants(http.StatusOK, "Ends"), "Cancel")
		b.Submit(b.Follow(p, "Delete…"), "Delete custom extension in Contoso", nil).Wants(http.StatusOK, "The custom extension is deleted.", "Checks")
		b.Get(p.At.Path).Wants(http.StatusNotFound)

		other := make(t, s, s.A, list+"catalogs", m{"displayName": "Another"})
		b.Get(at + "/catalogs/" + other + "/extensions/" + path.Base(one)).Wants(http.StatusNotFound)
	})
}

package packages_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"entente/internal/edge/portal/admin/packages"
	"entente/internal/enttest"
	"entente/internal/enttest/browser"
	"entente/internal/kit/sqldb"
)

// TestWizard: an administrator makes an access package step by step, in a new
// catalog, with a group that no catalog has, for a connected organization that is
// connected on the way.
func TestWizard(t *testing.T) {
	enttest.Each(t, func(t *testing.T, engine sqldb.Engine) {
		s := enttest.Start(t, enttest.Options{Engine: engine})
		group(t, s, s.A, "Turbine design")
		b := browser.AsAdmin(t, s, s.A)
		at := "/@" + s.A.Domain + "/admin"
		p := b.Follow(b.Get(at+"/entitlement/packages").Wants(http.StatusOK, "No access packages yet"), "New access package")
		p = b.Submit(p.Wants(http.StatusOK, "Basics"), "Next: Resource roles", url.Values{"name": {""}, "description": {"Drawings of the K-200"}})
		p.Wants(http.StatusUnprocessableEntity, "Give the access package a name", "Drawings of the K-200")
		p = b.Submit(p, "Next: Resource roles", url.Values{"name": {"Joint design files"}, "catalog": {"new"}, "catalog-name": {"Partner engineering"}})
		p = b.Submit(p.Wants(http.StatusOK, "Resource roles", "No resources yet"), "Add resource roles", nil)
		p.Wants(http.StatusOK, "Turbine design")
		p = b.Submit(p, "Add the selected", nil).Wants(http.StatusUnprocessableEntity, "Select at least one, or go back")
		p = b.Submit(p, "Add the selected", url.Values{"pick": p.Offers("pick")[:1]})
		p = b.Submit(p.Wants(http.StatusOK, "Turbine design", "Role in Turbine design"), "Next: Requests", nil)
		p = b.Submit(p.Wants(http.StatusOK, "Users who can request access"), "Add directories", url.Values{"who": {"specificConnectedOrganizationUsers"}, "approval": {"yes"}})
		p = b.Submit(p.Wants(http.StatusOK, "Connect a new directory"), "Connect and add to the policy", url.Values{"domain": {s.B.Domain}, "organization": {"Fabrikam"}})
		p = b.Submit(p.Wants(http.StatusOK, "Fabrikam"), "Next: Requestor information", nil)
		p = b.Submit(p.Wants(http.StatusUnprocessableEntity, "Add an approver of stage 1"), "Add approvers", nil)
		p = b.Get(p.Wants(http.StatusOK, "Type the beginning of a name").At.Path+"?name=glo").Wants(http.StatusOK, "Select who is meant", "Global administrator")
		p = b.Submit(p, "Add the selected", url.Values{"pick": p.Offers("pick")[:1]})
		p = b.Submit(p.Wants(http.StatusOK, "Stage 1"), "Next: Requestor information", nil)
		p = b.Submit(p.Wants(http.StatusOK, "Nothing is asked."), "Add a question", nil)
		p = b.Submit(p.Wants(http.StatusOK, "Answer format"), "Keep the question", url.Values{"text": {"Which part?"}, "how": {"choice"}, "choices": {"Rotor"}})
		p = b.Submit(p.Wants(http.StatusUnprocessableEntity, "Type 2 to 100 answers, one a line", "Rotor"), "Keep the question", url.Values{"choices": {"Rotor\nHousing"}, "languages": {"de: Welcher Teil?"}})
		p = b.Submit(p.Wants(http.StatusOK, "Which part?", "Multiple choice: one of 2 answers · required · also in 1 language"), "Next: Lifecycle", nil)
		p = b.Submit(p.Wants(http.StatusOK, "Access package assignments expire"), "Next: Review + create", url.Values{"end": {"days"}, "end-days": {"90"}})
		p.Wants(http.StatusOK, "Access ends after 90 days.", "answers 1 question", "People of Fabrikam may ask.", "What would be granted", "Turbine design")
		p = b.Submit(p, "Create package in Contoso", nil)
		p.Wants(http.StatusOK, "The access package is made.", "Joint design files", "Turbine design", "Initial Policy", "Specific connected organizations", "After 90 days", s.Name+"/@"+s.A.Domain+"/access-packages/")
		b.Get(at+"/entitlement/packages").Wants(http.StatusOK, "Joint design files", "Partner engineering")
		b.Get(at+"/entitlement/policies").Wants(http.StatusOK, "Initial Policy", "Joint design files")
		p = b.Follow(p, "Initial Policy").Wants(http.StatusOK, "People of Fabrikam may ask.", "Access ends after 90 days.")
		p = b.Submit(p, "Edit", nil).Wants(http.StatusOK, "Edit policy “Initial Policy”")
		p = b.Submit(p, "Next: Requests", url.Values{"name": {"Partners"}})
		p = b.Follow(p.Wants(http.StatusOK), "Review + create, done").Wants(http.StatusOK, "Partners")
		b.Submit(p, "Save policy in Contoso", nil).Wants(http.StatusOK, "The policy is changed.", "Partners")
	})
}

// TestWalls: what one organization has does not exist at the address of another,
// nor for its administrators; and a draft is its author's alone.
func TestWalls(t *testing.T) {
	enttest.Each(t, func(t *testing.T, engine sqldb.Engine) {
		s := enttest.Start(t, enttest.Options{Engine: engine})
		a, b := browser.AsAdmin(t, s, s.A), browser.AsAdmin(t, s, s.B)
		var pkg, policy struct{ ID string }
		const name = "<script>alert(1)</script>\u202eevil"
		s.Graph(t, s.A, http.MethodPost, govern+"accessPackages", map[string]any{"displayName": name, "description": name}, &pkg)
		s.Graph(t, s.A, http.MethodPost, govern+"assignmentPolicies", map[string]any{"displayName": name, "description": name, "allowedTargetScope": "allMemberUsers",
			"accessPackage": map[string]any{"id": pkg.ID}}, &policy)
		of := group(t, s, s.A, "Turbine design")
		s.Graph(t, s.A, http.MethodPost, govern+"resourceRequests", map[string]any{"requestType": "adminAdd", "catalog": map[string]any{"id": general(t, s, s.A)},
			"resource": map[string]any{"originId": of, "originSystem": "AadGroup"}}, nil)
		here := "/@" + s.A.Domain + "/admin"
		add := a.Get(here+"/entitlement/packages/"+pkg.ID+"/roles/add").Wants(http.StatusOK, "Turbine design: Member")
		p := a.Submit(add, "Add to the package", url.Values{"pick": add.Offers("pick")[:1]})
		role := rolePath.FindStringSubmatch(p.Wants(http.StatusOK, "The package gives more now.").Body)[1]
		a.Post(here+"/entitlement/packages/"+pkg.ID+"/separation/add", url.Values{"pick": {"group." + of}}).Wants(http.StatusOK)
		a.Post(here+"/entitlement/packages/new", url.Values{"then": {"leave"}, "name": {name}, "description": {name}, "catalog": {general(t, s, s.A)}})
		draft := draftPath.FindStringSubmatch(a.Get(here+"/entitlement/packages").Wants(http.StatusOK, "Not finished").Body)[1]
		fill := strings.NewReplacer("/@{domain}/admin", "", "{package}", pkg.ID, "{policy}", policy.ID, "{draft}", draft, "{role}", role, "{apart}", of, "{step}", "basics", "{to}", "targets", "{question}", "new")
		nobodys := strings.NewReplacer("/@{domain}/admin", "", "{package}", nobody, "{policy}", nobody, "{draft}", nobody, "{role}", role, "{apart}", of, "{step}", "basics", "{to}", "targets", "{question}", "new")
		for _, route := range packages.Routes() {
			method, path, _ := strings.Cut(route, " ")
			if method == http.MethodGet {
				p := a.Get(here + fill.Replace(path))
				p.Wants(http.StatusOK)
				if strings.Contains(p.Body, "<script>alert") || strings.Contains(typed.ReplaceAllString(p.Body, ""), "\u202e") {
					t.Errorf("%s shows what somebody typed as it is", route)
				}
			}
			if !strings.Contains(strings.TrimPrefix(path, "/@{domain}"), "{") {
				continue
			}
			there := "/@" + s.B.Domain + "/admin"
			got, want := b.Send(method, there+fill.Replace(path), url.Values{}, "same-origin"), b.Send(method, there+nobodys.Replace(path), url.Values{}, "same-origin")
			if got.Status != http.StatusNotFound || want.Status != http.StatusNotFound || told.ReplaceAllString(got.Text(), "") != told.ReplaceAllString(want.Text(), "") {
				t.Errorf("%s: B is told %d %q of what is A’s, and %d %q of nothing", route, got.Status, got.Text(), want.Status, want.Text())
			}
			if p := b.Send(method, here+fill.Replace(path), url.Values{}, "same-origin"); p.Status != http.StatusForbidden {
				t.Errorf("%s: an administrator of B is answered %d at A", route, p.Status)
			}
		}
		a.Get(here+"/entitlement/packages/"+pkg.ID).Wants(http.StatusOK, "Turbine design")
	})
}

const nobody = "5a9c4a4e-6f6f-4b55-9d0f-0d6a3a1f7f01"

var (
	rolePath  = regexp.MustCompile(`/roles/([^/"]+)/remove`)
	draftPath = regexp.MustCompile(`/entitlement/drafts/([^/"]+)`)
	typed     = regexp.MustCompile(`(?s)value="[^"]*"|<textarea.*?</textarea>`) // what is there to be changed
	told      = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f-]{27}`)                 // identifiers that a refusal repeats
)

// general returns the built-in catalog.
func general(t testing.TB, s *enttest.Server, in *enttest.Tenant) string {
	t.Helper()
	var all struct {
		Value []struct{ ID, DisplayName string }
	}
	s.Graph(t, in, http.MethodGet, "/v1.0/identityGovernance/entitlementManagement/catalogs", nil, &all)
	return all.Value[0].ID
}

// TestNobodyWithoutRole: a member who administers nothing is told which role is
// needed, and sees nothing.
func TestNobodyWithoutRole(t *testing.T) {
	s := enttest.Start(t, enttest.Options{Engine: sqldb.SQLite})
	s.Graph(t, s.A, http.MethodPost, "/v1.0/users", map[string]any{"displayName": "Member", "userPrincipalName": "member@" + s.A.Domain, "mailNickname": "member", "accountEnabled": true,
		"passwordProfile": map[string]any{"password": "Aa1-turbine-blade", "forceChangePasswordNextSignIn": false}}, nil)
	b := browser.As(t, s, "member@"+s.A.Domain, "Aa1-turbine-blade")
	for _, path := range []string{"/entitlement/packages", "/entitlement/packages/new", "/entitlement/policies"} {
		b.Get("/@"+s.A.Domain+"/admin"+path).Wants(http.StatusForbidden, "role")
	}
}

// group makes a security group.
func group(t testing.TB, s *enttest.Server, in *enttest.Tenant, name string) (id string) {
	t.Helper()
	var made struct{ ID string }
	s.Graph(t, in, http.MethodPost, "/v1.0/groups", map[string]any{"displayName": name, "mailNickname": strings.ToLower(strings.ReplaceAll(name, " ", "-")),
		"mailEnabled": false, "securityEnabled": true}, &made)
	return made.ID
}

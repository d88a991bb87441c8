package e2e

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/chromedp/chromedp"
)

// TestAdminCenter: an administrator finds the areas of the organization that they
// act in, and every page of entitlement management and of users is fit to be used.
func TestAdminCenter(t *testing.T) {
	approver := newPerson(t, "Deciding Person")
	pkg := offers(t, "Turbine handbook", approver)
	b := open(t)
	b.visit("/admin")
	b.signIn(adminB())
	b.at("Administer Fabrikam")
	b.look("admin-home")
	const at = "/@fabrikam.example/admin"
	see := func(path, heading, name string) {
		t.Helper()
		b.visit(at + path)
		b.at(heading)
		b.look("admin-" + name)
	}
	see("/entitlement", "Entitlement management", "overview")
	see("/entitlement/organizations", "Connected organizations", "organizations")
	b.leads("open the organization", chromedp.Click(`th a`, chromedp.ByQuery))
	b.look("admin-organization")
	see("/entitlement/organizations/new", "Add connected organization", "connect")
	see("/entitlement/organizations/new?name=Adatum&step=sources&source=adatum.example", "Add connected organization", "connect-directory")
	see("/entitlement/organizations/new?name=Adatum&step=sponsors&source=adatum.example&who=Deciding", "Add connected organization", "connect-sponsors")
	see("/entitlement/organizations/new?name=Adatum&step=review&source=adatum.example", "Add connected organization", "connect-review")
	see("/entitlement/catalogs", "Catalogs", "catalogs")
	b.press("Turbine handbook catalog")
	b.at("Turbine handbook catalog")
	b.look("admin-catalog")
	b.press("Add groups and teams")
	b.look("admin-catalog-add")
	b.press("Turbine handbook catalog")
	b.addsExtension()
	see("/entitlement/catalogs/new", "New catalog", "catalog-new")
	see("/entitlement/settings", "Settings", "settings")
	see("/entitlement/packages", "Access packages", "packages")
	see("/entitlement/packages/"+pkg, "Turbine handbook", "package")
	see("/entitlement/policies", "Policies", "policies")
	b.leads("open the policy", chromedp.Click(`th a`, chromedp.ByQuery))
	b.look("admin-policy")
	graph(t, http.MethodPost, entitlementPath+"accessPackages", map[string]any{"displayName": "Turbine payments", "description": "Not together with the handbook"}, http.StatusCreated)
	see("/entitlement/packages/"+pkg+"/separation/add", "Add incompatible access packages or groups", "separation")
	b.choose("Turbine payments")
	b.press("Keep apart in Fabrikam")
	b.look("admin-package-apart")
	b.press("Remove… Turbine payments")
	b.look("admin-separation-remove")
	see("/entitlement/packages/"+pkg+"/automatic/new", "New auto assignment policy", "automatic-1")
	b.press("Next: Rule")
	b.look("admin-automatic-2")
	b.do("type the rule", chromedp.SetValue("#rule", `user.department -eq "Turbines"`, chromedp.ByQuery))
	b.press("Next: Rules")
	b.look("admin-automatic-3")
	b.press("Next: Review + create")
	b.look("admin-automatic-4")
	b.press("Save policy in Fabrikam")
	b.press("Automatic Policy")
	b.look("admin-automatic")

	target := graph(t, http.MethodGet, "/v1.0/users/"+approver.upn+"?$select=id", nil, http.StatusOK)["id"]
	see("/entitlement/requests", "Requests", "requests")
	see("/entitlement/assignments/new", "New assignment", "assign")
	see("/entitlement/assignments/new?package="+pkg+"&who=Deciding", "New assignment of “Turbine handbook”", "assign-who")
	see("/entitlement/assignments", "Assignments", "assignments")
	see("/users", "Users", "users")
	see("/users/"+fmt.Sprint(target), "Deciding Person", "user")
	see("/users/"+fmt.Sprint(target)+"/block", "Block sign-in of Deciding Person?", "user-block")
}

// addsExtension makes a custom extension of a catalog, whose page is shown.
func (b *tab) addsExtension() {
	b.t.Helper()
	b.press("New custom extension")
	b.look("admin-extension-new")
	b.fill("Name", "Tell the desk")
	b.fill("Address of the endpoint", "https://hooks.fabrikam.example/desk")
	b.press("Create custom extension in Fabrikam")
	b.says("The custom extension is made.")
	b.look("admin-extension")
	b.press("Edit")
	b.look("admin-extension-edit")
	b.press("Cancel")
	b.press("Delete…")
	b.look("admin-extension-delete")
}

// TestAdminWizard: an access package is made step by step, without script.
func TestAdminWizard(t *testing.T) {
	offers(t, "Wizard ground", newPerson(t, "Wizard Person"))
	b := open(t)
	b.visit("/@fabrikam.example/admin/entitlement/packages/new")
	b.signIn(adminB())
	b.look("admin-wizard-1")
	b.fill("Name", "Joint test files")
	b.do("describe it", chromedp.SendKeys("#description", "Files of the joint test.", chromedp.ByQuery))
	for i, step := range []string{"Resource roles", "Requests", "Requestor information", "Lifecycle", "Review + create"} {
		b.leads("go on", chromedp.Click(`main form .acts .btn.main`, chromedp.ByQuery))
		if now := b.text(".steps [aria-current]"); now != step {
			t.Fatalf("after the step before %q comes %q\n%s", step, now, b.where())
		}
		b.look(fmt.Sprint("admin-wizard-", i+2))
	}
}

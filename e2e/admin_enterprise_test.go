package e2e

import (
	"testing"

	"github.com/chromedp/chromedp"
)

// TestAdminEnterprise: an administrator lets an application of another
// organization in, sees what it may do, shortens that and ends it; the
// application's home sees it from its side.
func TestAdminEnterprise(t *testing.T) {
	newPerson(t, "Assigned Person")
	b := open(t)
	b.visit("/" + env["ENTENTE_TENANT_B"] + "/adminconsent?client_id=" + env["ENTENTE_APP_ID"])
	b.signIn(adminB())
	b.press("Consent for Fabrikam")
	b.at("Fabrikam has let “User reader” in")
	const at = "/@fabrikam.example/admin"
	see := func(path, heading, name string) {
		t.Helper()
		b.visit(at + path)
		b.at(heading)
		b.look("admin-" + name)
	}
	see("/enterprise-applications", "Enterprise applications", "enterprise")
	see("/enterprise-applications?find=nothing", "Enterprise applications", "enterprise-none")
	see("/our-applications-elsewhere", "Our applications elsewhere", "elsewhere-none")
	see("/foreign-applications", "Foreign applications here", "foreign")
	b.press("User reader")
	b.at("User reader")
	b.look("admin-enterprise-one")
	b.press("Properties")
	b.look("admin-enterprise-properties")
	b.press("Cancel")
	b.press("Users and groups")
	b.look("admin-enterprise-users-none")
	b.press("Add user/group")
	b.fill("Find users or groups (optional)", "Assigned")
	b.press("Find Find users or groups")
	b.look("admin-enterprise-users-add")
	b.do("pick the first", chromedp.Click(`input[name=principal]`, chromedp.ByQuery))
	b.press("Assign in Fabrikam")
	b.look("admin-enterprise-users")
	b.press("Remove… Assigned Person, Default access")
	b.look("admin-enterprise-users-remove")
	b.press("Remove assignment in Fabrikam")

	a := open(t)
	a.visit("/@contoso.example/admin/our-applications-elsewhere")
	a.signIn(adminA())
	a.at("Our applications elsewhere")
	a.look("admin-elsewhere")
	a.press("User reader")
	a.at("User reader in Fabrikam")
	a.look("admin-elsewhere-one")

	b.visit(at + "/foreign-applications")
	b.press("User reader")
	b.press("Permissions")
	b.look("admin-enterprise-permissions")
	b.press("End or shorten… User.Read.All")
	b.look("admin-enterprise-consent")
	b.press("Change the end…")
	b.fill("Last day", "01012020")
	b.press("Change the end in Fabrikam")
	b.says("The end must be in the future")
	b.look("admin-enterprise-shorten-past")
	b.press("Cancel")
	b.press("End it now…")
	b.look("admin-enterprise-end")
	b.press("End consent in Fabrikam")
	b.says("The consent has ended")
	a.visit("/@contoso.example/admin/our-applications-elsewhere")
	a.says("Application: Orders.Read.All") // what the consent did not give stays, and that alone
}

// TestAdminOrganization: roles, domains, cross-tenant access and properties of an
// organization are fit to be used.
func TestAdminOrganization(t *testing.T) {
	newPerson(t, "Reporting Person")
	b := open(t)
	b.visit("/@fabrikam.example/admin")
	b.signIn(adminB())
	see := func(path, heading, name string) {
		t.Helper()
		b.visit("/@fabrikam.example/admin" + path)
		b.at(heading)
		b.look("admin-" + name)
	}
	see("/roles", "Roles and administrators", "roles")
	b.press("Global Administrator")
	b.look("admin-role")
	b.press("Add assignments")
	b.fill("Find users, groups or applications (optional)", "Reporting")
	b.press("Find Find users, groups or applications")
	b.look("admin-role-add")
	see("/roles/4a5d8f65-41da-4de4-8968-e035b65339cf", "Reports Reader", "role-nobody")
	b.press("What it allows")
	b.look("admin-role-allows")
	see("/domains", "Domains", "domains")
	b.press("Add custom domain")
	b.fill("Custom domain name", "turbines.example")
	b.look("admin-domain-add")
	b.press("Add domain to Fabrikam")
	b.at("turbines.example")
	b.look("admin-domain")
	b.press("Verify domain for Fabrikam")
	b.says("The record was not found in DNS")
	b.press("Delete…")
	b.look("admin-domain-delete")
	b.press("Delete domain in Fabrikam")
	see("/cross-tenant-access", "Cross-tenant access settings", "cross")
	see("/cross-tenant-access/default", "Default settings", "cross-default")
	see("/cross-tenant-access/add", "Add organization", "cross-add")
	b.fill("Tenant ID or domain name", "northwind.example")
	b.press("Add organization in Fabrikam")
	b.look("admin-cross-one")
	b.press("Remove…")
	b.look("admin-cross-remove")
	b.press("Remove settings in Fabrikam")
	see("/properties", "Tenant properties", "properties")
	see("/properties/organization", "Edit properties", "properties-edit")
	see("/properties/security-defaults", "Security defaults", "properties-security")
	see("/properties/user-settings", "User settings", "properties-users")
}

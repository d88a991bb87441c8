package e2e

import (
	"testing"

	"github.com/chromedp/chromedp"
)

// TestAdminRegistrations: somebody who knows the first article creates an
// identity, registers an application, lets the one act as the other and asks for
// a permission; every page about it is fit to be used.
func TestAdminRegistrations(t *testing.T) {
	const at = "/@contoso.example/admin"
	b := open(t)
	b.visit(at + "/managed-identities")
	b.signIn(adminA())
	b.at("Managed identities")
	b.look("identities")
	b.press("Create user-assigned identity")
	b.at("Create user-assigned managed identity")
	b.look("identity-new")
	b.fill("Name", "article-identity")
	b.fill("Resource group", "article")
	b.press("Create identity in Contoso")
	b.at("article-identity")
	b.look("identity")
	object, issuer := b.text("#object"), b.text("#issuer")
	b.press("Delete…")
	b.look("identity-delete")

	b.visit(at + "/app-registrations")
	b.at("App registrations")
	b.look("registrations")
	b.press("New registration")
	b.at("Register an application")
	b.look("registration-new")
	b.fill("Name", "Article feed")
	b.do("choose any organization", chromedp.Click(`#audience-AzureADMultipleOrgs`, chromedp.ByQuery))
	b.press("Register in Contoso")
	b.at("Article feed")
	b.says("Its service principal in Contoso was made with it")
	b.look("registration-overview")

	b.press("Certificates & secrets")
	b.at("Certificates & secrets")
	b.look("registration-credentials-none")
	b.press("Add credential")
	b.at("Add a credential")
	b.look("credential-scenario")
	b.do("choose another issuer", chromedp.Click(`#scenario-other`, chromedp.ByQuery))
	b.press("Continue")
	b.look("credential-other")
	b.fill("Issuer", issuer)
	b.do("enter the subject", chromedp.SendKeys("#subject", object, chromedp.ByQuery))
	b.fill("Name", "article-identity")
	b.press("Check in Contoso")
	b.at("Check the credential")
	b.look("credential-check")
	b.press("Add credential in Contoso")
	b.at("Certificates & secrets")
	b.look("registration-credentials")
	b.press("article-identity")
	b.look("credential-edit")
	here := b.address().Path
	here = here[:len(at)+len("/app-registrations/")+36]
	see := func(path, heading, name string) {
		t.Helper()
		b.visit(here + path)
		b.at(heading)
		b.look(name)
	}
	see("/federated/new?scenario=identity&who=article", "Add a credential: Managed identity", "credential-identity")
	see("/federated/new?scenario=github", "Add a credential: GitHub Actions deploying Azure resources", "credential-github")
	see("/federated/new?scenario=kubernetes", "Add a credential: Kubernetes accessing Azure resources", "credential-kubernetes")
	see("/credentials/secrets/new", "Add a client secret", "secret-new")
	b.press("Add secret in Contoso")
	b.at("Copy the secret now")
	b.look("secret-made")
	see("/credentials/certificates/new", "Add a certificate", "certificate-new")

	see("/permissions", "API permissions", "permissions-none")
	b.press("Add a permission")
	b.at("Request API permissions")
	b.look("permission-api")
	see("/permissions/add?api=00000003-0000-0000-c000-000000000000&type=application&find-permission=User.Read", "Add permissions of “Microsoft Graph”", "permission-choose")
	b.do("choose one", chromedp.Click(`input[value="df021288-bdef-4463-88db-98f22de89214"]`, chromedp.ByQuery))
	b.press("Add permissions in Contoso")
	b.says("Not granted for Contoso")
	b.look("permissions")
	see("/permissions/grant", "Grant admin consent for Contoso?", "permissions-grant")
	see("/authentication", "Authentication", "authentication")
	see("/expose", "Expose an API", "expose")
	see("/expose/scopes/new", "Add a scope", "scope-new")
	see("/roles", "App roles", "app-roles")
	see("/roles/new", "Create app role", "app-role-new")
	see("/owners", "Owners", "app-owners")
	see("/owners/add", "Add owners", "app-owner-add")
	see("/manifest", "Manifest", "manifest")
	see("/delete", "Delete “Article feed”?", "registration-delete")
}

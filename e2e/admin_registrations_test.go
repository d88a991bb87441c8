package e2e

import (
	"testing"
)

// TestAdminRegistrations: an application is registered by somebody who knows the
// portal of the first article, and every page about it is fit to be used.
func TestAdminRegistrations(t *testing.T) {
	const at = "/@contoso.example/admin/app-registrations"
	b := open(t)
	b.visit(at)
	b.signIn(adminA())
	b.at("App registrations")
	b.look("registrations")
	b.press("New registration")
	b.at("Register an application")
	b.look("registrations-new")
	b.fill("Name", "Stock feed")
	b.press("Register in Contoso")
	b.at("Stock feed")
	b.says("Its service principal in Contoso was made with it")
	b.look("registration-overview")
	b.press("Delete…")
	b.look("registration-delete")
}

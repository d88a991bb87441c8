package e2e

import "testing"

// TestAdminCenter: an administrator finds the areas of the organization that they
// act in.
func TestAdminCenter(t *testing.T) {
	b := open(t)
	b.visit("/admin")
	b.signIn(adminB())
	b.at("Administer Fabrikam")
	b.look("admin-home")
}

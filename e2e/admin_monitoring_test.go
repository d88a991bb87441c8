package e2e

import "testing"

// TestAdminMonitoring: an administrator looks at both logs and at an entry of each.
func TestAdminMonitoring(t *testing.T) {
	b := open(t)
	b.visit("/admin")
	b.signIn(adminB())
	b.at("Administer Fabrikam")
	at := b.path()
	for _, page := range []struct{ path, title, name string }{{"/sign-in-logs", "Sign-in logs", "sign-in"}, {"/audit-logs", "Audit logs", "audit"}} {
		b.visit(at + page.path)
		b.at(page.title)
		b.look("admin-" + page.name + "-logs")
		b.visit(at + page.path + "?value=nobody&date=7d")
		b.look("admin-" + page.name + "-logs-none")
	}
}

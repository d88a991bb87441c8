package e2e

import (
	"testing"

	"github.com/chromedp/chromedp"
)

// TestAdminMonitoring: an administrator looks at both logs and at an entry of each,
// also at one that was refused.
func TestAdminMonitoring(t *testing.T) {
	b := open(t)
	b.visit("/admin")
	b.signIn(adminB())
	b.at("Administer Fabrikam")
	at := b.address().Path
	open := func() {
		t.Helper()
		b.leads("open the first entry", chromedp.Click(`main table tbody a`, chromedp.ByQuery))
	}
	b.visit(at + "/sign-in-logs")
	b.at("Sign-in logs")
	b.look("admin-sign-in-logs")
	open()
	b.look("admin-sign-in")
	b.visit(at + "/sign-in-logs?value=nobody&date=7d")
	b.says("Nothing meets the filter")
	b.look("admin-sign-in-logs-none")
	b.visit(at + "/audit-logs")
	b.at("Audit logs")
	b.look("admin-audit-logs")
	open()
	b.look("admin-audit")
}

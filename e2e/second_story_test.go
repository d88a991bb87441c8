package e2e

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// choose clicks the control with this label.
func (b *tab) choose(label string) {
	b.t.Helper()
	b.do("choose "+label, chromedp.Click(`//label[normalize-space()=`+quote(label)+`]`, chromedp.BySearch))
}

// TestSecondStoryByBrowser is the second article's whole walk by browser, with
// nothing but what is on the pages: an administrator of A connects B, makes a team
// and, in the wizard, a catalog, an access package of the team and the travel desk,
// and its policy; sends the link; somebody of B asks, is granted it, accepts, and
// the travel desk's door opens. The clock is moved, and it shuts.
func TestSecondStoryByBrowser(t *testing.T) {
	l := elsewhere(t, "--story", "workload")
	asks := person{env["ENTENTE_USER_B_UPN"], env["ENTENTE_USER_B_PASSWORD"]}
	decides := person{env["ENTENTE_APPROVER_A_UPN"], env["ENTENTE_APPROVER_A_PASSWORD"]}
	desk := env["ENTENTE_WEBAPP_URL"]

	a := open(t)
	a.visit("/admin")
	a.signIn(adminA())
	a.at("Administer Contoso")
	a.press("Groups")
	a.press("New group")
	a.choose("Microsoft 365 with a team")
	a.fill("Name", "Housing design")
	a.press("Create group in Contoso")

	a.press("Connected organizations")
	a.look("walk-organizations-none")
	a.press("Add connected organization")
	a.fill("Name", "Fabrikam")
	a.press("Next: Directory + domain")
	a.look("walk-directory-none")
	a.fill("Directory or domain", "fabrikam.example")
	a.press("Add directory + domain")
	a.says("A tenant of this installation")
	a.look("walk-directory")
	a.press("Next: Sponsors")
	a.look("walk-sponsors")
	a.press("Next: Review + create")
	a.look("walk-connect-review")
	a.press("Connect with Contoso")
	a.at("Fabrikam")
	a.says("The organization is connected.")
	a.look("walk-connected")

	a.press("Access packages")
	a.look("walk-packages-none")
	a.press("New access package")
	a.fill("Name", "Joint design files")
	a.do("describe it", chromedp.SendKeys("#description", "Drawings of the housing, for partners who work on it.", chromedp.ByQuery))
	a.do("a new catalog", chromedp.SetValue("#catalog", "new", chromedp.ByQuery))
	a.do("name the catalog", chromedp.SendKeys("#catalog-name", "Partner engineering", chromedp.ByQuery))
	a.choose("Only who has the link")
	a.look("walk-basics")
	a.press("Next: Resource roles")
	a.look("walk-roles-none")
	a.press("Add resource roles")
	a.look("walk-resources")
	a.choose("Housing design")
	a.press("Add the selected")
	a.press("Add resource roles")
	a.do("look among applications", chromedp.SetValue("#origin", "AadApplication", chromedp.ByQuery))
	a.press("Show")
	a.look("walk-resources-applications")
	a.choose("Travel desk")
	a.press("Add the selected")
	a.says("Role in Travel desk")
	a.look("walk-roles")
	a.press("Next: Requests")
	a.look("walk-requests-first")
	a.choose("Specific connected organizations")
	a.press("Add directories")
	a.look("walk-directories")
	a.choose("Fabrikam")
	a.press("Add the selected")
	a.choose("Require approval")
	a.press("Next: Requestor information")
	a.look("walk-requests-wrong")
	a.press("Add approvers of stage 1")
	a.fill("Name or address begins with", "app-admin")
	a.press("Show")
	a.look("walk-approvers")
	a.choose("Application administrator")
	a.press("Add the selected")
	a.look("walk-requests")
	a.press("Next: Requestor information")
	a.press("Add a question")
	a.fill("Question", "Contract number")
	a.look("walk-question")
	a.press("Keep the question")
	a.look("walk-questions")
	a.press("Next: Lifecycle")
	a.look("walk-lifecycle")
	a.do("ninety days", chromedp.Click("#end-is-days", chromedp.ByQuery), chromedp.SetValue("#end-days", "90", chromedp.ByQuery))
	a.press("Next: Review + create")
	a.look("walk-review")
	a.says("People of Fabrikam may ask.")
	a.says("Access ends after 90 days.")
	a.press("Create package in Contoso")
	a.at("Joint design files")
	a.look("walk-package")
	link := strings.TrimPrefix(a.text("#link"), env["ENTENTE_LOGIN_URL"])

	b := open(t)
	b.visit(link)
	b.at("Contoso offers you access")
	b.press("Sign in to see it")
	b.signIn(asks)
	b.at("Request “Joint design files”")
	b.fill("Contract number", "204 118")
	b.do("say why", chromedp.SendKeys("#justification", "I draw the housing.", chromedp.ByQuery))
	b.look("walk-ask")
	b.press("Send request to Contoso")
	b.says("Request sent to Contoso.")

	// What Microsoft's own form of the link leads to is the same page.
	b.visit(strings.Replace(link, "/access-packages/", "#/access-packages/", 1))
	b.untilSays("You have asked for this already")

	a.press("Requests")
	a.look("walk-requests-list")
	a.leads("open the request", chromedp.Click(`th a`, chromedp.ByQuery))
	a.look("walk-request")

	c := open(t)
	c.visit("/@contoso.example/access/approvals")
	c.signIn(decides)
	c.at("Approvals")
	c.leads("open it", chromedp.Click(`th a`, chromedp.ByQuery))
	c.says("204 118")
	c.do("say why", chromedp.SendKeys("#reason", "They draw with us.", chromedp.ByQuery))
	c.press("Approve for Contoso")
	c.says("Your decision is recorded: approved.")

	b.visit("/@contoso.example/access/requests")
	b.leads("follow the request", chromedp.Click(`th a`, chromedp.ByQuery))
	b.untilSays("Delivered")
	a.press("Assignments")
	a.leads("open the assignment", chromedp.Click(`th a`, chromedp.ByQuery))
	a.look("walk-assignment")
	a.press("Users")
	a.leads("open the guest", chromedp.Click(`//th//a[contains(., "Member 02") and contains(../.., "Guest")]`, chromedp.BySearch))
	a.says("Invitation accepted")
	a.look("walk-guest-before")
	guest := a.address().Path

	b.visit("/@contoso.example/access/assignments")
	b.leads("open the travel desk", chromedp.Click(`//a[starts-with(normalize-space(), "Open") and contains(., "Travel desk")]`, chromedp.BySearch))
	b.at("Travel desk")
	b.press("Sign in to Contoso")
	b.at("Contoso invites you as a guest")
	b.press("Accept as Fabrikam")
	b.at("Welcome, Member 02")
	b.visit("/@contoso.example/access/teams")
	b.says("Housing design")
	a.visit(guest)
	a.look("walk-guest-after")

	if err := l.MoveClock(t.Context(), "+90d"); err != nil {
		t.Fatal(err)
	}
	b.untilShut(desk, asks)
	b.untilAt("/@contoso.example/access/assignments", "Expired")
}

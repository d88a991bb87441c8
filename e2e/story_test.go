package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// tabTo goes on with the tab key alone until the focus is on what a script finds
// true of the element e.
func (b *tab) tabTo(what, is string) {
	b.t.Helper()
	for range 80 {
		var there bool
		b.do("press tab", chromedp.KeyEvent(kb.Tab), chromedp.EvaluateAsDevTools(`(e => !!e && (`+is+`))(document.activeElement)`, &there))
		if there {
			return
		}
	}
	b.t.Fatalf("the tab key never comes to %s\n%s", what, b.where())
}

// enterAt goes to a link or button of this text by the tab key, and presses enter.
func (b *tab) enterAt(text string) {
	b.t.Helper()
	b.tabTo(text, fmt.Sprintf(`e.matches("a, button") && e.textContent.trim() === %q`, text))
	b.leads("enter at "+text, chromedp.KeyEvent(kb.Enter))
}

// typeInto goes to a field by the tab key, and types.
func (b *tab) typeInto(id, text string) {
	b.t.Helper()
	b.tabTo(id, fmt.Sprintf(`e.id === %q`, id))
	b.do("type", chromedp.KeyEvent(text))
}

// untilAt opens an address until the page says something.
func (b *tab) untilAt(address, text string) {
	b.t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(200 * time.Millisecond) {
		if b.visit(address); strings.Contains(b.text("body"), text) {
			return
		}
		if time.Now().After(end) {
			b.t.Fatalf("%s never says %q\n%s", address, text, b.where())
		}
	}
}

// TestSecondStory is the second story, from the link to the end, in a lab whose
// clock is moved: a person of B asks, is denied, asks again and is granted it, a
// stranger is told who may ask, the guest declines and then accepts, the travel
// desk's door opens and closes. Asking and deciding go by the keyboard alone.
func TestSecondStory(t *testing.T) {
	l := elsewhere(t)
	asks := person{env["ENTENTE_USER_B_UPN"], env["ENTENTE_USER_B_PASSWORD"]}
	decides := person{env["ENTENTE_APPROVER_A_UPN"], env["ENTENTE_APPROVER_A_PASSWORD"]}
	link, desk := env["ENTENTE_PACKAGE_LINK"], env["ENTENTE_WEBAPP_URL"]
	const door = "/@contoso.example/access"

	stranger := open(t)
	stranger.visit(link)
	stranger.press("Sign in to see it")
	stranger.signIn(person{env["ENTENTE_MEMBER_A_UPN"], env["ENTENTE_MEMBER_A_PASSWORD"]})
	stranger.at("You can’t ask for “Joint design files”")
	stranger.says("Who can help")

	b := open(t)
	b.visit(link)
	b.at("Contoso offers you access")
	b.look("story-link")
	b.enterAt("Sign in to see it")
	b.signIn(asks)
	b.at("Request “Joint design files”")
	b.look("story-ask")
	b.visit(link)
	b.typeInto("justification", "I draw the housing and need the current drawings.")
	b.illustrate("second-story-ask")
	b.enterAt("Send request to Contoso")
	b.says("Request sent to Contoso.")

	a := open(t)
	a.visit(door + "/approvals")
	a.signIn(decides)
	a.at("Approvals")
	a.tabTo("the request", `e.matches("th a")`)
	a.leads("enter", chromedp.KeyEvent(kb.Enter))
	a.says("I draw the housing and need the current drawings.")
	a.typeInto("reason", "Ask when the contract is signed.")
	a.enterAt("Deny")
	a.says("Your decision is recorded: denied.")
	b.untilSays("Ask when the contract is signed.")
	b.untilSays("Denied")
	b.look("story-denied")

	b.enterAt("Ask again")
	b.typeInto("justification", "The contract is signed.")
	b.enterAt("Send request to Contoso")
	b.says("Request sent to Contoso.")
	a.visit(door + "/approvals")
	a.tabTo("the request", `e.matches("th a")`)
	a.leads("enter", chromedp.KeyEvent(kb.Enter))
	a.illustrate("second-story-decide")
	a.tabTo("Approve", `e.value === "approve"`)
	a.leads("enter", chromedp.KeyEvent(kb.Enter))
	a.says("Your decision is recorded: approved.")
	b.untilSays("Delivered")
	b.illustrate("second-story-follow")

	b.do("be a phone", emulation.SetDeviceMetricsOverride(390, 844, 2, true))
	b.visit(door + "/assignments")
	b.says("Travel desk")
	b.leads("open the travel desk", chromedp.Click(`//a[starts-with(normalize-space(), "Open") and contains(., "Travel desk")]`, chromedp.BySearch))
	b.at("Travel desk")
	b.press("Sign in to Contoso")
	b.at("Contoso invites you as a guest")
	b.press("Decline")
	b.at("You have declined")
	b.look("story-declined")
	b.press("Go back to Travel desk")
	b.at("You were not signed in")
	b.visit(desk + "/sign-in")
	b.at("Contoso invites you as a guest")
	b.press("Accept as Fabrikam")
	b.at("Welcome, Member 02")
	b.visit(door + "/teams")
	b.says("Designers")
	b.look("story-teams")
	b.press("Sites")
	b.says("Designers")
	b.look("story-sites")
	b.visit(door + "/assignments")
	b.look("story-have")
	b.illustrate("second-story-have")
	b.visit("/account/organizations")
	b.says("Contoso")
	b.look("story-organizations")

	if err := l.MoveClock(t.Context(), "+90d"); err != nil {
		t.Fatal(err)
	}
	b.visit(desk)
	b.at("Travel desk")
	b.untilShut(desk, asks)
	b.look("story-shut")
	b.untilAt(door+"/assignments", "Expired")
	b.says("Ask again")
}

// untilShut signs in to the travel desk until it, or the organization, refuses.
func (b *tab) untilShut(desk string, who person) {
	b.t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(200 * time.Millisecond) {
		b.visit(desk + "/sign-in")
		switch h := b.text("h1"); {
		case h == "Sign in":
			b.signIn(who)
		case h == "Enter your password":
			b.fill(passwordField, who.password)
			b.press("Sign in")
		case strings.HasPrefix(h, "Choose"):
			b.goOnAs(who.upn)
			if b.text("h1") == "Enter your password" {
				b.fill(passwordField, who.password)
				b.press("Sign in")
			}
		}
		if !strings.HasPrefix(b.text("h1"), "Welcome") {
			return
		}
		if time.Now().After(end) {
			b.t.Fatalf("the door stays open\n%s", b.where())
		}
	}
}

// TestFirstStoryPicture opens the consent that the first story turns on.
func TestFirstStoryPicture(t *testing.T) {
	b := open(t)
	b.visit("/" + env["ENTENTE_TENANT_B"] + "/adminconsent?client_id=" + env["ENTENTE_APP_ID"])
	b.signIn(adminB())
	b.says("User reader")
	b.illustrate("first-story-consent")
}

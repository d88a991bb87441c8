package e2e

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// TestSwitchOrganization accepts an invitation from one's own pages, acts as the
// guest, goes home, comes back by the menu, and leaves for good.
func TestSwitchOrganization(t *testing.T) {
	p := adminA()
	guest, _ := invites(t, p)
	const local = "#EXT#@" // in the names of guests

	b := open(t)
	b.visit("/account/organizations")
	b.signIn(p)
	b.at("Organizations")
	b.says("Invitation waits for you")
	b.press("See invitation")
	b.at("Fabrikam invites you as a guest")
	b.press("Accept as Contoso")
	if got := state(t, guest); got != "Accepted" {
		t.Fatalf("accepted: %s", got)
	}

	b.visit("/account/organizations")
	b.at("Organizations")
	b.says("You act here") // the answer was given there
	b.look("organizations-two")
	b.press("Switch")
	b.at("My account")
	if got := b.text("main"); strings.Contains(got, local) {
		t.Errorf("at home again: %s", got)
	}
	b.do("open the menu", chromedp.Click(`button[popovertarget=account]`, chromedp.ByQuery), chromedp.WaitVisible("#account", chromedp.ByQuery))
	b.press("Switch to Fabrikam")
	b.at("My account")
	b.says(local)
	b.look("organizations-switched")

	b.visit("/account/organizations")
	b.press("Leave…")
	b.at("Leave Fabrikam?")
	b.look("organizations-leave")
	b.press("Stay")
	b.press("Leave…")
	b.press("Leave Fabrikam")
	b.at("Organizations")
	b.says("You have left the organization.")
	if got := b.text("main"); strings.Contains(got, local) {
		t.Errorf("after leaving: %s", got)
	}
}

// TestSeveralAccounts: an application that may not ask learns that several
// accounts would do; asked, the person chooses, and it may name one.
func TestSeveralAccounts(t *testing.T) {
	one, two := newPerson(t, "First Account"), newPerson(t, "Second Account")
	app := newApplication(t, "Undecided catalog", web).agreed(t, "openid profile User.Read")
	b := open(t)
	b.visit("/account")
	b.signIn(one)
	b.at("My account")
	b.visit(app.signInAddress("prompt", "none"))
	if b.backWith("code") == "" {
		t.Errorf("with one account: %s", b.address())
	}
	b.visit("/account/choose")
	b.press("Use another account")
	b.signIn(two)
	b.at("My account")

	b.visit(app.signInAddress("prompt", "none"))
	if got := b.backWith("error"); got != "interaction_required" || !strings.HasPrefix(b.text("#error_description"), "AADSTS16000:") {
		t.Errorf("with two accounts: %s %s", got, b.address())
	}
	b.visit(app.signInAddress("prompt", "none", "login_hint", one.upn))
	if b.backWith("code") == "" {
		t.Errorf("with a hint: %s", b.address())
	}
	b.visit(app.signInAddress())
	b.at("Choose an account")
	b.says(one.upn)
	b.says(two.upn)
	b.look("accounts-two")
	b.goOnAs(two.upn)
	if b.backWith("code") == "" {
		t.Errorf("after choosing: %s", b.address())
	}
}

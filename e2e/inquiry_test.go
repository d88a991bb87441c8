package e2e

import (
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

func TestPersonConsents(t *testing.T) {
	app := newApplication(t, "Holiday planner", web)
	p := newPerson(t, "Consenting Person")
	b := open(t)
	b.visit(app.signInAddress())
	b.signIn(p)
	b.at("You are asked to let an application of Fabrikam act for you")
	b.says("3 delegated permissions. Never more than you may do yourself.")
	b.look("inquiry")
	b.press("Decline")
	if b.backWith("error") != "access_denied" || !strings.HasPrefix(b.text("#error_description"), "AADSTS65004") || b.text("#state") != "a state" {
		t.Errorf("the application was sent %s", b.address())
	}
	b.visit(app.signInAddress("prompt", "none"))
	if b.backWith("error") != "consent_required" {
		t.Errorf("the application was sent %s", b.address())
	}

	b.visit(app.signInAddress())
	b.press("Agree")
	b.backWith("code")
	b.visit(app.signInAddress())
	b.backWith("code")

	b.visit(app.signInAddress("prompt", "consent"))
	b.at("You are asked to let an application of Fabrikam keep what it has")
	b.look("inquiry-again")
	b.press("Agree")
	b.backWith("code")
}

func TestPersonConsentsWithoutScript(t *testing.T) {
	app := newApplication(t, "Plain planner", web)
	p := newPerson(t, "Scriptless Consenter")
	b := open(t)
	b.withoutScript()
	b.visit(app.signInAddress("scope", "openid profile"))
	b.signIn(p)
	b.at("You are asked to let an application of Fabrikam know who you are")
	b.press("Agree")
	b.backWith("code")
}

func TestAdministratorAgreesForEverybody(t *testing.T) {
	app := newApplication(t, "Team planner", web)
	graph(t, http.MethodPatch, "/v1.0/applications/"+app.object, map[string]any{"signInAudience": "AzureADMultipleOrgs"}, http.StatusNoContent)
	p := newPerson(t, "Unasked Person")
	b := open(t)
	b.visit(app.signInAddress())
	b.signIn(adminB())
	b.look("inquiry-administrator")
	b.press("Agree")
	b.backWith("code")

	b.visit(app.signInAddress("scope", "openid profile User.Read Group.Read.All"))
	b.says("What it may do besides")
	b.do("tick the box", chromedp.Click("everybody", chromedp.ByID))
	b.look("inquiry-besides")
	b.press("Agree")
	b.backWith("code")

	other := open(t)
	other.visit(app.signInAddress("scope", "openid Group.Read.All"))
	other.signIn(p)
	other.backWith("code")

	// In another tenant it is a stranger.
	abroad := open(t)
	abroad.visit(strings.Replace(app.signInAddress(), env["ENTENTE_TENANT_B"], env["ENTENTE_TENANT_A"], 1))
	abroad.signIn(person{env["ENTENTE_ADMIN_A_UPN"], env["ENTENTE_ADMIN_A_PASSWORD"]})
	abroad.at("You are asked to let Fabrikam’s application act for you in Contoso")
	abroad.says("Publisher not verified.")
	abroad.look("inquiry-across")
}

// TestPersonNeedsAnAdministrator: the person hands on the link that the page
// shows, and goes on where they stopped.
func TestPersonNeedsAnAdministrator(t *testing.T) {
	app := newApplication(t, "Group planner", web)
	p := newPerson(t, "Waiting Person")
	b := open(t)
	b.visit(app.signInAddress("scope", "openid profile Group.Read.All"))
	b.signIn(p)
	b.at("Need admin approval")
	b.look("refused-inquiry")
	link := b.text(".card code")

	boss := open(t)
	boss.visit(link)
	boss.signIn(adminB())
	boss.press("Consent for Fabrikam")
	boss.backWith("admin_consent")

	b.visit(b.address().String())
	b.backWith("code")
}

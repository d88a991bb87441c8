package e2e

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// TestTravelDesk goes to the lab's web application as one whom it admits and as
// one whom it does not, and out again.
func TestTravelDesk(t *testing.T) {
	b := open(t)
	b.visit(env["ENTENTE_WEB_APP_URL"])
	b.at("Travel desk")
	b.look("desk-welcome")
	b.press("Sign in to Contoso")
	b.signIn(person{env["ENTENTE_MEMBER_A_UPN"], env["ENTENTE_MEMBER_A_PASSWORD"]})
	b.at("Welcome, Member 01")
	b.says("the app role Traveler")
	b.look("desk-inside")
	b.press("Sign out")
	if b.text("h1") == "Sign out of this account?" {
		b.press("Sign out")
	}
	b.at("You are signed out")
	b.look("desk-left")
	b.visit(env["ENTENTE_WEB_APP_URL"] + "/sign-in")
	b.at("Sign in")

	b = open(t)
	b.withoutScript()
	b.visit(env["ENTENTE_WEB_APP_URL"] + "/sign-in")
	b.signIn(person{env["ENTENTE_ADMIN_A_UPN"], env["ENTENTE_ADMIN_A_PASSWORD"]})
	b.at("You don’t have access")
	b.says("Ask Contoso’s administrators")
	b.look("desk-refused")
}

// TestMailOfTheLab invites a guest by mail, and reads the message.
func TestMailOfTheLab(t *testing.T) {
	b := open(t)
	b.visit("/lab/")
	b.at("This lab")
	b.look("lab-start")
	graph(t, http.MethodPost, "/v1.0/invitations", map[string]any{
		"invitedUserEmailAddress": "member03@contoso.example", "inviteRedirectUrl": "https://app.example/welcome", "sendInvitationMessage": true,
	}, http.StatusCreated)
	for end := time.Now().Add(patience); ; time.Sleep(100 * time.Millisecond) {
		b.visit("/lab/mail")
		if strings.Contains(b.text("main"), "member03@contoso.example") || time.Now().After(end) {
			break
		}
	}
	b.at("Mail of this lab")
	b.says("member03@contoso.example")
	b.look("lab-mail")
	b.leads("open the message", chromedp.Click("main li a", chromedp.ByQuery))
	b.says("Fabrikam")
	b.look("lab-letter")
}

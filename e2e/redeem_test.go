package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// adminA is a person of the lab's tenant A, who is no guest of B before a case
// invites them.
func adminA() person { return person{env["ENTENTE_ADMIN_A_UPN"], env["ENTENTE_ADMIN_A_PASSWORD"]} }

// invites has tenant B invite a person, and returns the guest and the link.
func invites(t *testing.T, p person) (guest, link string) {
	t.Helper()
	made := graph(t, http.MethodPost, "/v1.0/invitations", map[string]any{
		"invitedUserEmailAddress": strings.ToUpper(p.upn[:1]) + p.upn[1:], "inviteRedirectUrl": "https://myapplications.fabrikam.example/",
	}, http.StatusCreated)
	return fmt.Sprint(made["invitedUser"].(map[string]any)["id"]), fmt.Sprint(made["inviteRedeemUrl"])
}

func state(t *testing.T, guest string) string {
	t.Helper()
	return fmt.Sprint(graph(t, http.MethodGet, "/v1.0/users/"+guest+"?$select=externalUserState", nil, http.StatusOK)["externalUserState"])
}

// TestRedemption declines an invitation, accepts it, and comes back as a guest.
func TestRedemption(t *testing.T) {
	p := adminA()
	guest, link := invites(t, p)
	defer graph(t, http.MethodDelete, "/v1.0/users/"+guest, nil, http.StatusNoContent)

	other := open(t)
	other.visit(link)
	other.press("Sign in")
	other.signIn(newPerson(t, "Uninvited Person"))
	other.at("The invitation is for another account")
	other.look("redeem-other-account")

	b := open(t)
	b.visit(link)
	b.at("Fabrikam invites you as a guest")
	b.look("redeem-link")
	b.press("Sign in")
	b.at("Sign in")
	b.look("redeem-sign-in")
	b.signIn(p)
	b.at("Fabrikam invites you as a guest")
	b.says(p.upn)
	b.look("redeem")
	b.press("Decline")
	b.at("You have declined")
	b.look("redeem-declined")
	if got := state(t, guest); got != "PendingAcceptance" {
		t.Errorf("declined: %s", got)
	}

	b.visit(link)
	b.press("Sign in")
	b.at("Fabrikam invites you as a guest")
	b.press("Accept as Contoso")
	b.at("You are a guest of Fabrikam")
	b.says("go on to myapplications.fabrikam.example")
	b.look("redeem-accepted")
	if got := state(t, guest); got != "Accepted" {
		t.Errorf("accepted: %s", got)
	}
	b.visit(link)
	b.at("The invitation was accepted")
	b.look("redeem-link-again")

	app := newApplication(t, "Guest catalog", web).agreed(t, "openid profile User.Read")
	b.visit(app.signInAddress())
	b.backWith("code")
}

// TestRedemptionAtSignIn comes to an application without the link, and without
// script.
func TestRedemptionAtSignIn(t *testing.T) {
	p := adminA()
	guest, _ := invites(t, p)
	defer graph(t, http.MethodDelete, "/v1.0/users/"+guest, nil, http.StatusNoContent)
	app := newApplication(t, "Visited catalog", web).agreed(t, "openid profile User.Read")

	b := open(t)
	b.withoutScript()
	b.visit(app.signInAddress())
	b.signIn(p)
	b.at("Fabrikam invites you as a guest")
	b.says("Visited catalog")
	b.press("Decline")
	b.at("You have declined")
	b.says("Sign in to Visited catalog once more")
	b.look("redeem-declined-application")
	b.press("Go back to Visited catalog")
	if b.backWith("error") != "access_denied" || state(t, guest) != "PendingAcceptance" {
		t.Errorf("declined: %s", b.address())
	}
	b.visit(app.signInAddress())
	b.at("Fabrikam invites you as a guest")
	b.press("Accept as Contoso")
	if b.backWith("code") == "" || state(t, guest) != "Accepted" {
		t.Errorf("accepted: %s", b.address())
	}
}

// TestInvitationLinks are shown for what they are before anybody signs in.
func TestInvitationLinks(t *testing.T) {
	b := open(t)
	b.visit("/redeem?" + url.Values{"tenant": {env["ENTENTE_TENANT_B"]}, "user": {env["ENTENTE_TENANT_B"]}, "ticket": {"x"}}.Encode())
	b.at("There is no such invitation")
	b.look("redeem-unknown")
}

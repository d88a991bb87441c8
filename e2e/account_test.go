package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// TestSignOut: asked on our page, told to the application in a frame, and back
// at the application.
func TestSignOut(t *testing.T) {
	told := make(chan url.Values, 8)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		told <- r.URL.Query()
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, `<!doctype html><html lang="en"><title>Out</title><link rel="icon" href="data:,"><p>Out</p>`)
	}))
	t.Cleanup(srv.Close)
	app := newApplication(t, "Sign-out catalog", web).agreed(t, "openid profile User.Read")
	graph(t, http.MethodPatch, "/v1.0/applications/"+app.object, map[string]any{"web": map[string]any{"logoutUrl": srv.URL + "/out"}}, http.StatusNoContent)
	p := newPerson(t, "Leaving Person")
	logout := "/" + env["ENTENTE_TENANT_B"] + "/oauth2/v2.0/logout?" + url.Values{"client_id": {app.id}, "post_logout_redirect_uri": {app.back}, "state": {"out"}}.Encode()

	b := open(t)
	b.visit(app.signInAddress())
	b.signIn(p)
	session := b.backWith("session_state")
	b.visit(logout)
	b.at("Sign out of this account?")
	b.look("sign-out")
	b.press("Sign out")
	b.do("wait for the application", chromedp.WaitVisible("#state", chromedp.ByQuery))
	if got := b.backWith("state"); got != "out" {
		t.Errorf("the application was sent %q", got)
	}
	select {
	case q := <-told:
		if q.Get("sid") != session || !strings.HasSuffix(q.Get("iss"), "/"+env["ENTENTE_TENANT_B"]+"/v2.0") {
			t.Errorf("the application was told %v, and the session was %s", q, session)
		}
	case <-time.After(patience):
		t.Error("the application was not told")
	}
	b.visit(app.signInAddress())
	b.at("Sign in")

	silent := open(t)
	silent.withoutScript()
	silent.visit(app.signInAddress())
	silent.signIn(p)
	silent.backWith("code")
	silent.visit(logout)
	silent.press("Sign out")
	silent.at("You are signed out")
	silent.look("sign-out-done")
	silent.press("Go back to " + app.name)
	silent.backWith("state")
}

// TestSignOutOfOneOfTwo: two accounts in one browser, and both of them.
func TestSignOutOfOneOfTwo(t *testing.T) {
	one, two := newPerson(t, "First Of Two"), newPerson(t, "Second Of Two")
	b := open(t)
	b.visit("/account")
	b.signIn(one)
	b.at("My account")
	b.visit("/account/choose")
	b.press("Use another account")
	b.signIn(two)
	b.at("My account")
	b.says(two.upn)
	b.visit("/common/oauth2/v2.0/logout")
	b.at("Choose an account to sign out")
	b.look("sign-out-which")
	b.leads("sign one out", chromedp.Click(`//button[.//b[normalize-space()="`+one.upn+`"]]`, chromedp.BySearch))
	b.at("You are signed out")
	b.says(one.upn)
	b.visit("/account")
	b.at("My account")
	b.says(two.upn)
}

// TestAccount walks a person's own pages: sessions in two browsers, sign-ins,
// consents, organizations, another password, and out everywhere.
func TestAccount(t *testing.T) {
	app := newApplication(t, "Account catalog", web)
	p := newPerson(t, "Account Person")
	me := graph(t, http.MethodGet, "/v1.0/users/"+p.upn+"?$select=id", nil, http.StatusOK)
	resource := graph(t, http.MethodGet, "/v1.0/servicePrincipals(appId='00000003-0000-0000-c000-000000000000')?$select=id", nil, http.StatusOK)
	b, phone := open(t), open(t)
	for _, tab := range []*tab{phone, b} {
		tab.visit("/account/sessions")
		tab.signIn(p)
		tab.at("Sessions")
	}
	b.look("account-sessions")
	b.says("This browser")
	b.press("End session")
	b.at("Sessions")
	b.says("The session is over.")
	phone.visit("/account")
	phone.at("Sign in")
	phone.fill(addressField, p.upn)
	phone.press("Next")
	phone.fill(passwordField, "not the one")
	phone.press("Sign in")
	phone.fill(passwordField, p.password)
	phone.press("Sign in")
	phone.at("My account")

	b.press("Overview")
	b.at("My account")
	b.look("account-overview")
	b.do("open the menu", chromedp.Click(`button[popovertarget=account]`, chromedp.ByQuery), chromedp.WaitVisible("#account", chromedp.ByQuery))
	b.look("account-menu")
	b.press("Sign-ins")
	b.at("Sign-ins")
	b.says("Wrong password")
	b.look("account-signins")
	b.press("By applications, while you are away")
	b.says("Nothing here")
	b.look("account-signins-none")

	b.press("Applications")
	b.at("Applications")
	b.look("account-applications-none")
	graph(t, http.MethodPost, "/v1.0/oauth2PermissionGrants", map[string]any{
		"clientId": app.principal, "consentType": "Principal", "principalId": me["id"], "resourceId": resource["id"], "scope": "User.Read openid",
	}, http.StatusCreated)
	b.press("Applications")
	b.says(app.name)
	b.look("account-applications")
	b.leads("take it back", chromedp.Click(`form[action="/account/applications/remove"] button`, chromedp.ByQuery))
	b.says("Your consent is taken back.")

	b.press("Organizations")
	b.at("Organizations")
	b.look("account-organizations")

	b.press("Security")
	b.at("Security info")
	b.look("account-security")
	b.press("Change password")
	b.at("Change password")
	b.fill("Current password", "not the one")
	b.fill("New password", "Copper-Lantern-72")
	b.fill("New password again", "Copper-Lantern-72")
	b.press("Change password")
	b.says("This is not the current password.")
	b.look("account-password")
	b.fill("Current password", p.password)
	b.fill("New password", "Copper-Lantern-72")
	b.fill("New password again", "Copper-Lantern-72")
	b.press("Change password")
	b.at("Security info")
	b.says("The password is changed.")
	p.password = "Copper-Lantern-72"

	phone.visit("/account")
	phone.at("Sign in")
	phone.signIn(p)
	phone.at("My account")
	b.press("Sessions")
	b.press("Sign out everywhere…")
	b.at("Sign out everywhere?")
	b.look("account-everywhere")
	b.press("Sign out everywhere")
	b.at("You are signed out")
	phone.visit("/account")
	phone.at("Sign in")
}

// TestAccountWithoutScript changes things with script switched off.
func TestAccountWithoutScript(t *testing.T) {
	p := newPerson(t, "Scriptless Account")
	other := open(t)
	other.visit("/account")
	other.signIn(p)
	b := open(t)
	b.withoutScript()
	b.visit("/account/sessions")
	b.signIn(p)
	b.press("End all other sessions")
	b.says("All other sessions are over.")
	other.visit("/account")
	other.at("Sign in")
}

// TestAwaited: who is invited elsewhere finds it among their organizations.
func TestAwaited(t *testing.T) {
	upn := env["ENTENTE_ADMIN_A_UPN"]
	graph(t, http.MethodPost, "/v1.0/invitations", map[string]any{"invitedUserEmailAddress": upn, "inviteRedirectUrl": "https://app.example/"}, http.StatusCreated)
	b := open(t)
	b.visit("/account/organizations")
	b.signIn(person{upn, env["ENTENTE_ADMIN_A_PASSWORD"]})
	b.at("Organizations")
	b.says("Invitation waits for you")
	b.look("account-awaited")
}

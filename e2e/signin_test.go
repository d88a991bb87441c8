package e2e

import (
	"context"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

const (
	addressField  = "Work email or user name"
	passwordField = "Password"
)

// signIn goes through identifier and password.
func (b *tab) signIn(p person) {
	b.t.Helper()
	b.at("Sign in")
	b.fill(addressField, p.upn)
	b.press("Next")
	b.at("Enter your password")
	b.fill(passwordField, p.password)
	b.press("Sign in")
}

func TestSignIn(t *testing.T) {
	b := open(t)
	app := newApplication(t, "Parts catalog", web).agreed(t, "openid profile User.Read")
	p := newPerson(t, "Sign-in Person")

	b.visit(app.signInAddress())
	b.at("Sign in")
	b.look("sign-in-identify")

	b.fill(addressField, "somebody@nowhere.example")
	b.press("Next")
	b.at("Sign in")
	b.says("There is a problem")
	b.look("sign-in-unknown-domain")

	b.fill(addressField, p.upn)
	b.press("Next")
	b.at("Enter your password")
	b.look("sign-in-password")

	b.fill(passwordField, "not the one")
	b.press("Sign in")
	b.at("Enter your password")
	b.says("The password is not right for this account.")
	b.look("sign-in-wrong-password")

	b.fill(passwordField, p.password)
	b.press("Sign in")
	if b.backWith("code") == "" || b.text("#state") != "a state" || b.text("#iss") == "" {
		t.Errorf("the application was sent %s", b.address())
	}

	// A second visit needs no page.
	b.visit(app.signInAddress())
	b.backWith("code")

	// The picker, when the application asks for it.
	b.visit(app.signInAddress("prompt", "select_account"))
	b.look("sign-in-picker")
	b.goOnAs(p.upn)
	b.backWith("code")

	b.visit(app.signInAddress("prompt", "select_account"))
	b.press("Use another account")
	b.at("Sign in")
}

func TestFormPost(t *testing.T) {
	app := newApplication(t, "Form post catalog", web).agreed(t, "openid profile User.Read")
	p := newPerson(t, "Form Person")
	b := open(t)
	b.visit(app.signInAddress("response_mode", "form_post"))
	b.signIn(p)
	b.do("wait for the application", chromedp.WaitVisible("#code", chromedp.ByQuery))
	b.backWith("code")
	b.says("by POST")

	silent := open(t)
	silent.withoutScript()
	silent.visit(app.signInAddress("response_mode", "form_post"))
	silent.signIn(p)
	silent.at("You are signed in")
	silent.look("sign-in-carry")
	silent.press("Go on")
	silent.backWith("code")
}

func TestFirstPasswordIsChanged(t *testing.T) {
	app := newApplication(t, "First sign-in catalog", web).agreed(t, "openid profile User.Read")
	p := newPersonWith(t, "First Person", true)
	b := open(t)
	b.visit(app.signInAddress())
	b.signIn(p)
	b.at("Choose a password of your own")
	b.look("sign-in-renew")
	b.fill("New password", "short")
	b.fill("New password again", "short")
	b.press("Change password")
	b.at("Choose a password of your own")
	b.look("sign-in-renew-weak")
	b.fill("New password", "Copper-Lantern-72")
	b.fill("New password again", "Copper-Lantern-72")
	b.press("Change password")
	b.backWith("code")
}

// TestBackAndCancel: a page that was left behind leads to where the sign-in
// stands, and no further.
func TestBackAndCancel(t *testing.T) {
	app := newApplication(t, "Back button catalog", web).agreed(t, "openid profile User.Read")
	p := newPerson(t, "Back Person")
	b := open(t)
	b.visit(app.signInAddress())
	b.fill(addressField, p.upn)
	b.press("Next")
	b.at("Enter your password")
	b.leads("go back", chromedp.NavigateBack())
	b.at("Enter your password")
	b.press("Use another account")
	b.at("Sign in")
	b.signIn(p)
	b.backWith("code")
	b.leads("go back", chromedp.NavigateBack())
	b.look("sign-in-over")
}

// enter is the key, pressed once. As two events, which is how the library sends
// it, the second would reach what the first has given the focus to.
var enter = chromedp.ActionFunc(func(ctx context.Context) error {
	key := kb.Encode(rune(kb.Enter[0]))
	down, up := *key[0], *key[len(key)-1]
	down.Text, down.UnmodifiedText = "\r", "\r"
	if err := down.Do(ctx); err != nil {
		return err
	}
	return up.Do(ctx)
})

// TestKeyboardAlone signs in without a pointer: what has the focus is where the
// typing goes, and it is seen.
func TestKeyboardAlone(t *testing.T) {
	app := newApplication(t, "Keyboard catalog", web).agreed(t, "openid profile User.Read")
	p := newPerson(t, "Keyboard Person")
	b := open(t)
	b.visit(app.signInAddress())
	b.at("Sign in")
	b.focused("username")
	b.do("type", chromedp.KeyEvent(p.upn))
	b.leads("Enter", enter)
	b.at("Enter your password")
	b.focused("password")
	b.do("type", chromedp.KeyEvent("wrong"))
	b.leads("Enter", enter)
	b.says("The password is not right for this account.")
	var role string
	b.do("read the focus", chromedp.EvaluateAsDevTools(`document.activeElement.getAttribute("role") || ""`, &role))
	if role != "alert" {
		t.Errorf("the focus is on %q, want the box that says what is wrong", role)
	}
	b.do("Tab", chromedp.KeyEvent(kb.Tab), enter) // the link in the box leads to the field
	b.focused("password")
	b.do("type", chromedp.KeyEvent(p.password))
	b.do("Tab", chromedp.KeyEvent(kb.Tab))
	b.focusSeen()
	b.leads("Enter", enter)
	b.backWith("code")
}

// focused fails the test unless the element has the focus and shows it.
func (b *tab) focused(id string) {
	b.t.Helper()
	var at string
	b.do("read the focus", chromedp.EvaluateAsDevTools(`document.activeElement.id`, &at))
	if at != id {
		b.t.Fatalf("the focus is on %q, want %q", at, id)
	}
	b.focusSeen()
}

func (b *tab) focusSeen() {
	b.t.Helper()
	var outline string
	b.do("read the outline", chromedp.EvaluateAsDevTools(`(() => { const s = getComputedStyle(document.activeElement); return s.outlineStyle + " " + s.outlineWidth })()`, &outline))
	if outline == "" || outline[:4] == "none" {
		b.t.Errorf("what has the focus has the outline %q", outline)
	}
}

// TestWithoutScript signs in with script switched off.
func TestWithoutScript(t *testing.T) {
	app := newApplication(t, "Scriptless catalog", web).agreed(t, "openid profile User.Read")
	p := newPerson(t, "Scriptless Person")
	b := open(t)
	b.withoutScript()
	b.visit(app.signInAddress())
	b.signIn(p)
	b.backWith("code")
	b.visit(app.signInAddress("prompt", "login"))
	b.signIn(p)
	b.backWith("code")
}

package e2e

import (
	"strings"
	"testing"
	"time"

	"entente/internal/enttest/phone"
)

// TestSecondFactor: an application wants a second factor; the person sets one
// up, is asked for it in another browser, and comes in by a recovery code when
// the phone is not at hand.
func TestSecondFactor(t *testing.T) {
	app := newApplication(t, "Payroll", web).agreed(t, "openid profile User.Read")
	p := newPerson(t, "Careful Person")
	wanted := app.signInAddress("acr_values", "mfa")

	b := open(t)
	b.visit(wanted)
	b.signIn(p)
	b.at("Set up a second factor")
	b.look("factor-enroll")
	key := b.text("#key")
	mine := phone.Typed(t, key)
	b.fill("Code", "000000")
	b.press("Confirm")
	b.at("Set up a second factor")
	b.look("factor-enroll-wrong")
	if now := b.text("#key"); now != key {
		t.Errorf("the key after a wrong code is %s, and was %s", now, key)
	}
	b.fill("Code", mine.Code(time.Now()))
	b.press("Confirm")
	b.at("Save your recovery codes")
	b.look("factor-recovery-codes")
	spares := strings.Fields(b.text("#spares"))
	if len(spares) != 10 {
		t.Fatalf("recovery codes: %q", spares)
	}
	b.press("I have saved them")
	b.backWith("code")

	b = open(t)
	b.withoutScript()
	b.visit(wanted)
	b.signIn(p)
	b.at("Enter your code")
	b.look("factor-code")
	b.fill("Code", "000000")
	b.press("Verify")
	b.at("Enter your code")
	b.look("factor-code-wrong")
	b.fill("Code", mine.Code(time.Now().Add(30*time.Second))) // the one of before is used up
	b.press("Verify")
	b.backWith("code")

	b = open(t)
	b.visit(wanted)
	b.signIn(p)
	b.press("Use a recovery code")
	b.at("Enter a recovery code")
	b.look("factor-recovery")
	b.fill("Recovery code", spares[0])
	b.press("Verify")
	b.backWith("code")
}

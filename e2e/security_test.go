package e2e

import (
	"strings"
	"testing"
	"time"

	"entente/internal/enttest/phone"
)

// TestAuthenticatorApps: a person sets up an authenticator app on their own
// pages, saves the recovery codes, gives the app another name, and removes it.
func TestAuthenticatorApps(t *testing.T) {
	p := newPerson(t, "App Person")
	b := open(t)
	b.visit("/account/security")
	b.signIn(p)
	b.at("Security info")
	b.look("security-none")
	b.press("Add an authenticator app")
	b.at("Add an authenticator app")
	b.look("security-add")
	mine := phone.Typed(t, b.text("#key"))
	b.fill("Code", "000000")
	b.press("Add")
	b.says("The code is not right.")
	b.look("security-add-wrong")
	b.fill("Code", mine.Code(time.Now()))
	b.press("Add")
	b.at("Save your recovery codes")
	b.look("security-codes")
	if codes := strings.Fields(b.text("#spares")); len(codes) != 10 {
		t.Errorf("recovery codes: %q", codes)
	}
	b.press("I have saved them")
	b.at("Security info")
	b.says("10 of 10 are left")
	b.look("security-one")

	b.withoutScript()
	b.press("Rename Authenticator app")
	b.at("Rename an authenticator app")
	b.look("security-rename")
	b.press("Cancel")
	b.press("Make new recovery codes…")
	b.look("security-renew")
	b.press("Keep the old")
	b.press("Remove… Authenticator app")
	b.look("security-remove")
	b.press("Remove")
	b.at("Security info")
	b.says("The authenticator app is removed.")
}

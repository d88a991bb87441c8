package e2e

import (
	"testing"

	"github.com/chromedp/cdproto/emulation"
)

// TestTimeZone: times are shown in the device's zone without anybody asking for
// it, and in another one from when it is chosen.
func TestTimeZone(t *testing.T) {
	b := open(t)
	b.do("be in Berlin", emulation.SetTimezoneOverride("Europe/Berlin"))
	b.visit("/account")
	b.signIn(newPerson(t, "Zone Person"))
	b.at("My account")
	b.says("Times are shown in Europe/Berlin.")
	b.press("Change the time zone")
	b.fill("City or time zone", "new york")
	b.look("zone")
	b.press("Show times so")
	b.says("Times are shown in America/New_York from now on.")
	b.visit("/account/time-zone")
	b.press("Use this device’s zone, Europe/Berlin")
	b.says("Times are shown in Europe/Berlin from now on.")

	silent := open(t)
	silent.withoutScript()
	silent.do("be in Berlin", emulation.SetTimezoneOverride("Europe/Berlin"))
	silent.visit("/account")
	silent.signIn(newPerson(t, "Silent Zone Person"))
	silent.says("Times are shown in UTC.")
	silent.press("Change the time zone")
	silent.fill("City or time zone", "Nowhere")
	silent.press("Show times so")
	silent.at("Time zone")
	silent.says("No time zone is called so")
	silent.look("zone-wrong")
	silent.fill("City or time zone", "Berlin")
	silent.press("Show times so")
	silent.says("Times are shown in Europe/Berlin.")
}

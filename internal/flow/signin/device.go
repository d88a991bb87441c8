package signin

import (
	"time"

	"entente/internal/core/app"
	"entente/internal/core/token"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
)

// Why a sign-in for a device is refused, besides what core/token refuses of the
// code that was typed.
const (
	DevicePaused fault.Reason = "signin.device_paused" // too many wrong codes; Values: until
	DeviceAcross fault.Reason = "signin.device_across" // it crosses tenants, and home has not allowed that
)

// What one network and one browser try at the codes of devices, of which there
// are some 10^12, and some hundreds that wait.
var (
	ofCodeNetwork = bucket{room: 60 * 30 * time.Second, leak: 30 * time.Second}
	ofCodeBrowser = bucket{room: 10 * time.Minute, leak: time.Minute}
)

func devicePaused(until time.Time) error {
	f := fault.Because(fault.Throttled, DevicePaused, "Too many wrong codes came from here.").With("until", until.Format(time.RFC3339))
	f.Target = "otc"
	return f
}

// across refuses a device whose application, or the tenant that it reaches, is
// not the person's own, unless home has allowed that of the application.
//
// A code is sent easily to somebody of elsewhere, and what they then see is the
// name that the sender chose for an application of their own.
func across(home, application, resource ids.TenantID, allowed bool) error {
	if application == home && resource == home || allowed {
		return nil
	}
	return fault.Because(fault.Forbidden, DeviceAcross, "The account's home does not let its people sign in to devices across organizations.").
		WithFix("An administrator of the account's home adds the tag %s to the application among the enterprise applications.", app.DevicesAcross)
}

// acceptance is what the device keeps of somebody's word: it counts in this
// sign-in and for this account alone.
func (f *Flow) acceptance() string { return string(f.ID) + " " + string(f.Home) + " " + string(f.User) }

// Accept takes the word that the person has started the device themselves.
func (f *Flow) Accept(d *token.Device, now time.Time) error {
	if f.State != Device {
		return stale()
	}
	if err := d.Accept(f.acceptance(), now); err != nil {
		return err
	}
	return f.move(Proven)
}

// Refuse takes the word that they have not, or that they do not agree to what
// its application asks: the device is declined, and the flow spent.
func (f *Flow) Refuse(d *token.Device, now time.Time) error {
	if f.State != Device && f.State != Consent {
		return stale()
	}
	if err := d.Decline(now); err != nil {
		return err
	}
	return f.Decline()
}

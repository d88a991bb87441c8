package token

import (
	"strings"
	"time"

	"entente/internal/core/audit"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/secret"
)

// How a device waits (RFC 8628, section 3.2).
const (
	DeviceLife     = 15 * time.Minute // of both codes
	DeviceInterval = 5 * time.Second  // between two polls
)

// A Device is a machine that waits until somebody, in a browser elsewhere, has
// signed in for it (RFC 8628).
type Device struct {
	Proof               // of who approved; zero before
	Tenant ids.TenantID // whose tokens; empty: the home of whoever signs in, until somebody has
	Client ids.AppID
	Scope  string
	IP     string // where the device asked from
	Agent  string // and with what

	State     DeviceState
	Accepted  string // the sign-in and the account in which somebody said that they had started it
	CreatedAt time.Time
	ExpiresAt time.Time
	PolledAt  time.Time // zero: not yet
	digest    secret.Digest
}

// maxDevices is how many devices of one network wait at once: more than an
// office has, and what one machine can leave in the store.
const maxDevices = 200

// network returns what the device's network is counted by.
func (d *Device) network() string { return audit.Network(d.IP) }

// A DeviceState is how far a device is.
type DeviceState string

// The states: waiting → approved → spent, or waiting → declined.
const (
	DeviceWaiting  DeviceState = "waiting"
	DeviceApproved DeviceState = "approved"
	DeviceDeclined DeviceState = "declined"
	DeviceSpent    DeviceState = "spent"
)

// Why a device gets no tokens, or a person's code leads nowhere.
const (
	DevicePending   fault.Reason = "token.device_pending"
	DeviceTooFast   fault.Reason = "token.device_slow_down"
	DeviceRefused   fault.Reason = "token.device_declined"
	DeviceExpired   fault.Reason = "token.device_expired"
	DeviceUnknown   fault.Reason = "token.device_unknown" // or another client's, or at another tenant
	DeviceRedeemed  fault.Reason = "token.device_spent"
	UserCodeUnknown fault.Reason = "token.user_code"         // no device waits with this code
	UserCodeDecided fault.Reason = "token.user_code_decided" // somebody was first
)

// NewDevice returns a device that begins to wait now.
func NewDevice(tenant ids.TenantID, client ids.AppID, scope, ip, agent string, now time.Time) *Device {
	return &Device{Tenant: tenant, Client: client, Scope: scope, IP: ip, Agent: clip(agent), State: DeviceWaiting, CreatedAt: now, ExpiresAt: now.Add(DeviceLife)}
}

// Poll returns nil if somebody has approved, or why there is nothing to have.
// Another client's device is like none. To come too soon is refused only as
// long as nobody has decided: whoever asks again too fast misses nothing.
func (d *Device) Poll(client ids.AppID, now time.Time) error {
	switch {
	case d.Client != client:
		return deviceUnknown()
	case d.State == DeviceSpent:
		return badGrant(DeviceRedeemed, "The device code was already redeemed.").WithFix("Use the refresh token, or ask for a new device code.")
	case !now.Before(d.ExpiresAt):
		return badGrant(DeviceExpired, "The device code has expired.").WithFix("Ask for a new device code.")
	case d.State == DeviceDeclined:
		return badGrant(DeviceRefused, "The person declined.").WithFix("Ask for a new device code if that was a mistake.")
	case d.State == DeviceApproved:
		return nil
	case now.Before(d.PolledAt.Add(DeviceInterval - tolerance)):
		return badGrant(DeviceTooFast, "The device asks too often.").WithFix("Wait %d seconds between two requests.", int(DeviceInterval/time.Second))
	}
	return badGrant(DevicePending, "Nobody has decided yet.")
}

// tolerance is by how much the network may shorten the pause between two polls.
const tolerance = time.Second

// Accept takes a person's word, in one sign-in, that they have started the
// device themselves. Nothing is given by that yet.
func (d *Device) Accept(in string, now time.Time) error {
	if err := d.Open(now); err != nil {
		return err
	}
	d.Accepted = in
	return nil
}

// Approve takes a person's word, for the tenant in which they will be.
func (d *Device) Approve(p Proof, in ids.TenantID, now time.Time) error {
	if err := d.Open(now); err != nil {
		return err
	}
	d.State, d.Proof, d.Tenant = DeviceApproved, p, in
	return nil
}

// Decline takes a person's refusal.
func (d *Device) Decline(now time.Time) error {
	if err := d.Open(now); err != nil {
		return err
	}
	d.State = DeviceDeclined
	return nil
}

// Open refuses a device for which nobody can decide any more.
func (d *Device) Open(now time.Time) error {
	switch {
	case !now.Before(d.ExpiresAt):
		return userCodeUnknown()
	case d.State != DeviceWaiting:
		return userCodeDecided()
	}
	return nil
}

func deviceUnknown() error {
	return badGrant(DeviceUnknown, "The device code is not valid.").WithFix("Send the device code as it came, from the client and at the tenant that asked for it.")
}

func userCodeUnknown() error {
	f := fault.Because(fault.NotFound, UserCodeUnknown, "The code is not right, or it has expired.").WithFix("Check the code that the device shows. A code is good for %d minutes.", int(DeviceLife/time.Minute))
	f.Target = "otc"
	return f
}

func userCodeDecided() error {
	return fault.Because(fault.Conflict, UserCodeDecided, "Somebody has used the code already.").WithFix("Have the device show a new code.")
}

// userCodeLength and userCodeLetters make some 10^12 codes, without what can be
// taken for something else when it is read out, and without vowels, so that
// they spell nothing (RFC 8628, section 6.1).
const (
	userCodeLength  = 9
	userCodeLetters = "CDFGHJKLMNPQRTVWXY3479"
)

// readUserCode returns what a person typed as the code is kept: case, spaces
// and dashes are passed over. It is empty if it can be no code.
func readUserCode(typed string) string {
	if len(typed) > 64 {
		return ""
	}
	code := strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' || r == '\t' {
			return -1
		}
		return r
	}, strings.ToUpper(typed))
	if len(code) != userCodeLength || strings.Trim(code, userCodeLetters) != "" {
		return ""
	}
	return code
}

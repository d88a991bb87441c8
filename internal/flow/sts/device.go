package sts

import (
	"context"
	"errors"
	"strings"
	"time"

	"entente/internal/core/app"
	"entente/internal/core/audit"
	"entente/internal/core/tenant"
	"entente/internal/core/token"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/oauth2"
	"entente/internal/kit/sqldb"
)

// A DeviceStart is what a device gets that begins to wait (RFC 8628, section
// 3.2).
type DeviceStart struct {
	Code     string // the device's own
	UserCode string // for a person to type elsewhere
	Lifetime time.Duration
	Interval time.Duration // between two polls
}

// BeginDevice has a device wait for somebody who signs in for it. Nothing but
// the application is known of it: what a person is told about it stands in the
// store as it came.
func (s *Service) BeginDevice(ctx context.Context, req Request) (DeviceStart, error) {
	x := &exchange{s: s, req: req}
	scope := ""
	for _, step := range []func() error{
		func() error { return x.deviceTenant(ctx) },
		func() error { return x.deviceClient(ctx) },
		func() (err error) { scope, err = x.deviceScope(); return err },
	} {
		if err := step(); err != nil {
			return DeviceStart{}, err
		}
	}
	start := DeviceStart{Lifetime: token.DeviceLife, Interval: token.DeviceInterval}
	err := s.DB.Update(ctx, func(tx *sqldb.Tx) (err error) {
		d := token.NewDevice(x.tenant.ID, x.client.app, scope, req.IP, clip(req.UserAgent), tx.Now())
		start.Code, start.UserCode, err = token.AddDevice(ctx, tx, d)
		return err
	})
	return start, err
}

// deviceTenant finds the tenant whose tokens the device wants. At an address of
// many tenants that is the home of whoever will sign in.
func (x *exchange) deviceTenant(ctx context.Context) error {
	switch segment := strings.ToLower(x.req.Tenant); segment {
	case "common", "organizations":
		x.tenant = &tenant.Tenant{DisplayName: segment}
		return nil
	}
	return x.findTenant(ctx)
}

// deviceClient finds the application that the device runs. Whether the tenant
// has it is asked when somebody signs in, who may agree to it first.
func (x *exchange) deviceClient(ctx context.Context) error {
	id, password, err := x.clientID()
	if err != nil {
		return err
	}
	appID, err := ids.Parse[ids.AppID](id)
	if err != nil {
		return x.unknownClient(id)
	}
	err = x.s.DB.Read(ctx, func(tx *sqldb.Tx) error {
		c, err := app.FindClient(ctx, tx, x.tenant.ID, appID)
		if errors.Is(err, fault.NotFound) {
			return x.unknownClient(id)
		}
		if err == nil {
			x.client = clientOf(c)
			err = x.exists(c)
		}
		return err
	})
	if err != nil {
		return err
	}
	return x.proveDevice(ctx, id, password)
}

// proveDevice has an application prove itself that is no public one. What runs
// on a device keeps no secrets, so the application must say that it is public.
func (x *exchange) proveDevice(ctx context.Context, id, password string) error {
	switch {
	case password != "" || x.req.Form["client_secret"] != "" || x.req.Form["client_assertion"] != "":
		return x.prove(ctx, id, password)
	case !x.client.stored.PublicClient:
		return x.link("credential", "one of the application's", "none", x.named(fault.Because(fault.Unauthenticated, CredentialMissing,
			"The request body must contain the following parameter: 'client_assertion' or 'client_secret'.").
			WithFix("An application that signs in by device code must allow public client flows: set isFallbackPublicClient of the application to true.")))
	}
	x.client.method, x.entry.CredentialKind = token.Public, "none"
	return nil
}

// maxDeviceScope bounds what is kept for a device.
const maxDeviceScope = 4 << 10

// deviceScope returns what the device wants, in the words of version 2.
func (x *exchange) deviceScope() (string, error) {
	if x.req.Version == 1 {
		resource := x.req.Form["resource"]
		if resource == "" {
			return "", missing("resource")
		}
		return clip(resource) + "/.default", nil
	}
	scope := x.req.Form["scope"]
	if len(scope) > maxDeviceScope {
		return "", fault.Because(fault.Invalid, oauth2.ScopeMalformed, "The scope is longer than %d bytes.", maxDeviceScope).With("scope", clip(scope))
	}
	if x.req.Form["resource"] != "" {
		return "", fault.Because(fault.Invalid, ResourceOnV2, "The 'resource' request parameter is not supported.")
	}
	_, err := oauth2.ParseDelegated(oauth2.FirstResource(scope))
	return scope, err
}

// deviceGrant is the grant by which a device fetches the tokens of who has
// signed in for it (RFC 8628, section 3.4).
func deviceGrant() grant {
	return grant{
		kind:     audit.UserSignIn,
		client:   redeemDevice,
		resource: func(x *exchange) (string, error) { return x.visit.asked.Resource, nil },
		permit:   grantedScopes,
		spend:    spendDevice,
		lifetime: token.AppLifetime,
	}
}

// redeemDevice finds client, device and person, each proved. A device that
// waits at another tenant is like none.
func redeemDevice(ctx context.Context, x *exchange) error {
	id, password, err := x.clientID()
	if err == nil {
		err = x.findClient(ctx, id)
	}
	if err == nil {
		err = x.proveDevice(ctx, id, password)
	}
	if err != nil {
		return err
	}
	d, err := x.poll(ctx, x.tenant.ID)
	if err != nil {
		return x.link("device code", "approved, and this client's", "", err)
	}
	x.visit = &visit{device: d}
	if err := x.findPerson(ctx, d.Proof); err != nil {
		return err
	}
	return x.askedOn(d.Scope)
}

// poll returns the device, once somebody has approved, and notes that it asked.
// At an address of many tenants in is empty.
func (x *exchange) poll(ctx context.Context, in ids.TenantID) (d *token.Device, err error) {
	raw := x.req.Form["device_code"]
	if raw == "" && x.req.Version == 1 {
		raw = x.req.Form["code"] // as version 1 has it
	}
	if raw == "" {
		return nil, missing("device_code")
	}
	id, _, err := x.clientID()
	if err != nil {
		return nil, err
	}
	client, _ := ids.Parse[ids.AppID](id) // what is none is not the device's
	err = x.s.DB.Read(ctx, func(tx *sqldb.Tx) error {
		d, err = token.FindDevice(ctx, tx, raw)
		return err
	})
	if err != nil {
		return nil, err
	}
	if in != "" && d.Tenant != in {
		client = ""
	}
	err = d.Poll(client, x.s.Clock.Now())
	if errors.Is(err, token.DevicePending) {
		if failed := x.s.DB.Claim(ctx, func(tx *sqldb.Tx) error { return token.PollDevice(ctx, tx, d) }); failed != nil {
			return nil, failed
		}
	}
	return d, err
}

// waiting reports whether a refusal only says that nobody has decided yet: a
// device hears that every few seconds, and no log has it.
func waiting(err error) bool {
	return errors.Is(err, token.DevicePending) || errors.Is(err, token.DeviceTooFast)
}

// spendDevice spends the device code on a family of refresh tokens, if one was
// asked for. Of two who are at it at once one wins.
func spendDevice(ctx context.Context, x *exchange) error {
	v := x.visit
	on := token.Native
	if x.client.method != token.Public {
		on = token.Web
	}
	return x.s.DB.Update(ctx, func(tx *sqldb.Tx) (err error) {
		if err := token.SpendDevice(ctx, tx, v.device); err != nil || !v.asked.Offline {
			return err
		}
		v.refresh, err = token.AddFamily(ctx, tx, token.NewFamily(v.proof, x.client.app, on, v.device.Scope, tx.Now()))
		return err
	})
}

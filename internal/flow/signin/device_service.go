package signin

import (
	"context"
	"errors"

	"entente/internal/core/app"
	"entente/internal/core/audit"
	"entente/internal/core/token"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// BeginDevice takes the code that a person typed, and stores a flow for the
// device that waits with it. The try is counted before the code is looked for,
// and forgotten if it was right.
func (s *Service) BeginDevice(ctx context.Context, b Browser, typed string) (*Flow, error) {
	if err := s.db.Claim(ctx, func(tx *sqldb.Tx) error { return takeCodeTry(ctx, tx, b) }); err != nil {
		return nil, err
	}
	var ask Ask
	err := s.db.View(ctx, func(tx *sqldb.Tx) (err error) {
		ask, err = deviceAsk(ctx, tx, typed)
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := s.db.Claim(ctx, func(tx *sqldb.Tx) error { return forgetCodeTry(ctx, tx, b) }); err != nil {
		return nil, err
	}
	return s.begin(ctx, b, ask)
}

// DevicePage is where a person enters the code of a device.
const DevicePage = "/common/oauth2/deviceauth"

func deviceAsk(ctx context.Context, tx *sqldb.Tx, typed string) (Ask, error) {
	d, err := token.DeviceByUserCode(ctx, tx, typed)
	if err != nil {
		return Ask{}, err
	}
	ask := Ask{Tenant: d.Tenant, App: d.Client, Scope: d.Scope, V2: true, Request: DevicePage, Device: d.Key()}
	if ask.Tenant != "" {
		if _, err := askedTenant(ctx, tx, string(ask.Tenant)); err != nil {
			return ask, err
		}
	}
	_, err = findApp(ctx, tx, ask.Tenant, string(ask.App))
	return ask, err
}

// A codeTry is a row in which tries at codes are counted.
type codeTry struct {
	in         bucket
	name, from string
}

// codeTries returns the browser's own row and its network's, always in this
// order: two who take them in another would wait for each other.
func codeTries(b Browser) []codeTry {
	return []codeTry{{ofCodeBrowser, "device code " + string(b.digest()), everywhere}, {ofCodeNetwork, "device code", network(b.IP)}}
}

// takeCodeTry counts one try at the codes of devices.
func takeCodeTry(ctx context.Context, tx *sqldb.Tx, b Browser) error {
	for _, c := range codeTries(b) {
		full, err := c.in.pour(ctx, tx, "", c.name, c.from)
		if err != nil {
			return err
		}
		if full.After(tx.Now().Add(c.in.room)) {
			return devicePaused(full.Add(-c.in.room)) // what is refused is not counted: the transaction ends
		}
	}
	return nil
}

func forgetCodeTry(ctx context.Context, tx *sqldb.Tx, b Browser) error {
	for _, c := range codeTries(b) {
		if err := c.in.scoop(ctx, tx, "", c.name, c.from); err != nil {
			return err
		}
	}
	return nil
}

// wantsDevice stops a flow for a device until the person has said, in it, that
// they have started the device.
func (s *Service) wantsDevice(ctx context.Context, tx *sqldb.Tx, f *Flow) (bool, error) {
	if f.Ask.Kind() != ForDevice {
		return false, nil
	}
	d, err := token.DeviceByKey(ctx, tx, f.Ask.Device)
	if errors.Is(err, fault.NotFound) || errors.Is(err, fault.Conflict) {
		return true, nil // its page says so
	}
	return err == nil && d.Accepted != f.acceptance(), err
}

// A DeviceOffer is what a person is asked: whether they have started a device.
type DeviceOffer struct {
	Device    *token.Device
	App       *app.Application
	From, To  Organization // the application's home; where they will be signed in
	Home      Organization // the account's
	Elsewhere bool         // the device asked from another network than the browser's
}

// OfferDevice returns what the page shows that asks.
func (s *Service) OfferDevice(ctx context.Context, b Browser, id ids.FlowID) (*DeviceOffer, error) {
	var o *DeviceOffer
	err := s.db.View(ctx, func(tx *sqldb.Tx) error {
		f, err := getFlow(ctx, tx, b.digest(), id)
		if err != nil {
			return err
		}
		if f.State != Device {
			return stale()
		}
		o, err = s.offerDevice(ctx, tx, b, f)
		return err
	})
	return o, err
}

// offerDevice finds the device of a flow, whose session the browser must bring,
// and refuses one that crosses tenants where home has not allowed that.
func (s *Service) offerDevice(ctx context.Context, tx *sqldb.Tx, b Browser, f *Flow) (*DeviceOffer, error) {
	if _, err := sessionOf(ctx, tx, b, f); err != nil {
		return nil, err
	}
	d, err := token.DeviceByKey(ctx, tx, f.Ask.Device)
	if err != nil {
		return nil, err
	}
	o := &DeviceOffer{Device: d, Elsewhere: network(d.IP) != network(b.IP)}
	if o.App, err = findApp(ctx, tx, f.Ask.Tenant, string(f.Ask.App)); err != nil {
		return nil, err
	}
	for into, id := range map[*Organization]ids.TenantID{&o.From: o.App.Tenant, &o.To: f.Resource(), &o.Home: f.Home} {
		org, err := organization(ctx, tx, id)
		if err != nil {
			return nil, err
		}
		*into = *org
	}
	p, err := app.PrincipalByAppID(ctx, tx, f.Home, o.App.AppID)
	if err != nil && !errors.Is(err, fault.NotFound) {
		return nil, err
	}
	err = across(f.Home, o.App.Tenant, f.Resource(), err == nil && p.AllowsDevicesAcross())
	if e, ok := errors.AsType[*fault.Error](err); ok {
		err = named(e.With("from", o.From.Name).With("tenant", o.To.Name).With("home", o.Home.Name), o.App)
	}
	return o, err
}

// DecideDevice takes the person's word on whether they have started the device.
// Who has not declines it: it hears so, and the sign-in log has it.
func (s *Service) DecideDevice(ctx context.Context, b Browser, id ids.FlowID, own bool) error {
	var entry *audit.SignIn
	err := s.step(ctx, b, id, func(tx *sqldb.Tx, f *Flow) error {
		entry = nil
		if f.State != Device {
			return stale()
		}
		o, err := s.offerDevice(ctx, tx, b, f)
		if err != nil {
			return err
		}
		if own {
			if err := f.Accept(o.Device, tx.Now()); err != nil {
				return err
			}
			return token.AcceptDevice(ctx, tx, o.Device)
		}
		if err := f.Refuse(o.Device, tx.Now()); err != nil {
			return err
		}
		entry = &audit.SignIn{
			Tenant: f.Home, At: s.clock.Now(), Kind: audit.InteractiveUserSignIn, App: o.App.AppID, AppName: o.App.DisplayName, Principal: f.User,
			PrincipalName: f.Username, Home: f.Home, CredentialKind: "device code", ErrorCode: 65004, Reason: string(token.DeviceRefused),
			Correlation: b.Request, IP: o.Device.IP, UserAgent: o.Device.Agent,
		}
		return token.DecideDevice(ctx, tx, o.Device)
	})
	if err != nil || entry == nil {
		return err
	}
	return s.signIns.Put(ctx, *entry)
}

// declineDevice spends a flow because its person does not agree to what the
// device's application asks.
func declineDevice(ctx context.Context, tx *sqldb.Tx, f *Flow) error {
	d, err := token.DeviceByKey(ctx, tx, f.Ask.Device)
	if err == nil {
		err = f.Refuse(d, tx.Now())
	}
	if err != nil {
		return err
	}
	return token.DecideDevice(ctx, tx, d)
}

// FinishDevice lets the device have its tokens, once who signs in may use its
// application in the tenant. It spends the flow in the same transaction.
func (s *Service) FinishDevice(ctx context.Context, b Browser, id ids.FlowID) error {
	var entry audit.SignIn
	err := s.step(ctx, b, id, func(tx *sqldb.Tx, f *Flow) error {
		if f.State != Ready || f.Ask.Kind() != ForDevice {
			return stale()
		}
		o, err := s.offerDevice(ctx, tx, b, f)
		if err != nil {
			return err
		}
		v, err := s.visit(ctx, tx, b, f, o.App)
		if err != nil {
			return err
		}
		if err := o.Device.Approve(v.session.proof(), v.in.ID, tx.Now()); err != nil {
			return err
		}
		entry = v.entry(b, f, o.App, s.clock.Now())
		if err := f.Leave(); err != nil {
			return err
		}
		return token.DecideDevice(ctx, tx, o.Device)
	})
	if err != nil {
		return s.denied(ctx, b, id, err)
	}
	return s.signIns.Put(ctx, entry)
}

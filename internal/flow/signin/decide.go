package signin

import (
	"context"
	"errors"
	"time"

	"entente/internal/core/authz"
	"entente/internal/core/consent"
	"entente/internal/core/directory"
	"entente/internal/core/federation"
	"entente/internal/core/person"
	"entente/internal/core/tenant"
	"entente/internal/flow/guest"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/secret"
	"entente/internal/kit/sqldb"
)

// Offer returns what the browser's flow asks its person to decide on, or
// refuses a person who can't decide on it.
func (s *Service) Offer(ctx context.Context, b Browser, id ids.FlowID) (*Offer, error) {
	var o *Offer
	err := s.db.View(ctx, func(tx *sqldb.Tx) error {
		f, err := getFlow(ctx, tx, b.digest(), id)
		if err != nil {
			return err
		}
		if f.State != Consent || f.Ask.Kind() != ForConsent {
			return stale()
		}
		if o, err = offer(ctx, tx, b, f); err != nil {
			return err
		}
		o.People, err = directory.CountUsers(ctx, tx, o.To.ID, nil)
		return err
	})
	return o, s.denied(ctx, b, id, err)
}

// offer reads everything that Shown covers.
func offer(ctx context.Context, tx *sqldb.Tx, b Browser, f *Flow) (*Offer, error) {
	want, err := f.Ask.want()
	if err != nil {
		return nil, err
	}
	by, err := account(ctx, tx, f)
	if err != nil {
		return nil, err
	}
	in := f.Resource()
	inner, err := consent.MakeOffer(ctx, tx, in, f.Ask.App, want)
	if err != nil {
		return nil, err
	}
	a := inner.Application
	o := &Offer{Offer: inner, By: by, Actors: Actors{Secrets: len(a.PasswordCredentials), Certificates: len(a.KeyCredentials)}}
	if o.Actors.Federated, err = federation.Names(ctx, tx, federation.Parent{Tenant: a.Tenant, Kind: federation.Application, ID: a.ID}); err != nil {
		return nil, err
	}
	if err := live(ctx, tx, a); err != nil {
		return nil, named(err, a)
	}
	if o.ReplyTo, err = replyTo(a.RedirectURIs(), f.Ask.ReplyTo, f.Ask.V2); err != nil {
		return nil, named(err, a)
	}
	if err := inner.May(ctx, tx, by.caller(in, b)); err != nil {
		return nil, named(err, a)
	}
	from, err := organization(ctx, tx, a.Tenant)
	if err != nil {
		return nil, err
	}
	to, err := organization(ctx, tx, in)
	if err != nil {
		return nil, err
	}
	o.From, o.To = *from, *to
	return o, nil
}

// account returns who decides in the flow's tenant, as they are now: one of its
// own people, or a guest.
func account(ctx context.Context, tx *sqldb.Tx, f *Flow) (Account, error) {
	in, err := tenant.Get(ctx, tx, f.Resource())
	if err == nil {
		err = in.Active()
	}
	if err != nil {
		return Account{}, err
	}
	v, err := guest.Find(ctx, tx, in, f.proof(), f.Ask.App)
	if err != nil {
		return Account{}, over(err)
	}
	acc := Account{Home: f.Home, User: f.User, Here: v.Here.ID, Name: v.Account.UserPrincipalName}
	acc.Role, err = deciding(ctx, tx, in.ID, v.Here.ID)
	return acc, err
}

// proof returns what the flow knows of its person.
func (f *Flow) proof() person.Proof { return person.Proof{Home: f.Home, User: f.User, At: f.ProvenAt} }

// proved returns the user of a flow, or a fault with the reason Gone if what
// was proved counts no more: the account is gone, disabled, or its sessions
// were revoked since.
func proved(ctx context.Context, tx *sqldb.Tx, f *Flow) (*directory.User, error) {
	v, err := person.AtHome(ctx, tx, f.proof())
	if err != nil {
		return nil, over(err)
	}
	return v.Account, nil
}

// over turns the end of an account at home into the end of its flow: whoever
// sits there signs in anew.
func over(err error) error {
	if ended(err) {
		return gone()
	}
	return err
}

// ended reports whether err says that an account counts no more at home.
func ended(err error) bool {
	return errors.Is(err, person.NoHome) || errors.Is(err, person.NoAccount) || errors.Is(err, person.Ended)
}

// deciding returns the name of the role by which a person may consent, the
// highest first, or "".
func deciding(ctx context.Context, tx *sqldb.Tx, in ids.TenantID, user ids.ObjectID) (string, error) {
	held, err := authz.RolesOf(ctx, tx, in, user)
	if err != nil {
		return "", err
	}
	for _, id := range []ids.RoleID{authz.GlobalAdministrator, authz.PrivilegedRoleAdministrator,
		authz.ApplicationAdministrator, authz.CloudApplicationAdministrator} {
		for _, h := range held {
			if r, ok := authz.RoleByID(id); ok && h == id {
				return r.Name, nil
			}
		}
	}
	return "", nil
}

// caller returns the account as a caller in the tenant.
func (a Account) caller(in ids.TenantID, b Browser) authz.Caller {
	return authz.Caller{
		Tenant: in, Subject: ids.Principal{Kind: ids.Person, Home: a.Home, ID: a.User}, Object: a.Here,
		AppName: "Consent page", Name: a.Name, Request: b.Request, IP: b.IP,
	}
}

// holder returns the user of a session, or nil if there is nobody who could sign
// in, and whether the session counts: the account was not signed out everywhere
// since.
func holder(ctx context.Context, tx *sqldb.Tx, session Session) (*directory.User, bool, error) {
	v, err := person.AtHome(ctx, tx, person.Proof{Home: session.Home, User: session.User, At: session.AuthAt})
	if err != nil && !ended(err) {
		return nil, false, err
	}
	if v == nil {
		return nil, false, nil
	}
	return v.Account, err == nil, nil
}

// Grant consents to what was shown, until the end of a day if one is given. It
// reads anew what there is to be shown, grants, and spends the flow in one
// transaction. If anything that was shown has changed, nothing happens and the
// fault is consent.OfferChanged.
func (s *Service) Grant(ctx context.Context, b Browser, id ids.FlowID, shown secret.Digest, lastDay string) (*Flow, error) {
	end, err := until(lastDay, s.clock.Now())
	if err != nil {
		return nil, err
	}
	var f *Flow
	err = s.step(ctx, b, id, func(tx *sqldb.Tx, loaded *Flow) error {
		f = loaded
		if err := f.Grant(shown, end); err != nil {
			return err
		}
		now, err := offer(ctx, tx, b, f)
		if err != nil {
			return err
		}
		if now.Shown() != shown {
			return fault.Because(fault.Conflict, consent.OfferChanged, "The application has changed since the page was shown.")
		}
		want, err := f.Ask.want()
		if err != nil {
			return err
		}
		_, err = consent.GrantOffer(ctx, tx, now.By.caller(f.Resource(), b), consent.Accept{AppID: f.Ask.App, Want: want, Shown: now.Digest, Until: end})
		return err
	})
	return f, s.denied(ctx, b, id, err)
}

// Decline spends the flow without consent.
func (s *Service) Decline(ctx context.Context, b Browser, id ids.FlowID) (*Flow, error) {
	var f *Flow
	err := s.step(ctx, b, id, func(_ *sqldb.Tx, loaded *Flow) error {
		f = loaded
		if f.Ask.Kind() != ForConsent {
			return stale()
		}
		return f.Decline()
	})
	return f, err
}

// until reads the day on which a consent ends: it holds to the end of that
// day in UTC. An empty text is no end.
func until(day string, now time.Time) (time.Time, error) {
	if day == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return t, fault.InvalidAt("until", "Enter the last day as a date.")
	}
	if t = t.AddDate(0, 0, 1); !t.After(now) {
		return t, fault.InvalidAt("until", "Enter a last day that is not over.")
	}
	return t, nil
}

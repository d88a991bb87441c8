package signin

import (
	"context"
	"errors"

	"entente/internal/core/app"
	"entente/internal/core/authz"
	"entente/internal/core/consent"
	"entente/internal/core/tenant"
	"entente/internal/flow/guest"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/oauth2"
	"entente/internal/kit/secret"
	"entente/internal/kit/sqldb"
)

// UserDeclined is why a sign-in to an application ends without a code: its
// person does not want what the application asks.
const UserDeclined fault.Reason = "signin.declined"

// wantsConsent stops whoever is to decide for their organization, and a person
// for whom something is missing that an application asks. Whoever may not come
// to the application at all is not asked, and refused later.
func (s *Service) wantsConsent(ctx context.Context, tx *sqldb.Tx, f *Flow) (bool, error) {
	switch {
	case f.Ask.Kind() == ForConsent:
		return true, nil
	case f.Ask.App == "":
		return false, nil
	}
	who, err := asked(ctx, tx, f, Browser{})
	if err != nil {
		return false, unlessRefused(err)
	}
	plea := f.plea()
	q, err := consent.MakeQuestion(ctx, tx, who, plea)
	if err != nil {
		return false, unlessRefused(err)
	}
	return q.Verdict != consent.Agreed || plea.Again, nil
}

// unlessRefused drops a refusal, which a later step repeats, and keeps trouble.
func unlessRefused(err error) error {
	switch fault.Public(err).Code {
	case fault.Invalid, fault.Forbidden, fault.NotFound, fault.Unauthenticated, fault.Conflict:
		return nil
	}
	return err
}

// asked returns the flow's person as a caller in the tenant in which the
// application is to act, or refuses one who may not come to it.
func asked(ctx context.Context, tx *sqldb.Tx, f *Flow, b Browser) (authz.Caller, error) {
	in, err := tenant.Get(ctx, tx, f.Resource())
	if err == nil {
		err = in.Active()
	}
	if err != nil {
		return authz.Caller{}, err
	}
	v, err := guest.Find(ctx, tx, in, f.proof(), f.Ask.App)
	if err != nil {
		return authz.Caller{}, over(err)
	}
	client, err := app.FindClient(ctx, tx, in.ID, f.Ask.App)
	if err != nil {
		return authz.Caller{}, err
	}
	if err := admits(ctx, tx, in.ID, v.Here.ID, client); err != nil {
		return authz.Caller{}, err
	}
	return Account{Home: f.Home, User: f.User, Here: v.Here.ID, Name: v.Account.UserPrincipalName}.caller(in.ID, b), nil
}

// admits refuses a person whom the application does not admit in the tenant,
// whatever they would agree to.
func admits(ctx context.Context, tx *sqldb.Tx, in ids.TenantID, here ids.ObjectID, client app.Client) error {
	switch {
	case client.Principal != "" && !client.Enabled:
		return fault.Because(fault.Forbidden, DisabledApp, "The application is disabled here.")
	case client.Principal == "" || !client.Assignment:
		return nil
	}
	roles, err := consent.RolesOfPerson(ctx, tx, in, here, client.Principal)
	if err == nil && !roles.Any {
		err = fault.Because(fault.Forbidden, NotAssigned, "The application admits only who is assigned to it.")
	}
	return err
}

// Inquire returns what the browser's flow asks its person to decide on; with
// the reason NeedsApproval if only an administrator can. If there is nothing to
// decide any more, because somebody has consented meanwhile, the flow goes on
// and the fault has the reason Stale.
func (s *Service) Inquire(ctx context.Context, b Browser, id ids.FlowID) (*Inquiry, error) {
	var q *Inquiry
	err := s.db.View(ctx, func(tx *sqldb.Tx) error {
		f, err := getFlow(ctx, tx, b.digest(), id)
		if err != nil {
			return err
		}
		q, err = inquire(ctx, tx, b, f)
		return err
	})
	if err != nil {
		return nil, s.denied(ctx, b, id, err)
	}
	if q.Verdict != consent.Agreed || q.Again {
		return q, nil
	}
	err = s.step(ctx, b, id, func(_ *sqldb.Tx, f *Flow) error {
		return f.Settled("")
	})
	if err == nil {
		err = stale()
	}
	return nil, err
}

// inquire reads everything that Shown covers.
func inquire(ctx context.Context, tx *sqldb.Tx, b Browser, f *Flow) (*Inquiry, error) {
	if f.State != Consent || f.Ask.Kind() == ForConsent {
		return nil, stale()
	}
	if _, err := sessionOf(ctx, tx, b, f); err != nil {
		return nil, err
	}
	a, err := findApp(ctx, tx, f.Ask.Tenant, string(f.Ask.App))
	if err != nil {
		return nil, err
	}
	who, err := asked(ctx, tx, f, b)
	if err != nil {
		return nil, named(err, a)
	}
	q := &Inquiry{By: Account{Home: f.Home, User: f.User, Here: who.Object, Name: who.Name}, ReplyTo: f.Ask.ReplyTo, Again: f.plea().Again}
	if q.Question, err = consent.MakeQuestion(ctx, tx, who, f.plea()); err != nil {
		return nil, named(err, a)
	}
	if q.Verdict == consent.NeedsAdministrator {
		return nil, needsApproval(a)
	}
	if q.By.Role, err = deciding(ctx, tx, who.Tenant, who.Object); err != nil {
		return nil, err
	}
	for _, o := range []struct {
		id ids.TenantID
		to *Organization
	}{{a.Tenant, &q.From}, {who.Tenant, &q.To}, {f.Home, &q.Home}} {
		found, err := organization(ctx, tx, o.id)
		if err != nil {
			return nil, err
		}
		*o.to = *found
	}
	return q, nil
}

func needsApproval(a *app.Application) error {
	return named(fault.Because(fault.Forbidden, NeedsApproval, "Nobody has agreed to what the application asks."), a)
}

// Agree takes a person's word on what was shown, for themselves or for
// everybody in the tenant. It reads anew what there is to be shown, grants, and
// moves the flow on in one transaction. If anything that was shown has changed,
// nothing happens and the fault is consent.OfferChanged.
func (s *Service) Agree(ctx context.Context, b Browser, id ids.FlowID, shown secret.Digest, everybody bool) error {
	err := s.step(ctx, b, id, func(tx *sqldb.Tx, f *Flow) error {
		q, err := inquire(ctx, tx, b, f)
		if err != nil {
			return err
		}
		if q.Shown() != shown {
			return fault.Because(fault.Conflict, consent.OfferChanged, "The application has changed since the page was shown.")
		}
		if _, err := consent.Agree(ctx, tx, q.By.caller(q.To.ID, b), consent.Agreement{Plea: f.plea(), Shown: q.Digest, Everybody: everybody}); err != nil {
			return named(err, q.Application)
		}
		return f.Settled(shown)
	})
	return s.denied(ctx, b, id, err)
}

// Refuse spends a sign-in to an application because its person does not agree,
// and returns what the application is told, a *Told. One on a device hears it
// when it asks again.
func (s *Service) Refuse(ctx context.Context, b Browser, id ids.FlowID) error {
	var ask Ask
	err := s.step(ctx, b, id, func(tx *sqldb.Tx, f *Flow) error {
		kind := f.Ask.Kind()
		if f.State != Consent || kind != ForApp && kind != ForDevice {
			return stale()
		}
		ask = f.Ask
		ask.Tenant = f.Resource()
		if kind == ForDevice {
			return declineDevice(ctx, tx, f)
		}
		return f.Decline()
	})
	if err != nil || ask.Kind() == ForDevice {
		return err
	}
	told := s.tell(ask, fault.Because(fault.Forbidden, UserDeclined, "The resource owner or authorization server denied the request."))
	if t, ok := errors.AsType[*Told](told); ok {
		t.Answer.Values.Set("error_subcode", "cancel")
	}
	return told
}

// agreed refuses a sign-in for which something is missing that the application
// asks: on a page, or without one if none may be shown. What cannot be asked
// at all the application is told.
func (s *Service) agreed(ctx context.Context, tx *sqldb.Tx, b Browser, f *Flow, v visit, a *app.Application) error {
	who := Account{Home: f.Home, User: f.User, Here: v.here.ID, Name: v.home.UserPrincipalName}.caller(v.in.ID, b)
	q, err := consent.MakeQuestion(ctx, tx, who, consent.Plea{AppID: a.AppID, Scope: f.Ask.Scope})
	switch reason := fault.Public(err).Reason; {
	case err != nil && tellable[reason]:
		return s.tell(f.Ask, named(err, a))
	case err != nil:
		return named(err, a)
	case q.Verdict == consent.Agreed:
		return nil
	case f.Ask.silent():
		return s.tell(f.Ask, named(consentRequired(), a))
	}
	return needsApproval(a)
}

// tellable are the refusals by which an application learns that its scope is
// wrong.
var tellable = map[fault.Reason]bool{
	consent.UnknownScope: true, consent.UnknownResource: true, consent.NothingListed: true, oauth2.ScopeMalformed: true,
}

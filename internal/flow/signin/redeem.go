package signin

import (
	"context"
	"errors"

	"entente/internal/core/app"
	"entente/internal/core/person"
	"entente/internal/core/tenant"
	"entente/internal/flow/guest"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/secret"
	"entente/internal/kit/sqldb"
)

// Why a sign-in is refused that would have led past an invitation. The
// application is told both.
const (
	RedeemRequired fault.Reason = "signin.redeem_required" // prompt=none, and the account has to accept first
	RedeemDeclined fault.Reason = "signin.redeem_declined"
)

// BeginRedeem stores a flow for the answer to an invitation, by the ticket in
// its link. Who it is for is known once somebody has signed in.
func (s *Service) BeginRedeem(ctx context.Context, b Browser, t guest.Ticket) (*Flow, error) {
	err := s.db.View(ctx, func(tx *sqldb.Tx) error {
		_, err := guest.Check(ctx, tx, t)
		return err
	})
	if err != nil {
		return nil, err
	}
	return s.begin(ctx, b, Ask{Tenant: t.Tenant, Redeem: &t, Request: "/redeem"})
}

// redemption returns the invitation that the flow's person has to answer, or
// the one they have accepted by this link before; nil if there is none.
func (s *Service) redemption(ctx context.Context, tx *sqldb.Tx, f *Flow) (*guest.Redemption, error) {
	switch {
	case f.Ask.Kind() == ForRedeem:
		return guest.ByLink(ctx, tx, *f.Ask.Redeem, f.proof())
	case f.Ask.Kind() == ForConsent || f.Resource() == f.Home: // who decides for a tenant is one of its own
		return nil, nil
	}
	in, err := tenant.Get(ctx, tx, f.Resource())
	if err != nil {
		return nil, err
	}
	var apps []ids.AppID
	if f.Ask.App != "" {
		apps = append(apps, f.Ask.App)
	}
	return guest.Awaited(ctx, tx, in, f.proof(), apps...)
}

// wantsProof stops a guest whose sessions in the tenant were revoked after the
// account was proved at home: it is proved again.
func (s *Service) wantsProof(ctx context.Context, tx *sqldb.Tx, f *Flow) (bool, error) {
	if f.Resource() == f.Home && f.Ask.Kind() != ForRedeem {
		return false, nil
	}
	_, err := s.redemption(ctx, tx, f)
	if err == nil && f.Ask.Kind() != ForRedeem {
		var in *tenant.Tenant
		if in, err = tenant.Get(ctx, tx, f.Resource()); err == nil {
			_, err = person.Find(ctx, tx, in, f.proof())
		}
	}
	if fault.Public(err).Code == fault.Internal {
		return false, err
	}
	return errors.Is(err, person.Ended), nil
}

// wantsRedeem stops whoever has an invitation to answer, or cannot answer the
// one that they came for. Where both tenants' policies agree nobody is asked:
// the account is a guest from then on.
func (s *Service) wantsRedeem(ctx context.Context, tx *sqldb.Tx, f *Flow) (bool, error) {
	r, err := s.redemption(ctx, tx, f)
	switch {
	case err != nil && fault.Public(err).Code == fault.Internal:
		return false, err
	case err != nil:
		return true, nil // its page says why
	case r == nil || r.Before:
		return false, nil
	case r.Automatic():
		return false, r.Accept(ctx, tx, f.by.from())
	}
	return true, nil
}

func (b Browser) from() guest.From { return guest.From{Request: b.Request, IP: b.IP} }

// Redemption returns what the flow's person is asked, or refuses one who cannot
// answer. If there is nothing left to answer the flow goes on, and the fault is
// Stale.
func (s *Service) Redemption(ctx context.Context, b Browser, id ids.FlowID) (*guest.Redemption, error) {
	var r *guest.Redemption
	err := s.db.View(ctx, func(tx *sqldb.Tx) (err error) {
		r, err = s.asked(ctx, tx, b, id)
		return err
	})
	if err == nil && r == nil {
		err = s.step(ctx, b, id, func(_ *sqldb.Tx, f *Flow) error { return f.Redeemed() })
		if err == nil {
			err = stale()
		}
	}
	return r, err
}

// asked returns what is asked at the flow's step, or nil if that is nothing any
// more: it was answered elsewhere, or taken back.
func (s *Service) asked(ctx context.Context, tx *sqldb.Tx, b Browser, id ids.FlowID) (*guest.Redemption, error) {
	f, err := getFlow(ctx, tx, b.digest(), id)
	if err != nil {
		return nil, err
	}
	if f.State != Redeem {
		return nil, stale()
	}
	r, err := s.redemption(ctx, tx, f)
	if err != nil {
		return nil, over(err)
	}
	if r != nil && r.Before {
		r = nil
	}
	return r, nil
}

// Redeem takes the person's word that they accept what was shown. The account
// is the guest in the same transaction. If anything that was shown has changed,
// nothing happens and the fault is guest.Changed.
func (s *Service) Redeem(ctx context.Context, b Browser, id ids.FlowID, shown secret.Digest) error {
	return s.step(ctx, b, id, func(tx *sqldb.Tx, f *Flow) error {
		r, err := s.asked(ctx, tx, b, id)
		if err != nil {
			return err
		}
		if r != nil {
			if r.Shown() != shown {
				return fault.Because(fault.Conflict, guest.Changed, "The invitation has changed since the page was shown.")
			}
			if err := r.Accept(ctx, tx, b.from()); err != nil {
				return err
			}
		}
		return f.Redeemed()
	})
}

// DeclineInvitation spends the flow without accepting. What an application is told
// then, from which the flow came, is TellDeclined's.
func (s *Service) DeclineInvitation(ctx context.Context, b Browser, id ids.FlowID) error {
	return s.step(ctx, b, id, func(tx *sqldb.Tx, f *Flow) error {
		r, err := s.asked(ctx, tx, b, id)
		if err != nil {
			return err
		}
		if r != nil {
			if err := r.Decline(ctx, tx, b.from()); err != nil {
				return err
			}
		}
		return f.Decline()
	})
}

// TellDeclined returns, as a fault, what the application is told whose person has
// declined to become a guest. The fault is Stale for every other flow.
func (s *Service) TellDeclined(ctx context.Context, b Browser, id ids.FlowID) error {
	var f *Flow
	err := s.db.View(ctx, func(tx *sqldb.Tx) (err error) { f, err = getFlow(ctx, tx, b.digest(), id); return err })
	if err == nil && (f.State != Done || f.Outcome != Declined || f.Ask.Kind() != ForApp) {
		err = stale()
	}
	if err != nil {
		return err
	}
	return s.tell(f.Ask, fault.Because(fault.Forbidden, RedeemDeclined, "The user declined to become a guest of the tenant."))
}

// Redeemed takes the word that there is no invitation left to answer.
func (f *Flow) Redeemed() error {
	if f.State != Redeem {
		return stale()
	}
	return f.move(Proven)
}

// Welcome spends a flow that was begun for an invitation and has led to its
// acceptance, and returns it.
func (s *Service) Welcome(ctx context.Context, b Browser, id ids.FlowID) (*Flow, error) {
	var f *Flow
	err := s.step(ctx, b, id, func(tx *sqldb.Tx, loaded *Flow) error {
		f = loaded
		if f.State != Ready || f.Ask.Kind() != ForRedeem {
			return stale()
		}
		return f.Leave()
	})
	return f, err
}

// A Welcomed is what the last page of an invitation shows.
type Welcomed struct {
	Accepted bool
	In       Organization
	Home     Organization
	Account  string // the user principal name at home
	GoesOn   string // inviteRedirectUrl; empty if it was declined
	App      string // the application from which the person came who declined, or empty
	ReplyTo  string // of the application
}

// Welcomed returns what has become of an invitation, to the browser whose flow
// it was. The fault is Stale while it is not decided.
func (s *Service) Welcomed(ctx context.Context, b Browser, id ids.FlowID) (out Welcomed, err error) {
	err = s.db.View(ctx, func(tx *sqldb.Tx) error {
		f, err := getFlow(ctx, tx, b.digest(), id)
		if err != nil {
			return err
		}
		if f.State != Done || f.Outcome != SignedIn && f.Outcome != Declined {
			return stale()
		}
		in, err := organization(ctx, tx, f.Resource())
		if err != nil {
			return err
		}
		home, err := organization(ctx, tx, f.Home)
		if err != nil {
			return err
		}
		out = Welcomed{In: *in, Home: *home, Account: f.Username}
		if f.Outcome == Declined && f.Ask.Kind() == ForApp {
			a, err := app.ApplicationByAppID(ctx, tx, f.Ask.App)
			if err != nil {
				return err
			}
			out.App, out.ReplyTo = a.DisplayName, f.Ask.ReplyTo
		}
		if f.Outcome == Declined || f.Ask.Kind() != ForRedeem {
			return nil
		}
		r, err := s.redemption(ctx, tx, f)
		if err != nil {
			return over(err)
		}
		out.Accepted, out.GoesOn = true, r.Redirect
		return nil
	})
	return out, err
}

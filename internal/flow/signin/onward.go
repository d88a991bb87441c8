package signin

import (
	"context"

	"entente/internal/kit/fault"
	"entente/internal/kit/sqldb"
)

// A gate is a step that may stand between knowing who somebody is and where
// they want to go.
type gate struct {
	state State

	// wants reports whether the flow has to stop at the step, by what the store
	// says now. After the step it is asked again.
	wants func(*Service, context.Context, *sqldb.Tx, *Flow) (bool, error)
}

// gates are asked in this order. Whether they have started a device is asked
// before anything is agreed to on its way. The second factor's come once more after
// redemption: where nobody is asked, it makes a guest, of whom the tenant may
// demand what it could not before.
var gates = []gate{
	{Password, (*Service).wantsProof},
	{Factor, (*Service).wantsFactor},
	{Enroll, (*Service).wantsEnroll},
	{Device, (*Service).wantsDevice},
	{Redeem, (*Service).wantsRedeem},
	{Factor, (*Service).wantsFactor},
	{Enroll, (*Service).wantsEnroll},
	{Consent, (*Service).wantsConsent},
}

// onward moves a flow on from proven: to the first gate that wants something,
// or to ready.
func (s *Service) onward(ctx context.Context, tx *sqldb.Tx, f *Flow) error {
	if f.State != Proven {
		return nil
	}
	for _, g := range gates {
		stop, err := g.wants(s, ctx, tx, f)
		if err != nil {
			return err
		}
		if stop {
			return f.move(g.state)
		}
	}
	return f.move(Ready)
}

// begin stores a new flow that asks for something, as far on as the browser's
// sessions bring it. A sign-in that may show no page is refused, for the
// application to be told, if it would have to.
func (s *Service) begin(ctx context.Context, b Browser, ask Ask) (f *Flow, err error) {
	err = s.db.Update(ctx, func(tx *sqldb.Tx) error {
		f = NewFlow(b.digest(), ask, tx.Now())
		f.by = b
		several, err := s.takeUp(ctx, tx, b, f)
		if err != nil {
			return err
		}
		if err := s.onward(ctx, tx, f); err != nil {
			return err
		}
		if ask.silent() && f.State != Ready {
			return s.tell(ask, cannotBeSilent(f.State, several))
		}
		return addFlow(ctx, tx, f)
	})
	return f, err
}

// takeUp lets a new flow begin with a session of the browser's, or with the
// question which of them it is. It reports whether several would do.
func (s *Service) takeUp(ctx context.Context, tx *sqldb.Tx, b Browser, f *Flow) (several bool, err error) {
	if kind := f.Ask.Kind(); kind == ForConsent || kind == ForDevice { // never silently
		return false, s.remember(ctx, tx, b, f)
	}
	return s.continueSession(ctx, tx, b, f)
}

// silent reports whether no page may be shown.
func (a Ask) silent() bool { return a.Authorize != nil && a.Authorize.Prompt == promptNone }

// cannotBeSilent is why prompt=none leads to no code: the flow would have
// stopped at a step.
func cannotBeSilent(at State, several bool) error {
	switch {
	case several:
		return fault.Because(fault.Unauthenticated, AccountRequired,
			"Either multiple user identities are available for the current request or selected account is not supported for the scenario.").
			WithFix("Name the account with login_hint or sid, or ask without prompt=none.")
	case at == Consent:
		return consentRequired()
	case at == Redeem:
		return fault.Because(fault.Forbidden, RedeemRequired, "The account has to accept an invitation of the tenant first.")
	case at == Factor:
		return fault.Because(fault.Unauthenticated, FactorRequired, "A second factor is required, and a silent request can't ask for it.").
			WithFix("Ask without prompt=none.")
	case at == Enroll:
		return fault.Because(fault.Unauthenticated, FactorMissing, "A second factor is required, and the person has yet to register one.").
			WithFix("Ask without prompt=none.")
	}
	return fault.Because(fault.Unauthenticated, LoginRequired, "A silent sign-in request was sent but no user is signed in.")
}

func consentRequired() error {
	return fault.Because(fault.Forbidden, ConsentRequired, "The user or administrator has not consented to use the application.")
}

package signin

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"entente/internal/core/audit"
	"entente/internal/core/authz"
	"entente/internal/core/factor"
	"entente/internal/core/person"
	"entente/internal/core/tenant"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/secret"
	"entente/internal/kit/sqldb"
)

// FactorRequired and FactorMissing are why a sign-in that may show no page is
// refused: a second factor is to be proved, or registered first.
const (
	FactorRequired fault.Reason = "signin.factor_required"
	FactorMissing  fault.Reason = "signin.factor_missing"
)

// wantsFactor stops whoever has to prove a second factor that they have.
func (s *Service) wantsFactor(ctx context.Context, tx *sqldb.Tx, f *Flow) (bool, error) {
	need, err := missing(ctx, tx, f)
	return !need.IsZero() && !need.Enroll, err
}

// wantsEnroll stops whoever has to register a second factor first.
func (s *Service) wantsEnroll(ctx context.Context, tx *sqldb.Tx, f *Flow) (bool, error) {
	need, err := missing(ctx, tx, f)
	return need.Enroll, err
}

// missing returns the second factor that a flow's person has yet to prove,
// as the store says now. Whoever is refused where they want to go is asked for
// that of their home alone; the refusal comes when they get there.
func missing(ctx context.Context, tx *sqldb.Tx, f *Flow) (factor.Need, error) {
	v, err := person.AtHome(ctx, tx, f.proof())
	if err != nil {
		return factor.Need{}, over(err)
	}
	if in := f.Resource(); in != f.Home {
		to, err := tenant.Get(ctx, tx, in)
		if err != nil {
			return factor.Need{}, err
		}
		found, err := person.Find(ctx, tx, to, f.proof(), f.Ask.apps()...)
		switch {
		case err == nil, errors.Is(err, person.NotHere) && found != nil:
			v = found
		case fault.Public(err).Code != fault.Forbidden:
			return factor.Need{}, over(err)
		}
	}
	need, _, err := factor.Ask(ctx, tx, factor.Asking{Visit: v, Methods: f.Methods, Wanted: f.Ask.wantsFactor()})
	return need, err
}

// Checked takes the word that a tenant's second factor was proved. With spares,
// the person is shown recovery codes first.
func (f *Flow) Checked(in ids.TenantID, spares bool) error {
	if f.State != Factor && f.State != Enroll {
		return stale()
	}
	f.Methods = factor.Prove(f.Methods, f.Home, in)
	if spares {
		return f.move(Spares)
	}
	return f.move(Proven)
}

// Saved takes the word that the recovery codes are saved.
func (f *Flow) Saved() error {
	if f.State != Spares {
		return stale()
	}
	return f.move(Proven)
}

// Code takes a code of an authenticator. A right one adds to what the session
// has proved, which gets a new cookie, and moves the flow on.
func (s *Service) Code(ctx context.Context, b Browser, id ids.FlowID, code string) (*Admitted, error) {
	return s.factor(ctx, b, id, "otp", func(tx *sqldb.Tx, of factor.Account, _ authz.Caller) (factor.Checked, error) {
		return s.factors.CheckCode(ctx, tx, of, code)
	})
}

// Spare takes a recovery code in place of an authenticator's.
func (s *Service) Spare(ctx context.Context, b Browser, id ids.FlowID, code string) (*Admitted, error) {
	return s.factor(ctx, b, id, "recoveryCode", func(tx *sqldb.Tx, of factor.Account, who authz.Caller) (factor.Checked, error) {
		return s.factors.CheckSpare(ctx, tx, who, of, code)
	})
}

// factor checks what was typed. The code is spent, the try counted and the flow
// moved in one transaction, and the entry is stored before the answer leaves.
func (s *Service) factor(ctx context.Context, b Browser, id ids.FlowID, kind string,
	check func(*sqldb.Tx, factor.Account, authz.Caller) (factor.Checked, error)) (*Admitted, error) {
	var in *Admitted
	var entry audit.SignIn
	var refusal error
	err := s.step(ctx, b, id, func(tx *sqldb.Tx, f *Flow) error {
		in, refusal = nil, nil
		if f.State != Factor {
			return stale()
		}
		need, err := missing(ctx, tx, f)
		if err != nil {
			return err
		}
		if need.IsZero() || need.Enroll { // the store has changed meanwhile: onward says what is next
			in, err = s.skip(ctx, tx, b, f)
			return err
		}
		c, err := check(tx, need.Account, f.asks(need.Account, b))
		if err != nil {
			return err
		}
		entry, refusal = f.entryOf(b, need.Account, kind, s.clock.Now()), c.Refusal
		if refusal != nil {
			return nil // what was counted stays
		}
		if err := f.Checked(need.Account.Tenant, false); err != nil {
			return err
		}
		in, err = admit(ctx, tx, b, f)
		return err
	})
	if err != nil {
		return nil, err
	}
	if refusal != nil {
		pub := fault.Public(refusal)
		entry.ErrorCode, entry.Reason = refusals[pub.Reason], string(pub.Reason)
	}
	if entry.Tenant != "" {
		if err := s.signIns.Put(ctx, entry); err != nil {
			return nil, err
		}
	}
	return in, refusal
}

// Enroll registers the authenticator that the flow's page shows, once its code
// proves that it works; that proves the factor, too.
func (s *Service) Enroll(ctx context.Context, b Browser, id ids.FlowID, name, code string) (*Admitted, error) {
	var in *Admitted
	err := s.step(ctx, b, id, func(tx *sqldb.Tx, f *Flow) error {
		in = nil
		if f.State != Enroll {
			return stale()
		}
		need, err := missing(ctx, tx, f)
		if err != nil {
			return err
		}
		if !need.Enroll {
			in, err = s.skip(ctx, tx, b, f)
			return err
		}
		_, spares, err := s.factors.Enroll(ctx, tx, f.asks(need.Account, b), need.Account, string(f.ID), name, code)
		if err != nil {
			return err
		}
		if err := f.Checked(need.Account.Tenant, spares); err != nil {
			return err
		}
		in, err = admit(ctx, tx, b, f)
		return err
	})
	return in, err
}

// skip leaves a step that is not wanted any more, and begins the session if
// that was all it waited for.
func (s *Service) skip(ctx context.Context, tx *sqldb.Tx, b Browser, f *Flow) (*Admitted, error) {
	if err := f.move(Proven); err != nil || f.Session != "" {
		return nil, err
	}
	return s.admitHome(ctx, tx, b, f)
}

// Saved moves a flow on from its recovery codes.
func (s *Service) Saved(ctx context.Context, b Browser, id ids.FlowID) error {
	return s.step(ctx, b, id, func(_ *sqldb.Tx, f *Flow) error { return f.Saved() })
}

// asks returns the person as a caller in the tenant that asks for the factor.
func (f *Flow) asks(of factor.Account, b Browser) authz.Caller {
	return authz.Caller{
		Tenant: of.Tenant, Subject: ids.Principal{Kind: ids.Person, Home: f.Home, ID: f.User}, Object: of.User,
		AppName: "Sign-in page", Name: f.Username, Request: b.Request, IP: b.IP,
	}
}

// entryOf is the entry of a second factor in the log of the tenant that asks.
func (f *Flow) entryOf(b Browser, of factor.Account, kind string, now time.Time) audit.SignIn {
	return audit.SignIn{
		Tenant: of.Tenant, At: now, Kind: audit.InteractiveUserSignIn, App: f.Ask.App, Principal: of.User, PrincipalName: f.Username,
		Home: f.Home, CredentialKind: kind, Correlation: b.Request, IP: b.IP, UserAgent: b.UserAgent,
	}
}

// A FactorLook is what the pages of a second factor show.
type FactorLook struct {
	Asks       Organization // whose factor it is
	Abroad     bool         // it is not that of the person's home
	Enrollment *factor.Enrollment
	Spares     []secret.String // new recovery codes; none if it was too long ago
}

// FactorLook returns what the page of a flow at factor, enroll or spares shows.
func (s *Service) FactorLook(ctx context.Context, b Browser, id ids.FlowID) (*FactorLook, error) {
	var l FactorLook
	err := s.db.View(ctx, func(tx *sqldb.Tx) error {
		f, err := getFlow(ctx, tx, b.digest(), id)
		if err != nil {
			return err
		}
		if f.State == Spares {
			return s.sparesOf(ctx, tx, f, &l)
		}
		if f.State != Factor && f.State != Enroll {
			return stale()
		}
		need, err := missing(ctx, tx, f)
		if err != nil {
			return err
		}
		if need.IsZero() { // it is demanded no more: whatever is typed leads on
			need.Account = factor.Account{Tenant: f.Home, User: f.User}
		}
		in, err := organization(ctx, tx, need.Account.Tenant)
		if err != nil {
			return err
		}
		l.Asks, l.Abroad = *in, need.Abroad
		if f.State == Factor {
			return nil
		}
		e, err := s.factors.Offer(ctx, tx, need.Account, string(f.ID), in.Name, f.Username)
		l.Enrollment = &e
		return err
	})
	return &l, err
}

// sparesOf completes l with the recovery codes that a flow has made, at home or
// where it acts.
func (s *Service) sparesOf(ctx context.Context, tx *sqldb.Tx, f *Flow, l *FactorLook) error {
	all := []factor.Account{{Tenant: f.Home, User: f.User}}
	if in := f.Resource(); in != f.Home {
		to, err := tenant.Get(ctx, tx, in)
		if err != nil {
			return err
		}
		if v, err := person.Find(ctx, tx, to, f.proof()); err == nil {
			all = append(all, factor.Account{Tenant: in, User: v.Here.ID})
		}
	}
	for _, of := range slices.Backward(all) { // the home's factor comes first
		codes, err := s.factors.Spares(ctx, tx, of, string(f.ID))
		if err != nil {
			return err
		}
		in, err := organization(ctx, tx, of.Tenant)
		if err != nil {
			return err
		}
		if l.Asks, l.Spares, l.Abroad = *in, codes, of.Tenant != f.Home; len(codes) > 0 {
			return nil
		}
	}
	return nil
}

// apps returns the application that asks, if one does.
func (a Ask) apps() []ids.AppID {
	if a.App == "" {
		return nil
	}
	return []ids.AppID{a.App}
}

// wantsFactor reports whether the application wants a second factor, in one of
// the words by which applications say so.
func (a Ask) wantsFactor() bool { return a.Authorize != nil && a.Authorize.Factor }

// asksForFactor reads those words: the acr_values and amr_values of a request,
// and amr among the claims that it asks for (OpenID Connect Core 1.0, section
// 5.5). What cannot be read asks for nothing.
// https://learn.microsoft.com/entra/identity-platform/claims-challenge
func asksForFactor(acr, amr, claims string) bool {
	type claim struct {
		AMR struct {
			Value  string   `json:"value"`
			Values []string `json:"values"`
		} `json:"amr"`
	}
	var asked struct {
		IDToken     claim `json:"id_token"`
		AccessToken claim `json:"access_token"`
	}
	words := strings.FieldsFunc(acr+" "+amr, func(r rune) bool { return r == ' ' || r == '|' || r == ',' })
	if json.Unmarshal([]byte(claims), &asked) == nil {
		for _, c := range []claim{asked.IDToken, asked.AccessToken} {
			words = append(append(words, c.AMR.Value), c.AMR.Values...)
		}
	}
	return slices.ContainsFunc(words, func(w string) bool {
		return slices.Contains([]string{"mfa", "ngcmfa", "possessionorinherence", "http://schemas.microsoft.com/claims/multipleauthn"}, strings.ToLower(w))
	})
}

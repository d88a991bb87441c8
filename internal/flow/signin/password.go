package signin

import (
	"context"
	"encoding/json"

	"entente/internal/core/audit"
	"entente/internal/core/authz"
	"entente/internal/core/directory"
	"entente/internal/core/factor"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/secret"
	"entente/internal/kit/sqldb"
)

// refusals are the reasons for which a sign-in ends here, with the AADSTS
// numbers that the sign-in log shows.
var refusals = map[fault.Reason]int{
	directory.WrongPassword:   50126,
	Paused:                    50053,
	NetworkPaused:             50053,
	directory.AccountDisabled: 50057,
	factor.WrongCode:          500121,
	factor.UsedCode:           500121,
	factor.WrongSpare:         500121,
	factor.Paused:             500121,
}

// Password takes the password of the account that was typed, and whether the
// session is to outlive the run of the browser. A right one moves the flow
// on and, unless a second factor is asked, begins a session, which is returned
// for the browser. The try is counted before the password is looked at, and the
// sign-in's entry is stored before the answer leaves.
func (s *Service) Password(ctx context.Context, b Browser, id ids.FlowID, password secret.String, keep bool) (*Admitted, error) {
	f, err := s.flow(ctx, b, id)
	if err != nil {
		return nil, err
	}
	if f.State != Password {
		return nil, stale()
	}
	from := network(b.IP)
	err = s.db.Claim(ctx, func(tx *sqldb.Tx) error { return takeTry(ctx, tx, f.Home, f.Username, from) })
	var u directory.Checked
	if err == nil {
		u, err = s.directory.CheckPassword(ctx, f.Home, f.Username, password)
	}
	if err == nil {
		// Apart from the step: the network's row is shared by many, who would make the step start over.
		err = s.db.Claim(ctx, func(tx *sqldb.Tx) error { return forgetTries(ctx, tx, f.Home, f.Username, from) })
	}
	if logErr := s.log(ctx, b, f, u, err); logErr != nil {
		return nil, logErr
	}
	if err != nil {
		return nil, err
	}
	var in *Admitted
	err = s.stepFrom(ctx, b, f, func(tx *sqldb.Tx, f *Flow) error {
		f.Keep = keep
		if err := f.Prove(u.User, u.MustChange, tx.Now()); err != nil || u.MustChange {
			return err
		}
		in, err = s.admitHome(ctx, tx, b, f)
		return err
	})
	return in, err
}

// Renew takes the password that the person chose in place of the one that an
// administrator had set, typed twice. It moves the flow on
// and begins a session as Password does.
func (s *Service) Renew(ctx context.Context, b Browser, id ids.FlowID, password, again secret.String) (*Admitted, error) {
	f, err := s.flow(ctx, b, id)
	if err != nil {
		return nil, err
	}
	if f.State != Renew {
		return nil, stale()
	}
	err = s.db.View(ctx, func(tx *sqldb.Tx) error {
		_, err := proved(ctx, tx, f) // who was given yet another password meanwhile proves that one first
		return err
	})
	if err != nil {
		return nil, err
	}
	if !password.Equal(again.Reveal()) {
		return nil, fault.Because(fault.Invalid, WrongRenewal, "The two passwords differ.")
	}
	if _, err := s.directory.CheckPassword(ctx, f.Home, f.Username, password); err == nil {
		return nil, fault.Because(fault.Invalid, WrongRenewal, "Choose another password than the one you were given.")
	}
	body, err := json.Marshal(map[string]any{"passwordProfile": directory.PasswordProfile{Password: password.Reveal(), ForceChange: new(bool)}})
	if err != nil {
		return nil, err
	}
	who := authz.System(f.Home, "Sign-in page, for "+f.Username)
	who.Request, who.IP = b.Request, b.IP
	if _, err := s.directory.Update(ctx, who, string(f.User), body); err != nil {
		return nil, err
	}
	var in *Admitted
	err = s.stepFrom(ctx, b, f, func(tx *sqldb.Tx, f *Flow) (err error) {
		if err := f.Renewed(tx.Now()); err != nil {
			return err
		}
		in, err = s.admitHome(ctx, tx, b, f)
		return err
	})
	return in, err
}

// log stores the sign-in's entry at home. What is no refusal of a sign-in is
// returned as it came.
func (s *Service) log(ctx context.Context, b Browser, f *Flow, u directory.Checked, err error) error {
	e := audit.SignIn{
		Tenant: f.Home, At: s.clock.Now(), Kind: audit.InteractiveUserSignIn, App: f.Ask.App,
		Principal: u.User, PrincipalName: f.Username, Home: f.Home, CredentialKind: "password",
		Correlation: b.Request, IP: b.IP, UserAgent: b.UserAgent,
	}
	if err != nil {
		reason := fault.Public(err).Reason
		if e.ErrorCode = refusals[reason]; e.ErrorCode == 0 {
			return err
		}
		e.Reason = string(reason)
	}
	return s.signIns.Put(ctx, e)
}

// flow returns the browser's flow.
func (s *Service) flow(ctx context.Context, b Browser, id ids.FlowID) (f *Flow, err error) {
	err = s.db.View(ctx, func(tx *sqldb.Tx) error {
		f, err = getFlow(ctx, tx, b.digest(), id)
		return err
	})
	return f, err
}

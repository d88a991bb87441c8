package signin

import (
	"context"
	"strings"
	"time"

	"entente/internal/core/authz"
	"entente/internal/core/factor"
	"entente/internal/core/person"
	"entente/internal/core/tenant"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// freshFor is how long after they have proved their account a person may change
// how they sign in. Whoever finds a browser open later may not.
const freshFor = 15 * time.Minute

// OldProof is why a change to how somebody signs in is refused: they prove their
// account once more first.
const OldProof fault.Reason = "signin.old_proof"

func oldProof() error {
	return fault.Because(fault.Unauthenticated, OldProof, "It is too long ago that the account was proved.").WithFix("Sign in once more.")
}

// fresh reports whether the session's account was proved lately enough for a
// change to how its person signs in.
func (s Session) fresh(now time.Time) bool { return !now.After(s.AuthAt.Add(freshFor)) }

// Fresh reports whether the visitor may change how they sign in without a proof
// once more.
func (s *Service) Fresh(v *Visitor) bool { return v.Session.fresh(s.clock.Now()) }

// BeginAnew stores a flow in which the visitor proves their account once more,
// before they go on to a page of ours in the tenant in which they act.
func (s *Service) BeginAnew(ctx context.Context, b Browser, v *Visitor, page string) (f *Flow, err error) {
	if err := ours(page); err != nil {
		return nil, err
	}
	ask := Ask{Session: v.Session.ID, Page: page, Request: page, Anew: true}
	if !v.AtHome() {
		ask.Tenant = v.In.ID
	}
	err = s.db.Update(ctx, func(tx *sqldb.Tx) error {
		f = NewFlow(b.digest(), ask, tx.Now())
		if err := f.Identify(v.Account.UserPrincipalName, v.Home.ID); err != nil {
			return err
		}
		return addFlow(ctx, tx, f)
	})
	return f, err
}

// change lets a visitor change their second factor in a tenant, home or the one
// in which they act. All is read anew: the session, that it was proved lately,
// and who they are there.
func (s *Service) change(ctx context.Context, b Browser, v *Visitor, in ids.TenantID,
	do func(tx *sqldb.Tx, session Session, who authz.Caller, of factor.Account) error) error {
	return s.db.Update(ctx, func(tx *sqldb.Tx) error {
		session, err := ownSession(ctx, tx, v.Home.ID, v.Account.ID, v.Session.ID)
		if err != nil {
			return err
		}
		if !session.fresh(tx.Now()) {
			return oldProof()
		}
		to, err := tenant.Get(ctx, tx, in)
		if err == nil {
			err = to.Active()
		}
		if err != nil {
			return err
		}
		now := Visitor{Session: session}
		found, err := person.Find(ctx, tx, to, person.Proof{Home: session.Home, User: session.User, At: session.AuthAt})
		if err != nil {
			return err
		}
		now.Visit = *found
		need, _, err := factor.Ask(ctx, tx, factor.Asking{Visit: found, Methods: now.methods()})
		if err != nil {
			return err
		}
		if !need.IsZero() { // somebody has registered a factor meanwhile, which this session has not proved
			return oldProof()
		}
		return do(tx, session, now.Caller(b), factor.Account{Tenant: in, User: found.Here.ID})
	})
}

// Holder is what a new secret and new recovery codes follow from: the session
// and a word that is another each time. Without it a session that lasts for
// months would be offered again what was on a phone that is gone.
func (s Session) Holder(once string) string { return string(s.ID) + " " + once }

// AddAuthenticator registers the authenticator that the visitor was offered (see
// factor.Vault), in a tenant. That proves it in this session, too, which gets a
// new secret. With the first one come recovery codes; spares says so.
func (s *Service) AddAuthenticator(ctx context.Context, b Browser, v *Visitor, in ids.TenantID, once, name, code string) (admitted *Admitted, spares bool, err error) {
	err = s.change(ctx, b, v, in, func(tx *sqldb.Tx, session Session, who authz.Caller, of factor.Account) error {
		if _, spares, err = s.factors.Enroll(ctx, tx, who, of, session.Holder(once), name, code); err != nil {
			return err
		}
		admitted, err = proveMore(ctx, tx, b, session, in)
		return err
	})
	return admitted, spares, err
}

// RenameAuthenticator gives one of the visitor's authenticators another name.
func (s *Service) RenameAuthenticator(ctx context.Context, b Browser, v *Visitor, in ids.TenantID, id ids.MethodID, name string) error {
	return s.change(ctx, b, v, in, func(tx *sqldb.Tx, _ Session, who authz.Caller, of factor.Account) error {
		return s.factors.Rename(ctx, tx, who, of, id, name)
	})
}

// RemoveAuthenticator takes away one of the visitor's authenticators, but not
// the last one while the tenant demands a second factor.
func (s *Service) RemoveAuthenticator(ctx context.Context, b Browser, v *Visitor, in ids.TenantID, id ids.MethodID) error {
	return s.change(ctx, b, v, in, func(tx *sqldb.Tx, _ Session, who authz.Caller, of factor.Account) error {
		return s.factors.RemoveOwn(ctx, tx, who, of, id)
	})
}

// RenewSpares replaces the visitor's recovery codes. The session that made them
// is shown them for a while.
func (s *Service) RenewSpares(ctx context.Context, b Browser, v *Visitor, in ids.TenantID, once string) error {
	return s.change(ctx, b, v, in, func(tx *sqldb.Tx, session Session, who authz.Caller, of factor.Account) error {
		return s.factors.RenewSpares(ctx, tx, who, of, session.Holder(once))
	})
}

// SavedSpares takes the visitor's word that the codes are saved.
func (s *Service) SavedSpares(ctx context.Context, b Browser, v *Visitor, in ids.TenantID, once string) error {
	return s.change(ctx, b, v, in, func(tx *sqldb.Tx, session Session, _ authz.Caller, of factor.Account) error {
		return s.factors.Saved(ctx, tx, of, session.Holder(once))
	})
}

// proveMore adds to a session that a tenant's factor was proved in it, and gives
// it a new secret.
func proveMore(ctx context.Context, tx *sqldb.Tx, b Browser, session Session, in ids.TenantID) (*Admitted, error) {
	all, err := held(ctx, tx, b)
	if err != nil {
		return nil, err
	}
	methods := factor.Prove(strings.Fields(session.Method), session.Home, in)
	a := &Admitted{Session: session.ID, Kept: session.Kept, Cookie: session.Add(strings.Join(methods, " "), b, tx.Now())}
	for _, h := range all {
		a.All = append(a.All, h.ID)
	}
	return a, putSession(ctx, tx, session, cookieDigest("session", a.Cookie))
}

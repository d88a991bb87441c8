package signin

import (
	"context"
	"errors"
	"slices"
	"strings"

	"entente/internal/core/authz"
	"entente/internal/core/factor"
	"entente/internal/core/person"
	"entente/internal/core/tenant"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// A Visitor is the person on a page of ours, as the store knows them at this
// request: by which session, at home, and in the tenant in which they act.
type Visitor struct {
	person.Visit
	Session Session
	Several bool // the browser holds further accounts
}

// A Place is what a browser has chosen: one of its accounts, and a tenant. It
// proves nothing.
type Place struct {
	Session ids.SessionID
	Tenant  ids.TenantID
}

// Visitor returns the person on a page of ours. Who may not be, or not any
// more, in the tenant that the browser has chosen acts at home. The faults
// LoginRequired and AccountRequired lead to a sign-in.
func (s *Service) Visitor(ctx context.Context, b Browser, at Place) (*Visitor, error) {
	var v *Visitor
	err := s.db.View(ctx, func(tx *sqldb.Tx) (err error) {
		v, err = visitor(ctx, tx, b, at)
		return err
	})
	if err != nil {
		return nil, err
	}
	if session := v.Session; session.Slide(s.clock.Now()) {
		err = s.db.Update(ctx, func(tx *sqldb.Tx) error { return slideSession(ctx, tx, session) })
	}
	return v, err
}

func visitor(ctx context.Context, tx *sqldb.Tx, b Browser, at Place) (*Visitor, error) {
	all, err := held(ctx, tx, b)
	if err != nil {
		return nil, err
	}
	all = alive(all)
	h := find(all, at.Session)
	switch {
	case h != nil:
	case len(all) == 1:
		h = &all[0]
	case len(all) > 1:
		return nil, fault.Because(fault.Unauthenticated, AccountRequired, "Several accounts are signed in.")
	default:
		return nil, nobody()
	}
	v := &Visitor{Session: h.Session, Several: len(all) > 1}
	p := person.Proof{Home: h.Home, User: h.User, At: h.AuthAt}
	visit, err := person.AtHome(ctx, tx, p)
	if err != nil {
		return nil, err
	}
	v.Visit = *visit
	if need, _, err := factor.Ask(ctx, tx, factor.Asking{Visit: visit, Methods: v.methods()}); err != nil || !need.IsZero() {
		return nil, errors.Join(err, nobody())
	}
	if at.Tenant == "" || at.Tenant == h.Home || at.Session != h.ID {
		return v, nil
	}
	there, err := comes(ctx, tx, at.Tenant, p, v.methods())
	if there != nil && err == nil {
		v.Visit = *there
	}
	return v, err
}

func nobody() error {
	return fault.Because(fault.Unauthenticated, LoginRequired, "Nobody is signed in.")
}

func (v *Visitor) methods() []string { return strings.Fields(v.Session.Method) }

// comes returns who an account is in another tenant, or nil if it is not let in
// there as things are.
func comes(ctx context.Context, tx *sqldb.Tx, to ids.TenantID, p person.Proof, methods []string) (*person.Visit, error) {
	in, err := tenant.Get(ctx, tx, to)
	if err == nil {
		err = in.Active()
	}
	if refused(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	visit, err := person.Find(ctx, tx, in, p)
	if refused(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	need, _, err := factor.Ask(ctx, tx, factor.Asking{Visit: visit, Methods: methods})
	if err != nil || !need.IsZero() {
		return nil, err
	}
	return visit, nil
}

// refused reports whether err says that somebody may not be somewhere, as
// opposed to that we could not tell.
func refused(err error) bool {
	return err != nil && slices.Contains([]fault.Code{fault.NotFound, fault.Forbidden, fault.Unauthenticated, fault.Invalid}, fault.Public(err).Code)
}

// Caller returns the visitor as a caller in the tenant in which they act.
func (v *Visitor) Caller(b Browser) authz.Caller { return v.caller(b, v.In.ID, v.Here.ID) }

// AtHomeCaller returns the visitor as a caller at home, wherever they act.
func (v *Visitor) AtHomeCaller(b Browser) authz.Caller { return v.caller(b, v.Home.ID, v.Account.ID) }

func (v *Visitor) caller(b Browser, in ids.TenantID, as ids.ObjectID) authz.Caller {
	return authz.Caller{
		Tenant: in, Subject: v.Subject(), Object: as, Name: v.Account.UserPrincipalName, AppName: "My account", Request: b.Request, IP: b.IP,
	}
}

package signin

import (
	"context"
	"errors"

	"entente/internal/core/audit"
	"entente/internal/core/authz"
	"entente/internal/core/directory"
	"entente/internal/core/token"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/jobs"
	"entente/internal/kit/secret"
	"entente/internal/kit/sqldb"
)

// MaxShown is how many sessions are shown to their person, the last used first.
const MaxShown = 100

// OwnSessions returns the visitor's sessions that count, in whatever browser,
// the last used first.
func (s *Service) OwnSessions(ctx context.Context, v *Visitor) (all []Session, err error) {
	err = s.db.View(ctx, func(tx *sqldb.Tx) error {
		all, err = liveSessions(ctx, tx, v)
		return err
	})
	return all, err
}

// liveSessions leaves out sessions that were begun before the account was signed
// out everywhere.
func liveSessions(ctx context.Context, tx *sqldb.Tx, v *Visitor) ([]Session, error) {
	return sessionsOfUser(ctx, tx, v.Home.ID, v.Account.ID, v.Account.SessionsFrom, MaxShown)
}

// revokeBatch bounds how many refresh families end in one transaction.
const revokeBatch = 400

// EndSession ends one of the visitor's sessions, with what applications were
// given in it: whoever took the browser shall have nothing of it. One that is
// another's is NotFound, like one that is over.
func (s *Service) EndSession(ctx context.Context, b Browser, v *Visitor, id ids.SessionID) error {
	return s.db.Update(ctx, func(tx *sqldb.Tx) error { return endOne(ctx, tx, v.AtHomeCaller(b), v.Account, id) })
}

// endOne ends a session of an account of the caller's tenant, with what
// applications were given in it, and records it.
func endOne(ctx context.Context, tx *sqldb.Tx, who authz.Caller, of *directory.User, id ids.SessionID) error {
	session, err := ownSession(ctx, tx, of.Tenant, of.ID, id)
	if err != nil {
		return err
	}
	if err := endSession(ctx, tx, session.Home, session.ID); err != nil {
		return err
	}
	n, err := token.RevokeSession(ctx, tx, session.Home, session.ID, revokeBatch)
	if err != nil {
		return err
	}
	if n == revokeBatch {
		if err := jobs.Enqueue(ctx, tx, jobs.Job{Kind: RevokeKind, Tenant: session.Home, Key: string(session.ID)}); err != nil {
			return err
		}
	}
	return audit.Record(ctx, tx, who, audit.Entry{
		Category: "UserManagement", Activity: "End sign-in session",
		Target: audit.Target{Kind: "User", ID: string(of.ID), Name: of.UserPrincipalName},
		Detail: map[string]string{"session": string(session.ID)},
	})
}

// RevokeKind is the job that ends the rest of an ended session's refresh families.
const RevokeKind jobs.Kind = "signin.revoke"

// Revoke does the work of RevokeKind.
func (s *Service) Revoke(ctx context.Context, w *jobs.Work) error {
	for {
		n := 0
		err := s.db.Update(ctx, func(tx *sqldb.Tx) (err error) {
			n, err = token.RevokeSession(ctx, tx, w.Tenant, ids.SessionID(w.Key), revokeBatch)
			return err
		})
		if err != nil || n < revokeBatch {
			return err
		}
	}
}

// EndOthers ends all of the visitor's sessions but the one that they are here
// by, and returns how many. It may stop half-way, and is then to be called again.
func (s *Service) EndOthers(ctx context.Context, b Browser, v *Visitor) (n int, err error) {
	for {
		all, err := s.OwnSessions(ctx, v)
		if err != nil {
			return n, err
		}
		before := n
		for _, session := range all {
			if session.ID == v.Session.ID {
				continue
			}
			if err := s.EndSession(ctx, b, v, session.ID); err != nil && !errors.Is(err, fault.NotFound) {
				return n, err
			}
			n++
		}
		if n == before || len(all) < MaxShown {
			return n, nil
		}
	}
}

// SignOutEverywhere voids every session and refresh token of the visitor's
// account, wherever it is used, and ends the session of this browser.
func (s *Service) SignOutEverywhere(ctx context.Context, b Browser, v *Visitor) (*SignOut, error) {
	if err := s.directory.RevokeSessions(ctx, v.AtHomeCaller(b), string(v.Account.ID)); err != nil {
		return nil, err
	}
	return s.SignOut(ctx, b, SignOutAsk{}, Which{Session: v.Session.ID})
}

// ChangePassword gives the visitor another password, typed twice, for the
// current one. All that was begun with the old one is over, but for this
// session: it was proved just now, and has a new secret.
func (s *Service) ChangePassword(ctx context.Context, b Browser, v *Visitor, current, next, again secret.String) (*Admitted, error) {
	if !next.Equal(again.Reveal()) {
		return nil, fault.Because(fault.Invalid, WrongRenewal, "The two passwords differ.")
	}
	if err := s.directory.ChangePassword(ctx, v.AtHomeCaller(b), current, next); err != nil {
		return nil, err
	}
	var in *Admitted
	err := s.db.Update(ctx, func(tx *sqldb.Tx) error {
		session, err := ownSession(ctx, tx, v.Home.ID, v.Account.ID, v.Session.ID)
		if err != nil {
			return err
		}
		all, err := held(ctx, tx, b)
		if err != nil {
			return err
		}
		in = &Admitted{Session: session.ID, Kept: session.Kept, Cookie: session.Prove(session.Method, session.Kept, b, tx.Now())}
		for _, h := range all {
			in.All = append(in.All, h.ID)
		}
		return putSession(ctx, tx, session, cookieDigest("session", in.Cookie))
	})
	return in, err
}

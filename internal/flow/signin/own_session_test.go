package signin

import (
	"context"
	"errors"
	"testing"

	"entente/internal/core/factor"
	"entente/internal/core/token"
	"entente/internal/enttest/house"
	"entente/internal/kit/fault"
	"entente/internal/kit/jobs"
	"entente/internal/kit/secret"
	"entente/internal/kit/sqldb"
)

// TestEndSessionRevokes: with a session goes what applications were given in
// it, what is too much for one transaction by a job; other sessions keep theirs.
func TestEndSessionRevokes(t *testing.T) {
	house.Each(t, func(t *testing.T, h *house.House) {
		ctx := t.Context()
		s := NewService(h.DB, h.Clock, h.Users, nil, nil, factor.NewService(h.DB, h.Ring, h.Clock))
		u := h.AddUser(t, h.A, "clerk")
		begin := func() (Session, Browser) {
			session := NewSession(h.A.ID, u.ID, h.Clock.Now())
			cookie := session.Prove("pwd", false, Browser{}, h.Clock.Now())
			update(t, h.DB, func(tx *sqldb.Tx) error { return putSession(ctx, tx, session, cookieDigest("session", cookie)) })
			return session, Browser{Sessions: []secret.String{cookie}}
		}
		add := func(session Session, n int) (last string) {
			update(t, h.DB, func(tx *sqldb.Tx) (err error) {
				for range n {
					p := token.Proof{Home: h.A.ID, User: u.ID, Session: session.ID, AuthAt: session.AuthAt}
					if last, err = token.AddFamily(ctx, tx, token.NewFamily(p, "client", token.Web, "openid", tx.Now())); err != nil {
						return err
					}
				}
				return nil
			})
			return last
		}
		lost, _ := begin()
		mine, b := begin()
		add(lost, 150)
		add(lost, 150)
		gone, kept := add(lost, revokeBatch-300+1), add(mine, 1)
		v, err := s.Visitor(ctx, b, Place{})
		if err != nil || v.Session.ID != mine.ID {
			t.Fatalf("the visitor is %+v, %v", v, err)
		}
		other := *v
		otherVisit := *h.AddUser(t, h.A, "smith")
		other.Account = &otherVisit
		if err := s.EndSession(ctx, b, &other, lost.ID); !errors.Is(err, fault.NotFound) {
			t.Errorf("another person ends it: %v", err)
		}
		if err := s.EndSession(ctx, b, v, lost.ID); err != nil {
			t.Fatal(err)
		}
		if err := s.EndSession(ctx, b, v, lost.ID); !errors.Is(err, fault.NotFound) {
			t.Errorf("ended again: %v", err)
		}
		live := func() (n int) {
			if err := h.DB.View(ctx, func(tx *sqldb.Tx) error {
				return tx.One(ctx, `select count(*) from refresh_family where tenant_id = ? and session_id = ? and revoked_us = 0`, []any{h.A.ID, lost.ID}, &n)
			}); err != nil {
				t.Fatal(err)
			}
			return n
		}
		if n := live(); n != 1 {
			t.Errorf("%d families are left for the job, want 1", n)
		}
		if err := h.DB.View(ctx, func(tx *sqldb.Tx) error {
			var n int
			err := tx.One(ctx, `select count(*) from job where tenant_id = ? and kind = ?`, []any{h.A.ID, RevokeKind}, &n)
			if n != 1 {
				t.Errorf("%d jobs wait, want 1", n)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if err := s.Revoke(ctx, &jobs.Work{Kind: RevokeKind, Tenant: h.A.ID, Key: string(lost.ID)}); err != nil || live() != 0 {
			t.Errorf("the job: %v, and %d are left", err, live())
		}
		if err := h.DB.View(ctx, func(tx *sqldb.Tx) error { return revokedAre(ctx, t, tx, map[string]bool{gone: true, kept: false}) }); err != nil {
			t.Fatal(err)
		}
	})
}

func revokedAre(ctx context.Context, t *testing.T, tx *sqldb.Tx, want map[string]bool) error {
	for text, revoked := range want {
		f, _, err := token.FindRefresh(ctx, tx, text)
		if err != nil {
			return err
		}
		if f.RevokedAt.IsZero() == revoked {
			t.Errorf("a family was revoked at %v, want revoked: %t", f.RevokedAt, revoked)
		}
	}
	return nil
}

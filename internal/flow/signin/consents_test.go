package signin

import (
	"errors"
	"testing"

	"entente/internal/core/app"
	"entente/internal/core/authz"
	"entente/internal/core/consent"
	"entente/internal/core/factor"
	"entente/internal/core/token"
	"entente/internal/enttest/house"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// TestEndConsent: a person's consent ends with every refresh token that the
// application has of them, also with more than one transaction ends; others
// keep theirs.
func TestEndConsent(t *testing.T) {
	house.Each(t, func(t *testing.T, h *house.House) {
		ctx := t.Context()
		a, err := h.Apps.Create(ctx, h.B.Admin, []byte(`{"displayName":"Holiday planner"}`), nil)
		if err != nil {
			t.Fatal(err)
		}
		s := NewService(h.DB, h.Clock, h.Users, nil, nil, factor.NewService(h.DB, h.Ring, h.Clock))
		clerk, other := house.Person(h.B.ID, h.AddUser(t, h.B, "clerk").ID), house.Person(h.B.ID, h.AddUser(t, h.B, "other").ID)
		refreshes := make(map[ids.ObjectID]string)
		for _, who := range []authz.Caller{clerk, other} {
			p := consent.Plea{AppID: a.AppID, Scope: "openid User.Read"}
			families := 1
			if who.Object == clerk.Object {
				families = familiesAtOnce + 1
			}
			update(t, h.DB, func(tx *sqldb.Tx) error {
				q, err := consent.MakeQuestion(ctx, tx, who, p)
				if err != nil {
					return err
				}
				if _, err = consent.Agree(ctx, tx, who, consent.Agreement{Plea: p, Shown: q.Digest}); err != nil {
					return err
				}
				for range families {
					f := token.NewFamily(token.Proof{Home: h.B.ID, User: who.Object, AuthAt: tx.Now()}, a.AppID, token.Web, p.Scope, tx.Now())
					if refreshes[who.Object], err = token.AddFamily(ctx, tx, f); err != nil {
						return err
					}
				}
				return nil
			})
		}
		own := func(who authz.Caller) (list []consent.Own, err error) {
			err = h.DB.View(ctx, func(tx *sqldb.Tx) error {
				list, err = consent.OwnConsents(ctx, tx, who)
				return err
			})
			return list, err
		}
		list, err := own(clerk)
		if err != nil || len(list) != 1 || list[0].AppID != a.AppID || len(list[0].Given) != 2 {
			t.Fatalf("got %+v, %v", list, err)
		}
		if err := s.EndConsent(ctx, clerk, list[0].Client); err != nil {
			t.Fatal(err)
		}
		left := func(who authz.Caller) (live int) {
			t.Helper()
			if err := h.DB.Read(ctx, func(tx *sqldb.Tx) error {
				return tx.One(ctx, `select count(*) from refresh_family where tenant_id = ? and user_id = ? and revoked_us = 0`, []any{h.B.ID, who.Object}, &live)
			}); err != nil {
				t.Fatal(err)
			}
			return live
		}
		if a, b := left(clerk), left(other); a != 0 || b != 1 {
			t.Errorf("%d and %d refresh families are left, want none and one", a, b)
		}
		if list, err := own(clerk); err != nil || len(list) != 0 {
			t.Errorf("left: %+v, %v", list, err)
		}
		if err := s.EndConsent(ctx, clerk, list[0].Client); !errors.Is(err, consent.NoConsent) {
			t.Errorf("twice: err = %v, want NoConsent", err)
		}
		if err := h.DB.View(ctx, func(tx *sqldb.Tx) error {
			_, err := app.PrincipalByAppID(ctx, tx, h.B.ID, a.AppID)
			return err
		}); err != nil {
			t.Errorf("the service principal: %v", err)
		}
	})
}

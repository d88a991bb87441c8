package signin

import (
	"errors"
	"strings"
	"testing"
	"time"

	"entente/internal/core/audit"
	"entente/internal/core/factor"
	"entente/internal/enttest/house"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/secret"
	"entente/internal/kit/sqldb"
)

// TestPasswordOfAnotherAccount types another account into a flow while the
// password of the first one is being checked: it proves neither account, and
// what was guessed at the other one is not forgotten.
func TestPasswordOfAnotherAccount(t *testing.T) {
	house.Each(t, func(t *testing.T, h *house.House) {
		const network = "192.0.2.7"
		ctx := t.Context()
		signIns := audit.NewSignIns(h.DB)
		t.Cleanup(signIns.Close)
		s := NewService(h.DB, h.Clock, h.Users, signIns, nil, factor.NewService(h.DB, h.Ring, h.Clock))
		b := Browser{Cookie: secret.NewString("browser"), IP: network}
		own, other := h.AddUser(t, h.A, "own").UserPrincipalName, h.AddUser(t, h.A, "other").UserPrincipalName
		f := NewFlow(b.digest(), Ask{}, h.Clock.Now())
		identify := func(tx *sqldb.Tx, name string) error {
			if err := f.Restart(); err != nil {
				return err
			}
			if err := f.Identify(name, h.A.ID); err != nil {
				return err
			}
			return putFlow(ctx, tx, f)
		}
		update(t, h.DB, func(tx *sqldb.Tx) error {
			if err := addFlow(ctx, tx, f); err != nil {
				return err
			}
			return identify(tx, own)
		})
		update(t, h.DB, func(tx *sqldb.Tx) error { return takeTry(ctx, tx, h.A.ID, other, network) })

		done := make(chan error, 1)
		update(t, h.DB, func(tx *sqldb.Tx) error {
			// The row of the try is held, so the password waits for it.
			if err := takeTry(ctx, tx, h.A.ID, own, network); err != nil {
				return err
			}
			go func() {
				_, err := s.Password(ctx, b, f.ID, secret.NewString(house.Password), false)
				done <- err
			}()
			time.Sleep(200 * time.Millisecond) // the flow is read by then; if not, the password is wrong
			return identify(tx, other)
		})
		if err := <-done; !errors.Is(err, Stale) {
			t.Errorf("err = %v, want %s", err, Stale)
		}
		if n := tries(t, h.DB, h.A.ID, other); n != 1 {
			t.Errorf("%d tries are kept, want 1", n)
		}
	})
}

func update(t *testing.T, db *sqldb.DB, do func(*sqldb.Tx) error) {
	t.Helper()
	if err := db.Claim(t.Context(), do); err != nil {
		t.Fatal(err)
	}
}

// tries returns how many tries at an account are remembered.
func tries(t *testing.T, db *sqldb.DB, home ids.TenantID, username string) (n int) {
	t.Helper()
	err := db.Read(t.Context(), func(tx *sqldb.Tx) error {
		return tx.One(t.Context(), `select coalesce(sum(tries), 0) from signin_try where tenant_id = ? and name = ?`, []any{home, tryName(username)}, &n)
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestLongLink: what anybody may have stored is bounded.
func TestLongLink(t *testing.T) {
	house.Each(t, func(t *testing.T, h *house.House) {
		s := NewService(h.DB, h.Clock, h.Users, nil, nil, factor.NewService(h.DB, h.Ring, h.Clock))
		_, err := s.Begin(t.Context(), Browser{}, Start{Tenant: string(h.A.ID), Request: "/" + strings.Repeat("a", maxRequest)})
		if !errors.Is(err, fault.Invalid) || fault.Public(err).Reason != "" {
			t.Errorf("err = %v, want Invalid for its length", err)
		}
	})
}

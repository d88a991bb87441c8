package signin

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"entente/internal/core/factor"
	"entente/internal/enttest/house"
	"entente/internal/kit/fault"
	"entente/internal/kit/pause"
	"entente/internal/kit/sqldb"
)

// TestSprayedPasswords: who tries a password at many names is paused as a
// network, and nobody elsewhere is.
func TestSprayedPasswords(t *testing.T) {
	house.Each(t, func(t *testing.T, h *house.House) {
		try := func(name int, network string) error {
			return h.DB.Claim(t.Context(), func(tx *sqldb.Tx) error { return takeTry(t.Context(), tx, h.A.ID, fmt.Sprint(name), network) })
		}
		const here, room = "192.0.2.7", 60
		for name := range room {
			if err := try(name, here); err != nil {
				t.Fatalf("name %d: %v", name, err)
			}
		}
		for range 2 { // what is refused prolongs nothing
			err := try(room, here)
			if until := fault.Public(err).Values["until"]; !errors.Is(err, NetworkPaused) || until != h.Clock.Now().Add(ofNetwork.leak).Format(time.RFC3339) {
				t.Errorf("err = %v until %s, want %s until a try has run out", err, until, NetworkPaused)
			}
		}
		if n := tries(t, h.DB, h.A.ID, fmt.Sprint(room)); n != 0 {
			t.Errorf("%d refused tries are kept", n)
		}
		if err := try(room, "198.51.100.1"); err != nil {
			t.Errorf("elsewhere: %v", err)
		}
		update(t, h.DB, func(tx *sqldb.Tx) error { return forgetTries(t.Context(), tx, h.A.ID, "0", here) })
		if err := errors.Join(try(0, here), try(room, "")); err != nil {
			t.Errorf("after a right password, and without an address: %v", err)
		}
		h.Clock.Advance(ofNetwork.leak)
		if err := try(room, here); err != nil {
			t.Errorf("after a leak: %v", err)
		}
		if err := try(room, here); !errors.Is(err, NetworkPaused) {
			t.Errorf("err = %v, want %s again", err, NetworkPaused)
		}
	})
}

// TestGuessedFromEverywhere: an account at which many networks guess slows each
// of them from its first try on, and lets its owner in.
func TestGuessedFromEverywhere(t *testing.T) {
	house.Each(t, func(t *testing.T, h *house.House) {
		ctx := t.Context()
		try := func(network string) error {
			return h.DB.Claim(ctx, func(tx *sqldb.Tx) error { return takeTry(ctx, tx, h.A.ID, "someone", network) })
		}
		guesser := func(i int) string { return fmt.Sprintf("192.0.2.%d", i) }
		for i := range 200 {
			if err := try(guesser(i)); err != nil {
				t.Fatalf("network %d: %v", i, err)
			}
		}
		if err := try(guesser(0)); err != nil {
			t.Errorf("one of the first: %v", err)
		}
		if err := try(guesser(199)); !errors.Is(err, Paused) {
			t.Errorf("one of the last: err = %v, want %s", err, Paused)
		}
		for range 3 {
			if err := try("198.51.100.1"); err != nil {
				t.Errorf("the owner: %v", err)
			}
			update(t, h.DB, func(tx *sqldb.Tx) error { return forgetTries(ctx, tx, h.A.ID, "someone", "198.51.100.1") })
		}
		h.Clock.Advance(pause.Forgetting + time.Second)
		if err := errors.Join(try(guesser(199)), try(guesser(199))); err != nil {
			t.Errorf("a day later: %v", err)
		}
		h.Clock.Advance(pause.Forgetting + time.Second)
		s := NewService(h.DB, h.Clock, h.Users, nil, nil, factor.NewService(h.DB, h.Ring, h.Clock))
		if _, err := s.Sweep(ctx); err != nil {
			t.Fatal(err)
		}
		if n, err := s.Sweep(ctx); n != 0 || err != nil {
			t.Errorf("a second sweep removes %d, %v", n, err)
		}
		if err := h.DB.Read(ctx, func(tx *sqldb.Tx) error {
			var left int
			err := tx.One(ctx, `/* all tenants: the networks' rows too */ select count(*) from signin_try`, nil, &left)
			if left != 0 {
				t.Errorf("%d rows are kept for good", left)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	})
}

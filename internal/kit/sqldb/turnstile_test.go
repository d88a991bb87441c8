package sqldb

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
)

func TestUrgentGoFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ts turnstile
		var order []string
		if err := ts.enter(t.Context(), false); err != nil {
			t.Fatal(err)
		}
		for _, w := range []struct {
			name   string
			urgent bool
		}{{"first", false}, {"second", false}, {"crowd", true}, {"crowd again", true}} {
			go func() {
				if err := ts.enter(t.Context(), w.urgent); err != nil {
					t.Error(err)
				}
				order = append(order, w.name)
				ts.leave()
			}()
			synctest.Wait()
		}
		ts.leave()
		synctest.Wait()
		if want := []string{"crowd", "crowd again", "first", "second"}; !slices.Equal(order, want) {
			t.Errorf("order = %q, want %q", order, want)
		}
	})
}

func TestWhoGivesUpBlocksNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ts turnstile
		if err := ts.enter(t.Context(), false); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		for range 3 {
			go func() {
				if err := ts.enter(ctx, false); !errors.Is(err, context.Canceled) {
					t.Errorf("err = %v, want Canceled", err)
				}
			}()
		}
		synctest.Wait()
		cancel()
		synctest.Wait()
		ts.leave()
		if err := ts.enter(t.Context(), false); err != nil {
			t.Error(err)
		}
	})
}

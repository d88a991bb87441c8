package sqldb_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"entente/internal/kit/fault"
	"entente/internal/kit/sqldb"
)

// storeThings is how the suite's crowds store names.
func storeThings(ctx context.Context, tx *sqldb.Tx, names []string) error {
	for _, n := range names {
		if n == "panic" {
			panic("ouch")
		}
		if err := add(ctx, tx, n, n); err != nil {
			return err
		}
	}
	return nil
}

func TestACrowdSharesCommits(t *testing.T) {
	each(t, func(t *testing.T, db *sqldb.DB) {
		c := sqldb.NewCrowd(db, storeThings)
		const callers = 1200
		var all sync.WaitGroup
		for i := range callers {
			all.Go(func() {
				if err := c.Put(t.Context(), fmt.Sprint(i)); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if got := len(names(t, db)); got != callers {
			t.Errorf("%d entries, want %d", got, callers)
		}
		if s := db.Stats(); s.Crowded != callers || s.Crowds > callers/4 {
			t.Errorf("%d entries in %d commits, want far fewer commits", s.Crowded, s.Crowds)
		}
	})
}

func TestABadEntryHurtsNobodyElse(t *testing.T) {
	each(t, func(t *testing.T, db *sqldb.DB) {
		update(t, db, func(ctx context.Context, tx *sqldb.Tx) error { return add(ctx, tx, "taken", "taken") })
		c := sqldb.NewCrowd(db, storeThings)
		want := map[string]error{"taken": fault.Conflict, "panic": fault.Internal, "\x00": fault.Invalid}
		var all sync.WaitGroup
		for i := range 100 {
			want[fmt.Sprint(i)] = nil
		}
		for name, want := range want {
			all.Go(func() {
				if err := c.Put(t.Context(), name); !errors.Is(err, want) {
					t.Errorf("%q: err = %v, want %v", name, err, want)
				}
			})
		}
		all.Wait()
		if got := len(names(t, db)); got != 101 {
			t.Errorf("%d entries, want 101", got)
		}
	})
}

func TestWhoGivesUpLeavesTheCrowd(t *testing.T) {
	each(t, func(t *testing.T, db *sqldb.DB) {
		begun, goOn := make(chan struct{}), make(chan struct{})
		c := sqldb.NewCrowd(db, func(ctx context.Context, tx *sqldb.Tx, names []string) error {
			close(begun)
			<-goOn
			return storeThings(ctx, tx, names)
		})
		ctx, cancel := context.WithCancel(t.Context())
		left := make(chan error)
		go func() { left <- c.Put(ctx, "stored all the same") }()
		<-begun
		cancel()
		if err := <-left; !errors.Is(err, context.Canceled) {
			t.Errorf("err = %v, want Canceled", err)
		}
		if err := c.Put(ctx, "never"); !errors.Is(err, context.Canceled) {
			t.Errorf("err = %v, want Canceled", err)
		}
		close(goOn)
		c.Close() // waits
		if got := names(t, db); len(got) != 1 {
			t.Errorf("names = %q, want one", got)
		}
		if err := c.Put(t.Context(), "too late"); !errors.Is(err, fault.Unavailable) {
			t.Errorf("err = %v, want Unavailable", err)
		}
	})
}

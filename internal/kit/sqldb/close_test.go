package sqldb_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"entente/internal/enttest/dbtest"
	"entente/internal/kit/fault"
	"entente/internal/kit/sqldb"
)

// TestCloseWaitsAndThenRefuses closes a store while others read and write:
// what has begun ends well, and who comes later is refused, not crashed.
func TestCloseWaitsAndThenRefuses(t *testing.T) {
	for _, e := range dbtest.Engines {
		t.Run(string(e), func(t *testing.T) {
			db := dbtest.Open(t, e)
			ctx := context.Background()
			begun, goOn := make(chan struct{}), make(chan struct{})
			var wait sync.WaitGroup
			wait.Go(func() {
				err := db.Update(ctx, func(tx *sqldb.Tx) error {
					close(begun)
					<-goOn
					var one int
					return tx.One(ctx, `select 1`, nil, &one)
				})
				if e == sqldb.SQLite && err != nil {
					t.Errorf("the transaction that had begun: %v", err)
				}
			})
			<-begun
			for range 8 {
				wait.Go(func() {
					for {
						var one int
						read := func(tx *sqldb.Tx) error { return tx.One(ctx, `select 1`, nil, &one) }
						if errors.Join(db.Read(ctx, read), db.View(ctx, read)) != nil {
							return
						}
					}
				})
			}
			wait.Go(func() {
				if err := db.Close(); err != nil {
					t.Error(err)
				}
			})
			close(goOn)
			wait.Wait()
			for name, err := range map[string]error{
				"read":  db.Read(ctx, func(tx *sqldb.Tx) error { var one int; return tx.One(ctx, `select 1`, nil, &one) }),
				"write": db.Update(ctx, func(*sqldb.Tx) error { return nil }),
			} {
				if err == nil || e == sqldb.SQLite && !errors.Is(err, fault.Unavailable) {
					t.Errorf("%s after the end: err = %v, want it refused", name, err)
				}
			}
		})
	}
}

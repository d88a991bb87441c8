package sqldb_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"entente/internal/enttest/dbtest"
	"entente/internal/kit/sqldb"
)

func benchStores(b *testing.B, bench func(b *testing.B, db *sqldb.DB)) {
	for _, e := range dbtest.Engines {
		b.Run(string(e), func(b *testing.B) {
			db := open(b, dbtest.EmptyURL(b, e), migrations())
			update(b, db, func(ctx context.Context, tx *sqldb.Tx) error {
				for i := range 500 {
					if err := add(ctx, tx, fmt.Sprint(i), fmt.Sprint(i)); err != nil {
						return err
					}
				}
				return nil
			})
			bench(b, db)
		})
	}
}

// BenchmarkRead is what the token path does several times for each token.
func BenchmarkRead(b *testing.B) {
	benchStores(b, func(b *testing.B, db *sqldb.DB) {
		ctx, cancel := context.WithCancel(b.Context())
		defer cancel()
		for i := 0; b.Loop(); i++ {
			var name string
			var n int64
			err := db.Read(ctx, func(tx *sqldb.Tx) error {
				return tx.One(ctx, `select name, n from thing where tenant_id = ? and id = ?`, []any{"t1", fmt.Sprint(i % 500)}, &name, &n)
			})
			if err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkUpdate is one row by its key, one commit.
func BenchmarkUpdate(b *testing.B) {
	benchStores(b, func(b *testing.B, db *sqldb.DB) {
		for b.Loop() {
			update(b, db, func(ctx context.Context, tx *sqldb.Tx) error {
				_, err := tx.Exec(ctx, `update thing set n = n + 1 where tenant_id = ? and id = ?`, "t1", "7")
				return err
			})
		}
	})
}

// BenchmarkCrowd is many callers who each store a row and wait for its commit.
func BenchmarkCrowd(b *testing.B) {
	benchStores(b, func(b *testing.B, db *sqldb.DB) {
		var n atomic.Int64
		c := sqldb.NewCrowd(db, func(ctx context.Context, tx *sqldb.Tx, ids []string) error {
			rows := make([][]any, len(ids))
			for i, id := range ids {
				rows[i] = []any{id}
			}
			_, err := tx.ExecAll(ctx, `insert into thing (tenant_id, id) values ('t1', ?)`, rows)
			return err
		})
		b.SetParallelism(64)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if err := c.Put(b.Context(), fmt.Sprintf("crowd %d", n.Add(1))); err != nil {
					b.Error(err)
				}
			}
		})
	})
}

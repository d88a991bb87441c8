package graphtest

import (
	"fmt"
	"net/http/httptest"
	"testing"

	"entente/internal/core/directory"
	"entente/internal/core/tenant"
	"entente/internal/enttest/dbtest"
	"entente/internal/kit/clock"
	"entente/internal/kit/sqldb"
)

// fill stores n users, in transactions of 500.
func (w *World) fill(b *testing.B, n int) {
	b.Helper()
	for at := 0; at < n; at += 500 {
		must(b, w.DB.Update(b.Context(), func(tx *sqldb.Tx) error {
			home, err := tenant.Get(b.Context(), tx, w.A.ID)
			if err != nil {
				return err
			}
			for i := at; i < min(at+500, n); i++ {
				u, err := directory.NewUser(home, fmt.Appendf(nil, `{"accountEnabled":true,"displayName":"Person %d","mailNickname":"p%d",
					"userPrincipalName":"p%d@%s","passwordProfile":{"password":"Correct-horse-7"}}`, i, i, i, w.A.Domain), tx.Now())
				if err != nil {
					return err
				}
				if err := directory.AddUser(b.Context(), tx, u, "", false); err != nil {
					return err
				}
			}
			return nil
		}))
	}
}

// BenchmarkUsers compares GET /users?$top=999 with its yardstick: one keyed
// range read of 999 stored documents, joined.
func BenchmarkUsers(b *testing.B) {
	for _, engine := range dbtest.Engines {
		clk := clock.NewFake(dbtest.Noon)
		w := New(b, dbtest.OpenClock(b, engine, clk), clk)
		w.fill(b, 2000)
		c := w.Client(b, w.A, "User.Read.All")
		b.Run(string(engine)+"/yardstick", func(b *testing.B) {
			for b.Loop() {
				n := 0
				text := make([]byte, 0, 1<<19)
				must(b, w.DB.View(b.Context(), func(tx *sqldb.Tx) error {
					return tx.Each(b.Context(), `select id, face from account where tenant_id = ? and deleted_us = 0 order by id limit 999`, []any{w.A.ID},
						func(scan func(...any) error) error {
							var id string
							var face []byte
							n++
							err := scan(&id, &face)
							text = append(text, face...)
							return err
						})
				}))
				if n != 999 {
					b.Fatal(n)
				}
			}
		})
		b.Run(string(engine)+"/graph", func(b *testing.B) {
			for b.Loop() {
				r := httptest.NewRequestWithContext(b.Context(), "GET", Own+"/v1.0/users?$top=999", nil)
				r.Header.Set("Authorization", "Bearer "+c.Token)
				rec := httptest.NewRecorder()
				if w.handler.ServeHTTP(rec, r); rec.Code != 200 {
					b.Fatal(rec.Code, rec.Body)
				}
			}
		})
	}
}

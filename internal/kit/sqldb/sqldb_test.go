package sqldb_test

import (
	"errors"
	"testing"

	"entente/internal/enttest/dbtest"
	"entente/internal/kit/fault"
	"entente/internal/kit/sqldb"
)

func TestMarkIsClaimedOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		ctx := t.Context()
		if got, err := db.Mark(ctx); got != "" || err != nil {
			t.Errorf("mark of a new store = %q, %v, want none", got, err)
		}
		for range 2 {
			if err := db.ClaimMark(ctx, "lab"); err != nil {
				t.Fatal(err)
			}
		}
		if err := db.ClaimMark(ctx, "serve"); !errors.Is(err, fault.Conflict) {
			t.Errorf("err = %v, want Conflict", err)
		}
		if got, err := db.Mark(ctx); got != "lab" || err != nil {
			t.Errorf("mark = %q, %v, want lab", got, err)
		}
	})
}

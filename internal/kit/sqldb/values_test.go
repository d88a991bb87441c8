package sqldb_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"entente/internal/enttest/dbtest"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/secret"
	"entente/internal/kit/sqldb"
)

func TestTextsAreOrderedByByte(t *testing.T) {
	each(t, func(t *testing.T, db *sqldb.DB) {
		want := []string{"", " ", "-", "A", "Z", "_", "a", "ab", "b", "z", "Ä", "ä", "中", "😀"}
		update(t, db, func(ctx context.Context, tx *sqldb.Tx) error {
			for i, s := range slices.Backward(want) {
				if err := add(ctx, tx, fmt.Sprint(i), s); err != nil {
					return err
				}
			}
			return nil
		})
		if got := names(t, db); !slices.Equal(got, want) {
			t.Errorf("order = %q, want %q", got, want)
		}
	})
}

func TestLikeRespectsCase(t *testing.T) {
	each(t, func(t *testing.T, db *sqldb.DB) {
		update(t, db, func(ctx context.Context, tx *sqldb.Tx) error {
			return errors.Join(add(ctx, tx, "1", "Alpha"), add(ctx, tx, "2", "alpha_x"), add(ctx, tx, "3", "alphaxx"))
		})
		for pattern, want := range map[string]int{"alpha%": 2, "A%": 1, `alpha\_%`: 1} {
			var n int
			err := db.Read(t.Context(), func(tx *sqldb.Tx) error {
				return tx.One(t.Context(), `select count(*) from thing where tenant_id = ? and name like ? escape '\'`, []any{"t1", pattern}, &n)
			})
			if err != nil || n != want {
				t.Errorf("%s matched %d, %v, want %d", pattern, n, err, want)
			}
		}
	})
}

type (
	namedText string
	namedInt  int32
	namedBool bool
)

func TestValuesComeBackAsTheyWent(t *testing.T) {
	large := strings.Repeat("größer ", 300_000)
	p := ids.Principal{Kind: ids.Person, Home: "t", ID: "o"}
	each(t, func(t *testing.T, db *sqldb.DB) {
		ctx := t.Context()
		update(t, db, func(ctx context.Context, tx *sqldb.Tx) error {
			for _, row := range [][]any{
				{"large", large, int64(1)<<62 + 1, []byte(large)},
				{namedText("named"), p, namedInt(-7), []byte{0, 255}},
				{"bool", "", namedBool(true), nil},
				{"false", "x", false, []byte{}},
				{"int", "7", 7, []byte("x")},
			} {
				if _, err := tx.Exec(ctx, `insert into thing (tenant_id, id, body, n, data) values ('t1', ?, ?, ?, ?)`, row...); err != nil {
					return err
				}
			}
			return nil
		})
		get := func(id string, dest ...any) {
			t.Helper()
			err := db.Read(ctx, func(tx *sqldb.Tx) error {
				return tx.One(ctx, `select body, n, data from thing where tenant_id = ? and id = ?`, []any{"t1", id}, dest...)
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		var name string
		var n int64
		var data []byte
		get("large", &name, &n, &data)
		if name != large || n != 1<<62+1 || string(data) != large {
			t.Error("large values changed")
		}
		var q ids.Principal
		var small namedInt
		get("named", &q, &small, &data)
		if q != p || small != -7 || !slices.Equal(data, []byte{0, 255}) {
			t.Errorf("got %v, %d, %v", q, small, data)
		}
		var yes bool
		get("bool", &name, &yes, &data)
		if !yes || data != nil {
			t.Errorf("got %v, %v, want true and null", yes, data)
		}
		get("false", &name, &yes, &data)
		if yes || len(data) != 0 {
			t.Errorf("got %v, %v, want false and empty", yes, data)
		}
	})
}

func TestWhatCannotBeStoredIsRefused(t *testing.T) {
	tests := []struct {
		name  string
		value any
		want  fault.Code
	}{
		{"a time", dbtest.Noon, fault.Internal},
		{"a duration", time.Second, fault.Internal},
		{"a secret", secret.NewString("x"), fault.Internal},
		{"a struct", struct{}{}, fault.Internal},
		{"a fraction", 1.5, fault.Internal},
		{"bytes that are no text", "\xff", fault.Invalid},
		{"a zero byte", "a\x00b", fault.Invalid},
		{"zero bytes in a named text", namedText("\x00"), fault.Invalid},
	}
	each(t, func(t *testing.T, db *sqldb.DB) {
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				err := db.Update(t.Context(), func(tx *sqldb.Tx) error {
					_, err := tx.Exec(t.Context(), `insert into thing (tenant_id, id, name) values ('t1', 'x', ?)`, tt.value)
					return err
				})
				if !errors.Is(err, tt.want) {
					t.Errorf("err = %v, want %s", err, tt.want)
				}
			})
		}
		err := db.Update(t.Context(), func(tx *sqldb.Tx) error {
			_, err := tx.Exec(t.Context(), `insert into thing (tenant_id, id, n) values ('t1', 'x', ?)`, "no number")
			return err
		})
		if !errors.Is(err, fault.Internal) {
			t.Errorf("text for a number: err = %v, want Internal", err)
		}
		err = db.Read(t.Context(), func(tx *sqldb.Tx) error {
			var n int
			return tx.One(t.Context(), `select count(*) from thing where tenant_id = ?`, nil, &n)
		})
		if !errors.Is(err, fault.Internal) {
			t.Errorf("too few values: err = %v, want Internal", err)
		}
	})
}

func TestTimes(t *testing.T) {
	for _, want := range []time.Time{{}, dbtest.Noon, dbtest.Noon.Add(time.Microsecond), time.Date(1960, 1, 1, 0, 0, 0, 0, time.UTC)} {
		if got := sqldb.Time(sqldb.Micros(want)); !got.Equal(want) || got.Location() != time.UTC {
			t.Errorf("got %v, want %v", got, want)
		}
	}
	each(t, func(t *testing.T, db *sqldb.DB) {
		update(t, db, func(ctx context.Context, tx *sqldb.Tx) error {
			if !tx.Now().Equal(dbtest.Noon) {
				t.Errorf("now = %v, want %v", tx.Now(), dbtest.Noon)
			}
			return nil
		})
	})
}

package sqldb_test

import (
	"errors"
	"slices"
	"testing"

	"entente/internal/kit/fault"
	"entente/internal/kit/sqldb"
)

const queuedSQL = "insert into thing (tenant_id, id, name) values ('t1', ?, ?)"

// TestQueuedRowsAreThereWhenAskedFor reads after queueing, writes after it, and ends.
func TestQueuedRowsAreThereWhenAskedFor(t *testing.T) {
	each(t, func(t *testing.T, db *sqldb.DB) {
		ctx := t.Context()
		err := db.Update(ctx, func(tx *sqldb.Tx) error {
			if err := tx.Queue(ctx, queuedSQL, [][]any{{"a", "a"}, {"b", "b"}}); err != nil {
				return err
			}
			n := 0
			if err := tx.One(ctx, "select count(*) from thing where tenant_id = 't1'", nil, &n); err != nil || n != 2 {
				t.Errorf("%d rows are seen (%v), want the 2 that are queued", n, err)
			}
			if err := errors.Join(tx.Queue(ctx, queuedSQL, [][]any{{"c", "c"}}), tx.Queue(ctx, queuedSQL, nil)); err != nil {
				return err
			}
			changed, err := tx.Exec(ctx, "update thing set n = 1 where tenant_id = 't1' and id <> 'a'")
			if err != nil || changed != 2 {
				t.Errorf("%d rows changed (%v), want 2: what was queued before, and is not counted", changed, err)
			}
			if err := tx.Queue(ctx, "delete from thing where tenant_id = 't1' and id = ?", [][]any{{"a"}}); err != nil {
				return err
			}
			more, err := tx.ExecAll(ctx, queuedSQL, [][]any{{"d", "d"}, {"e", "e"}})
			if err != nil || more != 2 {
				t.Errorf("%d rows came (%v), want 2", more, err)
			}
			return errors.Join(err, tx.Queue(ctx, queuedSQL, [][]any{{"f", "f"}}))
		})
		if err != nil {
			t.Fatal(err)
		}
		if got, want := names(t, db), []string{"b", "c", "d", "e", "f"}; !slices.Equal(got, want) {
			t.Errorf("there are %q, want %q", got, want)
		}
	})
}

// TestAQueuedRowThatIsRefused ends its transaction, wherever it is noticed.
func TestAQueuedRowThatIsRefused(t *testing.T) {
	for name, then := range map[string]func(t *testing.T, tx *sqldb.Tx) error{
		"at the commit": func(*testing.T, *sqldb.Tx) error { return nil },
		"by a statement": func(t *testing.T, tx *sqldb.Tx) error {
			_, err := tx.Exec(t.Context(), "delete from thing where tenant_id = 'u'")
			return err
		},
		"by a question": func(t *testing.T, tx *sqldb.Tx) error {
			var n int
			return tx.One(t.Context(), "select count(*) from thing where tenant_id = 't1'", nil, &n)
		},
		"by who forgets": func(t *testing.T, tx *sqldb.Tx) error {
			_, _ = tx.Exec(t.Context(), "delete from thing where tenant_id = 'u'")
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, db *sqldb.DB) {
				ctx := t.Context()
				err := db.Update(ctx, func(tx *sqldb.Tx) error {
					if err := tx.Queue(ctx, queuedSQL, [][]any{{"a", "a"}}); err != nil {
						return err
					}
					if err := tx.Queue(ctx, queuedSQL, [][]any{{"b", "b"}, {"a", "again"}}); err != nil {
						return err
					}
					return then(t, tx)
				})
				if !errors.Is(err, fault.Conflict) {
					t.Errorf("err = %v, want Conflict", err)
				}
				if got := names(t, db); len(got) != 0 {
					t.Errorf("there are %q, want nothing", got)
				}
			})
		})
	}
}

func TestNothingIsQueuedWhereNothingIsWritten(t *testing.T) {
	each(t, func(t *testing.T, db *sqldb.DB) {
		err := db.View(t.Context(), func(tx *sqldb.Tx) error { return tx.Queue(t.Context(), queuedSQL, [][]any{{"a", "a"}}) })
		if !errors.Is(err, fault.Internal) {
			t.Errorf("err = %v, want Internal", err)
		}
	})
}

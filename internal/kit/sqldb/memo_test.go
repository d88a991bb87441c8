package sqldb_test

import (
	"errors"
	"testing"

	"entente/internal/kit/sqldb"
)

// TestOnce asks a view the same thing twice, and another thing; and a transaction
// that writes, where the answer may have changed.
func TestOnce(t *testing.T) {
	each(t, func(t *testing.T, db *sqldb.DB) {
		type key struct{ name string }
		asked := 0
		ask := func(tx *sqldb.Tx, name string) int {
			n, err := sqldb.Once(tx, key{name}, func() (int, error) { asked++; return asked, nil })
			if err != nil {
				t.Error(err)
			}
			return n
		}
		three := func(tx *sqldb.Tx) error { ask(tx, "a"); ask(tx, "a"); ask(tx, "b"); return nil }
		if err := db.View(t.Context(), three); err != nil || asked != 2 {
			t.Errorf("a view asked %d times (%v), want 2", asked, err)
		}
		asked = 0
		if err := db.View(t.Context(), three); err != nil || asked != 2 {
			t.Errorf("the next view asked %d times (%v), want 2", asked, err)
		}
		asked = 0
		if err := db.Update(t.Context(), three); err != nil || asked != 3 {
			t.Errorf("an update asked %d times (%v), want 3", asked, err)
		}
		ouch := errors.New("ouch")
		_ = db.View(t.Context(), func(tx *sqldb.Tx) error {
			for range 2 {
				if _, err := sqldb.Once(tx, key{"c"}, func() (int, error) { return 0, ouch }); !errors.Is(err, ouch) {
					t.Errorf("err = %v, want %v", err, ouch)
				}
			}
			return nil
		})
	})
}

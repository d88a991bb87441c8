package dbtest

import (
	"testing"

	"github.com/jackc/pgx/v5"

	"entente/internal/kit/sqldb"
)

// A test finds nothing of the one before it, though both may get the same
// database.
func TestStoresAreFresh(t *testing.T) {
	for _, name := range []string{"first", "second"} {
		t.Run(name, func(t *testing.T) {
			Each(t, func(t *testing.T, db *sqldb.DB) {
				if mark, err := db.Mark(t.Context()); mark != "" || err != nil {
					t.Errorf("mark = %q, %v, want none", mark, err)
				}
				if err := db.ClaimMark(t.Context(), "lab"); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func TestDurableStoresReachTheDisk(t *testing.T) {
	for want, url := range map[string]string{"on": DurableURL(t, sqldb.PostgreSQL), "off": URL(t, sqldb.PostgreSQL)} {
		conn, err := pgx.Connect(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close(t.Context())
		var got string
		if err := conn.QueryRow(t.Context(), "show fsync").Scan(&got); err != nil || got != want {
			t.Errorf("fsync = %s, %v, want %s", got, err, want)
		}
	}
}

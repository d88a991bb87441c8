// Package dbtest opens fresh stores for tests, on both engines.
//
// Each runs a test once per engine on a store with every migration applied.
// SQLite stores are files in a folder of the test's own, copied from one that
// is migrated once per process. PostgreSQL runs as one throwaway cluster per test
// process, started when the first test asks for it; each test gets a database
// of its own, made from a template.
//
// The cluster ends with the process, whatever becomes of it: a shell beside the
// server waits for the end of a pipe that only this process holds open, then
// stops the server and removes its folder. Where no PostgreSQL is installed its
// cases are skipped with one visible line, and fail when CI=true. With
// ENTENTE_TEST_ISOLATION=serializable the server makes that the default of
// its transactions.
package dbtest

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"entente/internal/kit/clock"
	"entente/internal/kit/sqldb"
	"entente/internal/schema"
)

// Noon is where the fake clocks of tests start.
var Noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// Migrations are those of the stores that this package opens.
var Migrations = schema.Files

// Engines are the engines that tests run on: both, unless ENTENTE_TEST_ENGINE
// is postgres or sqlite. Under the race detector SQLite is some twenty times slower.
var Engines = engines(os.Getenv(only))

const only = "ENTENTE_TEST_ENGINE"

func engines(only string) []sqldb.Engine {
	switch only {
	case "postgres":
		return []sqldb.Engine{sqldb.PostgreSQL}
	case "sqlite":
		return []sqldb.Engine{sqldb.SQLite}
	}
	return []sqldb.Engine{sqldb.SQLite, sqldb.PostgreSQL}
}

// Each runs test on a fresh store of each engine, at Noon.
func Each(t *testing.T, test func(t *testing.T, db *sqldb.DB)) {
	t.Helper()
	EachClock(t, clock.NewFake(Noon), test)
}

// EachClock runs test on a fresh store of each engine with the caller's clock.
func EachClock(t *testing.T, clk clock.Clock, test func(t *testing.T, db *sqldb.DB)) {
	t.Helper()
	for _, e := range Engines {
		t.Run(string(e), func(t *testing.T) { test(t, OpenClock(t, e, clk)) })
	}
}

// Open returns a fresh store of one engine, at Noon, closed when the test ends.
func Open(t testing.TB, engine sqldb.Engine) *sqldb.DB {
	t.Helper()
	return OpenClock(t, engine, clock.NewFake(Noon))
}

// OpenClock is Open with the caller's clock.
func OpenClock(t testing.TB, engine sqldb.Engine, clk clock.Clock) *sqldb.DB {
	t.Helper()
	return OpenURL(t, URL(t, engine), clk)
}

// OpenURL opens the store at an address once more, as a second server would.
func OpenURL(t testing.TB, url string, clk clock.Clock) *sqldb.DB {
	t.Helper()
	os.Getenv(only) // go test keeps results by the variables that are read while tests run, and Engines is read before
	db, err := sqldb.Open(t.Context(), sqldb.Options{URL: url, Clock: clk, Migrations: schema.Files})
	if err != nil {
		t.Fatalf("open %s: %v", url, err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("close %s: %v", url, err)
		}
	})
	return db
}

// URL returns the address of a fresh, migrated store of one engine.
func URL(t testing.TB, engine sqldb.Engine) string {
	t.Helper()
	if engine == sqldb.SQLite {
		return sqliteURL(t, false)
	}
	return postgresURL(t, false)
}

// EmptyURL returns the address of a store without tables, for tests that bring
// their own.
func EmptyURL(t testing.TB, engine sqldb.Engine) string {
	t.Helper()
	if engine == sqldb.SQLite {
		return "sqlite:" + filepath.Join(folder(t, false), "store.db")
	}
	return emptyPostgresURL(t)
}

// DurableURL is URL for tests that kill servers: what is committed is on disk.
// SQLite uses the disk; PostgreSQL runs as a second cluster, with fsync.
func DurableURL(t testing.TB, engine sqldb.Engine) string {
	t.Helper()
	if engine == sqldb.SQLite {
		return sqliteURL(t, true)
	}
	return postgresURL(t, true)
}

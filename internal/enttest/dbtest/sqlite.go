package dbtest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"entente/internal/kit/clock"
	"entente/internal/kit/sqldb"
	"entente/internal/schema"
)

// sqliteURL returns the address of a copy of the migrated template.
func sqliteURL(t testing.TB, durable bool) string {
	t.Helper()
	template, err := sqliteTemplate()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(folder(t, durable), "store.db")
	if err := os.WriteFile(file, template, 0o600); err != nil {
		t.Fatal(err)
	}
	return "sqlite:" + file
}

// folder returns a folder of the test's own, in memory where there is plenty:
// there a commit need not wait for a disk that other tests use as well. What
// is durable, or measured, stays on disk.
func folder(t testing.TB, durable bool) string {
	t.Helper()
	if _, measured := t.(*testing.B); durable || measured || !plentyOfMemory() {
		return t.TempDir()
	}
	sweep()
	dir, err := os.MkdirTemp(memory, "entente-sqlite-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// sweep removes what processes that were killed have left in memory.
var sweep = sync.OnceFunc(func() {
	left, _ := filepath.Glob(filepath.Join(memory, "entente-sqlite-*"))
	for _, dir := range left {
		info, err := os.Lstat(dir)
		if err == nil && (clock.System{}).Wall().Sub(info.ModTime()) > time.Hour {
			os.RemoveAll(dir)
		}
	}
})

// sqliteTemplate returns the bytes of a migrated file, made once per process.
var sqliteTemplate = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "entente-sqlite-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "template.db")
	if err := migrate("sqlite:" + file); err != nil {
		return nil, err
	}
	return os.ReadFile(file)
})

// migrate creates the tables of an empty store. Closing it folds an SQLite
// log into the file.
func migrate(url string) error {
	db, err := sqldb.Open(context.Background(), sqldb.Options{URL: url, Clock: clock.NewFake(Noon), Migrations: schema.Files})
	if err != nil {
		return fmt.Errorf("migrate template: %w", err)
	}
	return db.Close()
}

package dbtest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"entente/internal/kit/clock"
	"entente/internal/kit/sqldb"
	"entente/internal/schema"
)

// sqliteURL returns the address of a copy of the migrated template.
func sqliteURL(t testing.TB) string {
	t.Helper()
	template, err := sqliteTemplate()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "store.db")
	if err := os.WriteFile(file, template, 0o600); err != nil {
		t.Fatal(err)
	}
	return "sqlite:" + file
}

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

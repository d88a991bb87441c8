package sqldb_test

import (
	"errors"
	"maps"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"entente/internal/enttest/dbtest"
	"entente/internal/kit/clock"
	"entente/internal/kit/fault"
	"entente/internal/kit/sqldb"
)

func tryOpen(t *testing.T, url string, files fstest.MapFS) error {
	t.Helper()
	db, err := sqldb.Open(t.Context(), sqldb.Options{URL: url, Clock: clock.NewFake(dbtest.Noon), Migrations: files})
	if err == nil {
		err = db.Close()
	}
	return err
}

func eachURL(t *testing.T, test func(t *testing.T, url string)) {
	t.Helper()
	for _, e := range dbtest.Engines {
		t.Run(string(e), func(t *testing.T) { test(t, dbtest.EmptyURL(t, e)) })
	}
}

func TestMigrations(t *testing.T) {
	first := migrations()
	added := migrations("0002_more.sql", "create table more (id bigint not null primary key); -- a comment; with a semicolon\n;;")
	between := maps.Clone(added)
	between["0001_thing.sql"] = first["0001_thing.sql"]
	changed := maps.Clone(added)
	changed["0002_more.sql"] = &fstest.MapFile{Data: []byte("create table other (id bigint not null primary key)")}
	broken := maps.Clone(added)
	broken["0003_broken.sql"] = &fstest.MapFile{Data: []byte("create table half (id bigint not null primary key); create nonsense")}
	eachURL(t, func(t *testing.T, url string) {
		steps := []struct {
			name  string
			files fstest.MapFS
			want  string // part of the refusal
			code  error
		}{
			{"a new store", first, "", nil},
			{"nothing new", first, "", nil},
			{"one more", added, "", nil},
			{"an older program", first, "0002_more, which this program does not know", fault.Conflict},
			{"a changed migration", changed, "0002_more was changed", fault.Conflict},
			{"a broken migration", broken, "0003_broken", nil},
			{"the broken one left nothing", added, "", nil},
		}
		for _, s := range steps {
			err := tryOpen(t, url, s.files)
			switch {
			case s.want == "" && err != nil:
				t.Errorf("%s: %v", s.name, err)
			case s.want != "" && (err == nil || !strings.Contains(err.Error(), s.want)):
				t.Errorf("%s: err = %v, want %q", s.name, err, s.want)
			case s.code != nil && !errors.Is(err, s.code):
				t.Errorf("%s: err = %v, want %v", s.name, err, s.code)
			}
		}
	})
}

func TestMigrationsOfEachEngine(t *testing.T) {
	eachURL(t, func(t *testing.T, url string) {
		db := open(t, url, migrations(
			"0002_own.sqlite.sql", "create table own_sqlite (id bigint not null primary key) without rowid",
			"0002_own.postgres.sql", "create table own_postgresql (id bigint not null primary key)"))
		err := db.Read(t.Context(), func(tx *sqldb.Tx) error {
			var n int
			return tx.One(t.Context(), "select count(*) from own_"+strings.ToLower(string(db.Engine())), nil, &n)
		})
		if err != nil {
			t.Error(err)
		}
	})
}

func TestMalformedMigrationsAreRefused(t *testing.T) {
	tests := map[string]fstest.MapFS{
		"a name without number":                    migrations("more.sql", ""),
		"a number twice":                           migrations("0001_again.sql", ""),
		"a number for all and one for each engine": migrations("0001_thing.sqlite.sql", "", "0001_thing.postgres.sql", ""),
	}
	for name, files := range tests {
		t.Run(name, func(t *testing.T) {
			eachURL(t, func(t *testing.T, url string) {
				if err := tryOpen(t, url, files); err == nil {
					t.Error("it was applied")
				}
			})
		})
	}
}

func TestServersThatStartTogetherMigrateOnce(t *testing.T) {
	eachURL(t, func(t *testing.T, url string) {
		var all sync.WaitGroup
		for range 6 {
			all.Go(func() {
				if err := tryOpen(t, url, migrations()); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
	})
}

func TestAddressesThatCannotBeOpened(t *testing.T) {
	for _, url := range []string{"", "mysql://x", "sqlite:", "sqlite::memory:", "postgres://%zz", "postgres://x/y?pool_max_conns=1"} {
		if err := tryOpen(t, url, migrations()); !errors.Is(err, fault.Invalid) {
			t.Errorf("%q: err = %v, want Invalid", url, err)
		}
	}
	if err := tryOpen(t, "postgres:///x?host=/nonexistent", migrations()); !errors.Is(err, fault.Unavailable) {
		t.Errorf("err = %v, want Unavailable", err)
	}
}

package sqldb_test

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"entente/internal/enttest/dbtest"
	"entente/internal/kit/clock"
	"entente/internal/kit/fault"
	"entente/internal/kit/sqldb"
	"entente/internal/schema"
)

// thing is the table that the suite works on.
const thing = `
create table thing (
	tenant_id text not null,
	id text not null,
	name text not null default '',
	n bigint not null default 0,
	body text not null default '',
	data blob,
	primary key (tenant_id, id)
);
create unique index thing_name on thing (tenant_id, name) where name <> '';
create table part (
	tenant_id text not null,
	id text not null,
	thing_id text not null,
	primary key (tenant_id, id),
	foreign key (tenant_id, thing_id) references thing (tenant_id, id)
);
create table counter (id bigint not null primary key, n bigint not null default 0);
`

func migrations(more ...string) fstest.MapFS {
	files := fstest.MapFS{"0000_installation.sql": {Data: must(schema.Files.ReadFile("0000_installation.sql"))}, "0001_thing.sql": {Data: []byte(thing)}}
	for i := 0; i < len(more); i += 2 {
		files[more[i]] = &fstest.MapFile{Data: []byte(more[i+1])}
	}
	return files
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// each runs a test on both engines in a store with the suite's own schema.
func each(t *testing.T, test func(t *testing.T, db *sqldb.DB)) {
	t.Helper()
	for _, e := range dbtest.Engines {
		t.Run(string(e), func(t *testing.T) { test(t, open(t, dbtest.EmptyURL(t, e), migrations())) })
	}
}

func open(t testing.TB, url string, files fstest.MapFS) *sqldb.DB {
	t.Helper()
	db, err := sqldb.Open(t.Context(), sqldb.Options{URL: url, Clock: clock.NewFake(dbtest.Noon), Migrations: files})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// add inserts a thing with a name.
func add(ctx context.Context, tx *sqldb.Tx, id, name string) error {
	_, err := tx.Exec(ctx, `insert into thing (tenant_id, id, name) values (?, ?, ?)`, "t1", id, name)
	return err
}

func update(t testing.TB, db *sqldb.DB, work func(ctx context.Context, tx *sqldb.Tx) error) {
	t.Helper()
	if err := db.Update(t.Context(), func(tx *sqldb.Tx) error { return work(t.Context(), tx) }); err != nil {
		t.Fatal(err)
	}
}

// names returns the identifiers of things in the order of their names.
func names(t testing.TB, db *sqldb.DB) []string {
	t.Helper()
	var all []string
	err := db.Read(t.Context(), func(tx *sqldb.Tx) (err error) {
		all, err = sqldb.All(t.Context(), tx, `select name from thing where tenant_id = ? order by name`, []any{"t1"},
			func(scan func(...any) error) (s string, err error) { return s, scan(&s) })
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestAMissingRowIsNotFoundAndHarmless(t *testing.T) {
	each(t, func(t *testing.T, db *sqldb.DB) {
		update(t, db, func(ctx context.Context, tx *sqldb.Tx) error {
			var s string
			if err := tx.One(ctx, `select name from thing where tenant_id = ? and id = 'x'`, []any{"t1"}, &s); !errors.Is(err, fault.NotFound) {
				t.Errorf("err = %v, want NotFound", err)
			}
			return add(ctx, tx, "x", "still possible")
		})
		if got := names(t, db); len(got) != 1 {
			t.Errorf("names = %q, want one", got)
		}
	})
}

func TestAConflictEndsTheTransaction(t *testing.T) {
	tests := []struct{ name, query string }{
		{"primary key", `insert into thing (tenant_id, id) values ('t1', '1')`},
		{"unique index", `insert into thing (tenant_id, id, name) values ('t1', '2', 'one')`},
		{"reference", `insert into part (tenant_id, id, thing_id) values ('t1', '1', 'absent')`},
	}
	each(t, func(t *testing.T, db *sqldb.DB) {
		update(t, db, func(ctx context.Context, tx *sqldb.Tx) error { return add(ctx, tx, "1", "one") })
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				ctx := t.Context()
				before := names(t, db)
				err := db.Update(ctx, func(tx *sqldb.Tx) error {
					if err := add(ctx, tx, "3", "three"); err != nil {
						return err
					}
					if _, err := tx.Exec(ctx, tt.query); !errors.Is(err, fault.Conflict) {
						t.Errorf("err = %v, want Conflict", err)
					}
					if err := add(ctx, tx, "4", "four"); !errors.Is(err, fault.Conflict) {
						t.Errorf("after the conflict: err = %v, want the same", err)
					}
					return nil // forgotten, but not forgiven
				})
				if !errors.Is(err, fault.Conflict) {
					t.Errorf("commit: err = %v, want Conflict", err)
				}
				if got := names(t, db); !slices.Equal(got, before) {
					t.Errorf("names = %q, want %q", got, before)
				}
			})
		}
	})
}

func TestAnExpectedDuplicateIsCounted(t *testing.T) {
	each(t, func(t *testing.T, db *sqldb.DB) {
		update(t, db, func(ctx context.Context, tx *sqldb.Tx) error {
			for _, want := range []int64{1, 0} {
				n, err := tx.Exec(ctx, `insert into thing (tenant_id, id) values (?, ?) on conflict do nothing`, "t1", "1")
				if err != nil || n != want {
					t.Errorf("inserted %d, %v, want %d", n, err, want)
				}
			}
			return nil
		})
	})
}

func TestManyRowsAtOnce(t *testing.T) {
	const insert = `insert into thing (tenant_id, id, name) values ('t1', ?, ?) on conflict do nothing`
	each(t, func(t *testing.T, db *sqldb.DB) {
		update(t, db, func(ctx context.Context, tx *sqldb.Tx) error {
			if n, err := tx.ExecAll(ctx, insert, nil); n != 0 || err != nil {
				t.Errorf("nothing at once: %d, %v", n, err)
			}
			n, err := tx.ExecAll(ctx, insert, [][]any{{"1", "one"}, {"2", "two"}, {"1", "again"}, {namedText("3"), "three"}})
			if n != 3 || err != nil {
				t.Errorf("changed %d, %v, want 3", n, err)
			}
			return add(ctx, tx, "4", "four")
		})
		if got := names(t, db); len(got) != 4 {
			t.Errorf("names = %q, want four", got)
		}
		err := db.Update(t.Context(), func(tx *sqldb.Tx) error {
			_, err := tx.ExecAll(t.Context(), `insert into thing (tenant_id, id) values ('t1', ?)`, [][]any{{"5"}, {"1"}, {"6"}})
			return err
		})
		if !errors.Is(err, fault.Conflict) {
			t.Errorf("err = %v, want Conflict", err)
		}
		err = db.Read(t.Context(), func(tx *sqldb.Tx) error {
			_, err := tx.ExecAll(t.Context(), insert, [][]any{{"7", "seven"}})
			return err
		})
		if !errors.Is(err, fault.Internal) {
			t.Errorf("in Read: err = %v, want Internal", err)
		}
		if got := names(t, db); len(got) != 4 {
			t.Errorf("names = %q, want four", got)
		}
	})
}

func TestReadersCannotWrite(t *testing.T) {
	each(t, func(t *testing.T, db *sqldb.DB) {
		ctx := t.Context()
		runs := map[string]func(context.Context, func(*sqldb.Tx) error) error{"View": db.View, "Read": db.Read}
		for name, run := range runs {
			err := run(ctx, func(tx *sqldb.Tx) error { return add(ctx, tx, "1", "") })
			if !errors.Is(err, fault.Internal) {
				t.Errorf("%s, Exec: err = %v, want Internal", name, err)
			}
			err = run(ctx, func(tx *sqldb.Tx) error {
				var id string
				return tx.One(ctx, `insert into thing (tenant_id, id) values ('t1', '1') returning id`, nil, &id)
			})
			if !errors.Is(err, fault.Internal) {
				t.Errorf("%s, returning: err = %v, want Internal", name, err)
			}
		}
		if got := names(t, db); len(got) != 0 {
			t.Errorf("names = %q, want none", got)
		}
	})
}

func TestViewIsASnapshotAndReadIsNot(t *testing.T) {
	each(t, func(t *testing.T, db *sqldb.DB) {
		ctx := t.Context()
		count := func(tx *sqldb.Tx) (n int) {
			if err := tx.One(ctx, `select count(*) from thing where tenant_id = ?`, []any{"t1"}, &n); err != nil {
				t.Fatal(err)
			}
			return n
		}
		look := func(id string, want int) func(*sqldb.Tx) error {
			return func(tx *sqldb.Tx) error {
				before := count(tx)
				update(t, db, func(ctx context.Context, tx *sqldb.Tx) error { return add(ctx, tx, id, "") })
				if got := count(tx) - before; got != want {
					t.Errorf("saw %d new rows, want %d", got, want)
				}
				return nil
			}
		}
		if err := errors.Join(db.View(ctx, look("1", 0)), db.Read(ctx, look("2", 1))); err != nil {
			t.Fatal(err)
		}
	})
}

func TestAClosureThatDoesNotReturnLeavesNoTrace(t *testing.T) {
	ends := map[string]func(){"panics": func() { panic("ouch") }, "exits": runtime.Goexit}
	each(t, func(t *testing.T, db *sqldb.DB) {
		for name, end := range ends {
			t.Run(name, func(t *testing.T) {
				ctx := t.Context()
				done := make(chan struct{})
				go func() {
					defer close(done)
					defer func() { recover() }()
					db.Update(ctx, func(tx *sqldb.Tx) error {
						if err := add(ctx, tx, "1", "one"); err != nil {
							t.Error(err)
						}
						end()
						return nil
					})
				}()
				<-done
				if got := names(t, db); len(got) != 0 {
					t.Errorf("names = %q, want none", got)
				}
				update(t, db, func(ctx context.Context, tx *sqldb.Tx) error { return nil }) // the writer is free
			})
		}
	})
}

// A reader that panics gives its connection back, however often.
func TestAPanicWhileReadingLosesNoConnection(t *testing.T) {
	each(t, func(t *testing.T, db *sqldb.DB) {
		update(t, db, func(ctx context.Context, tx *sqldb.Tx) error { return add(ctx, tx, "1", "one") })
		for range 50 {
			for _, run := range []func(context.Context, func(*sqldb.Tx) error) error{db.Read, db.View} {
				func() {
					defer func() { recover() }()
					run(t.Context(), func(tx *sqldb.Tx) error {
						return tx.Each(t.Context(), `select id from thing where tenant_id = ?`, []any{"t1"}, func(func(...any) error) error { panic("ouch") })
					})
				}()
			}
		}
		names(t, db)
	})
}

func TestALostConnectionIsUnavailableOnce(t *testing.T) {
	db := open(t, dbtest.EmptyURL(t, sqldb.PostgreSQL), migrations())
	lose := func(tx *sqldb.Tx) error {
		var ok bool
		return tx.One(t.Context(), `select pg_terminate_backend(pg_backend_pid())`, nil, &ok)
	}
	for name, run := range map[string]func(context.Context, func(*sqldb.Tx) error) error{
		"Update": db.Update, "Claim": db.Claim, "View": db.View, "Read": db.Read,
	} {
		if err := run(t.Context(), lose); !errors.Is(err, fault.Unavailable) {
			t.Errorf("%s: err = %v, want Unavailable", name, err)
		}
	}
	update(t, db, func(ctx context.Context, tx *sqldb.Tx) error { return add(ctx, tx, "1", "one") })
	if got := names(t, db); len(got) != 1 {
		t.Errorf("names = %q, want one", got)
	}
}

func TestMisuseOfATransactionIsRefused(t *testing.T) {
	each(t, func(t *testing.T, db *sqldb.DB) {
		ctx := t.Context()
		var kept *sqldb.Tx
		update(t, db, func(ctx context.Context, tx *sqldb.Tx) error {
			kept = tx
			return add(ctx, tx, "1", "one")
		})
		if err := add(ctx, kept, "2", ""); !errors.Is(err, fault.Internal) {
			t.Errorf("after its end: err = %v, want Internal", err)
		}
		update(t, db, func(ctx context.Context, tx *sqldb.Tx) error {
			err := tx.Each(ctx, `select id from thing where tenant_id = ?`, []any{"t1"}, func(func(...any) error) error {
				return add(ctx, tx, "3", "")
			})
			if !errors.Is(err, fault.Internal) {
				t.Errorf("inside Each: err = %v, want Internal", err)
			}
			return add(ctx, tx, "4", "possible again")
		})
	})
}

func TestAnErrorOfARowEndsTheReading(t *testing.T) {
	each(t, func(t *testing.T, db *sqldb.DB) {
		update(t, db, func(ctx context.Context, tx *sqldb.Tx) error {
			if err := errors.Join(add(ctx, tx, "1", "a"), add(ctx, tx, "2", "b")); err != nil {
				return err
			}
			enough, rows := errors.New("enough"), 0
			err := tx.Each(ctx, `select id from thing where tenant_id = ?`, []any{"t1"}, func(func(...any) error) error {
				rows++
				return enough
			})
			if err != enough || rows != 1 {
				t.Errorf("%d rows, err = %v, want 1 and the caller's own", rows, err)
			}
			return nil // the transaction is not hurt
		})
	})
}

func TestAfterCommitRunsOnceAndOnlyThen(t *testing.T) {
	each(t, func(t *testing.T, db *sqldb.DB) {
		ctx, calls := t.Context(), 0
		no := errors.New("no")
		for _, want := range []struct {
			err   error
			calls int
		}{{no, 0}, {nil, 1}} {
			notice := db.Notified("x")
			err := db.Update(ctx, func(tx *sqldb.Tx) error {
				tx.AfterCommit(func() { calls++ })
				tx.Notify("x")
				return want.err
			})
			if err != want.err || calls != want.calls {
				t.Errorf("%d calls, %v, want %d, %v", calls, err, want.calls, want.err)
			}
			select {
			case <-notice:
				if want.calls == 0 {
					t.Error("notified of what did not happen")
				}
			default:
				if want.calls == 1 {
					t.Error("not notified")
				}
			}
		}
	})
}

func TestACallerWhoGaveUpGetsNoWork(t *testing.T) {
	each(t, func(t *testing.T, db *sqldb.DB) {
		ctx, cancel := context.WithCancel(t.Context())
		err := db.Update(ctx, func(tx *sqldb.Tx) error {
			if err := add(ctx, tx, "1", "one"); err != nil {
				return err
			}
			cancel()
			return nil
		})
		if !errors.Is(err, context.Canceled) || !errors.Is(err, fault.Unavailable) {
			t.Errorf("err = %v, want Canceled and Unavailable", err)
		}
		if got := names(t, db); len(got) != 0 {
			t.Errorf("names = %q, want none", got)
		}
		for name, run := range map[string]func(context.Context, func(*sqldb.Tx) error) error{
			"Update": db.Update, "Claim": db.Claim, "View": db.View, "Read": db.Read,
		} {
			if err := run(ctx, func(*sqldb.Tx) error { t.Error("it ran"); return nil }); !errors.Is(err, context.Canceled) {
				t.Errorf("%s: err = %v, want Canceled", name, err)
			}
		}
	})
}

func TestALongQueryCanBeCanceled(t *testing.T) {
	each(t, func(t *testing.T, db *sqldb.DB) {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		err := db.Read(ctx, func(tx *sqldb.Tx) error {
			var n int
			return tx.One(ctx, `with recursive r (n) as (select 1 union all select n + 1 from r where n < 1000000000) select count(*) from r`, nil, &n)
		})
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("err = %v, want DeadlineExceeded", err)
		}
		names(t, db) // the connection is usable, or replaced
	})
}

// Each of many transactions reads a sum and writes it: with less than
// serializable they would lose updates, and PostgreSQL refuses some with 40001.
func TestConflictingClosuresRunAgain(t *testing.T) {
	each(t, func(t *testing.T, db *sqldb.DB) {
		ctx := t.Context()
		const writers, rounds = 6, 10
		// Two who read an index that never had a row do not always collide on PostgreSQL
		// (seen once in a thousand rounds of 15.18; with a row, never): there is no page
		// to lock yet. A table is in that state once, before its first row.
		err := db.Update(ctx, func(tx *sqldb.Tx) error {
			_, err := tx.Exec(ctx, `insert into counter (id, n) values (-1, 0)`)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		for w := range writers {
			all.Go(func() {
				for r := range rounds {
					err := db.Update(ctx, func(tx *sqldb.Tx) error {
						var n int
						if err := tx.One(ctx, `select count(*) from counter`, nil, &n); err != nil {
							return err
						}
						_, err := tx.Exec(ctx, `insert into counter (id, n) values (?, ?)`, w*rounds+r, n)
						return err
					})
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		var stored, different int
		err = db.Read(ctx, func(tx *sqldb.Tx) error {
			return tx.One(ctx, `select count(*), count(distinct n) from counter`, nil, &stored, &different)
		})
		if err != nil || different != 1+writers*rounds || stored != different {
			t.Errorf("%d counts of which %d are different, %v, want %d", stored, different, err, 1+writers*rounds)
		}
		if s := db.Stats(); db.Engine() == sqldb.PostgreSQL && s.Retries == 0 {
			t.Error("PostgreSQL refused nothing; the retry was not tested")
		}
	})
}

// A row that another has stored since the snapshot, and whose key this transaction
// has not asked for, is met once and seen by the second run. One that is there to
// stay is a Conflict, however often.
func TestWhoMeetsARowThatWasHiddenLooksAgain(t *testing.T) {
	each(t, func(t *testing.T, db *sqldb.DB) {
		ctx := t.Context()
		other := db
		if db.Engine() == sqldb.SQLite {
			other = nil // one writes at a time, so nothing comes between
		}
		store := func(tx *sqldb.Tx, id string) error {
			_, err := tx.Exec(ctx, "insert into thing (tenant_id, id, name, body) values ('t1', ?, 'the only one', 'x')", id)
			return err
		}
		runs := 0
		err := db.Update(ctx, func(tx *sqldb.Tx) error {
			runs++
			var n int
			if err := tx.One(ctx, "select count(*) from thing where tenant_id = 't1' and body = 'x'", nil, &n); err != nil || n > 0 {
				return err
			}
			if other != nil {
				if err := other.Claim(ctx, func(tx *sqldb.Tx) error { return store(tx, "a") }); err != nil {
					return err
				}
			}
			return store(tx, "b")
		})
		want := 1
		if other != nil {
			want = 2
		}
		if err != nil || runs != want {
			t.Errorf("it ran %d times, %v, want %d times", runs, err, want)
		}
		runs = 0
		err = db.Update(ctx, func(tx *sqldb.Tx) error {
			runs++
			return store(tx, "c")
		})
		if !errors.Is(err, fault.Conflict) || runs > 2 {
			t.Errorf("%v after %d runs, want a Conflict after two at most", err, runs)
		}
	})
}

func TestALockIsWaitedFor(t *testing.T) {
	each(t, func(t *testing.T, db *sqldb.DB) {
		ctx := t.Context()
		update(t, db, func(ctx context.Context, tx *sqldb.Tx) error {
			_, err := tx.Exec(ctx, `insert into counter (id, n) values (1, 0)`)
			return err
		})
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				err := db.Claim(ctx, func(tx *sqldb.Tx) error {
					_, err := tx.Exec(ctx, `update counter set n = n + 1 where id = 1`)
					return err
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		var n int
		err := db.Read(ctx, func(tx *sqldb.Tx) error { return tx.One(ctx, `select n from counter where id = 1`, nil, &n) })
		if err != nil || n != 20 {
			t.Errorf("n = %d, %v, want 20", n, err)
		}
	})
}

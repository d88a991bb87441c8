// Package sqldb is the one way to the store, on SQLite and on PostgreSQL.
//
// A statement is written once, with ? for each value, in the subset both
// engines read alike; the package turns it into the engine's form, checks that
// it names the tenant whose rows it means, prepares it once per connection and
// maps what the engine answers to faults: a missing row is NotFound, a broken
// unique index, primary key or reference is Conflict, an engine that is away
// is Unavailable.
//
// Work runs in closures. Update is a serializable write transaction and Claim
// a read committed one; the whole closure runs again when the engine reports a
// conflict between transactions, so a closure touches nothing but the store
// and variables that it sets anew. View is a snapshot. Read runs each statement
// by itself on the newest committed state and is the cheapest. View and Read
// write nothing. A closure that returns an error or panics leaves no trace.
//
// A statement that fails ends its transaction on both engines, because
// PostgreSQL answers nothing after it: later statements and the commit return
// the same fault. Who expects a duplicate writes "on conflict do nothing" and
// counts the rows. While the rows of Each are read, no other statement may run
// in the same transaction: collect the rows first, with All.
//
// A closure opens no second write transaction: on SQLite it would wait for
// itself. SQLite has one writer and many readers. The writer serves crowds (see Crowd)
// before other transactions. PostgreSQL has a pool for writing and one for
// reading. Texts compare byte by byte and like respects case on both engines.
// Nothing here depends on session locks, triggers or notifications.
package sqldb

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"entente/internal/kit/clock"
	"entente/internal/kit/fault"
)

// An Engine is one of the two databases.
type Engine string

// The engines.
const (
	SQLite     Engine = "SQLite"
	PostgreSQL Engine = "PostgreSQL"
)

// Options say which store to open.
type Options struct {
	// URL is "sqlite:/path/file.db" or "postgres://user@host/database".
	// PostgreSQL takes pool_max_conns in the query; half of the connections
	// read and half write.
	URL        string
	Clock      clock.Clock
	Log        *slog.Logger
	Migrations fs.FS // NNNN_name.sql at its root
}

// A DB is an open store. Its methods may be called by many goroutines.
type DB struct {
	backend    backend
	clock      clock.Clock
	log        *slog.Logger
	statements *statements
	stats      counters
	notices    notices
	rehearsing atomic.Bool // see Rehearse
}

// A backend is one engine's way of opening transactions.
type backend interface {
	engine() Engine
	// begin opens a transaction for work of this kind. urgent asks to be
	// served before others that wait.
	begin(ctx context.Context, kind access, urgent bool) (session, error)
	// fault classifies an error of the engine; again says that the whole
	// transaction should be tried again.
	fault(err error) (f error, again bool)
	// hidden reports whether an error may come of a row that the transaction could
	// not see, because another has stored it meanwhile.
	hidden(err error) bool
	// dialect returns a migration's statement in the engine's form.
	dialect(statement string, tokens []token) string
	// tenantTables is the query for the names of tables with a tenant_id column.
	tenantTables() string
	close() error
}

// An access is what a transaction may do and see.
type access int

const (
	reading access = iota
	viewing
	claiming
	updating
)

func (a access) writes() bool { return a >= claiming }

// Open opens the store, creating an SQLite file where there is none, and
// applies the migrations that it lacks. It refuses a store whose applied
// migrations are unknown to this program or were changed since.
func Open(ctx context.Context, o Options) (*DB, error) {
	var b backend
	var err error
	switch {
	case o.Clock == nil, o.Migrations == nil:
		return nil, errors.New("sqldb: a clock and migrations are needed")
	case strings.HasPrefix(o.URL, "sqlite:"):
		b, err = openSQLite(ctx, strings.TrimPrefix(o.URL, "sqlite:"))
	case strings.HasPrefix(o.URL, "postgres://"), strings.HasPrefix(o.URL, "postgresql://"):
		b, err = openPostgres(ctx, o.URL)
	default:
		return nil, fault.InvalidAt("store", "The store's address begins with sqlite: or postgres://.")
	}
	if err != nil {
		return nil, err
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	d := &DB{backend: b, clock: o.Clock, log: o.Log, statements: &statements{engine: b.engine()}}
	err = d.migrate(ctx, o.Migrations)
	if err == nil {
		err = d.findTenantTables(ctx)
	}
	if err != nil {
		b.close()
		return nil, err
	}
	return d, nil
}

// Wall is the machine's time, for what comes from outside and carries times of
// its own. What is stored has Tx.Now.
func (d *DB) Wall() time.Time { return d.clock.Wall() }

// Close closes the connections. Transactions that run are not waited for.
func (d *DB) Close() error { return d.backend.close() }

// Engine returns which database this is.
func (d *DB) Engine() Engine { return d.backend.engine() }

// findTenantTables learns from the store which tables hold tenants' rows.
func (d *DB) findTenantTables(ctx context.Context) error {
	tables := map[string]bool{}
	err := d.View(ctx, func(tx *Tx) error {
		return tx.Each(ctx, d.backend.tenantTables(), nil, func(scan func(...any) error) error {
			var name string
			err := scan(&name)
			tables[name] = true
			return err
		})
	})
	d.statements = &statements{engine: d.backend.engine(), tenant: tables}
	return err
}

// counters are what Stats reads.
type counters struct {
	commits, retries, rollbacks, crowds, crowded, statements atomic.Int64
}

// Stats is what the store has done since it was opened.
type Stats struct {
	Commits   int64 // write transactions that counted
	Retries   int64 // closures run again because of a conflict between transactions
	Rollbacks int64 // write transactions that were given up
	Crowds    int64 // commits of crowds
	Crowded   int64 // entries in them
	// Statements is how many were sent, each row of ExecAll counted.
	Statements int64
}

// Stats returns the counters.
func (d *DB) Stats() Stats {
	c := &d.stats
	return Stats{c.commits.Load(), c.retries.Load(), c.rollbacks.Load(), c.crowds.Load(), c.crowded.Load(), c.statements.Load()}
}

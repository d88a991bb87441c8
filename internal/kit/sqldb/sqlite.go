package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"entente/internal/kit/fault"
)

// liteDB is a file with one writer and some readers.
type liteDB struct {
	write, read *sql.DB
	writer      *liteConn
	turn        turnstile
	shared      *shared       // what the writer has open between two turns
	patience    time.Duration // see maxOpen
	readers     chan *liteConn
	closing     atomic.Bool
	closed      chan struct{}
}

// openSQLite opens the file, which only its owner may read when it is new.
func openSQLite(ctx context.Context, path string) (*liteDB, error) {
	if path == "" || path == ":memory:" {
		return nil, fault.InvalidAt("store", "The address sqlite: names a file.")
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	f.Close()
	b := &liteDB{closed: make(chan struct{}), patience: maxOpen}
	if b.write, err = sql.Open("sqlite", liteDSN(path, false)); err != nil {
		return nil, err
	}
	if b.read, err = sql.Open("sqlite", liteDSN(path, true)); err != nil {
		return nil, err
	}
	n := max(4, 2*runtime.GOMAXPROCS(0))
	b.write.SetMaxOpenConns(1)
	b.read.SetMaxOpenConns(n)
	b.writer = &liteConn{db: b.write, writes: true}
	b.readers = make(chan *liteConn, n)
	for range n {
		c := &liteConn{db: b.read}
		c.release = func() { b.readers <- c }
		b.readers <- c
	}
	// The writer comes first: it turns a new file into one with a write-ahead log.
	if err := b.openFirst(ctx); err != nil {
		b.close()
		return nil, fmt.Errorf("open store: %w", err)
	}
	return b, nil
}

// openFirst opens the writer. Where two servers turn one new file into one
// with a write-ahead log, SQLite tells the second at once that it is locked,
// without the patience of busy_timeout.
func (b *liteDB) openFirst(ctx context.Context) error {
	for n := 0; ; n++ {
		err := b.writer.open(ctx)
		if _, again := b.fault(err); err == nil || !again || n == 100 {
			return err
		}
		select {
		case <-time.After(10 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// liteDSN is the driver's address of a file. synchronous is FULL: what was
// committed survives a loss of power. like respects case, as on PostgreSQL.
func liteDSN(path string, readOnly bool) string {
	q := url.Values{"_pragma": {
		"busy_timeout(5000)", "journal_mode(wal)", "synchronous(full)", "foreign_keys(on)",
		"case_sensitive_like(on)", "cache_size(-16000)", "temp_store(memory)",
		"journal_size_limit(67108864)",
	}}
	q.Set("_txlock", "immediate")
	q.Set("_dqs", "0")
	if readOnly {
		q.Set("_query_only", "1")
	}
	u := url.URL{Scheme: "file", Path: filepath.ToSlash(path), RawQuery: q.Encode()}
	return u.String()
}

func (b *liteDB) engine() Engine { return SQLite }

// close refuses who comes from now on, and waits for the statements and
// transactions that are under way: whoever is in the middle of one still holds
// its connection.
func (b *liteDB) close() error {
	if !b.closing.CompareAndSwap(false, true) {
		return nil
	}
	close(b.closed)
	if err := b.turn.enter(context.Background(), true); err != nil {
		return err
	}
	b.finish()
	errs := []error{b.writer.close()}
	b.turn.leave() // who waited for the turn comes in, and is refused
	for range cap(b.readers) {
		errs = append(errs, (<-b.readers).close())
	}
	return errors.Join(append(errs, b.read.Close(), b.write.Close())...)
}

// over refuses whoever comes to a store that is closed.
func over() error { return fault.New(fault.Unavailable, "The store is closed.") }

func (b *liteDB) begin(ctx context.Context, kind access, urgent bool) (session, error) {
	switch kind {
	case reading:
		return liteReads{b}, nil
	case viewing:
		c, err := b.reader(ctx)
		if err != nil {
			return nil, err
		}
		return c.begin(ctx, "begin")
	}
	return b.enter(ctx, urgent)
}

// reader takes a connection for reading; its release gives it back.
func (b *liteDB) reader(ctx context.Context) (*liteConn, error) {
	select {
	case c := <-b.readers:
		if err := c.open(ctx); err != nil {
			c.release()
			return nil, err
		}
		return c, nil
	case <-b.closed:
		return nil, over()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// liteReads runs each statement on whichever reader is free.
type liteReads struct{ db *liteDB }

func (r liteReads) exec(context.Context, string, []any) (sql.Result, error) {
	return nil, errors.New("nothing is written here")
}

func (r liteReads) execAll(context.Context, []queued) (int64, int, error) {
	return 0, 0, errors.New("nothing is written here")
}

func (r liteReads) query(ctx context.Context, query string, args []any) (*sql.Rows, func(), error) {
	c, err := r.db.reader(ctx)
	if err != nil {
		return nil, nil, err
	}
	rows, _, err := c.query(ctx, query, args)
	if err != nil {
		c.release()
		return nil, nil, err
	}
	return rows, c.release, nil
}

func (r liteReads) commit(context.Context) error { return nil }
func (r liteReads) rollback()                    {}

// A liteConn is one connection with its prepared statements. It is a session
// between begin and commit or rollback, which release it.
type liteConn struct {
	db      *sql.DB
	conn    *sql.Conn // nil until first used
	stmts   map[string]*sql.Stmt
	release func()
	writes  bool
}

// maxPrepared bounds the statements that a connection keeps, and maxKept the
// length of one: longer texts are built for one use.
const (
	maxPrepared = 512
	maxKept     = 8 << 10
)

func (c *liteConn) open(ctx context.Context) error {
	if c.conn != nil {
		return nil
	}
	conn, err := c.db.Conn(ctx)
	if err != nil {
		return err
	}
	c.conn, c.stmts = conn, map[string]*sql.Stmt{}
	return nil
}

func (c *liteConn) close() error {
	if c.conn == nil {
		return nil
	}
	c.forget()
	err := c.conn.Close()
	c.conn = nil
	return err
}

// forget closes the prepared statements.
func (c *liteConn) forget() {
	for _, s := range c.stmts {
		s.Close()
	}
	clear(c.stmts)
}

func (c *liteConn) begin(ctx context.Context, how string) (session, error) {
	if len(c.stmts) > maxPrepared {
		c.forget()
	}
	if _, err := c.exec(ctx, how, nil); err != nil {
		c.rollback()
		return nil, err
	}
	return c, nil
}

// stmt returns the prepared statement for a text, or nil if it is not kept.
func (c *liteConn) stmt(ctx context.Context, query string) (*sql.Stmt, error) {
	if s, ok := c.stmts[query]; ok {
		return s, nil
	}
	if len(query) > maxKept {
		return nil, nil
	}
	s, err := c.conn.PrepareContext(context.WithoutCancel(ctx), query)
	if err == nil {
		c.stmts[query] = s
	}
	return s, err
}

// whole returns the context of one statement. Who gives up is heard between the
// statements of a writer and not during one: they are short, and to watch over each
// takes a goroutine that costs as much as the statement.
func (c *liteConn) whole(ctx context.Context) (context.Context, error) {
	if !c.writes {
		return ctx, nil
	}
	return context.WithoutCancel(ctx), ctx.Err()
}

func (c *liteConn) exec(ctx context.Context, query string, args []any) (sql.Result, error) {
	ctx, err := c.whole(ctx)
	if err != nil {
		return nil, err
	}
	s, err := c.stmt(ctx, query)
	if err != nil {
		return nil, err
	}
	if s == nil {
		return c.conn.ExecContext(ctx, query, args...)
	}
	return s.ExecContext(ctx, args...)
}

func (c *liteConn) execAll(ctx context.Context, all []queued) (sum int64, failed int, err error) {
	for i, q := range all {
		sum = 0
		for _, args := range q.rows {
			res, err := c.exec(ctx, q.text, args)
			if err != nil {
				return 0, i, err
			}
			n, err := res.RowsAffected()
			if err != nil {
				return 0, i, err
			}
			sum += n
		}
	}
	return sum, 0, nil
}

func (c *liteConn) query(ctx context.Context, query string, args []any) (*sql.Rows, func(), error) {
	ctx, err := c.whole(ctx)
	if err != nil {
		return nil, nil, err
	}
	s, err := c.stmt(ctx, query)
	if err != nil {
		return nil, nil, err
	}
	var rows *sql.Rows
	if s == nil {
		rows, err = c.conn.QueryContext(ctx, query, args...)
	} else {
		rows, err = s.QueryContext(ctx, args...)
	}
	return rows, nothing, err
}

func nothing() {}

func (c *liteConn) commit(ctx context.Context) error {
	if ctx.Err() != nil {
		c.rollback()
		return ctx.Err()
	}
	if _, err := c.exec(context.WithoutCancel(ctx), "commit", nil); err != nil {
		c.rollback()
		return err
	}
	c.release()
	return nil
}

func (c *liteConn) rollback() {
	// An error means that the engine has rolled back by itself.
	c.exec(context.Background(), "rollback", nil)
	c.release()
}

func (b *liteDB) hidden(error) bool { return false } // one writes at a time

func (b *liteDB) fault(err error) (error, bool) {
	if errors.Is(err, errShared) {
		return unavailable(err), true
	}
	e, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return unknownFault(err), false
	}
	switch e.Code() {
	case sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY, sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_ROWID,
		sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
		return conflict(err), false
	}
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return unavailable(err), true
	case sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_INTERRUPT:
		return unavailable(err), false
	}
	return fault.New(fault.Internal, "The store refused a statement.").Wrap(err), false
}

func (b *liteDB) tenantTables() string {
	return `select m.name from sqlite_master m join pragma_table_info(m.name) c where m.type = 'table' and c.name = 'tenant_id'`
}

// dialect makes tables strict, so that a value of the wrong type is refused
// here as it is on PostgreSQL.
func (b *liteDB) dialect(statement string, tokens []token) string {
	s := replaceWords(statement, tokens, func(i int) string {
		if tokens[i].is("bigint") {
			return "integer"
		}
		return ""
	})
	for i, t := range tokens {
		if t.is("table") && i > 0 && tokens[0].is("create") {
			if tokens[len(tokens)-1].is("rowid") {
				return s + ", strict"
			}
			return s + " strict"
		}
		if t.is("(") {
			break
		}
	}
	return s
}

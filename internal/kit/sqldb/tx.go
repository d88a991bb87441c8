package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"entente/internal/kit/fault"
)

// A session is an open transaction of an engine, or for reading its absence.
type session interface {
	exec(ctx context.Context, query string, args []any) (sql.Result, error)
	// execAll runs each statement with each of its rows of values. It adds up what the
	// last one changed, and says which one failed.
	execAll(ctx context.Context, all []queued) (n int64, failed int, err error)
	// query returns rows and what must be called after they are closed.
	query(ctx context.Context, query string, args []any) (*sql.Rows, func(), error)
	commit(ctx context.Context) error
	rollback()
}

// A Tx is one run of a closure. It must not be kept or shared by goroutines.
type Tx struct {
	db      *DB
	session session
	kind    access
	now     time.Time
	failed  error // what ended the transaction
	again   bool  // the engine asked to run the closure again
	rows    bool  // rows of Each are being read
	over    bool
	after   []func()
	known   map[any]any // see Once
	queue   []queued    // see Queue
}

// Now returns the time of the transaction. It does not change while it runs.
func (t *Tx) Now() time.Time { return t.now }

// AfterCommit has f called once, after the commit that counted, before the
// method that ran the closure returns. In View and Read it is called when the
// closure has returned nil.
func (t *Tx) AfterCommit(f func()) { t.after = append(t.after, f) }

// Exec runs a statement and returns how many rows it changed.
func (t *Tx) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	if !t.kind.writes() {
		return 0, fault.New(fault.Internal, "Nothing is written here.").Wrap(errors.New("Exec in View or Read: " + query))
	}
	args = own(args)
	st, err := t.prepare(query, args)
	if err != nil {
		return 0, err
	}
	if len(t.queue) > 0 {
		return t.send(ctx, queued{query, st.text, [][]any{args}})
	}
	res, err := t.session.exec(ctx, st.text, args)
	if err != nil {
		return 0, t.fail(ctx, query, err)
	}
	n, err := res.RowsAffected()
	if err != nil {
		return 0, t.fail(ctx, query, err)
	}
	return n, nil
}

// ExecAll runs one statement with each row of values and returns how many rows
// that changed. It costs PostgreSQL one round trip, whatever the number, so it
// is how many rows are inserted at once.
func (t *Tx) ExecAll(ctx context.Context, query string, rows [][]any) (int64, error) {
	if len(rows) == 0 {
		return 0, nil
	}
	q, err := t.prepareAll(query, rows)
	if err != nil {
		return 0, err
	}
	return t.send(ctx, q)
}

// Queue is ExecAll for who does not ask how many rows changed. PostgreSQL gets the
// statement together with the next one, or at the commit, without a round trip of its
// own, and an error of its comes there.
func (t *Tx) Queue(ctx context.Context, query string, rows [][]any) error {
	if len(rows) == 0 {
		return nil
	}
	q, err := t.prepareAll(query, rows)
	if err != nil {
		return err
	}
	if t.db.Engine() == PostgreSQL {
		t.queue = append(t.queue, q)
		return nil
	}
	_, err = t.send(ctx, q)
	return err
}

// A queued is a statement with its rows of values in their stored form.
type queued struct {
	query, text string
	rows        [][]any
}

func (t *Tx) prepareAll(query string, rows [][]any) (queued, error) {
	if !t.kind.writes() {
		return queued{}, fault.New(fault.Internal, "Nothing is written here.").Wrap(errors.New("ExecAll in View or Read: " + query))
	}
	q := queued{query: query, rows: make([][]any, len(rows))}
	for i, args := range rows {
		q.rows[i] = own(args)
		st, err := t.prepare(query, q.rows[i])
		if err != nil {
			return queued{}, err
		}
		q.text = st.text
	}
	return q, nil
}

// send runs what is queued and then the last, and returns how many rows that changed.
func (t *Tx) send(ctx context.Context, last ...queued) (int64, error) {
	all := append(t.queue, last...)
	t.queue = nil
	if len(all) == 0 {
		return 0, nil
	}
	n, failed, err := t.session.execAll(ctx, all)
	if err != nil {
		return 0, t.fail(ctx, all[failed].query, err)
	}
	return n, nil
}

// One scans the first row of a query into dest, or returns a NotFound fault
// when there is none, which does not end the transaction.
func (t *Tx) One(ctx context.Context, query string, args []any, dest ...any) error {
	found := false
	err := t.scan(ctx, query, args, func(rows *sql.Rows) (bool, error) {
		found = true
		return false, rows.Scan(destinations(dest)...)
	})
	if err == nil && !found {
		err = fault.New(fault.NotFound, "The object does not exist.")
	}
	return err
}

// Each calls row for each row of a query. row scans the columns it is given
// and may run no other statement in this transaction. An error of row ends the
// reading and is returned.
func (t *Tx) Each(ctx context.Context, query string, args []any, row func(scan func(dest ...any) error) error) error {
	var broken error // the engine's, of a scan
	err := t.scan(ctx, query, args, func(rows *sql.Rows) (bool, error) {
		var inner error
		err := row(func(dest ...any) error {
			inner = rows.Scan(destinations(dest)...)
			return inner
		})
		if err != nil && inner == nil {
			broken = err // the caller's own; it says nothing of the transaction
			return false, nil
		}
		return true, err
	})
	if err == nil {
		err = broken
	}
	return err
}

// All returns what row makes of each row of a query.
func All[T any](ctx context.Context, tx *Tx, query string, args []any, row func(scan func(dest ...any) error) (T, error)) ([]T, error) {
	var all []T
	err := tx.Each(ctx, query, args, func(scan func(dest ...any) error) error {
		v, err := row(scan)
		if err == nil {
			all = append(all, v)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}

// scan runs a query and calls row until it returns false or an error.
func (t *Tx) scan(ctx context.Context, query string, args []any, row func(*sql.Rows) (bool, error)) error {
	args = own(args)
	st, err := t.prepare(query, args)
	if err != nil {
		return err
	}
	if _, err := t.send(ctx); err != nil {
		return err
	}
	rows, done, err := t.session.query(ctx, st.text, args)
	if err != nil {
		return t.fail(ctx, query, err)
	}
	defer done()
	if err := t.read(rows, row); err != nil {
		return t.fail(ctx, query, err)
	}
	return nil
}

// own copies args, because values are put in their stored form in place and a
// closure that runs again brings its own once more.
func own(args []any) []any { return append(make([]any, 0, len(args)), args...) }

// read closes rows whatever row does. What the engine says only when they are
// closed counts too.
func (t *Tx) read(rows *sql.Rows, row func(*sql.Rows) (bool, error)) (err error) {
	t.rows = true
	defer func() {
		t.rows = false
		if closed := rows.Close(); err == nil {
			err = closed
		}
	}()
	for more := true; more && rows.Next(); {
		if more, err = row(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// prepare refuses what must not run now and puts args in their stored form.
func (t *Tx) prepare(query string, args []any) (*statement, error) {
	switch {
	case t.over:
		return nil, fault.New(fault.Internal, "The transaction is over.").Wrap(errors.New("used after its closure: " + query))
	case t.failed != nil:
		return nil, t.failed
	case t.rows:
		return nil, fault.New(fault.Internal, "Rows are being read.").
			Wrap(errors.New("a statement inside Each; collect the rows with All first: " + query))
	}
	st := t.db.statements.of(query)
	if st.err != nil {
		return nil, st.err
	}
	t.db.stats.statements.Add(1)
	return st, normalize(query, st.params, args)
}

// fail ends the transaction with what the engine said.
func (t *Tx) fail(ctx context.Context, query string, err error) error {
	if f, ok := errors.AsType[*fault.Error](err); ok && t.kind == reading {
		return f
	}
	again, f := t.db.classify(ctx, err)
	if fe, ok := errors.AsType[*fault.Error](f); ok && fe.Code == fault.Internal {
		f = fault.New(fault.Internal, "The store refused a statement.").Wrap(errStatement{query, err})
	}
	if t.kind != reading {
		t.failed, t.again = f, again && t.kind.writes()
	}
	return f
}

// errStatement tells the log which statement was refused.
type errStatement struct {
	query string
	err   error
}

func (e errStatement) Error() string { return e.err.Error() + ": " + e.query }
func (e errStatement) Unwrap() error { return e.err }

// SkipLocked returns what a subquery that picks rows for an update ends with,
// so that two servers that pick at once do not wait for each other's rows. On
// SQLite, where only one writes, it is empty.
func (t *Tx) SkipLocked() string {
	if t.db.Engine() == PostgreSQL {
		return "for update skip locked"
	}
	return ""
}

// Notify wakes, after the commit, those in this process who wait for topic.
func (t *Tx) Notify(topic string) { t.AfterCommit(func() { t.db.notices.ring(topic) }) }

// Refuse ends the transaction with a fault of the caller's, which it returns:
// it cannot commit any more, even if the closure forgets the error.
func (t *Tx) Refuse(f *fault.Error) error {
	if t.failed == nil {
		t.failed = f
	}
	return f
}

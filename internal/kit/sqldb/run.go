package sqldb

import (
	"context"
	"math/rand/v2"
	"time"

	"entente/internal/kit/fault"
)

// maxAttempts is how often a closure runs before its caller is told to try
// again later.
const maxAttempts = 40

// Update runs work in a serializable write transaction and commits if it
// returns nil. The whole closure runs again when the engine reports a conflict
// between transactions.
func (d *DB) Update(ctx context.Context, work func(*Tx) error) error {
	return d.write(ctx, updating, false, work)
}

// Claim runs work in a read committed write transaction. It is for job claims,
// counters and single writes by key, where a statement decides by itself and
// serializable transactions would only get in each other's way.
func (d *DB) Claim(ctx context.Context, work func(*Tx) error) error {
	return d.write(ctx, claiming, false, work)
}

// View runs work on a snapshot that is taken at its first statement. It writes
// nothing.
func (d *DB) View(ctx context.Context, work func(*Tx) error) error {
	_, err := d.attempt(ctx, viewing, false, work)
	return err
}

// Read runs work without a transaction: each statement by itself on the newest
// committed state. It writes nothing.
func (d *DB) Read(ctx context.Context, work func(*Tx) error) error {
	_, err := d.attempt(ctx, reading, false, work)
	return err
}

// write runs work until it commits, fails by itself or has been tried often
// enough. Who meets a row that was not there a moment ago is run once more: work
// then sees it, and decides by it.
func (d *DB) write(ctx context.Context, kind access, urgent bool, work func(*Tx) error) error {
	met := false
	for n := 1; ; n++ {
		again, err := d.attempt(ctx, kind, urgent, work)
		if !again && (met || kind != updating || !d.backend.hidden(err)) {
			return err
		}
		met = met || !again
		d.stats.retries.Add(1)
		if n == maxAttempts {
			return fault.New(fault.Unavailable, "The store is busy. Try again.").Wrap(err)
		}
		// Full jitter: those who collided do not meet again.
		pause := time.Duration(rand.Int64N(int64(min(time.Millisecond<<min(n, 7), 100*time.Millisecond))))
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return canceled(ctx)
		}
	}
}

// attempt runs work once. again says that the engine asked for another try.
func (d *DB) attempt(ctx context.Context, kind access, urgent bool, work func(*Tx) error) (again bool, err error) {
	if ctx.Err() != nil {
		return false, canceled(ctx)
	}
	s, err := d.backend.begin(ctx, kind, urgent)
	if err != nil {
		return d.classify(ctx, err)
	}
	tx := &Tx{db: d, session: s, kind: kind, now: d.clock.Now()}
	finished := false
	defer func() {
		tx.over = true
		if !finished { // work panicked or left by runtime.Goexit
			s.rollback()
		}
	}()
	err = work(tx)
	if err == nil {
		err = tx.failed
	}
	if err == nil {
		_, err = tx.send(ctx)
	}
	if err == nil && !tx.again && kind.writes() && d.rehearsing.Load() {
		err = rehearsed()
	}
	if err != nil || tx.again {
		finished = true
		s.rollback()
		if kind.writes() {
			d.stats.rollbacks.Add(1)
		}
		return tx.again, err
	}
	finished = true
	if err := s.commit(ctx); err != nil {
		return d.classify(ctx, err)
	}
	tx.over = true
	if kind.writes() {
		d.stats.commits.Add(1)
	}
	for _, f := range tx.after {
		f()
	}
	return false, nil
}

// classify turns an error of the engine into a fault.
func (d *DB) classify(ctx context.Context, err error) (again bool, f error) {
	if ctx.Err() != nil {
		return false, canceled(ctx)
	}
	f, again = d.backend.fault(err)
	return again, f
}

// canceled is the fault of a caller that gave up.
func canceled(ctx context.Context) error {
	return fault.New(fault.Unavailable, "The request was given up before the store answered.").Wrap(context.Cause(ctx))
}

package sqldb

import (
	"context"
	"errors"
	"time"

	"entente/internal/kit/clock"
)

// Those who share a commit are at most so many, and nobody joins when the first of
// them has waited so long.
const (
	maxShared = 32
	maxOpen   = 5 * time.Millisecond
)

// A shared is a transaction of SQLite's in which several of ours run one after the
// other: while one works others wait for the turn, and what it did need not be on the
// disk before they begin, as long as nobody is told of it. So they pay for one commit.
// Each but the first has a savepoint, and gives up without harm to those before.
type shared struct {
	waited func() time.Duration // since the first had done its work
	done   chan struct{}        // closed when it has ended
	err    error                // why nothing of it counts; read after done
	good   int                  // how many have done their work
	last   bool                 // nobody else joins: somebody in it is in a hurry
}

// errShared says that a transaction was undone for somebody else's sake.
var errShared = errors.New("the transaction was undone with another's that shared its commit")

// A liteTx is a session of one who writes: alone in its shared transaction, or after
// others.
type liteTx struct {
	*liteConn
	db    *liteDB
	in    *shared
	after bool // has a savepoint
}

// enter waits for the turn and opens a transaction, or joins the one that is open.
func (b *liteDB) enter(ctx context.Context, urgent bool) (session, error) {
	if err := b.turn.enter(ctx, urgent); err != nil {
		return nil, err
	}
	if b.closing.Load() {
		b.leave()
		return nil, over()
	}
	t := &liteTx{b.writer, b, b.shared, b.shared != nil}
	how := "savepoint one"
	if !t.after {
		how = "begin immediate"
		t.in = &shared{done: make(chan struct{})}
		b.shared = t.in
	}
	if len(b.writer.stmts) > maxPrepared {
		b.writer.forget()
	}
	if _, err := b.writer.exec(ctx, how, nil); err != nil {
		if !t.after {
			b.undo()
			b.shared = nil
		}
		b.leave()
		return nil, err
	}
	t.in.last = t.in.last || urgent
	return t, nil
}

// leave gives the turn away: to the next, who joins, where there is one and they may;
// otherwise what is open ends first.
func (b *liteDB) leave() {
	if s := b.shared; s != nil && s.good > 0 && s.good < maxShared && !s.last && s.waited() < b.patience && b.turn.pass() {
		return
	}
	b.finish()
	b.turn.leave()
}

// finish ends the transaction that is open, if one is, and tells everybody in it.
func (b *liteDB) finish() {
	s := b.shared
	if s == nil {
		return
	}
	b.shared = nil
	if s.err == nil {
		if _, s.err = b.writer.exec(context.Background(), "commit", nil); s.err != nil {
			b.undo()
		}
	}
	close(s.done)
}

// undo takes back all that is open. An error means that the engine did so by itself.
func (b *liteDB) undo() { b.writer.exec(context.Background(), "rollback", nil) }

// commit ends the caller's part and waits for the disk.
func (t *liteTx) commit(ctx context.Context) error {
	if ctx.Err() != nil {
		t.rollback()
		return ctx.Err()
	}
	if t.after {
		if _, err := t.exec(context.Background(), "release one", nil); err != nil {
			t.rollback()
			return err
		}
	}
	if t.in.good++; t.in.good == 1 {
		t.in.waited = clock.Watch()
	}
	t.db.leave()
	<-t.in.done
	return t.in.err
}

// rollback gives up the caller's part. Where the engine has undone everything by
// itself, as it does when the disk is full, those before lose theirs and try again.
func (t *liteTx) rollback() {
	if !t.after {
		t.db.undo()
		t.db.shared = nil
	} else {
		for _, how := range []string{"rollback to one", "release one"} {
			if _, err := t.exec(context.Background(), how, nil); err != nil {
				t.in.err = errShared
				t.db.undo()
				t.db.finish()
				break
			}
		}
	}
	t.db.leave()
}

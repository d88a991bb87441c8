package jobs

import (
	"context"

	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// A mark is a place among the pending jobs, in the order in which they are due.
type mark struct {
	due int64 // µs
	id  ids.JobID
}

// A sight is what a worker sees of the jobs that are due behind a mark.
type sight struct {
	from, to mark
	last     bool // nothing is due behind it
	due      bool // a claim would probably find some between the two
	lost     bool // a claim would find jobs whose worker fell silent
}

// far is how many due jobs a worker looks at before it lets some time pass. While a
// group of a circle runs, all that is due of it lies in the way of the others.
const far = 1000

// look returns the next sight. It only reads, so that idle workers cost the store
// nothing.
func (w *Worker) look(ctx context.Context, tx *sqldb.Tx, from mark, but []circle) (sight, error) {
	s := sight{from: from}
	seen, due, lost, err := survey(ctx, tx, from, w.far, w.kinds, but, w.clock.Wall())
	if err != nil {
		return s, err
	}
	s.due, s.lost, s.last = due, lost, seen < w.far
	if s.last {
		s.to = mark{sqldb.Micros(tx.Now()), behindAll}
		return s, nil
	}
	s.to, err = markAt(ctx, tx, from, w.far)
	return s, err
}

// behindAll is behind every identifier.
const behindAll ids.JobID = "~"

// see returns what is due behind what the worker has passed, and which circles have
// been freed since it was last asked and lie before that.
func (w *Worker) see(ctx context.Context) (s sight, freed []circle, err error) {
	w.mu.Lock()
	if w.passed != (mark{}) {
		for c := range w.freed {
			freed = append(freed, c)
		}
	}
	clear(w.freed)
	from := w.passed
	w.mu.Unlock()
	err = w.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		s, err = w.look(ctx, tx, from, append(w.running(), freed...))
		return err
	})
	return s, freed, err
}

// pass notes that nothing more is to be claimed of what was seen.
func (w *Worker) pass(s sight) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.passed = s.to
	if s.last {
		w.passed = mark{}
	}
}

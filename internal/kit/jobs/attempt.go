package jobs

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"entente/internal/kit/sqldb"
)

// run makes one attempt at a group and stores how it ended. A group that fails is
// tried again at once, each job alone: a bad one holds up no other.
func (w *Worker) run(ctx context.Context, group []*Work) {
	defer w.free(group[0])
	w.runAs(ctx, group, len(group) > 1)
}

func (w *Worker) runAs(ctx context.Context, group []*Work, apart bool) {
	log := w.o.Log.With("job", group[0].ID, "kind", group[0].Kind, "tenant", group[0].Tenant, "attempt", group[0].Attempt, "jobs", len(group))
	err := w.attempt(ctx, group)
	open := slices.DeleteFunc(slices.Clone(group), func(work *Work) bool { return work.completed })
	w.completed.Add(int64(len(group) - len(open)))
	if len(open) == 0 {
		if err != nil {
			log.WarnContext(ctx, "job reported an error after it was completed", "err", err)
		}
		return
	}
	if err != nil && apart && ctx.Err() == nil {
		log.InfoContext(ctx, "jobs failed together and are tried one by one", "err", err)
		for _, work := range open {
			w.runAs(ctx, []*Work{work}, false)
		}
		return
	}
	// The end is stored even when the attempt was cut short.
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if err == nil {
		if err = w.done.Put(end, open); err == nil {
			w.completed.Add(int64(len(open)))
		}
	} else {
		w.failed.Add(int64(len(open)))
		log.WarnContext(ctx, "job failed", "tries", open[0].Tries, "err", err)
		why := err
		err = nil
		for _, work := range open {
			err = errors.Join(err, w.giveBack(end, work, why, ctx.Err() != nil))
		}
	}
	if err != nil {
		log.ErrorContext(ctx, "the end of a job cannot be stored; it will run again", "err", err)
	}
}

// attempt runs the handler while the leases are renewed. A job that has taken its
// workers with it each time is not given another, and one that has done so before
// goes alone.
func (w *Worker) attempt(ctx context.Context, group []*Work) (err error) {
	how := w.handlers[group[0].Kind]
	if len(group) == 1 && group[0].Tries > how.policy.Tries {
		return Permanent(errors.New("the worker died at every try"))
	}
	ctx, cancel := context.WithCancel(ctx)
	renewed := make(chan struct{})
	go func() {
		defer close(renewed)
		w.keepLease(ctx, group, cancel)
	}()
	defer func() {
		cancel()
		<-renewed
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return how.handle(ctx, group)
}

// keepLease renews the leases of a group until ctx ends, and calls lost when
// another worker has one of its jobs.
func (w *Worker) keepLease(ctx context.Context, group []*Work, lost func()) {
	tick := time.NewTicker(w.o.Lease / 3)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		var n int64
		err := w.db.Claim(ctx, func(tx *sqldb.Tx) (err error) {
			n, err = renew(ctx, tx, group, w.clock.Wall().Add(w.o.Lease))
			return err
		})
		if err == nil && n < int64(len(group)) { // an unreachable store is asked again
			lost()
			return
		}
	}
}

// drop deletes completed jobs; those that another worker holds by now stay.
func (w *Worker) drop(ctx context.Context, tx *sqldb.Tx, done [][]*Work) error {
	tx.Notify(topic) // a twin may have waited
	return dropAllRunning(ctx, tx, slices.Concat(done...))
}

// giveBack stores a failed attempt: the job is pending again after a pause, or
// dead after the last try. A job that was canceled is gone, and so is one whose
// twin is pending: the twin takes over its place. An attempt that our own end
// cut short does not count.
func (w *Worker) giveBack(ctx context.Context, work *Work, why error, cut bool) error {
	return w.db.Update(ctx, func(tx *sqldb.Tx) error {
		if canceled, err := isCanceled(ctx, tx, work); err != nil || canceled {
			_, dropped := dropRunning(ctx, tx, work)
			return errors.Join(err, dropped)
		}
		p := w.handlers[work.Kind].policy
		due, tries := tx.Now().Add(p.pause(work.Tries)), work.Tries
		switch {
		case cut:
			due, tries = tx.Now(), tries-1
		case isPermanent(why) || tries >= p.Tries:
			tx.AfterCommit(func() { w.died.Add(1) })
			return putBack(ctx, tx, work, Dead, tx.Now(), tries, shorten(why))
		}
		twin, err := hasten(ctx, tx, work, due)
		if err != nil {
			return err
		}
		if twin {
			_, err := dropRunning(ctx, tx, work)
			return err
		}
		return putBack(ctx, tx, work, Pending, due, tries, shorten(why))
	})
}

// pause is how long to wait after so many tries: between half and the whole of
// a time that doubles, so that those who failed together do not return together.
func (p Policy) pause(tries int) time.Duration {
	d := p.Most
	if shift := tries - 1; shift < 30 && p.First<<shift > 0 {
		d = min(d, p.First<<shift)
	}
	return d/2 + rand.N(d/2+1)
}

// shorten keeps an error's text to what an operator reads and the store takes.
func shorten(err error) string {
	s := []rune(err.Error())
	return string(slices.DeleteFunc(s[:min(len(s), 1000)], func(r rune) bool { return r == 0 }))
}

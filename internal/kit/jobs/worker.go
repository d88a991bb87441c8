package jobs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"entente/internal/kit/clock"
	"entente/internal/kit/sqldb"
)

// Options are the settings of a worker. Zero values work.
type Options struct {
	Parallel int           // jobs that run at once; 8 if zero
	Lease    time.Duration // how long a silent worker keeps a job; a minute if zero
	Grace    time.Duration // how long Run waits for jobs at its end; 30 seconds if zero
	Poll     time.Duration // how often other servers' jobs are looked for; 250 ms if zero
	Log      *slog.Logger
}

// A Policy says how often and how fast a kind is tried again. Zero values work.
type Policy struct {
	Tries int           // 12 if zero
	First time.Duration // the first pause, which doubles; a second if zero
	Most  time.Duration // the longest pause; an hour if zero
}

// A Worker leases jobs and runs their handlers. Handlers, subscriptions and
// periodic jobs are registered before it runs.
type Worker struct {
	db       *sqldb.DB
	clock    clock.Clock
	o        Options
	kinds    []Kind // those with a handler, sorted
	handlers map[Kind]registered
	signals  map[Signal][]Kind
	periods  []*period
	done     *sqldb.Crowd[[]*Work]

	mu   sync.Mutex
	busy map[circle]bool // of which groups run

	completed, failed, died atomic.Int64
}

type registered struct {
	handle GroupHandler
	most   int // jobs in a group
	policy Policy
}

// New returns a worker that knows no kinds yet.
func New(db *sqldb.DB, clk clock.Clock, o Options) *Worker {
	o.Parallel = orElse(o.Parallel, 8)
	o.Lease = orElse(o.Lease, time.Minute)
	o.Grace = orElse(o.Grace, 30*time.Second)
	o.Poll = orElse(o.Poll, 250*time.Millisecond)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	w := &Worker{db: db, clock: clk, o: o, handlers: map[Kind]registered{}, signals: map[Signal][]Kind{}, busy: map[circle]bool{}}
	w.done = sqldb.NewCrowd(db, w.drop)
	w.HandleGroup(signalKind, mostSignals, w.fanOut, Policy{})
	return w
}

func orElse[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}

// Handle registers the handler of a kind. A kind has one; a second is a
// mistake of composition and panics.
func (w *Worker) Handle(kind Kind, h Handler, p Policy) {
	w.HandleGroup(kind, 1, func(ctx context.Context, group []*Work) error { return h(ctx, group[0]) }, p)
}

// HandleGroup registers a handler that takes up to most jobs of a kind and a
// tenant at once, those that are due together. One group of a kind and tenant runs
// at a time in a process; what becomes due meanwhile is the next.
func (w *Worker) HandleGroup(kind Kind, most int, h GroupHandler, p Policy) {
	if _, taken := w.handlers[kind]; taken {
		panic("jobs: two handlers for " + string(kind))
	}
	p.Tries = orElse(p.Tries, 12)
	p.First = orElse(p.First, time.Second)
	p.Most = orElse(p.Most, time.Hour)
	w.handlers[kind] = registered{h, most, p}
	w.kinds = append(w.kinds, kind)
	slices.Sort(w.kinds)
}

// Subscribe has each emission of a signal enqueue a job of this kind, with the
// signal's tenant and arguments.
func (w *Worker) Subscribe(s Signal, kind Kind) { w.signals[s] = append(w.signals[s], kind) }

// Stats is what a worker has done since it was built.
type Stats struct {
	Completed int64
	Failed    int64 // attempts
	Died      int64 // jobs after their last try
}

// Stats returns the counters.
func (w *Worker) Stats() Stats {
	return Stats{w.completed.Load(), w.failed.Load(), w.died.Load()}
}

// Run leases and runs jobs until ctx ends. Then it lets the running ones end,
// cuts short what still runs after the grace, and returns. It runs once.
func (w *Worker) Run(ctx context.Context) error {
	working, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	slots := make(chan struct{}, w.o.Parallel)
	freed := make(chan struct{}, 1)
	var running sync.WaitGroup
	tick := time.NewTicker(w.o.Poll)
	defer tick.Stop()
	for ctx.Err() == nil {
		// The channels are taken before looking, so that nothing slips between.
		woken, moved := w.db.Notified(topic), w.clock.Moved()
		free := cap(slots) - len(slots)
		found, err := w.next(ctx, free)
		if err != nil && ctx.Err() == nil {
			w.o.Log.ErrorContext(ctx, "jobs cannot be claimed", "err", err)
		}
		for _, group := range found {
			slots <- struct{}{}
			running.Go(func() {
				w.run(working, group)
				<-slots
				select {
				case freed <- struct{}{}:
				default:
				}
			})
		}
		if free > 0 && len(found) == free {
			continue
		}
		select {
		case <-ctx.Done():
		case <-woken:
		case <-moved:
		case <-freed:
		case <-tick.C:
		}
	}
	w.drain(&running, stop)
	return nil
}

// drain waits for running jobs, and no longer than the grace before their
// contexts end.
func (w *Worker) drain(running *sync.WaitGroup, stop func()) {
	cut := time.AfterFunc(w.o.Grace, stop)
	defer cut.Stop()
	running.Wait()
	w.done.Close()
}

// RunDue runs everything that is due, one job or group after the other in the
// order of their times, until nothing is, and returns how many attempts that took.
// It is for tests with a fake clock and never waits; a failed job is due again
// only when the clock has moved.
func (w *Worker) RunDue(ctx context.Context) (int, error) {
	for n := 0; ; {
		found, err := w.next(ctx, 1)
		if err != nil || len(found) == 0 {
			return n, err
		}
		w.run(ctx, found[0])
		n += len(found[0])
	}
}

// next enqueues the periodic jobs whose time has come, and leases jobs for up to
// n groups.
func (w *Worker) next(ctx context.Context, n int) ([][]*Work, error) {
	if n == 0 {
		return nil, nil
	}
	if err := w.enqueuePeriodic(ctx); err != nil {
		return nil, err
	}
	var any bool
	err := w.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		any, err = anyDue(ctx, tx, w.kinds, tx.Now(), w.clock.Wall())
		return err
	})
	if err != nil || !any {
		return nil, err
	}
	var found []*Work
	err = w.db.Claim(ctx, func(tx *sqldb.Tx) (err error) {
		found, err = w.claim(ctx, tx, n)
		return err
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(found, func(a, b *Work) int {
		if c := a.Due.Compare(b.Due); c != 0 {
			return c
		}
		return cmp.Compare(a.ID, b.ID)
	})
	return w.group(found), nil
}

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

// mostSignals is how many signals of a tenant are passed on at once.
const mostSignals = 100

// fanOut is the handler of signals: a job for each subscriber, together with
// the end of the signal.
func (w *Worker) fanOut(ctx context.Context, group []*Work) error {
	return w.db.Update(ctx, func(tx *sqldb.Tx) error {
		for _, work := range group {
			var e emitted
			if err := work.Args(&e); err != nil {
				return err
			}
			for _, kind := range w.signals[e.Signal] {
				j := Job{Kind: kind, Tenant: work.Tenant}
				if e.Args != nil {
					j.Args = e.Args
				}
				if err := Enqueue(ctx, tx, j); err != nil {
					return err
				}
			}
			if err := work.Complete(ctx, tx); err != nil {
				return err
			}
		}
		return nil
	})
}

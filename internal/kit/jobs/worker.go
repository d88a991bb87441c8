package jobs

import (
	"cmp"
	"context"
	"log/slog"
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
	far      int           // how many due jobs it looks at before it lets some time pass
	looked   time.Duration // how long it took to see whether something is due

	mu     sync.Mutex
	busy   map[circle]bool // of which groups run
	freed  map[circle]bool // of which groups have run since jobs were last claimed
	others bool            // whose turn it is, of others and freed circles
	passed mark            // what is due up to it is of busy circles, or waits for twins

	completed, failed, died, lost atomic.Int64
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
	w := &Worker{
		db: db, clock: clk, o: o, far: far,
		handlers: map[Kind]registered{}, signals: map[Signal][]Kind{}, busy: map[circle]bool{}, freed: map[circle]bool{},
	}
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
	Lost      int64 // jobs taken over from workers that fell silent
}

// Stats returns the counters.
func (w *Worker) Stats() Stats {
	return Stats{w.completed.Load(), w.failed.Load(), w.died.Load(), w.lost.Load()}
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
		found, more, err := w.next(ctx, free)
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
		if more {
			if len(found) == 0 {
				w.gather(ctx, freed)
			}
			continue
		}
		select {
		case <-ctx.Done():
		case <-woken:
			w.gather(ctx, freed)
		case <-moved:
			w.gather(ctx, freed)
		case <-freed:
		case <-tick.C:
		}
	}
	w.drain(&running, stop)
	return nil
}

// gather lets a moment pass after the first of some jobs, so that those who come
// together are claimed together; and where to look takes long, because much is due of
// what runs already, so much longer that looking is no work to speak of. When a group
// has run there is room for the next.
func (w *Worker) gather(ctx context.Context, freed <-chan struct{}) {
	select {
	case <-ctx.Done():
	case <-freed:
	case <-time.After(min(max(gathering, 20*w.looked), w.o.Poll)):
	}
}

// gathering is how long that is: nothing to who waits, and many times what a claim
// takes.
const gathering = 5 * time.Millisecond

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
		w.pass(sight{last: true}) // what was passed may have waited for what has run
		var found [][]*Work
		var err error
		for more := true; more && len(found) == 0; {
			if found, more, err = w.next(ctx, 1); err != nil {
				return n, err
			}
		}
		if len(found) == 0 {
			return n, nil
		}
		for _, group := range found {
			w.run(ctx, group)
			n += len(group)
		}
	}
}

// next enqueues the periodic jobs whose time has come, and leases jobs for up to
// n groups. more says that there may be more than those.
func (w *Worker) next(ctx context.Context, n int) (groups [][]*Work, more bool, err error) {
	if n == 0 {
		return nil, false, nil
	}
	if err := w.enqueuePeriodic(ctx); err != nil {
		return nil, false, err
	}
	took := clock.Watch()
	seen, freed, err := w.see(ctx)
	w.looked = took()
	if err != nil {
		return nil, false, err
	}
	if !seen.due && !seen.lost && len(freed) == 0 {
		w.pass(seen)
		return nil, !seen.last, nil
	}
	var found []*Work
	var many int
	var empty bool
	// Who is told to stop meanwhile knows all the same what it has claimed: to forget it
	// would be to let it lie until the lease ends.
	whole, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	err = w.db.Claim(whole, func(tx *sqldb.Tx) (err error) {
		found, many, empty, err = w.claim(whole, tx, n, seen, freed)
		return err
	})
	if err != nil {
		return nil, false, err
	}
	if empty {
		w.pass(seen)
	}
	slices.SortFunc(found, func(a, b *Work) int {
		if c := a.Due.Compare(b.Due); c != 0 {
			return c
		}
		return cmp.Compare(a.ID, b.ID)
	})
	return w.group(found), many == n || !seen.last, nil
}

package jobs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"entente/internal/enttest/dbtest"
	"entente/internal/kit/clock"
	"entente/internal/kit/fault"
	"entente/internal/kit/sqldb"
)

// each runs a test on both engines with a fake clock, a worker on it and what
// its handler "note" has seen.
func each(t *testing.T, test func(t *testing.T, f *fixture)) {
	for _, e := range dbtest.Engines {
		t.Run(string(e), func(t *testing.T) {
			clk := clock.NewFake(dbtest.Noon)
			f := &fixture{t: t, db: dbtest.OpenClock(t, e, clk), clock: clk}
			f.Worker = f.worker()
			test(t, f)
		})
	}
}

type fixture struct {
	t     *testing.T
	db    *sqldb.DB
	clock *clock.Fake
	*Worker
	seen []string
	fail error // what "note" answers
}

// worker returns another worker, as a second server would have.
func (f *fixture) worker() *Worker {
	w := New(f.db, f.clock, Options{})
	w.far = 2
	w.Handle("note", func(ctx context.Context, w *Work) error {
		var s string
		if err := w.Args(&s); err != nil {
			return err
		}
		f.seen = append(f.seen, s)
		return f.fail
	}, Policy{Tries: 3})
	return w
}

func (f *fixture) do(work func(ctx context.Context, tx *sqldb.Tx) error) {
	f.t.Helper()
	ctx := f.t.Context()
	if err := f.db.Update(ctx, func(tx *sqldb.Tx) error { return work(ctx, tx) }); err != nil {
		f.t.Fatal(err)
	}
}

func (f *fixture) enqueue(j Job) {
	f.t.Helper()
	f.do(func(ctx context.Context, tx *sqldb.Tx) error { return Enqueue(ctx, tx, j) })
}

// due runs what is due and compares what "note" has seen since the last time.
func (f *fixture) due(want ...string) {
	f.t.Helper()
	if _, err := f.RunDue(f.t.Context()); err != nil {
		f.t.Fatal(err)
	}
	if !slices.Equal(f.seen, want) {
		f.t.Errorf("ran %q, want %q", f.seen, want)
	}
	f.seen = nil
}

func (f *fixture) list(s State) []Info {
	f.t.Helper()
	var all []Info
	err := f.db.Read(f.t.Context(), func(tx *sqldb.Tx) (err error) {
		all, err = List(f.t.Context(), tx, "t1", s, "", 100)
		return err
	})
	if err != nil {
		f.t.Fatal(err)
	}
	return all
}

func note(key, args string) Job { return Job{Kind: "note", Tenant: "t1", Key: key, Args: args} }

func TestJobsRunInTheOrderOfTheirTimes(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		later := note("", "later")
		later.NotBefore = f.clock.Now().Add(time.Hour)
		f.enqueue(later)
		f.enqueue(note("", "first"))
		f.enqueue(note("", "second"))
		f.due("first", "second")
		f.due()
		f.clock.Advance(time.Hour)
		f.due("later")
		if got := f.Stats(); got != (Stats{Completed: 3}) {
			t.Errorf("stats = %+v, want 3 completed", got)
		}
	})
}

func TestAJobOfATransactionThatFailedIsNone(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		no := errors.New("no")
		err := f.db.Update(t.Context(), func(tx *sqldb.Tx) error {
			if err := Enqueue(t.Context(), tx, note("", "never")); err != nil {
				return err
			}
			return no
		})
		if !errors.Is(err, no) {
			t.Fatal(err)
		}
		f.due()
	})
}

func TestJobsOfOneKeyJoin(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		now := f.clock.Now()
		later := note("k", "later")
		later.NotBefore = now.Add(2 * time.Hour)
		sooner := note("k", "sooner")
		sooner.NotBefore = now.Add(time.Hour)
		f.enqueue(sooner)
		f.enqueue(later)
		other := note("k", "of another tenant")
		other.Tenant = "t2"
		f.enqueue(other)
		f.due("of another tenant")
		f.clock.Advance(time.Hour)
		f.due("later") // the earlier time with the newer arguments
		f.clock.Advance(time.Hour)
		f.due()
	})
}

func TestCancelTakesBack(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		f.enqueue(note("k", "x"))
		for _, want := range []bool{true, false} {
			f.do(func(ctx context.Context, tx *sqldb.Tx) error {
				got, err := Cancel(ctx, tx, "note", "t1", "k")
				if got != want {
					t.Errorf("canceled = %v, want %v", got, want)
				}
				return err
			})
		}
		f.due()
	})
}

func TestAFailedJobIsTriedAgainAndThenDead(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		f.fail = errors.New("no luck")
		f.enqueue(note("k", "x"))
		f.due("x")
		f.due() // it waits
		if got := f.list(Pending); len(got) != 1 || got[0].Error != "no luck" || got[0].Tries != 1 {
			t.Errorf("pending = %+v, want one with its error", got)
		}
		f.clock.Advance(time.Second)
		f.due("x")
		f.clock.Advance(2 * time.Second)
		f.due("x")
		f.clock.Advance(time.Hour)
		f.due()
		dead := f.list(Dead)
		if len(dead) != 1 || dead[0].Tries != 3 || dead[0].Args != `"x"` {
			t.Fatalf("dead = %+v, want the job after three tries", dead)
		}
		f.fail = nil
		f.do(func(ctx context.Context, tx *sqldb.Tx) error { return Retry(ctx, tx, "t1", dead[0].ID) })
		f.due("x")
		if got := f.Stats(); got != (Stats{Completed: 1, Failed: 3, Died: 1}) {
			t.Errorf("stats = %+v", got)
		}
	})
}

func TestWhatNoTryWouldMendIsDeadAtOnce(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		f.fail = Permanent(errors.New("malformed"))
		f.enqueue(note("", "x"))
		f.due("x")
		var all []Info
		var b Backlog
		ctx := t.Context()
		err := f.db.View(ctx, func(tx *sqldb.Tx) (err error) {
			if all, err = ListDead(ctx, tx, 10); err != nil {
				return err
			}
			b, err = Behind(ctx, tx)
			return err
		})
		if err != nil || len(all) != 1 || b.Dead != 1 {
			t.Fatalf("dead = %v, backlog = %+v, %v, want one", all, b, err)
		}
		f.do(func(ctx context.Context, tx *sqldb.Tx) error { return Discard(ctx, tx, "t1", all[0].ID) })
		err = f.db.Update(ctx, func(tx *sqldb.Tx) error { return Discard(ctx, tx, "t1", all[0].ID) })
		if !errors.Is(err, fault.NotFound) {
			t.Errorf("second discard: err = %v, want NotFound", err)
		}
		err = f.db.Update(ctx, func(tx *sqldb.Tx) error { return Retry(ctx, tx, "t1", all[0].ID) })
		if !errors.Is(err, fault.NotFound) {
			t.Errorf("retry of a discarded job: err = %v, want NotFound", err)
		}
	})
}

func TestAPanicIsAFailure(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		f.Handle("wild", func(context.Context, *Work) error { panic("ouch") }, Policy{Tries: 1})
		f.enqueue(Job{Kind: "wild", Tenant: "t1"})
		f.due()
		if dead := f.list(Dead); len(dead) != 1 || !strings.Contains(dead[0].Error, "ouch") {
			t.Errorf("dead = %+v, want one that names the panic", dead)
		}
	})
}

func TestAKindWithoutHandlerWaits(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		f.enqueue(Job{Kind: "of a newer server", Tenant: "t1"})
		f.due()
		if got := f.list(Pending); len(got) != 1 {
			t.Errorf("pending = %+v, want one", got)
		}
	})
}

func TestASignalReachesEachSubscriber(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		f.Subscribe("removed", "note")
		f.Subscribe("removed", "echo")
		f.Handle("echo", func(ctx context.Context, w *Work) error {
			var s string
			err := w.Args(&s)
			f.seen = append(f.seen, "echo "+s+" of "+string(w.Tenant))
			return err
		}, Policy{})
		f.do(func(ctx context.Context, tx *sqldb.Tx) error { return Emit(ctx, tx, "t1", "removed", "ada") })
		f.do(func(ctx context.Context, tx *sqldb.Tx) error { return Emit(ctx, tx, "t1", "unheard", nil) })
		f.due("ada", "echo ada of t1")
		if n := len(f.list(Pending)) + len(f.list(Dead)); n != 0 {
			t.Errorf("%d jobs are left, want none", n)
		}
	})
}

func TestAPeriodicJobRunsOncePerInterval(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		runs := 0
		other := f.worker()
		for _, w := range []*Worker{f.Worker, other} {
			w.Every("rotate", 6*time.Hour, func(context.Context, *Work) error { runs++; return nil })
		}
		for _, step := range []struct {
			advance time.Duration
			want    int
		}{{0, 1}, {5 * time.Hour, 1}, {time.Hour, 2}, {30 * 24 * time.Hour, 3}, {time.Minute, 3}} {
			f.clock.Advance(step.advance)
			for _, w := range []*Worker{other, f.Worker, other} {
				if _, err := w.RunDue(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			if runs != step.want {
				t.Errorf("after %v: %d runs, want %d", step.advance, runs, step.want)
			}
		}
	})
}

// lease takes one job as a worker does that then dies.
func (f *fixture) lease() *Work {
	f.t.Helper()
	works, _, err := f.next(f.t.Context(), 1)
	if err != nil || len(works) != 1 || len(works[0]) != 1 {
		f.t.Fatalf("leased %v, %v, want one job", works, err)
	}
	return works[0][0]
}

func TestAJobOfADeadWorkerRunsAgain(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		f.enqueue(note("k", "x"))
		dead := f.lease()
		f.due() // leased
		f.clock.Advance(time.Minute)
		again := f.lease()
		if again.ID != dead.ID || again.Attempt != dead.Attempt+1 {
			t.Fatalf("leased %+v, want %s at its next attempt", again, dead.ID)
		}
		ctx := t.Context()
		complete := func(w *Work) error {
			return f.db.Update(ctx, func(tx *sqldb.Tx) error {
				if err := Enqueue(ctx, tx, note("", "effect")); err != nil {
					return err
				}
				w.Complete(ctx, tx) // forgetting the error must not help
				return nil
			})
		}
		if err := complete(dead); !errors.Is(err, fault.Conflict) {
			t.Errorf("late finisher: err = %v, want Conflict", err)
		}
		if err := complete(again); err != nil {
			t.Errorf("holder: err = %v", err)
		}
		f.due("effect") // once
	})
}

func TestALateFailureChangesNothing(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		f.enqueue(note("", "x"))
		late := f.lease()
		f.clock.Advance(time.Minute)
		f.lease()
		if err := f.giveBack(t.Context(), late, errors.New("late"), false); err != nil {
			t.Fatal(err)
		}
		if err := f.done.Put(t.Context(), []*Work{late}); err != nil {
			t.Fatal(err)
		}
		if got := f.list(Running); len(got) != 1 || got[0].Error != "" {
			t.Errorf("running = %+v, want the second attempt untouched", got)
		}
	})
}

func TestAJobThatKillsItsWorkersDies(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		f.enqueue(note("", "x"))
		for range 3 {
			f.lease()
			f.clock.Advance(time.Minute)
		}
		f.due()
		if dead := f.list(Dead); len(dead) != 1 {
			t.Errorf("dead = %+v, want the job", dead)
		}
	})
}

func TestATwinWaitsForTheRunningJob(t *testing.T) {
	tests := []struct {
		name string
		end  func(f *fixture, w *Work) error
		want []string
	}{
		{"that succeeds", func(f *fixture, w *Work) error { return f.done.Put(f.t.Context(), []*Work{w}) }, []string{"new"}},
		{"that fails: one is enough", func(f *fixture, w *Work) error {
			return f.giveBack(f.t.Context(), w, errors.New("no"), false)
		}, []string{"new"}},
		{"that dies: it is tried first", func(f *fixture, w *Work) error {
			f.clock.Advance(time.Minute)
			return nil
		}, []string{"old", "new"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			each(t, func(t *testing.T, f *fixture) {
				f.enqueue(note("k", "old"))
				w := f.lease()
				f.enqueue(note("k", "new"))
				f.due()
				if err := tt.end(f, w); err != nil {
					t.Fatal(err)
				}
				f.due(tt.want...)
				f.clock.Advance(time.Hour)
				f.due()
			})
		})
	}
}

// A job that failed is not forgotten because its twin is a timer for next year.
func TestAFailedJobHastensItsTwin(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		f.enqueue(note("k", "now"))
		w := f.lease()
		timer := note("k", "next year")
		timer.NotBefore = f.clock.Now().Add(365 * 24 * time.Hour)
		f.enqueue(timer)
		if err := f.giveBack(t.Context(), w, errors.New("no"), false); err != nil {
			t.Fatal(err)
		}
		f.clock.Advance(time.Minute)
		f.due("next year")
	})
}

func TestACanceledJobIsNotTriedAgain(t *testing.T) {
	tests := []struct {
		name string
		end  func(f *fixture, w *Work) error
	}{
		{"after it failed", func(f *fixture, w *Work) error {
			return f.giveBack(f.t.Context(), w, errors.New("no"), false)
		}},
		{"after its worker died", func(*fixture, *Work) error { return nil }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			each(t, func(t *testing.T, f *fixture) {
				f.enqueue(note("k", "x"))
				w := f.lease()
				f.do(func(ctx context.Context, tx *sqldb.Tx) error {
					_, err := Cancel(ctx, tx, "note", "t1", "k")
					return err
				})
				if err := tt.end(f, w); err != nil {
					t.Fatal(err)
				}
				f.clock.Advance(time.Hour)
				f.due()
				if n := len(f.list(Running)) + len(f.list(Pending)); n != 0 {
					t.Errorf("%d jobs are left, want none", n)
				}
			})
		})
	}
}

func TestRetryIsAConflictWhileATwinIsPending(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		f.fail = Permanent(errors.New("no"))
		f.enqueue(note("k", "x"))
		f.due("x")
		f.enqueue(note("k", "y"))
		err := f.db.Update(t.Context(), func(tx *sqldb.Tx) error { return Retry(t.Context(), tx, "t1", f.list(Dead)[0].ID) })
		if !errors.Is(err, fault.Conflict) {
			t.Errorf("err = %v, want Conflict", err)
		}
	})
}

func TestPausesGrowAndEnd(t *testing.T) {
	p := Policy{First: time.Second, Most: time.Minute}
	for tries, want := range map[int]time.Duration{1: time.Second, 3: 4 * time.Second, 10: time.Minute, 70: time.Minute} {
		t.Run(fmt.Sprint(tries), func(t *testing.T) {
			if d := p.pause(tries); d < want/2 || d > want {
				t.Errorf("pause = %v, want between %v and %v", d, want/2, want)
			}
		})
	}
}

func TestTwoHandlersForOneKindAreAMistake(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("nothing happened, want a panic")
		}
	}()
	w := New(nil, clock.System{}, Options{})
	w.Handle("a", nil, Policy{})
	w.Handle("a", nil, Policy{})
}

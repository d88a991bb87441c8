package jobs

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"entente/internal/enttest/dbtest"
	"entente/internal/kit/clock"
	"entente/internal/kit/sqldb"
)

// never is a poll that cannot be what found a job.
const never = time.Hour

// start runs a worker until stop is called, which waits for Run to return.
func start(t *testing.T, w *Worker) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- w.Run(ctx) }()
	return sync.OnceFunc(func() {
		cancel()
		if err := await(t, done); err != nil {
			t.Error(err)
		}
	})
}

func await[T any](t *testing.T, c <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(20 * time.Second):
		t.Fatal("nothing happened for 20 seconds")
	}
	return v
}

func enqueue(t *testing.T, db *sqldb.DB, all ...Job) {
	t.Helper()
	err := db.Update(t.Context(), func(tx *sqldb.Tx) error {
		for _, j := range all {
			if err := Enqueue(t.Context(), tx, j); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// stored returns how many jobs are in a state, and the tries of one of them.
func stored(t *testing.T, db *sqldb.DB, s State) (n, tries int) {
	t.Helper()
	err := db.Read(t.Context(), func(tx *sqldb.Tx) error {
		return tx.One(t.Context(), `/* all tenants: a test */ select count(*), coalesce(max(tries), 0) from job where state = ?`, []any{s}, &n, &tries)
	})
	if err != nil {
		t.Fatal(err)
	}
	return n, tries
}

func TestAWorkerIsWokenByTheCommit(t *testing.T) {
	dbtest.EachClock(t, clock.System{}, func(t *testing.T, db *sqldb.DB) {
		w := New(db, clock.System{}, Options{Poll: never})
		ran := make(chan string, 1)
		w.Handle("note", func(_ context.Context, w *Work) error { ran <- w.Key; return nil }, Policy{})
		defer start(t, w)()
		for _, key := range []string{"a", "b", "c"} {
			enqueue(t, db, note(key, ""))
			if got := await(t, ran); got != key {
				t.Errorf("ran %q, want %q", got, key)
			}
		}
	})
}

func TestMovingTheClockWakesTheWorker(t *testing.T) {
	for _, e := range dbtest.Engines {
		t.Run(string(e), func(t *testing.T) {
			clk := clock.NewMovable(0)
			db := dbtest.OpenClock(t, e, clk)
			w := New(db, clk, Options{Poll: never})
			ran := make(chan string, 1)
			w.Handle("note", func(_ context.Context, w *Work) error { ran <- w.Key; return nil }, Policy{})
			defer start(t, w)()
			timer := note("ninety days", "")
			timer.NotBefore = clk.Now().Add(90 * 24 * time.Hour)
			enqueue(t, db, timer, note("now", ""))
			if got := await(t, ran); got != "now" {
				t.Errorf("ran %q, want now", got)
			}
			clk.Advance(90 * 24 * time.Hour)
			await(t, ran)
		})
	}
}

func TestAnotherServersJobsAreFoundByPolling(t *testing.T) {
	for _, e := range dbtest.Engines {
		t.Run(string(e), func(t *testing.T) {
			url := dbtest.URL(t, e)
			here, there := dbtest.OpenURL(t, url, clock.System{}), dbtest.OpenURL(t, url, clock.System{})
			w := New(here, clock.System{}, Options{Poll: 10 * time.Millisecond})
			ran := make(chan string, 1)
			w.Handle("note", func(_ context.Context, w *Work) error { ran <- w.Key; return nil }, Policy{})
			defer start(t, w)()
			enqueue(t, there, note("from there", ""))
			await(t, ran)
		})
	}
}

func TestRunWaitsForWhatRuns(t *testing.T) {
	dbtest.EachClock(t, clock.System{}, func(t *testing.T, db *sqldb.DB) {
		w := New(db, clock.System{}, Options{Poll: never})
		begun, goOn := make(chan bool), make(chan bool)
		w.Handle("note", func(ctx context.Context, w *Work) error {
			begun <- true
			<-goOn
			return ctx.Err()
		}, Policy{})
		stop := start(t, w)
		enqueue(t, db, note("", ""))
		await(t, begun)
		time.AfterFunc(50*time.Millisecond, func() { close(goOn) })
		stop()
		if n, _ := stored(t, db, Running); n != 0 {
			t.Errorf("%d jobs are running after the end, want none", n)
		}
		if got := w.Stats(); got.Completed != 1 {
			t.Errorf("stats = %+v, want one completed", got)
		}
	})
}

func TestWhatRunsTooLongIsCutShortAndNotCounted(t *testing.T) {
	dbtest.EachClock(t, clock.System{}, func(t *testing.T, db *sqldb.DB) {
		w := New(db, clock.System{}, Options{Poll: never, Grace: time.Millisecond})
		begun := make(chan bool)
		w.Handle("note", func(ctx context.Context, w *Work) error {
			begun <- true
			<-ctx.Done()
			return ctx.Err()
		}, Policy{})
		stop := start(t, w)
		enqueue(t, db, note("", ""))
		await(t, begun)
		stop()
		if n, tries := stored(t, db, Pending); n != 1 || tries != 0 {
			t.Errorf("%d jobs are pending after %d tries, want one after none", n, tries)
		}
	})
}

func TestALongJobKeepsItsLeaseAndLearnsOfItsLoss(t *testing.T) {
	dbtest.EachClock(t, clock.System{}, func(t *testing.T, db *sqldb.DB) {
		const lease = 300 * time.Millisecond
		w := New(db, clock.System{}, Options{Poll: 10 * time.Millisecond, Lease: lease})
		attempts := make(chan int64, 10)
		ended := make(chan error, 1)
		w.Handle("note", func(ctx context.Context, w *Work) error {
			attempts <- w.Attempt
			<-ctx.Done()
			ended <- ctx.Err()
			return ctx.Err()
		}, Policy{})
		defer start(t, w)()
		enqueue(t, db, note("", ""))
		await(t, attempts)
		select {
		case <-attempts:
			t.Error("the job runs twice")
		case <-time.After(3 * lease):
		}
		err := db.Claim(t.Context(), func(tx *sqldb.Tx) error {
			_, err := tx.Exec(t.Context(), `/* all tenants: a test */ update job set attempt = 100, lease_us = 9000000000000000`)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := await(t, ended); !errors.Is(err, context.Canceled) {
			t.Errorf("err = %v, want Canceled", err)
		}
	})
}

// Two servers share three hundred jobs of twenty keys, a third of whose
// attempts fail. The effect of each is counted in the transaction that
// completes it.
func TestTwoServersShareTheWork(t *testing.T) {
	for _, e := range dbtest.Engines {
		t.Run(string(e), func(t *testing.T) {
			url := dbtest.URL(t, e)
			const keys, total = 20, 300
			var effects, attempts, wrong atomic.Int64
			var inside [keys]atomic.Int64
			build := func() (*sqldb.DB, *Worker) {
				db := dbtest.OpenURL(t, url, clock.System{})
				w := New(db, clock.System{}, Options{Poll: 5 * time.Millisecond})
				handle := func(ctx context.Context, work *Work) error {
					leave := func() {}
					if work.Key != "" {
						var k int
						fmt.Sscan(work.Key, &k)
						if inside[k].Add(1) > 1 {
							wrong.Add(1)
						}
						leave = sync.OnceFunc(func() { inside[k].Add(-1) })
						defer leave()
					}
					if attempts.Add(1)%3 == 0 {
						return errors.New("no luck")
					}
					return db.Update(ctx, func(tx *sqldb.Tx) error {
						tx.AfterCommit(func() { effects.Add(1) })
						leave() // from the commit on a twin may run
						return work.Complete(ctx, tx)
					})
				}
				w.Handle("plain", handle, Policy{Tries: 100, First: time.Millisecond, Most: 10 * time.Millisecond})
				w.Handle("keyed", handle, Policy{Tries: 100, First: time.Millisecond, Most: 10 * time.Millisecond})
				return db, w
			}
			db, one := build()
			_, two := build()
			stopOne, stopTwo := start(t, one), start(t, two)
			for i := range total {
				enqueue(t, db, Job{Kind: "plain", Tenant: "t1"}, Job{Kind: "keyed", Tenant: "t1", Key: fmt.Sprint(i % keys)})
			}
			for tick := time.NewTicker(5 * time.Millisecond); ; {
				p, _ := stored(t, db, Pending)
				if r, _ := stored(t, db, Running); p+r == 0 {
					break
				}
				await(t, tick.C)
			}
			stopOne()
			stopTwo()
			a, b := one.Stats(), two.Stats()
			if n := a.Lost + b.Lost; n != 0 {
				t.Errorf("%d jobs lay until their leases ended", n)
			}
			if wrong.Load() != 0 {
				t.Errorf("jobs of one key ran together %d times", wrong.Load())
			}
			if n := effects.Load(); n < total+keys || n > 2*total || n != a.Completed+b.Completed {
				t.Errorf("%d effects for %d and %d completed jobs, want one each", n, a.Completed, b.Completed)
			}
			if n, _ := stored(t, db, Dead); n != 0 {
				t.Errorf("%d jobs died", n)
			}
			// On SQLite the server whose commits wake it may be always first.
			if e == sqldb.PostgreSQL && (a.Completed == 0 || b.Completed == 0) {
				t.Errorf("the servers completed %d and %d, want them to share", a.Completed, b.Completed)
			}
		})
	}
}

// child is how this test's program is asked to be a server that gets killed.
const child = "ENTENTE_JOBS_CHILD"

func TestMain(m *testing.M) {
	if url := os.Getenv(child); url != "" {
		hang(url)
	}
	os.Exit(m.Run())
}

// hang runs a worker whose handler begins and never ends.
func hang(url string) {
	db, err := sqldb.Open(context.Background(), sqldb.Options{URL: url, Clock: clock.System{}, Migrations: dbtest.Migrations})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	w := New(db, clock.System{}, Options{Lease: time.Second})
	w.Handle("note", func(context.Context, *Work) error {
		fmt.Println("begun")
		select {}
	}, Policy{})
	w.Run(context.Background())
}

func TestAJobOfAKilledServerRunsElsewhere(t *testing.T) {
	for _, e := range dbtest.Engines {
		t.Run(string(e), func(t *testing.T) {
			url := dbtest.URL(t, e)
			db := dbtest.OpenURL(t, url, clock.System{})
			enqueue(t, db, note("k", "x"))
			cmd := exec.Command(os.Args[0])
			cmd.Env = append(os.Environ(), child+"="+url)
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			line, err := bufio.NewReader(out).ReadString('\n')
			cmd.Process.Kill()
			cmd.Wait()
			if line != "begun\n" {
				t.Fatalf("the server said %q, %v, want begun", line, err)
			}
			w := New(db, clock.System{}, Options{Poll: 10 * time.Millisecond})
			attempts := make(chan int64, 1)
			w.Handle("note", func(_ context.Context, w *Work) error { attempts <- w.Attempt; return nil }, Policy{})
			defer start(t, w)()
			if got := await(t, attempts); got != 2 {
				t.Errorf("attempt %d, want 2", got)
			}
		})
	}
}

package jobs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// A batch is a handler of groups that remembers them.
type batch struct {
	groups [][]string
	bad    string // the key with which a group fails
}

func (b *batch) handle(_ context.Context, group []*Work) error {
	var keys []string
	for _, w := range group {
		keys = append(keys, string(w.Tenant)+"/"+w.Key)
	}
	b.groups = append(b.groups, keys)
	if b.bad != "" && slices.Contains(keys, b.bad) {
		return errors.New("a bad one")
	}
	return nil
}

func (f *fixture) groups(tenant ids.TenantID, keys ...string) {
	f.t.Helper()
	for _, k := range keys {
		f.enqueue(Job{Kind: "many", Tenant: tenant, Key: k})
	}
}

func (f *fixture) ran(b *batch, want ...[]string) {
	f.t.Helper()
	if _, err := f.RunDue(f.t.Context()); err != nil {
		f.t.Fatal(err)
	}
	if fmt.Sprint(b.groups) != fmt.Sprint(want) {
		f.t.Errorf("ran %v, want %v", b.groups, want)
	}
	b.groups = nil
}

func TestJobsThatAreDueTogetherRunInGroupsOfOneTenant(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		b := &batch{}
		f.HandleGroup("many", 3, b.handle, Policy{})
		f.groups("t1", "a", "b")
		f.groups("t2", "x")
		f.groups("t1", "c", "d")
		f.ran(b, []string{"t1/a", "t1/b", "t1/c"}, []string{"t2/x"}, []string{"t1/d"})
		if st := f.Stats(); st.Completed != 5 || st.Failed != 0 {
			t.Errorf("%+v", st)
		}
		f.ran(b)
	})
}

func TestABadJobHoldsUpNoOther(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		b := &batch{bad: "t1/b"}
		f.HandleGroup("many", 10, b.handle, Policy{Tries: 2})
		f.groups("t1", "a", "b", "c")
		f.ran(b, []string{"t1/a", "t1/b", "t1/c"}, []string{"t1/a"}, []string{"t1/b"}, []string{"t1/c"})
		if st := f.Stats(); st.Completed != 2 || st.Failed != 1 {
			t.Errorf("%+v, want two done and one failed", st)
		}
		f.clock.Advance(time.Minute)
		f.groups("t1", "d")
		f.ran(b, []string{"t1/b"}, []string{"t1/d"}) // what failed before goes alone
		if st := f.Stats(); st.Completed != 3 || st.Died != 1 {
			t.Errorf("%+v, want three done and one dead", st)
		}
	})
}

func TestAGroupOfADeadWorkerRunsAgainOneByOne(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		b := &batch{}
		f.HandleGroup("many", 10, b.handle, Policy{})
		f.groups("t1", "a", "b")
		dead := New(f.db, f.clock, Options{})
		dead.HandleGroup("many", 10, b.handle, Policy{})
		held, _, err := dead.next(t.Context(), 1)
		if err != nil || len(held) != 1 || len(held[0]) != 2 {
			t.Fatalf("leased %v, %v", held, err)
		}
		f.ran(b) // leased
		f.clock.Advance(time.Minute)
		f.ran(b, []string{"t1/a"}, []string{"t1/b"})
		// Its end comes too late: nothing of it is stored.
		if err := f.db.Update(t.Context(), func(tx *sqldb.Tx) error { return held[0][1].Complete(t.Context(), tx) }); err == nil {
			t.Error("a lost job was completed")
		}
	})
}

// While a group runs, others of its tenant and kind wait for the next one, and
// those of other tenants do not.
func TestOneGroupOfATenantRunsAtATime(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		began, end := make(chan string, 10), make(chan struct{})
		var mu sync.Mutex
		running := map[ids.TenantID]int{}
		f.HandleGroup("many", 10, func(_ context.Context, group []*Work) error {
			mu.Lock()
			running[group[0].Tenant]++
			if running[group[0].Tenant] > 1 {
				t.Errorf("two groups of %s run", group[0].Tenant)
			}
			mu.Unlock()
			began <- fmt.Sprint(group[0].Tenant, len(group))
			<-end
			mu.Lock()
			running[group[0].Tenant]--
			mu.Unlock()
			return nil
		}, Policy{})
		stop := start(t, f.Worker)
		defer stop()
		f.groups("t1", "a")
		if got := await(t, began); got != "t11" {
			t.Fatalf("%s began", got)
		}
		enqueue(t, f.db, Job{Kind: "many", Tenant: "t1", Key: "b"}, Job{Kind: "many", Tenant: "t1", Key: "c"}, Job{Kind: "many", Tenant: "t2", Key: "x"})
		if got := await(t, began); got != "t21" {
			t.Fatalf("%s began", got)
		}
		close(end)
		if got := await(t, began); got != "t12" {
			t.Fatalf("%s began", got)
		}
	})
}

// What is due of a busy circle lies in nobody's way for good, however much it is, and
// its own next group waits for no look from the start.
func TestABusyTenantsBacklogHidesNobodysJobs(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		began, end := make(chan string, 10), make(chan struct{})
		f.HandleGroup("many", 10, func(_ context.Context, group []*Work) error {
			began <- fmt.Sprint(group[0].Tenant, len(group))
			if group[0].Tenant == "t1" {
				<-end
			}
			return nil
		}, Policy{})
		f.far = 100
		all := make([]Job, 250)
		for i := range all {
			all[i] = Job{Kind: "many", Tenant: "t1", Key: fmt.Sprint(i)}
		}
		all = append(all, Job{Kind: "many", Tenant: "t2", Key: "x"})
		if err := f.db.Update(t.Context(), func(tx *sqldb.Tx) error { return EnqueueAll(t.Context(), tx, all) }); err != nil {
			t.Fatal(err)
		}
		defer start(t, f.Worker)()
		defer close(end)
		for _, want := range []string{"t110", "t21"} {
			if got := await(t, began); got != want {
				t.Fatalf("%s began, want %s", got, want)
			}
		}
		for range 5 {
			end <- struct{}{}
			if got := await(t, began); got != "t110" {
				t.Fatalf("%s began, want the next ten of t1", got)
			}
		}
	})
}

// Two tenants whose jobs are more than enough for all there is to run them keep out
// nobody who is behind them.
func TestTwoBacklogsKeepOutNobody(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		w := New(f.db, f.clock, Options{Parallel: 2})
		w.far = 20
		began, next := make(chan string, 100), make(chan struct{})
		w.HandleGroup("many", 10, func(_ context.Context, group []*Work) error {
			began <- string(group[0].Tenant)
			<-next
			return nil
		}, Policy{})
		var all []Job
		for _, tenant := range []ids.TenantID{"t1", "t2"} {
			for i := range 300 {
				all = append(all, Job{Kind: "many", Tenant: tenant, Key: fmt.Sprint(i)})
			}
		}
		all = append(all, Job{Kind: "many", Tenant: "t3", Key: "x"})
		if err := f.db.Update(t.Context(), func(tx *sqldb.Tx) error { return EnqueueAll(t.Context(), tx, all) }); err != nil {
			t.Fatal(err)
		}
		defer start(t, w)()
		defer close(next)
		for n := 1; await(t, began) != "t3"; n++ {
			if n == 60 {
				t.Fatal("everything else ran first")
			}
			if n >= 2 {
				next <- struct{}{}
			}
		}
	})
}

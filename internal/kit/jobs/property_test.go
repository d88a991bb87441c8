package jobs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"entente/internal/enttest/dbtest"
	"entente/internal/kit/clock"
	"entente/internal/kit/fault"
	"entente/internal/kit/sqldb"
)

// Whatever happens in whatever order: what was enqueued and not taken back runs
// to its end after it was enqueued, one at a time per key, and only the holder
// of a lease completes a job.
func TestNoJobIsLostOrDoubled(t *testing.T) {
	for _, e := range dbtest.Engines {
		t.Run(string(e), func(t *testing.T) {
			clk := clock.NewFake(dbtest.Noon)
			db := dbtest.OpenClock(t, e, clk)
			rapid.Check(t, func(r *rapid.T) {
				m := &model{t: r, ctx: t.Context(), db: db, clock: clk, owed: map[string]int{}}
				m.begin()
				r.Repeat(map[string]func(*rapid.T){
					"enqueue": m.enqueue, "cancel": m.cancel, "lease": m.lease, "complete": m.complete,
					"fail": m.fail, "wait": m.wait, "": m.check,
				})
				m.finish()
			})
		})
	}
}

// A model knows what the jobs should do.
type model struct {
	t     *rapid.T
	ctx   context.Context
	db    *sqldb.DB
	clock *clock.Fake
	w     *Worker
	step  int
	owed  map[string]int // key → step since which an attempt must begin and succeed
	held  []*hold
}

// A hold is an attempt that somebody works on, or believes so.
type hold struct {
	*Work
	begun int
	until time.Time
}

func (m *model) begin() {
	m.update(func(tx *sqldb.Tx) error {
		_, err := tx.Exec(m.ctx, `/* all tenants: a test */ delete from job`)
		return err
	})
	m.w = New(m.db, m.clock, Options{})
	m.w.far = 1
	m.w.Handle("k", func(context.Context, *Work) error { return nil }, Policy{Tries: 1000})
}

func (m *model) update(work func(tx *sqldb.Tx) error) {
	if err := m.db.Update(m.ctx, work); err != nil {
		m.t.Fatal(err)
	}
}

func (m *model) key(t *rapid.T) string { return rapid.SampledFrom([]string{"a", "b"}).Draw(t, "key") }

func (m *model) enqueue(t *rapid.T) {
	key := m.key(t)
	later := time.Duration(rapid.IntRange(0, 2).Draw(t, "minutes")) * time.Minute
	m.update(func(tx *sqldb.Tx) error {
		return Enqueue(m.ctx, tx, Job{Kind: "k", Tenant: "t", Key: key, NotBefore: tx.Now().Add(later)})
	})
	m.step++
	m.owed[key] = m.step
}

func (m *model) cancel(t *rapid.T) {
	key := m.key(t)
	m.update(func(tx *sqldb.Tx) error {
		_, err := Cancel(m.ctx, tx, "k", "t", key)
		return err
	})
	delete(m.owed, key)
}

func (m *model) lease(t *rapid.T) {
	works, _, err := m.w.next(m.ctx, rapid.IntRange(1, 3).Draw(t, "most"))
	if err != nil {
		t.Fatal(err)
	}
	m.step++
	for _, w := range slices.Concat(works...) {
		for _, h := range m.held {
			if h.Key == w.Key && h.until.After(m.clock.Wall()) {
				t.Fatalf("key %s runs twice", w.Key)
			}
		}
		m.held = append(m.held, &hold{w, m.step, m.clock.Wall().Add(time.Minute)})
	}
}

// pick takes one of the holds away.
func (m *model) pick(t *rapid.T) *hold {
	if len(m.held) == 0 {
		t.Skip("nobody works")
	}
	i := rapid.IntRange(0, len(m.held)-1).Draw(t, "hold")
	h := m.held[i]
	m.held = append(m.held[:i:i], m.held[i+1:]...)
	return h
}

// superseded reports whether another attempt at the same job was begun.
func (m *model) superseded(h *hold) bool {
	var n int64
	err := m.db.Read(m.ctx, func(tx *sqldb.Tx) error {
		return tx.One(m.ctx, `select attempt from job where tenant_id = ? and id = ?`, []any{"t", h.ID}, &n)
	})
	if err != nil && !errors.Is(err, fault.NotFound) {
		m.t.Fatal(err)
	}
	return err != nil || n != h.Attempt
}

func (m *model) complete(t *rapid.T) {
	h := m.pick(t)
	late := m.superseded(h)
	err := m.db.Update(m.ctx, func(tx *sqldb.Tx) error { return h.Complete(m.ctx, tx) })
	if late != errors.Is(err, fault.Conflict) || !late && err != nil {
		t.Fatalf("superseded = %v, err = %v", late, err)
	}
	if err == nil && h.begun > m.owed[h.Key] {
		delete(m.owed, h.Key)
	}
}

func (m *model) fail(t *rapid.T) {
	if err := m.w.giveBack(m.ctx, m.pick(t).Work, errors.New("no"), false); err != nil {
		t.Fatal(err)
	}
}

func (m *model) wait(t *rapid.T) {
	m.clock.Advance(time.Duration(rapid.IntRange(1, 90).Draw(t, "seconds")) * time.Second)
}

// check holds after every step.
func (m *model) check(t *rapid.T) {
	err := m.db.Read(m.ctx, func(tx *sqldb.Tx) error {
		return tx.Each(m.ctx, `select job_key, state, count(*) from job where tenant_id = ? group by job_key, state`, []any{"t"},
			func(scan func(...any) error) error {
				var key, state string
				var n int
				if err := scan(&key, &state, &n); err != nil {
					return err
				}
				if n > 1 {
					return fmt.Errorf("%d jobs of key %s are %s", n, key, state)
				}
				return nil
			})
	})
	if err != nil {
		t.Fatal(err)
	}
}

// finish lets everything end: the workers that hold jobs die, and another one
// succeeds at all that is left.
func (m *model) finish() {
	last := New(m.db, m.clock, Options{})
	last.far = 1
	ran := map[string]bool{}
	last.Handle("k", func(_ context.Context, w *Work) error { ran[w.Key] = true; return nil }, Policy{Tries: 1000})
	for range 4 {
		m.clock.Advance(2 * time.Hour)
		if _, err := last.RunDue(m.ctx); err != nil {
			m.t.Fatal(err)
		}
	}
	for key := range m.owed {
		if !ran[key] {
			m.t.Fatalf("the job of key %s was lost", key)
		}
	}
	if b := m.left(); b != 0 {
		m.t.Fatalf("%d jobs are left", b)
	}
}

func (m *model) left() (n int) {
	err := m.db.Read(m.ctx, func(tx *sqldb.Tx) error {
		return tx.One(m.ctx, `select count(*) from job where tenant_id = ?`, []any{"t"}, &n)
	})
	if err != nil {
		m.t.Fatal(err)
	}
	return n
}

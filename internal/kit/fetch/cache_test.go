package fetch

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"entente/internal/kit/clock"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

var errAway = errors.New("away")

// A source counts its loads and fails while it is down.
type source struct {
	loads atomic.Int64
	down  atomic.Bool
}

func (s *source) load(context.Context, string) (int64, error) {
	n := s.loads.Add(1)
	if s.down.Load() {
		return 0, errAway
	}
	return n, nil
}

func TestCacheAges(t *testing.T) {
	type step struct {
		name  string
		pass  time.Duration
		down  bool
		renew bool
		want  int64 // the number of the load that is served; 0: an error
		loads int64
	}
	tests := []struct {
		name  string
		steps []step
	}{
		{"a fresh value is served without a load", []step{
			{name: "first", want: 1, loads: 1},
			{name: "at once", want: 1, loads: 1},
			{name: "almost stale", pass: 6*time.Hour - 1, want: 1, loads: 1},
			{name: "stale", pass: 1, want: 2, loads: 2},
		}},
		{"an unknown key costs one load per least age", []step{
			{name: "first", want: 1, loads: 1},
			{name: "unknown key at once", renew: true, want: 1, loads: 1},
			{name: "later", pass: 30 * time.Second, renew: true, want: 2, loads: 2},
			{name: "again at once", renew: true, want: 2, loads: 2},
			{name: "while the source is down", pass: 30 * time.Second, down: true, renew: true, want: 2, loads: 3},
			{name: "and at once again", down: true, renew: true, want: 2, loads: 3},
		}},
		{"a failure is remembered briefly", []step{
			{name: "first", down: true, loads: 1},
			{name: "at once", loads: 1},
			{name: "later", pass: 10 * time.Second, want: 2, loads: 2},
		}},
		{"what cannot be renewed is served until its greatest age", []step{
			{name: "first", want: 1, loads: 1},
			{name: "stale and down", pass: 6 * time.Hour, down: true, want: 1, loads: 2},
			{name: "down still", pass: 29 * time.Second, down: true, want: 1, loads: 2},
			{name: "almost too old", pass: 17 * time.Hour, down: true, want: 1, loads: 3},
			{name: "too old", pass: time.Hour, down: true, loads: 4},
			{name: "back", pass: 30 * time.Second, want: 5, loads: 5},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			clk, src := clock.NewFake(noon), new(source)
			c := NewCache(clk, Ages{}, time.Second, src.load)
			for _, s := range tt.steps {
				clk.Advance(s.pass)
				src.down.Store(s.down)
				ask := c.Get
				if s.renew {
					ask = c.Renew
				}
				got, err := ask(t.Context(), "a")
				if got != s.want || (err != nil) != (s.want == 0) || src.loads.Load() != s.loads {
					t.Fatalf("%s: got load %d, %v after %d loads, want load %d after %d", s.name, got, err, src.loads.Load(), s.want, s.loads)
				}
			}
		})
	}
}

func TestCacheLoadsOnceForManyCallers(t *testing.T) {
	var loads atomic.Int64
	begun, end := make(chan struct{}), make(chan struct{})
	c := NewCache(clock.NewFake(noon), Ages{}, time.Minute, func(_ context.Context, src string) (string, error) {
		if src == "slow" {
			loads.Add(1)
			close(begun)
			<-end
		}
		return src, nil
	})
	impatient, cancel := context.WithCancel(t.Context())
	var left, wg sync.WaitGroup
	left.Go(func() {
		if _, err := c.Get(impatient, "slow"); !errors.Is(err, TimedOut) {
			t.Errorf("who does not wait: err = %v, want %v", err, TimedOut)
		}
	})
	<-begun
	for range 10 {
		wg.Go(func() {
			if got, err := c.Get(t.Context(), "slow"); got != "slow" || err != nil {
				t.Errorf("got %q, %v, want slow", got, err)
			}
		})
	}
	if got, err := c.Get(t.Context(), "quick"); got != "quick" || err != nil {
		t.Errorf("another source waits: got %q, %v", got, err)
	}
	cancel()
	left.Wait()
	close(end)
	wg.Wait()
	if n := loads.Load(); n != 1 {
		t.Errorf("%d loads, want 1", n)
	}
}

func TestCacheSurvivesPanic(t *testing.T) {
	c := NewCache(clock.NewFake(noon), Ages{}, time.Second, func(context.Context, string) (int, error) { panic("bad document") })
	if _, err := c.Get(t.Context(), "a"); err == nil {
		t.Error("err = nil, want the panic's text")
	}
}

func TestCacheIsBounded(t *testing.T) {
	c := NewCache(clock.NewFake(noon), Ages{Entries: 10}, time.Second, func(_ context.Context, s string) (string, error) { return s, nil })
	for i := range 1000 {
		if _, err := c.Get(t.Context(), string(rune('a'+i))); err != nil {
			t.Fatal(err)
		}
	}
	c.entries.CleanUp()
	if n := c.entries.EstimatedSize(); n > 10 {
		t.Errorf("%d entries, want at most 10", n)
	}
}

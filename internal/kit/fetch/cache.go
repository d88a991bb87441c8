package fetch

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/maypok86/otter/v2"

	"entente/internal/kit/clock"
	"entente/internal/kit/fault"
)

// Ages says how long a cache keeps what it holds. A zero value takes the
// default beside it.
type Ages struct {
	Least    time.Duration // between two loads of one source, whoever asks; 30 s
	Failure  time.Duration // for which a failure is remembered when there is nothing to serve; 10 s
	Fresh    time.Duration // after which a value is loaded anew before it is served; 6 h
	Greatest time.Duration // after which a value is not served, even if it cannot be loaded anew; 24 h
	Entries  int           // kept at most; 10,000
}

// A Cache holds one value per source, such as the keys of an issuer. Loads of
// one source never run twice at a time, and sources do not wait for each other.
type Cache[T any] struct {
	clk     clock.Clock
	ages    Ages
	load    func(ctx context.Context, source string) (T, error)
	timeout time.Duration
	entries *otter.Cache[string, *entry[T]]
}

// An entry is what is known of one source.
type entry[T any] struct {
	mu      sync.Mutex
	value   T
	loaded  time.Time     // of value; zero while there is none
	tried   time.Time     // of the last load, whatever came of it
	err     error         // of the last load
	loading chan struct{} // closed when the load under way ends; nil when none is
}

// NewCache returns a cache whose values come from load. A load gets a context
// of its own that ends after timeout: it outlives the request that caused it,
// because others wait for it too.
func NewCache[T any](clk clock.Clock, ages Ages, timeout time.Duration, load func(ctx context.Context, source string) (T, error)) *Cache[T] {
	ages.Least = orDefault(ages.Least, 30*time.Second)
	ages.Failure = orDefault(ages.Failure, 10*time.Second)
	ages.Fresh = orDefault(ages.Fresh, 6*time.Hour)
	ages.Greatest = orDefault(ages.Greatest, 24*time.Hour)
	ages.Entries = orDefault(ages.Entries, 10_000)
	return &Cache[T]{
		clk:     clk,
		ages:    ages,
		load:    load,
		timeout: timeout,
		entries: otter.Must(&otter.Options[string, *entry[T]]{MaximumSize: ages.Entries}),
	}
}

// Get returns the value of source: the one at hand while it is fresh, else a
// newly loaded one, else, when loading fails, the one at hand until it has
// reached its greatest age.
func (c *Cache[T]) Get(ctx context.Context, source string) (T, error) {
	return c.get(ctx, source, c.ages.Fresh)
}

// Renew is Get for a caller whom the value at hand did not help, because a key
// it needs is missing. The value is loaded anew if it is older than the least
// age, so that a stream of unknown keys costs one request per least age.
func (c *Cache[T]) Renew(ctx context.Context, source string) (T, error) {
	return c.get(ctx, source, c.ages.Least)
}

func (c *Cache[T]) get(ctx context.Context, source string, fresh time.Duration) (T, error) {
	e, _ := c.entries.ComputeIfAbsent(source, func() (*entry[T], bool) { return new(entry[T]), false })
	wait := c.begin(e, source, fresh)
	if wait != nil {
		select {
		case <-wait:
		case <-ctx.Done():
			var none T
			return none, fault.Because(fault.Unavailable, TimedOut, "The server did not answer in time.").Wrap(ctx.Err())
		}
	}
	return c.serve(e)
}

// begin starts a load if one is due, and returns what to wait for, or nil when
// the entry can be served as it is.
func (c *Cache[T]) begin(e *entry[T], source string, fresh time.Duration) <-chan struct{} {
	e.mu.Lock()
	defer e.mu.Unlock()
	now := c.clk.Wall()
	switch {
	case !e.loaded.IsZero() && now.Sub(e.loaded) < fresh:
		return nil
	case e.loading != nil:
		return e.loading
	case !e.tried.IsZero() && now.Sub(e.tried) < c.pause(e):
		return nil
	}
	e.tried = now
	e.loading = make(chan struct{})
	go c.run(e, source)
	return e.loading
}

// pause is the least time between two loads of one source.
func (c *Cache[T]) pause(e *entry[T]) time.Duration {
	if e.loaded.IsZero() {
		return c.ages.Failure
	}
	return c.ages.Least
}

func (c *Cache[T]) run(e *entry[T], source string) {
	ctx, cancel := context.WithTimeout(context.Background(), c.timeout)
	defer cancel()
	value, err := c.loadSafely(ctx, source)
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.err = err; err == nil {
		e.value, e.loaded = value, c.clk.Wall()
	}
	close(e.loading)
	e.loading = nil
}

// loadSafely turns a panic into an error: a document from outside must not end
// the process through a goroutine that nobody guards.
func (c *Cache[T]) loadSafely(ctx context.Context, source string) (value T, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic while loading: %v\n%s", p, debug.Stack())
		}
	}()
	return c.load(ctx, source)
}

// serve returns what the entry holds now, unless it is too old.
func (c *Cache[T]) serve(e *entry[T]) (T, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.loaded.IsZero() && c.clk.Wall().Sub(e.loaded) < c.ages.Greatest {
		return e.value, nil
	}
	var none T
	if e.err == nil {
		return none, fault.Because(fault.Unavailable, Unreachable, "What the server published is too old.")
	}
	return none, e.err
}

// Cached returns the value of source if it is at hand and fresh. It never
// waits and never loads.
func (c *Cache[T]) Cached(source string) (value T, ok bool) {
	e, found := c.entries.GetIfPresent(source)
	if !found {
		return value, false
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.loaded.IsZero() || c.clk.Wall().Sub(e.loaded) >= c.ages.Fresh {
		return value, false
	}
	return e.value, true
}

package sqldb

import (
	"context"
	"errors"
	"sync"

	"entente/internal/kit/fault"
)

// maxCrowd is how many entries share one transaction at most.
const maxCrowd = 500

// A Crowd stores entries that come in crowds: those that arrive while one
// transaction commits share the next one, so nobody waits for a timer and a
// hundred callers pay for one commit. On SQLite a crowd goes before other
// writers.
type Crowd[T any] struct {
	db    *DB
	store func(context.Context, *Tx, []T) error

	mu      sync.Mutex
	queue   []*entry[T]
	running bool
	closed  bool
	idle    sync.Cond
}

// An entry waits to be stored; done receives the outcome once.
type entry[T any] struct {
	value T
	done  chan error
}

// NewCrowd returns a crowd whose entries are stored by write, in a read
// committed transaction. write gets the entries in the order of their arrival
// and may be called again for the same entries, alone or together.
func NewCrowd[T any](db *DB, write func(ctx context.Context, tx *Tx, entries []T) error) *Crowd[T] {
	c := &Crowd[T]{db: db, store: write}
	c.idle.L = &c.mu
	return c
}

// Put stores an entry and returns when it is committed. If ctx ends first, Put
// returns its error, and the entry may still be stored.
func (c *Crowd[T]) Put(ctx context.Context, value T) error {
	if ctx.Err() != nil {
		return canceled(ctx)
	}
	e := &entry[T]{value, make(chan error, 1)}
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return fault.New(fault.Unavailable, "The server is stopping. Try again.")
	}
	c.queue = append(c.queue, e)
	if !c.running {
		c.running = true
		go c.drain()
	}
	c.mu.Unlock()
	select {
	case err := <-e.done:
		return err
	case <-ctx.Done():
		return canceled(ctx)
	}
}

// Close waits until what was put is stored; later entries are refused.
func (c *Crowd[T]) Close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	for c.running {
		c.idle.Wait()
	}
}

// drain stores groups until nobody waits.
func (c *Crowd[T]) drain() {
	for {
		c.mu.Lock()
		n := min(len(c.queue), maxCrowd)
		group := c.queue[:n:n]
		c.queue = c.queue[n:]
		if n == 0 {
			c.queue, c.running = nil, false
			c.idle.Broadcast()
			c.mu.Unlock()
			return
		}
		c.mu.Unlock()
		c.storeGroup(group)
	}
}

// storeGroup stores entries together, or each alone if together they fail, so
// that a bad entry hurts nobody else. A store that is away is not asked again
// for each of them.
func (c *Crowd[T]) storeGroup(group []*entry[T]) {
	err := c.commit(group)
	if err == nil || len(group) == 1 || errors.Is(err, fault.Unavailable) {
		for _, e := range group {
			e.done <- err
		}
		return
	}
	for _, e := range group {
		e.done <- c.commit([]*entry[T]{e})
	}
}

// commit stores entries in one transaction. It is no caller's own, so no
// caller's context ends it, and a panic of write is an error of its entries.
func (c *Crowd[T]) commit(group []*entry[T]) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fault.New(fault.Internal, "An entry could not be stored.").Wrap(panicked(p))
		}
	}()
	values := make([]T, len(group))
	for i, e := range group {
		values[i] = e.value
	}
	ctx := context.Background()
	err = c.db.write(ctx, claiming, true, func(tx *Tx) error { return c.store(ctx, tx, values) })
	if err == nil {
		c.db.stats.crowds.Add(1)
		c.db.stats.crowded.Add(int64(len(group)))
	}
	return err
}

// Package clock is the only source of time in entente.
//
// A clock has two faces. Now is the time of the tenants' story: what is
// stored, what expires, what a policy speaks of; the lab can move it. Wall is
// the time of the machine, for TLS, assertions from outside, caches, leases
// and rate limits; nobody can move it.
package clock

import (
	"sync"
	"time"
)

// A Clock tells the time. All times are UTC with microsecond precision, which
// is what the store keeps.
type Clock interface {
	Now() time.Time  // the story's time
	Wall() time.Time // the machine's time
	// Moved returns a channel that is closed when Now next jumps.
	Moved() <-chan struct{}
}

// System is the clock of a server that nobody may move.
type System struct{}

// Now returns the machine's time.
func (System) Now() time.Time { return wall() }

// Wall returns the machine's time.
func (System) Wall() time.Time { return wall() }

// Moved returns a channel that is never closed.
func (System) Moved() <-chan struct{} { return nil }

func wall() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

// Movable is the machine's time plus an offset that can be moved forward. The
// lab uses it.
type Movable struct {
	mu     sync.Mutex
	offset time.Duration
	moved  chan struct{}
}

// NewMovable returns a clock that is ahead of the machine by offset.
func NewMovable(offset time.Duration) *Movable {
	return &Movable{offset: offset, moved: make(chan struct{})}
}

// Now returns the machine's time plus the offset.
func (m *Movable) Now() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return wall().Add(m.offset)
}

// Wall returns the machine's time.
func (m *Movable) Wall() time.Time { return wall() }

// Offset returns how far Now is ahead of Wall.
func (m *Movable) Offset() time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.offset
}

// Advance moves Now forward by d and wakes whoever waits for Moved.
func (m *Movable) Advance(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.offset += d
	close(m.moved)
	m.moved = make(chan struct{})
}

// Moved returns a channel that is closed by the next Advance.
func (m *Movable) Moved() <-chan struct{} {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.moved
}

// Watch begins to measure, and returns what tells how long ago that was. It is for
// how long work takes, which is no time of a story's.
func Watch() func() time.Duration {
	began := time.Now()
	return func() time.Duration { return time.Since(began) }
}

// Fake is a clock for tests. It stands still until it is told to move, and
// moves both faces.
type Fake struct {
	mu    sync.Mutex
	now   time.Time
	moved chan struct{}
}

// NewFake returns a fake clock that shows t.
func NewFake(t time.Time) *Fake {
	return &Fake{now: t.UTC().Truncate(time.Microsecond), moved: make(chan struct{})}
}

// Now returns the time the clock was last set to.
func (f *Fake) Now() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now
}

// Wall returns the same as Now.
func (f *Fake) Wall() time.Time { return f.Now() }

// Advance moves both faces forward by d.
func (f *Fake) Advance(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now = f.now.Add(d)
	close(f.moved)
	f.moved = make(chan struct{})
}

// Moved returns a channel that is closed by the next Advance.
func (f *Fake) Moved() <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.moved
}

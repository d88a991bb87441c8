package sqldb

import (
	"context"
	"sync"
)

// A turnstile lets one transaction pass at a time, urgent ones first, in the
// order of arrival otherwise.
type turnstile struct {
	mu      sync.Mutex
	busy    bool
	waiting [2][]chan struct{} // urgent, ordinary
}

// enter waits for the turn of the caller, or until ctx ends. A turn that comes just
// as ctx ends is the caller's still.
func (t *turnstile) enter(ctx context.Context, urgent bool) error {
	t.mu.Lock()
	if !t.busy {
		t.busy = true
		t.mu.Unlock()
		return nil
	}
	lane := 1
	if urgent {
		lane = 0
	}
	turn := make(chan struct{})
	t.waiting[lane] = append(t.waiting[lane], turn)
	t.mu.Unlock()
	select {
	case <-turn:
		return nil
	case <-ctx.Done():
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for i, w := range t.waiting[lane] {
		if w == turn {
			t.waiting[lane] = append(t.waiting[lane][:i:i], t.waiting[lane][i+1:]...)
			return ctx.Err()
		}
	}
	return nil
}

// leave hands the turn to the next who waits.
func (t *turnstile) leave() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.next() {
		t.busy = false
	}
}

// pass does so if anybody waits; otherwise the turn stays with the caller.
func (t *turnstile) pass() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.next()
}

func (t *turnstile) next() bool {
	for lane := range t.waiting {
		if w := t.waiting[lane]; len(w) > 0 {
			t.waiting[lane] = w[1:]
			close(w[0])
			return true
		}
	}
	return false
}

package fetch

import (
	"context"
	"sync"
)

// A turnstile lets a bounded number of requests per host through. A host
// without requests takes no memory.
type turnstile struct {
	width int
	mu    sync.Mutex
	lanes map[string]*lane
}

type lane struct {
	slots chan struct{}
	users int // requests inside or waiting
}

func newTurnstile(width int) *turnstile {
	return &turnstile{width: width, lanes: make(map[string]*lane)}
}

// enter waits for a place at host, at most until ctx ends, and returns the
// function that gives the place back.
func (t *turnstile) enter(ctx context.Context, host string) (leave func(), err error) {
	host = fold(host)
	l := t.join(host)
	select {
	case l.slots <- struct{}{}:
		return func() { <-l.slots; t.quit(host, l) }, nil
	case <-ctx.Done():
		t.quit(host, l)
		return nil, ctx.Err()
	}
}

func (t *turnstile) join(host string) *lane {
	t.mu.Lock()
	defer t.mu.Unlock()
	l := t.lanes[host]
	if l == nil {
		l = &lane{slots: make(chan struct{}, t.width)}
		t.lanes[host] = l
	}
	l.users++
	return l
}

func (t *turnstile) quit(host string, l *lane) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if l.users--; l.users == 0 {
		delete(t.lanes, host)
	}
}

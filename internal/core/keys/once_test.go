package keys

import (
	"context"
	"errors"
	"testing"

	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
)

// TestOncePanics: who waited is refused, and the next caller starts anew.
func TestOncePanics(t *testing.T) {
	s := &Service{making: make(map[ids.TenantID]*making)}
	tenant := ids.New[ids.TenantID]()
	begun, release, panicked := make(chan bool), make(chan bool), make(chan any)
	go func() {
		defer func() { panicked <- recover() }()
		s.once(t.Context(), tenant, func(context.Context) error {
			close(begun)
			<-release
			panic("out of luck")
		})
	}()
	<-begun
	waited := make(chan error)
	go func() {
		waited <- s.once(t.Context(), tenant, func(context.Context) error { return nil })
	}()
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.once(gone, tenant, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("a caller who gave up: err = %v", err)
	}
	close(release)
	if got := <-panicked; got != "out of luck" {
		t.Errorf("recovered %v", got)
	}
	if err := <-waited; err != nil && !errors.Is(err, fault.Unavailable) { // nil for one that came too late to wait
		t.Errorf("who waited: err = %v", err)
	}
	if err := s.once(t.Context(), tenant, func(context.Context) error { return nil }); err != nil || len(s.making) != 0 {
		t.Errorf("the next caller: %v, with %d under way", err, len(s.making))
	}
}

// TestFewAtATime: a key waits until few enough others are being made, as long
// as its caller does.
func TestFewAtATime(t *testing.T) {
	s := &Service{slots: make(chan struct{}, 1)}
	s.slots <- struct{}{}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.generate(gone, noon); !errors.Is(err, context.Canceled) {
		t.Errorf("err = %v, want it to wait", err)
	}
	<-s.slots
	if m, err := s.generate(t.Context(), noon); err != nil || m.id == "" || len(s.slots) != 0 {
		t.Errorf("got %v, %v, with %d being made", m, err, len(s.slots))
	}
}

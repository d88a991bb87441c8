package keys

import (
	"context"
	"time"

	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
)

// A making is the first key of a tenant under way.
type making struct {
	done chan struct{}
	err  error
}

// once has run run for a tenant by one caller at a time; the others wait for
// that run and share its outcome. A key costs a tenth of a second of one core,
// and a tenant's first burst of requests should cost it once. Two replicas may
// still both make one: the store keeps the first.
func (s *Service) once(ctx context.Context, tenant ids.TenantID, run func(context.Context) error) error {
	s.mu.Lock()
	m, running := s.making[tenant]
	if !running {
		m = &making{done: make(chan struct{})}
		s.making[tenant] = m
	}
	s.mu.Unlock()
	if !running {
		s.runFor(ctx, tenant, m, run)
	}
	select {
	case <-m.done:
		return m.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// runFor does the run for which others wait: it does not end with the caller's
// request. Should it panic, the caller does, the others are told, and whoever
// comes next starts anew.
func (s *Service) runFor(ctx context.Context, tenant ids.TenantID, m *making, run func(context.Context) error) {
	m.err = fault.New(fault.Unavailable, "The tenant's signing key could not be made.")
	defer func() {
		s.mu.Lock()
		delete(s.making, tenant)
		s.mu.Unlock()
		close(m.done)
	}()
	m.err = run(context.WithoutCancel(ctx))
}

// generate makes a key as soon as few enough others are being made: what many
// tenants start at once shall leave the machine time for everything else.
func (s *Service) generate(ctx context.Context, now time.Time) (*made, error) {
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
		return newKey(now)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

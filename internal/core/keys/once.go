package keys

import (
	"context"

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
		// Others wait for this run: it does not end with the caller's request.
		m.err = run(context.WithoutCancel(ctx))
		s.mu.Lock()
		delete(s.making, tenant)
		s.mu.Unlock()
		close(m.done)
	}
	select {
	case <-m.done:
		return m.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

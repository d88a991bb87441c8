package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"entente/internal/core/tenant"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
	"entente/internal/kit/web"
)

// Run serves until ctx ends, and then ends gracefully: it says on /readyz that
// it goes, stops accepting, and lets requests and leased jobs finish within the
// setting drain. It may be called once, and Close after it.
func (s *Server) Run(ctx context.Context) error {
	public, err := s.listen()
	if err != nil {
		return err
	}
	servers := []*http.Server{web.NewServer(s.Handler(), s.log)}
	listeners := []net.Listener{tls.NewListener(public, s.tls)}
	if s.config.Metrics != "" {
		l, err := net.Listen("tcp", s.config.Metrics)
		if err != nil {
			return errors.Join(fmt.Errorf("metrics: %w", err), public.Close())
		}
		servers, listeners = append(servers, web.NewServer(s.operations(), s.log)), append(listeners, l)
		s.log.Info("operations listener", "address", l.Addr().String())
	}
	work, endWork := context.WithCancel(context.WithoutCancel(ctx))
	defer endWork()
	worked := make(chan error, 1)
	go func() { worked <- s.work(work) }()
	ended := make(chan error, len(servers))
	for i, srv := range servers {
		go func() { ended <- srv.Serve(listeners[i]) }()
	}
	s.log.Info("serving", "name", s.config.Name, "address", public.Addr().String())
	s.greet(ctx)
	tried := make(chan struct{})
	go func() { defer close(tried); s.tryMail(work) }()
	s.serving.Store(true)
	select {
	case <-ctx.Done():
	case err = <-ended:
	}
	s.serving.Store(false)
	defer func() { <-tried }()
	return errors.Join(ignoreClosed(err), s.drain(ctx, servers, endWork, worked))
}

// greet tells the operator of a fresh installation what comes next.
func (s *Server) greet(ctx context.Context) {
	var any []ids.TenantID
	err := s.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		any, err = tenant.All(ctx, tx, "", 1)
		return err
	})
	if err == nil && len(any) == 0 && s.options.Mark == Serve {
		s.log.Info("there is no tenant yet: make the first one with `entente tenant create` and the same settings; `entente help tenant create` says how")
	}
}

// listen opens the public door, unless whoever built the server has.
func (s *Server) listen() (net.Listener, error) {
	if s.listener != nil {
		return s.listener, nil
	}
	l, err := net.Listen("tcp", s.config.Address())
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	return l, nil
}

// drain lets requests end first, because they may leave jobs behind, and the
// workers after them.
func (s *Server) drain(ctx context.Context, servers []*http.Server, endWork func(), worked <-chan error) error {
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.config.Drain)
	defer cancel()
	var errs []error
	for _, srv := range servers {
		if err := srv.Shutdown(bounded); err != nil {
			errs = append(errs, fmt.Errorf("requests did not end within %s: %w", s.config.Drain, err), srv.Close())
		}
	}
	endWork()
	select {
	case err := <-worked:
		if !errors.Is(err, context.Canceled) {
			errs = append(errs, err)
		}
	case <-bounded.Done():
		errs = append(errs, fmt.Errorf("jobs did not end within %s; their leases run out and others take them up", s.config.Drain))
	}
	return errors.Join(errs...)
}

func ignoreClosed(err error) error {
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// operations returns what operators and their machines ask, and nobody else.
func (s *Server) operations() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", s.healthz)
	mux.HandleFunc("GET /readyz", s.readyz)
	mux.Handle("GET /metrics", s.metrics.handler())
	return mux
}

// healthz says that the process answers. It asks nothing of the store: a
// restart heals a process, not a database.
func (s *Server) healthz(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, "ok")
}

// readyz says whether requests should be sent here: the store answers and the
// server is not about to end.
func (s *Server) readyz(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
	defer cancel()
	var one int
	err := s.db.Read(ctx, func(tx *sqldb.Tx) error { return tx.One(ctx, `select 1`, nil, &one) })
	switch {
	case err != nil:
		s.log.WarnContext(ctx, "not ready", web.AttrError, err)
		answer(w, http.StatusServiceUnavailable, "the store does not answer")
	case !s.serving.Load():
		answer(w, http.StatusServiceUnavailable, "not serving")
	default:
		answer(w, http.StatusOK, "ok")
	}
}

func answer(w http.ResponseWriter, code int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	fmt.Fprintln(w, text)
}

package enttest

import (
	"context"
	"crypto/x509"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"entente/internal/agent"
	"entente/internal/client"
	"entente/internal/kit/secret"
)

// A Worker is a real agent that runs the jobs of a tenant.
type Worker struct {
	State  string // file with its key
	Folder string // where it makes the folders of jobs
	Stop   func() // ends it, as a shutdown of its machine does
}

// Worker enrolls a worker by a token, with the runner's limits, and runs it until
// the test ends.
func (s *Server) Worker(t testing.TB, token string, r agent.Runner) *Worker {
	t.Helper()
	pem, err := os.ReadFile(s.CAFile)
	check(t, err)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	c, err := client.New(client.Options{Base: s.Name, Roots: roots})
	check(t, err)
	state, err := agent.Enroll(t.Context(), c, secret.NewString(token))
	check(t, err)
	w := &Worker{State: filepath.Join(t.TempDir(), "worker.json"), Folder: r.Dir}
	check(t, state.Save(w.State))
	r.Roots = pem
	check(t, r.Check())
	a, err := agent.New(agent.Options{Server: c, State: state, Runner: &r, Clock: s.Clock, Log: slog.New(slog.DiscardHandler)})
	check(t, err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx, l) }()
	w.Stop = sync.OnceFunc(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("the worker: %v", err)
		}
		c.Close()
	})
	t.Cleanup(w.Stop)
	return w
}

// Scripts is the user as whom tests run scripts: nobody, where the test may become
// somebody else, and otherwise the test's own.
func Scripts() agent.Runner {
	r := agent.Runner{User: "nobody"}
	if r.Check() != nil {
		r.User = ""
	}
	return r
}

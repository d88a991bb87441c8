// Package agent is the host agent: the managed identity endpoints on a machine.
//
// It listens on the machine's own address and answers the requests that client
// libraries know: App Service and Azure Automation (a secret header), Azure
// Machine Learning (likewise), the instance metadata service (the header
// Metadata: true) and Cloud Shell. For each it asks the token endpoint, with an
// assertion that the host's own key signs (RFC 7523), and hands out what the
// server gives. Which identities a host has is the server's to say; the agent
// knows none by itself.
//
// A token is kept for a short while, so that a busy machine does not ask for
// each call, and so that an identity taken away shows within that while. The
// agent stores its key and nothing else. It answers on plain HTTP, because the
// libraries ask on plain HTTP, and therefore on loopback addresses only.
//
// https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token
// https://learn.microsoft.com/azure/app-service/overview-managed-identity
package agent

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"entente/internal/client"
	"entente/internal/kit/clock"
	"entente/internal/kit/ids"
	"entente/internal/kit/secret"
)

const (
	defaultCacheFor = 5 * time.Minute
	maxForm         = 16 << 10
	maxHeader       = 16 << 10
	drain           = 5 * time.Second
)

// Options are what an agent is made of.
type Options struct {
	Server *client.Client
	State  *State // who the host is, from Enroll or Load
	// Header is what callers of the App Service endpoint must send in
	// X-IDENTITY-HEADER; empty means a random one.
	Header secret.String
	// Names are host names, beside the loopback ones and 169.254.169.254,
	// under which the metadata endpoint may be asked.
	Names []string
	// CacheFor bounds how long a token is handed out again without asking the
	// server; zero means five minutes.
	CacheFor time.Duration
	// Runner, if there is one, makes the agent a worker: it runs jobs of runbooks, and
	// answers what runs in them and nobody else.
	Runner *Runner
	Clock  clock.Clock
	Log    *slog.Logger
}

// An Agent answers for one host.
type Agent struct {
	server *client.Client
	state  *State
	header secret.String
	names  map[string]bool
	cache  *cache
	runner *Runner
	jobs   visitors
	clock  clock.Clock
	log    *slog.Logger
}

// New returns an agent, or an error when something it needs is missing.
func New(o Options) (*Agent, error) {
	if o.Server == nil || o.State == nil || o.Clock == nil || o.Log == nil {
		return nil, errors.New("an agent needs a server, a state, a clock and a log")
	}
	if o.CacheFor == 0 {
		o.CacheFor = defaultCacheFor
	}
	if o.Header.IsZero() {
		o.Header = secret.NewString(secret.Random(32))
	}
	a := &Agent{
		server: o.Server,
		state:  o.State,
		runner: o.Runner,
		header: o.Header,
		names:  map[string]bool{"169.254.169.254": true, "127.0.0.1": true, "::1": true, "localhost": true},
		clock:  o.Clock,
		log:    o.Log,
	}
	for _, n := range o.Names {
		a.names[strings.ToLower(n)] = true
	}
	a.cache = newCache(o.Clock, o.CacheFor, a.ask)
	return a, nil
}

// The paths at which an agent answers. Letter case and a trailing slash do not
// matter.
const (
	pathAppService = "/msi/token"
	pathIMDS       = "/metadata/identity/oauth2/token"
	pathCloudShell = "/oauth2/token"
)

// Handler returns the endpoints.
func (a *Agent) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		switch strings.TrimSuffix(strings.ToLower(r.URL.Path), "/") {
		case pathAppService:
			a.appService(w, r)
			return
		case pathIMDS:
			if a.runner == nil {
				a.imds(w, r)
				return
			}
		case pathCloudShell:
			if a.runner == nil {
				a.cloudShell(w, r)
				return
			}
		}
		http.NotFound(w, r)
	})
}

// Environment returns the variables that client libraries on the host read,
// for an agent that listens at addr (host:port).
func (a *Agent) Environment(addr string) map[string]string {
	base := "http://" + addr
	return map[string]string{
		"IDENTITY_ENDPOINT":                 base + pathAppService,
		"IDENTITY_HEADER":                   a.header.Reveal(),
		"AZURE_POD_IDENTITY_AUTHORITY_HOST": base,
	}
}

// Run serves on l and reports to the server until ctx ends. It refuses a
// listener that machines other than this one could reach.
func (a *Agent) Run(ctx context.Context, l net.Listener) error {
	if !private(l.Addr()) {
		return fmt.Errorf("refuse to serve managed identities on %s: it is no loopback address", l.Addr())
	}
	srv := &http.Server{
		Handler:           a.Handler(),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      time.Minute,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(a.log.Handler(), slog.LevelDebug),
	}
	beating, stop := context.WithCancel(ctx)
	var busy sync.WaitGroup
	busy.Go(func() { a.beat(beating) })
	if a.runner != nil {
		busy.Go(func() { a.work(beating, "http://"+l.Addr().String()+pathAppService) })
	}
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(l) }()
	var err error
	select {
	case err = <-ended:
	case <-ctx.Done():
		stop()
		busy.Wait() // a job may ask for a last token while it is ended
		bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), drain)
		defer cancel()
		err = srv.Shutdown(bounded)
	}
	stop()
	busy.Wait()
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// private reports whether only this machine reaches addr: a loopback address,
// or the metadata address bound to an interface of the machine's own.
func private(addr net.Addr) bool {
	ap, err := netip.ParseAddrPort(addr.String())
	if err != nil {
		return false
	}
	ip := ap.Addr().Unmap()
	return ip.IsLoopback() || ip == netip.AddrFrom4([4]byte{169, 254, 169, 254})
}

// ask gets a token from the server.
func (a *Agent) ask(ctx context.Context, k key) (*client.Token, error) {
	assertion, err := a.state.assert(a.server.TokenEndpoint(a.state.Tenant), a.clock.Wall())
	if err != nil {
		return nil, err
	}
	return a.server.ManagedIdentityToken(ctx, client.TokenRequest{
		Tenant: a.state.Tenant, Host: a.state.Host, Assertion: assertion,
		Resource: k.resource, Identity: k.identity, Job: k.job,
	})
}

// beat reports to the server at the pace the server asks for. A report that
// fails is tried again; the endpoints do not depend on it.
func (a *Agent) beat(ctx context.Context) {
	const least, usual = 10 * time.Second, time.Minute
	for {
		pause := usual
		if assertion, err := a.state.assert(a.server.HeartbeatEndpoint(), a.clock.Wall()); err != nil {
			a.log.ErrorContext(ctx, "heartbeat not signed", "err", err)
		} else if hb, err := a.server.Heartbeat(ctx, a.state.Tenant, a.state.Host, assertion); err == nil {
			pause = max(hb.Every, least)
		} else if ctx.Err() == nil {
			a.log.WarnContext(ctx, "heartbeat failed", "tenant", a.state.Tenant, "host", a.state.Host, "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}

// newCorrelation returns an identifier by which an answer can be found in the log.
func newCorrelation() string { return ids.New[string]() }

// Package enttest runs a whole entente server inside a test: the composition
// that `entente serve` runs, on a fresh store of either engine, behind TLS on
// loopback, with three tenants in it.
//
// What it makes, it makes over HTTP, through the doors that people use: Graph,
// Azure Resource Manager, the token endpoint, enrolment. Methods that make
// something end the test when they are refused; Do, Post and As return whatever
// is answered.
package enttest

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"entente/internal/config"
	"entente/internal/enttest/dbtest"
	"entente/internal/enttest/fakeidp"
	"entente/internal/enttest/quick"
	"entente/internal/kit/clock"
	"entente/internal/kit/secret"
	"entente/internal/kit/sqldb"
	"entente/internal/server"
)

// Options say how a server differs from the usual one. The zero value is one on
// SQLite whose clock stands still at noon.
type Options struct {
	Engine  sqldb.Engine
	Clock   clock.Clock
	Issuers []*fakeidp.IdP // other issuers, which the server may reach and trusts
}

// A Server is a running server and the tenants in it.
type Server struct {
	*server.Server
	Name    string       // its base URL
	HTTP    *http.Client // trusts it, keeps no cookies and follows no redirects
	CAFile  string       // its authority's certificate, for clients that read a file
	Clock   clock.Clock
	Store   string  // the address of its store, for tests that look into it
	A, B, C *Tenant // C has agreed to nothing

	records string // the file of DNS records
}

// A Tenant is a tenant, its administrator, and a client that may administer it.
type Tenant struct {
	ID            string
	Domain        string
	Subscription  string
	AdminUPN      string
	AdminPassword string
	ClientID      string
	ClientSecret  string
}

// Each runs test once per engine.
func Each(t *testing.T, test func(t *testing.T, engine sqldb.Engine)) {
	t.Helper()
	for _, e := range dbtest.Engines {
		t.Run(string(e), func(t *testing.T) { test(t, e) })
	}
}

// Start runs a server until the test ends.
func Start(t testing.TB, o Options) *Server {
	t.Helper()
	if o.Engine == "" {
		o.Engine = sqldb.SQLite
	}
	if o.Clock == nil {
		o.Clock = clock.NewFake(dbtest.Noon)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	_, port, err := net.SplitHostPort(l.Addr().String())
	check(t, err)
	s := &Server{Name: "https://localhost:" + port, Clock: o.Clock}
	c := settings(t, s.Name, o)
	s.records = c.DNSRecordsFile
	if s.Store = c.Database.Reveal(); s.Store == "" {
		s.Store = "sqlite:" + filepath.Join(c.Data, "entente.db")
	}
	s.Server, err = server.New(t.Context(), c, server.Options{Clock: o.Clock, Listener: l, Passwords: quick.Passwords})
	if err != nil {
		check(t, errors.Join(err, l.Close()))
	}
	s.run(t)
	s.CAFile = s.Authority().File()
	s.HTTP = s.client(t)
	s.A, s.B, s.C = s.Tenant(t, "Contoso"), s.Tenant(t, "Fabrikam"), s.Tenant(t, "Northwind")
	return s
}

// Publish puts a record where the server looks before it asks DNS.
func (s *Server) Publish(t testing.TB, record string) {
	t.Helper()
	f, err := os.OpenFile(s.records, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	check(t, err)
	_, err = f.WriteString(record + "\n")
	check(t, errors.Join(err, f.Close()))
}

// settings returns those of a service with its own data folder.
func settings(t testing.TB, name string, o Options) config.Config {
	t.Helper()
	c := config.Defaults()
	c.Name, c.Data, c.Drain, c.DNSRecordsFile = name, t.TempDir(), 10*time.Second, filepath.Join(t.TempDir(), "dns")
	url := dbtest.URL(t, o.Engine)
	if file, ok := strings.CutPrefix(url, "sqlite:"); ok { // migrated already; the server looks for another name
		c.Data = filepath.Dir(file)
		check(t, os.Rename(file, filepath.Join(c.Data, "entente.db")))
	} else {
		c.Database = secret.NewString(url)
	}
	if len(o.Issuers) == 0 {
		return c
	}
	c.InternalIssuers = []string{"127.0.0.1"}
	c.IssuerCAFile = filepath.Join(c.Data, "issuers.pem")
	var authorities []byte
	for _, p := range o.Issuers {
		authorities = append(authorities, p.PEM()...)
	}
	check(t, os.WriteFile(c.IssuerCAFile, authorities, 0o600))
	return c
}

func (s *Server) run(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := errors.Join(<-ended, s.Close()); err != nil {
			t.Errorf("the server ended badly: %v", err)
		}
	})
}

// client returns one for which it is as late as for the server.
func (s *Server) client(t testing.TB) *http.Client {
	transport := &http.Transport{
		TLSClientConfig:     &tls.Config{RootCAs: s.Authority().Pool(), Time: s.Clock.Wall},
		MaxIdleConnsPerHost: 16, ForceAttemptHTTP2: true,
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Tenant makes a tenant whose domain is its name's.
func (s *Server) Tenant(t testing.TB, name string) *Tenant {
	t.Helper()
	word := strings.ToLower(name)
	n := &Tenant{Domain: word + ".example", AdminUPN: "admin@" + word + ".example", AdminPassword: "Aa1-" + secret.Random(16)}
	made, err := s.CreateTenant(t.Context(), server.TenantRequest{
		DisplayName: name, Initial: word + ".onmicrosoft.com", Domain: n.Domain, Client: "Administration", Subscription: name,
		Admin: server.Person{UPN: n.AdminUPN, Name: "Global administrator", Password: secret.NewString(n.AdminPassword)},
	})
	check(t, err)
	n.ID, n.Subscription, n.ClientID, n.ClientSecret = made.TenantID, made.SubscriptionID, made.ClientID, made.ClientSecret
	return n
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

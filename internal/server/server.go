// Package server is the composition: it builds the floors from settings, mounts
// the edges, runs, and drains.
//
// Nothing registers itself. New reads like a list of parts, floor by floor;
// subscriptions to signals and the periodic jobs stand in work.go. A server
// with another mark refuses the store: what a lab may do stays in labs.
package server

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync/atomic"

	"entente/internal/config"
	"entente/internal/core/app"
	"entente/internal/core/audit"
	"entente/internal/core/consent"
	"entente/internal/core/crosstenant"
	"entente/internal/core/directory"
	"entente/internal/core/factor"
	"entente/internal/core/federation"
	"entente/internal/core/keys"
	"entente/internal/core/managedidentity"
	"entente/internal/core/site"
	"entente/internal/core/token"
	"entente/internal/edge/oauth"
	"entente/internal/edge/portal/admin"
	"entente/internal/flow/automation"
	"entente/internal/flow/deletion"
	"entente/internal/flow/domain"
	"entente/internal/flow/draft"
	"entente/internal/flow/entitlement"
	"entente/internal/flow/guest"
	"entente/internal/flow/lookup"
	"entente/internal/flow/notify"
	"entente/internal/flow/onboard"
	"entente/internal/flow/signin"
	"entente/internal/flow/sts"
	"entente/internal/kit/clock"
	"entente/internal/kit/dns"
	"entente/internal/kit/fetch"
	"entente/internal/kit/jobs"
	"entente/internal/kit/localca"
	"entente/internal/kit/mail"
	"entente/internal/kit/secret"
	"entente/internal/kit/sqldb"
	"entente/internal/kit/web"
)

// Serve is the mark of a service's store.
const Serve = "serve"

// Options are what programs differ in. The zero value is a service.
type Options struct {
	Clock clock.Clock // the machine's when nil
	Mark  string      // Serve when empty
	Hosts []string    // further base URLs, beside those of the settings
	// FollowHost lets the issuer of discovery follow the host asked, and lets
	// credentials name this installation's tenants by Microsoft's login host.
	// Only a lab that maps hosts wants it.
	FollowHost bool
	Passwords  directory.Cost // what a password check costs; directory.PasswordCost when zero
	Mail       mail.Sender    // where messages go; when nil, by the settings
	Extra      http.Handler   // what stands beside the edges, at /lab and /design
	Listener   net.Listener   // the public door, if it is open already
	Log        *slog.Logger
}

// A Server is an installation's one process, or one of several on one store.
type Server struct {
	config   config.Config
	options  Options
	log      *slog.Logger
	clock    clock.Clock
	listener net.Listener
	tls      *tls.Config
	ca       *localca.Authority // nil with the operator's own certificate
	serving  atomic.Bool

	db      *sqldb.DB
	ring    *secret.Ring
	fetch   *fetch.Client
	mail    mail.Sender // nil: no messages are sent
	core    *core
	flow    *flow
	edges   *dispatcher
	center  *admin.Center
	workers *jobs.Worker
	metrics *metrics
}

// core are the nouns.
type core struct {
	keys        *keys.Service
	tokens      *token.Service
	signIns     *audit.SignIns
	hasher      *directory.Hasher
	directory   *directory.Service
	factors     *factor.Service
	sites       *site.Service
	apps        *app.Service
	consent     *consent.Service
	identities  *managedidentity.Service
	federation  *federation.Service
	crosstenant *crosstenant.Service
}

// flow are the things that happen.
type flow struct {
	sts      *sts.Service
	signin   *signin.Service
	deletion *deletion.Service
	onboard  *onboard.Service
	domains  *domain.Service
	guests   *guest.Service
	notify   *notify.Service

	entitlement *entitlement.Service
	drafts      *draft.Service
	lookup      *lookup.Service
	automation  *automation.Service
}

// New builds a server: it opens the store, applies migrations or refuses them,
// and builds the floors upward. Close it, whether it ran or not.
func New(ctx context.Context, c config.Config, o Options) (*Server, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	s := &Server{config: c, options: o, log: o.Log, clock: o.Clock, listener: o.Listener}
	if s.clock == nil {
		s.clock = clock.System{}
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.options.Mark == "" {
		s.options.Mark = Serve
	}
	var err error
	if s.db, s.ring, err = openStore(ctx, c, s.options.Mark, s.clock, s.log); err != nil {
		return nil, err
	}
	if err := s.build(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// build makes the parts that stand on the store.
func (s *Server) build(ctx context.Context) (err error) {
	if s.tls, s.ca, err = tlsConfig(s.config, slices.Concat(s.config.Also, s.options.Hosts), s.clock); err != nil {
		return err
	}
	if err := app.EnsureBuiltIn(ctx, s.db); err != nil {
		return err
	}
	if s.fetch, err = newFetch(s.config, s.ca); err != nil {
		return err
	}
	if s.mail, err = s.newMail(); err != nil {
		return err
	}
	s.core = s.newCore()
	s.flow = s.newFlow()
	if s.edges, err = s.newEdges(); err != nil {
		return err
	}
	s.workers = s.newWorkers()
	s.metrics = newMetrics(s.clock, s.db)
	return nil
}

// newFetch returns the guarded client for other issuers. It trusts the
// operator's authorities beside the system's, and the local one, whose names
// are this machine's.
func newFetch(c config.Config, ca *localca.Authority) (*fetch.Client, error) {
	var extra [][]byte
	if c.IssuerCAFile != "" {
		text, err := os.ReadFile(c.IssuerCAFile)
		if err != nil {
			return nil, err
		}
		extra = append(extra, text)
	}
	if ca != nil {
		extra = append(extra, ca.PEM())
	}
	roots, err := fetch.Trusting(extra...)
	if err != nil {
		return nil, err
	}
	return fetch.New(fetch.Options{Allow: c.InternalIssuers, Roots: roots})
}

// hosts returns the names under which an edge answers: the installation's own,
// the operator's, and of those that a lab maps the ones with such a beginning.
// An edge must not know the others: a name of Azure Resource Manager would become
// a name of Microsoft Graph.
func (s *Server) hosts(beginnings ...string) web.Hosts {
	h := web.Hosts{Own: s.config.Name, Also: slices.Clone(s.config.Also)}
	for _, base := range s.options.Hosts {
		for _, b := range beginnings {
			if strings.HasPrefix(strings.TrimPrefix(base, "https://"), b) {
				h.Also = append(h.Also, base)
			}
		}
	}
	return h
}

func (s *Server) newCore() *core {
	c := &core{hasher: directory.NewHasher(hashers, cmp.Or(s.options.Passwords, directory.PasswordCost)), signIns: audit.NewSignIns(s.db)}
	c.keys = keys.New(s.db, s.ring, s.clock, keys.Options{Mark: s.options.Mark})
	c.tokens = token.New(c.keys, s.clock, s.config.Name)
	c.directory = directory.NewService(s.db, c.hasher)
	c.factors = factor.NewService(s.db, s.ring, s.clock)
	c.sites = site.NewService(s.db, c.directory)
	c.apps = app.NewService(s.db, s.ring)
	c.consent = consent.NewService(s.db)
	c.crosstenant = crosstenant.NewService(s.db)
	c.identities = managedidentity.NewService(s.db, federation.Purge)
	c.federation = federation.NewService(s.db, c.keys, s.fetch, s.clock, federation.Options{
		Name: s.config.Name, Alias: s.alias(), Limit: s.config.FederatedCredentialLimit,
	})
	return c
}

// hashers is how many passwords are hashed at once; each takes 19 MiB.
const hashers = 4

// alias is the other name by which credentials may speak of our tenants.
func (s *Server) alias() string {
	if s.options.FollowHost {
		return "https://login.microsoftonline.com"
	}
	return ""
}

func (s *Server) newFlow() *flow {
	c, h := s.core, s.hosts("login.")
	notes := notify.NewService(s.db, s.mail, strings.TrimPrefix(h.Own, "https://"))
	guests := guest.NewService(s.db, s.ring, h.Own, guest.By(notes))
	notes.Write(notify.Invitation, guests.Write)
	access := entitlement.NewService(s.db)
	access.Links(s.ring, h.Own)
	access.Notify(notes)
	access.Call(entitlement.Outward{Client: s.fetch, Keys: c.keys, Tokens: c.tokens, Clock: s.clock})
	return &flow{
		sts: sts.New(sts.Options{
			DB: s.db, Ring: s.ring, Clock: s.clock, Tokens: c.tokens, Federation: c.federation, SignIns: c.signIns,
			Names: append([]string{h.Own}, h.Also...), Number: oauth.Number, Log: s.log,
		}),
		signin:   signin.NewService(s.db, s.clock, c.directory, c.signIns, c.tokens, c.factors),
		onboard:  onboard.NewService(s.db, c.hasher),
		deletion: deletion.NewService(s.db, c.directory, c.apps),
		domains: domain.NewService(domain.Options{
			DB: s.db, Directory: c.directory, Apps: c.apps, DNS: dns.New(dns.Options{Servers: s.config.NameServers(), File: s.config.DNSRecordsFile}),
		}),
		guests: guests, notify: notes, entitlement: access, drafts: draft.NewService(s.db), lookup: lookup.NewService(s.db),
		automation: automation.NewService(s.db, c.identities),
	}
}

// Handler returns everything that the public door serves.
func (s *Server) Handler() http.Handler {
	front := web.Front(s.edges, web.FrontOptions{Clock: s.clock, Log: s.log, Proxies: s.config.Proxies()})
	return s.metrics.count(s.edges, front)
}

// Authority returns the local certificate authority, or nil when the operator
// brought a certificate.
func (s *Server) Authority() *localca.Authority { return s.ca }

// Close lets go of the store and of connections. Run has ended by then.
func (s *Server) Close() error {
	if s.fetch != nil {
		s.fetch.Close()
	}
	if s.core != nil {
		s.core.signIns.Close()
	}
	return s.db.Close()
}

package server

import (
	"context"
	"net/http"

	"entente/internal/config"
	"entente/internal/core/app"
	"entente/internal/core/authz"
	"entente/internal/core/tenant"
	"entente/internal/edge/arm"
	"entente/internal/edge/graph"
	"entente/internal/edge/graph/sets"
	graphapps "entente/internal/edge/graph/sets/apps"
	graphdirectory "entente/internal/edge/graph/sets/directory"
	graphgovernance "entente/internal/edge/graph/sets/governance"
	graphpolicy "entente/internal/edge/graph/sets/policy"
	graphreport "entente/internal/edge/graph/sets/report"
	"entente/internal/edge/hostapi"
	"entente/internal/edge/oauth"
	"entente/internal/edge/portal"
	"entente/internal/edge/portal/account"
	"entente/internal/edge/portal/admin"
	"entente/internal/edge/portal/admin/access"
	adminautomation "entente/internal/edge/portal/admin/automation"
	"entente/internal/edge/portal/admin/enterprise"
	"entente/internal/edge/portal/admin/federated"
	"entente/internal/edge/portal/admin/governance"
	"entente/internal/edge/portal/admin/groups"
	"entente/internal/edge/portal/admin/identities"
	"entente/internal/edge/portal/admin/monitoring"
	"entente/internal/edge/portal/admin/organization"
	"entente/internal/edge/portal/admin/packages"
	"entente/internal/edge/portal/admin/people"
	"entente/internal/edge/portal/admin/registrations"
	"entente/internal/edge/portal/followpages"
	"entente/internal/edge/portal/guestpages"
	"entente/internal/edge/portal/labpages"
	"entente/internal/edge/portal/myaccess"
	"entente/internal/edge/portal/signinpages"
	"entente/internal/flow/explain"
	"entente/internal/kit/ids"
	"entente/internal/kit/mail"
	"entente/internal/kit/web"
)

// newEdges mounts every way in. The first segment of a path decides, and what
// has none of these is the login's, whose paths begin with a tenant.
func (s *Server) newEdges() (*dispatcher, error) {
	graph, err := s.newGraph()
	if err != nil {
		return nil, err
	}
	pages := signinpages.New(s.site(), s.flow.signin, s.flow.guests, s.log)
	d := &dispatcher{doors: make(map[string]door), login: door{"login", s.newLogin(pages)}}
	d.add("graph", graph.Handler(), "v1.0", "beta")
	d.add("arm", s.newARM(), "subscriptions", "providers", "tenants", "metadata")
	d.add("host", s.newHostAPI(), "host")
	d.add("account", account.New(s.site(), s.flow.signin, s.core.factors, s.log).Handler(), "account")
	d.add("invite", guestpages.New(s.site(), s.flow.signin, s.flow.guests, s.log).Handler(), "invite")
	d.add("follow", followpages.New(s.site(), s.flow.entitlement, s.log).Handler(), "follow")
	d.add("access", myaccess.New(myaccess.Options{
		Site: s.site(), SignIn: s.flow.signin, Access: s.flow.entitlement, Teams: s.core.sites, Clock: s.clock, Log: s.log, Caller: s.callerOfGraph(),
	}).Handler(), "@")
	s.center = s.newAdmin()
	d.add("admin", s.center.Handler(), "admin")
	d.add("assets", portal.Assets(pages.Fail), "assets")
	d.add("health", http.HandlerFunc(s.healthz), "healthz")
	d.add("health", http.HandlerFunc(s.readyz), "readyz")
	if s.options.Extra != nil {
		d.add("extra", s.options.Extra, "lab", "design")
	}
	return d, nil
}

// AdminRoutes returns the patterns of the admin center's pages.
func (s *Server) AdminRoutes() []string { return s.center.Routes() }

// newAdmin returns the admin center with all its areas.
func (s *Server) newAdmin() *admin.Center {
	c := admin.New(admin.Options{Site: s.site(), SignIn: s.flow.signin, At: s.flow.entitlement.At, Log: s.log})
	enterprise.Add(c, enterprise.Options{Apps: s.core.apps, Consent: s.core.consent, Lookup: s.flow.lookup})
	adminautomation.Add(c, adminautomation.Options{Identities: s.core.identities, Automation: s.flow.automation, Base: s.hosts().Own})
	governance.Add(c, governance.Options{Site: s.site(), Access: s.flow.entitlement, Lookup: s.flow.lookup})
	monitoring.Add(c, monitoring.Options{Logs: explain.NewService(s.db), At: s.flow.entitlement.At, Clock: s.clock})
	organization.Add(c, organization.Options{Roles: s.core.directory, Cross: s.core.crosstenant, Domains: s.flow.domains, Tenants: tenant.NewService(s.db), Factors: s.core.factors, Lookup: s.flow.lookup, At: s.flow.entitlement.At})
	packages.Add(c, packages.Options{Access: s.flow.entitlement, Drafts: s.flow.drafts, Lookup: s.flow.lookup, Clock: s.clock, Base: s.hosts("login.").Own})
	federated.Add(c, federated.Options{Federation: s.core.federation, Apps: s.core.apps, Identities: s.core.identities, Lookup: s.flow.lookup})
	identities.Add(c, identities.Options{Identities: s.core.identities, Federation: s.core.federation, Consent: s.core.consent})
	registrations.Add(c, registrations.Options{Apps: s.core.apps, Federation: s.core.federation, Consent: s.core.consent, Lookup: s.flow.lookup, Clock: s.clock, Base: s.hosts("login.").Own})
	people.Add(c, people.Options{
		Users: s.core.directory, Guests: s.flow.guests, SignIn: s.flow.signin, Factors: s.core.factors, Consent: s.core.consent, Access: s.flow.entitlement,
		Logs: explain.NewService(s.db), Base: s.hosts("login.").Own,
	})
	groups.Add(c, groups.Options{Groups: s.core.directory, Teams: s.core.sites, Lookup: s.flow.lookup, Access: s.flow.entitlement, Consent: s.core.consent})
	access.Add(c, access.Options{Access: s.flow.entitlement, Lookup: s.flow.lookup, Clock: s.clock})
	return c
}

// site is what every page says about the installation.
func (s *Server) site() portal.Site { return portal.Site{Hosts: s.hosts("login.")} }

// newLogin puts the token endpoint and its documents before the pages of
// sign-in and consent.
func (s *Server) newLogin(pages *signinpages.Pages) http.Handler {
	return oauth.New(oauth.Options{
		DB: s.db, STS: s.flow.sts, Keys: s.core.keys, Clock: s.clock, Log: s.log, Hosts: s.hosts("login.", "sts."),
		MapHosts: s.options.FollowHost, Lookup: pages.Lookup, Caller: s.callerOfGraph(),
		Next: pages.Handler(),
	}).Handler()
}

func (s *Server) newHostAPI() http.Handler {
	h := &hostapi.Server{Identities: s.core.identities, Automation: s.flow.automation, Hosts: s.hosts(), Clock: s.clock, Log: s.log}
	return h.Handler()
}

// newGraph declares the entity sets and puts the engine before them.
func (s *Server) newGraph() (*graph.Server, error) {
	registry, err := sets.Services{
		Directory: graphdirectory.Services{DB: s.db, Users: s.core.directory, Tenants: tenant.NewService(s.db), Factors: s.core.factors, Domains: s.flow.domains, Deletion: s.flow.deletion},
		Apps:      graphapps.Services{DB: s.db, Apps: s.core.apps, Consent: s.core.consent, Federation: s.core.federation},
		Policy:    graphpolicy.Services{DB: s.db, Cross: s.core.crosstenant, Tenants: tenant.NewService(s.db), Guests: s.flow.guests, Factors: s.core.factors},
		Report:    graphreport.Services{DB: s.db},

		Governance: graphgovernance.Services{DB: s.db, Entitlement: s.flow.entitlement},
	}.Registry()
	if err != nil {
		return nil, err
	}
	return &graph.Server{
		Registry: registry, Hosts: s.hosts("graph."), Ring: s.ring, Clock: s.clock, Log: s.log, Authenticate: s.callersOf(app.GraphAppID),
		Rights:   (&graph.Authority{DB: s.db}).Rights,
		Throttle: graph.NewThrottle(s.config.GraphLimit, s.clock),
	}, nil
}

// callersOf returns what says whom a token for the resource speaks for.
func (s *Server) callersOf(resource ids.AppID) func(ctx context.Context, bearer string, audiences []string) (authz.Caller, error) {
	a := &graph.Authority{DB: s.db, Tokens: s.core.tokens, Resource: resource}
	return a.Caller
}

// callerOfGraph is callersOf for tokens that Graph takes.
func (s *Server) callerOfGraph() func(ctx context.Context, bearer string) (authz.Caller, error) {
	caller, audiences := s.callersOf(app.GraphAppID), graph.Audiences(s.hosts("graph."))
	return func(ctx context.Context, bearer string) (authz.Caller, error) { return caller(ctx, bearer, audiences) }
}

func (s *Server) newARM() http.Handler {
	a := &arm.Server{
		DB: s.db, Identities: s.core.identities, Federation: s.core.federation, Hosts: s.hosts("management."), Log: s.log,
		Authenticate: s.callersOf(app.ARMAppID),
	}
	return a.Handler()
}

// StyleAddress returns the path of the pages' style sheet.
func StyleAddress() string { return portal.StyleAddress() }

// Design returns the page that shows every part of the pages, for a lab.
func Design(c config.Config, fail web.ErrorWriter) http.Handler {
	return portal.Design(portal.Site{Hosts: web.Hosts{Own: c.Name, Also: c.Also}}, fail)
}

// A LabLink leads to a place of a lab.
type LabLink = labpages.Link

// Lab returns the pages that a lab has at /lab: where everything is, and the
// mail that was sent.
func Lab(c config.Config, box *mail.Box, links func() []LabLink, fail web.ErrorWriter) http.Handler {
	site := portal.Site{Hosts: web.Hosts{Own: c.Name, Also: c.Also}}
	return labpages.New(labpages.Options{Site: site, Box: box, Links: links}).Handler(fail)
}

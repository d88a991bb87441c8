// Package graphtest builds the Graph edge over a store, with two tenants and
// real tokens, and holds the tests of its sets: they need the engine and the
// sets together, which import one another in neither direction.
package graphtest

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"entente/internal/core/app"
	"entente/internal/core/audit"
	"entente/internal/core/authz"
	"entente/internal/core/consent"
	"entente/internal/core/crosstenant"
	"entente/internal/core/directory"
	"entente/internal/core/factor"
	"entente/internal/core/federation"
	"entente/internal/core/keys"
	"entente/internal/core/tenant"
	"entente/internal/core/token"
	"entente/internal/edge/graph"
	"entente/internal/edge/graph/edm"
	"entente/internal/edge/graph/sets"
	appsets "entente/internal/edge/graph/sets/apps"
	dirsets "entente/internal/edge/graph/sets/directory"
	governancesets "entente/internal/edge/graph/sets/governance"
	policysets "entente/internal/edge/graph/sets/policy"
	"entente/internal/edge/graph/sets/report"
	"entente/internal/enttest/dbtest"
	"entente/internal/enttest/quick"
	"entente/internal/flow/deletion"
	"entente/internal/flow/domain"
	"entente/internal/flow/entitlement"
	"entente/internal/flow/guest"
	"entente/internal/flow/notify"
	"entente/internal/flow/offer"
	"entente/internal/flow/onboard"
	"entente/internal/kit/clock"
	"entente/internal/kit/dns"
	"entente/internal/kit/fetch"
	"entente/internal/kit/ids"
	"entente/internal/kit/jobs"
	"entente/internal/kit/mail"
	"entente/internal/kit/secret"
	"entente/internal/kit/sqldb"
	"entente/internal/kit/web"
)

// Own is the base URL of the installation, Other a further host of it.
const (
	Own   = "https://graph.entente.example"
	Other = "https://localhost:8443"
)

// A World is an installation with two tenants.
type World struct {
	DB       *sqldb.DB
	Registry *edm.Registry
	Apps     *app.Service
	Consent  *consent.Service
	Users    *directory.Service
	Factors  *factor.Service
	Deletion *deletion.Service
	Domains  *domain.Service
	Records  string // the file of records that DNS is answered from
	Clock    *clock.Fake
	Notes    *notify.Service // messages to people
	A, B     Tenant

	worker  *jobs.Worker
	keys    *keys.Service
	tokens  *token.Service
	signIns *audit.SignIns
	server  *graph.Server
	handler http.Handler
	watch   func(method, path string, a Answer) // sees every answer; may be nil
}

// A Tenant is one of them.
type Tenant struct {
	ID     ids.TenantID
	Domain string
	Admin  ids.ObjectID
	Graph  *app.ServicePrincipal
}

// New builds a world on db, whose clock is clk. It sends no mail.
func New(t testing.TB, db *sqldb.DB, clk *clock.Fake) *World {
	t.Helper()
	return NewMailing(t, db, clk, nil)
}

// NewMailing builds a world whose messages go to a sender.
func NewMailing(t testing.TB, db *sqldb.DB, clk *clock.Fake, to mail.Sender) *World {
	t.Helper()
	ring, err := secret.NewRing(bytes.Repeat([]byte{7}, 32))
	must(t, err)
	must(t, app.EnsureBuiltIn(t.Context(), db))
	out, err := fetch.New(fetch.Options{})
	must(t, err)
	k := keys.New(db, ring, clk, keys.Options{Mark: "test"})
	w := &World{
		DB: db, Clock: clk, Apps: app.NewService(db, ring), Consent: consent.NewService(db),
		Users: directory.NewService(db, directory.NewHasher(1, quick.Passwords)), keys: k, tokens: token.New(k, clk, Own),
	}
	w.signIns = audit.NewSignIns(db)
	t.Cleanup(w.signIns.Close)
	w.Deletion = deletion.NewService(db, w.Users, w.Apps)
	w.Records = filepath.Join(t.TempDir(), "records")
	w.Domains = domain.NewService(domain.Options{
		DB: db, Directory: w.Users, Apps: w.Apps, DNS: dns.New(dns.Options{File: w.Records, Servers: []string{"127.0.0.1:9"}}),
	})
	w.Factors = factor.NewService(db, ring, clk)
	w.Notes = notify.NewService(db, to, strings.TrimPrefix(Own, "https://"))
	guests := guest.NewService(db, ring, Own, guest.By(w.Notes))
	w.Notes.Write(notify.Invitation, guests.Write)
	w.Registry, err = sets.Services{
		Directory: dirsets.Services{DB: db, Users: w.Users, Tenants: tenant.NewService(db), Factors: w.Factors, Domains: w.Domains, Deletion: w.Deletion},
		Apps: appsets.Services{DB: db, Apps: w.Apps, Consent: w.Consent, Federation: federation.NewService(db, k, out, clk,
			federation.Options{Name: Own, Probe: time.Millisecond})},
		Governance: governancesets.Services{DB: db, Entitlement: w.working(guests)},

		Policy: policysets.Services{DB: db, Cross: crosstenant.NewService(db), Tenants: tenant.NewService(db), Guests: guests, Factors: w.Factors},
		Report: report.Services{DB: db},
	}.Registry()
	must(t, err)
	authority := &graph.Authority{DB: db, Tokens: w.tokens, Resource: app.GraphAppID}
	s := &graph.Server{
		Registry: w.Registry, Hosts: web.Hosts{Own: Own, Also: []string{Other}}, Ring: ring, Clock: clk,
		Log: slog.New(slog.DiscardHandler), Authenticate: authority.Caller, Rights: authority.Rights,
	}
	w.server = s
	w.handler = web.Front(s.Handler(), web.FrontOptions{Clock: clk, Log: s.Log})
	w.A = w.tenant(t, "Contoso", "contoso.example")
	w.B = w.tenant(t, "Fabrikam", "fabrikam.example")
	return w
}

// working returns the service of entitlement management, of which the world does
// the jobs.
func (w *World) working(guests *guest.Service) *entitlement.Service {
	s := entitlement.NewService(w.DB)
	w.worker = jobs.New(w.DB, w.Clock, jobs.Options{})
	w.worker.HandleGroup(entitlement.RequestKind, entitlement.Most, s.LookAtRequests, jobs.Policy{})
	w.worker.HandleGroup(entitlement.AssignmentKind, entitlement.Most, s.LookAtAssignments, jobs.Policy{})
	w.worker.Handle(entitlement.PackageKind, s.LookAtPackage, jobs.Policy{})
	w.worker.Handle(guest.RemoveKind, guests.Remove, jobs.Policy{})
	w.worker.Handle(entitlement.MergeKind, s.LookAtMerge, jobs.Policy{})
	w.worker.Subscribe(offer.PackageRolesChanged, entitlement.PackageKind)
	return s
}

// Work does what is due of access packages.
func (w *World) Work(t testing.TB) {
	t.Helper()
	_, err := w.worker.RunDue(t.Context())
	must(t, err)
}

// of returns one of the tenants.
func (w *World) of(id ids.TenantID) Tenant {
	if id == w.A.ID {
		return w.A
	}
	return w.B
}

// Each runs test in a fresh world on each engine, on both at once, and returns
// when both have ended.
func Each(t *testing.T, test func(t *testing.T, w *World)) {
	t.Helper()
	t.Run("on", func(t *testing.T) {
		for _, engine := range dbtest.Engines {
			t.Run(string(engine), func(t *testing.T) {
				t.Parallel()
				clk := clock.NewFake(dbtest.Noon)
				test(t, New(t, dbtest.OpenClock(t, engine, clk), clk))
			})
		}
	})
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (w *World) tenant(t testing.TB, name, domain string) Tenant {
	t.Helper()
	made, err := onboard.NewService(w.DB, directory.NewHasher(1, quick.Passwords)).Create(t.Context(), onboard.Request{
		DisplayName: name, Initial: domain, AdminUPN: "admin@" + domain, Password: secret.NewString("Correct-horse-7"),
	})
	must(t, err)
	out := Tenant{ID: made.Tenant, Domain: domain, Admin: made.Admin}
	must(t, w.DB.View(t.Context(), func(tx *sqldb.Tx) error {
		out.Graph, err = app.PrincipalByAppID(t.Context(), tx, made.Tenant, app.GraphAppID)
		return err
	}))
	return out
}

// A Client is an application with a service principal in a tenant.
type Client struct {
	Tenant    Tenant
	App       *app.Application
	Principal *app.ServicePrincipal
	Token     string
}

// Client makes an application of the tenant that was granted the permissions
// of Microsoft Graph, and a token for it.
func (w *World) Client(t testing.TB, of Tenant, permissions ...string) *Client {
	t.Helper()
	ctx, system := t.Context(), authz.System(of.ID, "test")
	a, err := w.Apps.Create(ctx, system, []byte(`{"displayName":"client"}`), nil)
	must(t, err)
	p, err := w.Apps.CreatePrincipal(ctx, system, a.AppID, []byte(`{}`), nil)
	must(t, err)
	c := &Client{Tenant: of, App: a, Principal: p}
	for _, name := range permissions {
		i := slices.IndexFunc(of.Graph.AppRoles, func(r app.AppRole) bool { return r.Value != nil && *r.Value == name })
		if i < 0 {
			t.Fatalf("Microsoft Graph has no application permission %s", name)
		}
		_, err := w.Consent.Assign(ctx, system, p.ID, of.Graph.ID, of.Graph.AppRoles[i].ID, time.Time{})
		must(t, err)
	}
	c.Token = w.Token(t, c, string(app.GraphAppID), permissions...)
	return c
}

// Token mints a token for the client, and has the entry of its sign-in stored.
func (w *World) Token(t testing.TB, c *Client, audience string, roles ...string) string {
	t.Helper()
	m, err := w.tokens.Mint(t.Context(), token.Access{
		Tenant: c.Tenant.ID, Since: dbtest.Noon, Client: c.App.AppID, Name: c.App.DisplayName, Principal: c.Principal.ID,
		Resource: token.Resource{App: app.GraphAppID, Audience: audience, Version: 1, BuiltIn: true, Graph: true},
		Method:   token.Secret, Roles: roles, Lifetime: token.AppLifetime,
	})
	must(t, err)
	must(t, w.signIns.Put(t.Context(), audit.SignIn{
		Tenant: c.Tenant.ID, At: w.Clock.Now(), Kind: audit.ServicePrincipalSignIn, App: c.App.AppID, AppName: c.App.DisplayName,
		Principal: c.Principal.ID, PrincipalName: c.Principal.DisplayName, Home: c.Tenant.ID, ResourceApp: app.GraphAppID,
		Resource: c.Tenant.Graph.ID, ResourceName: c.Tenant.Graph.DisplayName, CredentialKind: "clientSecret", IP: "192.0.2.1",
	}))
	return m.Text
}

// An Answer is what came back.
type Answer struct {
	Status int
	Header http.Header
	Raw    []byte
	Body   map[string]any
}

// Call asks the server. A body that is no string is sent as JSON; headers come
// in pairs of name and value.
func (w *World) Call(t testing.TB, token, method, path string, body any, headers ...string) Answer {
	t.Helper()
	var text []byte
	switch b := body.(type) {
	case nil:
	case string:
		text = []byte(b)
	case []byte:
		text = b
	case Picture:
		text = b
		headers = append([]string{"Content-Type", PictureType}, headers...)
	default:
		var err error
		text, err = json.Marshal(b)
		must(t, err)
	}
	r := httptest.NewRequestWithContext(t.Context(), method, Own+strings.ReplaceAll(path, " ", "%20"), bytes.NewReader(text))
	r.RemoteAddr = "192.0.2.1:4000"
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	if text != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		if headers[i] == "Host" {
			r.Host = headers[i+1]
		}
		r.Header.Set(headers[i], headers[i+1])
	}
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, r)
	a := Answer{Status: rec.Code, Header: rec.Header(), Raw: rec.Body.Bytes()}
	if strings.HasPrefix(rec.Header().Get("Content-Type"), "application/json") {
		if err := json.Unmarshal(a.Raw, &a.Body); err != nil {
			t.Fatalf("%s %s: the answer is no JSON: %v\n%s", method, path, err, a.Raw)
		}
	}
	if w.watch != nil {
		w.watch(method, path, a)
	}
	return a
}

// Get asks with GET.
func (c *Client) Get(t testing.TB, w *World, path string, headers ...string) Answer {
	t.Helper()
	return w.Call(t, c.Token, http.MethodGet, path, nil, headers...)
}

// Send asks with another method and wants a status.
func (c *Client) Send(t testing.TB, w *World, want int, method, path string, body any, headers ...string) Answer {
	t.Helper()
	a := w.Call(t, c.Token, method, path, body, headers...)
	if a.Status != want {
		t.Fatalf("%s %s: got %d, want %d\n%s", method, path, a.Status, want, a.Raw)
	}
	return a
}

// Text returns a member that is text.
func (a Answer) Text(name string) string {
	s, _ := a.Body[name].(string)
	return s
}

// Error returns code and message of an error.
func (a Answer) Error() (code, message string) {
	e, _ := a.Body["error"].(map[string]any)
	code, _ = e["code"].(string)
	message, _ = e["message"].(string)
	return code, message
}

// Items returns the entities of a collection.
func (a Answer) Items() []map[string]any {
	list, _ := a.Body["value"].([]any)
	out := make([]map[string]any, len(list))
	for i, v := range list {
		out[i], _ = v.(map[string]any)
	}
	return out
}

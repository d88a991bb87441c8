package signin

import (
	"context"
	"errors"
	"strings"

	"entente/internal/core/app"
	"entente/internal/core/audit"
	"entente/internal/core/consent"
	"entente/internal/core/directory"
	"entente/internal/core/factor"
	"entente/internal/core/tenant"
	"entente/internal/core/token"
	"entente/internal/kit/clock"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/secret"
	"entente/internal/kit/sqldb"
)

// A Service moves flows and keeps sessions.
type Service struct {
	db        *sqldb.DB
	clock     clock.Clock
	directory *directory.Service
	signIns   *audit.SignIns
	tokens    *token.Service
	factors   factor.Vault
}

// NewService returns a service on db.
func NewService(db *sqldb.DB, clk clock.Clock, dir *directory.Service, signIns *audit.SignIns, tokens *token.Service, factors *factor.Service) *Service {
	return &Service{db, clk, dir, signIns, tokens, factors.Vault()}
}

// A Browser is where a step comes from.
type Browser struct {
	Cookie    secret.String   // the browser's own, which binds its flows
	Sessions  []secret.String // of its sessions
	IP        string
	UserAgent string
	Request   string // the request's identifier
}

func (b Browser) digest() secret.Digest { return cookieDigest("browser", b.Cookie) }

// A Start is what the address that begins an admin consent says.
type Start struct {
	Tenant  string // the path's segment
	App     string
	ReplyTo string
	State   string
	Scope   string
	V2      bool
	Request string // the whole address, path and query
}

const maxRequest = 8 << 10 // bytes; addresses that are longer fail elsewhere too

// Begin stores a flow for an admin consent and returns it at its first step:
// confirm when the browser has a session, identify otherwise.
func (s *Service) Begin(ctx context.Context, b Browser, start Start) (*Flow, error) {
	if len(start.Request) > maxRequest { // it is stored, for anybody who comes along
		return nil, fault.New(fault.Invalid, "The link is longer than %d bytes.", maxRequest)
	}
	var ask Ask
	// Anybody may begin one: what is refused costs no writer's time.
	err := s.db.View(ctx, func(tx *sqldb.Tx) (err error) {
		ask, err = s.ask(ctx, tx, start)
		return err
	})
	if err != nil {
		return nil, err
	}
	return s.begin(ctx, b, ask)
}

// ask checks what can be checked before anyone has signed in.
func (s *Service) ask(ctx context.Context, tx *sqldb.Tx, start Start) (Ask, error) {
	ask := Ask{State: start.State, Scope: start.Scope, V2: start.V2, Request: start.Request}
	var err error
	if ask.Tenant, err = askedTenant(ctx, tx, start.Tenant); err != nil {
		return ask, err
	}
	a, err := findApp(ctx, tx, ask.Tenant, start.App)
	if err != nil {
		return ask, err
	}
	ask.App = a.AppID
	want, err := ask.want()
	if err != nil {
		return ask, named(err, a)
	}
	if ask.ReplyTo, err = replyTo(a.RedirectURIs(), start.ReplyTo, start.V2); err != nil {
		return ask, named(err, a)
	}
	if ask.Tenant == "" && !a.MultiTenant() {
		return ask, named(fault.Because(fault.Forbidden, consent.SingleTenant, "The application is not open to other tenants."), a)
	}
	if ask.Tenant != "" {
		_, err = consent.MakeOffer(ctx, tx, ask.Tenant, a.AppID, want)
	}
	return ask, named(err, a)
}

// askedTenant returns the tenant that an address's segment names, which must be
// switched on, or "" where it leaves that to whoever signs in.
func askedTenant(ctx context.Context, tx *sqldb.Tx, segment string) (ids.TenantID, error) {
	switch strings.ToLower(segment) {
	case "common", "organizations":
		return "", nil
	}
	t, err := tenant.Resolve(ctx, tx, segment)
	if err != nil {
		return "", err
	}
	return t.ID, t.Active()
}

// findApp returns the application, or a fault with the reason MissingApp or
// consent.UnknownApplication.
func findApp(ctx context.Context, tx *sqldb.Tx, in ids.TenantID, appID string) (*app.Application, error) {
	if appID == "" {
		return nil, fault.Because(fault.Invalid, MissingApp, "The address names no application.")
	}
	a := &app.Application{}
	id, err := ids.Parse[ids.AppID](appID)
	if err == nil {
		a, err = app.ApplicationByAppID(ctx, tx, id)
	}
	if errors.Is(err, fault.NotFound) || errors.Is(err, fault.Invalid) || err == nil && a.BuiltIn {
		return nil, fault.Because(fault.NotFound, consent.UnknownApplication, "There is no application with this ID.").
			With("appId", appID).With("tenant", string(in))
	}
	if err != nil {
		return nil, err
	}
	return a, named(live(ctx, tx, a), a)
}

// live refuses an application that is switched off, or whose home is.
func live(ctx context.Context, tx *sqldb.Tx, a *app.Application) error {
	if a.Disabled() {
		return fault.Because(fault.Forbidden, DisabledApp, "The application is disabled.")
	}
	home, err := tenant.Resolve(ctx, tx, string(a.Tenant))
	if err != nil {
		return err
	}
	return home.Active()
}

// named adds the application's names to a fault.
func named(err error, a *app.Application) error {
	if f, ok := errors.AsType[*fault.Error](err); ok {
		return f.With("appId", string(a.AppID)).With("name", a.DisplayName)
	}
	return err
}

// remember begins f at confirm if the browser has a session.
func (s *Service) remember(ctx context.Context, tx *sqldb.Tx, b Browser, f *Flow) error {
	all, err := held(ctx, tx, b)
	switch {
	case err != nil:
		return err
	case len(alive(all)) > 0:
		f.Choose()
	case len(all) == 1:
		f.Username = all[0].Username
	}
	return nil
}

// goOnWith lets a flow that is at confirm go on with a session, whose end moves
// on by that.
func goOnWith(ctx context.Context, tx *sqldb.Tx, f *Flow, h Held) error {
	if err := f.Confirmed(h); err != nil {
		return err
	}
	if !h.Slide(tx.Now()) {
		return nil
	}
	return slideSession(ctx, tx, h.Session)
}

// Identify takes the typed address and finds its home. A domain that no tenant
// has is said to be unknown; whether the account exists is not said.
func (s *Service) Identify(ctx context.Context, b Browser, id ids.FlowID, username string) error {
	username = strings.TrimSpace(username)
	if username == "" || len(username) > maxUsername || domainOf(username) == "" {
		return fault.InvalidAt("username", "Enter your whole address, such as name@example.com.")
	}
	return s.step(ctx, b, id, func(tx *sqldb.Tx, f *Flow) error {
		home, err := tenant.Resolve(ctx, tx, domainOf(username))
		if err == nil {
			err = home.Active()
		}
		if errors.Is(err, fault.NotFound) || errors.Is(err, fault.Invalid) || errors.Is(err, fault.Forbidden) {
			return noHome(domainOf(username))
		}
		if err != nil {
			return err
		}
		return f.Identify(username, home.ID)
	})
}

const maxUsername = 320 // RFC 3696, section 3: 64 + 1 + 255

func noHome(domain string) error {
	e := fault.Because(fault.NotFound, NoHome, "No organization here has the domain %.100s.", domain)
	e.Target = "username"
	return e
}

// Confirm takes the person's word which of the browser's accounts is theirs. One
// whose session no longer serves is proved again; one whose session has ended
// meanwhile leads back to identify.
func (s *Service) Confirm(ctx context.Context, b Browser, id ids.FlowID, session ids.SessionID) error {
	return s.step(ctx, b, id, func(tx *sqldb.Tx, f *Flow) error {
		if f.State != Confirm {
			return stale()
		}
		all, err := held(ctx, tx, b)
		if err != nil {
			return err
		}
		h := find(all, session)
		switch {
		case h == nil:
			return f.Restart()
		case !h.Live || !f.Ask.hints().fresh(h.Session, tx.Now()):
			return f.Identify(h.Username, h.Home)
		}
		return goOnWith(ctx, tx, f, *h)
	})
}

// Restart forgets the account, because the person wants to use another. The
// browser's sessions stay.
func (s *Service) Restart(ctx context.Context, b Browser, id ids.FlowID) error {
	return s.step(ctx, b, id, func(_ *sqldb.Tx, f *Flow) error { return f.Restart() })
}

// Forget signs one of the browser's accounts out, where it is chosen from. The
// flow stays there as long as others are left.
func (s *Service) Forget(ctx context.Context, b Browser, id ids.FlowID, session ids.SessionID) error {
	return s.step(ctx, b, id, func(tx *sqldb.Tx, f *Flow) error {
		if f.State != Confirm {
			return stale()
		}
		all, err := held(ctx, tx, b)
		if err != nil {
			return err
		}
		h := find(all, session)
		if h == nil {
			return nil // it has ended already
		}
		if err := endSession(ctx, tx, h.Home, h.ID); err != nil || len(all) > 1 {
			return err
		}
		return f.Restart()
	})
}

// step loads the browser's flow, applies a rule, moves it onward and stores it,
// in one transaction.
func (s *Service) step(ctx context.Context, b Browser, id ids.FlowID, rule func(*sqldb.Tx, *Flow) error) error {
	return s.db.Update(ctx, func(tx *sqldb.Tx) error {
		f, err := getFlow(ctx, tx, b.digest(), id)
		if err != nil {
			return err
		}
		f.by = b
		if err := rule(tx, f); err != nil {
			return err
		}
		if err := s.onward(ctx, tx, f); err != nil {
			return err
		}
		return putFlow(ctx, tx, f)
	})
}

// stepFrom is step for a rule whose ground was laid outside the transaction,
// on the flow as it was seen: it must still stand there. Otherwise what was
// proved of one account would count for another that was typed meanwhile.
func (s *Service) stepFrom(ctx context.Context, b Browser, seen *Flow, rule func(*sqldb.Tx, *Flow) error) error {
	return s.step(ctx, b, seen.ID, func(tx *sqldb.Tx, f *Flow) error {
		if f.version != seen.version {
			return stale()
		}
		return rule(tx, f)
	})
}

// A Look is what a page of a step shows besides its form.
type Look struct {
	Flow *Flow
	App  string        // the application's name; empty for a page of ours
	From Organization  // its home
	To   *Organization // whose consent is asked, once known
	Home *Organization // of the account, once known

	// Approval is where an administrator consents to what the application asks,
	// by path and query.
	Approval string

	Accounts []Held                         // the browser's, where one is chosen
	Homes    map[ids.TenantID]*Organization // of these accounts
}

// Look returns the browser's flow with the names that its pages show.
func (s *Service) Look(ctx context.Context, b Browser, id ids.FlowID) (*Look, error) {
	var l Look
	err := s.db.View(ctx, func(tx *sqldb.Tx) (err error) {
		if l.Flow, err = getFlow(ctx, tx, b.digest(), id); err != nil {
			return err
		}
		if err := l.app(ctx, tx); err != nil {
			return err
		}
		if in := l.Flow.Resource(); in != "" {
			if l.To, err = organization(ctx, tx, in); err != nil {
				return err
			}
		}
		if l.Flow.Home != "" {
			l.Home, err = organization(ctx, tx, l.Flow.Home)
		}
		if err != nil || l.Flow.State != Confirm {
			return err
		}
		return l.accounts(ctx, tx, b)
	})
	return &l, err
}

// app completes l with the application's names.
func (l *Look) app(ctx context.Context, tx *sqldb.Tx) error {
	if l.Flow.Ask.App == "" {
		return nil
	}
	a, err := findApp(ctx, tx, l.Flow.Ask.Tenant, string(l.Flow.Ask.App))
	if err != nil {
		return err
	}
	l.App, l.Approval = a.DisplayName, l.Flow.approval(a.RedirectURIs())
	from, err := organization(ctx, tx, a.Tenant)
	if err != nil {
		return err
	}
	l.From = *from
	return nil
}

// accounts completes l with the browser's accounts and their homes' names.
func (l *Look) accounts(ctx context.Context, tx *sqldb.Tx, b Browser) (err error) {
	if l.Accounts, err = held(ctx, tx, b); err != nil {
		return err
	}
	l.Homes = make(map[ids.TenantID]*Organization)
	for _, h := range l.Accounts {
		if l.Homes[h.Home] == nil {
			if l.Homes[h.Home], err = organization(ctx, tx, h.Home); err != nil {
				return err
			}
		}
	}
	return nil
}

// organization returns a tenant's names.
func organization(ctx context.Context, tx *sqldb.Tx, id ids.TenantID) (*Organization, error) {
	t, err := tenant.Get(ctx, tx, id)
	if err != nil {
		return nil, err
	}
	return &Organization{ID: t.ID, Name: t.DisplayName, Domain: t.DefaultDomain()}, nil
}

package signin

import (
	"context"
	"time"

	"entente/internal/core/app"
	"entente/internal/core/audit"
	"entente/internal/core/consent"
	"entente/internal/core/directory"
	"entente/internal/core/person"
	"entente/internal/core/tenant"
	"entente/internal/core/token"
	"entente/internal/flow/guest"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/oauth2"
	"entente/internal/kit/sqldb"
)

// An AuthorizeStart is what a browser brings from an application.
type AuthorizeStart struct {
	Tenant  string // the path's segment
	V1      bool   // the form is one of version 1, its resource as a scope
	Form    oauth2.Form
	Request string // the whole address, path and query
}

// BeginAuthorize stores a flow for a sign-in to an application. What is wrong
// with the request itself is a fault for a page; what the application is to be
// told is a *Told.
func (s *Service) BeginAuthorize(ctx context.Context, b Browser, start AuthorizeStart) (*Flow, error) {
	if len(start.Request) > maxRequest {
		return nil, fault.New(fault.Invalid, "The request is longer than %d bytes.", maxRequest)
	}
	var ask Ask
	err := s.db.View(ctx, func(tx *sqldb.Tx) (err error) {
		ask, err = s.authorizeAsk(ctx, tx, start)
		return err
	})
	if err != nil {
		return nil, err
	}
	return s.begin(ctx, b, ask)
}

// tell makes a refusal one that the application is told.
func (s *Service) tell(ask Ask, err error) error {
	issuer := ""
	if ask.Tenant != "" {
		issuer = s.issuer(ask, ask.Tenant)
	}
	return &Told{ask.answer(issuer), err}
}

// issuer returns what an answer says whose it is: the issuer that discovery
// names in the version of the request (RFC 9207, section 2.4).
func (s *Service) issuer(ask Ask, of ids.TenantID) string {
	if ask.Authorize != nil && ask.Authorize.V1 {
		return s.tokens.IssuerV1(of)
	}
	return s.tokens.IssuerV2(of)
}

// authorizeAsk checks what can be checked before anybody has signed in: first
// whose the address to go back to is.
func (s *Service) authorizeAsk(ctx context.Context, tx *sqldb.Tx, start AuthorizeStart) (Ask, error) {
	q := start.Form
	ask := Ask{State: q["state"], Scope: q["scope"], V2: true, Request: start.Request}
	var err error
	if ask.Tenant, err = askedTenant(ctx, tx, start.Tenant); err != nil {
		return ask, err
	}
	a, err := findApp(ctx, tx, ask.Tenant, q["client_id"])
	if err != nil {
		return ask, err
	}
	ask.App = a.AppID
	if ask.ReplyTo, err = replyTo(a.RedirectURIs(), q["redirect_uri"], false); err != nil {
		return ask, named(err, a)
	}
	if ask.ReplyTo == "" {
		return ask, named(fault.Because(fault.Invalid, WrongReply, "The application has no address to go back to.").With("redirect", q["redirect_uri"]), a)
	}
	if ask.Tenant == "" && !a.MultiTenant() {
		return ask, named(fault.Because(fault.Forbidden, consent.SingleTenant, "The application is not open to other tenants."), a)
	}
	ask.Authorize, err = readAuthorize(q, platformOf(a, ask.ReplyTo))
	if ask.Authorize.V1 = start.V1; err != nil {
		return ask, s.tell(ask, err)
	}
	return ask, nil
}

// continueSession lets the flow begin with the session that the request means,
// or with the question which of several it is; see choose. It reports whether
// several would do.
func (s *Service) continueSession(ctx context.Context, tx *sqldb.Tx, b Browser, f *Flow) (several bool, err error) {
	all, err := held(ctx, tx, b)
	if err != nil {
		return false, err
	}
	h := f.Ask.hints()
	if a := f.Ask.Authorize; a != nil {
		if h.home, err = homeOfDomain(ctx, tx, a.Domain); err != nil {
			return false, err
		}
	}
	c := choose(all, h, tx.Now())
	f.Username = c.username
	if c.ask || c.take != nil {
		f.Choose()
	}
	if c.take == nil {
		return c.several, nil
	}
	return false, goOnWith(ctx, tx, f, *c.take)
}

// Finish sends the browser back to the application with a code, once who signs
// in may use it in the tenant. It spends the flow in the same transaction. A
// fault is for a page; what the application is to be told is a *Told.
func (s *Service) Finish(ctx context.Context, b Browser, id ids.FlowID) (*Answer, error) {
	var back *Answer
	var entry audit.SignIn
	var who *token.ID // whom the ID token is about, if one is wanted here
	err := s.step(ctx, b, id, func(tx *sqldb.Tx, f *Flow) (err error) {
		if f.State != Ready || f.Ask.Kind() != ForApp {
			return stale()
		}
		a, err := findApp(ctx, tx, f.Ask.Tenant, string(f.Ask.App))
		if err != nil {
			return err
		}
		v, err := s.visit(ctx, tx, b, f, a)
		if err != nil {
			return err
		}
		if err := f.Leave(); err != nil {
			return err
		}
		if err := addReached(ctx, tx, v.session, a.AppID, v.in.ID); err != nil {
			return err
		}
		back, err = s.code(ctx, tx, f, v)
		entry = v.entry(b, f, a, s.clock.Now())
		if f.Ask.Authorize.IDToken && err == nil {
			who, err = s.about(ctx, tx, b, f, v, back.Values.Get("code"))
		}
		return err
	})
	if err != nil {
		return nil, s.denied(ctx, b, id, err)
	}
	if who != nil {
		text, err := s.tokens.MintID(ctx, *who)
		if err != nil {
			return nil, err
		}
		back.Values.Set("id_token", text)
	}
	return back, s.signIns.Put(ctx, entry)
}

// A visit is a person at an application, in the tenant whose tokens it gets.
type visit struct {
	in      *tenant.Tenant
	session Session
	found   *person.Visit
	home    *directory.User
	here    *directory.User
	client  app.Client
}

// visit finds who signs in, here and at home, and refuses whoever may not use
// the application.
func (s *Service) visit(ctx context.Context, tx *sqldb.Tx, b Browser, f *Flow, a *app.Application) (v visit, err error) {
	if v.in, err = tenant.Get(ctx, tx, f.Resource()); err == nil {
		err = v.in.Active()
	}
	if err != nil {
		return v, err
	}
	if v.session, err = sessionOf(ctx, tx, b, f); err != nil {
		return v, err
	}
	found, err := guest.Find(ctx, tx, v.in, f.proof(), a.AppID)
	if err != nil {
		return v, named(over(err), a)
	}
	v.found, v.home, v.here = found, found.Account, found.Here
	if v.client, err = app.FindClient(ctx, tx, v.in.ID, a.AppID); err != nil {
		return v, err
	}
	if err := admits(ctx, tx, v.in.ID, v.here.ID, v.client); err != nil {
		return v, named(err, a)
	}
	return v, s.agreed(ctx, tx, b, f, v, a)
}

// code issues the code, and the ID token that comes with it if one is wanted.
func (s *Service) code(ctx context.Context, tx *sqldb.Tx, f *Flow, v visit) (*Answer, error) {
	a := f.Ask.Authorize
	text, err := token.AddCode(ctx, tx, token.Code{
		Proof:  v.session.proof(),
		Tenant: v.in.ID, Object: v.here.ID, Client: f.Ask.App, Redirect: f.Ask.ReplyTo, Platform: a.Platform,
		Challenge: a.Challenge, Scope: f.Ask.Scope, Nonce: a.Nonce, Claims: a.Claims,
	})
	if err != nil {
		return nil, err
	}
	back := f.Ask.answer(s.issuer(f.Ask, v.in.ID))
	back.Session = v.session.ID
	back.Values.Set("code", text)
	back.Values.Set("session_state", string(v.session.ID))
	if a.ClientInfo {
		back.Values.Set("client_info", token.ClientInfo(f.Home, f.User))
	}
	return back, nil
}

// entry is the sign-in as the tenant's log has it.
func (v visit) entry(b Browser, f *Flow, a *app.Application, now time.Time) audit.SignIn {
	return audit.SignIn{
		Tenant: v.in.ID, At: now, Kind: audit.InteractiveUserSignIn, App: a.AppID, AppName: a.DisplayName, Principal: v.here.ID,
		PrincipalName: v.home.UserPrincipalName, Home: f.Home, CredentialKind: "session", CredentialID: string(v.session.ID),
		Correlation: b.Request, IP: b.IP, UserAgent: b.UserAgent,
	}
}

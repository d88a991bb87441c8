package signin

import (
	"context"
	"errors"
	"net/url"
	"slices"

	"entente/internal/core/app"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/oauth2"
	"entente/internal/kit/sqldb"
)

// A SignOutAsk is what an address that leads to sign-out says: an
// application's (OpenID Connect RP-Initiated Logout 1.0, section 2), or none.
type SignOutAsk struct {
	Tenant string // the path's segment; empty: the address is ours
	Form   oauth2.Form
}

// A Leaving is what a page shows that asks what is to be signed out.
type Leaving struct {
	App      string        // the name of the application that asks, or ""
	Sure     ids.SessionID // the application has shown that it means this one: nobody is asked
	Meant    ids.SessionID // it has only said so
	Back     string        // where it wants the browser back, if that is clear by now
	Accounts []Held
	Homes    map[ids.TenantID]*Organization
}

// Leaving returns what there is to be signed out in a browser. It changes
// nothing.
func (s *Service) Leaving(ctx context.Context, b Browser, ask SignOutAsk) (*Leaving, error) {
	l := &Leaving{}
	err := s.db.View(ctx, func(tx *sqldb.Tx) error {
		r, err := s.readSignOut(ctx, tx, ask)
		if err != nil {
			return err
		}
		look := Look{}
		if err := look.accounts(ctx, tx, b); err != nil {
			return err
		}
		l.Accounts, l.Homes = look.Accounts, look.Homes
		sessions := make([]Session, len(l.Accounts))
		for i, h := range l.Accounts {
			sessions[i] = h.Session
		}
		if l.Back, err = backOf(ctx, tx, r, sessions); err != nil {
			return err
		}
		if r.app != nil {
			l.App = r.app.DisplayName
		}
		if find(l.Accounts, r.session) != nil {
			l.Sure = r.session
		}
		l.Meant = whose(l.Accounts, r.account)
		return nil
	})
	return l, err
}

// signOutRequest is an ask as it was understood.
type signOutRequest struct {
	app         *app.Application // nil: nobody known asks
	session     ids.SessionID    // of an ID token that the application was given
	account     string           // a name: anybody may say it
	back, state string
}

// readSignOut reads what is asked. An ID token that proves nothing, or was given
// to another application, counts as none: who wants to sign out can do so by
// hand.
func (s *Service) readSignOut(ctx context.Context, tx *sqldb.Tx, ask SignOutAsk) (r signOutRequest, err error) {
	if ask.Tenant != "" {
		// A tenant that is switched off lets people out all the same.
		if _, err := askedTenant(ctx, tx, ask.Tenant); err != nil && !errors.Is(err, fault.Forbidden) {
			return r, err
		}
	}
	q := ask.Form
	r.account, r.back, r.state = clipped(q["logout_hint"], maxUsername), q["post_logout_redirect_uri"], q["state"]
	client := ids.AppID("")
	if id, err := ids.Parse[ids.AppID](q["client_id"]); err == nil {
		client = id
	}
	if raw := q["id_token_hint"]; raw != "" {
		hint, err := s.tokens.Hint(ctx, tx, raw)
		if err != nil && !errors.Is(err, fault.Unauthenticated) {
			return r, err
		}
		if err == nil && (client == "" || client == hint.Client) {
			client, r.session = hint.Client, hint.Session
		}
	}
	if client == "" {
		return r, nil
	}
	r.app, err = leadsBack(ctx, tx, client)
	return r, err
}

func clipped(s string, n int) string { return s[:min(len(s), n)] }

// leadsBack returns an application to which people may be sent back, or nil.
func leadsBack(ctx context.Context, tx *sqldb.Tx, client ids.AppID) (*app.Application, error) {
	a, err := app.ApplicationByAppID(ctx, tx, client)
	if err == nil {
		err = live(ctx, tx, a)
	}
	if absent(err) || errors.Is(err, fault.Forbidden) {
		return nil, nil
	}
	return a, err
}

// A Which says which of a browser's sessions end.
type Which struct {
	Session ids.SessionID
	Sure    bool // the one of which the application has shown that it means it
	All     bool
}

// SignOut ends sessions of a browser. Refresh tokens that applications were
// given stay theirs: the person has left the browser, not the applications.
//
// A session that the browser does not bring is not there to be ended.
func (s *Service) SignOut(ctx context.Context, b Browser, ask SignOutAsk, w Which) (*SignOut, error) {
	var o *SignOut
	err := s.db.Update(ctx, func(tx *sqldb.Tx) error {
		r, err := s.readSignOut(ctx, tx, ask)
		if err != nil {
			return err
		}
		if w.Sure {
			w.Session = r.session
		}
		all, err := sessionsOf(ctx, tx, b.Sessions)
		if err != nil {
			return err
		}
		o = &SignOut{ID: ids.New[ids.SignOutID](), Browser: b.digest(), ExpiresAt: tx.Now().Add(endedStays)}
		all = slices.DeleteFunc(all, func(s Session) bool { return !w.All && s.ID != w.Session })
		for _, session := range all {
			if err := o.end(ctx, tx, session); err != nil {
				return err
			}
		}
		if o.Back, err = backOf(ctx, tx, r, all); err != nil {
			return err
		}
		if r.app != nil {
			o.App = r.app.AppID
		}
		return addSignOut(ctx, tx, o)
	})
	return o, err
}

// end ends a session and notes whose it was.
func (o *SignOut) end(ctx context.Context, tx *sqldb.Tx, session Session) error {
	u, _, err := holder(ctx, tx, session)
	if err != nil {
		return err
	}
	e := Ended{Home: session.Home, Session: session.ID}
	if u != nil {
		e.Username = u.UserPrincipalName
	}
	o.Ended = append(o.Ended, e)
	return endSession(ctx, tx, session.Home, session.ID)
}

// backOf returns where the browser goes next. If nobody says which application
// asks, it may be any that the sessions have signed in to.
func backOf(ctx context.Context, tx *sqldb.Tx, r signOutRequest, sessions []Session) (string, error) {
	if r.app != nil || r.back == "" {
		return wayBack(r.app, r.back, r.state), nil
	}
	for _, session := range sessions {
		all, err := reachedBy(ctx, tx, session.Home, session.ID)
		if err != nil {
			return "", err
		}
		for _, to := range all {
			a, err := leadsBack(ctx, tx, to.client)
			if err != nil {
				return "", err
			}
			if back := wayBack(a, r.back, r.state); back != "" {
				return back, nil
			}
		}
	}
	return "", nil
}

// A SignedOut is what the page shows that says so.
type SignedOut struct {
	*SignOut
	App  string   // the name of the application that asked, or ""
	Tell []string // addresses of applications, which tell each that its session is over
}

// SignedOut returns a sign-out of the browser with whom it is to be told to
// (OpenID Connect Front-Channel Logout 1.0, section 3).
func (s *Service) SignedOut(ctx context.Context, b Browser, id ids.SignOutID) (*SignedOut, error) {
	var out SignedOut
	err := s.db.View(ctx, func(tx *sqldb.Tx) (err error) {
		if out.SignOut, err = getSignOut(ctx, tx, b.digest(), id); err != nil {
			return err
		}
		if out.SignOut.App != "" {
			a, err := leadsBack(ctx, tx, out.SignOut.App)
			if err != nil {
				return err
			}
			if a != nil {
				out.App = a.DisplayName
			}
		}
		for _, e := range out.Ended {
			if err := s.tellApps(ctx, tx, &out, e); err != nil {
				return err
			}
		}
		return nil
	})
	return &out, err
}

// tellApps adds the addresses of a session's applications.
func (s *Service) tellApps(ctx context.Context, tx *sqldb.Tx, out *SignedOut, e Ended) error {
	all, err := reachedBy(ctx, tx, e.Home, e.Session)
	if err != nil {
		return err
	}
	for _, to := range all {
		a, err := leadsBack(ctx, tx, to.client)
		if err != nil {
			return err
		}
		if a == nil || a.Web.LogoutURL == nil || *a.Web.LogoutURL == "" || len(out.Tell) == maxTold {
			continue
		}
		u, err := url.Parse(*a.Web.LogoutURL)
		if err != nil {
			continue // an application keeps none
		}
		if u.RawQuery != "" {
			u.RawQuery += "&"
		}
		u.RawQuery += url.Values{"iss": {s.tokens.IssuerV2(to.in)}, "sid": {string(e.Session)}}.Encode()
		out.Tell = append(out.Tell, u.String())
	}
	return nil
}

package signin

import (
	"context"
	"slices"
	"strings"
	"time"

	"entente/internal/core/tenant"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// A Held session is one that a browser brings, with whose it is.
type Held struct {
	Session
	Username string // the user principal name
	Name     string
	Live     bool // false: its account must be proved again
}

// held returns the sessions that the browser brings, the last used first. One
// whose account is gone or blocked is not among them; one whose account was
// signed out everywhere since is there, and not live.
func held(ctx context.Context, tx *sqldb.Tx, b Browser) ([]Held, error) {
	sessions, err := sessionsOf(ctx, tx, b.Sessions)
	if err != nil {
		return nil, err
	}
	var all []Held
	for _, s := range sessions {
		u, live, err := holder(ctx, tx, s)
		if err != nil {
			return nil, err
		}
		if u != nil {
			all = append(all, Held{s, u.UserPrincipalName, u.DisplayName, live})
		}
	}
	return all, nil
}

// alive returns those sessions that count.
func alive(all []Held) []Held {
	return slices.DeleteFunc(slices.Clone(all), func(h Held) bool { return !h.Live })
}

// find returns the session with an identifier, or nil.
func find(all []Held, id ids.SessionID) *Held {
	for i := range all {
		if all[i].ID == id {
			return &all[i]
		}
	}
	return nil
}

// A choice is what becomes of the sessions that a browser brings to a sign-in.
type choice struct {
	take     *Held  // it goes on with this one
	ask      bool   // the person chooses
	several  bool   // more than one would do
	username string // to be proved
}

// hints say which account an application means.
type hints struct {
	prompt  string
	account string         // an address
	who     *ids.Principal // or rather this account, whatever its address by now
	session ids.SessionID  // that it was told of before
	home    ids.TenantID   // of its domain
	maxAge  *int           // seconds since the account was proved
}

func (h hints) fit(s Held) bool {
	return h.means(s) && (h.session == "" || h.session == s.ID) && (h.home == "" || h.home == s.Home)
}

// means reports whether a session is of the account that is meant. A login hint
// of ours means one account, whoever has its address by now.
func (h hints) means(s Held) bool {
	if h.who != nil {
		return h.who.Home == s.Home && h.who.ID == s.User
	}
	return h.account == "" || strings.EqualFold(h.account, s.Username)
}

// fresh reports whether a session was proved lately enough for the request.
func (h hints) fresh(s Session, now time.Time) bool {
	return h.maxAge == nil || !now.After(s.AuthAt.Add(time.Duration(*h.maxAge)*time.Second))
}

// choose decides which session a sign-in to an application goes on with. One
// that alone fits is taken without asking; of several the person chooses, and
// from all of them where the application wants it so.
func choose(all []Held, h hints, now time.Time) choice {
	c := choice{username: h.account}
	switch {
	case h.prompt == promptLogin, len(all) == 0:
		return c
	case h.prompt == promptSelect:
		c.ask = true
		return c
	}
	fitting := slices.DeleteFunc(slices.Clone(all), func(s Held) bool { return !h.fit(s) })
	able := alive(fitting)
	switch {
	case len(able) > 1:
		c.ask, c.several = true, true
	case len(able) == 1 && h.fresh(able[0].Session, now):
		c.take = &able[0]
	case len(able) == 1:
		c.username = able[0].Username
	case len(fitting) == 1:
		c.username = fitting[0].Username
	}
	return c
}

// homeOfDomain returns the tenant that has a domain, or "".
func homeOfDomain(ctx context.Context, tx *sqldb.Tx, domain string) (ids.TenantID, error) {
	switch strings.ToLower(domain) {
	case "", "organizations", "consumers":
		return "", nil
	}
	t, err := tenant.Resolve(ctx, tx, domain)
	if absent(err) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return t.ID, nil
}

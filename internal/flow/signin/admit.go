package signin

import (
	"context"
	"slices"
	"strings"

	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/secret"
	"entente/internal/kit/sqldb"
)

// An Admitted account is what its browser keeps.
type Admitted struct {
	Session ids.SessionID
	Cookie  secret.String
	Kept    bool
	All     []ids.SessionID // the browser's, this one too; cookies of others are worth nothing
}

// admitHome is admit once the second factor of home is proved, too, if it is
// asked: until then there is no session.
func (s *Service) admitHome(ctx context.Context, tx *sqldb.Tx, b Browser, f *Flow) (*Admitted, error) {
	need, err := missing(ctx, tx, f)
	if err != nil || !need.IsZero() && !need.Abroad {
		return nil, err
	}
	return admit(ctx, tx, b, f)
}

// admit begins the session of a flow's person, or goes on with the one that the
// browser has for this account, under a new secret. The sessions of other
// accounts stay as they are.
func admit(ctx context.Context, tx *sqldb.Tx, b Browser, f *Flow) (*Admitted, error) {
	all, err := held(ctx, tx, b)
	if err != nil {
		return nil, err
	}
	s := NewSession(f.Home, f.User, tx.Now())
	in, goesOn := &Admitted{}, false
	for _, h := range all {
		switch {
		case h.Home != f.Home || h.User != f.User:
			in.All = append(in.All, h.ID)
		case h.Live:
			s, goesOn = h.Session, h.ID == f.Session
		}
	}
	if len(in.All) == MaxSessions {
		last := find(all, in.All[MaxSessions-1])
		in.All = in.All[:MaxSessions-1]
		if err := endSession(ctx, tx, last.Home, last.ID); err != nil {
			return nil, err
		}
	}
	if method := strings.Join(f.Methods, " "); goesOn {
		in.Cookie = s.Add(method, b, tx.Now())
	} else if f.Session != "" {
		return nil, gone() // the session that the flow goes on with has ended meanwhile
	} else {
		in.Cookie = s.Prove(method, f.Keep, b, tx.Now())
	}
	in.Kept = s.Kept
	in.Session, in.All = s.ID, append(in.All, s.ID)
	f.Session = s.ID
	return in, putSession(ctx, tx, s, cookieDigest("session", in.Cookie))
}

// sessionOf returns the session that a flow goes on with, which its browser must
// bring. The fault has the reason Gone.
func sessionOf(ctx context.Context, tx *sqldb.Tx, b Browser, f *Flow) (Session, error) {
	all, err := sessionsOf(ctx, tx, b.Sessions)
	if err != nil {
		return Session{}, err
	}
	i := slices.IndexFunc(all, func(s Session) bool { return s.ID == f.Session && s.Home == f.Home && s.User == f.User })
	if i < 0 {
		return Session{}, gone()
	}
	return all[i], nil
}

// absent reports whether there is nothing of what was looked for, or nothing
// that could be looked for.
func absent(err error) bool {
	code := fault.Public(err).Code
	return err != nil && (code == fault.NotFound || code == fault.Invalid)
}

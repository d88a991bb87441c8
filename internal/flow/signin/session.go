package signin

import (
	"time"

	"entente/internal/kit/ids"
	"entente/internal/kit/secret"
)

// How long a session lasts after it was last used: one that ends with the run
// of its browser, and one that was asked to outlive it. These are Entra's.
const (
	sessionLife = 24 * time.Hour
	keptLife    = 90 * 24 * time.Hour
)

// KeptLife is how long a browser keeps the cookie of a session that outlives
// its run.
const KeptLife = keptLife

// MaxSessions is how many accounts one browser may be signed in with. A further
// one ends the session that was not used for the longest time.
const MaxSessions = 10

// endedStays is how long an ended session's row stays, for the page that tells
// its applications.
const endedStays = time.Hour

// A Session says that a browser's person has proved at home who they are.
//
// A browser may hold several, one an account. Each has a secret of its own, and
// a new one whenever the account is proved again: what somebody planted in a
// browser, or took from it before, never becomes the session of whoever signs
// in. Its identifier stays, because applications know the session by it.
type Session struct {
	ID        ids.SessionID
	Home      ids.TenantID
	User      ids.ObjectID
	Method    string // how it was proved, in the words of RFC 8176, separated by spaces; see core/factor
	Kept      bool   // it outlives the run of its browser
	Agent     string // what the browser said of itself when it was last proved
	IP        string // and where it was
	AuthAt    time.Time
	CreatedAt time.Time
	UsedAt    time.Time
	ExpiresAt time.Time
	EndedAt   time.Time // signed out; zero: not
}

// NewSession returns a session that begins now.
func NewSession(home ids.TenantID, user ids.ObjectID, now time.Time) Session {
	return Session{ID: ids.New[ids.SessionID](), Home: home, User: user, CreatedAt: now}
}

// Prove takes the word of home that the session's person is there, and returns
// the secret that the browser keeps from now on.
func (s *Session) Prove(method string, kept bool, b Browser, now time.Time) secret.String {
	s.Method, s.Kept, s.Agent, s.IP = method, kept, b.UserAgent, b.IP
	s.AuthAt, s.UsedAt, s.ExpiresAt = now, now, now.Add(s.life())
	return secret.NewString(secret.Random(32))
}

// Add takes the word that a further factor was proved in the session, and
// returns the secret that the browser keeps from now on. When the account was
// proved stays as it was: what was revoked since is revoked.
func (s *Session) Add(method string, b Browser, now time.Time) secret.String {
	s.Method, s.Agent, s.IP = method, b.UserAgent, b.IP
	s.UsedAt, s.ExpiresAt = now, now.Add(s.life())
	return secret.NewString(secret.Random(32))
}

func (s *Session) life() time.Duration {
	if s.Kept {
		return keptLife
	}
	return sessionLife
}

// Slide moves the session's end on because it is used, and reports whether that
// is worth storing: at most once an hour.
func (s *Session) Slide(now time.Time) bool {
	if now.Before(s.UsedAt.Add(time.Hour)) {
		return false
	}
	s.UsedAt, s.ExpiresAt = now, now.Add(s.life())
	return true
}

// cookieDigest returns what is stored of a browser's or session's cookie. The
// cookies are long and random, so a fast hash is enough.
func cookieDigest(kind string, cookie secret.String) secret.Digest {
	return secret.DigestOf("cookie", kind, cookie.Reveal())
}

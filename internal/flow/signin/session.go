package signin

import (
	"time"

	"entente/internal/kit/ids"
	"entente/internal/kit/secret"
)

// sessionLife is how long a session lasts after it was last used.
const sessionLife = 24 * time.Hour

// A Session says that a browser's person has proved at home who they are.
type Session struct {
	ID        ids.SessionID
	Home      ids.TenantID
	User      ids.ObjectID
	Method    string // how it was proved, in the words of RFC 8176: pwd
	AuthAt    time.Time
	ExpiresAt time.Time
}

// NewSession returns a session that begins now, and the secret that its
// browser keeps.
func NewSession(home ids.TenantID, user ids.ObjectID, method string, now time.Time) (Session, secret.String) {
	return Session{
		ID: ids.New[ids.SessionID](), Home: home, User: user, Method: method, AuthAt: now, ExpiresAt: now.Add(sessionLife),
	}, secret.NewString(secret.Random(32))
}

// Slide returns the session with a later end, and whether that is worth
// storing: at most once an hour.
func (s Session) Slide(now time.Time) (Session, bool) {
	if now.Add(sessionLife - time.Hour).Before(s.ExpiresAt) {
		return s, false
	}
	s.ExpiresAt = now.Add(sessionLife)
	return s, true
}

// cookieDigest returns what is stored of a browser's or session's cookie. The
// cookies are long and random, so a fast hash is enough.
func cookieDigest(kind string, cookie secret.String) secret.Digest {
	return secret.DigestOf("cookie", kind, cookie.Reveal())
}

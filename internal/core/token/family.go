package token

import (
	"time"

	"entente/internal/kit/ids"
)

// The lives of refresh tokens.
const (
	idleLife = 90 * 24 * time.Hour // without use
	pageLife = 24 * time.Hour      // a page's, from its sign-in on
	grace    = 30 * time.Second    // in which a spent token gives its successor again
	kept     = 24 * time.Hour      // for which what is over is still known
)

// A Family is the refresh tokens that follow one sign-in to one client. One of
// them is live; each use spends it and makes the next.
//
// A spent token that comes again within a few seconds is a client that asked
// twice at once, or lost the answer: it gets the very successor that the first
// got, so that there are never two live tokens. After that it is a copy in
// wrong hands, and the family ends (RFC 9700, section 4.14.2).
type Family struct {
	Proof
	ID        ids.FamilyID
	Client    ids.AppID
	Platform  Platform
	Scope     string // that the sign-in asked for
	CreatedAt time.Time
	UsedAt    time.Time
	ExpiresAt time.Time
	RevokedAt time.Time // zero: not
}

// NewFamily returns a family that begins now.
func NewFamily(p Proof, client ids.AppID, on Platform, scope string, now time.Time) *Family {
	f := &Family{Proof: p, ID: ids.New[ids.FamilyID](), Client: client, Platform: on, Scope: scope, CreatedAt: now, UsedAt: now, ExpiresAt: now.Add(idleLife)}
	if on == SPA {
		f.ExpiresAt = now.Add(pageLife)
	}
	return f
}

// Take refuses a client whose family it is not, and a family that is over.
func (f *Family) Take(client ids.AppID, now time.Time) error {
	switch {
	case f.Client != client:
		return badGrant(RefreshForOthers, "The refresh token was issued to another client.").With("client", string(client))
	case !f.RevokedAt.IsZero():
		return revoked(f)
	case now.Before(f.ExpiresAt):
		return nil
	case f.Platform == SPA:
		return badGrant(RefreshOver, "The refresh token was issued to a single page app and its day is over.").
			With("issued", f.CreatedAt.UTC().Format(time.RFC3339)).WithFix("Begin a new sign-in; a page does so without asking while the session lasts.")
	}
	return badGrant(RefreshIdle, "The refresh token has expired due to inactivity.").
		With("issued", f.UsedAt.UTC().Format(time.RFC3339)).WithFix("Begin a new sign-in.")
}

func revoked(f *Family) error {
	return badGrant(RefreshRevoked, "The provided grant has expired due to it being revoked.").
		With("issued", f.CreatedAt.UTC().Format(time.RFC3339)).WithFix("Begin a new sign-in.")
}

// use moves the end of a family on, unless it is a page's.
func (f *Family) use(now time.Time) {
	f.UsedAt = now
	if f.Platform != SPA {
		f.ExpiresAt = now.Add(idleLife)
	}
}

// A Refresh is one refresh token as it is stored.
type Refresh struct {
	text    string
	spentAt time.Time
}

// Replayed reports whether the token was spent so long ago that it is a copy.
func (r Refresh) Replayed(now time.Time) bool {
	return !r.spentAt.IsZero() && now.After(r.spentAt.Add(grace))
}

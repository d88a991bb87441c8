package guest

import (
	"time"

	"entente/internal/core/directory"
	"entente/internal/kit/ids"
)

// A Life says how a guest's stay hangs on what the guest has. Whoever came by an
// access package is governed; who was here before is not, unless an
// administrator has said so.
type Life struct {
	Tenant    ids.TenantID
	User      ids.ObjectID
	Known     bool // whether the guest is governed was ever said
	Governed  bool
	BlockedAt time.Time // since when they have nothing and are blocked; zero: they are not
	DeleteAt  time.Time // zero: not at all
}

// An Ending is what a tenant does with a governed guest who has lost the last
// access.
type Ending struct {
	Block  bool
	Delete bool
	After  time.Duration // between the loss and the deletion
}

// lose applies an ending and reports whether the account is to be blocked.
func (l *Life) lose(e Ending, now time.Time) bool {
	if !l.Governed || !e.Block && !e.Delete || !l.BlockedAt.IsZero() {
		return false
	}
	if e.Delete {
		l.DeleteAt = now.Add(e.After)
	}
	if e.Block {
		l.BlockedAt = now
	}
	return e.Block
}

// Blocks reports whether it is for the want of access that the account is blocked.
// What somebody has said of the account since then counts instead.
func (l *Life) Blocks(u *directory.User) bool {
	return !l.BlockedAt.IsZero() && !u.Enabled() && !u.SwitchedAt.After(l.BlockedAt)
}

// regain takes an ending back and reports whether the account is blocked by it.
func (l *Life) regain(u *directory.User) bool {
	blocked := l.Blocks(u)
	l.BlockedAt, l.DeleteAt = time.Time{}, time.Time{}
	return blocked
}

// due reports whether the guest is to be deleted now. Whoever is no guest any
// more, or was let in again by hand, stays.
func (l *Life) due(u *directory.User, now time.Time) bool {
	switch {
	case l.DeleteAt.IsZero() || now.Before(l.DeleteAt):
		return false
	case u.UserType == nil || *u.UserType != directory.Guest:
		return false
	}
	return !u.Enabled() || l.BlockedAt.IsZero() && u.SwitchedAt.IsZero()
}

package directory

import (
	"context"
	"time"

	"entente/internal/core/authz"
	"entente/internal/kit/fault"
	"entente/internal/kit/secret"
	"entente/internal/kit/sqldb"
)

// renewed notes that the password is a new one: what was begun with the old one
// is over.
func (u *User) renewed(now time.Time) {
	shown := now.Truncate(time.Second)
	u.LastPasswordChange, u.SessionsFrom, u.SignInSessionsValidFrom = &shown, now, &shown
}

// ChangePassword gives the caller, who is signed in, another password. The one
// of now proves that it is the caller who asks; whoever found a session open
// has no use of it, and may not try many: see PasswordPaused. What the new one
// must be is looked at first, because that costs no try.
func (s *Service) ChangePassword(ctx context.Context, who authz.Caller, current, next secret.String) error {
	if len(next.Reveal()) > maxPassword || len(current.Reveal()) > maxPassword || current.Reveal() == next.Reveal() {
		return weakPassword()
	}
	var stored string
	if err := s.db.Claim(ctx, func(tx *sqldb.Tx) error {
		u, err := GetUser(ctx, tx, who.Tenant, string(who.Object))
		if err != nil {
			return err
		}
		if err := CheckStrength(next, u.UserPrincipalName); err != nil {
			return err
		}
		stored, err = takeTry(ctx, tx, u.Tenant, u.ID)
		return err
	}); err != nil {
		return err
	}
	ok, err := s.hasher.Check(ctx, stored, current)
	if err == nil && !ok {
		err = fault.Because(fault.Invalid, WrongCurrentPassword, "The current password is incorrect.")
	}
	if err != nil {
		return err
	}
	hashed, err := s.hasher.Hash(ctx, next)
	if err != nil {
		return err
	}
	return s.db.Update(ctx, func(tx *sqldb.Tx) error {
		u, err := GetUser(ctx, tx, who.Tenant, string(who.Object))
		if err != nil {
			return err
		}
		if now, err := passwordOf(ctx, tx, u.Tenant, u.ID); err != nil || now != stored {
			return fault.New(fault.Conflict, "The password has just been changed.").Wrap(err)
		}
		u.renewed(tx.Now())
		if err := putUser(ctx, tx, u); err != nil {
			return err
		}
		if err := putPassword(ctx, tx, u.Tenant, u.ID, hashed, false); err != nil {
			return err
		}
		return record(ctx, tx, who, "Change user password", u, nil)
	})
}

// WrongCurrentPassword is the Reason of a refusal to change a password without
// the one of now.
const WrongCurrentPassword fault.Reason = "directory.wrong_current_password"

package directory

import (
	"context"
	"errors"

	"entente/internal/core/object"
	"entente/internal/core/tenant"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
	"entente/internal/kit/sqldb"
)

// AddGuest stores the user who stands for an invitee, in the caller's
// transaction; the caller has asked who may, looked with GuestByMail whether
// the guest is there, and records it. An address that somebody has is refused
// with object.NameTaken.
func AddGuest(ctx context.Context, tx *sqldb.Tx, home *tenant.Tenant, in Invitee) (*User, error) {
	u, err := NewGuest(home, in, tx.Now())
	if err != nil {
		return nil, err
	}
	if _, err := GetUser(ctx, tx, home.ID, u.UserPrincipalName); err == nil {
		u.rename(home)
	} else if !errors.Is(err, fault.NotFound) {
		return nil, err
	}
	if err := addUser(ctx, tx, u, in.InvitedBy); err != nil {
		return nil, err
	}
	for _, id := range in.Sponsors {
		if err := addSponsor(ctx, tx, u, id); err != nil {
			return nil, err
		}
	}
	return u, nil
}

// GuestByMail returns the live guest who has the address, whatever case it is
// written in, or NotFound. Members who have it are not returned.
func GuestByMail(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, mail string) (*User, error) {
	id, err := object.Holder(ctx, tx, tenant, object.SpaceAddress, query.Fold(mail))
	if err != nil {
		return nil, err
	}
	u, err := GetUser(ctx, tx, tenant, string(id))
	if err == nil && !u.External() {
		err = object.Missing(mail)
	}
	return u, err
}

// UserByAddress returns the live member whom an address names, whatever case it
// is written in, or NotFound: who signs in with it or, where nobody does, whose
// mail it is. It is one user at most. Whether the domain is the tenant's own is
// for the caller to ask.
func UserByAddress(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, address string) (*User, error) {
	id, err := object.Holder(ctx, tx, tenant, object.SpaceUPN, query.Fold(address))
	if errors.Is(err, fault.NotFound) {
		id, err = object.Holder(ctx, tx, tenant, object.SpaceAddress, query.Fold(address))
	}
	if err != nil {
		return nil, err
	}
	u, err := GetUser(ctx, tx, tenant, string(id))
	if err == nil && u.External() {
		err = object.Missing(address)
	}
	return u, err
}

// GuestOf returns the live user who stands for a person of another tenant, or
// NotFound.
func GuestOf(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, person ids.Principal) (*User, error) {
	id, err := userOf(ctx, tx, tenant, person)
	if err != nil {
		return nil, err
	}
	return GetUser(ctx, tx, tenant, string(id))
}

// AcceptGuest notes, in the caller's transaction, that the person home is this
// guest. Doing it again changes nothing; a person is one user of a tenant, and
// a second one is a Conflict.
func AcceptGuest(ctx context.Context, tx *sqldb.Tx, u *User, home ids.Principal) error {
	other, err := userOf(ctx, tx, u.Tenant, home)
	switch {
	case err == nil && other != u.ID:
		return fault.New(fault.Conflict, "This person is in the organization already, as another user.")
	case err != nil && !errors.Is(err, fault.NotFound):
		return err
	}
	if err := u.accept(home, tx.Now()); err != nil {
		return err
	}
	return putUser(ctx, tx, u)
}

// ResetGuest puts a guest back before the acceptance, in the caller's
// transaction, under a new address where mail is not empty, which takes the place of
// those of before. Identifier, name, groups and assignments stay; sessions end.
func ResetGuest(ctx context.Context, tx *sqldb.Tx, u *User, mail string) error {
	if err := u.reset(mail, tx.Now()); err != nil {
		return err
	}
	return putUser(ctx, tx, u)
}

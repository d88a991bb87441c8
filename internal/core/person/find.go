package person

import (
	"context"
	"errors"

	"entente/internal/core/crosstenant"
	"entente/internal/core/directory"
	"entente/internal/core/tenant"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// AtHome returns the proved account in its home tenant, as both are now.
func AtHome(ctx context.Context, tx *sqldb.Tx, p Proof) (*Visit, error) {
	home, err := tenant.Get(ctx, tx, p.Home)
	if err != nil && !errors.Is(err, fault.NotFound) {
		return nil, err
	}
	if err != nil || !home.Enabled {
		return nil, fault.Because(fault.Forbidden, NoHome, "The account's home tenant is gone or disabled.").With("home", string(p.Home))
	}
	u, err := directory.GetUser(ctx, tx, p.Home, string(p.User))
	switch {
	case errors.Is(err, fault.NotFound):
		return nil, noAccount("")
	case err != nil:
		return nil, err
	case !u.Enabled():
		return nil, noAccount(u.UserPrincipalName)
	}
	return &Visit{Home: home, In: home, Account: u, Here: u}, fresh(u, p.At)
}

// Find returns who the proved account is in a tenant. Apps are those between
// which it comes, and may be empty. Beside a refusal it returns what was found
// until then, or nil.
func Find(ctx context.Context, tx *sqldb.Tx, in *tenant.Tenant, p Proof, apps ...ids.AppID) (*Visit, error) {
	v, err := AtHome(ctx, tx, p)
	if err != nil || in.ID == p.Home {
		return v, err
	}
	v.In = in
	v.Here, err = directory.GuestOf(ctx, tx, in.ID, v.Subject())
	if errors.Is(err, fault.NotFound) {
		return v, fault.Because(fault.Forbidden, NotHere, "The account is not in the tenant.").
			With("account", v.Account.UserPrincipalName).With("tenant", in.DisplayName).
			WithFix("An administrator of the tenant invites the account as a guest.")
	}
	if err != nil {
		return v, err
	}
	return v, v.cross(ctx, tx, p, apps)
}

// As returns the proved account as a user of a tenant who does not stand for it
// yet: a guest who is about to accept. Whether it is them is for the caller to
// know. Beside a refusal it returns what was found until then, or nil.
func As(ctx context.Context, tx *sqldb.Tx, in *tenant.Tenant, here *directory.User, p Proof, apps ...ids.AppID) (*Visit, error) {
	v, err := AtHome(ctx, tx, p)
	if err != nil {
		return v, err
	}
	v.In, v.Here = in, here
	return v, v.cross(ctx, tx, p, apps)
}

// Of returns who stands behind a user of a tenant: the account at home, which
// is the user itself unless it is a guest.
func Of(ctx context.Context, tx *sqldb.Tx, in *tenant.Tenant, user ids.ObjectID, p Proof, apps ...ids.AppID) (*Visit, error) {
	here, err := directory.GetUser(ctx, tx, in.ID, string(user))
	if errors.Is(err, fault.NotFound) {
		return nil, noAccount("")
	}
	if err != nil {
		return nil, err
	}
	if here.Home.ID == "" {
		if !here.Enabled() {
			return nil, noAccount(here.UserPrincipalName)
		}
		v := &Visit{Home: in, In: in, Account: here, Here: here}
		if err := fresh(here, p.At); err != nil || !here.External() {
			return v, err
		}
		return v, noAccount(here.UserPrincipalName) // nobody has accepted to be this guest
	}
	p.Home, p.User = here.Home.Home, here.Home.ID
	v, err := AtHome(ctx, tx, p)
	if err != nil {
		return v, err
	}
	v.In, v.Here = in, here
	return v, v.cross(ctx, tx, p, apps)
}

// cross refuses a guest who is shut out of the tenant, or whom one of the two
// policies does not let come.
func (v *Visit) cross(ctx context.Context, tx *sqldb.Tx, p Proof, apps []ids.AppID) error {
	if !v.Here.Enabled() {
		return fault.Because(fault.Forbidden, NotHereNow, "The account is disabled here.").
			With("account", v.Account.UserPrincipalName).With("tenant", v.In.DisplayName).
			WithFix("Ask an administrator of the tenant.")
	}
	if err := fresh(v.Here, p.At); err != nil {
		return err
	}
	what := crosstenant.What{Kind: ids.Person, Person: v.Account.ID, Apps: apps}
	var err error
	if what.Groups, err = directory.GroupsAmong(ctx, tx, v.Home.ID, v.Account.ID, nil, false); err != nil {
		return err
	}
	if v.Crossing, err = crosstenant.Cross(ctx, tx, v.Home.ID, v.In.ID, what); err != nil {
		return err
	}
	return v.Crossing.Err("'" + v.Here.DisplayName + "'")
}

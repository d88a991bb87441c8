package entitlement

import (
	"context"

	"entente/internal/core/app"
	"entente/internal/core/authz"
	"entente/internal/core/directory"
	"entente/internal/core/object"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// isOwn reports whether the caller is the subject, by whichever of their accounts,
// or a program of theirs.
func isOwn(ctx context.Context, tx *sqldb.Tx, who authz.Caller, s *Subject) (bool, error) {
	if s.Is(who.Subject, who.Object) {
		return true, nil
	}
	if s.Object != "" && who.Object != "" { // a guest whose person accepted after the request
		if u, err := directory.GetUser(ctx, tx, who.Tenant, string(s.Object)); err == nil && u.Home.Same(who.Subject) {
			return true, nil
		} else if err != nil && !missing(err) {
			return false, err
		}
	}
	if !who.AppOnly() {
		return false, nil
	}
	sp, err := app.GetPrincipal(ctx, tx, who.Tenant, who.Object)
	if err != nil {
		return false, err
	}
	if owns, err := owned(ctx, tx, who.Tenant, sp.ID, s); err != nil || owns {
		return owns, err
	}
	a, err := app.ApplicationByAppID(ctx, tx, sp.AppID)
	if missing(err) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return owned(ctx, tx, a.Tenant, a.ID, s)
}

// owned reports whether an application or service principal of a tenant has the
// subject among its owners, at home or as a guest.
func owned(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id ids.ObjectID, s *Subject) (bool, error) {
	owners, err := object.Owners(ctx, tx, tenant, id)
	if err != nil {
		return false, err
	}
	for _, o := range owners {
		if s.Tenant == tenant && s.Object == o.ID || s.Principal.Same(ids.Principal{Kind: ids.Person, Home: tenant, ID: o.ID}) {
			return true, nil
		}
		if o.Kind != object.User {
			continue
		}
		u, err := directory.GetUser(ctx, tx, tenant, string(o.ID))
		if err != nil || u.Home.Same(s.Principal) {
			return err == nil, err
		}
	}
	return false, nil
}

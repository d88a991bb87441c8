package authz

import (
	"context"

	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// RightsOf returns what the caller may now: in the whole tenant, and on the
// object if it is not empty. A program that a permission has admitted may
// everything that the operation is about; what the permission does not reach
// (what it does not own, privileged targets) the services refuse on their own.
// One that was admitted for its roles, and a person, have what their roles
// allow; a person also has what everybody of their kind may, and what owners
// may.
func RightsOf(ctx context.Context, tx *sqldb.Tx, who Caller, on ids.ObjectID) (Rights, error) {
	if who.IsSystem() || who.AppOnly() && !who.ByRole {
		return Rights{all: true}, nil
	}
	r, err := HeldBy(ctx, tx, who, on)
	if err != nil || who.AppOnly() {
		return r, err
	}
	kind, settings, err := personOf(ctx, tx, who.Tenant, who.Object)
	if err != nil || kind == "" {
		return r, err
	}
	r.guest, r.implied = settings.implied(kind)
	if on != "" {
		r.owns, err = owns(ctx, tx, who.Tenant, on, who.Object)
	}
	return r, err
}

// HeldBy returns what the caller's directory roles alone allow.
func HeldBy(ctx context.Context, tx *sqldb.Tx, who Caller, on ids.ObjectID) (r Rights, err error) {
	held, err := rolesOn(ctx, tx, who.Tenant, who.Object, on)
	for _, id := range held {
		if role, ok := RoleByID(id); ok {
			r.roles = append(r.roles, role)
		}
	}
	return r, err
}

// Allow refuses a caller who may not do one of actions on the object, or in
// the tenant as a whole if it is empty.
func Allow(ctx context.Context, tx *sqldb.Tx, who Caller, on ids.ObjectID, actions ...Action) error {
	r, err := RightsOf(ctx, tx, who, on)
	if err != nil {
		return err
	}
	return r.Need(actions...)
}

package directory

import (
	"context"

	"entente/internal/core/object"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// Why a sponsor is refused.
const (
	AlreadySponsor  fault.Reason = "directory.already_sponsor"
	TooManySponsors fault.Reason = "directory.too_many_sponsors"
)

// maxSponsors is how many sponsors a user has at most.
const maxSponsors = 5

// addSponsor makes a user or group of the tenant a sponsor of the user.
func addSponsor(ctx context.Context, tx *sqldb.Tx, u *User, sponsor ids.ObjectID) error {
	o, err := object.Get(ctx, tx, u.Tenant, sponsor)
	if err != nil {
		return err
	}
	if o.Kind != object.User && o.Kind != object.Group || o.ID == u.ID {
		return object.NotHere(o, "sponsors")
	}
	n, err := tx.Exec(ctx, `
		insert into sponsor (tenant_id, user_id, sponsor_id, added_us) values (?, ?, ?, ?)
		on conflict (tenant_id, user_id, sponsor_id) do nothing`,
		u.Tenant, u.ID, sponsor, sqldb.Micros(tx.Now()))
	if err != nil {
		return err
	}
	if n == 0 {
		return fault.Because(fault.Invalid, AlreadySponsor,
			"One or more added object references already exist for the following modified properties: 'sponsors'.")
	}
	if err := tx.One(ctx, `select count(*) from sponsor where tenant_id = ? and user_id = ?`, []any{u.Tenant, u.ID}, &n); err != nil {
		return err
	}
	if n > maxSponsors {
		return fault.Because(fault.Invalid, TooManySponsors, "A user has at most %d sponsors.", maxSponsors)
	}
	return nil
}

// dropSponsor takes a sponsor from the user; NotFound if it is none.
func dropSponsor(ctx context.Context, tx *sqldb.Tx, u *User, sponsor ids.ObjectID) error {
	n, err := tx.Exec(ctx, `delete from sponsor where tenant_id = ? and user_id = ? and sponsor_id = ?`, u.Tenant, u.ID, sponsor)
	if err == nil && n == 0 {
		err = object.Missing(string(sponsor))
	}
	return err
}

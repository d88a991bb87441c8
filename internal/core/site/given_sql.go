package site

import (
	"context"

	"entente/internal/core/object"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// Take ends a cause, in the caller's transaction, and takes the member out of a
// group of a site if no other cause keeps it there, and reports whether it did.
func Take(ctx context.Context, tx *sqldb.Tx, of ids.TenantID, site ids.ObjectID, role int, member ids.ObjectID, cause ids.CauseID) (taken bool, err error) {
	at := tie(site, role, member)
	tied, err := object.EndTie(ctx, tx, of, object.OfSiteRole, at, cause)
	if err != nil || !tied {
		return false, err
	}
	ends, alive, err := object.Life(ctx, tx, of, object.OfSiteRole, at)
	if err != nil {
		return false, err
	}
	if alive {
		_, err := tx.Exec(ctx, `
			update site_member set ends_us = ? where tenant_id = ? and site_id = ? and role_id = ? and member_id = ?`,
			sqldb.Micros(ends), of, site, role, member)
		return false, err
	}
	if _, err := tx.Exec(ctx, `
		delete from site_member where tenant_id = ? and site_id = ? and role_id = ? and member_id = ?`, of, site, role, member); err != nil {
		return false, err
	}
	return true, object.Unlink(ctx, tx, of, object.OfSiteRole, at)
}

package token

import (
	"context"

	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// SessionEnded is why a family was ended, for the log: the session in which it
// began was.
const SessionEnded = "its session was ended"

// RevokeSession ends up to limit of the families that began in a session, and
// voids the codes that nobody has redeemed yet. It returns how many families
// it ended; call it again while that is limit.
func RevokeSession(ctx context.Context, tx *sqldb.Tx, home ids.TenantID, session ids.SessionID, limit int) (int, error) {
	if _, err := tx.Exec(ctx, `
		delete from auth_code where (tenant_id, digest) in (
			select tenant_id, digest from auth_code where session_id = ? and home_id = ? and used_us = 0 limit ?)
		/* all tenants: a code is with the tenant whose tokens it is good for */`, session, home, limit); err != nil {
		return 0, err
	}
	n, err := tx.Exec(ctx, `
		update refresh_family set revoked_us = ?, revoked_for = ?
		where  tenant_id = ? and id in (
			select id from refresh_family where tenant_id = ? and session_id = ? and revoked_us = 0 limit ?)`,
		sqldb.Micros(tx.Now()), SessionEnded, home, home, session, limit)
	return int(n), err
}

package token

import (
	"context"

	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// ConsentTakenBack is why a family was ended, for the log: its person has taken
// back what they had agreed to for the client.
const ConsentTakenBack = "consent was taken back"

// RevokeClient ends up to limit of the families that a client has of a person,
// given at home, in whatever tenant they are used. It returns how many it ended;
// call it again while that is limit.
func RevokeClient(ctx context.Context, tx *sqldb.Tx, person ids.Principal, client ids.AppID, limit int) (int, error) {
	n, err := tx.Exec(ctx, `
		update refresh_family set revoked_us = ?, revoked_for = ?
		where  tenant_id = ? and id in (
			select id from refresh_family where tenant_id = ? and user_id = ? and client = ? and revoked_us = 0 limit ?)`,
		sqldb.Micros(tx.Now()), ConsentTakenBack, person.Home, person.Home, person.ID, client, limit)
	return int(n), err
}

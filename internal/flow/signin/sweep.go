package signin

import (
	"context"

	"entente/internal/kit/pause"
	"entente/internal/kit/sqldb"
)

// sweepAtOnce bounds one statement of Sweep.
const sweepAtOnce = 500

// Sweep removes flows, sessions and sign-outs that are over and tries that are forgotten,
// a few hundred of each, and returns how many rows went. Call it again as long
// as it removes any.
func (s *Service) Sweep(ctx context.Context) (n int64, err error) {
	err = s.db.Claim(ctx, func(tx *sqldb.Tx) error {
		n = 0
		now := tx.Now()
		for _, old := range []struct {
			query string
			us    int64
		}{
			{`delete from signin_flow where id in (select id from signin_flow where expires_us <= ? limit ?)`, sqldb.Micros(now)},
			{`delete from session where (tenant_id, id) in (
				select tenant_id, id from session where expires_us <= ? limit ?) /* all tenants: what is over is over everywhere */`, sqldb.Micros(now)},
			{`delete from signin_try where last_us in (select last_us from signin_try where last_us < ? order by last_us limit ?) /* all tenants: what is over is over everywhere */`,
				sqldb.Micros(now.Add(-pause.Forgetting))},
			{`delete from session_app where (tenant_id, session_id, client, in_tenant) in (
				select tenant_id, session_id, client, in_tenant from session_app where expires_us <= ? limit ?) /* all tenants: what is over is over everywhere */`, sqldb.Micros(now)},
			{`delete from sign_out where id in (select id from sign_out where expires_us <= ? limit ?)`, sqldb.Micros(now)},
		} {
			gone, err := tx.Exec(ctx, old.query, old.us, sweepAtOnce)
			if err != nil {
				return err
			}
			n += gone
		}
		return nil
	})
	return n, err
}

package signin

import (
	"context"

	"entente/internal/kit/sqldb"
)

// sweepAtOnce bounds one statement of Sweep.
const sweepAtOnce = 500

// Sweep removes flows and sessions that are over and tries that are forgotten,
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
			{`delete from session_app where (tenant_id, session_id, in_id, app_id) in (
				select a.tenant_id, a.session_id, a.in_id, a.app_id
				from   session_app a join session s on s.tenant_id = a.tenant_id and s.id = a.session_id
				where  s.expires_us <= ? limit ?) /* all tenants: what is over is over everywhere */`, sqldb.Micros(now)},
			{`delete from session where (tenant_id, id) in (
				select s.tenant_id, s.id from session s
				where  s.expires_us <= ?
				and    not exists (select 1 from session_app a where a.tenant_id = s.tenant_id and a.session_id = s.id)
				limit  ?) /* all tenants: what is over is over everywhere */`, sqldb.Micros(now)},
			{`delete from signin_try where last_us in (select last_us from signin_try where last_us < ? order by last_us limit ?) /* all tenants: what is over is over everywhere */`,
				sqldb.Micros(now.Add(-forgetting))},
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

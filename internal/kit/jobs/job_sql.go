package jobs

import (
	"context"
	"errors"
	"strings"
	"time"

	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// jobRow returns the values of insertJobs for one job.
func jobRow(tx *sqldb.Tx, id ids.JobID, j Job, args string, due time.Time) []any {
	return []any{j.Tenant, id, j.Kind, j.Key, args, sqldb.Micros(due), sqldb.Micros(tx.Now())}
}

func insertJobs(ctx context.Context, tx *sqldb.Tx, rows [][]any) error {
	return tx.Queue(ctx, `
		insert into job (tenant_id, id, kind, job_key, args, due_us, created_us)
		values (?, ?, ?, ?, ?, ?, ?)
		on conflict (tenant_id, kind, job_key) where job_key <> '' and state = 'pending'
		do update set args = excluded.args,
			due_us = case when job.due_us < excluded.due_us then job.due_us else excluded.due_us end`, rows)
}

func cancelRunning(ctx context.Context, tx *sqldb.Tx, kind Kind, tenant ids.TenantID, keys []string) error {
	in, values := sqldb.In(keys)
	return tx.Queue(ctx, `
		update job set canceled = 1
		where tenant_id = ? and kind = ? and job_key in (`+in+`) and job_key <> '' and state = 'running'`, [][]any{append([]any{tenant, kind}, values...)})
}

func dropPending(ctx context.Context, tx *sqldb.Tx, kind Kind, tenant ids.TenantID, keys []string) (int64, error) {
	in, values := sqldb.In(keys)
	return tx.Exec(ctx, `
		delete from job
		where tenant_id = ? and kind = ? and job_key in (`+in+`) and job_key <> '' and state = 'pending'`, append([]any{tenant, kind}, values...)...)
}

const dropRunningSQL = `
	delete from job
	where tenant_id = ? and id = ? and attempt = ? and state = 'running'`

// dropRunning deletes a job if the attempt still holds it.
func dropRunning(ctx context.Context, tx *sqldb.Tx, w *Work) (int64, error) {
	return tx.Exec(ctx, dropRunningSQL, w.Tenant, w.ID, w.Attempt)
}

// dropAllRunning does so for many.
func dropAllRunning(ctx context.Context, tx *sqldb.Tx, all []*Work) error {
	rows := make([][]any, len(all))
	for i, w := range all {
		rows[i] = []any{w.Tenant, w.ID, w.Attempt}
	}
	return tx.Queue(ctx, dropRunningSQL, rows)
}

// renew extends leases that the attempts still hold, and returns of how many.
func renew(ctx context.Context, tx *sqldb.Tx, all []*Work, until time.Time) (int64, error) {
	rows := make([][]any, len(all))
	for i, w := range all {
		rows[i] = []any{sqldb.Micros(until), w.Tenant, w.ID, w.Attempt}
	}
	return tx.ExecAll(ctx, `
		update job set lease_us = ?
		where tenant_id = ? and id = ? and attempt = ? and state = 'running'`, rows)
}

// places returns "?, ?" for the kinds, and the kinds as arguments.
func places(kinds []Kind) (string, []any) {
	args := make([]any, len(kinds))
	for i, k := range kinds {
		args[i] = k
	}
	return strings.TrimSuffix(strings.Repeat("?, ", len(kinds)), ", "), args
}

// ofKinds begins the condition on jobs of some kinds, which are nearly all: it is no
// reason to read whatever is not due yet of each.
const ofKinds = "j.kind || '' in "

// survey returns how many jobs are due behind a mark, of those that a look reaches,
// whether some of them are of all circles but those, and whether some job's worker
// fell silent.
func survey(ctx context.Context, tx *sqldb.Tx, from mark, far int, kinds []Kind, but []circle, wall time.Time) (seen int, due, lost bool, err error) {
	in, args := places(kinds)
	others, more := besides(but)
	args = append(append(args, more...), sqldb.Micros(wall), sqldb.Micros(tx.Now()), from.due, from.id, far)
	var open, stale int
	err = tx.One(ctx, `
		/* all tenants: a worker serves every tenant */
		select count(*), coalesce(sum(case when `+ofKinds+`(`+in+`)`+others+` then 1 else 0 end), 0),
		       (select count(*) from (select 1 from job where state = 'running' and lease_us <= ? limit 1) r)
		from (select kind, tenant_id from job
		      where state = 'pending' and due_us <= ? and (due_us, id) > (?, ?)
		      order by due_us, id limit ?) j`, args, &seen, &open, &stale)
	return seen, open > 0, stale > 0, err
}

// markAt returns the place of the n-th pending job behind a mark.
func markAt(ctx context.Context, tx *sqldb.Tx, from mark, n int) (at mark, err error) {
	err = tx.One(ctx, `
		/* all tenants: a worker serves every tenant */
		select due_us, id from job where state = 'pending' and (due_us, id) > (?, ?)
		order by due_us, id limit 1 offset ?`, []any{from.due, from.id, n - 1}, &at.due, &at.id)
	if errors.Is(err, fault.NotFound) { // claimed meanwhile by other servers
		return mark{}, nil
	}
	return at, err
}

// besides is the condition on jobs that are of none of the circles.
func besides(but []circle) (string, []any) {
	var args []any
	for _, c := range but {
		args = append(args, c.kind, c.tenant)
	}
	return strings.Repeat(" and not (j.kind = ? and j.tenant_id = ?)", len(but)), args
}

// claimSeen leases pending jobs that were seen, of all circles but those. A job whose
// twin runs, or ran on a worker that died, has to wait for it.
func claimSeen(ctx context.Context, tx *sqldb.Tx, s sight, kinds []Kind, but []circle, until time.Time, limit int) ([]*Work, error) {
	in, args := places(kinds)
	others, more := besides(but)
	args = append([]any{sqldb.Micros(until), sqldb.Micros(tx.Now()), s.from.due, s.from.id, s.to.due, s.to.id}, args...)
	return claimPending(ctx, tx, "(j.due_us, j.id) > (?, ?) and (j.due_us, j.id) <= (?, ?) and "+ofKinds+"("+in+")"+others, append(append(args, more...), limit))
}

// claimMore leases pending jobs of one circle that are due and were not tried yet.
func claimMore(ctx context.Context, tx *sqldb.Tx, c circle, until time.Time, limit int) ([]*Work, error) {
	return claimPending(ctx, tx, "j.kind = ? and j.tenant_id = ? and j.tries = 0", []any{sqldb.Micros(until), sqldb.Micros(tx.Now()), c.kind, c.tenant, limit})
}

func claimPending(ctx context.Context, tx *sqldb.Tx, which string, args []any) ([]*Work, error) {
	return claim(ctx, tx, `
		/* all tenants: a worker serves every tenant */
		update job set state = 'running', lease_us = ?, attempt = attempt + 1, tries = tries + 1
		where (tenant_id, id) in (
			select j.tenant_id, j.id from job j
			where j.state = 'pending' and j.due_us <= ? and `+which+`
			and (j.job_key = '' or not exists (
				select 1 from job r
				where r.tenant_id = j.tenant_id and r.kind = j.kind and r.job_key = j.job_key
				and r.job_key <> '' and r.state = 'running'))
			order by j.due_us, j.id limit ? `+tx.SkipLocked()+`)`, args)
}

// claimLost leases jobs whose worker died. Those canceled meanwhile are gone.
func claimLost(ctx context.Context, tx *sqldb.Tx, kinds []Kind, wall, until time.Time, limit int) ([]*Work, error) {
	_, err := tx.Exec(ctx, `
		/* all tenants: a worker serves every tenant */
		delete from job where state = 'running' and lease_us <= ? and canceled = 1`, sqldb.Micros(wall))
	if err != nil {
		return nil, err
	}
	in, args := places(kinds)
	args = append([]any{sqldb.Micros(until), sqldb.Micros(wall)}, args...)
	return claim(ctx, tx, `
		/* all tenants: a worker serves every tenant */
		update job set lease_us = ?, attempt = attempt + 1, tries = tries + 1
		where (tenant_id, id) in (
			select tenant_id, id from job
			where state = 'running' and lease_us <= ? and kind in (`+in+`)
			order by lease_us, id limit ? `+tx.SkipLocked()+`)`, append(args, limit))
}

func claim(ctx context.Context, tx *sqldb.Tx, query string, args []any) ([]*Work, error) {
	return sqldb.All(ctx, tx, query+" returning tenant_id, id, kind, job_key, args, due_us, attempt, tries", args,
		func(scan func(...any) error) (*Work, error) {
			w := &Work{}
			var due int64
			err := scan(&w.Tenant, &w.ID, &w.Kind, &w.Key, &w.args, &due, &w.Attempt, &w.Tries)
			w.Due = sqldb.Time(due)
			return w, err
		})
}

// hasten makes the pending twin of a job due at the given time at the latest, tried as
// often as the job was, and reports whether there is one.
func hasten(ctx context.Context, tx *sqldb.Tx, w *Work, due time.Time) (bool, error) {
	n, err := tx.Exec(ctx, `
		update job set due_us = case when due_us < ? then due_us else ? end,
			tries = case when tries < ? then ? else tries end
		where tenant_id = ? and kind = ? and job_key = ? and job_key <> '' and state = 'pending'`,
		sqldb.Micros(due), sqldb.Micros(due), w.Tries, w.Tries, w.Tenant, w.Kind, w.Key)
	return n > 0, err
}

func isCanceled(ctx context.Context, tx *sqldb.Tx, w *Work) (bool, error) {
	var n int
	err := tx.One(ctx, `select count(*) from job where tenant_id = ? and id = ? and canceled = 1`, []any{w.Tenant, w.ID}, &n)
	return n > 0, err
}

// putBack ends an attempt without success. tries is given because an attempt
// that the server's own end has cut short does not count.
func putBack(ctx context.Context, tx *sqldb.Tx, w *Work, s State, due time.Time, tries int, why string) error {
	_, err := tx.Exec(ctx, `
		update job set state = ?, lease_us = 0, due_us = ?, tries = ?, error = ?
		where tenant_id = ? and id = ? and attempt = ? and state = 'running'`,
		s, sqldb.Micros(due), tries, why, w.Tenant, w.ID, w.Attempt)
	return err
}

// takeSlot reports whether the caller is the first to come for an interval.
func takeSlot(ctx context.Context, tx *sqldb.Tx, kind Kind, slot time.Time) (bool, error) {
	n, err := tx.Exec(ctx, `
		insert into job_period (kind, slot_us) values (?, ?)
		on conflict (kind) do update set slot_us = excluded.slot_us where job_period.slot_us < excluded.slot_us`,
		kind, sqldb.Micros(slot))
	return n > 0, err
}

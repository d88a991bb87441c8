package jobs

import (
	"context"
	"strings"
	"time"

	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// jobRow returns the values of insertJobs for one job.
func jobRow(tx *sqldb.Tx, id ids.JobID, j Job, args string, due time.Time) []any {
	return []any{j.Tenant, id, j.Kind, j.Key, args, sqldb.Micros(due), sqldb.Micros(tx.Now())}
}

func insertJobs(ctx context.Context, tx *sqldb.Tx, rows [][]any) error {
	_, err := tx.ExecAll(ctx, `
		insert into job (tenant_id, id, kind, job_key, args, due_us, created_us)
		values (?, ?, ?, ?, ?, ?, ?)
		on conflict (tenant_id, kind, job_key) where job_key <> '' and state = 'pending'
		do update set args = excluded.args,
			due_us = case when job.due_us < excluded.due_us then job.due_us else excluded.due_us end`, rows)
	return err
}

func cancelRunning(ctx context.Context, tx *sqldb.Tx, kind Kind, tenant ids.TenantID, keys []string) error {
	in, values := sqldb.In(keys)
	_, err := tx.Exec(ctx, `
		update job set canceled = 1
		where tenant_id = ? and kind = ? and job_key in (`+in+`) and job_key <> '' and state = 'running'`, append([]any{tenant, kind}, values...)...)
	return err
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
	_, err := tx.ExecAll(ctx, dropRunningSQL, rows)
	return err
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

// anyDue reports whether a claim would probably find something. It only reads,
// so that idle workers cost the store nothing.
func anyDue(ctx context.Context, tx *sqldb.Tx, kinds []Kind, now, wall time.Time) (bool, error) {
	in, args := places(kinds)
	var n int
	err := tx.One(ctx, `
		/* all tenants: a worker serves every tenant */
		select count(*) from (select 1 from job where state = 'pending' and due_us <= ? and kind in (`+in+`) limit 1) p`,
		append([]any{sqldb.Micros(now)}, args...), &n)
	if err == nil && n == 0 {
		err = tx.One(ctx, `
			/* all tenants: a worker serves every tenant */
			select count(*) from (select 1 from job where state = 'running' and lease_us <= ? limit 1) p`,
			[]any{sqldb.Micros(wall)}, &n)
	}
	return n > 0, err
}

// claimDue leases pending jobs that are due, of all circles but those. A job whose
// twin runs, or ran on a worker that died, has to wait for it.
func claimDue(ctx context.Context, tx *sqldb.Tx, kinds []Kind, but []circle, until time.Time, limit int) ([]*Work, error) {
	in, args := places(kinds)
	args = append([]any{sqldb.Micros(until), sqldb.Micros(tx.Now())}, args...)
	for _, c := range but {
		args = append(args, c.kind, c.tenant)
	}
	return claimPending(ctx, tx, "j.kind in ("+in+")"+strings.Repeat(" and not (j.kind = ? and j.tenant_id = ?)", len(but)), append(args, limit))
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

// hasten makes the pending twin of a job due at the given time at the latest,
// and reports whether there is one.
func hasten(ctx context.Context, tx *sqldb.Tx, w *Work, due time.Time) (bool, error) {
	n, err := tx.Exec(ctx, `
		update job set due_us = case when due_us < ? then due_us else ? end
		where tenant_id = ? and kind = ? and job_key = ? and job_key <> '' and state = 'pending'`,
		sqldb.Micros(due), sqldb.Micros(due), w.Tenant, w.Kind, w.Key)
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

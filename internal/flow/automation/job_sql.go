package automation

import (
	"context"
	"errors"
	"time"

	"entente/internal/core/managedidentity"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// The text of a job is read only where it is handed out.
const jobColumns = `j.tenant_id, j.id, j.account_id, j.runbook_id, j.name, j.kind, j.again, j.state, j.exception, j.run, j.worker_id, j.started_by,
	j.lease_us, j.created_us, j.started_us, j.ended_us, j.last_seq, j.size, j.cut`

func scanJob(scan func(...any) error) (*Job, error) {
	j := &Job{}
	var lease, created, started, ended int64
	err := scan(&j.Tenant, &j.ID, &j.Account, &j.Runbook, &j.Name, &j.Kind, &j.Again, &j.State, &j.Exception, &j.Run, &j.Worker, &j.By,
		&lease, &created, &started, &ended, &j.Printed.Last, &j.Printed.Size, &j.Printed.Cut)
	j.LeaseUntil, j.CreatedAt, j.StartedAt, j.EndedAt = sqldb.Time(lease), sqldb.Time(created), sqldb.Time(started), sqldb.Time(ended)
	return j, err
}

func noJob() error { return fault.Because(fault.NotFound, NoJob, "The job does not exist.") }

func jobByID(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id JobID) (*Job, error) {
	j, err := scanJob(func(dest ...any) error {
		return tx.One(ctx, "select "+jobColumns+" from runbook_job j where j.tenant_id = ? and j.id = ?", []any{tenant, id}, dest...)
	})
	if errors.Is(err, fault.NotFound) {
		return nil, noJob()
	}
	return j, err
}

// A JobPage is the part of an account's jobs that a reader wants: the latest
// first, from the one after a place on.
type JobPage struct {
	Runbook RunbookID // only its jobs; empty for all
	After   JobPlace  // where the page before ended; zero for the first
	Limit   int
}

// A JobPlace is the place of a job among its account's.
type JobPlace struct {
	At time.Time
	ID JobID
}

func listJobs(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, account managedidentity.HostID, p JobPage) ([]*Job, error) {
	before := p.After.At
	if before.IsZero() {
		before = tx.Now().AddDate(100, 0, 0)
	}
	of, args := "j.account_id = ?", []any{tenant, account}
	if p.Runbook != "" {
		of, args = of+" and j.runbook_id = ?", append(args, p.Runbook)
	}
	return sqldb.All(ctx, tx, "select "+jobColumns+` from runbook_job j
		where j.tenant_id = ? and `+of+` and (j.created_us, j.id) < (?, ?) order by j.created_us desc, j.id desc limit ?`,
		append(args, sqldb.Micros(before), p.After.ID, p.Limit), scanJob)
}

// nextJob returns the tenant's job that has waited the longest, with its text, or
// NotFound.
func nextJob(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID) (*Job, error) {
	var id JobID
	if err := tx.One(ctx, `select j.id from runbook_job j where j.tenant_id = ? and j.state = 'New' order by j.created_us, j.id limit 1 `+tx.SkipLocked(),
		[]any{tenant}, &id); err != nil {
		return nil, err
	}
	j, err := jobByID(ctx, tx, tenant, id)
	if err != nil {
		return nil, err
	}
	return j, tx.One(ctx, `select body from runbook_job where tenant_id = ? and id = ?`, []any{tenant, id}, &j.Text)
}

func waits(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID) (bool, error) {
	var id JobID
	err := tx.One(ctx, `select id from runbook_job where tenant_id = ? and state = 'New' limit 1`, []any{tenant}, &id)
	if errors.Is(err, fault.NotFound) {
		return false, nil
	}
	return err == nil, err
}

// lostJobs returns some jobs, of all tenants, whose lease has run out.
func lostJobs(ctx context.Context, tx *sqldb.Tx, wall time.Time, limit int) ([]*Job, error) {
	return sqldb.All(ctx, tx, "select "+jobColumns+` from runbook_job j
		where j.state in ('Activating', 'Running', 'Stopping') and j.lease_us <= ? order by j.lease_us limit ? `+tx.SkipLocked()+`
		/* all tenants: workers are lost in any */`, []any{sqldb.Micros(wall), limit}, scanJob)
}

func countWaiting(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID) (n int, err error) {
	return n, tx.One(ctx, `select count(*) from runbook_job where tenant_id = ? and state = 'New'`, []any{tenant}, &n)
}

func addJob(ctx context.Context, tx *sqldb.Tx, j *Job) error {
	_, err := tx.Exec(ctx, `
		insert into runbook_job (tenant_id, id, account_id, runbook_id, name, kind, body, again, state, started_by, created_us)
		values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		j.Tenant, j.ID, j.Account, j.Runbook, j.Name, j.Kind, j.Text, j.Again, j.State, j.By, sqldb.Micros(j.CreatedAt))
	return err
}

func putJob(ctx context.Context, tx *sqldb.Tx, j *Job) error {
	_, err := tx.Exec(ctx, `
		update runbook_job set state = ?, exception = ?, run = ?, worker_id = ?, lease_us = ?, started_us = ?, ended_us = ?, last_seq = ?, size = ?, cut = ?
		where  tenant_id = ? and id = ?`,
		j.State, j.Exception, j.Run, j.Worker, sqldb.Micros(j.LeaseUntil), sqldb.Micros(j.StartedAt), sqldb.Micros(j.EndedAt),
		j.Printed.Last, j.Printed.Size, j.Printed.Cut, j.Tenant, j.ID)
	return err
}

func addRecord(ctx context.Context, tx *sqldb.Tx, j *Job, r *Record) error {
	_, err := tx.Exec(ctx, `insert into runbook_record (tenant_id, job_id, seq, run, stream, data, at_us) values (?, ?, ?, ?, ?, ?, ?)`,
		j.Tenant, j.ID, r.Seq, r.Run, r.Stream, r.Bytes, sqldb.Micros(r.At))
	return err
}

// listRecords returns what a job printed after a record, in order.
func listRecords(ctx context.Context, tx *sqldb.Tx, j *Job, after int) ([]*Record, error) {
	return sqldb.All(ctx, tx, `select seq, run, stream, data, at_us from runbook_record where tenant_id = ? and job_id = ? and seq > ? order by seq`,
		[]any{j.Tenant, j.ID, after}, func(scan func(...any) error) (*Record, error) {
			r := &Record{}
			var at int64
			err := scan(&r.Seq, &r.Run, &r.Stream, &r.Bytes, &at)
			r.At = sqldb.Time(at)
			return r, err
		})
}

// dropJobs removes jobs with what they printed.
func dropJobs(ctx context.Context, tx *sqldb.Tx, all []*Job) error {
	for _, j := range all {
		if _, err := tx.Exec(ctx, `delete from runbook_record where tenant_id = ? and job_id = ?`, j.Tenant, j.ID); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `delete from runbook_job where tenant_id = ? and id = ?`, j.Tenant, j.ID); err != nil {
			return err
		}
	}
	return nil
}

// oldJobs returns some jobs, of all tenants, that ended before a time.
func oldJobs(ctx context.Context, tx *sqldb.Tx, before time.Time, limit int) ([]*Job, error) {
	return sqldb.All(ctx, tx, "select "+jobColumns+` from runbook_job j where j.ended_us > 0 and j.ended_us <= ? order by j.ended_us limit ?
		/* all tenants: what is kept long enough goes */`, []any{sqldb.Micros(before), limit}, scanJob)
}

// jobsOf returns some jobs of an account.
func jobsOf(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, account managedidentity.HostID, limit int) ([]*Job, error) {
	return sqldb.All(ctx, tx, "select "+jobColumns+` from runbook_job j where j.tenant_id = ? and j.account_id = ? limit ?`,
		[]any{tenant, account, limit}, scanJob)
}

// dropAccount removes what is kept beside a host, its jobs aside.
func dropAccount(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, host managedidentity.HostID) error {
	for _, q := range []string{
		`delete from runbook_schedule where tenant_id = ? and account_id = ?`,
		`delete from runbook where tenant_id = ? and account_id = ?`,
		`delete from runbook_worker where tenant_id = ? and host_id = ?`,
	} {
		if _, err := tx.Exec(ctx, q, tenant, host); err != nil {
			return err
		}
	}
	return nil
}

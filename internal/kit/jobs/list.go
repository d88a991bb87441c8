package jobs

import (
	"context"
	"time"

	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// A State says where a job stands.
type State string

// The states that are stored. A job that is done is gone.
const (
	Pending State = "pending"
	Running State = "running"
	Dead    State = "dead"
)

// An Info is what an operator sees of a job.
type Info struct {
	ID      ids.JobID
	Kind    Kind
	Tenant  ids.TenantID
	Key     string
	Args    string // JSON
	State   State
	Due     time.Time
	Tries   int
	Error   string // of the last try
	Created time.Time
}

// List returns a tenant's jobs in one state, the oldest first, from the one
// after a given identifier on, which is empty for the first page.
func List(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, state State, after ids.JobID, limit int) ([]Info, error) {
	return sqldb.All(ctx, tx, `
		select `+infoColumns+` from job
		where tenant_id = ? and state = ? and id > ? order by id limit ?`, []any{tenant, state, after, limit}, scanInfo)
}

// ListDead returns the dead jobs of all tenants and of the installation, the
// oldest first. It is for the operator.
func ListDead(ctx context.Context, tx *sqldb.Tx, limit int) ([]Info, error) {
	return sqldb.All(ctx, tx, `
		/* all tenants: the operator sees what failed anywhere */
		select `+infoColumns+` from job where state = 'dead' order by id limit ?`, []any{limit}, scanInfo)
}

const infoColumns = `id, kind, tenant_id, job_key, args, state, due_us, tries, error, created_us`

func scanInfo(scan func(...any) error) (Info, error) {
	var i Info
	var due, created int64
	err := scan(&i.ID, &i.Kind, &i.Tenant, &i.Key, &i.Args, &i.State, &due, &i.Tries, &i.Error, &created)
	i.Due, i.Created = sqldb.Time(due), sqldb.Time(created)
	return i, err
}

// Retry makes a dead job pending, due now, with all its tries before it. It is
// NotFound when there is no such dead job, and a Conflict when one of the same
// key is pending already: then this one may be discarded.
func Retry(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id ids.JobID) error {
	n, err := tx.Exec(ctx, `
		update job set state = 'pending', due_us = ?, tries = 0, canceled = 0
		where tenant_id = ? and id = ? and state = 'dead'`, sqldb.Micros(tx.Now()), tenant, id)
	if err != nil {
		return err
	}
	if n == 0 {
		return fault.New(fault.NotFound, "There is no such dead job.")
	}
	tx.Notify(topic)
	return nil
}

// Discard removes a dead job for good.
func Discard(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id ids.JobID) error {
	n, err := tx.Exec(ctx, `delete from job where tenant_id = ? and id = ? and state = 'dead'`, tenant, id)
	if err == nil && n == 0 {
		err = fault.New(fault.NotFound, "There is no such dead job.")
	}
	return err
}

// A Backlog is how far the workers are behind.
type Backlog struct {
	Due    int64     // pending jobs that should have begun
	Oldest time.Time // since when the oldest of them waits; zero if none does
	Dead   int64
}

// Behind returns the backlog of the whole installation.
func Behind(ctx context.Context, tx *sqldb.Tx) (Backlog, error) {
	var b Backlog
	var oldest int64
	err := tx.One(ctx, `
		/* all tenants: a metric of the installation */
		select count(*), coalesce(min(due_us), 0) from job where state = 'pending' and due_us <= ?`,
		[]any{sqldb.Micros(tx.Now())}, &b.Due, &oldest)
	if err == nil {
		err = tx.One(ctx, `/* all tenants: a metric of the installation */ select count(*) from job where state = 'dead'`, nil, &b.Dead)
	}
	b.Oldest = sqldb.Time(oldest)
	return b, err
}

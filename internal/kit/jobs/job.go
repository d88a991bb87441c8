package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// A Kind names what a job does: "entitlement.deliver".
type Kind string

// A Signal names what has happened: "directory.userRemoved".
type Signal string

// A Job is what is to be done.
type Job struct {
	Kind      Kind
	Tenant    ids.TenantID // empty for jobs of the installation
	Key       string       // what it is about; empty if each stands for itself
	NotBefore time.Time    // zero for now
	Args      any          // stored as JSON; nil for none
}

// topic wakes the workers of this process.
const topic = "jobs"

// Enqueue stores a job in the caller's transaction. If one of the same kind,
// tenant and key is pending, the two become one, due at the earlier time with
// the newer arguments.
func Enqueue(ctx context.Context, tx *sqldb.Tx, j Job) error { return EnqueueAll(ctx, tx, []Job{j}) }

// EnqueueAll does so for several, in one statement.
func EnqueueAll(ctx context.Context, tx *sqldb.Tx, all []Job) error {
	rows, now := make([][]any, len(all)), false
	for i, j := range all {
		if j.Kind == "" {
			return fault.New(fault.Internal, "A job has no kind.")
		}
		args := ""
		if j.Args != nil {
			b, err := json.Marshal(j.Args)
			if err != nil {
				return fmt.Errorf("arguments of job %s: %w", j.Kind, err)
			}
			args = string(b)
		}
		due := j.NotBefore
		if due.Before(tx.Now()) {
			due = tx.Now()
		}
		// Version 7: jobs of one process that are due at once run in the order in
		// which they were enqueued, and their rows lie side by side.
		id, err := uuid.NewV7()
		if err != nil {
			return fmt.Errorf("identifier of job: %w", err)
		}
		rows[i] = jobRow(tx, ids.JobID(id.String()), j, args, due)
		now = now || !due.After(tx.Now())
	}
	if err := insertJobs(ctx, tx, rows); err != nil {
		return err
	}
	if now {
		tx.Notify(topic)
	}
	return nil
}

// Cancel takes back the pending job of this kind, tenant and key and reports
// whether there was one. A twin that already runs is not stopped, but it will
// not be tried again.
func Cancel(ctx context.Context, tx *sqldb.Tx, kind Kind, tenant ids.TenantID, key string) (bool, error) {
	n, err := CancelAll(ctx, tx, kind, tenant, []string{key})
	return n > 0, err
}

// CancelAll does so for several keys and returns how many jobs were pending.
func CancelAll(ctx context.Context, tx *sqldb.Tx, kind Kind, tenant ids.TenantID, keys []string) (int64, error) {
	if len(keys) == 0 {
		return 0, nil
	}
	if slices.Contains(keys, "") {
		return 0, fault.New(fault.Internal, "A job without a key cannot be canceled.")
	}
	if err := cancelRunning(ctx, tx, kind, tenant, keys); err != nil {
		return 0, err
	}
	return dropPending(ctx, tx, kind, tenant, keys)
}

// A Handler does the work of one kind. Its context ends when the lease is lost
// or the server has waited long enough at its own end.
type Handler func(ctx context.Context, w *Work) error

// Work is one attempt at a job.
type Work struct {
	ID      ids.JobID
	Kind    Kind
	Tenant  ids.TenantID
	Key     string
	Due     time.Time
	Attempt int64 // the fencing token
	Tries   int   // how often it was tried, this time included

	args      string
	completed bool // Complete has committed
}

// Args reads the arguments into v.
func (w *Work) Args(v any) error {
	if w.args == "" {
		return nil
	}
	if err := json.Unmarshal([]byte(w.args), v); err != nil {
		return Permanent(fmt.Errorf("arguments of job %s: %w", w.Kind, err))
	}
	return nil
}

// Complete ends the job in the transaction of its effect. It is a Conflict
// when another worker holds the job by now: the effect must not happen, and
// the transaction cannot commit.
func (w *Work) Complete(ctx context.Context, tx *sqldb.Tx) error {
	n, err := dropRunning(ctx, tx, w)
	if err != nil {
		return err
	}
	if n == 0 {
		return tx.Refuse(fault.New(fault.Conflict, "Another worker holds this job."))
	}
	tx.AfterCommit(func() { w.completed = true })
	tx.Notify(topic) // a twin may have waited
	return nil
}

// errPermanent marks what no further try would mend.
type errPermanent struct{ err error }

func (e errPermanent) Error() string { return e.err.Error() }
func (e errPermanent) Unwrap() error { return e.err }

// Permanent marks an error that no further try would mend. The job is dead at
// once.
func Permanent(err error) error { return errPermanent{err} }

func isPermanent(err error) bool {
	_, ok := errors.AsType[errPermanent](err)
	return ok
}

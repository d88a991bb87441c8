package automation

import (
	"context"
	"errors"
	"time"

	"entente/internal/core/authz"
	"entente/internal/core/managedidentity"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/jobs"
	"entente/internal/kit/sqldb"
)

// The kinds of durable jobs of this package.
const (
	ScheduleKind jobs.Kind = "automation.schedule" // keyed by ScheduleID
	GoneKind     jobs.Kind = "automation.gone"     // a host is gone
)

const (
	timeFormat = "2006-01-02T15:04:05Z07:00"
	batch      = 50
	// Kept is how long a job is kept after its end, as Azure Automation keeps it.
	Kept = 30 * 24 * time.Hour
)

func enqueueSchedule(ctx context.Context, tx *sqldb.Tx, p *Schedule) error {
	if p.NextAt.IsZero() {
		return nil
	}
	return jobs.Enqueue(ctx, tx, jobs.Job{Kind: ScheduleKind, Tenant: p.Tenant, Key: string(p.ID), NotBefore: p.NextAt})
}

// LookAtSchedule starts the runbook of a schedule that is due, and sets its timer anew.
func (s *Service) LookAtSchedule(ctx context.Context, w *jobs.Work) error {
	return s.db.Update(ctx, func(tx *sqldb.Tx) error {
		p, err := scheduleByID(ctx, tx, w.Tenant, ScheduleID(w.Key))
		if errors.Is(err, fault.NotFound) {
			return w.Complete(ctx, tx)
		}
		if err != nil {
			return err
		}
		if p.Due(tx.Now()) {
			if err := s.startBySchedule(ctx, tx, p); err != nil {
				return err
			}
			if err := putSchedule(ctx, tx, p); err != nil {
				return err
			}
		}
		if err := enqueueSchedule(ctx, tx, p); err != nil {
			return err
		}
		return w.Complete(ctx, tx)
	})
}

func (s *Service) startBySchedule(ctx context.Context, tx *sqldb.Tx, p *Schedule) error {
	r, err := runbookByID(ctx, tx, p.Tenant, p.Runbook)
	if err != nil {
		return err
	}
	a, err := managedidentity.GetHost(ctx, tx, p.Tenant, p.Account)
	if errors.Is(err, fault.NotFound) {
		return nil // gone; so are its schedules, in a moment
	}
	if err != nil {
		return err
	}
	who := authz.System(p.Tenant, "Schedule")
	j, err := r.Start(who.Name, tx.Now())
	if err == nil {
		err = start(ctx, tx, who, a, j)
	}
	if errors.Is(err, fault.Conflict) { // too many wait: this run is left out, the next may come
		return record(ctx, tx, who, "Skip scheduled runbook job", "Runbook", string(r.ID), r.Name, a, map[string]string{"reason": fault.Public(err).Message})
	}
	return err
}

// LookAtGone removes what was kept beside a host that is gone.
func (s *Service) LookAtGone(ctx context.Context, w *jobs.Work) error {
	var host managedidentity.HostID
	if err := w.Args(&host); err != nil {
		return err
	}
	for more := true; more; {
		err := s.db.Update(ctx, func(tx *sqldb.Tx) error {
			some, err := jobsOf(ctx, tx, w.Tenant, host, batch)
			if more = len(some) > 0; err != nil || more {
				return errors.Join(err, dropJobs(ctx, tx, some))
			}
			return dropAccount(ctx, tx, w.Tenant, host)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Lose ends or repeats some jobs, of all tenants, whose worker has been silent
// for too long, and returns how many.
func (s *Service) Lose(ctx context.Context) (n int, err error) {
	err = s.db.Update(ctx, func(tx *sqldb.Tx) error {
		n = 0
		wall := s.db.Wall()
		lost, err := lostJobs(ctx, tx, wall, batch)
		if err != nil {
			return err
		}
		for _, j := range lost {
			if err := s.lose(ctx, tx, j, wall); err != nil {
				return err
			}
			n++
		}
		return nil
	})
	return n, err
}

func (s *Service) lose(ctx context.Context, tx *sqldb.Tx, j *Job, wall time.Time) error {
	if changed, err := j.Lose(tx.Now(), wall); err != nil || !changed {
		return err
	}
	if err := putJob(ctx, tx, j); err != nil {
		return err
	}
	if j.State == New {
		tx.Notify(topic)
	}
	return ended(ctx, tx, j)
}

// ended writes the end of a job into the log, or that it waits for a worker again.
func ended(ctx context.Context, tx *sqldb.Tx, j *Job) error {
	activity := "Complete runbook job"
	switch j.State {
	case Failed:
		activity = "Fail runbook job"
	case Stopped:
		activity = "End stopped runbook job"
	case New:
		activity = "Repeat runbook job"
	}
	a, err := managedidentity.GetHost(ctx, tx, j.Tenant, j.Account)
	if errors.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	detail := map[string]string{"worker": string(j.Worker)}
	if j.Exception != "" {
		detail["exception"] = j.Exception
	}
	return record(ctx, tx, authz.System(j.Tenant, "Automation worker"), activity, "RunbookJob", string(j.ID), j.Name, a, detail)
}

// Forget removes some jobs, of all tenants, that have been kept long enough, and
// returns how many.
func (s *Service) Forget(ctx context.Context) (n int, err error) {
	err = s.db.Update(ctx, func(tx *sqldb.Tx) error {
		old, err := oldJobs(ctx, tx, tx.Now().Add(-Kept), batch)
		n = len(old)
		return errors.Join(err, dropJobs(ctx, tx, old))
	})
	return n, err
}

// An Order is a job as its worker is handed it.
type Order struct {
	Job     JobID
	Run     int
	Account string // the account's resource identifier
	Kind    Kind
	Name    string
	Text    string
	Printed int // records of earlier runs: the next is one more
}

// Take hands the job that has waited the longest to a worker of its tenant, or
// returns nil if none waits. wall is the machine's time.
func (s *Service) Take(ctx context.Context, worker *managedidentity.Host) (o *Order, err error) {
	for range batch {
		again := false
		o, again, err = s.take(ctx, worker)
		if err != nil || o != nil || !again {
			return o, err
		}
	}
	return nil, nil
}

// take is one try of Take. again tells that a job was there and is gone with its account.
func (s *Service) take(ctx context.Context, worker *managedidentity.Host) (o *Order, again bool, err error) {
	var some bool
	if err := s.db.View(ctx, func(tx *sqldb.Tx) (err error) {
		if err = isWorker(ctx, tx, worker.Tenant, worker.HostID); err == nil {
			some, err = waits(ctx, tx, worker.Tenant)
		}
		return err
	}); err != nil || !some {
		return nil, false, err
	}
	err = s.db.Update(ctx, func(tx *sqldb.Tx) error {
		o, again = nil, false
		if err := isWorker(ctx, tx, worker.Tenant, worker.HostID); err != nil {
			return err
		}
		j, err := nextJob(ctx, tx, worker.Tenant)
		if errors.Is(err, fault.NotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		a, err := managedidentity.GetHost(ctx, tx, j.Tenant, j.Account)
		if errors.Is(err, fault.NotFound) {
			again = true
			return dropJobs(ctx, tx, []*Job{j})
		}
		if err != nil {
			return err
		}
		if err := j.Give(worker.Tenant, worker.HostID, tx.Now(), s.db.Wall()); err != nil {
			return err
		}
		o = &Order{Job: j.ID, Run: j.Run, Account: a.ID(), Kind: j.Kind, Name: j.Name, Text: j.Text, Printed: j.Printed.Last}
		return putJob(ctx, tx, j)
	})
	return o, again, err
}

// Wait returns when a job may wait for somebody, when wait is over, or with ctx.
func (s *Service) Wait(ctx context.Context, wait time.Duration) {
	bell := s.db.Notified(topic)
	select {
	case <-bell:
	case <-time.After(wait):
	case <-ctx.Done():
	}
}

// A Report is what a worker says of a run.
type Report struct {
	Job     JobID
	Run     int
	Begun   bool // the script runs
	Records []Record
	Ended   bool
	// Exception says why the script failed, if it has; at most MaxException bytes.
	Exception string
}

// Limits of a report.
const (
	MaxRecords   = 64
	MaxException = 2048
)

// Tell takes a worker's report in, as a whole or not at all, and returns whether
// the worker is to end the run. A report that was taken in before changes nothing.
func (s *Service) Tell(ctx context.Context, worker *managedidentity.Host, r Report) (stop bool, err error) {
	switch {
	case len(r.Records) > MaxRecords:
		return false, fault.InvalidAt("records", "A report has at most %d records.", MaxRecords)
	case len(r.Exception) > MaxException:
		return false, fault.InvalidAt("exception", "An exception has at most %d bytes.", MaxException)
	case !ids.Valid(string(r.Job)):
		return false, noJob()
	}
	err = s.db.Update(ctx, func(tx *sqldb.Tx) error {
		if err := isWorker(ctx, tx, worker.Tenant, worker.HostID); err != nil {
			return err
		}
		j, err := jobByID(ctx, tx, worker.Tenant, r.Job)
		if err != nil {
			return err
		}
		if r.Ended && j.Worker == worker.HostID && j.Run == r.Run && !j.Open() {
			return nil // said before, and the answer was lost
		}
		if stop, err = j.Renew(worker.HostID, r.Run, s.db.Wall()); err != nil {
			return err
		}
		return s.takeIn(ctx, tx, worker, j, r)
	})
	return stop, err
}

// takeIn changes the job as the report says.
func (s *Service) takeIn(ctx context.Context, tx *sqldb.Tx, worker *managedidentity.Host, j *Job, r Report) error {
	if r.Begun || r.Ended {
		if err := j.Begin(worker.HostID, r.Run, tx.Now()); err != nil {
			return err
		}
	}
	for _, in := range r.Records {
		keep, err := j.Printed.Take(r.Run, in.Seq, in.Stream, in.Bytes, tx.Now())
		if err != nil {
			return err
		}
		if keep != nil {
			if err := addRecord(ctx, tx, j, keep); err != nil {
				return err
			}
		}
	}
	if r.Ended {
		if err := j.End(worker.HostID, r.Run, r.Exception, tx.Now()); err != nil {
			return err
		}
		if err := ended(ctx, tx, j); err != nil {
			return err
		}
	}
	return putJob(ctx, tx, j)
}

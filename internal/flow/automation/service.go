package automation

import (
	"context"

	"entente/internal/core/audit"
	"entente/internal/core/authz"
	"entente/internal/core/managedidentity"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/jobs"
	"entente/internal/kit/sqldb"
)

// A Service keeps runbooks and runs them. Whoever may read an automation account
// may read what is kept in it; whoever may change it may change and run that: a
// runbook speaks with the account's identities.
type Service struct {
	db *sqldb.DB
	id *managedidentity.Service
}

// NewService returns a service on db.
func NewService(db *sqldb.DB, identities *managedidentity.Service) *Service {
	return &Service{db, identities}
}

const (
	mostRunbooks  = 1000 // of an account
	mostSchedules = 20   // of a runbook
	mostWaiting   = 1000 // jobs of a tenant
	pageSize      = 100
)

// view has work read something of the account at r.
func (s *Service) view(ctx context.Context, who authz.Caller, r managedidentity.Resource, work func(tx *sqldb.Tx, a *managedidentity.Host) error) error {
	return s.db.View(ctx, func(tx *sqldb.Tx) error {
		a, err := account(ctx, tx, who, r, managedidentity.Read)
		if err != nil {
			return err
		}
		return work(tx, a)
	})
}

// change has work change something of the account at r.
func (s *Service) change(ctx context.Context, who authz.Caller, r managedidentity.Resource, work func(tx *sqldb.Tx, a *managedidentity.Host) error) error {
	return s.db.Update(ctx, func(tx *sqldb.Tx) error {
		a, err := account(ctx, tx, who, r, managedidentity.Write)
		if err != nil {
			return err
		}
		return work(tx, a)
	})
}

func account(ctx context.Context, tx *sqldb.Tx, who authz.Caller, r managedidentity.Resource, action managedidentity.Action) (*managedidentity.Host, error) {
	if r.Type != managedidentity.TypeAutomation {
		return nil, fault.InvalidAt("type", "Runbooks are kept in automation accounts.")
	}
	return managedidentity.Reach(ctx, tx, who, r, action)
}

// onRunbook has work change the runbook of that name.
func (s *Service) onRunbook(ctx context.Context, who authz.Caller, at managedidentity.Resource, name string, work func(tx *sqldb.Tx, a *managedidentity.Host, r *Runbook) error) error {
	return s.change(ctx, who, at, func(tx *sqldb.Tx, a *managedidentity.Host) error {
		r, err := runbookNamed(ctx, tx, who.Tenant, a.HostID, name)
		if err != nil {
			return err
		}
		return work(tx, a, r)
	})
}

func record(ctx context.Context, tx *sqldb.Tx, who authz.Caller, activity, kind, id, name string, a *managedidentity.Host, detail map[string]string) error {
	if detail == nil {
		detail = make(map[string]string)
	}
	detail["automationAccount"] = a.ID()
	return audit.Record(ctx, tx, who, audit.Entry{Category: "ResourceManagement", Activity: activity, Target: audit.Target{Kind: kind, ID: id, Name: name}, Detail: detail})
}

func recordRunbook(ctx context.Context, tx *sqldb.Tx, who authz.Caller, activity string, a *managedidentity.Host, r *Runbook) error {
	return record(ctx, tx, who, activity, "Runbook", string(r.ID), r.Name, a, nil)
}

// Runbooks returns a page of an account's runbooks, by name from the one after
// after on, and whether there are more. Their texts are left out.
func (s *Service) Runbooks(ctx context.Context, who authz.Caller, at managedidentity.Resource, after string, limit int) (all []*Runbook, more bool, err error) {
	limit = min(max(limit, 1), pageSize)
	err = s.view(ctx, who, at, func(tx *sqldb.Tx, a *managedidentity.Host) (err error) {
		all, err = listRunbooks(ctx, tx, who.Tenant, a.HostID, after, limit+1)
		return err
	})
	if more = len(all) > limit; more {
		all = all[:limit]
	}
	return all, more, err
}

// Runbook returns a runbook with its texts and its schedules.
func (s *Service) Runbook(ctx context.Context, who authz.Caller, at managedidentity.Resource, name string) (r *Runbook, plans []*Schedule, err error) {
	err = s.view(ctx, who, at, func(tx *sqldb.Tx, a *managedidentity.Host) (err error) {
		if r, err = runbookNamed(ctx, tx, who.Tenant, a.HostID, name); err != nil {
			return err
		}
		plans, err = listSchedules(ctx, tx, r)
		return err
	})
	return r, plans, err
}

// AddRunbook makes a runbook with an empty draft.
func (s *Service) AddRunbook(ctx context.Context, who authz.Caller, at managedidentity.Resource, name string, kind Kind, description string) (r *Runbook, err error) {
	err = s.change(ctx, who, at, func(tx *sqldb.Tx, a *managedidentity.Host) (err error) {
		if r, err = NewRunbook(who.Tenant, a.HostID, name, kind, tx.Now()); err != nil {
			return err
		}
		if err := r.Describe(description, false, tx.Now()); err != nil {
			return err
		}
		have, err := listRunbooks(ctx, tx, who.Tenant, a.HostID, "", mostRunbooks)
		if err == nil && len(have) >= mostRunbooks {
			err = fault.New(fault.Invalid, "An automation account has at most %d runbooks.", mostRunbooks)
		}
		if err != nil {
			return err
		}
		if err := addRunbook(ctx, tx, r); err != nil {
			return err
		}
		return recordRunbook(ctx, tx, who, "Create runbook", a, r)
	})
	return r, err
}

// Edition is the edition of the runbook that was read, for Write.
func (r *Runbook) Edition() int64 { return r.version }

// Write stores a new draft of a runbook. edition is that of the one that was
// edited; if somebody stored another since, it is a Conflict.
func (s *Service) Write(ctx context.Context, who authz.Caller, at managedidentity.Resource, name, draft string, edition int64) error {
	return s.onRunbook(ctx, who, at, name, func(tx *sqldb.Tx, a *managedidentity.Host, r *Runbook) error {
		if r.version != edition {
			return changedMeanwhile()
		}
		if err := r.Write(draft, tx.Now()); err != nil {
			return err
		}
		if err := putRunbook(ctx, tx, r); err != nil {
			return err
		}
		return recordRunbook(ctx, tx, who, "Update runbook draft", a, r)
	})
}

// Describe changes what is said of a runbook, and whether a job whose worker was
// lost may be run again.
func (s *Service) Describe(ctx context.Context, who authz.Caller, at managedidentity.Resource, name, description string, again bool) error {
	return s.onRunbook(ctx, who, at, name, func(tx *sqldb.Tx, a *managedidentity.Host, r *Runbook) error {
		if err := r.Describe(description, again, tx.Now()); err != nil {
			return err
		}
		if err := putRunbook(ctx, tx, r); err != nil {
			return err
		}
		return recordRunbook(ctx, tx, who, "Update runbook", a, r)
	})
}

// Publish makes a runbook's draft the text that jobs run. edition is that of the
// draft that was read.
func (s *Service) Publish(ctx context.Context, who authz.Caller, at managedidentity.Resource, name string, edition int64) error {
	return s.onRunbook(ctx, who, at, name, func(tx *sqldb.Tx, a *managedidentity.Host, r *Runbook) error {
		if r.version != edition {
			return changedMeanwhile()
		}
		if err := r.Publish(tx.Now()); err != nil {
			return err
		}
		if err := putRunbook(ctx, tx, r); err != nil {
			return err
		}
		return recordRunbook(ctx, tx, who, "Publish runbook", a, r)
	})
}

// DeleteRunbook removes a runbook with its schedules. Its jobs stay, with what
// they printed.
func (s *Service) DeleteRunbook(ctx context.Context, who authz.Caller, at managedidentity.Resource, name string) error {
	return s.onRunbook(ctx, who, at, name, func(tx *sqldb.Tx, a *managedidentity.Host, r *Runbook) error {
		if err := dropRunbook(ctx, tx, r); err != nil {
			return err
		}
		return recordRunbook(ctx, tx, who, "Delete runbook", a, r)
	})
}

// AddSchedule has a runbook run by the clock.
func (s *Service) AddSchedule(ctx context.Context, who authz.Caller, at managedidentity.Resource, name string, plan Schedule) error {
	return s.onRunbook(ctx, who, at, name, func(tx *sqldb.Tx, a *managedidentity.Host, r *Runbook) error {
		p, err := r.Schedule(plan.Frequency, plan.Interval, plan.StartsAt, tx.Now())
		if err != nil {
			return err
		}
		if r.PublishedAt.IsZero() {
			return fault.New(fault.Conflict, "The runbook '%s' is not published. Publish it, then schedule it.", r.Name)
		}
		have, err := listSchedules(ctx, tx, r)
		if err == nil && len(have) >= mostSchedules {
			err = fault.New(fault.Invalid, "A runbook has at most %d schedules.", mostSchedules)
		}
		if err != nil {
			return err
		}
		if err := putSchedule(ctx, tx, p); err != nil {
			return err
		}
		if err := enqueueSchedule(ctx, tx, p); err != nil {
			return err
		}
		return record(ctx, tx, who, "Create schedule", "Schedule", string(p.ID), r.Name, a, map[string]string{"next": p.NextAt.Format(timeFormat)})
	})
}

// DeleteSchedule ends a schedule of a runbook. Jobs that it has started stay.
func (s *Service) DeleteSchedule(ctx context.Context, who authz.Caller, at managedidentity.Resource, name string, id ScheduleID) error {
	return s.onRunbook(ctx, who, at, name, func(tx *sqldb.Tx, a *managedidentity.Host, r *Runbook) error {
		p, err := scheduleByID(ctx, tx, who.Tenant, id)
		if err != nil || p.Runbook != r.ID {
			return fault.New(fault.NotFound, "There is no such schedule of the runbook.").Wrap(err)
		}
		if err := dropSchedule(ctx, tx, p); err != nil {
			return err
		}
		if _, err := jobs.Cancel(ctx, tx, ScheduleKind, who.Tenant, string(p.ID)); err != nil {
			return err
		}
		return record(ctx, tx, who, "Delete schedule", "Schedule", string(p.ID), r.Name, a, nil)
	})
}

// Start makes a job that runs a runbook's published text.
func (s *Service) Start(ctx context.Context, who authz.Caller, at managedidentity.Resource, name string) (j *Job, err error) {
	err = s.onRunbook(ctx, who, at, name, func(tx *sqldb.Tx, a *managedidentity.Host, r *Runbook) (err error) {
		if j, err = r.Start(who.Name, tx.Now()); err != nil {
			return err
		}
		return start(ctx, tx, who, a, j)
	})
	return j, err
}

// topic wakes those who wait for a job.
const topic = "automation"

func start(ctx context.Context, tx *sqldb.Tx, who authz.Caller, a *managedidentity.Host, j *Job) error {
	n, err := countWaiting(ctx, tx, j.Tenant)
	if err == nil && n >= mostWaiting {
		err = fault.New(fault.Conflict, "%d jobs of the organization wait for a worker, which is the most there can be.", n).
			WithFix("Enroll a worker, or see that the ones there are work.")
	}
	if err != nil {
		return err
	}
	if err := addJob(ctx, tx, j); err != nil {
		return err
	}
	tx.Notify(topic)
	return record(ctx, tx, who, "Start runbook job", "RunbookJob", string(j.ID), j.Name, a, nil)
}

// Stop ends a job that waits, and has its worker end one that runs.
func (s *Service) Stop(ctx context.Context, who authz.Caller, at managedidentity.Resource, id JobID) error {
	return s.change(ctx, who, at, func(tx *sqldb.Tx, a *managedidentity.Host) error {
		j, err := jobOf(ctx, tx, a, id)
		if err != nil {
			return err
		}
		if err := j.Stop(tx.Now()); err != nil {
			return err
		}
		if err := putJob(ctx, tx, j); err != nil {
			return err
		}
		return record(ctx, tx, who, "Stop runbook job", "RunbookJob", string(j.ID), j.Name, a, nil)
	})
}

// jobOf returns a job of the account; another's does not exist.
func jobOf(ctx context.Context, tx *sqldb.Tx, a *managedidentity.Host, id JobID) (*Job, error) {
	j, err := jobByID(ctx, tx, a.Tenant, id)
	if err == nil && j.Account != a.HostID {
		err = noJob()
	}
	if err != nil {
		return nil, err
	}
	return j, nil
}

// Jobs returns a page of an account's jobs, the latest first, and whether there
// are more.
func (s *Service) Jobs(ctx context.Context, who authz.Caller, at managedidentity.Resource, p JobPage) (all []*Job, more bool, err error) {
	limit := min(max(p.Limit, 1), pageSize)
	p.Limit = limit + 1
	err = s.view(ctx, who, at, func(tx *sqldb.Tx, a *managedidentity.Host) (err error) {
		all, err = listJobs(ctx, tx, who.Tenant, a.HostID, p)
		return err
	})
	if more = len(all) > limit; more {
		all = all[:limit]
	}
	return all, more, err
}

// Job returns a job of an account, and what it printed after a record.
func (s *Service) Job(ctx context.Context, who authz.Caller, at managedidentity.Resource, id JobID, after int) (j *Job, printed []*Record, err error) {
	if !ids.Valid(string(id)) {
		return nil, nil, noJob()
	}
	err = s.view(ctx, who, at, func(tx *sqldb.Tx, a *managedidentity.Host) (err error) {
		if j, err = jobOf(ctx, tx, a, id); err != nil {
			return err
		}
		printed, err = listRecords(ctx, tx, j, after)
		return err
	})
	return j, printed, err
}

package automation

import (
	"context"
	"errors"
	"time"

	"entente/internal/core/audit"
	"entente/internal/core/authz"
	"entente/internal/core/managedidentity"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// A Worker is a host that runs jobs of its tenant, of any of its automation
// accounts. It is a machine of the tenant's own (managedidentity.TypeServer).
type Worker struct {
	managedidentity.Resource
	Host   managedidentity.HostID
	Added  time.Time
	SeenAt time.Time // zero before it was first seen
}

const mostWorkers = 200

// The reasons for which a host is given no identity of an automation account.
const (
	NotAWorker fault.Reason = "automation.not_a_worker"
	NoJob      fault.Reason = "automation.no_job" // there is none, or another worker's
	JobOver    fault.Reason = "automation.job_over"
)

// noWorker is what a host hears that runs no jobs.
func noWorker() error {
	return fault.Because(fault.Forbidden, NotAWorker, "This host is not enrolled to run jobs of the organization.").
		WithFix("Have a Global Administrator add it under Automation, Workers, and enroll it with the token shown there.")
}

func isWorker(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, host managedidentity.HostID) error {
	var added int64
	err := tx.One(ctx, `select created_us from runbook_worker where tenant_id = ? and host_id = ?`, []any{tenant, host}, &added)
	if errors.Is(err, fault.NotFound) {
		return noWorker()
	}
	return err
}

// AddWorker makes a machine at r that runs jobs of the caller's tenant, and a
// one-time token by which the machine enrolls. It takes power over all resources
// of the tenant: a worker speaks with the identities of all automation accounts. A
// machine that is a worker already gets another token.
func (s *Service) AddWorker(ctx context.Context, who authz.Caller, r managedidentity.Resource, location string) (*managedidentity.Enrollment, error) {
	if r.Type != managedidentity.TypeServer {
		return nil, fault.InvalidAt("type", "A worker is a machine of the type %s.", managedidentity.TypeServer)
	}
	if err := s.db.View(ctx, func(tx *sqldb.Tx) error { return managedidentity.NeedAll(ctx, tx, who) }); err != nil {
		return nil, err
	}
	h, _, err := s.id.PutHost(ctx, who, r, managedidentity.HostSpec{Location: &location})
	if err != nil {
		return nil, err
	}
	err = s.db.Update(ctx, func(tx *sqldb.Tx) error {
		if err := managedidentity.NeedAll(ctx, tx, who); err != nil {
			return err
		}
		var n int
		if err := tx.One(ctx, `select count(*) from runbook_worker where tenant_id = ?`, []any{who.Tenant}, &n); err != nil {
			return err
		}
		if n >= mostWorkers {
			return fault.New(fault.Invalid, "An organization has at most %d workers.", mostWorkers)
		}
		n64, err := tx.Exec(ctx, `insert into runbook_worker (tenant_id, host_id, created_us) values (?, ?, ?) on conflict (tenant_id, host_id) do nothing`,
			who.Tenant, h.HostID, sqldb.Micros(tx.Now()))
		if err != nil || n64 == 0 {
			return err
		}
		return recordWorker(ctx, tx, who, "Add automation worker", h)
	})
	if err != nil {
		return nil, err
	}
	return s.id.AddEnrollment(ctx, who, h.Resource, 0)
}

func recordWorker(ctx context.Context, tx *sqldb.Tx, who authz.Caller, activity string, h *managedidentity.Host) error {
	return audit.Record(ctx, tx, who, audit.Entry{Category: "ResourceManagement", Activity: activity, Target: audit.Target{Kind: "Resource", ID: h.ID(), Name: h.Name}})
}

// RemoveWorker takes a machine's right to run jobs, and the machine with its keys.
// What it runs now counts as lost from here on.
func (s *Service) RemoveWorker(ctx context.Context, who authz.Caller, r managedidentity.Resource) error {
	err := s.db.Update(ctx, func(tx *sqldb.Tx) error {
		if err := managedidentity.NeedAll(ctx, tx, who); err != nil {
			return err
		}
		h, err := managedidentity.Reach(ctx, tx, who, r, managedidentity.Write)
		if err != nil {
			return err
		}
		n, err := tx.Exec(ctx, `delete from runbook_worker where tenant_id = ? and host_id = ?`, who.Tenant, h.HostID)
		if err == nil && n == 0 {
			err = fault.New(fault.NotFound, "There is no worker '%.80s'.", r.Name)
		}
		if err != nil {
			return err
		}
		return recordWorker(ctx, tx, who, "Remove automation worker", h)
	})
	if err == nil {
		_, err = s.id.DeleteHost(ctx, who, r)
	}
	return err
}

// Workers lists the tenant's workers, for whoever has power over all its resources.
func (s *Service) Workers(ctx context.Context, who authz.Caller) (all []*Worker, err error) {
	err = s.db.View(ctx, func(tx *sqldb.Tx) error {
		if err := managedidentity.NeedAll(ctx, tx, who); err != nil {
			return err
		}
		all, err = sqldb.All(ctx, tx, `
			select h.id, h.subscription_id, h.group_name, h.type_name, h.name, w.created_us, h.seen_us
			from   runbook_worker w join host h on h.tenant_id = w.tenant_id and h.id = w.host_id
			where  w.tenant_id = ? order by h.name_folded, h.id`, []any{who.Tenant},
			func(scan func(...any) error) (*Worker, error) {
				w := &Worker{}
				var added, seen int64
				err := scan(&w.Host, &w.Subscription, &w.Group, &w.Type, &w.Name, &added, &seen)
				w.Added, w.SeenAt = sqldb.Time(added), sqldb.Time(seen)
				return w, err
			})
		return err
	})
	return all, err
}

// ForJob returns the automation account whose identities a worker may be given for
// a job: the job is in that worker's hands now, by wall, the machine's time.
func ForJob(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, worker managedidentity.HostID, id JobID, wall time.Time) (managedidentity.HostID, error) {
	if !ids.Valid(string(id)) {
		return "", noJob()
	}
	if err := isWorker(ctx, tx, tenant, worker); err != nil {
		return "", err
	}
	j, err := jobByID(ctx, tx, tenant, id)
	switch {
	case err != nil:
		return "", err
	case j.Worker != worker:
		return "", noJob()
	case !j.held(wall):
		return "", fault.Because(fault.Conflict, JobOver, "The job is over. What ran in it gets no token any more.")
	}
	return j.Account, nil
}

// held reports whether the job is in its worker's hands.
func (j *Job) held(wall time.Time) bool {
	return (j.State == Activating || j.State == Running || j.State == Stopping) && wall.Before(j.LeaseUntil)
}

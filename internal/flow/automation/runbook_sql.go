package automation

import (
	"context"
	"errors"
	"strings"

	"entente/internal/core/managedidentity"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

const runbookColumns = `r.id, r.account_id, r.name, r.kind, r.description, r.draft, r.body, r.again, r.created_us, r.changed_us, r.published_us, r.version`

func scanRunbook(tenant ids.TenantID) func(scan func(...any) error) (*Runbook, error) {
	return func(scan func(...any) error) (*Runbook, error) {
		r := &Runbook{Tenant: tenant}
		var created, changed, published int64
		err := scan(&r.ID, &r.Account, &r.Name, &r.Kind, &r.Description, &r.Draft, &r.Text, &r.Again, &created, &changed, &published, &r.version)
		r.CreatedAt, r.ChangedAt, r.PublishedAt = sqldb.Time(created), sqldb.Time(changed), sqldb.Time(published)
		return r, err
	}
}

func noRunbook(name string) error {
	return fault.New(fault.NotFound, "There is no runbook '%.64s' in the automation account.", name)
}

// runbookNamed returns an account's runbook of that name, in any letter case, or
// NotFound.
func runbookNamed(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, account managedidentity.HostID, name string) (*Runbook, error) {
	r, err := scanRunbook(tenant)(func(dest ...any) error {
		return tx.One(ctx, "select "+runbookColumns+" from runbook r where r.tenant_id = ? and r.account_id = ? and r.folded = ?",
			[]any{tenant, account, strings.ToLower(name)}, dest...)
	})
	if errors.Is(err, fault.NotFound) {
		return nil, noRunbook(name)
	}
	return r, err
}

func runbookByID(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id RunbookID) (*Runbook, error) {
	return scanRunbook(tenant)(func(dest ...any) error {
		return tx.One(ctx, "select "+runbookColumns+" from runbook r where r.tenant_id = ? and r.id = ?", []any{tenant, id}, dest...)
	})
}

// listRunbooks returns an account's runbooks without their texts, by name, from
// the one after a name on.
func listRunbooks(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, account managedidentity.HostID, after string, limit int) ([]*Runbook, error) {
	return sqldb.All(ctx, tx, `
		select r.id, r.account_id, r.name, r.kind, r.description, '', case when r.draft = r.body then '' else 'x' end, r.again, r.created_us, r.changed_us, r.published_us, r.version
		from   runbook r where r.tenant_id = ? and r.account_id = ? and r.folded > ? order by r.folded limit ?`,
		[]any{tenant, account, strings.ToLower(after), limit}, scanRunbook(tenant))
}

// addRunbook stores a new runbook; a Conflict if the account has one of the name.
func addRunbook(ctx context.Context, tx *sqldb.Tx, r *Runbook) error {
	n, err := tx.Exec(ctx, `
		insert into runbook (tenant_id, id, account_id, name, folded, kind, description, draft, body, again, created_us, changed_us, published_us)
		values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict (tenant_id, account_id, folded) do nothing`,
		r.Tenant, r.ID, r.Account, r.Name, strings.ToLower(r.Name), r.Kind, r.Description, r.Draft, r.Text, r.Again,
		sqldb.Micros(r.CreatedAt), sqldb.Micros(r.ChangedAt), sqldb.Micros(r.PublishedAt))
	if err == nil && n == 0 {
		f := fault.New(fault.Conflict, "The automation account has a runbook called '%s' already.", r.Name)
		f.Target = "name"
		err = f
	}
	return err
}

// putRunbook stores a changed runbook; a Conflict if somebody stored it since it
// was read.
func putRunbook(ctx context.Context, tx *sqldb.Tx, r *Runbook) error {
	n, err := tx.Exec(ctx, `
		update runbook set description = ?, draft = ?, body = ?, again = ?, changed_us = ?, published_us = ?, version = version + 1
		where  tenant_id = ? and id = ? and version = ?`,
		r.Description, r.Draft, r.Text, r.Again, sqldb.Micros(r.ChangedAt), sqldb.Micros(r.PublishedAt), r.Tenant, r.ID, r.version)
	if err == nil && n == 0 {
		err = changedMeanwhile()
	}
	return err
}

func changedMeanwhile() error {
	return fault.New(fault.Conflict, "The runbook was changed meanwhile by somebody else, or in another window.").
		WithFix("Keep what you wrote, load the page again, and put it into what stands there now.")
}

func dropRunbook(ctx context.Context, tx *sqldb.Tx, r *Runbook) error {
	if _, err := tx.Exec(ctx, `delete from runbook_schedule where tenant_id = ? and account_id = ? and runbook_id = ?`, r.Tenant, r.Account, r.ID); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `delete from runbook where tenant_id = ? and id = ?`, r.Tenant, r.ID)
	return err
}

const scheduleColumns = `s.id, s.account_id, s.runbook_id, s.frequency, s.every, s.starts_us, s.next_us, s.created_us`

func scanSchedule(tenant ids.TenantID) func(scan func(...any) error) (*Schedule, error) {
	return func(scan func(...any) error) (*Schedule, error) {
		s := &Schedule{Tenant: tenant}
		var starts, next, created int64
		err := scan(&s.ID, &s.Account, &s.Runbook, &s.Frequency, &s.Interval, &starts, &next, &created)
		s.StartsAt, s.NextAt, s.CreatedAt = sqldb.Time(starts), sqldb.Time(next), sqldb.Time(created)
		return s, err
	}
}

func scheduleByID(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id ScheduleID) (*Schedule, error) {
	return scanSchedule(tenant)(func(dest ...any) error {
		return tx.One(ctx, "select "+scheduleColumns+" from runbook_schedule s where s.tenant_id = ? and s.id = ?", []any{tenant, id}, dest...)
	})
}

// listSchedules returns the schedules of a runbook, of which there are at most
// mostSchedules.
func listSchedules(ctx context.Context, tx *sqldb.Tx, r *Runbook) ([]*Schedule, error) {
	return sqldb.All(ctx, tx, "select "+scheduleColumns+` from runbook_schedule s
		where s.tenant_id = ? and s.account_id = ? and s.runbook_id = ? order by s.created_us, s.id`,
		[]any{r.Tenant, r.Account, r.ID}, scanSchedule(r.Tenant))
}

func putSchedule(ctx context.Context, tx *sqldb.Tx, s *Schedule) error {
	_, err := tx.Exec(ctx, `
		insert into runbook_schedule (tenant_id, id, account_id, runbook_id, frequency, every, starts_us, next_us, created_us)
		values (?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict (tenant_id, id) do update set next_us = excluded.next_us`,
		s.Tenant, s.ID, s.Account, s.Runbook, s.Frequency, s.Interval, sqldb.Micros(s.StartsAt), sqldb.Micros(s.NextAt), sqldb.Micros(s.CreatedAt))
	return err
}

func dropSchedule(ctx context.Context, tx *sqldb.Tx, s *Schedule) error {
	_, err := tx.Exec(ctx, `delete from runbook_schedule where tenant_id = ? and id = ?`, s.Tenant, s.ID)
	return err
}

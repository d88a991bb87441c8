package object

import (
	"context"
	"errors"
	"slices"
	"time"

	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// The kinds of cause.
const (
	ByConsent       = "consent"       // an administrator or user consented
	ByAdministrator = "administrator" // someone granted it by hand or API
	ByAssignment    = "assignment"    // an access package gave it
	BySystem        = "system"        // it came with the tenant
)

// A Cause keeps what is linked to it alive until it ends.
type Cause struct {
	ID        ids.CauseID
	Kind      string
	Source    string // the consent's application, the assignment's identifier …
	By        ids.Principal
	ByName    string
	CreatedAt time.Time
	Ends      time.Time // zero: no end
	EndedAt   time.Time // zero: it has not been ended
}

// What causes are linked to.
const (
	OfServicePrincipal = "servicePrincipal"
	OfRoleAssignment   = "appRoleAssignment"
	OfScope            = "scope"      // of a delegated grant: grant identifier, space, scope
	OfMembership       = "membership" // of a group: group identifier, space, member identifier
	OfSiteRole         = "siteRole"
	OfOwner            = "owner" // of an object: its identifier, space, the owner's
)

// NewCause returns a cause, or an Invalid fault if it would end at once.
func NewCause(kind, source string, by ids.Principal, byName string, ends, now time.Time) (Cause, error) {
	if !ends.IsZero() && !ends.After(now) {
		return Cause{}, fault.InvalidAt("until", "The end must be in the future.")
	}
	return Cause{
		ID: ids.New[ids.CauseID](), Kind: kind, Source: source, By: by, ByName: byName, CreatedAt: now, Ends: ends,
	}, nil
}

// Live reports whether the cause keeps anything at a time.
func (c Cause) Live(now time.Time) bool {
	return c.EndedAt.IsZero() && (c.Ends.IsZero() || c.Ends.After(now))
}

// Shorten gives the cause an end, or an earlier one. It never makes it longer:
// whoever gave it did not say so.
func (c *Cause) Shorten(until, now time.Time) error {
	switch {
	case !c.Live(now):
		return fault.New(fault.Invalid, "It has ended already.")
	case !until.After(now):
		return fault.InvalidAt("until", "The end must be in the future.")
	case !c.Ends.IsZero() && !until.Before(c.Ends):
		return fault.InvalidAt("until", "It ends before that already. Only a new consent lasts longer.")
	}
	c.Ends = until
	return nil
}

// PutEnd stores the end of a cause that has not been ended.
func PutEnd(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, c Cause) error {
	_, err := tx.Exec(ctx, `update cause set ends_us = ? where tenant_id = ? and id = ? and ended_us = 0`, sqldb.Micros(c.Ends), tenant, c.ID)
	return err
}

// AddCause stores a cause.
func AddCause(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, c Cause) error {
	_, err := tx.Exec(ctx, `
		insert into cause (tenant_id, id, kind, source, made_by, made_by_name, created_us, ends_us)
		values (?, ?, ?, ?, ?, ?, ?, ?)`,
		tenant, c.ID, c.Kind, c.Source, c.By, c.ByName, sqldb.Micros(c.CreatedAt), sqldb.Micros(c.Ends))
	return err
}

// PutCause stores a cause under an identifier that its maker knows. One that is
// there has the new end, and lives again if it was ended.
func PutCause(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, c Cause) error {
	return PutCauses(ctx, tx, tenant, []Cause{c})
}

// PutCauses does so for several.
func PutCauses(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, all []Cause) error {
	rows := make([][]any, len(all))
	for i, c := range all {
		rows[i] = []any{tenant, c.ID, c.Kind, c.Source, c.By, c.ByName, sqldb.Micros(c.CreatedAt), sqldb.Micros(c.Ends)}
	}
	return tx.Queue(ctx, `
		insert into cause (tenant_id, id, kind, source, made_by, made_by_name, created_us, ends_us)
		values (?, ?, ?, ?, ?, ?, ?, ?)
		on conflict (tenant_id, id) do update set ends_us = excluded.ends_us, ended_us = 0`, rows)
}

// Link ties a thing to a cause and returns when the last of its live causes
// ends, which the thing keeps beside itself; zero is never.
func Link(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, targetKind, target string, cause ids.CauseID) (time.Time, error) {
	_, err := tx.Exec(ctx, `
		insert into cause_of (tenant_id, target_kind, target_id, cause_id) values (?, ?, ?, ?)
		on conflict (tenant_id, target_kind, target_id, cause_id) do nothing`,
		tenant, targetKind, target, cause)
	if err != nil {
		return time.Time{}, err
	}
	ends, _, err := Life(ctx, tx, tenant, targetKind, target)
	return ends, err
}

// Unlink removes all ties of a thing, because the thing goes.
func Unlink(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, targetKind, target string) error {
	_, err := tx.Exec(ctx, `delete from cause_of where tenant_id = ? and target_kind = ? and target_id = ?`, tenant, targetKind, target)
	return err
}

// Sever is Unlink for what is purged: causes that nothing else has go too.
func Sever(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, targetKind, target string) error {
	if _, err := tx.Exec(ctx, `
		delete from cause
		where  tenant_id = ?
		and    id in (select l.cause_id from cause_of l where l.tenant_id = ? and l.target_kind = ? and l.target_id = ?)
		and    not exists (select 1 from cause_of o where o.tenant_id = cause.tenant_id and o.cause_id = cause.id
		                   and (o.target_kind <> ? or o.target_id <> ?))`,
		tenant, tenant, targetKind, target, targetKind, target); err != nil {
		return err
	}
	return Unlink(ctx, tx, tenant, targetKind, target)
}

// Life returns when a thing's last live cause ends (zero: never) and whether
// it has a live cause at all.
func Life(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, targetKind, target string) (ends time.Time, alive bool, err error) {
	causes, err := CausesOf(ctx, tx, tenant, targetKind, target)
	ends, alive = LifeBy(causes, tx.Now())
	return ends, alive, err
}

// LifeBy does what Life does for a thing of which the causes are known.
func LifeBy(causes []Cause, now time.Time) (ends time.Time, alive bool) {
	for _, c := range causes {
		switch {
		case !c.Live(now):
			continue
		case c.Ends.IsZero():
			return time.Time{}, true
		case c.Ends.After(ends):
			ends = c.Ends
		}
		alive = true
	}
	return ends, alive
}

const causeColumns = "c.id, c.kind, c.source, c.made_by, c.made_by_name, c.created_us, c.ends_us, c.ended_us"

// CausesOf returns the causes of a thing, the oldest first.
func CausesOf(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, targetKind, target string) ([]Cause, error) {
	return sqldb.All(ctx, tx, `
		select `+causeColumns+`
		from   cause_of l join cause c on c.tenant_id = l.tenant_id and c.id = l.cause_id
		where  l.tenant_id = ? and l.target_kind = ? and l.target_id = ?
		order  by c.created_us, c.id`,
		[]any{tenant, targetKind, target},
		func(scan func(...any) error) (c Cause, err error) { return c, scanCause(&c, scan) })
}

// scanCause reads a row's columns in the order of CausesOf, and others before them.
func scanCause(c *Cause, scan func(...any) error, before ...any) error {
	var created, ends, ended int64
	err := scan(append(before, &c.ID, &c.Kind, &c.Source, &c.By, &c.ByName, &created, &ends, &ended)...)
	c.CreatedAt, c.Ends, c.EndedAt = sqldb.Time(created), sqldb.Time(ends), sqldb.Time(ended)
	return err
}

// A Tie is a thing linked to a cause.
type Tie struct {
	Kind string
	ID   string
}

// EndCause ends a cause now and returns what was tied to it.
func EndCause(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id ids.CauseID) ([]Tie, error) {
	if _, err := tx.Exec(ctx, `update cause set ended_us = ? where tenant_id = ? and id = ? and ended_us = 0`,
		sqldb.Micros(tx.Now()), tenant, id); err != nil {
		return nil, err
	}
	return tiesOf(ctx, tx, tenant, id)
}

func tiesOf(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id ids.CauseID) ([]Tie, error) {
	return sqldb.All(ctx, tx, `
		select target_kind, target_id from cause_of where tenant_id = ? and cause_id = ? order by target_kind, target_id`,
		[]any{tenant, id},
		func(scan func(...any) error) (t Tie, err error) { return t, scan(&t.Kind, &t.ID) })
}

// GetCause returns a cause and what is tied to it, or NotFound.
func GetCause(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id ids.CauseID) (c Cause, ties []Tie, err error) {
	err = scanCause(&c, func(dest ...any) error {
		return tx.One(ctx, "select "+causeColumns+" from cause c where c.tenant_id = ? and c.id = ?", []any{tenant, id}, dest...)
	})
	if errors.Is(err, fault.NotFound) {
		err = Missing(string(id))
	}
	if err == nil {
		ties, err = tiesOf(ctx, tx, tenant, id)
	}
	return c, ties, err
}

// EndTie ends a cause now and reports whether the thing was tied to it.
func EndTie(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, targetKind, target string, cause ids.CauseID) (bool, error) {
	ties, err := EndCause(ctx, tx, tenant, cause)
	return slices.Contains(ties, Tie{targetKind, target}), err
}

// Due names a cause whose end has come.
type Due struct {
	Tenant ids.TenantID
	Cause  ids.CauseID
}

// DueCauses returns up to limit causes whose end has come and that nobody has
// ended yet, whatever their tenant.
func DueCauses(ctx context.Context, tx *sqldb.Tx, limit int) ([]Due, error) {
	return sqldb.All(ctx, tx, `
		select tenant_id, id from cause /* all tenants: ends come for everybody */
		where  ended_us = 0 and ends_us > 0 and ends_us <= ? order by ends_us limit ?`,
		[]any{sqldb.Micros(tx.Now()), limit},
		func(scan func(...any) error) (d Due, err error) { return d, scan(&d.Tenant, &d.Cause) })
}

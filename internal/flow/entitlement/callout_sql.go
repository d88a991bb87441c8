package entitlement

import (
	"context"

	"entente/internal/flow/offer"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

const calloutColumns = `c.tenant_id, c.id, c.request_id, c.assignment_id, c.extension_id, c.stage, c.status, c.holds, c.detail, c.correlation, c.tries,
	c.until_us, c.created_us, c.sent_us, c.ended_us`

func scanCallout(scan func(...any) error) (*Callout, error) {
	c := &Callout{}
	var until, created, sent, ended int64
	err := scan(&c.Tenant, &c.ID, &c.Request, &c.Assignment, &c.Extension, &c.Stage, &c.Status, &c.Holds, &c.Detail, &c.Correlation, &c.Tries,
		&until, &created, &sent, &ended)
	c.Until, c.CreatedAt, c.SentAt, c.EndedAt = sqldb.Time(until), sqldb.Time(created), sqldb.Time(sent), sqldb.Time(ended)
	return c, err
}

// calloutByID returns a call, or NotFound.
func calloutByID(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id string) (*Callout, error) {
	return offer.Row(ctx, tx, id, "select "+calloutColumns+" from callout c where c.tenant_id = ? and c.id = ?", []any{tenant, id}, scanCallout)
}

// calloutsOf returns the calls of a request and of an assignment, in order.
func calloutsOf(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, request ids.RequestID, assignment ids.AccessID) ([]*Callout, error) {
	return sqldb.All(ctx, tx, "select "+calloutColumns+` from callout c
		where c.tenant_id = ? and (c.request_id = ? and c.request_id <> '' or c.assignment_id = ? and c.assignment_id <> '')
		order by c.created_us, c.id limit 200`, []any{tenant, request, assignment}, scanCallout)
}

func addCallout(ctx context.Context, tx *sqldb.Tx, c *Callout) error {
	_, err := tx.Exec(ctx, `
		insert into callout (tenant_id, id, request_id, assignment_id, extension_id, stage, status, holds, until_us, created_us)
		values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		c.Tenant, c.ID, c.Request, c.Assignment, c.Extension, c.Stage, c.Status, c.Holds, sqldb.Micros(c.Until), sqldb.Micros(c.CreatedAt))
	return err
}

// putCallout stores a changed call. One that is over stays as it is: the fault is
// WrongState.
func putCallout(ctx context.Context, tx *sqldb.Tx, c *Callout) error {
	n, err := tx.Exec(ctx, `
		update callout set status = ?, detail = ?, correlation = ?, tries = ?, sent_us = ?, ended_us = ?
		where  tenant_id = ? and id = ? and status in ('pending', 'waitingForCallback')`,
		c.Status, c.Detail, c.Correlation, c.Tries, sqldb.Micros(c.SentAt), sqldb.Micros(c.EndedAt), c.Tenant, c.ID)
	if err == nil && n == 0 {
		err = fault.Because(fault.Conflict, WrongState, "The callout is over.")
	}
	return err
}

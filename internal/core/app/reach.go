package app

import (
	"context"
	"slices"

	"entente/internal/core/object"
	"entente/internal/kit/ids"
	"entente/internal/kit/jobs"
	"entente/internal/kit/query"
	"entente/internal/kit/sqldb"
)

// ReachKind is the job that brings the service principals of an application up
// to date, in all tenants. What they show is read from the application, so it
// is right at once; this is about what they are found by.
const ReachKind jobs.Kind = "app.reach"

// reachBatch bounds the principals in one transaction: each may write a row a
// tag and name.
const reachBatch = 10

// reach brings the service principal in the application's home up to date with
// a change, and has the others follow.
func reach(ctx context.Context, tx *sqldb.Tx, before, after *Application) error {
	if before.DisplayName == after.DisplayName && slices.Equal(before.Tags, after.Tags) &&
		slices.Equal(before.IdentifierURIs, after.IdentifierURIs) {
		return nil
	}
	others := false
	for _, p := range []string{"=", "<>"} {
		list, err := presences(ctx, tx, after.AppID, after.Tenant, p, 1)
		if err != nil {
			return err
		}
		switch {
		case p == "<>":
			others = len(list) > 0
		case len(list) > 0:
			if err := refresh(ctx, tx, list[0]); err != nil {
				return err
			}
		}
	}
	if !others {
		return nil
	}
	return jobs.Enqueue(ctx, tx, jobs.Job{Kind: ReachKind, Tenant: after.Tenant, Key: string(after.AppID)})
}

// A presence names a service principal.
type presence struct {
	tenant ids.TenantID
	id     ids.ObjectID
}

// presences returns the application's live principals in tenants that compare
// with the given one, in order.
func presences(ctx context.Context, tx *sqldb.Tx, appID ids.AppID, than ids.TenantID, compare string, limit int) ([]presence, error) {
	return sqldb.All(ctx, tx, `
		select p.tenant_id, p.id from service_principal p
		where  p.app_id = ? and p.tenant_id `+compare+` ? and p.deleted_us = 0 /* all tenants: an application is present in many */
		order  by p.tenant_id limit ?`,
		[]any{appID, than, limit},
		func(scan func(...any) error) (p presence, err error) { return p, scan(&p.tenant, &p.id) })
}

// refresh writes what a principal is found by.
func refresh(ctx context.Context, tx *sqldb.Tx, at presence) error {
	p, err := GetPrincipal(ctx, tx, at.tenant, at.id)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `update service_principal set name = ?, name_folded = ? where tenant_id = ? and id = ?`,
		p.DisplayName, query.Fold(p.DisplayName), p.Tenant, p.ID); err != nil {
		return err
	}
	if err := object.Rename(ctx, tx, p.Tenant, p.ID, object.ServicePrincipal, p.DisplayName); err != nil {
		return err
	}
	return putTags(ctx, tx, p)
}

// Reach does the job of ReachKind, tenant by tenant. Done twice it changes
// nothing.
func (s *Service) Reach(ctx context.Context, w *jobs.Work) error {
	for after := ids.TenantID(""); ; {
		var list []presence
		err := s.db.Update(ctx, func(tx *sqldb.Tx) (err error) {
			if list, err = presences(ctx, tx, ids.AppID(w.Key), after, ">", reachBatch); err != nil {
				return err
			}
			for _, p := range list {
				if err := refresh(ctx, tx, p); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil || len(list) < reachBatch {
			return err
		}
		after = list[len(list)-1].tenant
	}
}

package entitlement

import (
	"context"

	"entente/internal/core/authz"
	"entente/internal/flow/offer"
	"entente/internal/kit/ids"
	"entente/internal/kit/jobs"
	"entente/internal/kit/sqldb"
)

// Cancel takes a request back: its requestor, its target, or who administers it.
func (s *Service) Cancel(ctx context.Context, who authz.Caller, id ids.RequestID) error {
	return s.changeRequest(ctx, who, id, true, canceledRequest, func(ctx context.Context, tx *sqldb.Tx, r *Request) error {
		if err := mayCancel(ctx, tx, who, r); err != nil {
			return err
		}
		return cancel(ctx, tx, r)
	})
}

// mayCancel refuses a target what others do to their access: administrators, or the
// installation.
func mayCancel(ctx context.Context, tx *sqldb.Tx, who authz.Caller, r *Request) error {
	_, requestor, err := r.parties(ctx, tx)
	if err != nil || requestor.Is(who.Subject, who.Object) || r.Type.ByPeople() {
		return err
	}
	p, err := packageOf(ctx, tx, r.Tenant, r.Package)
	if err != nil {
		return err
	}
	return offer.May(ctx, tx, who, p.Catalog, offer.ToAssign)
}

// cancel ends a request that has brought about nothing yet, and the call to a custom
// extension for whose word it waits.
func cancel(ctx context.Context, tx *sqldb.Tx, r *Request) error {
	waits := r.Callout
	if err := r.Cancel(tx.Now()); err != nil {
		return err
	}
	if err := putRequest(ctx, tx, r); err != nil {
		return err
	}
	if err := forgo(ctx, tx, r.Tenant, waits, "The request was canceled."); err != nil {
		return err
	}
	return wake(ctx, tx, r)
}

// forgo ends a call for whose word nobody waits any more. What was not called yet
// is not called; a word that comes later is refused.
func forgo(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id, why string) error {
	if id == "" {
		return nil
	}
	c, err := calloutByID(ctx, tx, tenant, id)
	if err != nil || c.Over() {
		return skipMissing(err)
	}
	if err := c.end(CalloutFailed, why, tx.Now()); err != nil {
		return err
	}
	if err := putCallout(ctx, tx, c); err != nil {
		return err
	}
	_, err = jobs.Cancel(ctx, tx, CalloutKind, tenant, c.ID)
	return err
}

// cancelGone cancels the request of somebody who is no more.
func cancelGone(ctx context.Context, tx *sqldb.Tx, t *Subject, r *Request) error {
	p, err := offer.PackageByID(ctx, tx, r.Tenant, r.Package)
	if err != nil {
		return err
	}
	if err := cancel(ctx, tx, r); err != nil {
		return err
	}
	return tell(ctx, tx, actor(r.Tenant), t, r, p.Name, canceledRequest)
}

// orphan ends what is under way about an assignment that has ended: what would have
// changed it is canceled, and what waits for the word that its delivery is complete
// waits no more. Other deliveries find out by themselves.
func (b *batch) orphan(ctx context.Context, r *Request, l *load) error {
	if r.State != Delivering {
		if err := cancel(ctx, b.tx, r); err != nil {
			return err
		}
		b.told = append(b.told, entryOf(l.target, r, canceledRequest, l.pkg.Name))
		return nil
	}
	if r.Callout == "" {
		return nil
	}
	const why = "The assignment has ended meanwhile."
	if err := forgo(ctx, b.tx, r.Tenant, r.Callout, why); err != nil {
		return err
	}
	if err := giveUp(ctx, b.tx, &load{r: r, a: l.a, pkg: l.pkg, target: l.target}, why); err != nil {
		return err
	}
	return wake(ctx, b.tx, r)
}

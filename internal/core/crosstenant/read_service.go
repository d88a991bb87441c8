package crosstenant

import (
	"context"

	"entente/internal/core/authz"
	"entente/internal/core/object"
	"entente/internal/core/tenant"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
	"entente/internal/kit/sqldb"
)

// A Settled is what counts towards one partner: what is said of it, and the
// default for the rest.
type Settled struct {
	*Partner
	Name      string        // display name of the partner, or nothing
	Effective Configuration // with what is inherited
}

// Default returns the default of the caller's tenant, with what it leaves out
// taken from the system's.
func (s *Service) Default(ctx context.Context, who authz.Caller) (d Default, err error) {
	err = s.db.View(ctx, func(tx *sqldb.Tx) error {
		if err := authz.Allow(ctx, tx, who, "", ReadDefault); err != nil {
			return err
		}
		d, err = GetDefault(ctx, tx, who.Tenant)
		return err
	})
	return d, err
}

// Partners returns a page of the partners of the caller's tenant.
func (s *Service) Partners(ctx context.Context, who authz.Caller, page query.Page) (out object.Page[Settled], err error) {
	err = s.db.View(ctx, func(tx *sqldb.Tx) error {
		if err := authz.Allow(ctx, tx, who, "", ReadPartners); err != nil {
			return err
		}
		found, err := ListPartners(ctx, tx, who.Tenant, query.Query{Page: page})
		if err != nil {
			return err
		}
		out.Next = found.Next
		out.Items, err = settle(ctx, tx, who.Tenant, found.Items)
		return err
	})
	return out, err
}

// Partner returns what counts towards one partner, or NotFound.
func (s *Service) Partner(ctx context.Context, who authz.Caller, partner ids.TenantID) (one Settled, err error) {
	err = s.db.View(ctx, func(tx *sqldb.Tx) error {
		if err := authz.Allow(ctx, tx, who, "", ReadPartners); err != nil {
			return err
		}
		p, err := GetPartner(ctx, tx, who.Tenant, partner)
		if err != nil {
			return err
		}
		all, err := settle(ctx, tx, who.Tenant, []*Partner{p})
		if err == nil {
			one = all[0]
		}
		return err
	})
	return one, err
}

func settle(ctx context.Context, tx *sqldb.Tx, in ids.TenantID, list []*Partner) ([]Settled, error) {
	base, err := GetDefault(ctx, tx, in)
	if err != nil {
		return nil, err
	}
	var partners []ids.TenantID
	for _, p := range list {
		partners = append(partners, p.Tenant)
	}
	names, err := tenant.Names(ctx, tx, partners)
	if err != nil {
		return nil, err
	}
	all := make([]Settled, len(list))
	for i, p := range list {
		all[i] = Settled{p, names[p.Tenant], p.Under(base.Configuration)}
	}
	return all, nil
}

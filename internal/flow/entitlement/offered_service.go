package entitlement

import (
	"context"
	"slices"
	"time"

	"entente/internal/core/authz"
	"entente/internal/core/object"
	"entente/internal/flow/offer"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// Offered returns an access package to whoever could ask for it, hidden or not,
// and to who reads its catalog. To everybody else there is none.
func (s *Service) Offered(ctx context.Context, who authz.Caller, id ids.PackageID) (*offer.Package, error) {
	return offer.Change(ctx, s.db, func(tx *sqldb.Tx) (*offer.Package, error) { return offered(ctx, tx, who, id) })
}

func offered(ctx context.Context, tx *sqldb.Tx, who authz.Caller, id ids.PackageID) (*offer.Package, error) {
	p, err := offer.PackageByID(ctx, tx, who.Tenant, id)
	if err != nil || offer.May(ctx, tx, who, p.Catalog, offer.ToRead) == nil {
		return p, err
	}
	me, err := subjectOfCaller(ctx, tx, who)
	if err != nil {
		return nil, err
	}
	mine, err := offeredTo(ctx, tx, me)
	if err == nil && !slices.Contains(mine, id) {
		err = object.Missing(string(id))
	}
	return p, err
}

// OfferedRoles returns what such a package gives.
func (s *Service) OfferedRoles(ctx context.Context, who authz.Caller, id ids.PackageID) ([]offer.RoleScope, error) {
	return offer.Change(ctx, s.db, func(tx *sqldb.Tx) ([]offer.RoleScope, error) {
		if _, err := offered(ctx, tx, who, id); err != nil {
			return nil, err
		}
		return offer.RolesOf(ctx, tx, who.Tenant, id)
	})
}

// A Suggestion is a package that somebody had before, has no more, and could ask
// for again.
type Suggestion struct {
	Package *offer.Package
	Times   int       // how often they had it
	Last    time.Time // when they last came to have it
}

// mostSuggestions bounds them.
const mostSuggestions = 20

// Suggestions returns the packages that the caller may want again, the last first.
func (s *Service) Suggestions(ctx context.Context, who authz.Caller) ([]Suggestion, error) {
	return offer.Change(ctx, s.db, func(tx *sqldb.Tx) ([]Suggestion, error) {
		me, err := subjectOfCaller(ctx, tx, who)
		if err != nil {
			return nil, err
		}
		mine, err := offeredTo(ctx, tx, me)
		if err != nil {
			return nil, err
		}
		limit, args := offer.Among("a.package_id", mine)
		type past struct {
			of   ids.PackageID
			n    int
			last int64
		}
		had, err := sqldb.All(ctx, tx, `select a.package_id, count(*), max(a.starts_us) from package_assignment a
			where a.tenant_id = ? and a.target_id = ? and a.state = 'expired'
			and not exists (select 1 from package_assignment l where l.tenant_id = a.tenant_id and l.target_id = a.target_id and l.package_id = a.package_id and l.live = 1)`+
			limit+` group by a.package_id order by max(a.starts_us) desc, a.package_id limit ?`,
			append(append([]any{who.Tenant, me.ID}, args...), mostSuggestions), func(scan func(...any) error) (p past, err error) { return p, scan(&p.of, &p.n, &p.last) })
		if err != nil {
			return nil, err
		}
		var all []Suggestion
		for _, h := range had {
			p, err := offer.PackageByID(ctx, tx, who.Tenant, h.of)
			if err != nil {
				return nil, err
			}
			all = append(all, Suggestion{p, h.n, sqldb.Time(h.last)})
		}
		return all, nil
	})
}

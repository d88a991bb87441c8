package entitlement

import (
	"context"

	"entente/internal/core/authz"
	"entente/internal/flow/offer"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// everybodys are the scopes that name nobody.
var everybodys = []offer.TargetScope{
	offer.AllMemberUsers, offer.AllDirectoryUsers, offer.AllDirectoryServicePrincipals, offer.AllConfiguredConnectedOrganizationUsers, offer.AllExternalUsers, offer.AllExistingConnectedOrganizationUsers,
}

// Requestable returns a page of the access packages that the caller can ask for,
// and finds in lists: of published catalogs, not hidden, by a policy that accepts
// requests of theirs.
func (s *Service) Requestable(ctx context.Context, who authz.Caller, q offer.Asked) (offer.List[*offer.Package], error) {
	return offer.Change(ctx, s.db, func(tx *sqldb.Tx) (offer.List[*offer.Package], error) {
		me, err := subjectOfCaller(ctx, tx, who)
		if err != nil {
			return offer.List[*offer.Package]{}, err
		}
		mine, err := offeredTo(ctx, tx, me)
		if err != nil {
			return offer.List[*offer.Package]{}, err
		}
		return offer.VisiblePackages(ctx, tx, who.Tenant, mine, q)
	})
}

// offeredTo returns the packages that a subject can ask for.
func offeredTo(ctx context.Context, tx *sqldb.Tx, me *Subject) ([]ids.PackageID, error) {
	names := []string{string(me.Organization), offer.RuledSubject}
	in, err := circle(ctx, tx, me.Tenant, me.Object)
	if err != nil {
		return nil, err
	}
	for _, id := range in {
		names = append(names, string(id))
	}
	policies, err := offer.PoliciesNaming(ctx, tx, me.Tenant, names, everybodys)
	if err != nil {
		return nil, err
	}
	mine, seen := []ids.PackageID{}, make(map[ids.PackageID]bool)
	for _, p := range policies {
		if seen[p.Package] || p.Automatic != nil {
			continue
		}
		ok, err := opensTo(ctx, tx, p, me)
		if err != nil {
			return nil, err
		}
		if ok {
			seen[p.Package] = true
			mine = append(mine, p.Package)
		}
	}
	return mine, nil
}

// opensTo reports whether a subject could ask by the policy: it is for them, and
// the catalog is open to them.
func opensTo(ctx context.Context, tx *sqldb.Tx, p *offer.Policy, me *Subject) (bool, error) {
	tier, err := admits(ctx, tx, p, me)
	if err != nil || tier == 0 {
		return false, err
	}
	of, err := offer.PackageByID(ctx, tx, p.Tenant, p.Package)
	if err != nil {
		return false, err
	}
	c, err := offer.CatalogByID(ctx, tx, p.Tenant, of.Catalog)
	if err != nil {
		return false, err
	}
	return c.Published && (c.External || !outside(me, p.Scope)), nil
}

// Requirements returns the policies by which the caller can ask for the package
// now: what each wants of them is in it. None is no fault.
func (s *Service) Requirements(ctx context.Context, who authz.Caller, id ids.PackageID) ([]*offer.Policy, error) {
	return offer.Change(ctx, s.db, func(tx *sqldb.Tx) ([]*offer.Policy, error) {
		of, err := offer.PackageByID(ctx, tx, who.Tenant, id)
		if err != nil {
			return nil, err
		}
		me, err := subjectOfCaller(ctx, tx, who)
		if err != nil {
			return nil, err
		}
		policies, err := offer.PoliciesOf(ctx, tx, who.Tenant, of.ID)
		if err != nil {
			return nil, err
		}
		a := &asking{in: Submission{Type: UserAdd}, requestor: me, target: me}
		fit, err := a.fitting(ctx, tx, policies)
		if err != nil {
			return nil, err
		}
		var open []*offer.Policy
		for _, p := range fit {
			ok, err := opensTo(ctx, tx, p, me)
			if err != nil {
				return nil, err
			}
			if ok {
				open = append(open, p)
			}
		}
		return open, nil
	})
}

package entitlement

import (
	"context"

	"entente/internal/core/authz"
	"entente/internal/core/object"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// everybodys are the scopes that name nobody.
var everybodys = []TargetScope{
	AllMemberUsers, AllDirectoryUsers, AllDirectoryServicePrincipals, AllConfiguredConnectedOrganizationUsers, AllExternalUsers, AllExistingConnectedOrganizationUsers,
}

// Requestable returns a page of the access packages that the caller can ask for,
// and finds in lists: of published catalogs, not hidden, by a policy that accepts
// requests of theirs.
func (s *Service) Requestable(ctx context.Context, who authz.Caller, q Asked) (List[*Package], error) {
	return change(ctx, s, func(tx *sqldb.Tx) (List[*Package], error) {
		me, err := subjectOfCaller(ctx, tx, who)
		if err != nil {
			return List[*Package]{}, err
		}
		mine, err := offeredTo(ctx, tx, me)
		if err != nil {
			return List[*Package]{}, err
		}
		limit, args := among("p.id", mine)
		from := "from access_package p where p.tenant_id = ? and p.hidden = 0" + limit
		args = append([]any{who.Tenant}, args...)
		return listed(q, func() (int, error) { return object.Count(ctx, tx, q.Query.Filter, packageTable, from, args) },
			func() (object.Page[*Package], error) {
				return object.List(ctx, tx, q.Query, packageTable, packageColumns, from, args, scanPackage)
			})
	})
}

// offeredTo returns the packages that a subject can ask for.
func offeredTo(ctx context.Context, tx *sqldb.Tx, me *Subject) ([]ids.PackageID, error) {
	names := []string{string(me.Organization), ruledSubject}
	in, err := circle(ctx, tx, me.Tenant, me.Object)
	if err != nil {
		return nil, err
	}
	for _, id := range in {
		names = append(names, string(id))
	}
	policies, err := policiesNaming(ctx, tx, me.Tenant, names, everybodys)
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
func opensTo(ctx context.Context, tx *sqldb.Tx, p *Policy, me *Subject) (bool, error) {
	tier, err := admits(ctx, tx, p, me)
	if err != nil || tier == 0 {
		return false, err
	}
	of, err := packageByID(ctx, tx, p.Tenant, p.Package)
	if err != nil {
		return false, err
	}
	c, err := catalogByID(ctx, tx, p.Tenant, of.Catalog)
	if err != nil {
		return false, err
	}
	return c.Published && (c.External || !outside(me, p.Scope)), nil
}

// Requirements returns the policies by which the caller can ask for the package
// now: what each wants of them is in it. None is no fault.
func (s *Service) Requirements(ctx context.Context, who authz.Caller, id ids.PackageID) ([]*Policy, error) {
	return change(ctx, s, func(tx *sqldb.Tx) ([]*Policy, error) {
		of, err := packageByID(ctx, tx, who.Tenant, id)
		if err != nil {
			return nil, err
		}
		me, err := subjectOfCaller(ctx, tx, who)
		if err != nil {
			return nil, err
		}
		policies, err := policiesOf(ctx, tx, who.Tenant, of.ID)
		if err != nil {
			return nil, err
		}
		a := &asking{in: Submission{Type: UserAdd}, requestor: me, target: me}
		fit, err := a.fitting(ctx, tx, policies)
		if err != nil {
			return nil, err
		}
		var open []*Policy
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

package app

import (
	"context"
	"errors"

	"entente/internal/core/authz"
	"entente/internal/core/object"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
	"entente/internal/kit/sqldb"
)

// Applications returns a page of the tenant's applications, to whoever may read
// them all. A guest who has no role reads what they can name, and no list.
func (s *Service) Applications(ctx context.Context, who authz.Caller, q query.Query) (page object.Page[*Application], err error) {
	err = s.db.View(ctx, func(tx *sqldb.Tx) error {
		r, err := authz.RightsOf(ctx, tx, who, "")
		if err != nil {
			return err
		}
		if r.Guest() && !r.ByRole(readApplications) {
			return authz.RefuseFor(readApplications)
		}
		if err := r.Need(readApplications); err != nil {
			return err
		}
		page, err = ListApplications(ctx, tx, who.Tenant, q)
		return err
	})
	return page, err
}

// readApplications is what it takes to read an application.
const readApplications authz.Action = "applications/standard/read"

// Owned returns a page of the applications that the caller owns. Owners read
// what is theirs.
func (s *Service) Owned(ctx context.Context, who authz.Caller, q query.Query) (page object.Page[*Application], err error) {
	err = s.db.View(ctx, func(tx *sqldb.Tx) error {
		page, err = listOwned(ctx, tx, who.Tenant, who.Object, q)
		return err
	})
	return page, err
}

// A View is an application with what stands around it.
type View struct {
	*Application
	Principal *ServicePrincipal // its presence in its home tenant, or nil
	Owners    []object.Object   // people and service principals, in the order they came
}

// View returns an application of the caller's tenant, to whoever may read it.
func (s *Service) View(ctx context.Context, who authz.Caller, id ids.ObjectID) (*View, error) {
	v := &View{}
	err := s.db.View(ctx, func(tx *sqldb.Tx) (err error) {
		if v.Application, err = GetApplication(ctx, tx, who.Tenant, id); err != nil {
			return err
		}
		if err := authz.Allow(ctx, tx, who, id, readApplications); err != nil {
			return err
		}
		if v.Owners, err = object.Owners(ctx, tx, who.Tenant, id); err != nil {
			return err
		}
		v.Principal, err = PrincipalByAppID(ctx, tx, who.Tenant, v.AppID)
		if errors.Is(err, fault.NotFound) {
			v.Principal, err = nil, nil
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return v, nil
}

// Principal returns a service principal of the caller's tenant, with what it
// offers, to whoever may read it.
func (s *Service) Principal(ctx context.Context, who authz.Caller, id ids.ObjectID) (p *ServicePrincipal, err error) {
	err = s.db.View(ctx, func(tx *sqldb.Tx) error {
		if p, err = GetPrincipal(ctx, tx, who.Tenant, id); err != nil {
			return err
		}
		return authz.Allow(ctx, tx, who, id, "servicePrincipals/standard/read")
	})
	if err != nil {
		return nil, err
	}
	return p, nil
}

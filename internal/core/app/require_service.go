package app

import (
	"context"
	"errors"
	"slices"

	"entente/internal/core/authz"
	"entente/internal/core/tenant"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// permissions is what it takes to change what an application asks for.
var permissions = []authz.Action{"applications/permissions/update"}

// Resource returns the presence of an API in the caller's tenant by its
// application's client identifier, with what it offers, to whoever may read
// service principals.
func (s *Service) Resource(ctx context.Context, who authz.Caller, id ids.AppID) (p *ServicePrincipal, err error) {
	err = s.db.View(ctx, func(tx *sqldb.Tx) error {
		if err := authz.Allow(ctx, tx, who, "", "servicePrincipals/standard/read"); err != nil {
			return err
		}
		p, err = PrincipalByAppID(ctx, tx, who.Tenant, id)
		return err
	})
	return p, err
}

// Require adds permissions of an API that is present in the tenant to what an
// application asks for. What it asks for already stays as it is. Nothing is
// granted.
func (s *Service) Require(ctx context.Context, who authz.Caller, id ids.ObjectID, resource ids.AppID, add []Access) (*Application, error) {
	return s.requires(ctx, who, id, func(tx *sqldb.Tx, list []RequiredAccess) ([]RequiredAccess, error) {
		api, err := PrincipalByAppID(ctx, tx, who.Tenant, resource)
		if errors.Is(err, fault.NotFound) {
			return nil, invalid("requiredResourceAccess")
		}
		if err != nil {
			return nil, err
		}
		for _, x := range add {
			if !api.offers(x) {
				return nil, invalid("requiredResourceAccess")
			}
		}
		i := slices.IndexFunc(list, func(r RequiredAccess) bool { return r.ResourceAppID == resource })
		if i < 0 {
			i, list = len(list), append(list, RequiredAccess{ResourceAppID: resource})
		}
		for _, x := range add {
			if !slices.Contains(list[i].Access, x) {
				list[i].Access = append(list[i].Access, x)
			}
		}
		return list, nil
	})
}

// Unrequire takes a permission from what an application asks for. What was
// granted stays granted.
func (s *Service) Unrequire(ctx context.Context, who authz.Caller, id ids.ObjectID, resource ids.AppID, x Access) (*Application, error) {
	return s.requires(ctx, who, id, func(_ *sqldb.Tx, list []RequiredAccess) ([]RequiredAccess, error) {
		i := slices.IndexFunc(list, func(r RequiredAccess) bool { return r.ResourceAppID == resource && slices.Contains(r.Access, x) })
		if i < 0 {
			return nil, fault.New(fault.NotFound, "The application does not ask for the permission.")
		}
		list[i].Access = slices.DeleteFunc(list[i].Access, func(y Access) bool { return x == y })
		if len(list[i].Access) == 0 {
			list = slices.Delete(list, i, i+1)
		}
		return list, nil
	})
}

// requires changes the list of what an application asks for.
func (s *Service) requires(ctx context.Context, who authz.Caller, id ids.ObjectID, rule func(*sqldb.Tx, []RequiredAccess) ([]RequiredAccess, error)) (*Application, error) {
	return s.change(ctx, who, id, "Update application", permissions, func(tx *sqldb.Tx, a *Application) (*Application, error) {
		home, err := tenant.Get(ctx, tx, who.Tenant)
		if err != nil {
			return nil, err
		}
		list := make([]RequiredAccess, len(a.RequiredAccess)) // the entry in the log shows the list before
		for i, r := range a.RequiredAccess {
			list[i] = RequiredAccess{r.ResourceAppID, slices.Clone(r.Access)}
		}
		b := *a
		if b.RequiredAccess, err = rule(tx, list); err != nil {
			return nil, err
		}
		return &b, b.check(home)
	})
}

// offers reports whether p has the permission, switched on and of the kind.
func (p *ServicePrincipal) offers(x Access) bool {
	if x.Type == "Role" {
		r := p.Role(x.ID)
		return r != nil && r.IsEnabled && slices.Contains(r.AllowedMemberTypes, "Application")
	}
	return x.Type == "Scope" && slices.ContainsFunc(p.Scopes, func(s Scope) bool { return s.ID == x.ID && s.IsEnabled })
}

package tenant

import (
	"context"

	"entente/internal/core/authz"
	"entente/internal/kit/sqldb"
)

// Own returns the caller's tenant with its domains.
func (s *Service) Own(ctx context.Context, who authz.Caller) (t *Tenant, err error) {
	err = s.db.View(ctx, func(tx *sqldb.Tx) error {
		if err := authz.Allow(ctx, tx, who, "", "organization/standard/read"); err != nil {
			return err
		}
		t, err = Get(ctx, tx, who.Tenant)
		return err
	})
	return t, err
}

// Authorization returns what people of the caller's tenant may do without a role.
func (s *Service) Authorization(ctx context.Context, who authz.Caller) (a *Authorization, err error) {
	err = s.db.View(ctx, func(tx *sqldb.Tx) error {
		if err := authz.Allow(ctx, tx, who, "", "authorizationPolicy/standard/read"); err != nil {
			return err
		}
		a, err = GetAuthorization(ctx, tx, who.Tenant)
		return err
	})
	return a, err
}

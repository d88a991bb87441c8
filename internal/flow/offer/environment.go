package offer

import (
	"context"
	"time"

	"entente/internal/core/authz"
	"entente/internal/core/tenant"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// An Environment is the place where a tenant's sites are. There is one.
type Environment struct {
	ID        string
	Name      string
	URL       string
	CreatedAt time.Time
}

// Environment returns the tenant's.
func (s *Service) Environment(ctx context.Context, who authz.Caller) (Environment, error) {
	return View(ctx, s.db, func(tx *sqldb.Tx) (Environment, error) {
		if _, err := Readable(ctx, tx, who, ToRead); err != nil {
			return Environment{}, err
		}
		home, err := tenant.Get(ctx, tx, who.Tenant)
		if err != nil {
			return Environment{}, err
		}
		return Environment{ids.Derived[string]("environment", string(who.Tenant)), home.DisplayName, "https://" + home.InitialDomain(), home.CreatedAt}, nil
	})
}

package tenant

import (
	"context"

	"entente/internal/core/audit"
	"entente/internal/core/authz"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// A Service changes tenants.
type Service struct{ db *sqldb.DB }

// NewService returns a service on db.
func NewService(db *sqldb.DB) *Service { return &Service{db} }

// SetEnabled switches a tenant on or off. Only the installation may.
func (s *Service) SetEnabled(ctx context.Context, who authz.Caller, id ids.TenantID, enabled bool) error {
	if !who.IsSystem() {
		return authz.Refuse()
	}
	activity := "Disable tenant"
	if enabled {
		activity = "Enable tenant"
	}
	return s.change(ctx, who, id, activity, func(t *Tenant) error { t.Enabled = enabled; return nil })
}

// Update changes what the caller's tenant says about itself, by a Graph body.
func (s *Service) Update(ctx context.Context, who authz.Caller, body []byte) error {
	return s.change(ctx, who, who.Tenant, "Set Company Information", func(t *Tenant) error { return t.Describe(body) })
}

// UpdateAuthorization changes by a Graph body what people of the caller's tenant
// may do without a role.
func (s *Service) UpdateAuthorization(ctx context.Context, who authz.Caller, body []byte) error {
	return s.db.Update(ctx, func(tx *sqldb.Tx) error {
		if err := authz.Allow(ctx, tx, who, "", "authorizationPolicy/allProperties/update"); err != nil {
			return err
		}
		before, err := GetAuthorization(ctx, tx, who.Tenant)
		if err != nil {
			return err
		}
		after, err := before.Apply(body)
		if err != nil {
			return err
		}
		if err := putAuthorization(ctx, tx, who.Tenant, after); err != nil {
			return err
		}
		return audit.Record(ctx, tx, who, audit.Entry{
			Category: "Policy", Activity: "Update authorization policy", Changes: audit.Diff(before, after),
			Target: audit.Target{Kind: "Policy", ID: after.ID, Name: after.DisplayName},
		})
	})
}

func (s *Service) change(ctx context.Context, who authz.Caller, id ids.TenantID, activity string, rule func(*Tenant) error) error {
	return s.db.Update(ctx, func(tx *sqldb.Tx) error {
		t, err := Get(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := authz.Allow(ctx, tx, who, "", "organization/basic/update"); err != nil {
			return err
		}
		before := t.profile()
		if err := rule(t); err != nil {
			return err
		}
		if err := put(ctx, tx, t); err != nil {
			return err
		}
		who.Tenant = id
		return audit.Record(ctx, tx, who, audit.Entry{
			Category: "DirectoryManagement", Activity: activity, Changes: audit.Diff(before, t.profile()),
			Target: audit.Target{Kind: "Directory", ID: string(id), Name: t.DisplayName},
		})
	})
}

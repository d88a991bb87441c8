package server

import (
	"context"
	"errors"

	"entente/internal/core/authz"
	"entente/internal/core/managedidentity"
	"entente/internal/core/tenant"
	"entente/internal/kit/fault"
	"entente/internal/kit/secret"
	"entente/internal/kit/sqldb"
)

// workerGroup and workerRegion are where an operator's workers stand.
const (
	workerGroup  = "automation-workers"
	workerRegion = "local"
)

// AddWorker makes a machine that runs runbooks of a tenant, named by identifier or
// domain, and returns the one-time token by which it enrolls. A machine of the
// name gets another token.
func (s *Server) AddWorker(ctx context.Context, of, name string) (secret.String, error) {
	var t *tenant.Tenant
	err := s.db.View(ctx, func(tx *sqldb.Tx) (err error) {
		t, err = tenant.Resolve(ctx, tx, of)
		return err
	})
	if err != nil {
		return secret.String{}, err
	}
	who := authz.System(t.ID, "Operator")
	subs, err := s.core.identities.Subscriptions(ctx, who)
	if err != nil {
		return secret.String{}, err
	}
	if len(subs) == 0 {
		sub, err := s.core.identities.AddSubscription(ctx, who, "", t.DisplayName)
		if err != nil {
			return secret.String{}, err
		}
		subs = append(subs, sub)
	}
	place, err := managedidentity.NewResource(string(subs[0].ID), workerGroup, managedidentity.TypeServer, name)
	if err != nil {
		return secret.String{}, err
	}
	if _, err := s.core.identities.Group(ctx, who, place.Subscription, place.Group); errors.Is(err, fault.NotFound) {
		if _, _, err := s.core.identities.PutGroup(ctx, who, place.Subscription, place.Group, workerRegion, nil); err != nil {
			return secret.String{}, err
		}
	} else if err != nil {
		return secret.String{}, err
	}
	e, err := s.flow.automation.AddWorker(ctx, who, place, workerRegion)
	if err != nil {
		return secret.String{}, err
	}
	return e.Token, nil
}

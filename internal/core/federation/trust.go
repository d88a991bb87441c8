package federation

import (
	"context"

	"entente/internal/core/app"
	"entente/internal/core/authz"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// A Trust is an application that a managed identity may stand in for.
type Trust struct {
	Application  ids.ObjectID
	AppID        ids.AppID
	Name         string // of the application
	MultiTenant  bool
	CredentialID ids.CredentialID
	Credential   string // its name
}

// maxTrusts is how many of them are told at once.
const maxTrusts = 100

// Trusting returns the applications of the caller's tenant whose credentials name
// the managed identity with that object identifier as subject, to whoever may
// read applications; more says that there are others.
func (s *Service) Trusting(ctx context.Context, who authz.Caller, identity ids.ObjectID) (all []Trust, more bool, err error) {
	issuers := s.names.spellings(s.names.issuer(who.Tenant))
	err = s.db.View(ctx, func(tx *sqldb.Tx) error {
		all = nil
		if err := authz.Allow(ctx, tx, who, "", "applications/standard/read"); err != nil {
			return err
		}
		found, err := listTrusts(ctx, tx, who.Tenant, matchKey(issuers[0], Optional(identity), ""), matchKey(issuers[1], Optional(identity), ""))
		if more = len(found) > maxTrusts; more {
			found = found[:maxTrusts]
		}
		for _, t := range found {
			a, err := app.GetApplication(ctx, tx, who.Tenant, t.Application)
			if err != nil {
				return err
			}
			t.AppID, t.Name, t.MultiTenant = a.AppID, a.DisplayName, a.MultiTenant()
			all = append(all, t)
		}
		return err
	})
	return all, more, err
}

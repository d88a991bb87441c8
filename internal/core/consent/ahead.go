package consent

import (
	"context"
	"slices"

	"entente/internal/core/app"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// A Client is an application that acts for people in a tenant: its own name and
// that of its service principal there.
type Client struct {
	AppID     ids.AppID
	Principal ids.ObjectID
}

// ScopesFor returns the scopes that a client has on a resource now for a person,
// or for everybody if that is nobody: those that were granted, and those for
// which the resource's own application has authorized the client ahead
// (api.preAuthorizedApplications), so that nobody is asked. The latter counts
// where the tenant has both, and is no grant: it ends with the manifest's word.
func ScopesFor(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, client, resource Client, person ids.ObjectID) (scopes []string, ahead bool, err error) {
	granted, err := ScopesNow(ctx, tx, tenant, client.Principal, resource.Principal, person)
	if err != nil || slices.Contains(app.BuiltInResources(), resource.AppID) {
		return granted, false, err // the installation's own have authorized nobody
	}
	more, err := authorizedAhead(ctx, tx, resource.AppID, client.AppID)
	if err != nil || len(more) == 0 {
		return granted, false, err
	}
	for _, s := range more {
		if !containsFold(granted, s) {
			granted = append(granted, s)
		}
	}
	slices.Sort(granted)
	return granted, true, nil
}

// authorizedAhead returns the enabled scopes for which a resource's application
// authorizes a client.
func authorizedAhead(ctx context.Context, tx *sqldb.Tx, resource, client ids.AppID) (scopes []string, err error) {
	api, err := app.ApplicationByAppID(ctx, tx, resource)
	if err != nil {
		return nil, err
	}
	for _, p := range api.API.PreAuthorized {
		if p.AppID != client {
			continue
		}
		for _, id := range p.ScopesIDs {
			if s := api.Scope(id); s != nil && s.IsEnabled {
				scopes = append(scopes, s.Value)
			}
		}
	}
	return scopes, nil
}

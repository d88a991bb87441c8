package apps

import (
	"context"
	"encoding/json"

	"entente/internal/core/app"
	"entente/internal/edge/graph/edm"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// principals is the entity set /servicePrincipals.
// https://learn.microsoft.com/graph/api/resources/serviceprincipal?view=graph-rest-1.0
func (s Services) principals(parts []*edm.Set, actions []edm.Action) *edm.Set {
	return &edm.Set{
		Path: edm.Both("servicePrincipals"), Type: edm.Of("servicePrincipal"), Advanced: true,
		Doc:    "https://learn.microsoft.com/graph/api/resources/serviceprincipal?view=graph-rest-1.0",
		Keys:   []edm.Key{{Name: "appId", Upsert: true, Find: s.findPrincipal}},
		List:   edm.List{May: readPrincipals, Do: s.listPrincipals},
		Get:    edm.Get{May: readPrincipals, Do: s.getPrincipal},
		Create: edm.Create{May: writeKeys.Needing("servicePrincipals/create", "servicePrincipals/createAsOwner"), Do: s.createPrincipal},
		Update: edm.Change{May: writePrincipals, Do: s.updatePrincipal},
		Delete: edm.Change{May: writeKeys.Needing("servicePrincipals/delete"), Do: s.deletePrincipal},
		Parts: append([]*edm.Set{
			s.owners(readApps.Needing("servicePrincipals/owners/read"), addOwners.Needing("servicePrincipals/owners/update"), writeKeys.Needing("servicePrincipals/owners/update"), func(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id ids.ObjectID) error {
				_, err := app.GetPrincipal(ctx, tx, tenant, id)
				return err
			}),
			s.assignmentsTo(),
			s.assignmentsHeld(principalAssignments),
			s.grantsOfClient(),
			s.classifications(),
			s.credentialsOfPrincipal(),
		}, parts...),
		Actions: append(keyActions(writeKeys.Needing("servicePrincipals/credentials/update"), keyring{
			s.Apps.AddPrincipalPassword, s.Apps.RemovePrincipalPassword, s.Apps.AddPrincipalKey, s.Apps.RemovePrincipalKey,
		}), actions...),
	}
}

func (s Services) findPrincipal(ctx context.Context, r *edm.Request, appID string) (string, error) {
	return view(ctx, s.DB, func(tx *sqldb.Tx) (string, error) {
		p, err := app.PrincipalByAppID(ctx, tx, r.Who.Tenant, ids.AppID(appID))
		if err != nil {
			return "", err
		}
		return string(p.ID), nil
	})
}

func principalItem(p *app.ServicePrincipal) (edm.Item, error) { return item(p.ID, p) }

func (s Services) listPrincipals(ctx context.Context, r *edm.Request) (edm.Page, error) {
	return view(ctx, s.DB, func(tx *sqldb.Tx) (page edm.Page, err error) {
		if r.Count {
			if page.Total, err = app.CountPrincipals(ctx, tx, r.Who.Tenant, r.Query.Filter); err != nil || r.Only {
				return page, err
			}
		}
		list, err := app.ListPrincipals(ctx, tx, r.Who.Tenant, r.Query)
		if err != nil {
			return page, err
		}
		page.Next = list.Next
		page.Items, err = itemsOf(list.Items, principalItem)
		return page, err
	})
}

func (s Services) getPrincipal(ctx context.Context, r *edm.Request) (edm.Item, error) {
	return view(ctx, s.DB, func(tx *sqldb.Tx) (edm.Item, error) {
		p, err := app.GetPrincipal(ctx, tx, r.Who.Tenant, ids.ObjectID(r.ID))
		if err == nil && r.Selected["keyCredentials"] {
			err = fillKeys(ctx, tx, p.Tenant, p.ID, p.KeyCredentials)
		}
		if err != nil {
			return edm.Item{}, err
		}
		return principalItem(p)
	})
}

func (s Services) createPrincipal(ctx context.Context, r *edm.Request) (edm.Item, error) {
	var members map[string]json.RawMessage
	var appID ids.AppID
	if err := json.Unmarshal(r.Body, &members); err != nil {
		return edm.Item{}, err
	}
	if err := json.Unmarshal(members["appId"], &appID); err != nil {
		return edm.Item{}, err
	}
	delete(members, "appId")
	rest, err := json.Marshal(members)
	if err != nil {
		return edm.Item{}, err
	}
	p, err := s.Apps.CreatePrincipal(ctx, r.Who, appID, rest, bound(r, "owners"))
	if err != nil {
		return edm.Item{}, err
	}
	return principalItem(p)
}

func (s Services) updatePrincipal(ctx context.Context, r *edm.Request) error {
	if err := r.BindsOnly(); err != nil {
		return err
	}
	_, err := s.Apps.UpdatePrincipal(ctx, r.Who, ids.ObjectID(r.ID), r.Body)
	return err
}

func (s Services) deletePrincipal(ctx context.Context, r *edm.Request) error {
	return s.Apps.DeletePrincipal(ctx, r.Who, ids.ObjectID(r.ID))
}

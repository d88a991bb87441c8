package apps

import (
	"context"
	"encoding/json"
	"time"

	"entente/internal/core/authz"
	"entente/internal/core/consent"
	"entente/internal/core/object"
	"entente/internal/edge/graph/edm"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
	"entente/internal/kit/sqldb"
)

var (
	readGrants = edm.Alike(edm.Any("Directory.Read.All", "DelegatedPermissionGrant.ReadWrite.All", "Directory.ReadWrite.All")).
			Needing("oAuth2PermissionGrants/standard/read")
	writeGrants = edm.Alike(edm.Any("DelegatedPermissionGrant.ReadWrite.All", "Directory.ReadWrite.All"))
)

// grants is the entity set /oauth2PermissionGrants.
// https://learn.microsoft.com/graph/api/resources/oauth2permissiongrant?view=graph-rest-1.0
func (s Services) grants() *edm.Set {
	return &edm.Set{
		Path: edm.Both("oauth2PermissionGrants"), Type: edm.Of("oAuth2PermissionGrant"), FreeKeys: true, Cost: 2,
		Doc: "https://learn.microsoft.com/graph/api/resources/oauth2permissiongrant?view=graph-rest-1.0",
		List: edm.List{May: readGrants, Do: func(ctx context.Context, r *edm.Request) (edm.Page, error) {
			return s.listGrants(ctx, r, consent.AllGrants())
		}},
		Get:    edm.Get{May: readGrants, Do: s.getGrant},
		Create: edm.Create{May: writeGrants.Needing("oAuth2PermissionGrants/create"), Do: s.createGrant},
		Update: edm.Change{May: writeGrants.Needing("oAuth2PermissionGrants/basic/update"), Do: s.updateGrant},
		Delete: edm.Change{May: writeGrants.Needing("oAuth2PermissionGrants/delete"), Do: func(ctx context.Context, r *edm.Request) error {
			return s.Consent.Revoke(ctx, r.Who, ids.GrantID(r.ID))
		}},
	}
}

// grantsOfClient is the part oauth2PermissionGrants of a service principal:
// what it may do for people.
func (s Services) grantsOfClient() *edm.Set {
	return s.grantsBelow("servicePrincipals/oAuth2PermissionGrants/read", consent.OfClient)
}

// grantsOfPerson is the part oauth2PermissionGrants of a user: what was granted
// for this person alone.
func (s Services) grantsOfPerson() *edm.Set {
	return s.grantsBelow("users/oAuth2PermissionGrants/read", consent.ForPerson)
}

func (s Services) grantsBelow(needs authz.Action, look func(ids.ObjectID) consent.View) *edm.Set {
	return &edm.Set{
		Path: edm.Both("oauth2PermissionGrants"), Type: edm.Of("oAuth2PermissionGrant"), FreeKeys: true, Linked: true,
		List: edm.List{May: readGrants.Needing(needs), Do: func(ctx context.Context, r *edm.Request) (edm.Page, error) {
			if err := s.DB.View(ctx, func(tx *sqldb.Tx) error {
				_, err := object.Get(ctx, tx, r.Who.Tenant, ids.ObjectID(r.Parent()))
				return err
			}); err != nil {
				return edm.Page{}, err
			}
			return s.listGrants(ctx, r, look(ids.ObjectID(r.Parent())))
		}},
	}
}

func grantItem(g consent.Grant) (edm.Item, error) { return item(g.ID, g) }

func (s Services) listGrants(ctx context.Context, r *edm.Request, v consent.View) (edm.Page, error) {
	return view(ctx, s.DB, func(tx *sqldb.Tx) (page edm.Page, err error) {
		if r.Count {
			all, err := consent.ListGrants(ctx, tx, r.Who.Tenant, v, query.Query{Filter: r.Query.Filter})
			if page.Total = len(all.Items); err != nil || r.Only {
				return page, err
			}
		}
		list, err := consent.ListGrants(ctx, tx, r.Who.Tenant, v, r.Query)
		if err != nil {
			return page, err
		}
		page.Next = list.Next
		page.Items, err = itemsOf(list.Items, grantItem)
		return page, err
	})
}

func (s Services) getGrant(ctx context.Context, r *edm.Request) (edm.Item, error) {
	return view(ctx, s.DB, func(tx *sqldb.Tx) (edm.Item, error) {
		g, err := consent.GetGrant(ctx, tx, r.Who.Tenant, ids.GrantID(r.ID))
		if err != nil {
			return edm.Item{}, err
		}
		return grantItem(g)
	})
}

func (s Services) createGrant(ctx context.Context, r *edm.Request) (edm.Item, error) {
	var ask struct {
		Client    ids.ObjectID `json:"clientId"`
		Type      string       `json:"consentType"`
		Principal ids.ObjectID `json:"principalId"`
		Resource  ids.ObjectID `json:"resourceId"`
		Scope     string       `json:"scope"`
	}
	if err := json.Unmarshal(r.Body, &ask); err != nil {
		return edm.Item{}, err
	}
	g, err := consent.NewGrant(r.Who.Tenant, ask.Client, ask.Resource, ask.Principal, ask.Type)
	if err != nil {
		return edm.Item{}, err
	}
	if g, err = s.Consent.Grant(ctx, r.Who, g, ask.Scope, time.Time{}); err != nil {
		return edm.Item{}, err
	}
	return grantItem(g)
}

func (s Services) updateGrant(ctx context.Context, r *edm.Request) error {
	var ask map[string]*string
	if err := json.Unmarshal(r.Body, &ask); err != nil {
		return err
	}
	scope, given := ask["scope"]
	if !given {
		_, err := s.getGrant(ctx, r)
		return err
	}
	if scope == nil {
		scope = new(string) // null clears
	}
	_, err := s.Consent.SetScope(ctx, r.Who, ids.GrantID(r.ID), *scope)
	return err
}

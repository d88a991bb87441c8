package apps

import (
	"context"
	"encoding/json"

	"entente/internal/core/consent"
	"entente/internal/edge/graph/edm"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// classifications is the part delegatedPermissionClassifications of a service
// principal: how much the tenant minds that its permissions are given away.
// https://learn.microsoft.com/graph/api/resources/delegatedpermissionclassification?view=graph-rest-1.0
func (s Services) classifications() *edm.Set {
	write := edm.Alike(edm.Any("Policy.ReadWrite.PermissionGrant")).Needing("oAuth2PermissionGrants/basic/update")
	return &edm.Set{
		Path: edm.Both("delegatedPermissionClassifications"), Type: edm.Of("delegatedPermissionClassification"), FreeKeys: true, Unpaged: true,
		Doc: "https://learn.microsoft.com/graph/api/resources/delegatedpermissionclassification?view=graph-rest-1.0",
		List: edm.List{May: readApps, Do: func(ctx context.Context, r *edm.Request) (edm.Page, error) {
			return view(ctx, s.DB, func(tx *sqldb.Tx) (page edm.Page, err error) {
				list, err := consent.Classifications(ctx, tx, r.Who.Tenant, ids.ObjectID(r.Parent()))
				if err == nil {
					page.Items, err = itemsOf(list, classificationItem)
				}
				return page, err
			})
		}},
		Get: edm.Get{May: readApps, Do: func(ctx context.Context, r *edm.Request) (edm.Item, error) {
			return view(ctx, s.DB, func(tx *sqldb.Tx) (edm.Item, error) {
				c, err := consent.GetClassification(ctx, tx, r.Who.Tenant, ids.ObjectID(r.Parent()), r.ID)
				if err != nil {
					return edm.Item{}, err
				}
				return classificationItem(c)
			})
		}},
		Create: edm.Create{May: write, Do: func(ctx context.Context, r *edm.Request) (edm.Item, error) {
			var ask consent.Classification
			if err := json.Unmarshal(r.Body, &ask); err != nil {
				return edm.Item{}, err
			}
			c, err := s.Consent.Classify(ctx, r.Who, ids.ObjectID(r.Parent()), ask)
			if err != nil {
				return edm.Item{}, err
			}
			return classificationItem(c)
		}},
		Delete: edm.Change{May: write, Do: func(ctx context.Context, r *edm.Request) error {
			return s.Consent.Unclassify(ctx, r.Who, ids.ObjectID(r.Parent()), r.ID)
		}},
	}
}

func classificationItem(c consent.Classification) (edm.Item, error) { return item(c.ID, c) }

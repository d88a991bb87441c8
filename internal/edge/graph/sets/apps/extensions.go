package apps

import (
	"context"
	"encoding/json"

	"entente/internal/core/app"
	"entente/internal/core/authz"
	"entente/internal/edge/graph/edm"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// extensions is the part /applications/{id}/extensionProperties: definitions.
// Values on objects are not kept.
// https://learn.microsoft.com/graph/api/resources/extensionproperty?view=graph-rest-1.0
func (s Services) extensions() *edm.Set {
	return &edm.Set{
		Path: edm.Both("extensionProperties"), Type: edm.Of("extensionProperty"), Unpaged: true,
		Doc: "https://learn.microsoft.com/graph/api/resources/extensionproperty?view=graph-rest-1.0",
		List: edm.List{May: readApps, Do: func(ctx context.Context, r *edm.Request) (edm.Page, error) {
			return view(ctx, s.DB, func(tx *sqldb.Tx) (page edm.Page, err error) {
				list, err := app.ListExtensions(ctx, tx, r.Who.Tenant, ids.ObjectID(r.Parent()))
				if err == nil {
					page.Items, err = itemsOf(list, extensionItem)
				}
				return page, err
			})
		}},
		Get: edm.Get{May: readApps, Do: func(ctx context.Context, r *edm.Request) (edm.Item, error) {
			return view(ctx, s.DB, func(tx *sqldb.Tx) (edm.Item, error) {
				e, err := app.GetExtension(ctx, tx, r.Who.Tenant, ids.ObjectID(r.Parent()), ids.ObjectID(r.ID))
				if err != nil {
					return edm.Item{}, err
				}
				return extensionItem(e)
			})
		}},
		Create: edm.Create{May: writeKeys.Needing("applications/extensionProperties/update"), Do: func(ctx context.Context, r *edm.Request) (edm.Item, error) {
			var ask app.Extension
			if err := json.Unmarshal(r.Body, &ask); err != nil {
				return edm.Item{}, err
			}
			e, err := s.Apps.Extend(ctx, r.Who, ids.ObjectID(r.Parent()), ask)
			if err != nil {
				return edm.Item{}, err
			}
			return extensionItem(e)
		}},
		Delete: edm.Change{May: writeKeys.Needing("applications/extensionProperties/update"), Do: func(ctx context.Context, r *edm.Request) error {
			return s.Apps.Retract(ctx, r.Who, ids.ObjectID(r.Parent()), ids.ObjectID(r.ID))
		}},
	}
}

func extensionItem(e app.Extension) (edm.Item, error) { return item(e.ID, e) }

// publisherActions are setVerifiedPublisher and unsetVerifiedPublisher.
// https://learn.microsoft.com/graph/api/application-setverifiedpublisher?view=graph-rest-1.0
func (s Services) publisherActions() []edm.Action {
	may := edm.Access{Delegated: edm.Any("Application.ReadWrite.All"), Needs: []authz.Action{"applications/verification/update"}}
	return []edm.Action{
		{
			Name: "setVerifiedPublisher", May: may,
			Params: []edm.Prop{{Name: "verifiedPublisherId", Type: edm.String, Required: true}},
			Do: func(ctx context.Context, r *edm.Request) (json.RawMessage, error) {
				var ask struct {
					ID string `json:"verifiedPublisherId"`
				}
				if err := json.Unmarshal(r.Body, &ask); err != nil {
					return nil, err
				}
				return nil, s.Apps.SetPublisher(ctx, r.Who, ids.ObjectID(r.ID), ask.ID)
			},
		},
		{
			Name: "unsetVerifiedPublisher", May: may,
			Do: func(ctx context.Context, r *edm.Request) (json.RawMessage, error) {
				return nil, s.Apps.UnsetPublisher(ctx, r.Who, ids.ObjectID(r.ID))
			},
		},
	}
}

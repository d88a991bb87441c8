package governance

import (
	"context"
	"encoding/json"
	"strings"

	"entente/internal/edge/graph/edm"
	"entente/internal/flow/offer"
	"entente/internal/kit/ids"
)

// The types of custom extensions.
var extensionKinds = map[offer.ExtensionKind]string{
	offer.RequestExtension:    "accessPackageAssignmentRequestWorkflowExtension",
	offer.AssignmentExtension: "accessPackageAssignmentWorkflowExtension",
}

// extensions is the part customWorkflowExtensions of a catalog.
// https://learn.microsoft.com/graph/api/resources/customcalloutextension?view=graph-rest-1.0
func (s Services) extensions() *edm.Set {
	catalog := func(r *edm.Request) ids.CatalogID { return ids.CatalogID(r.Parents[0]) }
	change := func(ctx context.Context, r *edm.Request, whole bool) (*offer.Extension, error) {
		return s.Entitlement.ChangeExtension(ctx, r.Who, catalog(r), ids.ObjectID(r.ID), func(e *offer.Extension) error {
			if whole {
				e.Clear()
			}
			return readExtension(r.Body, e)
		})
	}
	return &edm.Set{
		Path: edm.Name{V1: "customWorkflowExtensions", Beta: "accessPackageCustomWorkflowExtensions"}, Type: edm.Of("customCalloutExtension"), Raw: true,
		Doc: "https://learn.microsoft.com/graph/api/resources/customcalloutextension?view=graph-rest-1.0",
		List: edm.List{May: read, Do: func(ctx context.Context, r *edm.Request) (edm.Page, error) {
			l, err := s.Entitlement.Extensions(ctx, r.Who, catalog(r), asked(r))
			return paged(l, err, extensionItem)
		}},
		Get: edm.Get{May: read, Do: func(ctx context.Context, r *edm.Request) (edm.Item, error) {
			e, err := s.Entitlement.Extension(ctx, r.Who, catalog(r), ids.ObjectID(r.ID))
			return rendered(e, err, extensionItem)
		}},
		Create: edm.Create{May: write, Do: func(ctx context.Context, r *edm.Request) (edm.Item, error) {
			var e offer.Extension
			if err := readExtension(r.Body, &e); err != nil {
				return edm.Item{}, err
			}
			made, err := s.Entitlement.CreateExtension(ctx, r.Who, catalog(r), e)
			return rendered(made, err, extensionItem)
		}},
		Put: edm.Create{May: write, Do: func(ctx context.Context, r *edm.Request) (edm.Item, error) {
			e, err := change(ctx, r, true)
			r.Replaced()
			return rendered(e, err, extensionItem)
		}},
		Update: edm.Change{May: write, Do: func(ctx context.Context, r *edm.Request) error {
			_, err := change(ctx, r, false)
			return err
		}},
		Delete: edm.Change{May: write, Do: func(ctx context.Context, r *edm.Request) error {
			return s.Entitlement.DeleteExtension(ctx, r.Who, catalog(r), ids.ObjectID(r.ID))
		}},
	}
}

// readExtension applies a body, which may stand in a wrapper called value.
func readExtension(raw json.RawMessage, e *offer.Extension) error {
	b := readBody(raw)
	if inner := b.object("value"); inner != nil {
		b = inner
	}
	kind := b.kind()
	for k, name := range extensionKinds {
		if strings.EqualFold(kind, name) {
			e.Kind = k
			kind = ""
		}
	}
	if kind != "" || e.Kind == "" {
		b.fail("@odata.type", "A custom extension says of which type it is, such as #microsoft.graph.%s.", extensionKinds[offer.RequestExtension])
	}
	set(&e.Name, b.text("displayName"))
	set(&e.Description, b.text("description"))
	if x := b.object("endpointConfiguration"); x != nil {
		if kind := x.kind(); kind != "" && !strings.EqualFold(kind, "logicAppTriggerEndpointConfiguration") {
			x.fail("@odata.type", "An endpoint is a logicAppTriggerEndpointConfiguration.")
		}
		e.Endpoint = offer.Endpoint{Subscription: x.word("subscriptionId"), ResourceGroup: x.word("resourceGroupName"), Workflow: x.word("logicAppWorkflowName"), URL: x.word("url")}
		x.end()
	}
	if v := b.kept("authenticationConfiguration"); v != nil {
		e.Authentication = v
	}
	if v := b.kept("clientConfiguration"); v != nil {
		e.Client = v
	}
	if _, ok := b.raw["callbackconfiguration"]; ok {
		x := b.object("callbackConfiguration")
		e.Callback, e.Pause = x != nil, 0
		if x != nil {
			set(&e.Pause, x.duration("timeoutDuration"))
			set(&e.Pause, x.duration("durationBeforeTimeout"))
			x.end()
		}
	}
	b.pass("id", "createdBy", "createdDateTime", "lastModifiedBy", "lastModifiedDateTime")
	return b.end()
}

func extensionItem(e *offer.Extension) (edm.Item, error) {
	keep := func(raw json.RawMessage) any {
		if len(raw) == 0 {
			return nil
		}
		return raw
	}
	face := map[string]any{
		"id": e.ID, "description": text(e.Description), "displayName": e.Name,
		"authenticationConfiguration": keep(e.Authentication), "clientConfiguration": keep(e.Client),
		"endpointConfiguration": map[string]any{
			"@odata.type": "#microsoft.graph.logicAppTriggerEndpointConfiguration", "logicAppWorkflowName": text(e.Endpoint.Workflow),
			"resourceGroupName": text(e.Endpoint.ResourceGroup), "subscriptionId": text(e.Endpoint.Subscription), "url": text(e.Endpoint.URL),
		},
		"callbackConfiguration": nil, "createdDateTime": e.CreatedAt, "lastModifiedDateTime": e.ModifiedAt,
	}
	if e.Callback {
		face["callbackConfiguration"] = map[string]any{"timeoutDuration": formatDuration(e.Pause)}
	}
	it, err := item(string(e.ID), face, nil)
	it.Type = edm.Of(extensionKinds[e.Kind])
	return it, err
}

// extensionTypes are the entity types of custom extensions.
func extensionTypes() []edm.Entity {
	of := func(name string) edm.Entity {
		return edm.Entity{Name: name, Base: "customCalloutExtension", Props: []edm.Prop{
			{Name: "callbackConfiguration", Type: edm.Of("customExtensionCallbackConfiguration"), Write: edm.CU},
			{Name: "createdDateTime", Type: edm.DateTimeOffset},
			{Name: "lastModifiedDateTime", Type: edm.DateTimeOffset},
		}}
	}
	return []edm.Entity{
		{Name: "customCalloutExtension", Base: "entity", Abstract: true, Props: []edm.Prop{
			{Name: "authenticationConfiguration", Type: edm.Of("customExtensionAuthenticationConfiguration"), Write: edm.CU, Note: "kept as it came"},
			{Name: "clientConfiguration", Type: edm.Of("customExtensionClientConfiguration"), Write: edm.CU},
			{Name: "description", Type: edm.String, Write: edm.CU},
			{Name: "displayName", Type: edm.String, Write: edm.CU, Filter: "eq in sw", Order: "F"},
			{Name: "endpointConfiguration", Type: edm.Of("customExtensionEndpointConfiguration"), Write: edm.CU},
		}},
		of("accessPackageAssignmentRequestWorkflowExtension"), of("accessPackageAssignmentWorkflowExtension"),
		{Name: "customExtensionStageSetting", Base: "entity", Props: []edm.Prop{{Name: "stage", Type: edm.Of("accessPackageCustomExtensionStage")}}},
	}
}

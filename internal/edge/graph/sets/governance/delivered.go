package governance

import (
	"context"

	"entente/internal/edge/graph/edm"
	"entente/internal/flow/entitlement"
	"entente/internal/flow/offer"
	"entente/internal/flow/provision"
)

// delivered is the entity set …/accessPackageAssignmentResourceRoles, which beta
// alone has: what assignments have brought about, role by role.
// https://learn.microsoft.com/graph/api/resources/accesspackageassignmentresourcerole?view=graph-rest-beta
func (s Services) delivered() *edm.Set {
	sources := func(ctx context.Context, r *edm.Request, q offer.Asked) (edm.Page, error) {
		l, err := s.Entitlement.SourcesOf(ctx, r.Who, r.Parents[0], q)
		return s.assignmentPage(ctx, r, l, err)
	}
	return &edm.Set{
		Path: edm.Name{Beta: "accessPackageAssignmentResourceRoles"}, Type: edm.Of("accessPackageAssignmentResourceRole"), Deep: true,
		Doc: "https://learn.microsoft.com/graph/api/resources/accesspackageassignmentresourcerole?view=graph-rest-beta",
		List: edm.List{May: read, Do: func(ctx context.Context, r *edm.Request) (edm.Page, error) {
			l, err := s.Entitlement.Delivered(ctx, r.Who, asked(r))
			return paged(l, err, deliveredItem)
		}},
		Get: edm.Get{May: read, Do: func(ctx context.Context, r *edm.Request) (edm.Item, error) {
			l, err := s.Entitlement.Delivered(ctx, r.Who, offer.One(r.ID))
			return only(l, err, r.ID, deliveredItem)
		}},
		Parts: append(roleParts(func(ctx context.Context, r *edm.Request) (entitlement.DeliveredRole, error) {
			return s.Entitlement.DeliveredRole(ctx, r.Who, r.Parents[0])
		}), &edm.Set{
			Path: edm.Name{Beta: "accessPackageAssignments"}, Type: edm.Of("accessPackageAssignment"),
			List: edm.List{May: read, Do: func(ctx context.Context, r *edm.Request) (edm.Page, error) { return sources(ctx, r, asked(r)) }},
			Get: edm.Get{May: read, Do: func(ctx context.Context, r *edm.Request) (edm.Item, error) {
				page, err := sources(ctx, r, offer.One(r.ID))
				if err == nil && len(page.Items) == 0 {
					err = absent(r.ID)
				}
				if err != nil {
					return edm.Item{}, err
				}
				return page.Items[0], nil
			}},
		}),
	}
}

// roleParts are the parts of a role that was brought about.
func roleParts(around func(ctx context.Context, r *edm.Request) (entitlement.DeliveredRole, error)) []*edm.Set {
	part := func(name, of string, show func(entitlement.DeliveredRole) (edm.Item, error)) *edm.Set {
		return &edm.Set{
			Path: edm.Name{Beta: name}, Type: edm.Of(of), Single: true,
			Get: edm.Get{May: read, Do: func(ctx context.Context, r *edm.Request) (edm.Item, error) {
				d, err := around(ctx, r)
				if err == nil && d.Left && name != "accessPackageSubject" {
					err = absent(r.Parents[len(r.Parents)-1])
				}
				return rendered(d, err, show)
			}},
		}
	}
	return []*edm.Set{
		part("accessPackageResourceRole", "accessPackageResourceRole", func(d entitlement.DeliveredRole) (edm.Item, error) { return roleItem(d.Role) }),
		part("accessPackageResourceScope", "accessPackageResourceScope", func(d entitlement.DeliveredRole) (edm.Item, error) { return scopeItem(d.Scope) }),
		part("accessPackageSubject", "accessPackageSubject", func(d entitlement.DeliveredRole) (edm.Item, error) { return subjectItem(d.Target) }),
	}
}

// fulfilled are beta's words for how far a role has come.
var fulfilled = map[provision.State]string{
	provision.Given: "Fulfilled", provision.Failed: "Failed", provision.Wanted: "PendingFulfillment", provision.Pending: "PendingFulfillment", provision.Unwanted: "PendingRemoval",
}

func deliveredItem(one *provision.Row) (edm.Item, error) {
	return item(one.ID, struct {
		ID     string `json:"id"`
		Origin string `json:"originId"`
		System string `json:"originSystem"`
		Status string `json:"status"`
	}{one.ID, one.Role.Role, one.Role.System, fulfilled[one.State]}, nil)
}

// deliveredType is the entity type.
func deliveredType() edm.Entity {
	return edm.Entity{Name: "accessPackageAssignmentResourceRole", Base: "entity", Props: []edm.Prop{
		{Name: "originId", Type: edm.String, Filter: "eq in"},
		{Name: "originSystem", Type: edm.String, Filter: "eq in"},
		{Name: "status", Type: edm.String},
	}, Paths: []edm.Prop{{Name: "accessPackageSubject/objectId", Type: edm.String, Filter: "eq in", Field: "objectId"}}}
}

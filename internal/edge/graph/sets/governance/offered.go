package governance

import (
	"context"
	"strings"

	"entente/internal/edge/graph/edm"
	"entente/internal/flow/entitlement"
	"entente/internal/flow/offer"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
)

// available is the entity set …/availableAccessPackages: what the caller could ask
// for, and what it gives.
// https://learn.microsoft.com/graph/api/resources/availableaccesspackage?view=graph-rest-1.0
func (s Services) available() *edm.Set {
	return &edm.Set{
		Path: edm.Both("availableAccessPackages"), Type: edm.Of("availableAccessPackage"), Deep: true,
		Doc: "https://learn.microsoft.com/graph/api/resources/availableaccesspackage?view=graph-rest-1.0",
		List: edm.List{May: ask, Do: func(ctx context.Context, r *edm.Request) (edm.Page, error) {
			l, err := s.Entitlement.Requestable(ctx, r.Who, asked(r))
			return paged(l, err, availableItem)
		}},
		Get: edm.Get{May: ask, Do: func(ctx context.Context, r *edm.Request) (edm.Item, error) {
			p, err := s.Entitlement.Offered(ctx, r.Who, ids.PackageID(r.ID))
			return rendered(p, err, availableItem)
		}},
		Parts: []*edm.Set{s.offeredRoles()},
	}
}

// offeredRoles is the part resourceRoleScopes of such a package.
func (s Services) offeredRoles() *edm.Set {
	all := func(ctx context.Context, r *edm.Request) ([]offer.RoleScope, error) {
		return s.Entitlement.OfferedRoles(ctx, r.Who, ids.PackageID(r.Parents[0]))
	}
	list := func(ctx context.Context, r *edm.Request) (edm.Page, error) {
		given, err := all(ctx, r)
		return whole(given, err, roleScopeItem)
	}
	part := func(name edm.Name, of string, show func(offer.RoleScope) (edm.Item, error)) *edm.Set {
		one := func(ctx context.Context, r *edm.Request, show func(offer.RoleScope) (edm.Item, error)) (edm.Item, error) {
			given, err := all(ctx, r)
			if err != nil {
				return edm.Item{}, err
			}
			for _, g := range given {
				if g.ID() == r.Parents[1] {
					return show(g)
				}
			}
			return edm.Item{}, absent(r.Parents[1])
		}
		return &edm.Set{
			Path: name, Type: edm.Of(of), Single: true, Deep: true,
			Get: edm.Get{May: ask, Do: func(ctx context.Context, r *edm.Request) (edm.Item, error) { return one(ctx, r, show) }},
			Parts: []*edm.Set{{
				Path: edm.Name{V1: "resource", Beta: "accessPackageResource"}, Type: edm.Of("accessPackageResource"), Single: true,
				Get: edm.Get{May: ask, Do: func(ctx context.Context, r *edm.Request) (edm.Item, error) {
					return one(ctx, r, func(g offer.RoleScope) (edm.Item, error) { return resourceItem(g.Resource) })
				}},
			}},
		}
	}
	return &edm.Set{
		Path: edm.Name{V1: "resourceRoleScopes", Beta: "accessPackageResourceRoleScopes"}, Type: edm.Of("accessPackageResourceRoleScope"), Deep: true, FreeKeys: true, Unpaged: true,
		List: edm.List{May: ask, Do: list},
		Get:  edm.Get{May: ask, Do: edm.OneOf(list)},
		Parts: []*edm.Set{
			part(edm.Name{V1: "role", Beta: "accessPackageResourceRole"}, "accessPackageResourceRole", func(g offer.RoleScope) (edm.Item, error) { return roleItem(g.Role) }),
			part(edm.Name{V1: "scope", Beta: "accessPackageResourceScope"}, "accessPackageResourceScope", func(g offer.RoleScope) (edm.Item, error) { return scopeItem(g.Scope) }),
		},
	}
}

func availableItem(p *offer.Package) (edm.Item, error) {
	return item(string(p.ID), struct {
		ID          ids.PackageID `json:"id"`
		Description *string       `json:"description"`
		Name        string        `json:"displayName"`
	}{p.ID, text(p.Description), p.Name}, nil)
}

// suggestions is …/accessPackageSuggestions, of which there is the function alone.
// https://learn.microsoft.com/graph/api/accesspackagesuggestion-filterbycurrentuser?view=graph-rest-1.0
func (s Services) suggestions() *edm.Set {
	return &edm.Set{
		Path: edm.Both("accessPackageSuggestions"), Type: edm.Of("accessPackageSuggestion"), Deep: true,
		Doc: "https://learn.microsoft.com/graph/api/resources/accesspackagesuggestion?view=graph-rest-1.0",
		Common: []edm.Action{ownOnes("accessPackageSuggestion", ask, func(ctx context.Context, r *edm.Request, on string) (edm.Page, error) {
			history := false
			for word := range strings.SplitSeq(on, ",") {
				switch strings.TrimSpace(word) {
				case "assignmentHistory":
					history = true
				case "relatedPeopleAssignments": // nobody is told what others have
				default:
					return edm.Page{}, fault.InvalidAt("on", "Suggestions are filtered on 'relatedPeopleAssignments' and 'assignmentHistory'.")
				}
			}
			if !history {
				return edm.Page{}, nil
			}
			all, err := s.Entitlement.Suggestions(ctx, r.Who)
			return whole(all, err, suggestionItem)
		})},
		Parts: []*edm.Set{{
			Path: edm.Both("accessPackage"), Type: edm.Of("availableAccessPackage"), Single: true,
			Get: edm.Get{May: ask, Do: func(ctx context.Context, r *edm.Request) (edm.Item, error) {
				p, err := s.Entitlement.Offered(ctx, r.Who, ids.PackageID(r.Parent()))
				return rendered(p, err, availableItem)
			}},
		}},
	}
}

// suggestionItem renders a suggestion, which has the identifier of its package.
func suggestionItem(one entitlement.Suggestion) (edm.Item, error) {
	return item(string(one.Package.ID), struct {
		ID      ids.PackageID `json:"id"`
		Reasons []any         `json:"reasons"`
	}{one.Package.ID, []any{map[string]any{
		"@odata.type":         "#microsoft.graph.accessPackageSuggestionSelfAssignmentHistoryBased",
		"pastAssignmentCount": one.Times, "lastAssignmentDateTime": instant(one.Last),
	}}}, nil)
}

// offeredTypes are the entity types.
func offeredTypes() []edm.Entity {
	return []edm.Entity{
		{Name: "availableAccessPackage", Base: "entity", Props: []edm.Prop{
			{Name: "description", Type: edm.String},
			{Name: "displayName", Type: edm.String, Filter: "eq ne in sw contains not", Order: "F"},
		}},
		{Name: "accessPackageSuggestion", Base: "entity", Props: []edm.Prop{
			{Name: "reasons", Type: edm.Many(edm.Of("accessPackageSuggestionReason")), NotNull: true},
		}},
	}
}

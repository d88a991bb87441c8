package governance

import (
	"context"
	"encoding/json"
	"time"

	"entente/internal/edge/graph/edm"
	"entente/internal/flow/entitlement"
	"entente/internal/flow/offer"
	"entente/internal/flow/provision"
	"entente/internal/kit/ids"
)

// assignments is the entity set …/assignments. Requests alone make them.
// https://learn.microsoft.com/graph/api/resources/accesspackageassignment?view=graph-rest-1.0
func (s Services) assignments() *edm.Set {
	of := func(r *edm.Request) ids.AccessID { return ids.AccessID(r.Parents[0]) }
	return &edm.Set{
		Path: edm.Name{V1: "assignments", Beta: "accessPackageAssignments"}, Type: edm.Of("accessPackageAssignment"), Deep: true,
		Doc: "https://learn.microsoft.com/graph/api/resources/accesspackageassignment?view=graph-rest-1.0",
		List: edm.List{May: read, Do: func(ctx context.Context, r *edm.Request) (edm.Page, error) {
			l, err := s.Entitlement.Assignments(ctx, r.Who, asked(r))
			return s.assignmentPage(ctx, r, l, err)
		}},
		Get: edm.Get{May: read, Do: func(ctx context.Context, r *edm.Request) (edm.Item, error) {
			a, err := s.Entitlement.Assignment(ctx, r.Who, ids.AccessID(r.ID))
			return rendered(a, err, s.assignmentItem(ctx, r))
		}},
		Actions: []edm.Action{{Name: "reprocess", May: write, Do: func(ctx context.Context, r *edm.Request) (json.RawMessage, error) {
			r.Accept("/identityGovernance/entitlementManagement/"+pick(r, "assignments", "accessPackageAssignments")+"/"+r.ID, "")
			return nil, s.Entitlement.Repair(ctx, r.Who, ids.AccessID(r.ID))
		}}},
		Common: []edm.Action{
			ownOnes("accessPackageAssignment", ask, func(ctx context.Context, r *edm.Request, on string) (edm.Page, error) {
				l, err := s.Entitlement.OwnAssignments(ctx, r.Who, on, asked(r))
				return s.assignmentPage(ctx, r, l, err)
			}),
			s.additionalAccess(),
		},
		Parts: []*edm.Set{
			s.packagePart(func(ctx context.Context, r *edm.Request) (*offer.Package, error) {
				return s.Entitlement.PackageHeld(ctx, r.Who, of(r))
			}),
			s.policyPart(func(ctx context.Context, r *edm.Request) (*entitlement.Assignment, error) {
				return s.Entitlement.Assignment(ctx, r.Who, of(r))
			}),
			s.subjectPart("target", func(ctx context.Context, r *edm.Request) (entitlement.SubjectView, error) {
				return s.Entitlement.Holder(ctx, r.Who, of(r))
			}),
			s.requestsPart(of),
			s.rolesPart(of),
		},
	}
}

// requestsPart are the requests that have made, changed or ended an assignment, which
// beta alone shows.
func (s Services) requestsPart(of func(*edm.Request) ids.AccessID) *edm.Set {
	find := func(ctx context.Context, r *edm.Request, q offer.Asked) (offer.List[*entitlement.Request], error) {
		return s.Entitlement.RequestsOf(ctx, r.Who, of(r), q)
	}
	return &edm.Set{
		Path: edm.Name{Beta: "accessPackageAssignmentRequests"}, Type: edm.Of("accessPackageAssignmentRequest"),
		List: edm.List{May: read, Do: func(ctx context.Context, r *edm.Request) (edm.Page, error) {
			l, err := find(ctx, r, asked(r))
			return paged(l, err, s.requestItem(ctx, r))
		}},
		Get: edm.Get{May: read, Do: func(ctx context.Context, r *edm.Request) (edm.Item, error) {
			l, err := find(ctx, r, offer.One(r.ID))
			return only(l, err, r.ID, s.requestItem(ctx, r))
		}},
	}
}

// rolesPart are the roles that an assignment has brought about, which beta alone shows.
func (s Services) rolesPart(of func(*edm.Request) ids.AccessID) *edm.Set {
	find := func(ctx context.Context, r *edm.Request, q offer.Asked) (offer.List[*provision.Row], error) {
		return s.Entitlement.RolesOf(ctx, r.Who, of(r), q)
	}
	return &edm.Set{
		Path: edm.Name{Beta: "accessPackageAssignmentResourceRoles"}, Type: edm.Of("accessPackageAssignmentResourceRole"),
		List: edm.List{May: read, Do: func(ctx context.Context, r *edm.Request) (edm.Page, error) {
			l, err := find(ctx, r, asked(r))
			return paged(l, err, deliveredItem)
		}},
		Get: edm.Get{May: read, Do: func(ctx context.Context, r *edm.Request) (edm.Item, error) {
			l, err := find(ctx, r, offer.One(r.ID))
			return only(l, err, r.ID, deliveredItem)
		}},
		Parts: roleParts(func(ctx context.Context, r *edm.Request) (entitlement.DeliveredRole, error) {
			return s.Entitlement.RoleOf(ctx, r.Who, of(r), r.Parents[1])
		}),
	}
}

// additionalAccess is the function of that name: the assignments whose target has
// an incompatible package as well.
// https://learn.microsoft.com/graph/api/accesspackageassignment-additionalaccess?view=graph-rest-1.0
func (s Services) additionalAccess() edm.Action {
	return edm.Action{
		Name: "additionalAccess", Function: true, May: read, Returns: edm.Many(edm.Of("accessPackageAssignment")),
		Params: []edm.Prop{{Name: "accessPackageId", Type: edm.Guid}, {Name: "incompatibleAccessPackageId", Type: edm.Guid}},
		List: func(ctx context.Context, r *edm.Request) (edm.Page, error) {
			var params struct {
				One   ids.PackageID `json:"accessPackageId"`
				Other ids.PackageID `json:"incompatibleAccessPackageId"`
			}
			if err := json.Unmarshal(r.Body, &params); err != nil {
				return edm.Page{}, err
			}
			l, err := s.Entitlement.Both(ctx, r.Who, params.One, params.Other, asked(r))
			return s.assignmentPage(ctx, r, l, err)
		},
	}
}

// assignmentPage renders a page of assignments.
func (s Services) assignmentPage(ctx context.Context, r *edm.Request, l offer.List[*entitlement.Assignment], err error) (edm.Page, error) {
	if err != nil {
		return edm.Page{}, err
	}
	var in map[ids.PackageID]ids.CatalogID
	if r.Version == edm.Beta {
		if in, err = s.Entitlement.CatalogsOf(ctx, r.Who, l.Items); err != nil {
			return edm.Page{}, err
		}
	}
	return paged(l, nil, func(a *entitlement.Assignment) (edm.Item, error) {
		var callouts []*entitlement.Callout
		if len(a.Terms.Extensions) > 0 && a.State != "" { // there is one
			if callouts, err = s.Entitlement.CalloutsBefore(ctx, r.Who, a.ID); err != nil {
				return edm.Item{}, err
			}
		}
		return accessItem(a, in[a.Package], callouts)
	})
}

// assignmentItem renders one assignment.
func (s Services) assignmentItem(ctx context.Context, r *edm.Request) func(*entitlement.Assignment) (edm.Item, error) {
	return func(a *entitlement.Assignment) (edm.Item, error) {
		page, err := s.assignmentPage(ctx, r, offer.List[*entitlement.Assignment]{Items: []*entitlement.Assignment{a}}, nil)
		if err != nil {
			return edm.Item{}, err
		}
		return page.Items[0], nil
	}
}

// An accessFace is what v1.0 shows of an assignment.
type accessFace struct {
	ID       ids.AccessID `json:"id"`
	Callouts []any        `json:"customExtensionCalloutInstances"`
	Expired  *time.Time   `json:"expiredDateTime"`
	Schedule scheduleFace `json:"schedule"`
	State    *string      `json:"state"`
	Status   *string      `json:"status"`
}

func accessItem(a *entitlement.Assignment, in ids.CatalogID, callouts []*entitlement.Callout) (edm.Item, error) {
	schedule := a.Schedule // of what is not delivered yet, as it was asked for
	if !a.StartsAt.IsZero() {
		schedule = offer.Schedule{Start: a.StartsAt, Expiration: offer.Expiration{Type: offer.NoExpiration}}
		if !a.EndsAt.IsZero() {
			schedule.Expiration = offer.Expiration{Type: offer.ExpirationAfterDateTime, End: a.EndsAt}
		}
	}
	state := text(string(a.State))
	return item(string(a.ID), accessFace{a.ID, calloutsOf(callouts), instant(a.ExpiredAt), scheduleOf(schedule), state, text(a.Status)},
		map[string]any{"assignmentState": text(pascal(a.State)), "assignmentStatus": text(a.Status), "accessPackageId": a.Package, "assignmentPolicyId": text(a.Policy),
			"catalogId": text(in), "targetId": a.Target, "isExtended": a.Extended})
}

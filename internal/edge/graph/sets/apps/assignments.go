package apps

import (
	"context"
	"encoding/json"
	"time"

	"entente/internal/core/authz"
	"entente/internal/core/consent"
	"entente/internal/core/object"
	"entente/internal/edge/graph/edm"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// What it takes to see and to change assignments. The service decides which
// assignments Application.ReadWrite.All reaches: none to a service principal,
// and none on Microsoft Graph.
var (
	assigns         = []authz.Action{"servicePrincipals/appRoleAssignedTo/update"}
	readApplication = []string{"Application.Read.All", "Application.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"}
	addAssignment   = edm.Alike(edm.Perms{{Name: "AppRoleAssignment.ReadWrite.All", With: readApplication}, {Name: "Application.ReadWrite.All"}}).Needing(assigns...)
	dropAssignment  = edm.Alike(edm.Any("AppRoleAssignment.ReadWrite.All", "Application.ReadWrite.All")).Needing(assigns...)

	principalAssignments = changes{readApps.Needing("servicePrincipals/appRoleAssignments/read"), addAssignment, dropAssignment}
	personAssignments    = changes{
		edm.Alike(edm.Any("AppRoleAssignment.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All")).Needing("users/appRoleAssignments/read"),
		edm.Alike(edm.Any("AppRoleAssignment.ReadWrite.All")).Needing(assigns...),
		edm.Alike(edm.Any("AppRoleAssignment.ReadWrite.All")).Needing(assigns...),
	}
)

// changes are the permissions of one view of the assignments.
type changes struct{ read, add, drop edm.Access }

// assignmentsTo is the part appRoleAssignedTo: who holds roles of a resource.
// https://learn.microsoft.com/graph/api/serviceprincipal-list-approleassignedto?view=graph-rest-1.0
func (s Services) assignmentsTo() *edm.Set {
	return s.assignments("appRoleAssignedTo", principalAssignments, consent.OnResource,
		func(a ask) (string, ids.ObjectID) { return "resourceId", a.Resource })
}

// assignmentsHeld is the part appRoleAssignments: the roles that a service
// principal or user holds.
// https://learn.microsoft.com/graph/api/serviceprincipal-list-approleassignments?view=graph-rest-1.0
func (s Services) assignmentsHeld(c changes) *edm.Set {
	return s.assignments("appRoleAssignments", c, consent.HeldBy,
		func(a ask) (string, ids.ObjectID) { return "principalId", a.Principal })
}

// An ask is the body of a new assignment.
type ask struct {
	Principal ids.ObjectID `json:"principalId"`
	Resource  ids.ObjectID `json:"resourceId"`
	Role      ids.RoleID   `json:"appRoleId"`
}

// assignments declares one view. side returns the member of a new assignment
// that must repeat the path's object.
func (s Services) assignments(name string, c changes, look func(ids.ObjectID) consent.View, side func(ask) (string, ids.ObjectID)) *edm.Set {
	return &edm.Set{
		Path: edm.Both(name), Type: edm.Of("appRoleAssignment"), FreeKeys: true, Cost: 2,
		Doc: "https://learn.microsoft.com/graph/api/resources/approleassignment?view=graph-rest-1.0",
		List: edm.List{May: c.read, Do: func(ctx context.Context, r *edm.Request) (edm.Page, error) {
			return s.listAssignments(ctx, r, look(ids.ObjectID(r.Parent())))
		}},
		Get: edm.Get{May: c.read, Do: func(ctx context.Context, r *edm.Request) (edm.Item, error) {
			return view(ctx, s.DB, func(tx *sqldb.Tx) (edm.Item, error) {
				a, err := consent.GetAssignment(ctx, tx, r.Who.Tenant, look(ids.ObjectID(r.Parent())), ids.AssignmentID(r.ID))
				if err != nil {
					return edm.Item{}, err
				}
				return assignmentItem(a)
			})
		}},
		Create: edm.Create{May: c.add, Do: func(ctx context.Context, r *edm.Request) (edm.Item, error) {
			var a ask
			if err := json.Unmarshal(r.Body, &a); err != nil {
				return edm.Item{}, err
			}
			if property, id := side(a); string(id) != r.Parent() {
				return edm.Item{}, fault.InvalidAt(property, "Invalid value specified for property '%s' of resource 'AppRoleAssignment'.", property)
			}
			made, err := s.Consent.Assign(ctx, r.Who, a.Principal, a.Resource, a.Role, time.Time{})
			if err != nil {
				return edm.Item{}, err
			}
			return assignmentItem(made)
		}},
		Delete: edm.Change{May: c.drop, Do: func(ctx context.Context, r *edm.Request) error {
			return s.Consent.Unassign(ctx, r.Who, look(ids.ObjectID(r.Parent())), ids.AssignmentID(r.ID))
		}},
	}
}

func assignmentItem(a consent.Assignment) (edm.Item, error) { return item(a.ID, a) }

func (s Services) listAssignments(ctx context.Context, r *edm.Request, v consent.View) (edm.Page, error) {
	return view(ctx, s.DB, func(tx *sqldb.Tx) (page edm.Page, err error) {
		if _, err := object.Get(ctx, tx, r.Who.Tenant, ids.ObjectID(r.Parent())); err != nil {
			return page, err
		}
		if r.Count {
			if page.Total, err = consent.CountAssignments(ctx, tx, r.Who.Tenant, v, r.Query.Filter); err != nil || r.Only {
				return page, err
			}
		}
		list, err := consent.ListAssignments(ctx, tx, r.Who.Tenant, v, r.Query)
		if err != nil {
			return page, err
		}
		page.Next = list.Next
		page.Items, err = itemsOf(list.Items, assignmentItem)
		return page, err
	})
}

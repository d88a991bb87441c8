package consent

import (
	"slices"
	"time"

	"entente/internal/core/app"
	"entente/internal/core/object"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
)

// An Assignment gives a principal an app role of a resource in one tenant. The
// members with JSON names are Graph's.
// https://learn.microsoft.com/graph/api/resources/approleassignment?view=graph-rest-1.0
type Assignment struct {
	Tenant ids.TenantID `json:"-"`

	ID            ids.AssignmentID `json:"id"`
	DeletedAt     *time.Time       `json:"deletedDateTime"`
	RoleID        ids.RoleID       `json:"appRoleId"`
	CreatedAt     time.Time        `json:"createdDateTime"`
	PrincipalName string           `json:"principalDisplayName"`
	PrincipalID   ids.ObjectID     `json:"principalId"`
	PrincipalKind string           `json:"principalType"` // User, Group, ServicePrincipal
	ResourceName  string           `json:"resourceDisplayName"`
	ResourceID    ids.ObjectID     `json:"resourceId"`

	Ends time.Time `json:"-"` // zero: no end
	Used time.Time `json:"-"` // the day it was last used; zero: never
}

// Why an assignment is refused.
const (
	AlreadyAssigned fault.Reason = "consent.already_assigned"
	NotAReference   fault.Reason = "consent.not_a_reference" // no such role, or not for this kind of principal
	NoAssignment    fault.Reason = "consent.no_assignment"
)

// NewAssignment returns the assignment of a role to a principal, or a fault if
// the resource has no such role for that kind of principal. The nil GUID
// stands for plain access, where the resource has no role for that kind.
func NewAssignment(principal object.Object, resource *app.ServicePrincipal, role ids.RoleID, now time.Time) (Assignment, error) {
	a := Assignment{
		Tenant: resource.Tenant, ID: ids.NewAssignmentID(principal.ID), RoleID: role, CreatedAt: now,
		PrincipalName: principal.DisplayName, PrincipalID: principal.ID,
		ResourceName: resource.DisplayName, ResourceID: resource.ID,
	}
	member := "User"
	switch principal.Kind {
	case object.User:
		a.PrincipalKind = "User"
	case object.Group:
		a.PrincipalKind = "Group"
	case object.ServicePrincipal:
		a.PrincipalKind, member = "ServicePrincipal", "Application"
	default:
		return a, notAReference()
	}
	if role == ids.Nil {
		for _, r := range resource.AppRoles {
			if r.IsEnabled && slices.Contains(r.AllowedMemberTypes, member) {
				return a, notAReference()
			}
		}
		return a, nil
	}
	r := resource.Role(role)
	if r == nil || !r.IsEnabled || !slices.Contains(r.AllowedMemberTypes, member) {
		return a, notAReference()
	}
	return a, nil
}

func notAReference() error {
	return fault.Because(fault.Invalid, NotAReference, "Not a valid reference update.").
		WithFix("The resource must offer an enabled app role of this identifier to principals of this kind.")
}

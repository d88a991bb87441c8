package directory

import (
	"strings"
	"time"

	"entente/internal/core/authz"
	"entente/internal/core/object"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
)

// A Role is a directory role that was activated in a tenant.
type Role struct {
	ID          ids.ObjectID `json:"id"`
	Deleted     *string      `json:"deletedDateTime"`
	Description string       `json:"description"`
	DisplayName string       `json:"displayName"`
	Template    ids.RoleID   `json:"roleTemplateId"`
}

// newRole returns the tenant's instance of a built-in role, or false if there
// is no such role.
func newRole(id ids.ObjectID, template ids.RoleID) (Role, bool) {
	r, ok := authz.RoleByID(template)
	return Role{ID: id, Description: r.Description, DisplayName: r.Name, Template: template}, ok && !r.Implicit
}

// A RoleAssignment gives a directory role to a principal, in the whole tenant
// or on one object of it.
type RoleAssignment struct {
	ID           string       `json:"id"`
	Principal    ids.ObjectID `json:"principalId"`
	Organization ids.TenantID `json:"principalOrganizationId"`
	Role         ids.RoleID   `json:"roleDefinitionId"`
	Scope        string       `json:"directoryScopeId"` // "/" or "/{id}"
	AppScope     *string      `json:"appScopeId"`
	Condition    *string      `json:"condition"`
	CreatedAt    time.Time    `json:"-"`
}

// On returns the object that the assignment is limited to, or "".
func (a RoleAssignment) On() ids.ObjectID { return ids.ObjectID(strings.TrimPrefix(a.Scope, "/")) }

// Why a directory role is not given or taken.
const (
	RoleActive   fault.Reason = "directory.role_active"
	RoleGiven    fault.Reason = "directory.role_given"
	NoPrincipal  fault.Reason = "directory.no_role_principal" // of a kind that holds no roles
	LastAdmin    fault.Reason = "directory.last_administrator"
	OwnAdmin     fault.Reason = "directory.own_administrator"
	ScopeUnknown fault.Reason = "directory.role_scope"
)

// conflicting are Graph's words for what is there already.
const conflicting = "A conflicting object with one or more of the specified property values is present in the directory."

// scopeOf returns the object that a directoryScopeId names, or "" for the
// tenant.
func scopeOf(text string) (ids.ObjectID, error) {
	if text == "/" {
		return "", nil
	}
	id, err := ids.Parse[ids.ObjectID](strings.TrimPrefix(text, "/"))
	if err != nil || !strings.HasPrefix(text, "/") {
		f := fault.Because(fault.Invalid, ScopeUnknown, "The directoryScopeId '%.200s' is not supported.", text).
			WithFix("Give the role in the whole tenant, as '/', or on one application, service principal or group, as '/' and its id.")
		f.Target = "directoryScopeId"
		return "", f
	}
	return id, nil
}

// holdsRoles refuses what cannot hold a directory role.
func holdsRoles(o object.Object, g *Group) error {
	switch {
	case o.Kind == object.User, o.Kind == object.ServicePrincipal, g != nil && g.AssignableToRole():
		return nil
	}
	f := fault.Because(fault.Invalid, NoPrincipal, "Only users, service principals and groups that are assignable to roles can be given a directory role.").
		WithFix("Make a group with isAssignableToRole: it cannot be changed later.")
	f.Target = "principalId"
	return f
}

// limits refuses what a role cannot be limited to.
func limits(o object.Object) error {
	switch o.Kind {
	case object.Application, object.ServicePrincipal, object.Group:
		return nil
	}
	return fault.Because(fault.Invalid, ScopeUnknown, "A directory role cannot be limited to an object of type '%s'.", o.Kind)
}

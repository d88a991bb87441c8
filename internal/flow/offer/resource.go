package offer

import (
	"encoding/json"
	"strings"
	"time"

	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
)

// An Origin is the system that a resource lives in, in Graph's words.
type Origin string

// The origins.
const (
	AadGroup         Origin = "AadGroup"         // a group; a Microsoft 365 group with its team
	AadApplication   Origin = "AadApplication"   // a service principal
	SharePointOnline Origin = "SharePointOnline" // a site
)

// A Resource is something of the tenant's whose roles a catalog offers. Graph's
// accessPackageResource.
type Resource struct {
	Tenant      ids.TenantID
	ID          ids.ResourceID
	Catalog     ids.CatalogID
	Origin      Origin
	OriginID    string       // a group's or service principal's identifier, a site's address
	Object      ids.ObjectID // the group, the service principal, or the site's key
	Kind        string       // beta's resourceType: "Security Group"
	Name        string
	Description string
	URL         string
	Attributes  json.RawMessage // kept as they came
	AddedBy     string
	CreatedAt   time.Time
	ModifiedAt  time.Time

	version int64
}

// A ResourceRole is a role that a resource has: member of a group, an app role,
// a group of a site.
type ResourceRole struct {
	ID          ids.ObjectID
	Resource    ids.ResourceID
	Origin      Origin
	OriginID    string // Member_{group}, the app role's identifier, the number of a site's group
	Name        string
	Description string
}

// A ResourceScope is where a role of a resource holds: so far always all of it.
type ResourceScope struct {
	ID       ids.ObjectID
	Resource ids.ResourceID
	Origin   Origin
	OriginID string // the resource's
}

// A RoleScope is a role of a resource that an access package gives. Graph's
// accessPackageResourceRoleScope.
type RoleScope struct {
	Package   ids.PackageID
	Resource  *Resource
	Role      ResourceRole
	Scope     ResourceScope
	CreatedAt time.Time
}

// ID returns the identifier in Graph's form: role and scope.
func (r RoleScope) ID() string { return string(r.Role.ID) + "_" + string(r.Scope.ID) }

// splitRoleScope takes a role scope's identifier apart.
func splitRoleScope(id string) (role, scope ids.ObjectID, ok bool) {
	a, b, found := strings.Cut(id, "_")
	return ids.ObjectID(strings.ToLower(a)), ids.ObjectID(strings.ToLower(b)), found && ids.Valid(a) && ids.Valid(b)
}

// Why a resource is refused.
const (
	AlreadyOnboarded fault.Reason = "entitlement.already_onboarded"
	NotInOrigin      fault.Reason = "entitlement.not_in_origin"
	NotEligible      fault.Reason = "entitlement.not_eligible"
	HasEntitlements  fault.Reason = "entitlement.has_entitlements"
	NotOwner         fault.Reason = "entitlement.not_resource_owner"
)

// mostResources is how many resources a catalog has; mostRoles how many roles a
// package gives.
const (
	mostResources = 500
	mostRoles     = 200
)

// groupRoles are the roles of a group.
func groupRoles(group ids.ObjectID) []ResourceRole {
	return []ResourceRole{
		{Origin: AadGroup, OriginID: "Member_" + string(group), Name: "Member"},
		{Origin: AadGroup, OriginID: "Owner_" + string(group), Name: "Owner"},
	}
}

// defaultAccess is the role of an application that defines none.
func defaultAccess() ResourceRole {
	return ResourceRole{Origin: AadApplication, OriginID: ids.Nil, Name: "Default Access"}
}

// The kinds of requests about a catalog's resources.
const (
	AddResource    = "adminAdd"
	UpdateResource = "adminUpdate"
	RemoveResource = "adminRemove"
)

// A ResourceRequest says that a resource came into a catalog, was changed or left
// it. It is done when it is made. Graph's accessPackageResourceRequest.
type ResourceRequest struct {
	Tenant        ids.TenantID
	ID            ids.RequestID
	Catalog       ids.CatalogID
	Kind          string
	Justification string
	By            ids.ObjectID // who asked, where it is an object of the tenant
	Resource      *Resource    // as it was then
	CreatedAt     time.Time
}

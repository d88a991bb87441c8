package offer

import (
	"slices"

	"entente/internal/core/authz"
	"entente/internal/kit/ids"
)

// Manage is the action of whoever administers all of entitlement management,
// Read that of whoever sees all of it. They are what directory roles allow.
const (
	Manage authz.Action = "entitlementManagement/allProperties/allTasks"
	Read   authz.Action = "entitlementManagement/allProperties/read"
)

// The roles that are given for a catalog, or for making catalogs.
// https://learn.microsoft.com/entra/id-governance/entitlement-management-delegate
const (
	CatalogOwner       ids.RoleID = "ae79f266-94d4-4dab-b730-feca7e132178"
	CatalogReader      ids.RoleID = "44272f93-9762-48e8-af59-1b5351b1d6b3"
	PackageManager     ids.RoleID = "7f480852-ebdc-47d4-87de-0d8498384a83"
	AssignmentManager  ids.RoleID = "e2182095-804a-4656-ae11-64734e9b7ae5"
	CatalogCreator     ids.RoleID = "ba92d953-d8e0-4e39-a797-0cbedb0a89e8"
	OrganizationsAdmin ids.RoleID = "c69afe6e-ee81-5bcc-9f94-bca08a6dbd80" // ours: the documented one is no GUID
)

// A Role can be given to somebody by a RoleAssignment.
type Role struct {
	ID          ids.RoleID
	Name        string
	Description string
	Tenant      bool // given for the whole tenant, not for a catalog
	Actions     []string

	may []Task
}

// A Task is what somebody wants to do.
type Task int

// The tasks.
const (
	ToRead       Task = iota // see what a catalog has
	toOwn                    // change and delete a catalog, its resources, extensions and people
	ToPackage                // change access packages and policies
	ToAssign                 // give and take access packages
	toCreate                 // make a catalog
	toConnect                // change connected organizations
	ToAdminister             // everything else
)

const (
	everyTask = "microsoft.entitlementManagement/allEntities/allTasks"
	readTask  = "microsoft.entitlementManagement/allEntities/Read"
)

// roles are all that can be given, by name.
var roles = []Role{
	{ID: AssignmentManager, Name: "Access package assignment manager", Description: "Access package assignment manager", Actions: []string{
		"microsoft.entitlementManagement/accessPackageAssignments/allTasks", readTask}, may: []Task{ToRead, ToAssign}},
	{ID: PackageManager, Name: "Access package manager", Description: "Access package manager", Actions: []string{
		"microsoft.entitlementManagement/accessPackages/allTasks", readTask}, may: []Task{ToRead, ToPackage, ToAssign}},
	{ID: CatalogCreator, Name: "Catalog creator", Description: "Catalog creator", Tenant: true, Actions: []string{
		"microsoft.entitlementManagement/accessPackageCatalogs/create"}, may: []Task{toCreate}},
	{ID: CatalogOwner, Name: "Catalog owner", Description: "Catalog owner", Actions: []string{everyTask}, may: []Task{ToRead, toOwn, ToPackage, ToAssign}},
	{ID: CatalogReader, Name: "Catalog reader", Description: "Catalog reader", Actions: []string{readTask}, may: []Task{ToRead}},
	{ID: OrganizationsAdmin, Name: "Connected Organization Administrator", Description: "Connected Organization Administrator", Tenant: true, Actions: []string{
		"microsoft.entitlementManagement/connectedOrganizations/allTasks"}, may: []Task{toConnect}},
}

// Roles returns all that can be given, by name.
func Roles() []Role { return slices.Clone(roles) }

// RoleByID returns the role with the identifier, and whether there is one.
func RoleByID(id ids.RoleID) (Role, bool) {
	i := slices.IndexFunc(roles, func(r Role) bool { return r.ID == id })
	if i < 0 {
		return Role{}, false
	}
	return roles[i], true
}

// allows reports whether one of the roles lets its holder do the task.
func allows(held []ids.RoleID, t Task) bool {
	return slices.ContainsFunc(held, func(id ids.RoleID) bool {
		r, _ := RoleByID(id)
		return slices.Contains(r.may, t)
	})
}

// A RoleAssignment gives a role to a user, group or service principal: in a
// catalog, or in the tenant where the catalog is empty.
type RoleAssignment struct {
	Tenant    ids.TenantID
	ID        ids.ObjectID
	Role      ids.RoleID
	Principal ids.ObjectID
	Catalog   ids.CatalogID
}

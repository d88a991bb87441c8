package authz

import (
	"slices"

	"entente/internal/kit/ids"
)

// A Role is a built-in directory role. Its identifier is its template's, which
// tokens carry in wids.
type Role struct {
	ID          ids.RoleID
	Name        string
	Description string
}

// The built-in roles that decide something here. All are listed in BuiltIn.
// https://learn.microsoft.com/entra/identity/role-based-access-control/permissions-reference
const (
	GlobalAdministrator                   ids.RoleID = "62e90394-69f5-4237-9190-012177145e10"
	GlobalReader                          ids.RoleID = "f2ef992c-3afb-46b9-b7cf-a126ee74c451"
	PrivilegedRoleAdministrator           ids.RoleID = "e8611ab8-c189-46e8-94e1-60213ab1f814"
	PrivilegedAuthenticationAdministrator ids.RoleID = "7be44c8a-adaf-4e2a-84d6-ab2649e08a13"
	ApplicationAdministrator              ids.RoleID = "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3"
	CloudApplicationAdministrator         ids.RoleID = "158c047a-c907-4556-b7ef-446551a6b5f7"
	ApplicationDeveloper                  ids.RoleID = "cf1c38e5-3621-4004-a7cb-879624dced7c"
	UserAdministrator                     ids.RoleID = "fe930be7-5e62-47db-91af-98c3a49a38b1"
	GroupsAdministrator                   ids.RoleID = "fdd7a751-b60b-444a-984c-02652fe8fa1c"
	GuestInviter                          ids.RoleID = "95e79109-95c0-4d8e-aee3-d01accf2d47b"
	IdentityGovernanceAdministrator       ids.RoleID = "45d8d3c5-c802-45c6-b32a-1d70b5e1e86e"
	SecurityReader                        ids.RoleID = "5d6b6bb7-de71-4623-b4af-96380a352509"
	DirectoryReaders                      ids.RoleID = "88d8e3e3-8f55-4a1e-953a-9b9898b8876b"
	DirectoryWriters                      ids.RoleID = "9360feb5-f418-4baa-8175-e2a00bac4301"
	HelpdeskAdministrator                 ids.RoleID = "729827e3-9c14-49f7-bb1b-9608f156bbb8"
	PasswordAdministrator                 ids.RoleID = "966707d0-3269-4727-9be2-8c3a10f19b9d"
)

// BuiltIn returns all built-in roles, by name.
func BuiltIn() []Role { return slices.Clone(builtIn) }

// RoleByID returns the built-in role with the identifier, and whether there is one.
func RoleByID(id ids.RoleID) (Role, bool) {
	i := slices.IndexFunc(builtIn, func(r Role) bool { return r.ID == id })
	if i < 0 {
		return Role{}, false
	}
	return builtIn[i], true
}

var builtIn = []Role{
	{ApplicationAdministrator, "Application Administrator", "Can create and manage all aspects of app registrations and enterprise apps."},
	{ApplicationDeveloper, "Application Developer", "Can create application registrations independent of the 'Users can register applications' setting."},
	{CloudApplicationAdministrator, "Cloud Application Administrator", "Can create and manage all aspects of app registrations and enterprise apps except App Proxy."},
	{DirectoryReaders, "Directory Readers", "Can read basic directory information. Commonly used to grant directory read access to applications and guests."},
	{DirectoryWriters, "Directory Writers", "Can read and write basic directory information. For granting access to applications, not intended for users."},
	{GlobalAdministrator, "Global Administrator", "Can manage all aspects of Microsoft Entra ID and Microsoft services that use Microsoft Entra identities."},
	{GlobalReader, "Global Reader", "Can read everything that a Global Administrator can, but not update anything."},
	{GroupsAdministrator, "Groups Administrator", "Members of this role can create/manage groups, create/manage groups settings like naming and expiration policies, and view groups activity and audit reports."},
	{GuestInviter, "Guest Inviter", "Can invite guest users independent of the 'members can invite guests' setting."},
	{HelpdeskAdministrator, "Helpdesk Administrator", "Can reset passwords for non-administrators and Helpdesk Administrators."},
	{IdentityGovernanceAdministrator, "Identity Governance Administrator", "Manage access using Microsoft Entra ID for identity governance scenarios."},
	{PasswordAdministrator, "Password Administrator", "Can reset passwords for non-administrators and Password Administrators."},
	{PrivilegedAuthenticationAdministrator, "Privileged Authentication Administrator", "Can access to view, set and reset authentication method information for any user (admin or non-admin)."},
	{PrivilegedRoleAdministrator, "Privileged Role Administrator", "Can manage role assignments in Microsoft Entra ID, and all aspects of Privileged Identity Management."},
	{SecurityReader, "Security Reader", "Can read security information and reports in Microsoft Entra ID and Office 365."},
	{UserAdministrator, "User Administrator", "Can manage all aspects of users and groups, including resetting passwords for limited admins."},
}

// privileged lists the roles whose holders only a Global, Privileged Role or
// Privileged Authentication Administrator may touch: whoever could reset such
// a holder's password would hold the role.
var privileged = []ids.RoleID{
	GlobalAdministrator, PrivilegedRoleAdministrator, PrivilegedAuthenticationAdministrator,
	ApplicationAdministrator, CloudApplicationAdministrator, UserAdministrator, GroupsAdministrator,
	IdentityGovernanceAdministrator, HelpdeskAdministrator, PasswordAdministrator, DirectoryWriters,
}

// AnyPrivileged reports whether one of roles is privileged.
func AnyPrivileged(roles []ids.RoleID) bool {
	return slices.ContainsFunc(roles, func(r ids.RoleID) bool { return slices.Contains(privileged, r) })
}

// Consenting says what a holder of roles may consent to for the organization:
// everything, everything but app roles of Microsoft Graph, or nothing.
// https://learn.microsoft.com/entra/identity/enterprise-apps/grant-admin-consent
func Consenting(roles []ids.RoleID) (anything, butGraphRoles bool) {
	has := func(r ids.RoleID) bool { return slices.Contains(roles, r) }
	anything = has(GlobalAdministrator) || has(PrivilegedRoleAdministrator)
	return anything, anything || has(ApplicationAdministrator) || has(CloudApplicationAdministrator)
}

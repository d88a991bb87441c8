package authz

import (
	"slices"

	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
)

// Rights are what a caller may at one moment, in the tenant as a whole or on
// one object of it.
type Rights struct {
	all     bool // the installation, and a program that a permission has admitted
	guest   bool
	owns    bool
	roles   []Role
	implied []Action // without a role
}

// Allow reports whether the caller may do a.
func (r Rights) Allow(a Action) bool {
	return r.all || r.implies(a) || r.ByRole(a) || r.owns && OwnersMay(a)
}

// ByRole reports whether a directory role lets the caller do a.
func (r Rights) ByRole(a Action) bool {
	return slices.ContainsFunc(r.roles, func(held Role) bool { return held.Allows(a) })
}

// Holds reports whether the caller holds one of roles.
func (r Rights) Holds(roles ...ids.RoleID) bool {
	return slices.ContainsFunc(r.roles, func(held Role) bool { return slices.Contains(roles, held.ID) })
}

// Guest reports whether the caller is a guest whom the tenant does not treat
// as a member.
func (r Rights) Guest() bool { return r.guest }

func (r Rights) implies(a Action) bool {
	return slices.ContainsFunc(r.implied, func(have Action) bool { return have.Covers(a) })
}

// owners are the actions that the owners of an application, a service
// principal or a group may do on it.
// https://learn.microsoft.com/entra/fundamentals/users-default-permissions#object-ownership
var owners = []Action{
	"applications/allProperties/allTasks", "deletedItems.applications/restore",
	"servicePrincipals/allProperties/read", "servicePrincipals/allProperties/update", "servicePrincipals/delete",
	"servicePrincipals/disable", "servicePrincipals/enable",
	"groups/allProperties/allTasks", "groupsAssignableToRoles/allProperties/allTasks", "deletedItems.groups/restore",
}

// OwnersMay reports whether owning an object is enough to do a to it.
func OwnersMay(a Action) bool {
	return slices.ContainsFunc(owners, func(have Action) bool { return have.Covers(a) })
}

// Need refuses whoever may not do all of actions. To ask for none is to have
// forgotten what is needed: it is refused to everybody who needs a right.
func (r Rights) Need(actions ...Action) error {
	if len(actions) == 0 && !r.all {
		return Refuse()
	}
	for _, a := range actions {
		if !r.Allow(a) {
			return RefuseFor(actions...)
		}
	}
	return nil
}

// RefuseFor is Refuse, and names the least role that would have sufficed.
func RefuseFor(actions ...Action) *fault.Error {
	return Refuse().With("leastRole", LeastRole(actions...))
}

// Settings are what a tenant lets people do without a role.
type Settings struct {
	CreateApplications   bool
	CreateSecurityGroups bool
	ReadOthers           bool
	Invite               string     // allowInvitesFrom
	Guests               ids.RoleID // guestUserRoleId: what guests are like
}

// Usual are the settings of a tenant that has changed none.
func Usual() Settings {
	return Settings{CreateApplications: true, CreateSecurityGroups: true, ReadOthers: true, Invite: "everyone", Guests: GuestUser}
}

// implied returns what a person of the type may without a role, and whether
// they are treated as a guest.
func (s Settings) implied(userType string) (guest bool, may []Action) {
	like := MemberUser
	if userType == "Guest" {
		like = s.Guests
	}
	guest = like != MemberUser
	role, _ := RoleByID(like)
	may = slices.Clone(role.Actions)
	if s.Invite == "everyone" || s.Invite == "adminsGuestInvitersAndAllMembers" && userType != "Guest" {
		may = append(may, "users/inviteGuest")
	}
	if guest {
		return true, may
	}
	if role.Readers {
		readers, _ := RoleByID(DirectoryReaders)
		may = append(may, readers.Actions...)
	}
	if !s.ReadOthers {
		may = slices.DeleteFunc(may, func(a Action) bool { return Action("users/allProperties/read").Covers(a) })
	}
	may = append(may, "groups.unified/createAsOwner")
	if s.CreateSecurityGroups {
		may = append(may, "groups.security/createAsOwner")
	}
	if s.CreateApplications {
		may = append(may, "applications/createAsOwner", "servicePrincipals/createAsOwner")
	}
	return false, may
}

// Actions by which a caller grants permissions of applications to everybody.
const (
	GrantAnything   Action = "servicePrincipals/managePermissionGrantsForAll.microsoft-company-admin"
	GrantMostThings Action = "servicePrincipals/managePermissionGrantsForAll.microsoft-application-admin" // all but app roles of Microsoft Graph
)

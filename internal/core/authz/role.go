package authz

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"sync"

	"entente/internal/kit/ids"
)

// A Role is a directory role. A built-in role's identifier is its template's,
// which tokens carry in wids.
type Role struct {
	ID          ids.RoleID
	Name        string
	Description string
	Privileged  bool     // Microsoft marks it so: who holds it could come to hold more
	Implicit    bool     // held by everybody of a kind, and never assigned
	Readers     bool     // it inherits Directory Readers
	Actions     []Action // what it allows itself
}

// The built-in roles of which the code speaks by name. All are in roles.txt.
const (
	GlobalAdministrator                   ids.RoleID = "62e90394-69f5-4237-9190-012177145e10"
	GlobalReader                          ids.RoleID = "f2ef992c-3afb-46b9-b7cf-a126ee74c451"
	PrivilegedRoleAdministrator           ids.RoleID = "e8611ab8-c189-46e8-94e1-60213ab1f814"
	PrivilegedAuthenticationAdministrator ids.RoleID = "7be44c8a-adaf-4e2a-84d6-ab2649e08a13"
	AuthenticationAdministrator           ids.RoleID = "c4e39bd9-1100-46d3-8c65-fb160da0071f"
	ApplicationAdministrator              ids.RoleID = "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3"
	CloudApplicationAdministrator         ids.RoleID = "158c047a-c907-4556-b7ef-446551a6b5f7"
	ApplicationDeveloper                  ids.RoleID = "cf1c38e5-3621-4004-a7cb-879624dced7c"
	UserAdministrator                     ids.RoleID = "fe930be7-5e62-47db-91af-98c3a49a38b1"
	GroupsAdministrator                   ids.RoleID = "fdd7a751-b60b-444a-984c-02652fe8fa1c"
	SharePointAdministrator               ids.RoleID = "f28a1f50-f6e7-4571-818b-6a12f2af6b6c"
	GuestInviter                          ids.RoleID = "95e79109-95c0-4d8e-aee3-d01accf2d47b"
	IdentityGovernanceAdministrator       ids.RoleID = "45d8d3c5-c802-45c6-b32a-1d70b5e1e86e"
	SecurityReader                        ids.RoleID = "5d6b6bb7-de71-4623-b4af-96380a352509"
	ReportsReader                         ids.RoleID = "4a5d8f65-41da-4de4-8968-e035b65339cf"
	DirectoryReaders                      ids.RoleID = "88d8e3e3-8f55-4a1e-953a-9b9898b8876b"
	DirectoryWriters                      ids.RoleID = "9360feb5-f418-4baa-8175-e2a00bac4301"
	HelpdeskAdministrator                 ids.RoleID = "729827e3-9c14-49f7-bb1b-9608f156bbb8"
	PasswordAdministrator                 ids.RoleID = "966707d0-3269-4727-9be2-8c3a10f19b9d"
	DomainNameAdministrator               ids.RoleID = "8329153b-31d0-4727-b945-745eb3bc5f31"

	// The implicit ones.
	MemberUser      ids.RoleID = "a0b1b346-4d3e-4e8b-98f8-753987be4970"
	GuestUser       ids.RoleID = "10dae51f-b6af-4016-8d66-8c2a99b929b3"
	RestrictedGuest ids.RoleID = "2af84b1e-32c8-42b7-82bc-daa82404023b"
)

//go:embed roles.txt
var rolesText string

// roles are all built-in roles, by name.
var roles = parseRoles(rolesText)

// BuiltIn returns the built-in roles that can be given to somebody, by name.
func BuiltIn() []Role {
	return slices.DeleteFunc(Roles(), func(r Role) bool { return r.Implicit })
}

// Roles returns all built-in roles, the implicit ones too, by name.
func Roles() []Role { return slices.Clone(roles) }

// RoleByID returns the built-in role with the identifier, and whether there is one.
func RoleByID(id ids.RoleID) (Role, bool) {
	i := slices.IndexFunc(roles, func(r Role) bool { return r.ID == id })
	if i < 0 {
		return Role{}, false
	}
	return roles[i], true
}

// Allows reports whether a holder of the role may do a.
func (r Role) Allows(a Action) bool {
	if slices.ContainsFunc(r.Actions, func(have Action) bool { return have.Covers(a) }) {
		return true
	}
	if !r.Readers {
		return false
	}
	readers, _ := RoleByID(DirectoryReaders)
	return readers.Allows(a)
}

// LeastRole returns the name of the role with the fewest rights that allows
// all of actions, or "" if none does. Roles that Microsoft does not mark as
// privileged go first.
func LeastRole(actions ...Action) string {
	key := leastKey(actions)
	if name, ok := least.Load(key); ok {
		return name.(string)
	}
	name := leastRole(actions)
	least.Store(key, name)
	return name
}

// least has what was found for actions, which are constants of the program: whoever
// only wants to know whether somebody may is refused often, and drops the reason.
var least sync.Map

func leastKey(actions []Action) string {
	if len(actions) == 1 {
		return string(actions[0])
	}
	all := make([]string, len(actions))
	for i, a := range actions {
		all[i] = string(a)
	}
	return strings.Join(all, " ")
}

func leastRole(actions []Action) string {
	least := -1
	for i, r := range roles {
		if r.Implicit || slices.ContainsFunc(actions, func(a Action) bool { return !r.Allows(a) }) {
			continue
		}
		if least < 0 || r.weight() < roles[least].weight() {
			least = i
		}
	}
	if least < 0 {
		return ""
	}
	return roles[least].Name
}

func (r Role) weight() int {
	n := len(r.Actions)
	switch {
	case r.ID == GlobalAdministrator:
		n += 1 << 20
	case r.Privileged:
		n += 1 << 10
	}
	return n
}

// parseRoles reads roles.txt. A mistake in it is one in the program.
func parseRoles(text string) []Role {
	var list []Role
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		word, rest, _ := strings.Cut(line, " ")
		if word == "role" {
			id, name, _ := strings.Cut(rest, " ")
			list = append(list, Role{ID: ids.RoleID(id), Name: name})
			continue
		}
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		r := &list[len(list)-1]
		switch word {
		case "says":
			r.Description = rest
		case "privileged":
			r.Privileged = true
		case "readers":
			r.Readers = true
		case "implicit":
			r.Implicit = true
		default:
			for _, one := range strings.Fields(line) {
				r.Actions = append(r.Actions, spread(one)...)
			}
		}
	}
	slices.SortFunc(list, func(a, b Role) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// spread returns the actions that one with alternatives in braces stands for.
func spread(one string) []Action {
	head, rest, found := strings.Cut(one, "{")
	if !found {
		return []Action{Action(one)}
	}
	inner, tail, closed := strings.Cut(rest, "}")
	if !closed {
		panic(fmt.Sprintf("roles.txt: %q has no closing brace", one))
	}
	var list []Action
	for _, alternative := range strings.Split(inner, ",") {
		list = append(list, spread(head+alternative+tail)...)
	}
	return list
}

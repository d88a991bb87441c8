package managedidentity

import (
	"slices"
	"strings"
	"time"

	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
)

// A DefinitionID names a built-in role of Azure.
type DefinitionID string

// The built-in roles that are known here.
// https://learn.microsoft.com/azure/role-based-access-control/built-in-roles
const (
	Owner               DefinitionID = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
	Contributor         DefinitionID = "b24988ac-6180-42a0-ab88-20f7382dd24c"
	Reader              DefinitionID = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
	IdentityContributor DefinitionID = "e40ec5ca-96e0-45a2-b4ff-59039f2c2b59"
	IdentityOperator    DefinitionID = "f1a07417-d97a-45cb-824c-7a7467783830"
)

// An Action is something that a role may allow.
type Action string

// The actions, in Azure's words where it has one for all that is meant.
const (
	Read           Action = "*/read"
	Write          Action = "*/write"
	ReadIdentity   Action = TypeIdentity + "/read"
	WriteIdentity  Action = TypeIdentity + "/write"
	AssignIdentity Action = TypeIdentity + "/assign/action"
	Grant          Action = "Microsoft.Authorization/roleAssignments/write"
)

// A Definition is a built-in role.
type Definition struct {
	ID          DefinitionID
	Name        string
	Description string
	Allows      []Action
}

// Definitions lists the built-in roles. Whoever may read or write anything may
// do so to identities.
func Definitions() []Definition { return slices.Clone(definitions) }

var definitions = []Definition{
	{Owner, "Owner", "Grants full access to manage all resources, including the ability to assign roles in Azure RBAC.",
		[]Action{Read, Write, ReadIdentity, WriteIdentity, AssignIdentity, Grant}},
	{Contributor, "Contributor", "Grants full access to manage all resources, but does not allow you to assign roles in Azure RBAC.",
		[]Action{Read, Write, ReadIdentity, WriteIdentity, AssignIdentity}},
	{Reader, "Reader", "View all resources, but does not allow you to make any changes.",
		[]Action{Read, ReadIdentity}},
	{IdentityContributor, "Managed Identity Contributor", "Create, Read, Update, and Delete User Assigned Identity",
		[]Action{ReadIdentity, WriteIdentity}},
	{IdentityOperator, "Managed Identity Operator", "Read and Assign User Assigned Identity",
		[]Action{ReadIdentity, AssignIdentity}},
}

// DefinitionOf returns the built-in role of that identifier, which may be the
// last segment of a longer one, and whether there is one.
func DefinitionOf(id string) (Definition, bool) {
	id = strings.ToLower(id[strings.LastIndexByte(id, '/')+1:])
	i := slices.IndexFunc(definitions, func(d Definition) bool { return string(d.ID) == id })
	if i < 0 {
		return Definition{}, false
	}
	return definitions[i], true
}

// A Role is a built-in role given to a principal at a scope.
type Role struct {
	ID            string // a GUID that its maker chose
	Subscription  SubscriptionID
	Scope         string // a resource identifier in lower case; the role counts there and below
	Shown         string // the scope as it was given: clients compare it with their own spelling
	Principal     ids.ObjectID
	PrincipalType string // User or ServicePrincipal
	Definition    DefinitionID
	CreatedAt     time.Time
	CreatedBy     ids.ObjectID
}

// NewRole returns a role assignment, or an Invalid fault.
func NewRole(name, scope string, principal ids.ObjectID, principalType, definition string, now time.Time) (*Role, error) {
	id, err := ids.Parse[ids.ObjectID](name)
	if err != nil {
		return nil, fault.InvalidAt("name", "The role assignment ID '%.64s' is not valid. The role assignment ID must be a GUID.", name)
	}
	shown := strings.TrimSuffix(scope, "/")
	scope, sub, err := ParseScope(scope)
	if err != nil {
		return nil, err
	}
	if principal, err = ids.Parse[ids.ObjectID](string(principal)); err != nil {
		return nil, fault.InvalidAt("principalId", "The principal ID '%.64s' is not valid. Principal ID must be a GUID.", principal)
	}
	d, ok := DefinitionOf(definition)
	if !ok {
		return nil, fault.InvalidAt("roleDefinitionId", "The specified role definition with ID '%.64s' does not exist.", definition)
	}
	if principalType == "" {
		principalType = "ServicePrincipal"
	}
	if !slices.Contains([]string{"User", "ServicePrincipal"}, principalType) {
		return nil, fault.InvalidAt("principalType", "The principal type is User or ServicePrincipal.")
	}
	return &Role{
		ID: string(id), Subscription: sub, Scope: scope, Shown: shown,
		Principal: principal, PrincipalType: principalType, Definition: d.ID, CreatedAt: now,
	}, nil
}

// ParseScope returns a scope as it is stored, and its subscription: a
// subscription, a resource group in it, or a resource of a kind kept here.
func ParseScope(s string) (string, SubscriptionID, error) {
	bad := fault.InvalidAt("scope", "The scope '%.300s' is not valid.", s)
	p := strings.Split(strings.TrimSuffix(s, "/"), "/")
	if len(p) < 3 || p[0] != "" || !strings.EqualFold(p[1], "subscriptions") || !ids.Valid(p[2]) {
		return "", "", bad
	}
	switch {
	case len(p) == 3:
	case len(p) == 5 && strings.EqualFold(p[3], "resourceGroups") && groupName.MatchString(p[4]):
	case len(p) == 9:
		if _, err := ParseResource(strings.Join(p, "/")); err != nil {
			return "", "", bad
		}
	default:
		return "", "", bad
	}
	return strings.ToLower(strings.Join(p, "/")), SubscriptionID(strings.ToLower(p[2])), nil
}

// allows reports whether the roles allow action at scope, which is in lower case.
func allows(roles []Role, scope string, action Action) bool {
	return slices.ContainsFunc(roles, func(r Role) bool {
		d, _ := DefinitionOf(string(r.Definition))
		return covers(r.Scope, scope) && slices.Contains(d.Allows, action)
	})
}

// covers reports whether scope is at or below given, by whole segments.
func covers(given, scope string) bool {
	return scope == given || strings.HasPrefix(scope, given+"/")
}

package directory

import (
	"context"
	"encoding/json"

	"entente/internal/core/authz"
	"entente/internal/core/directory"
	"entente/internal/core/object"
	"entente/internal/edge/graph/edm"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// What it takes to read definitions and assignments: what it takes to read
// roles, and RoleManagement.Read.All, which programs on their own use for
// definitions alone.
var (
	readDefinitions = edm.Alike(readRoles.App.And(edm.Any("RoleManagement.Read.All")...)).Needing("roleDefinitions/standard/read")
	readAssignments = edm.Access{
		App: readRoles.App, Delegated: readDefinitions.Delegated, Needs: []authz.Action{"roleAssignments/standard/read"},
	}
)

// roleManagement is the singleton /roleManagement, with the directory and what is
// governed beside it.
// https://learn.microsoft.com/graph/api/resources/rolemanagement?view=graph-rest-1.0
func (s Services) roleManagement(governed *edm.Set) *edm.Set {
	return &edm.Set{
		Path: edm.Both("roleManagement"), Type: edm.Of("roleManagement"), Single: true,
		Doc: "https://learn.microsoft.com/graph/api/resources/rolemanagement?view=graph-rest-1.0",
		Parts: []*edm.Set{{
			Path: edm.Both("directory"), Type: edm.Of("rbacApplication"), Single: true,
			Doc:   "https://learn.microsoft.com/graph/api/resources/rbacapplication?view=graph-rest-1.0",
			Parts: []*edm.Set{s.roleDefinitions(), s.roleAssignments()},
		}, governed},
	}
}

// rbacTypes are the entity types of role management.
func rbacTypes() []edm.Entity {
	text, flag := edm.String, edm.Boolean
	return []edm.Entity{
		{Name: "roleManagement", Base: "entity"},
		{Name: "rbacApplication", Base: "entity"},
		{Name: "unifiedRoleDefinition", Base: "entity", Props: []edm.Prop{
			{Name: "description", Type: text},
			{Name: "displayName", Type: text, Filter: "eq in"},
			{Name: "isBuiltIn", Type: flag, Filter: "eq in"},
			{Name: "isEnabled", Type: flag},
			{Name: "isPrivileged", Only: "beta", Type: flag, Filter: "eq"},
			{Name: "resourceScopes", Type: edm.Many(text), NotNull: true},
			{Name: "rolePermissions", Type: edm.Many(edm.Of("unifiedRolePermission")), NotNull: true},
			{Name: "templateId", Type: text, Filter: "eq in"},
			{Name: "version", Type: text},
		}},
		{Name: "unifiedRoleAssignment", Base: "entity", Props: []edm.Prop{
			{Name: "id", Type: text, NotNull: true, Filter: "eq in"},
			{Name: "appScopeId", Type: text, Filter: "eq in", Write: edm.C},
			{Name: "condition", Type: text},
			{Name: "directoryScopeId", Type: text, Filter: "eq in", Write: edm.C},
			{Name: "principalId", Type: text, Filter: "eq in", Write: edm.C, Required: true},
			{Name: "principalOrganizationId", Type: text},
			{Name: "roleDefinitionId", Type: text, Filter: "eq in", Write: edm.C, Required: true},
		}},
	}
}

func rolePermission() edm.Complex {
	return edm.Complex{Name: "unifiedRolePermission", Props: []edm.Prop{
		{Name: "allowedResourceActions", Type: edm.Many(edm.String), NotNull: true},
		{Name: "condition", Type: edm.String},
		{Name: "excludedResourceActions", Type: edm.Many(edm.String), NotNull: true},
	}}
}

// roleDefinitions is the entity set …/roleDefinitions: the built-in roles with
// what they allow.
// https://learn.microsoft.com/graph/api/resources/unifiedroledefinition?view=graph-rest-1.0
func (s Services) roleDefinitions() *edm.Set {
	return &edm.Set{
		Path: edm.Both("roleDefinitions"), Type: edm.Of("unifiedRoleDefinition"), Unpaged: true,
		Doc:  "https://learn.microsoft.com/graph/api/resources/unifiedroledefinition?view=graph-rest-1.0",
		List: edm.List{May: readDefinitions, Do: func(context.Context, *edm.Request) (edm.Page, error) { return builtIn(definitionItem) }},
		Get: edm.Get{May: readDefinitions, Do: func(_ context.Context, r *edm.Request) (edm.Item, error) {
			return definition(r.ID)
		}},
		Parts: []*edm.Set{inheritedDefinitions()},
	}
}

// inheritedDefinitions is the part inheritsPermissionsFrom: Directory Readers,
// for those roles that may read what its holders may.
func inheritedDefinitions() *edm.Set {
	return &edm.Set{
		Path: edm.Both("inheritsPermissionsFrom"), Type: edm.Of("unifiedRoleDefinition"), Unpaged: true,
		List: edm.List{May: readDefinitions, Do: func(_ context.Context, r *edm.Request) (page edm.Page, err error) {
			role, err := roleNamed(r.Parent())
			if err != nil || !role.Readers {
				return page, err
			}
			it, err := definition(string(authz.DirectoryReaders))
			page.Items = []edm.Item{it}
			return page, err
		}},
	}
}

// A roleDefinition is how a built-in role looks as a definition.
type roleDefinition struct {
	ID          ids.RoleID       `json:"id"`
	Description string           `json:"description"`
	DisplayName string           `json:"displayName"`
	BuiltIn     bool             `json:"isBuiltIn"`
	Enabled     bool             `json:"isEnabled"`
	Scopes      []string         `json:"resourceScopes"`
	Permissions []permissionOfIt `json:"rolePermissions"`
	Template    ids.RoleID       `json:"templateId"`
	Version     string           `json:"version"`
}

type permissionOfIt struct {
	Allowed   []string `json:"allowedResourceActions"`
	Condition *string  `json:"condition"`
	Excluded  []string `json:"excludedResourceActions"`
}

func definition(id string) (edm.Item, error) {
	role, err := roleNamed(id)
	if err != nil {
		return edm.Item{}, err
	}
	return definitionItem(role)
}

func definitionItem(role authz.Role) (edm.Item, error) {
	p := permissionOfIt{Allowed: make([]string, len(role.Actions)), Excluded: []string{}}
	for i, a := range role.Actions {
		p.Allowed[i] = a.String()
	}
	it, err := item(string(role.ID), roleDefinition{
		ID: role.ID, Description: role.Description, DisplayName: role.Name, BuiltIn: true, Enabled: true,
		Scopes: []string{"/"}, Permissions: []permissionOfIt{p}, Template: role.ID, Version: "1",
	})
	if err != nil {
		return it, err
	}
	it.Rest, err = json.Marshal(map[string]bool{"isPrivileged": role.Privileged})
	return it, err
}

// roleAssignments is the entity set …/roleAssignments: who has which role, in
// the whole tenant or on one object.
// https://learn.microsoft.com/graph/api/resources/unifiedroleassignment?view=graph-rest-1.0
func (s Services) roleAssignments() *edm.Set {
	return &edm.Set{
		Path: edm.Both("roleAssignments"), Type: edm.Of("unifiedRoleAssignment"), FreeKeys: true,
		Doc:    "https://learn.microsoft.com/graph/api/resources/unifiedroleassignment?view=graph-rest-1.0",
		List:   edm.List{May: readAssignments, Do: s.listRoleAssignments},
		Get:    edm.Get{May: readAssignments, Do: s.getRoleAssignment},
		Create: edm.Create{May: giveRoles, Do: s.assignRole},
		Delete: edm.Change{May: takeRoles, Do: func(ctx context.Context, r *edm.Request) error {
			return s.Users.UnassignRole(ctx, r.Who, r.ID)
		}},
		Parts: []*edm.Set{
			s.ofAssignment("principal", func(a directory.RoleAssignment) ids.ObjectID { return a.Principal }),
			s.ofAssignment("directoryScope", directory.RoleAssignment.On),
			s.definitionOfAssignment(),
		},
	}
}

func assignmentItem(a directory.RoleAssignment) (edm.Item, error) { return item(a.ID, a) }

func (s Services) listRoleAssignments(ctx context.Context, r *edm.Request) (edm.Page, error) {
	return view(ctx, s.DB, func(tx *sqldb.Tx) (page edm.Page, err error) {
		if r.Count {
			if page.Total, err = directory.CountRoleAssignments(ctx, tx, r.Who.Tenant, r.Query.Filter); err != nil || r.Only {
				return page, err
			}
		}
		list, err := directory.ListRoleAssignments(ctx, tx, r.Who.Tenant, r.Query)
		if err != nil {
			return page, err
		}
		page.Next = list.Next
		for _, a := range list.Items {
			it, err := assignmentItem(a)
			if err != nil {
				return page, err
			}
			page.Items = append(page.Items, it)
		}
		return page, nil
	})
}

func (s Services) getRoleAssignment(ctx context.Context, r *edm.Request) (edm.Item, error) {
	return view(ctx, s.DB, func(tx *sqldb.Tx) (edm.Item, error) {
		a, err := directory.GetRoleAssignment(ctx, tx, r.Who.Tenant, r.ID)
		if err != nil {
			return edm.Item{}, err
		}
		return assignmentItem(a)
	})
}

func (s Services) assignRole(ctx context.Context, r *edm.Request) (edm.Item, error) {
	var ask struct {
		Principal string  `json:"principalId"`
		Role      string  `json:"roleDefinitionId"`
		Scope     *string `json:"directoryScopeId"`
		AppScope  *string `json:"appScopeId"`
	}
	if err := json.Unmarshal(r.Body, &ask); err != nil {
		return edm.Item{}, err
	}
	if ask.Scope == nil || ask.AppScope != nil {
		return edm.Item{}, fault.InvalidAt("directoryScopeId", "A directory role is given with a directoryScopeId, and without an appScopeId.")
	}
	principal, err := ids.Parse[ids.ObjectID](ask.Principal)
	if err != nil {
		return edm.Item{}, err
	}
	role, err := ids.Parse[ids.RoleID](ask.Role)
	if err != nil {
		return edm.Item{}, err
	}
	a, err := s.Users.AssignRole(ctx, r.Who, principal, role, *ask.Scope)
	if err != nil {
		return edm.Item{}, err
	}
	return assignmentItem(a)
}

// ofAssignment is a part that shows an object that an assignment names.
func (s Services) ofAssignment(name string, of func(directory.RoleAssignment) ids.ObjectID) *edm.Set {
	return &edm.Set{
		Path: edm.Both(name), Type: edm.Of("directoryObject"), Of: ofAnything, Single: true,
		Get: edm.Get{May: readAssignments, Do: func(ctx context.Context, r *edm.Request) (edm.Item, error) {
			return view(ctx, s.DB, func(tx *sqldb.Tx) (edm.Item, error) {
				a, err := directory.GetRoleAssignment(ctx, tx, r.Who.Tenant, r.Parent())
				if err != nil {
					return edm.Item{}, err
				}
				o, err := object.Get(ctx, tx, r.Who.Tenant, of(a))
				if err != nil {
					return edm.Item{}, err
				}
				list, err := Items(ctx, tx, r, []object.Object{o})
				if err != nil {
					return edm.Item{}, err
				}
				return list[0], nil
			})
		}},
	}
}

func (s Services) definitionOfAssignment() *edm.Set {
	return &edm.Set{
		Path: edm.Both("roleDefinition"), Type: edm.Of("unifiedRoleDefinition"), Single: true,
		Get: edm.Get{May: readAssignments, Do: func(ctx context.Context, r *edm.Request) (edm.Item, error) {
			return view(ctx, s.DB, func(tx *sqldb.Tx) (edm.Item, error) {
				a, err := directory.GetRoleAssignment(ctx, tx, r.Who.Tenant, r.Parent())
				if err != nil {
					return edm.Item{}, err
				}
				return definition(string(a.Role))
			})
		}},
	}
}

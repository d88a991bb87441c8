package governance

import (
	"context"
	"slices"
	"strings"

	"entente/internal/core/object"
	"entente/internal/edge/graph/edm"
	"entente/internal/flow/offer"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// RoleManagement is the part entitlementManagement of /roleManagement: who
// administers catalogs.
// https://learn.microsoft.com/graph/api/resources/rbacapplication?view=graph-rest-1.0
func (s Services) RoleManagement() *edm.Set {
	return &edm.Set{
		Path: edm.Both("entitlementManagement"), Type: edm.Of("rbacApplication"), Single: true,
		Doc:   "https://learn.microsoft.com/graph/api/resources/rbacapplication?view=graph-rest-1.0",
		Parts: []*edm.Set{s.roleDefinitions(), s.roleAssignments()},
	}
}

func (s Services) roleDefinitions() *edm.Set {
	list := func(context.Context, *edm.Request) (edm.Page, error) {
		return whole(offer.Roles(), nil, definitionItem)
	}
	return &edm.Set{
		Path: edm.Both("roleDefinitions"), Type: edm.Of("unifiedRoleDefinition"), Unpaged: true,
		Doc:  "https://learn.microsoft.com/graph/api/resources/unifiedroledefinition?view=graph-rest-1.0",
		List: edm.List{May: read, Do: s.seen(list)},
		Get:  edm.Get{May: read, Do: edm.OneOf(s.seen(list))},
	}
}

// seen has a list refused to whoever administers nothing.
func (s Services) seen(list func(context.Context, *edm.Request) (edm.Page, error)) func(context.Context, *edm.Request) (edm.Page, error) {
	return func(ctx context.Context, r *edm.Request) (edm.Page, error) {
		if _, err := s.Entitlement.Settings(ctx, r.Who); err != nil {
			return edm.Page{}, err
		}
		return list(ctx, r)
	}
}

type permission struct {
	Allowed   []string `json:"allowedResourceActions"`
	Condition *string  `json:"condition"`
	Excluded  []string `json:"excludedResourceActions"`
}

func definitionItem(r offer.Role) (edm.Item, error) {
	return item(string(r.ID), struct {
		ID          ids.RoleID   `json:"id"`
		Description string       `json:"description"`
		DisplayName string       `json:"displayName"`
		BuiltIn     bool         `json:"isBuiltIn"`
		Enabled     bool         `json:"isEnabled"`
		Scopes      []string     `json:"resourceScopes"`
		Permissions []permission `json:"rolePermissions"`
		Template    ids.RoleID   `json:"templateId"`
		Version     string       `json:"version"`
	}{r.ID, r.Description, r.Name, true, true, []string{"/"}, []permission{{Allowed: slices.Clone(r.Actions), Excluded: []string{}}}, r.ID, "1.0"},
		map[string]bool{"isPrivileged": false})
}

const catalogScope = "/AccessPackageCatalog/"

func (s Services) roleAssignments() *edm.Set {
	return &edm.Set{
		Path: edm.Both("roleAssignments"), Type: edm.Of("unifiedRoleAssignment"), Raw: true,
		Doc: "https://learn.microsoft.com/graph/api/resources/unifiedroleassignment?view=graph-rest-1.0",
		List: edm.List{May: read, Do: func(ctx context.Context, r *edm.Request) (edm.Page, error) {
			l, err := s.Entitlement.RoleAssignments(ctx, r.Who, asked(r))
			return paged(l, err, assignmentItem)
		}},
		Get: edm.Get{May: read, Do: func(ctx context.Context, r *edm.Request) (edm.Item, error) {
			a, err := s.Entitlement.RoleAssignment(ctx, r.Who, ids.ObjectID(r.ID))
			return rendered(a, err, assignmentItem)
		}},
		Create: edm.Create{May: write, Do: func(ctx context.Context, r *edm.Request) (edm.Item, error) {
			b := readBody(r.Body)
			a := offer.RoleAssignment{Role: ids.RoleID(b.id("roleDefinitionId")), Principal: ids.ObjectID(b.id("principalId"))}
			scope := b.word("appScopeId")
			id, found := strings.CutPrefix(strings.ToLower(scope), strings.ToLower(catalogScope))
			switch {
			case found && ids.Valid(id):
				a.Catalog = ids.CatalogID(id)
			case scope != "/" && scope != "":
				b.fail("appScopeId", "The scope is / or %s{id}.", catalogScope)
			}
			if directory := b.word("directoryScopeId"); directory != "" && directory != "/" {
				b.fail("directoryScopeId", "A role of entitlement management is given in an appScopeId; the directoryScopeId is /.")
			}
			if a.Principal == "" {
				b.fail("principalId", "A principal is needed.")
			}
			b.pass("id", "principal", "roleDefinition", "appScope", "directoryScope", "condition", "principalOrganizationId")
			if err := b.end(); err != nil {
				return edm.Item{}, err
			}
			made, err := s.Entitlement.AssignRole(ctx, r.Who, a)
			return rendered(made, err, assignmentItem)
		}},
		Delete: edm.Change{May: write, Do: func(ctx context.Context, r *edm.Request) error {
			return s.Entitlement.UnassignRole(ctx, r.Who, ids.ObjectID(r.ID))
		}},
		Parts: []*edm.Set{s.principalOf(), s.definitionOf()},
	}
}

func assignmentItem(a offer.RoleAssignment) (edm.Item, error) {
	scope := "/"
	if a.Catalog != "" {
		scope = catalogScope + string(a.Catalog)
	}
	return item(string(a.ID), struct {
		ID           ids.ObjectID `json:"id"`
		AppScope     string       `json:"appScopeId"`
		Condition    *string      `json:"condition"`
		Scope        string       `json:"directoryScopeId"`
		Principal    ids.ObjectID `json:"principalId"`
		Organization ids.TenantID `json:"principalOrganizationId"`
		Role         ids.RoleID   `json:"roleDefinitionId"`
	}{a.ID, scope, nil, "/", a.Principal, a.Tenant, a.Role}, nil)
}

// principalOf is the part principal of an assignment.
func (s Services) principalOf() *edm.Set {
	return &edm.Set{
		Path: edm.Both("principal"), Type: edm.Of("directoryObject"), Of: []edm.Type{edm.Of("user"), edm.Of("group"), edm.Of("servicePrincipal")}, Single: true,
		Get: edm.Get{May: read, Do: func(ctx context.Context, r *edm.Request) (it edm.Item, err error) {
			a, err := s.Entitlement.RoleAssignment(ctx, r.Who, ids.ObjectID(r.Parent()))
			if err != nil {
				return it, err
			}
			err = s.DB.View(ctx, func(tx *sqldb.Tx) error {
				o, err := object.Get(ctx, tx, r.Who.Tenant, a.Principal)
				if err != nil {
					return err
				}
				list, err := s.Show(ctx, tx, r, []object.Object{o})
				if err == nil {
					it = list[0]
				}
				return err
			})
			return it, err
		}},
	}
}

func (s Services) definitionOf() *edm.Set {
	return &edm.Set{
		Path: edm.Both("roleDefinition"), Type: edm.Of("unifiedRoleDefinition"), Single: true,
		Get: edm.Get{May: read, Do: func(ctx context.Context, r *edm.Request) (edm.Item, error) {
			a, err := s.Entitlement.RoleAssignment(ctx, r.Who, ids.ObjectID(r.Parent()))
			if err != nil {
				return edm.Item{}, err
			}
			role, _ := offer.RoleByID(a.Role)
			return definitionItem(role)
		}},
	}
}

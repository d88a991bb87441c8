package directory

import (
	"context"
	"encoding/json"

	"entente/internal/core/authz"
	"entente/internal/core/directory"
	"entente/internal/core/object"
	"entente/internal/edge/graph/edm"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// What it takes to see directory roles and who has them, and to give them.
// Giving one is to give everything that it allows: one permission does it, and
// of a person's roles those alone that manage roles.
var (
	readRoles = edm.Alike(edm.Any("RoleManagement.Read.Directory", "RoleManagement.ReadWrite.Directory",
		"Directory.Read.All", "Directory.ReadWrite.All")).Needing("directoryRoles/standard/read")
	readHolders   = readRoles.Needing("directoryRoles/members/read")
	readTemplates = readRoles.Needing("directoryRoleTemplates/standard/read")
	writeRoles    = edm.Alike(edm.Any(directory.RoleManagement))
	giveRoles     = writeRoles.Needing("roleAssignments/create")
	takeRoles     = writeRoles.Needing("roleAssignments/delete")
)

// directoryRoles is the entity set /directoryRoles: the built-in roles that are
// active in the tenant, because somebody was given them or a client asked.
// https://learn.microsoft.com/graph/api/resources/directoryrole?view=graph-rest-1.0
func (s Services) directoryRoles() *edm.Set {
	return &edm.Set{
		Path: edm.Both("directoryRoles"), Type: edm.Of("directoryRole"), Unpaged: true,
		Doc:    "https://learn.microsoft.com/graph/api/resources/directoryrole?view=graph-rest-1.0",
		Keys:   []edm.Key{{Name: "roleTemplateId", Find: s.roleByTemplate}},
		List:   edm.List{May: readRoles, Do: s.listRoles},
		Get:    edm.Get{May: readRoles, Do: s.getRole},
		Create: edm.Create{May: writeRoles.Needing("directoryRoles/create"), Do: s.activateRole},
		Parts:  []*edm.Set{s.roleMembers()},
	}
}

// roleTypes are the entity types of roles and of what they are made from.
func roleTypes() []edm.Entity {
	text := edm.String
	return []edm.Entity{
		{Name: "directoryRole", Base: "directoryObject", Props: []edm.Prop{
			{Name: "description", Type: text, Filter: "eq", Search: edm.ByWords},
			{Name: "displayName", Type: text, Filter: "eq", Search: edm.ByWords},
			{Name: "roleTemplateId", Type: text, Filter: "eq", Write: edm.C, Required: true},
		}},
		{Name: "directoryRoleTemplate", Base: "directoryObject", Props: []edm.Prop{
			{Name: "description", Type: text},
			{Name: "displayName", Type: text},
		}},
	}
}

func roleItem(r directory.Role) (edm.Item, error) {
	it, err := item(string(r.ID), r)
	it.Type = edm.Of(string(object.DirectoryRole))
	return it, err
}

func (s Services) listRoles(ctx context.Context, r *edm.Request) (edm.Page, error) {
	return view(ctx, s.DB, func(tx *sqldb.Tx) (page edm.Page, err error) {
		page.Items, err = roleItems(ctx, tx, r.Who.Tenant)
		return page, err
	})
}

// roleItems renders all roles that are active in the tenant.
func roleItems(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID) ([]edm.Item, error) {
	list, err := directory.ListRoles(ctx, tx, tenant)
	out := make([]edm.Item, len(list))
	for i, role := range list {
		if err != nil {
			break
		}
		out[i], err = roleItem(role)
	}
	return out, err
}

func (s Services) getRole(ctx context.Context, r *edm.Request) (edm.Item, error) {
	return view(ctx, s.DB, func(tx *sqldb.Tx) (edm.Item, error) {
		role, err := directory.GetRole(ctx, tx, r.Who.Tenant, ids.ObjectID(r.ID))
		if err != nil {
			return edm.Item{}, err
		}
		return roleItem(role)
	})
}

func (s Services) roleByTemplate(ctx context.Context, r *edm.Request, template string) (string, error) {
	return view(ctx, s.DB, func(tx *sqldb.Tx) (string, error) {
		id, err := ids.Parse[ids.RoleID](template)
		if err != nil {
			return "", object.Missing(template)
		}
		role, err := directory.RoleByTemplate(ctx, tx, r.Who.Tenant, id)
		return string(role.ID), err
	})
}

func (s Services) activateRole(ctx context.Context, r *edm.Request) (edm.Item, error) {
	if err := r.BindsOnly(); err != nil {
		return edm.Item{}, err
	}
	var ask struct {
		Template string `json:"roleTemplateId"`
	}
	if err := json.Unmarshal(r.Body, &ask); err != nil {
		return edm.Item{}, err
	}
	template, err := ids.Parse[ids.RoleID](ask.Template)
	if err != nil {
		return edm.Item{}, err
	}
	role, err := s.Users.ActivateRole(ctx, r.Who, template)
	if err != nil {
		return edm.Item{}, err
	}
	return roleItem(role)
}

// roleMembers is the part members of a directory role: who was given it in the
// whole tenant.
// https://learn.microsoft.com/graph/api/directoryrole-list-members?view=graph-rest-1.0
func (s Services) roleMembers() *edm.Set {
	isRole := func(ctx context.Context, tx *sqldb.Tx, who authz.Caller, id ids.ObjectID) error {
		_, err := directory.GetRole(ctx, tx, who.Tenant, id)
		return err
	}
	set := s.related("members", ofMembers, readHolders, isRole, directory.HoldersOf)
	set.Doc = "https://learn.microsoft.com/graph/api/directoryrole-list-members?view=graph-rest-1.0"
	set.Link = edm.Change{May: giveRoles, Do: func(ctx context.Context, r *edm.Request) error {
		return s.Users.AddToRole(ctx, r.Who, ids.ObjectID(r.Parent()), ids.ObjectID(r.Ref))
	}}
	set.Unlink = edm.Change{May: takeRoles, Do: func(ctx context.Context, r *edm.Request) error {
		return s.Users.RemoveFromRole(ctx, r.Who, ids.ObjectID(r.Parent()), ids.ObjectID(r.Ref))
	}}
	return set
}

// directoryRoleTemplates is the entity set /directoryRoleTemplates: every role
// that can be made active. They are the same in all tenants.
// https://learn.microsoft.com/graph/api/resources/directoryroletemplate?view=graph-rest-1.0
func (s Services) directoryRoleTemplates() *edm.Set {
	return &edm.Set{
		Path: edm.Both("directoryRoleTemplates"), Type: edm.Of("directoryRoleTemplate"), Unpaged: true,
		Doc: "https://learn.microsoft.com/graph/api/resources/directoryroletemplate?view=graph-rest-1.0",
		List: edm.List{May: readTemplates, Do: func(context.Context, *edm.Request) (edm.Page, error) {
			return builtIn(func(role authz.Role) (edm.Item, error) { return item(string(role.ID), templateOf(role)) })
		}},
		Get: edm.Get{May: readTemplates, Do: func(_ context.Context, r *edm.Request) (edm.Item, error) {
			role, err := roleNamed(r.ID)
			if err != nil {
				return edm.Item{}, err
			}
			return item(string(role.ID), templateOf(role))
		}},
	}
}

// A roleTemplate is how a built-in role looks as a template.
type roleTemplate struct {
	ID          ids.RoleID `json:"id"`
	Deleted     *string    `json:"deletedDateTime"`
	Description string     `json:"description"`
	DisplayName string     `json:"displayName"`
}

func templateOf(r authz.Role) roleTemplate { return roleTemplate{r.ID, nil, r.Description, r.Name} }

// builtIn renders the roles that can be given.
func builtIn(render func(authz.Role) (edm.Item, error)) (page edm.Page, err error) {
	for _, role := range authz.BuiltIn() {
		it, err := render(role)
		if err != nil {
			return page, err
		}
		page.Items = append(page.Items, it)
	}
	return page, nil
}

// roleNamed returns the role that can be given with the identifier, or a
// NotFound fault.
func roleNamed(id string) (authz.Role, error) {
	role, ok := authz.RoleByID(ids.RoleID(id))
	if !ok || role.Implicit {
		return role, object.Missing(id)
	}
	return role, nil
}

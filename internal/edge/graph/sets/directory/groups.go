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

// What it takes to see and to change groups. Programs touch a group that roles
// may be given to only with RoleManagement.ReadWrite.Directory beside these;
// the service checks that, because it is a fact of the store.
var (
	readGroups = edm.Alike(edm.Any("GroupMember.Read.All", "Group.Read.All", "Group.ReadWrite.All",
		"Directory.Read.All", "Directory.ReadWrite.All")).Needing("groups/standard/read")
	createGroups = edm.Access{
		App:       edm.Any("Group.Create", "Group.ReadWrite.All", "Directory.ReadWrite.All"),
		Delegated: edm.Any("Group.ReadWrite.All", "Directory.ReadWrite.All"),
		Needs:     append(onGroups("create"), "groups.security/createAsOwner", "groups.unified/createAsOwner"),
	}
	writeGroups  = edm.Alike(edm.Any("Group.ReadWrite.All", "Directory.ReadWrite.All")).Needing(onGroups("basic/update")...)
	ownGroups    = writeGroups.Needing(onGroups("owners/update")...)
	deleteGroups = edm.Alike(edm.Any("Group.ReadWrite.All")).Needing(onGroups("delete")...)
	readMembers  = edm.Alike(edm.Any("GroupMember.Read.All", "GroupMember.ReadWrite.All", "Group.Read.All", "Group.ReadWrite.All",
		"Directory.Read.All", "Directory.ReadWrite.All")).Needing("groups/members/read")
	writeMembers = edm.Alike(edm.Any("GroupMember.ReadWrite.All", "Group.ReadWrite.All", "Directory.ReadWrite.All")).Needing(onGroups("members/update")...)
)

// onGroups returns what is done to groups as actions on each kind of them.
func onGroups(does ...authz.Action) []authz.Action {
	var list []authz.Action
	for _, d := range does {
		for _, kind := range []authz.Action{"groups.security", "groups.unified", "groupsAssignableToRoles"} {
			list = append(list, kind+"/"+d)
		}
	}
	return list
}

// groups is the entity set /groups.
// https://learn.microsoft.com/graph/api/resources/group?view=graph-rest-1.0
func (s Services) groups(parts []*edm.Set) *edm.Set {
	return &edm.Set{
		Path: edm.Both("groups"), Type: edm.Of("group"), Advanced: true,
		Doc:    "https://learn.microsoft.com/graph/api/resources/group?view=graph-rest-1.0",
		Keys:   []edm.Key{{Name: "uniqueName", Upsert: true, Find: s.groupByUniqueName}},
		List:   edm.List{May: readGroups, Do: s.listGroups},
		Get:    edm.Get{May: readGroups, Do: s.getGroup},
		Create: edm.Create{May: createGroups, Do: s.createGroup},
		Update: edm.Change{May: writeGroups, Do: s.updateGroup},
		Delete: edm.Change{May: deleteGroups, Do: s.deleteGroup},
		Parts: append([]*edm.Set{
			s.groupOwners(),
			s.members(),
			s.related("transitiveMembers", ofMembers, readMembers, directory.MaySeeMembers, directory.AllMembersOf),
			s.related("memberOf", ofHolders, readGroups.Needing("groups/memberOf/read"), s.isGroup, directory.GroupsOf),
			s.related("transitiveMemberOf", ofHolders, readGroups.Needing("groups/memberOf/read"), s.isGroup, directory.AllGroupsOf),
			s.groupTeam(), s.groupSites(),
		}, parts...),
		Actions: append(s.MemberActions("groups/memberOf/read"), s.groupActions()...),
	}
}

// groupActions are what only groups do.
func (s Services) groupActions() []edm.Action {
	return []edm.Action{
		{
			Name: "renew", May: writeGroups,
			Do: func(ctx context.Context, r *edm.Request) (json.RawMessage, error) {
				return nil, s.Users.RenewGroup(ctx, r.Who, ids.ObjectID(r.ID))
			},
		},
		{
			Name: "validateProperties", May: edm.Alike(edm.Any("Group.Read.All", "Group.ReadWrite.All")).Needing("groups/standard/read"), Do: s.validateGroup,
			Params: []edm.Prop{
				{Name: "displayName", Type: edm.String, Write: edm.CU},
				{Name: "mailNickname", Type: edm.String, Write: edm.CU},
				{Name: "onBehalfOfUserId", Type: edm.Guid, Write: edm.CU},
			},
		},
	}
}

func (s Services) validateGroup(ctx context.Context, r *edm.Request) (json.RawMessage, error) {
	var n directory.Names
	if err := json.Unmarshal(r.Body, &n); err != nil {
		return nil, err
	}
	return nil, s.DB.View(ctx, func(tx *sqldb.Tx) error {
		return directory.ValidateNames(ctx, tx, r.Who.Tenant, ids.ObjectID(r.ID), n)
	})
}

func (s Services) groupByUniqueName(ctx context.Context, r *edm.Request, name string) (string, error) {
	return view(ctx, s.DB, func(tx *sqldb.Tx) (string, error) {
		g, err := directory.GroupByUniqueName(ctx, tx, r.Who.Tenant, name)
		if err != nil {
			return "", err
		}
		return string(g.ID), nil
	})
}

func (s Services) listGroups(ctx context.Context, r *edm.Request) (edm.Page, error) {
	return view(ctx, s.DB, func(tx *sqldb.Tx) (edm.Page, error) { return groupPage(ctx, tx, r, directory.Scope{}) })
}

// groupPage returns a page of the groups in scope.
func groupPage(ctx context.Context, tx *sqldb.Tx, r *edm.Request, scope directory.Scope) (page edm.Page, err error) {
	if r.Count {
		if page.Total, err = directory.CountGroups(ctx, tx, r.Who.Tenant, scope, r.Query.Filter); err != nil || r.Only {
			return page, err
		}
	}
	rows, err := directory.ListGroups(ctx, tx, r.Who.Tenant, scope, r.Query, wantsRest(r))
	return edm.Page{Items: rowItems(rows.Items, object.Group), Next: rows.Next, Total: page.Total}, err
}

// wantsRest reports whether a list is asked for more than v1.0 shows by default.
func wantsRest(r *edm.Request) bool { return r.Selected != nil || r.Version == edm.Beta }

// rowItems renders rows as they are stored.
func rowItems(rows []directory.Row, kind object.Kind) []edm.Item {
	items, t := make([]edm.Item, len(rows)), edm.Of(string(kind))
	for i, row := range rows {
		items[i] = edm.Item{ID: string(row.ID), Type: t, Face: row.Face, Rest: row.Rest}
	}
	return items
}

func (s Services) getGroup(ctx context.Context, r *edm.Request) (edm.Item, error) {
	return view(ctx, s.DB, func(tx *sqldb.Tx) (edm.Item, error) {
		g, err := directory.GetGroup(ctx, tx, r.Who.Tenant, ids.ObjectID(r.ID))
		if err != nil {
			return edm.Item{}, err
		}
		return groupItem(g)
	})
}

func groupItem(g *directory.Group) (edm.Item, error) {
	face, err := json.Marshal(g.GroupFace)
	if err != nil {
		return edm.Item{}, err
	}
	rest, err := json.Marshal(g.GroupRest)
	return edm.Item{ID: string(g.ID), Type: edm.Of(string(object.Group)), Face: face, Rest: rest}, err
}

func (s Services) createGroup(ctx context.Context, r *edm.Request) (edm.Item, error) {
	g, err := s.Users.CreateGroup(ctx, r.Who, r.Body, bound(r, "owners"), bound(r, "members"))
	if err != nil {
		return edm.Item{}, err
	}
	return groupItem(g)
}

// bound returns the identifiers behind name@odata.bind.
func bound(r *edm.Request, name string) []ids.ObjectID {
	var list []ids.ObjectID
	for _, id := range r.Binds[name] {
		list = append(list, ids.ObjectID(id))
	}
	return list
}

func (s Services) updateGroup(ctx context.Context, r *edm.Request) error {
	if err := r.BindsOnly("members"); err != nil {
		return err
	}
	_, err := s.Users.UpdateGroup(ctx, r.Who, ids.ObjectID(r.ID), r.Body, bound(r, "members"))
	return err
}

func (s Services) deleteGroup(ctx context.Context, r *edm.Request) error {
	return s.Users.DeleteGroup(ctx, r.Who, ids.ObjectID(r.ID))
}

// groupOwners is the part owners.
// https://learn.microsoft.com/graph/api/group-list-owners?view=graph-rest-1.0
func (s Services) groupOwners() *edm.Set {
	list := func(ctx context.Context, r *edm.Request) (edm.Page, error) {
		return view(ctx, s.DB, func(tx *sqldb.Tx) (page edm.Page, err error) {
			if err := s.isGroup(ctx, tx, r.Who, ids.ObjectID(r.Parent())); err != nil {
				return page, err
			}
			list, err := object.Owners(ctx, tx, r.Who.Tenant, ids.ObjectID(r.Parent()))
			if err != nil {
				return page, err
			}
			page.Items, err = Items(ctx, tx, r, list)
			return page, err
		})
	}
	return &edm.Set{
		Path: edm.Both("owners"), Type: edm.Of("directoryObject"), Of: ofEverybody, Linked: true, Unpaged: true, Advanced: true,
		Doc:  "https://learn.microsoft.com/graph/api/group-list-owners?view=graph-rest-1.0",
		List: edm.List{May: readMembers, Do: list},
		Get:  edm.Get{May: readMembers, Do: edm.OneOf(list)},
		Link: edm.Change{May: ownGroups, Do: func(ctx context.Context, r *edm.Request) error {
			return s.Users.AddGroupOwner(ctx, r.Who, ids.ObjectID(r.Parent()), ids.ObjectID(r.Ref))
		}},
		Unlink: edm.Change{May: ownGroups, Do: func(ctx context.Context, r *edm.Request) error {
			return s.Users.RemoveGroupOwner(ctx, r.Who, ids.ObjectID(r.Parent()), ids.ObjectID(r.Ref))
		}},
	}
}

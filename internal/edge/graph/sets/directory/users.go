package directory

import (
	"context"
	"encoding/json"

	"entente/internal/core/directory"
	"entente/internal/core/object"
	"entente/internal/edge/graph/edm"
	"entente/internal/kit/sqldb"
)

// basics are the properties that User.ReadBasic.All reaches.
var basics = []string{"displayName", "givenName", "id", "mail", "surname", "userPrincipalName"}

// users is the entity set /users. Its entities are named by identifier or user
// principal name.
// https://learn.microsoft.com/graph/api/resources/user?view=graph-rest-1.0
func (s Services) users(parts []*edm.Set) *edm.Set {
	all := edm.Any("User.Read.All", "User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All")
	basic := edm.Perms{{Name: "User.ReadBasic.All", Only: basics}}
	list := edm.Alike(basic.And(all...))
	get := list
	get.Delegated = edm.Perms{{Name: "User.Read", Self: true}, {Name: "User.ReadWrite", Self: true}}.And(list.Delegated...)
	write := edm.Any("User.ReadWrite.All", "Directory.ReadWrite.All")
	limited := edm.Perms{
		{Name: "User.EnableDisableAccount.All", Only: []string{"accountEnabled"}},
		{Name: "User.ManageIdentities.All", Only: []string{"identities"}},
		{Name: "User-PasswordProfile.ReadWrite.All", Only: []string{"passwordProfile"}},
		{Name: "User-Phone.ReadWrite.All", Only: []string{"businessPhones", "mobilePhone"}},
		{Name: "User-Mail.ReadWrite.All", Only: []string{"mail", "otherMails"}},
	}
	update := edm.Access{
		App:       write.And(limited...),
		Delegated: edm.Perms{{Name: "User.ReadWrite", Self: true}}.And(write...).And(limited...),
	}
	return &edm.Set{
		Path: edm.Both("users"), Type: edm.Of("user"), Advanced: true, Cost: 2,
		Doc:    "https://learn.microsoft.com/graph/api/resources/user?view=graph-rest-1.0",
		Keys:   []edm.Key{{Name: "userPrincipalName", Plain: true, Find: s.userByName}},
		List:   edm.List{May: list, Do: s.listUsers},
		Get:    edm.Get{May: get, Do: s.getUser},
		Create: edm.Create{May: edm.Alike(write), Do: s.createUser},
		Update: edm.Change{May: update, Do: s.updateUser},
		Delete: edm.Change{May: edm.Alike(edm.Any("User.DeleteRestore.All", "User.ReadWrite.All")), Do: s.deleteUser},
		Parts: append([]*edm.Set{
			s.related("memberOf", memberOfPerson, isKind(object.User), directory.GroupsOf),
			s.related("transitiveMemberOf", allOfPerson, isKind(object.User), directory.AllGroupsOf),
		}, parts...),
		Actions: append(s.MemberActions(), edm.Action{
			Name: "revokeSignInSessions", Returns: edm.Boolean, Do: s.revokeSessions,
			May: edm.Alike(edm.Any("User.RevokeSessions.All", "User.ReadWrite.All", "Directory.ReadWrite.All")),
		}),
	}
}

// What it takes to see the groups of a person.
var (
	memberOfPerson = edm.Access{
		App: edm.Any("Directory.Read.All", "Directory.ReadWrite.All"),
		Delegated: edm.Perms{{Name: "User.Read", Self: true}}.
			And(edm.Any("GroupMember.Read.All", "Directory.Read.All", "Directory.ReadWrite.All")...),
	}
	allOfPerson = edm.Access{
		App: edm.Any("GroupMember.Read.All", "Group.Read.All", "User.Read.All", "Directory.Read.All", "Directory.ReadWrite.All"),
		Delegated: edm.Perms{{Name: "User.Read", Self: true}}.
			And(edm.Any("GroupMember.Read.All", "Group.Read.All", "User.Read.All", "Directory.Read.All", "Directory.ReadWrite.All")...),
	}
)

func (s Services) userByName(ctx context.Context, r *edm.Request, name string) (string, error) {
	return view(ctx, s.DB, func(tx *sqldb.Tx) (string, error) {
		u, err := directory.GetUser(ctx, tx, r.Who.Tenant, name)
		if err != nil {
			return "", err
		}
		return string(u.ID), nil
	})
}

func (s Services) listUsers(ctx context.Context, r *edm.Request) (edm.Page, error) {
	return view(ctx, s.DB, func(tx *sqldb.Tx) (edm.Page, error) { return userPage(ctx, tx, r, directory.Scope{}) })
}

// userPage returns a page of the users in scope.
func userPage(ctx context.Context, tx *sqldb.Tx, r *edm.Request, scope directory.Scope) (page edm.Page, err error) {
	if r.Count {
		if page.Total, err = directory.CountUsersIn(ctx, tx, r.Who.Tenant, scope, r.Query.Filter); err != nil || r.Only {
			return page, err
		}
	}
	rows, err := directory.ListUsersIn(ctx, tx, r.Who.Tenant, scope, r.Query, wantsRest(r))
	return edm.Page{Items: rowItems(rows.Items, object.User), Next: rows.Next, Total: page.Total}, err
}

func (s Services) getUser(ctx context.Context, r *edm.Request) (edm.Item, error) {
	return view(ctx, s.DB, func(tx *sqldb.Tx) (edm.Item, error) {
		u, err := directory.GetUser(ctx, tx, r.Who.Tenant, r.ID)
		if err != nil {
			return edm.Item{}, err
		}
		return UserItem(u)
	})
}

// UserItem renders a user.
func UserItem(u *directory.User) (edm.Item, error) {
	face, err := json.Marshal(u.Face)
	if err != nil {
		return edm.Item{}, err
	}
	rest, err := json.Marshal(u.Rest)
	return edm.Item{ID: string(u.ID), Type: edm.Of(string(object.User)), Face: face, Rest: rest}, err
}

func (s Services) createUser(ctx context.Context, r *edm.Request) (edm.Item, error) {
	u, err := s.Users.Create(ctx, r.Who, r.Body)
	if err != nil {
		return edm.Item{}, err
	}
	return UserItem(u)
}

func (s Services) updateUser(ctx context.Context, r *edm.Request) error {
	_, err := s.Users.Update(ctx, r.Who, r.ID, r.Body)
	return err
}

func (s Services) deleteUser(ctx context.Context, r *edm.Request) error {
	return s.Users.Delete(ctx, r.Who, r.ID)
}

func (s Services) revokeSessions(ctx context.Context, r *edm.Request) (json.RawMessage, error) {
	return json.RawMessage("true"), s.Users.RevokeSessions(ctx, r.Who, r.ID)
}

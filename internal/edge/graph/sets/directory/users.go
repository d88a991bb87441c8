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
	"entente/internal/kit/secret"
	"entente/internal/kit/sqldb"
)

// basics are the properties that User.ReadBasic.All reaches.
// https://learn.microsoft.com/graph/permissions-reference#userreadbasicall
var basics = []string{"displayName", "givenName", "id", "mail", "securityIdentifier", "surname", "userPrincipalName"}

// profile are the properties that User.ReadWrite reaches of the one who is
// signed in: not those that give control of an account.
var profile = []string{
	"ageGroup", "businessPhones", "city", "companyName", "consentProvidedForMinor", "country", "department", "displayName", "employeeHireDate",
	"employeeId", "employeeLeaveDateTime", "employeeOrgData", "employeeType", "faxNumber", "givenName", "jobTitle", "mailNickname", "mobilePhone",
	"officeLocation", "onPremisesExtensionAttributes", "otherMails", "postalCode", "preferredDataLocation", "preferredLanguage",
	"showInAddressList", "state", "streetAddress", "surname", "usageLocation",
}

// users is the entity set /users. Its entities are named by identifier or user
// principal name.
// https://learn.microsoft.com/graph/api/resources/user?view=graph-rest-1.0
func (s Services) users(parts []*edm.Set) *edm.Set {
	all := edm.Any("User.Read.All", "User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All")
	basic := edm.Perms{{Name: "User.ReadBasic.All", Only: basics}}
	list := edm.Alike(basic.And(all...)).Needing("users/standard/read")
	get := list
	get.Delegated = edm.Perms{{Name: "User.Read", Self: true}, {Name: "User.ReadWrite", Self: true}}.And(list.Delegated...)
	limited := edm.Perms{
		{Name: "User.EnableDisableAccount.All", With: []string{"User.Read.All"}, Only: []string{"accountEnabled"}},
		{Name: "User.ManageIdentities.All", Only: []string{"identities"}},
		{Name: "User-PasswordProfile.ReadWrite.All", Only: []string{"passwordProfile"}},
		{Name: "User-Phone.ReadWrite.All", Only: []string{"businessPhones", "mobilePhone"}},
		{Name: "User-Mail.ReadWrite.All", Only: []string{"otherMails"}},
	}
	update := edm.Access{
		App:       writeUsers.And(limited...),
		Delegated: edm.Perms{{Name: "User.ReadWrite", Self: true, Only: profile}}.And(writeUsers...).And(limited...),
		Needs: []authz.Action{"users/basic/update", "users/password/update", "users/enable", "users/disable",
			"users/userPrincipalName/update", "users/usageLocation/update", "users/authorizationInfo/update"},
	}
	return &edm.Set{
		Path: edm.Both("users"), Type: edm.Of("user"), Advanced: true, Cost: 2,
		Doc:    "https://learn.microsoft.com/graph/api/resources/user?view=graph-rest-1.0",
		Keys:   []edm.Key{{Name: "userPrincipalName", Plain: true, Find: s.userByName}},
		List:   edm.List{May: list, Do: s.listUsers},
		Get:    edm.Get{May: get, Do: s.getUser},
		Create: edm.Create{May: edm.Alike(writeUsers).Needing("users/create"), Do: s.createUser},
		Update: edm.Change{May: update, Do: s.updateUser},
		Delete: edm.Change{May: edm.Alike(edm.Any("User.DeleteRestore.All", "User.ReadWrite.All")).Needing("users/delete"), Do: s.deleteUser},
		Parts: append([]*edm.Set{
			s.related("memberOf", ofHolders, memberOfPerson, isKind(object.User), directory.GroupsOf),
			s.related("transitiveMemberOf", ofHolders, allOfPerson, isKind(object.User), directory.AllGroupsOf),
			s.manager(), s.sponsors(), s.licenseDetails(), s.joinedTeams(), s.authentication(),
			s.related("directReports", []edm.Type{aUser}, tiedToPerson, isKind(object.User), directory.ReportsOf),
			s.related("ownedObjects", ofOwned, tiedToPerson, isKind(object.User), directory.OwnedBy),
			listed(s.related("createdObjects", ofAnything, createdByPerson, isKind(object.User), directory.CreatedBy)),
		}, parts...),
		Actions: append(s.MemberActions("users/memberOf/read"),
			edm.Action{
				Name: "revokeSignInSessions", Returns: edm.Boolean, Do: s.revokeSessions,
				May: edm.Alike(edm.Any("User.RevokeSessions.All", "User.ReadWrite.All", "Directory.ReadWrite.All")).Needing("users/invalidateAllRefreshTokens"),
			},
			edm.Action{
				Name: "changePassword", Do: s.changePassword,
				May: edm.Access{Delegated: edm.Perms{{Name: "User-PasswordProfile.ReadWrite.All", Self: true}, {Name: "Directory.AccessAsUser.All", Self: true}}},
				Params: []edm.Prop{
					{Name: "currentPassword", Type: edm.String, Write: edm.CU, Required: true},
					{Name: "newPassword", Type: edm.String, Write: edm.CU, Required: true},
				},
			},
		),
	}
}

// writeUsers is what it takes to write every property of people.
var writeUsers = edm.Any("User.ReadWrite.All", "Directory.ReadWrite.All")

// What it takes to see what is about a person.
var (
	memberOfPerson = edm.Access{
		App: edm.Any("Directory.Read.All", "Directory.ReadWrite.All"),
		Delegated: edm.Perms{{Name: "User.Read", Self: true}}.
			And(edm.Any("GroupMember.Read.All", "Directory.Read.All", "Directory.ReadWrite.All")...),
		Needs: []authz.Action{"users/memberOf/read"},
	}
	allOfPerson     = ofPerson(nil, "GroupMember.Read.All", "Group.Read.All", "User.Read.All", "Directory.Read.All", "Directory.ReadWrite.All").Needing("users/memberOf/read")
	tiedToPerson    = ofPerson(nil, "User.Read.All", "User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All").Needing("users/directReports/read", "users/ownedObjects/read")
	createdByPerson = ofPerson([]string{"User.ReadWrite"}, "User.Read.All", "User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All").Needing("users/ownedObjects/read")
	managerOfPerson = edm.Alike(edm.Any("User.Read.All", "User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All")).Needing("users/manager/read")
	sponsorsOf      = ofPerson(nil, "User.Read.All", "User.ReadWrite.All").Needing("users/sponsors/read")
)

// ofPerson is the access that User.Read, and own, give of the one who is signed
// in, and the others of everybody.
func ofPerson(own []string, names ...string) edm.Access {
	self := edm.Perms{{Name: "User.Read", Self: true}}
	for _, name := range own {
		self = append(self, edm.Perm{Name: name, Self: true})
	}
	return edm.Access{App: edm.Any(names...), Delegated: self.And(edm.Any(names...)...)}
}

// manager is the part manager of a user.
// https://learn.microsoft.com/graph/api/user-list-manager?view=graph-rest-1.0
func (s Services) manager() *edm.Set {
	return &edm.Set{
		Path: edm.Both("manager"), Type: edm.Of("directoryObject"), Of: []edm.Type{aUser}, Single: true, Linked: true, Levels: true,
		Get: edm.Get{May: managerOfPerson, Do: func(ctx context.Context, r *edm.Request) (edm.Item, error) {
			return view(ctx, s.DB, func(tx *sqldb.Tx) (edm.Item, error) {
				u, err := directory.GetUser(ctx, tx, r.Who.Tenant, r.Parent())
				if err != nil {
					return edm.Item{}, err
				}
				o, err := directory.Manager(ctx, tx, u)
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
		Link: edm.Change{May: edm.Alike(writeUsers).Needing("users/manager/update"), Do: func(ctx context.Context, r *edm.Request) error {
			return s.Users.SetManager(ctx, r.Who, r.Parent(), ids.ObjectID(r.Ref))
		}},
		Unlink: edm.Change{May: edm.Alike(writeUsers).Needing("users/manager/update"), Do: func(ctx context.Context, r *edm.Request) error {
			return s.Users.SetManager(ctx, r.Who, r.Parent(), "")
		}},
	}
}

// sponsors is the part sponsors of a user: who answers for a guest.
// https://learn.microsoft.com/graph/api/user-list-sponsors?view=graph-rest-1.0
func (s Services) sponsors() *edm.Set {
	set := s.related("sponsors", []edm.Type{aUser, aGroup}, sponsorsOf, isKind(object.User), directory.SponsorsOf)
	set.Link = edm.Change{May: edm.Alike(writeUsers).Needing("users/sponsors/update"), Do: func(ctx context.Context, r *edm.Request) error {
		return s.Users.AddSponsor(ctx, r.Who, r.Parent(), ids.ObjectID(r.Ref))
	}}
	set.Unlink = edm.Change{May: edm.Alike(writeUsers).Needing("users/sponsors/update"), Do: func(ctx context.Context, r *edm.Request) error {
		return s.Users.RemoveSponsor(ctx, r.Who, r.Parent(), ids.ObjectID(r.Ref))
	}}
	return set
}

// licenseDetails is the part licenseDetails of a user. There are no licenses
// here, so nobody has one; clients ask all the same.
// https://learn.microsoft.com/graph/api/user-list-licensedetails?view=graph-rest-1.0
func (s Services) licenseDetails() *edm.Set {
	return &edm.Set{
		Path: edm.Both("licenseDetails"), Type: edm.Of("licenseDetails"), Unpaged: true, FreeKeys: true,
		List: edm.List{May: tiedToPerson, Do: func(ctx context.Context, r *edm.Request) (edm.Page, error) {
			return view(ctx, s.DB, func(tx *sqldb.Tx) (edm.Page, error) {
				return edm.Page{}, isKind(object.User)(ctx, tx, r.Who, ids.ObjectID(r.Parent()))
			})
		}},
	}
}

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

// tiesIn returns the manager and the sponsors that a body binds.
func tiesIn(r *edm.Request) (directory.Ties, error) {
	ties := directory.Ties{Sponsors: bound(r, "sponsors")}
	switch managers := bound(r, "manager"); len(managers) {
	case 0:
	case 1:
		ties.Manager = managers[0]
	default:
		return ties, fault.InvalidAt("manager", "Invalid value specified for property 'manager' of resource 'User'.")
	}
	return ties, nil
}

func (s Services) createUser(ctx context.Context, r *edm.Request) (edm.Item, error) {
	ties, err := tiesIn(r)
	if err != nil {
		return edm.Item{}, err
	}
	u, err := s.Users.CreateTied(ctx, r.Who, r.Body, ties)
	if err != nil {
		return edm.Item{}, err
	}
	return UserItem(u)
}

func (s Services) updateUser(ctx context.Context, r *edm.Request) error {
	ties, err := tiesIn(r)
	if err != nil {
		return err
	}
	_, err = s.Users.UpdateTied(ctx, r.Who, r.ID, r.Body, ties)
	return err
}

func (s Services) deleteUser(ctx context.Context, r *edm.Request) error {
	return s.Users.Delete(ctx, r.Who, r.ID)
}

func (s Services) revokeSessions(ctx context.Context, r *edm.Request) (json.RawMessage, error) {
	return json.RawMessage("true"), s.Users.RevokeSessions(ctx, r.Who, r.ID)
}

func (s Services) changePassword(ctx context.Context, r *edm.Request) (json.RawMessage, error) {
	var ask struct {
		Current string `json:"currentPassword"`
		New     string `json:"newPassword"`
	}
	if err := json.Unmarshal(r.Body, &ask); err != nil {
		return nil, err
	}
	return nil, s.Users.ChangePassword(ctx, r.Who, secret.NewString(ask.Current), secret.NewString(ask.New))
}

package directory

import (
	"context"
	"errors"
	"slices"
	"time"

	"entente/internal/core/audit"
	"entente/internal/core/authz"
	"entente/internal/core/object"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// RoleManagement is the permission without which no program touches a group
// that roles may be given to.
const RoleManagement = "RoleManagement.ReadWrite.Directory"

// mayManageGroup refuses a caller who may not do to the group what does says
// ("members/update"). A program has been judged by the edge. A group that
// roles may be given to is changed only by who might give the roles, and its
// owners: its members hold them.
func mayManageGroup(ctx context.Context, tx *sqldb.Tx, who authz.Caller, g *Group, does authz.Action) error {
	lacks := g.AssignableToRole() && !who.Has(RoleManagement)
	switch {
	case lacks && who.AppOnly():
		who.ByRole = true // a permission for groups does not reach it, roles may
	case lacks && !mayManageRoles(who):
		return authz.Refuse().With("leastPermission", RoleManagement)
	}
	err := authz.Allow(ctx, tx, who, g.ID, g.entity()+"/"+does)
	if f, ok := errors.AsType[*fault.Error](err); ok && f.Reason == authz.Denied && lacks && who.AppOnly() {
		return f.With("leastPermission", RoleManagement)
	}
	return err
}

// MayGive refuses a caller who may not change both the members and the owners of
// the group: who can give what it gives.
func MayGive(ctx context.Context, tx *sqldb.Tx, who authz.Caller, g *Group) error {
	if err := mayManageGroup(ctx, tx, who, g, "members/update"); err != nil {
		return err
	}
	return mayManageGroup(ctx, tx, who, g, "owners/update")
}

// mayManageRoles reports whether the program through which a person acts may
// manage roles for them. A person acts through none on the installation's pages.
func mayManageRoles(who authz.Caller) bool {
	return who.App == "" || who.Has(RoleManagement) || who.Has(authz.AsUser)
}

// entity is what actions on the group are about.
func (g *Group) entity() authz.Action {
	switch {
	case g.AssignableToRole():
		return "groupsAssignableToRoles"
	case g.Unified():
		return "groups.unified"
	case g.SecurityEnabled != nil && *g.SecurityEnabled:
		return "groups.security"
	}
	return "groups"
}

// mayCreateGroup refuses guests, and those who may not make a group that roles
// may be given to. It reports whether the caller becomes its owner: members of
// the tenant without a role for groups do, and everyone of a Microsoft 365
// group that names no owner.
func mayCreateGroup(ctx context.Context, tx *sqldb.Tx, who authz.Caller, g *Group, owned bool) (owns bool, err error) {
	err = mayManageGroup(ctx, tx, who, g, "create")
	person := !who.IsSystem() && !who.AppOnly()
	switch {
	case err == nil:
		return person && g.Unified() && !owned, nil
	case !person, g.AssignableToRole(), !errors.Is(err, authz.Denied):
		return false, err
	}
	return true, authz.Allow(ctx, tx, who, "", g.entity()+"/createAsOwner")
}

// CreateGroup stores a new group from a Graph body, with owners and members.
func (s *Service) CreateGroup(ctx context.Context, who authz.Caller, body []byte, owners, members []ids.ObjectID) (*Group, error) {
	var g *Group
	err := s.db.Update(ctx, func(tx *sqldb.Tx) (err error) {
		g, err = s.MakeGroup(ctx, tx, who, body, owners, members)
		return err
	})
	return g, err
}

// unique returns the list without repetitions.
func unique(list []ids.ObjectID) []ids.ObjectID {
	var once []ids.ObjectID
	for _, id := range list {
		if !slices.Contains(once, id) {
			once = append(once, id)
		}
	}
	return once
}

// UpdateGroup changes a group by a Graph body, adds members and returns it.
func (s *Service) UpdateGroup(ctx context.Context, who authz.Caller, id ids.ObjectID, body []byte, members []ids.ObjectID) (*Group, error) {
	var g *Group
	err := s.changeGroup(ctx, who, id, "basic/update", func(tx *sqldb.Tx, before *Group) (err error) {
		if len(members) > 0 {
			if err := mayManageGroup(ctx, tx, who, before, "members/update"); err != nil {
				return err
			}
		}
		if g, err = before.Apply(body); err != nil {
			return err
		}
		if err := putGroup(ctx, tx, g); err != nil {
			return err
		}
		for _, member := range unique(members) {
			if err := s.joins(ctx, tx, who, g, member, time.Time{}); err != nil {
				return err
			}
		}
		return recordGroup(ctx, tx, who, "Update group", g, audit.Diff(before, g))
	})
	return g, err
}

// DeleteGroup marks a group as deleted, so that it can be restored.
func (s *Service) DeleteGroup(ctx context.Context, who authz.Caller, id ids.ObjectID) error {
	return s.changeGroup(ctx, who, id, "delete", func(tx *sqldb.Tx, g *Group) error {
		if err := s.keeping(ctx, tx, g, func() error { return dropGroup(ctx, tx, g) }); err != nil {
			return err
		}
		return recordGroup(ctx, tx, who, "Delete group", g, nil)
	})
}

// keeping makes a change by which people may lose the roles of a group; the
// last Global Administrator keeps them.
func (s *Service) keeping(ctx context.Context, tx *sqldb.Tx, g *Group, change func() error) error {
	if !g.AssignableToRole() {
		return change()
	}
	return sparing(ctx, tx, g.Tenant, fault.Invalid, "removed", change)
}

// changeGroup runs a rule on a group to which the caller may do what does says.
func (s *Service) changeGroup(ctx context.Context, who authz.Caller, id ids.ObjectID, does authz.Action, rule func(*sqldb.Tx, *Group) error) error {
	return s.db.Update(ctx, func(tx *sqldb.Tx) error {
		g, err := GetGroup(ctx, tx, who.Tenant, id)
		if err != nil {
			return err
		}
		if err := mayManageGroup(ctx, tx, who, g, does); err != nil {
			return err
		}
		return rule(tx, g)
	})
}

// maxOwners is the greatest number of a group's owners.
const maxOwners = 100

// Why a change of a group's owners is refused.
const (
	LastOwner fault.Reason = "directory.last_owner"
	NotAnyOne              = object.NotAnyOne // not a kind of object that may stand here
)

// AddGroupOwner makes a user or service principal an owner of a group.
func (s *Service) AddGroupOwner(ctx context.Context, who authz.Caller, id, owner ids.ObjectID) error {
	return s.changeGroup(ctx, who, id, "owners/update", func(tx *sqldb.Tx, g *Group) error { return s.addOwner(ctx, tx, who, g, owner) })
}

func (s *Service) addOwner(ctx context.Context, tx *sqldb.Tx, who authz.Caller, g *Group, owner ids.ObjectID) error {
	if err := addGroupOwner(ctx, tx, g, owner); err != nil {
		return err
	}
	return recordGroup(ctx, tx, who, "Add owner to group", g, []audit.Change{{Name: "Owner", New: string(owner)}})
}

func addGroupOwner(ctx context.Context, tx *sqldb.Tx, g *Group, owner ids.ObjectID) error {
	o, err := object.Get(ctx, tx, g.Tenant, owner)
	if err != nil {
		return err
	}
	if o.Kind != object.User && o.Kind != object.ServicePrincipal {
		return object.NotHere(o, "owners")
	}
	have, err := object.Owners(ctx, tx, g.Tenant, g.ID)
	if err != nil {
		return err
	}
	if len(have) >= maxOwners {
		return fault.InvalidAt("owners", "A group has at most %d owners.", maxOwners)
	}
	return object.AddOwner(ctx, tx, g.Tenant, g.ID, owner)
}

// RemoveGroupOwner takes an owner from a group. The last person who owns it
// stays, even beside a service principal.
func (s *Service) RemoveGroupOwner(ctx context.Context, who authz.Caller, id, owner ids.ObjectID) error {
	return s.changeGroup(ctx, who, id, "owners/update", func(tx *sqldb.Tx, g *Group) error { return s.dropOwner(ctx, tx, who, g, owner) })
}

func (s *Service) dropOwner(ctx context.Context, tx *sqldb.Tx, who authz.Caller, g *Group, owner ids.ObjectID) error {
	have, err := object.Owners(ctx, tx, g.Tenant, g.ID)
	if err != nil {
		return err
	}
	have = slices.DeleteFunc(have, func(o object.Object) bool { return o.Kind != object.User })
	if len(have) == 1 && have[0].ID == owner {
		return fault.Because(fault.Invalid, LastOwner, "The group must have at least one owner, hence this owner cannot be removed.")
	}
	if err := object.RemoveOwner(ctx, tx, g.Tenant, g.ID, owner); err != nil {
		return err
	}
	return recordGroup(ctx, tx, who, "Remove owner from group", g, []audit.Change{{Name: "Owner", Old: string(owner)}})
}

func recordGroup(ctx context.Context, tx *sqldb.Tx, who authz.Caller, activity string, g *Group, changed []audit.Change) error {
	return audit.Record(ctx, tx, who, groupEntry(activity, g, changed))
}

func groupEntry(activity string, g *Group, changed []audit.Change) audit.Entry {
	return audit.Entry{
		Category: "GroupManagement", Activity: activity, Changes: changed,
		Target: audit.Target{Kind: "Group", ID: string(g.ID), Name: g.DisplayName},
	}
}

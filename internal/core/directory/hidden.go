package directory

import (
	"context"

	"entente/internal/core/authz"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// ReadHidden is the permission without which no program sees who is in a group
// whose membership is hidden, unless it is in the group itself.
const ReadHidden = "Member.Read.Hidden"

// hiddenMembers is the action by which people see who is in such a group; its
// owners have it as well.
const hiddenMembers authz.Action = "groups/hiddenMembers/read"

// A Viewer is whoever looks at memberships. Those in a group of hidden
// membership are seen by who is in it themselves, and with the permission by
// programs, by its owners, and by whoever holds a role for it.
type Viewer struct {
	who    authz.Caller
	all    bool // sees every membership
	rights bool // owning a group and holding a role on it count
}

// ViewerOf returns what the caller sees of memberships.
func ViewerOf(ctx context.Context, tx *sqldb.Tx, who authz.Caller) (v Viewer, err error) {
	v.who = who
	if !who.IsSystem() && !who.ByRole && !who.Has(ReadHidden) && !who.Has(authz.AsUser) {
		return v, nil
	}
	r, err := authz.RightsOf(ctx, tx, who, "")
	v.all = r.Allow(hiddenMembers)
	v.rights = !v.all
	return v, err
}

// MaySeeMembers refuses whoever may not see who is in the group.
func MaySeeMembers(ctx context.Context, tx *sqldb.Tx, who authz.Caller, group ids.ObjectID) error {
	g, err := GetGroup(ctx, tx, who.Tenant, group)
	if err != nil || !g.Hidden() {
		return err
	}
	v, err := ViewerOf(ctx, tx, who)
	if err != nil || v.all {
		return err
	}
	sees, err := v.seesGroup(ctx, tx, who.Tenant, group)
	switch {
	case err != nil || sees:
		return err
	case v.rights:
		return authz.RefuseFor(hiddenMembers)
	}
	return authz.Refuse().With("leastPermission", ReadHidden)
}

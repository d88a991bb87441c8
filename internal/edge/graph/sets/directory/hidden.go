package directory

import (
	"context"

	"entente/internal/core/authz"
	"entente/internal/core/directory"
	"entente/internal/edge/graph/edm"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// readHidden is the permission without which no program sees who is in a group
// whose membership is hidden, unless it is in the group itself.
const readHidden = "Member.Read.Hidden"

// hiddenMembers is the action by which people see who is in such a group; its
// owners have it as well.
const hiddenMembers authz.Action = "groups/hiddenMembers/read"

// unhidden has the members of a group shown to those alone who may see them.
// https://learn.microsoft.com/graph/api/group-list-members?view=graph-rest-1.0
func (s Services) unhidden(set *edm.Set) *edm.Set {
	list := set.List.Do
	set.List.Do = func(ctx context.Context, r *edm.Request) (edm.Page, error) {
		if err := s.DB.View(ctx, func(tx *sqldb.Tx) error { return maySeeMembers(ctx, tx, r.Who, ids.ObjectID(r.Parent())) }); err != nil {
			return edm.Page{}, err
		}
		return list(ctx, r)
	}
	return set
}

func maySeeMembers(ctx context.Context, tx *sqldb.Tx, who authz.Caller, id ids.ObjectID) error {
	g, err := directory.GetGroup(ctx, tx, who.Tenant, id)
	if err != nil || g.Visibility == nil || *g.Visibility != directory.HiddenMembership {
		return err
	}
	if in, err := directory.ObjectsAmong(ctx, tx, who.Tenant, who.Object, []ids.ObjectID{id}, false); err != nil || len(in) > 0 {
		return err
	}
	if !who.ByRole && !who.Has(readHidden) && !who.Has(authz.AsUser) {
		return authz.Refuse().With("leastPermission", readHidden)
	}
	return authz.Allow(ctx, tx, who, id, hiddenMembers)
}

package directory

import (
	"context"
	"errors"
	"time"

	"entente/internal/core/audit"
	"entente/internal/core/authz"
	"entente/internal/core/object"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// GiveMembership puts a member into a group for a stored cause, in the caller's
// transaction; who may is the caller's business. A member who is there has one
// cause more, and the end of the cause that it was given before is renewed.
func GiveMembership(ctx context.Context, tx *sqldb.Tx, who authz.Caller, group, member ids.ObjectID, c object.Cause) error {
	g, err := GetGroup(ctx, tx, who.Tenant, group)
	if err != nil {
		return err
	}
	o, err := object.Get(ctx, tx, g.Tenant, member)
	if err != nil {
		return err
	}
	if err := g.fits(o); err != nil {
		return err
	}
	added, err := addMembership(ctx, tx, g, member, c.ID)
	if err != nil || !added {
		return err
	}
	changes := []audit.Change{{Name: "Member", New: string(member)}, {Name: "Member.DisplayName", New: o.DisplayName}}
	if !c.Ends.IsZero() {
		changes = append(changes, audit.Change{Name: "Until", New: c.Ends.Format(time.RFC3339)})
	}
	return recordGroup(ctx, tx, who, "Add member to group", g, changes)
}

// TakeMembership ends a cause, in the caller's transaction, and takes the member
// out of the group if no other cause keeps it there. What the cause never gave,
// or somebody took meanwhile, changes nothing.
func TakeMembership(ctx context.Context, tx *sqldb.Tx, who authz.Caller, group, member ids.ObjectID, cause ids.CauseID) error {
	tied, err := object.EndTie(ctx, tx, who.Tenant, object.OfMembership, tie(group, member), cause)
	if err != nil || !tied {
		return err
	}
	g, err := GetGroup(ctx, tx, who.Tenant, group)
	if errors.Is(err, fault.NotFound) { // deleted, and may return
		g, err = &Group{Tenant: who.Tenant, GroupFace: GroupFace{ID: group}}, nil
	}
	if err != nil {
		return err
	}
	ends, alive, err := object.Life(ctx, tx, who.Tenant, object.OfMembership, tie(group, member))
	if err != nil {
		return err
	}
	if alive {
		return endMembership(ctx, tx, g, member, ends)
	}
	leave := func() error {
		if err := dropMembership(ctx, tx, g.Tenant, g.ID, member); err != nil {
			return err
		}
		return recordGroup(ctx, tx, who, "Remove member from group", g, []audit.Change{{Name: "Member", Old: string(member)}})
	}
	if !g.AssignableToRole() {
		return leave()
	}
	return sparing(ctx, tx, g.Tenant, fault.Invalid, "removed", leave)
}

// GiveOwnership is GiveMembership for an owner of a group. An ownership has no
// end of its own: it ends when it is taken.
func GiveOwnership(ctx context.Context, tx *sqldb.Tx, who authz.Caller, group, owner ids.ObjectID, c object.Cause) error {
	g, err := GetGroup(ctx, tx, who.Tenant, group)
	if err != nil {
		return err
	}
	o, err := object.Get(ctx, tx, g.Tenant, owner)
	if err != nil {
		return err
	}
	if o.Kind != object.User && o.Kind != object.ServicePrincipal {
		return object.NotHere(o, "owners")
	}
	added, err := object.GiveOwnership(ctx, tx, g.Tenant, g.ID, owner, c.ID)
	if err != nil || !added {
		return err
	}
	return recordGroup(ctx, tx, who, "Add owner to group", g, []audit.Change{{Name: "Owner", New: string(owner)}})
}

// TakeOwnership is TakeMembership for an owner of a group.
func TakeOwnership(ctx context.Context, tx *sqldb.Tx, who authz.Caller, group, owner ids.ObjectID, cause ids.CauseID) error {
	taken, err := object.TakeOwnership(ctx, tx, who.Tenant, group, owner, cause)
	if err != nil || !taken {
		return err
	}
	g, err := GetGroup(ctx, tx, who.Tenant, group)
	if errors.Is(err, fault.NotFound) {
		g, err = &Group{Tenant: who.Tenant, GroupFace: GroupFace{ID: group}}, nil
	}
	if err != nil {
		return err
	}
	return recordGroup(ctx, tx, who, "Remove owner from group", g, []audit.Change{{Name: "Owner", Old: string(owner)}})
}

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

// A Gift is a membership of a group that a cause gives.
type Gift struct {
	Group, Member ids.ObjectID
	Cause         object.Cause
}

func (g Gift) tie() string { return tie(g.Group, g.Member) }

// GiveMembership puts a member into a group for a stored cause, in the caller's
// transaction; who may is the caller's business. A member who is there has one
// cause more, and the end of the cause that it was given before is renewed.
func GiveMembership(ctx context.Context, tx *sqldb.Tx, who authz.Caller, group, member ids.ObjectID, c object.Cause) error {
	return GiveMemberships(ctx, tx, who, []Gift{{group, member, c}})
}

// GiveMemberships does so for several, each kind of row in one statement.
func GiveMemberships(ctx context.Context, tx *sqldb.Tx, who authz.Caller, all []Gift) error {
	members, err := object.GetAll(ctx, tx, who.Tenant, receiversOf(all))
	if err != nil {
		return err
	}
	causes, err := object.CausesOfAll(ctx, tx, who.Tenant, object.OfMembership, tiesOf(all))
	if err != nil {
		return err
	}
	groups := map[ids.ObjectID]*Group{}
	var links [][2]string
	var rows [][]any
	var told []audit.Told
	for _, gift := range all {
		g := groups[gift.Group]
		if g == nil {
			if g, err = GetGroup(ctx, tx, who.Tenant, gift.Group); err != nil {
				return err
			}
			groups[gift.Group] = g
		}
		o, ok := members[gift.Member]
		if !ok {
			return object.Missing(string(gift.Member))
		}
		if err := g.fits(o); err != nil {
			return err
		}
		have := causes[gift.tie()]
		_, alive := object.LifeBy(have, tx.Now())
		if !slices.ContainsFunc(have, func(c object.Cause) bool { return c.ID == gift.Cause.ID }) {
			have = append(have, gift.Cause)
			causes[gift.tie()] = have
			links = append(links, [2]string{gift.tie(), string(gift.Cause.ID)})
		}
		ends, _ := object.LifeBy(have, tx.Now())
		rows = append(rows, []any{g.Tenant, g.ID, gift.Member, sqldb.Micros(tx.Now()), sqldb.Micros(ends)})
		if g.AssignableToRole() {
			if err := authz.Hold(ctx, tx, g.Tenant, g.ID, gift.Member, ends); err != nil {
				return err
			}
		}
		if alive {
			continue
		}
		changes := []audit.Change{{Name: "Member", New: string(gift.Member)}, {Name: "Member.DisplayName", New: o.DisplayName}}
		if !gift.Cause.Ends.IsZero() {
			changes = append(changes, audit.Change{Name: "Until", New: gift.Cause.Ends.Format(time.RFC3339)})
		}
		told = append(told, audit.Told{Entry: groupEntry("Add member to group", g, changes)})
	}
	if err := object.LinkAll(ctx, tx, who.Tenant, object.OfMembership, links); err != nil {
		return err
	}
	if err := putMemberships(ctx, tx, rows); err != nil {
		return err
	}
	return audit.RecordAll(ctx, tx, who, told)
}

// TakeMembership ends a cause, in the caller's transaction, and takes the member
// out of the group if no other cause keeps it there. What the cause never gave,
// or somebody took meanwhile, changes nothing.
func TakeMembership(ctx context.Context, tx *sqldb.Tx, who authz.Caller, group, member ids.ObjectID, cause ids.CauseID) error {
	return TakeMemberships(ctx, tx, who, []Gift{{group, member, object.Cause{ID: cause}}})
}

// TakeMemberships does so for several, each kind of row in one statement. Of the
// causes only the identifiers count.
func TakeMemberships(ctx context.Context, tx *sqldb.Tx, who authz.Caller, all []Gift) error {
	ending := make([]ids.CauseID, len(all))
	for i, g := range all {
		ending[i] = g.Cause.ID
	}
	ended, err := object.EndCauses(ctx, tx, who.Tenant, ending)
	if err != nil {
		return err
	}
	var tied []Gift // each membership once
	seen := map[string]bool{}
	for _, g := range all {
		if t := g.tie(); !seen[t] && slices.Contains(ended[g.Cause.ID], object.Tie{Kind: object.OfMembership, ID: t}) {
			seen[t] = true
			tied = append(tied, g)
		}
	}
	causes, err := object.CausesOfAll(ctx, tx, who.Tenant, object.OfMembership, tiesOf(tied))
	if err != nil {
		return err
	}
	l := newLeaving(who)
	for _, gift := range tied {
		ends, alive := object.LifeBy(causes[gift.tie()], tx.Now())
		if err := l.take(ctx, tx, gift, ends, alive); err != nil {
			return err
		}
	}
	return l.leave(ctx, tx, true)
}

// leaving is who goes out of which groups.
type leaving struct {
	who     authz.Caller
	groups  map[ids.ObjectID]*Group
	order   []ids.ObjectID
	members map[ids.ObjectID][]ids.ObjectID // by group
}

func newLeaving(who authz.Caller) *leaving {
	return &leaving{who: who, groups: map[ids.ObjectID]*Group{}, members: map[ids.ObjectID][]ids.ObjectID{}}
}

// take has a membership go of which no cause is alive, and the others end when the
// last of theirs does.
func (l *leaving) take(ctx context.Context, tx *sqldb.Tx, gift Gift, ends time.Time, alive bool) error {
	g := l.groups[gift.Group]
	if g == nil {
		var err error
		if g, err = GetGroup(ctx, tx, l.who.Tenant, gift.Group); errors.Is(err, fault.NotFound) { // deleted, and may return
			g, err = &Group{Tenant: l.who.Tenant, GroupFace: GroupFace{ID: gift.Group}}, nil
		}
		if err != nil {
			return err
		}
		l.groups[g.ID], l.order = g, append(l.order, g.ID)
	}
	if alive {
		return endMembership(ctx, tx, g, gift.Member, ends)
	}
	l.members[g.ID] = append(l.members[g.ID], gift.Member)
	return nil
}

// leave has them go. To spare the last administrator is for who takes a membership
// that counts; one that is past its end gives nothing any more.
func (l *leaving) leave(ctx context.Context, tx *sqldb.Tx, spare bool) error {
	var told []audit.Told
	for _, id := range l.order {
		g, members := l.groups[id], l.members[id]
		if len(members) == 0 {
			continue
		}
		drop := func() error { return dropMemberships(ctx, tx, g.Tenant, g.ID, members) }
		err := error(nil)
		if spare && g.AssignableToRole() {
			err = sparing(ctx, tx, g.Tenant, fault.Invalid, "removed", drop)
		} else {
			err = drop()
		}
		if err != nil {
			return err
		}
		for _, m := range members {
			told = append(told, audit.Told{Entry: groupEntry("Remove member from group", g, []audit.Change{{Name: "Member", Old: string(m)}})})
		}
	}
	return audit.RecordAll(ctx, tx, l.who, told)
}

func receiversOf(all []Gift) []ids.ObjectID {
	list := make([]ids.ObjectID, len(all))
	for i, g := range all {
		list[i] = g.Member
	}
	return list
}

func tiesOf(all []Gift) []string {
	list := make([]string, len(all))
	for i, g := range all {
		list[i] = g.tie()
	}
	return list
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

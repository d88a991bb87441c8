package directory

import (
	"context"
	"iter"
	"time"

	"entente/internal/core/audit"
	"entente/internal/core/authz"
	"entente/internal/core/object"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// AlreadyMember is the Reason of a fault about someone who is in the group.
const AlreadyMember fault.Reason = "directory.already_member"

// AddMember puts a user, service principal or group into a group, until a time
// if it is not zero. Doing it twice is refused with AlreadyMember.
func (s *Service) AddMember(ctx context.Context, who authz.Caller, group, member ids.ObjectID, until time.Time) error {
	return s.changeGroup(ctx, who, group, "members/update", func(tx *sqldb.Tx, g *Group) error { return s.joins(ctx, tx, who, g, member, until) })
}

// joins adds a member and records it.
func (s *Service) joins(ctx context.Context, tx *sqldb.Tx, who authz.Caller, g *Group, member ids.ObjectID, until time.Time) error {
	o, err := s.addMember(ctx, tx, who, g, member, until)
	if err != nil {
		return err
	}
	changes := []audit.Change{{Name: "Member", New: string(member)}, {Name: "Member.DisplayName", New: o.DisplayName}}
	if !until.IsZero() {
		changes = append(changes, audit.Change{Name: "Until", New: until.Format(time.RFC3339)})
	}
	return recordGroup(ctx, tx, who, "Add member to group", g, changes)
}

// addMember adds a member by the caller's word.
func (s *Service) addMember(ctx context.Context, tx *sqldb.Tx, who authz.Caller, g *Group, member ids.ObjectID, until time.Time) (object.Object, error) {
	o, err := object.Get(ctx, tx, g.Tenant, member)
	if err != nil {
		return o, err
	}
	if err := g.fits(o); err != nil {
		return o, err
	}
	c, err := object.NewCause(object.ByAdministrator, string(g.ID), who.Subject, who.Name, until, tx.Now())
	if err != nil {
		return o, err
	}
	if err := object.AddCause(ctx, tx, g.Tenant, c); err != nil {
		return o, err
	}
	added, err := addMembership(ctx, tx, g, member, c.ID)
	if err == nil && !added {
		err = fault.Because(fault.Invalid, AlreadyMember,
			"One or more added object references already exist for the following modified properties: 'members'.")
	}
	return o, err
}

// fits refuses what cannot be in the group: applications anywhere, groups in a
// Microsoft 365 group or in one that roles may be given to, and a group in
// itself.
func (g *Group) fits(o object.Object) error {
	switch {
	case o.Kind == object.User, o.Kind == object.ServicePrincipal:
		return nil
	case o.Kind == object.Group && !g.Unified() && !g.AssignableToRole() && g.ID != o.ID:
		return nil
	}
	return object.NotHere(o, "members")
}

// RemoveMember takes a direct member out of a group, whatever put it there.
func (s *Service) RemoveMember(ctx context.Context, who authz.Caller, group, member ids.ObjectID) error {
	return s.changeGroup(ctx, who, group, "members/update", func(tx *sqldb.Tx, g *Group) error {
		in, err := isMember(ctx, tx, g.Tenant, g.ID, member)
		if err != nil {
			return err
		}
		if !in {
			return object.Missing(string(member))
		}
		return s.keeping(ctx, tx, g, func() error { return s.leaves(ctx, tx, who, g, member) })
	})
}

func (s *Service) leaves(ctx context.Context, tx *sqldb.Tx, who authz.Caller, g *Group, member ids.ObjectID) error {
	if err := dropMembership(ctx, tx, g.Tenant, g.ID, member); err != nil {
		return err
	}
	return recordGroup(ctx, tx, who, "Remove member from group", g, []audit.Change{{Name: "Member", Old: string(member)}})
}

// EndDue removes up to limit memberships whose last cause has ended, each in a
// transaction of its own, and returns how many it looked at. They have not
// counted since their end; this clears away the rows and writes the log.
func (s *Service) EndDue(ctx context.Context, limit int) (int, error) {
	var due []pastMembership
	err := s.db.View(ctx, func(tx *sqldb.Tx) (err error) {
		due, err = pastMemberships(ctx, tx, limit)
		return err
	})
	if err != nil {
		return 0, err
	}
	done := 0
	for part := range parts(due, endsTogether) {
		err := s.db.Update(ctx, func(tx *sqldb.Tx) error { return endPast(ctx, tx, part) })
		if err != nil && len(part) > 1 {
			err = s.endEach(ctx, part)
		}
		if err != nil {
			return done, err
		}
		done += len(part)
	}
	return done, nil
}

// endsTogether is how many memberships end in one transaction.
const endsTogether = 50

// parts returns lists of at most so many memberships of one tenant each.
func parts(all []pastMembership, most int) iter.Seq[[]pastMembership] {
	return func(yield func([]pastMembership) bool) {
		for len(all) > 0 {
			n := 1
			for n < min(most, len(all)) && all[n].tenant == all[0].tenant {
				n++
			}
			if !yield(all[:n]) {
				return
			}
			all = all[n:]
		}
	}
}

func (s *Service) endEach(ctx context.Context, all []pastMembership) error {
	for _, p := range all {
		if err := s.db.Update(ctx, func(tx *sqldb.Tx) error { return endPast(ctx, tx, []pastMembership{p}) }); err != nil {
			return err
		}
	}
	return nil
}

// endPast removes those of some memberships of a tenant that are still there and past
// their end, unless a cause that came since keeps one.
func endPast(ctx context.Context, tx *sqldb.Tx, all []pastMembership) error {
	tenant := all[0].tenant
	left, err := stillPast(ctx, tx, tenant, all)
	if err != nil {
		return err
	}
	causes, err := object.CausesOfAll(ctx, tx, tenant, object.OfMembership, tiesOf(left))
	if err != nil {
		return err
	}
	l := newLeaving(authz.System(tenant, "End of membership"))
	for _, gift := range left {
		ends, alive := object.LifeBy(causes[gift.tie()], tx.Now())
		if err := l.take(ctx, tx, gift, ends, alive); err != nil {
			return err
		}
	}
	return l.leave(ctx, tx, false)
}

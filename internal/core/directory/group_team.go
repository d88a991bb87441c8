package directory

import (
	"context"
	"slices"
	"time"

	"entente/internal/core/authz"
	"entente/internal/core/object"
	"entente/internal/core/tenant"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// What a team does with its group, within the team's transaction.

// ChangeGroup returns the group if the caller may do to it all that does says
// ("basic/update").
func (s *Service) ChangeGroup(ctx context.Context, tx *sqldb.Tx, who authz.Caller, id ids.ObjectID, does ...authz.Action) (*Group, error) {
	g, err := GetGroup(ctx, tx, who.Tenant, id)
	if err != nil {
		return nil, err
	}
	for _, one := range does {
		if err := mayManageGroup(ctx, tx, who, g, one); err != nil {
			return nil, err
		}
	}
	return g, nil
}

// MakeGroup stores a new group from a Graph body; see CreateGroup.
func (s *Service) MakeGroup(ctx context.Context, tx *sqldb.Tx, who authz.Caller, body []byte, owners, members []ids.ObjectID) (*Group, error) {
	home, err := tenant.Get(ctx, tx, who.Tenant)
	if err != nil {
		return nil, err
	}
	g, err := NewGroup(home, body, tx.Now())
	if err != nil {
		return nil, err
	}
	owns, err := mayCreateGroup(ctx, tx, who, g, len(owners) > 0)
	if err != nil {
		return nil, err
	}
	if err := addGroup(ctx, tx, g, who.Object); err != nil {
		return nil, err
	}
	if owns && !slices.Contains(owners, who.Object) {
		owners = append(slices.Clone(owners), who.Object)
	}
	for _, id := range unique(owners) {
		if err := addGroupOwner(ctx, tx, g, id); err != nil {
			return nil, err
		}
	}
	for _, id := range unique(members) {
		if _, err := s.addMember(ctx, tx, who, g, id, time.Time{}); err != nil {
			return nil, err
		}
	}
	return g, recordGroup(ctx, tx, who, "Add group", g, nil)
}

// PutGroup stores a group that the caller of ChangeGroup has changed by a Graph
// body, and notes on it that it has a team, archived or not.
func (s *Service) PutGroup(ctx context.Context, tx *sqldb.Tx, g *Group, body []byte, archived bool) (*Group, error) {
	h, err := g.Apply(body)
	if err != nil {
		return nil, err
	}
	if !h.HasTeam() {
		h.ResourceProvisioning = append(slices.Clone(h.ResourceProvisioning), TeamOption)
	}
	h.IsArchived = &archived
	return h, putGroup(ctx, tx, h)
}

// Seat puts a person into a group, as an owner as well or not, whatever they
// are in it now.
func (s *Service) Seat(ctx context.Context, tx *sqldb.Tx, who authz.Caller, g *Group, person ids.ObjectID, owner bool) error {
	in, err := isMember(ctx, tx, g.Tenant, g.ID, person)
	if err == nil && !in {
		err = s.joins(ctx, tx, who, g, person, time.Time{})
	}
	if err != nil {
		return err
	}
	owns, err := object.Owns(ctx, tx, g.Tenant, g.ID, person)
	switch {
	case err != nil || owns == owner:
		return err
	case owner:
		return s.addOwner(ctx, tx, who, g, person)
	}
	return s.dropOwner(ctx, tx, who, g, person)
}

// Unseat takes a person out of a group, as a member and as an owner.
func (s *Service) Unseat(ctx context.Context, tx *sqldb.Tx, who authz.Caller, g *Group, person ids.ObjectID) error {
	owns, err := object.Owns(ctx, tx, g.Tenant, g.ID, person)
	if err == nil && owns {
		err = s.dropOwner(ctx, tx, who, g, person)
	}
	if err != nil {
		return err
	}
	in, err := isMember(ctx, tx, g.Tenant, g.ID, person)
	if err != nil || !in {
		return err
	}
	return s.keeping(ctx, tx, g, func() error { return s.leaves(ctx, tx, who, g, person) })
}

package directory

import (
	"context"

	"entente/internal/core/authz"
	"entente/internal/core/tenant"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// A Return is how a user comes back.
type Return struct {
	Name  string // another user principal name; the old one when it is empty
	Yield bool   // do without mail addresses that somebody else has by now
}

// RestoreUser brings a deleted user back. Roles come back with their holder:
// whoever held a role is brought back by those alone who reach it.
func (s *Service) RestoreUser(ctx context.Context, who authz.Caller, id ids.ObjectID, how Return) (*User, error) {
	var u *User
	err := s.db.Update(ctx, func(tx *sqldb.Tx) error {
		deleted, err := mayDecideOn(ctx, tx, who, id, "deletedItems.users/restore")
		if err != nil {
			return err
		}
		home, err := tenant.Get(ctx, tx, who.Tenant)
		if err != nil {
			return err
		}
		if u, err = deleted.raised(home, how.Name); err != nil {
			return err
		}
		if how.Yield {
			if err := yieldAddresses(ctx, tx, u); err != nil {
				return err
			}
		}
		if err := raiseUser(ctx, tx, u); err != nil {
			return err
		}
		return record(ctx, tx, who, "Restore user", u, nil)
	})
	return u, err
}

// PurgeUser removes a deleted user for good, which is for whoever may delete one.
// https://learn.microsoft.com/graph/api/directory-deleteditems-delete
func (s *Service) PurgeUser(ctx context.Context, who authz.Caller, id ids.ObjectID) error {
	return s.db.Update(ctx, func(tx *sqldb.Tx) error {
		u, err := mayDecideOn(ctx, tx, who, id, "users/delete")
		if err != nil {
			return err
		}
		if err := purgeUser(ctx, tx, u.Tenant, u.ID); err != nil {
			return err
		}
		return record(ctx, tx, who, "Hard Delete user", u, nil)
	})
}

// mayDecideOn returns a deleted user, or refuses a caller who may not say what
// becomes of it.
func mayDecideOn(ctx context.Context, tx *sqldb.Tx, who authz.Caller, id ids.ObjectID, does authz.Action) (*User, error) {
	u, err := GetDeletedUser(ctx, tx, who, id)
	if err != nil {
		return nil, err
	}
	return u, mayControl(ctx, tx, who, id, does, authz.Sensitive())
}

// RestoreGroup brings a deleted group back, with its members and owners. Its
// owners may do so too.
func (s *Service) RestoreGroup(ctx context.Context, who authz.Caller, id ids.ObjectID) (*Group, error) {
	var g *Group
	err := s.deletedGroup(ctx, who, id, func(tx *sqldb.Tx, deleted *Group) error {
		g = deleted
		g.DeletedDateTime = nil
		if err := raiseGroup(ctx, tx, g); err != nil {
			return err
		}
		return recordGroup(ctx, tx, who, "Restore Group", g, nil)
	})
	return g, err
}

// PurgeGroup removes a deleted group for good.
func (s *Service) PurgeGroup(ctx context.Context, who authz.Caller, id ids.ObjectID) error {
	return s.deletedGroup(ctx, who, id, func(tx *sqldb.Tx, g *Group) error {
		if err := purgeGroup(ctx, tx, g.Tenant, g.ID); err != nil {
			return err
		}
		return recordGroup(ctx, tx, who, "Hard Delete group", g, nil)
	})
}

// deletedGroup runs a rule on a deleted group that the caller may change.
func (s *Service) deletedGroup(ctx context.Context, who authz.Caller, id ids.ObjectID, rule func(*sqldb.Tx, *Group) error) error {
	return s.db.Update(ctx, func(tx *sqldb.Tx) error {
		g, err := GetDeletedGroup(ctx, tx, who, id)
		if err != nil {
			return err
		}
		if err := mayManageGroup(ctx, tx, who, g, "delete"); err != nil {
			return err
		}
		return rule(tx, g)
	})
}

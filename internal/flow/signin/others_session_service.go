package signin

import (
	"context"

	"entente/internal/core/authz"
	"entente/internal/core/directory"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// SessionsOf returns the sessions that count of a user whose home is the caller's
// tenant, the last used first, to whoever may end them. A guest has theirs at home.
func (s *Service) SessionsOf(ctx context.Context, who authz.Caller, user ids.ObjectID) (all []Session, err error) {
	err = s.db.View(ctx, func(tx *sqldb.Tx) error {
		u, err := directory.MayRevoke(ctx, tx, who, string(user))
		if err != nil {
			return err
		}
		all, err = sessionsOfUser(ctx, tx, who.Tenant, u.ID, u.SessionsFrom, MaxShown)
		return err
	})
	return all, err
}

// EndSessionOf is EndSession of a session of such a user.
func (s *Service) EndSessionOf(ctx context.Context, who authz.Caller, user ids.ObjectID, id ids.SessionID) error {
	return s.db.Update(ctx, func(tx *sqldb.Tx) error {
		u, err := directory.MayRevoke(ctx, tx, who, string(user))
		if err != nil {
			return err
		}
		return endOne(ctx, tx, who, u, id)
	})
}

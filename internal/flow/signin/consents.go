package signin

import (
	"context"

	"entente/internal/core/authz"
	"entente/internal/core/consent"
	"entente/internal/core/token"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// familiesAtOnce bounds the rows of one transaction.
const familiesAtOnce = 200

// EndConsent takes back what the caller has agreed to for an application in
// their tenant, named by its service principal there, and ends its refresh
// tokens for them. The next token, and the next call of Graph, is refused; what
// the organization has agreed to stays, for a new sign-in.
func (s *Service) EndConsent(ctx context.Context, who authz.Caller, client ids.ObjectID) error {
	var appID ids.AppID
	ended := 0
	err := s.db.Update(ctx, func(tx *sqldb.Tx) (err error) {
		if appID, err = consent.TakeBack(ctx, tx, who, client); err != nil {
			return err
		}
		ended, err = token.RevokeClient(ctx, tx, who.Subject, appID, familiesAtOnce)
		return err
	})
	for err == nil && ended == familiesAtOnce {
		err = s.db.Update(ctx, func(tx *sqldb.Tx) (err error) {
			ended, err = token.RevokeClient(ctx, tx, who.Subject, appID, familiesAtOnce)
			return err
		})
	}
	return err
}

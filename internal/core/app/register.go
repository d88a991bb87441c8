package app

import (
	"context"
	"encoding/json"

	"entente/internal/core/authz"
	"entente/internal/kit/sqldb"
)

// Register stores a new application from a Graph body together with its service
// principal in the caller's tenant, as a registration in the admin center does:
// both or neither. The caller becomes the owner of both.
func (s *Service) Register(ctx context.Context, who authz.Caller, body []byte) (a *Application, p *ServicePrincipal, err error) {
	face, err := json.Marshal(map[string][]string{"tags": {IntegratedTag}})
	if err != nil {
		return nil, nil, err
	}
	err = s.db.Update(ctx, func(tx *sqldb.Tx) (err error) {
		if a, err = s.define(ctx, tx, who, body, "", nil); err != nil {
			return err
		}
		p, err = s.present(ctx, tx, who, a.AppID, face, nil)
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	return a, p, nil
}

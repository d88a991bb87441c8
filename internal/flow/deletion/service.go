package deletion

import (
	"context"

	"entente/internal/core/app"
	"entente/internal/core/authz"
	"entente/internal/core/directory"
	"entente/internal/core/object"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// A Service restores and purges.
type Service struct {
	db     *sqldb.DB
	people *directory.Service
	apps   *app.Service
}

// NewService returns a service on db.
func NewService(db *sqldb.DB, people *directory.Service, apps *app.Service) *Service {
	return &Service{db, people, apps}
}

// Kind returns what kind a deleted object of the tenant is, or NotFound.
func (s *Service) Kind(ctx context.Context, tenant ids.TenantID, id ids.ObjectID) (object.Kind, error) {
	var o object.Object
	err := s.db.View(ctx, func(tx *sqldb.Tx) (err error) {
		o, err = object.GetDeleted(ctx, tx, tenant, id)
		return err
	})
	return o.Kind, err
}

// Restore brings a deleted object back and says of what kind it is. Only a
// user may come back under another name.
func (s *Service) Restore(ctx context.Context, who authz.Caller, id ids.ObjectID, how directory.Return) (kind object.Kind, err error) {
	if kind, err = s.Kind(ctx, who.Tenant, id); err != nil {
		return kind, err
	}
	if how.Name != "" && kind != object.User {
		return kind, fault.InvalidAt("newUserPrincipalName", "Only a user has a user principal name.")
	}
	switch kind {
	case object.User:
		_, err = s.people.RestoreUser(ctx, who, id, how)
	case object.Group:
		_, err = s.people.RestoreGroup(ctx, who, id)
	case object.Application:
		_, err = s.apps.RestoreApplication(ctx, who, id)
	case object.ServicePrincipal:
		_, err = s.apps.RestorePrincipal(ctx, who, id)
	default:
		err = object.Missing(string(id))
	}
	return kind, err
}

// Purge removes a deleted object for good.
func (s *Service) Purge(ctx context.Context, who authz.Caller, id ids.ObjectID) error {
	kind, err := s.Kind(ctx, who.Tenant, id)
	if err != nil {
		return err
	}
	return s.purge(ctx, who, kind, id)
}

func (s *Service) purge(ctx context.Context, who authz.Caller, kind object.Kind, id ids.ObjectID) error {
	switch kind {
	case object.User:
		return s.people.PurgeUser(ctx, who, id)
	case object.Group:
		return s.people.PurgeGroup(ctx, who, id)
	case object.Application:
		return s.apps.PurgeApplication(ctx, who, id)
	case object.ServicePrincipal:
		return s.apps.RemovePrincipal(ctx, who, id)
	}
	return object.Missing(string(id))
}

package entitlement

import (
	"entente/internal/flow/provision"
	"entente/internal/kit/sqldb"
)

// A Service governs who has which access package.
type Service struct {
	db        *sqldb.DB
	provision *provision.Service
}

// NewService returns a service on db.
func NewService(db *sqldb.DB) *Service {
	return &Service{db: db, provision: provision.NewService(db, nil)}
}

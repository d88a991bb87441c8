package offer

import "entente/internal/kit/sqldb"

// A Service sets up what people may ask for.
type Service struct {
	db *sqldb.DB
}

// NewService returns a service on db.
func NewService(db *sqldb.DB) *Service { return &Service{db} }

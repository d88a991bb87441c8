package entitlement

import (
	"entente/internal/flow/notify"
	"entente/internal/flow/provision"
	"entente/internal/kit/secret"
	"entente/internal/kit/sqldb"
)

// A Service governs who has which access package.
type Service struct {
	db        *sqldb.DB
	provision *provision.Service
	notes     *notify.Service // nil: nobody is told anything

	out *Outward // nil: no endpoints are called

	ring *secret.Ring // seals the links of messages
	base string       // of those links
}

// Most is how many jobs of a kind the handlers that take several take at once: so
// many that a commit is shared by many, and so few that the others who write wait no
// more than a moment.
const Most = 50

// NewService returns a service on db.
func NewService(db *sqldb.DB) *Service {
	return &Service{db: db, provision: provision.NewService(db, nil)}
}

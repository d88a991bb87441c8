package entitlement

import (
	"entente/internal/flow/notify"
	"entente/internal/flow/offer"
	"entente/internal/flow/provision"
	"entente/internal/kit/jobs"
	"entente/internal/kit/secret"
	"entente/internal/kit/sqldb"
)

// A Service governs who has which access package, and sets up what can be had.
type Service struct {
	*offer.Service

	db        *sqldb.DB
	provision *provision.Service
	notes     *notify.Service // nil: nobody is told anything

	out *Outward // nil: no endpoints are called

	ring *secret.Ring // seals the links of messages
	base string       // of those links

	pace struct{ requests, access jobs.Pace }
}

// Most is how many jobs of a kind the handlers that take several are given at once.
// They are claimed together; into how many transactions they go, time says.
const Most = 200

// NewService returns a service on db.
func NewService(db *sqldb.DB) *Service {
	return &Service{Service: offer.NewService(db), db: db, provision: provision.NewService(db, nil)}
}

package entitlement

import (
	"context"

	"entente/internal/core/authz"
	"entente/internal/flow/offer"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
	"entente/internal/kit/sqldb"
)

// HeldBy returns a page of the assignments of a user of the caller's tenant, the
// latest first, to those who read them by a role.
func (s *Service) HeldBy(ctx context.Context, who authz.Caller, user ids.ObjectID, page query.Page) (offer.List[HeldRow], error) {
	var of []*Subject
	err := s.db.View(ctx, func(tx *sqldb.Tx) error {
		found, err := listSubjects(ctx, tx, who.Tenant, query.Query{Filter: query.Compare{Field: "objectId", Op: query.Eq, Value: string(user)}, Page: query.Page{Limit: 1}})
		of = found.Items
		return err
	})
	if err != nil {
		return offer.List[HeldRow]{}, err
	}
	target := ids.Nil // which nobody is: the right to read is asked for all the same
	if len(of) > 0 {
		target = string(of[0].ID)
	}
	return s.Held(ctx, who, "", offer.Asked{Query: query.Query{Filter: query.Compare{Field: "target/id", Op: query.Eq, Value: target}, Order: []query.Key{{Field: "createdDateTime", Desc: true}}, Page: page}})
}

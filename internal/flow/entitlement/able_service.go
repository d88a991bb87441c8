package entitlement

import (
	"context"

	"entente/internal/core/app"
	"entente/internal/core/directory"
	"entente/internal/core/object"
	"entente/internal/flow/offer"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
	"entente/internal/kit/sqldb"
)

// resolve returns who the sets name, or the others where that is nobody who could
// decide. Where nobody could at all it is whom the sets name: a group may have
// members by the time of the decision. Own are those whose request it is.
func resolve(ctx context.Context, tx *sqldb.Tx, sets, others []offer.SubjectSet, target *Subject, own parties) ([]ids.ObjectID, error) {
	var named []ids.ObjectID
	for _, list := range [][]offer.SubjectSet{sets, others} {
		var all []ids.ObjectID
		for _, set := range list {
			objects, err := objectsOf(ctx, tx, set, target)
			if err != nil {
				return nil, err
			}
			all = append(all, objects...)
		}
		for _, id := range all {
			able, err := anybody(ctx, tx, target.Tenant, own, id)
			if err != nil {
				return nil, err
			}
			if able {
				return all, nil
			}
		}
		named = append(named, all...)
	}
	return named, nil
}

// anybody reports whether somebody stands behind an approver's object who could
// decide: a user who may sign in, or a program, whose own the request is not.
func anybody(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, own parties, id ids.ObjectID) (bool, error) {
	u, err := directory.GetUser(ctx, tx, tenant, string(id))
	if err == nil {
		return u.Enabled() && !own.has(u), nil
	}
	if !missing(err) {
		return false, err
	}
	o, err := object.Get(ctx, tx, tenant, id)
	switch {
	case err != nil:
		return false, skipMissing(err)
	case o.Kind == object.ServicePrincipal:
		return ableProgram(ctx, tx, tenant, own, id)
	case o.Kind != object.Group:
		return false, nil
	}
	page, err := directory.ListObjects(ctx, tx, tenant, directory.AllMembersOf(id), "", query.Query{})
	if err != nil {
		return false, err
	}
	for _, m := range page.Items {
		if m.Kind == object.Group { // its members are in the list
			continue
		}
		if able, err := anybody(ctx, tx, tenant, own, m.ID); err != nil || able {
			return able, err
		}
	}
	return page.Next != nil, nil // of so many somebody could
}

// ableProgram is anybody of a service principal.
func ableProgram(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, own parties, id ids.ObjectID) (bool, error) {
	sp, err := app.GetPrincipal(ctx, tx, tenant, id)
	if err != nil || !sp.Enabled() {
		return false, err
	}
	mine, err := behind(ctx, tx, self{Tenant: tenant, Object: id})
	return err == nil && !own.meet(mine), err
}

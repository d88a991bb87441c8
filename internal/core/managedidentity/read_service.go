package managedidentity

import (
	"context"
	"errors"
	"strings"

	"entente/internal/core/authz"
	"entente/internal/core/object"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
	"entente/internal/kit/sqldb"
)

// maxScopes bounds the roles by which somebody reads identities everywhere; who
// has more reads those of the first.
const maxScopes = 100

// Everywhere returns a page of the user-assigned identities in all subscriptions
// of the tenant, as far as the caller's roles reach. Who has no role that allows
// reading any is refused.
func (s *Service) Everywhere(ctx context.Context, who authz.Caller, q query.Query) (page object.Page[*Identity], err error) {
	err = s.db.View(ctx, func(tx *sqldb.Tx) error {
		roles, all, err := power(ctx, tx, who)
		if err != nil {
			return err
		}
		if !all {
			var within query.Or
			for _, r := range roles {
				if d, _ := DefinitionOf(string(r.Definition)); len(within) < maxScopes && allows([]Role{r}, r.Scope, ReadIdentity) && d.ID != "" {
					if w, ok := reached(r.Scope); ok {
						within = append(within, w)
					}
				}
			}
			if len(within) == 0 {
				return fault.Because(fault.Forbidden, NotAuthorized, "You have no role by which managed identities are read.").
					WithFix("Ask for the role Reader or Managed Identity Operator on the subscription, the resource group or the identity; Global Administrators have all.")
			}
			if q.Filter == nil {
				q.Filter = within
			} else {
				q.Filter = query.And{q.Filter, within}
			}
		}
		page, err = listEverywhere(ctx, tx, who.Tenant, q)
		return err
	})
	return page, err
}

// reached returns which identities lie at or below a scope; none do below a
// resource of another kind.
func reached(scope string) (query.Expr, bool) {
	is := func(field, value string) query.Expr {
		return query.Compare{Field: field, Op: query.Eq, Value: value}
	}
	p := strings.Split(scope, "/") // "", subscriptions, id, resourcegroups, name, providers, namespace, type, name
	switch len(p) {
	case 3:
		return is("subscription", p[2]), true
	case 5:
		return query.And{is("subscription", p[2]), is("group", p[4])}, true
	}
	r, err := ParseResource(scope)
	if err != nil || r.Type != TypeIdentity {
		return nil, false
	}
	return query.And{is("subscription", string(r.Subscription)), is("group", r.Group), is("name", r.Name)}, true
}

// ByPrincipal returns the user-assigned identity whose service principal id is,
// to whoever may read it.
func (s *Service) ByPrincipal(ctx context.Context, who authz.Caller, id ids.ObjectID) (i *Identity, err error) {
	err = s.db.View(ctx, func(tx *sqldb.Tx) error {
		i, err = NeedIdentity(ctx, tx, who, id, false)
		if errors.Is(err, fault.NotFound) {
			err = object.Missing(string(id))
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return i, nil
}

// A Use is where an identity is used, and what it may do to resources.
type Use struct {
	Hosts []*Host // that have it; those that the caller may read, the first two hundred
	More  bool    // there are more
	Roles []Role  // which the identity itself has, in all subscriptions
}

// Uses returns where the identity whose service principal id is, is assigned, and
// which built-in roles it has.
func (s *Service) Uses(ctx context.Context, who authz.Caller, id ids.ObjectID) (u Use, err error) {
	err = s.db.View(ctx, func(tx *sqldb.Tx) error {
		u = Use{}
		if _, err := NeedIdentity(ctx, tx, who, id, false); err != nil {
			return err
		}
		roles, all, err := power(ctx, tx, who)
		if err != nil {
			return err
		}
		hosts, err := hostsWith(ctx, tx, who.Tenant, id, pageSize+1)
		if err != nil {
			return err
		}
		if u.More = len(hosts) > pageSize; u.More {
			hosts = hosts[:pageSize]
		}
		for _, h := range hosts {
			if all || allows(roles, h.Scope(), Read) {
				u.Hosts = append(u.Hosts, h)
			}
		}
		u.Roles, err = rolesOf(ctx, tx, who.Tenant, id)
		return err
	})
	return u, err
}

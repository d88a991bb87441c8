package managedidentity

import (
	"context"
	"errors"
	"strings"

	"entente/internal/core/app"
	"entente/internal/core/audit"
	"entente/internal/core/authz"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// A Service changes subscriptions, identities, hosts and roles on them.
type Service struct {
	db     *sqldb.DB
	forget Forget
}

// Forget removes, in the caller's transaction, what belongs to an identity
// that goes: package federation's credentials, which this package does not
// know.
type Forget func(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, principal ids.ObjectID) error

// NewService returns a service on db.
func NewService(db *sqldb.DB, forget Forget) *Service { return &Service{db, forget} }

// category is what all entries of this package are filed under.
const category = "ResourceManagement"

func record(ctx context.Context, tx *sqldb.Tx, who authz.Caller, activity, kind, id, name string, detail map[string]string) error {
	return audit.Record(ctx, tx, who, audit.Entry{
		Category: category, Activity: activity, Target: audit.Target{Kind: kind, ID: id, Name: name}, Detail: detail,
	})
}

// AddSubscription makes a subscription in the caller's tenant. Only a Global
// Administrator may, or the installation.
func (s *Service) AddSubscription(ctx context.Context, who authz.Caller, id SubscriptionID, name string) (*Subscription, error) {
	var sub *Subscription
	err := s.db.Update(ctx, func(tx *sqldb.Tx) (err error) {
		_, all, err := power(ctx, tx, who)
		if err != nil {
			return err
		}
		if !all {
			return authz.Refuse()
		}
		if sub, err = NewSubscription(who.Tenant, id, name, tx.Now()); err != nil {
			return err
		}
		if err := addSubscription(ctx, tx, sub); err != nil {
			return err
		}
		return record(ctx, tx, who, "Create subscription", "Subscription", string(sub.ID), sub.DisplayName, nil)
	})
	if err != nil {
		return nil, err
	}
	return sub, nil
}

// Subscriptions lists the subscriptions on which, or on something in which,
// the caller has a role.
func (s *Service) Subscriptions(ctx context.Context, who authz.Caller) ([]*Subscription, error) {
	var visible []*Subscription
	err := s.db.View(ctx, func(tx *sqldb.Tx) error {
		visible = nil
		subs, err := listSubscriptions(ctx, tx, who.Tenant)
		if err != nil {
			return err
		}
		roles, all, err := power(ctx, tx, who)
		if err != nil {
			return err
		}
		for _, sub := range subs {
			if all || seesSubscription(roles, sub.ID) {
				visible = append(visible, sub)
			}
		}
		return nil
	})
	return visible, err
}

func seesSubscription(roles []Role, id SubscriptionID) bool {
	for _, r := range roles {
		if r.Subscription == id {
			return true
		}
	}
	return false
}

// Subscription returns one of those.
func (s *Service) Subscription(ctx context.Context, who authz.Caller, id SubscriptionID) (*Subscription, error) {
	var sub *Subscription
	err := s.db.View(ctx, func(tx *sqldb.Tx) (err error) {
		if sub, err = getSubscription(ctx, tx, who.Tenant, id); err != nil {
			return err
		}
		roles, all, err := power(ctx, tx, who)
		if err == nil && !all && !seesSubscription(roles, id) {
			err = need(ctx, tx, who, SubscriptionScope(id), Read)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return sub, nil
}

// PutGroup makes a resource group, or changes the tags of one, and reports
// whether it is new.
func (s *Service) PutGroup(ctx context.Context, who authz.Caller, sub SubscriptionID, name, place string, tags Tags) (g *Group, created bool, err error) {
	err = s.db.Update(ctx, func(tx *sqldb.Tx) error {
		if err := enter(ctx, tx, who, sub, groupScope(sub, name), Write); err != nil {
			return err
		}
		wanted, err := NewGroup(sub, name, place, tags, tx.Now())
		if err != nil {
			return err
		}
		had, err := getGroup(ctx, tx, who.Tenant, sub, name)
		switch {
		case err == nil && had.Location != wanted.Location:
			return fault.Because(fault.Conflict, WrongLocation,
				"Invalid resource group location '%s'. The Resource group already exists in location '%s'.", wanted.Location, had.Location)
		case err == nil:
			wanted.Name, wanted.CreatedAt = had.Name, had.CreatedAt
		case !errors.Is(err, NoGroup):
			return err
		}
		g = wanted
		if created, err = putGroup(ctx, tx, who.Tenant, g); err != nil {
			return err
		}
		return record(ctx, tx, who, "Update resource group", "ResourceGroup", g.ID(), g.Name, nil)
	})
	if err != nil {
		return nil, false, err
	}
	return g, created, nil
}

// Group returns a resource group.
func (s *Service) Group(ctx context.Context, who authz.Caller, sub SubscriptionID, name string) (*Group, error) {
	var g *Group
	err := s.db.View(ctx, func(tx *sqldb.Tx) (err error) {
		if err := enter(ctx, tx, who, sub, groupScope(sub, name), Read); err != nil {
			return err
		}
		g, err = getGroup(ctx, tx, who.Tenant, sub, name)
		return err
	})
	if err != nil {
		return nil, err
	}
	return g, nil
}

// Groups returns a page of a subscription's resource groups, and where the
// next one begins.
func (s *Service) Groups(ctx context.Context, who authz.Caller, sub SubscriptionID, p Page) (all []*Group, next string, err error) {
	err = s.db.View(ctx, func(tx *sqldb.Tx) error {
		if err := enter(ctx, tx, who, sub, SubscriptionScope(sub), Read); err != nil {
			return err
		}
		found, err := listGroups(ctx, tx, who.Tenant, sub, p)
		all, next = cut(found, p, func(g *Group) string { return strings.ToLower(g.Name) })
		return err
	})
	return all, next, err
}

// DeleteGroup removes a resource group with everything in it, and reports
// whether there was one. Each resource goes in a transaction of its own, the
// group last.
func (s *Service) DeleteGroup(ctx context.Context, who authz.Caller, sub SubscriptionID, name string) (existed bool, err error) {
	for more := true; more; {
		err := s.db.Update(ctx, func(tx *sqldb.Tx) (err error) {
			if err := enter(ctx, tx, who, sub, groupScope(sub, name), Write); err != nil {
				return err
			}
			g, err := getGroup(ctx, tx, who.Tenant, sub, name)
			if errors.Is(err, NoGroup) {
				more = false
				return nil
			}
			if err != nil {
				return err
			}
			existed = true
			more, err = s.emptyGroup(ctx, tx, who, g)
			return err
		})
		if err != nil {
			return existed, err
		}
	}
	return existed, nil
}

// emptyGroup removes one resource of a group, or the group when it is empty,
// and reports whether there is more to remove.
func (s *Service) emptyGroup(ctx context.Context, tx *sqldb.Tx, who authz.Caller, g *Group) (more bool, err error) {
	hosts, err := listHosts(ctx, tx, who.Tenant, g.Subscription, g.Name, "", Page{Limit: 1})
	if err != nil {
		return false, err
	}
	if len(hosts) > 0 {
		return true, s.removeHost(ctx, tx, who, hosts[0])
	}
	identities, err := listIdentities(ctx, tx, who.Tenant, g.Subscription, g.Name, Page{Limit: 1})
	if err != nil {
		return false, err
	}
	if len(identities) > 0 {
		return true, s.removeIdentity(ctx, tx, who, identities[0])
	}
	if err := dropRolesAt(ctx, tx, who.Tenant, g.Subscription, groupScope(g.Subscription, g.Name)); err != nil {
		return false, err
	}
	if err := dropGroup(ctx, tx, who.Tenant, g.Subscription, g.Name); err != nil {
		return false, err
	}
	return false, record(ctx, tx, who, "Delete resource group", "ResourceGroup", g.ID(), g.Name, nil)
}

func groupScope(sub SubscriptionID, name string) string { return strings.ToLower(GroupID(sub, name)) }

// enter refuses a subscription that is not the tenant's, and a caller whose
// roles do not allow action at scope.
func enter(ctx context.Context, tx *sqldb.Tx, who authz.Caller, sub SubscriptionID, scope string, action Action) error {
	if _, err := getSubscription(ctx, tx, who.Tenant, sub); err != nil {
		return err
	}
	return need(ctx, tx, who, scope, action)
}

// addPrincipal makes the service principal of an identity.
func addPrincipal(ctx context.Context, tx *sqldb.Tx, who authz.Caller, r Resource, explicit bool) (Own, error) {
	p := app.NewManagedIdentity(who.Tenant, r.Name, r.Claim(), explicit, tx.Now())
	if err := app.AddPrincipal(ctx, tx, p, who.Object); err != nil {
		return Own{}, err
	}
	return Own{p.ID, p.AppID}, record(ctx, tx, who, "Add service principal", "ServicePrincipal", string(p.ID), p.DisplayName,
		map[string]string{"resource": r.Claim()})
}

// removePrincipal removes the service principal of an identity for good, with
// what it was granted and what others keep beside it.
func (s *Service) removePrincipal(ctx context.Context, tx *sqldb.Tx, who authz.Caller, r Resource, id ids.ObjectID) error {
	if err := s.forget(ctx, tx, who.Tenant, id); err != nil {
		return err
	}
	if err := dropRolesOf(ctx, tx, who.Tenant, id); err != nil {
		return err
	}
	if err := app.PurgePrincipal(ctx, tx, who.Tenant, id); err != nil {
		return err
	}
	return record(ctx, tx, who, "Hard delete service principal", "ServicePrincipal", string(id), r.Name,
		map[string]string{"resource": r.Claim()})
}

package managedidentity

import (
	"context"
	"errors"

	"entente/internal/core/authz"
	"entente/internal/kit/fault"
	"entente/internal/kit/sqldb"
)

// PutIdentity makes a user-assigned identity with its service principal, or
// changes one, and reports whether it is new.
func (s *Service) PutIdentity(ctx context.Context, who authz.Caller, r Resource, spec IdentitySpec) (i *Identity, created bool, err error) {
	err = s.db.Update(ctx, func(tx *sqldb.Tx) error {
		if err := enter(ctx, tx, who, r.Subscription, r.Scope(), WriteIdentity); err != nil {
			return err
		}
		g, err := getGroup(ctx, tx, who.Tenant, r.Subscription, r.Group)
		if err != nil {
			return err
		}
		i, err = getIdentity(ctx, tx, who.Tenant, r)
		if created = errors.Is(err, NoResource); created {
			r.Group = g.Name
			i, err = s.newIdentity(ctx, tx, who, r, spec)
			return err
		}
		if err != nil {
			return err
		}
		return changeIdentity(ctx, tx, who, i, spec)
	})
	if err != nil {
		return nil, false, err
	}
	return i, created, nil
}

func (s *Service) newIdentity(ctx context.Context, tx *sqldb.Tx, who authz.Caller, r Resource, spec IdentitySpec) (*Identity, error) {
	i, err := NewIdentity(who.Tenant, r, spec, tx.Now())
	if err != nil {
		return nil, err
	}
	own, err := addPrincipal(ctx, tx, who, r, true)
	if err != nil {
		return nil, err
	}
	i.Principal, i.Client = own.Principal, own.Client
	if err := addIdentity(ctx, tx, i); err != nil {
		return nil, err
	}
	return i, record(ctx, tx, who, "Create user-assigned managed identity", "ManagedIdentity", i.ID(), i.Name, nil)
}

func changeIdentity(ctx context.Context, tx *sqldb.Tx, who authz.Caller, i *Identity, spec IdentitySpec) error {
	if err := i.Change(spec); err != nil {
		return err
	}
	if err := putIdentity(ctx, tx, i); err != nil {
		return err
	}
	return record(ctx, tx, who, "Update user-assigned managed identity", "ManagedIdentity", i.ID(), i.Name, nil)
}

// PatchIdentity changes an identity that exists.
func (s *Service) PatchIdentity(ctx context.Context, who authz.Caller, r Resource, spec IdentitySpec) (*Identity, error) {
	var i *Identity
	err := s.db.Update(ctx, func(tx *sqldb.Tx) (err error) {
		if err := enter(ctx, tx, who, r.Subscription, r.Scope(), WriteIdentity); err != nil {
			return err
		}
		if i, err = getIdentity(ctx, tx, who.Tenant, r); err != nil {
			return err
		}
		return changeIdentity(ctx, tx, who, i, spec)
	})
	if err != nil {
		return nil, err
	}
	return i, nil
}

// Identity returns a user-assigned identity.
func (s *Service) Identity(ctx context.Context, who authz.Caller, r Resource) (*Identity, error) {
	var i *Identity
	err := s.db.View(ctx, func(tx *sqldb.Tx) (err error) {
		if err := enter(ctx, tx, who, r.Subscription, r.Scope(), ReadIdentity); err != nil {
			return err
		}
		i, err = getIdentity(ctx, tx, who.Tenant, r)
		return err
	})
	if err != nil {
		return nil, err
	}
	return i, nil
}

// Identities returns a page of the user-assigned identities of a subscription,
// or of one resource group, and where the next page begins.
func (s *Service) Identities(ctx context.Context, who authz.Caller, sub SubscriptionID, group string, p Page) (all []*Identity, next string, err error) {
	err = s.db.View(ctx, func(tx *sqldb.Tx) error {
		if err := enterList(ctx, tx, who, sub, group, ReadIdentity); err != nil {
			return err
		}
		found, err := listIdentities(ctx, tx, who.Tenant, sub, group, p)
		all, next = cut(found, p, func(i *Identity) string {
			group, _, name := i.folded()
			return group + "/" + name
		})
		return err
	})
	return all, next, err
}

// enterList is enter for a list over a subscription, or over a group, which
// must exist.
func enterList(ctx context.Context, tx *sqldb.Tx, who authz.Caller, sub SubscriptionID, group string, action Action) error {
	if group == "" {
		return enter(ctx, tx, who, sub, SubscriptionScope(sub), action)
	}
	if err := enter(ctx, tx, who, sub, groupScope(sub, group), action); err != nil {
		return err
	}
	_, err := getGroup(ctx, tx, who.Tenant, sub, group)
	return err
}

// DeleteIdentity removes a user-assigned identity, its service principal, its
// federated credentials and its place on every host, at once and for good. It
// reports whether there was one.
func (s *Service) DeleteIdentity(ctx context.Context, who authz.Caller, r Resource) (existed bool, err error) {
	err = s.db.Update(ctx, func(tx *sqldb.Tx) error {
		if err := enter(ctx, tx, who, r.Subscription, r.Scope(), WriteIdentity); err != nil {
			return err
		}
		i, err := getIdentity(ctx, tx, who.Tenant, r)
		if existed = err == nil; errors.Is(err, NoResource) {
			return nil
		}
		if err != nil {
			return err
		}
		return s.removeIdentity(ctx, tx, who, i)
	})
	return existed && err == nil, err
}

func (s *Service) removeIdentity(ctx context.Context, tx *sqldb.Tx, who authz.Caller, i *Identity) error {
	if err := dropIdentity(ctx, tx, i); err != nil {
		return err
	}
	if err := dropRolesAt(ctx, tx, who.Tenant, i.Subscription, i.Scope()); err != nil {
		return err
	}
	if err := s.removePrincipal(ctx, tx, who, i.Resource, i.Principal); err != nil {
		return err
	}
	return record(ctx, tx, who, "Delete user-assigned managed identity", "ManagedIdentity", i.ID(), i.Name, nil)
}

// CreateIdentity makes a user-assigned identity where none is yet, and the
// resource group that it is in if there is none: both or neither.
func (s *Service) CreateIdentity(ctx context.Context, who authz.Caller, r Resource, spec IdentitySpec) (i *Identity, err error) {
	err = s.db.Update(ctx, func(tx *sqldb.Tx) error {
		r := r
		if err := enter(ctx, tx, who, r.Subscription, r.Scope(), WriteIdentity); err != nil {
			return err
		}
		g, err := getGroup(ctx, tx, who.Tenant, r.Subscription, r.Group)
		if errors.Is(err, NoGroup) {
			g, err = makeGroup(ctx, tx, who, r, spec)
		}
		if err != nil {
			return err
		}
		r.Group = g.Name
		if _, err := getIdentity(ctx, tx, who.Tenant, r); err == nil {
			return taken(r)
		} else if !errors.Is(err, NoResource) {
			return err
		}
		i, err = s.newIdentity(ctx, tx, who, r, spec)
		return err
	})
	if err != nil {
		return nil, err
	}
	return i, nil
}

func taken(r Resource) error {
	f := fault.New(fault.Conflict, "The resource group '%s' has an identity of the name '%s' already.", r.Group, r.Name)
	f.Target = "name"
	return f
}

// makeGroup makes the resource group of an identity, where that is.
func makeGroup(ctx context.Context, tx *sqldb.Tx, who authz.Caller, r Resource, spec IdentitySpec) (*Group, error) {
	if err := need(ctx, tx, who, groupScope(r.Subscription, r.Group), Write); err != nil {
		return nil, err
	}
	place := ""
	if spec.Location != nil {
		place = *spec.Location
	}
	g, err := NewGroup(r.Subscription, r.Group, place, nil, tx.Now())
	if err != nil {
		return nil, err
	}
	if _, err := putGroup(ctx, tx, who.Tenant, g); err != nil {
		return nil, err
	}
	return g, record(ctx, tx, who, "Update resource group", "ResourceGroup", g.ID(), g.Name, nil)
}

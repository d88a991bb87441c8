package consent

import (
	"context"
	"errors"
	"time"

	"entente/internal/core/app"
	"entente/internal/core/authz"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// An Asked is a permission that an application asks for, and how that stands in
// its home tenant. Granted counts whatever its end.
type Asked struct {
	Item
	Offered bool      // the resource is there and has the permission switched on
	Ends    time.Time // zero: no end, or not granted
}

// Asked returns what an application of the caller's tenant asks for, in the
// order of its manifest, to whoever may read it.
func (s *Service) Asked(ctx context.Context, who authz.Caller, id ids.ObjectID) (all []Asked, err error) {
	err = s.db.View(ctx, func(tx *sqldb.Tx) error {
		all = nil
		a, err := app.GetApplication(ctx, tx, who.Tenant, id)
		if err != nil {
			return err
		}
		if err := authz.Allow(ctx, tx, who, id, "applications/standard/read"); err != nil {
			return err
		}
		client, err := here(ctx, tx, who.Tenant, a.AppID)
		if err != nil {
			return err
		}
		for _, r := range a.RequiredAccess {
			some, err := askedOf(ctx, tx, who.Tenant, client, a, r)
			if err != nil {
				return err
			}
			all = append(all, some...)
		}
		return nil
	})
	return all, err
}

// here returns the object identifier of an application's presence in a tenant, or
// nothing.
func here(ctx context.Context, tx *sqldb.Tx, in ids.TenantID, id ids.AppID) (ids.ObjectID, error) {
	p, err := app.PrincipalByAppID(ctx, tx, in, id)
	if errors.Is(err, fault.NotFound) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return p.ID, nil
}

// askedOf returns what an application asks of one resource. One that is not there
// for the tenant is called by its identifier alone.
func askedOf(ctx context.Context, tx *sqldb.Tx, in ids.TenantID, client ids.ObjectID, a *app.Application, r app.RequiredAccess) ([]Asked, error) {
	o := &Offer{Tenant: in, Application: a}
	api, err := o.resource(ctx, tx, r.ResourceAppID)
	if errors.Is(err, UnknownResource) {
		api, err = &app.Application{AppID: r.ResourceAppID, DisplayName: string(r.ResourceAppID)}, nil
	}
	if err != nil {
		return nil, err
	}
	resource, err := here(ctx, tx, in, r.ResourceAppID)
	if err != nil {
		return nil, err
	}
	held, err := heldOn(ctx, tx, in, client, resource)
	if err != nil {
		return nil, err
	}
	var all []Asked
	for _, x := range r.Access {
		var y Asked
		y.Item, y.Offered = item(api, x)
		y.Application = x.Type == "Role"
		key := string(x.ID)
		if !y.Application {
			key = y.Value
		}
		if y.Value == "" {
			y.Value = string(x.ID)
		}
		y.Ends, y.Granted = held[key]
		all = append(all, y)
	}
	return all, nil
}

// heldOn returns what a client holds on a resource now: role identifiers, and
// scopes for everybody in the tenant, with their ends.
func heldOn(ctx context.Context, tx *sqldb.Tx, in ids.TenantID, client, resource ids.ObjectID) (map[string]time.Time, error) {
	held := make(map[string]time.Time)
	if client == "" || resource == "" {
		return held, nil
	}
	now := sqldb.Micros(tx.Now())
	err := tx.Each(ctx, `
		select role_id, ends_us from app_role_assignment
		where  tenant_id = ? and principal_id = ? and resource_id = ? and (ends_us = 0 or ends_us > ?)
		union all
		select scope, ends_us from grant_scope
		where  tenant_id = ? and grant_id = ? and (ends_us = 0 or ends_us > ?)`,
		[]any{in, client, resource, now, in, ids.GrantIDOf(client, resource, ""), now},
		func(scan func(...any) error) error {
			var key string
			var ends int64
			if err := scan(&key, &ends); err != nil {
				return err
			}
			held[key] = sqldb.Time(ends)
			return nil
		})
	return held, err
}

// Offer returns what an administrator of the caller's tenant would consent to for
// everybody if they granted all that the application lists, and, as may, what
// keeps the caller from it: nil, or a refusal that says who can.
func (s *Service) Offer(ctx context.Context, who authz.Caller, id ids.AppID) (o *Offer, may error, err error) {
	err = s.db.View(ctx, func(tx *sqldb.Tx) error {
		if o, err = MakeOffer(ctx, tx, who.Tenant, id, Want{}); err != nil {
			return err
		}
		may = o.May(ctx, tx, who)
		if may == nil || errors.Is(may, AdminRequired) {
			return nil
		}
		return may
	})
	return o, may, err
}

// Accept is GrantOffer in a transaction of its own.
func (s *Service) Accept(ctx context.Context, who authz.Caller, in Accept) (o *Offer, err error) {
	err = s.db.Update(ctx, func(tx *sqldb.Tx) error {
		o, err = GrantOffer(ctx, tx, who, in)
		return err
	})
	return o, err
}

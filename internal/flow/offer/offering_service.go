package offer

import (
	"context"
	"encoding/json"

	"entente/internal/core/app"
	"entente/internal/core/authz"
	"entente/internal/core/directory"
	"entente/internal/core/object"
	"entente/internal/core/site"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
	"entente/internal/kit/sqldb"
)

// MostOfferings is how many are found at once: whoever looks for another types
// more of the name.
const MostOfferings = 20

// mayLookUp refuses whoever administers nothing, or may not read what Graph lists
// under the kind.
func mayLookUp(ctx context.Context, tx *sqldb.Tx, who authz.Caller, kind object.Kind) error {
	if _, err := Readable(ctx, tx, who, ToRead); err != nil {
		return err
	}
	r, err := authz.RightsOf(ctx, tx, who, "")
	if err != nil {
		return err
	}
	return r.Need(authz.Action(string(kind) + "s/standard/read"))
}

// beginning asks for what has a name that begins with a text, by name.
func beginning(text string) query.Query {
	q := query.Query{Order: []query.Key{{Field: "displayName"}}, Page: query.Page{Limit: MostOfferings}}
	if text != "" {
		q.Filter = query.StartsWith{Field: "displayName", Value: text}
	}
	return q
}

// An Offering is something that a catalog can have, with the roles it offers.
type Offering struct {
	Resource
	Roles []ResourceRole
}

// Offerings returns what of an origin can come into catalogs and has a name that
// begins with a text, to whoever administers something and may read it. Of sites
// it is those whose name has the text.
func (s *Service) Offerings(ctx context.Context, who authz.Caller, origin Origin, begins string) ([]Offering, error) {
	return View(ctx, s.db, func(tx *sqldb.Tx) ([]Offering, error) {
		switch origin {
		case AadGroup:
			return groupOfferings(ctx, tx, who, begins)
		case AadApplication:
			return principalOfferings(ctx, tx, who, begins)
		case SharePointOnline:
			return siteOfferings(ctx, tx, who, begins)
		}
		return nil, Bad("originSystem", "A resource comes from AadGroup, AadApplication or SharePointOnline.")
	})
}

// offering takes what an origin has, and leaves out what cannot come into a
// catalog.
func (l *offerings) offering(tenant ids.TenantID, origin Origin, from func(*Resource) ([]ResourceRole, error)) error {
	o := Offering{Resource: Resource{Tenant: tenant, Origin: origin}}
	roles, err := from(&o.Resource)
	if err != nil {
		if fault.Public(err).Reason == NotEligible {
			return nil
		}
		return err
	}
	o.Roles = roles
	l.all = append(l.all, o)
	return nil
}

type offerings struct{ all []Offering }

func groupOfferings(ctx context.Context, tx *sqldb.Tx, who authz.Caller, begins string) ([]Offering, error) {
	if err := mayLookUp(ctx, tx, who, object.Group); err != nil {
		return nil, err
	}
	rows, err := directory.ListGroups(ctx, tx, who.Tenant, directory.Scope{}, beginning(begins), false)
	if err != nil {
		return nil, err
	}
	var l offerings
	for _, row := range rows.Items {
		g := &directory.Group{Tenant: who.Tenant}
		if err := json.Unmarshal(row.Face, &g.GroupFace); err != nil {
			return nil, err
		}
		g.ID = row.ID
		if err := l.offering(who.Tenant, AadGroup, func(r *Resource) ([]ResourceRole, error) { return r.fromGroup(g) }); err != nil {
			return nil, err
		}
	}
	return l.all, nil
}

func principalOfferings(ctx context.Context, tx *sqldb.Tx, who authz.Caller, begins string) ([]Offering, error) {
	if err := mayLookUp(ctx, tx, who, object.ServicePrincipal); err != nil {
		return nil, err
	}
	found, err := app.ListPrincipals(ctx, tx, who.Tenant, beginning(begins))
	if err != nil {
		return nil, err
	}
	var l offerings
	for _, p := range found.Items {
		if p.Type != app.TypeApplication {
			continue // nobody signs in to a managed identity
		}
		if err := l.offering(who.Tenant, AadApplication, func(r *Resource) ([]ResourceRole, error) { return r.fromPrincipal(p) }); err != nil {
			return nil, err
		}
	}
	return l.all, nil
}

func siteOfferings(ctx context.Context, tx *sqldb.Tx, who authz.Caller, words string) ([]Offering, error) {
	if _, err := Readable(ctx, tx, who, ToRead); err != nil {
		return nil, err
	}
	if site.MayManage(ctx, tx, who) != nil {
		return nil, nil // nobody else adds a site to a catalog
	}
	found, err := site.List(ctx, tx, who.Tenant, words, query.Page{Limit: MostOfferings})
	if err != nil {
		return nil, err
	}
	var l offerings
	for _, one := range found.Items {
		if err := l.offering(who.Tenant, SharePointOnline, func(r *Resource) ([]ResourceRole, error) { return r.fromSite(one), nil }); err != nil {
			return nil, err
		}
	}
	return l.all, nil
}

// Origins returns what resources are in their origins now, and the roles that they
// offer, to whoever administers something. Those that are no more, or that cannot
// come into catalogs any more, are not among them.
func (s *Service) Origins(ctx context.Context, who authz.Caller, asks []RoleAsk) ([]Offering, error) {
	return View(ctx, s.db, func(tx *sqldb.Tx) ([]Offering, error) {
		if _, err := Readable(ctx, tx, who, ToRead); err != nil {
			return nil, err
		}
		var l offerings
		for _, ask := range asks[:min(len(asks), mostRoles)] {
			err := l.offering(who.Tenant, ask.Origin, func(r *Resource) ([]ResourceRole, error) {
				r.OriginID = ask.OriginID
				return lookUp(ctx, tx, who, r, false)
			})
			if err != nil && fault.Public(err).Reason != NotInOrigin {
				return nil, err
			}
		}
		return l.all, nil
	})
}

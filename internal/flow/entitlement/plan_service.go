package entitlement

import (
	"context"
	"errors"
	"fmt"

	"entente/internal/core/authz"
	"entente/internal/flow/offer"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// A Plan is an access package with all that belongs to it, to be made at once.
type Plan struct {
	Catalog    ids.CatalogID        // the built-in one where it is empty; nothing where there is a NewCatalog
	NewCatalog *offer.CatalogChange // nil: the package comes into a catalog that is there
	Package    offer.PackageChange
	Roles      []offer.RoleAsk // by origin; a resource that the catalog does not have comes into it
	Policy     offer.Policy
}

// Build makes all that the plan says, or nothing. A fault about one part has a
// target that begins with catalog, package, roles[n] or policy.
func (s *Service) Build(ctx context.Context, who authz.Caller, plan Plan) (*offer.Package, error) {
	if err := s.ensureCatalog(ctx, who, &plan); err != nil {
		return nil, err
	}
	return offer.Change(ctx, s.db, func(tx *sqldb.Tx) (*offer.Package, error) {
		p, _, err := s.build(ctx, tx, who, plan)
		return p, err
	})
}

// errRehearsed ends a transaction that was only to say what it would bring about.
var errRehearsed = errors.New("rehearsed")

// Rehearse tells what Build would bring about, and is refused as Build would be.
// It stores nothing.
func (s *Service) Rehearse(ctx context.Context, who authz.Caller, plan Plan) (*Outcome, error) {
	if err := s.ensureCatalog(ctx, who, &plan); err != nil {
		return nil, err
	}
	var out *Outcome
	err := s.db.Update(ctx, func(tx *sqldb.Tx) error {
		of, p, err := s.build(ctx, tx, who, plan)
		if err != nil {
			return err
		}
		if out, err = outcomeOf(ctx, tx, who, of, p); err != nil {
			return err
		}
		return errRehearsed
	})
	if errors.Is(err, errRehearsed) {
		return out, nil
	}
	return nil, err
}

func (s *Service) ensureCatalog(ctx context.Context, who authz.Caller, plan *Plan) error {
	if plan.NewCatalog != nil {
		return nil
	}
	if plan.Catalog == "" {
		plan.Catalog = offer.GeneralID(who.Tenant)
	}
	if plan.Catalog == offer.GeneralID(who.Tenant) {
		return s.EnsureGeneral(ctx, who)
	}
	return nil
}

func (s *Service) build(ctx context.Context, tx *sqldb.Tx, who authz.Caller, plan Plan) (*offer.Package, *offer.Policy, error) {
	in := plan.Catalog
	if plan.NewCatalog != nil {
		c, err := offer.CreateCatalog(ctx, tx, who, *plan.NewCatalog)
		if err != nil {
			return nil, nil, partly(err, "catalog")
		}
		in = c.ID
	}
	p, err := offer.CreatePackage(ctx, tx, who, in, plan.Package)
	if err != nil {
		return nil, nil, partly(err, "package")
	}
	for i, ask := range plan.Roles {
		if err := s.buildRole(ctx, tx, who, p, ask); err != nil {
			return nil, nil, partly(err, fmt.Sprintf("roles[%d]", i))
		}
	}
	policy, err := offer.CreatePolicy(ctx, tx, who, p, plan.Policy)
	return p, policy, partly(err, "policy")
}

// buildRole has the package give a role, of a resource that its catalog may not
// have yet.
func (s *Service) buildRole(ctx context.Context, tx *sqldb.Tx, who authz.Caller, p *offer.Package, ask offer.RoleAsk) error {
	_, err := offer.ResourceByOrigin(ctx, tx, p.Tenant, p.Catalog, ask.Origin, offer.OriginOf(ask.Origin, ask.OriginID))
	if missing(err) {
		_, err = offer.RequestResource(ctx, tx, who, offer.ResourceAsk{Kind: offer.AddResource, Catalog: p.Catalog, Origin: ask.Origin, OriginID: ask.OriginID})
	}
	if err == nil {
		_, err = offer.GiveRole(ctx, tx, who, p, ask)
	}
	return err
}

// GiveRoles has an access package give roles, all or none. A resource that its
// catalog does not have comes into it.
func (s *Service) GiveRoles(ctx context.Context, who authz.Caller, id ids.PackageID, asks []offer.RoleAsk) error {
	return s.db.Update(ctx, func(tx *sqldb.Tx) error {
		p, err := offer.PackageFor(ctx, tx, who, id, offer.ToPackage)
		if err != nil {
			return err
		}
		for i, ask := range asks {
			if err := s.buildRole(ctx, tx, who, p, ask); err != nil {
				return partly(err, fmt.Sprintf("roles[%d]", i))
			}
		}
		return nil
	})
}

// partly says which part of a plan a fault is about.
func partly(err error, part string) error {
	f, ok := errors.AsType[*fault.Error](err)
	if !ok {
		return err
	}
	told := *f
	if told.Target == "" {
		told.Target = part
	} else {
		told.Target = part + "." + told.Target
	}
	return &told
}

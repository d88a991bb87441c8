package offer

import (
	"context"
	"errors"

	"entente/internal/core/audit"
	"entente/internal/core/authz"
	"entente/internal/core/directory"
	"entente/internal/core/object"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
	"entente/internal/kit/sqldb"
)

// Packages returns a page of the access packages of a catalog, or of all that the
// caller may see where it is empty.
func (s *Service) Packages(ctx context.Context, who authz.Caller, catalog ids.CatalogID, q Asked) (List[*Package], error) {
	return View(ctx, s.db, func(tx *sqldb.Tx) (List[*Package], error) {
		only, err := within(ctx, tx, who, catalog)
		if err != nil {
			return List[*Package]{}, err
		}
		return Listed(q, func() (int, error) { return countPackages(ctx, tx, who.Tenant, only, q.Query.Filter) },
			func() (object.Page[*Package], error) { return listPackages(ctx, tx, who.Tenant, only, q.Query) })
	})
}

// Package returns an access package; of the catalog if it is not empty.
func (s *Service) Package(ctx context.Context, who authz.Caller, catalog ids.CatalogID, id ids.PackageID) (*Package, error) {
	return View(ctx, s.db, func(tx *sqldb.Tx) (*Package, error) {
		p, err := PackageFor(ctx, tx, who, id, ToRead)
		if err == nil && catalog != "" && p.Catalog != catalog {
			err = object.Missing(string(id))
		}
		if err != nil {
			return nil, err
		}
		return p, nil
	})
}

// PackageFor returns an access package in whose catalog the caller may do the
// task.
func PackageFor(ctx context.Context, tx *sqldb.Tx, who authz.Caller, id ids.PackageID, t Task) (*Package, error) {
	p, err := PackageByID(ctx, tx, who.Tenant, id)
	if err != nil {
		return nil, err
	}
	if err := May(ctx, tx, who, p.Catalog, t); err != nil {
		return nil, err
	}
	return p, nil
}

// CreatePackage makes an access package in a catalog; in the built-in one where it
// is empty.
func (s *Service) CreatePackage(ctx context.Context, who authz.Caller, catalog ids.CatalogID, to PackageChange) (*Package, error) {
	if catalog == "" {
		catalog = GeneralID(who.Tenant)
	}
	if catalog == GeneralID(who.Tenant) {
		if err := s.EnsureGeneral(ctx, who); err != nil {
			return nil, err
		}
	}
	return Change(ctx, s.db, func(tx *sqldb.Tx) (*Package, error) { return CreatePackage(ctx, tx, who, catalog, to) })
}

// CreatePackage makes an access package in the caller's transaction.
func CreatePackage(ctx context.Context, tx *sqldb.Tx, who authz.Caller, catalog ids.CatalogID, to PackageChange) (*Package, error) {
	c, err := catalogFor(ctx, tx, who, catalog, ToPackage)
	if err != nil {
		return nil, err
	}
	p, err := NewPackage(c, to, who.Name, tx.Now())
	if err != nil {
		return nil, err
	}
	if err := addPackage(ctx, tx, p); err != nil {
		return nil, err
	}
	return p, recordPackage(ctx, tx, who, "Create access package", p, audit.Diff(shownPackage{}, p.shown()))
}

// UpdatePackage changes an access package. A catalog that the body repeats must
// be its own: another one takes a move.
func (s *Service) UpdatePackage(ctx context.Context, who authz.Caller, id ids.PackageID, catalog ids.CatalogID, to PackageChange) error {
	return s.changePackage(ctx, who, id, "Update access package", func(tx *sqldb.Tx, p *Package) error {
		if catalog != "" && catalog != p.Catalog {
			return fault.InvalidAt("catalogId", "An access package changes its catalog by moveToCatalog only.")
		}
		if err := p.Change(to, who.Name, tx.Now()); err != nil {
			return err
		}
		return putPackage(ctx, tx, p)
	})
}

// changePackage loads a package, does something to it, and records it.
func (s *Service) changePackage(ctx context.Context, who authz.Caller, id ids.PackageID, activity string, do func(*sqldb.Tx, *Package) error) error {
	return s.db.Update(ctx, func(tx *sqldb.Tx) error {
		p, err := PackageFor(ctx, tx, who, id, ToPackage)
		if err != nil {
			return err
		}
		before := p.shown()
		if err := do(tx, p); err != nil {
			return err
		}
		return recordPackage(ctx, tx, who, activity, p, audit.Diff(before, p.shown()))
	})
}

// DeletePackage removes an access package with its policies. Nobody may have it.
func (s *Service) DeletePackage(ctx context.Context, who authz.Caller, id ids.PackageID) error {
	return s.changePackage(ctx, who, id, "Delete access package", func(tx *sqldb.Tx, p *Package) error {
		if err := unused(ctx, tx, p.Tenant, p.ID, ""); err != nil {
			return err
		}
		policies, err := PoliciesOf(ctx, tx, p.Tenant, p.ID)
		if err != nil {
			return err
		}
		for _, one := range policies {
			if err := dropPolicy(ctx, tx, one); err != nil {
				return err
			}
		}
		return dropPackage(ctx, tx, p)
	})
}

// MovePackage moves an access package into another catalog, which must have every
// resource that it gives a role of. The roles are then those of the other
// catalog's resources.
func (s *Service) MovePackage(ctx context.Context, who authz.Caller, id ids.PackageID, to ids.CatalogID) error {
	if to == GeneralID(who.Tenant) {
		if err := s.EnsureGeneral(ctx, who); err != nil {
			return err
		}
	}
	return s.changePackage(ctx, who, id, "Move access package to catalog", func(tx *sqldb.Tx, p *Package) error {
		c, err := catalogFor(ctx, tx, who, to, ToPackage)
		if err != nil || c.ID == p.Catalog {
			return err
		}
		if err := callsNobody(ctx, tx, p); err != nil {
			return err
		}
		given, err := RolesOf(ctx, tx, p.Tenant, p.ID)
		if err != nil {
			return err
		}
		for _, g := range given {
			twin, err := twinOf(ctx, tx, g, c)
			if err != nil {
				return err
			}
			if err := dropRole(ctx, tx, p, g); err != nil {
				return err
			}
			if err := addRole(ctx, tx, p, twin); err != nil {
				return err
			}
		}
		p.Catalog, p.ModifiedBy, p.ModifiedAt = c.ID, who.Name, tx.Now()
		return putPackage(ctx, tx, p)
	})
}

// callsNobody refuses a package of which a policy calls a custom extension: that is of
// the catalog that the package would leave.
func callsNobody(ctx context.Context, tx *sqldb.Tx, p *Package) error {
	policies, err := PoliciesOf(ctx, tx, p.Tenant, p.ID)
	if err != nil {
		return err
	}
	for _, one := range policies {
		if len(one.Extensions) > 0 {
			return fault.Because(fault.Invalid, InUse, "The policy '%s' calls custom extensions of the catalog.", one.Name).
				WithFix("Take them out of the policy first, and name those of the other catalog afterwards.")
		}
	}
	return nil
}

// twinOf returns what is given as the resource of another catalog gives it.
func twinOf(ctx context.Context, tx *sqldb.Tx, g RoleScope, c *Catalog) (RoleScope, error) {
	r, err := ResourceByOrigin(ctx, tx, c.Tenant, c.ID, g.Resource.Origin, g.Resource.OriginID)
	if errors.Is(err, fault.NotFound) {
		return g, fault.Because(fault.Invalid, NotMatched, "The catalog '%s' does not have the resource '%s'.", c.Name, g.Resource.Name).
			WithFix("Add every resource of the access package to the other catalog first.")
	}
	if err != nil {
		return g, err
	}
	twin, err := roleOf(ctx, tx, r, ResourceRole{OriginID: g.Role.OriginID})
	twin.CreatedAt = g.CreatedAt
	return twin, err
}

// A RoleAsk names a role of a resource: by identifiers, or by what they are
// called where they come from.
type RoleAsk struct {
	Role         ids.ObjectID
	RoleOriginID string
	Scope        ids.ObjectID
	Resource     ids.ResourceID
	Origin       Origin
	OriginID     string // of the resource
}

// AddRole has an access package give a role of one of its catalog's resources.
// Everybody who has the package gets it.
func (s *Service) AddRole(ctx context.Context, who authz.Caller, id ids.PackageID, ask RoleAsk) (given RoleScope, err error) {
	err = s.db.Update(ctx, func(tx *sqldb.Tx) error {
		p, err := PackageFor(ctx, tx, who, id, ToPackage)
		if err != nil {
			return err
		}
		given, err = GiveRole(ctx, tx, who, p, ask)
		return err
	})
	return given, err
}

// GiveRole has a package that the caller may change give a role.
func GiveRole(ctx context.Context, tx *sqldb.Tx, who authz.Caller, p *Package, ask RoleAsk) (given RoleScope, err error) {
	r, role, err := roleAsked(ctx, tx, who, p, ask)
	if err != nil {
		return given, err
	}
	if given, err = roleOf(ctx, tx, r, role); err != nil {
		return given, err
	}
	if ask.Scope != "" && ask.Scope != given.Scope.ID {
		return given, Bad("scope.id", "The resource has no such scope.")
	}
	given.Package, given.CreatedAt = p.ID, tx.Now()
	if err := addRole(ctx, tx, p, given); err != nil {
		return given, err
	}
	return given, recordPackage(ctx, tx, who, "Add resource role to access package", p, []audit.Change{{Name: "resourceRole", New: r.Name + ": " + given.Role.Name}})
}

// roleAsked returns the resource and the role that an ask names.
func roleAsked(ctx context.Context, tx *sqldb.Tx, who authz.Caller, p *Package, ask RoleAsk) (*Resource, ResourceRole, error) {
	role := ResourceRole{ID: ask.Role, OriginID: ask.RoleOriginID}
	if ask.Resource == "" && ask.OriginID == "" {
		if ask.Role == "" {
			return nil, role, Bad("role.resource", "A role is named by its identifier, or by its originId and its resource.")
		}
		of, err := resourceOfRole(ctx, tx, p.Tenant, ask.Role)
		if err != nil {
			return nil, role, err
		}
		ask.Resource = of
	}
	r, err := asked(ctx, tx, &Catalog{Tenant: p.Tenant, ID: p.Catalog}, ResourceAsk{Resource: ask.Resource, Origin: ask.Origin, OriginID: ask.OriginID})
	if errors.Is(err, fault.NotFound) {
		return nil, role, fault.Because(fault.Invalid, NotMatched, "The access package's catalog does not have the resource '%.200s'.", string(ask.Resource)+ask.OriginID).
			WithFix("Add the resource to the catalog with a resource request first.")
	}
	if err != nil {
		return nil, role, err
	}
	if _, err := roleOf(ctx, tx, r, role); errors.Is(err, fault.NotFound) {
		return r, role, refresh(ctx, tx, who, r) // it may be new at its origin
	}
	return r, role, nil
}

// roleOf returns a role of the resource, by its identifier or by what its origin
// calls it, in its only scope.
func roleOf(ctx context.Context, tx *sqldb.Tx, r *Resource, role ResourceRole) (RoleScope, error) {
	field, value := "id", string(role.ID)
	if role.ID == "" {
		field, value = "originId", role.OriginID
	}
	g := RoleScope{Resource: r}
	found, err := listRoles(ctx, tx, r.Tenant, r.Catalog, r.ID, query.Query{Filter: query.Compare{Field: field, Op: query.Eq, Value: value}, Page: query.Page{Limit: 1}})
	if err != nil {
		return g, err
	}
	scopes, err := listScopes(ctx, tx, r.Tenant, r.Catalog, r.ID, query.Query{Page: query.Page{Limit: 1}})
	if err != nil {
		return g, err
	}
	if len(found.Items) == 0 || len(scopes.Items) == 0 {
		f := fault.Because(fault.NotFound, object.NoObject, "The resource '%s' has no role '%.100s'.", r.Name, value)
		f.Target = "role"
		return g, f
	}
	g.Role, g.Scope = found.Items[0], scopes.Items[0]
	return g, nil
}

// RemoveRole has an access package no longer give a role. Everybody who has the
// package loses it, unless something else gives it.
func (s *Service) RemoveRole(ctx context.Context, who authz.Caller, id ids.PackageID, roleScope string) error {
	return s.db.Update(ctx, func(tx *sqldb.Tx) error {
		p, err := PackageFor(ctx, tx, who, id, ToPackage)
		if err != nil {
			return err
		}
		g, err := roleScopeByID(ctx, tx, who.Tenant, p.ID, roleScope)
		if err != nil {
			return err
		}
		if err := dropRole(ctx, tx, p, g); err != nil {
			return err
		}
		return recordPackage(ctx, tx, who, "Remove resource role from access package", p, []audit.Change{{Name: "resourceRole", Old: g.Resource.Name + ": " + g.Role.Name}})
	})
}

// PackageRoles returns all that an access package gives.
func (s *Service) PackageRoles(ctx context.Context, who authz.Caller, id ids.PackageID) ([]RoleScope, error) {
	return View(ctx, s.db, func(tx *sqldb.Tx) ([]RoleScope, error) {
		p, err := PackageFor(ctx, tx, who, id, ToRead)
		if err != nil {
			return nil, err
		}
		return RolesOf(ctx, tx, p.Tenant, p.ID)
	})
}

// RoleScopes returns what the access packages that the caller may see give.
func (s *Service) RoleScopes(ctx context.Context, who authz.Caller, q Asked) (List[RoleScope], error) {
	return View(ctx, s.db, func(tx *sqldb.Tx) (List[RoleScope], error) {
		only, err := Readable(ctx, tx, who, ToRead)
		if err != nil {
			return List[RoleScope]{}, err
		}
		return Listed(q, func() (int, error) { return countGiven(ctx, tx, who.Tenant, only, q.Query.Filter) },
			func() (object.Page[RoleScope], error) { return listGiven(ctx, tx, who.Tenant, only, q.Query) })
	})
}

// RoleScope returns one of what access packages give.
func (s *Service) RoleScope(ctx context.Context, who authz.Caller, id string) (RoleScope, error) {
	return View(ctx, s.db, func(tx *sqldb.Tx) (RoleScope, error) {
		g, err := roleScopeByID(ctx, tx, who.Tenant, "", id)
		if err != nil {
			return g, err
		}
		return g, May(ctx, tx, who, g.Resource.Catalog, ToRead)
	})
}

// Incompatible returns a page of the packages that this one is incompatible with;
// with inverse of those that are incompatible with it.
func (s *Service) Incompatible(ctx context.Context, who authz.Caller, id ids.PackageID, inverse bool, q Asked) (List[*Package], error) {
	return View(ctx, s.db, func(tx *sqldb.Tx) (List[*Package], error) {
		p, err := PackageFor(ctx, tx, who, id, ToRead)
		if err != nil {
			return List[*Package]{}, err
		}
		return Listed(q, func() (int, error) { return countIncompatible(ctx, tx, who.Tenant, p.ID, inverse, q.Query.Filter) },
			func() (object.Page[*Package], error) {
				return listIncompatible(ctx, tx, who.Tenant, p.ID, inverse, q.Query)
			})
	})
}

// IncompatibleGroups returns the groups whose members cannot have the package.
func (s *Service) IncompatibleGroups(ctx context.Context, who authz.Caller, id ids.PackageID) ([]ids.ObjectID, error) {
	return View(ctx, s.db, func(tx *sqldb.Tx) ([]ids.ObjectID, error) {
		p, err := PackageFor(ctx, tx, who, id, ToRead)
		if err != nil {
			return nil, err
		}
		all, err := IncompatibleWith(ctx, tx, p.Tenant, p.ID)
		return all.Groups, err
	})
}

// AddIncompatible says that nobody can have the package who has another one.
func (s *Service) AddIncompatible(ctx context.Context, who authz.Caller, id, other ids.PackageID) error {
	return s.changePackage(ctx, who, id, "Add incompatible access package", func(tx *sqldb.Tx, p *Package) error {
		if other == p.ID {
			return Bad("@odata.id", "An access package cannot be incompatible with itself.")
		}
		if _, err := PackageFor(ctx, tx, who, other, ToRead); err != nil {
			return err
		}
		return addIncompatible(ctx, tx, p, ofPackage, string(other))
	})
}

// AddIncompatibleGroup says that nobody can have the package who is in a group.
func (s *Service) AddIncompatibleGroup(ctx context.Context, who authz.Caller, id ids.PackageID, group ids.ObjectID) error {
	return s.changePackage(ctx, who, id, "Add incompatible group", func(tx *sqldb.Tx, p *Package) error {
		g, err := directory.GetGroup(ctx, tx, who.Tenant, group)
		if err != nil {
			return err
		}
		if !g.Secures() {
			return Bad("@odata.id", "The group is no security group.")
		}
		return addIncompatible(ctx, tx, p, ofGroup, string(group))
	})
}

// RemoveIncompatible takes back what AddIncompatible and AddIncompatibleGroup say.
func (s *Service) RemoveIncompatible(ctx context.Context, who authz.Caller, id ids.PackageID, other string, group bool) error {
	kind, activity := ofPackage, "Remove incompatible access package"
	if group {
		kind, activity = ofGroup, "Remove incompatible group"
	}
	return s.changePackage(ctx, who, id, activity, func(tx *sqldb.Tx, p *Package) error { return dropIncompatible(ctx, tx, p, kind, other) })
}

// A shownPackage is what the audit log compares.
type shownPackage struct {
	Name        string        `json:"displayName"`
	Description string        `json:"description"`
	Hidden      bool          `json:"isHidden"`
	Catalog     ids.CatalogID `json:"catalogId"`
}

func (p *Package) shown() shownPackage {
	return shownPackage{p.Name, p.Description, p.Hidden, p.Catalog}
}

func recordPackage(ctx context.Context, tx *sqldb.Tx, who authz.Caller, activity string, p *Package, changed []audit.Change) error {
	return Record(ctx, tx, who, activity, "AccessPackage", string(p.ID), p.Name, changed)
}

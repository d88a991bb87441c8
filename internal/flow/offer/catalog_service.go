package offer

import (
	"context"

	"entente/internal/core/audit"
	"entente/internal/core/authz"
	"entente/internal/core/object"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// EnsureGeneral stores the tenant's built-in catalog if it is not there yet:
// whoever asks for catalogs first, and administers something, makes it.
func (s *Service) EnsureGeneral(ctx context.Context, who authz.Caller) error {
	have, err := View(ctx, s.db, func(tx *sqldb.Tx) (bool, error) {
		if _, err := Readable(ctx, tx, who, ToRead); err != nil {
			return false, err
		}
		return hasGeneral(ctx, tx, who.Tenant)
	})
	if err != nil || have {
		return err
	}
	return s.db.Update(ctx, func(tx *sqldb.Tx) error {
		_, err := insertCatalog(ctx, tx, general(who.Tenant, tx.Now()))
		return err
	})
}

// Catalogs returns a page of the catalogs that the caller may see.
func (s *Service) Catalogs(ctx context.Context, who authz.Caller, q Asked) (List[*Catalog], error) {
	if err := s.EnsureGeneral(ctx, who); err != nil {
		return List[*Catalog]{}, err
	}
	return View(ctx, s.db, func(tx *sqldb.Tx) (List[*Catalog], error) {
		only, err := Readable(ctx, tx, who, ToRead)
		if err != nil {
			return List[*Catalog]{}, err
		}
		return Listed(q, func() (int, error) { return countCatalogs(ctx, tx, who.Tenant, only, q.Query.Filter) },
			func() (object.Page[*Catalog], error) { return listCatalogs(ctx, tx, who.Tenant, only, q.Query) })
	})
}

// Catalog returns a catalog.
func (s *Service) Catalog(ctx context.Context, who authz.Caller, id ids.CatalogID) (*Catalog, error) {
	if id == GeneralID(who.Tenant) {
		if err := s.EnsureGeneral(ctx, who); err != nil {
			return nil, err
		}
	}
	return View(ctx, s.db, func(tx *sqldb.Tx) (*Catalog, error) { return catalogFor(ctx, tx, who, id, ToRead) })
}

// catalogFor returns a catalog in which the caller may do the task.
func catalogFor(ctx context.Context, tx *sqldb.Tx, who authz.Caller, id ids.CatalogID, t Task) (*Catalog, error) {
	c, err := CatalogByID(ctx, tx, who.Tenant, id)
	if err != nil {
		return nil, err
	}
	return c, May(ctx, tx, who, id, t)
}

// CreateCatalog makes a catalog. A catalog creator becomes its owner.
func (s *Service) CreateCatalog(ctx context.Context, who authz.Caller, to CatalogChange) (*Catalog, error) {
	return Change(ctx, s.db, func(tx *sqldb.Tx) (*Catalog, error) { return CreateCatalog(ctx, tx, who, to) })
}

// CreateCatalog makes a catalog in the caller's transaction.
func CreateCatalog(ctx context.Context, tx *sqldb.Tx, who authz.Caller, to CatalogChange) (*Catalog, error) {
	if err := May(ctx, tx, who, "", toCreate); err != nil {
		return nil, err
	}
	c, err := NewCatalog(who.Tenant, to, who.Name, tx.Now())
	if err != nil {
		return nil, err
	}
	if err := addCatalog(ctx, tx, c); err != nil {
		return nil, err
	}
	wide, err := MayEverywhere(ctx, tx, who, toOwn)
	if err == nil && !wide {
		err = addRoleAssignment(ctx, tx, RoleAssignment{Tenant: who.Tenant, ID: ids.New[ids.ObjectID](), Role: CatalogOwner, Principal: who.Object, Catalog: c.ID})
	}
	if err != nil {
		return nil, err
	}
	return c, recordCatalog(ctx, tx, who, "Create catalog", c, audit.Diff(shownCatalog{}, c.shown()))
}

// UpdateCatalog changes a catalog.
func (s *Service) UpdateCatalog(ctx context.Context, who authz.Caller, id ids.CatalogID, to CatalogChange) error {
	if id == GeneralID(who.Tenant) {
		if err := s.EnsureGeneral(ctx, who); err != nil {
			return err
		}
	}
	return s.db.Update(ctx, func(tx *sqldb.Tx) error {
		c, err := catalogFor(ctx, tx, who, id, toOwn)
		if err != nil {
			return err
		}
		before := c.shown()
		if err := c.Change(to, who.Name, tx.Now()); err != nil {
			return err
		}
		if err := putCatalog(ctx, tx, c); err != nil {
			return err
		}
		return recordCatalog(ctx, tx, who, "Update catalog", c, audit.Diff(before, c.shown()))
	})
}

// DeleteCatalog removes a catalog without access packages.
func (s *Service) DeleteCatalog(ctx context.Context, who authz.Caller, id ids.CatalogID) error {
	if id == GeneralID(who.Tenant) {
		if err := s.EnsureGeneral(ctx, who); err != nil {
			return err
		}
	}
	return s.db.Update(ctx, func(tx *sqldb.Tx) error {
		c, err := catalogFor(ctx, tx, who, id, toOwn)
		if err != nil {
			return err
		}
		if err := c.Removable(); err != nil {
			return err
		}
		if err := dropCatalog(ctx, tx, c); err != nil {
			return err
		}
		return recordCatalog(ctx, tx, who, "Delete catalog", c, nil)
	})
}

// A shownCatalog is what the audit log compares.
type shownCatalog struct {
	Name        string `json:"displayName"`
	Description string `json:"description"`
	Published   bool   `json:"isPublished"`
	External    bool   `json:"isExternallyVisible"`
}

func (c *Catalog) shown() shownCatalog {
	return shownCatalog{c.Name, c.Description, c.Published, c.External}
}

func recordCatalog(ctx context.Context, tx *sqldb.Tx, who authz.Caller, activity string, c *Catalog, changed []audit.Change) error {
	return Record(ctx, tx, who, activity, "Catalog", string(c.ID), c.Name, changed)
}

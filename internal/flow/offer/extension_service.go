package offer

import (
	"context"

	"entente/internal/core/authz"
	"entente/internal/core/object"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// Extensions returns a page of a catalog's custom extensions.
func (s *Service) Extensions(ctx context.Context, who authz.Caller, catalog ids.CatalogID, q Asked) (List[*Extension], error) {
	return View(ctx, s.db, func(tx *sqldb.Tx) (List[*Extension], error) {
		if _, err := within(ctx, tx, who, catalog); err != nil {
			return List[*Extension]{}, err
		}
		return Listed(q, func() (int, error) { return countExtensions(ctx, tx, who.Tenant, catalog, q.Query.Filter) },
			func() (object.Page[*Extension], error) { return listExtensions(ctx, tx, who.Tenant, catalog, q.Query) })
	})
}

// Extension returns a custom extension of a catalog; of any where it is empty.
func (s *Service) Extension(ctx context.Context, who authz.Caller, catalog ids.CatalogID, id ids.ObjectID) (*Extension, error) {
	return View(ctx, s.db, func(tx *sqldb.Tx) (*Extension, error) { return extensionFor(ctx, tx, who, catalog, id, ToRead) })
}

func extensionFor(ctx context.Context, tx *sqldb.Tx, who authz.Caller, catalog ids.CatalogID, id ids.ObjectID, t Task) (*Extension, error) {
	e, err := ExtensionByID(ctx, tx, who.Tenant, id)
	if err == nil && catalog != "" && e.Catalog != catalog {
		err = object.Missing(string(id))
	}
	if err != nil {
		return nil, err
	}
	if err := May(ctx, tx, who, e.Catalog, t); err != nil {
		return nil, err
	}
	return e, nil
}

// CreateExtension stores a custom extension of a catalog.
func (s *Service) CreateExtension(ctx context.Context, who authz.Caller, catalog ids.CatalogID, e Extension) (*Extension, error) {
	if catalog == GeneralID(who.Tenant) {
		if err := s.EnsureGeneral(ctx, who); err != nil {
			return nil, err
		}
	}
	return Change(ctx, s.db, func(tx *sqldb.Tx) (*Extension, error) {
		c, err := catalogFor(ctx, tx, who, catalog, toOwn)
		if err != nil {
			return nil, err
		}
		e.Tenant, e.ID, e.Catalog, e.CreatedAt, e.ModifiedAt = who.Tenant, ids.New[ids.ObjectID](), c.ID, tx.Now(), tx.Now()
		if err := e.Check(); err != nil {
			return nil, err
		}
		if err := addExtension(ctx, tx, &e); err != nil {
			return nil, err
		}
		return &e, recordExtension(ctx, tx, who, "Create custom extension", &e)
	})
}

// ChangeExtension has do change a custom extension, which keeps its kind.
func (s *Service) ChangeExtension(ctx context.Context, who authz.Caller, catalog ids.CatalogID, id ids.ObjectID, do func(*Extension) error) (*Extension, error) {
	return Change(ctx, s.db, func(tx *sqldb.Tx) (*Extension, error) {
		e, err := extensionFor(ctx, tx, who, catalog, id, toOwn)
		if err != nil {
			return nil, err
		}
		kind := e.Kind
		if err := do(e); err != nil {
			return nil, err
		}
		if e.Kind != kind {
			return nil, Bad("@odata.type", "A custom extension keeps its type.")
		}
		e.ModifiedAt = tx.Now()
		if err := e.Check(); err != nil {
			return nil, err
		}
		if err := putExtension(ctx, tx, e); err != nil {
			return nil, err
		}
		return e, recordExtension(ctx, tx, who, "Update custom extension", e)
	})
}

// DeleteExtension removes a custom extension that no policy calls.
func (s *Service) DeleteExtension(ctx context.Context, who authz.Caller, catalog ids.CatalogID, id ids.ObjectID) error {
	return s.db.Update(ctx, func(tx *sqldb.Tx) error {
		e, err := extensionFor(ctx, tx, who, catalog, id, toOwn)
		if err != nil {
			return err
		}
		if err := dropExtension(ctx, tx, e); err != nil {
			return err
		}
		return recordExtension(ctx, tx, who, "Delete custom extension", e)
	})
}

func recordExtension(ctx context.Context, tx *sqldb.Tx, who authz.Caller, activity string, e *Extension) error {
	return Record(ctx, tx, who, activity, "CustomExtension", string(e.ID), e.Name, nil)
}

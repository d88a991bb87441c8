package app

import (
	"context"

	"entente/internal/core/audit"
	"entente/internal/core/authz"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// Extend lets an application define a property of directory objects.
func (s *Service) Extend(ctx context.Context, who authz.Caller, application ids.ObjectID, ask Extension) (Extension, error) {
	var e Extension
	err := s.db.Update(ctx, func(tx *sqldb.Tx) error {
		a, err := GetApplication(ctx, tx, who.Tenant, application)
		if err != nil {
			return err
		}
		if err := MayManage(ctx, tx, who, a.ID, "applications/extensionProperties/update"); err != nil {
			return err
		}
		have, err := ListExtensions(ctx, tx, a.Tenant, a.ID)
		if err != nil {
			return err
		}
		if len(have) >= maxExtensions {
			return tooLarge()
		}
		if e, err = NewExtension(a, ask); err != nil {
			return err
		}
		if err := addExtension(ctx, tx, e); err != nil {
			return err
		}
		return record(ctx, tx, who, "Update application", a, []audit.Change{{Name: "extensionProperties", New: e.Name}})
	})
	return e, err
}

// Retract takes a definition back.
func (s *Service) Retract(ctx context.Context, who authz.Caller, application, id ids.ObjectID) error {
	return s.db.Update(ctx, func(tx *sqldb.Tx) error {
		a, err := GetApplication(ctx, tx, who.Tenant, application)
		if err != nil {
			return err
		}
		e, err := GetExtension(ctx, tx, a.Tenant, a.ID, id)
		if err != nil {
			return err
		}
		if err := MayManage(ctx, tx, who, a.ID, "applications/extensionProperties/update"); err != nil {
			return err
		}
		if err := dropExtension(ctx, tx, e); err != nil {
			return err
		}
		return record(ctx, tx, who, "Update application", a, []audit.Change{{Name: "extensionProperties", Old: e.Name}})
	})
}

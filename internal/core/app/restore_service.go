package app

import (
	"context"

	"entente/internal/core/authz"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// What it takes to say what becomes of deleted applications and service
// principals.
const (
	mayRestore authz.Action = "deletedItems.applications/restore"
	mayPurge   authz.Action = "deletedItems.applications/delete"
)

// RestoreApplication brings a deleted application back, and the service
// principal that its home lost with it. Presence in other tenants was theirs
// all the time, and gets tokens again.
func (s *Service) RestoreApplication(ctx context.Context, who authz.Caller, id ids.ObjectID) (*Application, error) {
	var a *Application
	err := s.deletedApplication(ctx, who, id, mayRestore, func(tx *sqldb.Tx, deleted *Application) error {
		a = deleted
		beside, err := deletedBeside(ctx, tx, a, true)
		if err != nil {
			return err
		}
		if err := raiseApplication(ctx, tx, a); err != nil {
			return err
		}
		if err := record(ctx, tx, who, "Restore application", a, nil); err != nil || len(beside) == 0 {
			return err
		}
		p, err := GetDeletedPrincipal(ctx, tx, who, beside[0])
		if err != nil {
			return err
		}
		return s.raise(ctx, tx, who, p)
	})
	return a, err
}

// PurgeApplication removes a deleted application for good, and its deleted
// service principals at home: nothing could bring them back.
func (s *Service) PurgeApplication(ctx context.Context, who authz.Caller, id ids.ObjectID) error {
	return s.deletedApplication(ctx, who, id, mayPurge, func(tx *sqldb.Tx, a *Application) error {
		beside, err := deletedBeside(ctx, tx, a, false)
		if err != nil {
			return err
		}
		for _, id := range beside {
			p, err := GetDeletedPrincipal(ctx, tx, authz.System(a.Tenant, ""), id)
			if err != nil {
				return err
			}
			if err := s.purge(ctx, tx, who, p); err != nil {
				return err
			}
		}
		if err := purgeApplication(ctx, tx, a); err != nil {
			return err
		}
		return record(ctx, tx, who, "Hard Delete application", a, nil)
	})
}

// deletedApplication runs a rule on a deleted application that the caller may
// change.
func (s *Service) deletedApplication(ctx context.Context, who authz.Caller, id ids.ObjectID, needs authz.Action, rule func(*sqldb.Tx, *Application) error) error {
	return s.db.Update(ctx, func(tx *sqldb.Tx) error {
		a, err := GetDeletedApplication(ctx, tx, who, id)
		if err != nil {
			return err
		}
		if err := MayManage(ctx, tx, who, a.ID, needs); err != nil {
			return err
		}
		return rule(tx, a)
	})
}

// RestorePrincipal brings a deleted service principal back.
func (s *Service) RestorePrincipal(ctx context.Context, who authz.Caller, id ids.ObjectID) (*ServicePrincipal, error) {
	var p *ServicePrincipal
	err := s.deletedPrincipal(ctx, who, id, mayRestore, func(tx *sqldb.Tx, deleted *ServicePrincipal) error {
		p = deleted
		return s.raise(ctx, tx, who, p)
	})
	return p, err
}

// RemovePrincipal removes a deleted service principal for good.
func (s *Service) RemovePrincipal(ctx context.Context, who authz.Caller, id ids.ObjectID) error {
	return s.deletedPrincipal(ctx, who, id, mayPurge, func(tx *sqldb.Tx, p *ServicePrincipal) error { return s.purge(ctx, tx, who, p) })
}

func (s *Service) deletedPrincipal(ctx context.Context, who authz.Caller, id ids.ObjectID, needs authz.Action, rule func(*sqldb.Tx, *ServicePrincipal) error) error {
	return s.db.Update(ctx, func(tx *sqldb.Tx) error {
		p, err := GetDeletedPrincipal(ctx, tx, who, id)
		if err != nil {
			return err
		}
		if err := MayManage(ctx, tx, who, p.ID, needs); err != nil {
			return err
		}
		return rule(tx, p)
	})
}

func (s *Service) raise(ctx context.Context, tx *sqldb.Tx, who authz.Caller, p *ServicePrincipal) error {
	if err := raisePrincipal(ctx, tx, p); err != nil {
		return err
	}
	return recordPrincipal(ctx, tx, who, "Restore service principal", p, nil)
}

func (s *Service) purge(ctx context.Context, tx *sqldb.Tx, who authz.Caller, p *ServicePrincipal) error {
	if err := purgePrincipal(ctx, tx, p.Tenant, p.ID); err != nil {
		return err
	}
	return recordPrincipal(ctx, tx, who, "Hard delete service principal", p, nil)
}

package app

import (
	"context"
	"encoding/json"
	"errors"

	"entente/internal/core/authz"
	"entente/internal/core/object"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
	"entente/internal/kit/sqldb"
)

// What is deleted and can be restored.
const (
	deletedApplicationsFrom = "from application a where a.tenant_id = ? and a.deleted_us > 0 and a.deleted_us > ? and a.built_in = 0"
	deletedPrincipalsFrom   = `from service_principal p left join application a on a.app_id = p.app_id
		where p.tenant_id = ? and p.deleted_us > 0 and p.deleted_us > ? /* all tenants: an application is shown wherever it is present */`
)

// ListDeletedApplications is ListApplications of the deleted ones.
func ListDeletedApplications(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, q query.Query) (object.Page[*Application], error) {
	return object.List(ctx, tx, q, ApplicationTable, applicationColumns, deletedApplicationsFrom,
		[]any{tenant, object.DeletedSince(tx)}, scanApplication)
}

// CountDeletedApplications is CountApplications of the deleted ones.
func CountDeletedApplications(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, filter query.Expr) (int, error) {
	return object.Count(ctx, tx, filter, ApplicationTable, deletedApplicationsFrom, []any{tenant, object.DeletedSince(tx)})
}

// ListDeletedPrincipals is ListPrincipals of the deleted ones.
func ListDeletedPrincipals(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, q query.Query) (object.Page[*ServicePrincipal], error) {
	return object.List(ctx, tx, q, PrincipalTable, principalColumns, deletedPrincipalsFrom,
		[]any{tenant, object.DeletedSince(tx)}, scanPrincipal)
}

// CountDeletedPrincipals is CountPrincipals of the deleted ones.
func CountDeletedPrincipals(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, filter query.Expr) (int, error) {
	return object.Count(ctx, tx, filter, PrincipalTable, deletedPrincipalsFrom, []any{tenant, object.DeletedSince(tx)})
}

// GetDeletedApplication returns a deleted application of the caller's tenant,
// or NotFound.
func GetDeletedApplication(ctx context.Context, tx *sqldb.Tx, who authz.Caller, id ids.ObjectID) (*Application, error) {
	return oneApplication(ctx, tx, string(id), "where a.tenant_id = ? and a.id = ? and a.deleted_us > 0 and a.deleted_us > ? and a.built_in = 0",
		who.Tenant, id, object.DeletedFor(tx, who))
}

// GetDeletedPrincipal returns a deleted service principal of the caller's
// tenant, or NotFound.
func GetDeletedPrincipal(ctx context.Context, tx *sqldb.Tx, who authz.Caller, id ids.ObjectID) (*ServicePrincipal, error) {
	return onePrincipal(ctx, tx, string(id), deletedPrincipalsFrom+" and p.id = ?", who.Tenant, object.DeletedFor(tx, who), id)
}

// deletedBeside returns the deleted service principals that an application has
// in its home: all, or only the one that was deleted together with it.
func deletedBeside(ctx context.Context, tx *sqldb.Tx, a *Application, together bool) ([]ids.ObjectID, error) {
	from, to := int64(1), sqldb.Micros(tx.Now())
	if together && a.DeletedDateTime != nil {
		from = sqldb.Micros(*a.DeletedDateTime)
		to = from
	}
	return sqldb.All(ctx, tx, `
		select id from service_principal where tenant_id = ? and app_id = ? and deleted_us >= ? and deleted_us <= ?
		order  by id`,
		[]any{a.Tenant, a.AppID, from, to},
		func(scan func(...any) error) (id ids.ObjectID, err error) { return id, scan(&id) })
}

// raiseApplication stores an application that comes back.
func raiseApplication(ctx context.Context, tx *sqldb.Tx, a *Application) error {
	if name := text(a.UniqueName); name != "" {
		switch _, err := FindApplication(ctx, tx, a.Tenant, "uniqueName", name); {
		case err == nil:
			f := fault.Because(fault.Invalid, object.NameTaken, "Another object with the same value for property uniqueName already exists.")
			f.Target = "uniqueName"
			return f
		case !errors.Is(err, fault.NotFound):
			return err
		}
	}
	a.DeletedDateTime = nil
	face, err := json.Marshal(a)
	if err != nil {
		return err
	}
	n, err := tx.Exec(ctx, `
		update application set face = ?, deleted_us = 0, version = version + 1
		where  tenant_id = ? and id = ? and version = ? and deleted_us > 0`,
		string(face), a.Tenant, a.ID, a.version)
	if err != nil {
		return err
	}
	if n == 0 {
		return fault.New(fault.Conflict, "Someone else has just changed this application.")
	}
	a.version++
	if err := object.MarkRestored(ctx, tx, a.Tenant, a.ID, object.Application); err != nil {
		return err
	}
	return putURIs(ctx, tx, a)
}

// raisePrincipal stores a service principal that comes back. The application
// must be there, as for a new one, and no other may have taken its place.
func raisePrincipal(ctx context.Context, tx *sqldb.Tx, p *ServicePrincipal) error {
	a, err := ApplicationByAppID(ctx, tx, p.AppID)
	switch {
	case errors.Is(err, fault.NotFound), err == nil && a.Tenant != p.Tenant && !a.MultiTenant():
		return noApplication(p.AppID)
	case err != nil:
		return err
	}
	switch _, err := PrincipalByAppID(ctx, tx, p.Tenant, p.AppID); {
	case err == nil:
		return principalExists(p.AppID)
	case !errors.Is(err, fault.NotFound):
		return err
	}
	n, err := tx.Exec(ctx, `
		update service_principal set deleted_us = 0, version = version + 1
		where  tenant_id = ? and id = ? and version = ? and deleted_us > 0`,
		p.Tenant, p.ID, p.version)
	if err != nil {
		return err
	}
	if n == 0 {
		return fault.New(fault.Conflict, "Someone else has just changed this service principal.")
	}
	p.version++
	p.DeletedDateTime = nil
	p.show(a)
	return object.MarkRestored(ctx, tx, p.Tenant, p.ID, object.ServicePrincipal)
}

// purgeApplication removes an application for good. What hangs on it goes with
// ClearRemains; its presence in other tenants is theirs.
func purgeApplication(ctx context.Context, tx *sqldb.Tx, a *Application) error {
	if _, err := tx.Exec(ctx, `delete from application where tenant_id = ? and id = ?`, a.Tenant, a.ID); err != nil {
		return err
	}
	return object.Purge(ctx, tx, a.Tenant, a.ID, object.Application)
}

// purgePrincipal removes a service principal for good; see PurgePrincipal.
func purgePrincipal(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id ids.ObjectID) error {
	if _, err := tx.Exec(ctx, `delete from service_principal where tenant_id = ? and id = ?`, tenant, id); err != nil {
		return err
	}
	if err := removed(ctx, tx, tenant, id); err != nil {
		return err
	}
	return object.Purge(ctx, tx, tenant, id, object.ServicePrincipal)
}

// ClearRemains removes up to limit rows of a purged application or service
// principal, and returns how many went.
func ClearRemains(ctx context.Context, tx *sqldb.Tx, r object.Remain, limit int) (int, error) {
	return object.Clear(ctx, tx, r, limit,
		object.Left{Table: "app_key", Column: "owner_id", Key: "owner_id, key_id"},
		object.Left{Table: "app_role", Column: "application_id", Key: "application_id, kind, id"},
		object.Left{Table: "application_uri", Column: "application_id", Key: "application_id, folded"},
		object.Left{Table: "sp_tag", Column: "sp_id", Key: "sp_id, kind, folded"})
}

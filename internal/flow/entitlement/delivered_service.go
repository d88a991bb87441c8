package entitlement

import (
	"context"

	"entente/internal/core/authz"
	"entente/internal/core/object"
	"entente/internal/flow/offer"
	"entente/internal/flow/provision"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
	"entente/internal/kit/sqldb"
)

// Delivered returns a page of the roles that assignments have brought about, or
// are to, in the catalogs whose assignments the caller sees.
func (s *Service) Delivered(ctx context.Context, who authz.Caller, q offer.Asked) (offer.List[*provision.Row], error) {
	return offer.View(ctx, s.db, func(tx *sqldb.Tx) (offer.List[*provision.Row], error) {
		within, args, err := whole(ctx, tx, who, "a")
		if err != nil {
			return offer.List[*provision.Row]{}, err
		}
		where := " and exists (select 1 from package_assignment a where a.tenant_id = s.tenant_id and a.id = s.source" + within + ")"
		return rolesIn(ctx, tx, who, where, args, q)
	})
}

// sourcesOf returns a page of the assignments that a role is for, of those that
// the caller sees.
func sourcesOf(ctx context.Context, tx *sqldb.Tx, who authz.Caller, id string, q offer.Asked) (offer.List[*Assignment], error) {
	where, args, err := whole(ctx, tx, who, "a")
	if err != nil {
		return offer.List[*Assignment]{}, err
	}
	where += " and exists (select 1 from provision_source s where s.tenant_id = a.tenant_id and s.source = a.id and s.grant_id = ?)"
	return assignmentsIn(ctx, tx, who, assignmentView{where, append(args, id)}, q)
}

// SourcesOf returns a page of the assignments that a role is for.
func (s *Service) SourcesOf(ctx context.Context, who authz.Caller, id string, q offer.Asked) (offer.List[*Assignment], error) {
	return offer.View(ctx, s.db, func(tx *sqldb.Tx) (offer.List[*Assignment], error) { return sourcesOf(ctx, tx, who, id, q) })
}

// A DeliveredRole is what stands around a role: the catalog's word for it, and who
// has it.
type DeliveredRole struct {
	offer.RoleScope
	Target SubjectView
	Left   bool // the package gives it no more: there is no RoleScope
}

// DeliveredRole returns what stands around a role that Delivered lists.
func (s *Service) DeliveredRole(ctx context.Context, who authz.Caller, id string) (DeliveredRole, error) {
	return offer.View(ctx, s.db, func(tx *sqldb.Tx) (DeliveredRole, error) {
		l, err := sourcesOf(ctx, tx, who, id, offer.Asked{Query: query.Query{Page: query.Page{Limit: 1}}})
		if err == nil && len(l.Items) == 0 {
			err = object.Missing(id)
		}
		if err != nil {
			return DeliveredRole{}, err
		}
		return roleAround(ctx, tx, who, l.Items[0], id)
	})
}

// RoleOf returns what stands around a role that RolesOf lists.
func (s *Service) RoleOf(ctx context.Context, who authz.Caller, of ids.AccessID, id string) (DeliveredRole, error) {
	return offer.View(ctx, s.db, func(tx *sqldb.Tx) (DeliveredRole, error) {
		a, err := assignmentShown(ctx, tx, who, of)
		if err != nil {
			return DeliveredRole{}, err
		}
		return roleAround(ctx, tx, who, a, id)
	})
}

// roleAround returns what stands around a role that an assignment has brought about.
func roleAround(ctx context.Context, tx *sqldb.Tx, who authz.Caller, a *Assignment, id string) (d DeliveredRole, err error) {
	l, err := rolesIn(ctx, tx, who, " and s.source = ?", []any{a.ID}, offer.One(id))
	if err == nil && len(l.Items) == 0 {
		err = object.Missing(id)
	}
	if err != nil {
		return d, err
	}
	b, err := subjectByID(ctx, tx, who.Tenant, a.Target)
	if err != nil {
		return d, err
	}
	if d.Target, err = subjectView(ctx, tx, b); err != nil {
		return d, err
	}
	d.RoleScope, err = givenAs(ctx, tx, who.Tenant, a.Package, l.Items[0].Role)
	d.Left = missing(err)
	return d, skipMissing(err)
}

// givenAs returns what a package gives that is the role, or NotFound where it
// gives it no more.
func givenAs(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, of ids.PackageID, r provision.Role) (offer.RoleScope, error) {
	given, err := offer.RolesOf(ctx, tx, tenant, of)
	if err != nil {
		return offer.RoleScope{}, err
	}
	for _, g := range given {
		if string(g.Resource.Origin) == r.System && g.Resource.OriginID == r.Origin && g.Role.OriginID == r.Role {
			return g, nil
		}
	}
	return offer.RoleScope{}, object.Missing(r.Role)
}

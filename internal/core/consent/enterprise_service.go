package consent

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"entente/internal/core/app"
	"entente/internal/core/audit"
	"entente/internal/core/authz"
	"entente/internal/core/object"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
	"entente/internal/kit/sqldb"
)

// look reads in one snapshot for whoever may do actions.
func look[T any](ctx context.Context, s *Service, who authz.Caller, actions []authz.Action, read func(*sqldb.Tx) (T, error)) (out T, err error) {
	err = s.db.View(ctx, func(tx *sqldb.Tx) (err error) {
		if err := authz.Allow(ctx, tx, who, "", actions...); err != nil {
			return err
		}
		out, err = read(tx)
		return err
	})
	return out, err
}

// Enterprises returns a page of the service principals of the caller's tenant,
// of one origin or of all.
func (s *Service) Enterprises(ctx context.Context, who authz.Caller, of Origin, q query.Query) (object.Page[Enterprise], error) {
	return look(ctx, s, who, readEnterprises, func(tx *sqldb.Tx) (page object.Page[Enterprise], err error) {
		list := app.ListPrincipals
		if of == Elsewhere {
			list = app.ListForeign
		}
		q.Filter = of.filter(who.Tenant, q.Filter)
		found, err := list(ctx, tx, who.Tenant, q)
		if err != nil {
			return page, err
		}
		page.Next = found.Next
		page.Items, err = surroundings(ctx, tx, found.Items)
		return page, err
	})
}

// Abroad returns a page of the service principals that the applications of the
// caller's tenant have in other tenants, with what each may do there.
func (s *Service) Abroad(ctx context.Context, who authz.Caller, q query.Query) (object.Page[Enterprise], error) {
	return look(ctx, s, who, readAbroad, func(tx *sqldb.Tx) (page object.Page[Enterprise], err error) {
		found, err := app.ListAbroad(ctx, tx, who.Tenant, q)
		if err != nil {
			return page, err
		}
		for _, p := range found.Items {
			p.Own = app.Own{}
		}
		page.Next = found.Next
		page.Items, err = surroundings(ctx, tx, found.Items)
		return page, err
	})
}

// Enterprise returns a service principal of the caller's tenant with what the
// organization has granted to it.
func (s *Service) Enterprise(ctx context.Context, who authz.Caller, id ids.ObjectID) (*Standing, error) {
	return look(ctx, s, who, readEnterprises, func(tx *sqldb.Tx) (*Standing, error) {
		p, err := app.GetPrincipal(ctx, tx, who.Tenant, id)
		if err != nil {
			return nil, err
		}
		return standing(ctx, tx, p)
	})
}

// AbroadOne returns what an application of the caller's tenant may do in another
// one. Who granted it there, and what else that tenant says of it, is for that
// tenant to know.
func (s *Service) AbroadOne(ctx context.Context, who authz.Caller, id ids.ObjectID) (*Standing, error) {
	return look(ctx, s, who, readAbroad, func(tx *sqldb.Tx) (*Standing, error) {
		p, err := app.GetAbroad(ctx, tx, who.Tenant, id)
		if err != nil {
			return nil, err
		}
		all, err := standing(ctx, tx, p)
		if err != nil {
			return nil, err
		}
		all.Own = app.Own{}
		for i := range all.Permissions {
			for n := range all.Permissions[i].Causes {
				c := &all.Permissions[i].Causes[n]
				c.By, c.ByName = ids.Principal{}, ""
			}
		}
		return all, nil
	})
}

func standing(ctx context.Context, tx *sqldb.Tx, p *app.ServicePrincipal) (*Standing, error) {
	around, err := surroundings(ctx, tx, []*app.ServicePrincipal{p})
	if err != nil {
		return nil, err
	}
	s := &Standing{Enterprise: around[0]}
	if s.Permissions, err = permissionsOf(ctx, tx, p.Tenant, p.ID); err != nil {
		return nil, err
	}
	if s.More = len(s.Permissions) > MostPermissions; s.More {
		s.Permissions = s.Permissions[:MostPermissions]
	}
	return s, fill(ctx, tx, p.Tenant, s.Permissions)
}

// Personal returns a page of what people have agreed to for themselves alone.
func (s *Service) Personal(ctx context.Context, who authz.Caller, client ids.ObjectID, page query.Page) (object.Page[PersonalConsent], error) {
	return look(ctx, s, who, readEnterprises, func(tx *sqldb.Tx) (found object.Page[PersonalConsent], err error) {
		if _, err := app.GetPrincipal(ctx, tx, who.Tenant, client); err != nil {
			return found, err
		}
		return listPersonal(ctx, tx, who.Tenant, client, query.Query{Page: page})
	})
}

// PersonalOne returns one of them, or NotFound.
func (s *Service) PersonalOne(ctx context.Context, who authz.Caller, client ids.ObjectID, id ids.GrantID) (PersonalConsent, error) {
	return look(ctx, s, who, readEnterprises, func(tx *sqldb.Tx) (p PersonalConsent, err error) {
		found, err := listPersonal(ctx, tx, who.Tenant, client, query.Query{Filter: query.Compare{Field: "id", Op: query.Eq, Value: string(id)}})
		if err != nil {
			return p, err
		}
		if len(found.Items) == 0 {
			return p, object.Missing(string(id))
		}
		return found.Items[0], nil
	})
}

// Holders returns a page of who holds roles of a service principal: users,
// groups and service principals.
func (s *Service) Holders(ctx context.Context, who authz.Caller, resource ids.ObjectID, q query.Query) (object.Page[Assignment], error) {
	return look(ctx, s, who, []authz.Action{"servicePrincipals/appRoleAssignedTo/read"}, func(tx *sqldb.Tx) (page object.Page[Assignment], err error) {
		if _, err := app.GetPrincipal(ctx, tx, who.Tenant, resource); err != nil {
			return page, err
		}
		return ListAssignments(ctx, tx, who.Tenant, OnResource(resource), q)
	})
}

// Holder returns one of them, or NotFound.
func (s *Service) Holder(ctx context.Context, who authz.Caller, resource ids.ObjectID, id ids.AssignmentID) (Assignment, error) {
	return look(ctx, s, who, []authz.Action{"servicePrincipals/appRoleAssignedTo/read"}, func(tx *sqldb.Tx) (Assignment, error) {
		return GetAssignment(ctx, tx, who.Tenant, OnResource(resource), id)
	})
}

// Shorten gives a consent to a service principal, or what an administrator has
// granted to it, an end or an earlier one. What it keeps counts until then, or as
// long as another cause keeps it. Longer is a new consent.
func (s *Service) Shorten(ctx context.Context, who authz.Caller, client ids.ObjectID, cause ids.CauseID, until time.Time) error {
	return s.db.Update(ctx, func(tx *sqldb.Tx) error {
		p, c, ties, err := withdrawable(ctx, tx, who, client, cause)
		if err != nil {
			return err
		}
		before := c.Ends
		if err := c.Shorten(until, tx.Now()); err != nil {
			return err
		}
		if err := object.PutEnd(ctx, tx, who.Tenant, c); err != nil {
			return err
		}
		for _, t := range ties {
			if err := settle(ctx, tx, who, t); err != nil {
				return err
			}
		}
		return recordCause(ctx, tx, who, "Update consent to application", p, audit.Change{Name: "Until", Old: endText(before), New: endText(c.Ends)})
	})
}

// Withdraw ends a consent to a service principal, or what an administrator has
// granted to it, now. gone says that the service principal went with it: nothing
// else kept it here.
func (s *Service) Withdraw(ctx context.Context, who authz.Caller, client ids.ObjectID, cause ids.CauseID) (gone bool, err error) {
	err = s.db.Update(ctx, func(tx *sqldb.Tx) error {
		p, _, _, err := withdrawable(ctx, tx, who, client, cause)
		if err != nil {
			return err
		}
		if err := endNow(ctx, tx, who, []ids.CauseID{cause}); err != nil {
			return err
		}
		_, err = app.GetPrincipal(ctx, tx, who.Tenant, client)
		if gone = errors.Is(err, fault.NotFound); err != nil && !gone {
			return err
		}
		return recordCause(ctx, tx, who, "Revoke consent to application", p, audit.Change{Name: "Until", New: endText(tx.Now())})
	})
	return gone, err
}

// RevokeScope takes one scope out of a grant, whatever keeps it.
func (s *Service) RevokeScope(ctx context.Context, who authz.Caller, client ids.ObjectID, grant ids.GrantID, scope string) error {
	return s.db.Update(ctx, func(tx *sqldb.Tx) error {
		g, err := GetGrant(ctx, tx, who.Tenant, grant)
		if err == nil && g.ClientID != client {
			err = object.Missing(string(grant))
		}
		if err != nil {
			return err
		}
		if err := mayGrantScopes(ctx, tx, who, "delete"); err != nil {
			return err
		}
		if !slices.Contains(strings.Fields(g.Scope), scope) {
			return object.Missing(scope)
		}
		return settleScope(ctx, tx, who, string(grant)+" "+scope, time.Time{}, false)
	})
}

// withdrawable returns a live cause that gave the client something, and what it is tied
// to, for a caller who may take all of it away.
func withdrawable(ctx context.Context, tx *sqldb.Tx, who authz.Caller, client ids.ObjectID, cause ids.CauseID) (p *app.ServicePrincipal, c object.Cause, ties []object.Tie, err error) {
	if p, err = app.GetPrincipal(ctx, tx, who.Tenant, client); err != nil {
		return p, c, nil, err
	}
	if c, ties, err = object.GetCause(ctx, tx, who.Tenant, cause); err != nil {
		return p, c, nil, err
	}
	its := false
	for _, t := range ties {
		of, err := mayTake(ctx, tx, who, t)
		if err != nil {
			return p, c, nil, err
		}
		its = its || of == client
	}
	if !its || !c.Live(tx.Now()) {
		return p, c, nil, object.Missing(string(cause))
	}
	return p, c, ties, byHand(c)
}

// mayTake refuses a caller who may not take away what a cause is tied to, and
// returns the service principal that has it: nothing for what is none of one.
func mayTake(ctx context.Context, tx *sqldb.Tx, who authz.Caller, t object.Tie) (ids.ObjectID, error) {
	switch t.Kind {
	case object.OfRoleAssignment:
		a, r, err := tiedAssignment(ctx, tx, who.Tenant, ids.AssignmentID(t.ID))
		if err != nil || r == nil || a.PrincipalKind != "ServicePrincipal" {
			return "", err
		}
		return a.PrincipalID, mayGrant(ctx, tx, who, r, object.ServicePrincipal)
	case object.OfScope:
		id, _ := splitScopeTie(t.ID)
		g, err := GetGrant(ctx, tx, who.Tenant, id)
		if errors.Is(err, fault.NotFound) {
			return "", nil
		}
		if err != nil {
			return "", err
		}
		return g.ClientID, mayGrantScopes(ctx, tx, who, "delete")
	}
	return "", nil
}

// tiedAssignment returns an assignment and its resource; nil for what is gone.
func tiedAssignment(ctx context.Context, tx *sqldb.Tx, in ids.TenantID, id ids.AssignmentID) (Assignment, *app.ServicePrincipal, error) {
	a, err := scanAssignment(func(dest ...any) error {
		return tx.One(ctx, "select "+assignmentColumns+" from app_role_assignment s where s.tenant_id = ? and s.id = ?", []any{in, id}, dest...)
	})
	if errors.Is(err, fault.NotFound) {
		return a, nil, nil
	}
	if err != nil {
		return a, nil, err
	}
	r, err := app.GetPrincipal(ctx, tx, in, a.ResourceID)
	if errors.Is(err, fault.NotFound) {
		return a, nil, nil
	}
	return a, r, err
}

func endText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// recordCause writes what became of a consent into both tenants' logs.
func recordCause(ctx context.Context, tx *sqldb.Tx, who authz.Caller, activity string, p *app.ServicePrincipal, change audit.Change) error {
	var home ids.TenantID
	if p.OwnerTenant != nil && !p.BuiltIn() {
		home = *p.OwnerTenant
	}
	return audit.RecordBoth(ctx, tx, who, home, audit.Entry{
		Category: "ApplicationManagement", Activity: activity, Changes: []audit.Change{change},
		Target: audit.Target{Kind: "ServicePrincipal", ID: string(p.ID), Name: p.DisplayName},
	})
}

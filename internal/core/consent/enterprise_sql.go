package consent

import (
	"context"
	"strings"
	"time"

	"entente/internal/core/app"
	"entente/internal/core/object"
	"entente/internal/core/tenant"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
	"entente/internal/kit/sqldb"
)

// surroundings completes a page of service principals with a fixed number of
// keyed reads. They may stand in several tenants: the caller has found them by
// a tenant of its own, as the place or as the home.
func surroundings(ctx context.Context, tx *sqldb.Tx, list []*app.ServicePrincipal) ([]Enterprise, error) {
	all := make([]Enterprise, len(list))
	at := make(map[ids.ObjectID]*Enterprise, len(list))
	var tenants []ids.TenantID
	for i, p := range list {
		all[i].ServicePrincipal = p
		at[p.ID] = &all[i]
		tenants = append(tenants, p.Tenant)
		if p.OwnerTenant != nil {
			tenants = append(tenants, *p.OwnerTenant)
		}
	}
	if len(list) == 0 {
		return all, nil
	}
	names, err := tenant.Names(ctx, tx, tenants)
	if err != nil {
		return nil, err
	}
	for i := range all {
		all[i].PlaceName = names[all[i].Tenant]
		if home := all[i].OwnerTenant; home != nil {
			all[i].HomeName = names[*home]
		}
	}
	if err := rolesHeld(ctx, tx, at); err != nil {
		return nil, err
	}
	if err := scopesHeld(ctx, tx, at); err != nil {
		return nil, err
	}
	return all, lastSeen(ctx, tx, at)
}

// among returns "in (?, …)" and its arguments.
func among[T any](at map[ids.ObjectID]T) (string, []any) {
	args := make([]any, 0, len(at))
	for id := range at {
		args = append(args, id)
	}
	return "in (?" + strings.Repeat(", ?", len(args)-1) + ")", args
}

// later keeps the later end; where one of several has none, there is none.
func (h *Holding) later(first bool, least, most int64) {
	end := sqldb.Time(most)
	if least == 0 {
		end = time.Time{}
	}
	if first || end.IsZero() || !h.Ends.IsZero() && end.After(h.Ends) {
		h.Ends = end
	}
}

func rolesHeld(ctx context.Context, tx *sqldb.Tx, at map[ids.ObjectID]*Enterprise) error {
	in, args := among(at)
	return tx.Each(ctx, `
		select o.id, count(*), min(coalesce(d.value, '')), min(s.ends_us), max(s.ends_us)
		from   object o cross join app_role_assignment s
		join   service_principal p on p.tenant_id = s.tenant_id and p.id = s.resource_id and p.deleted_us = 0
		left   join app_role d on d.tenant_id = p.app_tenant and d.application_id = p.application_id and d.kind = 'role' and d.id = s.role_id
		where  o.id `+in+` and s.tenant_id = o.tenant_id and s.principal_id = o.id and (s.ends_us = 0 or s.ends_us > ?)
		group  by o.id /* all tenants: of service principals that were found by the tenant, or by the home of their applications */`,
		append(args, sqldb.Micros(tx.Now())), func(scan func(...any) error) error {
			var id ids.ObjectID
			var h Holding
			var least, most int64
			if err := scan(&id, &h.Roles, &h.Role, &least, &most); err != nil {
				return err
			}
			h.later(true, least, most)
			at[id].Has = h
			return nil
		})
}

func scopesHeld(ctx context.Context, tx *sqldb.Tx, at map[ids.ObjectID]*Enterprise) error {
	in, args := among(at)
	now := sqldb.Micros(tx.Now())
	if err := tx.Each(ctx, `
		select o.id, count(*), min(x.scope), min(x.ends_us), max(x.ends_us)
		from   object o cross join permission_grant g cross join grant_scope x
		where  o.id `+in+` and g.tenant_id = o.tenant_id and g.client_id = o.id and g.principal_id = ''
		and    x.tenant_id = g.tenant_id and x.grant_id = g.id and (x.ends_us = 0 or x.ends_us > ?)
		and    exists (select 1 from object r where r.tenant_id = g.tenant_id and r.id = g.resource_id and r.deleted_us = 0)
		group  by o.id /* all tenants: of service principals that were found by the tenant, or by the home of their applications */`,
		append(args, now), func(scan func(...any) error) error {
			var id ids.ObjectID
			var n int
			var first string
			var least, most int64
			if err := scan(&id, &n, &first, &least, &most); err != nil {
				return err
			}
			h := &at[id].Has
			h.later(h.Roles == 0, least, most)
			h.Scopes, h.Scope = n, first
			return nil
		}); err != nil {
		return err
	}
	return tx.Each(ctx, `
		select o.id from object o
		where  o.id `+in+` and exists (
			select 1 from permission_grant g cross join grant_scope x
			where  g.tenant_id = o.tenant_id and g.client_id = o.id and g.principal_id <> ''
			and    x.tenant_id = g.tenant_id and x.grant_id = g.id and (x.ends_us = 0 or x.ends_us > ?))
		/* all tenants: of service principals that were found by the tenant, or by the home of their applications */`,
		append(args, now), func(scan func(...any) error) error {
			var id ids.ObjectID
			err := scan(&id)
			if err == nil {
				at[id].Has.People = true
			}
			return err
		})
}

// lastSeen tells when each last signed in, or somebody to it: the latest success
// among the latest hundred attempts.
func lastSeen(ctx context.Context, tx *sqldb.Tx, at map[ids.ObjectID]*Enterprise) error {
	in, args := among(at)
	return tx.Each(ctx, `
		select o.id, coalesce((
			select max(l.at_us) from (
				select i.at_us, i.reason from sign_in i where i.tenant_id = p.tenant_id and i.app_id = p.app_id order by i.at_us desc limit 100) l
			where  l.reason = ''), 0)
		from   object o join service_principal p on p.tenant_id = o.tenant_id and p.id = o.id
		where  o.id `+in+` /* all tenants: of service principals that were found by the tenant, or by the home of their applications */`,
		args, func(scan func(...any) error) error {
			var id ids.ObjectID
			var last int64
			err := scan(&id, &last)
			if err == nil {
				at[id].Last = sqldb.Time(last)
			}
			return err
		})
}

// permissionsOf returns what the organization has granted to a service principal.
func permissionsOf(ctx context.Context, tx *sqldb.Tx, in ids.TenantID, client ids.ObjectID) ([]Permission, error) {
	now := sqldb.Micros(tx.Now())
	list, err := sqldb.All(ctx, tx, `
		select s.id, s.role_id, s.resource_id, s.resource_name, coalesce(d.value, ''), s.created_us, s.ends_us
		from   app_role_assignment s
		join   service_principal p on p.tenant_id = s.tenant_id and p.id = s.resource_id and p.deleted_us = 0
		left   join app_role d on d.tenant_id = p.app_tenant and d.application_id = p.application_id and d.kind = 'role' and d.id = s.role_id
		where  s.tenant_id = ? and s.principal_id = ? and (s.ends_us = 0 or s.ends_us > ?)
		order  by s.resource_name, 5, s.id limit ?`,
		[]any{in, client, now, MostPermissions + 1},
		func(scan func(...any) error) (p Permission, err error) {
			var since, ends int64
			p.Application = true
			err = scan(&p.Assignment, &p.role, &p.Resource, &p.ResourceOf, &p.Value, &since, &ends)
			p.Since, p.Ends = sqldb.Time(since), sqldb.Time(ends)
			return p, err
		})
	if err != nil || len(list) > MostPermissions {
		return list, err
	}
	scopes, err := sqldb.All(ctx, tx, `
		select g.id, g.resource_id, o.display_name, x.scope, g.created_us, x.ends_us
		from   permission_grant g cross join grant_scope x
		join   object o on o.tenant_id = g.tenant_id and o.id = g.resource_id and o.deleted_us = 0
		where  g.tenant_id = ? and g.client_id = ? and g.principal_id = ''
		and    x.tenant_id = g.tenant_id and x.grant_id = g.id and (x.ends_us = 0 or x.ends_us > ?)
		order  by o.display_name, x.scope, g.id limit ?`,
		[]any{in, client, now, MostPermissions + 1 - len(list)},
		func(scan func(...any) error) (p Permission, err error) {
			var since, ends int64
			err = scan(&p.Grant, &p.Resource, &p.ResourceOf, &p.Value, &since, &ends)
			p.Since, p.Ends = sqldb.Time(since), sqldb.Time(ends)
			return p, err
		})
	return append(list, scopes...), err
}

// fill tells by whom permissions were granted, and what their resources say of them.
func fill(ctx context.Context, tx *sqldb.Tx, in ids.TenantID, list []Permission) error {
	causes, err := causesOf(ctx, tx, in, list)
	if err != nil {
		return err
	}
	resources := make(map[ids.ObjectID]*app.ServicePrincipal)
	for i := range list {
		p := &list[i]
		if p.Causes = kept(causes[p.tie()], tx.Now()); len(p.Causes) > 0 {
			p.Since = p.By().CreatedAt
		}
		r := resources[p.Resource]
		if r == nil {
			if r, err = app.GetPrincipal(ctx, tx, in, p.Resource); err != nil {
				return err
			}
			resources[p.Resource] = r
		}
		if role := r.Role(p.role); p.Application && role != nil {
			p.Name = role.DisplayName
		}
		if s := r.ScopeByValue(p.Value); !p.Application && s != nil {
			p.Name = s.AdminName
		}
	}
	return nil
}

// causesOf returns the causes of all of the permissions.
func causesOf(ctx context.Context, tx *sqldb.Tx, in ids.TenantID, list []Permission) (map[object.Tie][]object.Cause, error) {
	all, targets := make(map[object.Tie][]object.Cause, len(list)), make(map[string][]string)
	for _, p := range list {
		targets[p.tie().Kind] = append(targets[p.tie().Kind], p.tie().ID)
	}
	for kind, some := range targets {
		of, err := object.CausesOfAll(ctx, tx, in, kind, some)
		if err != nil {
			return nil, err
		}
		for id, causes := range of {
			all[object.Tie{Kind: kind, ID: id}] = causes
		}
	}
	return all, nil
}

// listPersonal returns a page of what people have agreed to for themselves.
func listPersonal(ctx context.Context, tx *sqldb.Tx, in ids.TenantID, client ids.ObjectID, q query.Query) (object.Page[PersonalConsent], error) {
	found, err := object.List(ctx, tx, q, GrantTable, grantColumns+", u.display_name, r.display_name, g.created_us",
		`from permission_grant g
		join   object u on u.tenant_id = g.tenant_id and u.id = g.principal_id and u.deleted_us = 0
		join   object r on r.tenant_id = g.tenant_id and r.id = g.resource_id and r.deleted_us = 0
		where  g.tenant_id = ? and g.client_id = ? and g.principal_id <> ''`, []any{in, client},
		func(scan func(...any) error) (p PersonalConsent, err error) {
			var since int64
			p.Grant, err = scanGrant(func(dest ...any) error { return scan(append(dest, &p.Person, &p.ResourceOf, &since)...) })
			p.Since = sqldb.Time(since)
			return p, err
		})
	if err != nil || len(found.Items) == 0 {
		return found, err
	}
	at := make(map[ids.GrantID][]string, len(found.Items))
	args := []any{in, sqldb.Micros(tx.Now())}
	for _, p := range found.Items {
		args = append(args, p.ID)
	}
	err = tx.Each(ctx, `
		select x.grant_id, x.scope from grant_scope x
		where  x.tenant_id = ? and (x.ends_us = 0 or x.ends_us > ?) and x.grant_id in (?`+strings.Repeat(", ?", len(found.Items)-1)+`)
		order  by x.grant_id, x.position, x.scope`, args, func(scan func(...any) error) error {
		var id ids.GrantID
		var scope string
		err := scan(&id, &scope)
		at[id] = append(at[id], scope)
		return err
	})
	for i := range found.Items {
		found.Items[i].Scope = strings.Join(at[found.Items[i].ID], " ")
	}
	return found, err
}

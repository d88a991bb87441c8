package site

import (
	"cmp"
	"context"
	"strconv"

	"entente/internal/core/audit"
	"entente/internal/core/authz"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// tie names a place in a site's group for its causes.
func tie(site ids.ObjectID, role int, member ids.ObjectID) string {
	return string(site) + " " + strconv.Itoa(role) + " " + string(member)
}

// wide are the permissions that reach every site.
var wide = []string{"Sites.Read.All", "Sites.ReadWrite.All", "Sites.Manage.All", "Sites.FullControl.All"}

// MayRead refuses a program that only selected sites are open to, where this is
// none of them. Whoever reads groups by a directory role reads their sites too.
func MayRead(ctx context.Context, tx *sqldb.Tx, who authz.Caller, s *Site) error {
	if who.ByRole {
		return nil
	}
	for _, name := range wide {
		if who.Has(name) {
			return nil
		}
	}
	list, err := Permissions(ctx, tx, who.Tenant, s.Key, who.App)
	if err == nil && (who.App == "" || len(list) == 0) {
		err = authz.Refuse()
	}
	return err
}

// Make stores a site that stands alone.
func (s *Service) Make(ctx context.Context, who authz.Caller, name, title, description string) (made *Site, err error) {
	err = s.db.Update(ctx, func(tx *sqldb.Tx) error {
		if err := MayManage(ctx, tx, who); err != nil {
			return err
		}
		host, err := hostOf(ctx, tx, who.Tenant)
		if err != nil {
			return err
		}
		if made, err = newSite(host, name, title, description, tx.Now()); err != nil {
			return err
		}
		if err := addSite(ctx, tx, who.Tenant, made); err != nil {
			return err
		}
		return recordSite(ctx, tx, who, "Create site", made, nil)
	})
	return made, err
}

// MayManage refuses people who do not manage the tenant's sites. A program has
// been judged by the edge.
func MayManage(ctx context.Context, tx *sqldb.Tx, who authz.Caller) error {
	return authz.Allow(ctx, tx, who, "", authz.ManageSites)
}

// AddPermission lets an application into a site.
// https://learn.microsoft.com/graph/api/site-post-permissions?view=graph-rest-1.0
func (s *Service) AddPermission(ctx context.Context, who authz.Caller, site string, roles []string, to []Identity) (p *Permission, err error) {
	role, err := oneRole(roles)
	if err != nil {
		return nil, err
	}
	if len(to) != 1 || to[0].Application == nil || !ids.Valid(to[0].Application.ID) || len(to[0].Application.DisplayName) > 256 {
		return nil, fault.InvalidAt("grantedToIdentities", "Invalid value specified for property 'grantedToIdentities' of resource 'Permission'.")
	}
	err = s.changeSite(ctx, who, site, func(tx *sqldb.Tx, at *Site) error {
		app, err := ids.Parse[ids.AppID](to[0].Application.ID)
		if err != nil {
			return err
		}
		program, err := programOf(ctx, tx, who.Tenant, app)
		if err != nil || program == "" {
			return cmp.Or(err, noProgram())
		}
		p = newPermission(at.Key, app, to[0].Application.DisplayName, role)
		if err := putPermission(ctx, tx, who.Tenant, p, program); err != nil {
			return err
		}
		return recordSite(ctx, tx, who, "Add permission to site", at, []audit.Change{{Name: string(app), New: role}})
	})
	return p, err
}

// noProgram refuses an application that the tenant does not have, whether or
// not another tenant does.
func noProgram() error {
	return fault.InvalidAt("grantedToIdentities", "The application has no service principal in this tenant.").
		WithFix("Consent to the application first; that makes its service principal.")
}

// UpdatePermission changes what an application may do in a site.
func (s *Service) UpdatePermission(ctx context.Context, who authz.Caller, site, id string, roles []string) error {
	role, err := oneRole(roles)
	if err != nil {
		return err
	}
	return s.changePermission(ctx, who, site, id, func(tx *sqldb.Tx, at *Site, p *Permission) error {
		before := p.Roles[0]
		p.Roles[0] = role
		if err := putRole(ctx, tx, who.Tenant, p); err != nil {
			return err
		}
		return recordSite(ctx, tx, who, "Update permission to site", at, []audit.Change{{Name: string(p.app), Old: before, New: role}})
	})
}

// RemovePermission shuts an application out of a site.
func (s *Service) RemovePermission(ctx context.Context, who authz.Caller, site, id string) error {
	return s.changePermission(ctx, who, site, id, func(tx *sqldb.Tx, at *Site, p *Permission) error {
		if err := dropPermission(ctx, tx, who.Tenant, p); err != nil {
			return err
		}
		return recordSite(ctx, tx, who, "Remove permission from site", at, []audit.Change{{Name: string(p.app), Old: p.Roles[0]}})
	})
}

func (s *Service) changeSite(ctx context.Context, who authz.Caller, site string, rule func(*sqldb.Tx, *Site) error) error {
	return s.db.Update(ctx, func(tx *sqldb.Tx) error {
		at, err := Find(ctx, tx, who.Tenant, site)
		if err == nil {
			err = MayManage(ctx, tx, who)
		}
		if err != nil {
			return err
		}
		return rule(tx, at)
	})
}

func (s *Service) changePermission(ctx context.Context, who authz.Caller, site, id string, rule func(*sqldb.Tx, *Site, *Permission) error) error {
	return s.changeSite(ctx, who, site, func(tx *sqldb.Tx, at *Site) error {
		p, err := PermissionByID(ctx, tx, who.Tenant, at.Key, id)
		if err != nil {
			return err
		}
		return rule(tx, at, p)
	})
}

func recordSite(ctx context.Context, tx *sqldb.Tx, who authz.Caller, activity string, s *Site, changed []audit.Change) error {
	return audit.Record(ctx, tx, who, audit.Entry{
		Category: "SiteManagement", Activity: activity, Changes: changed,
		Target: audit.Target{Kind: "Site", ID: string(s.Key), Name: s.DisplayName},
	})
}

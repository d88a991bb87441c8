package consent

import (
	"context"
	"errors"
	"slices"
	"time"

	"entente/internal/core/app"
	"entente/internal/core/audit"
	"entente/internal/core/authz"
	"entente/internal/core/object"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// A Service changes what is granted.
type Service struct{ db *sqldb.DB }

// NewService returns a service on db.
func NewService(db *sqldb.DB) *Service { return &Service{db} }

// mayGrant refuses a caller who may not give away roles of the resource. A
// program needs the permission for it, or else a directory role as a person
// does; one that may manage applications gives roles to people and groups
// only, and never roles of Microsoft Graph. Those are given by who may grant
// anything; roles of other resources to service principals, which is consent,
// by who may grant most things; to people and groups by who may assign, and by
// the owners of the resource.
func mayGrant(ctx context.Context, tx *sqldb.Tx, who authz.Caller, resource *app.ServicePrincipal, principal object.Kind) error {
	consents, graph := principal == object.ServicePrincipal, resource.AppID == app.GraphAppID
	switch {
	case who.IsSystem():
		return nil
	case who.AppOnly() && reaches(who, resource, principal):
		return nil
	case who.Scopes != nil && !who.Has(authz.AsUser) && !reaches(who, resource, principal):
		return authz.Refuse() // the program may not, whatever its person may
	}
	who.ByRole = true // how far a program's permissions reach is said above
	r, err := authz.RightsOf(ctx, tx, who, resource.ID)
	switch {
	case err != nil || r.ByRole(authz.GrantAnything):
		return err
	case graph:
		return authz.RefuseFor(authz.GrantAnything)
	case r.ByRole(authz.GrantMostThings):
		return nil
	case consents:
		return authz.RefuseFor(authz.GrantMostThings)
	}
	return r.Need("servicePrincipals/appRoleAssignedTo/update")
}

// reaches reports whether the caller's permissions reach an assignment. One that
// manages applications reaches those of people and groups, and none on
// Microsoft Graph: it would be all the others.
func reaches(who authz.Caller, resource *app.ServicePrincipal, principal object.Kind) bool {
	return who.Has("AppRoleAssignment.ReadWrite.All") ||
		who.Has("Application.ReadWrite.All") && principal != object.ServicePrincipal && resource.AppID != app.GraphAppID
}

// Assign gives a principal an app role of a resource, until a time if it is
// not zero. Giving it again is refused as AlreadyAssigned.
func (s *Service) Assign(ctx context.Context, who authz.Caller, principal, resource ids.ObjectID, role ids.RoleID, until time.Time) (Assignment, error) {
	var a Assignment
	err := s.db.Update(ctx, func(tx *sqldb.Tx) error {
		p, err := object.Get(ctx, tx, who.Tenant, principal)
		if err != nil {
			return err
		}
		r, err := app.GetPrincipal(ctx, tx, who.Tenant, resource)
		if err != nil {
			return err
		}
		if err := mayGrant(ctx, tx, who, r, p.Kind); err != nil {
			return err
		}
		if a, err = NewAssignment(p, r, role, tx.Now()); err != nil {
			return err
		}
		c, err := object.NewCause(object.ByAdministrator, string(r.AppID), who.Subject, who.Name, until, tx.Now())
		if err != nil {
			return err
		}
		if err := object.AddCause(ctx, tx, who.Tenant, c); err != nil {
			return err
		}
		added, err := addAssignment(ctx, tx, &a)
		if err != nil {
			return err
		}
		if !added {
			_, alive, err := object.Life(ctx, tx, who.Tenant, object.OfRoleAssignment, string(a.ID))
			if err != nil {
				return err
			}
			if alive {
				return fault.Because(fault.Invalid, AlreadyAssigned, "Permission being assigned already exists on the object")
			}
		}
		if err := causeAssignment(ctx, tx, who.Tenant, a.ID, c.ID); err != nil {
			return err
		}
		a.Ends = until
		return recordAssignment(ctx, tx, who, assigning[a.PrincipalKind], a, r)
	})
	return a, err
}

// Unassign removes an assignment that stands in view, whatever its causes.
func (s *Service) Unassign(ctx context.Context, who authz.Caller, v View, id ids.AssignmentID) error {
	return s.db.Update(ctx, func(tx *sqldb.Tx) error {
		a, err := GetAssignment(ctx, tx, who.Tenant, v, id)
		if err != nil {
			return err
		}
		r, err := app.GetPrincipal(ctx, tx, who.Tenant, a.ResourceID)
		if err != nil {
			return err
		}
		kind := object.User
		if a.PrincipalKind == "ServicePrincipal" {
			kind = object.ServicePrincipal
		}
		if err := mayGrant(ctx, tx, who, r, kind); err != nil {
			return err
		}
		if err := dropAssignment(ctx, tx, who.Tenant, id); err != nil {
			return err
		}
		return recordAssignment(ctx, tx, who, unassigning[a.PrincipalKind], a, r)
	})
}

// What the log calls an assignment and its end, by the kind of who holds it.
var (
	assigning = map[string]string{
		"User": "Add app role assignment grant to user", "Group": "Add app role assignment to group",
		"ServicePrincipal": "Add app role assignment to service principal",
	}
	unassigning = map[string]string{
		"User": "Remove app role assignment from user", "Group": "Remove app role assignment from group",
		"ServicePrincipal": "Remove app role assignment from service principal",
	}
)

func recordAssignment(ctx context.Context, tx *sqldb.Tx, who authz.Caller, activity string, a Assignment, r *app.ServicePrincipal) error {
	t, err := toldOf(ctx, tx, activity, a, r)
	if err != nil {
		return err
	}
	return audit.RecordAll(ctx, tx, who, []audit.Told{t})
}

// toldOf returns what the log says of an assignment, and to which other tenant: the
// home of the program that holds it.
func toldOf(ctx context.Context, tx *sqldb.Tx, activity string, a Assignment, r *app.ServicePrincipal) (t audit.Told, err error) {
	value := string(a.RoleID)
	if role := r.Role(a.RoleID); role != nil && role.Value != nil {
		value = *role.Value
	}
	if a.PrincipalKind == "ServicePrincipal" {
		if t.Other, err = homeOf(ctx, tx, a.Tenant, a.PrincipalID); err != nil {
			return t, err
		}
	}
	t.Entry = audit.Entry{
		Category: "ApplicationManagement", Activity: activity,
		Target: audit.Target{Kind: "ServicePrincipal", ID: string(r.ID), Name: r.DisplayName},
		Changes: []audit.Change{
			{Name: "AppRole.Value", New: value}, {Name: a.PrincipalKind, New: string(a.PrincipalID)}, {Name: "Until", New: until(a.Ends)},
		},
	}
	return t, nil
}

func until(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.RFC3339)
}

// homeOf returns the tenant in which a service principal's application lives,
// or "" for people, and when that is no tenant of the installation.
func homeOf(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, principal ids.ObjectID) (ids.TenantID, error) {
	p, err := app.GetPrincipal(ctx, tx, tenant, principal)
	if errors.Is(err, fault.NotFound) {
		return "", nil
	}
	if err != nil || p.OwnerTenant == nil || *p.OwnerTenant == app.ServicesTenant {
		return "", err
	}
	return *p.OwnerTenant, nil
}

// mayGrantScopes refuses a caller who may not consent for others. The edge has
// checked the permission of a program that was admitted by one.
func mayGrantScopes(ctx context.Context, tx *sqldb.Tx, who authz.Caller, does authz.Action) error {
	return authz.Allow(ctx, tx, who, "", "oAuth2PermissionGrants/"+does)
}

// Grant stores a delegated grant with its scopes. A second one of the same
// client, resource and principal is refused as GrantExists.
func (s *Service) Grant(ctx context.Context, who authz.Caller, g Grant, scope string, until time.Time) (Grant, error) {
	scopes, err := Scopes(scope)
	if err != nil {
		return g, err
	}
	err = s.db.Update(ctx, func(tx *sqldb.Tx) error {
		if err := mayGrantScopes(ctx, tx, who, "create"); err != nil {
			return err
		}
		for _, id := range []ids.ObjectID{g.ClientID, g.ResourceID} {
			if _, err := app.GetPrincipal(ctx, tx, who.Tenant, id); err != nil {
				return err
			}
		}
		if g.PrincipalID != nil {
			if o, err := object.Get(ctx, tx, who.Tenant, *g.PrincipalID); err != nil || o.Kind != object.User {
				return object.Missing(string(*g.PrincipalID))
			}
		}
		added, err := addGrant(ctx, tx, g)
		if err != nil {
			return err
		}
		if !added {
			return fault.Because(fault.Conflict, GrantExists, "Permission entry already exists.")
		}
		return s.give(ctx, tx, who, &g, scopes, until, "Add delegated permission grant")
	})
	return g, err
}

// SetScope replaces the scopes of a grant. Those that stay keep their end.
func (s *Service) SetScope(ctx context.Context, who authz.Caller, id ids.GrantID, scope string) (Grant, error) {
	var g Grant
	scopes, err := Scopes(scope)
	if err != nil {
		return g, err
	}
	err = s.db.Update(ctx, func(tx *sqldb.Tx) error {
		if g, err = GetGrant(ctx, tx, who.Tenant, id); err != nil {
			return err
		}
		if err := mayGrantScopes(ctx, tx, who, "basic/update"); err != nil {
			return err
		}
		before, err := scopesOf(ctx, tx, who.Tenant, id)
		if err != nil {
			return err
		}
		for _, old := range before {
			if !slices.Contains(scopes, old) {
				if err := dropScope(ctx, tx, who.Tenant, id, old); err != nil {
					return err
				}
			}
		}
		added := slices.DeleteFunc(slices.Clone(scopes), func(scope string) bool { return slices.Contains(before, scope) })
		return s.give(ctx, tx, who, &g, added, time.Time{}, "Update delegated permission grant")
	})
	return g, err
}

func (s *Service) give(ctx context.Context, tx *sqldb.Tx, who authz.Caller, g *Grant, scopes []string, until time.Time, activity string) error {
	c, err := object.NewCause(object.ByAdministrator, string(g.ID), who.Subject, who.Name, until, tx.Now())
	if err != nil {
		return err
	}
	if err := object.AddCause(ctx, tx, who.Tenant, c); err != nil {
		return err
	}
	if err := addScopes(ctx, tx, who.Tenant, g.ID, scopes, c.ID); err != nil {
		return err
	}
	if err := loadScope(ctx, tx, g); err != nil {
		return err
	}
	return recordGrant(ctx, tx, who, activity, *g)
}

// Revoke removes a delegated grant. A person may always revoke what holds for
// themselves only.
func (s *Service) Revoke(ctx context.Context, who authz.Caller, id ids.GrantID) error {
	return s.db.Update(ctx, func(tx *sqldb.Tx) error {
		g, err := GetGrant(ctx, tx, who.Tenant, id)
		if err != nil {
			return err
		}
		if g.PrincipalID == nil || *g.PrincipalID != who.Object {
			if err := mayGrantScopes(ctx, tx, who, "delete"); err != nil {
				return err
			}
		}
		if err := dropGrant(ctx, tx, who.Tenant, id); err != nil {
			return err
		}
		return recordGrant(ctx, tx, who, "Remove delegated permission grant", g)
	})
}

func recordGrant(ctx context.Context, tx *sqldb.Tx, who authz.Caller, activity string, g Grant) error {
	other, err := homeOf(ctx, tx, who.Tenant, g.ClientID)
	if err != nil {
		return err
	}
	return audit.RecordBoth(ctx, tx, who, other, audit.Entry{
		Category: "ApplicationManagement", Activity: activity,
		Target:  audit.Target{Kind: "ServicePrincipal", ID: string(g.ClientID)},
		Changes: []audit.Change{{Name: "DelegatedPermissionGrant.Scope", New: g.Scope}, {Name: "DelegatedPermissionGrant.ConsentType", New: g.ConsentType}},
	})
}

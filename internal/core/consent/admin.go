package consent

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"entente/internal/core/app"
	"entente/internal/core/audit"
	"entente/internal/core/authz"
	"entente/internal/core/object"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/secret"
	"entente/internal/kit/sqldb"
)

// Accept is an administrator's consent for the whole organization.
type Accept struct {
	AppID ids.AppID
	Want  Want
	Shown secret.Digest // of the offer that was seen
	Until time.Time     // zero: no end
}

// GrantOffer grants what the offer asks for in the caller's tenant: it makes the
// service principal, the assignments and the grants in the transaction of the
// sign-in that decides, each tied to this consent, and writes both tenants'
// logs. If the offer is no longer what was shown, nothing happens and the fault
// is OfferChanged.
func GrantOffer(ctx context.Context, tx *sqldb.Tx, who authz.Caller, in Accept) (*Offer, error) {
	o, err := MakeOffer(ctx, tx, who.Tenant, in.AppID, in.Want)
	if err != nil {
		return nil, err
	}
	if o.Digest != in.Shown {
		return nil, fault.Because(fault.Conflict, OfferChanged, "The application has changed since the page was shown.").
			WithFix("Look at what it asks for now, and decide again.")
	}
	if err := o.May(ctx, tx, who); err != nil {
		return nil, err
	}
	c, err := object.NewCause(object.ByConsent, string(in.AppID), who.Subject, who.Name, in.Until, tx.Now())
	if err != nil {
		return nil, err
	}
	if err := object.AddCause(ctx, tx, who.Tenant, c); err != nil {
		return nil, err
	}
	return o, o.grant(ctx, tx, who, c)
}

// grant stores everything the offer asks for under one cause.
func (o *Offer) grant(ctx context.Context, tx *sqldb.Tx, who authz.Caller, c object.Cause) error {
	client, err := presence(ctx, tx, who, o.Application.AppID, c)
	if err != nil {
		return err
	}
	scopes := make(map[ids.ObjectID][]string)
	var resources []ids.ObjectID
	for _, i := range o.Items {
		if i.Granted {
			continue
		}
		api, err := presence(ctx, tx, who, i.ResourceApp, c)
		if err != nil {
			return err
		}
		if !i.Application {
			if scopes[api.ID] == nil {
				resources = append(resources, api.ID)
			}
			scopes[api.ID] = append(scopes[api.ID], i.Value)
			continue
		}
		a, err := NewAssignment(object.Object{Tenant: who.Tenant, ID: client.ID, Kind: object.ServicePrincipal, DisplayName: client.DisplayName},
			api, i.ID, tx.Now())
		if err != nil {
			return err
		}
		if _, err := addAssignment(ctx, tx, &a); err != nil {
			return err
		}
		if err := causeAssignment(ctx, tx, who.Tenant, a.ID, c.ID); err != nil {
			return err
		}
		a.Ends = c.Ends
		if err := recordAssignment(ctx, tx, who, "Add app role assignment to service principal", a, api); err != nil {
			return err
		}
	}
	for _, resource := range resources {
		if err := o.grantScopes(ctx, tx, who, client.ID, resource, scopes[resource], c); err != nil {
			return err
		}
	}
	return audit.RecordBoth(ctx, tx, who, o.Application.Tenant, audit.Entry{
		Category: "ApplicationManagement", Activity: "Consent to application",
		Target: audit.Target{Kind: "ServicePrincipal", ID: string(client.ID), Name: client.DisplayName},
		Changes: []audit.Change{
			{Name: "ConsentContext.IsAdminConsent", New: "True"}, {Name: "Until", New: until(c.Ends)}, {Name: "Offer", New: string(o.Digest)},
		},
	})
}

func (o *Offer) grantScopes(ctx context.Context, tx *sqldb.Tx, who authz.Caller, client, resource ids.ObjectID, scopes []string, c object.Cause) error {
	g, err := NewGrant(who.Tenant, client, resource, "", AllPrincipals)
	if err != nil {
		return err
	}
	return addTo(ctx, tx, who, g, scopes, c)
}

// presence returns the application's service principal in the tenant, and ties
// it to the consent that made or needs it.
func presence(ctx context.Context, tx *sqldb.Tx, who authz.Caller, appID ids.AppID, c object.Cause) (*app.ServicePrincipal, error) {
	p, made, err := app.Presence(ctx, tx, who, who.Tenant, appID)
	if err != nil {
		return nil, err
	}
	if p.OwnerTenant != nil && *p.OwnerTenant == app.ServicesTenant {
		return p, nil // part of the tenant; no consent keeps it
	}
	if made {
		p.Tags = append(p.Tags, app.IntegratedTag)
		if err := app.PutPrincipal(ctx, tx, p); err != nil {
			return nil, err
		}
		if err := audit.RecordBoth(ctx, tx, who, *p.OwnerTenant, audit.Entry{
			Category: "ApplicationManagement", Activity: "Add service principal",
			Target: audit.Target{Kind: "ServicePrincipal", ID: string(p.ID), Name: p.DisplayName},
		}); err != nil {
			return nil, err
		}
	}
	_, err = object.Link(ctx, tx, who.Tenant, object.OfServicePrincipal, string(p.ID), c.ID)
	return p, err
}

// grantedForGood reports whether the client has the permission without an end.
func grantedForGood(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, client, resource ids.ObjectID, i Item) (bool, error) {
	var n int
	if i.Application {
		err := tx.One(ctx, `
			select count(*) from app_role_assignment
			where  tenant_id = ? and principal_id = ? and resource_id = ? and role_id = ? and ends_us = 0`,
			[]any{tenant, client, resource, i.ID}, &n)
		return n > 0, err
	}
	err := tx.One(ctx, `
		select count(*) from grant_scope
		where  tenant_id = ? and grant_id = ? and scope = ? and ends_us = 0`,
		[]any{tenant, ids.GrantIDOf(client, resource, ""), i.Value}, &n)
	return n > 0, err
}

// EndDue ends up to limit causes whose time has come and removes what has no
// live cause left, those of a tenant together, and each in a transaction of its own
// where that fails; it returns how many it ended. What a cause gave has not counted
// since its end; this clears away the rows and writes the log.
func (s *Service) EndDue(ctx context.Context, limit int) (int, error) {
	var due []object.Due
	err := s.db.View(ctx, func(tx *sqldb.Tx) (err error) {
		due, err = object.DueCauses(ctx, tx, limit)
		return err
	})
	if err != nil {
		return 0, err
	}
	of := map[ids.TenantID][]ids.CauseID{}
	for _, d := range due {
		of[d.Tenant] = append(of[d.Tenant], d.Cause)
	}
	n := 0
	for tenant, causes := range of {
		who := authz.System(tenant, "End of consent")
		if err := s.End(ctx, who, causes...); err == nil {
			n += len(causes)
			continue
		}
		for _, c := range causes {
			if err := s.End(ctx, who, c); err != nil {
				return n, err
			}
			n++
		}
	}
	return n, nil
}

// End ends causes now and removes what has no live cause left.
func (s *Service) End(ctx context.Context, who authz.Caller, causes ...ids.CauseID) error {
	return s.db.Update(ctx, func(tx *sqldb.Tx) error {
		if err := mayGrantScopes(ctx, tx, who, "delete"); err != nil {
			return err
		}
		return endNow(ctx, tx, who, causes)
	})
}

// endNow does so in a transaction of the caller's, who has decided that it may be.
func endNow(ctx context.Context, tx *sqldb.Tx, who authz.Caller, causes []ids.CauseID) error {
	of, err := object.EndCauses(ctx, tx, who.Tenant, causes)
	if err != nil {
		return err
	}
	ties := map[object.Tie]bool{}
	for _, all := range of {
		for _, t := range all {
			ties[t] = true
		}
	}
	sorted := slices.SortedFunc(maps.Keys(ties), func(a, b object.Tie) int { return strings.Compare(a.ID, b.ID) })
	// Grants and assignments first: a principal goes only when it holds none.
	for _, kind := range []string{object.OfRoleAssignment, object.OfScope, object.OfServicePrincipal} {
		for _, t := range sorted {
			if t.Kind != kind {
				continue
			}
			if err := settle(ctx, tx, who, t); err != nil {
				return err
			}
		}
	}
	return nil
}

// settle keeps the new end of a thing, or removes it if no live cause is left.
func settle(ctx context.Context, tx *sqldb.Tx, who authz.Caller, t object.Tie) error {
	ends, alive, err := object.Life(ctx, tx, who.Tenant, t.Kind, t.ID)
	if err != nil {
		return err
	}
	switch t.Kind {
	case object.OfRoleAssignment:
		if alive {
			return endAssignment(ctx, tx, who.Tenant, ids.AssignmentID(t.ID), ends)
		}
		return endedAssignment(ctx, tx, who, ids.AssignmentID(t.ID))
	case object.OfScope:
		return settleScope(ctx, tx, who, t.ID, ends, alive)
	case object.OfServicePrincipal:
		if !alive {
			return endedPrincipal(ctx, tx, who, ids.ObjectID(t.ID))
		}
	}
	return nil
}

func endedAssignment(ctx context.Context, tx *sqldb.Tx, who authz.Caller, id ids.AssignmentID) error {
	a, r, err := tiedAssignment(ctx, tx, who.Tenant, id)
	if err != nil || a.ID == "" {
		return err
	}
	if err := dropAssignment(ctx, tx, who.Tenant, id); err != nil || r == nil {
		return err
	}
	return recordAssignment(ctx, tx, who, "Remove app role assignment from service principal", a, r)
}

func settleScope(ctx context.Context, tx *sqldb.Tx, who authz.Caller, tie string, ends time.Time, alive bool) error {
	id, scope := splitScopeTie(tie)
	if alive {
		return endScope(ctx, tx, who.Tenant, id, scope, ends)
	}
	g, err := GetGrant(ctx, tx, who.Tenant, id)
	if errors.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := dropScope(ctx, tx, who.Tenant, id, scope); err != nil {
		return err
	}
	if left, err := scopesOf(ctx, tx, who.Tenant, id); err != nil {
		return err
	} else if len(left) == 0 {
		if err := dropGrant(ctx, tx, who.Tenant, id); err != nil {
			return err
		}
	}
	return recordGrant(ctx, tx, who, "Remove delegated permission grant", g)
}

func splitScopeTie(tie string) (ids.GrantID, string) {
	for i := range len(tie) {
		if tie[i] == ' ' {
			return ids.GrantID(tie[:i]), tie[i+1:]
		}
	}
	return ids.GrantID(tie), ""
}

// endedPrincipal removes a service principal that no cause keeps, unless it
// still holds something that another hand has given.
func endedPrincipal(ctx context.Context, tx *sqldb.Tx, who authz.Caller, id ids.ObjectID) error {
	p, err := app.GetPrincipal(ctx, tx, who.Tenant, id)
	if errors.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil || p.ManagedIdentity() || p.OwnerTenant != nil && *p.OwnerTenant == who.Tenant {
		return err
	}
	var n int
	if err := tx.One(ctx, `
		select (select count(*) from app_role_assignment where tenant_id = ? and (principal_id = ? or resource_id = ?))
		     + (select count(*) from permission_grant where tenant_id = ? and (client_id = ? or resource_id = ?))`,
		[]any{who.Tenant, id, id, who.Tenant, id, id}, &n); err != nil || n > 0 {
		return err
	}
	if err := app.DropPrincipal(ctx, tx, p); err != nil {
		return err
	}
	return audit.RecordBoth(ctx, tx, who, *p.OwnerTenant, audit.Entry{
		Category: "ApplicationManagement", Activity: "Remove service principal",
		Target: audit.Target{Kind: "ServicePrincipal", ID: string(id), Name: p.DisplayName},
	})
}

package consent

import (
	"context"
	"errors"
	"time"

	"entente/internal/core/app"
	"entente/internal/core/authz"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// An Own is what one person of a tenant has agreed to for one application.
type Own struct {
	Client    ids.ObjectID // its service principal
	AppID     ids.AppID
	Name      string
	Home      ids.TenantID // of the application
	Publisher string       // verified, or empty
	Since     time.Time    // the first of what holds
	Given     []Given
	Everybody []Given // what the organization has agreed to, and the person cannot take back
}

// A Given is one delegated permission that is granted now.
type Given struct {
	ResourceApp  ids.AppID
	ResourceName string
	Value        string
	Name         string // as a person reads it; empty if the resource does not define it any more
	Since        time.Time
	Ends         time.Time // zero: no end
}

// NoConsent is the Reason of a fault about a consent that is not there.
const NoConsent fault.Reason = "consent.none"

// OwnConsents returns what the caller has agreed to in their tenant and what
// holds now, by the applications' names.
func OwnConsents(ctx context.Context, tx *sqldb.Tx, who authz.Caller) ([]Own, error) {
	clients, err := clientsOf(ctx, tx, who.Tenant, who.Object)
	if err != nil {
		return nil, err
	}
	var list []Own
	for _, client := range clients {
		o, err := own(ctx, tx, who, client)
		if errors.Is(err, fault.NotFound) {
			continue // its application was purged
		}
		if err != nil {
			return nil, err
		}
		list = append(list, o)
	}
	return list, nil
}

func own(ctx context.Context, tx *sqldb.Tx, who authz.Caller, client ids.ObjectID) (Own, error) {
	o := Own{Client: client}
	p, err := app.GetPrincipal(ctx, tx, who.Tenant, client)
	if err != nil {
		return o, err
	}
	o.AppID, o.Name, o.Publisher = p.AppID, p.DisplayName, text(p.VerifiedPublisher.DisplayName)
	if p.OwnerTenant != nil {
		o.Home = *p.OwnerTenant
	}
	all, err := givenTo(ctx, tx, who.Tenant, client, who.Object)
	if err != nil {
		return o, err
	}
	resources := make(map[ids.ObjectID]*app.ServicePrincipal)
	for _, g := range all {
		api := resources[g.resource]
		if api == nil {
			if api, err = app.GetPrincipal(ctx, tx, who.Tenant, g.resource); err != nil {
				return o, err
			}
			resources[g.resource] = api
		}
		one := Given{ResourceApp: api.AppID, ResourceName: api.DisplayName, Value: g.scope, Since: g.since, Ends: g.ends}
		if s := api.ScopeByValue(g.scope); s != nil {
			if one.Name = text(s.UserName); one.Name == "" {
				one.Name = s.AdminName
			}
		}
		if g.everybody {
			o.Everybody = append(o.Everybody, one)
			continue
		}
		if o.Since.IsZero() || one.Since.Before(o.Since) {
			o.Since = one.Since
		}
		o.Given = append(o.Given, one)
	}
	return o, nil
}

// TakeBack removes what the caller has agreed to in their tenant for one
// application, ended parts included, and returns the application; NoConsent if
// there is nothing. What the organization has agreed to stays.
func TakeBack(ctx context.Context, tx *sqldb.Tx, who authz.Caller, client ids.ObjectID) (ids.AppID, error) {
	grants, err := grantsBetween(ctx, tx, who.Tenant, client, who.Object)
	if err == nil && (len(grants) == 0 || who.Object == "") {
		err = fault.Because(fault.NotFound, NoConsent, "There is no consent of yours to this application.").
			WithFix("Look at the list again: it may have been taken back already.")
	}
	if err != nil {
		return "", err
	}
	for _, g := range grants {
		if err := loadScope(ctx, tx, &g); err != nil {
			return "", err
		}
		if err := dropGrant(ctx, tx, who.Tenant, g.ID); err != nil {
			return "", err
		}
		if err := recordGrant(ctx, tx, who, "Remove delegated permission grant", g); err != nil {
			return "", err
		}
	}
	p, err := app.GetPrincipal(ctx, tx, who.Tenant, client)
	if err != nil {
		return "", err
	}
	return p.AppID, nil
}

package sts

import (
	"context"
	"errors"
	"strings"

	"entente/internal/core/app"
	"entente/internal/core/federation"
	"entente/internal/core/token"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/oauth2"
	"entente/internal/kit/sqldb"
)

// A client is who asks.
type client struct {
	app       ids.AppID
	name      string
	home      ids.TenantID
	principal ids.ObjectID // in the tenant asked
	method    token.Method
	identity  string // a managed identity's resource identifier
	stored    app.Client
	parent    federation.Parent // of the federated credentials it may prove itself by
}

// clientID returns the client identifier that the request names, in the body
// or by Basic, and the secret that came with Basic.
func (x *exchange) clientID() (id, password string, err error) {
	id = x.req.Form["client_id"]
	basic, password, ok := oauth2.Basic(x.req.Authorization)
	if !ok {
		basic = ""
	}
	switch {
	case id == "" && basic == "":
		return "", "", missing("client_id")
	case id == "":
		id = basic
	case basic != "" && !strings.EqualFold(id, basic):
		return "", "", fault.Because(fault.Invalid, ManyCredentials, "The request names two clients.").
			WithFix("Name the client in the header or in the body, and only once.")
	}
	x.entry.App = ids.AppID(clip(id))
	return id, password, nil
}

// findClient finds the client in the tenant and refuses one that may not act
// there. It is called once more after everything that waits for others.
func (x *exchange) findClient(ctx context.Context, id string) error {
	appID, err := ids.Parse[ids.AppID](id)
	switch {
	case err != nil:
		return x.unknownClient(id)
	case appID == ids.Nil:
		return fault.Because(fault.Invalid, NilClient, "'%s' is not a valid application identifier.", id).With("client", id)
	}
	err = x.s.DB.Read(ctx, func(tx *sqldb.Tx) error {
		c, err := app.FindClient(ctx, tx, x.tenant.ID, appID)
		if errors.Is(err, fault.NotFound) {
			return x.findIdentity(ctx, tx, appID)
		}
		if err == nil {
			x.client = clientOf(c)
			err = x.mayAct(c)
		}
		return err
	})
	x.enterClient()
	return err
}

func clientOf(c app.Client) client {
	return client{app: c.AppID, name: c.Name, home: c.Home, principal: c.Principal, stored: c,
		parent: federation.Parent{Tenant: c.Home, Kind: federation.Application, ID: c.Application}}
}

// findIdentity finds a managed identity, which has no application and acts in
// its own tenant only.
func (x *exchange) findIdentity(ctx context.Context, tx *sqldb.Tx, appID ids.AppID) error {
	p, err := app.PrincipalByAppID(ctx, tx, x.tenant.ID, appID)
	switch {
	case errors.Is(err, fault.NotFound), err == nil && !p.ManagedIdentity():
		return x.unknownClient(string(appID))
	case err != nil:
		return err
	}
	x.client = client{app: appID, name: p.DisplayName, home: x.tenant.ID, principal: p.ID, identity: resourceOf(p),
		parent: federation.Parent{Tenant: x.tenant.ID, Kind: federation.ManagedIdentity, ID: p.ID}}
	if !p.Enabled() {
		return x.disabled()
	}
	return x.link("application", "", p.DisplayName, nil)
}

// resourceOf returns the resource that a managed identity stands for, in the
// form that tokens carry.
func resourceOf(p *app.ServicePrincipal) string {
	for _, name := range p.AlternativeNames {
		if strings.HasPrefix(name, "/subscriptions/") {
			return strings.Replace(name, "/resourceGroups/", "/resourcegroups/", 1)
		}
	}
	return ""
}

// mayAct refuses an application that cannot act in the tenant, whoever it is.
func (x *exchange) mayAct(c app.Client) error {
	if err := x.exists(c); err != nil {
		return err
	}
	switch {
	case c.Principal == "":
		return x.link("service principal", "one in the tenant", "none", missingPrincipal(string(c.AppID), x.tenant.ID).
			WithFix("An administrator of the tenant consents to the application at /%s/adminconsent?client_id=%s, which makes its service principal.", x.tenant.ID, c.AppID))
	case !c.Enabled:
		return x.disabled()
	}
	return x.link("service principal", "", string(c.Principal), nil)
}

// exists refuses an application that the tenant cannot even agree to.
func (x *exchange) exists(c app.Client) error {
	foreign := c.Home != x.tenant.ID
	switch {
	case c.Deleted, foreign && !c.MultiTenant:
		return x.unknownClient(string(c.AppID))
	case c.Disabled:
		return x.disabled()
	case !c.HomeEnabled:
		return x.link("home tenant", "enabled", "disabled", fault.Because(fault.Forbidden, HomeDisabled, "The application's home tenant is disabled.").
			With("tenant", string(c.Home)).WithFix("Ask whoever operates this installation to enable the tenant."))
	}
	return x.link("application", "", c.Name, nil)
}

func (x *exchange) unknownClient(id string) error {
	return x.link("application", "one that the tenant has, or a multi-tenant one", id,
		fault.Because(fault.NotFound, UnknownClient, "Application with identifier '%.64s' was not found in the directory.", id).
			With("client", clip(id)).With("tenant", x.tenantName()).
			WithFix("Check the client ID and the tenant. An application of another tenant must be multi-tenant and consented to here."))
}

func (x *exchange) disabled() error {
	return x.link("application", "enabled", "disabled",
		fault.Because(fault.Forbidden, ClientDisabled, "Application '%s'(%s) is disabled.", x.client.app, x.client.name).
			With("client", string(x.client.app)).With("name", x.client.name).
			WithFix("An administrator of the tenant can enable it among the enterprise applications."))
}

// tenantName returns the name of the tenant as refusals show it.
func (x *exchange) tenantName() string {
	if x.tenant.DisplayName != "" {
		return x.tenant.DisplayName
	}
	return string(x.tenant.ID)
}

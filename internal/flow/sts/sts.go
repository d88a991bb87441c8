// Package sts is the token endpoint without HTTP.
//
// A request walks one pipeline: the tenant, who the client is and how it
// proves it, what it asks for, what it may have, the token, the sign-in entry,
// the answer. A grant is a value that fills in what is its own and cannot skip
// the rest; each stands in a file of its own.
//
// The order of checks is this: tenant, application, its presence in the
// tenant, its credential, the resource, the cross-tenant access policy of both
// sides, its permissions. A refusal is a fault
// with the reason of the package that refused; the numbers and words of the
// wire belong to the edge.
//
// Whatever the answer is, its sign-in entry is stored before it leaves, with
// the links of the chain that was followed. What a client may have is read
// after everything that waits for others: a grant or credential that ended
// meanwhile is ended. Reads are short and keyed, and only signing costs much.
//
// Standards: RFC 6749 (sections 2.3, 4.4, 5), RFC 7521 and RFC 7523.
package sts

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"

	"entente/internal/core/app"
	"entente/internal/core/audit"
	"entente/internal/core/consent"
	"entente/internal/core/crosstenant"
	"entente/internal/core/federation"
	"entente/internal/core/tenant"
	"entente/internal/core/token"
	"entente/internal/kit/clock"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/oauth2"
	"entente/internal/kit/secret"
	"entente/internal/kit/sqldb"
)

// Options are the parts that a service needs.
type Options struct {
	DB         *sqldb.DB
	Ring       *secret.Ring
	Clock      clock.Clock
	Tokens     *token.Service
	Federation *federation.Service
	SignIns    *audit.SignIns
	// Names are the base URLs under which the installation answers, without a
	// slash at the end. Assertions may be addressed to each, and each means our
	// Graph when it is asked for as a resource.
	Names []string
	// Number returns the number by which the edge calls a refusal, for the
	// sign-in log.
	Number func(error) int
	Log    *slog.Logger // discards when nil
}

// A Service exchanges credentials for tokens.
type Service struct {
	Options
	grants map[oauth2.GrantType]grant
}

// New returns a service.
func New(o Options) *Service {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Service{Options: o, grants: map[oauth2.GrantType]grant{
		oauth2.ClientCredentials: clientCredentials(),
		oauth2.ManagedIdentity:   managedIdentity(),
		oauth2.AuthorizationCode: authorizationCode(),
		oauth2.RefreshToken:      refreshToken(),
		oauth2.DeviceCode:        deviceGrant(),
		oauth2.DeviceCodeShort:   deviceGrant(),
	}}
}

// A Request is what the token endpoint was asked.
type Request struct {
	Tenant        string // the path's segment, as sent
	Version       int    // of the endpoint: 1 names a resource, 2 a scope
	Form          oauth2.Form
	Authorization string // the header, for Basic credentials
	Correlation   string
	Origin        string // of the page that asks; empty if none does
	IP            string
	UserAgent     string
}

// A Response is a granted token, with what comes along for a person.
type Response struct {
	Token    token.Minted
	Lifetime time.Duration
	Resource string // as it was asked for

	Scope   string        // what may be done for the person; empty without one
	Refresh string        // empty unless one was asked for
	ID      string        // the ID token, likewise
	Person  ids.Principal // who they are at home
}

// A grant is one way to a token. Each step gets the exchange as the earlier
// ones have left it.
type grant struct {
	kind     string                                       // of its sign-in entries
	client   func(ctx context.Context, x *exchange) error // who asks, proved
	resource func(x *exchange) (string, error)            // what for, as it was named
	permit   func(ctx context.Context, x *exchange) error // with which permissions
	spend    func(ctx context.Context, x *exchange) error // what can be used once; nil: nothing
	lifetime time.Duration                                // of the token
}

// An exchange is a request on its way.
type exchange struct {
	s     *Service
	req   Request
	grant grant

	tenant   *tenant.Tenant
	client   client
	resource app.Resource
	audience string               // the resource as it was named
	crossing crosstenant.Crossing // where client and resource have different tenants
	granted  consent.Granted
	visit    *visit      // of a person; nil for an application on its own
	extra    token.Extra // what the access token says for the resource's sake
	minted   token.Minted

	entry audit.SignIn
}

// Exchange returns a token, or a fault that says why there is none.
func (s *Service) Exchange(ctx context.Context, req Request) (Response, error) {
	x := &exchange{s: s, req: req}
	err := x.run(ctx)
	if err == nil {
		x.markUsed(ctx)
	}
	if err := x.record(ctx, err); err != nil {
		return Response{}, err
	}
	if err != nil {
		return Response{}, err
	}
	return x.response(), nil
}

func (x *exchange) run(ctx context.Context) error {
	for _, step := range []func(context.Context) error{
		x.findTenant, x.chooseGrant, x.authenticate, x.askedClaims, x.findResource, x.cross, x.permit, x.spend, x.mint,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// findTenant resolves the tenant. Tokens are a tenant's: none is to be had
// for "common", which Entra refuses too.
func (x *exchange) findTenant(ctx context.Context) (err error) {
	name := x.req.Tenant
	switch segment := strings.ToLower(name); segment {
	case "common", "organizations":
		if name, err = x.tenantOfSignIn(ctx); err != nil {
			return err
		}
		if name != "" {
			break
		}
		return missingPrincipal(x.req.Form["client_id"], app.ServicesTenant).
			WithFix("Put the identifier or domain of the tenant whose data you want in the place of %s.", segment)
	case "consumers":
		return fault.Because(fault.Invalid, NotHere, "The grant type is not supported over the /common or /consumers endpoints.").
			WithFix("Put the identifier or domain of the tenant whose data you want in the place of consumers.")
	}
	return x.s.DB.Read(ctx, func(tx *sqldb.Tx) error {
		if x.tenant, err = tenant.Resolve(ctx, tx, name); err != nil {
			return err
		}
		return x.link("tenant", "enabled", string(x.tenant.ID), x.tenant.Active())
	})
}

func (x *exchange) chooseGrant(context.Context) error {
	name := oauth2.GrantType(x.req.Form["grant_type"])
	if name == "" {
		return missing("grant_type")
	}
	g, ok := x.s.grants[name]
	if !ok {
		return fault.Because(fault.Invalid, UnsupportedGrant, "The app requested an unsupported grant type '%.100s'.", string(name)).
			With("grant", clip(string(name)))
	}
	x.grant = g
	return nil
}

func (x *exchange) authenticate(ctx context.Context) error { return x.grant.client(ctx, x) }

func (x *exchange) permit(ctx context.Context) error { return x.grant.permit(ctx, x) }

// spend uses up what the grant was given, before anything is minted: a failure
// afterwards costs a retry, a replay would cost more.
func (x *exchange) spend(ctx context.Context) error {
	if x.grant.spend == nil {
		return nil
	}
	return x.grant.spend(ctx, x)
}

// findResource finds the API and its presence in the tenant.
func (x *exchange) findResource(ctx context.Context) (err error) {
	if x.audience, err = x.grant.resource(x); err != nil {
		return err
	}
	name := x.audience
	if x.s.ownName(name) {
		name = string(app.GraphAppID)
	}
	err = x.s.DB.Read(ctx, func(tx *sqldb.Tx) error {
		x.resource, err = app.FindResource(ctx, tx, x.tenant.ID, name)
		return err
	})
	switch {
	case errors.Is(err, fault.NotFound):
		return x.link("resource", "a service principal in the tenant", x.audience,
			fault.Because(fault.Invalid, NoResource, "The resource principal named %.200s was not found in the tenant.", x.audience).
				With("resource", clip(x.audience)).With("tenant", x.tenantName()).
				WithFix("Check the resource's identifier, and that the resource has a service principal in this tenant."))
	case err != nil:
		return err
	case !x.resource.Enabled:
		return x.link("resource", "enabled", x.resource.Name,
			fault.Because(fault.Invalid, ResourceDisabled, "The resource '%s' is disabled.", x.resource.Name).
				With("resource", clip(x.audience)).
				WithFix("An administrator of the tenant can enable the resource's service principal."))
	}
	return x.link("resource", "", x.resource.Name, nil)
}

// ownName reports whether resource is one of the installation's own base URLs,
// by which Terraform's azuread means Microsoft Graph.
func (s *Service) ownName(resource string) bool {
	for _, name := range s.Names {
		if app.FoldURI(name) == app.FoldURI(resource) {
			return true
		}
	}
	return false
}

func (x *exchange) mint(ctx context.Context) (err error) {
	r := x.resource
	a := token.Access{
		Tenant: x.tenant.ID, Since: x.tenant.CreatedAt,
		Resource: token.Resource{
			App: r.AppID, Audience: x.audience, Version: r.TokenVersion,
			BuiltIn: r.Home == app.ServicesTenant, Graph: r.AppID == app.GraphAppID,
		},
		Client: x.client.app, Name: x.client.name, Principal: x.client.principal, Method: x.client.method,
		Roles: x.granted.Values, Identity: x.client.identity, Extra: x.extra, Lifetime: x.grant.lifetime,
	}
	if x.visit != nil {
		a.Person, a.Roles = &x.visit.person, x.visit.onAPI
	}
	if x.minted, err = x.s.Tokens.Mint(ctx, a); err != nil || x.visit == nil {
		return err
	}
	return x.mintID(ctx)
}

func (x *exchange) response() Response {
	res := Response{Token: x.minted, Lifetime: x.grant.lifetime, Resource: x.audience}
	if v := x.visit; v != nil {
		res.Scope, res.Refresh, res.ID = x.answered(), v.refresh, v.id
		res.Person = ids.Principal{Kind: ids.Person, Home: v.proof.Home, ID: v.proof.User}
	}
	return res
}

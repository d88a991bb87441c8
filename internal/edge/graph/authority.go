package graph

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"entente/internal/core/app"
	"entente/internal/core/authz"
	"entente/internal/core/consent"
	"entente/internal/core/crosstenant"
	"entente/internal/core/person"
	"entente/internal/core/tenant"
	"entente/internal/core/token"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
	"entente/internal/kit/web"
)

// Why a token is not accepted, beside the reasons of package token.
const (
	noToken    fault.Reason = "graph.no_token"
	noIdentity fault.Reason = "graph.no_identity" // nobody in the tenant stands behind the token any more
)

// graphNames are the audiences under which tokens for Graph are asked for.
var graphNames = []string{"https://graph.microsoft.com", "https://graph.microsoft.com/", string(app.GraphAppID)}

// authenticate returns whom the request's token speaks for.
func (s *Server) authenticate(r *http.Request) (authz.Caller, error) {
	scheme, raw, _ := strings.Cut(strings.TrimSpace(r.Header.Get("Authorization")), " ")
	raw = strings.TrimSpace(raw)
	if !strings.EqualFold(scheme, "Bearer") || raw == "" {
		return authz.Caller{}, fault.Because(fault.Unauthenticated, noToken, "Access token is empty.")
	}
	who, err := s.Authenticate(r.Context(), raw, Audiences(s.Hosts))
	who.Request, who.IP = web.RequestID(r.Context()), web.ClientIP(r.Context())
	return who, err
}

// Audiences returns the names under which tokens for Graph may be asked for.
func Audiences(hosts web.Hosts) []string {
	all := slices.Clone(graphNames)
	for _, base := range append([]string{hosts.Own}, hosts.Also...) {
		all = append(all, base, base+"/")
	}
	return all
}

// An Authority says who a token speaks for and what they may at this moment:
// the meet of what the token says and what is granted now.
type Authority struct {
	DB       *sqldb.DB
	Tokens   *token.Service
	Resource ids.AppID // the API that the tokens are for, and whose grants count
}

// Caller returns whom the token speaks for. Tenant, application, service
// principal and person must all be there and enabled now.
func (a *Authority) Caller(ctx context.Context, bearer string, audiences []string) (who authz.Caller, err error) {
	err = a.DB.Read(ctx, func(tx *sqldb.Tx) error {
		claims, err := a.Tokens.Verify(ctx, tx, bearer, audiences...)
		if err != nil {
			return err
		}
		who, err = a.callerOf(ctx, tx, claims)
		return err
	})
	return who, err
}

func (a *Authority) callerOf(ctx context.Context, tx *sqldb.Tx, claims *token.Claims) (authz.Caller, error) {
	who := authz.Caller{Tenant: claims.Tenant, App: claims.Client(), Object: claims.Object}
	t, err := tenant.Resolve(ctx, tx, string(claims.Tenant))
	if err == nil {
		err = t.Active()
	}
	if err != nil {
		return who, gone(err)
	}
	resource, err := app.FindResource(ctx, tx, who.Tenant, string(a.Resource))
	if err != nil || !resource.Enabled {
		return who, gone(err)
	}
	client, err := client(ctx, tx, &who)
	if err != nil {
		return who, err
	}
	if claims.AppOnly() {
		if err := mayCross(ctx, tx, who, a.Resource); err != nil {
			return who, err
		}
		return workload(ctx, tx, who, client, resource.Principal, claims)
	}
	return signedIn(ctx, tx, t, who, client, resource.Principal, claims)
}

// client finds the application that uses the token, or the managed identity,
// and returns its service principal. It completes who with its name and home.
func client(ctx context.Context, tx *sqldb.Tx, who *authz.Caller) (ids.ObjectID, error) {
	c, err := app.FindClient(ctx, tx, who.Tenant, who.App)
	switch {
	case errors.Is(err, fault.NotFound):
		p, err := app.PrincipalByAppID(ctx, tx, who.Tenant, who.App)
		if err != nil || !p.Enabled() || !p.ManagedIdentity() { // the application of any other was purged
			return "", gone(err)
		}
		who.AppName, who.Subject = p.DisplayName, ids.Principal{Kind: ids.Workload, Home: who.Tenant, ID: p.ID}
		return p.ID, nil
	case err != nil:
		return "", err
	case c.Deleted || c.Disabled || !c.HomeEnabled || !c.Enabled || c.Principal == "", c.Home != who.Tenant && !c.MultiTenant:
		return "", gone(nil)
	}
	who.AppName, who.Subject = c.Name, ids.Principal{Kind: ids.Workload, Home: c.Home, ID: c.Application}
	return c.Principal, nil
}

// mayCross asks again, for an application of another tenant, what the token
// endpoint asked: a policy that was changed since counts now.
func mayCross(ctx context.Context, tx *sqldb.Tx, who authz.Caller, resource ids.AppID) error {
	home := who.Subject.Home
	if home == who.Tenant || home == app.ServicesTenant {
		return nil
	}
	c, err := crosstenant.Cross(ctx, tx, home, who.Tenant, crosstenant.What{Kind: ids.Workload, Apps: []ids.AppID{who.App, resource}})
	if err != nil {
		return err
	}
	return c.Err("the application '" + who.AppName + "'")
}

// workload completes the caller of a token without a person.
func workload(ctx context.Context, tx *sqldb.Tx, who authz.Caller, client, resource ids.ObjectID, claims *token.Claims) (authz.Caller, error) {
	if client != who.Object {
		return who, gone(nil)
	}
	now, err := consent.RolesNow(ctx, tx, who.Tenant, client, resource)
	who.Name, who.Roles = who.AppName, meet(claims.Roles, now.Values)
	return who, err
}

// signedIn completes the caller of a token for somebody who is signed in. Of a
// guest, the account at home counts as well: what ends it there ends it here.
func signedIn(ctx context.Context, tx *sqldb.Tx, in *tenant.Tenant, who authz.Caller, client, resource ids.ObjectID, claims *token.Claims) (authz.Caller, error) {
	v, err := person.Of(ctx, tx, in, who.Object, person.Proof{At: time.UnixMicro(claims.AuthUS)}, who.App)
	switch reason := fault.Public(err).Reason; {
	case err != nil && (reason == crosstenant.InboundBlocked || reason == crosstenant.OutboundBlocked):
		return who, err
	case err != nil:
		return who, gone(err)
	}
	who.Name, who.Subject = v.Here.UserPrincipalName, v.Subject()
	scopes, err := consent.ScopesNow(ctx, tx, who.Tenant, client, resource, who.Object)
	who.Scopes = meet(strings.Fields(claims.Scopes), append(scopes, openID...))
	return who, err
}

// openID are scopes that the token endpoint gives to whoever asks, without
// anybody's consent.
var openID = []string{"openid", "profile", "email"}

// meet returns what is in both lists. Scope names compare without regard to
// case, as Entra does.
func meet(said, now []string) []string {
	var both []string
	for _, s := range said {
		if i := slices.IndexFunc(now, func(n string) bool { return strings.EqualFold(n, s) }); i >= 0 {
			both = append(both, now[i])
		}
	}
	return both
}

func gone(err error) error {
	f := fault.Because(fault.Unauthenticated, noIdentity, "The identity of the calling application could not be established.").
		WithFix("The tenant, the application, its service principal and whoever is signed in must exist and be enabled.")
	if err != nil && !errors.Is(err, fault.NotFound) && !errors.Is(err, fault.Forbidden) && !errors.Is(err, person.Ended) {
		return err
	}
	return f.Wrap(err)
}

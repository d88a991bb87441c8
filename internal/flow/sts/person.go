package sts

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"entente/internal/core/app"
	"entente/internal/core/claim"
	"entente/internal/core/consent"
	"entente/internal/core/crosstenant"
	"entente/internal/core/factor"
	"entente/internal/core/person"
	"entente/internal/core/token"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/oauth2"
	"entente/internal/kit/sqldb"
)

// A visit is what the exchange knows of the person it is for.
type visit struct {
	proof   token.Proof
	person  token.Person
	asked   oauth2.Delegated
	scopes  []string // granted on the resource now
	known   bool     // anything is granted, on whatever resource
	inApp   []string // the person's roles in the client itself
	onAPI   []string // and on the resource
	nonce   string
	code    *token.Code   // that is redeemed
	family  *token.Family // that is gone on with
	device  *token.Device // that waited
	token   token.Refresh // of family
	wanted  []string      // claims that the request wants in the ID token
	told    token.Extra   // what the ID token says for the client's sake
	refresh string
	id      string // the ID token
}

// findPerson finds whose sign-in it is, at home and in the tenant, as they are
// now. What ended the account or its sessions ends this too, at once.
func (x *exchange) findPerson(ctx context.Context, p token.Proof) error {
	x.visit.proof = p
	var found *person.Visit
	err := x.s.DB.Read(ctx, func(tx *sqldb.Tx) (err error) {
		found, err = person.Find(ctx, tx, x.tenant, person.Proof{Home: p.Home, User: p.User, At: p.AuthAt}, x.client.app)
		if found != nil {
			x.crossing = found.Crossing
		}
		if err != nil {
			return x.refusedPerson(found, err)
		}
		x.visit.person = claim.Of(found, p, x.s.Tokens.IssuerV1(p.Home), x.req.IP)
		return x.needFactor(ctx, tx, found)
	})
	if err != nil {
		return err
	}
	v := &x.visit.person
	x.entry.Principal, x.entry.PrincipalName, x.entry.Home = v.Object, v.Username, p.Home
	return x.link("account", "", v.Username, nil)
}

// refusedPerson adds the broken link to why a person does not come, and what
// the edge says of the two sides.
func (x *exchange) refusedPerson(v *person.Visit, err error) error {
	pub := fault.Public(err)
	f, ok := errors.AsType[*fault.Error](err)
	if !ok {
		return err
	}
	f = f.With("client", string(x.client.app)).With("name", x.client.name).With("tenant", x.tenantName())
	if v != nil {
		f = f.With("idp", x.s.Tokens.IssuerV1(v.Home.ID))
	}
	switch pub.Reason {
	case person.NoHome:
		return x.link("home tenant", "there and enabled", pub.Values["home"], f)
	case person.NoAccount:
		return x.link("account", "there and enabled at home", pub.Values["account"], f)
	case person.Ended:
		return x.link("sign-in", "after "+pub.Values["since"], pub.Values["issued"], f)
	case person.NotHere:
		return x.link("guest", "the account as a guest of the tenant", "none", f)
	case person.NotHereNow:
		return x.link("guest", "enabled", "disabled", f)
	case crosstenant.OutboundBlocked:
		return x.link(outboundLink, "allowed by the home tenant", "blocked", err)
	case crosstenant.InboundBlocked:
		return x.link("inbound policy", "allowed by the tenant", x.crossing.In.Rule, err)
	}
	return err
}

// FactorRequired and FactorMissing are the Reasons for which a sign-in without a
// second factor gets no token: one is to be proved, or registered first.
const (
	FactorRequired fault.Reason = "sts.factor_required"
	FactorMissing  fault.Reason = "sts.factor_missing"
)

// needFactor refuses a sign-in that has not proved a second factor which one of
// the tenants demands by now, and leaves of the methods what counts here.
func (x *exchange) needFactor(ctx context.Context, tx *sqldb.Tx, v *person.Visit) error {
	p := x.visit.proof
	need, trusts, err := factor.Ask(ctx, tx, factor.Asking{Visit: v, Methods: p.Methods, Silent: true})
	if err != nil {
		return err
	}
	x.visit.person.Methods = factor.Shown(p.Methods, p.Home, x.tenant.ID, trusts)
	if need.IsZero() {
		return nil
	}
	by := "the home tenant"
	if need.Account.Tenant != p.Home {
		by = "the tenant, which does not trust that of the home"
	}
	reason, found := FactorRequired, "not proved"
	if need.Enroll {
		reason, found = FactorMissing, "not registered"
	}
	return x.link("second factor", "as demanded by "+by, found, fault.Because(fault.Unauthenticated, reason, "A second factor is demanded by %s.", by).
		With("client", string(x.client.app)).With("name", x.client.name).With("resource", x.wanted()).
		WithFix("Send the person through sign-in once more, without prompt=none."))
}

// wanted returns the resource that the request names, or the client's own
// identifier where it names none.
func (x *exchange) wanted() string {
	if d, err := oauth2.ParseDelegated(oauth2.FirstResource(x.req.Form["scope"])); err == nil && x.req.Form["scope"] != "" {
		return d.Resource
	}
	if r := x.req.Form["resource"]; r != "" {
		return clip(r)
	}
	return string(x.client.app)
}

func sessionsEnded(p token.Proof) error {
	return fault.Because(fault.Unauthenticated, token.RefreshRevoked, "The provided grant has expired due to it being revoked.").
		With("issued", p.AuthAt.UTC().Format(time.RFC3339)).WithFix("Begin a new sign-in.")
}

// askedOn reads what is asked for: the scope, or in version 1 the resource. A
// client that says nothing gets what the sign-in asked for.
func (x *exchange) askedOn(signIn string) (err error) {
	scope := x.req.Form["scope"]
	if scope == "" {
		scope = oauth2.FirstResource(signIn)
	}
	if x.req.Version == 2 {
		if x.req.Form["resource"] != "" {
			return fault.Because(fault.Invalid, ResourceOnV2, "The 'resource' request parameter is not supported.")
		}
		x.visit.asked, err = oauth2.ParseDelegated(scope)
		return err
	}
	d := oauth2.Delegated{Resource: x.req.Form["resource"], Named: true, Default: true, OpenID: true, Profile: true, Offline: true}
	if d.Resource == "" {
		if first, err := oauth2.ParseDelegated(scope); err == nil {
			d.Resource = first.Resource
		}
	}
	x.visit.asked = d
	return nil
}

// grantedScopes reads what the client may do for the person on the resource
// now, and which roles the person has.
func grantedScopes(ctx context.Context, x *exchange) error {
	v := x.visit
	var inApp, onAPI consent.Granted
	err := x.s.DB.Read(ctx, func(tx *sqldb.Tx) (err error) {
		client, on := consent.Client{AppID: x.client.app, Principal: x.client.principal}, consent.Client{AppID: x.resource.AppID, Principal: x.resource.Principal}
		if v.scopes, _, err = consent.ScopesFor(ctx, tx, x.tenant.ID, client, on, v.person.Object); err != nil {
			return err
		}
		if v.known = len(v.scopes) > 0; !v.known {
			if v.known, err = consent.AnythingNow(ctx, tx, x.tenant.ID, x.client.principal, v.person.Object); err != nil {
				return err
			}
		}
		if inApp, err = consent.RolesOfPerson(ctx, tx, x.tenant.ID, v.person.Object, x.client.principal); err != nil {
			return err
		}
		if onAPI, err = consent.RolesOfPerson(ctx, tx, x.tenant.ID, v.person.Object, x.resource.Principal); err != nil {
			return err
		}
		return x.readClaims(ctx, tx)
	})
	if err != nil {
		return err
	}
	v.inApp, v.onAPI = inApp.Values, onAPI.Values
	switch {
	case x.client.stored.Assignment && !inApp.Any:
		return x.link("assignment", "a role of the application", "none", x.notAssigned(x.client.app, x.client.name))
	case x.resource.AssignmentRequired && !onAPI.Any:
		return x.link("assignment", "a role of the resource", "none", x.notAssigned(x.resource.AppID, x.resource.Name))
	}
	if missing := v.missing(x.resource.AppID == x.client.app); missing != "" {
		return x.link("consent", missing, strings.Join(v.scopes, " "), x.noConsent(missing))
	}
	v.person.Scopes = v.scopesInToken(x.resource.AppID == app.GraphAppID)
	return x.link("consent", "", strings.Join(v.scopes, " "), nil)
}

// missing returns what was asked and not granted, or "". An application may
// ask for itself by its own name, and who the person is, once anything is
// granted.
func (v *visit) missing(itself bool) string {
	for _, s := range v.asked.Scopes {
		if !containsFold(v.scopes, s) {
			return s
		}
	}
	if v.asked.Default && len(v.scopes) == 0 && !itself {
		return v.asked.Resource + "/.default"
	}
	if !v.known {
		return "openid"
	}
	return ""
}

func containsFold(list []string, s string) bool {
	for _, have := range list {
		if strings.EqualFold(have, s) {
			return true
		}
	}
	return false
}

// scopesInToken returns the claim scp: everything granted on the resource, as
// Entra puts it there, and on Graph what OpenID Connect gives. That the
// application may come again is said by the refresh token.
func (v *visit) scopesInToken(graph bool) []string {
	list := slices.DeleteFunc(slices.Clone(v.scopes), func(s string) bool { return s == "offline_access" })
	for _, s := range v.openID() {
		if graph && !containsFold(list, s) {
			list = append(list, s)
		}
	}
	if len(list) == 0 {
		list = []string{"access_as_user"} // of an application for itself: a token for a person always has a scope
	}
	return list
}

func (v *visit) openID() (list []string) {
	for _, s := range []struct {
		asked bool
		name  string
	}{{v.asked.OpenID, "openid"}, {v.asked.Profile, "profile"}, {v.asked.Email, "email"}} {
		if s.asked {
			list = append(list, s.name)
		}
	}
	return list
}

// answered returns the answer's scope: what was asked, as it was asked, and
// what is granted besides. Clients compare the two.
func (x *exchange) answered() string {
	v, prefix := x.visit, ""
	if x.resource.AppID != app.GraphAppID || v.asked.Resource != oauth2.Graph {
		prefix = v.asked.Resource + "/"
	}
	list := v.openID()
	for _, s := range v.scopes {
		if !oauth2.OpenID(s) {
			list = append(list, prefix+s)
		}
	}
	if v.asked.Default {
		list = append(list, v.asked.Resource+"/.default")
	}
	for _, s := range strings.Fields(x.req.Form["scope"]) { // in another spelling
		if s != "offline_access" && !containsFold(list, s) {
			list = append(list, s)
		}
	}
	return strings.Join(list, " ")
}

func (x *exchange) notAssigned(id ids.AppID, name string) error {
	return fault.Because(fault.Forbidden, PersonNotAssigned, "The application admits only who is assigned to it.").
		With("client", string(id)).With("name", name).WithFix("An administrator of the tenant assigns the person, or a group of theirs, to the application.")
}

func (x *exchange) noConsent(missing string) error {
	return fault.Because(fault.Forbidden, NoConsent, "The application may not do this for the person: nobody has agreed to %s.", missing).
		With("client", string(x.client.app)).With("name", x.client.name).With("scope", clip(missing)).
		WithFix("Send the person through sign-in once more with this scope, or have an administrator of the tenant agree.")
}

// mintID signs the ID token, if one is wanted.
func (x *exchange) mintID(ctx context.Context) (err error) {
	v := x.visit
	if !v.asked.OpenID {
		return nil
	}
	v.id, err = x.s.Tokens.MintID(ctx, token.ID{
		Tenant: x.tenant.ID, Client: x.client.app, Version: x.req.Version, Person: v.person, Nonce: v.nonce, Roles: v.inApp,
		Email: v.asked.Email, Profile: v.asked.Profile, Extra: v.told,
	})
	return err
}

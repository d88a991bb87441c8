package sts

import (
	"context"
	"errors"
	"strings"
	"time"

	"entente/internal/core/app"
	"entente/internal/core/authz"
	"entente/internal/core/consent"
	"entente/internal/core/crosstenant"
	"entente/internal/core/directory"
	"entente/internal/core/tenant"
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
	inApp   []string // the person's roles in the client itself
	onAPI   []string // and on the resource
	nonce   string
	code    *token.Code   // that is redeemed
	family  *token.Family // that is gone on with
	token   token.Refresh // of family
	timed   bool          // the ID token says when the sign-in was
	refresh string
	id      string // the ID token
}

// findPerson finds whose sign-in it is, at home and in the tenant, as they are
// now. What ended the account or its sessions ends this too, at once.
func (x *exchange) findPerson(ctx context.Context, p token.Proof) error {
	x.visit.proof = p
	err := x.s.DB.Read(ctx, func(tx *sqldb.Tx) error {
		home, err := x.homeOf(ctx, tx, p)
		if err != nil {
			return err
		}
		u, err := directory.GetUser(ctx, tx, p.Home, string(p.User))
		switch {
		case errors.Is(err, fault.NotFound), err == nil && !u.Enabled():
			return x.link("account", "there and enabled at home", string(p.User), personGone(""))
		case err != nil:
			return err
		case p.AuthAt.Before(u.SessionsFrom):
			return x.link("sign-in", "after "+u.SessionsFrom.UTC().Format(time.RFC3339), p.AuthAt.UTC().Format(time.RFC3339), sessionsEnded(p))
		}
		return x.findHere(ctx, tx, home, u)
	})
	if err != nil {
		return err
	}
	v := &x.visit.person
	x.entry.Principal, x.entry.PrincipalName, x.entry.Home = v.Object, v.Username, p.Home
	return x.link("account", "", v.Username, nil)
}

// homeOf returns the person's home tenant, which must not be switched off.
func (x *exchange) homeOf(ctx context.Context, tx *sqldb.Tx, p token.Proof) (*tenant.Tenant, error) {
	if p.Home == x.tenant.ID {
		return x.tenant, nil
	}
	home, err := tenant.Get(ctx, tx, p.Home)
	if err == nil {
		err = home.Active()
	}
	if errors.Is(err, fault.NotFound) || errors.Is(err, fault.Forbidden) {
		return nil, x.link("home tenant", "there and enabled", string(p.Home), personGone(""))
	}
	return home, err
}

// findHere finds who the account of home is in the tenant.
func (x *exchange) findHere(ctx context.Context, tx *sqldb.Tx, home *tenant.Tenant, u *directory.User) error {
	here := u
	if home.ID != x.tenant.ID {
		var err error
		here, err = directory.GuestOf(ctx, tx, x.tenant.ID, ids.Principal{Kind: ids.Person, Home: home.ID, ID: u.ID})
		switch {
		case errors.Is(err, fault.NotFound):
			return x.link("guest", "the account as a guest of the tenant", "none", x.notHere(u))
		case err != nil:
			return err
		case !here.Enabled():
			return x.link("guest", "enabled", "disabled", personGone(x.tenantName()))
		}
		if err := x.personCross(ctx, tx, home, here); err != nil {
			return err
		}
	}
	wids, err := authz.RolesOf(ctx, tx, x.tenant.ID, here.ID)
	if err != nil {
		return err
	}
	p := token.Person{
		Proof: x.visit.proof, Object: here.ID, Guest: here.UserType != nil && *here.UserType == directory.Guest, Name: here.DisplayName,
		Username: u.UserPrincipalName, Given: text(here.GivenName), Family: text(here.Surname), Email: proved(home, u), IP: x.req.IP,
	}
	if home.ID != x.tenant.ID {
		p.Issuer = x.s.Tokens.IssuerV1(home.ID)
	}
	for _, id := range wids {
		p.WIDs = append(p.WIDs, string(id))
	}
	x.visit.person = p
	return nil
}

// proved returns the account's address if its home has proved the domain; only
// then does it say anything about whose address it is.
func proved(home *tenant.Tenant, u *directory.User) string {
	mail := text(u.Mail)
	_, domain, _ := strings.Cut(mail, "@")
	if d := home.Domain(strings.ToLower(domain)); d == nil || !d.Verified {
		return ""
	}
	return mail
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// personCross asks both sides' cross-tenant access policy whether the guest may
// come to the application, at each token.
func (x *exchange) personCross(ctx context.Context, tx *sqldb.Tx, home *tenant.Tenant, here *directory.User) (err error) {
	what := crosstenant.What{Kind: ids.Person, Person: x.visit.proof.User, Apps: []ids.AppID{x.client.app}}
	if what.Groups, err = directory.GroupsAmong(ctx, tx, home.ID, what.Person, nil, false); err != nil {
		return err
	}
	if x.crossing, err = crosstenant.Cross(ctx, tx, home.ID, x.tenant.ID, what); err != nil {
		return err
	}
	refusal := x.crossing.Err("'" + here.DisplayName + "'")
	if errors.Is(refusal, crosstenant.OutboundBlocked) {
		return x.link(outboundLink, "allowed by the home tenant", "blocked", refusal)
	}
	return x.link("inbound policy", "allowed by the tenant", x.crossing.In.Rule, refusal)
}

func personGone(in string) error {
	return fault.Because(fault.Forbidden, PersonGone, "The user account is disabled.").With("tenant", in).
		WithFix("The account must exist and be enabled, at home and here. Ask its administrators.")
}

func sessionsEnded(p token.Proof) error {
	return fault.Because(fault.Unauthenticated, token.RefreshRevoked, "The provided grant has expired due to it being revoked.").
		With("issued", p.AuthAt.UTC().Format(time.RFC3339)).WithFix("Begin a new sign-in.")
}

func (x *exchange) notHere(u *directory.User) error {
	return fault.Because(fault.Forbidden, PersonNotHere, "The account is not in the tenant.").
		With("account", u.UserPrincipalName).With("idp", x.s.Tokens.IssuerV1(u.Tenant)).With("tenant", x.tenantName()).
		With("client", string(x.client.app)).With("name", x.client.name).
		WithFix("An administrator of the tenant invites the account as a guest.")
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
		if v.scopes, err = consent.ScopesNow(ctx, tx, x.tenant.ID, x.client.principal, x.resource.Principal, v.person.Object); err != nil {
			return err
		}
		if inApp, err = consent.RolesOfPerson(ctx, tx, x.tenant.ID, v.person.Object, x.client.principal); err != nil {
			return err
		}
		onAPI, err = consent.RolesOfPerson(ctx, tx, x.tenant.ID, v.person.Object, x.resource.Principal)
		return err
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
// always ask for itself by its own name.
func (v *visit) missing(itself bool) string {
	for _, s := range v.asked.Scopes {
		if !containsFold(v.scopes, s) {
			return s
		}
	}
	if v.asked.Default && len(v.scopes) == 0 && !itself {
		return v.asked.Resource + "/.default"
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
// Entra puts it there, and on Graph what OpenID Connect gives.
func (v *visit) scopesInToken(graph bool) []string {
	list := v.scopes
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
		Email: v.asked.Email, Profile: v.asked.Profile, Time: v.timed,
	})
	return err
}

package consent

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"entente/internal/core/app"
	"entente/internal/core/authz"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/secret"
	"entente/internal/kit/sqldb"
)

// A Want is what a consent link asks for: everything the application lists
// when both are empty, everything it lists of one resource, or delegated
// scopes by name.
type Want struct {
	Resource string   // a resource's name, from "R/.default"
	Scopes   []string // "User.Read", "R/Value"
}

// An Item is one permission an offer asks for.
type Item struct {
	ResourceApp  ids.AppID
	ResourceName string
	Application  bool // an app role; otherwise a delegated scope
	ID           ids.RoleID
	Value        string
	Name         string // as an administrator reads it
	Description  string
	Granted      bool // it is granted: to the tenant without end, or in a Question to the person now

	// Of a Question only.
	ForAll         bool // it is granted to everybody in the tenant now
	Administrators bool // only an administrator may agree to it
	Low            bool // it has a low impact
	Absent         bool // the tenant lacks the resource

	userName, userDescription string // as a person reads it, where that differs
}

// An Offer is what an administrator is asked to consent to. Digest is of all
// that is shown; accepting names it, so that nobody accepts what they did not
// see.
type Offer struct {
	Tenant      ids.TenantID
	Application *app.Application
	Items       []Item
	Digest      secret.Digest
}

// Why a consent is refused.
const (
	UnknownApplication fault.Reason = "consent.unknown_application" // Values: appId
	SingleTenant       fault.Reason = "consent.single_tenant"       // Values: appId, name
	UnknownResource    fault.Reason = "consent.unknown_resource"    // Values: resource
	UnknownScope       fault.Reason = "consent.unknown_scope"       // Values: scope
	NothingListed      fault.Reason = "consent.nothing_listed"
	OfferChanged       fault.Reason = "consent.offer_changed"
	AdminRequired      fault.Reason = "consent.admin_required"
)

// New returns the items that were not granted yet.
func (o *Offer) New() []Item {
	return slices.DeleteFunc(slices.Clone(o.Items), func(i Item) bool { return i.Granted })
}

// NeedsGraphRoles reports whether the offer has new app roles of Microsoft
// Graph, which only the highest administrators may grant.
func (o *Offer) NeedsGraphRoles() bool {
	return slices.ContainsFunc(o.New(), func(i Item) bool { return i.Application && i.ResourceApp == app.GraphAppID })
}

// May refuses a caller who may not accept the offer.
func (o *Offer) May(ctx context.Context, tx *sqldb.Tx, who authz.Caller) error {
	if who.IsSystem() {
		return nil
	}
	held, err := authz.HeldBy(ctx, tx, who, "")
	if err != nil {
		return err
	}
	if who.AppOnly() || !held.ByRole(authz.GrantAnything) && (!held.ByRole(authz.GrantMostThings) || o.NeedsGraphRoles()) {
		return fault.Because(fault.Forbidden, AdminRequired, "Consent to these permissions needs an administrator with a higher role.").
			WithFix("Ask a Global Administrator or Privileged Role Administrator of the organization to open the same link.")
	}
	return nil
}

// MakeOffer returns what the link asks for in the tenant, in the caller's
// transaction.
func MakeOffer(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, appID ids.AppID, want Want) (*Offer, error) {
	o, err := emptyOffer(ctx, tx, tenant, appID)
	if err != nil {
		return nil, err
	}
	if len(want.Scopes) > 0 {
		err = o.addScopes(ctx, tx, want.Scopes)
	} else {
		err = o.addListed(ctx, tx, want.Resource)
	}
	if err != nil {
		return nil, err
	}
	if err := o.markGranted(ctx, tx); err != nil {
		return nil, err
	}
	o.Digest = o.digest()
	return o, nil
}

// emptyOffer returns an offer that asks for nothing yet, of an application that
// may come into the tenant.
func emptyOffer(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, appID ids.AppID) (*Offer, error) {
	a, err := app.ApplicationByAppID(ctx, tx, appID)
	if errors.Is(err, fault.NotFound) || err == nil && a.BuiltIn {
		return nil, fault.Because(fault.NotFound, UnknownApplication, "Application with identifier '%s' was not found.", appID).With("appId", string(appID))
	}
	if err != nil {
		return nil, err
	}
	if a.Tenant != tenant && !a.MultiTenant() {
		return nil, fault.Because(fault.Forbidden, SingleTenant, "Application '%s' is not configured as a multi-tenant application.", appID).
			With("appId", string(appID)).With("name", a.DisplayName).
			WithFix("Its owner must set its sign-in audience to accounts in any organization.")
	}
	return &Offer{Tenant: tenant, Application: a}, nil
}

// addListed takes what the application lists as required, of one resource if
// only is not empty.
func (o *Offer) addListed(ctx context.Context, tx *sqldb.Tx, only string) error {
	for _, r := range o.Application.RequiredAccess {
		api, err := o.resource(ctx, tx, r.ResourceAppID)
		if err != nil {
			return err
		}
		if only != "" && !named(api, only) {
			continue
		}
		for _, x := range r.Access {
			if i, ok := item(api, x); ok {
				o.Items = append(o.Items, i)
			}
		}
	}
	if only != "" && len(o.Items) == 0 {
		return nothingListed(only)
	}
	return nil
}

func nothingListed(resource string) error {
	return fault.Because(fault.Invalid, NothingListed, "The application lists no permissions for '%s'.", resource).
		WithFix("Its owner must add the permissions to the application's required resource access.")
}

func named(api *app.Application, name string) bool {
	if id, ok := app.AppIDOf(name); ok {
		return api.AppID == id
	}
	return slices.ContainsFunc(api.IdentifierURIs, func(u string) bool { return app.FoldURI(u) == app.FoldURI(name) })
}

// addScopes takes delegated scopes by name. Scopes without a resource are
// Microsoft Graph's.
func (o *Offer) addScopes(ctx context.Context, tx *sqldb.Tx, scopes []string) error {
	for _, s := range scopes {
		name, value := string(app.GraphAppID), s
		if i := strings.LastIndexByte(s, '/'); i >= 0 {
			name, value = s[:i], s[i+1:]
		}
		api, err := o.find(ctx, tx, name)
		if err != nil {
			return err
		}
		found := false
		for _, sc := range api.API.Scopes {
			if strings.EqualFold(sc.Value, value) && sc.IsEnabled {
				i, _ := item(api, app.Access{ID: sc.ID, Type: "Scope"})
				o.Items = append(o.Items, i)
				found = true
			}
		}
		if !found {
			return unknownScope(s)
		}
	}
	return nil
}

// find returns the application that a scope names as its resource.
func (o *Offer) find(ctx context.Context, tx *sqldb.Tx, name string) (*app.Application, error) {
	appID, ok := app.AppIDOf(name)
	if !ok {
		r, err := app.FindResource(ctx, tx, o.Tenant, name)
		if errors.Is(err, fault.NotFound) {
			return nil, unknownResource(name)
		}
		if err != nil {
			return nil, err
		}
		appID = r.AppID
	}
	return o.resource(ctx, tx, appID)
}

func unknownScope(scope string) error {
	e := fault.Because(fault.Invalid, UnknownScope, "The scope '%s' is not valid.", scope).With("scope", scope).
		WithFix("Ask for scopes that the resource defines and has enabled.")
	e.Target = "scope"
	return e
}

// resource returns the application that offers what is asked for. It must be
// present in the tenant or able to become so.
func (o *Offer) resource(ctx context.Context, tx *sqldb.Tx, appID ids.AppID) (*app.Application, error) {
	if appID == o.Application.AppID {
		return o.Application, nil
	}
	api, err := app.ApplicationByAppID(ctx, tx, appID)
	if errors.Is(err, fault.NotFound) || err == nil && api.Tenant != o.Tenant && !api.MultiTenant() {
		return nil, unknownResource(string(appID))
	}
	return api, err
}

func unknownResource(name string) error {
	return fault.Because(fault.Invalid, UnknownResource,
		"The app is trying to access a service '%s' that your organization lacks a service principal for.", name).With("resource", name).
		WithFix("The service must be made available to the organization first.")
}

// item returns the permission that x names on the API. One that the API does
// not offer, or has switched off, is not asked for.
func item(api *app.Application, x app.Access) (Item, bool) {
	i := Item{ResourceApp: api.AppID, ResourceName: api.DisplayName, ID: x.ID}
	switch x.Type {
	case "Role":
		r := api.Role(x.ID)
		if r == nil || !r.IsEnabled || !slices.Contains(r.AllowedMemberTypes, "Application") || r.Value == nil {
			return i, false
		}
		i.Application, i.Value, i.Name, i.Description = true, *r.Value, r.DisplayName, r.Description
	case "Scope":
		s := api.Scope(x.ID)
		if s == nil || !s.IsEnabled {
			return i, false
		}
		i.Value, i.Name, i.Description, i.Administrators = s.Value, s.AdminName, s.AdminDescription, s.Type == "Admin"
		i.userName, i.userDescription = text(s.UserName), text(s.UserDescription)
	}
	return i, true
}

// markGranted finds out what the tenant has granted already, for good. What is
// granted only until a day is asked again, so that it can be renewed.
func (o *Offer) markGranted(ctx context.Context, tx *sqldb.Tx) error {
	client, err := app.PrincipalByAppID(ctx, tx, o.Tenant, o.Application.AppID)
	if errors.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	for n := range o.Items {
		i := &o.Items[n]
		api, err := app.PrincipalByAppID(ctx, tx, o.Tenant, i.ResourceApp)
		if errors.Is(err, fault.NotFound) {
			continue
		}
		if err != nil {
			return err
		}
		if i.Granted, err = grantedForGood(ctx, tx, o.Tenant, client.ID, api.ID, *i); err != nil {
			return err
		}
	}
	return nil
}

func (o *Offer) digest() secret.Digest {
	a := o.Application
	parts := []string{string(o.Tenant), string(a.AppID), string(a.Tenant), a.DisplayName}
	if v := a.VerifiedPublisher.DisplayName; v != nil {
		parts = append(parts, "published by", *v)
	}
	for _, i := range o.Items {
		kind := "scope"
		if i.Application {
			kind = "role"
		}
		parts = append(parts, string(i.ResourceApp), i.ResourceName, kind, string(i.ID), i.Value, i.Name, i.Description,
			strconv.FormatBool(i.Granted)) // what is said to be there already must still be
	}
	return secret.DigestOf(parts...)
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

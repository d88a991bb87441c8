package app

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"entente/internal/core/object"
	"entente/internal/core/tenant"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
)

// Why a change of an application is refused.
const (
	StillEnabled   fault.Reason = "app.still_enabled"   // a role or scope goes only once disabled
	DuplicateValue fault.Reason = "app.duplicate_value" // Target names the collection
	ForeignHost    fault.Reason = "app.foreign_host"    // an identifier URI on a domain the tenant does not own; Values: uri
	BuiltInLocked  fault.Reason = "app.built_in"
)

// Limits of an application (Entra service limits and its manifest reference).
const (
	maxDisplayName  = 256
	maxText         = 1024
	maxValue        = 120
	maxRedirects    = 256
	maxURI          = 255
	maxResources    = 50
	maxPermissions  = 400
	maxRoles        = 1200
	maxRedirectText = 256
)

// NewApplication returns the application that a Graph body describes, in its
// home tenant, with a new client identifier.
func NewApplication(home *tenant.Tenant, body []byte, now time.Time) (*Application, error) {
	start := &Application{
		ID: ids.New[ids.ObjectID](), AppID: ids.New[ids.AppID](), CreatedDateTime: now.Truncate(time.Second), // Graph shows seconds
		SignInAudience: MyOrg, ParentalControl: ParentalControl{Rule: "Allow"},
	}
	if d := home.DefaultDomain(); d != "" {
		start.PublisherDomain = &d
	}
	a, err := start.with(body, home)
	if err != nil {
		return nil, err
	}
	a.Tenant, a.version = home.ID, 1
	return a, nil
}

// Apply returns the application as a Graph body changes it. What only the
// service may set keeps its value.
func (a *Application) Apply(home *tenant.Tenant, body []byte) (*Application, error) {
	b, err := a.with(body, home)
	if err != nil {
		return nil, err
	}
	if err := b.follows(a); err != nil {
		return nil, err
	}
	return b, nil
}

func (a *Application) with(body []byte, home *tenant.Tenant) (*Application, error) {
	b := &Application{}
	if err := object.Merge(a, body, b); err != nil {
		return nil, err
	}
	b.Tenant, b.BuiltIn, b.version = a.Tenant, a.BuiltIn, a.version
	b.ID, b.AppID, b.CreatedDateTime, b.PublisherDomain = a.ID, a.AppID, a.CreatedDateTime, a.PublisherDomain
	b.DeletedDateTime, b.VerifiedPublisher, b.UniqueName = a.DeletedDateTime, a.VerifiedPublisher, a.UniqueName
	b.tidy()
	return b, b.check(home)
}

// tidy puts the application into the form in which it is kept.
func (a *Application) tidy() {
	a.DisplayName = strings.TrimSpace(a.DisplayName)
	for i := range a.AppRoles {
		a.AppRoles[i].ID = ids.RoleID(strings.ToLower(string(a.AppRoles[i].ID)))
		a.AppRoles[i].Origin = "Application"
	}
	for i := range a.API.Scopes {
		a.API.Scopes[i].ID = ids.RoleID(strings.ToLower(string(a.API.Scopes[i].ID)))
		a.API.Scopes[i].Origin = ""
	}
	for i := range a.RequiredAccess {
		r := &a.RequiredAccess[i]
		r.ResourceAppID = ids.AppID(strings.ToLower(string(r.ResourceAppID)))
		for j := range r.Access {
			r.Access[j].ID = ids.RoleID(strings.ToLower(string(r.Access[j].ID)))
		}
	}
}

func (a *Application) check(home *tenant.Tenant) error {
	switch {
	case a.DisplayName == "":
		return required("displayName")
	case len(a.DisplayName) > maxDisplayName:
		return invalid("displayName")
	case a.Description != nil && len(*a.Description) > maxText:
		return invalid("description")
	case a.Notes != nil && len(*a.Notes) > maxText:
		return invalid("notes")
	case !slices.Contains([]string{MyOrg, MultipleOrgs, AllAccounts, Personal}, a.SignInAudience):
		return invalid("signInAudience")
	case a.API.RequestedTokenVersion != nil && *a.API.RequestedTokenVersion != 1 && *a.API.RequestedTokenVersion != 2:
		return invalid("api.requestedAccessTokenVersion")
	}
	for _, check := range []func() error{a.checkRoles, a.checkRequired, a.checkRedirects, func() error { return a.checkURIs(home) }} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

// A value may have the characters of a scope token (RFC 6749, section 3.3)
// and must not begin with a dot.
var valueForm = regexp.MustCompile(`^[!#-\[\]-~]+$`)

// checkRoles wants identifiers and values unique over roles and scopes
// together: both appear side by side in tokens.
func (a *Application) checkRoles() error {
	if len(a.AppRoles)+len(a.API.Scopes) > maxRoles {
		return invalid("appRoles")
	}
	seen := make(map[string]bool)
	once := func(target, kind, s string) error {
		if s = kind + strings.ToLower(s); seen[s] {
			f := fault.Because(fault.Invalid, DuplicateValue, "Request contains a property with duplicate values.")
			f.Target = target
			return f
		}
		seen[s] = true
		return nil
	}
	for _, r := range a.AppRoles {
		switch {
		case !ids.Valid(string(r.ID)), r.DisplayName == "", len(r.AllowedMemberTypes) == 0:
			return invalid("appRoles")
		case slices.ContainsFunc(r.AllowedMemberTypes, func(t string) bool { return t != "User" && t != "Application" }):
			return invalid("appRoles")
		case r.Value != nil && *r.Value != "" && !goodValue(*r.Value):
			return invalid("appRoles")
		}
		if err := once("appRoles", "id:", string(r.ID)); err != nil {
			return err
		}
		if r.Value != nil && *r.Value != "" {
			if err := once("appRoles", "value:", *r.Value); err != nil {
				return err
			}
		}
	}
	for _, s := range a.API.Scopes {
		if !ids.Valid(string(s.ID)) || !goodValue(s.Value) || s.Type != "User" && s.Type != "Admin" {
			return invalid("api.oauth2PermissionScopes")
		}
		if err := once("api.oauth2PermissionScopes", "id:", string(s.ID)); err != nil {
			return err
		}
		if err := once("api.oauth2PermissionScopes", "value:", s.Value); err != nil {
			return err
		}
	}
	return nil
}

func goodValue(v string) bool {
	return len(v) <= maxValue && valueForm.MatchString(v) && !strings.HasPrefix(v, ".")
}

func (a *Application) checkRequired() error {
	n := 0
	for _, r := range a.RequiredAccess {
		if !ids.Valid(string(r.ResourceAppID)) {
			return invalid("requiredResourceAccess")
		}
		for _, p := range r.Access {
			if n++; !ids.Valid(string(p.ID)) || p.Type != "Role" && p.Type != "Scope" {
				return invalid("requiredResourceAccess")
			}
		}
	}
	if len(a.RequiredAccess) > maxResources || n > maxPermissions {
		return invalid("requiredResourceAccess")
	}
	return nil
}

func (a *Application) checkRedirects() error {
	if len(a.RedirectURIs()) > maxRedirects {
		return invalid("redirectUris")
	}
	for target, list := range map[string][]string{
		"web.redirectUris": a.Web.RedirectURIs, "spa.redirectUris": a.SPA.RedirectURIs, "publicClient.redirectUris": a.PublicClient.RedirectURIs,
	} {
		for _, u := range list {
			if !goodRedirect(u, target == "publicClient.redirectUris") {
				return invalid(target)
			}
		}
	}
	return nil
}

// goodRedirect accepts https anywhere, http on the loopback only, and private
// schemes for native applications (RFC 8252, section 7), without fragment.
func goodRedirect(s string, native bool) bool {
	u, err := url.Parse(s)
	if err != nil || len(s) > maxRedirectText || u.Scheme == "" || u.Fragment != "" || strings.HasSuffix(s, "#") || u.User != nil {
		return false
	}
	switch host := u.Hostname(); {
	case strings.ContainsAny(s, "*\\ \t\r\n"):
		return false
	case u.Scheme == "https":
		return host != ""
	case u.Scheme == "http":
		return host == "localhost" || host == "127.0.0.1" || host == "::1"
	case slices.Contains([]string{"javascript", "data", "file", "vbscript", "about", "blob"}, strings.ToLower(u.Scheme)):
		return false
	}
	return native
}

// checkURIs wants identifier URIs that nobody else could claim: they carry the
// client identifier, the tenant's identifier, or a domain the tenant owns.
// https://learn.microsoft.com/entra/identity-platform/identifier-uri-restrictions
func (a *Application) checkURIs(home *tenant.Tenant) error {
	seen := make(map[string]bool)
	for _, uri := range a.IdentifierURIs {
		u, err := url.Parse(uri)
		switch {
		case err != nil, len(uri) > maxURI, uri == "", strings.HasSuffix(uri, "/"), strings.ContainsAny(uri, "?# \t\r\n*"):
			return invalid("identifierUris")
		case seen[FoldURI(uri)]:
			return invalid("identifierUris")
		case !a.mayClaim(u, home):
			f := fault.Because(fault.Invalid, ForeignHost,
				"Values of identifierUris property must use a verified domain of the organization or its subdomain: '%s'", uri)
			f.Target = "identifierUris"
			return f.With("uri", uri)
		}
		seen[FoldURI(uri)] = true
	}
	return nil
}

func (a *Application) mayClaim(u *url.URL, home *tenant.Tenant) bool {
	host := strings.ToLower(u.Host)
	switch strings.ToLower(u.Scheme) {
	case "api":
		parts := append([]string{host}, strings.Split(strings.ToLower(u.Path), "/")...)
		return slices.Contains(parts, string(a.AppID)) || host == string(home.ID) || ownsHost(home, host)
	case "https":
		return ownsHost(home, host)
	case "urn":
		return true
	}
	return false
}

func ownsHost(home *tenant.Tenant, host string) bool {
	for host != "" {
		if home.Owns(host) {
			return true
		}
		_, host, _ = strings.Cut(host, ".")
	}
	return false
}

// FoldURI returns the form in which identifier URIs are compared: lower case,
// without a slash at the end.
func FoldURI(uri string) string { return strings.TrimRight(strings.ToLower(uri), "/") }

// follows refuses to remove, or to give another value to, a role or scope that
// is still enabled: whoever holds it should first see it switched off.
func (a *Application) follows(before *Application) error {
	for _, old := range before.AppRoles {
		now := a.Role(old.ID)
		if old.IsEnabled && (now == nil || text(now.Value) != text(old.Value)) {
			return stillEnabled()
		}
	}
	for _, old := range before.API.Scopes {
		now := a.Scope(old.ID)
		if old.IsEnabled && (now == nil || now.Value != old.Value) {
			return stillEnabled()
		}
	}
	return nil
}

func stillEnabled() error {
	return fault.Because(fault.Invalid, StillEnabled, "Permission (scope or role) cannot be deleted or updated unless disabled first.")
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func required(property string) error {
	return fault.InvalidAt(property, "A value is required for property '%s' of resource 'Application'.", property)
}

func invalid(property string) error {
	return fault.InvalidAt(property, "Invalid value specified for property '%s' of resource 'Application'.", property)
}

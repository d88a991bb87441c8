package app

import (
	"encoding/json"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

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
	TooLarge       fault.Reason = "app.too_large" // more values in all than one object may have
)

// Limits of an application (Entra service limits and its manifest reference).
const (
	maxDisplayName   = 256
	maxText          = 1024
	maxUniqueName    = 128
	maxValue         = 120
	maxRedirects     = 256
	maxRedirectsMany = 100 // when personal accounts may sign in
	maxURI           = 255
	maxResources     = 50
	maxPermissions   = 400
	maxValues        = 1200 // in all collections together
	maxRedirectText  = 256
)

// NewApplication returns the application that a Graph body describes, in its
// home tenant, with a new client identifier, and a unique name if it is not
// empty.
func NewApplication(home *tenant.Tenant, body []byte, uniqueName string, now time.Time) (*Application, error) {
	start := &Application{
		ID: ids.New[ids.ObjectID](), AppID: ids.New[ids.AppID](), CreatedDateTime: now.Truncate(time.Second), // Graph shows seconds
		SignInAudience: MyOrg, ParentalControl: ParentalControl{Rule: anyAge},
	}
	if uniqueName != "" {
		start.UniqueName = &uniqueName
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
	b.CreatedByAppID, b.Info.LogoURL = a.CreatedByAppID, a.Info.LogoURL
	b.enable(body)
	b.tidy()
	return b, b.check(home)
}

// enable makes roles and scopes of which the body does not say whether they are
// enabled what Graph makes them.
func (a *Application) enable(body []byte) {
	type flag struct {
		IsEnabled *bool `json:"isEnabled"`
	}
	var said struct {
		AppRoles []flag `json:"appRoles"`
		API      struct {
			Scopes []flag `json:"oauth2PermissionScopes"`
		} `json:"api"`
	}
	if json.Unmarshal(body, &said) != nil {
		return // has been refused: the body has been merged
	}
	for i, f := range said.AppRoles {
		a.AppRoles[i].IsEnabled = f.IsEnabled == nil || *f.IsEnabled
	}
	for i, f := range said.API.Scopes {
		a.API.Scopes[i].IsEnabled = f.IsEnabled == nil || *f.IsEnabled
	}
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
	a.tidyParts()
}

func (a *Application) check(home *tenant.Tenant) error {
	switch {
	case a.DisplayName == "":
		return required("displayName")
	case longer(a.DisplayName, maxDisplayName):
		return invalid("displayName")
	case longer(text(a.Description), maxText):
		return invalid("description")
	case longer(text(a.Notes), maxText):
		return invalid("notes")
	case !slices.Contains([]string{MyOrg, MultipleOrgs, AllAccounts, Personal}, a.SignInAudience):
		return invalid("signInAudience")
	}
	for _, check := range []func() error{
		a.checkVersion, a.checkSize, a.checkRoles, a.checkPreAuthorized, a.checkRequired, a.checkRedirects, a.checkParts,
		func() error { return a.checkURIs(home) },
	} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

// longer reports whether a text has more than n characters.
func longer(s string, n int) bool { return utf8.RuneCountInString(s) > n }

// checkVersion: personal accounts have tokens of version 2 only.
func (a *Application) checkVersion() error {
	v := a.API.RequestedTokenVersion
	if v != nil && *v != 1 && *v != 2 || a.personal() && a.TokenVersion() != 2 {
		return fault.InvalidAt("api.requestedAccessTokenVersion", "Property api.requestedAccessTokenVersion is invalid.").
			WithFix("It is null, 1 or 2, and 2 for an application that personal accounts may use.")
	}
	return nil
}

// personal reports whether people without an organization may sign in.
func (a *Application) personal() bool {
	return a.SignInAudience == AllAccounts || a.SignInAudience == Personal
}

// checkSize bounds the values of all collections together, as the directory
// bounds an object.
func (a *Application) checkSize() error {
	n := len(a.AppRoles) + len(a.API.Scopes) + len(a.API.KnownClientApplications) + len(a.API.PreAuthorized) +
		len(a.IdentifierURIs) + len(a.Tags) + len(a.RedirectURIs()) + len(a.KeyCredentials) + len(a.PasswordCredentials) +
		len(a.RequiredAccess) + len(a.AddIns) + len(a.ManagerApplications)
	for _, r := range a.RequiredAccess {
		n += len(r.Access)
	}
	if o := a.OptionalClaims; o != nil {
		n += len(o.IDToken) + len(o.AccessToken) + len(o.Saml2Token)
	}
	if n > maxValues {
		return tooLarge()
	}
	return nil
}

func tooLarge() error {
	return fault.Because(fault.Forbidden, TooLarge, "The size of the object has exceeded its limit. Please reduce the number of values and retry your request.")
}

// A value may have the characters of a scope token (RFC 6749, section 3.3)
// and must not begin with a dot.
var valueForm = regexp.MustCompile(`^[!#-\[\]-~]+$`)

// checkRoles wants identifiers and values unique over roles and scopes
// together: both appear side by side in tokens. A role and a scope may be one
// permission in two kinds, with the same identifier and the same value.
func (a *Application) checkRoles() error {
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
		if !r.wellFormed() {
			return invalid("appRoles")
		}
		if err := once("appRoles", "id:", string(r.ID)); err != nil {
			return err
		}
		if text(r.Value) != "" {
			if err := once("appRoles", "value:", *r.Value); err != nil {
				return err
			}
		}
	}
	scopes := make(map[string]bool)
	for _, s := range a.API.Scopes {
		if !s.wellFormed() {
			return invalid("api.oauth2PermissionScopes")
		}
		id, value := "id:"+string(s.ID), "value:"+strings.ToLower(s.Value)
		if twin := a.Role(s.ID); twin != nil && text(twin.Value) == s.Value && !scopes[id] && !scopes[value] {
			scopes[id], scopes[value] = true, true
			continue
		}
		scopes[id], scopes[value] = true, true
		if err := once("api.oauth2PermissionScopes", "id:", string(s.ID)); err != nil {
			return err
		}
		if err := once("api.oauth2PermissionScopes", "value:", s.Value); err != nil {
			return err
		}
	}
	return nil
}

// wellFormed wants an identifier that is not nil: the nil one stands for access
// without a role.
func (r AppRole) wellFormed() bool {
	return ids.Valid(string(r.ID)) && r.ID != ids.Nil && r.DisplayName != "" && !longer(r.DisplayName, maxDisplayName) &&
		!longer(r.Description, maxText) && len(r.AllowedMemberTypes) > 0 &&
		!slices.ContainsFunc(r.AllowedMemberTypes, func(t string) bool { return t != "User" && t != "Application" }) &&
		(text(r.Value) == "" || goodValue(*r.Value))
}

func (s Scope) wellFormed() bool {
	return ids.Valid(string(s.ID)) && s.ID != ids.Nil && goodValue(s.Value) && (s.Type == "User" || s.Type == "Admin") &&
		!longer(s.AdminName, maxDisplayName) && !longer(s.AdminDescription, maxText) &&
		!longer(text(s.UserName), maxDisplayName) && !longer(text(s.UserDescription), maxText)
}

// checkPreAuthorized wants each client named once, for scopes that exist here.
func (a *Application) checkPreAuthorized() error {
	seen := make(map[ids.AppID]bool)
	for _, p := range a.API.PreAuthorized {
		if !ids.Valid(string(p.AppID)) || seen[p.AppID] {
			return invalid("api.preAuthorizedApplications")
		}
		seen[p.AppID] = true
		for _, id := range p.ScopesIDs {
			if a.Scope(id) == nil {
				return invalid("api.preAuthorizedApplications")
			}
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
	most := maxRedirects
	if a.personal() {
		most = maxRedirectsMany
	}
	if len(a.RedirectURIs()) > most {
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
		return !a.MultiTenant() // for SAML; several tenants share one space of names, in which anybody could take it
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
// is still enabled: whoever holds it should first see it switched off. It
// refuses to turn an application for organizations into one for personal
// accounts alone, and back.
func (a *Application) follows(before *Application) error {
	if (a.SignInAudience == Personal) != (before.SignInAudience == Personal) {
		return invalid("signInAudience")
	}
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

package app

import (
	"encoding/json"
	"net/mail"
	"slices"
	"strings"
	"time"

	"entente/internal/core/object"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
)

// Kinds of service principal.
const (
	TypeApplication     = "Application"
	TypeManagedIdentity = "ManagedIdentity"
)

// IntegratedTag marks service principals that people should see among their
// enterprise applications.
const IntegratedTag = "WindowsAzureActiveDirectoryIntegratedApp"

// A ServicePrincipal is an application's presence in one tenant, or a managed
// identity. Own is what this tenant says of it; the rest is the application's,
// read from the application itself.
// https://learn.microsoft.com/graph/api/resources/serviceprincipal?view=graph-rest-1.0
type ServicePrincipal struct {
	Tenant        ids.TenantID `json:"-"`
	ApplicationID ids.ObjectID `json:"-"` // empty for managed identities

	ID              ids.ObjectID  `json:"id"`
	DeletedDateTime *time.Time    `json:"deletedDateTime"`
	CreatedDateTime *time.Time    `json:"createdDateTime,omitempty"`
	AppID           ids.AppID     `json:"appId"`
	Type            string        `json:"servicePrincipalType"`
	OwnerTenant     *ids.TenantID `json:"appOwnerOrganizationId"`
	DisplayName     string        `json:"displayName"`
	Own
	Names []string `json:"servicePrincipalNames"`
	Shared

	lock    *LockConfiguration // the application's
	ownTags []string           // without the application's
	appTags []string
	version int64
}

// Own is what a tenant sets on a service principal.
type Own struct {
	AccountEnabled         *bool                `json:"accountEnabled"`
	AddIns                 []json.RawMessage    `json:"addIns"`
	AlternativeNames       []string             `json:"alternativeNames"`
	AppRoleAssignmentReq   bool                 `json:"appRoleAssignmentRequired"`
	CreatedByAppID         *string              `json:"createdByAppId"`
	Description            *string              `json:"description"`
	DisabledByMicrosoft    *string              `json:"disabledByMicrosoftStatus"`
	IsDisabled             *bool                `json:"isDisabled"`
	KeyCredentials         []KeyCredential      `json:"keyCredentials"`
	LoginURL               *string              `json:"loginUrl"`
	Notes                  *string              `json:"notes"`
	NotificationEmails     []string             `json:"notificationEmailAddresses"`
	PasswordCredentials    []PasswordCredential `json:"passwordCredentials"`
	PreferredSSO           *string              `json:"preferredSingleSignOnMode"`
	PreferredKeyThumbprint *string              `json:"preferredTokenSigningKeyThumbprint"`
	ResourceSpecific       []json.RawMessage    `json:"resourceSpecificApplicationPermissions"`
	SamlSettings           json.RawMessage      `json:"samlSingleSignOnSettings"`
	Tags                   []string             `json:"tags"`
	TokenEncryptionKeyID   *ids.KeyID           `json:"tokenEncryptionKeyId"`
}

// Shared is what a service principal shows of its application.
type Shared struct {
	AppDescription        *string            `json:"appDescription"`
	AppDisplayName        *string            `json:"appDisplayName"`
	ApplicationTemplateID *string            `json:"applicationTemplateId"`
	AppRoles              []AppRole          `json:"appRoles"`
	Homepage              *string            `json:"homepage"`
	Info                  *Info              `json:"info"`
	LogoutURL             *string            `json:"logoutUrl"`
	Scopes                []Scope            `json:"oauth2PermissionScopes"`
	ReplyURLs             []string           `json:"replyUrls"`
	SignInAudience        *string            `json:"signInAudience"`
	VerifiedPublisher     *VerifiedPublisher `json:"verifiedPublisher"`
}

// Why a service principal is refused.
const (
	NameInUse     fault.Reason = "app.principal_exists" // Values: name
	NoApplication fault.Reason = "app.no_application"   // Values: appId
	ForeignApp    fault.Reason = "app.foreign_application"
	Managed       fault.Reason = "app.managed_identity" // ARM manages it, not Graph
)

// principalExists refuses a second service principal of an application.
func principalExists(id ids.AppID) error {
	return fault.Because(fault.Conflict, NameInUse,
		"The service principal cannot be created, updated, or restored because the service principal name %s is already in use.", id).
		With("name", string(id))
}

// noApplication refuses a service principal of an application that is not
// there for the tenant.
func noApplication(id ids.AppID) error {
	f := fault.Because(fault.Invalid, NoApplication, "The appId '%s' of the service principal does not reference a valid application object.", id).
		With("appId", string(id)).
		WithFix("Check the client identifier; an application of another tenant must be multi-tenant.")
	f.Target = "appId"
	return f
}

// Enabled reports whether the principal may act in its tenant.
func (p *ServicePrincipal) Enabled() bool { return p.AccountEnabled == nil || *p.AccountEnabled }

// ManagedIdentity reports whether p is a managed identity.
func (p *ServicePrincipal) ManagedIdentity() bool { return p.Type == TypeManagedIdentity }

// NewPrincipal returns the presence of an application in a tenant.
func NewPrincipal(tenant ids.TenantID, a *Application, now time.Time) *ServicePrincipal {
	yes := true
	now = now.Truncate(time.Second) // Graph shows seconds
	p := &ServicePrincipal{
		Tenant: tenant, ApplicationID: a.ID, ID: ids.New[ids.ObjectID](), CreatedDateTime: &now, AppID: a.AppID,
		Type: TypeApplication, OwnerTenant: &a.Tenant, DisplayName: a.DisplayName,
		Own: Own{AccountEnabled: &yes, Tags: []string{}}, version: 1,
	}
	p.show(a)
	return p
}

// NewManagedIdentity returns the service principal of a managed identity, which
// resource (an ARM identifier) stands for. explicit is true for user-assigned.
func NewManagedIdentity(tenant ids.TenantID, name, resource string, explicit bool, now time.Time) *ServicePrincipal {
	yes, flag := true, "isExplicit=False"
	now = now.Truncate(time.Second)
	if explicit {
		flag = "isExplicit=True"
	}
	p := &ServicePrincipal{
		Tenant: tenant, ID: ids.New[ids.ObjectID](), CreatedDateTime: &now, AppID: ids.New[ids.AppID](),
		Type: TypeManagedIdentity, DisplayName: name,
		Own: Own{AccountEnabled: &yes, AlternativeNames: []string{flag, resource}}, version: 1,
	}
	p.show(nil)
	return p
}

// BuiltIn reports whether p is the presence of one of the installation's own
// applications.
func (p *ServicePrincipal) BuiltIn() bool {
	return p.OwnerTenant != nil && *p.OwnerTenant == ServicesTenant
}

// staysOurs refuses what a tenant may do to its own applications but not to
// the installation's: to act as one, and to switch off Microsoft Graph, through
// which alone it could be switched on again.
func (p *ServicePrincipal) staysOurs() error {
	switch {
	case !p.BuiltIn():
		return nil
	case len(p.PasswordCredentials)+len(p.KeyCredentials) > 0:
		return fault.Because(fault.Invalid, BuiltInLocked, "Specified App Principal is part of the installation and has no credentials.")
	case p.AppID == GraphAppID && !p.Enabled():
		return fault.Because(fault.Invalid, BuiltInLocked, "Microsoft Graph cannot be disabled: nothing could enable it again.")
	}
	return nil
}

// show fills in what p shows of its application, and the names it goes by.
func (p *ServicePrincipal) show(a *Application) {
	p.Names = []string{string(p.AppID)}
	p.ownTags = p.Tags
	if a == nil {
		p.Shared = Shared{}
		object.Fill(p)
		return
	}
	p.lock, p.DisplayName = a.LockConfiguration, a.DisplayName
	p.Names = append(p.Names, a.IdentifierURIs...)
	p.Names = append(p.Names, aliases[a.AppID]...)
	p.Shared = Shared{
		AppDescription: a.Description, AppDisplayName: &a.DisplayName, ApplicationTemplateID: a.ApplicationTemplateID,
		AppRoles: a.AppRoles, Homepage: a.Web.HomePageURL, Info: &a.Info, LogoutURL: a.Web.LogoutURL, Scopes: a.API.Scopes,
		ReplyURLs: a.RedirectURIs(), SignInAudience: &a.SignInAudience, VerifiedPublisher: &a.VerifiedPublisher,
	}
	p.appTags = a.Tags
	p.joinTags()
	object.Fill(p)
}

// DevicesAcross is the tag by which a tenant lets its people sign in to devices
// of an application though the application, or what it reaches, is another
// organization's. The application's own tags never say so.
const DevicesAcross = "DeviceCodeAcrossTenants"

// AllowsDevicesAcross reports whether the tenant has given the tag.
func (p *ServicePrincipal) AllowsDevicesAcross() bool {
	return slices.Contains(p.ownTags, DevicesAcross)
}

// joinTags shows the tags of the application beside those of this tenant. What
// is for the tenant alone to say is not shown either: whoever sends back what
// they read would then say it.
func (p *ServicePrincipal) joinTags() {
	p.Tags = slices.Clone(p.ownTags)
	for _, t := range p.appTags {
		if t != DevicesAcross && !slices.Contains(p.Tags, t) {
			p.Tags = append(p.Tags, t)
		}
	}
}

// Apply returns what the principal's own members are after a Graph body.
func (p *ServicePrincipal) Apply(body []byte) (*ServicePrincipal, error) {
	q, base := *p, p.Own
	q.Own, base.Tags = Own{}, p.ownTags
	if err := object.Merge(base, body, &q.Own); err != nil {
		return nil, err
	}
	q.ownTags = q.Tags
	q.joinTags()
	object.Fill(&q.Own)
	switch {
	case p.ManagedIdentity():
		return nil, fault.Because(fault.Invalid, Managed, "A managed identity is changed where its resource is, not here.").
			WithFix("Change the identity through Azure Resource Manager.")
	}
	if err := q.checkOwn(); err != nil {
		return nil, err
	}
	q.PasswordCredentials, q.CreatedByAppID = p.PasswordCredentials, p.CreatedByAppID
	return &q, nil
}

// How people are signed in to applications that are no OpenID Connect clients.
var ssoModes = []string{"", "oidc", "password", "saml", "notSupported"}

const maxEmails = 5

func (p *ServicePrincipal) checkOwn() error {
	switch {
	case longer(text(p.Notes), maxText):
		return invalidPrincipal("notes")
	case longer(text(p.Description), maxText):
		return invalidPrincipal("description")
	case !goodLink(p.LoginURL):
		return invalidPrincipal("loginUrl")
	case !slices.Contains(ssoModes, text(p.PreferredSSO)):
		return invalidPrincipal("preferredSingleSignOnMode")
	case len(p.NotificationEmails) > maxEmails, !all(p.NotificationEmails, goodEmail):
		return invalidPrincipal("notificationEmailAddresses")
	case !all(p.Tags, goodTag):
		return invalidPrincipal("tags")
	case !all(p.AlternativeNames, func(n string) bool { return n != "" && !longer(n, maxText) }):
		return invalidPrincipal("alternativeNames")
	case len(p.Tags)+len(p.AlternativeNames)+len(p.AddIns)+len(p.KeyCredentials) > maxValues:
		return tooLarge()
	}
	return nil
}

func goodEmail(address string) bool {
	a, err := mail.ParseAddress(address)
	return err == nil && a.Address == address && !longer(address, maxDisplayName)
}

// Role returns the app role that p offers under the identifier, or nil.
func (p *ServicePrincipal) Role(id ids.RoleID) *AppRole {
	for i := range p.AppRoles {
		if p.AppRoles[i].ID == id {
			return &p.AppRoles[i]
		}
	}
	return nil
}

// ScopeByValue returns the delegated scope that p offers, or nil. Scope names
// compare without regard to case, as Entra does.
func (p *ServicePrincipal) ScopeByValue(value string) *Scope {
	for i := range p.Scopes {
		if strings.EqualFold(p.Scopes[i].Value, value) {
			return &p.Scopes[i]
		}
	}
	return nil
}

func invalidPrincipal(property string) error {
	return fault.InvalidAt(property, "Invalid value specified for property '%s' of resource 'ServicePrincipal'.", property)
}

package app

import (
	"encoding/json"
	"time"

	"entente/internal/kit/ids"
)

// Sign-in audiences.
// https://learn.microsoft.com/entra/identity-platform/supported-accounts-validation
const (
	MyOrg        = "AzureADMyOrg"
	MultipleOrgs = "AzureADMultipleOrgs"
	AllAccounts  = "AzureADandPersonalMicrosoftAccount"
	Personal     = "PersonalMicrosoftAccount"
)

// An Application is a definition in its home tenant. The exported members with
// JSON names are Graph's.
// https://learn.microsoft.com/graph/api/resources/application?view=graph-rest-1.0
type Application struct {
	Tenant  ids.TenantID `json:"-"`
	BuiltIn bool         `json:"-"` // Microsoft Graph and its kin: nobody changes them

	ID                      ids.ObjectID         `json:"id"`
	DeletedDateTime         *time.Time           `json:"deletedDateTime"`
	AppID                   ids.AppID            `json:"appId"`
	ApplicationTemplateID   *string              `json:"applicationTemplateId"`
	DisabledByMicrosoft     *string              `json:"disabledByMicrosoftStatus"`
	CreatedByAppID          *string              `json:"createdByAppId"`
	CreatedDateTime         time.Time            `json:"createdDateTime"`
	DisplayName             string               `json:"displayName"`
	Description             *string              `json:"description"`
	GroupMembershipClaims   *string              `json:"groupMembershipClaims"`
	IdentifierURIs          []string             `json:"identifierUris"`
	IsDeviceOnlyAuth        *bool                `json:"isDeviceOnlyAuthSupported"`
	IsDisabled              *bool                `json:"isDisabled"`
	IsFallbackPublicClient  *bool                `json:"isFallbackPublicClient"`
	NativeAuthAPIs          *string              `json:"nativeAuthenticationApisEnabled"`
	Notes                   *string              `json:"notes"`
	PublisherDomain         *string              `json:"publisherDomain"`
	ServiceManagementRef    *string              `json:"serviceManagementReference"`
	SignInAudience          string               `json:"signInAudience"`
	Tags                    []string             `json:"tags"`
	TokenEncryptionKeyID    *ids.KeyID           `json:"tokenEncryptionKeyId"`
	UniqueName              *string              `json:"uniqueName"`
	SamlMetadataURL         *string              `json:"samlMetadataUrl"`
	DefaultRedirectURI      *string              `json:"defaultRedirectUri"`
	OAuth2RequirePost       bool                 `json:"oauth2RequirePostResponse"`
	ManagerApplications     []string             `json:"managerApplications"`
	Certification           json.RawMessage      `json:"certification"`
	OptionalClaims          *OptionalClaims      `json:"optionalClaims"`
	LockConfiguration       *LockConfiguration   `json:"servicePrincipalLockConfiguration"`
	SignatureVerification   *Verification        `json:"requestSignatureVerification"`
	AuthenticationBehaviors json.RawMessage      `json:"authenticationBehaviors"`
	AddIns                  []json.RawMessage    `json:"addIns"`
	API                     API                  `json:"api"`
	AppRoles                []AppRole            `json:"appRoles"`
	Info                    Info                 `json:"info"`
	KeyCredentials          []KeyCredential      `json:"keyCredentials"`
	ParentalControl         ParentalControl      `json:"parentalControlSettings"`
	PasswordCredentials     []PasswordCredential `json:"passwordCredentials"`
	PublicClient            Redirects            `json:"publicClient"`
	RequiredAccess          []RequiredAccess     `json:"requiredResourceAccess"`
	VerifiedPublisher       VerifiedPublisher    `json:"verifiedPublisher"`
	Web                     Web                  `json:"web"`
	SPA                     Redirects            `json:"spa"`

	version int64
}

// A Face is an application as v1.0 shows it to whoever selects nothing: without
// what Graph gives only when it is asked for. Hidden is the rest.
type Face struct {
	*Application
	Behaviors *struct{} `json:"authenticationBehaviors,omitempty"`
	Managers  *struct{} `json:"managerApplications,omitempty"`
	Post      *struct{} `json:"oauth2RequirePostResponse,omitempty"`
}

// Hidden is what a Face leaves out.
type Hidden struct {
	Behaviors json.RawMessage `json:"authenticationBehaviors"`
	Managers  []string        `json:"managerApplications"`
	Post      bool            `json:"oauth2RequirePostResponse"`
}

// Faces returns both.
func (a *Application) Faces() (Face, Hidden) {
	return Face{Application: a}, Hidden{a.AuthenticationBehaviors, a.ManagerApplications, a.OAuth2RequirePost}
}

// API is what an application offers when it is a resource.
type API struct {
	AcceptMappedClaims      *bool           `json:"acceptMappedClaims"`
	KnownClientApplications []string        `json:"knownClientApplications"`
	RequestedTokenVersion   *int            `json:"requestedAccessTokenVersion"` // nil and 1: v1 tokens
	Scopes                  []Scope         `json:"oauth2PermissionScopes"`
	PreAuthorized           []PreAuthorized `json:"preAuthorizedApplications"`
}

// A Scope is a delegated permission that an application exposes.
type Scope struct {
	AdminDescription string     `json:"adminConsentDescription"`
	AdminName        string     `json:"adminConsentDisplayName"`
	ID               ids.RoleID `json:"id"`
	IsEnabled        bool       `json:"isEnabled"`
	Origin           string     `json:"origin,omitempty"`
	Type             string     `json:"type"` // User or Admin: who may consent
	UserDescription  *string    `json:"userConsentDescription"`
	UserName         *string    `json:"userConsentDisplayName"`
	Value            string     `json:"value"`
}

// An AppRole is an application permission, or a role that people can have.
type AppRole struct {
	AllowedMemberTypes []string   `json:"allowedMemberTypes"` // User, Application
	Description        string     `json:"description"`
	DisplayName        string     `json:"displayName"`
	ID                 ids.RoleID `json:"id"`
	IsEnabled          bool       `json:"isEnabled"`
	Origin             string     `json:"origin"`
	Value              *string    `json:"value"`
}

// PreAuthorized names a client that needs no consent for some scopes.
type PreAuthorized struct {
	AppID     ids.AppID    `json:"appId"`
	ScopesIDs []ids.RoleID `json:"delegatedPermissionIds"`
}

// RequiredAccess is what an application asks of one resource.
type RequiredAccess struct {
	ResourceAppID ids.AppID `json:"resourceAppId"`
	Access        []Access  `json:"resourceAccess"`
}

// Access is one permission asked for: a Role (application) or a Scope (delegated).
type Access struct {
	ID   ids.RoleID `json:"id"`
	Type string     `json:"type"`
}

// Web is what a web application has: pages, and addresses to return to.
type Web struct {
	HomePageURL         *string              `json:"homePageUrl"`
	LogoutURL           *string              `json:"logoutUrl"`
	RedirectURIs        []string             `json:"redirectUris"`
	Implicit            Implicit             `json:"implicitGrantSettings"`
	RedirectURISettings []RedirectURISetting `json:"redirectUriSettings"`
}

// Implicit is kept as it was set; the implicit flow does not exist here.
type Implicit struct {
	AccessToken bool `json:"enableAccessTokenIssuance"`
	IDToken     bool `json:"enableIdTokenIssuance"`
}

// A RedirectURISetting orders a redirect address among its kin.
type RedirectURISetting struct {
	URI   string `json:"uri"`
	Index *int   `json:"index"`
}

// Redirects are the redirect addresses of a native or single-page application.
type Redirects struct {
	RedirectURIs []string `json:"redirectUris"`
}

// Info links to pages about the application.
type Info struct {
	LogoURL      *string `json:"logoUrl"`
	MarketingURL *string `json:"marketingUrl"`
	PrivacyURL   *string `json:"privacyStatementUrl"`
	SupportURL   *string `json:"supportUrl"`
	TermsURL     *string `json:"termsOfServiceUrl"`
}

// VerifiedPublisher says who proved to have published the application.
type VerifiedPublisher struct {
	DisplayName *string    `json:"displayName"`
	ID          *string    `json:"verifiedPublisherId"`
	Added       *time.Time `json:"addedDateTime"`
}

// OptionalClaims lists claims that the application wants in its tokens.
type OptionalClaims struct {
	IDToken     []OptionalClaim `json:"idToken"`
	AccessToken []OptionalClaim `json:"accessToken"`
	Saml2Token  []OptionalClaim `json:"saml2Token"`
}

// An OptionalClaim is one of them.
type OptionalClaim struct {
	Name                 string   `json:"name"`
	Source               *string  `json:"source"`
	Essential            bool     `json:"essential"`
	AdditionalProperties []string `json:"additionalProperties"`
}

// LockConfiguration says which members other tenants may not change.
type LockConfiguration struct {
	IsEnabled    bool  `json:"isEnabled"`
	All          *bool `json:"allProperties"`
	VerifyKeys   *bool `json:"credentialsWithUsageVerify"`
	SignKeys     *bool `json:"credentialsWithUsageSign"`
	EncryptionID *bool `json:"tokenEncryptionKeyId"`
}

// Verification is kept as it was set: signed requests are a thing of SAML.
type Verification struct {
	WeakAlgorithms *string `json:"allowedWeakAlgorithms"`
	Required       *bool   `json:"isSignedRequestRequired"`
}

// ParentalControl is kept as it was set.
type ParentalControl struct {
	CountriesBlocked []string `json:"countriesBlockedForMinors"`
	Rule             string   `json:"legalAgeGroupRule"`
}

// MultiTenant reports whether other tenants may use the application.
func (a *Application) MultiTenant() bool {
	return a.SignInAudience == MultipleOrgs || a.SignInAudience == AllAccounts
}

// TokenVersion returns 1 or 2: the form of access tokens for this resource.
func (a *Application) TokenVersion() int {
	if v := a.API.RequestedTokenVersion; v != nil && *v == 2 {
		return 2
	}
	return 1
}

// Disabled reports whether the application is switched off everywhere.
func (a *Application) Disabled() bool { return a.IsDisabled != nil && *a.IsDisabled }

// RedirectURIs returns all addresses the application may return to, the web
// ones first.
func (a *Application) RedirectURIs() []string {
	var all []string
	all = append(all, a.Web.RedirectURIs...)
	all = append(all, a.SPA.RedirectURIs...)
	return append(all, a.PublicClient.RedirectURIs...)
}

// Role returns the app role with the identifier, or nil.
func (a *Application) Role(id ids.RoleID) *AppRole {
	for i := range a.AppRoles {
		if a.AppRoles[i].ID == id {
			return &a.AppRoles[i]
		}
	}
	return nil
}

// Scope returns the delegated scope with the identifier, or nil.
func (a *Application) Scope(id ids.RoleID) *Scope {
	for i := range a.API.Scopes {
		if a.API.Scopes[i].ID == id {
			return &a.API.Scopes[i]
		}
	}
	return nil
}

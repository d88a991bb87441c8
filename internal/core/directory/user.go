// Package directory keeps the people of a tenant: members, and guests whose
// home is elsewhere.
//
// A user is found by identifier or user principal name, which ignores case and
// is unique in the tenant. What Microsoft Graph shows of a user by default is
// kept rendered (face) beside the columns that are filtered, sorted or decided
// by; everything else is in rest.
//
// A guest who was invited is a user whom an address stands for until a person
// of another tenant accepts. Whether that happened is the guest's state, which
// nothing but the functions for invitations sets.
//
// Passwords are kept as argon2id (RFC 9106). Checking one costs the same
// whether or not the account exists, and memory for it is handed out by a
// semaphore, so that a storm of guesses slows the guesser and not the server.
package directory

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"entente/internal/core/object"
	"entente/internal/core/tenant"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
)

// User types.
const (
	Member = "Member"
	Guest  = "Guest"
)

// A User is a person in one tenant. The members with JSON names are Graph's.
// What Graph shows of users and nothing here ever sets, such as what comes from
// a directory on premises, is declared in Graph's registry alone.
// https://learn.microsoft.com/graph/api/resources/user?view=graph-rest-1.0
type User struct {
	Tenant ids.TenantID `json:"-"`
	Face
	Rest
	// PasswordProfile is read from a body and never stored here or shown.
	PasswordProfile *PasswordProfile `json:"passwordProfile,omitempty"`

	CreatedAt    time.Time     `json:"-"`
	Home         ids.Principal `json:"-"` // for guests: who they are at home, once known
	SessionsFrom time.Time     `json:"-"` // sessions and refresh tokens from before are void
	SwitchedAt   time.Time     `json:"-"` // when somebody last said whether they may sign in; zero: at the beginning, or never
	Manager      ids.ObjectID  `json:"-"` // empty: none
	version      int64
}

// Face is what Graph shows of a user by default.
type Face struct {
	BusinessPhones    []string     `json:"businessPhones"`
	DisplayName       string       `json:"displayName"`
	GivenName         *string      `json:"givenName"`
	JobTitle          *string      `json:"jobTitle"`
	Mail              *string      `json:"mail"`
	MobilePhone       *string      `json:"mobilePhone"`
	OfficeLocation    *string      `json:"officeLocation"`
	PreferredLanguage *string      `json:"preferredLanguage"`
	Surname           *string      `json:"surname"`
	UserPrincipalName string       `json:"userPrincipalName"`
	ID                ids.ObjectID `json:"id"`
}

// Rest is what Graph shows of a user when asked for.
type Rest struct {
	AccountEnabled          *bool                    `json:"accountEnabled"`
	AgeGroup                *string                  `json:"ageGroup"`
	AssignedLicenses        []json.RawMessage        `json:"assignedLicenses"`
	AssignedPlans           []json.RawMessage        `json:"assignedPlans"`
	AuthorizationInfo       *AuthorizationInfo       `json:"authorizationInfo"`
	City                    *string                  `json:"city"`
	CompanyName             *string                  `json:"companyName"`
	ConsentForMinor         *string                  `json:"consentProvidedForMinor"`
	Country                 *string                  `json:"country"`
	CreatedDateTime         *time.Time               `json:"createdDateTime"`
	CreationType            *string                  `json:"creationType"`
	DeletedDateTime         *time.Time               `json:"deletedDateTime"`
	Department              *string                  `json:"department"`
	EmployeeHireDate        *time.Time               `json:"employeeHireDate"`
	EmployeeID              *string                  `json:"employeeId"`
	EmployeeLeaveDateTime   *time.Time               `json:"employeeLeaveDateTime"`
	EmployeeOrgData         *EmployeeOrgData         `json:"employeeOrgData"`
	EmployeeType            *string                  `json:"employeeType"`
	ExternalUserState       *string                  `json:"externalUserState"`
	ExternalUserStateChange *time.Time               `json:"externalUserStateChangeDateTime"`
	FaxNumber               *string                  `json:"faxNumber"`
	Identities              []Identity               `json:"identities"`
	IMAddresses             []string                 `json:"imAddresses"`
	LastPasswordChange      *time.Time               `json:"lastPasswordChangeDateTime"`
	LegalAgeGroup           *string                  `json:"legalAgeGroupClassification"`
	MailNickname            *string                  `json:"mailNickname"`
	OnPremisesAttributes    OnPremisesExtensionAttrs `json:"onPremisesExtensionAttributes"`
	OnPremisesImmutableID   *string                  `json:"onPremisesImmutableId"`
	OtherMails              []string                 `json:"otherMails"`
	PasswordPolicies        *string                  `json:"passwordPolicies"`
	PostalCode              *string                  `json:"postalCode"`
	PreferredDataLocation   *string                  `json:"preferredDataLocation"`
	ProxyAddresses          []string                 `json:"proxyAddresses"`
	SecurityIdentifier      string                   `json:"securityIdentifier"`
	ShowInAddressList       *bool                    `json:"showInAddressList"`
	SignInSessionsValidFrom *time.Time               `json:"signInSessionsValidFromDateTime"`
	State                   *string                  `json:"state"`
	StreetAddress           *string                  `json:"streetAddress"`
	UsageLocation           *string                  `json:"usageLocation"`
	UserType                *string                  `json:"userType"`
}

// An Identity is a name under which a user signs in.
type Identity struct {
	SignInType       string  `json:"signInType"`
	Issuer           string  `json:"issuer"`
	IssuerAssignedID *string `json:"issuerAssignedId"`
}

// AuthorizationInfo names the certificates of a user. Nobody signs in with
// them here.
type AuthorizationInfo struct {
	CertificateUserIDs []string `json:"certificateUserIds"`
}

// EmployeeOrgData says where an employee belongs.
type EmployeeOrgData struct {
	CostCenter *string `json:"costCenter"`
	Division   *string `json:"division"`
}

// OnPremisesExtensionAttrs are the fifteen free attributes, by name. It is nil
// when none is set, and has all of them otherwise.
type OnPremisesExtensionAttrs map[string]*string

// A PasswordProfile sets a password.
type PasswordProfile struct {
	ForceChange        *bool  `json:"forceChangePasswordNextSignIn"`
	ForceChangeWithMFA *bool  `json:"forceChangePasswordNextSignInWithMfa"`
	Password           string `json:"password"`
}

// mustChange reports whether the next sign-in asks for another password. A
// profile that says nothing wants it.
func (p *PasswordProfile) mustChange() bool {
	return p.ForceChange == nil || *p.ForceChange || p.ForceChangeWithMFA != nil && *p.ForceChangeWithMFA
}

// signsInByName is the identity that every user has: the user principal name.
const signsInByName = "userPrincipalName"

// NewUser returns the user that a Graph body describes.
func NewUser(home *tenant.Tenant, body []byte, now time.Time) (*User, error) {
	member, id := Member, ids.New[ids.ObjectID]()
	now = now.Truncate(time.Second) // Graph shows seconds
	start := &User{
		Tenant: home.ID, CreatedAt: now, version: 1,
		Face: Face{ID: id},
		Rest: Rest{UserType: &member, CreatedDateTime: &now, SecurityIdentifier: securityIdentifier(id)},
	}
	u, err := start.with(body, home)
	if err != nil {
		return nil, err
	}
	if u.PasswordProfile == nil || u.PasswordProfile.Password == "" {
		return nil, required("passwordProfile")
	}
	return u, nil
}

// Apply returns the user as a Graph body changes it.
func (u *User) Apply(home *tenant.Tenant, body []byte) (*User, error) { return u.with(body, home) }

func (u *User) with(body []byte, home *tenant.Tenant) (*User, error) {
	v := &User{}
	if err := object.Merge(u, body, v); err != nil {
		return nil, err
	}
	v.keep(u)
	v.DisplayName = strings.TrimSpace(v.DisplayName)
	if text(v.Mail) != text(u.Mail) {
		v.ProxyAddresses = primaryAddress(v.ProxyAddresses, text(v.Mail))
	}
	if v.UserType == nil {
		v.UserType = u.UserType
	}
	v.OnPremisesAttributes = v.OnPremisesAttributes.all()
	v.identify(home)
	return v, v.check(u, home)
}

// keep restores what only the service sets.
func (u *User) keep(from *User) {
	u.Tenant, u.CreatedAt, u.Home, u.SessionsFrom, u.Manager, u.version = from.Tenant, from.CreatedAt, from.Home, from.SessionsFrom, from.Manager, from.version
	u.ID, u.CreatedDateTime, u.CreationType, u.DeletedDateTime = from.ID, from.CreatedDateTime, from.CreationType, from.DeletedDateTime
	u.SecurityIdentifier, u.LastPasswordChange, u.SignInSessionsValidFrom = from.SecurityIdentifier, from.LastPasswordChange, from.SignInSessionsValidFrom
	u.ExternalUserState, u.ExternalUserStateChange = from.ExternalUserState, from.ExternalUserStateChange
	u.AssignedLicenses, u.AssignedPlans, u.IMAddresses, u.LegalAgeGroup = from.AssignedLicenses, from.AssignedPlans, from.IMAddresses, from.LegalAgeGroup
	u.ProxyAddresses = slices.Clone(from.ProxyAddresses)
	object.Fill(u)
}

// identify puts the user principal name last among the identities, where the
// service keeps it whatever a body says.
func (u *User) identify(home *tenant.Tenant) {
	u.Identities = slices.DeleteFunc(u.Identities, func(i Identity) bool { return i.SignInType == signsInByName })
	upn := u.UserPrincipalName
	u.Identities = append(u.Identities, Identity{SignInType: signsInByName, Issuer: home.InitialDomain(), IssuerAssignedID: &upn})
}

// primaryAddress puts mail first among the proxy addresses, as the primary one.
// The one before it becomes a further address, or goes if there is no mail.
func primaryAddress(addresses []string, mail string) []string {
	list := []string{}
	if mail != "" {
		list = append(list, "SMTP:"+mail)
	}
	for _, a := range addresses {
		rest := bareAddress(a)
		if !strings.EqualFold(rest, mail) && (mail != "" || !strings.HasPrefix(a, "SMTP:")) {
			list = append(list, "smtp:"+rest)
		}
	}
	return list
}

// bareAddress returns a proxy address without the kind before it.
func bareAddress(a string) string { return strings.TrimPrefix(strings.TrimPrefix(a, "SMTP:"), "smtp:") }

// all returns the attributes with null for those that are not set, or nil when
// none is.
func (a OnPremisesExtensionAttrs) all() OnPremisesExtensionAttrs {
	set := false
	for _, v := range a {
		set = set || v != nil
	}
	if !set {
		return nil
	}
	full := make(OnPremisesExtensionAttrs, len(extensionAttributes))
	for name, v := range a {
		full[name] = v
	}
	for _, name := range extensionAttributes {
		full[name] = a[name]
	}
	return full
}

// Enabled reports whether the account may sign in.
func (u *User) Enabled() bool { return u.AccountEnabled != nil && *u.AccountEnabled }

func required(property string) error {
	return fault.InvalidAt(property, "A value is required for property '%s' of resource 'User'.", property)
}

func invalid(property string) error {
	return fault.InvalidAt(property, "Invalid value specified for property '%s' of resource 'User'.", property)
}

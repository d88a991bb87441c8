// Package directory keeps the people of a tenant: members, and guests whose
// home is elsewhere.
//
// A user is found by identifier or user principal name, which ignores case and
// is unique in the tenant. What Microsoft Graph shows of a user by default is
// kept rendered (face) beside the columns that are filtered, sorted or decided
// by; everything else is in rest.
//
// Passwords are kept as argon2id (RFC 9106). Checking one costs the same
// whether or not the account exists, and memory for it is handed out by a
// semaphore, so that a storm of guesses slows the guesser and not the server.
package directory

import (
	"encoding/json"
	"regexp"
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
	AccountEnabled          *bool                     `json:"accountEnabled"`
	AgeGroup                *string                   `json:"ageGroup"`
	AssignedLicenses        []json.RawMessage         `json:"assignedLicenses"`
	AssignedPlans           []json.RawMessage         `json:"assignedPlans"`
	City                    *string                   `json:"city"`
	CompanyName             *string                   `json:"companyName"`
	ConsentForMinor         *string                   `json:"consentProvidedForMinor"`
	Country                 *string                   `json:"country"`
	CreatedDateTime         *time.Time                `json:"createdDateTime"`
	CreationType            *string                   `json:"creationType"`
	DeletedDateTime         *time.Time                `json:"deletedDateTime"`
	Department              *string                   `json:"department"`
	EmployeeHireDate        *time.Time                `json:"employeeHireDate"`
	EmployeeID              *string                   `json:"employeeId"`
	EmployeeLeaveDateTime   *time.Time                `json:"employeeLeaveDateTime"`
	EmployeeOrgData         *EmployeeOrgData          `json:"employeeOrgData"`
	EmployeeType            *string                   `json:"employeeType"`
	ExternalUserState       *string                   `json:"externalUserState"`
	ExternalUserStateChange *time.Time                `json:"externalUserStateChangeDateTime"`
	FaxNumber               *string                   `json:"faxNumber"`
	Identities              []Identity                `json:"identities"`
	IMAddresses             []string                  `json:"imAddresses"`
	LastPasswordChange      *time.Time                `json:"lastPasswordChangeDateTime"`
	LegalAgeGroup           *string                   `json:"legalAgeGroupClassification"`
	MailNickname            *string                   `json:"mailNickname"`
	OnPremisesAttributes    *OnPremisesExtensionAttrs `json:"onPremisesExtensionAttributes"`
	OnPremisesImmutableID   *string                   `json:"onPremisesImmutableId"`
	OtherMails              []string                  `json:"otherMails"`
	PasswordPolicies        *string                   `json:"passwordPolicies"`
	PostalCode              *string                   `json:"postalCode"`
	ProxyAddresses          []string                  `json:"proxyAddresses"`
	ShowInAddressList       *bool                     `json:"showInAddressList"`
	SignInSessionsValidFrom *time.Time                `json:"signInSessionsValidFromDateTime"`
	State                   *string                   `json:"state"`
	StreetAddress           *string                   `json:"streetAddress"`
	UsageLocation           *string                   `json:"usageLocation"`
	UserType                *string                   `json:"userType"`
}

// An Identity is a name under which a user signs in.
type Identity struct {
	SignInType       string  `json:"signInType"`
	Issuer           string  `json:"issuer"`
	IssuerAssignedID *string `json:"issuerAssignedId"`
}

// EmployeeOrgData says where an employee belongs.
type EmployeeOrgData struct {
	CostCenter *string `json:"costCenter"`
	Division   *string `json:"division"`
}

// OnPremisesExtensionAttrs are fifteen free attributes.
type OnPremisesExtensionAttrs map[string]*string

// A PasswordProfile sets a password.
type PasswordProfile struct {
	ForceChange        *bool  `json:"forceChangePasswordNextSignIn"`
	ForceChangeWithMFA *bool  `json:"forceChangePasswordNextSignInWithMfa"`
	Password           string `json:"password"`
}

// Why a user is refused.
const (
	DomainNotVerified fault.Reason = "directory.domain_not_verified"
	WeakPassword      fault.Reason = "directory.weak_password"
)

// limits are the greatest lengths of text properties, in bytes.
var limits = map[string]int{
	"displayName": 256, "givenName": 64, "surname": 64, "jobTitle": 128, "department": 64, "companyName": 64, "city": 128,
	"country": 128, "state": 128, "streetAddress": 1024, "postalCode": 40, "mobilePhone": 64, "mailNickname": 64, "employeeId": 16,
	"officeLocation": 128, "preferredLanguage": 64, "usageLocation": 2, "mail": 256, "employeeType": 256, "faxNumber": 64,
}

// NewUser returns the user that a Graph body describes.
func NewUser(home *tenant.Tenant, body []byte, now time.Time) (*User, error) {
	member, yes := Member, true
	now = now.Truncate(time.Second) // Graph shows seconds
	start := &User{Face: Face{ID: ids.New[ids.ObjectID]()}, Rest: Rest{UserType: &member, CreatedDateTime: &now}}
	u, err := start.with(body, home)
	if err != nil {
		return nil, err
	}
	switch {
	case u.AccountEnabled == nil:
		return nil, required("accountEnabled")
	case u.DisplayName == "":
		return nil, required("displayName")
	case u.MailNickname == nil || *u.MailNickname == "":
		return nil, required("mailNickname")
	case u.UserPrincipalName == "":
		return nil, required("userPrincipalName")
	case u.PasswordProfile == nil || u.PasswordProfile.Password == "":
		return nil, required("passwordProfile")
	}
	if u.PasswordProfile.ForceChange == nil {
		u.PasswordProfile.ForceChange = &yes
	}
	u.Tenant, u.CreatedAt, u.version = home.ID, now, 1
	if len(u.Identities) == 0 {
		upn := u.UserPrincipalName
		u.Identities = []Identity{{SignInType: "userPrincipalName", Issuer: home.InitialDomain(), IssuerAssignedID: &upn}}
	}
	return u, nil
}

// Apply returns the user as a Graph body changes it.
func (u *User) Apply(home *tenant.Tenant, body []byte) (*User, error) {
	v, err := u.with(body, home)
	if err != nil {
		return nil, err
	}
	if v.DisplayName == "" {
		return nil, required("displayName")
	}
	return v, nil
}

func (u *User) with(body []byte, home *tenant.Tenant) (*User, error) {
	v := &User{}
	if err := object.Merge(u, body, v); err != nil {
		return nil, err
	}
	// What only the service sets keeps its value.
	v.Tenant, v.CreatedAt, v.Home, v.SessionsFrom, v.version = u.Tenant, u.CreatedAt, u.Home, u.SessionsFrom, u.version
	v.ID, v.CreatedDateTime, v.CreationType, v.DeletedDateTime = u.ID, u.CreatedDateTime, u.CreationType, u.DeletedDateTime
	v.LastPasswordChange, v.SignInSessionsValidFrom = u.LastPasswordChange, u.SignInSessionsValidFrom
	v.ExternalUserStateChange = u.ExternalUserStateChange
	v.DisplayName = strings.TrimSpace(v.DisplayName)
	if v.Mail != nil && (u.Mail == nil || *u.Mail != *v.Mail) {
		v.ProxyAddresses = primaryAddress(v.ProxyAddresses, *v.Mail)
	}
	return v, v.check(u, home)
}

// primaryAddress puts mail first among the proxy addresses, as the primary one.
func primaryAddress(addresses []string, mail string) []string {
	list := []string{"SMTP:" + mail}
	for _, a := range addresses {
		rest := bareAddress(a)
		if !strings.EqualFold(rest, mail) {
			list = append(list, "smtp:"+rest)
		}
	}
	return list
}

// bareAddress returns a proxy address without the kind before it.
func bareAddress(a string) string { return strings.TrimPrefix(strings.TrimPrefix(a, "SMTP:"), "smtp:") }

// The local part of a user principal name; guests' names carry #EXT#.
var localForm = regexp.MustCompile(`^[A-Za-z0-9'._!#^~-]{1,64}$`)

func (u *User) check(before *User, home *tenant.Tenant) error {
	if err := u.checkLengths(); err != nil {
		return err
	}
	switch {
	case len(u.BusinessPhones) > 1:
		return invalid("businessPhones")
	case len(u.OtherMails) > 250, len(u.Identities) > 20:
		return invalid("otherMails")
	case u.UserType != nil && *u.UserType != Member && *u.UserType != Guest:
		return invalid("userType")
	case u.MailNickname != nil && strings.ContainsAny(*u.MailNickname, `@()\[]";:<>, `):
		return invalid("mailNickname")
	case u.UserPrincipalName == before.UserPrincipalName:
		return nil
	}
	local, domain, ok := strings.Cut(u.UserPrincipalName, "@")
	if !ok || !localForm.MatchString(local) || len(u.UserPrincipalName) > 113 || strings.HasPrefix(local, ".") || strings.HasSuffix(local, ".") {
		return invalid("userPrincipalName")
	}
	if !home.Owns(domain) {
		f := fault.Because(fault.Invalid, DomainNotVerified,
			"The domain portion of the userPrincipalName property is invalid. You must use one of the verified domain names in your organization.")
		f.Target = "userPrincipalName"
		return f
	}
	return nil
}

func (u *User) checkLengths() error {
	for name, p := range map[string]*string{
		"displayName": &u.DisplayName, "givenName": u.GivenName, "surname": u.Surname, "jobTitle": u.JobTitle, "department": u.Department,
		"companyName": u.CompanyName, "city": u.City, "country": u.Country, "state": u.State, "streetAddress": u.StreetAddress,
		"postalCode": u.PostalCode, "mobilePhone": u.MobilePhone, "mailNickname": u.MailNickname, "employeeId": u.EmployeeID,
		"officeLocation": u.OfficeLocation, "preferredLanguage": u.PreferredLanguage, "usageLocation": u.UsageLocation, "mail": u.Mail,
		"employeeType": u.EmployeeType, "faxNumber": u.FaxNumber,
	} {
		if p != nil && len(*p) > limits[name] {
			return invalid(name)
		}
	}
	return nil
}

// Enabled reports whether the account may sign in.
func (u *User) Enabled() bool { return u.AccountEnabled != nil && *u.AccountEnabled }

func required(property string) error {
	return fault.InvalidAt(property, "A value is required for property '%s' of resource 'User'.", property)
}

func invalid(property string) error {
	return fault.InvalidAt(property, "Invalid value specified for property '%s' of resource 'User'.", property)
}

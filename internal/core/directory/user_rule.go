package directory

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"entente/internal/core/tenant"
	"entente/internal/kit/fault"
)

// Why a user is refused.
const (
	DomainNotVerified fault.Reason = "directory.domain_not_verified"
	WeakPassword      fault.Reason = "directory.weak_password"
	TooManyValues     fault.Reason = "directory.too_many_values"
)

// A named text is a property that holds one.
type namedText struct {
	name string
	text *string
	most int // characters
}

// texts returns the text properties of a user with their limits.
func (u *User) texts() []namedText {
	list := []namedText{
		{"displayName", &u.DisplayName, 256}, {"givenName", u.GivenName, 64}, {"surname", u.Surname, 64}, {"jobTitle", u.JobTitle, 128},
		{"department", u.Department, 64}, {"companyName", u.CompanyName, 64}, {"city", u.City, 128}, {"country", u.Country, 128},
		{"state", u.State, 128}, {"streetAddress", u.StreetAddress, 1024}, {"postalCode", u.PostalCode, 40}, {"mobilePhone", u.MobilePhone, 64},
		{"mailNickname", u.MailNickname, 64}, {"employeeId", u.EmployeeID, 16}, {"officeLocation", u.OfficeLocation, 128},
		{"preferredLanguage", u.PreferredLanguage, 64}, {"usageLocation", u.UsageLocation, 2}, {"mail", u.Mail, maxMail},
		{"employeeType", u.EmployeeType, 256}, {"faxNumber", u.FaxNumber, 64}, {"onPremisesImmutableId", u.OnPremisesImmutableID, 256},
		{"preferredDataLocation", u.PreferredDataLocation, 16}, {"ageGroup", u.AgeGroup, 16}, {"consentProvidedForMinor", u.ConsentForMinor, 16},
		{"passwordPolicies", u.PasswordPolicies, 64},
	}
	if d := u.EmployeeOrgData; d != nil {
		list = append(list, namedText{"employeeOrgData", d.CostCenter, 64}, namedText{"employeeOrgData", d.Division, 64})
	}
	for _, name := range extensionAttributes {
		list = append(list, namedText{"onPremisesExtensionAttributes", u.OnPremisesAttributes[name], 1024})
	}
	return list
}

// checkLengths refuses a text that is too long, and one that is empty: whoever
// wants nothing to be there writes null.
func (u *User) checkLengths() error {
	for _, t := range u.texts() {
		if t.text != nil && (*t.text == "" || utf8.RuneCountInString(*t.text) > t.most) {
			return invalid(t.name)
		}
	}
	return nil
}

// extensionAttributes are the names of the free attributes.
var extensionAttributes = []string{
	"extensionAttribute1", "extensionAttribute2", "extensionAttribute3", "extensionAttribute4", "extensionAttribute5",
	"extensionAttribute6", "extensionAttribute7", "extensionAttribute8", "extensionAttribute9", "extensionAttribute10",
	"extensionAttribute11", "extensionAttribute12", "extensionAttribute13", "extensionAttribute14", "extensionAttribute15",
}

// choices are the properties that take some values only.
func (u *User) choices() []struct {
	name  string
	value *string
	of    []string
} {
	return []struct {
		name  string
		value *string
		of    []string
	}{
		{"userType", u.UserType, []string{Member, Guest}},
		{"ageGroup", u.AgeGroup, []string{"Minor", "NotAdult", "Adult"}},
		{"consentProvidedForMinor", u.ConsentForMinor, []string{"Granted", "Denied", "NotRequired"}},
	}
}

// The form of some texts. The local part of a user principal name carries
// #EXT# when it is a guest's.
var (
	localForm    = regexp.MustCompile(`^[A-Za-z0-9'._!#^~-]{1,64}$`)
	nicknameForm = regexp.MustCompile(`^[!#-'*+./0-9=?A-Z^-~-]+$`) // ASCII but @()\[]";:<>, and blanks
	languageForm = regexp.MustCompile(`^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$`)
	locationForm = regexp.MustCompile(`^[A-Za-z]{2}$`)
)

// The greatest numbers of values.
const (
	maxPhones       = 1
	maxOtherMails   = 250
	maxOtherMail    = 250 // characters of each
	maxProxies      = 100
	maxIdentities   = 20
	maxCertificates = 10
)

func (u *User) check(before *User, home *tenant.Tenant) error {
	switch {
	case u.AccountEnabled == nil:
		return required("accountEnabled")
	case u.DisplayName == "":
		return required("displayName")
	case u.MailNickname == nil:
		return required("mailNickname")
	case u.UserPrincipalName == "":
		return required("userPrincipalName")
	}
	if err := u.checkLengths(); err != nil {
		return err
	}
	for _, c := range u.choices() {
		if c.value != nil && !slices.Contains(c.of, *c.value) {
			return invalid(c.name)
		}
	}
	fits := func(form *regexp.Regexp, s *string) bool { return s == nil || form.MatchString(*s) }
	switch {
	case !fits(nicknameForm, u.MailNickname):
		return invalid("mailNickname")
	case !fits(languageForm, u.PreferredLanguage):
		return invalid("preferredLanguage")
	case !fits(locationForm, u.UsageLocation):
		return invalid("usageLocation")
	case u.Mail != nil && *u.Mail != text(before.Mail) && !isAddress(*u.Mail):
		return invalid("mail")
	}
	for _, check := range []func() error{u.checkLists, u.checkPolicies, func() error { return u.checkIdentities(home) }} {
		if err := check(); err != nil {
			return err
		}
	}
	return u.checkName(before, home)
}

func (u *User) checkLists() error {
	tooLong := func(most int) func(string) bool {
		return func(s string) bool { return s == "" || utf8.RuneCountInString(s) > most }
	}
	switch {
	case len(u.BusinessPhones) > maxPhones || slices.ContainsFunc(u.BusinessPhones, tooLong(64)):
		return invalid("businessPhones")
	case slices.ContainsFunc(u.OtherMails, tooLong(maxOtherMail)) || slices.ContainsFunc(u.OtherMails, func(s string) bool { return !strings.Contains(s, "@") }):
		return invalid("otherMails")
	case len(u.OtherMails) > maxOtherMails, len(u.ProxyAddresses) > maxProxies:
		return fault.Because(fault.Invalid, TooManyValues,
			"The size of the object has exceeded its limit. Please reduce the number of values and retry your request.")
	}
	if a := u.AuthorizationInfo; a != nil && (len(a.CertificateUserIDs) > maxCertificates || slices.ContainsFunc(a.CertificateUserIDs, tooLong(1024))) {
		return invalid("authorizationInfo")
	}
	for name := range u.OnPremisesAttributes {
		if !slices.Contains(extensionAttributes, name) {
			return invalid("onPremisesExtensionAttributes")
		}
	}
	return nil
}

// checkPolicies takes the two policies there are, one or both, or None.
func (u *User) checkPolicies() error {
	if u.PasswordPolicies == nil {
		return nil
	}
	for word := range strings.SplitSeq(*u.PasswordPolicies, ",") {
		if !slices.Contains([]string{"DisableStrongPassword", "DisablePasswordExpiration", "None"}, strings.TrimSpace(word)) {
			return invalid("passwordPolicies")
		}
	}
	return nil
}

// checkIdentities refuses an identity without an issuer, one of this tenant
// without a name, and one of a domain that the tenant does not own.
// https://learn.microsoft.com/graph/api/resources/objectidentity?view=graph-rest-1.0
func (u *User) checkIdentities(home *tenant.Tenant) error {
	if len(u.Identities) > maxIdentities {
		return invalid("identities")
	}
	for _, i := range u.Identities {
		name := text(i.IssuerAssignedID)
		switch {
		case i.SignInType == signsInByName:
			continue
		case i.SignInType == "" || len(i.SignInType) > 64 || i.Issuer == "" || utf8.RuneCountInString(i.Issuer) > 512 || utf8.RuneCountInString(name) > 64,
			i.SignInType != "federated" && (name == "" || !home.Owns(i.Issuer)),
			i.SignInType == "federated" && home.Owns(i.Issuer):
			return invalid("identities")
		}
	}
	return nil
}

func (u *User) checkName(before *User, home *tenant.Tenant) error {
	if u.UserPrincipalName == before.UserPrincipalName {
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

package directory

import (
	"regexp"
	"strings"
	"time"

	"entente/internal/kit/ids"
	"entente/internal/kit/rule"
)

// A MembershipRule says by their attributes which users belong to something: the
// rule language of dynamic groups, which names some properties otherwise than
// Graph does.
// https://learn.microsoft.com/entra/identity/users/groups-dynamic-membership#supported-properties
type MembershipRule struct {
	of        *rule.Rule
	reportsTo ids.ObjectID // of "Direct Reports for", which stands alone
}

// directReports is the one rule that is no expression.
var directReports = regexp.MustCompile(`(?i)^\s*direct\s+reports\s+for\s+["']\{?([0-9a-f-]{36})\}?["']\s*$`)

// ParseMembershipRule reads a rule about users. A fault is a *rule.Error, which
// says where the mistake is.
func ParseMembershipRule(text string) (*MembershipRule, error) {
	if m := directReports.FindStringSubmatch(text); m != nil && ids.Valid(m[1]) {
		return &MembershipRule{reportsTo: ids.ObjectID(strings.ToLower(m[1]))}, nil
	}
	r, err := rule.Parse(text, userRules)
	if err != nil {
		return nil, err
	}
	return &MembershipRule{of: r}, nil
}

// Has reports whether the rule holds for a user.
func (m *MembershipRule) Has(u *User) bool {
	if m.reportsTo != "" {
		return u.Manager == m.reportsTo
	}
	return m.of.Match(func(property string) any { return ruled[property].of(u) })
}

// A ruledProperty is one that rules may name.
type ruledProperty struct {
	as rule.Type
	of func(u *User) any
}

// ruled are the properties that rules may name. What a directory on premises
// would set has no value here.
var ruled = ruledProperties()

// userRules is what rules about users speak of.
var userRules = ruleSchema()

func ruleSchema() rule.Schema {
	s := rule.Schema{Object: "user", Properties: make(map[string]rule.Type)}
	for name, p := range ruled {
		s.Properties[name] = p.as
	}
	return s
}

func ruledProperties() map[string]ruledProperty {
	all := map[string]ruledProperty{
		"accountEnabled":   {rule.Bool, func(u *User) any { return u.Enabled() }},
		"dirSyncEnabled":   {rule.Bool, func(*User) any { return nil }},
		"employeeHireDate": {rule.Time, func(u *User) any { return timeOrNil(u.EmployeeHireDate) }},
		"otherMails":       {rule.Texts, func(u *User) any { return u.OtherMails }},
		"proxyAddresses":   {rule.Texts, func(u *User) any { return u.ProxyAddresses }},
		"userType": {rule.Text, func(u *User) any {
			if u.UserType == nil {
				return Member
			}
			return *u.UserType
		}},
	}
	for name, of := range map[string]func(u *User) *string{
		"city": func(u *User) *string { return u.City }, "country": func(u *User) *string { return u.Country },
		"companyName": func(u *User) *string { return u.CompanyName }, "department": func(u *User) *string { return u.Department },
		"displayName": func(u *User) *string { return &u.DisplayName }, "employeeId": func(u *User) *string { return u.EmployeeID },
		"facsimileTelephoneNumber": func(u *User) *string { return u.FaxNumber }, "givenName": func(u *User) *string { return u.GivenName },
		"jobTitle": func(u *User) *string { return u.JobTitle }, "mail": func(u *User) *string { return u.Mail },
		"mailNickName": func(u *User) *string { return u.MailNickname }, "mobile": func(u *User) *string { return u.MobilePhone },
		"objectId": func(u *User) *string { return (*string)(&u.ID) }, "passwordPolicies": func(u *User) *string { return u.PasswordPolicies },
		"physicalDeliveryOfficeName": func(u *User) *string { return u.OfficeLocation }, "postalCode": func(u *User) *string { return u.PostalCode },
		"preferredLanguage": func(u *User) *string { return u.PreferredLanguage }, "state": func(u *User) *string { return u.State },
		"streetAddress": func(u *User) *string { return u.StreetAddress }, "surname": func(u *User) *string { return u.Surname },
		"usageLocation": func(u *User) *string { return u.UsageLocation }, "userPrincipalName": func(u *User) *string { return &u.UserPrincipalName },
		"telephoneNumber": func(u *User) *string {
			if len(u.BusinessPhones) == 0 {
				return nil
			}
			return &u.BusinessPhones[0]
		},
		"sipProxyAddress": func(u *User) *string {
			for _, a := range u.ProxyAddresses {
				if name, ok := strings.CutPrefix(strings.ToLower(a), "sip:"); ok {
					return &name
				}
			}
			return nil
		},
		"onPremisesDistinguishedName": none, "onPremisesSecurityIdentifier": none,
	} {
		all[name] = ruledProperty{rule.Text, func(u *User) any { return text(of(u)) }}
	}
	for _, name := range extensionAttributes {
		all[name] = ruledProperty{rule.Text, func(u *User) any { return text(u.OnPremisesAttributes[name]) }}
	}
	return all
}

func none(*User) *string { return nil }

func timeOrNil(t *time.Time) any {
	if t == nil {
		return nil
	}
	return *t
}

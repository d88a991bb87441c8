package tenant

import (
	"encoding/json"
	"net/mail"
	"net/url"
	"slices"
	"strings"

	"entente/internal/kit/fault"
)

// Contacts are whom a tenant wants others to turn to. The JSON names are
// Graph's.
// https://learn.microsoft.com/graph/api/resources/organization?view=graph-rest-1.0
type Contacts struct {
	Marketing      []string        `json:"marketingNotificationEmails"`
	SecurityMails  []string        `json:"securityComplianceNotificationMails"`
	SecurityPhones []string        `json:"securityComplianceNotificationPhones"`
	Technical      []string        `json:"technicalNotificationMails"`
	Privacy        *PrivacyProfile `json:"privacyProfile"`
}

// A PrivacyProfile says where the tenant's statement on privacy stands.
type PrivacyProfile struct {
	ContactEmail *string `json:"contactEmail"`
	StatementURL *string `json:"statementUrl"`
}

// A profile is everything that a tenant says about itself.
type profile struct {
	DisplayName *string `json:"displayName"`
	Contacts
}

// profile returns a copy that shares nothing with t.
func (t *Tenant) profile() profile {
	name, p := t.DisplayName, profile{Contacts: t.Contacts}
	p.DisplayName = &name
	for _, list := range []*[]string{&p.Marketing, &p.SecurityMails, &p.SecurityPhones, &p.Technical} {
		*list = slices.Clone(*list) // a decoder would write into what is stored
	}
	if t.Contacts.Privacy != nil {
		privacy := *t.Contacts.Privacy
		p.Privacy = &privacy
	}
	return p
}

// limits of what a tenant says about itself.
const (
	maxContacts = 100
	maxAddress  = 254 // of a mail address, in bytes (RFC 5321, section 4.5.3.1.3)
	maxPhone    = 64
	maxURL      = 255
)

// Describe applies a Graph body: what it does not name stays, null empties.
func (t *Tenant) Describe(body []byte) error {
	p := t.profile()
	if err := json.Unmarshal(body, &p); err != nil {
		return fault.New(fault.Invalid, "The request body is not a JSON object.").Wrap(err)
	}
	if p.DisplayName == nil {
		return fault.InvalidAt("displayName", "A value is required for property 'displayName' of resource 'Organization'.")
	}
	name := strings.TrimSpace(*p.DisplayName)
	if name == "" || len(name) > maxName {
		return fault.InvalidAt("displayName", "A tenant's name has 1 to %d bytes.", maxName)
	}
	if err := p.check(); err != nil {
		return err
	}
	t.DisplayName, t.Contacts = name, p.Contacts
	return nil
}

func (c Contacts) check() error {
	for _, l := range []struct {
		property string
		list     []string
		ok       func(string) bool
	}{
		{"marketingNotificationEmails", c.Marketing, isAddress},
		{"securityComplianceNotificationMails", c.SecurityMails, isAddress},
		{"securityComplianceNotificationPhones", c.SecurityPhones, isPhone},
		{"technicalNotificationMails", c.Technical, isAddress},
	} {
		if len(l.list) > maxContacts || slices.ContainsFunc(l.list, func(s string) bool { return !l.ok(s) }) {
			return badContact(l.property)
		}
	}
	if p := c.Privacy; p != nil {
		empty := func(s *string) bool { return s == nil || *s == "" }
		if !empty(p.ContactEmail) && !isAddress(*p.ContactEmail) || !empty(p.StatementURL) && !isPage(*p.StatementURL) {
			return badContact("privacyProfile")
		}
	}
	return nil
}

func badContact(property string) error {
	return fault.InvalidAt(property, "Invalid value specified for property '%s' of resource 'Organization'.", property)
}

// isAddress reports whether s is a bare mail address.
func isAddress(s string) bool {
	a, err := mail.ParseAddress(s)
	return err == nil && len(s) <= maxAddress && a.Address == s && a.Name == ""
}

func isPhone(s string) bool {
	return s != "" && len(s) <= maxPhone && strings.Trim(s, "0123456789+-()./ x") == ""
}

// isPage reports whether s is the address of a page in the web.
func isPage(s string) bool {
	u, err := url.Parse(s)
	return err == nil && len(s) <= maxURL && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.User == nil
}

package directory

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"entente/internal/core/object"
	"entente/internal/core/tenant"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
)

// How far a guest has come. Members have no such state.
const (
	PendingAcceptance = "PendingAcceptance"
	Accepted          = "Accepted"
)

// Invitation is the creation type of whoever was invited.
const Invitation = "Invitation"

// Issuers of the identity that a guest brings along.
const (
	issuerMail  = "mail"            // nobody knows yet where they sign in
	issuerEntra = "ExternalAzureAD" // another tenant
)

// An Invitee is whom an invitation brings into a tenant.
type Invitee struct {
	Mail        string
	DisplayName string         // empty: the local part of Mail
	UserType    string         // Guest where it is empty, or Member
	InvitedBy   ids.ObjectID   // empty for the installation itself
	Sponsors    []ids.ObjectID // users and groups of the tenant
}

// maxMail bounds an address, in bytes.
const maxMail = 256

// An address has one @, something before it and a domain behind it.
var addressForm = regexp.MustCompile(`^[^@\s:;,<>"()\[\]\\]{1,64}@[^@\s:;,<>"()\[\]\\]{1,255}$`)

// isAddress reports whether s can be a mail address.
func isAddress(s string) bool {
	_, domain, _ := strings.Cut(s, "@")
	if _, err := tenant.ParseDomain(domain); err != nil {
		return false
	}
	return len(s) <= maxMail && addressForm.MatchString(s)
}

// NewGuest returns the user that stands for an invitee. It has no password and
// has not accepted.
// https://learn.microsoft.com/entra/external-id/user-properties
func NewGuest(home *tenant.Tenant, in Invitee, now time.Time) (*User, error) {
	mail := strings.TrimSpace(in.Mail)
	if !isAddress(mail) {
		return nil, fault.InvalidAt("invitedUserEmailAddress", "Invalid value specified for property 'invitedUserEmailAddress' of resource 'Invitation'.")
	}
	now = now.Truncate(time.Second) // Graph shows seconds
	id := ids.New[ids.ObjectID]()
	local, _, _ := strings.Cut(mail, "@")
	display, kind, yes, created := strings.TrimSpace(in.DisplayName), in.UserType, true, Invitation
	if display == "" {
		display = local
	}
	if kind == "" {
		kind = Guest
	}
	if kind != Guest && kind != Member {
		return nil, invalid("userType")
	}
	nick := guestNick(mail, "")
	u := &User{
		Tenant: home.ID, CreatedAt: now, version: 1,
		Face: Face{ID: id, DisplayName: display, Mail: &mail, UserPrincipalName: nick + "@" + home.InitialDomain(), BusinessPhones: []string{}},
		Rest: Rest{
			AccountEnabled: &yes, UserType: &kind, CreationType: &created, CreatedDateTime: &now, MailNickname: &nick,
			OtherMails: []string{mail}, ProxyAddresses: []string{"SMTP:" + mail}, SecurityIdentifier: securityIdentifier(id),
		},
	}
	u.expect(issuerMail, now)
	object.Fill(u)
	return u, u.checkLengths()
}

// The characters of an address that a user principal name does not take.
var notInNames = regexp.MustCompile(`[^A-Za-z0-9'._!#^~-]`)

// guestNick returns the name of a guest before the @ of the user principal
// name, and the nickname: the address with _ for @. A distinct text makes it
// another one, and a long address is cut.
func guestNick(mail, distinct string) string {
	const most, mark = 64, "#EXT#"
	name := strings.TrimLeft(notInNames.ReplaceAllString(mail, "_"), ".")
	if room := most - len(mark) - len(distinct); len(name) > room {
		name = name[:room]
	}
	return name + distinct + mark
}

// rename gives a guest a name that ends in a part of the identifier, because
// the plain one is another's.
func (u *User) rename(home *tenant.Tenant) {
	nick := guestNick(*u.Mail, "_"+string(u.ID)[:8])
	u.MailNickname, u.UserPrincipalName = &nick, nick+"@"+home.InitialDomain()
	u.Identities = identitiesOf(issuerMail, u)
}

// identitiesOf returns the identities of a guest who signs in with issuer.
func identitiesOf(issuer string, u *User) []Identity {
	_, initial, _ := strings.Cut(u.UserPrincipalName, "@")
	upn := u.UserPrincipalName
	return []Identity{
		{SignInType: "federated", Issuer: issuer},
		{SignInType: signsInByName, Issuer: initial, IssuerAssignedID: &upn},
	}
}

// expect puts a guest before the acceptance.
func (u *User) expect(issuer string, now time.Time) {
	state := PendingAcceptance
	u.ExternalUserState, u.ExternalUserStateChange = &state, &now
	u.Home, u.Identities = ids.Principal{}, identitiesOf(issuer, u)
}

// External reports whether the user was brought in from elsewhere: as opposed
// to whoever is merely called a guest.
func (u *User) External() bool { return text(u.ExternalUserState) != "" }

// HasAccepted reports whether a guest has accepted.
func (u *User) HasAccepted() bool { return text(u.ExternalUserState) == Accepted }

// Addresses returns the addresses by which an account may have been invited
// elsewhere: the one it signs in with, then those of its mail.
func (u *User) Addresses() []string {
	all := []string{u.UserPrincipalName}
	for _, a := range append([]string{text(u.Mail)}, u.ProxyAddresses...) {
		if a = bareAddress(a); a != "" && !slices.ContainsFunc(all, func(s string) bool { return strings.EqualFold(s, a) }) {
			all = append(all, a)
		}
	}
	return all
}

// accept notes that the person home is this guest.
func (u *User) accept(home ids.Principal, now time.Time) error {
	switch {
	case !u.External():
		return fault.New(fault.Conflict, "The user %s was not invited.", u.UserPrincipalName)
	case u.HasAccepted() && u.Home != home:
		return fault.New(fault.Conflict, "The invitation has been accepted by someone else.")
	case home.Kind != ids.Person || home.Home == u.Tenant || home.IsZero():
		return fault.New(fault.Invalid, "A guest is a person of another tenant.")
	case u.HasAccepted():
		return nil
	}
	state := Accepted
	now = now.Truncate(time.Second)
	u.ExternalUserState, u.ExternalUserStateChange = &state, &now
	u.Home, u.Identities = home, identitiesOf(issuerEntra, u)
	return nil
}

// reset takes an acceptance back, to be given anew under mail where that is
// not empty: the addresses of before are another's then. Who was signed in is no more.
func (u *User) reset(mail string, now time.Time) error {
	if !u.External() {
		return fault.New(fault.Invalid, "The user %s was not invited.", u.UserPrincipalName)
	}
	if mail = strings.TrimSpace(mail); mail != "" {
		if !isAddress(mail) {
			return fault.InvalidAt("invitedUserEmailAddress", "Invalid value specified for property 'invitedUserEmailAddress' of resource 'Invitation'.")
		}
		u.Mail, u.OtherMails, u.ProxyAddresses = &mail, []string{mail}, primaryAddress(nil, mail)
	}
	u.expect(issuerMail, now.Truncate(time.Second))
	u.SessionsFrom = now
	return nil
}

package guest

import (
	"net/url"
	"strings"
	"time"

	"entente/internal/core/directory"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/secret"
)

// Why an invitation is refused.
const (
	BadAddress fault.Reason = "guest.bad_address"
	OwnDomain  fault.Reason = "guest.own_domain" // the address is of the inviting tenant
	NotAllowed fault.Reason = "guest.not_allowed"
	NoMail     fault.Reason = "guest.no_mail" // the installation sends no messages
	NotGuest   fault.Reason = "guest.not_a_guest"
)

// How far an invitation has come, in Graph's words.
const (
	Pending   = "PendingAcceptance"
	Completed = "Completed"
)

// lifetime is how long a ticket opens the invitation.
const lifetime = 30 * 24 * time.Hour

// Limits.
const (
	maxRedirect = 2048
	maxMessage  = 5000
	maxSponsors = 5
)

// An Invitation is a wish to have a person in the tenant, as Graph spells it,
// and what became of it.
type Invitation struct {
	ID          string      `json:"id"`
	DisplayName *string     `json:"invitedUserDisplayName"`
	Address     string      `json:"invitedUserEmailAddress"`
	Message     *Message    `json:"invitedUserMessageInfo"`
	Sponsors    []Reference `json:"invitedUserSponsors,omitempty"`
	UserType    *string     `json:"invitedUserType"`
	RedeemURL   string      `json:"inviteRedeemUrl"`
	RedirectURL string      `json:"inviteRedirectUrl"`
	Reset       bool        `json:"resetRedemption"`
	Send        bool        `json:"sendInvitationMessage"`
	Status      string      `json:"status"`
	User        *Reference  `json:"invitedUser"`
}

// A Message is what an invitation by mail says besides.
type Message struct {
	Copies   []Recipient `json:"ccRecipients"`
	Body     *string     `json:"customizedMessageBody"`
	Language *string     `json:"messageLanguage"`
}

// A Recipient is somebody who gets a copy.
type Recipient struct {
	Mail *struct {
		Address *string `json:"address"`
		Name    *string `json:"name"`
	} `json:"emailAddress"`
}

// A Reference is an object of the tenant.
type Reference struct {
	ID ids.ObjectID `json:"id"`
}

// forbidden are the signs that Graph takes in no invited address.
const forbidden = "~!#$%^&*()+=[]{}\\/|;:\"<>? \t\r\n"

// check refuses what no invitation can be, whoever wishes it.
func (v *Invitation) check() error {
	v.Address = strings.TrimSpace(v.Address)
	local, domain, ok := strings.Cut(v.Address, "@")
	odd := func(s string) bool { return s != strings.Trim(s, "-_") }
	switch u, err := url.Parse(v.RedirectURL); {
	case !ok || strings.ContainsAny(v.Address, forbidden) || odd(local) || odd(domain) || strings.Contains(domain, "@"):
		f := fault.Because(fault.Invalid, BadAddress, "Invalid value specified for property 'invitedUserEmailAddress' of resource 'Invitation'.")
		f.Target = "invitedUserEmailAddress"
		return f
	case err != nil, u.Scheme != "https" && u.Scheme != "http", u.Host == "", u.User != nil, len(v.RedirectURL) > maxRedirect:
		return fault.InvalidAt("inviteRedirectUrl", "Invalid value specified for property 'inviteRedirectUrl' of resource 'Invitation'.")
	case v.UserType != nil && *v.UserType != directory.Guest && *v.UserType != directory.Member:
		return fault.InvalidAt("invitedUserType", "Invalid value specified for property 'invitedUserType' of resource 'Invitation'.")
	case v.Reset && (v.User == nil || !ids.Valid(string(v.User.ID))):
		return fault.InvalidAt("invitedUser", "The property 'invitedUser' with its id is required when resetRedemption is true.")
	case !v.Reset && v.User != nil:
		return fault.InvalidAt("invitedUser", "The property 'invitedUser' can be given only when resetRedemption is true.")
	}
	if m := v.Message; m != nil {
		if len(m.Copies) > 1 || m.Body != nil && len(*m.Body) > maxMessage || m.Language != nil && len(*m.Language) > 35 {
			return fault.InvalidAt("invitedUserMessageInfo", "Invalid value specified for property 'invitedUserMessageInfo' of resource 'Invitation'.")
		}
	}
	if len(v.Sponsors) > maxSponsors {
		return fault.InvalidAt("invitedUserSponsors", "A user has at most %d sponsors.", maxSponsors)
	}
	if v.Send {
		f := fault.Because(fault.Invalid, NoMail, "No mail is sent from here: leave out sendInvitationMessage, and hand on the inviteRedeemUrl of the answer.")
		f.Target = "sendInvitationMessage"
		return f
	}
	return nil
}

// wantsMember reports whether the invitee is to be no guest.
func (v *Invitation) wantsMember() bool { return v.UserType != nil && *v.UserType == directory.Member }

// domain returns the domain of the address.
func (v *Invitation) domain() string {
	_, domain, _ := strings.Cut(v.Address, "@")
	return domain
}

// A Waiting is an invitation that waits for its guest.
type Waiting struct {
	Tenant    ids.TenantID
	User      ids.ObjectID
	ID        string
	Redirect  string
	ExpiresAt time.Time
}

// digestOf returns what is stored of a ticket. The words around it keep the
// ticket of one guest from opening another's invitation.
func digestOf(tenant ids.TenantID, user ids.ObjectID, ticket secret.String) secret.Digest {
	return secret.DigestOf("invitation", string(tenant), string(user), ticket.Reveal())
}

// redeemURL returns the link of an invitation.
func redeemURL(base string, tenant ids.TenantID, user ids.ObjectID, ticket secret.String) string {
	q := url.Values{"tenant": {string(tenant)}, "user": {string(user)}, "ticket": {ticket.Reveal()}, "ver": {"2.0"}}
	return base + "/redeem?" + q.Encode()
}

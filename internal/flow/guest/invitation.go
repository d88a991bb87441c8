package guest

import (
	"net/url"
	"strings"
	"time"

	"entente/internal/core/directory"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/mail"
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

// Why an invitation is not accepted, besides what packages person and
// crosstenant refuse. None of them says whose it is.
const (
	NoInvitation fault.Reason = "guest.no_invitation" // there never was one, or a newer one took its place
	Expired      fault.Reason = "guest.expired"       // Values: until
	Spent        fault.Reason = "guest.spent"         // it was accepted already
	Withdrawn    fault.Reason = "guest.withdrawn"     // the guest was deleted
	OtherAccount fault.Reason = "guest.other_account" // it is for another account; Values: account, the one that came
	AlreadyHere  fault.Reason = "guest.already_here"  // the account is in the tenant as another user; Values: account, tenant
	Changed      fault.Reason = "guest.changed"       // what the page showed is not what is
)

// How far an invitation has come, in Graph's words.
const (
	Pending   = "PendingAcceptance"
	Completed = "Completed"
)

// lifetime is how long a ticket opens the invitation.
const lifetime = 30 * 24 * time.Hour

// rest is how long an invitation that has ended is kept, to say so to whoever
// opens it.
const rest = 60 * 24 * time.Hour

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
	case !ok || strings.ContainsAny(v.Address, forbidden) || odd(local) || odd(domain) || strings.Contains(domain, "@"),
		v.Send && (mail.Address{Mail: v.Address}).Check() != nil:
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
		if len(m.Copies) > 1 || m.Body != nil && len(*m.Body) > maxMessage || m.Language != nil && len(*m.Language) > 35 || m.oddCopies() {
			return fault.InvalidAt("invitedUserMessageInfo", "Invalid value specified for property 'invitedUserMessageInfo' of resource 'Invitation'.")
		}
	}
	if len(v.Sponsors) > maxSponsors {
		return fault.InvalidAt("invitedUserSponsors", "A user has at most %d sponsors.", maxSponsors)
	}
	return nil
}

// noMail refuses a message where none is sent.
func noMail() error {
	f := fault.Because(fault.Invalid, NoMail, "This installation sends no mail: its operator has not set mail-server. Leave out sendInvitationMessage, and hand on the inviteRedeemUrl of the answer.")
	f.Target = "sendInvitationMessage"
	return f
}

// wantsMember reports whether the invitee is to be no guest.
func (v *Invitation) wantsMember() bool { return v.UserType != nil && *v.UserType == directory.Member }

// domainOf returns the domain of an address.
func domainOf(address string) string {
	_, domain, _ := strings.Cut(address, "@")
	return domain
}

// A Waiting is an invitation that waits for its guest, or has met them.
type Waiting struct {
	Tenant     ids.TenantID
	User       ids.ObjectID
	ID         string
	Redirect   string       // where the guest goes on to
	InviterID  ids.ObjectID // a user of the tenant, or empty
	Inviter    string       // the name of what invited, where it was no user
	CreatedAt  time.Time
	ExpiresAt  time.Time
	AcceptedAt time.Time // when it was used; zero: not yet
}

// open refuses to go on with an invitation that has ended.
func (w *Waiting) open(now time.Time) error {
	switch {
	case !w.AcceptedAt.IsZero():
		return spent()
	case !now.Before(w.ExpiresAt):
		return fault.Because(fault.Forbidden, Expired, "The invitation has ended.").With("until", w.ExpiresAt.UTC().Format(time.RFC3339)).
			WithFix("Ask whoever invited you for a new link.")
	}
	return nil
}

// A Ticket is what a link opens an invitation with. It names one guest of one
// tenant, and its digest is worth nothing for anything else.
type Ticket struct {
	Tenant ids.TenantID  `json:"tenant"`
	User   ids.ObjectID  `json:"user"`
	Digest secret.Digest `json:"ticket"`
}

// ReadTicket reads what a link says.
func ReadTicket(of, user, ticket string) (Ticket, error) {
	tenant, err := ids.Parse[ids.TenantID](of)
	if err != nil {
		return Ticket{}, unknown()
	}
	guest, err := ids.Parse[ids.ObjectID](user)
	if err != nil || ticket == "" || len(ticket) > maxTicket {
		return Ticket{}, unknown()
	}
	return Ticket{tenant, guest, digestOf(tenant, guest, secret.NewString(ticket))}, nil
}

const maxTicket = 128 // bytes; ours have 43

// digestOf returns what is stored of a ticket. The words around it keep the
// ticket of one guest from opening another's invitation, and what was made for
// something else from opening any.
func digestOf(tenant ids.TenantID, user ids.ObjectID, ticket secret.String) secret.Digest {
	return secret.DigestOf("invitation", string(tenant), string(user), ticket.Reveal())
}

// sealedAs says where a sealed ticket belongs.
func sealedAs(w Waiting) []string {
	return []string{"invitation", string(w.Tenant), string(w.User), w.ID}
}

// redeemURL returns the link of an invitation.
func redeemURL(base string, tenant ids.TenantID, user ids.ObjectID, ticket secret.String) string {
	q := url.Values{"tenant": {string(tenant)}, "user": {string(user)}, "ticket": {ticket.Reveal()}, "ver": {"2.0"}}
	return base + "/redeem?" + q.Encode()
}

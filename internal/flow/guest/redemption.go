package guest

import (
	"time"

	"entente/internal/core/authz"
	"entente/internal/core/directory"
	"entente/internal/core/person"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/secret"
)

// A Redemption is an account of one tenant in front of another that awaits it
// as a guest. It is read anew for each page and for each answer.
type Redemption struct {
	person.Visit         // Here is the guest
	Redirect     string  // where the guest goes on to; empty: they come without a link
	Inviter      Inviter // zero where it is not known
	InvitedAt    time.Time
	Until        time.Time // the end of the link; zero without one
	Before       bool      // this account has accepted already
}

// An Inviter is who invited, as the guest is told.
type Inviter struct {
	Name    string
	Program bool
}

// Address returns the address that was invited.
func (r *Redemption) Address() string { return *r.Here.Mail }

// Automatic reports whether nobody is asked: both tenants have said so.
func (r *Redemption) Automatic() bool { return r.Crossing.Automatic }

// Shown returns a digest of what the page says and somebody else could change
// between the page and the answer.
func (r *Redemption) Shown() secret.Digest {
	return secret.DigestOf("redemption", string(r.In.ID), r.In.DisplayName, r.In.DefaultDomain(), string(r.Home.ID), r.Home.DisplayName,
		string(r.Account.ID), string(r.Here.ID), r.Address(), r.Inviter.Name)
}

// caller is the account as the one who answers, at home.
func (r *Redemption) caller(from From) authz.Caller {
	return authz.Caller{
		Tenant: r.Home.ID, Subject: r.Subject(), Object: r.Account.ID, Name: r.Account.UserPrincipalName,
		AppName: "Invitation page", Request: from.Request, IP: from.IP,
	}
}

// A From is where an answer comes from.
type From struct {
	Request string // the request's identifier
	IP      string
}

// named reports whether a user has an address that an invitation could name.
func named(u *directory.User) bool { return u.Mail != nil && *u.Mail != "" }

func spent() error {
	return fault.Because(fault.Forbidden, Spent, "The invitation has been used already.").
		WithFix("Ask whoever invited you for a new link, if it was not you who accepted.")
}

// otherAccount refuses an account that was not invited. Which one was is not
// said: whoever has the link of somebody else learns nothing of them.
func otherAccount(account string) error {
	return fault.Because(fault.Forbidden, OtherAccount, "The invitation is for another account.").With("account", account).
		WithFix("Use the account whose address the invitation was sent to.")
}

func withdrawn() error {
	return fault.Because(fault.NotFound, Withdrawn, "The invitation was withdrawn.").WithFix("Ask whoever invited you for a new one.")
}

func alreadyHere(account, tenant string, other ids.ObjectID) error {
	return fault.Because(fault.Conflict, AlreadyHere, "This person is in the organization already, as another user.").
		With("account", account).With("tenant", tenant).With("user", string(other)).
		WithFix("An administrator of the organization deletes one of the two guests, or invites another address.")
}

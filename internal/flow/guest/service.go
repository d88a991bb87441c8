package guest

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"entente/internal/core/audit"
	"entente/internal/core/authz"
	"entente/internal/core/crosstenant"
	"entente/internal/core/directory"
	"entente/internal/core/tenant"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/secret"
	"entente/internal/kit/sqldb"
)

// A Service invites.
type Service struct {
	db   *sqldb.DB
	ring *secret.Ring
	base string // of the links
	put  PutLetter
}

// A Letter is a message with the link of an invitation, to be sent. It has no
// link: whoever sends it asks Link for it then.
type Letter struct {
	Tenant     ids.TenantID
	User       ids.ObjectID // the guest
	Invitation string       // its identifier
	To         string
	Message    Message
}

// A PutLetter stores, in the caller's transaction, that a letter is to be sent.
type PutLetter func(ctx context.Context, tx *sqldb.Tx, l Letter) error

// NewService returns a service on db, whose links begin with the base URL of
// the login host. The ring seals the tickets in them. Without put no messages
// are sent, and who asks for one is refused.
func NewService(db *sqldb.DB, ring *secret.Ring, base string, put PutLetter) *Service {
	return &Service{db, ring, base, put}
}

// invite is the action by which people invite, with a role or by the tenant's
// authorization policy; create the one by which they make members.
const (
	invite authz.Action = "users/inviteGuest"
	create authz.Action = "users/create"
	change authz.Action = "users/basic/update"
)

// Invite brings whom a Graph body names into the caller's tenant: as a new
// guest, or as the one that is there, under the same identifier. The answer has
// the link with a ticket that nobody can read again.
func (s *Service) Invite(ctx context.Context, who authz.Caller, body []byte, sponsors []ids.ObjectID) (*Invitation, error) {
	v := &Invitation{}
	if err := json.Unmarshal(body, v); err != nil {
		return nil, fault.New(fault.Invalid, "The request body cannot be read.").Wrap(err)
	}
	if err := v.check(); err != nil {
		return nil, err
	}
	if v.Send && s.put == nil {
		return nil, noMail()
	}
	for _, r := range v.Sponsors {
		sponsors = append(sponsors, r.ID)
	}
	v.Sponsors = nil // the answer does not show them
	err := s.db.Update(ctx, func(tx *sqldb.Tx) error {
		if err := may(ctx, tx, who, v); err != nil {
			return err
		}
		home, err := tenant.Get(ctx, tx, who.Tenant)
		if err != nil {
			return err
		}
		other, err := crosses(ctx, tx, home, v)
		if err != nil {
			return err
		}
		u, activity, err := s.person(ctx, tx, who, home, v, sponsors)
		if err != nil {
			return err
		}
		if err := s.ticket(ctx, tx, who, u, v); err != nil {
			return err
		}
		return audit.RecordBoth(ctx, tx, who, other, audit.Entry{
			Category: "UserManagement", Activity: activity,
			Target: audit.Target{Kind: "User", ID: string(u.ID), Name: v.Address},
			Detail: map[string]string{"invitedUserEmailAddress": v.Address, "userType": *u.UserType},
		})
	})
	if err != nil {
		return nil, err
	}
	return v, nil
}

// may refuses a caller whom the tenant does not let invite.
func may(ctx context.Context, tx *sqldb.Tx, who authz.Caller, v *Invitation) error {
	policy, err := tenant.GetAuthorization(ctx, tx, who.Tenant)
	if err != nil {
		return err
	}
	program := who.AppOnly() && !who.ByRole
	switch {
	case policy.InvitesFrom == tenant.InviteNobody, policy.InvitesFrom == tenant.InviteAdmins && program:
		return fault.Because(fault.Forbidden, NotAllowed, "Guest invitations not allowed for your company. Contact your company administrator for more details.").
			WithFix("An administrator allows it in allowInvitesFrom of /policies/authorizationPolicy.")
	}
	if err := authz.Allow(ctx, tx, who, "", invite); err != nil {
		return err
	}
	whole := who.Has("User.ReadWrite.All") || who.Has("Directory.ReadWrite.All")
	if v.wantsMember() {
		if program && !whole {
			return authz.Refuse()
		}
		if err := authz.Allow(ctx, tx, who, "", create); err != nil {
			return err
		}
	}
	if !v.Reset {
		return nil
	}
	if !who.IsSystem() && !who.ByRole && !whole {
		return authz.Refuse()
	}
	return authz.Allow(ctx, tx, who, "", change)
}

// crosses returns the tenant of this installation that owns the domain of the
// address, if there is one, after asking the policies of both sides. An address
// of the inviting tenant itself is refused.
func crosses(ctx context.Context, tx *sqldb.Tx, home *tenant.Tenant, v *Invitation) (ids.TenantID, error) {
	domain, err := tenant.ParseDomain(domainOf(v.Address))
	if err != nil {
		return "", fault.Because(fault.Invalid, BadAddress, "Invalid value specified for property 'invitedUserEmailAddress' of resource 'Invitation'.").Wrap(err)
	}
	if home.Owns(domain) {
		return "", fault.Because(fault.Invalid, OwnDomain, "The invited user's domain '%s' is a verified domain of this directory: its people are no guests here.", domain)
	}
	other, err := tenant.Resolve(ctx, tx, domain)
	if errors.Is(err, fault.NotFound) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	c, err := crosstenant.Cross(ctx, tx, other.ID, home.ID, crosstenant.What{Kind: ids.Person})
	if err == nil {
		err = c.Err("'" + v.Address + "'")
	}
	return other.ID, err
}

// person returns the guest whom the invitation is about, and what was done to
// have one.
func (s *Service) person(ctx context.Context, tx *sqldb.Tx, who authz.Caller, home *tenant.Tenant, v *Invitation, sponsors []ids.ObjectID) (*directory.User, string, error) {
	const invited = "Invite external user"
	if v.Reset {
		u, err := s.reset(ctx, tx, who, v)
		return u, "Invite external user with reset invitation status", err
	}
	u, err := directory.GuestByMail(ctx, tx, who.Tenant, v.Address)
	if !errors.Is(err, fault.NotFound) {
		return u, invited, err
	}
	in := directory.Invitee{Mail: v.Address, InvitedBy: who.Object, Sponsors: sponsors}
	if v.DisplayName != nil {
		in.DisplayName = *v.DisplayName
	}
	if v.UserType != nil {
		in.UserType = *v.UserType
	}
	if len(sponsors) == 0 && who.Subject.Kind == ids.Person && who.Object != "" {
		in.Sponsors = []ids.ObjectID{who.Object} // who invites answers for the guest
	}
	u, err = directory.AddGuest(ctx, tx, home, in)
	return u, invited, err
}

// reset takes back what a guest accepted. Whoever does it decides who the guest
// is from now on, and must reach the guest's own roles.
func (s *Service) reset(ctx context.Context, tx *sqldb.Tx, who authz.Caller, v *Invitation) (*directory.User, error) {
	u, err := directory.GetUser(ctx, tx, who.Tenant, string(v.User.ID))
	if err != nil {
		return nil, err
	}
	if !u.External() {
		return nil, fault.Because(fault.Invalid, NotGuest, "The user %s was not invited: there is no redemption to reset.", u.ID)
	}
	if err := authz.NeedReach(ctx, tx, who, u.ID, authz.Sensitive(), change); err != nil {
		return nil, err
	}
	if err := awaitNobody(ctx, tx, u); err != nil {
		return nil, err
	}
	return u, directory.ResetGuest(ctx, tx, u, v.Address)
}

// ticket makes the link of the invitation, has it sent if that is wished, and
// completes the answer.
func (s *Service) ticket(ctx context.Context, tx *sqldb.Tx, who authz.Caller, u *directory.User, v *Invitation) error {
	ticket := secret.NewString(secret.Random(32))
	v.ID, v.User, v.Status, v.UserType = ids.New[string](), &Reference{u.ID}, Pending, u.UserType
	if u.HasAccepted() {
		v.Status = Completed
	}
	v.RedeemURL = redeemURL(s.base, u.Tenant, u.ID, ticket)
	w := Waiting{Tenant: u.Tenant, User: u.ID, ID: v.ID, Redirect: v.RedirectURL, CreatedAt: tx.Now(), ExpiresAt: tx.Now().Add(lifetime)}
	if who.Subject.Kind == ids.Person {
		w.InviterID = who.Object
	} else {
		w.Inviter = who.Name
	}
	sealed, err := s.ring.Seal([]byte(ticket.Reveal()), sealedAs(w)...)
	if err != nil {
		return err
	}
	if err := putWaiting(ctx, tx, w, digestOf(u.Tenant, u.ID, ticket), sealed); err != nil || !v.Send {
		return err
	}
	l := Letter{Tenant: u.Tenant, User: u.ID, Invitation: v.ID, To: v.Address}
	if v.Message != nil {
		l.Message = *v.Message
	}
	return s.put(ctx, tx, l)
}

// Link returns the link of an invitation, for the message that carries it. The
// fault is NoInvitation where it would open nothing: another invitation of the
// guest took its place, or it was accepted meanwhile.
func (s *Service) Link(ctx context.Context, tx *sqldb.Tx, of ids.TenantID, user ids.ObjectID, invitation string) (secret.String, error) {
	w := Waiting{Tenant: of, User: user, ID: invitation}
	sealed, err := sealedTicket(ctx, tx, w)
	if err != nil {
		return secret.String{}, err
	}
	ticket, err := s.ring.Open(sealed, sealedAs(w)...)
	if err != nil {
		return secret.String{}, err
	}
	return secret.NewString(redeemURL(s.base, of, user, secret.NewString(string(ticket)))), nil
}

// May refuses a caller who may invite no guests into their tenant.
func (s *Service) May(ctx context.Context, who authz.Caller) error {
	return s.db.View(ctx, func(tx *sqldb.Tx) error { return may(ctx, tx, who, &Invitation{}) })
}

// SendsMail reports whether an invitation can be sent by mail from here.
func (s *Service) SendsMail() bool { return s.put != nil }

// A Made is an invitation as the person who made it may see it again.
type Made struct {
	Guest *directory.User
	Link  secret.String // empty once it was accepted
	Until time.Time
	Ended bool
}

// Made returns an invitation to the person who made it, as long as no newer one
// of the same guest took its place. To everybody else there is none.
func (s *Service) Made(ctx context.Context, who authz.Caller, user ids.ObjectID, invitation string) (m Made, err error) {
	err = s.db.View(ctx, func(tx *sqldb.Tx) error {
		w, err := ofGuest(ctx, tx, who.Tenant, user)
		if err != nil {
			return err
		}
		if w.InviterID != who.Object || who.Object == "" || w.ID != invitation {
			return unknown()
		}
		if m.Guest, err = directory.GetUser(ctx, tx, who.Tenant, string(user)); err != nil {
			return err
		}
		m.Until, m.Ended = w.ExpiresAt, !tx.Now().Before(w.ExpiresAt)
		if !w.AcceptedAt.IsZero() {
			return nil
		}
		m.Link, err = s.Link(ctx, tx, who.Tenant, user, invitation)
		return err
	})
	return m, err
}

// Show returns what a ticket shows, and does nothing to the invitation.
func (s *Service) Show(ctx context.Context, t Ticket) (out Shown, err error) {
	err = s.db.View(ctx, func(tx *sqldb.Tx) error { out, err = Check(ctx, tx, t); return err })
	return out, err
}

// Sweep removes up to limit invitations that ended long ago and says how many.
func (s *Service) Sweep(ctx context.Context, limit int) (n int, err error) {
	err = s.db.Update(ctx, func(tx *sqldb.Tx) error { n, err = dropDue(ctx, tx, tx.Now().Add(-rest), limit); return err })
	return n, err
}

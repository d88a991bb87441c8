package guest

import (
	"context"
	"encoding/json"
	"errors"

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
	base string // of the links
}

// NewService returns a service on db, whose links begin with the base URL of
// the login host.
func NewService(db *sqldb.DB, base string) *Service { return &Service{db, base} }

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
		if err := s.ticket(ctx, tx, u, v); err != nil {
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
	domain, err := tenant.ParseDomain(v.domain())
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
	return u, directory.ResetGuest(ctx, tx, u, v.Address)
}

// ticket makes the link of the invitation and completes the answer.
func (s *Service) ticket(ctx context.Context, tx *sqldb.Tx, u *directory.User, v *Invitation) error {
	ticket := secret.NewString(secret.Random(32))
	v.ID, v.User, v.Status, v.UserType = ids.New[string](), &Reference{u.ID}, Pending, u.UserType
	if u.HasAccepted() {
		v.Status = Completed
	}
	v.RedeemURL = redeemURL(s.base, u.Tenant, u.ID, ticket)
	w := Waiting{Tenant: u.Tenant, User: u.ID, ID: v.ID, Redirect: v.RedirectURL, ExpiresAt: tx.Now().Add(lifetime)}
	return putWaiting(ctx, tx, w, digestOf(u.Tenant, u.ID, ticket))
}

// A Shown is what whoever has the ticket may see of an invitation.
type Shown struct {
	Tenant    string // the display name
	Completed bool
	Waiting
}

// Show returns the invitation that a ticket opens. Everything else, a ticket of
// another guest, one that ended, a guest who was deleted, is the same NotFound.
func (s *Service) Show(ctx context.Context, of ids.TenantID, user ids.ObjectID, ticket secret.String) (out Shown, err error) {
	if !ids.Valid(string(of)) || !ids.Valid(string(user)) || ticket.IsZero() {
		return out, unknown()
	}
	err = s.db.View(ctx, func(tx *sqldb.Tx) error {
		if out.Waiting, err = getWaiting(ctx, tx, of, user, digestOf(of, user, ticket)); err != nil {
			return err
		}
		home, err := tenant.Resolve(ctx, tx, string(of))
		if err == nil {
			err = home.Active()
		}
		if err != nil {
			return unknown()
		}
		u, err := directory.GetUser(ctx, tx, of, string(user))
		if errors.Is(err, fault.NotFound) {
			return unknown()
		}
		if err != nil {
			return err
		}
		out.Tenant, out.Completed = home.DisplayName, u.HasAccepted()
		return nil
	})
	return out, err
}

// Sweep removes up to limit invitations that have ended and says how many.
func (s *Service) Sweep(ctx context.Context, limit int) (n int, err error) {
	err = s.db.Update(ctx, func(tx *sqldb.Tx) error { n, err = dropDue(ctx, tx, limit); return err })
	return n, err
}

package guest

import (
	"context"
	"errors"
	"time"

	"entente/internal/core/audit"
	"entente/internal/core/directory"
	"entente/internal/core/person"
	"entente/internal/core/tenant"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// Everything here runs in the transaction of whoever moves a sign-in: what is
// decided on a page is decided by what the store says then.

// opened is an invitation that a ticket opens.
type opened struct {
	*Waiting
	in    *tenant.Tenant
	guest *directory.User
}

// open returns the invitation of a ticket, with its tenant and guest as they
// are now. Whether it has ended is not asked.
func open(ctx context.Context, tx *sqldb.Tx, t Ticket) (o opened, err error) {
	if o.Waiting, err = byTicket(ctx, tx, t); err != nil {
		return o, err
	}
	if o.in, err = tenant.Get(ctx, tx, t.Tenant); err == nil {
		err = o.in.Active()
	}
	if err != nil {
		return o, err
	}
	o.guest, err = directory.GetUser(ctx, tx, t.Tenant, string(t.User))
	if errors.Is(err, fault.NotFound) || err == nil && (!o.guest.External() || !named(o.guest)) {
		err = withdrawn()
	}
	return o, err
}

// A Shown is what whoever has the ticket may see of an invitation, without
// saying who they are.
type Shown struct {
	Tenant   string // the display name
	Accepted bool
	Until    time.Time
}

// Check returns what a ticket shows, and refuses one that nobody can redeem: one that opens nothing, of an
// invitation that has ended or whose guest was deleted. One that was accepted
// passes, for the account that did it.
func Check(ctx context.Context, tx *sqldb.Tx, t Ticket) (Shown, error) {
	o, err := open(ctx, tx, t)
	if err == nil && !o.guest.HasAccepted() {
		err = o.Waiting.open(tx.Now())
	}
	if err != nil {
		return Shown{}, err
	}
	return Shown{o.in.DisplayName, o.guest.HasAccepted(), o.ExpiresAt}, nil
}

// ByLink returns what a link offers to an account that has proved at home who
// it is. The account that accepted it before finds that it has; any other is
// refused, as is one that is here as another user.
func ByLink(ctx context.Context, tx *sqldb.Tx, t Ticket, p person.Proof) (*Redemption, error) {
	o, err := open(ctx, tx, t)
	if err != nil {
		return nil, err
	}
	home, err := person.AtHome(ctx, tx, p)
	if err != nil {
		return nil, err
	}
	if o.guest.HasAccepted() {
		if o.guest.Home != home.Subject() {
			return nil, spent()
		}
	} else {
		if err := invited(ctx, tx, home, o.guest); err != nil {
			return nil, err
		}
		if err := o.Waiting.open(tx.Now()); err != nil {
			return nil, err
		}
	}
	v, err := person.As(ctx, tx, o.in, o.guest, p)
	if err != nil {
		return nil, err
	}
	r := &Redemption{Visit: *v, Before: o.guest.HasAccepted(), Redirect: o.Redirect, Until: o.ExpiresAt}
	return r, r.told(ctx, tx, o.Waiting)
}

// Awaited returns what a tenant offers to an account that comes to it without a
// link and is expected there, or nil if it is not: it is here already, or
// nobody invited it. Apps are those between which it comes.
func Awaited(ctx context.Context, tx *sqldb.Tx, in *tenant.Tenant, p person.Proof, apps ...ids.AppID) (*Redemption, error) {
	if in.ID == p.Home {
		return nil, nil
	}
	home, err := person.AtHome(ctx, tx, p)
	if err != nil {
		return nil, err
	}
	if _, err := directory.GuestOf(ctx, tx, in.ID, home.Subject()); !errors.Is(err, fault.NotFound) {
		return nil, err
	}
	u, err := expected(ctx, tx, in.ID, home)
	if u == nil || err != nil {
		return nil, err
	}
	v, err := person.As(ctx, tx, in, u, p, apps...)
	if err != nil {
		return nil, err
	}
	r := &Redemption{Visit: *v}
	w, err := ofGuest(ctx, tx, in.ID, u.ID)
	if errors.Is(err, NoInvitation) {
		return r, nil // an access package or an import made the guest
	}
	if err != nil {
		return nil, err
	}
	return r, r.told(ctx, tx, w)
}

// expected returns the guest of a tenant who waits for an account, or nil. What
// the account signs in with goes before the addresses of its mail.
func expected(ctx context.Context, tx *sqldb.Tx, in ids.TenantID, home *person.Visit) (*directory.User, error) {
	for _, address := range home.Account.Addresses() {
		u, err := directory.GuestByMail(ctx, tx, in, address)
		if errors.Is(err, fault.NotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if u.HasAccepted() || !named(u) {
			continue
		}
		err = invited(ctx, tx, home, u)
		if err == nil {
			return u, nil
		}
		if !errors.Is(err, OtherAccount) {
			return nil, err
		}
	}
	return nil, nil
}

// invited refuses every account but the one that was invited: the one that the
// guest's address names in a tenant that owns the address's domain, and for which the
// guest was brought if it was for a certain one. What an account's own tenant has not
// proved to own says nothing about who it is.
func invited(ctx context.Context, tx *sqldb.Tx, v *person.Visit, guest *directory.User) error {
	refused := otherAccount(v.Account.UserPrincipalName)
	if v.Home.ID == guest.Tenant || !v.Home.Owns(domainOf(*guest.Mail)) {
		return refused
	}
	u, err := directory.UserByAddress(ctx, tx, v.Home.ID, *guest.Mail)
	if errors.Is(err, fault.NotFound) || err == nil && u.ID != v.Account.ID {
		return refused
	}
	if err != nil {
		return err
	}
	awaited, err := awaitedAs(ctx, tx, guest.Tenant, guest.ID)
	if err == nil && !awaited.IsZero() && !awaited.Same(v.Subject()) {
		err = refused
	}
	if err != nil {
		return err
	}
	other, err := directory.GuestOf(ctx, tx, guest.Tenant, v.Subject())
	switch {
	case errors.Is(err, fault.NotFound), err == nil && other.ID == guest.ID:
		return nil
	case err != nil:
		return err
	}
	in, err := tenant.Get(ctx, tx, guest.Tenant)
	if err != nil {
		return err
	}
	return alreadyHere(v.Account.UserPrincipalName, in.DisplayName, other.ID)
}

// told completes r with what is known of its invitation.
func (r *Redemption) told(ctx context.Context, tx *sqldb.Tx, w *Waiting) error {
	r.InvitedAt, r.Inviter = w.CreatedAt, Inviter{w.Inviter, true}
	if w.InviterID == "" {
		return nil
	}
	r.Inviter = Inviter{}
	u, err := directory.GetUser(ctx, tx, w.Tenant, string(w.InviterID))
	if errors.Is(err, fault.NotFound) {
		return nil
	}
	if err == nil {
		r.Inviter.Name = u.DisplayName
	}
	return err
}

// Accept makes the account the guest, with an entry in the logs of both
// tenants. Once it has accepted nothing more happens.
func (r *Redemption) Accept(ctx context.Context, tx *sqldb.Tx, from From) error {
	if r.Before {
		return nil
	}
	before := r.Here.ExternalUserState
	if err := directory.AcceptGuest(ctx, tx, r.Here, r.Subject()); err != nil {
		return err
	}
	if err := spendWaiting(ctx, tx, r.In.ID, r.Here.ID); err != nil {
		return err
	}
	if err := awaitNobody(ctx, tx, r.Here); err != nil {
		return err
	}
	asked := "the person"
	if r.Automatic() {
		asked = "nobody: both tenants' policies allow it"
	}
	e := r.entry("Redeem external user invite")
	e.Changes = audit.Diff(map[string]any{"externalUserState": before}, map[string]any{"externalUserState": r.Here.ExternalUserState})
	e.Detail["agreed"] = asked
	r.Before = true
	return audit.RecordBoth(ctx, tx, r.caller(from), r.In.ID, e)
}

// Decline notes, in the logs of both tenants, that the person does not want to.
// The guest waits on, and the link stays good: they may think again.
func (r *Redemption) Decline(ctx context.Context, tx *sqldb.Tx, from From) error {
	return audit.RecordBoth(ctx, tx, r.caller(from), r.In.ID, r.entry("Decline external user invite"))
}

func (r *Redemption) entry(activity string) audit.Entry {
	return audit.Entry{
		Category: "UserManagement", Activity: activity, Service: "Invited Users",
		Target: audit.Target{Kind: "User", ID: string(r.Here.ID), Name: r.Here.UserPrincipalName},
		Detail: map[string]string{"invitedUserEmailAddress": r.Address(), "homeTenant": string(r.Home.ID), "outbound": r.Crossing.Out.Rule, "inbound": r.Crossing.In.Rule},
	}
}

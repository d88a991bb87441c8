package guest

import (
	"context"
	"errors"

	"entente/internal/core/directory"
	"entente/internal/core/tenant"
	"entente/internal/flow/notify"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/mail"
	"entente/internal/kit/sqldb"
)

// By returns how letters are put as messages of n, or nil where n sends none.
func By(n *notify.Service) PutLetter {
	if n.Ready() != nil {
		return nil
	}
	return func(ctx context.Context, tx *sqldb.Tx, l Letter) error {
		m := notify.Message{Tenant: l.Tenant, Kind: notify.Invitation, About: string(l.User), Part: l.Invitation, Addressee: l.To}
		if l.Message.Body != nil {
			m.Note = *l.Message.Body
		}
		if l.Message.Language != nil {
			m.Language = *l.Message.Language
		}
		return n.Put(ctx, tx, m, l.Message.copies()...)
	}
}

// copies returns the addresses of those who get a copy.
func (m *Message) copies() []string {
	var all []string
	for _, c := range m.Copies {
		if c.Mail != nil && c.Mail.Address != nil && *c.Mail.Address != "" {
			all = append(all, *c.Mail.Address)
		}
	}
	return all
}

// oddCopies reports whether somebody is to get a copy at what is no address.
func (m *Message) oddCopies() bool {
	for _, a := range m.copies() {
		if (mail.Address{Mail: a}).Check() != nil {
			return true
		}
	}
	return false
}

// Write is the writer of invitations: it says what the guest is told as things
// are now, and nothing when the link would open nothing.
func (s *Service) Write(ctx context.Context, tx *sqldb.Tx, m *notify.Message) (notify.Content, error) {
	user := ids.ObjectID(m.About)
	w, err := ofGuest(ctx, tx, m.Tenant, user)
	if err == nil && w.ID != m.Part {
		err = unknown()
	}
	if err == nil {
		err = w.open(tx.Now())
	}
	if errors.Is(err, NoInvitation) || errors.Is(err, Expired) || errors.Is(err, Spent) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	u, err := directory.GetUser(ctx, tx, m.Tenant, m.About)
	if errors.Is(err, fault.NotFound) {
		return nil, nil // withdrawn
	}
	if err != nil {
		return nil, err
	}
	in, err := tenant.Get(ctx, tx, m.Tenant)
	if err != nil || in.Active() != nil {
		return nil, err
	}
	link, err := s.Link(ctx, tx, m.Tenant, user, m.Part)
	if err != nil {
		return nil, err
	}
	c := notify.InvitationContent{
		Organization: notify.Organization{Name: in.DisplayName, Domain: in.DefaultDomain()},
		Guest:        notify.Person{Name: u.DisplayName, Address: m.Addressee}, Link: link, Until: w.ExpiresAt,
	}
	c.Inviter, err = inviter(ctx, tx, in, w)
	return c, err
}

// inviter returns who invited, by a name that the guest may be told, and their
// address if the organization has proved to own its domain: what else a user
// may have written there says nothing about who writes.
func inviter(ctx context.Context, tx *sqldb.Tx, in *tenant.Tenant, w *Waiting) (notify.Person, error) {
	if w.InviterID == "" {
		return notify.Person{Name: w.Inviter, Program: true}, nil
	}
	u, err := directory.GetUser(ctx, tx, w.Tenant, string(w.InviterID))
	if errors.Is(err, fault.NotFound) {
		return notify.Person{}, nil
	}
	if err != nil {
		return notify.Person{}, err
	}
	p := notify.Person{Name: u.DisplayName}
	if u.Mail != nil && in.Owns(domainOf(*u.Mail)) && (mail.Address{Mail: *u.Mail}).Check() == nil {
		p.Address = *u.Mail
	}
	return p, nil
}

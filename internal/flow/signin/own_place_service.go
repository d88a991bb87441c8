package signin

import (
	"context"
	"slices"
	"strings"

	"entente/internal/core/directory"
	"entente/internal/core/person"
	"entente/internal/core/tenant"
	"entente/internal/flow/guest"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// A Membership is a tenant in which a person is, or is awaited.
type Membership struct {
	Organization
	Here    *directory.User // nil where they are awaited
	Home    bool
	Current bool  // they act there now
	Awaited bool  // an invitation waits for their word
	Refused error // why they can't act there now, or nil
}

// Guest reports whether they count as a guest there.
func (m Membership) Guest() bool {
	return m.Here != nil && m.Here.UserType != nil && *m.Here.UserType == directory.Guest
}

// Memberships returns every tenant in which the visitor is, home first and the
// others by their names, then those that await them.
func (s *Service) Memberships(ctx context.Context, v *Visitor) (all []Membership, err error) {
	err = s.db.View(ctx, func(tx *sqldb.Tx) error {
		all, err = memberships(ctx, tx, v)
		return err
	})
	return all, err
}

func memberships(ctx context.Context, tx *sqldb.Tx, v *Visitor) ([]Membership, error) {
	home, err := organization(ctx, tx, v.Home.ID)
	if err != nil {
		return nil, err
	}
	all := []Membership{{Organization: *home, Here: v.Account, Home: true, Current: v.AtHome()}}
	in, err := directory.TenantsOf(ctx, tx, v.Subject())
	if err != nil {
		return nil, err
	}
	for _, id := range in {
		m, err := membership(ctx, tx, v, id)
		if err != nil {
			return nil, err
		}
		if m != nil {
			all = append(all, *m)
		}
	}
	slices.SortStableFunc(all[1:], func(a, b Membership) int {
		return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name))
	})
	awaiting, err := awaited(ctx, tx, v)
	return append(all, awaiting...), err
}

// Elsewhere returns the organizations to which the visitor could switch, home
// first, without asking each whether it lets them in now.
func (s *Service) Elsewhere(ctx context.Context, v *Visitor) (all []Organization, err error) {
	err = s.db.View(ctx, func(tx *sqldb.Tx) error {
		in, err := directory.TenantsOf(ctx, tx, v.Subject())
		if err != nil {
			return err
		}
		all = nil
		for _, id := range append([]ids.TenantID{v.Home.ID}, in...) {
			t, err := tenant.Get(ctx, tx, id)
			if err == nil {
				err = t.Active()
			}
			if refused(err) || id == v.In.ID {
				continue
			}
			if err != nil {
				return err
			}
			all = append(all, Organization{ID: t.ID, Name: t.DisplayName, Domain: t.DefaultDomain()})
		}
		return nil
	})
	return all, err
}

// membership returns what a visitor is in a tenant that has them as a guest, or
// nil if the tenant is gone or switched off.
func membership(ctx context.Context, tx *sqldb.Tx, v *Visitor, id ids.TenantID) (*Membership, error) {
	in, err := tenant.Get(ctx, tx, id)
	if err == nil {
		err = in.Active()
	}
	if refused(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	found, err := guest.Find(ctx, tx, in, v.proof())
	switch {
	case err != nil && !refused(err):
		return nil, err
	case found == nil || found.Here == nil:
		return nil, nil
	}
	return &Membership{
		Organization: Organization{ID: in.ID, Name: in.DisplayName, Domain: in.DefaultDomain()},
		Here:         found.Here, Current: v.In.ID == id, Refused: err,
	}, nil
}

func (v *Visitor) proof() person.Proof {
	return person.Proof{Home: v.Home.ID, User: v.Account.ID, At: v.Session.AuthAt}
}

// awaited returns the tenants where an invitation waits for the visitor: those
// that their account could accept, by what its home has proved to own.
func awaited(ctx context.Context, tx *sqldb.Tx, v *Visitor) ([]Membership, error) {
	in, err := directory.TenantsAwaiting(ctx, tx, v.Account.Addresses())
	if err != nil {
		return nil, err
	}
	var all []Membership
	for _, id := range in {
		t, err := tenant.Get(ctx, tx, id)
		if err == nil {
			err = t.Active()
		}
		if refused(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		r, err := guest.Awaited(ctx, tx, t, v.proof())
		if refused(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if r != nil {
			all = append(all, Membership{Organization: Organization{ID: t.ID, Name: t.DisplayName, Domain: t.DefaultDomain()}, Awaited: true})
		}
	}
	return all, nil
}

// Switch returns where the visitor acts from now on: in the tenant, if they may.
// A tenant in which they are not looks like one that is not there.
func (s *Service) Switch(ctx context.Context, v *Visitor, to ids.TenantID) (Place, error) {
	at := Place{Session: v.Session.ID}
	if to == v.Home.ID {
		return at, nil
	}
	all, err := s.Memberships(ctx, v)
	if err != nil {
		return at, err
	}
	i := slices.IndexFunc(all, func(m Membership) bool { return m.ID == to && m.Here != nil })
	if i < 0 {
		return at, notThere()
	}
	at.Tenant = to
	return at, all[i].Refused
}

func notThere() error { return fault.New(fault.NotFound, "You are in no such organization.") }

// Leave takes the visitor out of a tenant in which they are a guest.
func (s *Service) Leave(ctx context.Context, b Browser, v *Visitor, in ids.TenantID) error {
	return s.directory.Leave(ctx, v.AtHomeCaller(b), in)
}

package entitlement

import (
	"context"
	"slices"

	"entente/internal/core/app"
	"entente/internal/core/authz"
	"entente/internal/core/directory"
	"entente/internal/core/object"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// A self is one of those by whom somebody may act: an object of a tenant, and who
// that is at home.
type self struct {
	tenant ids.TenantID
	object ids.ObjectID
	home   ids.Principal
}

func (a self) is(b self) bool {
	return a.tenant == b.tenant && a.object != "" && a.object == b.object || a.home.Same(b.home)
}

// Whose a program is, is followed through programs that own programs, so far and no
// further.
const (
	longestChain = 6 // steps, of which one leads from a service principal to its application
	mostBehind   = 200
)

// isOwn reports whether the caller is the subject, by whichever of their accounts, or
// one of the two is a program that the other owns, or both are programs of the same
// owner: an owner of a program, or of its application at home, can act as the program.
func isOwn(ctx context.Context, tx *sqldb.Tx, who authz.Caller, s *Subject) (bool, error) {
	if s.Is(who.Subject, who.Object) {
		return true, nil
	}
	mine := []self{{who.Tenant, who.Object, who.Subject}}
	if who.AppOnly() {
		var err error
		if mine, err = behind(ctx, tx, mine[0]); err != nil {
			return false, err
		}
	}
	theirs, err := s.selves(ctx, tx)
	return parties(theirs).meet(mine), err
}

func selfOf(u *directory.User) self {
	one := self{u.Tenant, u.ID, ids.Principal{Kind: ids.Person, Home: u.Tenant, ID: u.ID}}
	if u.External() {
		one.home = u.Home // nobody while it has not accepted
	}
	return one
}

// parties are everybody by whom those act who ask for something, or have it.
type parties []self

func partiesOf(ctx context.Context, tx *sqldb.Tx, target, requestor *Subject) (parties, error) {
	all, err := target.selves(ctx, tx)
	if err != nil || requestor.ID == target.ID {
		return all, err
	}
	more, err := requestor.selves(ctx, tx)
	return append(all, more...), err
}

// has reports whether a user is among them.
func (p parties) has(u *directory.User) bool {
	return slices.ContainsFunc(p, selfOf(u).is)
}

// meet reports whether one of others is among them.
func (p parties) meet(others []self) bool {
	return slices.ContainsFunc(others, func(o self) bool { return slices.ContainsFunc(p, o.is) })
}

// selves returns everybody by whom the subject may act.
func (s *Subject) selves(ctx context.Context, tx *sqldb.Tx) ([]self, error) {
	one := self{s.Tenant, s.Object, s.Principal}
	switch {
	case s.Kind == ids.Workload:
		return behind(ctx, tx, one)
	case s.Object == "":
		return []self{one}, nil
	}
	u, err := s.account(ctx, tx) // a guest whose person accepted after the request
	if missing(err) {
		return []self{one}, nil
	}
	if err != nil {
		return nil, err
	}
	return []self{one, {home: u.Home}}, nil
}

// behind returns a program, its application, and those who own either or a program
// that does.
func behind(ctx context.Context, tx *sqldb.Tx, program self) ([]self, error) {
	if program.object == "" {
		program.tenant, program.object = program.home.Home, program.home.ID
	}
	all := []self{program}
	for next, steps := all, 0; len(next) > 0 && steps < longestChain; steps++ {
		var more []self
		for _, p := range next {
			above, err := above(ctx, tx, p)
			if err != nil {
				return nil, err
			}
			for _, o := range above {
				if slices.Contains(all, o) || len(all) == mostBehind {
					continue
				}
				all = append(all, o)
				if o.home.Kind == ids.Workload {
					more = append(more, o)
				}
			}
		}
		next = more
	}
	return all, nil
}

// above returns the application of a service principal, and the owners of it or of an
// application. A managed identity has no application.
func above(ctx context.Context, tx *sqldb.Tx, p self) (all []self, err error) {
	sp, err := app.GetPrincipal(ctx, tx, p.tenant, p.object)
	switch {
	case err != nil && !missing(err):
		return nil, err
	case err == nil && sp.ApplicationID != "" && sp.OwnerTenant != nil:
		home := *sp.OwnerTenant
		all = append(all, self{home, sp.ApplicationID, ids.Principal{Kind: ids.Workload, Home: home, ID: sp.ApplicationID}})
	}
	owners, err := object.Owners(ctx, tx, p.tenant, p.object)
	if err != nil {
		return nil, err
	}
	for _, o := range owners {
		if o.Kind != object.User {
			all = append(all, self{p.tenant, o.ID, ids.Principal{Kind: ids.Workload, Home: p.tenant, ID: o.ID}})
			continue
		}
		u, err := directory.GetUser(ctx, tx, p.tenant, string(o.ID))
		if err != nil {
			return nil, err
		}
		all = append(all, selfOf(u))
	}
	return all, nil
}

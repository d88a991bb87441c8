package entitlement

import (
	"context"
	"slices"

	"entente/internal/core/app"
	"entente/internal/core/authz"
	"entente/internal/core/directory"
	"entente/internal/core/object"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// A self is one of those by whom somebody may act: an object of a tenant, and who
// that is at home. With Anybody it is unknown who that is.
type self struct {
	Tenant  ids.TenantID  `json:"tenant,omitempty"`
	Object  ids.ObjectID  `json:"object,omitempty"`
	Home    ids.Principal `json:"home,omitzero"`
	Anybody bool          `json:"anybody,omitempty"`
}

func (a self) is(b self) bool {
	return a.Anybody || b.Anybody || a.Tenant == b.Tenant && a.Object != "" && a.Object == b.Object || a.Home.Same(b.Home)
}

// mostBehind is how many stand behind a program whom we look for; behind one with more
// might be anybody.
const mostBehind = 200

func selfOf(u *directory.User) self {
	one := self{Tenant: u.Tenant, Object: u.ID, Home: ids.Principal{Kind: ids.Person, Home: u.Tenant, ID: u.ID}}
	if u.External() {
		one.Home = u.Home // nobody while it has not accepted
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

// owned returns everybody whose own the request is, or was when it was made: a
// credential of a program outlasts the ownership of who made it.
func (r *Request) owned(ctx context.Context, tx *sqldb.Tx, target, requestor *Subject) (parties, error) {
	all, err := partiesOf(ctx, tx, target, requestor)
	return append(all, r.Terms.Behind...), err
}

// notOwn refuses everybody whose own a request is, by whichever of their accounts or
// programs they come, and every program that has an owner in common with one of theirs:
// who owns a program, or its application at home, can act as the program.
func notOwn(ctx context.Context, tx *sqldb.Tx, who authz.Caller, r *Request, target, requestor *Subject) error {
	mine, err := []self{{Tenant: who.Tenant, Object: who.Object, Home: who.Subject}}, error(nil)
	if who.AppOnly() {
		if mine, err = behind(ctx, tx, mine[0]); err != nil {
			return err
		}
	}
	own, err := r.owned(ctx, tx, target, requestor)
	if err == nil && (own.meet(mine) || target.Is(who.Subject, who.Object) || requestor.Is(who.Subject, who.Object)) {
		err = fault.Because(fault.Forbidden, OwnRequest, "Nobody decides on a request of their own.")
	}
	return err
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
	one := self{Tenant: s.Tenant, Object: s.Object, Home: s.Principal}
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
	return []self{one, {Home: u.Home}}, nil
}

// behind returns a program, its application, and those who own either or a program
// that does, through however many programs.
func behind(ctx context.Context, tx *sqldb.Tx, program self) ([]self, error) {
	if program.Object == "" {
		program.Tenant, program.Object = program.Home.Home, program.Home.ID
	}
	all := []self{program}
	for next := 0; next < len(all); next++ {
		if all[next].Home.Kind == ids.Person {
			continue
		}
		more, err := above(ctx, tx, all[next])
		if err != nil {
			return nil, err
		}
		for _, o := range more {
			switch {
			case slices.Contains(all, o):
			case len(all) == mostBehind:
				return append(all, self{Anybody: true}), nil
			default:
				all = append(all, o)
			}
		}
	}
	return all, nil
}

// above returns the application of a service principal, and the owners of it or of an
// application. A managed identity has no application. Programs that are deleted count:
// who owns one can bring it back.
func above(ctx context.Context, tx *sqldb.Tx, p self) (all []self, err error) {
	program := func(in ids.TenantID, id ids.ObjectID) {
		all = append(all, self{Tenant: in, Object: id, Home: ids.Principal{Kind: ids.Workload, Home: in, ID: id}})
	}
	home, application, err := app.OriginOf(ctx, tx, p.Tenant, p.Object)
	if err != nil {
		return nil, err
	}
	if application != "" {
		program(home, application)
	}
	owners, err := object.Owners(ctx, tx, p.Tenant, p.Object)
	if err != nil {
		return nil, err
	}
	for _, o := range owners {
		if o.Kind != object.User {
			program(p.Tenant, o.ID)
			continue
		}
		u, err := directory.GetUser(ctx, tx, p.Tenant, string(o.ID))
		if err != nil {
			return nil, err
		}
		all = append(all, selfOf(u))
	}
	deleted, err := object.OwningPrograms(ctx, tx, p.Tenant, p.Object)
	for _, id := range deleted {
		program(p.Tenant, id)
	}
	return all, err
}

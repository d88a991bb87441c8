package entitlement_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"entente/internal/core/authz"
	"entente/internal/core/directory"
	"entente/internal/core/object"
	"entente/internal/enttest/house"
	"entente/internal/flow/entitlement"
	"entente/internal/flow/guest"
	"entente/internal/flow/offer"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// policyFor makes another policy of the package, for whom the scope says, without
// approval.
func (s *stage) policyFor(scope offer.TargetScope, targets ...offer.SubjectSet) *offer.Policy {
	s.t.Helper()
	s.Clock.Advance(time.Second) // policies are told in the order in which they came
	p, err := s.service.CreatePolicy(s.t.Context(), s.A.Admin, offer.Policy{Package: s.pkg.ID, Name: string(scope), Scope: scope, Targets: targets,
		Requestor: offer.RequestorSettings{SelfAdd: true, SelfUpdate: true, SelfRemove: true}})
	must(s.t, err)
	return p
}

// TestWhoAsksOnBehalf has managers ask for their reports, as far as the policy
// says so.
func TestWhoAsksOnBehalf(t *testing.T) {
	each(t, func(s *stage) {
		t, ctx := s.t, s.t.Context()
		boss, lee, kim := s.AddUser(t, s.A, "boss"), s.AddUser(t, s.A, "lee"), s.AddUser(t, s.A, "kim")
		must(t, s.Users.SetManager(ctx, s.A.Admin, string(lee.ID), boss.ID))
		helpers := s.addGroup("helpers")
		must(t, s.Users.AddMember(ctx, s.A.Admin, helpers, kim.ID, time.Time{}))
		p := s.policyFor(offer.AllMemberUsers)
		behalf := func(by, of *directory.User) error {
			_, err := s.service.Submit(ctx, s.member(by), entitlement.Submission{Type: entitlement.OnBehalfAdd, Package: s.pkg.ID, Target: of.ID})
			return err
		}
		allow := func(sets ...offer.SubjectSet) {
			_, err := s.service.ChangePolicy(ctx, s.A.Admin, p.ID, func(p *offer.Policy) error {
				p.Requestor.OnBehalfAdd, p.Requestor.OnBehalf = len(sets) > 0, sets
				return nil
			})
			must(t, err)
		}
		if err := behalf(boss, lee); !errors.Is(err, entitlement.NotInScope) {
			t.Errorf("a policy that lets nobody ask for others: %v", err)
		}
		allow(offer.SubjectSet{Kind: offer.TargetManager}, offer.SubjectSet{Kind: offer.GroupMembers, Object: helpers})
		for name, tt := range map[string]struct {
			by, of *directory.User
			want   error
		}{
			"a manager for a stranger":    {boss, s.ada, entitlement.NotInScope},
			"a report for the manager":    {lee, boss, entitlement.NotInScope},
			"somebody for themselves":     {boss, boss, offer.BadModel},
			"who is nobody's manager":     {lee, s.ada, entitlement.NotInScope},
			"a user's own request's form": {lee, lee, offer.BadModel},
		} {
			if err := behalf(tt.by, tt.of); !errors.Is(err, tt.want) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := s.service.Submit(ctx, s.member(boss), entitlement.Submission{Type: entitlement.UserAdd, Package: s.pkg.ID, Target: lee.ID}); !errors.Is(err, offer.BadModel) {
			t.Errorf("userAdd for somebody else: %v", err)
		}
		if err := behalf(boss, lee); err != nil {
			t.Errorf("a manager for a report: %v", err)
		}
		if err := behalf(kim, s.ada); err != nil {
			t.Errorf("one of the helpers: %v", err)
		}
		s.work()
		if s.types(lee) != "onBehalfAdd delivered" || len(s.heldBy(lee)) != 1 || len(s.heldBy(s.ada)) != 1 || len(s.heldBy(boss)) != 0 {
			t.Errorf("lee: %s; ada: %s; boss: %s", s.types(lee), s.types(s.ada), s.types(boss))
		}
		later := func(by *directory.User, kind entitlement.RequestType) error {
			_, err := s.service.Submit(ctx, s.member(by), entitlement.Submission{Type: kind, Package: s.pkg.ID, Target: lee.ID})
			s.work()
			return err
		}
		for _, kind := range []entitlement.RequestType{entitlement.UserUpdate, entitlement.UserRemove} {
			if err := later(boss, kind); !errors.Is(err, entitlement.NotInScope) {
				t.Errorf("%s for a report, by a policy that lets nobody: %v", kind, err)
			}
		}
		_, err := s.service.ChangePolicy(ctx, s.A.Admin, p.ID, func(p *offer.Policy) error {
			p.Requestor.OnBehalfUpdate, p.Requestor.OnBehalfRemove = true, true
			return nil
		})
		must(t, err)
		for _, kind := range []entitlement.RequestType{entitlement.UserUpdate, entitlement.UserRemove} {
			if err := later(s.ada, kind); !errors.Is(err, entitlement.NotInScope) {
				t.Errorf("%s by who is nobody's manager: %v", kind, err)
			}
			if err := later(boss, kind); err != nil {
				t.Errorf("%s for a report: %v", kind, err)
			}
		}
		if len(s.heldBy(lee)) != 0 {
			t.Error("the manager has not taken it back")
		}
		others, err := s.service.OwnRequests(ctx, s.member(boss), entitlement.OnRequestForOthers, offer.Asked{})
		must(t, err)
		if len(others.Items) != 3 {
			t.Errorf("the manager has asked for %d others", len(others.Items))
		}
	})
}

// TestTheManagerWhoAskedDoesNotApprove has the one who asks for another be the
// approver as well.
func TestTheManagerWhoAskedDoesNotApprove(t *testing.T) {
	each(t, func(s *stage) {
		t, ctx := s.t, s.t.Context()
		boss, lee := s.AddUser(t, s.A, "boss"), s.AddUser(t, s.A, "lee")
		must(t, s.Users.SetManager(ctx, s.A.Admin, string(lee.ID), boss.ID))
		p := s.policyFor(offer.AllMemberUsers)
		_, err := s.service.ChangePolicy(ctx, s.A.Admin, p.ID, func(p *offer.Policy) error {
			p.Requestor.OnBehalfAdd, p.Requestor.OnBehalf = true, []offer.SubjectSet{{Kind: offer.TargetManager}}
			p.Approval = offer.ApprovalSettings{ForAdd: true, Stages: []offer.Stage{{TimeOut: 14 * day,
				Primary: []offer.SubjectSet{{Kind: offer.RequestorManager}, {Kind: offer.SingleUser, Object: s.ada.ID}}}}}
			return nil
		})
		must(t, err)
		r, err := s.service.Submit(ctx, s.member(boss), entitlement.Submission{Type: entitlement.OnBehalfAdd, Package: s.pkg.ID, Target: lee.ID})
		must(t, err)
		if err := s.decide(s.member(boss), r, true); !errors.Is(err, entitlement.OwnRequest) {
			t.Errorf("who asked decides: %v", err)
		}
		if err := s.decide(s.member(lee), r, true); !errors.Is(err, entitlement.NotApprover) {
			t.Errorf("for whom it is decides: %v", err)
		}
		must(t, s.decide(s.member(s.ada), r, true))
	})
}

// TestSeparationOfDuties keeps two packages, and a package and a group, apart: in
// the direction that is set, while one is being delivered, and from administrators.
func TestSeparationOfDuties(t *testing.T) {
	each(t, func(s *stage) {
		t, ctx := s.t, s.t.Context()
		lee, kim := s.AddUser(t, s.A, "lee"), s.AddUser(t, s.A, "kim")
		pays, err := s.service.CreatePackage(ctx, s.A.Admin, s.catalog.ID, offer.PackageChange{Name: ptr("Pays")})
		must(t, err)
		books := s.pkg
		p := s.policyFor(offer.AllMemberUsers)
		other := *p
		other.Package = pays.ID
		q, err := s.service.CreatePolicy(ctx, s.A.Admin, other)
		must(t, err)
		must(t, s.service.AddIncompatible(ctx, s.A.Admin, books.ID, pays.ID)) // who pays keeps no books
		add := func(u *directory.User, pkg *offer.Package) error {
			_, err := s.service.Submit(ctx, s.member(u), entitlement.Submission{Type: entitlement.UserAdd, Package: pkg.ID})
			return err
		}
		give := func(u *directory.User, pkg *offer.Package, by *offer.Policy) error {
			_, err := s.service.Submit(ctx, s.A.Admin, entitlement.Submission{Type: entitlement.AdminAdd, Package: pkg.ID, Policy: by.ID, Target: u.ID})
			return err
		}
		must(t, add(lee, pays))
		if err := add(lee, books); !errors.Is(err, entitlement.Clashes) {
			t.Errorf("while the other is being delivered: %v", err)
		}
		s.work()
		if err := add(lee, books); !errors.Is(err, entitlement.Clashes) {
			t.Errorf("who has the other: %v", err)
		}
		if err := give(lee, books, p); !errors.Is(err, entitlement.Clashes) {
			t.Errorf("an administrator, for who has the other: %v", err)
		}
		// The other way it is not set.
		must(t, add(kim, books))
		s.work()
		if err := add(kim, pays); err != nil {
			t.Errorf("the direction that is not set: %v", err)
		}
		s.work()
		if len(s.heldBy(kim)) != 2 {
			t.Errorf("kim: %s", s.types(kim))
		}
		// Once both are set neither is had beside the other, and who has both keeps them.
		must(t, s.service.AddIncompatible(ctx, s.A.Admin, pays.ID, books.ID))
		must(t, add(s.ada, books))
		s.work()
		if err := give(s.ada, pays, q); !errors.Is(err, entitlement.Clashes) {
			t.Errorf("once both are set: %v", err)
		}
		s.work()
		if len(s.heldBy(kim)) != 2 {
			t.Errorf("who had both has lost one: %s", s.types(kim))
		}
		// A member of a group, directly or through another.
		auditors, inner := s.addGroup("auditors"), s.addGroup("inner")
		must(t, s.service.AddIncompatibleGroup(ctx, s.A.Admin, pays.ID, auditors))
		max := s.AddUser(t, s.A, "max")
		must(t, s.Users.AddMember(ctx, s.A.Admin, auditors, inner, time.Time{}))
		must(t, s.Users.AddMember(ctx, s.A.Admin, inner, max.ID, time.Time{}))
		if err := add(max, pays); !errors.Is(err, entitlement.Clashes) {
			t.Errorf("a member of the group: %v", err)
		}
		if err := give(max, pays, q); !errors.Is(err, entitlement.Clashes) {
			t.Errorf("an administrator, for a member of the group: %v", err)
		}
	})
}

// TestWhatClashesBeforeDelivery has somebody come to have the other package between
// the request and its approval.
func TestWhatClashesBeforeDelivery(t *testing.T) {
	each(t, func(s *stage) {
		t, ctx := s.t, s.t.Context()
		second := s.second()
		must(t, s.service.AddIncompatible(ctx, s.A.Admin, s.pkg.ID, second.ID))
		r := s.ask(s.grace)
		o, err := s.service.Submit(ctx, s.from(s.grace), entitlement.Submission{Type: entitlement.UserAdd, Package: second.ID, Justification: "x"})
		must(t, err)
		must(t, s.decide(s.member(s.ada), o, true))
		s.work()
		must(t, s.decide(s.member(s.ada), r, true))
		s.work()
		if got := s.state(r); got.State != entitlement.Delivering || got.Error == "" || s.isIn(s.group, s.grace) {
			t.Fatalf("approved, though the other is there: %s %q, access %v", got.State, got.Error, s.isIn(s.group, s.grace))
		}
		for range 20 {
			s.after(time.Hour)
		}
		if got := s.state(r); got.State != entitlement.DeliveryFailed || s.isIn(s.group, s.grace) {
			t.Errorf("after all tries: %s", got.State)
		}
	})
}

// TestWhichPolicyApplies is the table of policies of which several match.
func TestWhichPolicyApplies(t *testing.T) {
	each(t, func(s *stage) {
		t, ctx := s.t, s.t.Context()
		lee, kim := s.AddUser(t, s.A, "lee"), s.AddUser(t, s.A, "kim")
		g := s.accepted("gina")
		all, members := s.policyFor(offer.AllDirectoryUsers), s.policyFor(offer.AllMemberUsers)
		named := s.policyFor(offer.SpecificDirectoryUsers, offer.SubjectSet{Kind: offer.SingleUser, Object: lee.ID})
		everybody, configured := s.policyFor(offer.AllExternalUsers), s.policyFor(offer.AllConfiguredConnectedOrganizationUsers)
		fits := func(who authz.Caller, want ...*offer.Policy) {
			t.Helper()
			got, err := s.service.Requirements(ctx, who, s.pkg.ID)
			must(t, err)
			if len(got) != len(want) {
				t.Fatalf("%d policies apply, want %d: %+v", len(got), len(want), got)
			}
			for _, p := range got {
				if !slices.ContainsFunc(want, func(w *offer.Policy) bool { return w.ID == p.ID }) {
					t.Errorf("%s applies", p.Name)
				}
			}
		}
		fits(s.member(lee), named)
		fits(s.member(kim), members)
		fits(s.from(s.grace), s.policy) // her organization is named
		asGuest := s.from(g.home)
		asGuest.Object = g.here.ID
		fits(asGuest, s.policy)
		must(t, s.service.DeletePolicy(ctx, s.A.Admin, s.policy.ID))
		fits(asGuest, all)
		fits(s.from(s.grace), everybody, configured) // she says which
		in := entitlement.Submission{Type: entitlement.UserAdd, Package: s.pkg.ID}
		if _, err := s.service.Submit(ctx, s.from(s.grace), in); !errors.Is(err, offer.BadModel) || fault.Public(err).Target != "assignment.assignmentPolicyId" {
			t.Errorf("she does not say which: %v", err)
		}
		in.Policy = configured.ID
		r, err := s.service.Submit(ctx, s.from(s.grace), in)
		must(t, err)
		if r.Policy != configured.ID {
			t.Errorf("asked by %s", r.Policy)
		}
		in.Policy = members.ID
		if _, err := s.service.Submit(ctx, asGuest, in); !errors.Is(err, entitlement.NotInScope) {
			t.Errorf("a guest names the members' policy: %v", err)
		}
	})
}

// A pair is somebody at home and as a guest of A.
type pair struct{ home, here *directory.User }

// accepted makes somebody of B who is a guest of A, and has accepted.
func (s *stage) accepted(nick string) pair {
	s.t.Helper()
	p := pair{home: s.AddUser(s.t, s.B, nick)}
	p.here = s.invited(p.home.UserPrincipalName, p.home)
	return p
}

// invited has somebody of B accept an invitation to an address.
func (s *stage) invited(address string, who *directory.User) (g *directory.User) {
	s.t.Helper()
	ctx := s.t.Context()
	must(s.t, s.DB.Update(ctx, func(tx *sqldb.Tx) (err error) {
		if g, err = guest.Bring(ctx, tx, s.A.Admin, guest.Newcomer{Mail: address}); err != nil {
			return err
		}
		return directory.AcceptGuest(ctx, tx, g, ids.Principal{Kind: ids.Person, Home: s.B.ID, ID: who.ID})
	}))
	return g
}

// TestASecondGuestAccountDecidesNothing has somebody ask as a guest, and come to the
// decision as another guest, and by the programs of that.
func TestASecondGuestAccountDecidesNothing(t *testing.T) {
	each(t, func(s *stage) {
		t, ctx := s.t, s.t.Context()
		approvers := s.addGroup("approvers")
		_, err := s.service.ChangePolicy(ctx, s.A.Admin, s.policy.ID, func(p *offer.Policy) error {
			p.Approval.Stages[0].Primary = []offer.SubjectSet{{Kind: offer.GroupMembers, Object: approvers}}
			return nil
		})
		must(t, err)
		must(t, s.Users.AddMember(ctx, s.A.Admin, approvers, s.ada.ID, time.Time{}))
		first := s.invited(s.grace.UserPrincipalName, s.grace)
		asFirst := s.from(s.grace)
		asFirst.Object = first.ID
		r, err := s.service.Submit(ctx, asFirst, s.wish())
		must(t, err)
		must(t, s.Users.Delete(ctx, s.A.Admin, string(first.ID)))
		second := s.invited("grace@private.example", s.grace)
		program := func(owners func(application, principal ids.ObjectID)) ids.ObjectID {
			a, err := s.Apps.Create(ctx, s.A.Admin, []byte(`{"displayName":"Robot"}`), nil)
			must(t, err)
			sp, err := s.Apps.CreatePrincipal(ctx, s.A.Admin, a.AppID, []byte(`{}`), nil)
			must(t, err)
			owners(a.ID, sp.ID)
			return sp.ID
		}
		byApplication := program(func(a, _ ids.ObjectID) { must(t, s.Apps.AddOwner(ctx, s.A.Admin, a, second.ID)) })
		byPrincipal := program(func(_, sp ids.ObjectID) {
			must(t, s.DB.Update(ctx, func(tx *sqldb.Tx) error { return object.AddOwner(ctx, tx, s.A.ID, sp, second.ID) }))
		})
		strangers := program(func(ids.ObjectID, ids.ObjectID) {})
		for _, id := range []ids.ObjectID{second.ID, byApplication, byPrincipal, strangers} {
			must(t, s.Users.AddMember(ctx, s.A.Admin, approvers, id, time.Time{}))
		}
		asSecond := s.from(s.grace)
		asSecond.Object = second.ID
		for name, who := range map[string]authz.Caller{
			"as the second guest":                          asSecond,
			"by an application that the second guest owns": house.Program(s.A.ID, byApplication, "EntitlementManagement.ReadWrite.All"),
			"by a principal that the second guest owns":    house.Program(s.A.ID, byPrincipal, "EntitlementManagement.ReadWrite.All"),
		} {
			if err := s.decide(who, r, true); !errors.Is(err, entitlement.OwnRequest) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if err := s.decide(house.Program(s.A.ID, strangers, "EntitlementManagement.ReadWrite.All"), r, true); err != nil {
			t.Errorf("a program that is nobody's of theirs: %v", err)
		}
	})
}

// TestWhatIsInUseStays refuses to delete what somebody has or waits for.
func TestWhatIsInUseStays(t *testing.T) {
	each(t, func(s *stage) {
		t, ctx := s.t, s.t.Context()
		refused := func(when string) {
			t.Helper()
			if err := s.service.DeletePackage(ctx, s.A.Admin, s.pkg.ID); !errors.Is(err, offer.InUse) {
				t.Errorf("%s the package is deleted: %v", when, err)
			}
			if err := s.service.DeletePolicy(ctx, s.A.Admin, s.policy.ID); !errors.Is(err, offer.InUse) {
				t.Errorf("%s the policy is deleted: %v", when, err)
			}
		}
		r := s.ask(s.grace)
		refused("while somebody waits")
		must(t, s.decide(s.member(s.ada), r, true))
		refused("while it is delivered")
		s.work()
		refused("while somebody has it")
		_, err := s.service.Submit(ctx, s.from(s.grace), entitlement.Submission{Type: entitlement.UserRemove, Package: s.pkg.ID})
		must(t, err)
		s.work()
		must(t, s.service.DeletePolicy(ctx, s.A.Admin, s.policy.ID))
		must(t, s.service.DeletePackage(ctx, s.A.Admin, s.pkg.ID))
	})
}

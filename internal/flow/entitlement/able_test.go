package entitlement_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"entente/internal/core/directory"
	"entente/internal/enttest/house"
	"entente/internal/flow/entitlement"
	"entente/internal/flow/offer"
	"entente/internal/kit/ids"
)

// enable has an administrator say whether a user may sign in.
func (s *stage) enable(id ids.ObjectID, may bool) {
	s.t.Helper()
	_, err := s.Users.Update(s.t.Context(), s.A.Admin, string(id), []byte(map[bool]string{true: `{"accountEnabled":true}`, false: `{"accountEnabled":false}`}[may]))
	must(s.t, err)
}

// TestFallbackApproversStandIn has those whom a policy asks first be unable to
// decide, in each way there is.
func TestFallbackApproversStandIn(t *testing.T) {
	each(t, func(s *stage) {
		t, ctx := s.t, s.t.Context()
		kim, lee := s.AddUser(t, s.A, "kim"), s.AddUser(t, s.A, "lee")
		group, robot := s.addGroup("approvers"), s.addProgram(s.A, "Robot")
		gina := s.accepted("gina")
		asks := func(first ids.ObjectID) []ids.ObjectID {
			t.Helper()
			kind := offer.SingleUser
			if first == group {
				kind = offer.GroupMembers
			}
			_, err := s.service.ChangePolicy(ctx, s.A.Admin, s.policy.ID, func(p *offer.Policy) error {
				p.Approval.Stages[0].Primary = []offer.SubjectSet{{Kind: kind, Object: first}}
				p.Approval.Stages[0].Fallback = []offer.SubjectSet{{Kind: offer.SingleUser, Object: lee.ID}}
				return nil
			})
			must(t, err)
			who := s.from(gina.home)
			who.Object = gina.here.ID
			r, err := s.service.Submit(ctx, who, s.wish())
			must(t, err)
			var may []ids.ObjectID
			for _, id := range []ids.ObjectID{kim.ID, lee.ID} {
				if s.mayDecide(id, r) {
					may = append(may, id)
				}
			}
			must(t, s.service.Cancel(ctx, who, r.ID))
			return may
		}
		expect := func(what string, first ids.ObjectID, want ids.ObjectID) {
			t.Helper()
			if got := asks(first); !slices.Equal(got, []ids.ObjectID{want}) {
				t.Errorf("%s: asked is %v, not %v", what, got, want)
			}
		}
		expect("somebody who may sign in", kim.ID, kim.ID)
		s.enable(kim.ID, false)
		expect("somebody who may not sign in", kim.ID, lee.ID)
		must(t, s.Users.AddMember(ctx, s.A.Admin, group, kim.ID, time.Time{}))
		expect("a group of nobody who may sign in", group, lee.ID)
		must(t, s.Users.AddMember(ctx, s.A.Admin, group, gina.here.ID, time.Time{}))
		expect("a group of who asks, besides", group, lee.ID)
		must(t, s.Apps.AddOwner(ctx, s.A.Admin, robot.sp, gina.here.ID))
		must(t, s.Users.AddMember(ctx, s.A.Admin, group, robot.sp, time.Time{}))
		expect("a group with a program of who asks, besides", group, lee.ID)
		s.enable(kim.ID, true)
		expect("a group with somebody who may sign in", group, kim.ID)
		must(t, s.Users.Delete(ctx, s.A.Admin, string(kim.ID)))
		expect("somebody who is deleted", group, lee.ID)
	})
}

// mayDecide reports whether a request is among those that a user of A is asked
// to decide on.
func (s *stage) mayDecide(user ids.ObjectID, r *entitlement.Request) bool {
	s.t.Helper()
	list, err := s.service.OwnRequests(s.t.Context(), house.Person(s.A.ID, user), entitlement.OnApprover, offer.Asked{})
	must(s.t, err)
	return slices.ContainsFunc(list.Items, func(one *entitlement.Request) bool { return one.ID == r.ID })
}

// TestABlockByHandHolds has a guest blocked for the want of access, and an
// administrator who blocks, or lets in, the same guest.
func TestABlockByHandHolds(t *testing.T) {
	each(t, func(s *stage) {
		t, ctx := s.t, s.t.Context()
		enabled := func() bool { return s.guestOf(s.grace).Enabled() }
		ends := func() {
			t.Helper()
			r := s.ask(s.grace)
			must(t, s.decide(s.member(s.ada), r, true))
			s.work()
			if !enabled() {
				t.Fatal("a guest with access is blocked")
			}
			_, err := s.service.Submit(ctx, s.from(s.grace), entitlement.Submission{Type: entitlement.UserRemove, Package: s.pkg.ID})
			must(t, err)
			s.work()
			if enabled() {
				t.Fatal("a guest without access is not blocked")
			}
		}
		ends()
		ends() // who is blocked for the want of access asks again
		s.Clock.Advance(time.Hour)
		s.enable(s.guestOf(s.grace).ID, false)
		if _, err := s.service.Submit(ctx, s.from(s.grace), s.wish()); !errors.Is(err, entitlement.TargetBlocked) {
			t.Errorf("whom an administrator has blocked asks: %v", err)
		}
		s.enable(s.guestOf(s.grace).ID, true)
		r := s.ask(s.grace)
		s.Clock.Advance(time.Hour)
		s.enable(s.guestOf(s.grace).ID, false)
		must(t, s.decide(s.member(s.ada), r, true))
		s.work()
		if enabled() {
			t.Error("whom an administrator has blocked is let in by an approval")
		}
	})
}

// TestWhoIsLetInByHandStays has an administrator let somebody in who has lost the last
// access while they were blocked by hand, and somebody restored whom the want of access
// has deleted.
func TestWhoIsLetInByHandStays(t *testing.T) {
	each(t, func(s *stage) {
		t, ctx := s.t, s.t.Context()
		ends := func() {
			t.Helper()
			_, err := s.service.Submit(ctx, s.A.Admin, entitlement.Submission{Type: entitlement.AdminRemove, Assignment: s.heldBy(s.guestOf(s.grace))[0].ID})
			must(t, err)
			s.work()
		}
		s.gave()
		g := s.guestOf(s.grace)
		s.enable(g.ID, false)
		ends()
		s.after(day)
		s.enable(g.ID, true)
		s.after(40 * day)
		if s.guestOf(s.grace) == nil {
			t.Fatal("who was let in is deleted")
		}
		s.gave()
		ends()
		s.after(31 * day)
		if s.guestOf(s.grace) != nil {
			t.Fatal("who has nothing stays")
		}
		_, err := s.Users.RestoreUser(ctx, s.A.Admin, g.ID, directory.Return{})
		must(t, err)
		s.gave()
		if now := s.guestOf(s.grace); now.ID != g.ID || !now.Enabled() {
			t.Error("who is restored cannot ask again")
		}
	})
}

// TestAProgramThatIsGone has service principals purged that have a package, and
// that have asked for one.
func TestAProgramThatIsGone(t *testing.T) {
	each(t, func(s *stage) {
		t, ctx := s.t, s.t.Context()
		has, waits := s.addProgram(s.A, "Has"), s.addProgram(s.B, "Waits")
		s.policyForPrograms(offer.SubjectSet{Kind: offer.SingleUser, Object: s.ada.ID}, has, waits)
		first, second := s.askAs(has, s.A), s.askAs(waits, s.B)
		must(t, s.decide(s.member(s.ada), first, true))
		s.work()
		if !s.has(s.group, has.sp) {
			t.Fatal("the program got nothing")
		}
		must(t, s.Apps.DeletePrincipal(ctx, s.A.Admin, has.sp))
		must(t, s.Apps.DeletePrincipal(ctx, s.A.Admin, waits.sp))
		s.work()
		if !s.assignment(first).Live() || s.state(second).State != entitlement.PendingApproval {
			t.Error("what would come back has ended")
		}
		must(t, s.Apps.RemovePrincipal(ctx, s.A.Admin, has.sp))
		must(t, s.Apps.RemovePrincipal(ctx, s.A.Admin, waits.sp))
		s.work()
		if a := s.assignment(first); a.Live() {
			t.Errorf("a program that is purged has a package: %s", a.State)
		}
		if got := s.state(second).State; got != entitlement.Canceled {
			t.Errorf("the request of a program that is purged: %s", got)
		}
	})
}

// TestACatalogClosedToPeopleFromOutside closes the catalog between what somebody
// from outside does.
func TestACatalogClosedToPeopleFromOutside(t *testing.T) {
	each(t, func(s *stage) {
		t, ctx := s.t, s.t.Context()
		r := s.ask(s.grace)
		must(t, s.decide(s.member(s.ada), r, true))
		s.work()
		change := func(to offer.CatalogChange) {
			t.Helper()
			must(t, s.service.UpdateCatalog(ctx, s.A.Admin, s.catalog.ID, to))
		}
		change(offer.CatalogChange{External: ptr(false)})
		gina := s.AddUser(t, s.B, "gina")
		if _, err := s.service.Submit(ctx, s.from(gina), s.wish()); !errors.Is(err, entitlement.CatalogClosed) {
			t.Errorf("somebody from outside asks: %v", err)
		}
		direct := entitlement.Submission{Type: entitlement.AdminAdd, Package: s.pkg.ID, Policy: s.policy.ID, Email: gina.UserPrincipalName}
		if _, err := s.service.Submit(ctx, s.A.Admin, direct); !errors.Is(err, entitlement.CatalogClosed) {
			t.Errorf("an administrator brings in somebody from outside: %v", err)
		}
		change(offer.CatalogChange{Published: ptr(false)})
		_, err := s.service.Submit(ctx, s.from(s.grace), entitlement.Submission{Type: entitlement.UserRemove, Package: s.pkg.ID})
		must(t, err)
		s.work()
		if s.isIn(s.group, s.grace) {
			t.Error("who gives back what they have keeps it")
		}
	})
}

package entitlement_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"entente/internal/flow/entitlement"
	"entente/internal/flow/offer"
	"entente/internal/kit/ids"
)

// gave is a request of grace's that was delivered.
func (s *stage) gave() *entitlement.Request {
	s.t.Helper()
	r := s.ask(s.grace)
	must(s.t, s.decide(s.member(s.ada), r, true))
	s.work()
	return r
}

// tries lets an hour pass, twenty times, which is more than a delivery is tried.
func (s *stage) tries() {
	s.t.Helper()
	for range 20 {
		s.after(time.Hour)
	}
}

// A part that cannot be delivered is tried at growing pauses, near the end of the
// access too, of which notice is given all the same.
func TestTroubleNearTheEnd(t *testing.T) {
	each(t, func(s *stage) {
		t, ctx := s.t, s.t.Context()
		gone := s.addGroup("gone")
		s.give(gone)
		must(t, s.Users.DeleteGroup(ctx, s.A.Admin, gone))
		r := s.gave()
		s.tries()
		a := s.assignment(r)
		if a.State != entitlement.AccessPartial {
			t.Fatalf("it is %s", a.State)
		}
		s.Clock.Advance(a.EndsAt.Sub(s.Clock.Now()) - 14*day)
		n, err := s.worker.RunDue(ctx)
		must(t, err)
		if n > 3 {
			t.Errorf("it was tried %d times at one moment", n)
		}
		if a = s.assignment(r); a.Status != "NearExpiry14DaysNotificationTriggered" {
			t.Errorf("no notice is given: %s", a.Status)
		}
		n = 0
		for range 24 {
			s.Clock.Advance(time.Hour)
			tried, err := s.worker.RunDue(ctx)
			must(t, err)
			n += tried
		}
		if n > 24 {
			t.Errorf("it was tried %d times in a day", n)
		}
		s.Clock.Advance(14 * day)
		_, err = s.worker.RunDue(ctx)
		must(t, err)
		if a = s.assignment(r); a.State != entitlement.AccessExpired || s.isIn(s.group, s.grace) {
			t.Errorf("at its end it is %s", a.State)
		}
	})
}

// An access that waits for a delivery when the time of a notice passes is left alone
// until it is delivered, or ends.
func TestADeliveryNearTheEnd(t *testing.T) {
	each(t, func(s *stage) {
		t, ctx := s.t, s.t.Context()
		must(t, s.Users.DeleteGroup(ctx, s.A.Admin, s.group))
		_, err := s.service.ChangePolicy(ctx, s.A.Admin, s.policy.ID, func(p *offer.Policy) error {
			p.Expiration.Duration = 14*day + time.Hour
			return nil
		})
		must(t, err)
		r := s.gave()
		s.Clock.Advance(2 * time.Hour)
		n, err := s.worker.RunDue(ctx)
		must(t, err)
		if n > 5 || s.state(r).State != entitlement.Delivering {
			t.Errorf("it was tried %d times, and is %s", n, s.state(r).State)
		}
	})
}

// What an extension cannot deliver costs nobody the access: it goes on, and ends, and
// the guest with it.
func TestAnExtensionThatFails(t *testing.T) {
	each(t, func(s *stage) {
		t, ctx := s.t, s.t.Context()
		r := s.gave()
		s.Clock.Advance(time.Hour)
		must(t, s.Users.DeleteGroup(ctx, s.A.Admin, s.group))
		in := s.wish()
		in.Type = entitlement.UserUpdate
		more, err := s.service.Submit(ctx, s.from(s.grace), in)
		must(t, err)
		s.tries()
		if got := s.state(more); got.State != entitlement.DeliveryFailed {
			t.Fatalf("the extension is %s", got.State)
		}
		a := s.assignment(r)
		if a.State != entitlement.AccessPartial || a.Error == "" {
			t.Errorf("the access is %s %q", a.State, a.Error)
		}
		_, err = s.Users.RestoreGroup(ctx, s.A.Admin, s.group)
		must(t, err)
		if !s.isIn(s.group, s.grace) {
			t.Error("the membership did not come back with the group")
		}
		if err := s.service.DeletePackage(ctx, s.A.Admin, s.pkg.ID); err == nil {
			t.Error("the package can be deleted while somebody has it")
		}
		s.after(91 * day)
		if a = s.assignment(r); a.State != entitlement.AccessExpired || s.isIn(s.group, s.grace) || s.guestOf(s.grace).Enabled() {
			t.Errorf("at its end it is %s", a.State)
		}
	})
}

// A guest who was brought for nothing goes.
func TestAGuestOfAFailedDeliveryGoes(t *testing.T) {
	each(t, func(s *stage) {
		t := s.t
		must(t, s.Users.DeleteGroup(t.Context(), s.A.Admin, s.group))
		r := s.gave()
		s.tries()
		if got := s.state(r); got.State != entitlement.DeliveryFailed || s.assignment(r).State != entitlement.AccessFailed {
			t.Fatalf("it is %s", got.State)
		}
		if g := s.guestOf(s.grace); g == nil || g.Enabled() {
			t.Errorf("the guest %+v is not blocked", g)
		}
		s.after(31 * day)
		if s.guestOf(s.grace) != nil {
			t.Error("the guest stays")
		}
	})
}

// A delivery that failed is not tried again beside a new request for the same.
func TestNothingIsTriedAgainBesideAnOpenRequest(t *testing.T) {
	each(t, func(s *stage) {
		t, ctx := s.t, s.t.Context()
		must(t, s.Users.DeleteGroup(ctx, s.A.Admin, s.group))
		r := s.gave()
		s.tries()
		next := s.ask(s.grace)
		if err := s.service.Reprocess(ctx, s.A.Admin, r.ID); !errors.Is(err, entitlement.OpenRequest) {
			t.Errorf("it is tried again beside another: %v", err)
		}
		if got := s.state(r).State; got != entitlement.DeliveryFailed {
			t.Errorf("it is %s", got)
		}
		must(t, s.service.Cancel(ctx, s.from(s.grace), next.ID))
		must(t, s.service.Reprocess(ctx, s.A.Admin, r.ID))
	})
}

// Who may ask by a particular policy does not choose a laxer one instead, neither to
// get access nor to keep it.
func TestNobodyChoosesALaxerPolicy(t *testing.T) {
	each(t, func(s *stage) {
		t, ctx := s.t, s.t.Context()
		lax := s.policyFor(offer.AllExternalUsers)
		in := s.wish()
		in.Policy = lax.ID
		if _, err := s.service.Submit(ctx, s.from(s.grace), in); !errors.Is(err, entitlement.NotInScope) {
			t.Errorf("to get it: %v", err)
		}
		r := s.gave()
		ends := s.assignment(r).EndsAt
		in.Type = entitlement.UserUpdate
		if _, err := s.service.Submit(ctx, s.from(s.grace), in); !errors.Is(err, entitlement.NotInScope) {
			t.Errorf("to keep it: %v", err)
		}
		for _, own := range []ids.PolicyID{"", s.policy.ID} {
			in.Policy = own
			s.Clock.Advance(time.Hour)
			if _, err := s.service.Submit(ctx, s.from(s.grace), in); err != nil {
				t.Errorf("by its own policy %q: %v", own, err)
			}
			s.work()
		}
		if now := s.assignment(r).EndsAt; !now.Equal(ends.Add(2 * time.Hour)) {
			t.Errorf("it ends at %s, before the extensions at %s", now, ends)
		}
	})
}

// Whether somebody may give access back is the word of the policy they have it by.
func TestAnEndIsByTheAssignmentsPolicy(t *testing.T) {
	each(t, func(s *stage) {
		t, ctx := s.t, s.t.Context()
		r := s.gave()
		_, err := s.service.ChangePolicy(ctx, s.A.Admin, s.policy.ID, func(p *offer.Policy) error {
			p.Requestor.SelfRemove = false
			return nil
		})
		must(t, err)
		lax := s.policyFor(offer.AllExternalUsers)
		for _, p := range []ids.PolicyID{"", lax.ID, ids.New[ids.PolicyID]()} {
			if _, err := s.service.Submit(ctx, s.from(s.grace), entitlement.Submission{Type: entitlement.UserRemove, Package: s.pkg.ID, Policy: p}); !errors.Is(err, entitlement.NotInScope) {
				t.Errorf("naming %q: %v", p, err)
			}
		}
		if a := s.assignment(r); a.State != entitlement.AccessDelivered {
			t.Errorf("it is %s", a.State)
		}
	})
}

// An administrator's change that says nothing of the end leaves it.
func TestAChangeOfSomethingElseKeepsTheEnd(t *testing.T) {
	each(t, func(s *stage) {
		t, ctx := s.t, s.t.Context()
		give := entitlement.Submission{Type: entitlement.AdminAdd, Package: s.pkg.ID, Policy: s.policy.ID, Email: s.grace.UserPrincipalName}
		give.Schedule.Expiration = offer.Expiration{Type: offer.ExpirationAfterDuration, Duration: 10 * day}
		r, err := s.service.Submit(ctx, s.A.Admin, give)
		must(t, err)
		s.work()
		a := s.assignment(r)
		ends := a.EndsAt
		s.Clock.Advance(day)
		change := entitlement.Submission{Type: entitlement.AdminUpdate, Assignment: a.ID, Justification: "A new answer"}
		_, err = s.service.Submit(ctx, s.A.Admin, change)
		must(t, err)
		s.work()
		if now := s.assignment(r).EndsAt; !now.Equal(ends) {
			t.Errorf("it ends at %s, before at %s", now, ends)
		}
		change.Schedule.Expiration = offer.Expiration{Type: offer.ExpirationAfterDuration, Duration: 20 * day}
		_, err = s.service.Submit(ctx, s.A.Admin, change)
		must(t, err)
		s.work()
		if now := s.assignment(r).EndsAt; !now.Equal(s.Clock.Now().Add(20 * day)) {
			t.Errorf("with another end it ends at %s", now)
		}
	})
}

// Whatever a package may give is delivered.
func TestAPackageOfManyRoles(t *testing.T) {
	each(t, func(s *stage) {
		t := s.t
		for i := range 120 {
			s.give(s.addGroup(fmt.Sprint("group", i)))
		}
		s.work()
		if r := s.gave(); s.state(r).State != entitlement.Delivered {
			t.Errorf("it is %s: %s", s.state(r).State, s.state(r).Error)
		}
	})
}

// A guest whom an administrator has deleted can ask again, and does not get the access
// of the account that is gone.
func TestADeletedGuestAsksAgain(t *testing.T) {
	each(t, func(s *stage) {
		t, ctx := s.t, s.t.Context()
		old := s.gave()
		before := s.guestOf(s.grace)
		must(t, s.Users.Delete(ctx, s.A.Admin, string(before.ID)))
		s.work()
		in := s.wish()
		in.Type = entitlement.UserUpdate
		if _, err := s.service.Submit(ctx, s.from(s.grace), in); !errors.Is(err, entitlement.NoSuchAccess) {
			t.Errorf("an extension: %v", err)
		}
		r := s.ask(s.grace)
		s.work()
		if a := s.assignment(old); a.State != entitlement.AccessExpired {
			t.Errorf("the old access is %s", a.State)
		}
		must(t, s.decide(s.member(s.ada), r, true))
		s.work()
		now := s.guestOf(s.grace)
		if a := s.assignment(r); a.State != entitlement.AccessDelivered || now == nil || now.ID == before.ID || a.Object != now.ID || !s.isIn(s.group, s.grace) {
			t.Errorf("the new access is %+v", a)
		}
		s.after(90 * day)
		if s.isIn(s.group, s.grace) || s.guestOf(s.grace).Enabled() {
			t.Error("it does not end")
		}
	})
}

// An extension ends when it was agreed to end, however often its delivery is tried, and
// an older one that failed does not undo a later one.
func TestAnExtensionEndsAsAgreed(t *testing.T) {
	each(t, func(s *stage) {
		t, ctx := s.t, s.t.Context()
		a := s.assignment(s.gave())
		s.Clock.Advance(day)
		must(t, s.Users.DeleteGroup(ctx, s.A.Admin, s.group))
		change := entitlement.Submission{Type: entitlement.AdminUpdate, Assignment: a.ID}
		change.Schedule.Expiration = offer.Expiration{Type: offer.ExpirationAfterDuration, Duration: 80 * day}
		ends := s.Clock.Now().Add(80 * day)
		old, err := s.service.Submit(ctx, s.A.Admin, change)
		must(t, err)
		s.tries()
		for range 2 {
			if got := s.state(old).State; got != entitlement.DeliveryFailed {
				t.Fatalf("it is %s", got)
			}
			if now, err := s.service.Assignment(ctx, s.A.Admin, a.ID); err != nil || !now.EndsAt.Equal(ends) {
				t.Errorf("it ends at %s, and not at %s: %v", now.EndsAt, ends, err)
			}
			s.after(day)
			must(t, s.service.Reprocess(ctx, s.A.Admin, old.ID))
			s.tries()
		}
		_, err = s.Users.RestoreGroup(ctx, s.A.Admin, s.group)
		must(t, err)
		change.Schedule.Expiration.Duration = 20 * day
		_, err = s.service.Submit(ctx, s.A.Admin, change)
		must(t, err)
		s.work()
		if err := s.service.Reprocess(ctx, s.A.Admin, old.ID); !errors.Is(err, entitlement.WrongState) {
			t.Errorf("an older extension is tried again: %v", err)
		}
	})
}

// A duration counts from the start that was asked for, also where the approval came
// later.
func TestADurationCountsFromTheStart(t *testing.T) {
	each(t, func(s *stage) {
		t, ctx := s.t, s.t.Context()
		_, err := s.service.ChangePolicy(ctx, s.A.Admin, s.policy.ID, func(p *offer.Policy) error { p.Requestor.CustomSchedule = true; return nil })
		must(t, err)
		in := s.wish()
		start := s.Clock.Now().Add(day)
		in.Schedule = offer.Schedule{Start: start, Expiration: offer.Expiration{Type: offer.ExpirationAfterDuration, Duration: 5 * day}}
		r, err := s.service.Submit(ctx, s.from(s.grace), in)
		must(t, err)
		s.after(4 * day)
		must(t, s.decide(s.member(s.ada), r, true))
		s.work()
		if a := s.assignment(r); !a.EndsAt.Equal(start.Add(5*day)) || !a.StartsAt.Equal(s.Clock.Now()) {
			t.Errorf("asked for from %s, it is from %s until %s", start, a.StartsAt, a.EndsAt)
		}
	})
}

// A failed delivery is not tried again where something else has come instead.
func TestAFailedDeliveryIsOvertaken(t *testing.T) {
	each(t, func(s *stage) {
		t, ctx := s.t, s.t.Context()
		must(t, s.Users.DeleteGroup(ctx, s.A.Admin, s.group))
		second := s.second()
		must(t, s.service.AddIncompatible(ctx, s.A.Admin, s.pkg.ID, second.ID))
		r := s.gave()
		s.tries()
		in := s.wish()
		in.Package = second.ID
		other, err := s.service.Submit(ctx, s.from(s.grace), in)
		must(t, err)
		must(t, s.decide(s.member(s.ada), other, true))
		s.work()
		_, err = s.Users.RestoreGroup(ctx, s.A.Admin, s.group)
		must(t, err)
		must(t, s.service.Reprocess(ctx, s.A.Admin, r.ID))
		s.tries()
		if s.assignment(r).Live() || !s.assignment(other).Live() || s.state(r).State != entitlement.DeliveryFailed {
			t.Errorf("beside an incompatible package it is %s", s.assignment(r).State)
		}
		_, err = s.service.Submit(ctx, s.A.Admin, entitlement.Submission{Type: entitlement.AdminRemove, Assignment: s.assignment(other).ID})
		must(t, err)
		s.work()
		again := s.gave()
		if err := s.service.Reprocess(ctx, s.A.Admin, r.ID); !errors.Is(err, entitlement.HasAlready) {
			t.Errorf("beside what was given anew: %v", err)
		}
		_, err = s.service.Submit(ctx, s.A.Admin, entitlement.Submission{Type: entitlement.AdminRemove, Assignment: s.assignment(again).ID})
		must(t, err)
		s.work()
		must(t, s.service.DeletePackage(ctx, s.A.Admin, s.pkg.ID))
		if err := s.service.Reprocess(ctx, s.A.Admin, r.ID); !errors.Is(err, entitlement.NoSuchPackage) {
			t.Errorf("of a package that is deleted: %v", err)
		}
	})
}

// Nobody comes in the place of an account that is gone by the time of the delivery.
func TestNobodyComesForAnAccountThatIsGone(t *testing.T) {
	each(t, func(s *stage) {
		t, ctx := s.t, s.t.Context()
		_, err := s.service.ChangePolicy(ctx, s.A.Admin, s.policy.ID, func(p *offer.Policy) error { p.Approval.ForUpdate = true; return nil })
		must(t, err)
		a := s.assignment(s.gave())
		longer, err := s.service.Submit(ctx, s.from(s.grace), entitlement.Submission{Type: entitlement.UserUpdate, Package: s.pkg.ID, Justification: "more"})
		must(t, err)
		must(t, s.Users.Delete(ctx, s.A.Admin, string(a.Object)))
		s.work()
		must(t, s.decide(s.member(s.ada), longer, true))
		s.work()
		if got := s.state(longer).State; got != entitlement.DeliveryFailed || s.guestOf(s.grace) != nil {
			t.Errorf("the extension of a guest who is deleted is %s; the guest is %v", got, s.guestOf(s.grace))
		}

		lee := s.AddUser(t, s.A, "lee")
		_, long := s.gates()
		second := s.second()
		must(t, s.service.AddIncompatible(ctx, s.A.Admin, s.pkg.ID, second.ID))
		r, err := s.service.Submit(ctx, s.member(lee), entitlement.Submission{Type: entitlement.UserAdd, Package: s.pkg.ID, Policy: long.ID})
		must(t, err)
		direct, err := s.service.CreatePolicy(ctx, s.A.Admin, offer.Policy{Package: second.ID, Name: "direct", Scope: offer.NotSpecified})
		must(t, err)
		_, err = s.service.Submit(ctx, s.A.Admin, entitlement.Submission{Type: entitlement.AdminAdd, Package: second.ID, Policy: direct.ID, Target: lee.ID})
		must(t, err)
		s.work()
		must(t, s.decide(s.member(s.ada), r, true))
		s.work() // it waits for the other to end
		must(t, s.Users.Delete(ctx, s.A.Admin, string(lee.ID)))
		must(t, s.Users.PurgeUser(ctx, s.A.Admin, lee.ID))
		s.tries()
		if got := s.state(r).State; got != entitlement.DeliveryFailed && got != entitlement.Canceled || s.guestOf(lee) != nil {
			t.Errorf("for a member who is purged it is %s; the guest is %v", got, s.guestOf(lee))
		}
	})
}

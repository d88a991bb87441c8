package entitlement_test

import (
	"encoding/json"
	"errors"
	"slices"
	"testing"

	"entente/internal/core/authz"
	"entente/internal/core/directory"
	"entente/internal/core/person"
	"entente/internal/core/tenant"
	"entente/internal/flow/entitlement"
	"entente/internal/flow/guest"
	"entente/internal/flow/offer"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// accept has somebody of B accept what waits for them in A.
func (s *stage) accept(u *directory.User) {
	s.t.Helper()
	must(s.t, s.DB.Update(s.t.Context(), func(tx *sqldb.Tx) error {
		in, err := tenant.Get(s.t.Context(), tx, s.A.ID)
		if err != nil {
			return err
		}
		r, err := guest.Awaited(s.t.Context(), tx, in, person.Proof{Home: s.B.ID, User: u.ID, At: s.Clock.Now()})
		if err != nil {
			return err
		}
		if r == nil {
			return errors.New("nobody waits for " + u.UserPrincipalName)
		}
		return r.Accept(s.t.Context(), tx, guest.From{Request: "r", IP: "192.0.2.7"})
	}))
}

// hand has A's administrator give a guest to another address.
func (s *stage) hand(g *directory.User, to string) {
	s.t.Helper()
	admin := s.A.Admin
	admin.Scopes = []string{"User.ReadWrite.All"}
	text, err := json.Marshal(map[string]any{"invitedUserEmailAddress": to, "inviteRedirectUrl": "https://app.example/", "resetRedemption": true, "invitedUser": map[string]any{"id": g.ID}})
	must(s.t, err)
	_, err = guest.NewService(s.DB, s.Ring, "https://entente.example", nil).Invite(s.t.Context(), admin, text, nil)
	must(s.t, err)
}

// live counts what somebody has by their own account.
func (s *stage) live(who authz.Caller) (n int) {
	s.t.Helper()
	all, err := s.service.OwnAssignments(s.t.Context(), who, entitlement.OnTarget, offer.Asked{})
	must(s.t, err)
	for _, a := range all.Items {
		if a.Live() {
			n++
		}
	}
	return n
}

// TestAGuestIsHandedOn has a guest with access be handed from Grace to Heidi. The guest
// keeps the access; Grace tries everything that was hers to do about it, before and
// after the worker has come to it, and Heidi may do it. Neither sees what the other
// asked for.
func TestAGuestIsHandedOn(t *testing.T) {
	each(t, func(s *stage) {
		t, ctx := s.t, s.t.Context()
		heidi, second, third := s.AddUser(t, s.B, "heidi"), s.second(), s.third()
		_, err := s.service.ChangePolicy(ctx, s.A.Admin, s.policy.ID, func(p *offer.Policy) error { p.Approval.ForUpdate = true; return nil })
		must(t, err)
		r := s.ask(s.grace)
		must(t, s.decide(s.member(s.ada), r, true))
		s.work()
		a, g := s.assignment(r), s.guestOf(s.grace)
		s.accept(s.grace)
		old := s.from(s.grace)
		old.Object = g.ID
		longer, err := s.service.Submit(ctx, old, entitlement.Submission{Type: entitlement.UserUpdate, Package: s.pkg.ID, Justification: "x"})
		must(t, err)
		open, err := s.service.Submit(ctx, old, entitlement.Submission{Type: entitlement.UserAdd, Package: second.ID, Justification: "x"})
		must(t, err)
		// Heidi is known already: she has asked for something else.
		hers, err := s.service.Submit(ctx, s.from(heidi), entitlement.Submission{Type: entitlement.UserAdd, Package: third.ID, Justification: "x"})
		must(t, err)

		s.hand(g, heidi.UserPrincipalName)
		attack := func(when string) {
			t.Helper()
			for _, try := range []entitlement.Submission{
				{Type: entitlement.UserRemove, Package: s.pkg.ID},
				{Type: entitlement.UserRemove, Assignment: a.ID},
				{Type: entitlement.UserUpdate, Package: s.pkg.ID, Justification: "x"},
				{Type: entitlement.UserUpdate, Assignment: a.ID, Justification: "x"},
			} {
				if _, err := s.service.Submit(ctx, s.from(s.grace), try); err == nil {
					t.Errorf("%s: the account of before may %s", when, try.Type)
				}
			}
		}
		attack("at once")
		s.work()
		attack("later")
		if n := s.live(s.from(s.grace)); n != 0 {
			t.Errorf("the account of before has %d packages", n)
		}
		for _, r := range []*entitlement.Request{longer, open} {
			if got := s.state(r); got.State != entitlement.Canceled {
				t.Errorf("what it asked for is %s", got.State)
			}
			if err := s.decide(s.member(s.ada), r, true); !errors.Is(err, entitlement.Decided) {
				t.Errorf("it can still be approved: %v", err)
			}
		}
		// Before Heidi has accepted, Grace asks as anybody may, and comes as another guest.
		again := s.ask(s.grace)
		must(t, s.decide(s.member(s.ada), again, true))
		s.work()
		if now := s.assignment(again); now.State != entitlement.AccessDelivered || now.Object == g.ID {
			t.Errorf("asked anew: %s as %s", now.State, now.Object)
		}
		s.accept(heidi)
		s.work()
		as := s.from(heidi)
		as.Object = g.ID
		if now := s.assignment(r); now.State != entitlement.AccessDelivered || now.Object != g.ID || !s.isIn(s.group, heidi) {
			t.Fatalf("the guest's access is %s of %s", now.State, now.Object)
		}
		_, err = s.service.Requestable(ctx, as, offer.Asked{}) // she comes
		must(t, err)
		s.work()
		if n := s.live(as); n != 1 {
			t.Errorf("she has %d packages", n)
		}
		seen := func(who authz.Caller) (all []ids.RequestID) {
			t.Helper()
			list, err := s.service.OwnRequests(ctx, who, entitlement.OnTarget, offer.Asked{})
			must(t, err)
			for _, r := range list.Items {
				all = append(all, r.ID)
			}
			return all
		}
		if got := seen(as); !slices.Equal(got, []ids.RequestID{hers.ID}) {
			t.Errorf("she sees the requests %q, want hers, %q", got, hers.ID)
		}
		if got := seen(s.from(s.grace)); len(got) != 4 || slices.Contains(got, hers.ID) {
			t.Errorf("the account of before sees the requests %q", got)
		}
		gone, err := s.service.Submit(ctx, as, entitlement.Submission{Type: entitlement.UserRemove, Package: s.pkg.ID})
		must(t, err)
		s.work()
		if s.state(gone).State != entitlement.Delivered || s.isIn(s.group, heidi) {
			t.Errorf("given back: %s", s.state(gone).State)
		}
	})
}

// third makes a package that asks for approval, as the first does.
func (s *stage) third() *offer.Package {
	s.t.Helper()
	p := s.second()
	must(s.t, s.service.UpdatePackage(s.t.Context(), s.A.Admin, p.ID, s.catalog.ID, offer.PackageChange{Name: ptr("Third")}))
	return p
}

// TestADeliveryToAGuestThatIsHandedOn resets the redemption while the delivery, and
// then while the endpoint's word that it is complete, is waited for.
func TestADeliveryToAGuestThatIsHandedOn(t *testing.T) {
	eachHooked(t, func(s *hooked) {
		t := s.t
		s.on(map[string]*offer.Extension{"RequestGranted": s.hook})
		r := s.ask(s.grace)
		must(t, s.decide(s.member(s.ada), r, true))
		s.work()
		g := s.guestOf(s.grace)
		s.accept(s.grace)
		s.is(r, "given", entitlement.Delivering, "WaitingForCallback")
		s.hand(g, "pat@northwind.example")
		s.work()
		if now, a := s.state(r), s.assignment(r); now.State != entitlement.DeliveryFailed || now.Callout != "" || a.Live() {
			t.Errorf("request %s, waits for %q, assignment %s", now.State, now.Callout, a.State)
		}
		if s.isInAs(s.group, g.ID) {
			t.Error("what was under way was given")
		}
	})
}

// isInAs reports whether an object is in a group.
func (s *stage) isInAs(group, id ids.ObjectID) bool {
	s.t.Helper()
	var in []ids.ObjectID
	must(s.t, s.DB.View(s.t.Context(), func(tx *sqldb.Tx) (err error) {
		in, err = directory.GroupsWith(s.t.Context(), tx, s.A.ID, id, false, 10)
		return err
	}))
	return slices.Contains(in, group)
}

// TestAnAddressThatIsAnothersByNow delivers to Grace, whose address B gives to Heidi
// before Grace has accepted: Heidi does not become the guest.
func TestAnAddressThatIsAnothersByNow(t *testing.T) {
	each(t, func(s *stage) {
		t, ctx := s.t, s.t.Context()
		heidi := s.AddUser(t, s.B, "heidi")
		r := s.ask(s.grace)
		must(t, s.decide(s.member(s.ada), r, true))
		s.work()
		a, g, address := s.assignment(r), s.guestOf(s.grace), s.grace.UserPrincipalName
		rename := func(u *directory.User, to string) {
			_, err := s.Users.Update(ctx, s.B.Admin, string(u.ID), []byte(`{"userPrincipalName":"`+to+`","mail":"`+to+`"}`))
			must(t, err)
		}
		rename(s.grace, "grace.new@fabrikam.example")
		rename(heidi, address)
		awaited := func(u *directory.User) (r *guest.Redemption, err error) {
			err = s.DB.View(ctx, func(tx *sqldb.Tx) error {
				in, err := tenant.Get(ctx, tx, s.A.ID)
				if err == nil {
					r, err = guest.Awaited(ctx, tx, in, person.Proof{Home: s.B.ID, User: u.ID, At: s.Clock.Now()})
				}
				return err
			})
			return r, err
		}
		if r, err := awaited(heidi); r != nil || err != nil {
			t.Errorf("the guest waits for the address's new owner: %+v, %v", r, err)
		}
		// She asks herself, is approved, and is told why she cannot come in.
		hers := s.ask(heidi)
		must(t, s.decide(s.member(s.ada), hers, true))
		s.work()
		if got := s.state(hers); got.State != entitlement.Delivering || got.Error == "" || got.Assignment != "" {
			t.Errorf("hers is %s, %q", got.State, got.Error)
		}
		if now := s.assignment(r); now.Object != g.ID || !s.isInAs(s.group, a.Object) {
			t.Errorf("the first assignment is %+v", now)
		}
		// A's administrator says that she is the guest.
		s.hand(g, address)
		s.accept(heidi)
		s.work()
		if n := s.live(s.from(s.grace)); n != 0 {
			t.Errorf("the account of before has %d packages", n)
		}
	})
}

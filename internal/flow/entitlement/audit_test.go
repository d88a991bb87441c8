package entitlement_test

import (
	"slices"
	"testing"
	"time"

	"entente/internal/core/audit"
	"entente/internal/enttest/house"
	"entente/internal/flow/entitlement"
	"entente/internal/flow/offer"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// logged compares what the logs of both tenants say of a request: its activities,
// in order, each with the state that the request came to.
func (s *hooked) logged(when string, r *entitlement.Request, want ...string) {
	s.t.Helper()
	s.loggedOf(when, string(r.ID), want...)
}

// loggedOf does the same for whatever has a state.
func (s *hooked) loggedOf(when, id string, want ...string) {
	s.t.Helper()
	slices.Sort(want)
	for _, in := range []house.Tenant{s.A, s.B} {
		var told []audit.Stored
		must(s.t, s.DB.View(s.t.Context(), func(tx *sqldb.Tx) (err error) {
			told, err = audit.Entries(s.t.Context(), tx, in.ID, id, 50)
			return err
		}))
		var got []string
		for _, e := range told {
			got = append(got, e.Activity+": "+e.Detail["state"])
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			s.t.Errorf("%s: the log of %s says %q, want %q", when, in.Domain, got, want)
		}
	}
}

// TestEachTransitionIsLogged walks what can become of a request of B's person, and
// reads both tenants' logs.
func TestEachTransitionIsLogged(t *testing.T) {
	eachHooked(t, func(s *hooked) {
		t, ctx := s.t, s.t.Context()
		const asked, opened, ready = "User requests access package assignment: ", "Create request approval: pendingApproval", "Ready to fulfill access package assignment request: delivering"
		r := s.ask(s.grace)
		must(t, s.decide(s.member(s.ada), r, true))
		s.work()
		s.logged("approved", r, asked+"pendingApproval", opened, "Approve access package assignment request: delivering", ready, "Fulfill access package assignment: delivered")
		gone, err := s.service.Submit(ctx, s.from(s.grace), entitlement.Submission{Type: entitlement.UserRemove, Package: s.pkg.ID})
		must(t, err)
		s.work()
		s.logged("given back", gone, "User requests to remove access package assignment: delivering", "Remove access package assignment: delivered")

		r = s.ask(s.grace)
		must(t, s.decide(s.member(s.ada), r, false))
		s.logged("denied", r, asked+"pendingApproval", opened, "Deny access package assignment request: denied")
		r = s.ask(s.grace)
		must(t, s.service.Cancel(ctx, s.from(s.grace), r.ID))
		s.logged("canceled", r, asked+"pendingApproval", opened, "Cancel access package assignment request: canceled")
		r = s.ask(s.grace)
		s.after(14 * day)
		s.logged("timed out", r, asked+"pendingApproval", opened, "Access package assignment request timed out (no approver action taken): denied")

		s.on(map[string]*offer.Extension{"RequestCreated": s.hook})
		r = s.ask(s.grace)
		must(t, s.resume(r, ""))
		must(t, s.service.Cancel(ctx, s.from(s.grace), r.ID))
		s.logged("resumed", r, asked+"submitted", "Resume access package assignment request: pendingApproval", opened, "Cancel access package assignment request: canceled")
		r = s.ask(s.grace)
		must(t, s.resume(r, entitlement.Denied))
		s.logged("denied by an endpoint", r, asked+"submitted", "Deny access package assignment request: denied")
		r = s.ask(s.grace)
		s.work()
		s.after(2 * day)
		s.logged("no word in time", r, asked+"submitted", "Deny access package assignment request: denied")
		s.on(nil)

		r = s.ask(s.grace)
		must(t, s.decide(s.member(s.ada), r, true))
		must(t, s.Users.DeleteGroup(ctx, s.A.Admin, s.group))
		for range 12 {
			s.after(time.Hour)
		}
		s.logged("failed", r, asked+"pendingApproval", opened, "Approve access package assignment request: delivering", ready, "Failed access package assignment request: deliveryFailed")
		must(t, s.service.Reprocess(ctx, s.A.Admin, r.ID))
		s.logged("tried again", r, asked+"pendingApproval", opened, "Approve access package assignment request: delivering", ready, "Failed access package assignment request: deliveryFailed",
			"Reprocess access package assignment request: delivering")
	})
}

// TestTheLogOfAnApproval reads what is logged of a request that is asked of two
// stages and passed on: who is asked stands in A's log alone.
func TestTheLogOfAnApproval(t *testing.T) {
	eachHooked(t, func(s *hooked) {
		t := s.t
		bob, carl := s.AddUser(t, s.A, "bob"), s.AddUser(t, s.A, "carl")
		s.change(func(p *offer.Policy) {
			p.Requestor.CustomSchedule = true
			p.Approval.Stages = []offer.Stage{
				{TimeOut: 14 * day, Primary: single(s.ada), Escalation: true, EscalateAfter: 8 * day, Alternate: single(bob)},
				{TimeOut: 10 * day, Primary: single(carl)},
			}
		})
		wish := s.wish()
		wish.Schedule = offer.Schedule{Start: s.Clock.Now().Add(20 * day)}
		r, err := s.service.Submit(t.Context(), s.from(s.grace), wish)
		must(t, err)
		s.after(9 * day)
		must(t, s.decide(s.member(bob), r, true))
		must(t, s.decide(s.member(carl), r, true))
		want := []string{"User requests access package assignment: pendingApproval", "Create request approval: pendingApproval", "Add approver to request approval: pendingApproval",
			"Approval stage completed for access package assignment request: pendingApproval", "Create request approval: pendingApproval",
			"Approve access package assignment request: scheduled", "Schedule a future access package assignment: scheduled"}
		s.logged("approved for later", r, want...)
		for _, in := range []house.Tenant{s.A, s.B} {
			var told []audit.Stored
			must(t, s.DB.View(t.Context(), func(tx *sqldb.Tx) (err error) {
				told, err = audit.Entries(t.Context(), tx, in.ID, string(r.ID), 50)
				return err
			}))
			asked := map[string]ids.ObjectID{"Create request approval 1": s.ada.ID, "Add approver to request approval 1": bob.ID, "Create request approval 2": carl.ID}
			for _, e := range told {
				who, ok := asked[e.Activity+" "+e.Detail["stage"]]
				delete(asked, e.Activity+" "+e.Detail["stage"])
				switch {
				case !ok:
				case e.Category != "UserManagement":
					t.Errorf("%q is %s", e.Activity, e.Category)
				case in.ID == s.B.ID && len(e.Changes) != 0:
					t.Errorf("B reads who was asked: %+v", e.Changes)
				case in.ID == s.A.ID && !slices.Equal(e.Changes, []audit.Change{{Name: "Approvers", New: string(who)}}):
					t.Errorf("%q at stage %s names %+v, not %s", e.Activity, e.Detail["stage"], e.Changes, who)
				}
			}
			if len(asked) > 0 {
				t.Errorf("the log of %s lacks %v", in.Domain, asked)
			}
		}
		s.after(11 * day)
		s.logged("begun", r, append(want, "Ready to fulfill access package assignment request: delivering", "Fulfill access package assignment: delivered")...)

		s.change(func(p *offer.Policy) { p.Approval = offer.ApprovalSettings{} })
		r = s.ask(s.AddUser(t, s.B, "heidi"))
		s.work()
		s.logged("asked of nobody", r, "User requests access package assignment: delivering", "Auto approve access package assignment request: delivering",
			"Ready to fulfill access package assignment request: delivering", "Fulfill access package assignment: delivered")
	})
}

// TestWhatBecomesOfAnAssignmentIsLogged has a part of an access be lost and come back
// with nobody asking, and reads both tenants' logs.
func TestWhatBecomesOfAnAssignmentIsLogged(t *testing.T) {
	eachHooked(t, func(s *hooked) {
		t, ctx := s.t, s.t.Context()
		a := s.assignment(s.gave())
		id := string(a.ID)
		s.loggedOf("given", id)
		repair := func() {
			t.Helper()
			must(t, s.service.Repair(ctx, s.A.Admin, a.ID))
			s.work()
		}
		must(t, s.Users.DeleteGroup(ctx, s.A.Admin, s.group))
		repair()
		want := []string{"Reprocess access package assignment: delivered", "Partially fulfill access package assignment: partiallyDelivered"}
		s.loggedOf("a group is gone", id, want...)
		repair()
		want = append(want, "Reprocess access package assignment: partiallyDelivered")
		s.loggedOf("it is gone still", id, want...)
		_, err := s.Users.RestoreGroup(ctx, s.A.Admin, s.group)
		must(t, err)
		repair()
		want = append(want, "Reprocess access package assignment: partiallyDelivered", "Fulfill access package assignment: delivered")
		s.loggedOf("it is back", id, want...)
		s.give(s.addGroup("more"))
		s.work()
		s.loggedOf("the package gives more", id, want...)
		other := s.addGroup("other")
		s.give(other)
		must(t, s.Users.DeleteGroup(ctx, s.A.Admin, other))
		s.work()
		s.loggedOf("what it gives is gone", id, append(want, "Partially fulfill access package assignment: partiallyDelivered")...)
		for _, in := range []house.Tenant{s.A, s.B} {
			var told []audit.Stored
			must(t, s.DB.View(ctx, func(tx *sqldb.Tx) (err error) {
				told, err = audit.Entries(ctx, tx, in.ID, id, 50)
				return err
			}))
			for _, e := range told {
				if knows := len(e.Changes) == 1 && e.Changes[0].New != ""; knows != (in.ID == s.A.ID && e.Detail["state"] == "partiallyDelivered") {
					t.Errorf("%s learns of %q (%s): %+v", in.Domain, e.Activity, e.Detail["state"], e.Changes)
				}
			}
		}
	})
}

// TestACallIsLogged reads what is logged of the call to a custom extension that was
// taken, and of one that was not.
func TestACallIsLogged(t *testing.T) {
	eachHooked(t, func(s *hooked) {
		t, ctx := s.t, s.t.Context()
		s.on(map[string]*offer.Extension{"RequestCreated": s.hook})
		for _, answer := range []int{0, 400} {
			s.mu.Lock()
			s.answer = answer
			s.mu.Unlock()
			r := s.ask(s.AddUser(t, s.B, map[int]string{0: "hope", 400: "iris"}[answer]))
			for range 12 {
				s.after(time.Minute)
			}
			var told []audit.Stored
			must(t, s.DB.View(ctx, func(tx *sqldb.Tx) (err error) {
				told, err = audit.Entries(ctx, tx, s.A.ID, string(s.hook.ID), 50)
				return err
			}))
			told = slices.DeleteFunc(told, func(e audit.Stored) bool {
				return e.Activity != "Execute custom extension" || e.Detail["request"] != string(r.ID)
			})
			if len(told) != 1 || (told[0].Failure != "") != (answer != 0) {
				t.Errorf("an endpoint that answers %d: %+v", answer, told)
			}
		}
	})
}

package entitlement_test

import (
	"slices"
	"testing"
	"time"

	"entente/internal/core/audit"
	"entente/internal/enttest/house"
	"entente/internal/flow/entitlement"
	"entente/internal/kit/sqldb"
)

// logged compares what the logs of both tenants say of a request: its activities,
// in order, each with the state that the request came to.
func (s *hooked) logged(when string, r *entitlement.Request, want ...string) {
	s.t.Helper()
	slices.Sort(want)
	for _, in := range []house.Tenant{s.A, s.B} {
		var told []audit.Stored
		must(s.t, s.DB.View(s.t.Context(), func(tx *sqldb.Tx) (err error) {
			told, err = audit.Entries(s.t.Context(), tx, in.ID, string(r.ID), 50)
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
		const asked = "User requests access package assignment: "
		r := s.ask(s.grace)
		must(t, s.decide(s.member(s.ada), r, true))
		s.work()
		s.logged("approved", r, asked+"pendingApproval", "Approve access package assignment request: delivering", "Fulfill access package assignment: delivered")
		gone, err := s.service.Submit(ctx, s.from(s.grace), entitlement.Submission{Type: entitlement.UserRemove, Package: s.pkg.ID})
		must(t, err)
		s.work()
		s.logged("given back", gone, "Request removal of access package assignment: delivering", "Remove access package assignment: delivered")

		r = s.ask(s.grace)
		must(t, s.decide(s.member(s.ada), r, false))
		s.logged("denied", r, asked+"pendingApproval", "Deny access package assignment request: denied")
		r = s.ask(s.grace)
		must(t, s.service.Cancel(ctx, s.from(s.grace), r.ID))
		s.logged("canceled", r, asked+"pendingApproval", "Cancel access package assignment request: canceled")
		r = s.ask(s.grace)
		s.after(14 * day)
		s.logged("timed out", r, asked+"pendingApproval", "Access package assignment request timed out (no approver action taken): denied")

		s.on(map[string]*entitlement.Extension{"RequestCreated": s.hook})
		r = s.ask(s.grace)
		must(t, s.resume(r, ""))
		must(t, s.service.Cancel(ctx, s.from(s.grace), r.ID))
		s.logged("resumed", r, asked+"submitted", "Resume access package assignment request: pendingApproval", "Cancel access package assignment request: canceled")
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
		s.logged("failed", r, asked+"pendingApproval", "Approve access package assignment request: delivering", "Fulfill access package assignment partially: deliveryFailed")
		must(t, s.service.Reprocess(ctx, s.A.Admin, r.ID))
		s.logged("tried again", r, asked+"pendingApproval", "Approve access package assignment request: delivering", "Fulfill access package assignment partially: deliveryFailed",
			"Reprocess access package assignment request: delivering")
	})
}

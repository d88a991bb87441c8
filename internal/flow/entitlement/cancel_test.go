package entitlement_test

import (
	"errors"
	"strings"
	"testing"

	"entente/internal/flow/entitlement"
	"entente/internal/flow/offer"
	"entente/internal/kit/jobs"
	"entente/internal/kit/sqldb"
)

// TestEndingAPauseEndsTheCall ends requests that wait for an endpoint's word, before
// and after the endpoint was called. Nobody is called later, no timer stays, and the
// word is refused.
func TestEndingAPauseEndsTheCall(t *testing.T) {
	eachHooked(t, func(s *hooked) {
		t, ctx := s.t, s.t.Context()
		cancel := func(r *entitlement.Request) { must(t, s.service.Cancel(ctx, s.from(s.grace), r.ID)) }
		takeBack := func(r *entitlement.Request) {
			_, err := s.service.Submit(ctx, s.A.Admin, entitlement.Submission{Type: entitlement.AdminRemove, Assignment: s.state(r).Assignment})
			must(t, err)
			s.work()
		}
		for _, tt := range []struct {
			stage  string
			called bool
			end    func(r *entitlement.Request)
			want   entitlement.RequestState
		}{
			{"RequestCreated", false, cancel, entitlement.Canceled},
			{"RequestCreated", true, cancel, entitlement.Canceled},
			{"RequestApproved", false, cancel, entitlement.Canceled},
			{"RequestApproved", true, cancel, entitlement.Canceled},
			{"RequestGranted", true, takeBack, entitlement.DeliveryFailed},
		} {
			s.on(map[string]*offer.Extension{tt.stage: s.hook})
			r := s.ask(s.grace)
			if tt.stage != "RequestCreated" {
				must(t, s.decide(s.member(s.ada), r, true))
			}
			if tt.called {
				s.work()
			}
			waits := s.state(r).Callout
			if got := s.calls(); waits == "" || (len(got) > 0) != tt.called {
				t.Fatalf("%s: waits for %q, called %q", tt.stage, waits, got)
			}
			tt.end(r)
			if got := s.state(r); got.State != tt.want || got.Callout != "" || !got.ResumeBy.IsZero() {
				t.Errorf("%s: %s waits for %q until %s", tt.stage, got.State, got.Callout, got.ResumeBy)
			}
			if c := s.callouts(r)[0]; c.Status != entitlement.CalloutFailed || c.EndedAt.IsZero() || !strings.HasSuffix(c.Detail, "canceled.") && !strings.HasSuffix(c.Detail, "ended meanwhile.") {
				t.Errorf("%s: the call is %+v", tt.stage, c)
			}
			must(t, s.DB.View(ctx, func(tx *sqldb.Tx) error {
				all, err := jobs.List(ctx, tx, s.A.ID, jobs.Pending, "", 1000)
				for _, j := range all {
					if j.Key == string(r.ID) || j.Key == waits {
						t.Errorf("%s: left behind: %+v", tt.stage, j)
					}
				}
				return err
			}))
			s.expect(tt.stage + " ended")
			err := s.service.Resume(ctx, s.A.Admin, r.ID, entitlement.Resumption{Callout: waits})
			if !errors.Is(err, entitlement.WrongState) || !strings.Contains(err.Error(), string(tt.want)) {
				t.Errorf("%s: a late word: %v", tt.stage, err)
			}
			s.after(3 * day)
			if got := s.state(r); got.State != tt.want || s.isIn(s.group, s.grace) {
				t.Errorf("%s: in the end %s, in the group %v", tt.stage, got.State, s.isIn(s.group, s.grace))
			}
		}
	})
}

// TestAnEndCancelsWhatWouldHaveChangedIt has an assignment end while its extension
// waits for an endpoint.
func TestAnEndCancelsWhatWouldHaveChangedIt(t *testing.T) {
	eachHooked(t, func(s *hooked) {
		t, ctx := s.t, s.t.Context()
		r := s.ask(s.grace)
		must(t, s.decide(s.member(s.ada), r, true))
		s.work()
		a := s.assignment(r)
		s.on(map[string]*offer.Extension{"RequestCreated": s.hook})
		s.Clock.Advance(a.EndsAt.Add(-day).Sub(s.Clock.Now()))
		longer, err := s.service.Submit(ctx, s.from(s.grace), entitlement.Submission{Type: entitlement.UserUpdate, Package: s.pkg.ID, Justification: "not done yet"})
		must(t, err)
		s.work()
		s.is(longer, "asked for longer", entitlement.Submitted, "WaitingForCallback")
		s.after(day)
		s.is(longer, "over", entitlement.Canceled, "Canceled")
		if c := s.callouts(longer)[0]; c.Status != entitlement.CalloutFailed {
			t.Errorf("the call is %+v", c)
		}
		s.logged("canceled with the assignment", longer, "User requests to extend access package assignment: submitted", "Cancel access package assignment request: canceled")
	})
}

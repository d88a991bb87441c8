package entitlement_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"entente/internal/core/audit"
	"entente/internal/core/directory"
	"entente/internal/enttest/dbtest"
	"entente/internal/enttest/house"
	"entente/internal/flow/entitlement"
	"entente/internal/flow/guest"
	"entente/internal/flow/offer"
	"entente/internal/kit/ids"
	"entente/internal/kit/jobs"
	"entente/internal/kit/sqldb"
)

// TestTwoServers has two servers, each with a store and a worker of its own, do
// all of it at once on one PostgreSQL: people ask both, two approvers decide
// on both, both workers deliver, and both end everything at one minute.
func TestTwoServers(t *testing.T) {
	if !slices.Contains(dbtest.Engines, sqldb.PostgreSQL) {
		t.Log("PostgreSQL is left out on request; SQLite has one server")
		return
	}
	url := dbtest.URL(t, sqldb.PostgreSQL)
	h := house.At(t, url)
	s := &stage{House: h, t: t, service: entitlement.NewService(h.DB)}
	s.ada, s.grace = h.AddUser(t, h.A, "ada"), h.AddUser(t, h.B, "grace")
	s.setUp()
	ctx, lee := t.Context(), s.AddUser(t, s.A, "lee")
	_, err := s.service.ChangePolicy(ctx, s.A.Admin, s.policy.ID, func(p *offer.Policy) error {
		p.Approval.Stages[0].Primary = []offer.SubjectSet{{Kind: offer.SingleUser, Object: s.ada.ID}, {Kind: offer.SingleUser, Object: lee.ID}}
		return nil
	})
	must(t, err)
	other := dbtest.OpenURL(t, url, h.Clock)
	services := []*entitlement.Service{s.service, entitlement.NewService(other)}
	var workers []*jobs.Worker
	for i, db := range []*sqldb.DB{h.DB, other} {
		w := jobs.New(db, h.Clock, jobs.Options{})
		w.HandleGroup(entitlement.RequestKind, entitlement.Most, services[i].LookAtRequests, jobs.Policy{})
		w.HandleGroup(entitlement.AssignmentKind, entitlement.Most, services[i].LookAtAssignments, jobs.Policy{})
		w.Handle(guest.RemoveKind, guest.NewService(db, h.Ring, "https://entente.example", nil).Remove, jobs.Policy{})
		workers = append(workers, w)
	}
	both := func(do func(i int)) {
		var all sync.WaitGroup
		for i := range 2 {
			all.Go(func() { do(i) })
		}
		all.Wait()
	}
	work := func() {
		for range 3 { // what failed for the other's sake is due a moment later
			both(func(i int) {
				if _, err := workers[i].RunDue(ctx); err != nil {
					t.Error(err)
				}
			})
			h.Clock.Advance(time.Minute)
		}
	}
	people := make([]*directory.User, 12)
	for i := range people {
		people[i] = s.AddUser(t, s.B, fmt.Sprint("p", i))
	}
	// Everybody asks both servers at once; one of the two is told that there is one.
	made := make([]ids.RequestID, len(people))
	var mu sync.Mutex
	both(func(i int) {
		for n, u := range people {
			r, err := services[i].Submit(ctx, s.from(u), s.wish())
			switch {
			case err == nil:
				mu.Lock()
				if made[n] != "" {
					t.Errorf("%s has two requests", u.UserPrincipalName)
				}
				made[n] = r.ID
				mu.Unlock()
			case !errors.Is(err, entitlement.OpenRequest):
				t.Errorf("%s asks: %v", u.UserPrincipalName, err)
			}
		}
	})
	// Ada agrees on one server, Lee refuses on the other: one word counts.
	words := make([]string, len(people))
	both(func(i int) {
		who, word := s.member(s.ada), entitlement.Approve
		if i == 1 {
			who, word = s.member(lee), entitlement.Deny
		}
		for n := range people {
			stages, err := services[i].Stages(ctx, s.A.Admin, made[n])
			if err != nil {
				t.Error(err)
				continue
			}
			_, err = services[i].Decide(ctx, who, made[n], stages[0].ID, i == 0, "because", "")
			switch {
			case err == nil:
				mu.Lock()
				if words[n] != "" {
					t.Errorf("request %d is decided twice", n)
				}
				words[n] = word
				mu.Unlock()
			case !errors.Is(err, entitlement.Decided):
				t.Errorf("request %d: %v", n, err)
			}
		}
	})
	// A few more of which both are approved, so that there is enough to deliver.
	for n, u := range people {
		if words[n] != entitlement.Deny {
			continue
		}
		r, err := services[n%2].Submit(ctx, s.from(u), s.wish())
		must(t, err)
		must(t, s.decide(s.member(s.ada), r, true))
		made[n] = r.ID
	}
	work()
	var ends []*entitlement.Assignment
	for n, u := range people {
		r := s.state(&entitlement.Request{ID: made[n]})
		if r.State != entitlement.Delivered || !s.isIn(s.group, u) {
			t.Errorf("%s: %s, %s", u.UserPrincipalName, r.State, r.Error)
			continue
		}
		ends = append(ends, s.assignment(r))
		if n := told(s, string(r.ID), "Fulfill access package assignment"); n != 1 {
			t.Errorf("%s: the delivery is told %d times", u.UserPrincipalName, n)
		}
	}
	h.Clock.Advance(100 * day)
	work()
	for i, a := range ends {
		if got := s.assignment(&entitlement.Request{ID: made[i]}); got.State != entitlement.AccessExpired || s.isIn(s.group, people[i]) {
			t.Errorf("%s: %s after its end", a.ID, got.State)
		}
	}
	all, err := s.service.Requests(ctx, s.A.Admin, offer.Asked{})
	must(t, err)
	removals := 0
	for _, r := range all.Items {
		if r.Type == entitlement.SystemRemove {
			removals++
			if n := told(s, string(r.ID), "Remove access package assignment"); n != 1 || r.State != entitlement.Delivered {
				t.Errorf("the removal %s is %s, told %d times", r.ID, r.State, n)
			}
		}
	}
	if removals != len(people) {
		t.Errorf("%d removals of %d", removals, len(people))
	}
	for i, w := range workers {
		if w.Stats().Completed == 0 { // the other one was always first; it takes one more alone
			r, err := services[i].Submit(ctx, s.from(people[0]), s.wish())
			must(t, err)
			must(t, s.decide(s.member(s.ada), r, true))
			_, err = w.RunDue(ctx)
			must(t, err)
		}
		if st := w.Stats(); st.Died != 0 || st.Completed == 0 {
			t.Errorf("worker %d: %+v", i, st)
		}
	}
}

// told counts the entries of an activity about an object in A's log.
func told(s *stage, about, activity string) (n int) {
	s.t.Helper()
	must(s.t, s.DB.View(s.t.Context(), func(tx *sqldb.Tx) error {
		all, err := audit.Entries(s.t.Context(), tx, s.A.ID, about, 50)
		for _, e := range all {
			if e.Activity == activity {
				n++
			}
		}
		return err
	}))
	return n
}

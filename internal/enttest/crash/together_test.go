package crash_test

import (
	"fmt"
	"testing"
	"time"

	"entente/internal/core/directory"
	"entente/internal/enttest/dbtest"
	"entente/internal/flow/entitlement"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// several is more than go into the first transaction of a group.
const several = 10

// holders has several people of B get the package at once.
func (d *desk) holders(t *testing.T, round string, n int) (people []*directory.User, access []*entitlement.Assignment) {
	t.Helper()
	var requests []*entitlement.Request
	for i := range n {
		u := d.AddUser(t, d.B, fmt.Sprint("u", round, "x", i))
		people, requests = append(people, u), append(requests, d.approved(t, u))
	}
	d.restart(t)
	for i, r := range requests {
		d.delivered(t, i, people[i], r)
		access = append(access, d.given(t, r))
	}
	return people, access
}

// TestEndsTogetherKilledAtEveryStep has several assignments end at one second, and
// kills the worker at each transaction of the group in turn, and within them at some
// statements. Each ends once, and is told once on each side.
func TestEndsTogetherKilledAtEveryStep(t *testing.T) {
	for _, engine := range dbtest.Engines {
		for name, way := range map[string]struct {
			people, stride, least int
			killed                func(d *desk, t *testing.T, steps int) bool
		}{
			"between": {several, 1, 6, (*desk).killed},
			"inside":  {3, 13, 60, (*desk).killedInside},
		} {
			t.Run(string(engine)+"/"+name, func(t *testing.T) {
				if name == "inside" && engine == sqldb.PostgreSQL {
					way.stride *= 3 // its driver asks the context several times a statement
				}
				d := newDesk(t, engine)
				steps, finished := 0, false
				for steps = 1; !finished && steps < 60*way.stride; steps += way.stride {
					people, access := d.holders(t, fmt.Sprint(steps), way.people)
					d.untilEnd(t, access[len(access)-1])
					finished = !way.killed(d, t, steps)
					d.restart(t)
					for i, u := range people {
						d.ended(t, steps, u, access[i])
					}
					d.Clock.Advance(31 * 24 * time.Hour) // the guests are deleted by then
					d.restart(t)
				}
				if !finished || steps < way.least {
					t.Fatalf("the ends take %d steps, finished %v: nothing is shown", steps, finished)
				}
				t.Logf("killed at %d places", (steps-1)/way.stride-1)
			})
		}
	}
}

// TestAFailingGroupKilledOnItsWay has three requests be delivered at once of which
// one can have only half of what it gives, and kills the worker at every second transaction:
// of the group, of each alone, and of the one that goes on step by step. The others
// are delivered once, and of the one everything that can be given is.
func TestAFailingGroupKilledOnItsWay(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(string(engine), func(t *testing.T) {
			d := newDesk(t, engine)
			old := d.addGroup(t, "archive")
			half := d.offer(t, "Old design files", d.groups[0], old)
			check(t, d.Users.DeleteGroup(t.Context(), d.A.Admin, old))
			d.restart(t)
			steps, finished := 0, false
			for steps = 1; !finished && steps < 2*mostTransactions; steps += 2 {
				var people []*directory.User
				var requests []*entitlement.Request
				for i, pkg := range []ids.PackageID{d.pkg, half, d.pkg} {
					u := d.AddUser(t, d.B, fmt.Sprint("u", steps, "x", i))
					people, requests = append(people, u), append(requests, d.approvedFor(t, u, pkg))
				}
				finished = !d.killed(t, steps)
				d.restart(t)
				d.delivered(t, steps, people[0], requests[0])
				d.delivered(t, steps, people[2], requests[2])
				d.halfDelivered(t, steps, people[1], requests[1])
			}
			if !finished || steps < 12 {
				t.Fatalf("the deliveries take %d transactions, finished %v: nothing is shown", steps, finished)
			}
			t.Logf("killed at %d places", steps/2-1)
		})
	}
}

func (d *desk) halfDelivered(t *testing.T, steps int, u *directory.User, r *entitlement.Request) {
	t.Helper()
	a, g := d.given(t, r), d.guest(t, u)
	if g == nil || a.Object != g.ID || a.State != entitlement.AccessDelivering || a.Error == "" || d.count(t, g) != 1 {
		t.Fatalf("step %d: guest %v, assignment %+v", steps, g, a)
	}
	for range 16 { // tries until it gives up
		d.Clock.Advance(time.Hour)
		d.restart(t)
	}
	now, err := d.service.Request(t.Context(), d.A.Admin, r.ID)
	check(t, err)
	if a = d.given(t, r); now.State != entitlement.PartiallyDelivered || a.State != entitlement.AccessPartial || d.count(t, g) != 1 {
		t.Errorf("step %d: request %s, assignment %s, in %d groups", steps, now.State, a.State, d.count(t, g))
	}
	for _, in := range []ids.TenantID{d.A.ID, d.B.ID} {
		if n := d.told(t, in, string(r.ID), "Partially fulfill access package assignment request"); n != 1 {
			t.Errorf("step %d: told %d times", steps, n)
		}
	}
}

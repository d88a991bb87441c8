package entitlement_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"entente/internal/core/directory"
	"entente/internal/flow/entitlement"
	"entente/internal/flow/offer"
	"entente/internal/kit/ids"
	"entente/internal/kit/jobs"
)

// A cell is a person and a package, by their places.
type cell struct{ person, pkg int }

// A model is the plainest idea of who has what: a word was given, and the end has
// not come.
type model struct {
	pending map[cell]*entitlement.Request
	until   map[cell]time.Time // the word is waited for so long
	live    map[cell]time.Time // the end
	gives   [2]map[int]bool    // groups by package
	terms   [2]terms           // what the policy of a package says now
	agreed  map[cell]terms     // what it said when the request was made
	hand    map[cell]bool      // by person and group: what an administrator gave beside the packages
	all     []ids.RequestID    // every request that was made
}

// terms are what a policy says.
type terms struct {
	approval bool
	days     int
}

// pass lets time end what ends by it.
func (m *model) pass(now time.Time) {
	for c, at := range m.until {
		if !at.After(now) {
			delete(m.until, c)
			delete(m.pending, c)
		}
	}
	for c, at := range m.live {
		if !at.After(now) {
			delete(m.live, c)
		}
	}
}

// has reports whether a person is in a group by what the model knows.
func (m *model) has(person, group int) bool {
	if m.hand[cell{person, group}] {
		return true
	}
	for c := range m.live {
		if c.person == person && m.gives[c.pkg][group] {
			return true
		}
	}
	return false
}

// TestAgainstAModel runs random requests, decisions, cancellations, removals,
// extensions, changes of packages and policies, memberships by hand, moves of the
// clock, redeliveries, and servers that are cut off in the middle. After each,
// everybody has what the model says; at last every request has ended, and each
// assignment once.
func TestAgainstAModel(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) { against(t, seed) })
	}
}

func against(t *testing.T, seed uint64) {
	each(t, func(s *stage) {
		t, ctx := s.t, s.t.Context()
		people := []*directory.User{s.grace, s.AddUser(t, s.B, "kim")}
		groups := []ids.ObjectID{s.group, s.addGroup("archive")}
		packages := []ids.PackageID{s.pkg.ID, ""}
		second := *s.policy
		p, err := s.service.CreatePackage(ctx, s.A.Admin, s.catalog.ID, offer.PackageChange{Name: ptr("Second")})
		must(t, err)
		packages[1], second.Package = p.ID, p.ID
		made, err := s.service.CreatePolicy(ctx, s.A.Admin, second)
		must(t, err)
		policies := []ids.PolicyID{s.policy.ID, made.ID}
		_, err = s.service.RequestResource(ctx, s.A.Admin, offer.ResourceAsk{Kind: offer.AddResource, Catalog: s.catalog.ID, Origin: offer.AadGroup, OriginID: string(groups[1])})
		must(t, err)
		m := &model{pending: map[cell]*entitlement.Request{}, until: map[cell]time.Time{}, live: map[cell]time.Time{},
			terms: [2]terms{{true, 90}, {true, 90}}, agreed: map[cell]terms{}, hand: map[cell]bool{}}
		m.gives = [2]map[int]bool{{0: true}, {}}
		toggle := func(pkg, group int) {
			if !m.gives[pkg][group] {
				_, err := s.service.AddRole(ctx, s.A.Admin, packages[pkg], offer.RoleAsk{Origin: offer.AadGroup, OriginID: string(groups[group]), RoleOriginID: "Member_" + string(groups[group])})
				must(t, err)
				m.gives[pkg][group] = true
				return
			}
			roles, err := s.service.PackageRoles(ctx, s.A.Admin, packages[pkg])
			must(t, err)
			for _, one := range roles {
				if one.Resource.OriginID == string(groups[group]) {
					must(t, s.service.RemoveRole(ctx, s.A.Admin, packages[pkg], one.ID()))
				}
			}
			delete(m.gives[pkg], group)
		}
		toggle(1, 0) // both packages give the first group
		submit := func(c cell, kind entitlement.RequestType) (*entitlement.Request, error) {
			r, err := s.service.Submit(ctx, s.from(people[c.person]), entitlement.Submission{Type: kind, Package: packages[c.pkg], Justification: "why"})
			if err == nil {
				m.all = append(m.all, r.ID)
			}
			return r, err
		}
		r := rand.New(rand.NewPCG(3, seed))
		for step := range 120 {
			c := cell{r.IntN(2), r.IntN(2)}
			_, waits := m.pending[c]
			_, has := m.live[c]
			now := s.Clock.Now()
			var did string
			switch r.IntN(11) {
			case 0, 1:
				did = "asks"
				q, err := submit(c, entitlement.UserAdd)
				switch {
				case waits:
					if !errors.Is(err, entitlement.OpenRequest) {
						t.Fatalf("step %d: a second request: %v", step, err)
					}
				case has:
					if !errors.Is(err, entitlement.HasAlready) {
						t.Fatalf("step %d: asks for what they have: %v", step, err)
					}
				default:
					must(t, err)
					says := m.terms[c.pkg]
					if !says.approval {
						m.live[c] = now.Add(time.Duration(says.days) * day)
						break
					}
					m.pending[c], m.until[c], m.agreed[c] = q, now.Add(14*day), says
				}
			case 2, 3:
				if did = "is decided on"; waits {
					approve := r.IntN(4) > 0
					must(t, s.decide(s.member(s.ada), m.pending[c], approve))
					if approve {
						m.live[c] = now.Add(time.Duration(m.agreed[c].days) * day)
					}
					delete(m.pending, c)
					delete(m.until, c)
				}
			case 4:
				if did = "cancels"; waits {
					must(t, s.service.Cancel(ctx, s.from(people[c.person]), m.pending[c].ID))
					delete(m.pending, c)
					delete(m.until, c)
				}
			case 5:
				did = "gives back"
				_, err := submit(c, entitlement.UserRemove)
				if has != (err == nil) {
					t.Fatalf("step %d: gives back what they have (%v): %v", step, has, err)
				}
				delete(m.live, c)
			case 6:
				did = "extends"
				_, err := submit(c, entitlement.UserUpdate)
				if has != (err == nil) {
					t.Fatalf("step %d: extends what they have (%v): %v", step, has, err)
				}
				if has { // it never shortens
					if end := now.Add(time.Duration(m.terms[c.pkg].days) * day); end.After(m.live[c]) {
						m.live[c] = end
					}
				}
			case 7:
				did = "package changes"
				toggle(c.pkg, r.IntN(2))
			case 8:
				did = "time"
				s.Clock.Advance(time.Duration(r.IntN(40)) * day)
				m.pass(s.Clock.Now())
			case 9:
				did = "policy changes"
				says := terms{r.IntN(3) > 0, []int{30, 90}[r.IntN(2)]}
				_, err := s.service.ChangePolicy(ctx, s.A.Admin, policies[c.pkg], func(p *offer.Policy) error {
					p.Approval.ForAdd, p.Expiration.Duration = says.approval, time.Duration(says.days)*day
					return nil
				})
				must(t, err)
				m.terms[c.pkg] = says
			case 10:
				did = "is added by hand"
				if g := s.guestOf(people[c.person]); g != nil && !m.has(c.person, c.pkg) {
					must(t, s.Users.AddMember(ctx, s.A.Admin, groups[c.pkg], g.ID, time.Time{}))
					m.hand[c] = true
				}
			}
			if r.IntN(3) == 0 { // the server is cut off in the middle
				cut, cancel := context.WithTimeout(ctx, time.Duration(r.IntN(3000))*time.Microsecond)
				_, _ = s.worker.RunDue(cut)
				cancel()
			}
			s.work()
			if len(m.all) > 0 && r.IntN(3) == 0 { // a job comes twice
				again := m.all[r.IntN(len(m.all))]
				must(t, s.service.LookAtRequests(ctx, []*jobs.Work{{Kind: entitlement.RequestKind, Tenant: s.A.ID, Key: string(again)}}))
			}
			for i, u := range people {
				if s.guestOf(u) == nil { // what an account had by hand goes with it
					delete(m.hand, cell{i, 0})
					delete(m.hand, cell{i, 1})
				}
				for g := range groups {
					if got, want := s.isIn(groups[g], u), m.has(i, g); got != want {
						t.Fatalf("seed %d, step %d, %v %s: person %d in group %d is %v, want %v", seed, step, c, did, i, g, got, want)
					}
				}
			}
		}
		for range 5 {
			s.after(100 * day)
		}
		for _, id := range m.all {
			q, err := s.service.Request(ctx, s.A.Admin, id)
			must(t, err)
			if q.Open() || q.CompletedAt.IsZero() {
				t.Errorf("%s of type %s has not ended: %s", q.ID, q.Type, q.State)
			}
		}
		left, err := s.service.Assignments(ctx, s.A.Admin, offer.Asked{})
		must(t, err)
		if i := slices.IndexFunc(left.Items, func(a *entitlement.Assignment) bool { return a.Live() }); i >= 0 {
			t.Errorf("an assignment lives on: %+v", left.Items[i])
		}
		ends := map[ids.AccessID]int{}
		every, err := s.service.Requests(ctx, s.A.Admin, offer.Asked{})
		must(t, err)
		if len(every.Next)+len(left.Next) > 0 {
			t.Error("there are more than are looked at")
		}
		for _, q := range every.Items {
			if q.Type.Removes() && q.State == entitlement.Delivered {
				ends[q.Assignment]++
			}
		}
		for _, a := range left.Items {
			if a.State == entitlement.AccessExpired && ends[a.ID] != 1 {
				t.Errorf("assignment %s has ended %d times", a.ID, ends[a.ID])
			}
		}
		if len(m.all) < 8 {
			t.Error(fmt.Sprint("only ", len(m.all), " requests were made"))
		}
	})
}

package entitlement_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"entente/internal/core/directory"
	"entente/internal/flow/entitlement"
	"entente/internal/flow/guest"
	"entente/internal/flow/notify"
	"entente/internal/flow/offer"
	"entente/internal/kit/ids"
	"entente/internal/kit/jobs"
	"entente/internal/kit/mail"
	"entente/internal/kit/sqldb"
)

// A mailed stage has a mail server.
type mailed struct {
	*stage
	box  *mail.Box
	seen int
}

const base = "https://login.id.example"

func eachMailed(t *testing.T, test func(s *mailed)) {
	each(t, func(s *stage) {
		m := &mailed{stage: s, box: &mail.Box{}}
		notes := notify.NewService(s.DB, m.box, "id.example")
		guests := guest.NewService(s.DB, s.Ring, base, guest.By(notes))
		notes.Write(notify.Invitation, guests.Write)
		s.service.Links(s.Ring, base)
		s.service.Notify(notes)
		s.worker.HandleGroup(entitlement.TellKind, entitlement.Most, s.service.Tell, jobs.Policy{})
		s.worker.Handle(notify.SendKind, notes.Send, notify.Tries)
		test(m)
	})
}

// policy has do change the policy.
func (s *mailed) change(do func(p *offer.Policy)) {
	s.t.Helper()
	p, err := s.service.ChangePolicy(s.t.Context(), s.A.Admin, s.policy.ID, func(p *offer.Policy) error { do(p); return nil })
	must(s.t, err)
	s.policy = p
}

// letters are the messages since the last call, as "to: subject", in order.
func (s *mailed) letters() []string {
	s.t.Helper()
	all := s.box.All()
	var list []string
	for _, m := range all[:len(all)-s.seen] {
		list = append(list, strings.TrimSuffix(m.For, ".example")+": "+m.Subject)
	}
	s.seen = len(all)
	slices.Sort(list)
	return list
}

// arrive runs what is due and compares the messages that have come.
func (s *mailed) arrive(when string, want ...string) {
	s.t.Helper()
	s.work()
	slices.Sort(want)
	if got := s.letters(); !slices.Equal(got, want) {
		s.t.Errorf("%s: got\n\t%s\nwant\n\t%s", when, strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

// page follows the link of the last message to somebody.
func (s *mailed) page(to *directory.User) string {
	s.t.Helper()
	for _, m := range s.box.All() {
		if m.For != to.UserPrincipalName {
			continue
		}
		for line := range strings.Lines(m.Text) {
			if rest, ok := strings.CutPrefix(strings.TrimSpace(line), base+entitlement.FollowPath); ok {
				if !strings.Contains(m.HTML, `href="`+base+entitlement.FollowPath) {
					s.t.Errorf("the HTML of %q leads nowhere", m.Subject)
				}
				f, err := s.service.Follow(s.t.Context(), rest)
				must(s.t, err)
				if f.Over {
					return "over"
				}
				return f.Page
			}
		}
	}
	s.t.Fatalf("no link to %s", to.UserPrincipalName)
	return ""
}

func (s *mailed) forwarded(name string, members ...*directory.User) ids.ObjectID {
	s.t.Helper()
	g := s.addGroup(name)
	for _, m := range members {
		must(s.t, s.Users.AddMember(s.t.Context(), s.A.Admin, g, m.ID, time.Time{}))
	}
	return g
}

func single(u *directory.User) []offer.SubjectSet {
	return []offer.SubjectSet{{Kind: offer.SingleUser, Object: u.ID}}
}

// TestMailOfALifecycle is every message of a request that is asked of two stages,
// passed on, approved, delivered, extended and ended.
func TestMailOfALifecycle(t *testing.T) {
	eachMailed(t, func(s *mailed) {
		t := s.t
		bob, carl, dora := s.AddUser(t, s.A, "bob"), s.AddUser(t, s.A, "carl"), s.AddUser(t, s.A, "dora")
		board := s.forwarded("board", carl, dora)
		s.change(func(p *offer.Policy) {
			p.Approval.Stages = []offer.Stage{
				{TimeOut: 14 * day, Primary: []offer.SubjectSet{{Kind: offer.InternalSponsors}}, Escalation: true, EscalateAfter: 8 * day, Alternate: single(bob)},
				{TimeOut: 10 * day, Primary: []offer.SubjectSet{{Kind: offer.GroupMembers, Object: board}}},
			}
		})
		const pkg = "Joint design files"
		const wants = "User grace asks for " + pkg
		r := s.ask(s.grace)
		approval, request := "/@contoso.example/access/approvals/"+string(r.ID), "/@contoso.example/access/assignments"
		s.arrive("asked", "ada@contoso: "+wants)
		if p := s.page(s.ada); p != approval {
			t.Errorf("ada is led to %s", p)
		}
		s.after(7*day - time.Second)
		s.arrive("before half of the time")
		s.Clock.Advance(time.Second)
		s.arrive("half of the time", "ada@contoso: Reminder: "+wants)
		s.Clock.Advance(day)
		s.arrive("passed on", "bob@contoso: Passed on to you: "+wants)
		if got := s.state(r).Status; got != "PendingApprovalEscalated" {
			t.Errorf("status %s", got)
		}
		s.Clock.Advance(5 * day)
		s.arrive("the last day", "ada@contoso: Reminder: "+wants, "bob@contoso: Reminder: "+wants)
		must(t, s.decide(s.member(bob), r, true))
		s.arrive("approved by bob", "ada@contoso: Approved: "+pkg+" for User grace", "bob@contoso: Approved: "+pkg+" for User grace",
			"carl@contoso: "+wants, "dora@contoso: "+wants)
		s.Clock.Advance(5 * day)
		s.arrive("half of the second stage", "carl@contoso: Reminder: "+wants, "dora@contoso: Reminder: "+wants)
		must(t, s.decide(s.member(dora), r, true))
		s.arrive("approved by dora", "carl@contoso: Approved: "+pkg+" for User grace", "dora@contoso: Approved: "+pkg+" for User grace", "grace@fabrikam: You now have access: "+pkg)
		if p := s.page(s.grace); p != request {
			t.Errorf("grace is led to %s", p)
		}
		if text := s.box.All()[0].Text; !strings.Contains(text, "designers: Member") && !strings.Contains(s.box.All()[1].Text+s.box.All()[2].Text, "designers: Member") {
			t.Errorf("nothing says what it opens:\n%s", text)
		}
		a := s.assignment(r)
		s.Clock.Advance(a.EndsAt.Add(-14 * day).Sub(s.Clock.Now()))
		s.arrive("14 days before", "grace@fabrikam: Access ends soon: "+pkg)
		if text := s.box.All()[0].Text; !strings.Contains(text, "Ask for longer:") {
			t.Errorf("nothing invites to extend:\n%s", text)
		}
		_, err := s.service.Submit(t.Context(), s.from(s.grace), entitlement.Submission{Type: entitlement.UserUpdate, Package: s.pkg.ID, Justification: "It goes on"})
		must(t, err)
		s.arrive("extended", "grace@fabrikam: Access has changed: "+pkg)
		if s.page(s.ada) != "over" {
			t.Error("the link of ada's first message still leads on")
		}
		s.change(func(p *offer.Policy) { p.Requestor.SelfUpdate = false })
		s.Clock.Advance(s.assignment(r).EndsAt.Add(-14 * day).Sub(s.Clock.Now()))
		s.arrive("14 days before the later end", "grace@fabrikam: Access ends soon: "+pkg)
		if text := s.box.All()[0].Text; !strings.Contains(text, "cannot ask for longer") {
			t.Errorf("it invites to extend what cannot be:\n%s", text)
		}
		s.Clock.Advance(s.assignment(r).EndsAt.Add(-day).Sub(s.Clock.Now()))
		s.arrive("one day before", "grace@fabrikam: Access ends soon: "+pkg)
		s.Clock.Advance(s.assignment(r).EndsAt.Sub(s.Clock.Now()))
		s.arrive("the end", "grace@fabrikam: Access has ended: "+pkg)
		s.Clock.Advance(31 * day)
		s.arrive("the guest's deletion")
		if s.guestOf(s.grace) != nil {
			t.Error("the guest is still there")
		}
	})
}

// TestMailOfARequestThatEnds is denied, times out, and is canceled.
func TestMailOfARequestThatEnds(t *testing.T) {
	eachMailed(t, func(s *mailed) {
		t := s.t
		const pkg, wants = "Joint design files", "ada@contoso: User grace asks for Joint design files"
		r := s.ask(s.grace)
		s.arrive("asked", wants)
		must(t, s.decide(s.member(s.ada), r, false))
		s.arrive("denied", "grace@fabrikam: Your request was declined: "+pkg)
		if p := s.page(s.grace); p != "/@contoso.example/access/requests/"+string(r.ID) {
			t.Errorf("grace is led to %s", p)
		}
		s.ask(s.grace)
		s.arrive("asked again", wants)
		s.Clock.Advance(14 * day)
		s.arrive("timed out", "ada@contoso: Nobody has decided: "+pkg+" for User grace", "grace@fabrikam: Nobody has decided on your request for "+pkg)
		r = s.ask(s.grace)
		must(t, s.service.Cancel(t.Context(), s.from(s.grace), r.ID))
		s.Clock.Advance(14 * day)
		s.arrive("canceled before anybody was told")
	})
}

// TestWhoGetsNoMail: of quiet policies, of what an administrator gives to their
// own people, and of what is no news any more.
func TestWhoGetsNoMail(t *testing.T) {
	eachMailed(t, func(s *mailed) {
		t, ctx := s.t, s.t.Context()
		s.change(func(p *offer.Policy) { p.Quiet = true })
		r := s.ask(s.grace)
		must(t, s.decide(s.member(s.ada), r, true))
		s.work()
		s.Clock.Advance(90 * day)
		s.arrive("quiet")
		if s.assignment(r).State != entitlement.AccessExpired {
			t.Fatal("nothing happened of which nothing was said")
		}
		s.change(func(p *offer.Policy) { p.Quiet = false })

		r = s.ask(s.grace)
		must(t, s.decide(s.member(s.ada), r, true)) // before the job that tells has run
		s.arrive("decided before it was asked", "ada@contoso: Approved: Joint design files for User grace", "grace@fabrikam: You now have access: Joint design files")
		must(t, s.service.Cancel(ctx, s.A.Admin, s.giveDirectly(s.AddUser(t, s.B, "late")).ID))
		s.arrive("canceled")

		own := s.AddUser(t, s.A, "own")
		inside, err := s.service.CreatePolicy(ctx, s.A.Admin, offer.Policy{Package: s.pkg.ID, Name: "By hand", Scope: offer.NotSpecified,
			Expiration: offer.Expiration{Type: offer.ExpirationAfterDuration, Duration: 30 * day}})
		must(t, err)
		_, err = s.service.Submit(ctx, s.A.Admin, entitlement.Submission{Type: entitlement.AdminAdd, Package: s.pkg.ID, Policy: inside.ID, Target: own.ID})
		must(t, err)
		s.work()
		s.Clock.Advance(30 * day)
		s.arrive("an administrator's own people")
	})
}

// giveDirectly has an administrator give the package to somebody elsewhere, from a
// day on.
func (s *mailed) giveDirectly(u *directory.User) *entitlement.Request {
	s.t.Helper()
	r, err := s.service.Submit(s.t.Context(), s.A.Admin, entitlement.Submission{Type: entitlement.AdminAdd, Package: s.pkg.ID, Policy: s.policy.ID, Email: u.UserPrincipalName,
		Schedule: offer.Schedule{Start: s.Clock.Now().Add(day)}})
	must(s.t, err)
	return r
}

// TestFirstContact: whom an administrator brings from elsewhere hears of it by one
// message, which is no invitation.
func TestFirstContact(t *testing.T) {
	eachMailed(t, func(s *mailed) {
		r := s.giveDirectly(s.grace)
		s.arrive("given from tomorrow on")
		s.Clock.Advance(day)
		s.arrive("given", "grace@fabrikam: You now have access: Joint design files")
		if a := s.assignment(r); !a.Terms.Direct {
			s.t.Error("the assignment does not know that nobody asked for it")
		}
	})
}

// TestMailOfTrouble tells those who can do something about it.
func TestMailOfTrouble(t *testing.T) {
	eachMailed(t, func(s *mailed) {
		t, ctx := s.t, s.t.Context()
		olga := s.AddUser(t, s.A, "olga")
		_, err := s.service.AssignRole(ctx, s.A.Admin, offer.RoleAssignment{Role: offer.AssignmentManager, Principal: olga.ID, Catalog: s.catalog.ID})
		must(t, err)
		r := s.ask(s.grace)
		must(t, s.decide(s.member(s.ada), r, true))
		must(t, s.Users.DeleteGroup(ctx, s.A.Admin, s.group))
		for range 12 {
			s.after(time.Hour)
		}
		if got := s.state(r); got.State != entitlement.DeliveryFailed {
			t.Fatalf("%s %s", got.State, got.Error)
		}
		s.arrive("failed", "ada@contoso: Approved: Joint design files for User grace", "olga@contoso: Not delivered: Joint design files for User grace")
		if p := s.page(olga); p != "/@contoso.example/access/requests/"+string(r.ID) {
			t.Errorf("olga is led to %s", p)
		}
	})
}

// TestTellingTwiceTellsOnce cuts the job off behind its transaction.
func TestTellingTwiceTellsOnce(t *testing.T) {
	eachMailed(t, func(s *mailed) {
		t, ctx := s.t, s.t.Context()
		s.ask(s.grace)
		s.work()
		before := len(s.box.All())
		must(t, s.DB.Update(ctx, func(tx *sqldb.Tx) error {
			return jobs.Enqueue(ctx, tx, jobs.Job{Kind: entitlement.TellKind, Tenant: s.A.ID, Args: json.RawMessage(`{"event":"asked"}`)})
		}))
		s.work() // of no request: dropped
		if now := len(s.box.All()); now != before {
			t.Errorf("%d messages, want %d", now, before)
		}
		// A worker that lost its lease cannot put the messages a second time.
		if err := s.service.Tell(context.Background(), []*jobs.Work{{ID: "none", Kind: entitlement.TellKind, Tenant: s.A.ID}}); err == nil {
			t.Error("a job that nobody holds put messages")
		}
	})
}

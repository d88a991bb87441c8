package entitlement_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"entente/internal/core/audit"
	"entente/internal/core/directory"
	"entente/internal/flow/entitlement"
	"entente/internal/flow/guest"
	"entente/internal/flow/offer"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// open has the policy be for everybody from outside, without approval.
func (s *stage) open() {
	s.t.Helper()
	_, err := s.service.ChangePolicy(s.t.Context(), s.A.Admin, s.policy.ID, func(p *offer.Policy) error {
		p.Scope, p.Targets, p.Approval = offer.AllExternalUsers, nil, offer.ApprovalSettings{}
		return nil
	})
	must(s.t, err)
}

func (s *stage) organizations() []*offer.Organization {
	s.t.Helper()
	list, err := s.service.Organizations(s.t.Context(), s.A.Admin, offer.Asked{})
	must(s.t, err)
	return list.Items
}

// TestAnUnknownOrganizationIsProposed has people of B come, whom A does not know.
func TestAnUnknownOrganizationIsProposed(t *testing.T) {
	each(t, func(s *stage) {
		t, ctx := s.t, s.t.Context()
		s.open()
		must(t, s.service.DeleteOrganization(ctx, s.A.Admin, s.organizations()[0].ID))
		in := s.wish()
		in.ValidateOnly = true
		_, err := s.service.Submit(ctx, s.from(s.grace), in)
		must(t, err)
		if n := len(s.organizations()); n != 0 {
			t.Fatalf("a request that was only checked connects %d organizations", n)
		}
		r := s.ask(s.grace)
		s.ask(s.AddUser(t, s.B, "kim"))
		list := s.organizations()
		if len(list) != 1 || list[0].State != offer.Proposed || list[0].Name != "Fabrikam" || list[0].Sources[0].Home != s.B.ID {
			t.Fatalf("connected: %+v", list)
		}
		target, err := s.service.Subject(ctx, s.A.Admin, r.Target)
		must(t, err)
		if target.Organization != list[0].ID {
			t.Errorf("the subject belongs to %q", target.Organization)
		}
		var told []audit.Stored
		must(t, s.DB.View(ctx, func(tx *sqldb.Tx) (err error) {
			told, err = audit.Entries(ctx, tx, s.A.ID, string(list[0].ID), 10)
			return err
		}))
		if len(told) != 1 || told[0].Activity != "Create connected organization" {
			t.Errorf("the log tells %+v", told)
		}
		// It is among those that exist, and counts as configured once somebody says so.
		lee := s.from(s.AddUser(t, s.B, "lee"))
		scope := func(to offer.TargetScope) {
			_, err := s.service.ChangePolicy(ctx, s.A.Admin, s.policy.ID, func(p *offer.Policy) error { p.Scope = to; return nil })
			must(t, err)
		}
		scope(offer.AllConfiguredConnectedOrganizationUsers)
		if _, err := s.service.Submit(ctx, lee, s.wish()); !errors.Is(err, entitlement.NotInScope) {
			t.Errorf("a proposed organization is taken for a configured one: %v", err)
		}
		must(t, s.service.UpdateOrganization(ctx, s.A.Admin, list[0].ID, offer.OrganizationChange{State: ptr(offer.Configured)}))
		if _, err := s.service.Submit(ctx, lee, s.wish()); err != nil {
			t.Errorf("once it is configured: %v", err)
		}
	})
}

// TestNobodyProposesWhoIsKnown asks by other policies, and as a member.
func TestNobodyProposesWhoIsKnown(t *testing.T) {
	each(t, func(s *stage) {
		t, ctx := s.t, s.t.Context()
		before := len(s.organizations())
		s.ask(s.grace)
		s.open()
		s.ask(s.AddUser(t, s.B, "kim"))
		if _, err := s.service.Submit(ctx, s.member(s.ada), s.wish()); !errors.Is(err, entitlement.NotInScope) {
			t.Errorf("a member asks as one from outside: %v", err)
		}
		if n := len(s.organizations()); n != before {
			t.Errorf("%d organizations, %d before", n, before)
		}
	})
}

// TestRequestsAreForgotten keeps what has ended for three months, and what waits
// as long as it waits.
func TestRequestsAreForgotten(t *testing.T) {
	each(t, func(s *stage) {
		t, ctx := s.t, s.t.Context()
		forget := func() int {
			n, err := s.service.Forget(ctx)
			must(t, err)
			return n
		}
		r := s.ask(s.grace)
		must(t, s.decide(s.member(s.ada), r, true))
		s.work()
		a := s.assignment(r)
		ended := s.state(r).CompletedAt
		_, err := s.service.ChangePolicy(ctx, s.A.Admin, s.policy.ID, func(p *offer.Policy) error { p.Approval.Stages[0].TimeOut = 365 * day; return nil })
		must(t, err)
		waits := s.ask(s.AddUser(t, s.B, "kim"))
		s.Clock.Advance(ended.AddDate(0, 3, 0).Sub(s.Clock.Now()) - time.Second)
		if n := forget(); n != 0 {
			t.Errorf("%d forgotten too early", n)
		}
		s.Clock.Advance(time.Second)
		if n := forget(); n != 1 {
			t.Errorf("%d forgotten, want one", n)
		}
		if _, err := s.service.Request(ctx, s.A.Admin, r.ID); err == nil {
			t.Error("it can still be read")
		}
		if _, err := s.service.Assignment(ctx, s.A.Admin, a.ID); err != nil {
			t.Errorf("the assignment went with it: %v", err)
		}
		s.Clock.Advance(200 * day)
		if forget(); s.state(waits).State != entitlement.PendingApproval {
			t.Errorf("what waits is %s", s.state(waits).State)
		}
	})
}

// TestManyRequestsAreForgotten removes more than fit into one transaction, one of
// them with more approvers than do.
func TestManyRequestsAreForgotten(t *testing.T) {
	each(t, func(s *stage) {
		t, ctx := s.t, s.t.Context()
		r := s.ask(s.grace)
		must(t, s.service.Cancel(ctx, s.from(s.grace), r.ID))
		for range 3 {
			must(t, s.DB.Update(ctx, func(tx *sqldb.Tx) error {
				for range 50 {
					_, err := tx.Exec(ctx, `
						insert into assignment_request (tenant_id, id, kind, package_id, policy_id, requestor_id, target_id, state, status, waits, schedule, terms, created_us, completed_us)
						select tenant_id, ?, kind, package_id, policy_id, requestor_id, target_id, state, status, 0, schedule, terms, created_us, completed_us
						from   assignment_request where tenant_id = ? and id = ?`, ids.New[ids.RequestID](), s.A.ID, r.ID)
					if err != nil {
						return err
					}
				}
				return nil
			}))
		}
		for number := range 3 {
			must(t, s.DB.Update(ctx, func(tx *sqldb.Tx) error {
				rows := make([][]any, 200)
				for i := range rows {
					rows[i] = []any{s.A.ID, r.ID, number, fmt.Sprint("o", i), 0}
				}
				_, err := tx.ExecAll(ctx, `insert into approval_approver (tenant_id, request_id, number, object_id, alternate) values (?, ?, ?, ?, ?)`, rows)
				return err
			}))
		}
		s.Clock.Advance(100 * day)
		n, total := -1, 0
		for n != 0 {
			var err error
			n, err = s.service.Forget(ctx)
			must(t, err)
			total += n
		}
		left := 0
		must(t, s.DB.View(ctx, func(tx *sqldb.Tx) error {
			return tx.One(ctx, `select count(*) from approval_approver where tenant_id = ?`, []any{s.A.ID}, &left)
		}))
		if total != 151 || left != 0 {
			t.Errorf("%d forgotten, %d approvers left", total, left)
		}
	})
}

// TestTwoSubjectsBecomeOne has somebody be known by an address first, at home
// second, and as an object last.
func TestTwoSubjectsBecomeOne(t *testing.T) {
	each(t, func(s *stage) {
		t, ctx := s.t, s.t.Context()
		s.open()
		second := s.second()
		// An administrator gives one package to an address that nobody owns yet.
		const address = "pat@northwind.example"
		_, err := s.service.Submit(ctx, s.A.Admin, entitlement.Submission{Type: entitlement.AdminAdd, Package: s.pkg.ID, Policy: s.policy.ID, Email: address})
		must(t, err)
		s.work()
		var g *directory.User
		must(t, s.DB.Update(ctx, func(tx *sqldb.Tx) (err error) {
			if g, err = directory.GuestByMail(ctx, tx, s.A.ID, address); err != nil {
				return err
			}
			return directory.AcceptGuest(ctx, tx, g, ids.Principal{Kind: ids.Person, Home: s.B.ID, ID: s.grace.ID})
		}))
		// The person, at home Grace, asks for the other, as a guest and then from home.
		r, err := s.service.Submit(ctx, s.member(g), entitlement.Submission{Type: entitlement.UserAdd, Package: second.ID, Justification: "x"})
		must(t, err)
		s.work()
		if got := s.state(r); got.State != entitlement.Delivered {
			t.Fatalf("delivered: %+v", got)
		}
		s.oneSubject(s.grace, 2)
		if _, err := s.service.Submit(ctx, s.from(s.grace), s.wish()); !errors.Is(err, entitlement.HasAlready) {
			t.Errorf("asks from home for what the guest has: %v", err)
		}
	})
}

// second makes another package with the same policy.
func (s *stage) second() *offer.Package {
	s.t.Helper()
	p, err := s.service.CreatePackage(s.t.Context(), s.A.Admin, s.catalog.ID, offer.PackageChange{Name: ptr("Second")})
	must(s.t, err)
	policy, err := s.service.Policy(s.t.Context(), s.A.Admin, "", s.policy.ID)
	must(s.t, err)
	copied := *policy
	copied.Package = p.ID
	_, err = s.service.CreatePolicy(s.t.Context(), s.A.Admin, copied)
	must(s.t, err)
	return p
}

// oneSubject checks that one subject stands for somebody of B, and that they have
// so many packages.
func (s *stage) oneSubject(u *directory.User, live int) {
	s.t.Helper()
	list, err := s.service.Subjects(s.t.Context(), s.A.Admin, offer.Asked{})
	must(s.t, err)
	var mine []*entitlement.Subject
	for _, one := range list.Items {
		if one.Principal.ID == u.ID || one.Email == u.UserPrincipalName || one.Email == "pat@northwind.example" {
			mine = append(mine, one)
		}
	}
	if len(mine) != 1 {
		s.t.Fatalf("%d subjects stand for one person: %+v", len(mine), mine)
	}
	all, err := s.service.OwnAssignments(s.t.Context(), s.from(u), entitlement.OnTarget, offer.Asked{})
	must(s.t, err)
	n := len(slices.DeleteFunc(slices.Clone(all.Items), func(a *entitlement.Assignment) bool { return !a.Live() }))
	if n != live {
		s.t.Errorf("they have %d packages, want %d", n, live)
	}
}

// TestTwoSubjectsWithOnePackage has a person be two, who both have the package and
// both wait for another.
func TestTwoSubjectsWithOnePackage(t *testing.T) {
	each(t, func(s *stage) {
		t, ctx := s.t, s.t.Context()
		// A guest whom nobody knows at home has the package.
		var g *directory.User
		must(t, s.DB.Update(ctx, func(tx *sqldb.Tx) (err error) {
			g, err = guest.Bring(ctx, tx, s.A.Admin, guest.Newcomer{Mail: "pat@northwind.example"})
			return err
		}))
		second := s.second()
		give := func(in entitlement.Submission) *entitlement.Request {
			in.Type, in.Policy = entitlement.AdminAdd, s.policy.ID
			r, err := s.service.Submit(ctx, s.A.Admin, in)
			must(t, err)
			s.work()
			return r
		}
		old := give(entitlement.Submission{Package: s.pkg.ID, Target: g.ID})
		s.after(10 * day)
		// Grace, from home, asks for the same, and has it.
		r := s.ask(s.grace)
		must(t, s.decide(s.member(s.ada), r, true))
		open, err := s.service.Submit(ctx, s.from(s.grace), entitlement.Submission{Type: entitlement.UserAdd, Package: second.ID, Justification: "x"})
		must(t, err)
		s.work()
		mine := s.guestOf(s.grace)
		must(t, s.Users.Delete(ctx, s.A.Admin, string(mine.ID)))
		// She accepts the invitation of the other: both are her.
		must(t, s.DB.Update(ctx, func(tx *sqldb.Tx) (err error) {
			if g, err = directory.GetUser(ctx, tx, s.A.ID, string(g.ID)); err != nil {
				return err
			}
			return directory.AcceptGuest(ctx, tx, g, ids.Principal{Kind: ids.Person, Home: s.B.ID, ID: s.grace.ID})
		}))
		as := s.from(s.grace)
		as.Object = g.ID
		_, err = s.service.Requestable(ctx, as, offer.Asked{}) // she comes
		must(t, err)
		s.work()
		if a := s.assignment(old); a.State != entitlement.AccessDelivered || a.Object != g.ID {
			t.Errorf("the assignment of the guest who is there is %s", a.State)
		}
		if a := s.assignment(r); a.State != entitlement.AccessExpired {
			t.Errorf("the assignment of the guest who was deleted is %s", a.State)
		}
		if _, err := s.service.Submit(ctx, as, s.wish()); !errors.Is(err, entitlement.HasAlready) {
			t.Errorf("asks for what she has: %v", err)
		}
		if got := s.state(open); got.State != entitlement.PendingApproval {
			t.Errorf("the request that waits is %s", got.State)
		}
		s.oneSubject(s.grace, 1)
	})
}

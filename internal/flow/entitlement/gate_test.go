package entitlement_test

import (
	"errors"
	"testing"
	"time"

	"entente/internal/core/authz"
	"entente/internal/core/directory"
	"entente/internal/flow/entitlement"
	"entente/internal/flow/offer"
	"entente/internal/kit/fault"
)

// gates are a policy of a day that nobody has to approve, and one of a year that ada
// approves, for the same people.
func (s *stage) gates() (short, long *offer.Policy) {
	s.t.Helper()
	gate := func(days time.Duration, approval offer.ApprovalSettings) *offer.Policy {
		s.t.Helper()
		p, err := s.service.ChangePolicy(s.t.Context(), s.A.Admin, s.policyFor(offer.AllMemberUsers).ID, func(p *offer.Policy) error {
			p.Expiration = offer.Expiration{Type: offer.ExpirationAfterDuration, Duration: days * day}
			p.Requestor = offer.RequestorSettings{SelfAdd: true, SelfUpdate: true, SelfRemove: true}
			p.Approval = approval
			return nil
		})
		must(s.t, err)
		return p
	}
	return gate(1, offer.ApprovalSettings{}), gate(365, offer.ApprovalSettings{ForAdd: true, Stages: []offer.Stage{{TimeOut: 14 * day,
		Primary: []offer.SubjectSet{{Kind: offer.SingleUser, Object: s.ada.ID}}}}})
}

// manager is a member who assigns the catalog's packages.
func (s *stage) manager(nick string) (*directory.User, authz.Caller) {
	s.t.Helper()
	u := s.AddUser(s.t, s.A, nick)
	_, err := s.service.AssignRole(s.t.Context(), s.A.Admin, offer.RoleAssignment{Role: offer.AssignmentManager, Principal: u.ID, Catalog: s.catalog.ID})
	must(s.t, err)
	return u, s.member(u)
}

// TestAccessByAnotherPolicyIsApprovedAnew has access that came by one policy go on by
// another that wants approval and an answer.
func TestAccessByAnotherPolicyIsApprovedAnew(t *testing.T) {
	each(t, func(s *stage) {
		t, ctx := s.t, s.t.Context()
		short, long := s.gates()
		lee, who := s.manager("lee")
		r, err := s.service.Submit(ctx, who, entitlement.Submission{Type: entitlement.UserAdd, Package: s.pkg.ID, Policy: short.ID})
		must(t, err)
		s.work()
		a := s.assignment(r)
		own := entitlement.Submission{Type: entitlement.UserUpdate, Package: s.pkg.ID, Policy: long.ID}
		more, err := s.service.Submit(ctx, who, own)
		must(t, err)
		if got := s.state(more).State; got != entitlement.PendingApproval {
			t.Errorf("by another policy the extension is %s", got)
		}
		must(t, s.service.Cancel(ctx, who, more.ID))

		change := entitlement.Submission{Type: entitlement.AdminUpdate, Assignment: a.ID, Policy: long.ID}
		more, err = s.service.Submit(ctx, who, change)
		must(t, err)
		if got := s.state(more).State; got != entitlement.PendingApproval {
			t.Errorf("an assignment manager's change to another policy is %s", got)
		}
		must(t, s.service.Cancel(ctx, who, more.ID))

		_, err = s.service.ChangePolicy(ctx, s.A.Admin, long.ID, func(p *offer.Policy) error {
			p.Questions = []offer.Question{{Text: offer.Localized{Text: "Why?"}, Required: true}}
			return nil
		})
		must(t, err)
		if _, err := s.service.Submit(ctx, who, own); !errors.Is(err, fault.Invalid) {
			t.Errorf("its question is not asked: %v", err)
		}
		if now := s.assignment(r); now.Policy != short.ID || !now.EndsAt.Equal(a.EndsAt) {
			t.Errorf("it is by %s until %s", now.Policy, now.EndsAt)
		}
		change.Policy = s.policy.ID // for people of B
		if _, err := s.service.Submit(ctx, s.A.Admin, change); !errors.Is(err, entitlement.NotInScope) {
			t.Errorf("a change to a policy that is not for lee: %v", err)
		}
		auto, err := s.service.CreatePolicy(ctx, s.A.Admin, s.automatic(design, 0))
		must(t, err)
		change.Policy = auto.ID
		if _, err := s.service.Submit(ctx, s.A.Admin, change); !errors.Is(err, entitlement.NotInScope) {
			t.Errorf("a change to an automatic policy: %v", err)
		}
		change.Policy = long.ID
		_, err = s.service.Submit(ctx, s.A.Admin, change)
		must(t, err)
		s.work()
		if now := s.assignment(r); now.Policy != long.ID || now.Object != lee.ID {
			t.Errorf("whoever may change policies has it by %s", now.Policy)
		}
	})
}

// TestATargetLeavesWhatAdministratorsDo has somebody cancel what an administrator does
// to their access.
func TestATargetLeavesWhatAdministratorsDo(t *testing.T) {
	each(t, func(s *stage) {
		t, ctx := s.t, s.t.Context()
		in := entitlement.Submission{Type: entitlement.AdminUpdate, Assignment: s.assignment(s.gave()).ID}
		in.Schedule.Start = s.Clock.Now().Add(day)
		in.Schedule.Expiration = offer.Expiration{Type: offer.ExpirationAfterDuration, Duration: day}
		r, err := s.service.Submit(ctx, s.A.Admin, in)
		must(t, err)
		if err := s.service.Cancel(ctx, s.from(s.grace), r.ID); !errors.Is(err, fault.Forbidden) {
			t.Errorf("the target cancels it: %v", err)
		}
		_, manager := s.manager("lee")
		must(t, s.service.Cancel(ctx, manager, r.ID))
	})
}

// TestNobodyResumesTheirOwnRequest has who asks give the word of the endpoint for which
// the request waits.
func TestNobodyResumesTheirOwnRequest(t *testing.T) {
	eachHooked(t, func(s *hooked) {
		t, ctx := s.t, s.t.Context()
		_, who := s.manager("lee")
		short, _ := s.gates()
		_, err := s.service.ChangePolicy(ctx, s.A.Admin, short.ID, func(p *offer.Policy) error {
			p.Extensions = []offer.StageExtension{{Stage: "assignmentRequestCreated", Extension: s.hook.ID}}
			return nil
		})
		must(t, err)
		r, err := s.service.Submit(ctx, who, entitlement.Submission{Type: entitlement.UserAdd, Package: s.pkg.ID, Policy: short.ID})
		must(t, err)
		s.work()
		word := entitlement.Resumption{Callout: s.state(r).Callout}
		if err := s.service.Resume(ctx, who, r.ID, word); !errors.Is(err, entitlement.OwnRequest) {
			t.Errorf("who asks resumes it: %v", err)
		}
		_, other := s.manager("kim")
		must(t, s.service.Resume(ctx, other, r.ID, word))
	})
}

// TestAnAutomaticPolicyWaitsForAnOpenRequest has somebody ask for what a rule gives
// them meanwhile.
func TestAnAutomaticPolicyWaitsForAnOpenRequest(t *testing.T) {
	each(t, func(s *stage) {
		t, ctx := s.t, s.t.Context()
		lee := s.AddUser(t, s.A, "lee")
		_, long := s.gates()
		r, err := s.service.Submit(ctx, s.member(lee), entitlement.Submission{Type: entitlement.UserAdd, Package: s.pkg.ID, Policy: long.ID})
		must(t, err)
		_, err = s.service.CreatePolicy(ctx, s.A.Admin, s.automatic(design, 0))
		must(t, err)
		s.describe(lee, "Design")
		s.after(3 * time.Hour) // no job dies
		if len(s.heldBy(lee)) != 0 {
			t.Error("it is given beside an open request")
		}
		must(t, s.service.Cancel(ctx, s.member(lee), r.ID))
		s.after(2 * time.Hour)
		if len(s.heldBy(lee)) != 1 {
			t.Error("it is not given once the request is over")
		}
	})
}

// TestARuleGivesWhatHasEnded has somebody whom a rule names lose what they had by
// another policy, and what kept them from it.
func TestARuleGivesWhatHasEnded(t *testing.T) {
	each(t, func(s *stage) {
		t, ctx := s.t, s.t.Context()
		lee, kim := s.AddUser(t, s.A, "lee"), s.AddUser(t, s.A, "kim")
		short, _ := s.gates()
		_, err := s.service.Submit(ctx, s.member(lee), entitlement.Submission{Type: entitlement.UserAdd, Package: s.pkg.ID, Policy: short.ID})
		must(t, err)
		second := s.second()
		must(t, s.service.AddIncompatible(ctx, s.A.Admin, s.pkg.ID, second.ID))
		direct, err := s.service.CreatePolicy(ctx, s.A.Admin, offer.Policy{Package: second.ID, Name: "direct", Scope: offer.NotSpecified,
			Expiration: offer.Expiration{Type: offer.ExpirationAfterDuration, Duration: day}})
		must(t, err)
		_, err = s.service.Submit(ctx, s.A.Admin, entitlement.Submission{Type: entitlement.AdminAdd, Package: second.ID, Policy: direct.ID, Target: kim.ID})
		must(t, err)
		_, err = s.service.CreatePolicy(ctx, s.A.Admin, s.automatic(design, 0))
		must(t, err)
		s.describe(lee, "Design")
		s.describe(kim, "Design")
		s.work()
		if held := s.heldBy(kim); len(held) != 1 || held[0].Package != second.ID {
			t.Errorf("beside what is incompatible kim has %d packages", len(held))
		}
		s.after(day)
		for _, u := range []*directory.User{lee, kim} {
			if held := s.heldBy(u); len(held) != 1 || held[0].Package != s.pkg.ID {
				t.Errorf("%s has %d packages after the end", u.UserPrincipalName, len(held))
			}
		}
	})
}

// TestAPackageThatChangesWhileARequestWaits has a package give something else while
// an endpoint is waited for after everything was given.
func TestAPackageThatChangesWhileARequestWaits(t *testing.T) {
	eachHooked(t, func(s *hooked) {
		t, ctx := s.t, s.t.Context()
		s.on(map[string]*offer.Extension{"RequestGranted": s.hook})
		r := s.gave()
		more := s.addGroup("more")
		s.give(more)
		roles, err := s.service.PackageRoles(ctx, s.A.Admin, s.pkg.ID)
		must(t, err)
		for _, g := range roles {
			if g.Resource.OriginID == string(s.group) {
				must(t, s.service.RemoveRole(ctx, s.A.Admin, s.pkg.ID, g.ID()))
			}
		}
		s.work()
		must(t, s.resume(r, ""))
		s.work()
		if s.isIn(s.group, s.grace) || !s.isIn(more, s.grace) {
			t.Errorf("what the package gave before: %v, what it gives now: %v", s.isIn(s.group, s.grace), s.isIn(more, s.grace))
		}
	})
}

// TestNoticesOfAnEnd are given once each, also of what was not given in full, and not
// again where the end stays as it is.
func TestNoticesOfAnEnd(t *testing.T) {
	eachHooked(t, func(s *hooked) {
		t, ctx := s.t, s.t.Context()
		s.on(map[string]*offer.Extension{"RequestGranted": s.hook})
		r := s.gave()
		must(t, s.resume(r, entitlement.Denied))
		s.work()
		s.letters()
		a := s.assignment(r)
		s.after(a.EndsAt.Add(-14 * day).Sub(s.Clock.Now()))
		if got := s.letters(); len(got) != 1 {
			t.Errorf("14 days before: %q", got)
		}
		s.on(nil)
		_, err := s.service.Submit(ctx, s.A.Admin, entitlement.Submission{Type: entitlement.AdminUpdate, Assignment: a.ID, Justification: "something else"})
		must(t, err)
		s.work()
		s.letters()
		s.after(day)
		if got := s.letters(); len(got) != 0 {
			t.Errorf("after a change of something else: %q", got)
		}
		s.after(12 * day)
		if got := s.letters(); len(got) != 1 {
			t.Errorf("one day before: %q", got)
		}
	})
}

// TestAccountsElsewhereAreNobodysBusiness has somebody ask for people of B, of whom
// some are there.
func TestAccountsElsewhereAreNobodysBusiness(t *testing.T) {
	each(t, func(s *stage) {
		t, ctx := s.t, s.t.Context()
		lee := s.member(s.AddUser(t, s.A, "lee"))
		for _, kind := range []entitlement.RequestType{entitlement.UserAdd, entitlement.OnBehalfAdd, entitlement.UserUpdate, entitlement.UserRemove, entitlement.AdminAdd} {
			var said []string
			for _, address := range []string{s.grace.UserPrincipalName, "x" + s.grace.UserPrincipalName} {
				_, err := s.service.Submit(ctx, lee, entitlement.Submission{Type: kind, Package: s.pkg.ID, Email: address})
				said = append(said, fault.Public(err).Message)
			}
			if said[0] != said[1] || said[0] == "" {
				t.Errorf("%s: of who is there %q, of who is not %q", kind, said[0], said[1])
			}
		}
		_, err := s.service.Submit(ctx, s.A.Admin, entitlement.Submission{Type: entitlement.AdminAdd, Package: s.pkg.ID, Policy: s.policy.ID, Email: "x" + s.grace.UserPrincipalName})
		if !errors.Is(err, entitlement.NoSuchTarget) {
			t.Errorf("who may assign: %v", err)
		}
	})
}

// TestAManagerSeesTheRequest of a report, and the calls that were made for it.
func TestAManagerSeesTheRequest(t *testing.T) {
	each(t, func(s *stage) {
		t, ctx := s.t, s.t.Context()
		lee, boss := s.AddUser(t, s.A, "lee"), s.AddUser(t, s.A, "boss")
		must(t, s.Users.SetManager(ctx, s.A.Admin, string(lee.ID), boss.ID))
		short, _ := s.gates()
		r, err := s.service.Submit(ctx, s.member(lee), entitlement.Submission{Type: entitlement.UserAdd, Package: s.pkg.ID, Policy: short.ID})
		must(t, err)
		for who, sees := range map[*directory.User]bool{boss: true, s.ada: false} {
			_, err := s.service.Callouts(ctx, s.member(who), r.ID)
			_, waits := s.service.Waits(ctx, s.member(who), r.ID)
			if (err == nil) != sees || (waits == nil) != sees {
				t.Errorf("%s: %v, %v", who.UserPrincipalName, err, waits)
			}
		}
	})
}

// TestWhoHasARoleThatThePackageHasLeft is shown until it is taken.
func TestWhoHasARoleThatThePackageHasLeft(t *testing.T) {
	each(t, func(s *stage) {
		t, ctx := s.t, s.t.Context()
		a := s.assignment(s.gave())
		roles, err := s.service.PackageRoles(ctx, s.A.Admin, s.pkg.ID)
		must(t, err)
		must(t, s.service.RemoveRole(ctx, s.A.Admin, s.pkg.ID, roles[0].ID()))
		rows, err := s.service.RolesOf(ctx, s.A.Admin, a.ID, offer.Asked{})
		must(t, err)
		d, err := s.service.RoleOf(ctx, s.A.Admin, a.ID, rows.Items[0].ID)
		if err != nil || !d.Left || d.Target.Object != a.Object {
			t.Errorf("%+v: %v", d, err)
		}
	})
}

// TestACatalogsEndpointsStay has a package leave the catalog whose endpoint it calls.
func TestACatalogsEndpointsStay(t *testing.T) {
	eachHooked(t, func(s *hooked) {
		t, ctx := s.t, s.t.Context()
		s.on(map[string]*offer.Extension{"RequestCreated": s.plain})
		other, err := s.service.CreateCatalog(ctx, s.A.Admin, offer.CatalogChange{Name: ptr("Other")})
		must(t, err)
		_, err = s.service.RequestResource(ctx, s.A.Admin, offer.ResourceAsk{Kind: offer.AddResource, Catalog: other.ID, Origin: offer.AadGroup, OriginID: string(s.group)})
		must(t, err)
		if err := s.service.MovePackage(ctx, s.A.Admin, s.pkg.ID, other.ID); !errors.Is(err, offer.InUse) {
			t.Errorf("it moves: %v", err)
		}
		s.on(nil)
		must(t, s.service.MovePackage(ctx, s.A.Admin, s.pkg.ID, other.ID))
	})
}

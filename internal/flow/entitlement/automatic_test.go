package entitlement_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"entente/internal/core/audit"
	"entente/internal/core/authz"
	"entente/internal/core/directory"
	"entente/internal/flow/entitlement"
	"entente/internal/flow/offer"
	"entente/internal/kit/fault"
	"entente/internal/kit/sqldb"
)

// design is the rule of the automatic policies here.
const design = `user.department -eq "Design" -and user.accountEnabled -eq true`

// automatic is a policy that gives by a rule, and takes after a grace period.
func (s *stage) automatic(rule string, grace time.Duration) offer.Policy {
	return offer.Policy{Package: s.pkg.ID, Name: "Designers", Scope: offer.SpecificDirectoryUsers,
		Targets:   []offer.SubjectSet{{Kind: offer.AttributeRuleMembers, Rule: rule}},
		Automatic: &offer.AutomaticSettings{Give: true, Take: true, Grace: grace}}
}

// describe sets a user's department.
func (s *stage) describe(u *directory.User, department string) {
	s.t.Helper()
	text, err := json.Marshal(map[string]any{"department": department})
	must(s.t, err)
	_, err = s.Users.Update(s.t.Context(), s.A.Admin, string(u.ID), text)
	must(s.t, err)
}

// heldBy returns the live assignments of a user of A.
func (s *stage) heldBy(u *directory.User) (live []*entitlement.Assignment) {
	s.t.Helper()
	list, err := s.service.OwnAssignments(s.t.Context(), s.member(u), entitlement.OnTarget, offer.Asked{})
	must(s.t, err)
	for _, a := range list.Items {
		if a.Live() {
			live = append(live, a)
		}
	}
	return live
}

// types returns the types of the requests for a user of A, in order.
func (s *stage) types(u *directory.User) string {
	s.t.Helper()
	list, err := s.service.OwnRequests(s.t.Context(), s.member(u), entitlement.OnTarget, offer.Asked{})
	must(s.t, err)
	slices.SortFunc(list.Items, func(a, b *entitlement.Request) int { return a.CreatedAt.Compare(b.CreatedAt) })
	var all []string
	for _, r := range list.Items {
		all = append(all, fmt.Sprint(r.Type, " ", r.State))
	}
	return strings.Join(all, ", ")
}

// TestAutomaticAssignment follows people into a rule and out of it.
func TestAutomaticAssignment(t *testing.T) {
	each(t, func(s *stage) {
		t, ctx := s.t, s.t.Context()
		lee := s.AddUser(t, s.A, "lee")
		s.describe(lee, "Design")
		p, err := s.service.CreatePolicy(ctx, s.A.Admin, s.automatic(design, 7*day))
		must(t, err)
		s.work()
		if held := s.heldBy(lee); len(held) != 1 || held[0].Policy != p.ID || held[0].State != entitlement.AccessDelivered || !held[0].EndsAt.IsZero() {
			t.Fatalf("who was there before the policy: %+v, %s", held, s.types(lee))
		}
		if len(s.heldBy(s.ada)) != 0 {
			t.Fatal("whom the rule does not name has the package")
		}
		s.describe(s.ada, "design")
		s.work()
		if held := s.heldBy(s.ada); len(held) != 1 || s.types(s.ada) != "systemAdd delivered" {
			t.Fatalf("who comes in by an attribute: %+v, %s", held, s.types(s.ada))
		}
		s.work()
		s.describe(s.ada, "Sales")
		s.after(7*day - time.Second)
		if len(s.heldBy(s.ada)) != 1 {
			t.Error("within the grace period it was taken")
		}
		s.describe(s.ada, "Design")
		s.after(10 * day)
		if len(s.heldBy(s.ada)) != 1 || s.types(s.ada) != "systemAdd delivered" {
			t.Errorf("who came back lost it: %s", s.types(s.ada))
		}
		s.describe(s.ada, "Sales")
		s.work()
		s.after(7 * day)
		if len(s.heldBy(s.ada)) != 0 || s.types(s.ada) != "systemAdd delivered, systemRemove delivered" {
			t.Errorf("after the grace period: %s", s.types(s.ada))
		}
		// Another rule reaches everybody at once.
		_, err = s.service.ChangePolicy(ctx, s.A.Admin, p.ID, func(p *offer.Policy) error {
			p.Targets[0].Rule = `user.department -in ["Sales", "Legal"]`
			p.Automatic.Grace = 0
			return nil
		})
		must(t, err)
		s.work()
		if len(s.heldBy(lee)) != 0 || len(s.heldBy(s.ada)) != 1 {
			t.Errorf("after another rule: lee %s, ada %s", s.types(lee), s.types(s.ada))
		}
		kim := s.AddUser(t, s.A, "kim")
		s.describe(kim, "Legal")
		s.work()
		if len(s.heldBy(kim)) != 1 {
			t.Error("who is new")
		}
		// Nobody asks by it, and taking it back by hand lasts until they are looked at.
		if _, err := s.service.Submit(ctx, s.member(lee), entitlement.Submission{Type: entitlement.UserAdd, Package: s.pkg.ID, Policy: p.ID}); !errors.Is(err, entitlement.NotInScope) {
			t.Errorf("asks by an automatic policy: %v", err)
		}
		if err := s.service.DeletePolicy(ctx, s.A.Admin, p.ID); !errors.Is(err, offer.InUse) {
			t.Errorf("a policy by which people have something is deleted: %v", err)
		}
	})
}

// TestWhomARuleLeavesOut has a rule name somebody who has what stands against the
// package, somebody who is blocked, and somebody who has asked.
func TestWhomARuleLeavesOut(t *testing.T) {
	each(t, func(s *stage) {
		t, ctx := s.t, s.t.Context()
		lee, kim := s.AddUser(t, s.A, "lee"), s.AddUser(t, s.A, "kim")
		auditors := s.addGroup("auditors")
		must(t, s.service.AddIncompatibleGroup(ctx, s.A.Admin, s.pkg.ID, auditors))
		must(t, s.Users.AddMember(ctx, s.A.Admin, auditors, lee.ID, time.Time{}))
		_, err := s.Users.Update(ctx, s.A.Admin, string(kim.ID), []byte(`{"accountEnabled":false}`))
		must(t, err)
		_, err = s.service.CreatePolicy(ctx, s.A.Admin, s.automatic(`user.objectId -ne null`, 0))
		must(t, err)
		s.work()
		if len(s.heldBy(lee)) != 0 || len(s.heldBy(kim)) != 0 || len(s.heldBy(s.ada)) != 1 {
			t.Errorf("lee %s, kim %s, ada %s", s.types(lee), s.types(kim), s.types(s.ada))
		}
		must(t, s.Users.RemoveMember(ctx, s.A.Admin, auditors, lee.ID))
		_, err = s.Users.Update(ctx, s.A.Admin, string(kim.ID), []byte(`{"accountEnabled":true}`))
		must(t, err)
		s.describe(lee, "x")
		s.work()
		if len(s.heldBy(lee)) != 1 || len(s.heldBy(kim)) != 1 {
			t.Errorf("once nothing stands against it: lee %s, kim %s", s.types(lee), s.types(kim))
		}
	})
}

// TestAutomaticPoliciesThatCannotBe are each refused, where the mistake is.
func TestAutomaticPoliciesThatCannotBe(t *testing.T) {
	each(t, func(s *stage) {
		t, ctx := s.t, s.t.Context()
		owner := s.AddUser(t, s.A, "owner")
		_, err := s.service.AssignRole(ctx, s.A.Admin, offer.RoleAssignment{Role: offer.CatalogOwner, Principal: owner.ID, Catalog: s.catalog.ID})
		must(t, err)
		for name, tt := range map[string]struct {
			who  authz.Caller
			with func(p *offer.Policy)
			want error
			at   string
		}{
			"a catalog's owner":        {s.member(owner), nil, authz.Denied, ""},
			"no rule":                  {s.A.Admin, func(p *offer.Policy) { p.Targets[0].Rule = " " }, offer.BadModel, "specificAllowedTargets[0].membershipRule"},
			"a rule that does not end": {s.A.Admin, func(p *offer.Policy) { p.Targets[0].Rule = `user.city -eq "x` }, offer.BadModel, "specificAllowedTargets[0].membershipRule"},
			"a group beside the rule": {s.A.Admin, func(p *offer.Policy) {
				p.Targets = append(p.Targets, offer.SubjectSet{Kind: offer.GroupMembers, Object: s.group})
			}, offer.BadModel, "automaticRequestSettings"},
			"takes, and has no rule": {s.A.Admin, func(p *offer.Policy) {
				p.Automatic.Give, p.Scope, p.Targets = false, offer.AllMemberUsers, nil
			}, offer.BadModel, "automaticRequestSettings"},
			"an approval":                {s.A.Admin, func(p *offer.Policy) { p.Approval = s.policy.Approval }, offer.BadModel, "automaticRequestSettings"},
			"an end":                     {s.A.Admin, func(p *offer.Policy) { p.Expiration = s.policy.Expiration }, offer.BadModel, "expiration"},
			"a grace period of 20 years": {s.A.Admin, func(p *offer.Policy) { p.Automatic.Grace = 20 * 365 * day }, offer.BadModel, "automaticRequestSettings.gracePeriodBeforeAccessRemoval"},
		} {
			p := s.automatic(design, 0)
			if tt.with != nil {
				tt.with(&p)
			}
			_, err := s.service.CreatePolicy(ctx, tt.who, p)
			if !errors.Is(err, tt.want) || fault.Public(err).Target != tt.at {
				t.Errorf("%s: %v, at %q", name, err, fault.Public(err).Target)
			}
		}
		p := s.automatic(`user.city -eq "x" -and user.memberOf -any (_ -eq "y")`, 0)
		if _, err := s.service.CreatePolicy(ctx, s.A.Admin, p); err == nil || !strings.Contains(err.Error(), "position 24") {
			t.Errorf("what is not supported is told without its place: %v", err)
		}
		first, err := s.service.CreatePolicy(ctx, s.A.Admin, s.automatic(design, 0))
		must(t, err)
		if _, err := s.service.CreatePolicy(ctx, s.A.Admin, s.automatic(design, 0)); !errors.Is(err, offer.BadModel) {
			t.Errorf("a second automatic policy: %v", err)
		}
		if _, err := s.service.ChangePolicy(ctx, s.member(owner), first.ID, func(p *offer.Policy) error { p.Automatic = nil; return nil }); !errors.Is(err, authz.Denied) {
			t.Errorf("a catalog's owner ends it: %v", err)
		}
	})
}

// TestARuleOfThoseWhoAsk has a rule say who may ask.
func TestARuleOfThoseWhoAsk(t *testing.T) {
	each(t, func(s *stage) {
		t, ctx := s.t, s.t.Context()
		lee, kim := s.AddUser(t, s.A, "lee"), s.AddUser(t, s.A, "kim")
		s.describe(lee, "Design")
		p := s.automatic(design, 0)
		p.Automatic, p.Requestor.SelfAdd = nil, true
		_, err := s.service.CreatePolicy(ctx, s.A.Admin, p)
		must(t, err)
		s.work()
		for _, tt := range []struct {
			who  *directory.User
			want error
		}{{lee, nil}, {kim, entitlement.NotInScope}} {
			list, err := s.service.Requestable(ctx, s.member(tt.who), offer.Asked{})
			must(t, err)
			if (len(list.Items) == 1) != (tt.want == nil) {
				t.Errorf("%s is offered %d packages", tt.who.UserPrincipalName, len(list.Items))
			}
			if _, err := s.service.Submit(ctx, s.member(tt.who), entitlement.Submission{Type: entitlement.UserAdd, Package: s.pkg.ID}); !errors.Is(err, tt.want) || (err == nil) != (tt.want == nil) {
				t.Errorf("%s asks: %v", tt.who.UserPrincipalName, err)
			}
		}
		s.describe(lee, "Sales")
		s.work()
		if len(s.heldBy(lee)) != 1 {
			t.Error("what was asked for was taken, though nothing says so")
		}
	})
}

// TestDeletedAndPurged has somebody go who has a package: while they can come back
// they keep it, and then they do not.
func TestDeletedAndPurged(t *testing.T) {
	each(t, func(s *stage) {
		t, ctx := s.t, s.t.Context()
		lee := s.AddUser(t, s.A, "lee")
		s.describe(lee, "Design")
		_, err := s.service.CreatePolicy(ctx, s.A.Admin, s.automatic(design, 0))
		must(t, err)
		s.work()
		must(t, s.Users.Delete(ctx, s.A.Admin, string(lee.ID)))
		s.work()
		list := func() (live int) {
			all, err := s.service.Assignments(ctx, s.A.Admin, offer.Asked{})
			must(t, err)
			for _, a := range all.Items {
				if a.Live() {
					live++
				}
			}
			return live
		}
		if list() != 1 {
			t.Fatal("somebody who is deleted has lost what would come back")
		}
		if err := s.service.DeletePackage(ctx, s.A.Admin, s.pkg.ID); !errors.Is(err, offer.InUse) {
			t.Errorf("a package that would come back is deleted: %v", err)
		}
		_, err = s.Users.RestoreUser(ctx, s.A.Admin, lee.ID, directory.Return{})
		must(t, err)
		s.work()
		if held := s.heldBy(lee); len(held) != 1 || s.types(lee) != "systemAdd delivered" {
			t.Fatalf("restored: %s", s.types(lee))
		}
		must(t, s.Users.Delete(ctx, s.A.Admin, string(lee.ID)))
		must(t, s.Users.PurgeUser(ctx, s.A.Admin, lee.ID))
		s.work()
		if list() != 0 {
			t.Error("somebody who is purged has a package")
		}
		requests, err := s.service.Requests(ctx, s.A.Admin, offer.Asked{})
		must(t, err)
		if i := slices.IndexFunc(requests.Items, func(r *entitlement.Request) bool {
			return r.Type == entitlement.SystemRemove && r.State == entitlement.Delivered
		}); i < 0 {
			t.Error("no request says that it ended")
		}
	})
}

// TestARequestOfSomebodyPurged has a requestor of the tenant go.
func TestARequestOfSomebodyPurged(t *testing.T) {
	each(t, func(s *stage) {
		t, ctx := s.t, s.t.Context()
		lee := s.AddUser(t, s.A, "lee")
		_, err := s.service.ChangePolicy(ctx, s.A.Admin, s.policy.ID, func(p *offer.Policy) error {
			p.Scope, p.Targets = offer.AllMemberUsers, nil
			p.Approval.Stages[0].Primary = []offer.SubjectSet{{Kind: offer.SingleUser, Object: s.ada.ID}}
			return nil
		})
		must(t, err)
		r, err := s.service.Submit(ctx, s.member(lee), s.wish())
		must(t, err)
		must(t, s.Users.Delete(ctx, s.A.Admin, string(lee.ID)))
		must(t, s.Users.PurgeUser(ctx, s.A.Admin, lee.ID))
		s.work()
		if got := s.state(r); got.State != entitlement.Canceled {
			t.Errorf("the request of somebody who is purged: %s", got.State)
		}
	})
}

// TestAnAutomaticPolicyHasALimit stores 15,000 who have the package, and has one
// more come.
func TestAnAutomaticPolicyHasALimit(t *testing.T) {
	each(t, func(s *stage) {
		t, ctx := s.t, s.t.Context()
		p, err := s.service.CreatePolicy(ctx, s.A.Admin, s.automatic(design, 0))
		must(t, err)
		s.work()
		for from := range 30 {
			must(t, s.DB.Update(ctx, func(tx *sqldb.Tx) error {
				_, err := tx.Exec(ctx, `
					with recursive n(i) as (select ? + 1 union all select i + 1 from n where i < ? + 500)
					insert into package_assignment (tenant_id, id, package_id, policy_id, target_id, object_id, state, status, live, schedule, terms, starts_us, created_us)
					select ?, 'a' || i, ?, ?, 't' || i, 'o' || i, 'delivered', 'Delivered', 1, '{}', '{}', 0, 0 from n`,
					int64(from*500), int64(from*500), s.A.ID, s.pkg.ID, p.ID)
				return err
			}))
		}
		s.describe(s.ada, "Design")
		s.work()
		if len(s.heldBy(s.ada)) != 0 {
			t.Errorf("one more than there can be: %s", s.types(s.ada))
		}
		told := func() (n int) {
			var all []audit.Stored
			must(t, s.DB.View(ctx, func(tx *sqldb.Tx) (err error) {
				all, err = audit.Entries(ctx, tx, s.A.ID, string(p.ID), 50)
				return err
			}))
			for _, e := range all {
				if e.Activity == "Automatic assignment policy reached its limit" {
					n++
				}
			}
			return n
		}
		if told() != 1 {
			t.Errorf("the log tells of the limit %d times", told())
		}
		must(t, s.DB.Update(ctx, func(tx *sqldb.Tx) error {
			_, err := tx.Exec(ctx, `update package_assignment set live = 0, state = 'expired' where tenant_id = ? and id = 'a1'`, s.A.ID)
			return err
		}))
		s.describe(s.ada, "design")
		s.work()
		if len(s.heldBy(s.ada)) != 1 {
			t.Errorf("once somebody has gone: %s", s.types(s.ada))
		}
	})
}

// TestWhomARuleNamesNow counts before the policy is saved, and gives up where there are
// too many.
func TestWhomARuleNamesNow(t *testing.T) {
	each(t, func(s *stage) {
		t, ctx := s.t, s.t.Context()
		what := func(rule string) *entitlement.Outcome {
			t.Helper()
			o, err := s.service.WhatIf(ctx, s.A.Admin, s.automatic(rule, 0))
			must(t, err)
			return o
		}
		for n := range 3 {
			o := what(design)
			if len(o.Requestors) != 1 || o.Requestors[0].Count != n || slices.Contains(o.Notes, "The rule names nobody now.") != (n == 0) {
				t.Errorf("%d people: %+v", n, o)
			}
			s.describe(s.AddUser(t, s.A, fmt.Sprint("designer", n)), "Design")
		}
		// A package manager may not ask by rules what they may not read.
		kim := s.AddUser(t, s.A, "kim")
		_, err := s.service.AssignRole(ctx, s.A.Admin, offer.RoleAssignment{Role: offer.PackageManager, Principal: kim.ID, Catalog: s.catalog.ID})
		must(t, err)
		p := s.automatic(design, 0)
		if _, err := s.service.WhatIf(ctx, s.member(kim), p); !errors.Is(err, fault.Forbidden) {
			t.Errorf("a package manager weighs an automatic policy: %v", err)
		}
		p.Automatic, p.Requestor.SelfAdd = nil, true
		if o, err := s.service.WhatIf(ctx, s.member(kim), p); err != nil || o.Requestors[0].Count != -1 {
			t.Errorf("a package manager: %+v, %v", o, err)
		}
		must(t, s.DB.Update(ctx, func(tx *sqldb.Tx) error {
			const many = `with recursive n(i) as (select 1 union all select i + 1 from n where i < 10000) `
			if _, err := tx.Exec(ctx, many+`
				insert into object (tenant_id, id, kind, display_name, name_folded, created_us, created_by)
				select o.tenant_id, 'z' || n.i, o.kind, o.display_name, o.name_folded, o.created_us, o.created_by from object o, n where o.tenant_id = ? and o.id = ?`, s.A.ID, s.ada.ID); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, many+`
				insert into account (tenant_id, id, upn, upn_folded, name_folded, created_us, face, rest, version)
				select a.tenant_id, 'z' || n.i, 'z' || n.i || '@contoso.example', 'z' || n.i || '@contoso.example', a.name_folded, a.created_us, replace(a.face, a.id, 'z' || n.i), a.rest, 1 from account a, n where a.tenant_id = ? and a.id = ?`, s.A.ID, s.ada.ID)
			return err
		}))
		began := time.Now()
		o := what(design)
		if o.Requestors[0].Count != -1 || !slices.ContainsFunc(o.Notes, func(n string) bool { return strings.Contains(n, "Of 10000 users the rule names 3") }) {
			t.Errorf("many people: %+v", o)
		}
		t.Logf("weighed in %s", time.Since(began))
	})
}

package entitlement_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	"entente/internal/core/app"
	"entente/internal/core/audit"
	"entente/internal/core/authz"
	"entente/internal/core/directory"
	"entente/internal/enttest/house"
	"entente/internal/flow/entitlement"
	"entente/internal/flow/guest"
	"entente/internal/flow/offer"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/jobs"
	"entente/internal/kit/sqldb"
)

// A stage is a house in which A has a package for people of B, with an approver.
type stage struct {
	*house.House
	t       *testing.T
	service *entitlement.Service
	worker  *jobs.Worker

	ada, grace *directory.User // of A, who approves; of B, who asks
	group      ids.ObjectID
	catalog    *offer.Catalog
	pkg        *offer.Package
	policy     *offer.Policy
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func ptr[T any](v T) *T { return &v }

const day = 24 * time.Hour

func each(t *testing.T, test func(s *stage)) {
	house.Each(t, func(t *testing.T, h *house.House) {
		s := &stage{House: h, t: t, service: entitlement.NewService(h.DB)}
		guests := guest.NewService(h.DB, h.Ring, "https://entente.example", nil)
		s.worker = jobs.New(h.DB, h.Clock, jobs.Options{})
		s.worker.HandleGroup(entitlement.RequestKind, entitlement.Most, s.service.LookAtRequests, jobs.Policy{})
		s.worker.HandleGroup(entitlement.AssignmentKind, entitlement.Most, s.service.LookAtAssignments, jobs.Policy{})
		s.worker.Handle(entitlement.PackageKind, s.service.LookAtPackage, jobs.Policy{})
		s.worker.Handle(guest.RemoveKind, guests.Remove, jobs.Policy{})
		s.worker.Handle(entitlement.UserKind, s.service.LookAtUser, jobs.Policy{})
		s.worker.Handle(entitlement.GoneKind, s.service.LookAtGone, jobs.Policy{})
		s.worker.Handle(entitlement.ProgramGoneKind, s.service.LookAtProgramGone, jobs.Policy{})
		s.worker.Handle(entitlement.MergeKind, s.service.LookAtMerge, jobs.Policy{})
		s.worker.Handle(entitlement.RuleKind, s.service.LookAtRule, jobs.Policy{})
		s.worker.Subscribe(offer.PackageRolesChanged, entitlement.PackageKind)
		s.worker.Subscribe(directory.UserChanged, entitlement.UserKind)
		s.worker.Subscribe(directory.UserRemoved, entitlement.GoneKind)
		s.worker.Subscribe(app.PrincipalRemoved, entitlement.ProgramGoneKind)
		s.worker.Subscribe(offer.PolicyChanged, entitlement.RuleKind)
		s.ada, s.grace = h.AddUser(t, h.A, "ada"), h.AddUser(t, h.B, "grace")
		s.setUp()
		test(s)
	})
}

// setUp connects B, and makes a catalog with a group, a package and a policy.
func (s *stage) setUp() {
	t, ctx, admin := s.t, s.t.Context(), s.A.Admin
	org, err := s.service.CreateOrganization(ctx, admin, offer.OrganizationChange{Name: ptr("Fabrikam"),
		Sources: []offer.Source{{Kind: offer.TenantSource, Home: s.B.ID}}})
	must(t, err)
	must(t, s.service.AddSponsor(ctx, admin, org.ID, false, s.ada.ID))
	s.catalog, err = s.service.CreateCatalog(ctx, admin, offer.CatalogChange{Name: ptr("Design")})
	must(t, err)
	s.group = s.addGroup("designers")
	s.pkg, err = s.service.CreatePackage(ctx, admin, s.catalog.ID, offer.PackageChange{Name: ptr("Joint design files")})
	must(t, err)
	s.give(s.group)
	s.policy, err = s.service.CreatePolicy(ctx, admin, offer.Policy{Package: s.pkg.ID, Name: "Partners",
		Scope:      offer.SpecificConnectedOrganizationUsers,
		Targets:    []offer.SubjectSet{{Kind: offer.ConnectedOrganizationMembers, Organization: org.ID}},
		Expiration: offer.Expiration{Type: offer.ExpirationAfterDuration, Duration: 90 * day},
		Requestor:  offer.RequestorSettings{SelfAdd: true, SelfUpdate: true, SelfRemove: true},
		Approval: offer.ApprovalSettings{ForAdd: true, Justification: true,
			Stages: []offer.Stage{{TimeOut: 14 * day, Primary: []offer.SubjectSet{{Kind: offer.InternalSponsors}}}}}})
	must(t, err)
}

func (s *stage) addGroup(name string) ids.ObjectID {
	s.t.Helper()
	text, err := json.Marshal(map[string]any{"displayName": name, "mailNickname": name, "mailEnabled": false, "securityEnabled": true})
	must(s.t, err)
	g, err := s.Users.CreateGroup(s.t.Context(), s.A.Admin, text, nil, nil)
	must(s.t, err)
	return g.ID
}

// give has the package give the membership of a group.
func (s *stage) give(group ids.ObjectID) {
	s.t.Helper()
	_, err := s.service.RequestResource(s.t.Context(), s.A.Admin, offer.ResourceAsk{Kind: offer.AddResource, Catalog: s.catalog.ID, Origin: offer.AadGroup, OriginID: string(group)})
	must(s.t, err)
	_, err = s.service.AddRole(s.t.Context(), s.A.Admin, s.pkg.ID, offer.RoleAsk{Origin: offer.AadGroup, OriginID: string(group), RoleOriginID: "Member_" + string(group)})
	must(s.t, err)
}

// from is a person of B who acts towards A without an account there.
func (s *stage) from(u *directory.User) authz.Caller {
	return authz.Caller{Tenant: s.A.ID, Subject: ids.Principal{Kind: ids.Person, Home: s.B.ID, ID: u.ID}, Name: u.UserPrincipalName}
}

func (s *stage) member(u *directory.User) authz.Caller { return house.Person(s.A.ID, u.ID) }

// wish is what grace sends.
func (s *stage) wish() entitlement.Submission {
	return entitlement.Submission{Type: entitlement.UserAdd, Package: s.pkg.ID, Justification: "The joint project"}
}

func (s *stage) ask(u *directory.User) *entitlement.Request {
	s.t.Helper()
	r, err := s.service.Submit(s.t.Context(), s.from(u), s.wish())
	must(s.t, err)
	return r
}

// decide has somebody decide on the stage that waits.
func (s *stage) decide(who authz.Caller, r *entitlement.Request, approve bool) error {
	stages, err := s.service.Stages(s.t.Context(), s.A.Admin, r.ID)
	must(s.t, err)
	i := slices.IndexFunc(stages, func(v entitlement.StageView) bool { return v.Status == entitlement.StageInProgress })
	if i < 0 {
		i = 0
	}
	_, err = s.service.Decide(s.t.Context(), who, r.ID, stages[i].ID, approve, "because", "")
	return err
}

// work runs what is due.
func (s *stage) work() {
	s.t.Helper()
	_, err := s.worker.RunDue(s.t.Context())
	must(s.t, err)
	if st := s.worker.Stats(); st.Died != 0 {
		s.t.Fatalf("jobs died: %+v", st)
	}
}

func (s *stage) after(d time.Duration) {
	s.t.Helper()
	s.Clock.Advance(d)
	s.work()
}

func (s *stage) state(r *entitlement.Request) *entitlement.Request {
	s.t.Helper()
	now, err := s.service.Request(s.t.Context(), s.A.Admin, r.ID)
	must(s.t, err)
	return now
}

func (s *stage) assignment(r *entitlement.Request) *entitlement.Assignment {
	s.t.Helper()
	a, err := s.service.Assignment(s.t.Context(), s.A.Admin, s.state(r).Assignment)
	must(s.t, err)
	return a
}

// guestOf returns what stands for somebody of B in A, or nil.
func (s *stage) guestOf(u *directory.User) (g *directory.User) {
	s.t.Helper()
	must(s.t, s.DB.View(s.t.Context(), func(tx *sqldb.Tx) error {
		found, err := directory.GuestByMail(s.t.Context(), tx, s.A.ID, u.UserPrincipalName)
		if errors.Is(err, fault.NotFound) {
			return nil
		}
		g = found
		return err
	}))
	return g
}

func (s *stage) isIn(group ids.ObjectID, u *directory.User) bool {
	s.t.Helper()
	g := s.guestOf(u)
	if g == nil {
		return false
	}
	var in []ids.ObjectID
	must(s.t, s.DB.View(s.t.Context(), func(tx *sqldb.Tx) (err error) {
		in, err = directory.GroupsWith(context.Background(), tx, s.A.ID, g.ID, false, 10)
		return err
	}))
	return slices.Contains(in, group)
}

// TestTheStoryOfAGuest goes from the request to the guest's deletion.
func TestTheStoryOfAGuest(t *testing.T) {
	each(t, func(s *stage) {
		t := s.t
		r := s.ask(s.grace)
		if r.State != entitlement.PendingApproval || r.Status != "PendingApproval" || s.guestOf(s.grace) != nil {
			t.Fatalf("asked: %s, guest %v", r.State, s.guestOf(s.grace))
		}
		w, err := s.service.Waits(t.Context(), s.from(s.grace), r.ID)
		must(t, err)
		if w.For != "approval" || len(w.Whom) != 1 || w.Whom[0].ID != s.ada.ID || !w.Until.Equal(s.Clock.Now().Add(14*day)) {
			t.Errorf("waits for %+v", w)
		}
		s.work()
		if s.isIn(s.group, s.grace) {
			t.Fatal("access before approval")
		}
		list, err := s.service.OwnRequests(t.Context(), s.member(s.ada), entitlement.OnApprover, offer.Asked{})
		must(t, err)
		if len(list.Items) != 1 || list.Items[0].ID != r.ID {
			t.Errorf("waiting for ada: %+v", list.Items)
		}
		must(t, s.decide(s.member(s.ada), r, true))
		if got := s.state(r); got.State != entitlement.Delivering {
			t.Errorf("decided: %s", got.State)
		}
		s.work()
		a := s.assignment(r)
		if got := s.state(r); got.State != entitlement.Delivered || got.CompletedAt.IsZero() || a.State != entitlement.AccessDelivered || !a.EndsAt.Equal(s.Clock.Now().Add(90*day)) || !s.isIn(s.group, s.grace) {
			t.Fatalf("delivered: request %+v, assignment %+v", got, a)
		}
		if g := s.guestOf(s.grace); *g.UserType != "Guest" || *g.ExternalUserState != "PendingAcceptance" || !g.Enabled() {
			t.Errorf("guest %+v", g)
		}

		s.after(90*day - time.Second)
		if !s.isIn(s.group, s.grace) {
			t.Error("it ended before its end")
		}
		s.after(time.Second)
		g := s.guestOf(s.grace)
		if a = s.assignment(r); a.State != entitlement.AccessExpired || s.isIn(s.group, s.grace) || g.Enabled() {
			t.Fatalf("expired: %+v, enabled %v", a, g.Enabled())
		}
		s.after(30*day - time.Second)
		if s.guestOf(s.grace) == nil {
			t.Error("the guest was deleted too early")
		}
		s.after(time.Second)
		if s.guestOf(s.grace) != nil {
			t.Error("the guest was not deleted")
		}
		for _, in := range []house.Tenant{s.A, s.B} {
			var told []audit.Stored
			must(t, s.DB.View(t.Context(), func(tx *sqldb.Tx) (err error) {
				told, err = audit.Entries(t.Context(), tx, in.ID, string(r.ID), 50)
				return err
			}))
			var acts []string
			for _, e := range told {
				acts = append(acts, e.Activity)
			}
			for _, want := range []string{"User requests access package assignment", "Approve access package assignment request", "Fulfill access package assignment"} {
				if !slices.Contains(acts, want) {
					t.Errorf("the log of %s lacks %q: %q", in.Domain, want, acts)
				}
			}
		}
	})
}

// TestABlockedGuestReturns asks again between the block and the deletion.
func TestABlockedGuestReturns(t *testing.T) {
	each(t, func(s *stage) {
		t := s.t
		r := s.ask(s.grace)
		must(t, s.decide(s.member(s.ada), r, true))
		s.work()
		_, err := s.service.Submit(t.Context(), s.from(s.grace), entitlement.Submission{Type: entitlement.UserRemove, Package: s.pkg.ID})
		must(t, err)
		s.work()
		if g := s.guestOf(s.grace); g.Enabled() || s.isIn(s.group, s.grace) {
			t.Fatal("removal left access")
		}
		s.after(10 * day)
		r = s.ask(s.grace)
		must(t, s.decide(s.member(s.ada), r, true))
		s.work()
		if g := s.guestOf(s.grace); !g.Enabled() || !s.isIn(s.group, s.grace) {
			t.Fatalf("back: enabled %v, in %v, %+v", g.Enabled(), s.isIn(s.group, s.grace), s.state(r))
		}
		s.after(25 * day)
		if s.guestOf(s.grace) == nil {
			t.Error("the deletion was not taken back")
		}
	})
}

// TestARequestEnds has nobody decide, somebody refuse, and the requestor cancel.
func TestARequestEnds(t *testing.T) {
	each(t, func(s *stage) {
		t := s.t
		r := s.ask(s.grace)
		s.after(14*day - time.Second)
		if got := s.state(r); got.State != entitlement.PendingApproval {
			t.Errorf("before its time: %s", got.State)
		}
		s.after(time.Second)
		if got := s.state(r); got.State != entitlement.Denied || got.Status != "Expired" {
			t.Errorf("timed out: %s %s", got.State, got.Status)
		}
		r = s.ask(s.grace)
		must(t, s.decide(s.member(s.ada), r, false))
		if got := s.state(r); got.State != entitlement.Denied || got.Status != "Denied" {
			t.Errorf("denied: %s %s", got.State, got.Status)
		}
		if err := s.decide(s.member(s.ada), r, true); !errors.Is(err, entitlement.Decided) {
			t.Errorf("a second word: %v", err)
		}
		r = s.ask(s.grace)
		must(t, s.service.Cancel(t.Context(), s.from(s.grace), r.ID))
		s.after(20 * day)
		if got := s.state(r); got.State != entitlement.Canceled || s.guestOf(s.grace) != nil {
			t.Errorf("canceled: %s", got.State)
		}
	})
}

// TestRefusedRequests sends what cannot be, each with its reason.
func TestRefusedRequests(t *testing.T) {
	each(t, func(s *stage) {
		t := s.t
		lee := s.AddUser(t, s.A, "lee")
		r := s.ask(s.grace)
		for name, tt := range map[string]struct {
			who  authz.Caller
			with func(in *entitlement.Submission)
			want error
		}{
			"a package that is not there":     {s.from(s.grace), func(in *entitlement.Submission) { in.Package = ids.New[ids.PackageID]() }, entitlement.NoSuchPackage},
			"a policy that is not there":      {s.from(s.grace), func(in *entitlement.Submission) { in.Policy = ids.New[ids.PolicyID]() }, entitlement.NoSuchPolicy},
			"a member, who is not of B":       {s.member(lee), nil, entitlement.NotInScope},
			"a second request":                {s.from(s.grace), nil, entitlement.OpenRequest},
			"a removal of what nobody has":    {s.from(s.grace), func(in *entitlement.Submission) { in.Type = entitlement.UserRemove }, entitlement.NoSuchAccess},
			"an administrator's word":         {s.from(s.grace), func(in *entitlement.Submission) { in.Type, in.Policy = entitlement.AdminAdd, s.policy.ID }, authz.Denied},
			"the installation's word":         {s.from(s.grace), func(in *entitlement.Submission) { in.Type = entitlement.SystemAdd }, offer.BadModel},
			"a schedule nobody may choose":    {s.from(s.AddUser(t, s.B, "kim")), func(in *entitlement.Submission) { in.Schedule.Start = s.Clock.Now().Add(day) }, offer.BadSchedule},
			"no justification where required": {s.from(s.AddUser(t, s.B, "pat")), func(in *entitlement.Submission) { in.Justification = " " }, entitlement.NoJustification},
		} {
			in := s.wish()
			if tt.with != nil {
				tt.with(&in)
			}
			if _, err := s.service.Submit(t.Context(), tt.who, in); !errors.Is(err, tt.want) {
				t.Errorf("%s: err = %v, want %v", name, err, tt.want)
			}
		}
		if err := s.decide(s.member(lee), r, true); !errors.Is(err, entitlement.NotApprover) {
			t.Errorf("no approver decides: %v", err)
		}
	})
}

// TestNobodyDecidesOnTheirOwn has a guest of A's group of approvers ask, and come
// to the decision as a guest, as at home, and by a program that is theirs.
func TestNobodyDecidesOnTheirOwn(t *testing.T) {
	each(t, func(s *stage) {
		t, ctx := s.t, s.t.Context()
		approvers := s.addGroup("approvers")
		p := *s.policy
		p.Approval.Stages = []offer.Stage{{TimeOut: 14 * day, Primary: []offer.SubjectSet{{Kind: offer.GroupMembers, Object: approvers}}}}
		_, err := s.service.ChangePolicy(ctx, s.A.Admin, s.policy.ID, func(q *offer.Policy) error { q.Approval = p.Approval; return nil })
		must(t, err)

		// Grace is a guest already, accepted, and in the group; ada is in it as well.
		var g *directory.User
		must(t, s.DB.Update(ctx, func(tx *sqldb.Tx) (err error) {
			if g, err = guest.Bring(ctx, tx, s.A.Admin, guest.Newcomer{Mail: s.grace.UserPrincipalName}); err != nil {
				return err
			}
			return directory.AcceptGuest(ctx, tx, g, ids.Principal{Kind: ids.Person, Home: s.B.ID, ID: s.grace.ID})
		}))
		a, err := s.Apps.Create(ctx, s.A.Admin, []byte(`{"displayName":"Robot"}`), nil)
		must(t, err)
		sp, err := s.Apps.CreatePrincipal(ctx, s.A.Admin, a.AppID, []byte(`{}`), nil)
		must(t, err)
		must(t, s.Apps.AddOwner(ctx, s.A.Admin, a.ID, g.ID))
		for _, id := range []ids.ObjectID{g.ID, sp.ID, s.ada.ID} {
			must(t, s.Users.AddMember(ctx, s.A.Admin, approvers, id, time.Time{}))
		}
		asGuest := s.from(s.grace)
		asGuest.Object = g.ID
		r, err := s.service.Submit(ctx, asGuest, s.wish())
		must(t, err)
		for name, who := range map[string]authz.Caller{
			"as the guest":                           asGuest,
			"under the guest's object alone":         {Tenant: s.A.ID, Subject: ids.Principal{Kind: ids.Person, Home: s.A.ID, ID: g.ID}, Object: g.ID},
			"by the program of which they are owner": house.Program(s.A.ID, sp.ID, "EntitlementManagement.ReadWrite.All"),
		} {
			if err := s.decide(who, r, true); !errors.Is(err, entitlement.OwnRequest) {
				t.Errorf("%s: err = %v", name, err)
			}
		}
		if err := s.decide(s.from(s.grace), r, true); !errors.Is(err, entitlement.NotApprover) {
			t.Errorf("at home: err = %v", err)
		}
		list, err := s.service.OwnRequests(ctx, asGuest, entitlement.OnApprover, offer.Asked{})
		must(t, err)
		if len(list.Items) != 0 {
			t.Error("the requestor's own request waits for the requestor")
		}
		must(t, s.decide(s.member(s.ada), r, true))
		s.work()
		if !s.isIn(s.group, s.grace) {
			t.Errorf("after another's word: %+v", s.state(r))
		}
		// The guest was here before: nothing is done to them at the end.
		s.after(200 * day)
		if now := s.guestOf(s.grace); now == nil || s.isIn(s.group, s.grace) {
			t.Errorf("at the end: %+v", now)
		}
	})
}

// TestAPackageThatChanges reaches those who have it, and shows what failed.
func TestAPackageThatChanges(t *testing.T) {
	each(t, func(s *stage) {
		t, ctx := s.t, s.t.Context()
		r := s.ask(s.grace)
		must(t, s.decide(s.member(s.ada), r, true))
		s.work()
		more := s.addGroup("archive")
		s.give(more)
		s.work()
		if !s.isIn(more, s.grace) || !s.isIn(s.group, s.grace) {
			t.Error("a role that was added did not reach who has the package")
		}
		roles, err := s.service.PackageRoles(ctx, s.A.Admin, s.pkg.ID)
		must(t, err)
		for _, one := range roles {
			if one.Resource.OriginID == string(more) {
				must(t, s.service.RemoveRole(ctx, s.A.Admin, s.pkg.ID, one.ID()))
			}
		}
		s.work()
		if s.isIn(more, s.grace) || !s.isIn(s.group, s.grace) {
			t.Error("a role that was removed stayed")
		}
		// By hand it is taken, and comes back.
		must(t, s.Users.RemoveMember(ctx, s.A.Admin, s.group, s.guestOf(s.grace).ID))
		must(t, s.service.Repair(ctx, s.A.Admin, s.assignment(r).ID))
		s.work()
		if !s.isIn(s.group, s.grace) {
			t.Error("reprocessed, and not there")
		}
	})
}

// TestWhatCannotBeDelivered gives a group that is deleted meanwhile.
func TestWhatCannotBeDelivered(t *testing.T) {
	each(t, func(s *stage) {
		t, ctx := s.t, s.t.Context()
		gone := s.addGroup("gone")
		s.give(gone)
		must(t, s.Users.DeleteGroup(ctx, s.A.Admin, gone))
		r := s.ask(s.grace)
		must(t, s.decide(s.member(s.ada), r, true))
		s.work()
		if got := s.state(r); got.State != entitlement.Delivering || got.Error == "" || !s.isIn(s.group, s.grace) {
			t.Fatalf("the first try: %+v", got)
		}
		for range 20 {
			s.after(time.Hour)
		}
		got := s.state(r)
		if got.State != entitlement.PartiallyDelivered || s.assignment(r).State != entitlement.AccessPartial {
			t.Fatalf("after all tries: %+v", got)
		}
		roles, err := s.service.PackageRoles(ctx, s.A.Admin, s.pkg.ID)
		must(t, err)
		for _, one := range roles {
			if one.Resource.OriginID == string(gone) {
				must(t, s.service.RemoveRole(ctx, s.A.Admin, s.pkg.ID, one.ID()))
			}
		}
		s.work()
		must(t, s.service.Reprocess(ctx, s.A.Admin, r.ID))
		s.work()
		if got := s.state(r); got.State != entitlement.Delivered {
			t.Errorf("reprocessed: %+v", got)
		}
	})
}

package entitlement_test

import (
	"errors"
	"testing"

	"entente/internal/core/directory"
	"entente/internal/flow/entitlement"
	"entente/internal/flow/offer"
	"entente/internal/kit/ids"
)

// TestAdministratorsKeepToThePolicy has an administrator assign by policies that
// are for somebody and for somebody else.
func TestAdministratorsKeepToThePolicy(t *testing.T) {
	each(t, func(s *stage) {
		t, ctx := s.t, s.t.Context()
		lee, kim, gina := s.AddUser(t, s.A, "lee"), s.AddUser(t, s.A, "kim"), s.accepted("gina")
		named := s.policyFor(offer.SpecificDirectoryUsers, offer.SubjectSet{Kind: offer.SingleUser, Object: lee.ID})
		members, nobody, outsiders := s.policyFor(offer.AllMemberUsers), s.policyFor(offer.NotSpecified), s.policyFor(offer.AllExternalUsers)
		for name, tt := range map[string]struct {
			policy *offer.Policy
			of     ids.ObjectID
			email  string
			fits   bool
		}{
			"whom it names":                     {named, lee.ID, "", true},
			"another":                           {named, kim.ID, "", false},
			"a member":                          {members, kim.ID, "", true},
			"a guest by that of members":        {members, gina.here.ID, "", false},
			"a guest by that of outsiders":      {outsiders, gina.here.ID, "", true},
			"a member by that of outsiders":     {outsiders, kim.ID, "", false},
			"an address by that of outsiders":   {outsiders, "", "new@northwind.example", true},
			"an address by that of members":     {members, "", "new@northwind.example", false},
			"a member by that of nobody":        {nobody, kim.ID, "", true},
			"a guest by that of nobody":         {nobody, gina.here.ID, "", true},
			"an address by that of nobody":      {nobody, "", "new@northwind.example", true},
			"a guest of the organization named": {s.policy, gina.here.ID, "", true},
		} {
			_, err := s.service.Submit(ctx, s.A.Admin, entitlement.Submission{Type: entitlement.AdminAdd, Package: s.pkg.ID, Policy: tt.policy.ID, Target: tt.of, Email: tt.email, ValidateOnly: true})
			if tt.fits && err != nil || !tt.fits && !errors.Is(err, entitlement.NotInScope) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

// TestAGroupThatGetsMembers decides by a group in which nobody was when it was
// asked.
func TestAGroupThatGetsMembers(t *testing.T) {
	each(t, func(s *stage) {
		t, ctx := s.t, s.t.Context()
		board := s.addGroup("board")
		_, err := s.service.ChangePolicy(ctx, s.A.Admin, s.policy.ID, func(p *offer.Policy) error {
			p.Approval.Stages = []offer.Stage{{TimeOut: 14 * day, Primary: []offer.SubjectSet{{Kind: offer.GroupMembers, Object: board}}}}
			return nil
		})
		must(t, err)
		r := s.ask(s.grace)
		chair := s.AddUser(t, s.A, "chair")
		decide := func(by *directory.User) error { return s.decide(s.member(by), r, true) }
		if err := decide(chair); !errors.Is(err, entitlement.NotApprover) {
			t.Errorf("before: %v", err)
		}
		must(t, s.Users.AddMember(ctx, s.A.Admin, board, chair.ID, s.Clock.Now().Add(day)))
		must(t, decide(chair))
		s.work()
		if s.state(r).State != entitlement.Delivered {
			t.Errorf("got %s", s.state(r).State)
		}
	})
}

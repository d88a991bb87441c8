package entitlement_test

import (
	"fmt"
	"strings"
	"testing"

	"entente/internal/flow/entitlement"
	"entente/internal/flow/offer"
	"entente/internal/kit/ids"
)

// notes wants each of some words in a note of what a policy would do, and none of
// others.
func notes(t *testing.T, when string, out *entitlement.Outcome, want, not []string) {
	t.Helper()
	text := strings.Join(out.Notes, "\n")
	for _, w := range want {
		if !strings.Contains(text, w) {
			t.Errorf("%s nothing says %q:\n%s", when, w, text)
		}
	}
	for _, w := range not {
		if strings.Contains(text, w) {
			t.Errorf("%s something says %q:\n%s", when, w, text)
		}
	}
}

// TestWhatAPolicyWouldDo: who would approve, at once and later, and for whom nobody
// could; which organizations are among those whom it is for; who asks for whom.
func TestWhatAPolicyWouldDo(t *testing.T) {
	each(t, func(s *stage) {
		t, ctx, admin := s.t, s.t.Context(), s.A.Admin
		whatIf := func(p offer.Policy) *entitlement.Outcome {
			t.Helper()
			p.Package, p.Name = s.pkg.ID, "p"
			out, err := s.service.WhatIf(ctx, admin, p)
			must(t, err)
			return out
		}
		connect := func(name string, state offer.OrganizationState) *offer.Organization {
			t.Helper()
			o, err := s.service.CreateOrganization(ctx, admin, offer.OrganizationChange{Name: &name, State: &state,
				Sources: []offer.Source{{Kind: offer.DomainSource, Domain: name + ".example"}}})
			must(t, err)
			return o
		}
		approved := func(scope offer.TargetScope, targets []offer.SubjectSet, primary, fallback []offer.SubjectSet) offer.Policy {
			return offer.Policy{Scope: scope, Targets: targets, Requestor: offer.RequestorSettings{SelfAdd: true}, Expiration: offer.Expiration{Type: offer.NoExpiration},
				Approval: offer.ApprovalSettings{ForAdd: true, Stages: []offer.Stage{{TimeOut: 14 * day, Escalation: true, EscalateAfter: 7 * day, Primary: primary, Fallback: fallback, Alternate: single(s.ada)}}}}
		}
		of := func(list ...ids.OrganizationID) (all []offer.SubjectSet) {
			for _, id := range list {
				all = append(all, offer.SubjectSet{Kind: offer.ConnectedOrganizationMembers, Organization: id})
			}
			return all
		}
		const (
			specific   = offer.SpecificConnectedOrganizationUsers
			configured = offer.AllConfiguredConnectedOrganizationUsers
			silent     = "Nobody could approve"
		)
		internal, external, manager := []offer.SubjectSet{{Kind: offer.InternalSponsors}}, []offer.SubjectSet{{Kind: offer.ExternalSponsors}}, []offer.SubjectSet{{Kind: offer.RequestorManager, ManagerLevel: 1}}
		known, bare, found := s.organizations()[0].ID, connect("bare", offer.Configured).ID, connect("found", offer.Proposed).ID

		out := whatIf(approved(specific, of(known), internal, nil))
		if a := out.Stages[0]; len(a.Approvers) != 1 || a.Approvers[0].Count != 1 || len(a.Escalation) != 1 || a.Escalation[0].ID != string(s.ada.ID) {
			t.Errorf("the stage is %+v", a)
		}
		notes(t, "where all have a sponsor", out, nil, []string{silent, "proposed", "ask"})
		out = whatIf(approved(specific, of(known), external, nil))
		if out.Stages[0].Approvers[0].Count != 0 {
			t.Errorf("the external sponsors are %+v", out.Stages[0].Approvers)
		}
		notes(t, "with a sponsor of the other kind", out, []string{silent + " in stage 1 for people of a connected organization without sponsors (Fabrikam)"}, nil)
		notes(t, "with one or the other", whatIf(approved(specific, of(known), external, internal)), nil, []string{silent})
		notes(t, "where one has none", whatIf(approved(specific, of(known, bare), internal, nil)), []string{"without sponsors (bare)"}, []string{"proposed"})
		notes(t, "with a fallback", whatIf(approved(specific, of(known, bare), internal, single(s.ada))), nil, []string{silent})
		notes(t, "for a proposed one", whatIf(approved(specific, of(found), internal, single(s.ada))), []string{"among them that are proposed, and not configured: found"}, nil)
		notes(t, "for all that are configured", whatIf(approved(configured, nil, internal, nil)), []string{"without sponsors (bare)", "left out: found"}, nil)
		notes(t, "for all", whatIf(approved(offer.AllExistingConnectedOrganizationUsers, nil, internal, nil)), []string{"without sponsors (bare, found)", "configured: found"}, nil)
		notes(t, "for everybody outside", whatIf(approved(offer.AllExternalUsers, nil, internal, nil)), []string{"without a connected organization with sponsors", "becomes a proposed connected organization"}, nil)
		notes(t, "by managers", whatIf(approved(offer.AllMemberUsers, nil, manager, nil)), []string{silent + " in stage 1 for people without a manager"}, nil)

		behalf := approved(offer.AllMemberUsers, nil, single(s.ada), nil)
		behalf.Requestor = offer.RequestorSettings{OnBehalfAdd: true, OnBehalf: []offer.SubjectSet{{Kind: offer.TargetManager, ManagerLevel: 1}}}
		out = whatIf(behalf)
		notes(t, "on behalf", out, []string{"others ask on their behalf"}, []string{"accepts no requests"})
		if len(out.OnBehalf) != 1 || out.OnBehalf[0].Kind != string(offer.TargetManager) {
			t.Errorf("on behalf ask %+v", out.OnBehalf)
		}
		behalf.Requestor = offer.RequestorSettings{}
		notes(t, "for nobody", whatIf(behalf), []string{"accepts no requests"}, nil)

		for i := range 100 {
			connect(fmt.Sprintf("partner-%03d", i), offer.Configured)
		}
		out = whatIf(approved(configured, nil, internal, nil))
		notes(t, "for many", out, []string{"for 102 connected organizations, of which the first 100 are told", "(bare, partner-000, partner-001, partner-002, partner-003 and 96 more)"}, nil)
		if len(out.Requestors) != 100 {
			t.Errorf("%d organizations are told", len(out.Requestors))
		}
	})
}

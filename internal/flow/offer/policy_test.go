package offer

import (
	"errors"
	"testing"
	"time"

	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
)

// TestWhatPoliciesCanSay is which policies stand, and at which field others fail.
func TestWhatPoliciesCanSay(t *testing.T) {
	somebody := SubjectSet{Kind: SingleUser, Object: ids.New[ids.ObjectID]()}
	partner := SubjectSet{Kind: ConnectedOrganizationMembers, Organization: ids.New[ids.OrganizationID]()}
	ruled := SubjectSet{Kind: AttributeRuleMembers, Rule: `user.department -eq "Sales"`}
	stage := func(change func(*Stage)) func(*Policy) {
		return func(p *Policy) {
			s := Stage{TimeOut: 14 * day, Primary: []SubjectSet{somebody}}
			change(&s)
			p.Approval = ApprovalSettings{ForAdd: true, Stages: []Stage{s}}
		}
	}
	for _, tt := range []struct {
		name   string
		change func(*Policy)
		at     string // empty for a policy that stands
	}{
		{"administrators assign", func(p *Policy) {}, ""},
		{"without a name", func(p *Policy) { p.Name = " " }, "displayName"},
		{"an unknown scope", func(p *Policy) { p.Scope = "everybody" }, "allowedTargetScope"},
		{"specific users", func(p *Policy) { p.Scope, p.Targets = SpecificDirectoryUsers, []SubjectSet{somebody} }, ""},
		{"specific users who are nobody", func(p *Policy) { p.Scope = SpecificDirectoryUsers }, "specificAllowedTargets"},
		{"users where organizations are asked for", func(p *Policy) { p.Scope, p.Targets = SpecificConnectedOrganizationUsers, []SubjectSet{somebody} }, "specificAllowedTargets[0]"},
		{"all members, and somebody", func(p *Policy) { p.Scope, p.Targets = AllMemberUsers, []SubjectSet{somebody} }, "specificAllowedTargets"},
		{"approval without a stage", func(p *Policy) { p.Approval.ForAdd = true }, "requestApprovalSettings.stages"},
		{"a stage without approvers", stage(func(s *Stage) { s.Primary = nil }), "requestApprovalSettings.stages[0].primaryApprovers"},
		{"a stage with fallback approvers only", stage(func(s *Stage) { s.Primary, s.Fallback = nil, []SubjectSet{somebody} }), ""},
		{"an organization approves", stage(func(s *Stage) { s.Primary = []SubjectSet{partner} }), "requestApprovalSettings.stages[0].primaryApprovers[0]"},
		{"sponsors approve", stage(func(s *Stage) { s.Primary = []SubjectSet{{Kind: InternalSponsors}} }), ""},
		{"escalation without alternates", stage(func(s *Stage) { s.Escalation, s.EscalateAfter = true, 7*day }), "requestApprovalSettings.stages[0].escalationApprovers"},
		{"escalation within a day", stage(func(s *Stage) { s.Escalation, s.EscalateAfter, s.Alternate = true, time.Hour, []SubjectSet{somebody} }),
			"requestApprovalSettings.stages[0].durationBeforeEscalation"},
		{"escalation in a short stage", stage(func(s *Stage) {
			s.Escalation, s.EscalateAfter, s.TimeOut, s.Alternate = true, 2*day, 3*day, []SubjectSet{somebody}
		}), "requestApprovalSettings.stages[0].durationBeforeAutomaticDenial"},
		{"escalation", stage(func(s *Stage) { s.Escalation, s.EscalateAfter, s.Alternate = true, 7*day, []SubjectSet{somebody} }), ""},
		{"four stages", func(p *Policy) { p.Approval.Stages = make([]Stage, 4) }, "requestApprovalSettings.stages"},
		{"an end that is none", func(p *Policy) { p.Expiration = Expiration{Type: ExpirationAfterDateTime} }, "expiration.endDateTime"},
		{"a duration of nothing", func(p *Policy) { p.Expiration = Expiration{Type: ExpirationAfterDuration} }, "expiration.duration"},
		{"eleven years", func(p *Policy) { p.Expiration = Expiration{Type: ExpirationAfterDuration, Duration: 3661 * day} }, "expiration.duration"},
		{"eight hours", func(p *Policy) { p.Expiration = Expiration{Type: ExpirationAfterDuration, Duration: 8 * time.Hour} }, ""},
		{"a question without a text", func(p *Policy) { p.Questions = []Question{{}} }, "questions[0].text"},
		{"a pattern that is none", func(p *Policy) { p.Questions = []Question{{Text: Localized{Text: "Code?"}, Pattern: "("}} }, "questions[0].regexPattern"},
		{"two choices alike", func(p *Policy) {
			p.Questions = []Question{{Text: Localized{Text: "Region?"}, Choices: []Choice{{Value: "a"}, {Value: "a"}}}}
		}, "questions[0].choices[1].actualValue"},
		{"an automatic policy", func(p *Policy) {
			p.Scope, p.Targets, p.Automatic = SpecificDirectoryUsers, []SubjectSet{ruled}, &AutomaticSettings{Give: true}
		}, ""},
		{"an automatic policy without a rule", func(p *Policy) { p.Automatic = &AutomaticSettings{Give: true} }, "automaticRequestSettings"},
		{"an unknown stage", func(p *Policy) { p.Extensions = []StageExtension{{Stage: "later"}} }, "customExtensionStageSettings[0].stage"},
		{"more names than there can be", func(p *Policy) {
			p.Scope = SpecificDirectoryUsers
			for range mostNamed + 1 {
				p.Targets = append(p.Targets, SubjectSet{Kind: SingleUser, Object: ids.New[ids.ObjectID]()})
			}
		}, "specificAllowedTargets"},
		{"a manager of the fifth level", stage(func(s *Stage) { s.Primary = []SubjectSet{{Kind: RequestorManager, ManagerLevel: 5}} }), "requestApprovalSettings.stages[0].primaryApprovers[0].managerLevel"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := &Policy{Name: "p", Scope: NotSpecified}
			tt.change(p)
			err := p.Check()
			if (err == nil) != (tt.at == "") || err != nil && (!errors.Is(err, BadModel) || fault.Public(err).Target != tt.at) {
				t.Errorf("got %v, want it at %q", err, tt.at)
			}
		})
	}
}

// TestWhoMayWhat is the table of delegated roles.
// https://learn.microsoft.com/entra/id-governance/entitlement-management-delegate
func TestWhoMayWhat(t *testing.T) {
	all := []Task{ToRead, toOwn, ToPackage, ToAssign, toCreate, toConnect, ToAdminister}
	for role, want := range map[ids.RoleID][]bool{
		CatalogOwner:       {true, true, true, true, false, false, false},
		CatalogReader:      {true, false, false, false, false, false, false},
		PackageManager:     {true, false, true, true, false, false, false},
		AssignmentManager:  {true, false, false, true, false, false, false},
		CatalogCreator:     {false, false, false, false, true, false, false},
		OrganizationsAdmin: {false, false, false, false, false, true, false},
	} {
		for i, task := range all {
			if got := allows([]ids.RoleID{role}, task); got != want[i] {
				t.Errorf("%s, task %d: got %t", role, task, got)
			}
		}
	}
}

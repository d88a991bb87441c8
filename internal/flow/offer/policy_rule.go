package offer

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"time"

	"entente/internal/core/directory"
	"entente/internal/kit/ids"
	"entente/internal/kit/jobs"
	"entente/internal/kit/rule"
)

// PolicyChanged says that a policy is new, another than before or gone; its
// arguments are a PolicyChange.
const PolicyChanged jobs.Signal = "entitlement.policyChanged"

// A PolicyChange is what the signal tells.
type PolicyChange struct {
	Policy  ids.PolicyID  `json:"policy"`
	Package ids.PackageID `json:"package"`
}

// Limits of a policy.
const (
	MostStages    = 3
	mostNamed     = 500  // users, service principals and groups that a policy names
	mostConnected = 1000 // organizations that it names
	mostQuestions = 50
	mostChoices   = 100
	mostLanguages = 60

	longestDuration = 3660 * day
	longestText     = 1000
	longestRule     = rule.MaxText
	longestPolicy   = 256 << 10 // bytes, stored

	UsualTimeOut       = 14 * day // of a stage that does not say
	shortestEscalation = day
	shortestEscalated  = 4 * day // of a stage that escalates
)

// targetKinds are the kinds of targets that a scope takes; a scope without any
// says for itself whom it is for.
var targetKinds = map[TargetScope][]SetKind{
	NotSpecified:                            nil,
	SpecificDirectoryUsers:                  {SingleUser, GroupMembers, AttributeRuleMembers},
	SpecificConnectedOrganizationUsers:      {ConnectedOrganizationMembers},
	SpecificDirectoryServicePrincipals:      {SingleServicePrincipal},
	AllMemberUsers:                          nil,
	AllDirectoryUsers:                       nil,
	AllDirectoryServicePrincipals:           nil,
	AllConfiguredConnectedOrganizationUsers: nil,
	AllExternalUsers:                        nil,
	AllExistingConnectedOrganizationUsers:   nil,
}

var (
	approverKinds = []SetKind{SingleUser, GroupMembers, RequestorManager, InternalSponsors, ExternalSponsors, TargetUserSponsors}
	onBehalfKinds = []SetKind{SingleUser, GroupMembers, TargetManager}
)

// Check refuses a policy that cannot stand, for the value at fault, and puts in
// what goes without saying. What it names is not looked up here.
func (p *Policy) Check() error {
	name, err := nameOf("displayName", p.Name)
	if err != nil {
		return err
	}
	p.Name = name
	if err := short("description", p.Description, longestDescription); err != nil {
		return err
	}
	for _, check := range []func() error{p.checkTargets, p.Expiration.check, p.checkRequestor, p.checkApproval, p.checkAutomatic, p.checkQuestions, p.checkStages, p.checkSize} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func (p *Policy) checkTargets() error {
	kinds, known := targetKinds[p.Scope]
	const list = "specificAllowedTargets"
	switch {
	case !known:
		return Bad("allowedTargetScope", "There is no scope '%.64s'.", p.Scope)
	case len(kinds) == 0 && len(p.Targets) > 0:
		return Bad(list, "The scope %s says for itself whom the policy is for; it takes no specific targets.", p.Scope)
	case len(kinds) > 0 && len(p.Targets) == 0:
		return Bad(list, "The scope %s needs specific targets.", p.Scope)
	}
	return checkSets(list, p.Targets, kinds)
}

// checkSets refuses members of a list that cannot stand in it.
func checkSets(list string, sets []SubjectSet, kinds []SetKind) error {
	for i := range sets {
		if err := sets[i].check(At(list, i), kinds); err != nil {
			return err
		}
	}
	return nil
}

func (s *SubjectSet) check(path string, kinds []SetKind) error {
	if !slices.Contains(kinds, s.Kind) {
		return Bad(path, "A member of the type '%.64s' cannot stand here; there can be %s.", s.Kind, join(kinds))
	}
	switch s.Kind {
	case SingleUser, GroupMembers, SingleServicePrincipal:
		if !ids.Valid(string(s.Object)) {
			return Bad(path, "A member of the type %s names an object by its identifier.", s.Kind)
		}
	case ConnectedOrganizationMembers:
		if !ids.Valid(string(s.Organization)) {
			return Bad(path, "A member of the type %s names a connected organization by its identifier.", s.Kind)
		}
	case RequestorManager, TargetManager:
		if s.ManagerLevel == 0 {
			s.ManagerLevel = 1
		}
		if s.ManagerLevel < 1 || s.ManagerLevel > 4 {
			return Bad(path+".managerLevel", "The level of a manager is 1 to 4.")
		}
	case AttributeRuleMembers:
		if strings.TrimSpace(s.Rule) == "" || len([]rune(s.Rule)) > longestRule {
			return Bad(path+".membershipRule", "A membership rule has 1 to %d characters.", longestRule)
		}
		if _, err := directory.ParseMembershipRule(s.Rule); err != nil {
			return Bad(path+".membershipRule", "%s", err)
		}
	}
	return short(path+".description", s.Description, longestDescription)
}

func join(kinds []SetKind) string {
	words := make([]string, len(kinds))
	for i, k := range kinds {
		words[i] = string(k)
	}
	return strings.Join(words, ", ")
}

func (e *Expiration) check() error {
	switch e.Type {
	case "":
		e.Type = NoExpiration
	case ExpirationNotSpecified, NoExpiration:
	case ExpirationAfterDateTime:
		if e.End.IsZero() {
			return Bad("expiration.endDateTime", "An expiration afterDateTime has an endDateTime.")
		}
	case ExpirationAfterDuration:
		if e.Duration <= 0 || e.Duration > longestDuration {
			return Bad("expiration.duration", "An expiration afterDuration lasts up to 3660 days.")
		}
	default:
		return Bad("expiration.type", "There is no expiration '%.64s'.", e.Type)
	}
	if e.Type != ExpirationAfterDateTime {
		e.End = time.Time{}
	}
	if e.Type != ExpirationAfterDuration {
		e.Duration = 0
	}
	return nil
}

func (p *Policy) checkRequestor() error {
	return checkSets("requestorSettings.onBehalfRequestors", p.Requestor.OnBehalf, onBehalfKinds)
}

func (p *Policy) checkApproval() error {
	const path = "requestApprovalSettings"
	a := &p.Approval
	switch {
	case len(a.Stages) > MostStages:
		return Bad(path+".stages", "Requests have at most %d stages of approval.", MostStages)
	case (a.ForAdd || a.ForUpdate) && len(a.Stages) == 0:
		return Bad(path+".stages", "Where approval is required there is a stage of approval.")
	}
	for i := range a.Stages {
		if err := a.Stages[i].check(At(path+".stages", i)); err != nil {
			return err
		}
	}
	return nil
}

func (s *Stage) check(path string) error {
	if s.TimeOut == 0 {
		s.TimeOut = UsualTimeOut
	}
	if s.Visibility == "" {
		s.Visibility = "default"
	}
	switch {
	case s.TimeOut < 0 || s.TimeOut > longestDuration:
		return Bad(path+".durationBeforeAutomaticDenial", "A stage of approval lasts up to 3660 days.")
	case len(s.Primary)+len(s.Fallback) == 0:
		return Bad(path+".primaryApprovers", "A stage of approval has an approver.")
	case !slices.Contains([]string{"default", "notVisible", "visible"}, s.Visibility):
		return Bad(path+".approverInformationVisibility", "Approvers are shown as default, notVisible or visible says.")
	case s.EscalateAfter < 0 || s.EscalateAfter > longestDuration:
		return Bad(path+".durationBeforeEscalation", "A stage of approval escalates within 3660 days.")
	}
	if s.Escalation {
		switch {
		case len(s.Alternate)+len(s.AlternateFallback) == 0:
			return Bad(path+".escalationApprovers", "A stage that escalates has alternate approvers.")
		case s.TimeOut < shortestEscalated:
			return Bad(path+".durationBeforeAutomaticDenial", "A stage that escalates lasts at least 4 days.")
		case s.EscalateAfter < shortestEscalation || s.EscalateAfter >= s.TimeOut:
			return Bad(path+".durationBeforeEscalation", "A stage escalates a day or more after it began, and before it ends.")
		}
	}
	for _, l := range []struct {
		name string
		sets []SubjectSet
	}{
		{"primaryApprovers", s.Primary}, {"fallbackPrimaryApprovers", s.Fallback},
		{"escalationApprovers", s.Alternate}, {"fallbackEscalationApprovers", s.AlternateFallback},
	} {
		if err := checkSets(path+"."+l.name, l.sets, approverKinds); err != nil {
			return err
		}
	}
	return nil
}

func (p *Policy) checkAutomatic() error {
	const path = "automaticRequestSettings"
	a := p.Automatic
	ruled := slices.ContainsFunc(p.Targets, func(s SubjectSet) bool { return s.Kind == AttributeRuleMembers })
	switch {
	case a == nil:
		return nil
	case a.Grace < 0 || a.Grace > longestDuration:
		return Bad(path+".gracePeriodBeforeAccessRemoval", "The grace period is up to 3660 days.")
	case (a.Give || a.Take) && (!ruled || len(p.Targets) != 1):
		return Bad(path, "An automatic policy is for whom one membership rule says: specificAllowedTargets has one attributeRuleMembers.")
	case a.Give && p.Expiration.Type != NoExpiration && p.Expiration.Type != ExpirationNotSpecified:
		return Bad("expiration", "What an automatic policy gives ends when the rule no longer holds: its expiration is noExpiration.")
	case a.Give && (p.Approval.ForAdd || len(p.Questions) > 0):
		return Bad(path, "An automatic policy asks nobody: it has no approval and no questions.")
	}
	return nil
}

func (p *Policy) checkQuestions() error {
	if len(p.Questions) > mostQuestions {
		return Bad("questions", "A policy has at most %d questions.", mostQuestions)
	}
	seen := make(map[ids.QuestionID]bool)
	for i := range p.Questions {
		q := &p.Questions[i]
		if q.ID == "" || seen[q.ID] {
			q.ID = ids.New[ids.QuestionID]()
		}
		seen[q.ID] = true
		if err := q.check(At("questions", i)); err != nil {
			return err
		}
	}
	return nil
}

func (q *Question) check(path string) error {
	if err := q.Text.check(path); err != nil {
		return err
	}
	if len(q.Pattern) > longestText {
		return Bad(path+".regexPattern", "A pattern has at most %d characters.", longestText)
	}
	if _, err := regexp.Compile(q.Pattern); err != nil {
		return Bad(path+".regexPattern", "The pattern is no regular expression: %.200s.", err)
	}
	if len(q.Choices) > mostChoices {
		return Bad(path+".choices", "A question has at most %d choices.", mostChoices)
	}
	seen := make(map[string]bool)
	for i := range q.Choices {
		c, path := &q.Choices[i], At(path+".choices", i)
		switch {
		case strings.TrimSpace(c.Value) == "":
			return Bad(path+".actualValue", "A choice has a value.")
		case seen[c.Value]:
			return Bad(path+".actualValue", "Two choices have the value '%.100s'.", c.Value)
		}
		seen[c.Value] = true
		if c.Text.Text == "" {
			c.Text.Text = c.Value
		}
		if err := short(path+".actualValue", c.Value, longestText); err != nil {
			return err
		}
		if err := c.Text.check(path); err != nil {
			return err
		}
	}
	return nil
}

// language is the form of a tag (BCP 47), as far as it is looked at.
var language = regexp.MustCompile(`^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$`)

func (l *Localized) check(path string) error {
	if strings.TrimSpace(l.Text) == "" {
		return Bad(path+".text", "A text is needed.")
	}
	if err := short(path+".text", l.Text, longestText); err != nil {
		return err
	}
	if len(l.Translations) > mostLanguages {
		return Bad(path+".localizations", "A text has at most %d translations.", mostLanguages)
	}
	for i, t := range l.Translations {
		if !language.MatchString(t.Language) {
			return Bad(At(path+".localizations", i)+".languageCode", "'%.40s' is no language.", t.Language)
		}
		if err := short(At(path+".localizations", i)+".text", t.Text, longestText); err != nil {
			return err
		}
	}
	return nil
}

// checkStages refuses a stage at which an extension is never called, and a second
// call at the same stage.
func (p *Policy) checkStages() error {
	seen := make(map[string]bool)
	for i, e := range p.Extensions {
		path := At("customExtensionStageSettings", i)
		switch {
		case !slices.Contains(stages[RequestExtension], e.Stage) && !slices.Contains(stages[AssignmentExtension], e.Stage):
			return Bad(path+".stage", "There is no stage '%.64s'.", e.Stage)
		case seen[e.Stage]:
			return Bad(path+".stage", "The stage %s stands there twice.", e.Stage)
		case !ids.Valid(string(e.Extension)):
			return Bad(path+".customExtension.id", "A custom extension is named by its identifier.")
		}
		seen[e.Stage] = true
	}
	return nil
}

func (p *Policy) checkSize() error {
	named, connected := 0, 0
	for _, s := range p.subjects() {
		if s.set.Kind == ConnectedOrganizationMembers {
			connected++
		} else {
			named++
		}
	}
	switch {
	case named > mostNamed:
		return Bad("specificAllowedTargets", "The policy names %d users and groups; there can be %d.", named, mostNamed)
	case connected > mostConnected:
		return Bad("specificAllowedTargets", "The policy names %d connected organizations; there can be %d.", connected, mostConnected)
	}
	for _, kept := range []struct {
		path string
		text json.RawMessage
	}{{"reviewSettings", p.Review}, {"verifiableCredentialSettings", p.Credentials}} {
		if len(kept.text) > 32<<10 {
			return Bad(kept.path, "The settings have more than %d bytes.", 32<<10)
		}
	}
	text, err := json.Marshal(p)
	if err == nil && len(text) > longestPolicy {
		return Bad("", "The policy has more than %d bytes.", longestPolicy)
	}
	return err
}

// A namedSubject is somebody whom a policy names, as what, and where.
type namedSubject struct {
	as   string
	path string
	set  SubjectSet
}

// subjects returns whom the policy names.
func (p *Policy) subjects() (all []namedSubject) {
	add := func(as, list string, sets []SubjectSet) {
		for i, s := range sets {
			if s.named() != "" {
				all = append(all, namedSubject{as, At(list, i), s})
			}
		}
	}
	add(asTarget, "specificAllowedTargets", p.Targets)
	add(asOnBehalf, "requestorSettings.onBehalfRequestors", p.Requestor.OnBehalf)
	for i, s := range p.Approval.Stages {
		path := At("requestApprovalSettings.stages", i)
		add(asApprover, path+".primaryApprovers", s.Primary)
		add(asApprover, path+".fallbackPrimaryApprovers", s.Fallback)
		add(asApprover, path+".escalationApprovers", s.Alternate)
		add(asApprover, path+".fallbackEscalationApprovers", s.AlternateFallback)
	}
	return all
}

// What a policy names somebody as.
const (
	asTarget   = "target"
	asOnBehalf = "onBehalf"
	asApprover = "approver"
)

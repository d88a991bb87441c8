package governance

import (
	"encoding/json"
	"fmt"
	"time"

	"entente/internal/flow/offer"
)

const day = 24 * time.Hour

// scopes are the words for a scope in v1.0 and in beta.
var scopes = []struct {
	v1   offer.TargetScope
	beta string
}{
	{offer.NotSpecified, "NoSubjects"},
	{offer.SpecificDirectoryUsers, "SpecificDirectorySubjects"},
	{offer.SpecificConnectedOrganizationUsers, "SpecificConnectedOrganizationSubjects"},
	{offer.SpecificDirectoryServicePrincipals, "SpecificDirectoryServicePrincipals"},
	{offer.AllMemberUsers, "AllExistingDirectoryMemberUsers"},
	{offer.AllDirectoryUsers, "AllExistingDirectorySubjects"},
	{offer.AllDirectoryServicePrincipals, "AllExistingDirectoryServicePrincipals"},
	{offer.AllConfiguredConnectedOrganizationUsers, "AllConfiguredConnectedOrganizationSubjects"},
	{offer.AllExternalUsers, "AllExternalSubjects"},
	{offer.AllExistingConnectedOrganizationUsers, "AllExistingConnectedOrganizationSubjects"},
}

func betaScope(s offer.TargetScope) string {
	for _, one := range scopes {
		if one.v1 == s {
			return one.beta
		}
	}
	return string(s)
}

// betaSubjects are members of a list under beta's names; backup marks fallbacks.
func betaSubjects(list, backup []offer.SubjectSet) []map[string]any {
	faces := []map[string]any{}
	add := func(sets []offer.SubjectSet, isBackup bool) {
		for _, s := range sets {
			f := map[string]any{"@odata.type": "#microsoft.graph." + string(s.Kind), "isBackup": isBackup}
			switch s.Kind {
			case offer.SingleUser, offer.GroupMembers, offer.SingleServicePrincipal:
				f["id"], f["description"] = s.Object, text(s.Description)
			case offer.ConnectedOrganizationMembers:
				f["id"], f["description"] = s.Organization, text(s.Description)
			case offer.RequestorManager, offer.TargetManager:
				f["managerLevel"] = s.ManagerLevel
			case offer.AttributeRuleMembers:
				f["membershipRule"], f["description"] = s.Rule, text(s.Description)
			}
			faces = append(faces, f)
		}
	}
	add(list, false)
	add(backup, true)
	return faces
}

// ceil returns how many units a time is, a part of one counting as one: nothing is
// the word for no end.
func ceil(d, unit time.Duration) int { return int((d + unit - 1) / unit) }

// betaPolicy is what beta shows of a policy in other shapes.
func betaPolicy(p *offer.Policy) map[string]any {
	days, end := 0, (*time.Time)(nil)
	switch p.Expiration.Type {
	case offer.ExpirationAfterDuration:
		days = ceil(p.Expiration.Duration, day)
	case offer.ExpirationAfterDateTime:
		end = &p.Expiration.End
	}
	stages := []map[string]any{}
	for _, s := range p.Approval.Stages {
		stages = append(stages, map[string]any{
			"approvalStageTimeOutInDays": ceil(s.TimeOut, day), "escalationTimeInMinutes": ceil(s.EscalateAfter, time.Minute),
			"isApproverJustificationRequired": s.Justification, "isEscalationEnabled": s.Escalation,
			"primaryApprovers": betaSubjects(s.Primary, s.Fallback), "escalationApprovers": betaSubjects(s.Alternate, s.AlternateFallback),
		})
	}
	mode := "NoApproval"
	switch {
	case !p.Approval.ForAdd && !p.Approval.ForUpdate:
	case len(stages) == 1:
		mode = "SingleStage"
	default:
		mode = "Serial"
	}
	questions := []map[string]any{}
	for _, q := range p.Questions {
		questions = append(questions, betaQuestion(q))
	}
	beta := map[string]any{
		"accessPackageId": p.Package, "canExtend": p.Requestor.SelfUpdate, "durationInDays": days, "expirationDateTime": end,
		"betaRequestorSettings": map[string]any{
			"scopeType": betaScope(p.Scope), "acceptRequests": p.Requestor.SelfAdd, "allowedRequestors": betaSubjects(p.Targets, nil)},
		"betaRequestApprovalSettings": map[string]any{
			"isApprovalRequired": p.Approval.ForAdd, "isApprovalRequiredForExtension": p.Approval.ForUpdate,
			"isRequestorJustificationRequired": p.Approval.Justification, "approvalMode": mode, "approvalStages": stages},
		"accessReviewSettings": betaReview(p.Review), "betaQuestions": questions,
		"verifiableCredentialSettings": nil,
	}
	if len(p.Credentials) > 0 {
		beta["verifiableCredentialSettings"] = p.Credentials
	}
	return beta
}

func betaText(l offer.Localized) map[string]any {
	return map[string]any{"defaultText": l.Text, "localizedTexts": translationsOf(l)}
}

func betaQuestion(q offer.Question) map[string]any {
	f := map[string]any{"@odata.type": textQuestion, "id": q.ID, "isAnswerEditable": q.Editable, "isRequired": q.Required, "sequence": q.Sequence, "text": betaText(q.Text)}
	if len(q.Choices) == 0 {
		f["isSingleLineQuestion"], f["regexPattern"] = q.SingleLine, text(q.Pattern)
		return f
	}
	choices := []any{}
	for _, c := range q.Choices {
		choices = append(choices, map[string]any{"actualValue": c.Value, "displayValue": betaText(c.Text)})
	}
	f["@odata.type"], f["choices"], f["allowsMultipleSelection"] = choiceQuestion, choices, q.Multiple
	return f
}

// A review is how settings of reviews are stored: as v1.0 has them.
type review struct {
	Enabled        bool            `json:"isEnabled"`
	Behavior       string          `json:"expirationBehavior"`
	Recommendation bool            `json:"isRecommendationEnabled"`
	Justification  bool            `json:"isReviewerJustificationRequired"`
	Self           bool            `json:"isSelfReview"`
	Schedule       *reviewSchedule `json:"schedule"`
	Primary        []subjectFace   `json:"primaryReviewers"`
	Fallback       []subjectFace   `json:"fallbackReviewers"`
}

type reviewSchedule struct {
	Start      *time.Time        `json:"startDateTime"`
	Expiration reviewExpiration  `json:"expiration"`
	Recurrence *reviewRecurrence `json:"recurrence"`
}

type reviewExpiration struct {
	Duration *string    `json:"duration"`
	End      *time.Time `json:"endDateTime"`
	Type     string     `json:"type"`
}

type reviewRecurrence struct {
	Pattern map[string]any `json:"pattern"`
	Range   map[string]any `json:"range"`
}

// recurrences are beta's words for how often there is a review.
var recurrences = []struct {
	word, kind string
	interval   int
}{
	{"weekly", "weekly", 1}, {"monthly", "absoluteMonthly", 1}, {"quarterly", "absoluteMonthly", 3}, {"halfyearly", "absoluteMonthly", 6}, {"annual", "absoluteMonthly", 12},
}

// betaReview shows stored settings of reviews under beta's names; nil where there
// are none.
func betaReview(stored json.RawMessage) any {
	var v review
	if len(stored) == 0 || json.Unmarshal(stored, &v) != nil {
		return nil
	}
	kind, days, often, start := "Reviewers", 0, "", (*time.Time)(nil)
	var reviewers []offer.SubjectSet
	var backup []offer.SubjectSet
	first := new(error)
	for _, l := range []struct {
		faces []subjectFace
		into  *[]offer.SubjectSet
	}{{v.Primary, &reviewers}, {v.Fallback, &backup}} {
		for _, f := range l.faces {
			raw, err := json.Marshal(f)
			if err == nil {
				s, _ := readSubject(open(first, "", raw))
				*l.into = append(*l.into, s)
			}
		}
	}
	switch {
	case v.Self:
		kind = "Self"
	case len(reviewers) == 1 && reviewers[0].Kind == offer.RequestorManager:
		kind, reviewers = "Manager", nil
	}
	if s := v.Schedule; s != nil {
		start = s.Start
		if s.Expiration.Duration != nil {
			d, _ := parseDuration(*s.Expiration.Duration)
			days = ceil(d, day)
		}
		if s.Recurrence != nil {
			often = "monthly"
			for _, one := range recurrences {
				if one.kind == s.Recurrence.Pattern["type"] && fmt.Sprint(s.Recurrence.Pattern["interval"]) == fmt.Sprint(one.interval) {
					often = one.word
				}
			}
		}
	}
	return map[string]any{
		"isEnabled": v.Enabled, "recurrenceType": text(often), "reviewerType": kind, "startDateTime": start, "durationInDays": days,
		"reviewers": betaSubjects(reviewers, backup), "isAccessRecommendationEnabled": v.Recommendation,
		"isApprovalJustificationRequired": v.Justification, "accessReviewTimeoutBehavior": v.Behavior,
	}
}

package governance

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"entente/internal/core/object"
	"entente/internal/edge/graph/edm"
	"entente/internal/flow/offer"
	"entente/internal/kit/ids"
)

func absent(id string) error { return object.Missing(id) }

// readPolicy applies a body to a policy. With whole it says all, and what it
// leaves out is as in a new policy; but what its version has no words for stays, and
// what beta shows roughly does where it says what beta showed. The members of
// both versions are read.
func readPolicy(r *edm.Request, p *offer.Policy, whole bool) error {
	was := *p
	if whole {
		*p = offer.Policy{Scope: offer.NotSpecified, Expiration: offer.Expiration{Type: offer.NoExpiration}}
		if p.Credentials = was.Credentials; r.Version == edm.Beta { // of credentials v1.0 says nothing
			keepBeyondBeta(p, &was)
		}
	}
	b := readBody(r.Body)
	if r.Version == edm.Beta && was.ID != "" {
		b.was = &was
	}
	err := readPolicyBody(b, p)
	if p.Scope == unknownScope && was.Scope == offer.AllExistingConnectedOrganizationUsers {
		p.Scope = was.Scope // what v1.0 shows for want of a word says nothing when it comes back
	}
	return err
}

// readPolicyBody reads the members that a body has.
func readPolicyBody(b *reader, p *offer.Policy) error {
	set(&p.Name, b.text("displayName"))
	set(&p.Description, b.text("description"))
	if id := b.reference("accessPackageId", "accessPackage"); id != "" {
		p.Package = ids.PackageID(id)
	}
	if word := b.text("allowedTargetScope"); word != nil && *word != "" {
		p.Scope = scopeOf(*word)
	}
	if list, ok := b.list("specificAllowedTargets"); ok {
		p.Targets, _ = readSubjects(list)
	}
	readExpiration(b, p)
	readRequestor(b, p)
	if x := b.object("requestApprovalSettings"); x != nil {
		readApproval(x, &p.Approval, b.was)
		x.end()
	}
	if list, ok := b.list("questions"); ok {
		p.Questions = readQuestions(list)
	}
	if v, ok := readReview(b); ok {
		p.Review = v
	}
	if x := b.object("notificationSettings"); x != nil {
		set(&p.Quiet, x.flag("isAssignmentNotificationDisabled"))
		x.end()
	}
	if _, ok := b.raw["automaticrequestsettings"]; ok {
		p.Automatic = readAutomatic(b.object("automaticRequestSettings"))
	}
	if list, ok := b.list("customExtensionStageSettings"); ok {
		p.Extensions = readStages(list)
	}
	if _, ok := b.raw["verifiablecredentialsettings"]; ok {
		p.Credentials = b.kept("verifiableCredentialSettings")
	}
	b.pass("id", "createdDateTime", "modifiedDateTime", "createdBy", "modifiedBy", "catalog", "accessPackageCatalog", "customExtensionHandlers", "activeStep")
	return b.end()
}

// set takes a member that is there.
func set[T any](into *T, v *T) {
	if v != nil {
		*into = *v
	}
}

// scopeOf returns the scope that a word of either version means, in any case.
func scopeOf(word string) offer.TargetScope {
	for _, one := range scopes {
		if strings.EqualFold(word, string(one.v1)) || strings.EqualFold(word, one.beta) {
			return one.v1
		}
	}
	return offer.TargetScope(word)
}

var expirations = []offer.ExpirationType{offer.ExpirationNotSpecified, offer.NoExpiration, offer.ExpirationAfterDateTime, offer.ExpirationAfterDuration}

// readExpiration reads v1.0's pattern, or beta's days and date.
func readExpiration(b *reader, p *offer.Policy) {
	if x := b.object("expiration"); x != nil {
		p.Expiration = offer.Expiration{Type: offer.ExpirationType(x.word("type"))}
		if i := slices.IndexFunc(expirations, func(t offer.ExpirationType) bool {
			return strings.EqualFold(string(t), string(p.Expiration.Type))
		}); i >= 0 {
			p.Expiration.Type = expirations[i]
		}
		set(&p.Expiration.End, x.time("endDateTime"))
		set(&p.Expiration.Duration, x.duration("duration"))
		x.end()
	}
	days, end := b.number("durationInDays"), b.time("expirationDateTime")
	if days == nil && end == nil {
		return
	}
	switch {
	case days != nil && (*days < 0 || *days > 3660):
		b.fail("durationInDays", "An access lasts 0 to 3660 days.")
	case days != nil && *days > 0 && end != nil && !end.IsZero():
		b.fail("expirationDateTime", "An access ends after a number of days, or at a time, not both.")
	case days != nil && *days > 0:
		p.Expiration = offer.Expiration{Type: offer.ExpirationAfterDuration, Duration: time.Duration(*days) * day}
	case end != nil && !end.IsZero():
		p.Expiration = offer.Expiration{Type: offer.ExpirationAfterDateTime, End: *end}
	default:
		p.Expiration = offer.Expiration{Type: offer.NoExpiration}
	}
	keepExpiration(p, b.was)
}

func readRequestor(b *reader, p *offer.Policy) {
	if x := b.object("requestorSettings"); x != nil {
		q := &p.Requestor
		set(&q.SelfAdd, x.flag("enableTargetsToSelfAddAccess"))
		set(&q.SelfUpdate, x.flag("enableTargetsToSelfUpdateAccess"))
		set(&q.SelfRemove, x.flag("enableTargetsToSelfRemoveAccess"))
		set(&q.CustomSchedule, x.flag("allowCustomAssignmentSchedule"))
		set(&q.OnBehalfAdd, x.flag("enableOnBehalfRequestorsToAddAccess"))
		set(&q.OnBehalfUpdate, x.flag("enableOnBehalfRequestorsToUpdateAccess"))
		set(&q.OnBehalfRemove, x.flag("enableOnBehalfRequestorsToRemoveAccess"))
		if list, ok := x.list("onBehalfRequestors"); ok {
			q.OnBehalf, _ = readSubjects(list)
		}
		set(&q.SelfAdd, x.flag("acceptRequests"))
		if word := x.text("scopeType"); word != nil && *word != "" {
			p.Scope = scopeOf(*word)
		}
		if list, ok := x.list("allowedRequestors"); ok {
			p.Targets, _ = readSubjects(list)
		}
		x.end()
	}
	set(&p.Requestor.SelfUpdate, b.flag("canExtend"))
}

func readApproval(x *reader, a *offer.ApprovalSettings, was *offer.Policy) {
	for _, name := range []string{"isApprovalRequiredForAdd", "isApprovalRequired"} {
		set(&a.ForAdd, x.flag(name))
	}
	for _, name := range []string{"isApprovalRequiredForUpdate", "isApprovalRequiredForExtension"} {
		set(&a.ForUpdate, x.flag(name))
	}
	set(&a.Justification, x.flag("isRequestorJustificationRequired"))
	x.pass("approvalMode")
	for _, name := range []string{"stages", "approvalStages"} {
		list, ok := x.list(name)
		if !ok {
			continue
		}
		a.Stages = nil
		for i, one := range list {
			s := readStage(one)
			if was != nil {
				keepStage(one, &s, i, was.Approval.Stages)
			}
			a.Stages = append(a.Stages, s)
		}
	}
}

func readStage(x *reader) (s offer.Stage) {
	set(&s.TimeOut, x.duration("durationBeforeAutomaticDenial"))
	set(&s.EscalateAfter, x.duration("durationBeforeEscalation"))
	if n := x.number("approvalStageTimeOutInDays"); n != nil {
		s.TimeOut = x.times("approvalStageTimeOutInDays", *n, day)
	}
	if n := x.number("escalationTimeInMinutes"); n != nil {
		s.EscalateAfter = x.times("escalationTimeInMinutes", *n, time.Minute)
	}
	s.Justification, s.Escalation, s.Visibility = x.is("isApproverJustificationRequired"), x.is("isEscalationEnabled"), x.word("approverInformationVisibility")
	for _, l := range []struct {
		name           string
		into, fallback *[]offer.SubjectSet
	}{
		{"primaryApprovers", &s.Primary, &s.Fallback}, {"escalationApprovers", &s.Alternate, &s.AlternateFallback},
		{"fallbackPrimaryApprovers", &s.Fallback, &s.Fallback}, {"fallbackEscalationApprovers", &s.AlternateFallback, &s.AlternateFallback},
	} {
		list, _ := x.list(l.name)
		sets, backup := readSubjects(list)
		*l.into = append(*l.into, sets...)
		*l.fallback = append(*l.fallback, backup...)
	}
	x.end()
	return s
}

// times is a number of units, within ten years.
func (r *reader) times(name string, n int, unit time.Duration) time.Duration {
	if n < 0 || time.Duration(n) > 3660*day/unit {
		r.fail(name, "The number must be within 0 and ten years.")
		return 0
	}
	return time.Duration(n) * unit
}

var setKinds = []offer.SetKind{
	offer.SingleUser, offer.GroupMembers, offer.ConnectedOrganizationMembers, offer.RequestorManager, offer.InternalSponsors,
	offer.ExternalSponsors, offer.TargetUserSponsors, offer.TargetManager, offer.AttributeRuleMembers, offer.SingleServicePrincipal,
}

// readSubjects reads members of a list; those that beta marks as backup apart.
func readSubjects(list []*reader) (sets, backup []offer.SubjectSet) {
	for _, x := range list {
		s, isBackup := readSubject(x)
		if isBackup {
			backup = append(backup, s)
		} else {
			sets = append(sets, s)
		}
	}
	return sets, backup
}

func readSubject(x *reader) (s offer.SubjectSet, backup bool) {
	kind := x.kind()
	i := slices.IndexFunc(setKinds, func(k offer.SetKind) bool { return strings.EqualFold(string(k), kind) })
	if i < 0 {
		x.fail("@odata.type", "A member says of which type it is, such as #microsoft.graph.singleUser.")
		return s, false
	}
	s.Kind, s.Description = setKinds[i], x.word("description")
	names := map[offer.SetKind]string{offer.SingleUser: "userId", offer.GroupMembers: "groupId",
		offer.ConnectedOrganizationMembers: "connectedOrganizationId", offer.SingleServicePrincipal: "servicePrincipalId"}
	if name, ok := names[s.Kind]; ok {
		id := x.id(name)
		if other := x.id("id"); id == "" {
			id = other
		}
		if s.Kind == offer.ConnectedOrganizationMembers {
			s.Organization = ids.OrganizationID(id)
		} else {
			s.Object = ids.ObjectID(id)
		}
	}
	if n := x.number("managerLevel"); n != nil {
		s.ManagerLevel = *n
	}
	s.Rule = x.word("membershipRule")
	backup = x.is("isBackup")
	x.pass("id")
	x.end()
	return s, backup
}

func readQuestions(list []*reader) (all []offer.Question) {
	for _, x := range list {
		q := offer.Question{ID: ids.QuestionID(x.id("id")), Required: x.is("isRequired"), Editable: x.is("isAnswerEditable")}
		set(&q.Sequence, x.number("sequence"))
		q.Text = readText(x, "text")
		switch kind := x.kind(); {
		case strings.EqualFold(kind, "accessPackageTextInputQuestion"):
			q.SingleLine, q.Pattern = x.is("isSingleLineQuestion"), x.word("regexPattern")
		case strings.EqualFold(kind, "accessPackageMultipleChoiceQuestion"):
			q.Multiple = x.is("isMultipleSelectionAllowed") || x.is("allowsMultipleSelection")
			x.pass("allowsMultipleSelection")
			choices, _ := x.list("choices")
			if len(choices) == 0 {
				x.fail("choices", "A question of multiple choice has choices.")
			}
			for _, c := range choices {
				q.Choices = append(q.Choices, readChoice(c))
			}
		default:
			x.fail("@odata.type", "A question says of which type it is: %s or %s.", textQuestion, choiceQuestion)
		}
		x.end()
		all = append(all, q)
	}
	return all
}

func readChoice(c *reader) offer.Choice {
	choice := offer.Choice{Value: c.word("actualValue")}
	if c.have("displayValue") {
		choice.Text = readText(c, "displayValue")
		c.pass("text", "localizations")
	} else {
		choice.Text = readText(c, "text")
		c.pass("displayValue")
	}
	c.end()
	return choice
}

// readText reads a text with translations: v1.0's in two members, or beta's in one.
func readText(x *reader, name string) (l offer.Localized) {
	raw := x.raw[strings.ToLower(name)]
	if strings.HasPrefix(strings.TrimSpace(string(raw)), "{") {
		o := x.object(name)
		l.Text, l.Translations = o.word("defaultText"), readTranslations(o, "localizedTexts")
		o.end()
		x.pass("localizations")
		return l
	}
	l.Text, l.Translations = x.word(name), readTranslations(x, "localizations")
	return l
}

func readTranslations(x *reader, name string) (all []offer.Translation) {
	list, _ := x.list(name)
	for _, t := range list {
		all = append(all, offer.Translation{Language: t.word("languageCode"), Text: t.word("text")})
		t.end()
	}
	return all
}

func readAutomatic(x *reader) *offer.AutomaticSettings {
	if x == nil {
		return nil
	}
	a := &offer.AutomaticSettings{Give: x.is("requestAccessForAllowedTargets"), Take: x.is("removeAccessWhenTargetLeavesAllowedTargets")}
	set(&a.Grace, x.duration("gracePeriodBeforeAccessRemoval"))
	x.end()
	return a
}

func readStages(list []*reader) (all []offer.StageExtension) {
	for _, x := range list {
		e := offer.StageExtension{Stage: x.word("stage")}
		if len(e.Stage) > 0 {
			e.Stage = strings.ToLower(e.Stage[:1]) + e.Stage[1:]
		}
		e.Extension = ids.ObjectID(x.reference("customExtensionId", "customExtension"))
		x.pass("id", "customExtension@odata.bind")
		x.end()
		all = append(all, e)
	}
	return all
}

var behaviors = []string{"keepAccess", "removeAccess", "acceptAccessRecommendation"}

// readReview reads settings of reviews in the words of either version, and
// returns them as they are stored; ok is false where the body has none.
func readReview(b *reader) (stored json.RawMessage, ok bool) {
	_, v1 := b.raw["reviewsettings"]
	_, beta := b.raw["accessreviewsettings"]
	if !v1 && !beta {
		return nil, false
	}
	v := &review{Behavior: behaviors[0], Primary: []subjectFace{}, Fallback: []subjectFace{}}
	x, y := b.object("reviewSettings"), b.object("accessReviewSettings")
	switch {
	case x != nil:
		readV1Review(x, v)
	case y != nil:
		readBetaReview(y, v)
		if b.was != nil && sameReview(v, b.was.Review) {
			return b.was.Review, true
		}
	default:
		return nil, true
	}
	if !slices.Contains(behaviors, v.Behavior) {
		b.fail("reviewSettings.expirationBehavior", "The behavior is keepAccess, removeAccess or acceptAccessRecommendation.")
	}
	stored, err := json.Marshal(v)
	if err != nil {
		b.fail("reviewSettings", "The settings cannot be stored.")
	}
	return stored, true
}

func readV1Review(x *reader, v *review) {
	v.Enabled, v.Recommendation, v.Justification, v.Self = x.is("isEnabled"), x.is("isRecommendationEnabled"), x.is("isReviewerJustificationRequired"), x.is("isSelfReview")
	set(&v.Behavior, x.text("expirationBehavior"))
	for name, into := range map[string]*[]subjectFace{"primaryReviewers": &v.Primary, "fallbackReviewers": &v.Fallback} {
		list, _ := x.list(name)
		sets, _ := readSubjects(list)
		*into = subjectsOf(sets)
	}
	if s := x.object("schedule"); s != nil {
		v.Schedule = &reviewSchedule{Start: s.time("startDateTime")}
		if v.Schedule.Start != nil && v.Schedule.Start.IsZero() {
			v.Schedule.Start = nil
		}
		v.Schedule.Expiration.Type = "notSpecified"
		if e := s.object("expiration"); e != nil {
			v.Schedule.Expiration.Type = e.word("type")
			if d := e.duration("duration"); d != nil && *d > 0 {
				v.Schedule.Expiration.Duration = text(formatDuration(*d))
			}
			if end := e.time("endDateTime"); end != nil && !end.IsZero() {
				v.Schedule.Expiration.End = end
			}
			e.end()
		}
		if raw := s.kept("recurrence"); raw != nil {
			v.Schedule.Recurrence = &reviewRecurrence{}
			if err := json.Unmarshal(raw, v.Schedule.Recurrence); err != nil {
				s.fail("recurrence", "A recurrence has a pattern and a range.")
			}
		}
		s.end()
	}
	x.end()
}

func readBetaReview(x *reader, v *review) {
	v.Enabled, v.Recommendation, v.Justification = x.is("isEnabled"), x.is("isAccessRecommendationEnabled"), x.is("isApprovalJustificationRequired")
	if word := x.word("accessReviewTimeoutBehavior"); word != "" {
		v.Behavior = strings.ToLower(word[:1]) + word[1:]
	}
	list, _ := x.list("reviewers")
	sets, backup := readSubjects(list)
	v.Primary, v.Fallback = subjectsOf(sets), subjectsOf(backup)
	switch kind := x.word("reviewerType"); {
	case strings.EqualFold(kind, "Self"):
		v.Self = true
	case strings.EqualFold(kind, "Manager"):
		v.Primary = subjectsOf([]offer.SubjectSet{{Kind: offer.RequestorManager, ManagerLevel: 1}})
	case kind != "" && !strings.EqualFold(kind, "Reviewers"):
		x.fail("reviewerType", "The reviewers are Self, Reviewers or Manager.")
	}
	v.Schedule = &reviewSchedule{Start: x.time("startDateTime"), Expiration: reviewExpiration{Type: "notSpecified"}}
	if v.Schedule.Start != nil && v.Schedule.Start.IsZero() {
		v.Schedule.Start = nil
	}
	if n := x.number("durationInDays"); n != nil && *n > 0 {
		v.Schedule.Expiration = reviewExpiration{Type: "afterDuration", Duration: text(formatDuration(x.times("durationInDays", *n, day)))}
	}
	if word := x.word("recurrenceType"); word != "" {
		i := slices.IndexFunc(recurrences, func(one struct {
			word, kind string
			interval   int
		}) bool {
			return strings.EqualFold(one.word, word)
		})
		if i < 0 {
			x.fail("recurrenceType", "A review recurs weekly, monthly, quarterly, halfyearly or annual.")
		} else {
			v.Schedule.Recurrence = &reviewRecurrence{
				Pattern: map[string]any{"type": recurrences[i].kind, "interval": recurrences[i].interval, "month": 0, "dayOfMonth": 0, "daysOfWeek": []string{}},
				Range:   map[string]any{"type": "noEnd", "numberOfOccurrences": 0},
			}
		}
	}
	x.end()
}

package packages

import (
	"fmt"
	"slices"
	"strconv"

	"entente/internal/edge/portal"
	"entente/internal/flow/offer"
)

var requestsStep = step{path: "requests", title: "Requests", show: (*editing).showRequests, take: (*editing).takeRequests}

// scopeAnswers are the answers to who may ask, by their scopes, in Microsoft's
// words. The organization's name stands in place of %s.
var scopeAnswers = []struct {
	scope       offer.TargetScope
	label, hint string
}{
	{offer.AllMemberUsers, "All members of %s (excluding guests)", ""},
	{offer.AllDirectoryUsers, "All users of %s (including guests)", ""},
	{offer.SpecificDirectoryUsers, "Specific users and groups of %s", ""},
	{offer.SpecificConnectedOrganizationUsers, "Specific connected organizations", "People outside %s. They become guests when they are approved."},
	{offer.AllConfiguredConnectedOrganizationUsers, "All configured connected organizations", ""},
	{offer.AllExternalUsers, "All users (all connected organizations + any new external users)", "Anyone, also from organizations that %s does not know. It needs approval."},
	{offer.NotSpecified, "None (administrator direct assignments only)", "Nobody asks; administrators of %s assign."},
}

func (e *editing) showRequests() ([]block, error) {
	p, d, in := &e.plan.Policy, e.form, e.v.Name()
	a := &ask{Choices: portal.Choices{ID: "who", Name: "who", Legend: "Users who can request access", Error: d.Error("who")}}
	for i, s := range scopeAnswers {
		o := answer{Option: portal.Option{ID: "who-" + string(s.scope), Name: "who", Value: string(s.scope), Label: named1(s.label, in), Hint: named1(s.hint, in), Checked: p.Scope == s.scope}}
		if i == 0 {
			o.ID = "who"
		}
		switch s.scope {
		case offer.SpecificDirectoryUsers:
			o.Below = []block{{Picks: e.people("targets", "", "Nobody yet.", "Add users and groups", "")}}
		case offer.SpecificConnectedOrganizationUsers:
			o.Below = []block{{Picks: e.people("organizations", "", "No organization yet.", "Add directories", "")}}
		}
		a.Answers = append(a.Answers, o)
	}
	if !slices.ContainsFunc(a.Answers, func(o answer) bool { return o.Checked }) {
		a.Answers = append(a.Answers, answer{Option: portal.Option{ID: "who-kept", Name: "who", Value: string(p.Scope), Label: "As it is now: " + string(p.Scope), Checked: true}})
	}
	all := []block{{Ask: a}, {Part: portal.Part{Heading: "Approval"}},
		{Part: d.Check(portal.Option{ID: "approval", Label: "Require approval", Checked: p.Approval.ForAdd, Hint: "Each stage needs one yes. One no ends the request."})},
		{Part: d.Check(portal.Option{ID: "justification", Label: "Require requestor justification", Checked: p.Approval.Justification})}}
	for i := range p.Approval.Stages {
		all = append(all, e.stage(i)...)
	}
	more := picks{ID: "stages", Error: d.Error("stages")}
	if n := len(p.Approval.Stages); n < mostStages {
		more.Buttons = append(more.Buttons, button{Then: thenMore, Text: "Add a stage of approval", Icon: "plus"})
	}
	if n := len(p.Approval.Stages); n > 0 {
		more.Buttons = append(more.Buttons, button{Then: thenFewer, Text: fmt.Sprintf("Remove stage %d", n)})
	}
	return append(all, block{Picks: &more}, block{Part: portal.Part{Heading: "Enable"}},
		block{Part: d.Check(portal.Option{ID: "enabled", Label: "Enable new requests", Checked: p.Requestor.SelfAdd, Hint: "Without it the policy is there, and nobody can ask by it yet."})}), nil
}

// mostStages is how many stages of approval a policy has at most.
const mostStages = 3

func named1(text, name string) string {
	if text == "" || !slices.Contains([]byte(text), '%') {
		return text
	}
	return fmt.Sprintf(text, name)
}

// people shows a list of those whom the plan names. What the button adds to is
// said aloud only.
func (e *editing) people(list, heading, none, add, of string) *picks {
	l := &picks{ID: list, Heading: heading, None: none, Error: e.form.Error(list), Buttons: []button{{Then: thenAdd + ":" + list, Text: add, Of: of, Icon: "plus"}}}
	for i, s := range *e.plan.sets(list) {
		if (list == "organizations") != (s.Kind == offer.ConnectedOrganizationMembers) {
			continue
		}
		if _, byStanding := standing[s.Kind]; byStanding && list != "targets" {
			continue // the select above says so
		}
		who := e.names.whom(s)
		l.Items = append(l.Items, pick{Icon: who.icon, Name: who.name, Kind: who.kind, Buttons: []button{{Then: thenDrop + ":" + list + "." + strconv.Itoa(i), Text: "Remove", Of: who.name}}})
	}
	return l
}

// approverKinds are the answers to who approves in a stage, in Microsoft's words.
var approverKinds = []portal.Option{
	{Value: "specific", Label: "Choose specific approvers"},
	{Value: string(offer.RequestorManager), Label: "Manager as approver"},
	{Value: string(offer.InternalSponsors), Label: "Internal sponsors of the connected organization"},
	{Value: string(offer.ExternalSponsors), Label: "External sponsors of the connected organization"},
}

// stage shows one stage of approval.
func (e *editing) stage(i int) []block {
	s, d, n := e.plan.Policy.Approval.Stages[i], e.form, strconv.Itoa(i+1)
	kind := "specific"
	for _, set := range s.Primary {
		if _, ok := standing[set.Kind]; ok {
			kind = string(set.Kind)
		}
	}
	return []block{
		{Part: portal.Part{Heading: "Stage " + n}},
		{Part: d.Pick(portal.Select{Field: portal.Field{ID: "approver" + n, Label: approverLabels[i], Class: "w-half", Value: kind}, Options: approverKinds})},
		{Picks: e.people("primary"+n, "Approvers", "Nobody yet.", "Add approvers", "of stage "+n)},
		{Picks: e.people("fallback"+n, "Fallback approvers", "Nobody. They decide where there is no manager or sponsor.", "Add fallback", "of stage "+n)},
		{Part: d.Line(portal.Field{ID: "days" + n, Label: "Decision must be made in how many days?", Class: "w-date", InputMode: "numeric", Autocomplete: "off", Value: inDays(s.TimeOut), Hint: "After that the request is denied."})},
		{Part: d.Check(portal.Option{ID: "reason" + n, Label: "Require approver justification", Checked: s.Justification})},
		{Part: d.Check(portal.Option{ID: "forward" + n, Label: "If no action taken, forward to alternate approvers", Checked: s.Escalation})},
		{Part: d.Line(portal.Field{ID: "forward-days" + n, Label: "Forward to alternate approvers after how many days?", Class: "w-date", InputMode: "numeric", Autocomplete: "off", Optional: true, Value: inDays(s.EscalateAfter)})},
		{Picks: e.people("alternate"+n, "Alternate approvers", "Nobody yet.", "Add alternate approvers", "of stage "+n)},
	}
}

var approverLabels = [mostStages]string{"First approver", "Second approver", "Third approver"}

func (e *editing) takeRequests() {
	p, d := &e.plan.Policy, e.form
	known := slices.ContainsFunc(scopeAnswers, func(s struct {
		scope       offer.TargetScope
		label, hint string
	}) bool {
		return string(s.scope) == d.Get("who")
	})
	if known {
		p.Scope = offer.TargetScope(d.Get("who"))
	} else if d.Get("who") != string(p.Scope) {
		d.Wrong("who", "Choose who can request access")
	}
	specific := p.Scope == offer.SpecificDirectoryUsers || p.Scope == offer.SpecificConnectedOrganizationUsers
	if specific && len(fitting(p.Targets, p.Scope)) == 0 {
		list, say := "targets", "Add a user or group who can request access"
		if p.Scope == offer.SpecificConnectedOrganizationUsers {
			list, say = "organizations", "Add a connected organization whose people can request access"
		}
		d.Wrong(list, "%s", say)
	}
	p.Approval.ForAdd, p.Approval.Justification = d.Has("approval", "yes"), d.Has("justification", "yes")
	p.Approval.ForUpdate = p.Approval.ForUpdate && p.Approval.ForAdd
	if p.Scope == offer.AllExternalUsers && !p.Approval.ForAdd {
		d.Wrong("approval", "Require approval where anyone can ask")
	}
	p.Requestor.SelfAdd = d.Has("enabled", "yes")
	if p.Approval.ForAdd && len(p.Approval.Stages) == 0 {
		p.Approval.Stages = []offer.Stage{usualStage()}
		d.Wrong("stages", "Say who approves in stage 1")
		return
	}
	for i := range p.Approval.Stages {
		e.takeStage(i)
	}
}

func (e *editing) takeStage(i int) {
	s, d, n := &e.plan.Policy.Approval.Stages[i], e.form, strconv.Itoa(i+1)
	if !d.Values.Has("approver" + n) {
		return // it was not on the page yet
	}
	kind := offer.SetKind(d.Get("approver" + n))
	s.Primary = slices.DeleteFunc(s.Primary, func(set offer.SubjectSet) bool { _, ok := standing[set.Kind]; return ok && set.Kind != kind })
	if _, ok := standing[kind]; ok {
		if !slices.ContainsFunc(s.Primary, func(set offer.SubjectSet) bool { return set.Kind == kind }) {
			s.Primary = append(s.Primary, offer.SubjectSet{Kind: kind})
		}
		s.Primary = slices.DeleteFunc(s.Primary, func(set offer.SubjectSet) bool { return set.Kind != kind })
	}
	s.Justification, s.Escalation = d.Has("reason"+n, "yes"), d.Has("forward"+n, "yes")
	if days, ok := e.days("days"+n, "The days in which stage "+n+" decides", 1, mostDays); ok {
		s.TimeOut = days
	}
	if days, ok := e.days("forward-days"+n, "The days after which stage "+n+" forwards", 1, mostDays); ok || !s.Escalation {
		s.EscalateAfter = days
	}
	if !e.plan.Policy.Approval.ForAdd {
		return
	}
	if len(s.Primary) == 0 {
		d.Wrong("primary"+n, "Add an approver of stage %s", n)
	}
	if !s.Escalation {
		return
	}
	switch {
	case len(s.Alternate) == 0:
		d.Wrong("alternate"+n, "Add an alternate approver of stage %s", n)
	case s.TimeOut < 4*day:
		d.Wrong("days"+n, "A stage that forwards lasts at least 4 days")
	case s.EscalateAfter >= s.TimeOut:
		d.Wrong("forward-days"+n, "Forward before the decision must be made")
	}
}

package packages

import (
	"encoding/json"
	"strconv"
	"time"

	"entente/internal/edge/portal"
	"entente/internal/flow/entitlement"
)

var lifecycleStep = step{path: "lifecycle", title: "Lifecycle", show: (*editing).showLifecycle, take: (*editing).takeLifecycle}

// How the end of an access is given.
const (
	endsOn    = "date"
	endsDays  = "days"
	endsHours = "hours"
	endsNever = "never"
)

// endOf returns how an expiration is typed: which answer, and what stands in its
// field.
func endOf(x entitlement.Expiration) (answer, value string) {
	switch x.Type {
	case entitlement.ExpirationAfterDateTime:
		return endsOn, x.End.UTC().Format(time.DateOnly)
	case entitlement.ExpirationAfterDuration:
		if x.Duration%day == 0 {
			return endsDays, strconv.Itoa(int(x.Duration / day))
		}
		return endsHours, strconv.Itoa(int(x.Duration / time.Hour))
	}
	return endsNever, ""
}

func (e *editing) showLifecycle() ([]block, error) {
	p, d := &e.plan.Policy, e.form
	how, value := endOf(p.Expiration)
	if d.Values.Has("end") {
		how = d.Get("end")
	}
	a := &ask{Choices: portal.Choices{ID: "end", Legend: "Access package assignments expire", Error: d.Error("end")}}
	below := func(answer string, f portal.Field) []block {
		if how == answer {
			f.Value = value
		}
		f.Class, f.Autocomplete = "w-date", "off"
		return []block{{Part: d.Line(f)}}
	}
	today := e.Clock.Now().UTC().Format(time.DateOnly)
	a.Answers = []answer{
		{portal.Option{ID: "end", Name: "end", Value: endsOn, Label: "On date", Checked: how == endsOn}, below(endsOn, portal.Field{ID: "end-date", Label: "Last day", Type: "date", Min: today, Optional: true})},
		{portal.Option{ID: "end-is-days", Name: "end", Value: endsDays, Label: "Number of days", Checked: how == endsDays}, below(endsDays, portal.Field{ID: "end-days", Label: "Assignments expire after (number of days)", InputMode: "numeric", Optional: true})},
		{portal.Option{ID: "end-is-hours", Name: "end", Value: endsHours, Label: "Number of hours", Checked: how == endsHours}, below(endsHours, portal.Field{ID: "end-hours", Label: "Assignments expire after (number of hours)", InputMode: "numeric", Optional: true})},
		{portal.Option{ID: "end-is-never", Name: "end", Value: endsNever, Label: "Never", Checked: how == endsNever, Hint: "Whoever gets access keeps it until somebody takes it away."}, nil},
	}
	all := []block{{Ask: a},
		{Part: d.Check(portal.Option{ID: "schedule", Label: "Users can request specific timeline", Checked: p.Requestor.CustomSchedule})},
		{Part: d.Check(portal.Option{ID: "extend", Label: "Allow users to extend access", Checked: p.Requestor.SelfUpdate})},
		{Part: d.Check(portal.Option{ID: "extend-approval", Label: "Require approval to grant extension", Checked: p.Approval.ForUpdate, Hint: "By the stages of approval of the step Requests."})},
	}
	return append(all, e.showReview()...), nil
}

func (e *editing) takeLifecycle() {
	p, d := &e.plan.Policy, e.form
	switch d.Get("end") {
	case endsOn:
		on, err := time.Parse(time.DateOnly, d.Get("end-date"))
		if end := on.Add(day - time.Second); err != nil || !end.After(e.Clock.Now()) || end.After(e.Clock.Now().Add(mostDays*day)) {
			d.Wrong("end-date", "Say on which day access ends, within ten years")
		} else {
			p.Expiration = entitlement.Expiration{Type: entitlement.ExpirationAfterDateTime, End: end}
		}
	case endsDays:
		if n, ok := e.days("end-days", "The days after which access ends", 1, mostDays); ok {
			p.Expiration = entitlement.Expiration{Type: entitlement.ExpirationAfterDuration, Duration: n}
		}
	case endsHours:
		if n, ok := e.days("end-hours", "The hours after which access ends", 1, mostDays*24); ok {
			p.Expiration = entitlement.Expiration{Type: entitlement.ExpirationAfterDuration, Duration: n / 24}
		}
	case endsNever:
		p.Expiration = entitlement.Expiration{Type: entitlement.NoExpiration}
	default:
		d.Wrong("end", "Say when access ends")
	}
	p.Requestor.CustomSchedule, p.Requestor.SelfUpdate = d.Has("schedule", "yes"), d.Has("extend", "yes")
	p.Approval.ForUpdate = d.Has("extend-approval", "yes")
	if p.Approval.ForUpdate && !p.Approval.ForAdd {
		d.Wrong("extend-approval", "Extending can need approval only where asking does: see the step Requests")
		p.Approval.ForUpdate = false
	}
	e.takeReview()
}

// A reviewing is what a policy says of access reviews, in Graph's words.
// https://learn.microsoft.com/graph/api/resources/accesspackageassignmentreviewsettings?view=graph-rest-1.0
type reviewing struct {
	Enabled         bool       `json:"isEnabled"`
	Expiration      string     `json:"expirationBehavior"`
	Recommendations bool       `json:"isRecommendationEnabled"`
	Justification   bool       `json:"isReviewerJustificationRequired"`
	Self            bool       `json:"isSelfReview"`
	Primary         []struct{} `json:"primaryReviewers"`
	Fallback        []struct{} `json:"fallbackReviewers"`
	Schedule        schedule   `json:"schedule"`
}

type schedule struct {
	Start      time.Time `json:"startDateTime"`
	Expiration struct {
		Duration string `json:"duration"`
		Type     string `json:"type"`
	} `json:"expiration"`
	Recurrence struct {
		Pattern struct {
			Type     string `json:"type"`
			Interval int    `json:"interval"`
		} `json:"pattern"`
		Range struct {
			Type  string `json:"type"`
			Start string `json:"startDate"`
		} `json:"range"`
	} `json:"recurrence"`
}

// How often reviews are to be: the answers, and what Graph calls them.
var frequencies = []struct {
	value, label, pattern string
	interval              int
}{
	{"monthly", "Monthly", "absoluteMonthly", 1}, {"quarterly", "Quarterly", "absoluteMonthly", 3},
	{"biannually", "Bi-annually", "absoluteMonthly", 6}, {"annually", "Annually", "absoluteMonthly", 12},
}

// keptReview is the answer that leaves settings as Graph has stored them.
const keptReview = "kept"

// often returns how often a policy's reviews are, or "" where there are none.
func often(text json.RawMessage) string {
	var r reviewing
	if len(text) == 0 || json.Unmarshal(text, &r) != nil && !json.Valid(text) || string(text) == "null" {
		return ""
	}
	if !r.Enabled {
		return ""
	}
	for _, f := range frequencies {
		if r.Self && r.Schedule.Recurrence.Pattern.Type == f.pattern && r.Schedule.Recurrence.Pattern.Interval == f.interval {
			return f.value
		}
	}
	return keptReview
}

func (e *editing) showReview() []block {
	now := often(e.plan.Policy.Review)
	options := []portal.Option{{Label: "No"}}
	for _, f := range frequencies {
		options = append(options, portal.Option{Value: f.value, Label: f.label + ", by the users themselves"})
	}
	if now == keptReview {
		options = append(options, portal.Option{Value: keptReview, Label: "As they are stored now"})
	}
	return []block{{Part: portal.Part{Heading: "Access Reviews", Text: "Access reviews do not run yet. What you choose here is stored with the policy, and shown to programs that read it."}},
		{Part: e.form.Pick(portal.Select{Field: portal.Field{ID: "review", Label: "Require access reviews", Class: "w-half", Value: now}, Options: options})}}
}

func (e *editing) takeReview() {
	p, want := &e.plan.Policy, e.form.Get("review")
	if want == often(p.Review) {
		return
	}
	p.Review = nil
	for _, f := range frequencies {
		if f.value != want {
			continue
		}
		r := reviewing{Enabled: true, Expiration: "keepAccess", Justification: true, Self: true, Primary: []struct{}{}, Fallback: []struct{}{}}
		r.Schedule.Start = e.Clock.Now().UTC().Truncate(time.Second)
		r.Schedule.Expiration.Duration, r.Schedule.Expiration.Type = "P25D", "afterDuration"
		r.Schedule.Recurrence.Pattern.Type, r.Schedule.Recurrence.Pattern.Interval = f.pattern, f.interval
		r.Schedule.Recurrence.Range.Type, r.Schedule.Recurrence.Range.Start = "noEnd", r.Schedule.Start.Format(time.DateOnly)
		p.Review, _ = json.Marshal(r) // it always has a form
	}
}

package packages

import (
	"strconv"
	"time"

	"entente/internal/edge/portal"
	"entente/internal/edge/portal/admin"
	"entente/internal/flow/offer"
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
func endOf(v *admin.Visitor, x offer.Expiration) (answer, value string) {
	switch x.Type {
	case offer.ExpirationAfterDateTime:
		return endsOn, v.Local(x.End).Format(time.DateOnly)
	case offer.ExpirationAfterDuration:
		if x.Duration%day == 0 {
			return endsDays, strconv.Itoa(int(x.Duration / day))
		}
		return endsHours, strconv.Itoa(int(x.Duration / time.Hour))
	}
	return endsNever, ""
}

func (e *editing) showLifecycle() ([]block, error) {
	p, d := &e.plan.Policy, e.form
	how, value := endOf(e.v, p.Expiration)
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
	today := e.v.Local(e.Clock.Now()).Format(time.DateOnly)
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
		on, err := e.v.Day(d.Get("end-date"))
		if end := on.AddDate(0, 0, 1).Add(-time.Second); err != nil || !end.After(e.Clock.Now()) || end.After(e.Clock.Now().Add(mostDays*day)) {
			d.Wrong("end-date", "Say on which day access ends, within ten years")
		} else {
			p.Expiration = offer.Expiration{Type: offer.ExpirationAfterDateTime, End: end}
		}
	case endsDays:
		if n, ok := e.days("end-days", "The days after which access ends", 1, mostDays); ok {
			p.Expiration = offer.Expiration{Type: offer.ExpirationAfterDuration, Duration: n}
		}
	case endsHours:
		if n, ok := e.days("end-hours", "The hours after which access ends", 1, mostDays*24); ok {
			p.Expiration = offer.Expiration{Type: offer.ExpirationAfterDuration, Duration: n / 24}
		}
	case endsNever:
		p.Expiration = offer.Expiration{Type: offer.NoExpiration}
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

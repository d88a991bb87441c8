package packages

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"entente/internal/edge/portal"
	"entente/internal/flow/offer"
	"entente/internal/kit/ids"
)

// A reviewing is what a plan says of access reviews.
type reviewing struct {
	Often     string // one of frequencies, keptReview, or "" for none
	By        string // selfReview, specificReview, or the kind of those who review by what they are
	Primary   []offer.SubjectSet
	Fallback  []offer.SubjectSet
	Days      int    // that a review lasts
	Silent    string // what follows where nobody says anything, in Graph's word
	Recommend bool
	Justify   bool
	Start     time.Time
}

// Who reviews.
const (
	selfReview     = "self"
	specificReview = "specific"
)

var reviewers = []portal.Option{
	{Value: selfReview, Label: "Self-review"},
	{Value: specificReview, Label: "Specific reviewers"},
	{Value: string(offer.RequestorManager), Label: "Manager"},
	{Value: string(offer.InternalSponsors), Label: "Internal sponsors of the connected organization"},
	{Value: string(offer.ExternalSponsors), Label: "External sponsors of the connected organization"},
}

// silences are what can follow where reviewers say nothing, in Microsoft's words.
var silences = []portal.Option{
	{Value: "keepAccess", Label: "No change"}, {Value: "removeAccess", Label: "Remove access"}, {Value: "acceptAccessRecommendation", Label: "Take recommendations"},
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

// A storedReview is what a policy says of access reviews, in Graph's words.
// https://learn.microsoft.com/graph/api/resources/accesspackageassignmentreviewsettings?view=graph-rest-1.0
type storedReview struct {
	Enabled       bool        `json:"isEnabled"`
	Silent        string      `json:"expirationBehavior"`
	Recommend     bool        `json:"isRecommendationEnabled"`
	Justification bool        `json:"isReviewerJustificationRequired"`
	Self          bool        `json:"isSelfReview"`
	Primary       []storedSet `json:"primaryReviewers"`
	Fallback      []storedSet `json:"fallbackReviewers"`
	Schedule      schedule    `json:"schedule"`
}

// A storedSet is a subject set of it.
type storedSet struct {
	Type  string `json:"@odata.type"`
	User  string `json:"userId,omitempty"`
	Group string `json:"groupId,omitempty"`
	Level int    `json:"managerLevel,omitempty"`
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

const graphType = "#microsoft.graph."

// mostReviewDays is how long a review lasts at most.
const mostReviewDays = 365

// usualReview is what is said of reviews that nobody has changed.
func usualReview() *reviewing {
	return &reviewing{By: selfReview, Days: 25, Silent: "keepAccess", Justify: true}
}

// reviewing returns what the plan says of reviews, read from the policy at first.
func (p *plan) reviewing() *reviewing {
	if p.Review == nil {
		p.Review = readReview(p.Policy.Review)
	}
	return p.Review
}

// readReview reads what is stored. What the wizard has no words for is kept.
func readReview(text json.RawMessage) *reviewing {
	r, kept := usualReview(), usualReview()
	kept.Often = keptReview
	var w storedReview
	if len(text) == 0 || string(text) == "null" {
		return r
	}
	if err := json.Unmarshal(text, &w); err != nil {
		return kept
	}
	if !w.Enabled {
		return r
	}
	i := slices.IndexFunc(frequencies, func(f struct {
		value, label, pattern string
		interval              int
	}) bool {
		return w.Schedule.Recurrence.Pattern.Type == f.pattern && w.Schedule.Recurrence.Pattern.Interval == f.interval
	})
	days, err := strconv.Atoi(strings.TrimSuffix(strings.TrimPrefix(w.Schedule.Expiration.Duration, "P"), "D"))
	if i < 0 || err != nil || days < 1 || days > mostReviewDays {
		return kept
	}
	*r = reviewing{Often: frequencies[i].value, By: selfReview, Days: days, Silent: w.Silent, Recommend: w.Recommend, Justify: w.Justification, Start: w.Schedule.Start}
	var ok, also bool
	r.Primary, ok = setsOf(w.Primary)
	r.Fallback, also = setsOf(w.Fallback)
	if !ok || !also || !w.Self && len(r.Primary) == 0 {
		return kept
	}
	if !w.Self {
		r.By = string(r.Primary[0].Kind)
		if r.Primary[0].Object != "" {
			r.By = specificReview
		}
		if slices.ContainsFunc(r.Primary, func(s offer.SubjectSet) bool { return (s.Object != "") != (r.By == specificReview) }) || r.By != specificReview && len(r.Primary) > 1 {
			return kept
		}
		if !slices.ContainsFunc(reviewers, func(o portal.Option) bool { return o.Value == r.By }) {
			return kept
		}
	}
	return r
}

// setsOf reads subject sets, and reports whether it knows them all.
func setsOf(all []storedSet) (sets []offer.SubjectSet, ok bool) {
	for _, s := range all {
		set := offer.SubjectSet{Kind: offer.SetKind(strings.TrimPrefix(s.Type, graphType)), ManagerLevel: s.Level}
		switch set.Kind {
		case offer.SingleUser:
			set.Object = ids.ObjectID(s.User)
		case offer.GroupMembers:
			set.Object = ids.ObjectID(s.Group)
		case offer.RequestorManager, offer.InternalSponsors, offer.ExternalSponsors:
		default:
			return nil, false
		}
		sets = append(sets, set)
	}
	return sets, true
}

// stored returns the settings as they are stored; was is what is stored now.
func (r *reviewing) stored(was json.RawMessage) json.RawMessage {
	if r.Often == keptReview {
		return was
	}
	w := storedReview{Enabled: true, Silent: r.Silent, Recommend: r.Recommend, Justification: r.Justify, Self: r.By == selfReview, Primary: []storedSet{}, Fallback: []storedSet{}}
	for _, f := range frequencies {
		if f.value == r.Often {
			w.Schedule.Recurrence.Pattern.Type, w.Schedule.Recurrence.Pattern.Interval = f.pattern, f.interval
		}
	}
	if w.Schedule.Recurrence.Pattern.Type == "" {
		return nil
	}
	switch r.By {
	case selfReview:
	case specificReview:
		w.Primary, w.Fallback = storedSets(r.Primary), storedSets(r.Fallback)
	default:
		w.Primary, w.Fallback = []storedSet{{Type: graphType + r.By}}, storedSets(r.Fallback)
		if r.By == string(offer.RequestorManager) {
			w.Primary[0].Level = 1
		}
	}
	w.Schedule.Start = r.Start
	w.Schedule.Expiration.Duration, w.Schedule.Expiration.Type = "P"+strconv.Itoa(r.Days)+"D", "afterDuration"
	w.Schedule.Recurrence.Range.Type, w.Schedule.Recurrence.Range.Start = "noEnd", r.Start.Format(time.DateOnly)
	text, _ := json.Marshal(w) // it always has a form
	return text
}

func storedSets(sets []offer.SubjectSet) []storedSet {
	all := []storedSet{}
	for _, s := range sets {
		switch s.Kind {
		case offer.SingleUser:
			all = append(all, storedSet{Type: graphType + string(s.Kind), User: string(s.Object)})
		case offer.GroupMembers:
			all = append(all, storedSet{Type: graphType + string(s.Kind), Group: string(s.Object)})
		}
	}
	return all
}

func (e *editing) showReview() []block {
	r, d := e.plan.reviewing(), e.form
	options := []portal.Option{{Label: "No"}}
	for _, f := range frequencies {
		options = append(options, portal.Option{Value: f.value, Label: f.label})
	}
	if r.Often == keptReview {
		options = append(options, portal.Option{Value: keptReview, Label: "As they are stored now"})
	}
	return []block{
		{Part: portal.Part{Heading: "Access Reviews", Text: "Access reviews do not run yet. What you choose here is stored with the policy, and shown to programs that read it."}},
		{Part: d.Pick(portal.Select{Field: portal.Field{ID: "review", Label: "Require access reviews", Class: "w-half", Value: r.Often}, Options: options})},
		{Part: d.Line(portal.Field{ID: "review-days", Label: "Duration (in days)", Class: "w-date", InputMode: "numeric", Autocomplete: "off", Optional: true, Value: strconv.Itoa(r.Days)})},
		{Part: d.Pick(portal.Select{Field: portal.Field{ID: "review-by", Label: "Reviewers", Class: "w-half", Value: r.By}, Options: reviewers})},
		{Picks: e.people("reviewers", "Specific reviewers", "Nobody yet.", "Add reviewers", "")},
		{Picks: e.people("fallback-reviewers", "Fallback reviewers", "Nobody. They review where there is no manager or sponsor.", "Add fallback reviewers", "")},
		{Part: d.Pick(portal.Select{Field: portal.Field{ID: "review-silent", Label: "If reviewers don’t respond", Class: "w-half", Value: r.Silent}, Options: silences})},
		{Part: d.Check(portal.Option{ID: "review-helpers", Label: "Show reviewer decision helpers", Checked: r.Recommend})},
		{Part: d.Check(portal.Option{ID: "review-justification", Label: "Require reviewer justification", Checked: r.Justify})},
	}
}

func (e *editing) takeReview() {
	r, d := e.plan.reviewing(), e.form
	if !d.Values.Has("review") {
		return
	}
	want := d.Get("review")
	if want == keptReview && r.Often == keptReview {
		return
	}
	if want != "" && !slices.ContainsFunc(frequencies, func(f struct {
		value, label, pattern string
		interval              int
	}) bool {
		return f.value == want
	}) {
		d.Wrong("review", "Say how often access is reviewed")
		return
	}
	if r.Often == "" || r.Start.IsZero() {
		r.Start = e.Clock.Now().UTC().Truncate(time.Second)
	}
	r.Often, r.Recommend, r.Justify = want, d.Has("review-helpers", "yes"), d.Has("review-justification", "yes")
	known := func(all []portal.Option, value string) bool {
		return slices.ContainsFunc(all, func(o portal.Option) bool { return o.Value == value })
	}
	if by := d.Get("review-by"); known(reviewers, by) {
		r.By = by
	}
	if silent := d.Get("review-silent"); known(silences, silent) {
		r.Silent = silent
	}
	n, err := strconv.Atoi(d.Get("review-days"))
	switch {
	case err == nil && n >= 1 && n <= mostReviewDays:
		r.Days = n
	case want != "":
		d.Wrong("review-days", "The days that a review lasts are a number from 1 to %d", mostReviewDays)
	}
	switch {
	case want == "":
	case r.By == specificReview && len(r.Primary) == 0:
		d.Wrong("reviewers", "Add a reviewer")
	}
}

// sayReview says who reviews access, and how often.
func (e *editing) sayReview() []sentence {
	r := e.plan.reviewing()
	if r.Often == "" {
		return nil
	}
	if r.Often == keptReview {
		return []sentence{say("Access is reviewed as ", "its stored settings", " say.")}
	}
	by := "the people themselves"
	if r.By == specificReview {
		by = list(e.namesOf(r.Primary), "or")
	}
	for _, o := range reviewers[2:] {
		if o.Value == r.By {
			by = "their " + lower(o.Label)
		}
	}
	how := r.Often
	for _, f := range frequencies {
		if f.value == r.Often {
			how = strings.ToLower(f.label)
		}
	}
	return []sentence{say("Access is to be reviewed ", how, " by ", by, ". Reviews do not run yet.")}
}

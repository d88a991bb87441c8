package entitlement

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"entente/internal/flow/offer"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
)

const day = 24 * time.Hour

// TestStatesAsDocumented compares the table in the package comment with next.
func TestStatesAsDocumented(t *testing.T) {
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	documented := make(map[RequestState]string)
	for line := range strings.Lines(string(doc)) {
		if from, to, ok := strings.Cut(strings.TrimPrefix(line, "//\t"), " → "); ok {
			documented[RequestState(strings.TrimSpace(from))] = strings.TrimSpace(to)
		}
	}
	for from, to := range next {
		want := strings.Trim(strings.ReplaceAll(fmt.Sprint(to), " ", ", "), "[]")
		if got := documented[from]; got != want {
			t.Errorf("the package comment says %s → %q, the rules say %q", from, got, want)
		}
		delete(documented, from)
	}
	for from := range documented {
		t.Errorf("the package comment lets %s go on, the rules do not", from)
	}
}

func TestEndsOfRequests(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	june := now.AddDate(0, 7, 0)
	for name, tt := range map[string]struct {
		most, asked offer.Expiration
		want        time.Time
	}{
		"nothing asked, never ends":        {offer.Expiration{Type: offer.NoExpiration}, offer.Expiration{}, time.Time{}},
		"nothing asked, the policy's end":  {offer.Expiration{Type: offer.ExpirationAfterDuration, Duration: 10 * day}, offer.Expiration{Type: offer.ExpirationNotSpecified}, now.Add(10 * day)},
		"less than the policy's":           {offer.Expiration{Type: offer.ExpirationAfterDuration, Duration: 10 * day}, offer.Expiration{Type: offer.ExpirationAfterDuration, Duration: day}, now.Add(day)},
		"more than the policy's":           {offer.Expiration{Type: offer.ExpirationAfterDateTime, End: june}, offer.Expiration{Type: offer.ExpirationAfterDateTime, End: june.Add(day)}, june},
		"never, where the policy ends":     {offer.Expiration{Type: offer.ExpirationAfterDateTime, End: june}, offer.Expiration{Type: offer.NoExpiration}, june},
		"an end where the policy has none": {offer.Expiration{Type: offer.NoExpiration}, offer.Expiration{Type: offer.ExpirationAfterDateTime, End: june}, june},
	} {
		r := &Request{Terms: Terms{Expiration: tt.most}, Schedule: offer.Schedule{Expiration: tt.asked}}
		if got := r.End(now); !got.Equal(tt.want) {
			t.Errorf("%s: got %v, want %v", name, got, tt.want)
		}
	}
}

func TestStagesOfAnApproval(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	says := offer.Stage{TimeOut: 14 * day, Escalation: true, EscalateAfter: 3 * day, Alternate: []offer.SubjectSet{{Kind: offer.SingleUser}}, Justification: true}
	a := &ApprovalStage{Status: StageInitializing}
	a.Open(says, now)
	var seen []string
	for at := a.Next(); !at.IsZero(); at = a.Next() {
		what := ""
		if a.Escalate(at) {
			what += "escalate"
		}
		if a.Remind(at) {
			what += "remind"
		}
		if a.Expired(at) {
			what += "expire"
		}
		seen = append(seen, fmt.Sprint(int(at.Sub(now)/day), " ", what))
	}
	if got, want := strings.Join(seen, ", "), "3 escalate, 7 remind, 13 remind, 14 expire"; got != want {
		t.Errorf("days: got %s, want %s", got, want)
	}
	a.Open(says, now)
	if err := a.Decide(says, true, " ", "", now); !errors.Is(err, NoJustification) {
		t.Errorf("without a reason: %v", err)
	}
	if err := a.Decide(says, true, "fine", "", now.Add(14*day)); !errors.Is(err, Decided) {
		t.Errorf("too late: %v", err)
	}
	if err := a.Decide(says, true, "fine", "", now); err != nil || a.Result != Approve {
		t.Errorf("decided: %v, %s", err, a.Result)
	}
	if err := a.Decide(says, false, "no", "", now); !errors.Is(err, Decided) {
		t.Errorf("twice: %v", err)
	}
}

func TestAnswers(t *testing.T) {
	text, choice := ids.New[ids.QuestionID](), ids.New[ids.QuestionID]()
	questions := []offer.Question{
		{ID: text, Required: true, SingleLine: true, Pattern: `^(a+)+$`, Text: offer.Localized{Text: "Code?"}},
		{ID: choice, Choices: []offer.Choice{{Value: "EMEA"}, {Value: "APAC"}}, Text: offer.Localized{Text: "Region?"}},
	}
	for name, tt := range map[string]struct {
		answers []Answer
		want    error
	}{
		"both":                    {[]Answer{{Question: text, Value: "aa"}, {Question: choice, Value: "EMEA"}}, nil},
		"the required one":        {[]Answer{{Question: text, Value: "a"}}, nil},
		"none":                    {nil, NoAnswer},
		"an empty one":            {[]Answer{{Question: text, Value: " "}}, NoAnswer},
		"a costly one":            {[]Answer{{Question: text, Value: strings.Repeat("a", 3000) + "!"}}, BadAnswer},
		"two lines":               {[]Answer{{Question: text, Value: "a\na"}}, BadAnswer},
		"no choice":               {[]Answer{{Question: text, Value: "a"}, {Question: choice, Value: "MARS"}}, BadAnswer},
		"to a question of nobody": {[]Answer{{Question: ids.New[ids.QuestionID](), Value: "a"}}, BadAnswer},
		"twice":                   {[]Answer{{Question: text, Value: "a"}, {Question: text, Value: "a"}}, BadAnswer},
	} {
		if _, err := check(questions, tt.answers); !errors.Is(err, tt.want) || (err == nil) != (tt.want == nil) {
			t.Errorf("%s: err = %v, want %v", name, err, tt.want)
		}
	}
}

func TestNoticesBeforeTheEnd(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	a := &Assignment{State: AccessDelivered, StartsAt: now, EndsAt: now.Add(90 * day)}
	var seen []string
	for at := a.Next(); !a.Over(at); at = a.Next() {
		seen = append(seen, fmt.Sprint(int(at.Sub(now)/day), " ", int(a.Notice(at)/day)))
	}
	if got := strings.Join(seen, ", "); got != "76 14, 89 1" {
		t.Errorf("days: got %s", got)
	}
	short := &Assignment{State: AccessDelivered, StartsAt: now, EndsAt: now.Add(8 * time.Hour)}
	if at := short.Next(); !at.Equal(short.EndsAt) || short.Notice(now) != 0 {
		t.Errorf("a short one is looked at at %v", at)
	}
	if err := (&Assignment{State: AccessExpired}).Expire(now); err != nil {
		t.Error(err)
	}
	if err := (&Assignment{State: AccessExpired}).Settle(AccessDelivered, "", now); !errors.Is(err, fault.Conflict) {
		t.Errorf("an expired one lives again: %v", err)
	}
}

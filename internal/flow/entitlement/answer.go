package entitlement

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"entente/internal/flow/offer"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
)

// An Answer answers a question of a policy. Graph's accessPackageAnswerString.
type Answer struct {
	Question ids.QuestionID `json:"question"`
	Value    string         `json:"value"`
	Display  string         `json:"display,omitempty"`
	Kind     string         `json:"kind,omitempty"` // of the question: text, choice
	Text     string         `json:"text,omitempty"` // of the question, as it was asked
}

// The kinds of questions, as answers keep them.
const (
	textQuestion   = "text"
	choiceQuestion = "choice"
)

// check returns the answers to the questions as they are kept, in the order of
// the questions. A required question without an answer, an answer that does not
// match and one to a question that nobody asked are refused.
func check(questions []offer.Question, answers []Answer) ([]Answer, error) {
	if len(answers) > mostAnswers {
		return nil, offer.Bad("answers", "There are more than %d answers.", mostAnswers)
	}
	given := make(map[ids.QuestionID]Answer)
	for i, a := range answers {
		if !slices.ContainsFunc(questions, func(q offer.Question) bool { return q.ID == a.Question }) {
			return nil, badAnswer(i, "The policy has no question %s.", a.Question)
		}
		if _, twice := given[a.Question]; twice {
			return nil, badAnswer(i, "The question %s is answered twice.", a.Question)
		}
		if utf8.RuneCountInString(a.Value) > longestAnswer || utf8.RuneCountInString(a.Display) > longestAnswer {
			return nil, badAnswer(i, "An answer has at most %d characters.", longestAnswer)
		}
		given[a.Question] = a
	}
	kept := []Answer{}
	var missing []string
	for _, q := range questions {
		a, ok := given[q.ID]
		if !ok || strings.TrimSpace(a.Value) == "" {
			if q.Required {
				missing = append(missing, fmt.Sprintf(`{"value":"…","answeredQuestion":{"id":"%s"}} (%s)`, q.ID, q.Text.Text))
			}
			continue
		}
		if err := accepts(q, a.Value); err != nil {
			return nil, err
		}
		a.Kind, a.Text = textQuestion, q.Text.Text
		if len(q.Choices) > 0 {
			a.Kind = choiceQuestion
		}
		kept = append(kept, a)
	}
	if len(missing) > 0 {
		f := fault.Because(fault.Invalid, NoAnswer, "Required questions are not answered. Send in answers: %s.", strings.Join(missing, ", "))
		f.Target = "answers"
		return nil, f
	}
	return kept, nil
}

// accepts refuses a value that does not answer the question. Patterns are RE2's,
// whose cost grows with the text alone.
func accepts(q offer.Question, value string) error {
	if len(q.Choices) > 0 {
		values := []string{value}
		if q.Multiple {
			values = strings.Split(value, ",")
		}
		for _, v := range values {
			if !slices.ContainsFunc(q.Choices, func(c offer.Choice) bool { return c.Value == strings.TrimSpace(v) }) {
				return refuseAnswer(q, "'%.100s' is none of the choices.", v)
			}
		}
		return nil
	}
	if q.SingleLine && strings.ContainsAny(value, "\r\n") {
		return refuseAnswer(q, "The answer is to be one line.")
	}
	if q.Pattern == "" {
		return nil
	}
	re, err := regexp.Compile(q.Pattern)
	if err != nil || !re.MatchString(value) {
		return refuseAnswer(q, "The answer does not match the pattern %s.", q.Pattern)
	}
	return nil
}

func refuseAnswer(q offer.Question, format string, args ...any) error {
	f := fault.Because(fault.Invalid, BadAnswer, "The answer to '%.200s' is not accepted: "+format, append([]any{q.Text.Text}, args...)...)
	f.Target = "answers"
	return f
}

func badAnswer(i int, format string, args ...any) error {
	f := fault.Because(fault.Invalid, BadAnswer, format, args...)
	f.Target = offer.At("answers", i)
	return f
}

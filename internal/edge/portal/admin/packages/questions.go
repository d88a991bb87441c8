package packages

import (
	"fmt"
	"strconv"

	"entente/internal/flow/offer"
)

var questionsStep = step{path: "requestor-information", title: "Requestor information", text: "Ask only what an approver needs. Answers go to both organizations’ records.", show: (*editing).showQuestions, take: (*editing).takeQuestions}

// mostQuestions is how many questions a policy asks, made by the wizard.
const mostQuestions = 50

func (e *editing) showQuestions() ([]block, error) {
	l := &picks{ID: "questions", Heading: "Questions", Error: e.form.Error("questions"), None: "Nothing is asked."}
	for i, q := range e.plan.Policy.Questions {
		n := strconv.Itoa(i)
		l.Items = append(l.Items, pick{Icon: "info", Name: q.Text.Text, Text: describe(q), Buttons: []button{
			{Then: thenAdd + ":question." + n, Text: "Change", Of: q.Text.Text}, {Then: thenDrop + ":questions." + n, Text: "Remove", Of: q.Text.Text}}})
	}
	if len(e.plan.Policy.Questions) < mostQuestions {
		l.Buttons = []button{{Then: thenAdd + ":question.new", Text: "Add a question", Icon: "plus"}}
	}
	return []block{{Picks: l}}, nil
}

func (e *editing) takeQuestions() {}

// describe says in a line how a question is answered.
func describe(q offer.Question) string {
	text := "Long text"
	switch {
	case len(q.Choices) > 0 && q.Multiple:
		text = fmt.Sprintf("Multiple choice: any of %d answers", len(q.Choices))
	case len(q.Choices) > 0:
		text = fmt.Sprintf("Multiple choice: one of %d answers", len(q.Choices))
	case q.SingleLine:
		text = "Short text"
	}
	if q.Required {
		text += " · required"
	}
	switch n := len(q.Text.Translations); n {
	case 0:
	case 1:
		text += " · also in 1 language"
	default:
		text += fmt.Sprintf(" · also in %d languages", n)
	}
	return text
}

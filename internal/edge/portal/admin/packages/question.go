package packages

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"entente/internal/edge/portal"
	"entente/internal/flow/offer"
	"entente/internal/kit/ids"
)

// How a question is answered.
const (
	shortText      = "short"
	longText       = "long"
	multipleChoice = "choice"
)

// question returns the question that a page is about, and its number: a new one
// where that is the count of those that there are.
func (e *editing) question(to string) (offer.Question, int, error) {
	all := e.plan.Policy.Questions
	if to == "question.new" && len(all) < mostQuestions {
		return offer.Question{Required: true, SingleLine: true, Editable: true}, len(all), nil
	}
	n, err := strconv.Atoi(strings.TrimPrefix(to, "question."))
	if err != nil || n < 0 || n >= len(all) {
		return offer.Question{}, 0, noList()
	}
	return all[n], n, nil
}

// showQuestion shows one question, to be asked or changed.
func (e *editing) showQuestion(w http.ResponseWriter, r *http.Request, to string) error {
	q, _, err := e.question(to)
	if err != nil {
		return err
	}
	d, how := e.form, longText
	switch {
	case len(q.Choices) > 0:
		how = multipleChoice
	case q.SingleLine:
		how = shortText
	}
	var choices, languages []string
	for _, c := range q.Choices {
		choices = append(choices, c.Text.Text)
	}
	for _, t := range q.Text.Translations {
		languages = append(languages, t.Language+": "+t.Text)
	}
	f := portal.Form{Action: r.URL.RequestURI(), Button: "Keep the question", Back: e.back(r, questionsStep), Parts: []portal.Part{
		d.Line(portal.Field{ID: "text", Label: "Question", Value: q.Text.Text, Autocomplete: "off"}),
		d.Lines(portal.Area{Field: portal.Field{ID: "languages", Label: "The question in other languages", Optional: true, Value: strings.Join(languages, "\n"), Hint: "One a line, with the language before it: “de: Wofür?”"}, Rows: 2}),
		d.Choose(portal.Choices{ID: "how", Legend: "Answer format", Boxed: true, Options: []portal.Option{
			{Value: shortText, Label: "Short text", Checked: how == shortText}, {Value: longText, Label: "Long text", Checked: how == longText},
			{Value: multipleChoice, Label: "Multiple choice", Checked: how == multipleChoice, Hint: "Of the answers below."}}}),
		d.Lines(portal.Area{Field: portal.Field{ID: "choices", Label: "Answers of a multiple choice", Optional: true, Value: strings.Join(choices, "\n"), Hint: "One a line, two at least."}, Rows: 4}),
		d.Lines(portal.Area{Field: portal.Field{ID: "choice-languages", Label: "The answers in other languages", Optional: true, Value: choiceLanguages(q.Choices), Hint: "One language a line, its answers in the same order with a | between them: “de: Läufer | Gehäuse”"}, Rows: 2}),
		d.Check(portal.Option{ID: "several", Label: "Several answers can be chosen", Checked: q.Multiple}),
		d.Check(portal.Option{ID: "required", Label: "Required", Checked: q.Required}),
	}}
	title := "Add a question"
	if to != "question.new" {
		title = "Change the question"
	}
	above := append(crumbs(e.v), portal.Link{Text: questionsStep.title, To: e.to(questionsStep.path)})
	return e.Show(w, r, e.v, portal.Frame{Title: title, Crumbs: above, Problems: d.Problems, Content: "form", Data: f})
}

// takeQuestion puts what was typed into the plan.
func (e *editing) takeQuestion(to string) error {
	q, n, err := e.question(to)
	if err != nil {
		return err
	}
	d := e.form
	e.within("text", "Type the question", "The question", d.Get("text"), mostAnswer)
	was := q.Choices
	q.Text = offer.Localized{Text: d.Get("text"), Translations: e.translations()}
	q.Required, q.Multiple, q.SingleLine, q.Choices = d.Has("required", "yes"), false, d.Get("how") == shortText, nil
	switch d.Get("how") {
	case shortText, longText:
	case multipleChoice:
		q.Pattern, q.Multiple = "", d.Has("several", "yes")
		q.Choices = e.choices(was)
	default:
		d.Wrong("how", "Say how it is answered")
	}
	if q.ID == "" {
		q.ID = ids.New[ids.QuestionID]()
	}
	if d.OK() {
		e.plan.Policy.Questions = append(e.plan.Policy.Questions[:n:n], append([]offer.Question{q}, e.plan.Policy.Questions[min(n+1, len(e.plan.Policy.Questions)):]...)...)
	}
	return nil
}

// Limits of a question, as the service has them.
const (
	mostAnswer    = 1000 // characters of a question, and of an answer to choose
	mostAnswers   = 100
	mostLanguages = 60
)

// lines returns what was typed into a field, line by line, without empty ones.
func (e *editing) lines(field string) (all []string) {
	for line := range strings.Lines(e.form.Get(field)) {
		if line = strings.TrimSpace(line); line != "" {
			all = append(all, line)
		}
	}
	return all
}

func (e *editing) translations() (all []offer.Translation) {
	for _, line := range e.lines("languages") {
		language, text, ok := strings.Cut(line, ":")
		if language, text = strings.TrimSpace(language), strings.TrimSpace(text); !ok || language == "" || text == "" || len(language) > 35 {
			e.form.Wrong("languages", "Write the language, a colon and the question on each line")
			return nil
		}
		all = append(all, offer.Translation{Language: language, Text: text})
	}
	if len(all) > mostLanguages {
		e.form.Wrong("languages", "A question has at most %d translations", mostLanguages)
	}
	return all
}

// choiceLanguages returns the translations of answers as they are typed: a line for
// each language, in the order in which the languages come.
func choiceLanguages(choices []offer.Choice) string {
	var languages []string
	texts := make(map[string][]string)
	for i, c := range choices {
		for _, t := range c.Text.Translations {
			if texts[t.Language] == nil {
				languages, texts[t.Language] = append(languages, t.Language), make([]string, len(choices))
			}
			texts[t.Language][i] = t.Text
		}
	}
	var b strings.Builder
	for _, l := range languages {
		fmt.Fprintf(&b, "%s: %s\n", l, strings.Join(texts[l], " | "))
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// translateChoices puts the translations that were typed into the answers. One that
// is left empty is asked in the policy's own language.
func (e *editing) translateChoices(choices []offer.Choice) {
	all := e.lines("choice-languages")
	if len(all) > mostLanguages {
		e.form.Wrong("choice-languages", "Answers have at most %d translations", mostLanguages)
		return
	}
	for _, line := range all {
		language, rest, ok := strings.Cut(line, ":")
		language = strings.TrimSpace(language)
		texts := strings.Split(rest, "|")
		if !ok || language == "" || len(language) > 35 || len(texts) != len(choices) {
			e.form.Wrong("choice-languages", "Write the language, a colon and %d answers with a | between them on each line", len(choices))
			return
		}
		for i, text := range texts {
			if text = strings.TrimSpace(text); text != "" {
				choices[i].Text.Translations = append(choices[i].Text.Translations, offer.Translation{Language: language, Text: portal.Clip(text, mostAnswer)})
			}
		}
	}
}

// choices returns the answers that were typed. One that was there keeps its value.
func (e *editing) choices(was []offer.Choice) (all []offer.Choice) {
	before, seen := make(map[string]offer.Choice), make(map[string]bool)
	for _, c := range was {
		before[c.Text.Text] = c
	}
	for _, text := range e.lines("choices") {
		c, known := before[text]
		if !known {
			c = offer.Choice{Value: text, Text: offer.Localized{Text: text}}
		}
		if seen[c.Value] {
			e.form.Wrong("choices", "“%s” stands there twice", portal.Inert(text))
		}
		seen[c.Value] = true
		e.within("choices", "", fmt.Sprintf("Answer %d", len(all)+1), text, mostAnswer)
		c.Text.Translations = nil
		all = append(all, c)
	}
	e.translateChoices(all)
	if len(all) < 2 || len(all) > mostAnswers {
		e.form.Wrong("choices", "Type 2 to %d answers, one a line", mostAnswers)
	}
	return all
}

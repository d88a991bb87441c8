package packages

import (
	"net/http"

	"entente/internal/edge/portal"
	"entente/internal/kit/ids"
)

// A block is a part of a step: a control as forms have them, a question whose
// answers have something below them, or a list of what was picked.
type block struct {
	portal.Part
	Ask   *ask
	Picks *picks
	Facts []fact
	Note  *portal.Note
}

// An ask is a question of which the answers have lists and fields below them.
type ask struct {
	portal.Choices
	Answers []answer
}

// An answer is one of them. What is below it is always visible.
type answer struct {
	portal.Option
	Below []block
}

// Picks is a list of what was picked, with a button to pick more.
type picks struct {
	ID, Heading, Hint, Error string
	Items                    []pick
	None                     string // what stands there instead
	Buttons                  []button
}

// A pick is one line of it.
type pick struct {
	Icon, Name, Kind, Text string
	Select                 *portal.Select
	Buttons                []button
}

// A button of a step keeps what was typed and does something besides.
type button struct{ Then, Text, Of, Icon string }

// A fact is what the last step says of one step: its answers, and the way back.
type fact struct {
	Name, To string
	Values   []string
}

// A wizard is what the template shows.
type wizard struct {
	Steps  []portal.Link // one with an address is done
	Number int
	Title  string
	Text   string
	Action string
	From   string
	Blocks []block
	Next   string
	Back   bool
	Words  []sentence
	End    string // what stands below the words
}

// show answers with a step.
func (e *editing) show(w http.ResponseWriter, r *http.Request, i int) error {
	steps := e.plan.steps()
	if err := e.look(); err != nil {
		return err
	}
	blocks, err := steps[i].show(e)
	if err != nil {
		return err
	}
	s := wizard{Number: i + 1, Title: steps[i].title, Text: steps[i].text, Action: r.URL.EscapedPath(), Blocks: blocks, Back: i > 0, Words: e.words(), End: "Nobody can ask before you create the package."}
	if e.plan.ofPolicy() {
		s.End = "Nothing changes before you save the policy."
	}
	for j, one := range steps {
		link := portal.Link{Text: one.title, Current: i == j}
		if e.draft != nil && j <= e.plan.Reached && i != j {
			link.To = e.to(one.path)
		}
		s.Steps = append(s.Steps, link)
	}
	if from := r.URL.Query().Get("from"); from == reviewPath || e.form.Get("from") == reviewPath {
		s.From = reviewPath
	}
	switch {
	case i == len(steps)-1 && !e.plan.ofPolicy():
		s.Next, s.End = "Create package in "+e.v.Name(), "This is what you are about to make."
	case i == len(steps)-1:
		s.Next, s.End = "Save policy in "+e.v.Name(), "This is what you are about to save."
	case s.From != "":
		s.Next = "Next: " + reviewTitle
	default:
		s.Next = "Next: " + steps[i+1].title
	}
	title, above := "New access package", crumbs(e.v)
	if e.plan.ofPolicy() {
		title = "New policy"
		if e.plan.automatic() {
			title = "New auto assignment policy"
		}
		if e.plan.Change != "" {
			title = "Edit policy “" + portal.Inert(e.plan.Policy.Name) + "”"
		}
		above = append(above, portal.Link{Text: e.names.of, To: e.v.To(listPath + "/" + string(e.plan.Of))})
	}
	return e.Show(w, r, e.v, portal.Frame{Title: title, Crumbs: above, Problems: e.form.Problems, Content: "wizard", Data: s, Fold: true})
}

// names are what the plan's identifiers stand for.
type names struct {
	of            string // the package, of a policy alone
	catalog       string
	objects       map[ids.ObjectID]named
	organizations map[ids.OrganizationID]named
	extensions    map[ids.ObjectID]string
}

// A named is somebody whom the plan names.
type named struct{ name, kind, icon string }

package portal

// A Thing is what the page of one thing shows: its state, what is in it section
// by section, and its facts at the side.
type Thing struct {
	Tags     []Tag
	Text     string // in the author's words, or nothing
	Do       []Link // what else can be done with it
	Sections []Section
	Aside    string // the heading of the facts; "Properties" when empty
	Facts    []Fact
	Codes    []Code // to be copied; the page's script is "copy" then
}

// Heading returns the heading of the facts.
func (t Thing) Heading() string {
	if t.Aside == "" {
		return "Properties"
	}
	return t.Aside
}

// A Section is one part of a thing, under its heading; one without is its form
// alone. What it has not is not shown.
type Section struct {
	ID      string
	Heading string
	Text    string
	Note    *Note
	Facts   []Fact
	Table   *Table
	None    *Nothing
	Codes   []Code
	Form    *Form
	Do      []Link
}

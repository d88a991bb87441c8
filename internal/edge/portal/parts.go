package portal

import (
	"time"
	"unicode"
)

// A Choices is a question with a few answers to pick from: radio buttons, or
// check boxes where several may be right.
type Choices struct {
	ID, Name, Legend, Hint, Error string
	Several                       bool // check boxes
	Boxed                         bool // the choice changes what follows
	Options                       []Option
}

// Type returns the type of the controls.
func (c Choices) Type() string {
	if c.Several {
		return "checkbox"
	}
	return "radio"
}

// Described returns the identifiers of hint and error, for aria-describedby.
func (c Choices) Described() string {
	return Field{ID: c.ID, Hint: c.Hint, Error: c.Error}.Described()
}

// An Option is one answer. A check box that stands alone, without a question,
// is one too (template "option").
type Option struct {
	ID, Name, Type, Value, Label, Hint string
	Checked                            bool
}

// Shown returns the options as controls of the question. The first has the
// question's identifier: a problem leads to it.
func (c Choices) Shown() []Option {
	all := make([]Option, len(c.Options))
	for i, o := range c.Options {
		if o.Name, o.Type = c.Name, c.Type(); o.ID == "" {
			o.ID = c.ID + "-" + o.Value
		}
		if i == 0 {
			o.ID = c.ID
		}
		all[i] = o
	}
	return all
}

// A Person is an account to pick, or that is shown to whoever uses it.
type Person struct {
	Name    string // display name, or the address again where it is not known
	Address string
	Home    string // display name of the home organization
	State   string // such as "Signed in", or nothing
	Button  string // name and value of the button that picks it
	Value   string
}

// Initials returns what a round face shows.
func (p Person) Initials() string {
	var out []rune
	word := true
	for _, r := range Whole(p.Name) {
		switch {
		case r == ' ' || r == '.' || r == '-':
			word = true
			continue
		case r == '@':
			return string(out)
		case word && len(out) < 2:
			out = append(out, unicode.ToUpper(r))
		}
		word = false
	}
	return string(out)
}

// A Code is text to be copied by hand: a secret, a code, an identifier. A page
// that runs the script "copy" offers to copy it; without, a click marks it
// whole.
type Code struct {
	ID, Label, Hint, Value string
	Big                    bool // shown once, to be typed elsewhere
}

// A Fact is a name and its value.
type Fact struct {
	Name  string
	Value string
	Code  bool      // the value is an identifier
	At    time.Time // instead of a value
	Tag   *Tag      // instead of a value, or after it
	Link  *Link     // after the value
}

// A Tag is a state: an icon and a word.
type Tag struct {
	Kind string // "ok", "wait", "stop" or none
	Sign string // an icon; that of the kind when empty
	Text string
}

// Icon returns the tag's sign.
func (t Tag) Icon() string {
	if t.Sign != "" {
		return t.Sign
	}
	return map[string]string{"ok": "check", "wait": "clock", "stop": "cross"}[t.Kind]
}

// A Table is rows of like things. On a phone each row is a card.
type Table struct {
	Caption string
	Heads   []string
	Rows    []Row
}

// A Row has its header and one cell a further head.
type Row struct {
	Head  Cell
	Cells []Cell
}

// A Cell is what one thing has under one head.
type Cell struct {
	Text  string
	Under string    // a second line, or nothing
	To    string    // where the text leads, or nowhere
	Whole bool      // the text is a sentence or an identifier, and is not cut
	At    time.Time // instead of the text
	Tag   *Tag
	Do    *Link // a button
}

// Named returns the cells with the heads that they stand under.
func (t Table) Named(r Row) []NamedCell {
	var all []NamedCell
	for i, c := range r.Cells {
		n := NamedCell{Cell: c}
		if i+1 < len(t.Heads) {
			n.Name = t.Heads[i+1]
		}
		all = append(all, n)
	}
	return all
}

// A NamedCell knows its head.
type NamedCell struct {
	Name string
	Cell
}

// A Nothing says what will stand on a page that is empty, and how it gets there.
type Nothing struct {
	Title, Text string
	Do          *Link
}

// Stamp returns a time as pages show it: Mon, Dec 7, 2026, 9:41 AM.
// Templates show it with the mark of a time, by which it becomes one of the zone of
// whoever reads the page.
func Stamp(t time.Time) string { return t.UTC().Format(stampLayout) }

// iso returns a time for machines.
func iso(t time.Time) string { return t.UTC().Format(time.RFC3339) }

package portal

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"entente/internal/kit/fault"
)

// A Form is a sheet of controls and one button, posted to its own server. One
// without controls asks whether the reader means it.
type Form struct {
	Action string
	Step   bool              // it changes nothing and leads on by address: a GET
	Text   string            // what sending it brings about, or nothing
	Hidden map[string]string // what is sent along
	Keep   []Kept            // likewise, where names come more than once
	Parts  []Part
	Button string // verb and organization
	Stop   bool   // it takes away
	Back   string // where it leads who does not send it, or nothing
	Leave  string // what that link says; "Cancel" when empty
	Next   *Link  // where it goes on without sending anything more: the main button then
}

// A Kept is a value that a form sends along.
type Kept struct{ Name, Value string }

// A Part is one control of a form, or a heading between them.
type Part struct {
	Heading string
	Text    string // below the heading
	Field   *Field
	Area    *Area
	Select  *Select
	Choices *Choices
	Option  *Option // a check box that stands alone
	Find    *Find
}

// An Area is a field of several lines.
type Area struct {
	Field
	Rows int // 3 when zero
	Most int // characters; 4000 when zero
}

// Lines returns how many lines are shown.
func (a Area) Lines() int {
	if a.Rows == 0 {
		return 3
	}
	return a.Rows
}

// Limit returns how many characters the browser takes.
func (a Area) Limit() int {
	if a.Most == 0 {
		return 4000
	}
	return a.Most
}

// A Select is a question with more answers than stand well beside each other;
// above thirty a Find is better.
type Select struct {
	Field
	Options []Option
}

// A Find is a field that looks something up, with a button of its own that
// sends the form to find it; what was found stands below, to be picked.
type Find struct {
	Field
	Button string   // name of the button
	Say    string   // what the button says; "Find" when empty
	Found  *Choices // what was found, or nil
}

// Says returns what the button says.
func (f Find) Says() string {
	if f.Say == "" {
		return "Find"
	}
	return f.Say
}

// A Draft is what somebody has typed into a form, and what keeps it from being
// taken. Its zero value is a form nobody has touched.
type Draft struct {
	Values   url.Values
	Problems []Problem
}

// Get returns what was typed, without the space around it.
func (d *Draft) Get(name string) string { return strings.TrimSpace(d.Values.Get(name)) }

// Has reports whether one of the values of the name is value.
func (d *Draft) Has(name, value string) bool { return slices.Contains(d.Values[name], value) }

// Wrong says what is wrong with a field, in the field's own words.
func (d *Draft) Wrong(field, format string, args ...any) {
	d.Problems = append(d.Problems, Problem{field, fmt.Sprintf(format, args...)})
}

// OK reports whether nothing is wrong so far.
func (d *Draft) OK() bool { return len(d.Problems) == 0 }

// Error returns what is wrong with a field, or "".
func (d *Draft) Error(field string) string {
	for _, p := range d.Problems {
		if p.Field == field {
			return p.Text
		}
	}
	return ""
}

// Refused takes what a service says against what was typed, and reports whether
// it is something that whoever typed it can mend. Which field it is about is
// found by the fault's target in fields; a problem of none stands above the form.
func (d *Draft) Refused(err error, fields map[string]string) bool {
	pub := fault.Public(err)
	if pub.Code != fault.Invalid && pub.Code != fault.Conflict {
		return false
	}
	text := strings.TrimSuffix(pub.Message, ".")
	if pub.Fix != "" {
		text += ". " + strings.TrimSuffix(pub.Fix, ".")
	}
	d.Problems = append(d.Problems, Problem{fields[pub.Target], text})
	return true
}

// Field returns the field with what was typed and what is wrong. Its name is its
// identifier unless it has one, and its value what it has unless something was sent.
func (d *Draft) Field(f Field) Field {
	if f.Name == "" {
		f.Name = f.ID
	}
	if d.Values.Has(f.Name) {
		f.Value = d.Values.Get(f.Name)
	}
	f.Error = d.Error(f.ID)
	return f
}

// Line returns a field of a form, filled by Field.
func (d *Draft) Line(f Field) Part { f = d.Field(f); return Part{Field: &f} }

// Lines returns a field of several lines of a form, filled by Field.
func (d *Draft) Lines(a Area) Part { a.Field = d.Field(a.Field); return Part{Area: &a} }

// Pick returns a select of a form, filled by Field.
func (d *Draft) Pick(s Select) Part { s.Field = d.Field(s.Field); return Part{Select: &s} }

// Choose returns a question of a form; what was sent is checked, and what the
// options say where nothing was: of boxes, sending none is an answer.
func (d *Draft) Choose(c Choices) Part {
	if c.Name == "" {
		c.Name = c.ID
	}
	c.Error = d.Error(c.ID)
	c.Options = slices.Clone(c.Options)
	if d.Values.Has(c.Name) || c.Several && len(d.Values) > 0 {
		for i, o := range c.Options {
			c.Options[i].Checked = d.Has(c.Name, o.Value)
		}
	}
	return Part{Choices: &c}
}

// Check returns a check box that stands alone, checked as it was sent.
func (d *Draft) Check(o Option) Part {
	if o.Name == "" {
		o.Name = o.ID
	}
	if o.Value == "" {
		o.Value = "yes"
	}
	o.Type = "checkbox"
	if len(d.Values) > 0 {
		o.Checked = d.Has(o.Name, o.Value)
	}
	return Part{Option: &o}
}

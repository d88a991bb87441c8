package portal

import (
	"errors"
	"net/url"
	"testing"

	"entente/internal/kit/fault"
)

func TestDraft(t *testing.T) {
	var fresh Draft
	if p := fresh.Line(Field{ID: "name", Value: "given"}); p.Field.Value != "given" || p.Field.Name != "name" || p.Field.Error != "" {
		t.Errorf("untouched: %+v", p.Field)
	}
	d := Draft{Values: url.Values{"name": {" typed "}, "end": {"never"}}}
	d.Wrong("name", "Enter a name of at most %d characters", 256)
	if p := d.Line(Field{ID: "name", Value: "given"}); p.Field.Value != " typed " || p.Field.Error != "Enter a name of at most 256 characters" || d.Get("name") != "typed" {
		t.Errorf("typed: %+v", p.Field)
	}
	options := []Option{{Value: "days", Checked: true}, {Value: "never"}}
	if c := d.Choose(Choices{ID: "end", Options: options}).Choices; c.Options[0].Checked || !c.Options[1].Checked || !options[0].Checked {
		t.Errorf("chosen: %+v, of %+v", c.Options, options)
	}
	if o := d.Check(Option{ID: "extend", Checked: true}).Option; o.Checked {
		t.Error("a box that was not sent stays checked")
	}
	if o := fresh.Check(Option{ID: "extend", Checked: true}).Option; !o.Checked || o.Value == "" {
		t.Errorf("untouched: %+v", o)
	}
	if d.OK() || !fresh.OK() {
		t.Error("what is wrong is not counted")
	}
}

func TestRefused(t *testing.T) {
	for _, tt := range []struct {
		err   error
		taken bool
		want  Problem
	}{
		{fault.InvalidAt("displayName", "The name is taken."), true, Problem{"name", "The name is taken"}},
		{fault.New(fault.Conflict, "It is in use.").WithFix("Remove it there first."), true, Problem{"", "It is in use. Remove it there first"}},
		{fault.New(fault.NotFound, "There is none."), false, Problem{}},
		{errors.New("disk full"), false, Problem{}},
	} {
		var d Draft
		if got := d.Refused(tt.err, map[string]string{"displayName": "name"}); got != tt.taken || tt.taken && d.Problems[0] != tt.want {
			t.Errorf("%v: %v %+v", tt.err, got, d.Problems)
		}
	}
}

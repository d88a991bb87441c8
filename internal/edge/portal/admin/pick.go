package admin

import (
	"net/http"
	"slices"

	"entente/internal/edge/portal"
	"entente/internal/flow/lookup"
	"entente/internal/kit/ids"
)

// A Picking is a field that finds people, groups or applications by the beginning
// of a name, and the boxes of those that were picked.
type Picking struct {
	Field  string // what is typed; the button that finds is "find-" and this
	Picked string // the identifiers that were picked
	Label  string
	Legend string // of the boxes; "Who was found" when empty
	Kinds  []lookup.Kind
}

// Pressed reports whether the button that finds somebody was pressed: the form is
// to be shown again, with who was found.
func (p Picking) Pressed(d *portal.Draft) bool { return d.Get("find-"+p.Field) != "" }

// IDs returns the identifiers that were picked, each once; what is none is left out.
func (p Picking) IDs(d *portal.Draft) (all []ids.ObjectID) {
	for _, text := range d.Values[p.Picked] {
		if id, err := ids.Parse[ids.ObjectID](text); err == nil && !slices.Contains(all, id) {
			all = append(all, id)
		}
	}
	return all
}

// Part returns the control: the field, and below it a box for each that was picked
// or is found.
func (p Picking) Part(r *http.Request, s *lookup.Service, v *Visitor, d *portal.Draft) (portal.Part, error) {
	field := d.Field(portal.Field{ID: p.Field, Label: p.Label, Class: "w-half", Autocomplete: "off", Optional: true, Hint: "The beginning of a name, or of an address."})
	find := portal.Find{Field: field, Button: "find-" + p.Field}
	choices := portal.Choices{ID: p.Picked, Name: p.Picked, Legend: p.Legend, Several: true, Error: d.Error(p.Picked)}
	if choices.Legend == "" {
		choices.Legend = "Who was found"
	}
	picked := p.IDs(d)
	named, err := s.Named(r.Context(), v.Who, picked...)
	if err != nil {
		return portal.Part{}, err
	}
	for _, id := range picked {
		if x, ok := named[id]; ok {
			choices.Options = append(choices.Options, portal.Option{Value: x.ID, Label: x.Name, Hint: x.Under, Checked: true})
		}
	}
	if typed := d.Get(p.Field); typed != "" {
		found, err := s.Find(r.Context(), v.Who, typed, p.Kinds...)
		if err != nil && !d.Refused(err, map[string]string{"": p.Field}) {
			return portal.Part{}, err
		}
		added := 0
		for _, x := range found {
			if !slices.ContainsFunc(choices.Options, func(o portal.Option) bool { return o.Value == x.ID }) {
				choices.Options = append(choices.Options, portal.Option{Value: x.ID, Label: x.Name, Hint: x.Under})
				added++
			}
		}
		if added == 0 && find.Error == "" {
			find.Error = "Nothing else begins with “" + portal.Inert(typed) + "”"
		}
	}
	if len(choices.Options) > 0 {
		find.Found = &choices
	}
	return portal.Part{Find: &find}, nil
}

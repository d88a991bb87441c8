package governance

import (
	"net/http"
	"slices"

	"entente/internal/edge/portal"
	"entente/internal/edge/portal/admin"
	"entente/internal/flow/lookup"
)

// A finding is a field that finds people, groups or applications, and the boxes of
// those that were picked.
type finding struct {
	field  string // what is typed
	picked string // the values that were picked
	legend string // of those
	label  string
	kinds  []lookup.Kind
}

// pick returns the controls: the field, and below it a box for each that was
// picked or is found.
func (p *pages) pick(r *http.Request, v *admin.Visitor, d *portal.Draft, f finding) ([]portal.Part, error) {
	field := d.Field(portal.Field{ID: f.field, Label: f.label, Class: "w-half", Autocomplete: "off", Optional: true, Hint: "The beginning of a name, or of an address."})
	find := portal.Find{Field: field, Button: "find-" + f.field}
	choices := portal.Choices{ID: f.picked, Name: f.picked, Legend: f.legend, Several: true, Error: d.Error(f.picked)}
	picked := d.Values[f.picked]
	named, err := p.Lookup.Named(r.Context(), v.Who, objects(picked)...)
	if err != nil {
		return nil, err
	}
	for _, id := range objects(picked) {
		if x, ok := named[id]; ok {
			choices.Options = append(choices.Options, portal.Option{Value: x.ID, Label: x.Name, Hint: x.Under, Checked: true})
		}
	}
	if typed := d.Get(f.field); typed != "" {
		found, err := p.Lookup.Find(r.Context(), v.Who, typed, f.kinds...)
		if err != nil && !d.Refused(err, nil) {
			return nil, err
		}
		added := 0
		for _, x := range found {
			if !slices.ContainsFunc(choices.Options, func(o portal.Option) bool { return o.Value == x.ID }) {
				choices.Options = append(choices.Options, portal.Option{Value: x.ID, Label: x.Name, Hint: x.Under, Checked: slices.Contains(picked, x.ID)})
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
	return []portal.Part{{Find: &find}}, nil
}

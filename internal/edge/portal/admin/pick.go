package admin

import (
	"net/http"
	"slices"
	"strings"

	"entente/internal/edge/portal"
	"entente/internal/flow/lookup"
	"entente/internal/kit/ids"
)

// A Picker is a field that finds people, groups or applications by the beginning
// of a name, with the boxes of those that were found or picked below it.
type Picker struct {
	Field  string // the name of what is typed
	Picked string // the name of what is picked
	Label  string
	Legend string // of those that were found
	Kinds  []lookup.Kind
	One    bool // only one can be picked
}

// button is the name of the button that only looks.
func (k Picker) button() string { return "find-" + k.Field }

// Looks reports whether the form was sent to look for somebody, and not to be done.
func (k Picker) Looks(d *portal.Draft) bool { return d.Get(k.button()) != "" }

// Of returns who was picked.
func (k Picker) Of(d *portal.Draft) (list []ids.ObjectID) {
	for _, text := range d.Values[k.Picked] {
		if id := ids.ObjectID(strings.ToLower(text)); ids.Valid(text) && !slices.Contains(list, id) {
			list = append(list, id)
		}
	}
	return list
}

// Part returns the control.
func (k Picker) Part(r *http.Request, v *Visitor, l *lookup.Service, d *portal.Draft) (portal.Part, error) {
	f := portal.Find{Button: k.button(), Field: d.Field(portal.Field{ID: k.Field, Label: k.Label, Class: "w-half", Autocomplete: "off", Optional: true, Hint: "The beginning of a name, or of an address."})}
	c := portal.Choices{ID: k.Picked, Name: k.Picked, Legend: k.Legend, Several: !k.One, Error: d.Error(k.Picked)}
	picked := k.Of(d)
	named, err := l.Named(r.Context(), v.Who, picked...)
	if err != nil {
		return portal.Part{}, err
	}
	for _, id := range picked {
		if x, ok := named[id]; ok {
			c.Options = append(c.Options, portal.Option{Value: x.ID, Label: x.Name, Hint: x.Under, Checked: true})
		}
	}
	if typed := d.Get(k.Field); typed != "" {
		found, err := l.Find(r.Context(), v.Who, typed, k.Kinds...)
		if err != nil && !d.Refused(err, map[string]string{"": k.Field}) {
			return portal.Part{}, err
		}
		before := len(c.Options)
		for _, x := range found {
			if !slices.Contains(picked, ids.ObjectID(x.ID)) {
				c.Options = append(c.Options, portal.Option{Value: x.ID, Label: x.Name, Hint: x.Under})
			}
		}
		if f.Error = d.Error(k.Field); len(c.Options) == before && f.Error == "" {
			f.Error = "Nothing else begins with “" + portal.Inert(typed) + "”"
		}
	}
	if len(c.Options) > 0 {
		f.Found = &c
	}
	return portal.Part{Find: &f}, nil
}

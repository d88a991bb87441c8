package edm

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"entente/internal/kit/fault"
)

// A Shape says which members an answer shows, and writes them.
type Shape struct {
	full     bool // types stand beside the properties
	asStored bool // the face is written as it stands
	columns  []column
}

// A column is a member of an answer.
type column struct {
	note   []byte // "name@odata.type":"#Guid", for full metadata; empty where JSON tells the type
	out    []byte // "name":
	stored string // the member of the face or the rest
	none   []byte // what stands where nothing is stored: null, or []
	hide   bool
}

// UnknownSelect is the Reason of a $select that names no property.
const UnknownSelect fault.Reason = "edm.unknown_select"

// Shape returns the shape of entities of type t in version v. selected is nil
// for the usual members; names match whatever their case, and those that are no
// property are passed over. What the grant does not reach shows as null; where
// there is no null, a collection shows as empty and anything else not at all.
func (r *Registry) Shape(v Version, t Type, selected []string, g Grant) (s Shape) {
	var wanted []*Prop
	props := r.Props(t)
	if selected == nil {
		for i := range props {
			if props[i].In(v) != "" && props[i].shown(v) {
				wanted = append(wanted, &props[i])
			}
		}
	}
	for _, name := range selected {
		if p := r.FoldProp(t, v, name); p != nil && p.Type != Stream && !slices.Contains(wanted, p) {
			wanted = append(wanted, p)
		}
	}
	s.asStored = selected == nil && g.Only == nil && r.faceIs(t, v)
	for _, p := range wanted {
		if p.NotNull && !p.Type.IsMany() && !g.Reaches(p.Name) {
			continue
		}
		s.columns = append(s.columns, r.newColumn(p, v, g))
	}
	return s
}

// Unknown returns the first selected name that is no property of t nor of a
// type derived from it, or "". Who lists refuses it; who reads one entity
// passes it over, as Graph does.
func (r *Registry) Unknown(v Version, t Type, selected []string) string {
	i := slices.IndexFunc(selected, func(name string) bool { return r.FindProp(t, v, name) == nil })
	if i < 0 {
		return ""
	}
	return selected[i]
}

func (r *Registry) newColumn(p *Prop, v Version, g Grant) column {
	c := column{
		note:   r.noteOf(p, v),
		out:    fmt.Appendf(nil, "%q:", p.In(v)),
		stored: p.Name,
		none:   []byte("null"),
		hide:   p.Show == Never || !g.Reaches(p.Name),
	}
	if p.Type.IsMany() && (g.Reaches(p.Name) || p.NotNull) {
		c.none = []byte("[]")
	}
	return c
}

// noteOf returns what full metadata says of a property's type: nothing where it
// follows from the JSON (OData JSON 4.01, section 4.5.3).
func (r *Registry) noteOf(p *Prop, v Version) []byte {
	if p.Type == String || p.Type == Boolean || r.IsComplex(p.Type) {
		return nil
	}
	t := string(p.Type)
	if p.Type.IsMany() {
		t = string(Many(Type(strings.TrimPrefix(string(p.Type.Item()), "Edm."))))
	}
	return fmt.Appendf(nil, "%q:%q,", p.In(v)+"@odata.type", "#"+strings.TrimPrefix(t, "Edm."))
}

// Full returns the shape with the types of its properties beside them.
func (s Shape) Full() Shape { return Shape{full: true, columns: s.columns} }

// faceIs reports whether what v shows by default is what faces hold.
func (r *Registry) faceIs(t Type, v Version) bool {
	for _, p := range r.Props(t) {
		now, then := p.In(v), p.In(V1)
		if !p.shown(v) {
			now = ""
		}
		if !p.shown(V1) {
			then = ""
		}
		if now != then {
			return false
		}
	}
	return true
}

// Names returns the members that stand in a face of type t, in order.
func (r *Registry) Names(t Type) []string {
	var names []string
	for _, p := range r.Props(t) {
		if p.In(V1) != "" && p.shown(V1) {
			names = append(names, p.Name)
		}
	}
	return names
}

// Append writes an entity's members to b, each after a comma if b already
// holds some of the object's. The braces are the caller's.
func (s Shape) Append(b []byte, it Item, first bool) ([]byte, error) {
	if s.asStored {
		return AppendMembers(b, it.Face, first), nil
	}
	stored, err := it.members()
	if err != nil {
		return nil, err
	}
	for _, c := range s.columns {
		if !first {
			b = append(b, ',')
		}
		first = false
		if s.full {
			b = append(b, c.note...)
		}
		b = append(b, c.out...)
		if value, ok := stored[c.stored]; ok && !c.hide {
			b = append(b, value...)
		} else {
			b = append(b, c.none...)
		}
	}
	return b, nil
}

// Value returns the stored value of one property, or nil for null.
func (it Item) Value(name string) (json.RawMessage, error) {
	stored, err := it.members()
	if err != nil || bytes.Equal(stored[name], []byte("null")) {
		return nil, err
	}
	return stored[name], nil
}

// members returns what is stored, by name.
func (it Item) members() (map[string]json.RawMessage, error) {
	stored := make(map[string]json.RawMessage)
	for _, text := range []json.RawMessage{it.Rest, it.Face} {
		if len(text) == 0 {
			continue
		}
		if err := json.Unmarshal(text, &stored); err != nil {
			return nil, fmt.Errorf("stored form of %s: %w", it.ID, err)
		}
	}
	return stored, nil
}

// AppendMembers writes the inside of a JSON object to b.
func AppendMembers(b []byte, o json.RawMessage, first bool) []byte {
	inside := bytes.TrimSuffix(bytes.TrimPrefix(bytes.TrimSpace(o), []byte("{")), []byte("}"))
	if len(bytes.TrimSpace(inside)) == 0 {
		return b
	}
	if !first {
		b = append(b, ',')
	}
	return append(b, inside...)
}

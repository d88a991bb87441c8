package edm

import (
	"encoding/json"
	"strings"

	"entente/internal/kit/fault"
)

// A Body is what a caller sent, read and checked against a type.
type Body struct {
	o       object
	raw     json.RawMessage // of ReadRaw: as it came
	binds   map[string][]string
	Version Version
	owner   Type
	r       *Registry
}

// Why a body is refused. Values: property, type.
const (
	UnknownProperty fault.Reason = "edm.unknown_property"
	ReadOnly        fault.Reason = "edm.read_only"
	WrongType       fault.Reason = "edm.wrong_type"
	Missing         fault.Reason = "edm.missing"
	BadReference    fault.Reason = "edm.bad_reference"
)

// Read reads a body for an entity of type t, or for the parameters of an
// action. At its top, names match whatever their case; below, exactly. parts
// are the parts of the set, to which name@odata.bind may refer.
func (r *Registry) Read(v Version, t Type, raw []byte, parts []*Set) (*Body, error) {
	f := r.fields[t]
	find := func(name string) *Prop {
		if p := f.input[strings.ToLower(name)]; p != nil {
			return p
		}
		return f.fold[v][strings.ToLower(name)]
	}
	return r.read(v, t, raw, parts, find)
}

// ReadExact is Read for an entity whose properties match at the top, too, in
// their letter case only.
func (r *Registry) ReadExact(v Version, t Type, raw []byte, parts []*Set) (*Body, error) {
	return r.read(v, t, raw, parts, func(name string) *Prop { return r.Prop(t, v, name) })
}

// ReadRaw reads a body that the behavior reads itself: it is a JSON object, and
// passed on as it came.
func (r *Registry) ReadRaw(v Version, t Type, raw []byte) (*Body, error) {
	o, err := parseObject(raw)
	if err != nil {
		return nil, err
	}
	return &Body{o: o, raw: raw, binds: make(map[string][]string), Version: v, owner: t, r: r}, nil
}

// ReadParams reads the parameters of an action. No body at all is an empty one.
func (r *Registry) ReadParams(v Version, a *Action, raw []byte) (*Body, error) {
	if len(raw) == 0 {
		raw = []byte("{}")
	}
	find := func(name string) *Prop {
		for i, p := range a.Params {
			if strings.EqualFold(p.In(v), name) {
				return &a.Params[i]
			}
		}
		return nil
	}
	b, err := r.read(v, Of(a.Name), raw, nil, find)
	if err != nil {
		return nil, err
	}
	return b, b.require(a.Params)
}

func (r *Registry) read(v Version, t Type, raw []byte, parts []*Set, find func(string) *Prop) (*Body, error) {
	o, err := parseObject(raw)
	if err != nil {
		return nil, err
	}
	b := &Body{binds: make(map[string][]string), Version: v, owner: t, r: r}
	seen := make(map[string]bool)
	for _, m := range o {
		p := find(m.name)
		if name, ok := strings.CutSuffix(m.name, "@odata.bind"); ok && p == nil {
			if err := b.bind(findSet(parts, v, name), name, m.value); err != nil {
				return nil, err
			}
			continue
		}
		if strings.Contains(m.name, "@") && p == nil {
			continue // an annotation
		}
		if p == nil {
			return nil, UnknownPropertyFault(m.name)
		}
		if seen[p.Name] {
			return nil, twice(m.name)
		}
		seen[p.Name] = true
		value, err := r.value(v, p.Type, m.value, place{p.Name, t})
		if err != nil {
			return nil, err
		}
		b.o = append(b.o, member{p.Name, value})
	}
	return b, nil
}

// UnknownPropertyFault refuses a name that no property has.
func UnknownPropertyFault(name string) *fault.Error {
	f := fault.Because(fault.Invalid, UnknownProperty, "Invalid property '%.100s'.", name)
	f.Target = name
	return f
}

const mostBinds = 20 // references in one annotation

func (b *Body) bind(part *Set, name string, value any) error {
	if part == nil || part.Link.Do == nil {
		return UnknownPropertyFault(name)
	}
	l, ok := value.(list)
	if s, one := value.(string); one {
		l, ok = list{s}, true
	}
	if !ok || len(l) > mostBinds {
		return badReference()
	}
	for _, v := range l {
		s, _ := v.(string)
		id, err := ParseReference(s)
		if err != nil {
			return err
		}
		b.binds[part.Path.String()] = append(b.binds[part.Path.String()], id)
	}
	return nil
}

// Names returns the names of the members, as declared.
func (b *Body) Names() []string {
	names := make([]string, len(b.o))
	for i, m := range b.o {
		names[i] = m.name
	}
	return names
}

// Binds returns the identifiers that the body refers to, by the parts' names.
func (b *Body) Binds() map[string][]string { return b.binds }

// Set adds a member, or refuses one that is there and says something else.
func (b *Body) Set(name, value string) error {
	for _, m := range b.o {
		if m.name == name && m.value != value {
			return readOnly(name)
		}
		if m.name == name {
			return nil
		}
	}
	b.o = append(b.o, member{name, value})
	return nil
}

// JSON returns the members without annotations, under their declared names.
func (b *Body) JSON() (json.RawMessage, error) {
	if b.raw != nil {
		return b.raw, nil
	}
	return json.Marshal(b.o)
}

// ForCreate refuses what cannot be set at creation and what is missing. A
// read-only property that is null is passed over: clients send those.
func (b *Body) ForCreate() error {
	if b.raw != nil {
		return nil
	}
	if err := b.keep(func(p *Prop, value any) (bool, error) {
		switch {
		case p.Write == C || p.Write == CU:
			return true, nil
		case empty(value):
			return false, nil
		}
		return false, readOnly(p.Name)
	}); err != nil {
		return err
	}
	return b.require(b.r.Props(b.owner))
}

// ForPut refuses what cannot be set and what is missing. The entity's own
// identifier may be repeated.
func (b *Body) ForPut(id string) error {
	if b.raw != nil {
		return nil
	}
	key := b.r.KeyProp(b.owner)
	if err := b.keep(func(p *Prop, value any) (bool, error) {
		switch {
		case p.Write != RO:
			return true, nil
		case empty(value), p.Name == key && value == id:
			return false, nil
		}
		return false, readOnly(p.Name)
	}); err != nil {
		return err
	}
	return b.require(b.r.Props(b.owner))
}

// ForUpdate refuses what cannot be changed. It returns the members that are
// set at creation only: they may be repeated, and the caller compares them
// with what is stored. The entity's own identifier may be repeated as well.
func (b *Body) ForUpdate(id string) (fixed map[string]any, err error) {
	if b.raw != nil {
		return nil, nil
	}
	fixed = make(map[string]any)
	key := b.r.KeyProp(b.owner)
	err = b.keep(func(p *Prop, value any) (bool, error) {
		switch {
		case p.Write == U || p.Write == CU:
			return true, nil
		case empty(value), p.Name == key && value == id:
			return false, nil
		case p.Write == C:
			fixed[p.Name] = value
			return false, nil
		}
		return false, readOnly(p.Name)
	})
	return fixed, err
}

// keep drops the members for which is says no.
func (b *Body) keep(is func(p *Prop, value any) (bool, error)) error {
	kept := b.o[:0]
	for _, m := range b.o {
		p := b.r.propByName(b.owner, m.name)
		ok, err := is(p, m.value)
		if err != nil {
			return err
		}
		if ok {
			kept = append(kept, m)
		}
	}
	b.o = kept
	return nil
}

func (r *Registry) propByName(t Type, name string) *Prop {
	props := r.Props(t)
	for i := range props {
		if props[i].Name == name {
			return &props[i]
		}
	}
	if f := r.fields[t]; f != nil {
		return f.input[strings.ToLower(name)]
	}
	return nil
}

// KeyProp returns the name of the property that is the key of t.
func (r *Registry) KeyProp(t Type) string {
	if e := r.entities[t]; e != nil && e.Key != "" {
		return e.Key
	}
	return "id"
}

func (b *Body) require(props []Prop) error {
	for _, p := range props {
		if !p.Required || p.In(b.Version) == "" {
			continue
		}
		found := false
		for _, m := range b.o {
			found = found || m.name == p.Name && m.value != nil
		}
		if !found {
			f := fault.Because(fault.Invalid, Missing, "A value is required for property '%s' of resource '%s'.", p.Name, b.owner.Resource())
			f.Target = p.Name
			return f
		}
	}
	return nil
}

func empty(v any) bool {
	l, ok := v.(list)
	return v == nil || ok && len(l) == 0
}

func readOnly(name string) error { return ReadOnlyFault(name) }

// ReadOnlyFault refuses to set a property that only the service sets.
func ReadOnlyFault(name string) *fault.Error {
	f := fault.Because(fault.Invalid, ReadOnly, "Property '%s' is read-only and cannot be set.", name)
	f.Target = name
	return f
}

package edm

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"entente/internal/kit/odata"
)

// A Registry is everything that is declared.
type Registry struct {
	Sets     []*Set
	entities map[Type]*Entity
	complex  map[Type]*Complex
	enums    map[Type]*Enum
	fields   map[Type]*fields
}

// fields are the properties of an entity or complex type with those of its
// bases, the base's first.
type fields struct {
	props []Prop
	open  map[Version]map[string]*Prop // by the name as spelled
	fold  map[Version]map[string]*Prop // by the name in lower case
	input map[string]*Prop             // what only bodies have, by the name in lower case
	paths map[Version]map[string]*Prop // of single parts, by the names in lower case with a slash between
}

// New joins schemas and sets, or says what contradicts.
func New(schemas []Schema, sets ...*Set) (*Registry, error) {
	r := &Registry{
		Sets:     sets,
		entities: make(map[Type]*Entity),
		complex:  make(map[Type]*Complex),
		enums:    make(map[Type]*Enum),
		fields:   make(map[Type]*fields),
	}
	for _, s := range append([]Schema{roots}, schemas...) {
		for i := range s.Entities {
			r.entities[Of(s.Entities[i].Name)] = &s.Entities[i]
		}
		for i := range s.Complex {
			r.complex[Of(s.Complex[i].Name)] = &s.Complex[i]
		}
		for i := range s.Enums {
			r.enums[Of(s.Enums[i].Name)] = &s.Enums[i]
		}
	}
	for name := range r.entities {
		if err := r.gather(name); err != nil {
			return nil, err
		}
	}
	for name := range r.complex {
		if err := r.gather(name); err != nil {
			return nil, err
		}
	}
	for _, s := range sets {
		if err := r.checkSet(s, s.Path.String()); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// gather collects the properties of a type and checks them.
func (r *Registry) gather(name Type) error {
	f := &fields{open: make(map[Version]map[string]*Prop), fold: make(map[Version]map[string]*Prop)}
	props, err := r.inherited(name, 0)
	if err != nil {
		return err
	}
	f.props = props
	f.input = make(map[string]*Prop)
	if e := r.entities[name]; e != nil {
		for i, p := range e.Input {
			f.input[strings.ToLower(p.Name)] = &e.Input[i]
			if t := p.Type.Item(); !r.known(t) && r.entities[t] == nil {
				return fmt.Errorf("%s takes %s of the type %s, which nobody declares", name, p.Name, t)
			}
		}
	}
	f.paths = make(map[Version]map[string]*Prop)
	for _, v := range versions {
		f.open[v], f.fold[v], f.paths[v] = make(map[string]*Prop), make(map[string]*Prop), make(map[string]*Prop)
		if e := r.entities[name]; e != nil {
			for i := range e.Paths {
				f.paths[v][strings.ToLower(e.Paths[i].In(v))] = &e.Paths[i]
			}
		}
		for i := range f.props {
			n := f.props[i].In(v)
			if n == "" {
				continue
			}
			if f.open[v][n] != nil {
				return fmt.Errorf("%s has two properties %s", name, n)
			}
			f.open[v][n], f.fold[v][strings.ToLower(n)] = &f.props[i], &f.props[i]
		}
	}
	for _, p := range f.props {
		if err := p.check(string(name)); err != nil {
			return err
		}
		if t := p.Type.Item(); !r.known(t) {
			return fmt.Errorf("%s.%s has the type %s, which nobody declares", name, p.Name, t)
		}
	}
	r.fields[name] = f
	return nil
}

const deepest = 8 // bases above a type; more is a circle

func (r *Registry) inherited(name Type, depth int) ([]Prop, error) {
	if c := r.complex[name]; c != nil {
		return slices.Clone(c.Props), nil
	}
	e := r.entities[name]
	switch {
	case e == nil:
		return nil, fmt.Errorf("nobody declares the type %s", name)
	case depth > deepest:
		return nil, fmt.Errorf("%s is its own base", name)
	case e.Base == "":
		return slices.Clone(e.Props), nil
	}
	props, err := r.inherited(Of(e.Base), depth+1)
	for _, p := range e.Props {
		if i := slices.IndexFunc(props, func(q Prop) bool { return q.Name == p.Name }); i >= 0 {
			props[i] = p // a type may show or filter what it inherits in its own way
			continue
		}
		props = append(props, p)
	}
	return props, err
}

func (r *Registry) known(t Type) bool {
	return strings.HasPrefix(string(t), "Edm.") || r.complex[t] != nil || r.enums[t] != nil
}

func (r *Registry) checkSet(s *Set, path string) error {
	if r.entities[s.Type] == nil {
		return fmt.Errorf("%s has entities of the type %s, which nobody declares", path, s.Type)
	}
	if s.Type == Of("directoryObject") && s.Readable() && len(s.Of) == 0 && s.Casts == nil {
		return fmt.Errorf("%s does not say of which types its entities are", path)
	}
	for _, t := range s.Of {
		if a := r.Reader(t); len(a.App) == 0 {
			return fmt.Errorf("%s shows entities of the type %s, which no set lists", path, t)
		}
	}
	if s.Single && s.List.Do != nil {
		return fmt.Errorf("%s is a single entity and cannot be listed", path)
	}
	for _, k := range s.Keys {
		if p := r.Prop(s.Type, V1, k.Name); p == nil && r.Prop(s.Type, Beta, k.Name) == nil {
			return fmt.Errorf("%s has the key %s, which is no property", path, k.Name)
		}
		if k.Upsert && s.Create.Do == nil {
			return fmt.Errorf("%s creates by %s, but cannot create", path, k.Name)
		}
	}
	for _, a := range append(slices.Clone(s.Actions), s.Common...) {
		if t := a.Returns.Item(); t != "" && !r.known(t) && r.entities[t] == nil {
			return fmt.Errorf("%s/%s returns the type %s, which nobody declares", path, a.Name, t)
		}
	}
	seen := make(map[string]bool)
	for _, p := range s.Parts {
		if seen[p.Path.String()] {
			return fmt.Errorf("%s has two parts %s", path, p.Path)
		}
		seen[p.Path.String()] = true
		if err := r.checkSet(p, path+"/"+p.Path.String()); err != nil {
			return err
		}
	}
	return nil
}

// Set returns the set at the root that is called name in v, whatever the case,
// or nil.
func (r *Registry) Set(v Version, name string) *Set { return findSet(r.Sets, v, name) }

// Reader says who may list the entities of a type, where they live; nobody if no
// set at the root has them.
func (r *Registry) Reader(t Type) Access {
	for _, s := range r.Sets {
		if s.Type == t && !s.Single && s.List.Do != nil {
			return s.List.May
		}
	}
	return Access{}
}

func findSet(sets []*Set, v Version, name string) *Set {
	for _, s := range sets {
		if n := s.Path.In(v); n != "" && strings.EqualFold(n, name) {
			return s
		}
	}
	return nil
}

func findAction(actions []Action, v Version, name string) *Action {
	for i, a := range actions {
		if a.in(v) && strings.EqualFold(a.Name, name) {
			return &actions[i]
		}
	}
	return nil
}

// Props returns the properties of a type, those of its bases first.
func (r *Registry) Props(t Type) []Prop {
	if f := r.fields[t]; f != nil {
		return f.props
	}
	return nil
}

// Prop returns the property that is called name in v, spelled exactly, or nil.
func (r *Registry) Prop(t Type, v Version, name string) *Prop {
	if f := r.fields[t]; f != nil {
		return f.open[v][name]
	}
	return nil
}

// FoldProp returns the property that is called name in v, whatever the case.
func (r *Registry) FoldProp(t Type, v Version, name string) *Prop {
	if f := r.fields[t]; f != nil {
		return f.fold[v][strings.ToLower(name)]
	}
	return nil
}

// shared returns the property that is called name, whatever the case, of all
// types that are derived from t.
func (r *Registry) shared(t Type, name string) *Prop {
	e := r.entities[t]
	if e == nil {
		return nil
	}
	for i, p := range e.Shared {
		if strings.EqualFold(p.Name, name) {
			return &e.Shared[i]
		}
	}
	return nil
}

// Lender returns the first of the types that has every property a filter
// speaks of, where t itself lacks one; else it is empty. Graph lets a list of
// directory objects be asked for what only users have.
func (r *Registry) Lender(t Type, v Version, e odata.Expr, types []Type) Type {
	names := odata.Roots(e)
	has := func(t Type) bool {
		return !slices.ContainsFunc(names, func(name string) bool {
			return name != "$it" && r.FoldProp(t, v, name) == nil && r.shared(t, name) == nil
		})
	}
	if has(t) {
		return ""
	}
	for _, lender := range types {
		if r.Is(lender, t) && has(lender) {
			return lender
		}
	}
	return ""
}

// FindProp returns what FoldProp returns, or else such a property of a type
// that is derived from t: entities of a set may be of any of them.
func (r *Registry) FindProp(t Type, v Version, name string) *Prop {
	if p := r.FoldProp(t, v, name); p != nil {
		return p
	}
	for _, derived := range slices.Sorted(maps.Keys(r.entities)) {
		if r.Is(derived, t) {
			if p := r.FoldProp(derived, v, name); p != nil {
				return p
			}
		}
	}
	return nil
}

// FoldEntity returns the entity type that a cast names: microsoft.graph.user,
// graph.user or Microsoft.Graph.User. It is empty when nobody declares it.
func (r *Registry) FoldEntity(cast string) Type {
	i := strings.LastIndexByte(cast, '.')
	if i < 0 {
		return ""
	}
	space := strings.ToLower(cast[:i])
	if space != Namespace && space != "graph" {
		return ""
	}
	for t := range r.entities {
		if strings.EqualFold(t.Short(), cast[i+1:]) {
			return t
		}
	}
	return ""
}

// IsEntity reports whether t is an entity type.
func (r *Registry) IsEntity(t Type) bool { return r.entities[t] != nil }

// Enum returns the enumeration t, or nil.
func (r *Registry) Enum(t Type) *Enum { return r.enums[t] }

// IsComplex reports whether t is a complex type.
func (r *Registry) IsComplex(t Type) bool { return r.complex[t] != nil }

// Is reports whether t is base or derived from it.
func (r *Registry) Is(t, base Type) bool {
	for range deepest {
		if t == base {
			return true
		}
		e := r.entities[t]
		if e == nil || e.Base == "" {
			return false
		}
		t = Of(e.Base)
	}
	return false
}

// Walk calls visit for every set and part, with the path of sets above it.
func (r *Registry) Walk(visit func(above []*Set, s *Set)) {
	var walk func(above []*Set, sets []*Set)
	walk = func(above []*Set, sets []*Set) {
		for _, s := range sets {
			visit(above, s)
			walk(append(slices.Clone(above), s), s.Parts)
		}
	}
	walk(nil, r.Sets)
}

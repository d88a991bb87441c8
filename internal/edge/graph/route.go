package graph

import (
	"net/http"
	"strings"

	"entente/internal/edge/graph/edm"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/odata"
)

// A kind says what a path leads to.
type kind int

const (
	toCollection kind = iota
	toEntity
	toCount    // …/$count
	toRefs     // …/$ref on a collection, or on a single linked entity
	toRef      // …/{id}/$ref
	toAction   // an action or function
	toProperty // a property of an entity
	toValue    // …/property/$value
	toLength   // …/property/$count
	toBlob     // …/logo, or …/logo/$value
)

// A target is what a path leads to.
type target struct {
	kind   kind
	steps  []step // the sets on the way, outermost first; the last is the target's own
	cast   edm.Type
	action *edm.Action
	args   []odata.Arg // of a function
	props  []*edm.Prop // of the entity, of its value, and so on
	blob   *edm.Blob
	key    bool // the last step has a key
}

// A step is one set on the way, and the entity in it.
type step struct {
	set *edm.Set
	key key
}

// A key is how a path names an entity: by its identifier, or by an alternate
// key.
type key struct {
	by    *edm.Key // nil for the identifier
	value string
}

// set returns the set that the target belongs to.
func (t target) set() *edm.Set { return t.steps[len(t.steps)-1].set }

// route finds the target of a path in the registry. The method tells only what
// an unknown last segment was meant for: nobody posts to a key.
func (s *Server) route(method string, v edm.Version, path segments) (target, error) {
	if len(path) == 0 {
		return target{}, unknown("")
	}
	rt := &router{server: s, v: v, rest: path, posts: method == http.MethodPost}
	set, err := rt.enter(func(name string) *edm.Set { return s.Registry.Set(v, name) })
	if err != nil {
		return target{}, err
	}
	if set == nil {
		return target{}, unknown(path[0].Text)
	}
	if set.Single || rt.t.key {
		return rt.t, rt.entity()
	}
	return rt.t, rt.collection()
}

// A router walks along a path.
type router struct {
	server *Server
	v      edm.Version
	rest   segments
	posts  bool
	t      target
}

// enter takes the next segment if find knows a set of its name, with the key
// in its brackets if it has one.
func (rt *router) enter(find func(name string) *edm.Set) (*edm.Set, error) {
	next := rt.rest[0]
	set := find(next.Name)
	if set == nil {
		return nil, nil
	}
	rt.t.steps = append(rt.t.steps, step{set: set})
	rt.t.key = false
	rt.rest = rt.rest[1:]
	if !next.Brackets {
		return set, nil
	}
	if set.Single {
		return nil, unknown(next.Text)
	}
	args, err := next.Args()
	switch {
	case err != nil:
		return nil, err
	case len(args) == 0:
		return set, nil
	case len(args) > 1:
		return nil, unknown(next.Text)
	}
	return set, rt.keyed(args[0])
}

// keyed takes a key in brackets.
func (rt *router) keyed(a odata.Arg) error {
	set := rt.t.set()
	text, ok := keyText(a.Value)
	if !ok {
		return unknown(rt.t.set().Path.In(rt.v))
	}
	if a.Name == "" || strings.EqualFold(a.Name, rt.server.Registry.KeyProp(set.Type)) {
		return rt.setKey(text)
	}
	by := set.KeyOf(a.Name)
	if by == nil {
		return unknown(set.Path.In(rt.v) + "(" + a.Name + ")")
	}
	rt.t.steps[len(rt.t.steps)-1].key = key{by, text}
	rt.t.key = true
	return nil
}

func keyText(l *odata.Literal) (string, bool) {
	switch l.Kind {
	case odata.String, odata.GUID, odata.Int:
		return l.Text, l.Text != ""
	}
	return "", false
}

// setKey takes a key that stands alone: an identifier, or a value of the
// alternate key that may stand in its place.
func (rt *router) setKey(text string) error {
	set := rt.t.set()
	k := key{value: text}
	switch {
	case set.FreeKeys:
	case ids.Valid(text):
		k.value = strings.ToLower(text)
	case set.PlainKey() != nil:
		k.by = set.PlainKey()
	default:
		return fault.Because(fault.Invalid, badKey, "Invalid object identifier '%.200s'.", text)
	}
	rt.t.steps[len(rt.t.steps)-1].key = k
	rt.t.key = true
	return nil
}

// collection goes on behind a set.
func (rt *router) collection() error {
	if len(rt.rest) == 0 {
		rt.t.kind = toCollection
		return nil
	}
	set, next := rt.t.set(), rt.rest[0]
	switch {
	case next.is("$count"):
		return rt.end(toCount)
	case next.is("$ref") && set.Linked:
		return rt.end(toRefs)
	}
	if cast := rt.server.Registry.FoldEntity(next.Text); cast != "" && rt.server.Registry.Is(cast, set.Type) {
		rt.t.cast = cast
		rt.rest = rt.rest[1:]
		return rt.collection()
	}
	if a := set.CommonAction(rt.v, plainName(next.Name)); a != nil {
		return rt.call(a, next)
	}
	switch word := plainName(next.Name); {
	case strings.EqualFold(word, "delta") && (next.Brackets || !set.FreeKeys):
		return notYet(word)
	case (word != next.Name || next.Brackets && (set.PlainKey() == nil || strings.HasSuffix(next.Text, "()"))) && !strings.Contains(next.Text, "@"), next.isWord():
		return unknown(next.Text)
	case rt.posts && len(rt.rest) == 1 && !set.FreeKeys && set.PlainKey() == nil && !ids.Valid(next.Text):
		return unknown(next.Text)
	}
	rt.rest = rt.rest[1:]
	if err := rt.setKey(next.Text); err != nil {
		return err
	}
	return rt.entity()
}

// entity goes on behind an entity.
func (rt *router) entity() error {
	if len(rt.rest) == 0 {
		rt.t.kind = toEntity
		return nil
	}
	set, next := rt.t.set(), rt.rest[0]
	reg := rt.server.Registry
	if next.is("$ref") && set.Linked {
		if set.Single {
			return rt.end(toRefs)
		}
		return rt.end(toRef)
	}
	if cast := reg.FoldEntity(next.Text); cast != "" && (reg.Is(cast, set.Type) || reg.Is(set.Type, cast)) {
		rt.rest = rt.rest[1:]
		if cast != set.Type && reg.Is(cast, set.Type) {
			rt.t.cast = cast
		}
		return rt.entity()
	}
	if a := set.Action(rt.v, plainName(next.Name)); a != nil {
		return rt.call(a, next)
	}
	part, err := rt.enter(func(name string) *edm.Set { return set.Part(rt.v, name) })
	switch {
	case err != nil:
		return err
	case part != nil && (part.Single || rt.t.key):
		return rt.entity()
	case part != nil:
		return rt.collection()
	}
	return rt.property(next)
}

// property goes to a property of an entity, or its bare value.
func (rt *router) property(next segment) error {
	if next.Brackets {
		return unknown(next.Text)
	}
	if rt.t.blob = rt.t.set().Blob(rt.v, next.Text); rt.t.blob != nil {
		rt.t.kind = toBlob
		if rest := rt.rest[1:]; len(rest) > 0 && rest[0].is("$value") {
			rt.rest = rest
		}
		return rt.end(toBlob)
	}
	return rt.steps(rt.t.set().Type)
}

// steps follows the properties of a type: of the entity, then of a complex
// value. At their end may stand $value, and $count behind a collection.
func (rt *router) steps(t edm.Type) error {
	next := rt.rest[0]
	p := rt.server.Registry.FoldProp(t, rt.v, next.Text)
	if p == nil || p.Type == edm.Stream {
		return unknown(next.Text)
	}
	rt.t.props = append(rt.t.props, p)
	rt.t.kind = toProperty
	rt.rest = rt.rest[1:]
	simple := !p.Type.IsMany() && !rt.server.Registry.IsComplex(p.Type)
	switch {
	case len(rt.rest) == 0:
		return nil
	case rt.rest[0].is("$value") && simple:
		return rt.end(toValue)
	case rt.rest[0].is("$count") && p.Type.IsMany():
		return rt.end(toLength)
	case simple || p.Type.IsMany():
		return unknown(rt.rest[0].Text)
	}
	return rt.steps(p.Type)
}

// call goes to an action or function.
func (rt *router) call(a *edm.Action, next segment) error {
	rt.t.action = a
	if next.Brackets {
		args, err := next.Args()
		if err != nil {
			return err
		}
		if len(args) > 0 && !a.Function {
			return unknown(next.Text)
		}
		rt.t.args = args
	}
	return rt.end(toAction)
}

// end takes the last segment.
func (rt *router) end(k kind) error {
	rt.t.kind = k
	if len(rt.rest) > 1 {
		return unknown(rt.rest[1].Text)
	}
	return nil
}

// plainName removes the namespace that may stand before an action's name.
func plainName(name string) string {
	lower := strings.ToLower(name)
	for _, space := range []string{edm.Namespace + ".", "graph."} {
		if strings.HasPrefix(lower, space) {
			return name[len(space):]
		}
	}
	return name
}

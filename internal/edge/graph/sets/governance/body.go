package governance

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"entente/internal/edge/graph/edm"
	"entente/internal/flow/offer"
	"entente/internal/kit/fault"
)

// A reader takes a body apart, in the spelling of either version. Names match
// whatever their case. It keeps the first mistake, with the path of its field.
// A null stands for false, zero, or nothing, as clients send it.
type reader struct {
	first *error
	path  string
	names map[string]string // as spelled, by lower case
	raw   map[string]json.RawMessage
	seen  map[string]bool
	was   *offer.Policy // what a body of beta changes; otherwise nil
}

// readBody begins to read a JSON object.
func readBody(raw json.RawMessage) *reader {
	first := new(error)
	return open(first, "", raw)
}

func open(first *error, path string, raw json.RawMessage) *reader {
	r := &reader{first: first, path: path, names: map[string]string{}, raw: map[string]json.RawMessage{}, seen: map[string]bool{}}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(raw, &all); err != nil || all == nil {
		r.fail("", "An object is needed.")
		return r
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		low := strings.ToLower(name)
		if _, twice := r.raw[low]; twice {
			r.fail(name, "The property stands there twice.")
		}
		r.names[low], r.raw[low] = name, all[name]
	}
	return r
}

// to is the path of a member.
func (r *reader) to(name string) string {
	if r.path == "" || name == "" {
		return r.path + name
	}
	return r.path + "." + name
}

func (r *reader) fail(name, format string, args ...any) {
	if *r.first != nil {
		return
	}
	path := r.to(name)
	if path != "" {
		format, args = "%s: "+format, append([]any{path}, args...)
	}
	f := fault.Because(fault.Invalid, offer.BadModel, format, args...)
	f.Target = path
	*r.first = f
}

// take returns a member and whether it is there.
func (r *reader) take(name string) (json.RawMessage, bool) {
	low := strings.ToLower(name)
	raw, ok := r.raw[low]
	r.seen[low] = true
	return raw, ok
}

// have reports whether a member is there, and is not null.
func (r *reader) have(name string) bool {
	raw, ok := r.raw[strings.ToLower(name)]
	return ok && string(raw) != "null"
}

// value reads a member; nil is absent, and null the zero value.
func value[T any](r *reader, name, what string) *T {
	raw, ok := r.take(name)
	if !ok {
		return nil
	}
	v := new(T)
	if err := json.Unmarshal(raw, v); err != nil {
		r.fail(name, "%s is needed.", what)
	}
	return v
}

func (r *reader) text(name string) *string { return value[string](r, name, "A text") }
func (r *reader) flag(name string) *bool   { return value[bool](r, name, "true or false") }
func (r *reader) number(name string) *int  { return value[int](r, name, "A whole number") }

// word reads a text, empty where it is absent.
func (r *reader) word(name string) string {
	if s := r.text(name); s != nil {
		return *s
	}
	return ""
}

// is reads a flag, false where it is absent.
func (r *reader) is(name string) bool {
	b := r.flag(name)
	return b != nil && *b
}

func (r *reader) time(name string) *time.Time {
	s := r.text(name)
	if s == nil {
		return nil
	}
	if *s == "" {
		return new(time.Time)
	}
	t, ok := edm.ParseTime(*s)
	if !ok {
		r.fail(name, "A time is needed, such as 2030-01-01T00:00:00Z.")
	}
	return &t
}

func (r *reader) duration(name string) *time.Duration {
	s := r.text(name)
	if s == nil {
		return nil
	}
	d, ok := parseDuration(*s)
	if !ok {
		r.fail(name, "A duration is needed, such as P14D or PT8H.")
	}
	return &d
}

// object reads a member that is an object; nil where it is absent or null.
func (r *reader) object(name string) *reader {
	raw, ok := r.take(name)
	if !ok || string(raw) == "null" {
		return nil
	}
	return open(r.first, r.to(name), raw)
}

// mostMembers bounds each list in a body.
const mostMembers = 2000

// list reads a member that is a list of objects, and whether it is there.
func (r *reader) list(name string) (all []*reader, ok bool) {
	raw, ok := r.take(name)
	if !ok || string(raw) == "null" {
		return nil, ok
	}
	var items []json.RawMessage
	if err := json.Unmarshal(raw, &items); err != nil || len(items) > mostMembers {
		r.fail(name, "A list of objects is needed, with up to %d members.", mostMembers)
		return nil, true
	}
	for i, one := range items {
		all = append(all, open(r.first, fmt.Sprintf("%s[%d]", r.to(name), i), one))
	}
	return all, true
}

// kept reads a member that is stored as it came; nil where it is absent or null.
func (r *reader) kept(name string) json.RawMessage {
	raw, ok := r.take(name)
	if !ok || string(raw) == "null" {
		return nil
	}
	return raw
}

// kind returns the type that a member says it is of, without the namespace.
func (r *reader) kind() string {
	s := r.word("@odata.type")
	return strings.TrimPrefix(strings.TrimPrefix(s, "#"), "microsoft.graph.")
}

// pass marks members that are only repeated from an answer.
func (r *reader) pass(names ...string) {
	for _, name := range names {
		r.seen[strings.ToLower(name)] = true
	}
}

// end refuses what nobody has read, but for annotations, and returns the first
// mistake.
func (r *reader) end() error {
	if r == nil {
		return nil
	}
	for _, low := range slices.Sorted(maps.Keys(r.raw)) {
		if !r.seen[low] && !strings.Contains(low, "@") {
			r.fail(r.names[low], "There is no such property.")
		}
	}
	return *r.first
}

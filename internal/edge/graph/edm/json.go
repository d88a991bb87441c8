package edm

import (
	"bytes"
	"encoding/json"
	"io"

	"entente/internal/kit/fault"
)

// An object is a JSON object whose members keep their order. A value is nil, a
// bool, a string, a json.Number, an object or a list.
type (
	object []member
	member struct {
		name  string
		value any
	}
	list []any
)

// deepestBody is how far a body's objects and arrays may be nested.
const deepestBody = 32

// Unreadable is the Reason of a body that is no JSON object.
const Unreadable fault.Reason = "edm.unreadable"

func unreadable() *fault.Error {
	return fault.Because(fault.Invalid, Unreadable,
		"Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format.")
}

// parseObject reads a JSON object. A name that stands in it twice, text behind
// it and nesting without measure are refused: two readers of such a body could
// see two bodies.
func parseObject(raw []byte) (object, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	v, err := parseValue(d, 0)
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, unreadable()
	}
	o, ok := v.(object)
	if !ok {
		return nil, unreadable()
	}
	return o, nil
}

func parseValue(d *json.Decoder, depth int) (any, error) {
	t, err := d.Token()
	if err != nil || depth > deepestBody {
		return nil, unreadable().Wrap(err)
	}
	switch t {
	case json.Delim('{'):
		return parseMembers(d, depth)
	case json.Delim('['):
		l := list{}
		for d.More() {
			v, err := parseValue(d, depth+1)
			if err != nil {
				return nil, err
			}
			l = append(l, v)
		}
		if _, err := d.Token(); err != nil {
			return nil, unreadable().Wrap(err)
		}
		return l, nil
	}
	return t, nil
}

func parseMembers(d *json.Decoder, depth int) (any, error) {
	o, seen := object{}, make(map[string]bool)
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return nil, unreadable().Wrap(err)
		}
		name, _ := t.(string)
		if seen[name] {
			return nil, twice(name)
		}
		seen[name] = true
		v, err := parseValue(d, depth+1)
		if err != nil {
			return nil, err
		}
		o = append(o, member{name, v})
	}
	if _, err := d.Token(); err != nil {
		return nil, unreadable().Wrap(err)
	}
	return o, nil
}

func twice(name string) error {
	return fault.InvalidAt(name, "The property '%.100s' stands in the request more than once.", name)
}

// MarshalJSON writes the members in their order.
func (o object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		for j, v := range []any{m.name, m.value} {
			if j > 0 {
				b.WriteByte(':')
			}
			text, err := json.Marshal(v)
			if err != nil {
				return nil, err
			}
			b.Write(text)
		}
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

package object

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strings"

	"entente/internal/kit/fault"
)

// maxMerged bounds a noun, in bytes. One application with all the roles, keys
// and redirects it may have stays below it, and a page of many stays in memory.
const maxMerged = 512 << 10

// Merge applies a Graph body to a noun: it marshals current, merges the patch
// into it as RFC 7396 says (an absent member is unchanged, null clears it,
// objects merge, collections are replaced as a whole) and reads the result
// into the new value into, which must be a zero one. Annotations are passed
// over. A member that into does not have, under exactly that name, or of the
// wrong type, is Invalid. Collections of into are never nil afterwards.
func Merge(current any, patch []byte, into any) error {
	base, err := toMap(current)
	if err != nil {
		return err
	}
	var change map[string]any
	dec := json.NewDecoder(bytes.NewReader(patch))
	dec.UseNumber()
	if err := dec.Decode(&change); err != nil {
		return fault.New(fault.Invalid, "The request body is not a JSON object.").Wrap(err)
	}
	merged := mergeMaps(base, change)
	if err := exact(reflect.TypeOf(into), merged); err != nil {
		return err
	}
	text, err := json.Marshal(merged)
	if err != nil {
		return err
	}
	if len(text) > maxMerged {
		return fault.New(fault.Invalid, "The object has more than %d bytes.", maxMerged)
	}
	if err := json.Unmarshal(text, into); err != nil {
		return refusal(err)
	}
	fill(reflect.ValueOf(into).Elem())
	return nil
}

func toMap(v any) (map[string]any, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	m := make(map[string]any)
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	return m, dec.Decode(&m)
}

func mergeMaps(base, change map[string]any) map[string]any {
	if base == nil {
		base = make(map[string]any)
	}
	for k, v := range change {
		if strings.Contains(k, "@") {
			continue // an annotation: @odata.type, owners@odata.bind …
		}
		switch v := v.(type) {
		case nil:
			delete(base, k)
		case map[string]any:
			old, _ := base[k].(map[string]any)
			base[k] = mergeMaps(old, v)
		case []any:
			base[k] = withoutAnnotations(v)
		default:
			base[k] = v
		}
	}
	return base
}

func withoutAnnotations(list []any) []any {
	for i, v := range list {
		if m, ok := v.(map[string]any); ok {
			list[i] = mergeMaps(nil, m)
		}
	}
	return list
}

// exact refuses a member that type t does not have under exactly its name. The
// decoder would take the name in any letter case, and whoever has judged the
// body by the names in it would have judged another one.
func exact(t reflect.Type, value any) error {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if reflect.PointerTo(t).Implements(reflect.TypeFor[json.Unmarshaler]()) {
		return nil // it reads what is inside by itself
	}
	switch value := value.(type) {
	case []any:
		if t.Kind() != reflect.Slice {
			break // a wrong type, which the decoder says
		}
		for _, v := range value {
			if err := exact(t.Elem(), v); err != nil {
				return err
			}
		}
	case map[string]any:
		if t.Kind() != reflect.Struct {
			break
		}
		have := members(t)
		for name, v := range value {
			member, ok := have[name]
			if !ok {
				return fault.InvalidAt(name, "Invalid property '%.100s'.", name)
			}
			if err := exact(member, v); err != nil {
				return err
			}
		}
	}
	return nil
}

// members returns the JSON members of a struct, those of structs that it
// embeds included.
func members(t reflect.Type) map[string]reflect.Type {
	all := make(map[string]reflect.Type)
	for _, f := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && name == "", !f.IsExported(), name == "-":
			continue
		case name == "":
			name = f.Name
		}
		all[name] = f.Type
	}
	return all
}

func refusal(err error) error {
	if t, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fault.InvalidAt(t.Field, "Invalid value specified for property '%s'.", t.Field).Wrap(err)
	}
	return fault.New(fault.Invalid, "The request body cannot be read.").Wrap(err)
}

// Fill makes every nil collection in the struct that v points to an empty one,
// because Graph shows [] where nothing is.
func Fill(v any) { fill(reflect.ValueOf(v).Elem()) }

func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fill(v.Field(i))
			}
		}
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return // bytes: null means none
		}
		if v.IsNil() {
			v.Set(reflect.MakeSlice(v.Type(), 0, 0))
		}
		for i := range v.Len() {
			fill(v.Index(i))
		}
	case reflect.Pointer:
		if !v.IsNil() {
			fill(v.Elem())
		}
	}
}

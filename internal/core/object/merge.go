package object

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strings"

	"entente/internal/kit/fault"
)

// Merge applies a Graph body to a noun: it marshals current, merges the patch
// into it as RFC 7396 says (an absent member is unchanged, null clears it,
// objects merge, collections are replaced as a whole) and reads the result
// into the new value into, which must be a zero one. Annotations are passed
// over. A member that into does not have, or of the wrong type, is Invalid.
// Collections of into are never nil afterwards.
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
	text, err := json.Marshal(mergeMaps(base, change))
	if err != nil {
		return err
	}
	out := json.NewDecoder(bytes.NewReader(text))
	out.DisallowUnknownFields()
	if err := out.Decode(into); err != nil {
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

func refusal(err error) error {
	if t, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fault.InvalidAt(t.Field, "Invalid value specified for property '%s'.", t.Field).Wrap(err)
	}
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		name = strings.Trim(name, `"`)
		return fault.InvalidAt(name, "Invalid property '%s'.", name).Wrap(err)
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

package audit

import (
	"encoding/json"
	"maps"
	"slices"
)

// Diff returns the members in which two forms of a noun differ, by name. What
// a noun does not show as JSON, such as a secret's text, is not in it.
func Diff(before, after any) []Change {
	old, new := members(before), members(after)
	var list []Change
	for _, name := range slices.Sorted(maps.Keys(new)) {
		if string(old[name]) != string(new[name]) {
			list = append(list, Change{Name: name, Old: string(old[name]), New: string(new[name])})
		}
	}
	return list
}

func members(v any) map[string]json.RawMessage {
	text, err := json.Marshal(v)
	if err != nil {
		return nil
	}
	var m map[string]json.RawMessage
	if json.Unmarshal(text, &m) != nil {
		return nil
	}
	return m
}

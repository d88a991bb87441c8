package object

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"entente/internal/kit/fault"
)

type thing struct {
	Name  string   `json:"name"`
	Note  *string  `json:"note"`
	Tags  []string `json:"tags"`
	Parts []part   `json:"parts"`
	Inner inner    `json:"inner"`
}

type part struct {
	ID   string `json:"id"`
	Size int    `json:"size"`
}

type inner struct {
	A *string  `json:"a"`
	B []string `json:"b"`
}

func TestMerge(t *testing.T) {
	note, a := "n", "a"
	now := thing{Name: "x", Note: &note, Tags: []string{"1", "2"}, Parts: []part{{"p", 7}}, Inner: inner{A: &a, B: []string{"b"}}}
	tests := []struct{ name, patch, want string }{
		{"nothing", `{}`, `{"name":"x","note":"n","tags":["1","2"],"parts":[{"id":"p","size":7}],"inner":{"a":"a","b":["b"]}}`},
		{"null clears", `{"note":null,"tags":null}`, `{"name":"x","note":null,"tags":[],"parts":[{"id":"p","size":7}],"inner":{"a":"a","b":["b"]}}`},
		{"collections are replaced", `{"tags":["3"],"parts":[{"id":"q"}]}`, `{"name":"x","note":"n","tags":["3"],"parts":[{"id":"q","size":0}],"inner":{"a":"a","b":["b"]}}`},
		{"objects merge", `{"inner":{"b":[]}}`, `{"name":"x","note":"n","tags":["1","2"],"parts":[{"id":"p","size":7}],"inner":{"a":"a","b":[]}}`},
		{"annotations are passed over", `{"@odata.type":"#x","owners@odata.bind":[],"parts":[{"@odata.type":"#y","id":"q"}]}`, `{"name":"x","note":"n","tags":["1","2"],"parts":[{"id":"q","size":0}],"inner":{"a":"a","b":["b"]}}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got thing
			if err := Merge(now, []byte(tt.patch), &got); err != nil {
				t.Fatal(err)
			}
			text, _ := json.Marshal(got)
			if string(text) != tt.want {
				t.Errorf("got  %s\nwant %s", text, tt.want)
			}
		})
	}
	for name, tt := range map[string]struct{ patch, target string }{
		"an unknown member": {`{"size":1}`, "size"}, "a wrong type": {`{"name":1}`, "name"}, "a wrong type inside": {`{"inner":{"b":"x"}}`, "inner.b"},
		"another letter case": {`{"Name":"y"}`, "Name"}, "another letter case inside": {`{"parts":[{"ID":"q"}]}`, "ID"},
		"too much": {`{"name":"` + strings.Repeat("x", maxMerged) + `"}`, ""}, "no object": {`7`, ""}, "no JSON": {`{`, ""},
	} {
		var got thing
		if err := Merge(now, []byte(tt.patch), &got); !errors.Is(err, fault.Invalid) || fault.Public(err).Target != tt.target {
			t.Errorf("%s: err = %v at %q, want Invalid at %q", name, err, fault.Public(err).Target, tt.target)
		}
	}
}

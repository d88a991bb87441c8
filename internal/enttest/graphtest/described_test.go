package graphtest

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

// descriptionFile is Microsoft's description of v1.0, cut down to the
// directory. It is no part of the project; the test says so where it is absent.
const descriptionFile = "../../../../shared/reference/graph-openapi-subset.json"

// A description tells how the answers of v1.0 look.
type description struct {
	doc   *openapi3.T
	paths map[int][]string // by the number of segments, those with the most words first
}

func loadDescription(t *testing.T) *description {
	t.Helper()
	text, err := os.ReadFile(descriptionFile)
	if errors.Is(err, fs.ErrNotExist) && os.Getenv("CI") != "true" {
		t.Skipf("the description of Microsoft Graph is not at %s", descriptionFile)
	}
	must(t, err)
	loader := openapi3.NewLoader()
	d := &description{paths: make(map[int][]string)}
	d.doc, err = loader.LoadFromData(text)
	must(t, err)
	for _, s := range d.doc.Components.Schemas {
		relax(s.Value)
	}
	for p := range d.doc.Paths.Map() {
		n := strings.Count(p, "/")
		d.paths[n] = append(d.paths[n], p)
	}
	for _, list := range d.paths {
		slices.SortFunc(list, func(a, b string) int {
			if n := strings.Count(a, "/{") - strings.Count(b, "/{"); n != 0 {
				return n
			}
			return strings.Compare(a, b)
		})
	}
	return d
}

// relax takes back that entities carry @odata.type: Graph sends it only where
// an entity is of a derived type, whatever its description says.
func relax(s *openapi3.Schema) {
	s.Required = slices.DeleteFunc(s.Required, func(name string) bool { return name == "@odata.type" })
	for _, part := range s.AllOf {
		if part.Ref == "" {
			relax(part.Value)
		}
	}
}

// operation finds the operation of a path without query, or nil.
func (d *description) operation(method, path string) *openapi3.Operation {
	path = strings.TrimPrefix(path, "/v1.0")
	words := strings.Split(path, "/")
	for _, p := range d.paths[strings.Count(path, "/")] {
		fits := true
		for i, w := range strings.Split(p, "/") {
			fits = fits && (strings.HasPrefix(w, "{") && !strings.HasPrefix(words[i], "$") || strings.EqualFold(strings.TrimPrefix(w, "microsoft.graph."), plainWord(w, words[i])))
		}
		if op := d.doc.Paths.Value(p).GetOperation(method); fits && op != nil {
			return op
		}
	}
	return nil
}

// plainWord returns a word of a path as the description writes it: types without
// the first part of their namespace.
func plainWord(described, word string) string {
	if name, _, _ := strings.Cut(described, "("); strings.Contains(described, "='{") && strings.HasPrefix(word, name+"(") {
		return described // whatever the function is asked with
	}
	if strings.HasPrefix(described, "graph.") {
		return strings.TrimPrefix(word, "microsoft.")
	}
	return word
}

// schema returns how the answer of a status looks, or nil where it has no body.
func schema(op *openapi3.Operation, status int) *openapi3.Schema {
	for _, key := range []string{strconv.Itoa(status), fmt.Sprintf("%dXX", status/100)} {
		if r := op.Responses.Value(key); r != nil && r.Value.Content != nil {
			if m := r.Value.Content.Get("application/json"); m != nil {
				return m.Schema.Value
			}
		}
	}
	return nil
}

// documented reports whether the status is one that the operation has.
func documented(op *openapi3.Operation, status int) bool {
	return op.Responses.Value(strconv.Itoa(status)) != nil || op.Responses.Value(fmt.Sprintf("%dXX", status/100)) != nil
}

// beyond are members that the description does not have: four that a real
// tenant was seen to send, and when a service principal was made.
var beyond = []string{"createdByAppId", "creationOptions", "isDisabled", "infoCatalogs", "createdDateTime"}

// unknown returns the members of an answer that nobody describes. An entity of
// a derived type is described there.
func (d *description) unknown(at string, s *openapi3.Schema, value any) (names []string) {
	switch v := value.(type) {
	case map[string]any:
		if own, ok := v["@odata.type"].(string); ok {
			s = d.doc.Components.Schemas[strings.TrimPrefix(own, "#")].Value
			if err := s.VisitJSON(v, openapi3.VisitAsResponse()); err != nil {
				names = append(names, at+": "+err.Error())
			}
		}
		props := map[string]*openapi3.Schema{}
		members(s, props)
		if len(props) == 0 {
			return names // an open object
		}
		for name, inner := range v {
			switch p := props[name]; {
			case strings.Contains(name, "@odata."), slices.Contains(beyond, name):
			case p == nil:
				names = append(names, at+"/"+name)
			default:
				names = append(names, d.unknown(at+"/"+name, p, inner)...)
			}
		}
	case []any:
		for _, inner := range v {
			if items := itemsOf(s); items != nil {
				names = append(names, d.unknown(at, items, inner)...)
			}
		}
	}
	return names
}

func members(s *openapi3.Schema, into map[string]*openapi3.Schema) {
	for name, p := range s.Properties {
		into[name] = p.Value
	}
	for _, list := range []openapi3.SchemaRefs{s.AllOf, s.AnyOf} {
		for _, part := range list {
			members(part.Value, into)
		}
	}
}

func itemsOf(s *openapi3.Schema) *openapi3.Schema {
	if s.Items != nil {
		return s.Items.Value
	}
	return nil
}

// watch has each answer of v1.0 compared with Microsoft's description: its
// status, its types, and that no member is our own. It returns how many bodies
// were compared.
func (d *description) watch(t *testing.T, w *World) *int {
	checked, seen := new(int), map[string]bool{}
	w.watch = func(method, path string, a Answer) {
		path, _, _ = strings.Cut(path, "?")
		if !strings.HasPrefix(path, "/v1.0/") {
			return
		}
		op := d.operation(method, path)
		if op == nil {
			return
		}
		if !documented(op, a.Status) {
			t.Errorf("%s %s: the status %d is not described", method, path, a.Status)
		}
		s := schema(op, a.Status)
		if a.Body == nil || s == nil {
			return
		}
		answer := fmt.Sprint(method, path, a.Status)
		if a.Status < http.StatusBadRequest {
			answer += string(a.Raw)
		}
		if *checked++; seen[answer] {
			return
		}
		seen[answer] = true
		if err := s.VisitJSON(a.Body, openapi3.VisitAsResponse(), openapi3.MultiErrors(), openapi3.EnableFormatValidation()); err != nil {
			t.Errorf("%s %s: %v", method, path, err)
		}
		if names := d.unknown("", s, a.Body); a.Status < http.StatusBadRequest && len(names) > 0 {
			t.Errorf("%s %s: nobody describes %s", method, path, names)
		}
	}
	return checked
}

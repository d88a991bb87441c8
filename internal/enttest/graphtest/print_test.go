package graphtest

import (
	"flag"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"entente/internal/edge/graph/edm"
	"entente/internal/edge/graph/sets"
)

var update = flag.Bool("update", false, "write doc/graph.md and the golden files anew")

// golden compares text with a file, or writes the file.
func golden(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		must(t, os.MkdirAll(filepath.Dir(path), 0o755))
		must(t, os.WriteFile(path, got, 0o644))
		return
	}
	want, err := os.ReadFile(path)
	must(t, err)
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got; -update writes it anew):\n%s", path, diff)
	}
}

// TestPrinted compares doc/graph.md and $metadata with the registry.
func TestPrinted(t *testing.T) {
	r, err := sets.Services{}.Registry()
	must(t, err)
	golden(t, "../../../doc/graph.md", r.Document())
	golden(t, "testdata/metadata.v1.0.xml", r.Metadata(edm.V1))
	golden(t, "testdata/metadata.beta.xml", r.Metadata(edm.Beta))
	text, err := r.ServiceDocument(edm.V1, Own)
	must(t, err)
	golden(t, "testdata/service.v1.0.json", text)
}

// TestFaces compares what is stored as an entity's face with what the registry
// says that v1.0 shows by default.
func TestFaces(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		c := w.Client(t, w.A, Everything...)
		for _, path := range w.examples(t, c).paths {
			if path.one == "" {
				continue
			}
			a := c.Get(t, w, "/v1.0"+path.one)
			if a.Status == 204 { // a requestor of no organization
				continue
			}
			if a.Status != 200 {
				t.Fatalf("%s: %d %s", path.one, a.Status, a.Raw)
			}
			shown := slices.Sorted(maps.Keys(a.Body))
			shown = slices.DeleteFunc(shown, func(n string) bool { return n[0] == '@' })
			of := path.set.Type
			if own := a.Text("@odata.type"); own != "" {
				of = edm.Type(own[1:]) // the set is of the base type
			}
			want := slices.Sorted(slices.Values(w.Registry.Names(of)))
			if diff := cmp.Diff(want, shown); diff != "" {
				t.Errorf("%s shows (-registry +face):\n%s", path.one, diff)
			}
		}
	})
}

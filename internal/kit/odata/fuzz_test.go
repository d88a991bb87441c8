package odata

import (
	"testing"
)

// FuzzParseOptions: no text makes the parser fail otherwise than by one of its
// refusals.
func FuzzParseOptions(f *testing.F) {
	f.Fuzz(func(t *testing.T, query string) {
		o, err := ParseOptions(query)
		if err != nil && !isRefusal(err) {
			t.Fatalf("%q: %v", query, err)
		}
		if err == nil && o == nil {
			t.Fatalf("%q: neither options nor a refusal", query)
		}
	})
}

// FuzzParseFilter: a tree that is returned is whole, so that a reader meets no
// empty part.
func FuzzParseFilter(f *testing.F) {
	f.Fuzz(func(t *testing.T, text string) {
		e, err := ParseFilter(text)
		switch {
		case err == nil:
			checkWhole(t, text, e)
		case !isRefusal(err):
			t.Fatalf("%q: %v", text, err)
		}
	})
}

// checkWhole fails when a part of the tree is missing or lies outside the text.
func checkWhole(t *testing.T, text string, e Expr) {
	t.Helper()
	if e == nil || e.Pos() < 0 || e.Pos() > len(text) {
		t.Fatalf("%q: a part is missing or out of place", text)
	}
	switch e := e.(type) {
	case *Logic:
		if len(e.Parts) < 2 {
			t.Fatalf("%q: %s joins %d parts", text, e.Op, len(e.Parts))
		}
		for _, x := range e.Parts {
			checkWhole(t, text, x)
		}
	case *Not:
		checkWhole(t, text, e.X)
	case *Compare:
		checkWhole(t, text, e.X)
		checkWhole(t, text, e.Y)
	case *In:
		checkWhole(t, text, e.X)
		for _, l := range e.List {
			checkWhole(t, text, l)
		}
	case *Call:
		for _, x := range e.Args {
			checkWhole(t, text, x)
		}
	case *Lambda:
		checkWhole(t, text, e.Path)
		if e.All || e.Var != "" {
			checkWhole(t, text, e.Body)
		}
	case *Path:
		if len(e.Names) == 0 {
			t.Fatalf("%q: a path without names", text)
		}
	}
}

// FuzzParsePath: every path is refused or read, and so are the brackets in it.
func FuzzParsePath(f *testing.F) {
	f.Fuzz(func(t *testing.T, path string) {
		list, err := ParsePath(path)
		if err != nil && !isRefusal(err) {
			t.Fatalf("%q: %v", path, err)
		}
		for _, s := range list {
			args, err := s.Args()
			if err != nil && !isRefusal(err) {
				t.Fatalf("%q: %v", s.Text, err)
			}
			for _, a := range args {
				if a.Value == nil {
					t.Fatalf("%q: an argument without a value", s.Text)
				}
			}
		}
	})
}

package odata

import (
	"errors"
	"strings"
	"testing"
)

// TestAddressesOfOASIS reads the cases that are whole addresses: each that is
// well formed has a path that can be read, and no mistake of syntax in its
// options; what is not is taken or refused, and nothing worse.
func TestAddressesOfOASIS(t *testing.T) {
	n := 0
	for _, v := range readVectors(t) {
		path := v.input
		switch v.rule {
		case "odataUri":
			_, path, _ = strings.Cut(path, "://")
			_, path, _ = strings.Cut(path, "/")
		case "odataRelativeUri", "resourcePath":
		case "systemQueryOption":
			path = "x?" + path
		case "searchExpr":
			path = "x?$search=" + path
		default:
			continue
		}
		n++
		path, query, _ := strings.Cut(path, "?")
		_, err := ParsePath(path)
		if err == nil {
			_, err = ParseOptions(query)
		}
		switch {
		case err != nil && !isRefusal(err):
			t.Errorf("%s: %q: %v", v.name, v.input, err)
		case errors.Is(err, Syntax) && v.failAt < 0:
			t.Errorf("%s: %q is well formed, but: %v", v.name, v.input, err)
		}
	}
	if n < 200 {
		t.Errorf("%d addresses; were the cases read?", n)
	}
}

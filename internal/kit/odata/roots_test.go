package odata_test

import (
	"slices"
	"testing"

	"entente/internal/kit/odata"
)

func TestRoots(t *testing.T) {
	for text, want := range map[string][]string{
		"$filter=a eq 1 and not (b/c ne 'x' or startswith(d,'e'))":         {"a", "b", "d"},
		"$filter=f/any(x:x/g eq 'y') and $it/h in ('i') and j/$count eq 0": {"f", "h", "j"},
		"$filter=1 eq k": {"k"},
		"$top=1":         nil,
	} {
		o, err := odata.ParseOptions(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := odata.Roots(o.Filter); !slices.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", text, got, want)
		}
	}
}
